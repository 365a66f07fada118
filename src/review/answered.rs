//! What a line of a review file came to: a ruling, or what is wrong with it.

use crate::record::Ruling;

/// A line that cannot be imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) line: u64,
    pub(super) message: String,
}

/// A ruling, with the line that it stands on.
pub(super) struct Answered {
    pub(super) line: u64,
    pub(super) ruling: Ruling,
    /// Whether it replaces an earlier one.
    pub(super) revises: bool,
    /// Whether it was decided already.
    pub(super) is_known: bool,
}
