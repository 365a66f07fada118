//! The ladder: which practice a patient or a profile belongs to, first rung that applies. Pure; the rungs are the
//! domain's, in its order. A reference that leads nowhere is an issue elsewhere and simply does not count here.

use super::facts::{Facts, PatientFacts};
use crate::entity::association::{Confidence, Method};
use crate::entity::{patients, profiles};
use crate::record::LegacyId;
use crate::review::{Chosen, Confirm, Decided};

/// The practice that a rung chose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The office.
    pub practice: LegacyId,
    /// The plan's `association_method`.
    pub method: Method,
    /// The plan's `confidence_level`.
    pub confidence: Confidence,
    /// The plan's `requires_manual_review`.
    pub review: bool,
    /// Which rows say so.
    pub evidence: String,
    /// The offices not chosen, in id order.
    pub others: Vec<LegacyId>,
}

/// The ladder over one whole set.
#[derive(Debug, Clone, Copy)]
pub struct Ladder<'a> {
    /// The whole set.
    pub facts: &'a Facts,
    /// The configured default practice.
    pub default_practice: Option<LegacyId>,
    /// What people decided.
    pub decided: &'a Decided,
}

impl From<Chosen> for Choice {
    fn from(chosen: Chosen) -> Self {
        Self {
            practice: chosen.practice,
            method: Chosen::METHOD,
            confidence: Chosen::CONFIDENCE,
            review: false,
            evidence: chosen.evidence(),
            others: chosen.others,
        }
    }
}

impl Confirm for Choice {
    fn confirmed(mut self, decision_id: i64) -> Self {
        self.review = false;
        self.evidence = format!("{}; decision {decision_id}", self.evidence);
        self
    }

    fn offices(&self) -> Vec<LegacyId> {
        std::iter::once(self.practice).chain(self.others.iter().copied()).collect()
    }
}

/// The word for "this user" in the evidence.
enum Whose {
    Doctor(LegacyId),
    Own(LegacyId),
}

impl std::fmt::Display for Whose {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Whose::Doctor(user) => write!(f, "doctor {user}"),
            Whose::Own(user) => write!(f, "user {user}"),
        }
    }
}

impl Ladder<'_> {
    /// The practice of a patient that a person confirmed or chose, else the one by the rules.
    pub fn decided_patient(&self, patient: LegacyId, by_rules: Option<Choice>) -> Option<Choice> {
        self.decided.practice(patients::ENTITY.name, patient, by_rules)
    }

    /// The practice of a profile that a person confirmed or chose, for itself or for its patient; else the one by the rules.
    pub fn decided_profile(&self, user: LegacyId, by_rules: Option<Choice>) -> Option<Choice> {
        if self.decided.is_empty() {
            return by_rules;
        }
        match self.followed(user) {
            Some((id, patient)) => self.decided_patient(id, self.patient(patient)),
            None => self.decided.practice(profiles::ENTITY.name, user, by_rules),
        }
    }

    /// The profiles that get the practice which was decided for their patient.
    pub fn followers(&self) -> Vec<LegacyId> {
        let users = self.decided.placed(patients::ENTITY.name);
        let mut followers: Vec<LegacyId> = users
            .filter_map(|patient| self.facts.patients.get(patient)?.user)
            .filter(|user| self.followed(*user).is_some())
            .collect();
        followers.sort_unstable();
        followers.dedup();
        followers
    }

    /// The patient with a decided practice that a profile follows: nothing above that rung places the profile itself.
    fn followed(&self, user: LegacyId) -> Option<(LegacyId, PatientFacts)> {
        let patient = self.facts.patient_of(user)?;
        let follows = self.decided.has_practice(patients::ENTITY.name, patient)
            && !self.decided.has_practice(profiles::ENTITY.name, user)
            && self.facts.offices_of_member.of(user).len() == 0
            && self.facts.offices_of_owner.of(user).len() == 0;
        follows.then_some((patient, *self.facts.patients.get(patient)?))
    }

    /// The practice of a patient.
    pub fn patient(&self, patient: PatientFacts) -> Option<Choice> {
        self.placed_patient(patient).or_else(|| self.default())
    }

    /// The practice of a profile.
    pub fn profile(&self, user: LegacyId) -> Option<Choice> {
        let patient = self.facts.patient_of(user).and_then(|id| self.facts.patients.get(id)).copied();
        let whose = Whose::Own(user);
        self.membership(user, &whose)
            .or_else(|| self.ownership(user, &whose, Confidence::High))
            .or_else(|| patient.and_then(|patient| self.placed_patient(patient)))
            .or_else(|| self.majority(user, &whose))
            .or_else(|| self.geography(user, &whose))
            .or_else(|| self.default())
    }

    /// The primary office among several: the one with most of the user's patients, then the lowest id.
    pub fn primary(&self, user: LegacyId, offices: &[LegacyId]) -> Option<LegacyId> {
        let patients_at =
            |office: LegacyId| self.facts.offices_of_patients.of(user).filter(|of| **of == office).count();
        offices.iter().copied().max_by_key(|office| (patients_at(*office), std::cmp::Reverse(*office)))
    }

    /// The rungs of a patient above the default.
    fn placed_patient(&self, patient: PatientFacts) -> Option<Choice> {
        if let Some(practice) = patient.office {
            return Some(Choice {
                practice,
                method: Method::DirectMembership,
                confidence: Confidence::High,
                review: false,
                evidence: "dispatch_patient.office_id".to_owned(),
                others: Vec::new(),
            });
        }
        let doctor = patient.doctor?;
        let whose = Whose::Doctor(doctor);
        self.membership(doctor, &whose)
            .or_else(|| self.ownership(doctor, &whose, Confidence::Medium))
            .or_else(|| self.majority(doctor, &whose))
            .or_else(|| self.geography(doctor, &whose))
    }

    /// The user's `dispatch_office_doctors` rows: high when one, the primary office, medium, when several.
    fn membership(&self, user: LegacyId, whose: &Whose) -> Option<Choice> {
        let offices: Vec<_> = self.facts.offices_of_member.of(user).copied().collect();
        if offices.is_empty() {
            return None;
        }
        let evidence = format!("dispatch_office_doctors of {whose}");
        self.one_of(user, &offices, Method::DirectMembership, Confidence::High, evidence)
    }

    /// The offices that the user owns.
    fn ownership(&self, user: LegacyId, whose: &Whose, when_one: Confidence) -> Option<Choice> {
        let offices: Vec<_> = self.facts.offices_of_owner.of(user).copied().collect();
        if offices.is_empty() {
            return None;
        }
        let evidence = format!("dispatch_office.doctor_id of {whose}");
        self.one_of(user, &offices, Method::Organizational, when_one, evidence)
    }

    fn one_of(
        &self,
        user: LegacyId,
        offices: &[LegacyId],
        method: Method,
        when_one: Confidence,
        evidence: String,
    ) -> Option<Choice> {
        let practice = self.primary(user, offices)?;
        let confidence = if offices.len() == 1 { when_one } else { Confidence::Medium };
        let others = offices.iter().copied().filter(|office| *office != practice).collect();
        Some(Choice { practice, method, confidence, review: false, evidence, others })
    }

    /// The practice of more than half of the user's patients that have an office.
    fn majority(&self, user: LegacyId, whose: &Whose) -> Option<Choice> {
        let counts = self.counts(user);
        let all: usize = counts.iter().map(|(_, count)| count).sum();
        let (practice, count) = counts.iter().copied().find(|(_, count)| count * 2 > all)?;
        Some(Choice {
            practice,
            method: Method::Organizational,
            confidence: Confidence::Medium,
            review: false,
            evidence: format!("{count} of {all} patients of {whose}"),
            others: others(&counts, practice),
        })
    }

    /// Where more than half of those patients' offices lie in one city, state and country: the practice there with most
    /// of them, then the lowest id.
    fn geography(&self, user: LegacyId, whose: &Whose) -> Option<Choice> {
        let counts = self.counts(user);
        let all: usize = counts.iter().map(|(_, count)| count).sum();
        let place_of = |office: LegacyId| self.facts.offices.get(office).and_then(|office| office.place);
        let within = |place: u32| counts.iter().filter(move |(office, _)| place_of(*office) == Some(place));
        let (place, count) = counts
            .iter()
            .filter_map(|(office, _)| place_of(*office))
            .map(|place| (place, within(place).map(|(_, count)| count).sum::<usize>()))
            .find(|(_, count)| count * 2 > all)?;
        let (practice, _) =
            within(place).copied().max_by_key(|(office, count)| (*count, std::cmp::Reverse(*office)))?;
        Some(Choice {
            practice,
            method: Method::Geographic,
            confidence: Confidence::Low,
            review: true,
            evidence: format!("{count} of {all} patients of {whose} in one city"),
            others: others(&counts, practice),
        })
    }

    fn default(&self) -> Option<Choice> {
        Some(Choice {
            practice: self.default_practice?,
            method: Method::Default,
            confidence: Confidence::Low,
            review: true,
            evidence: "policy.default_practice".to_owned(),
            others: Vec::new(),
        })
    }

    /// How many of the user's patients are at each office, in office order.
    fn counts(&self, user: LegacyId) -> Vec<(LegacyId, usize)> {
        let mut counts: Vec<(LegacyId, usize)> = Vec::new();
        for office in self.facts.offices_of_patients.of(user) {
            match counts.last_mut() {
                Some((last, count)) if last == office => *count += 1,
                _ => counts.push((*office, 1)),
            }
        }
        counts
    }
}

fn others(counts: &[(LegacyId, usize)], chosen: LegacyId) -> Vec<LegacyId> {
    counts.iter().map(|(office, _)| *office).filter(|office| *office != chosen).collect()
}
