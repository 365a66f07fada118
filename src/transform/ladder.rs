//! The ladder: which practice a patient or a profile belongs to, first rung that applies. Pure; the rungs are the
//! domain's, in its order. A reference that leads nowhere is an issue elsewhere and simply does not count here.

use super::facts::{Facts, PatientFacts};
use super::posts::{By, Place, Posts};
use crate::entity::association::{Confidence, Method};
use crate::entity::{Entity, patients, profiles};
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
    /// Which row of which legacy table says so.
    pub evidence: String,
    /// The offices not chosen, in id order.
    pub others: Vec<LegacyId>,
}

/// The ladder over one whole set.
#[derive(Debug, Clone, Copy)]
pub struct Ladder<'a> {
    /// The whole set.
    pub facts: &'a Facts,
    /// Where each user belongs.
    pub posts: &'a Posts,
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

impl Ladder<'_> {
    /// The practice of a record by the rules; none when the record is unknown or no rung applies.
    pub fn by_rules(&self, entity: &Entity, id: LegacyId) -> Option<Choice> {
        if *entity == patients::ENTITY { self.patient(id) } else { self.profile(id) }
    }

    /// The practice that a person confirmed or chose for a record, or for the patient whose profile it is; else the one by
    /// the rules.
    pub fn decided(&self, entity: &Entity, id: LegacyId, by_rules: Option<Choice>) -> Option<Choice> {
        if self.decided.is_empty() {
            return by_rules;
        }
        let followed = (*entity == profiles::ENTITY).then(|| self.followed(id)).flatten();
        match followed {
            Some(patient) => self.decided.practice(patients::ENTITY.name, patient, self.patient(patient)),
            None => self.decided.practice(entity.name, id, by_rules),
        }
    }

    /// The offices between which nothing decides, for a record that no rung places.
    pub fn candidates(&self, entity: &Entity, id: LegacyId) -> Vec<LegacyId> {
        if *entity == patients::ENTITY { self.patients_candidates(id) } else { self.profiles_candidates(id) }
    }

    /// The profiles that get the practice which was decided for their patient.
    pub fn followers(&self) -> Vec<LegacyId> {
        let users = self.decided.placed(patients::ENTITY.name);
        let mut followers: Vec<LegacyId> = users
            .filter_map(|patient| self.facts.patients.get(patient)?.user())
            .filter(|user| self.followed(*user).is_some())
            .collect();
        followers.sort_unstable();
        followers.dedup();
        followers
    }

    /// The patient with a decided practice that a profile follows: nothing above that rung places the profile itself.
    fn followed(&self, user: LegacyId) -> Option<LegacyId> {
        let patient = self.facts.patient_of(user)?;
        let follows = self.decided.has_practice(patients::ENTITY.name, patient)
            && !self.decided.has_practice(profiles::ENTITY.name, user)
            && self.facts.offices_of_member.of(user).len() == 0
            && self.facts.offices_of_owner.of(user).len() == 0;
        follows.then_some(patient)
    }

    fn patient(&self, patient: LegacyId) -> Option<Choice> {
        let facts = *self.facts.patients.get(patient)?;
        self.placed_patient(patient, facts).or_else(|| self.default(|| self.patients_candidates(patient)))
    }

    fn profile(&self, user: LegacyId) -> Option<Choice> {
        let own = self.posts.of(user);
        // a membership or an ownership comes before what is known of the user as a patient, a guess after it
        let (post, guess) = match own {
            Some(place) if matches!(place.by, By::Membership | By::Ownership) => (own, None),
            _ => (None, own),
        };
        post.map(|place| choice(place, Whose::Own(user)))
            .or_else(|| {
                let patient = self.facts.patient_of(user)?;
                self.placed_patient(patient, *self.facts.patients.get(patient)?)
            })
            .or_else(|| guess.map(|place| choice(place, Whose::Own(user))))
            .or_else(|| self.default(|| self.profiles_candidates(user)))
    }

    /// By the patients of its doctor.
    fn patients_candidates(&self, patient: LegacyId) -> Vec<LegacyId> {
        let doctor = self.facts.patients.get(patient).and_then(PatientFacts::doctor);
        doctor.map(|doctor| self.posts.undecided(doctor).to_vec()).unwrap_or_default()
    }

    /// By the patients that it treats, and by those of its own doctor where it is a patient.
    fn profiles_candidates(&self, user: LegacyId) -> Vec<LegacyId> {
        let as_patient = self.facts.patient_of(user).map(|patient| self.patients_candidates(patient));
        let mut offices = as_patient.unwrap_or_default();
        offices.extend_from_slice(self.posts.undecided(user));
        offices.sort_unstable();
        offices.dedup();
        offices
    }

    /// The rungs of a patient above the default.
    fn placed_patient(&self, patient: LegacyId, facts: PatientFacts) -> Option<Choice> {
        if let Some(practice) = facts.office() {
            return Some(Choice {
                practice,
                method: Method::DirectMembership,
                confidence: Confidence::High,
                review: false,
                // most records have this one, and joining texts takes half as long as formatting one
                evidence: ["dispatch_patient ", &patient.to_text(), ": office_id"].concat(),
                others: Vec::new(),
            });
        }
        let doctor = facts.doctor()?;
        self.posts.of(doctor).map(|place| choice(place, Whose::Doctor(doctor)))
    }

    fn default(&self, candidates: impl FnOnce() -> Vec<LegacyId>) -> Option<Choice> {
        let practice = self.default_practice?;
        let mut others = candidates();
        others.retain(|office| *office != practice);
        Some(Choice {
            practice,
            method: Method::Default,
            confidence: Confidence::Low,
            review: true,
            evidence: "policy.default_practice".to_owned(),
            others,
        })
    }
}

/// Whose rows place a record: its doctor's, or the user's own.
#[derive(Debug, Clone, Copy)]
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

/// What the place of a user says of a record: method, confidence, and the row that it stands on.
fn choice(place: &Place, whose: Whose) -> Choice {
    let several = !place.others.is_empty();
    let (method, confidence) = match (place.by, whose) {
        (By::Membership, _) if several => (Method::DirectMembership, Confidence::Medium),
        (By::Membership, _) => (Method::DirectMembership, Confidence::High),
        // who owns the only office works there; that the patients do so too is inferred
        (By::Ownership, Whose::Own(_)) if !several => (Method::Organizational, Confidence::High),
        (By::Ownership | By::Majority, _) => (Method::Organizational, Confidence::Medium),
        (By::City, _) => (Method::Geographic, Confidence::Low),
    };
    let Place { row, patients, of_patients, .. } = place;
    let share = if *of_patients == 0 { 0 } else { patients * 100 / of_patients };
    let mut evidence = match place.by {
        By::Membership => format!("dispatch_office_doctors {row}: office_id of {whose}"),
        By::Ownership => format!("dispatch_office {row}: doctor_id of {whose}"),
        By::Majority => {
            format!(
                "dispatch_patient.office_id of {patients} of {of_patients} patients of {whose} ({share}%)"
            )
        }
        By::City => {
            format!("offices in one city of {patients} of {of_patients} patients of {whose} ({share}%)")
        }
    };
    if several && matches!(place.by, By::Membership | By::Ownership) {
        let offices = place.others.len() + 1;
        evidence += &format!(", primary of {offices} by {patients} of {of_patients} patients");
    }
    Choice {
        practice: place.office,
        method,
        confidence,
        review: place.by == By::City,
        evidence,
        others: place.others.clone(),
    }
}
