//! Raw rows as the rules read them: named fields of text, null kept apart from ''.

use super::Holds;
use crate::record::{LegacyId, Text};

/// A legacy table and the columns of it that rules need. A snapshot holds all of its columns, needed or not.
#[derive(Debug, PartialEq, Eq)]
pub struct LegacyTable {
    /// The table's name in the legacy database.
    pub name: &'static str,
    /// Whether the migration cannot go on without it.
    pub required: bool,
    /// Columns without which the rules make no sense.
    pub required_columns: &'static [&'static str],
    /// Columns whose absence switches a rule off, visibly.
    pub optional_columns: &'static [&'static str],
    /// What each of those columns holds, the required before the optional.
    pub holds: &'static [Holds],
}

impl LegacyTable {
    /// The columns that rules know, the key before the others, with what they hold.
    pub fn columns(&self) -> impl Iterator<Item = (&'static str, Holds)> + use<> {
        std::iter::once(("id", Holds::Identifier)).chain(self.fields())
    }

    /// The same without the key, in the order of the values of a [`Raw`].
    pub fn fields(&self) -> impl Iterator<Item = (&'static str, Holds)> + use<> {
        let names = self.required_columns.iter().chain(self.optional_columns).copied();
        names.zip(self.holds.iter().copied())
    }
}

/// What `staging` can make of a raw row.
pub trait OfFields: Sized {
    /// The row with this id and these fields, in the order required then optional; an absent column is all null.
    fn from_fields(legacy_id: LegacyId, fields: impl Iterator<Item = Option<Text>>) -> Self;

    /// Takes note of the values that were read by the form of their column.
    fn converted(&mut self, _converted: Vec<Converted>) {}
}

/// A row type that rules read from a raw table.
pub trait LegacyRow: OfFields + Send + Sync {
    /// Where it comes from.
    const TABLE: &'static LegacyTable;

    /// The row's key.
    fn legacy_id(&self) -> LegacyId;
}

/// A raw row by the places of its columns: those of a [`LegacyTable`], the required before the optional; an absent column is
/// null.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raw {
    /// The row's key.
    pub legacy_id: LegacyId,
    /// Its values, as rules read them.
    pub fields: Vec<Option<Text>>,
    /// Those of them that stand otherwise in the snapshot.
    pub converted: Vec<Converted>,
}

/// A value that was read by the form of its column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Converted {
    /// The place of the column, as of the values of a [`Raw`].
    pub column: usize,
    /// What stands in the snapshot.
    pub before: Option<Text>,
    /// The rule by which it was read, such as `format.dmy`.
    pub rule: &'static str,
}

impl OfFields for Raw {
    fn from_fields(legacy_id: LegacyId, fields: impl Iterator<Item = Option<Text>>) -> Self {
        Self { legacy_id, fields: fields.collect(), converted: Vec::new() }
    }

    fn converted(&mut self, converted: Vec<Converted>) {
        self.converted = converted;
    }
}

/// Declares a legacy table and the row type that rules read from it.
macro_rules! legacy_row {
    (
        $(#[$meta:meta])*
        $row:ident, $(#[$table_meta:meta])* $constant:ident = $table:literal ($presence:ident) {
            required { $($required:ident: $required_holds:ident),* $(,)? }
            optional { $($optional:ident: $optional_holds:ident),* $(,)? }
        }
    ) => {
        $(#[$table_meta])*
        pub const $constant: $crate::entity::LegacyTable = $crate::entity::LegacyTable {
            name: $table,
            required: $crate::entity::legacy_row::legacy_row!(@presence $presence),
            required_columns: &[$($crate::entity::plain(stringify!($required))),*],
            optional_columns: &[$($crate::entity::plain(stringify!($optional))),*],
            holds: &[
                $($crate::entity::Holds::$required_holds,)*
                $($crate::entity::Holds::$optional_holds,)*
            ],
        };

        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[expect(missing_docs, reason = "the fields are the legacy columns, as read")]
        pub struct $row {
            pub legacy_id: $crate::record::LegacyId,
            $(pub $required: Option<$crate::record::Text>,)*
            $(pub $optional: Option<$crate::record::Text>,)*
        }

        impl $crate::entity::OfFields for $row {
            fn from_fields(
                legacy_id: $crate::record::LegacyId,
                mut fields: impl Iterator<Item = Option<$crate::record::Text>>,
            ) -> Self {
                Self {
                    legacy_id,
                    $($required: fields.next().flatten(),)*
                    $($optional: fields.next().flatten(),)*
                }
            }
        }

        impl $crate::entity::LegacyRow for $row {
            const TABLE: &'static $crate::entity::LegacyTable = &$constant;

            fn legacy_id(&self) -> $crate::record::LegacyId {
                self.legacy_id
            }
        }
    };
    (@presence required) => { true };
    (@presence optional) => { false };
}
pub(crate) use legacy_row;
