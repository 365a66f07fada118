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
    /// Which row of which legacy table says so, such as `dispatch_patient 500001: office_id`.
    pub evidence: String,
    /// The offices that could have been chosen and were not, in id order.
    pub others: Vec<LegacyId>,
}

/// The offices between which nothing decides, as the issue of a record without a practice lists them:
/// `candidates=3,7`. None when there are none.
pub fn candidates_text(offices: &[LegacyId]) -> Option<String> {
    let listed: Vec<String> = offices.iter().map(ToString::to_string).collect();
    (!listed.is_empty()).then(|| format!("{CANDIDATES}{}", listed.join(",")))
}

/// The offices that such a context lists, wherever it stands among others.
pub fn candidates_of(context: &str) -> Vec<LegacyId> {
    let Some((_, listed)) = context.split_once(CANDIDATES) else { return Vec::new() };
    let listed = listed.split(|c: char| c != ',' && !c.is_ascii_digit()).next().unwrap_or_default();
    listed.split(',').filter_map(|id| id.parse().ok()).collect()
}

const CANDIDATES: &str = "candidates=";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_read_back_as_they_are_listed() {
        let offices = [LegacyId(3), LegacyId(70)];
        let text = candidates_text(&offices).unwrap();
        assert_eq!(candidates_of(&text), offices);
        assert_eq!(candidates_of(&format!("reference=9,{text}; more")), offices);
        assert_eq!(candidates_of("reference=9"), []);
        assert_eq!(candidates_text(&[]), None);
    }
}
