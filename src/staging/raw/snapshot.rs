//! Raw rows in: one table per legacy table, every value as text exactly as read, null and '' kept apart. The row id is
//! the legacy key, so the order in which rows arrive leaves no trace. Where rows of files stand is in tables of its own.
//!
//! Rows come in [`Batch`]es and go in a batch at a time (`table`), as whole cells ([`drydock_image`]). `canonical` says what the
//! manifest's digests are taken over, `contents` reads a snapshot back to prove it and to compare it with its source.

mod apart;
mod batch;
mod canonical;
mod contents;
mod table;

pub use batch::{Batch, Spot};
pub use contents::{Comparison, Keys};
pub(in crate::staging) use contents::{manifest, manifest_digest};
pub use table::SnapshotTable;

use sha2::{Digest, Sha256};

use crate::entity::is_read;
use crate::error::{Error, Result};
use crate::interrupt;
use crate::record::LegacyId;
use crate::staging::file::open::Staging;
use crate::staging::{Step, file::disk, quoted};

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
    /// Whether rows stand in a file, so that each has a line and a byte.
    pub has_places: bool,
}

impl Staging {
    /// Drops whatever an earlier or interrupted extract left and starts a fresh snapshot. Nothing of the old one counts
    /// from the first moment on, however far the dropping gets.
    pub fn begin_snapshot(&mut self) -> Result<()> {
        self.begin(Step::Extract)?;
        self.flush_meanwhile();
        let path = self.path().to_owned();
        let tables: Vec<String> = {
            let mut statement = self.connection.prepare(
                "select name from sqlite_schema where type = 'table' \
                 and (name like 'legacy\\_%' escape '\\' or name like 'places\\_%' escape '\\')",
            )?;
            statement.query_map([], |row| row.get(0))?.collect::<Result<_, rusqlite::Error>>()?
        };
        for table in tables {
            interrupt::check()?;
            self.connection
                .execute(&format!("delete from {}", quoted(&table)), [])
                .map_err(|cause| disk::refused(&path, cause))?;
        }
        self.go_in_order(48)
    }

    /// Starts one table of the snapshot.
    pub fn snapshot_table(&mut self, new: NewTable) -> Result<SnapshotTable<'_>> {
        let raw_table = raw_table(&new.table);
        let names = raw_columns(&new.columns);
        let declared: String = names.iter().map(|name| format!(", {} text", quoted(name))).collect();
        let places = places_table(&new.table);
        self.transaction(|connection| {
            connection.execute_batch(&format!(
                "drop table if exists {raw_table}; \
                 create table {raw_table} (legacy_id integer primary key{declared}); drop table if exists {places}"
            ))?;
            if new.has_places {
                connection.execute_batch(&format!(
                    "create table {places} (legacy_id integer primary key, line integer, byte integer)"
                ))?;
            }
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
        SnapshotTable::begin(self, new, names)
    }
}

/// The raw table of a legacy table, quoted.
fn raw_table(table: &str) -> String {
    quoted(&format!("legacy_{table}"))
}

/// The table that says where the rows of a legacy table stand in their file, quoted.
fn places_table(table: &str) -> String {
    quoted(&format!("places_{table}"))
}

/// The number under which a row stands, from the text of its key. Of a table that the rules read it is that number, or
/// nothing; any other table may have keys of any kind, and then each text has a number of its own, below zero.
fn key_number(is_read: bool, text: &[u8]) -> Option<i64> {
    let number = std::str::from_utf8(text).ok().and_then(LegacyId::of_key).map(|LegacyId(id)| id);
    if is_read {
        return number;
    }
    let is_as_written = |number: &i64| number.to_string().as_bytes() == text;
    number.filter(is_as_written).or_else(|| {
        let digest = Sha256::digest(text);
        let bytes = digest[..8].try_into().ok()?;
        Some(-1 - (i64::from_be_bytes(bytes) & (i64::MAX >> 1)))
    })
}

/// The position of the key among the columns.
fn key_position(columns: &[String]) -> Option<usize> {
    columns.iter().position(|column| column == "id")
}

/// The raw table's columns: `SQLite` folds case in column names and the raw table has a column of its own, so a clash gets a
/// number.
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

/// The manifest and the rows do not fit: the file was damaged, or changed by other means.
pub(in crate::staging) fn inconsistent(table: &str) -> Error {
    Error::staging(format!("the snapshot of {table} in the file is not what its manifest says")).hint(
        "the file is damaged or was changed by other means; use a copy from before that, or extract again",
    )
}
