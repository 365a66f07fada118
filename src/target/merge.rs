//! The write: rows go by COPY into a temporary table and are merged from there by their legacy key, in one transaction
//! with its receipt. Rows that already are as meant are not touched.

use std::io::Write;

use postgres::{CopyInWriter, Transaction};
use sha2::{Digest, Sha256};

use super::catalog::{copy_failed, ended, for_lines};
use super::copy::{decode_row, encode_row};
use super::{Target, failed, quoted};
use crate::entity::{Column, Entity, Kind, Write as When, metadata};
use crate::error::{Error, Result};
use crate::record::{LegacyId, Phase};

/// Bytes sent to the server at once.
const BUFFER: usize = 1 << 16;

/// One merge of a phase: which entity, and which of its columns.
#[derive(Debug, Clone)]
pub struct Merge {
    /// The entity.
    pub entity: &'static Entity,
    /// The phase.
    pub phase: Phase,
    /// The columns sent, `id` and `legacy_id` first.
    pub columns: Vec<&'static Column>,
}

/// What a merge did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    /// Rows sent.
    pub rows: u64,
    /// Records that the target did not have.
    pub inserted: Vec<LegacyId>,
    /// Records that it had with other contents.
    pub updated: Vec<LegacyId>,
    /// SHA-256 of the rows as they were sent.
    pub digest: String,
}

impl Merge {
    /// The merges of a phase, in load order: the entities whose phase it is, and the columns that it adds to earlier ones.
    pub fn of_phase(phase: Phase) -> Vec<Merge> {
        let identity = |column: &&'static Column| matches!(column.name, "id" | "legacy_id");
        crate::entity::ALL
            .iter()
            .filter_map(|entity| {
                let columns: Vec<_> = if entity.phase == phase {
                    entity.columns.iter().filter(|column| !matches!(column.write, When::In(_))).collect()
                } else {
                    let later = |column: &&'static Column| column.write == When::In(phase);
                    if !entity.columns.iter().any(|column| later(&column)) {
                        return None;
                    }
                    entity.columns.iter().filter(|column| identity(column) || later(column)).collect()
                };
                Some(Merge { entity, phase, columns })
            })
            .collect()
    }

    /// Whether it inserts rows, or only adds to rows of an earlier phase.
    fn inserts(&self) -> bool {
        self.entity.phase == self.phase
    }

    fn temporary(&self) -> String {
        quoted(&format!("drydock_{}", self.entity.name))
    }

    /// The columns that an update sets.
    fn updated(&self) -> impl Iterator<Item = &&'static Column> {
        let key = self.entity.key();
        self.columns.iter().filter(move |column| {
            column.name != "id" && !key.contains(&column.name) && column.write != When::OnInsert
        })
    }

    fn listed(&self) -> String {
        self.columns.iter().map(|column| quoted(column.name)).collect::<Vec<_>>().join(", ")
    }

    /// The condition that a target row `t` stands for the same record as `s`.
    fn same_record(&self) -> String {
        let same = |column: &str| format!("t.{0} = s.{0}", quoted(column));
        self.entity.key().into_iter().map(same).collect::<Vec<_>>().join(" and ")
    }

    /// The condition that the target row `t` is not as `sent` means it. What a later phase adds is only ever added: null
    /// there means that this migration knows nothing.
    fn differs(&self, sent: &str) -> String {
        let differs = |column: &&&Column| {
            let name = quoted(column.name);
            match column.kind {
                Kind::Metadata => {
                    format!("t.{name} -> '{0}' is distinct from {sent}.{name} -> '{0}'", metadata::KEY)
                }
                _ if self.inserts() => format!("t.{name} is distinct from {sent}.{name}"),
                _ => format!("({sent}.{name} is not null and t.{name} is distinct from {sent}.{name})"),
            }
        };
        format!("({})", self.updated().map(|column| differs(&column)).collect::<Vec<_>>().join(" or "))
    }

    fn assignments(&self, sent: &str) -> String {
        let assigned = |column: &&Column| {
            let name = quoted(column.name);
            match column.kind {
                Kind::Metadata => format!("{name} = coalesce(t.{name}, '{{}}') || {sent}.{name}"),
                _ => format!("{name} = {sent}.{name}"),
            }
        };
        self.updated().map(assigned).collect::<Vec<_>>().join(", ")
    }

    /// The statement that writes, returning legacy id and whether the row is new.
    fn statement(&self, table: &str) -> String {
        let (temporary, same, differs) = (self.temporary(), self.same_record(), self.differs("s"));
        if self.inserts() {
            format!(
                "insert into {table} as t ({0}) select {0} from {temporary} s \
                 where not exists (select 1 from {table} t where {same} and not {differs}) order by s.legacy_id \
                 on conflict ({1}) do update set {2} where {3} returning t.legacy_id, t.xmax = 0",
                self.listed(),
                self.entity.key().into_iter().map(quoted).collect::<Vec<_>>().join(", "),
                self.assignments("excluded"),
                self.differs("excluded"),
            )
        } else {
            format!(
                "update {table} t set {} from {temporary} s where {same} and {differs} returning t.legacy_id, false",
                self.assignments("s"),
            )
        }
    }

    /// Moves addresses out of the way that rows of this migration hold and other rows of it are about to get: uniqueness
    /// is checked row by row, so a swap would fail whichever row came first.
    fn make_room(&self, table: &str) -> Option<String> {
        let email = self.columns.iter().find(|column| column.unique)?;
        let (temporary, same, email) = (self.temporary(), self.same_record(), quoted(email.name));
        Some(format!(
            "update {table} t set {email} = 'moving.' || t.id || '@migrated.local' from {temporary} s \
             where {same} and lower(t.{email}) is distinct from lower(s.{email}) and exists ( \
                 select 1 from {temporary} o where lower(o.{email}) = lower(t.{email}))"
        ))
    }
}

impl Target {
    /// Merges rows in one transaction. `send` writes them in the order of the merge's columns.
    pub fn merge(
        &mut self,
        staging_id: &str,
        merge: &Merge,
        send: impl FnOnce(&mut Sender<'_>) -> Result<()>,
    ) -> Result<Merged> {
        let table = self.table(merge.entity);
        let name = merge.entity.name;
        let step = |what: &str| format!("{what} {name}");
        let mut transaction =
            self.client.transaction().map_err(|cause| failed(&step("beginning to load"), &cause))?;
        let temporary = merge.temporary();
        execute(
            &mut transaction,
            &step("preparing"),
            &format!(
                "create temporary table {temporary} on commit drop as select {} from {table} with no data",
                merge.listed()
            ),
        )?;
        let (rows, digest) = copy_in(&mut transaction, merge, send)?;
        execute(&mut transaction, &step("preparing"), &format!("analyze {temporary}"))?;

        refuse_stale(&mut transaction, merge, &table)?;
        if let Some(statement) = merge.make_room(&table) {
            execute(&mut transaction, &step("making room for"), &statement)?;
        }
        let (inserted, updated) = run(&mut transaction, &step("merging"), &merge.statement(&table))?;
        refuse_unconfirmed(&mut transaction, merge, &table)?;
        write_receipt(&mut transaction, staging_id, merge, &digest, rows, (inserted.len(), updated.len()))?;
        transaction.commit().map_err(|cause| failed(&step("committing"), &cause))?;
        Ok(Merged { rows, inserted, updated, digest })
    }
}

fn execute(transaction: &mut Transaction<'_>, what: &str, sql: &str) -> Result<()> {
    transaction.batch_execute(sql).map_err(|cause| failed(what, &cause))
}

/// The server's end of a COPY.
pub struct Sender<'a> {
    writer: CopyInWriter<'a>,
    what: String,
    buffer: Vec<u8>,
    digest: Sha256,
    rows: u64,
}

impl Sender<'_> {
    /// Sends one row.
    pub fn send<'v>(&mut self, fields: impl IntoIterator<Item = Option<&'v str>>) -> Result<()> {
        encode_row(&mut self.buffer, fields);
        self.rows += 1;
        if self.buffer.len() >= BUFFER { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<()> {
        self.digest.update(&self.buffer);
        self.writer.write_all(&self.buffer).map_err(|cause| copy_failed(&self.what, &cause))?;
        self.buffer.clear();
        Ok(())
    }
}

fn copy_in(
    transaction: &mut Transaction<'_>,
    merge: &Merge,
    send: impl FnOnce(&mut Sender<'_>) -> Result<()>,
) -> Result<(u64, String)> {
    let what = format!("copying {}", merge.entity.name);
    let writer = transaction
        .copy_in(&format!("copy {} ({}) from stdin", merge.temporary(), merge.listed()))
        .map_err(|cause| failed(&what, &cause))?;
    let mut sender = Sender {
        writer,
        what: what.clone(),
        buffer: Vec::with_capacity(2 * BUFFER),
        digest: Sha256::new(),
        rows: 0,
    };
    send(&mut sender)?;
    sender.flush()?;
    let (digest, rows) = (sender.digest, sender.rows);
    let arrived = sender.writer.finish().map_err(|cause| failed(&what, &cause))?;
    if arrived != rows {
        return Err(Error::target(format!("{what}: {rows} rows were sent and {arrived} arrived")));
    }
    Ok((rows, digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()))
}

/// Rows that the target got since the survey under other ids would tear references apart.
fn refuse_stale(transaction: &mut Transaction<'_>, merge: &Merge, table: &str) -> Result<()> {
    let sql = format!(
        "select s.legacy_id::bigint from {} s join {table} t on {} where t.id <> s.id order by 1 limit 6",
        merge.temporary(),
        merge.same_record()
    );
    let found = legacy_ids(transaction, "comparing ids", &sql)?;
    if found.is_empty() {
        return Ok(());
    }
    Err(Error::target(format!(
        "{} in the target have other ids than at the survey, such as legacy id {}",
        merge.entity.name,
        list(&found)
    ))
    .hint("run `drydock survey` and `drydock transform` again; nothing of this step was written"))
}

/// Nothing counts as loaded that the database does not show as it was sent.
fn refuse_unconfirmed(transaction: &mut Transaction<'_>, merge: &Merge, table: &str) -> Result<()> {
    let sql = format!(
        "select s.legacy_id::bigint from {} s left join {table} t on {} where t.id is null or t.id <> s.id or {} \
         order by 1 limit 6",
        merge.temporary(),
        merge.same_record(),
        merge.differs("s")
    );
    let found = legacy_ids(transaction, "confirming", &sql)?;
    if found.is_empty() {
        return Ok(());
    }
    Err(Error::target(format!(
        "the target does not show {} as they were sent, such as legacy id {}",
        merge.entity.name,
        list(&found)
    ))
    .hint("a trigger, a rule or row level security changes or hides rows; nothing of this step was written"))
}

fn legacy_ids(transaction: &mut Transaction<'_>, what: &str, sql: &str) -> Result<Vec<i64>> {
    let rows = transaction.query(sql, &[]).map_err(|cause| failed(what, &cause))?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

fn list(ids: &[i64]) -> String {
    let shown: Vec<String> = ids.iter().take(5).map(ToString::to_string).collect();
    if ids.len() > 5 { format!("{}, …", shown.join(", ")) } else { shown.join(", ") }
}

/// Runs the merge and reads what it returns, as COPY so that nothing piles up.
fn run(
    transaction: &mut Transaction<'_>,
    what: &str,
    statement: &str,
) -> Result<(Vec<LegacyId>, Vec<LegacyId>)> {
    let mut reader = transaction
        .copy_out(&format!("copy ({statement}) to stdout"))
        .map_err(|cause| failed(what, &cause))?;
    let (mut inserted, mut updated, mut fields) = (Vec::new(), Vec::new(), Vec::new());
    for_lines(&mut reader, what, |line| {
        decode_row(line, &mut fields)?;
        let [Some(legacy_id), Some(is_new)] = fields.as_slice() else {
            return Err(Error::internal(format!("{what}: the target returned an unexpected row")));
        };
        let legacy_id = legacy_id
            .parse()
            .map_err(|_| Error::internal(format!("{what}: the target returned an unexpected id")))?;
        if is_new == "t" {
            inserted.push(legacy_id);
        } else {
            updated.push(legacy_id);
        }
        Ok(())
    })?;
    ended(&mut reader, what)?;
    Ok((inserted, updated))
}

/// Writes the receipt of a transaction that changed something, or of rows that have none yet.
fn write_receipt(
    transaction: &mut Transaction<'_>,
    staging_id: &str,
    merge: &Merge,
    digest: &str,
    rows: u64,
    (inserted, updated): (usize, usize),
) -> Result<()> {
    let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let all = i64::try_from(rows).unwrap_or(i64::MAX);
    let (inserted, updated) = (number(inserted), number(updated));
    transaction
        .execute(
            "insert into drydock.receipts (staging_id, phase, entity, digest, rows, inserted, updated, unchanged) \
             select $1, $2, $3, $4, $5, $6, $7, $8 where $6::bigint + $7::bigint > 0 or not exists ( \
                 select 1 from drydock.receipts \
                 where staging_id = $1 and phase = $2 and entity = $3 and digest = $4)",
            &[
                &staging_id,
                &merge.phase.as_str(),
                &merge.entity.name,
                &digest,
                &all,
                &inserted,
                &updated,
                &(all - inserted - updated),
            ],
        )
        .map_err(|cause| failed("writing the receipt", &cause))?;
    Ok(())
}
