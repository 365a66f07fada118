//! What became of a row of the target whose legacy record is gone from the source.

use super::LegacyId;

/// One such row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoneRow {
    /// The record that it stood for.
    pub legacy_id: LegacyId,
    /// Its id.
    pub id: String,
    /// `removed`, `deactivated`, `already` switched off, of `others`, `changed` since, `referenced`, `kept` by the target, or
    /// `absent`.
    pub outcome: String,
    /// What refers to it, as `table.column`, or keeps it.
    pub by_whom: Option<String>,
}

impl GoneRow {
    /// Whether the load did what was to be done.
    pub fn is_done(&self) -> bool {
        matches!(self.outcome.as_str(), "removed" | "deactivated")
    }

    /// Whether the row was left for a reason that may pass.
    pub fn may_change(&self) -> bool {
        matches!(self.outcome.as_str(), "referenced" | "kept" | "changed" | "others")
    }
}
