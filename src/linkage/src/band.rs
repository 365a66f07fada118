//! Bands: what may be done with a pair. `high` may be merged without a person looking, when that is configured, so it asks
//! for more than a high probability: the same person by name and by birthdate, not merely by what a household shares.

/// What may be done with a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Band {
    /// May be merged automatically, when configured.
    High,
    /// For review.
    Medium,
    /// A resemblance.
    Low,
}

impl Band {
    /// Every band, best first.
    pub const ALL: [Band; 3] = [Band::High, Band::Medium, Band::Low];

    /// The word in files and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Band::High => "high",
            Band::Medium => "medium",
            Band::Low => "low",
        }
    }
}

/// At least this probable to be `high`.
const HIGH: f64 = 0.99;
/// At least this probable to be worth a look: a missed pair costs more than a look, and the looks that bring most come
/// first.
const MEDIUM: f64 = 0.04;

/// At least this probable where two records say the same in every column: what is left is a namesake born on the same day.
const COPIED: f64 = 0.90;

/// The band of a pair that is so probable; whether it is certain, and a copy, is asked only where it matters.
pub(crate) fn band(
    probability: f64,
    is_certain: impl FnOnce() -> bool,
    is_copy: impl FnOnce() -> bool,
) -> Band {
    if probability >= COPIED && (probability >= HIGH || is_copy()) && is_certain() {
        Band::High
    } else if probability >= MEDIUM {
        Band::Medium
    } else {
        Band::Low
    }
}
