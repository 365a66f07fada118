//! An association of a profile or a patient with a practice, in the plan's words. How one is found is the ladder's
//! business (`transform::ladder`).

use crate::record::{LegacyId, TargetId};

/// The plan's `association_method`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// A row of the legacy database says so.
    DirectMembership,
    /// Inferred from the cities of a doctor's patients.
    Geographic,
    /// Inferred from ownership or from a doctor's other patients.
    Organizational,
    /// The configured default.
    Default,
}

impl Method {
    /// The word in the staging file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Method::DirectMembership => "direct_membership",
            Method::Geographic => "geographic",
            Method::Organizational => "organizational",
            Method::Default => "default",
        }
    }
}

/// The plan's `confidence_level`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// One row says so.
    High,
    /// A stated rule chose among several, or inferred it.
    Medium,
    /// A guess that a person confirms.
    Low,
}

impl Confidence {
    /// The word in the staging file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Confidence::High => "high",
            Confidence::Medium => "medium",
            Confidence::Low => "low",
        }
    }
}

/// One association: the practice chosen, how, and on what evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Association {
    /// The legacy user that is associated: the profile's own, or the patient's.
    pub user: Option<LegacyId>,
    /// That user's profile.
    pub profile_id: Option<TargetId>,
    /// The practice, by its legacy office id.
    pub practice: LegacyId,
    /// The practice's id in the target.
    pub practice_id: TargetId,
    /// The plan's `association_method`.
    pub method: Method,
    /// The plan's `confidence_level`.
    pub confidence: Confidence,
    /// The plan's `requires_manual_review`.
    pub review: bool,
    /// Which rows of which legacy table say so, such as `dispatch_patient.office_id`.
    pub evidence: String,
    /// The offices that could have been chosen and were not, in id order.
    pub others: Vec<LegacyId>,
}
