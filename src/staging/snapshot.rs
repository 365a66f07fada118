//! Raw rows in: one table per legacy table, every value as text exactly as read, null and '' kept apart. The row id is
//! the legacy key, so the order in which rows arrive leaves no trace.

use std::collections::BTreeSet;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ToSql};

use super::open::Staging;
use super::{Step, quoted};
use crate::error::Result;
use crate::record::LegacyId;

/// Rows per transaction: large enough to cost nothing, small enough for `status` to get a look in between.
const ROWS_PER_TRANSACTION: u64 = 100_000;

/// A row that could not be placed by its key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnreadableRow<'a> {
    /// A stable word, such as `ragged` or `duplicate_key`.
    pub reason: &'a str,
    /// Its key, where it can be told.
    pub legacy_id: Option<LegacyId>,
    /// The file it stands in.
    pub file: Option<&'a str>,
    /// The line it starts on.
    pub line: Option<u64>,
    /// The byte it starts at.
    pub byte: Option<u64>,
    /// The row as it stands there.
    pub raw: &'a [u8],
}

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
    /// Columns that a rule would use and the source lacks.
    pub missing_columns: Vec<String>,
}

/// One table of the snapshot being written.
#[derive(Debug)]
pub struct SnapshotTable<'a> {
    connection: &'a Connection,
    finished: bool,
    manifest: TableManifest,
    insert: String,
    key: Option<usize>,
    numbers: u64,
    clashes: BTreeSet<i64>,
}

impl Staging {
    /// Drops whatever an earlier or interrupted extract left and starts a fresh snapshot.
    pub fn begin_snapshot(&mut self) -> Result<()> {
        self.begin(Step::Extract)?;
        self.transaction(|connection| {
            connection.execute("delete from legacy_tables", [])?;
            connection.execute("delete from legacy_unreadable", [])?;
            let mut statement = connection.prepare(
                "select name from sqlite_schema where type = 'table' and name like 'legacy\\_%' escape '\\' \
                 and name not in ('legacy_tables', 'legacy_unreadable')",
            )?;
            let tables: Vec<String> =
                statement.query_map([], |row| row.get(0))?.collect::<Result<_, rusqlite::Error>>()?;
            for table in tables {
                connection.execute(&format!("delete from {}", quoted(&table)), [])?;
            }
            Ok(())
        })
    }

    /// Starts one table of the snapshot.
    pub fn snapshot_table(
        &mut self,
        position: usize,
        table: &str,
        columns: &[String],
        excluded: &[String],
        missing: Vec<String>,
    ) -> Result<SnapshotTable<'_>> {
        let raw_table = quoted(&format!("legacy_{table}"));
        // SQLite folds case in column names and the raw table has a column of its own: a clash gets a number
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
        let declared: String = names.iter().map(|name| format!(", {} text", quoted(name))).collect();
        let listed: String = names.iter().map(|name| format!(", {}", quoted(name))).collect();
        let marks = ", ?".repeat(columns.len());
        self.transaction(|connection| {
            connection.execute_batch(&format!(
                "drop table if exists {raw_table}; \
                 create table {raw_table} (legacy_id integer primary key{declared})"
            ))?;
            connection.execute(
                "insert into legacy_tables \
                 (table_name, position, columns, excluded_columns, missing_columns, rows, unreadable, bytes) \
                 values (?, ?, ?, ?, ?, 0, 0, 0)",
                (
                    table,
                    position,
                    serde_json::json!(names).to_string(),
                    serde_json::json!(excluded).to_string(),
                    serde_json::json!(missing).to_string(),
                ),
            )?;
            Ok(())
        })?;
        self.connection.execute_batch("begin immediate")?;
        Ok(SnapshotTable {
            connection: &self.connection,
            finished: false,
            manifest: TableManifest {
                table: table.to_owned(),
                rows: 0,
                unreadable: 0,
                bytes: 0,
                missing_columns: missing,
            },
            insert: format!("insert or ignore into {raw_table} (legacy_id{listed}) values (?{marks})"),
            key: columns.iter().position(|column| column == "id"),
            numbers: 0,
            clashes: BTreeSet::new(),
        })
    }
}

/// One raw value, handed to SQLite without a copy.
struct Raw<'a>(Option<&'a [u8]>);

impl ToSql for Raw<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(self.0.map_or(ValueRef::Null, ValueRef::Text)))
    }
}

impl SnapshotTable<'_> {
    /// Writes one row. A row that cannot stand under its key is kept as unreadable.
    pub fn push(&mut self, fields: &[Option<&[u8]>], place: &UnreadableRow<'_>) -> Result<()> {
        let legacy_id = match self.key {
            None => Some(LegacyId(i64::try_from(self.manifest.rows).unwrap_or(i64::MAX) + 1)),
            Some(key) => {
                fields[key].and_then(|id| std::str::from_utf8(id).ok()).and_then(|id| id.parse().ok())
            }
        };
        let Some(legacy_id) = legacy_id else {
            return self.unreadable(&UnreadableRow {
                reason: "key_invalid",
                raw: &as_json(fields),
                ..place.clone()
            });
        };
        if fields.iter().flatten().any(|field| field.contains(&0)) {
            return self.unreadable(&UnreadableRow {
                reason: "nul_byte",
                raw: &as_json(fields),
                ..place.clone()
            });
        }
        if fields.iter().flatten().any(|field| std::str::from_utf8(field).is_err()) {
            let raw = as_json(fields);
            return self.unreadable(&UnreadableRow {
                reason: "invalid_encoding",
                raw: &raw,
                ..place.clone()
            });
        }
        let mut statement = self.connection.prepare_cached(&self.insert)?;
        statement.raw_bind_parameter(1, legacy_id.0)?;
        for (position, field) in fields.iter().enumerate() {
            statement.raw_bind_parameter(position + 2, Raw(*field))?;
        }
        let inserted = statement.raw_execute()?;
        drop(statement);
        if inserted == 0 {
            self.clashes.insert(legacy_id.0);
            let raw = as_json(fields);
            let legacy_id = Some(legacy_id);
            return self.unreadable(&UnreadableRow {
                reason: "duplicate_key",
                legacy_id,
                raw: &raw,
                ..place.clone()
            });
        }
        self.manifest.bytes += fields.iter().flatten().map(|field| field.len() as u64).sum::<u64>();
        self.count()
    }

    /// Keeps a row that is not a record of its table.
    pub fn unreadable(&mut self, row: &UnreadableRow<'_>) -> Result<()> {
        self.keep_unreadable(row)?;
        self.manifest.bytes += row.raw.len() as u64;
        self.count()
    }

    /// How many rows have arrived.
    pub fn rows(&self) -> u64 {
        self.manifest.rows
    }

    /// Ends the table and writes its manifest.
    pub fn finish(mut self, operation: &str) -> Result<TableManifest> {
        self.set_apart_clashes()?;
        self.connection.execute(
            "update legacy_tables set rows = ?, unreadable = ?, bytes = ? where table_name = ?",
            (self.manifest.rows, self.manifest.unreadable, self.manifest.bytes, &self.manifest.table),
        )?;
        self.note_progress(operation)?;
        self.connection.execute_batch("commit")?;
        self.finished = true;
        Ok(self.manifest.clone())
    }

    fn count(&mut self) -> Result<()> {
        self.manifest.rows += 1;
        if self.manifest.rows.is_multiple_of(ROWS_PER_TRANSACTION) {
            self.note_progress(&format!("extract {}", self.manifest.table))?;
            self.connection.execute_batch("commit; begin immediate")?;
        }
        Ok(())
    }

    fn note_progress(&self, operation: &str) -> Result<()> {
        self.connection.execute(
            "insert or replace into progress (only_row, operation, done, total, updated_at) values (1, ?, ?, null, ?)",
            (operation, self.manifest.rows, super::now()),
        )?;
        Ok(())
    }

    fn keep_unreadable(&mut self, row: &UnreadableRow<'_>) -> Result<()> {
        self.numbers += 1;
        self.manifest.unreadable += 1;
        self.connection
            .prepare_cached(
                "insert into legacy_unreadable (table_name, number, reason, legacy_id, file, line, byte, raw) \
                 values (?, ?, ?, ?, ?, ?, ?, ?)",
            )?
            .execute((
                &self.manifest.table,
                self.numbers,
                row.reason,
                row.legacy_id.map(|id| id.0),
                row.file,
                row.line,
                row.byte,
                row.raw,
            ))?;
        Ok(())
    }

    /// Of several rows under one key none is known to be the right one: the first is set apart with the others, so that
    /// the order of arrival decides nothing. Rows that say the same in every field are one row and its copies.
    fn set_apart_clashes(&mut self) -> Result<()> {
        let raw_table = quoted(&format!("legacy_{}", self.manifest.table));
        for key in std::mem::take(&mut self.clashes) {
            let first: Vec<Option<String>> = self.connection.query_row(
                &format!("select * from {raw_table} where legacy_id = ?"),
                [key],
                |row| (1..row.as_ref().column_count()).map(|column| row.get(column)).collect(),
            )?;
            let fields: Vec<Option<&[u8]>> =
                first.iter().map(|field| field.as_deref().map(str::as_bytes)).collect();
            let raw = as_json(&fields);
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
                let legacy_id = Some(LegacyId(key));
                self.keep_unreadable(&UnreadableRow {
                    reason: "duplicate_key",
                    legacy_id,
                    raw: &raw,
                    ..UnreadableRow::default()
                })?;
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
fn as_json(fields: &[Option<&[u8]>]) -> Vec<u8> {
    let fields: Vec<_> = fields.iter().map(|field| field.map(String::from_utf8_lossy)).collect();
    serde_json::json!(fields).to_string().into_bytes()
}
