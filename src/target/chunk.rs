//! One chunk of a merge: COPY, comparison, pre-images, write and receipt, as one unit.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use super::Target;
use postgres::fallible_iterator::FallibleIterator;
use sha2::{Digest, Sha256};

use super::failure::{Cause, Failure, Refusal};
use super::merge::Merge;
use super::receipts::{Receipted, Writing};
use super::sender::{Sender, copy_on};
use crate::error::{Error, Result};
use crate::record::{LegacyId, hex};

/// What a chunk did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Merged {
    /// Rows sent.
    pub rows: u64,
    /// Records that the target did not have.
    pub inserted: Vec<LegacyId>,
    /// Records that it had with other contents.
    pub updated: Vec<LegacyId>,
    /// Records whose row, to which a later phase adds, is not there.
    pub missing: Vec<LegacyId>,
    /// Records that a constraint refuses, where that was asked before the write.
    pub refused: Vec<(LegacyId, Refusal)>,
    /// The columns in which rows that stood there get another value, with how many rows: of the merge that makes rows, not of one
    /// that adds to them.
    pub changed: BTreeMap<&'static str, u64>,
    /// SHA-256 of the rows as they were sent.
    pub digest: String,
    /// The numbers of the transactions that wrote its rows.
    pub(super) xids: Vec<i64>,
}

/// What the comparison found.
struct Known {
    rows: u64,
    stale: u64,
    different: u64,
}

impl Target {
    /// Writes one chunk with its receipt as one unit. `send` sends the rows and returns the range of their legacy ids.
    /// When the connection breaks at the commit, `merged` holds what was done if it was.
    pub fn write_chunk(
        &mut self,
        writing: &mut Writing<'_>,
        merge: &Merge,
        merged: &mut Merged,
        send: impl FnOnce(&mut Sender<'_>) -> Result<Option<RangeInclusive<LegacyId>>>,
    ) -> Result<(), Failure> {
        let number = writing.number();
        let marked = self.within(&format!("loading {}", merge.entity.name), |target| {
            let mut receipted = None;
            *merged = target.merge_rows(writing, merge, &mut receipted, &mut Sha256::new(), send)?;
            if let Some(receipted) = &receipted {
                target.write_receipt(writing, number, merge, merged, receipted)?;
            }
            Ok(receipted.is_some())
        })?;
        writing.written(marked);
        Ok(())
    }

    /// Writes records one by one, each in a savepoint, with one receipt for those that the database takes; the others
    /// are in `refused`.
    pub fn write_singly(
        &mut self,
        writing: &mut Writing<'_>,
        merge: &Merge,
        merged: &mut Merged,
        refused: &mut Vec<(LegacyId, Refusal)>,
        ids: &[LegacyId],
        mut send: impl FnMut(LegacyId, &mut Sender<'_>) -> Result<()>,
    ) -> Result<(), Failure> {
        let number = writing.number();
        let what = format!("loading {}", merge.entity.name);
        let marked = self.within(&what, |target| {
            refused.clear();
            let (mut receipted, mut all): (Option<Receipted>, Merged) = (None, Merged::default());
            // as the rows of a chunk are digested that is written whole
            let mut digest = Sha256::new();
            for id in ids {
                let (mut own, mut with_it) = (None, digest.clone());
                let done = target.within(&what, |target| {
                    target.merge_rows(writing, merge, &mut own, &mut with_it, |sender| {
                        send(*id, sender)?;
                        Ok(Some(*id..=*id))
                    })
                });
                match done {
                    Ok(one) => {
                        if one.refused.is_empty() && one.missing.is_empty() {
                            digest = with_it;
                        }
                        all.rows += one.rows;
                        all.inserted.extend(one.inserted);
                        all.updated.extend(one.updated);
                        all.missing.extend(one.missing);
                        for (column, rows) in one.changed {
                            *all.changed.entry(column).or_default() += rows;
                        }
                        refused.extend(one.refused);
                        all.xids.extend(one.xids);
                        if let Some(own) = own {
                            receipted.get_or_insert_with(Receipted::default).join(own);
                        }
                    }
                    Err(Failure {
                        cause: Cause::Refused(refusal) | Cause::Rewritten(refusal, _), ..
                    }) => {
                        refused.push((*id, *refusal));
                    }
                    Err(failure) => return Err(failure),
                }
            }
            all.digest = hex(&digest.finalize());
            *merged = all;
            if let Some(receipted) = &mut receipted {
                receipted.range = ids.first().zip(ids.last()).map(|(first, last)| *first..=*last);
                target.write_receipt(writing, number, merge, merged, receipted)?;
            }
            Ok(receipted.is_some())
        })?;
        writing.written(marked);
        Ok(())
    }

    /// Merges the rows sent, whose digest goes on with `hash`. `receipted` is set when something was written.
    fn merge_rows(
        &mut self,
        writing: &Writing<'_>,
        merge: &Merge,
        receipted: &mut Option<Receipted>,
        hash: &mut Sha256,
        send: impl FnOnce(&mut Sender<'_>) -> Result<Option<RangeInclusive<LegacyId>>>,
    ) -> Result<Merged, Failure> {
        let table = self.table(merge.entity);
        let name = merge.entity.name;
        let (sent_table, known_table) = (merge.sent(), merge.known());
        let columns = self.sent_columns(merge);
        self.execute(
            &format!("preparing {name}"),
            &format!(
                "create temporary table {sent_table} on commit drop as select {columns} from {table} t with no data"
            ),
        )?;
        let mut range = None;
        let into = format!("{sent_table} ({})", merge.listed());
        let rows = copy_on(&mut self.client, &format!("copying {name}"), &into, hash, |sender| {
            range = send(sender)?;
            Ok(())
        })?;
        let Some(range) = range.filter(|_| rows > 0) else {
            self.execute("tidying up", &format!("drop table {sent_table}"))?;
            return Ok(Merged::default());
        };
        self.execute(&format!("preparing {name}"), &format!("analyze {sent_table} (legacy_id)"))?;

        let mut known = self.compare(merge, &table, &range)?;
        let digest = hex(&hash.clone().finalize());
        let mut merged = Merged { rows, digest, ..Merged::default() };
        merged.refused = self.refuse_judged(merge, &table)?;
        if !merged.refused.is_empty() {
            merged.rows -= merged.refused.len() as u64;
            known = self.count_known(merge)?;
        }
        let rows = merged.rows;
        if !merge.inserts() && known.rows < rows {
            merged.missing = self.legacy_ids(
                "looking for rows",
                &format!(
                    "select s.legacy_id::bigint from {sent_table} s \
                     where not exists (select 1 from {known_table} k where k.legacy_id = s.legacy_id) order by 1"
                ),
            )?;
        }
        let to_insert = if merge.inserts() { rows - known.rows } else { 0 };
        if to_insert + known.different > 0 {
            self.mark_phase(writing, merge.phase)?;
            let mut what_for = Receipted { range: Some(range.clone()), ..Receipted::default() };
            if known.different > 0 && merge.inserts() {
                merged.changed = self.count_changed(merge, &table)?;
            }
            if known.different > 0 {
                self.keep_pre_images(writing, merge, &table, known.different, &mut what_for)?;
            }
            if to_insert > 0 {
                what_for.inserted_ids = self.ids(
                    "listing new rows",
                    &format!(
                        "select coalesce(array_agg(s.id), '{{}}') from {sent_table} s \
                         where not exists (select 1 from {known_table} k where k.legacy_id = s.legacy_id)"
                    ),
                )?;
            }
            if to_insert > 0 {
                self.keep_keys(merge)?;
                self.note_mappings(merge)?;
            }
            let watched = self.is_watched(merge.entity.target_table);
            if watched {
                self.remember_other_phases(merge, &table)?;
            }
            let noted = if known.different > 0 { self.note_referred_to(merge)? } else { Vec::new() };
            let written_in = self.written_in(merge.entity.target_table)?;
            let statement = merge.write_statement(&table, known.rows > 0, &range, &written_in);
            self.write(merge, &statement, &mut merged)?;
            if watched {
                // what deferred triggers do belongs to it
                self.execute("checking constraints", "set constraints all immediate")?;
                self.restore_what_triggers_touched(merge, &table, &range)?;
                self.refuse_rewritten(merge, &table, &range)?;
            }
            expect_counts(merge, &merged, to_insert, known.different)?;
            self.refuse_broken(&format!("loading {name}"), merge.entity.target_table, noted)?;
            *receipted = Some(what_for);
        }
        self.refuse_dangling(merge, &table, &merge.within(&range))?;
        // a savepoint keeps what a transaction would drop, and asks deferred constraints nothing
        if self.depth > 1 {
            self.execute("checking constraints", "set constraints all immediate")?;
        }
        self.execute("tidying up", &format!("drop table {sent_table}, {known_table}"))?;
        Ok(merged)
    }

    /// Compares what was sent with what is there, and refuses rows that the target got under other ids since the survey:
    /// they would tear references apart.
    fn compare(
        &mut self,
        merge: &Merge,
        table: &str,
        range: &RangeInclusive<LegacyId>,
    ) -> Result<Known, Failure> {
        let name = merge.entity.name;
        self.execute(&format!("comparing {name}"), &merge.compare_statement(table, range))?;
        let known = merge.known();
        let found = self.count_known(merge)?;
        if found.stale == 0 {
            return Ok(found);
        }
        let ids = self.legacy_ids(
            "comparing ids",
            &format!("select legacy_id::bigint from {known} where is_stale order by 1 limit 6"),
        )?;
        Err(Error::target(format!(
            "{} {name} in the target have other ids than at the survey, such as legacy id {}",
            found.stale,
            list(&ids)
        ))
        .hint(
            "nothing of this chunk was written; run `drydock survey` and `drydock transform` again; where that changes nothing, a decision \
             says that they are other rows: undo the load that made these (`drydock rollback`), or decide again",
        )
        .into())
    }

    fn count_changed(&mut self, merge: &Merge, table: &str) -> Result<BTreeMap<&'static str, u64>, Failure> {
        let counts: Vec<String> = merge
            .updated()
            .map(|column| format!("count(*) filter (where {})", super::merge::differs(column, "s")))
            .collect();
        let sql = format!(
            "select {} from {} k join {} s on s.legacy_id = k.legacy_id join {table} t on t.id = k.id where k.is_different",
            counts.join(", "),
            merge.known(),
            merge.sent()
        );
        let row =
            self.client.query_one(&sql, &[]).map_err(|cause| Failure::of("counting what changes", &cause))?;
        let counted = merge
            .updated()
            .enumerate()
            .map(|(place, column)| (column.name, u64::try_from(row.get::<_, i64>(place)).unwrap_or(0)));
        Ok(counted.filter(|(_, rows)| *rows > 0).collect())
    }

    fn count_known(&mut self, merge: &Merge) -> Result<Known, Failure> {
        let sql = format!(
            "select count(*), count(*) filter (where is_stale), count(*) filter (where is_different) from {}",
            merge.known()
        );
        let row = self
            .client
            .query_one(&sql, &[])
            .map_err(|cause| Failure::of(&format!("comparing {}", merge.entity.name), &cause))?;
        let number = |column: usize| u64::try_from(row.get::<_, i64>(column)).unwrap_or(0);
        Ok(Known { rows: number(0), stale: number(1), different: number(2) })
    }

    /// Runs the statement that writes and reads what it returns, row by row so that nothing piles up. Not as COPY: what
    /// constraints say at the statement's end would come after COPY's own end and be lost.
    fn write(&mut self, merge: &Merge, statement: &str, merged: &mut Merged) -> Result<(), Failure> {
        let what = format!("merging {}", merge.entity.name);
        let told = |cause: postgres::Error| Failure::of(&what, &cause);
        let _waiting = self.client.waiting();
        let mut rows = self.client.query_raw(statement, std::iter::empty::<&str>()).map_err(told)?;
        while let Some(row) = rows.next().map_err(told)? {
            let Some(legacy_id) = row.get::<_, Option<i64>>(0).map(LegacyId) else {
                drop(rows);
                return Err(self.without_its_key(merge));
            };
            let (is_new, xid) = (row.get(1), row.get(2));
            if merged.xids.last() != Some(&xid) {
                merged.xids.push(xid);
            }
            if is_new { &mut merged.inserted } else { &mut merged.updated }.push(legacy_id);
        }
        Ok(())
    }

    /// Legacy ids that a query returns.
    pub(super) fn legacy_ids(&mut self, what: &str, sql: &str) -> Result<Vec<LegacyId>, Failure> {
        let rows = self.client.query(sql, &[]).map_err(|cause| Failure::of(what, &cause))?;
        Ok(rows.iter().map(|row| LegacyId(row.get(0))).collect())
    }

    fn ids(&mut self, what: &str, sql: &str) -> Result<Vec<uuid::Uuid>, Failure> {
        let row = self.client.query_one(sql, &[]).map_err(|cause| Failure::of(what, &cause))?;
        Ok(row.get(0))
    }

    pub(super) fn execute(&mut self, what: &str, sql: &str) -> Result<(), Failure> {
        self.client.batch_execute(sql).map_err(|cause| Failure::of(what, &cause))
    }
}

/// A row that somebody else wrote between the comparison and the write has no pre-image: the chunk is compared again.
fn expect_counts(merge: &Merge, merged: &Merged, inserted: u64, updated: u64) -> Result<(), Failure> {
    if merged.inserted.len() as u64 == inserted && merged.updated.len() as u64 == updated {
        return Ok(());
    }
    Err(Failure::passing(
        Error::target(format!(
            "{}: {inserted} rows were to be inserted and {} were, {updated} were to be updated and {} were",
            merge.entity.name,
            merged.inserted.len(),
            merged.updated.len()
        ))
        .hint("others are writing the same rows, or a trigger keeps rows back; nothing of this chunk was written"),
    ))
}

pub(super) fn list(ids: &[LegacyId]) -> String {
    let shown: Vec<String> = ids.iter().take(5).map(ToString::to_string).collect();
    if ids.len() > 5 { format!("{}, …", shown.join(", ")) } else { shown.join(", ") }
}
