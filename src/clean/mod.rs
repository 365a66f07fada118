//! Cleansing: a raw value in, a clean value, the changes and the issues out. Pure: nothing here reads, writes, logs or
//! fails. Cleaning a clean value changes nothing, and no non-empty name is ever emptied.
//!
//! Read `email`, `name` and `date` first; the others are small.

use crate::record::{Change, Issue};

/// The outcome of cleaning one value: bad data is data, so there is no `Result` here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cleaned<T> {
    /// The clean value.
    pub value: T,
    /// What was changed, rule by rule, in order.
    pub changes: Vec<Change>,
    /// What is wrong with the value, whether or not it was changed.
    pub issues: Vec<Issue>,
}

impl<T> Cleaned<T> {
    /// A value that needed nothing.
    pub fn unchanged(value: T) -> Self {
        Self { value, changes: Vec::new(), issues: Vec::new() }
    }
}
