//! Raw rows that say more of a record than its own row does.

use super::LegacyTable;

/// The rows of another table that belong to a record.
#[derive(Debug, Clone, Copy)]
pub enum ReadWith {
    /// The row that the record's own row names.
    Named {
        /// The table.
        table: &'static LegacyTable,
        /// The column of the record's own row that holds its key.
        by: &'static str,
    },
    /// The rows that name the record.
    Naming {
        /// The table's name.
        table: &'static str,
        /// Their column that holds the record's key.
        by: &'static str,
    },
}
