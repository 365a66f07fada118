//! The legacy side: read-only sources behind one face. A live `PostgreSQL` ([`PostgresSource`]), a folder of CSV files
//! ([`CsvSource`]) and SQL scripts ([`PgDumpSource`]) all hand over the same thing: text fields and nulls, one row at a time,
//! each with the place where it stands.
//!
//! Nothing here interprets a value, writes anywhere, or drops a row: what cannot be read as a row of its table is handed
//! over as [`Unreadable`]. Start with the two traits below; `copy_text` and `csv::cut` are the formats, both pure.

#[cfg(test)]
mod collect;
pub mod copy_text;
mod csv;
mod encoding;
mod file;
mod health;
mod pg_dump;
mod postgres;
mod projection;
mod required;

use std::fmt;
use std::sync::{Arc, OnceLock};

pub use self::csv::{CsvFile, CsvOptions, CsvSource, is_unnamed};
pub use self::file::open;
pub use self::health::{Health, health};
pub use self::pg_dump::PgDumpSource;
pub use self::postgres::PostgresSource;
pub use self::projection::Projection;
pub use self::required::{Missing, Need, missing};
use crate::error::Result;
use crate::record::LegacyId;

/// A table and its columns, in the order in which the source has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    /// The table's name, without its schema where that is not needed to tell it from another.
    pub table: String,
    /// The columns' names.
    pub columns: Vec<String>,
}

impl Shape {
    /// The same table without the columns that nobody needs.
    #[must_use]
    pub fn without(&self, excluded: &[&str]) -> Self {
        let columns =
            self.columns.iter().filter(|column| !excluded.contains(&column.as_str())).cloned().collect();
        Self { table: self.table.clone(), columns }
    }
}

/// Where a row stands, so that a person finds it. A server's rows stand nowhere: all three are `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// The file's name, without its folder.
    pub file: Option<String>,
    /// The line on which the row begins, counted from 1.
    pub line: Option<u64>,
    /// The byte at which the row begins, counted from 0 in the file as it is when uncompressed.
    pub byte: Option<u64>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.file.as_deref().unwrap_or("the server"))?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        Ok(())
    }
}

/// Why bytes of a source are not a row of their table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreadable {
    /// Too few or too many fields.
    Ragged {
        /// The number of the source's columns.
        wanted: usize,
        /// The number of fields that are there.
        found: usize,
    },
    /// Bytes that are not text in the source's encoding.
    Encoding,
    /// A NUL byte, which no text column of either side can hold.
    Nul,
    /// A quote that is never closed, or closed in the middle of a field. Only the line on which the record begins is
    /// handed over; reading goes on with the next line.
    UnclosedQuote,
    /// A record of more than 16 MB; its first 16 MB are handed over.
    TooLong,
    /// A quoted field that holds a whole row of its own table: an unclosed quote that another quote happened to close.
    SwallowedLines,
}

impl Unreadable {
    /// The word in the staging file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Unreadable::Ragged { .. } => "ragged",
            Unreadable::Encoding => "encoding",
            Unreadable::Nul => "nul",
            Unreadable::UnclosedQuote => "unclosed_quote",
            Unreadable::TooLong => "too_long",
            Unreadable::SwallowedLines => "swallowed_lines",
        }
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unreadable::Ragged { wanted, found } => {
                write!(f, "{found} fields where the table has {wanted} columns")
            }
            Unreadable::Encoding => f.write_str("bytes that are not text in the expected encoding"),
            Unreadable::Nul => f.write_str("a NUL byte"),
            Unreadable::UnclosedQuote => f.write_str("a quote that is not closed where its field ends"),
            Unreadable::TooLong => f.write_str("a record of more than 16 MB"),
            Unreadable::SwallowedLines => {
                f.write_str("a quoted field that holds whole rows of the same table")
            }
        }
    }
}

/// What a source hands its rows to. Slices live for the call only.
pub trait Sink {
    /// A row: one field per column of the shape asked for, `None` for null. Every field is valid UTF-8 without NUL.
    fn row(&mut self, fields: &[Option<&[u8]>], place: &Place) -> Result<()>;

    /// Bytes that are not a row. `key` is the row's `id` where it can be told. `raw` is what the source holds, cut down to
    /// the columns asked for; it is empty when columns were left out and the bytes cannot be told apart by column.
    fn unreadable(
        &mut self,
        reason: Unreadable,
        key: Option<LegacyId>,
        raw: &[u8],
        place: &Place,
    ) -> Result<()>;
}

/// A table of the same name in another schema.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Elsewhere {
    /// The name of both.
    pub table: String,
    /// The schema.
    pub schema: String,
    /// Its rows, where the source can tell.
    pub rows: Option<u64>,
}

/// A number of rows that is known now, later, or never.
#[derive(Debug, Clone, Default)]
pub struct Count(Arc<OnceLock<u64>>);

impl Count {
    /// A number that is known.
    pub fn known(rows: u64) -> Self {
        Self(Arc::new(OnceLock::from(rows)))
    }

    /// The number, if it is known by now.
    pub fn get(&self) -> Option<u64> {
        self.0.get().copied()
    }

    /// Makes it known; the first time counts.
    fn tell(&self, rows: u64) {
        let _ = self.0.set(rows);
    }
}

/// A read-only source of legacy tables, as they were at one moment.
pub trait Source: Send {
    /// What the source is, without secrets: `host:port/dbname`, `csv:FOLDER`, `pg_dump:FILE`.
    fn identity(&self) -> String;

    /// The version of the server that holds the data or that a dump was taken from.
    fn version(&self) -> Option<String>;

    /// The snapshot that all tables are read under, in `PostgreSQL`'s notation; `None` for files.
    fn snapshot(&self) -> Option<String>;

    /// What follows a table's name where each table is a file of its own; nothing elsewhere.
    fn suffix(&self) -> &'static str {
        ""
    }

    /// Every table that is there, by name.
    fn shapes(&mut self) -> Result<Vec<Shape>>;

    /// Which tables refer to which by a foreign key, as `(from, to)`; nothing where the source does not say.
    fn references(&mut self) -> Result<Vec<(String, String)>> {
        Ok(Vec::new())
    }

    /// The tables of this name in other schemas, which are not read.
    fn elsewhere(&mut self, _table: &str) -> Result<Vec<Elsewhere>> {
        Ok(Vec::new())
    }

    /// Whether these tables can be read, asked before anything is: fails for rows in a form that is not.
    fn check(&mut self, _wanted: &[Shape]) -> Result<()> {
        Ok(())
    }

    /// How many rows the table has, where the source can tell; perhaps only while it is read.
    fn count(&mut self, _table: &str) -> Result<Count> {
        Ok(Count::default())
    }

    /// Hands every row of a table to `sink`, in the source's order, and returns how many, unreadable ones included. `shape`
    /// is one of [`Source::shapes`], possibly without some columns. Fails when a count that the source itself knows differs.
    fn read(&mut self, shape: &Shape, sink: &mut dyn Sink) -> Result<u64>;
}
