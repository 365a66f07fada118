//! What sealing and checking a file need of SQLite: every table with every cell, the seal in a copy, the schema as it stands.

use std::collections::BTreeMap;

use rusqlite::types::ValueRef;
use rusqlite::{OptionalExtension, params_from_iter};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::interrupt;
use crate::record::hex;
use crate::staging::file::journal::append_at;
use crate::staging::file::open::{Reader, Staging};
use crate::staging::{now, quoted};

/// One cell of a row, as SQLite has it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    /// Null.
    Null,
    /// An integer.
    Integer(i64),
    /// A floating-point number.
    Real(f64),
    /// Text, possibly not UTF-8.
    Text(&'a [u8]),
    /// Bytes.
    Blob(&'a [u8]),
}

/// A cell to be written.
#[derive(Debug, Clone, PartialEq)]
pub enum Written {
    /// Null.
    Null,
    /// An integer.
    Integer(i64),
    /// A floating-point number.
    Real(f64),
    /// Text.
    Text(String),
    /// Text as bytes.
    Blob(Vec<u8>),
}

impl rusqlite::ToSql for Written {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        Ok(rusqlite::types::ToSqlOutput::Borrowed(match self {
            Written::Null => ValueRef::Null,
            Written::Integer(number) => ValueRef::Integer(*number),
            Written::Real(number) => ValueRef::Real(*number),
            Written::Text(text) => ValueRef::Text(text.as_bytes()),
            Written::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

impl<'a> From<ValueRef<'a>> for Cell<'a> {
    fn from(value: ValueRef<'a>) -> Self {
        match value {
            ValueRef::Null => Cell::Null,
            ValueRef::Integer(number) => Cell::Integer(number),
            ValueRef::Real(number) => Cell::Real(number),
            ValueRef::Text(bytes) => Cell::Text(bytes),
            ValueRef::Blob(bytes) => Cell::Blob(bytes),
        }
    }
}

/// The seal of a sealed copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    /// When.
    pub sealed_at: String,
    /// Whether values were replaced.
    pub is_redacted: bool,
    /// Goes before what the digests of the tables are taken over.
    pub salt: String,
    /// The tables with their rows and digests.
    pub tables: Vec<SealedTable>,
}

/// One table of a sealed copy.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealedTable {
    /// The table.
    pub table: String,
    /// Its rows.
    pub rows: u64,
    /// SHA-256 over them.
    pub sha256: String,
}

/// What the journal says of a seal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The command that sealed.
    pub run_id: i64,
    /// Whether values were replaced.
    pub is_redacted: bool,
    /// The digest over everything that was sealed.
    pub sha256: String,
    /// When, in UTC.
    pub at: String,
}

/// The kind of its entry.
pub const SEALED: &str = "sealed";

/// The tables that hold the seal itself.
pub const SEAL_TABLES: [&str; 2] = ["seal", "sealed_tables"];

impl Staging {
    /// The tables of the file with their columns, in the order of their names; without SQLite's own, and without those of which
    /// nothing can be asked.
    pub fn tables(&self) -> Result<BTreeMap<String, Vec<String>>> {
        let mut statement = self.connection.prepare(
            "select name from sqlite_schema where type = 'table' and name not like 'sqlite\\_%' escape '\\'",
        )?;
        let names: Vec<String> =
            statement.query_map([], |row| row.get(0))?.collect::<Result<_, rusqlite::Error>>()?;
        let mut columns = self.connection.prepare("select name from pragma_table_info(?) order by cid")?;
        names
            .into_iter()
            .filter(|name| !self.strange.names.contains(name))
            .map(|name| {
                let columns =
                    columns.query_map([&name], |row| row.get(0))?.collect::<Result<_, rusqlite::Error>>()?;
                Ok((name, columns))
            })
            .collect()
    }

    /// The digest of everything that the schema consists of.
    pub fn schema_digest(&self) -> Result<String> {
        let mut statement = self
            .connection
            .prepare("select type, name, tbl_name, coalesce(sql, '') from sqlite_schema order by 1, 2")?;
        let mut rows = statement.query([])?;
        let mut hash = Sha256::new();
        while let Some(row) = rows.next()? {
            for column in 0..4 {
                let text: String = row.get(column)?;
                hash.update(format!("{} {text}\n", text.len()));
            }
        }
        Ok(hex(&hash.finalize()))
    }

    /// Hands over every row of a table, in the order of its key, or of its making where it has none.
    pub fn for_cells(&self, table: &str, mut each: impl FnMut(&[Cell<'_>]) -> Result<()>) -> Result<()> {
        let mut statement =
            self.connection.prepare(&format!("select * from {} not indexed", quoted(table)))?;
        let width = statement.column_count();
        let mut rows = statement.query([])?;
        let mut number = 0_u32;
        while let Some(row) = rows.next()? {
            let mut cells = [Cell::Null; 64];
            if width <= cells.len() {
                for (column, cell) in cells[..width].iter_mut().enumerate() {
                    *cell = row.get_ref(column)?.into();
                }
                each(&cells[..width])?;
            } else {
                let cells = (0..width)
                    .map(|column| Ok(row.get_ref(column)?.into()))
                    .collect::<Result<Vec<Cell<'_>>>>()?;
                each(&cells)?;
            }
            number = number.wrapping_add(1);
            if number.is_multiple_of(4096) {
                interrupt::check()?;
            }
        }
        Ok(())
    }

    /// Writes rows into a table of this file, in one transaction; `fill` is handed what takes one row. They stand in the order of
    /// the table's key, or in none where it has no key: in which order they were handed over leaves no trace.
    pub fn write_cells(
        &mut self,
        table: &str,
        columns: &[String],
        fill: impl FnOnce(&mut dyn FnMut(&[Written]) -> Result<()>) -> Result<()>,
    ) -> Result<()> {
        let listed: Vec<String> = columns.iter().map(|column| quoted(column)).collect();
        let (listed, places) = (listed.join(", "), vec!["?"; columns.len()].join(", "));
        let (name, table) = (table, quoted(table));
        self.transaction(|connection| {
            // SQLite's own temporary file, which has no name, or its memory
            connection.execute_batch(&format!("create temp table handed_over as select {listed} from {table} where 0"))?;
            {
                let mut insert = connection.prepare(&format!("insert into temp.handed_over values ({places})"))?;
                fill(&mut |row| {
                    insert.execute(params_from_iter(row))?;
                    Ok(())
                })?;
                let mut key =
                    connection.prepare("select name from pragma_table_info(?) where pk > 0 order by pk")?;
                let key: Vec<String> = key
                    .query_map([name], |row| row.get::<_, String>(0))?
                    .map(|name| Ok(quoted(&name?)))
                    .collect::<Result<_>>()?;
                let order = if key.is_empty() { "random()".to_owned() } else { key.join(", ") };
                connection.execute(
                    &format!("insert into {table} ({listed}) select {listed} from temp.handed_over order by {order}"),
                    [],
                )?;
            }
            connection.execute_batch("drop table temp.handed_over")?;
            Ok(())
        })
    }

    /// Makes the raw table of a legacy table anew, with these columns and no row.
    pub fn make_raw_table(&mut self, raw_table: &str, columns: &[String]) -> Result<()> {
        let declared: String = columns.iter().map(|name| format!(", {} text", quoted(name))).collect();
        let table = quoted(raw_table);
        self.transaction(|connection| {
            connection.execute_batch(&format!(
                "drop table if exists {table}; create table {table} (legacy_id integer primary key{declared})"
            ))?;
            Ok(())
        })
    }

    /// Prepares a new file for being filled from another one: whatever stands there may come, also what a constraint would
    /// refuse, and the list of entities is that file's.
    pub fn prepare_copy(&mut self) -> Result<()> {
        self.connection.execute_batch("pragma ignore_check_constraints = on; delete from entities")?;
        Ok(())
    }

    /// Makes this file a sealed copy.
    pub fn write_seal(&mut self, seal: &Seal) -> Result<()> {
        self.transaction(|connection| {
            connection.execute(
                "insert into seal (only_row, sealed_at, is_redacted, salt) values (1, ?, ?, ?)",
                (&seal.sealed_at, seal.is_redacted, &seal.salt),
            )?;
            let mut insert = connection
                .prepare("insert into sealed_tables (table_name, rows, digest) values (?, ?, ?)")?;
            for table in &seal.tables {
                insert.execute((&table.table, table.rows, &table.sha256))?;
            }
            Ok(())
        })
    }

    /// Notes that a copy was sealed, in the copy and in the file that it was made from.
    pub fn note_seal(&mut self, sealed: &Sealed) -> Result<()> {
        let content = json!({ "is_redacted": sealed.is_redacted, "sha256": sealed.sha256 });
        self.transaction(|connection| {
            append_at(connection, Some(sealed.run_id), SEALED, &content, &sealed.at)
        })
    }

    /// The seal; none when the file is no sealed copy.
    pub fn seal(&self) -> Result<Option<Seal>> {
        let found = self
            .connection
            .query_row("select sealed_at, is_redacted, salt from seal", [], |row| {
                Ok(Seal {
                    sealed_at: row.get(0)?,
                    is_redacted: row.get(1)?,
                    salt: row.get(2)?,
                    tables: Vec::new(),
                })
            })
            .optional()?;
        let Some(mut seal) = found else {
            let is_left: bool =
                self.connection
                    .query_row("select exists (select 1 from sealed_tables)", [], |row| row.get(0))?;
            if is_left {
                return Err(Error::staging(
                    "the seal is missing, and the digests that belong to it are there",
                ));
            }
            return Ok(None);
        };
        let mut statement = self
            .connection
            .prepare("select table_name, rows, digest from sealed_tables order by table_name")?;
        seal.tables = statement
            .query_map([], |row| {
                Ok(SealedTable { table: row.get(0)?, rows: row.get(1)?, sha256: row.get(2)? })
            })?
            .collect::<Result<_, rusqlite::Error>>()?;
        Ok(Some(seal))
    }

    /// What SQLite finds wrong with the file's structure.
    pub fn structure_findings(&self) -> Result<Vec<String>> {
        let mut statement = self.connection.prepare("pragma integrity_check(20)")?;
        let found: Vec<String> =
            statement.query_map([], |row| row.get(0))?.collect::<Result<_, rusqlite::Error>>()?;
        Ok(found.into_iter().filter(|line| line != "ok").collect())
    }

    /// The records without exactly one fate, and other contradictions, by entity and problem.
    pub fn contradictions(&self) -> Result<Vec<(String, String, u64)>> {
        let mut statement = self.connection.prepare(
            "select entity, problem, count(*) from v_unaccounted group by entity, problem order by 1, 2",
        )?;
        let rows = statement
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
            .collect::<Result<_, rusqlite::Error>>()?;
        Ok(rows)
    }

    /// The legacy tables whose rows are not as many as the manifest says, with both numbers.
    pub fn miscounted_tables(&self) -> Result<Vec<(String, u64, u64)>> {
        let mut statement =
            self.connection.prepare("select table_name, rows from legacy_tables order by 1")?;
        let tables: Vec<(String, u64)> = statement
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, rusqlite::Error>>()?;
        let mut wrong = Vec::new();
        for (table, rows) in tables {
            let unreadable: u64 = self.connection.query_row(
                "select count(*) from legacy_unreadable where table_name = ?",
                [&table],
                |row| row.get(0),
            )?;
            let found = unreadable + self.count_legacy_rows(&table)?;
            if found != rows {
                wrong.push((table, rows, found));
            }
        }
        Ok(wrong)
    }

    /// The commands that were run, as the table of runs has them: number, verb, version, start, end, outcome, exit code.
    pub fn run_rows(&self) -> Result<Vec<RunRow>> {
        let mut statement = self.connection.prepare(
            "select run_id, verb, tool_version, started_at, finished_at, outcome, exit_code from runs order by run_id",
        )?;
        let rows = statement
            .query_map([], |row| {
                Ok(RunRow {
                    run_id: row.get(0)?,
                    verb: row.get(1)?,
                    tool_version: row.get(2)?,
                    started_at: row.get(3)?,
                    finished_at: row.get(4)?,
                    outcome: row.get(5)?,
                    exit_code: row.get(6)?,
                })
            })?
            .collect::<Result<_, rusqlite::Error>>()?;
        Ok(rows)
    }

    /// The rows of `receipts` and of `loads` that speak of the same records: entity, phase, rows sent at last, records confirmed.
    pub fn confirmed(&self) -> Result<Vec<(String, String, u64)>> {
        let mut statement = self.connection.prepare(
            "select l.entity, l.phase, count(*) from loads l where l.outcome <> 'failed' and not exists ( \
                 select 1 from receipts r where r.entity = l.entity and r.phase = l.phase \
                 and l.legacy_id between r.first_legacy_id and r.last_legacy_id) \
             group by 1, 2 order by 1, 2",
        )?;
        let rows = statement
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
            .collect::<Result<_, rusqlite::Error>>()?;
        Ok(rows)
    }

    /// The phases of entities of which more records are confirmed than receipts have rows: entity, phase, how many more. That is
    /// all that can be told of a redacted copy.
    pub fn confirmed_beyond_receipts(&self) -> Result<Vec<(String, String, u64)>> {
        let mut statement = self.connection.prepare(
            "select l.entity, l.phase, l.records - coalesce(r.rows, 0) from \
                 (select entity, phase, count(*) as records from loads where outcome <> 'failed' group by 1, 2) l \
             left join (select entity, phase, sum(rows) as rows from receipts group by 1, 2) r \
                 on r.entity = l.entity and r.phase = l.phase \
             where l.records > coalesce(r.rows, 0) order by 1, 2",
        )?;
        let rows = statement
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
            .collect::<Result<_, rusqlite::Error>>()?;
        Ok(rows)
    }

    /// The moment at which the command that seals this file ends, for its copy and for itself.
    pub fn settle_end(&mut self) -> String {
        self.ends_at.get_or_insert_with(now).clone()
    }
}

/// One command, as the table of runs has it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of the table")]
pub struct RunRow {
    pub run_id: i64,
    pub verb: String,
    pub tool_version: String,
    pub started_at: String,
    pub finished_at: Option<String>,
    pub outcome: Option<String>,
    pub exit_code: Option<i64>,
}

impl Reader {
    /// Whether the file is a sealed copy.
    pub fn is_sealed(&self) -> Result<bool> {
        Ok(self.connection.query_row("select exists (select 1 from seal)", [], |row| row.get(0))?)
    }
}
