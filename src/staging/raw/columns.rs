//! What was counted and decided of the snapshot's columns.

use rusqlite::Connection;

use crate::error::Result;
use crate::staging::file::open::Staging;
use crate::staging::file::row::{all, row_struct};

row_struct! {
    /// A column of the snapshot as a whole: how many values it has, how they are written, and how many of them can be read.
    #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
    pub struct SourceColumn {
        /// The legacy table.
        pub table_name: String,
        /// Its place among the table's columns that rules know.
        pub position: u64,
        /// The column.
        pub column_name: String,
        /// What rules read out of it.
        pub reads: String,
        /// Rows of the table.
        pub rows: u64,
        /// Values that are null.
        pub nulls: u64,
        /// Values without a visible character.
        pub empty: u64,
        /// Texts that mean that there is no value.
        pub markers: u64,
        /// Values that can be read.
        pub readable: u64,
        /// Values that cannot.
        pub unreadable: u64,
        /// Different values.
        pub distinct_values: u64,
        /// Whether that is no estimate.
        pub distinct_is_exact: bool,
        /// How the values are written: `plain`, `dmy`, `words`.
        pub format: String,
        /// What that was decided by.
        pub evidence: String,
        /// The words that the configuration has for nothing and for no, in lower case, as JSON.
        #[serde(skip)]
        pub stated: String,
        /// The most frequent shapes of values with their counts, as JSON.
        pub shapes: String,
        /// The smallest value; of texts the shortest length. It is a value of a record.
        #[serde(skip)]
        pub smallest: Option<String>,
        /// The largest.
        #[serde(skip)]
        pub largest: Option<String>,
        /// Why the column cannot be read, if it cannot.
        pub trouble: Option<String>,
    }
}

impl Staging {
    /// The tables that rules read of which rows have no readable key: rows, and those without one.
    pub fn unreadable_keys(&self) -> Result<Vec<(String, u64, u64)>> {
        all(
            &self.connection,
            "select t.table_name, t.rows, count(*) from legacy_tables t join legacy_unreadable u using (table_name) \
             where u.reason = 'key_invalid' and t.table_name in (select legacy_table from entities) group by t.table_name \
             order by t.position",
            [],
        )
    }

    /// Keeps what was counted and decided of every column, in place of what was kept before.
    pub fn replace_source_columns(&mut self, columns: &[SourceColumn]) -> Result<()> {
        self.transaction(|connection| {
            connection.execute_batch("delete from source_columns")?;
            let mut insert = connection.prepare(
                "insert into source_columns (table_name, position, column_name, reads, rows, nulls, empty, markers, readable, \
                 unreadable, distinct_values, distinct_is_exact, format, evidence, stated, shapes, smallest, largest, trouble) \
                 values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )?;
            for column in columns {
                insert.execute(rusqlite::params![
                    column.table_name,
                    column.position,
                    column.column_name,
                    column.reads,
                    column.rows,
                    column.nulls,
                    column.empty,
                    column.markers,
                    column.readable,
                    column.unreadable,
                    column.distinct_values,
                    column.distinct_is_exact,
                    column.format,
                    column.evidence,
                    column.stated,
                    column.shapes,
                    column.smallest,
                    column.largest,
                    column.trouble,
                ])?;
            }
            Ok(())
        })
    }
}

/// The columns of the snapshot as they were counted last, table by table.
pub(in crate::staging) fn source_columns(connection: &Connection) -> Result<Vec<SourceColumn>> {
    all(connection, "select * from source_columns order by table_name, position", [])
}
