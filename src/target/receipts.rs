//! What a load leaves in Drydock's own schema: the phase it began, a receipt per transaction, and the rows as they were
//! before. All of it is written in the transaction of the rows that it speaks of, and nothing when nothing is changed.

use std::ops::RangeInclusive;

use uuid::Uuid;

use super::chunk::Merged;
use super::failure::Failure;
use super::merge::Merge;
use super::{Target, quoted_text};
use crate::connect::Session;
use crate::entity::Entity;
use crate::error::Result;
use crate::record::{LegacyId, Phase};

/// The run that writes: of which file, and how far it is.
#[derive(Debug, Clone)]
pub struct Writing<'a> {
    staging_id: &'a str,
    run_id: i64,
    /// Where the journal of the file stands: how many entries, and the hash of the last.
    head: (i64, String),
    number: i64,
    is_marked: bool,
    /// Whether this session may note that the phase begins.
    may_mark: bool,
    /// The transactions that have written rows for this run.
    xids: Vec<i64>,
}

impl<'a> Writing<'a> {
    /// A run that has written nothing yet.
    pub fn new(staging_id: &'a str, run_id: i64, head: (i64, String)) -> Self {
        Self { staging_id, run_id, head, number: 1, is_marked: false, may_mark: true, xids: Vec::new() }
    }

    /// The same for one unit on another session, which gets the next number and must not begin a phase: what was there
    /// before is digested while nobody of ours writes.
    pub fn beside(&mut self) -> Self {
        let beside = Self { may_mark: false, ..self.clone() };
        self.number += 1;
        beside
    }

    /// Goes on to another phase.
    pub fn begin_phase(&mut self) {
        self.is_marked = false;
    }

    /// The number of the receipt that comes next.
    pub fn number(&self) -> i64 {
        self.number
    }

    /// The unit with the present number is committed; `marked` when it wrote anything.
    pub fn written(&mut self, marked: bool) {
        self.number += 1;
        self.is_marked |= marked;
    }

    /// Remembers who wrote the rows.
    pub fn wrote(&mut self, merged: &Merged) {
        self.xids.extend(&merged.xids);
    }

    /// The condition that a row of Drydock's tables is of this file.
    pub(super) fn is_of_file(&self) -> String {
        format!("staging_id = {}", quoted_text(self.staging_id))
    }

    /// The condition that a row of Drydock's tables is of this run.
    pub(super) fn is_mine(&self) -> String {
        format!("staging_id = {} and run_id = {}", quoted_text(self.staging_id), self.run_id)
    }
}

/// What a receipt says beyond the counts.
#[derive(Debug, Default)]
pub(super) struct Receipted {
    pub range: Option<RangeInclusive<LegacyId>>,
    pub inserted_ids: Vec<Uuid>,
    pub completed_ids: Vec<Uuid>,
}

impl Receipted {
    pub(super) fn join(&mut self, other: Self) {
        self.inserted_ids.extend(other.inserted_ids);
        self.completed_ids.extend(other.completed_ids);
    }
}

impl Target {
    /// Notes that a phase of the run begins to write, with the digest of what was there before.
    pub(super) fn mark_phase(&mut self, writing: &Writing<'_>, phase: Phase) -> Result<(), Failure> {
        if writing.is_marked {
            return Ok(());
        }
        if !writing.may_mark {
            return Err(Failure::unmarked());
        }
        self.make_receipts()?;
        let digest = self.digest()?;
        self.client
            .execute(
                "insert into drydock.runs (staging_id, run_id, phase, digest_before) values ($1, $2, $3, $4) \
                 on conflict do nothing",
                &[&writing.staging_id, &writing.run_id, &phase.as_str(), &digest],
            )
            .map_err(|cause| Failure::of("noting the run", &cause))?;
        let (entries, head) = &writing.head;
        self.client
            .execute(
                "insert into drydock.heads (staging_id, run_id, entries, head) values ($1, $2, $3, $4) \
                 on conflict do nothing",
                &[&writing.staging_id, &writing.run_id, entries, head],
            )
            .map_err(|cause| Failure::of("noting the run", &cause))?;
        Ok(())
    }

    /// Keeps whose rows are about to be inserted, where the table has no column for it.
    pub(super) fn keep_keys(&mut self, merge: &Merge) -> Result<(), Failure> {
        if merge.entity.has_key_column() {
            return Ok(());
        }
        self.execute(
            &format!("keeping the legacy ids of {}", merge.entity.name),
            &format!(
                "insert into drydock.keys (table_name, id, legacy_id) select {}, s.id, s.legacy_id from {} s \
                 where not exists (select 1 from {} k where k.id = s.id) on conflict do nothing",
                quoted_text(merge.entity.target_table),
                merge.sent(),
                merge.known()
            ),
        )
    }

    /// Whether the schema knows whose rows are those of tables without a column for it.
    pub(super) fn has_keys(&mut self) -> Result<bool, Failure> {
        has_table(&mut self.client, "drydock.keys")
    }

    /// How many rows of an entity's table it knows.
    pub fn known_keys(&mut self, entity: &Entity) -> Result<u64> {
        if !self.has_keys()? {
            return Ok(0);
        }
        let sql = format!(
            "select count(*) from drydock.keys k where k.table_name = {}",
            quoted_text(entity.target_table)
        );
        self.count("looking for the schema drydock", &sql)
    }

    /// Whether Drydock's schema is there.
    pub(super) fn has_receipts(&mut self) -> Result<bool, Failure> {
        has_table(&mut self.client, "drydock.restorations")
    }

    /// Whether the transaction with the receipt of this number was committed.
    pub fn is_receipted(&mut self, writing: &Writing<'_>, number: i64) -> Result<bool, Failure> {
        if !self.has_receipts()? {
            return Ok(false);
        }
        let sql = format!(
            "select exists (select 1 from drydock.receipts where {} and number = {})",
            writing.is_mine(),
            number
        );
        let row = self
            .client
            .query_one(&sql, &[])
            .map_err(|cause| Failure::of("looking for the receipt", &cause))?;
        Ok(row.get(0))
    }

    /// Keeps the rows that are about to be changed as they are, locked until they are. What this run has inserted
    /// itself needs no image: before a later phase adds to it, it has the defaults.
    pub(super) fn keep_pre_images(
        &mut self,
        writing: &Writing<'_>,
        merge: &Merge,
        table: &str,
        different: u64,
        what_for: &mut Receipted,
    ) -> Result<(), Failure> {
        let known = merge.known();
        let own = own_rows(writing, merge.entity);
        let is_row = match &what_for.range {
            Some(range) => format!("t.id = k.id and {}", merge.within(range)),
            None => "t.id = k.id".to_owned(),
        };
        if !writing.xids.is_empty() {
            let sql = format!(
                "select coalesce(array_agg(t.id), '{{}}') from {known} k join {table} t on {is_row} \
                 where k.is_different and {own}"
            );
            let row =
                self.client.query_one(&sql, &[]).map_err(|cause| Failure::of("listing own rows", &cause))?;
            what_for.completed_ids = row.get(0);
            if what_for.completed_ids.len() as u64 == different {
                return Ok(());
            }
        }
        self.execute(
            &format!("keeping pre-images of {}", merge.entity.name),
            &format!(
                "{} select {}, t.id, {}, {} from {known} k join {table} t on {is_row} \
                 where k.is_different and not {own} for update of t on conflict do nothing",
                INSERT_IMAGES,
                image_key(writing, merge),
                self.image(merge),
                written_by(merge.entity.target_table),
            ),
        )?;
        // the next look into them would be planned for an empty table, and take the square of their number
        if different > 1_000 {
            self.execute("preparing drydock.pre_images", "analyze drydock.pre_images")?;
        }
        Ok(())
    }

    /// Keeps the rows listed in `claims` as they are, with the legacy id that they lack, so that an undo takes it from them
    /// again.
    pub(super) fn keep_unclaimed(
        &mut self,
        writing: &Writing<'_>,
        merge: &Merge,
        table: &str,
        claims: &str,
    ) -> Result<(), Failure> {
        self.execute(
            &format!("keeping pre-images of {}", merge.entity.name),
            &format!(
                "{INSERT_IMAGES} select {}, t.id, {} || jsonb_build_object('legacy_id', t.legacy_id), {} \
                 from {claims} c join {table} t on t.id = c.id for update of t on conflict do nothing",
                image_key(writing, merge),
                self.image(merge),
                written_by(merge.entity.target_table)
            ),
        )
    }

    /// Writes the receipt of a unit.
    pub(super) fn write_receipt(
        &mut self,
        writing: &Writing<'_>,
        number: i64,
        merge: &Merge,
        merged: &Merged,
        receipted: &Receipted,
    ) -> Result<(), Failure> {
        let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let (inserted, updated) = (count(merged.inserted.len()), count(merged.updated.len()));
        let rows = i64::try_from(merged.rows).unwrap_or(i64::MAX);
        let unchanged = (rows - inserted - updated - count(merged.missing.len())).max(0);
        self.client
            .execute(
                "insert into drydock.receipts (staging_id, run_id, number, phase, entity, table_name, \
                 first_legacy_id, last_legacy_id, digest, rows, inserted, updated, unchanged, inserted_ids, \
                 completed_ids, xids) \
                 values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
                &[
                    &writing.staging_id,
                    &writing.run_id,
                    &number,
                    &merge.phase.as_str(),
                    &merge.entity.name,
                    &merge.entity.target_table,
                    &receipted.range.as_ref().map(|range| range.start().0),
                    &receipted.range.as_ref().map(|range| range.end().0),
                    &merged.digest,
                    &rows,
                    &inserted,
                    &updated,
                    &unchanged,
                    &receipted.inserted_ids,
                    &receipted.completed_ids,
                    &merged.xids,
                ],
            )
            .map_err(|cause| Failure::of("writing the receipt", &cause))?;
        Ok(())
    }

    /// The digest of every table of the migration, all rows and all columns, whoever owns them: equal digests are equal
    /// contents.
    pub fn digest(&mut self) -> Result<String, Failure> {
        let mut digests = Vec::new();
        for table in self.tables.clone() {
            let hash = if self.is_told_by_hash(table)? {
                "hash_record_extended(t.*, 0)"
            } else {
                "hashtextextended((t.*)::text, 0)"
            };
            let sql = format!(
                "select count(*) || ':' || coalesce(sum({hash}::numeric), 0) from {} t",
                self.real(table)
            );
            let row = self
                .client
                .query_one(&sql, &[])
                .map_err(|cause| Failure::of(&format!("digesting {table}"), &cause))?;
            digests.push(format!("{table} {}", row.get::<_, String>(0)));
        }
        Ok(crate::record::hex(&<sha2::Sha256 as sha2::Digest>::digest(digests.join("\n"))))
    }
}

impl Target {
    /// Whether all columns of a table are of types whose equal values look the same, so that their hashes, which cost a
    /// third, say as much as those of the text.
    fn is_told_by_hash(&mut self, table: &str) -> Result<bool, Failure> {
        let row = self
            .client
            .query_one(
                "select current_setting('server_version_num')::int4 >= 140000 and coalesce(bool_and( \
                     (t.typname in ('uuid', 'int2', 'int4', 'int8', 'bool', 'text', 'varchar', 'date', 'timestamptz', \
                                    'timestamp', 'jsonb') or t.typtype = 'e' \
                      or t.typname = 'numeric' and a.atttypmod >= 0) \
                     and (l.oid is null or l.collisdeterministic)), false) \
                 from pg_attribute a join pg_type t on t.oid = a.atttypid left join pg_collation l on l.oid = a.attcollation \
                 where a.attrelid = to_regclass($1) and a.attnum > 0 and not a.attisdropped",
                &[&self.real(table)],
            )
            .map_err(|cause| Failure::of(&format!("digesting {table}"), &cause))?;
        Ok(row.get(0))
    }
}

/// Whether Drydock's schema has a table.
pub(super) fn has_table(client: &mut Session, table: &str) -> Result<bool, Failure> {
    let row = client
        .query_one("select pg_catalog.to_regclass($1) is not null", &[&table])
        .map_err(|cause| Failure::of("looking for the schema drydock", &cause))?;
    Ok(row.get(0))
}

/// The head of the statement that keeps pre-images.
pub(super) const INSERT_IMAGES: &str =
    "insert into drydock.pre_images (staging_id, run_id, phase, entity, table_name, id, image, written_by)";

/// What all pre-images of a merge have in common.
pub(super) fn image_key(writing: &Writing<'_>, merge: &Merge) -> String {
    format!(
        "{}, {}, {}, {}, {}",
        quoted_text(writing.staging_id),
        writing.run_id,
        quoted_text(merge.phase.as_str()),
        quoted_text(merge.entity.name),
        quoted_text(merge.entity.target_table)
    )
}

/// The transaction that made the row `t` what it is: the one that wrote it, unless that was an undo.
pub(super) fn written_by(table: &str) -> String {
    format!(
        "coalesce((select z.written_by from drydock.restorations z where z.table_name = {} and z.id = t.id \
         and z.xid = t.xmin::text::bigint), t.xmin::text::bigint)",
        quoted_text(table)
    )
}

/// The condition that this run inserted the row `t`: it wrote it and has no image of it.
fn own_rows(writing: &Writing<'_>, entity: &Entity) -> String {
    if writing.xids.is_empty() {
        return "false".to_owned();
    }
    let xids: Vec<String> = writing.xids.iter().map(ToString::to_string).collect();
    format!(
        "(t.xmin::text::bigint in ({}) and not exists (select 1 from drydock.pre_images p \
         where p.{} and p.phase in ({}) and p.table_name = {} and p.id = t.id))",
        xids.join(", "),
        writing.is_mine().replace(" and ", " and p."),
        // every phase, said so that the key is looked up whole
        Phase::ALL.map(|phase| quoted_text(phase.as_str())).join(", "),
        quoted_text(entity.target_table)
    )
}
