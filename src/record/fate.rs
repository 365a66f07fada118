//! What becomes of a record: exactly one fate each.

use serde::Serialize;

/// The fate that `transform` gives a legacy record. Conservation: extracted = ready + merged + rejected + quarantined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// Resolved; `load` will write it.
    Ready,
    /// Another record stands for it, by configuration or by a reviewer's decision, or because it says the same again.
    Merged,
    /// Refused by a rule or a reviewer's decision; it will never be loaded as it is.
    Rejected,
    /// Kept back until a person decides or the source is fixed.
    Quarantined,
}

impl Fate {
    /// Every fate.
    pub const ALL: [Fate; 4] = [Fate::Ready, Fate::Merged, Fate::Rejected, Fate::Quarantined];

    /// The word in the staging file and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Fate::Ready => "ready",
            Fate::Merged => "merged",
            Fate::Rejected => "rejected",
            Fate::Quarantined => "quarantined",
        }
    }
}
