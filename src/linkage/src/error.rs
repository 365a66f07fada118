//! Why records are not compared. No message holds a value; the id of a record is one.

use std::fmt;

use crate::kind::Kind;
use crate::records::MAX_COLUMNS;

/// The result of whatever takes records in.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What is wrong with the records, or with how they were handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// There is no column to compare.
    NoColumns,
    /// There are more columns than [`MAX_COLUMNS`].
    TooManyColumns(usize),
    /// The word names no kind of column.
    UnknownKind(String),
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
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoColumns => "map at least one column to a kind".to_owned(),
            Self::TooManyColumns(_) => "map the columns that say most about a person".to_owned(),
            Self::UnknownKind(_) => {
                let known: Vec<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
                format!("the kinds are {}", known.join(", "))
            }
            Self::RepeatedIds(_) => "name a column whose values are unique".to_owned(),
            Self::OtherKind { .. } | Self::TooMuch(_) => return None,
        })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoColumns => f.write_str("no column to compare"),
            Self::TooManyColumns(count) => write!(f, "{count} columns to compare, {MAX_COLUMNS} at most"),
            Self::UnknownKind(word) => write!(f, "unknown kind of column `{word}`"),
            Self::OtherKind { column, filled } => write!(f, "column {column} is no {filled}"),
            Self::RepeatedIds(count) => write!(f, "{count} records repeat the id of another"),
            Self::TooMuch(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for Error {}
