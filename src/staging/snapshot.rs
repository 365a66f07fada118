//! Raw rows in: one table per legacy table, every value as text exactly as read, null and '' kept apart. The row id is
//! the legacy key, so the order in which rows arrive leaves no trace.
//!
//! Rows come in [`Batch`]es and go in many per statement. `canonical` says what the manifest's digests are taken over,
//! `contents` reads a snapshot back to prove it and to compare it with its source.

mod batch;
mod canonical;
mod contents;

use std::collections::BTreeSet;
use std::path::Path;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, Statement, ToSql};
use sha2::{Digest, Sha256};

pub use batch::{Batch, Spot};
pub use contents::{Comparison, Keys};

use self::batch::Arrived;
use self::canonical::TableDigest;
use super::open::Staging;
use super::{Step, disk, quoted};
use crate::error::{Error, Result};
use crate::interrupt;
use crate::record::LegacyId;

/// Rows per transaction: large enough to cost nothing, small enough for `status` to get a look in between.
const ROWS_PER_TRANSACTION: u64 = 100_000;

/// Values bound to one statement. SQLite keeps about ninety short ones in memory of its own and asks the allocator for each
/// further one, which costs more than the statements saved.
const VALUES_PER_STATEMENT: usize = 80;

/// What the manifest says about one table.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct TableManifest {
    /// The legacy table.
    pub table: String,
    /// Rows of the source, readable and unreadable.
    pub rows: u64,
    /// Rows that could not be placed by their key.
    pub unreadable: u64,
    /// Bytes of the values.
    pub bytes: u64,
    /// SHA-256 of the readable rows in key order, in lower-case hexadecimal digits.
    pub digest: String,
    /// The columns, in the source's order.
    pub columns: Vec<String>,
    /// Columns that the source has and the configuration leaves out.
    pub excluded_columns: Vec<String>,
    /// Columns that a rule would use and the source lacks.
    pub missing_columns: Vec<String>,
}

/// What is known of a table before its first row.
#[derive(Debug, Clone, Default)]
pub struct NewTable {
    /// Its place among the tables of the snapshot.
    pub position: usize,
    /// The legacy table.
    pub table: String,
    /// The columns to come, in the source's order.
    pub columns: Vec<String>,
    /// Columns left out.
    pub excluded: Vec<String>,
    /// Columns that a rule would use and the source lacks.
    pub missing: Vec<String>,
    /// The rows that the source says it has.
    pub total: Option<u64>,
}

/// One table of the snapshot being written.
#[derive(Debug)]
pub struct SnapshotTable<'a> {
    connection: &'a Connection,
    path: &'a Path,
    finished: bool,
    manifest: TableManifest,
    total: Option<u64>,
    /// Inserts one row, and many.
    single: Statement<'a>,
    group: Statement<'a>,
    rows_per_group: usize,
    /// The position of the key; without one, rows are numbered as they come.
    key: Option<usize>,
    numbers: u64,
    uncommitted: u64,
    clashes: BTreeSet<i64>,
    digest: TableDigest,
    /// The last key; `None` once a key came out of order, after which the digest cannot be taken on the way.
    last_key: Option<i64>,
    /// The digests of the rows of a table without a key.
    unordered: Vec<[u8; 32]>,
}

/// A row with its key, in a batch.
#[derive(Debug, Clone, Copy)]
struct Placed {
    key: i64,
    first: usize,
    bytes: usize,
    spot: Spot,
}

impl Staging {
    /// Drops whatever an earlier or interrupted extract left and starts a fresh snapshot. Nothing of the old one counts
    /// from the first moment on, however far the dropping gets.
    pub fn begin_snapshot(&mut self) -> Result<()> {
        self.begin(Step::Extract)?;
        let path = self.path().to_owned();
        let tables: Vec<String> = {
            let mut statement = self.connection.prepare(
                "select name from sqlite_schema where type = 'table' and name like 'legacy\\_%' escape '\\'",
            )?;
            statement.query_map([], |row| row.get(0))?.collect::<Result<_, rusqlite::Error>>()?
        };
        for table in tables {
            interrupt::check()?;
            self.connection
                .execute(&format!("delete from {}", quoted(&table)), [])
                .map_err(|cause| disk::refused(&path, cause))?;
        }
        Ok(())
    }

    /// Starts one table of the snapshot.
    pub fn snapshot_table(&mut self, new: NewTable) -> Result<SnapshotTable<'_>> {
        let raw_table = raw_table(&new.table);
        let names = raw_columns(&new.columns);
        let declared: String = names.iter().map(|name| format!(", {} text", quoted(name))).collect();
        let listed: String = names.iter().map(|name| format!(", {}", quoted(name))).collect();
        self.transaction(|connection| {
            connection.execute_batch(&format!(
                "drop table if exists {raw_table}; \
                 create table {raw_table} (legacy_id integer primary key{declared})"
            ))?;
            connection.execute(
                "insert into legacy_tables (table_name, position, columns, excluded_columns, missing_columns, rows, \
                 unreadable, bytes, digest) values (?, ?, ?, ?, ?, 0, 0, 0, '')",
                (
                    &new.table,
                    new.position,
                    serde_json::json!(names).to_string(),
                    serde_json::json!(new.excluded).to_string(),
                    serde_json::json!(new.missing).to_string(),
                ),
            )?;
            Ok(())
        })?;
        let row = format!("(?{})", ", ?".repeat(names.len()));
        let rows_per_group = (VALUES_PER_STATEMENT / (names.len() + 1)).max(1);
        let insert = |rows: usize| {
            let rows = vec![row.as_str(); rows].join(", ");
            // `fail` keeps the rows before the one that clashes, and needs no journal of the statement
            format!("insert or fail into {raw_table} (legacy_id{listed}) values {rows}")
        };
        let this = &*self;
        let (single, group) =
            (this.connection.prepare(&insert(1))?, this.connection.prepare(&insert(rows_per_group))?);
        this.connection.execute_batch("begin immediate")?;
        Ok(SnapshotTable {
            connection: &this.connection,
            path: this.path(),
            finished: false,
            total: new.total,
            single,
            group,
            rows_per_group,
            key: key_position(&new.columns),
            numbers: 0,
            uncommitted: 0,
            clashes: BTreeSet::new(),
            digest: TableDigest::new(&names),
            last_key: Some(i64::MIN),
            unordered: Vec::new(),
            manifest: TableManifest {
                table: new.table,
                rows: 0,
                unreadable: 0,
                bytes: 0,
                digest: String::new(),
                columns: names,
                excluded_columns: new.excluded,
                missing_columns: new.missing,
            },
        })
    }
}

/// The raw table of a legacy table, quoted.
fn raw_table(table: &str) -> String {
    quoted(&format!("legacy_{table}"))
}

/// The position of the key among the columns.
fn key_position(columns: &[String]) -> Option<usize> {
    columns.iter().position(|column| column == "id")
}

/// The raw table's columns: `SQLite` folds case in column names and the raw table has a column of its own, so a clash gets
/// a number.
fn raw_columns(columns: &[String]) -> Vec<String> {
    let mut taken: Vec<String> = vec!["legacy_id".to_owned()];
    let mut names = Vec::with_capacity(columns.len());
    for column in columns {
        let mut name = column.clone();
        let mut number = 2;
        while taken.contains(&name.to_lowercase()) {
            name = format!("{column}_{number}");
            number += 1;
        }
        taken.push(name.to_lowercase());
        names.push(name);
    }
    names
}

/// One raw value, handed to SQLite as text.
struct Raw<'a>(Option<&'a [u8]>);

impl ToSql for Raw<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(self.0.map_or(ValueRef::Null, ValueRef::Text)))
    }
}

impl SnapshotTable<'_> {
    /// Writes the rows of a batch. A row that cannot stand under its key is kept as unreadable.
    pub fn push(&mut self, batch: &Batch) -> Result<()> {
        let width = self.manifest.columns.len();
        let mut placed = Vec::with_capacity(self.rows_per_group);
        for arrived in &batch.rows {
            match arrived {
                Arrived::Row { first, bytes, spot } => {
                    let Some(key) = self.key_of(batch, *first, placed.len()) else {
                        self.keep("key_invalid", None, batch, *spot, &as_json(batch.fields(*first, width)))?;
                        continue;
                    };
                    placed.push(Placed { key, first: *first, bytes: *bytes, spot: *spot });
                    if placed.len() == self.rows_per_group {
                        self.insert(batch, &placed)?;
                        placed.clear();
                    }
                }
                Arrived::Unreadable { reason, key, raw, spot } => {
                    self.keep(reason, *key, batch, *spot, batch.raw(raw))?;
                }
            }
        }
        self.insert(batch, &placed)?;
        if self.uncommitted >= ROWS_PER_TRANSACTION {
            self.uncommitted = 0;
            self.note_progress()?;
            self.execute("commit; begin immediate")?;
        }
        Ok(())
    }

    /// How many rows have arrived.
    pub fn rows(&self) -> u64 {
        self.manifest.rows
    }

    /// Ends the table and writes its manifest.
    pub fn finish(mut self) -> Result<TableManifest> {
        self.end()?;
        Ok(self.manifest.clone())
    }

    fn end(&mut self) -> Result<()> {
        let clashed = !self.clashes.is_empty();
        self.set_apart_clashes()?;
        let digest = if self.key.is_none() {
            let mut digest = self.digest.clone();
            digest.unordered(std::mem::take(&mut self.unordered));
            digest.finish()
        } else if clashed || self.last_key.is_none() {
            contents::digest(self.connection, &self.manifest.table, &self.manifest.columns)?
        } else {
            self.digest.clone().finish()
        };
        self.manifest.digest = digest;
        self.connection.execute(
            "update legacy_tables set rows = ?, unreadable = ?, bytes = ?, digest = ? where table_name = ?",
            (
                self.manifest.rows,
                self.manifest.unreadable,
                self.manifest.bytes,
                &self.manifest.digest,
                &self.manifest.table,
            ),
        )?;
        self.note_progress()?;
        self.execute("commit")?;
        self.finished = true;
        Ok(())
    }

    /// The key under which a row is placed; rows of a table without one are numbered.
    fn key_of(&self, batch: &Batch, first: usize, before: usize) -> Option<i64> {
        match self.key {
            None => i64::try_from(self.manifest.rows).ok()?.checked_add(i64::try_from(before).ok()? + 1),
            Some(key) => {
                std::str::from_utf8(batch.field(first + key)?).ok()?.parse().ok().map(|LegacyId(id)| id)
            }
        }
    }

    fn insert(&mut self, batch: &Batch, mut rows: &[Placed]) -> Result<()> {
        let width = self.manifest.columns.len();
        while !rows.is_empty() {
            let whole = rows.len() == self.rows_per_group;
            let (statement, taken) =
                if whole { (&mut self.group, rows.len()) } else { (&mut self.single, 1) };
            let mut parameter = 1;
            for row in &rows[..taken] {
                statement.raw_bind_parameter(parameter, row.key)?;
                for (at, field) in batch.fields(row.first, width).enumerate() {
                    statement.raw_bind_parameter(parameter + 1 + at, Raw(field))?;
                }
                parameter += 1 + width;
            }
            let stored = match statement.raw_execute() {
                Ok(_) => taken,
                Err(cause) if cause.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
                    let stored = usize::try_from(self.connection.changes()).unwrap_or(0);
                    if whole { stored.min(taken - 1) } else { 0 }
                }
                Err(cause) => return Err(disk::refused(self.path, cause)),
            };
            for row in &rows[..stored] {
                self.placed(batch, row);
            }
            if stored < taken {
                let clash = rows[stored];
                self.clashes.insert(clash.key);
                let raw = as_json(batch.fields(clash.first, width));
                self.keep("duplicate_key", Some(LegacyId(clash.key)), batch, clash.spot, &raw)?;
            }
            rows = &rows[(stored + 1).min(taken).max(stored)..];
        }
        Ok(())
    }

    /// Counts a row that stands in its table, and takes it into the digest.
    fn placed(&mut self, batch: &Batch, row: &Placed) {
        self.manifest.bytes += row.bytes as u64;
        self.manifest.rows += 1;
        self.uncommitted += 1;
        if self.key.is_none() {
            let mut encoded = Vec::new();
            let order = canonical::order(&self.manifest.columns);
            canonical::encode(&mut encoded, &order, |at| batch.field(row.first + at));
            self.unordered.push(Sha256::digest(&encoded).into());
        } else if let Some(last) = self.last_key {
            self.last_key = (row.key > last || (last == i64::MIN && row.key == i64::MIN)).then_some(row.key);
            self.digest.row(|at| batch.field(row.first + at));
        }
    }

    fn note_progress(&self) -> Result<()> {
        self.connection
            .execute(
                "insert or replace into progress (only_row, operation, done, total, updated_at) \
                 values (1, ?, ?, ?, ?)",
                (format!("extract {}", self.manifest.table), self.manifest.rows, self.total, super::now()),
            )
            .map_err(|cause| disk::refused(self.path, cause))?;
        Ok(())
    }

    fn execute(&self, sql: &str) -> Result<()> {
        self.connection.execute_batch(sql).map_err(|cause| disk::refused(self.path, cause))
    }

    /// Keeps a row that is not a record of its table.
    fn keep(
        &mut self,
        reason: &str,
        key: Option<LegacyId>,
        batch: &Batch,
        spot: Spot,
        raw: &[u8],
    ) -> Result<()> {
        self.manifest.bytes += raw.len() as u64;
        self.keep_unreadable(reason, key.map(|key| key.0), batch.file.as_deref(), spot, raw)
    }

    fn keep_unreadable(
        &mut self,
        reason: &str,
        key: Option<i64>,
        file: Option<&str>,
        spot: Spot,
        raw: &[u8],
    ) -> Result<()> {
        self.numbers += 1;
        self.uncommitted += 1;
        self.manifest.rows += 1;
        self.manifest.unreadable += 1;
        self.connection
            .prepare_cached(
                "insert into legacy_unreadable (table_name, number, reason, legacy_id, file, line, byte, raw) \
                 values (?, ?, ?, ?, ?, ?, ?, ?)",
            )?
            .execute((&self.manifest.table, self.numbers, reason, key, file, spot.line, spot.byte, raw))
            .map_err(|cause| disk::refused(self.path, cause))?;
        Ok(())
    }

    /// Of several rows under one key none is known to be the right one: the first is set apart with the others, so that
    /// the order of arrival decides nothing. Rows that say the same in every field are one row and its copies.
    fn set_apart_clashes(&mut self) -> Result<()> {
        let raw_table = raw_table(&self.manifest.table);
        for key in std::mem::take(&mut self.clashes) {
            let first: Vec<Option<String>> = self.connection.query_row(
                &format!("select * from {raw_table} where legacy_id = ?"),
                [key],
                |row| (1..row.as_ref().column_count()).map(|column| row.get(column)).collect(),
            )?;
            let raw = as_json(first.iter().map(|field| field.as_deref().map(str::as_bytes)));
            self.connection.execute(
                "update legacy_unreadable set reason = 'duplicate_row' \
                 where table_name = ? and reason = 'duplicate_key' and legacy_id = ? and raw = ?",
                (&self.manifest.table, key, &raw),
            )?;
            let others: u64 = self.connection.query_row(
                "select count(*) from legacy_unreadable \
                 where table_name = ? and reason = 'duplicate_key' and legacy_id = ?",
                (&self.manifest.table, key),
                |row| row.get(0),
            )?;
            if others > 0 {
                // counted as arrived already, as a row of its table
                self.manifest.rows -= 1;
                self.keep_unreadable("duplicate_key", Some(key), None, Spot::default(), &raw)?;
                self.connection.execute(&format!("delete from {raw_table} where legacy_id = ?"), [key])?;
            }
        }
        Ok(())
    }
}

impl Drop for SnapshotTable<'_> {
    fn drop(&mut self) {
        if !self.finished {
            // the snapshot is incomplete either way; the file must be usable for whatever says so
            let _ = self.connection.execute_batch("rollback");
        }
    }
}

/// A row that was read but cannot be placed, as a JSON array of its fields.
fn as_json<'a>(fields: impl Iterator<Item = Option<&'a [u8]>>) -> Vec<u8> {
    let fields: Vec<_> = fields.map(|field| field.map(String::from_utf8_lossy)).collect();
    serde_json::json!(fields).to_string().into_bytes()
}

/// A defect: the manifest and the rows do not fit.
fn inconsistent(table: &str) -> Error {
    Error::staging(format!("the snapshot of {table} in the file is not what its manifest says"))
        .hint("the file was changed by other means; use a copy from before that, or extract again")
}
