//! Why records are not compared. No message holds a value; the id of a record is one.

use std::fmt;

use crate::kind::Kind;

/// The result of whatever takes records in.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What is wrong with the records, or with how they were handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// There is no column to compare.
    NoColumns,
    /// There are more columns than can be compared.
    TooManyColumns {
        /// How many there are.
        found: usize,
        /// How many can be compared.
        most: usize,
    },
    /// A column was filled with values of a kind that is not its own.
    OtherKind {
        /// Its position.
        column: usize,
        /// The kind of the values.
        filled: Kind,
    },
    /// So many records have an id that another one has.
    RepeatedIds(usize),
    /// The records have more text, values, words or records than are numbered.
    TooMuch(&'static str),
}

impl Error {
    /// What to do about it, where that is not plain from the message.
    pub const fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NoColumns => Some("map at least one column to a kind"),
            Self::TooManyColumns { .. } => Some("map the columns that say most about a person"),
            Self::RepeatedIds(_) => Some("name a column whose values are unique"),
            Self::OtherKind { .. } | Self::TooMuch(_) => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoColumns => f.write_str("no column to compare"),
            Self::TooManyColumns { found, most } => write!(f, "{found} columns to compare, {most} at most"),
            Self::OtherKind { column, filled } => write!(f, "column {column} is no {filled}"),
            Self::RepeatedIds(count) => write!(f, "{count} records repeat the id of another"),
            Self::TooMuch(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for Error {}
