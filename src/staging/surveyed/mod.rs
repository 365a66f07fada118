//! What the survey saw: the target's catalog, and the rows that it already held.

pub(super) mod catalog;
pub(super) mod target;
