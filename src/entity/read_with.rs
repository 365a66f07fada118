//! Raw rows that say more of a record than its own row does.

use super::LegacyTable;

/// The rows of another table that belong to a record.
#[derive(Debug, Clone, Copy)]
pub struct ReadWith {
    /// The table.
    pub table: &'static LegacyTable,
    /// The column that holds a key.
    pub column: &'static str,
    /// Whether it is a column of the record's own row, which holds a key of the table; else one of the table, which holds the
    /// record's key.
    pub is_own: bool,
}

impl ReadWith {
    /// The row of `table` whose key stands in `column` of the record's own row.
    pub const fn own(table: &'static LegacyTable, column: &'static str) -> Self {
        Self { table, column, is_own: true }
    }

    /// The rows of `table` whose `column` holds the record's key.
    pub const fn its(table: &'static LegacyTable, column: &'static str) -> Self {
        Self { table, column, is_own: false }
    }
}
