//! Who stands for whom, where the policy merges duplicates: whatever pointed at a merged record follows. Without that
//! policy nobody stands for anybody. Pure.

use std::collections::HashMap;

use drydock_linkage::Band;

use super::duplicates::{self, Found, Pair};
use super::facts::{Facts, PatientFacts};
use crate::config::{DuplicatePolicy, Policy};
use crate::entity::{Entity, patients, profiles};
use crate::record::LegacyId;
use crate::review::Decided;

/// The merged users and patients, each with the record that stands for it.
#[derive(Debug, Default)]
pub struct Merges {
    users: HashMap<LegacyId, LegacyId>,
    patients: HashMap<LegacyId, LegacyId>,
}

impl Merges {
    /// By the policy: clusters of pairs of the band `high` at or above the threshold, each stood for by its lowest user. A merged user's
    /// patient is merged into the lowest patient of the one who stands for the user, if there is one.
    pub fn new(policy: &Policy, found: Option<&Found>, facts: &Facts, decided: &Decided) -> Self {
        let mut merges = Self::default();
        merges.follow_people(facts, decided);
        let Some(found) = found.filter(|_| policy.duplicates == DuplicatePolicy::Merge) else {
            return merges;
        };
        let threshold = f64::from(policy.merge_threshold) / 100.0;
        let mut sure: Vec<&Pair> =
            found.pairs.iter().filter(|pair| pair.band == Band::High && pair.score >= threshold).collect();
        sure.sort_by(|one, other| {
            other.weight.total_cmp(&one.weight).then((one.one, one.other).cmp(&(other.one, other.other)))
        });
        let distinct = |one, other| decided.are_distinct(one, other);
        for cluster in duplicates::clusters(sure.into_iter(), distinct) {
            let [first, others @ ..] = cluster.as_slice() else { continue };
            // the first patient of the whole cluster stays, so that nobody's patient record is lost on the way
            let kept = cluster.iter().find_map(|user| facts.patient_of(*user));
            for user in others {
                merges.users.insert(*user, *first);
            }
            for patient in cluster.iter().flat_map(|user| facts.patients_of_user.of(*user)) {
                if let Some(kept) = kept.filter(|kept| kept != patient) {
                    // two patients of one user are that user's own matter, see `user_shared`
                    if facts.patient_of_is(*patient) {
                        merges.patients.insert(*patient, kept);
                    }
                }
            }
        }
        merges
    }

    /// The patient of a user whom a person merged is merged into the patient of the one who stands for the user.
    fn follow_people(&mut self, facts: &Facts, decided: &Decided) {
        if decided.is_empty() {
            return;
        }
        for (patient, _) in facts.patients.iter().filter(|(_, patient)| patient.has_moved) {
            let user = facts.patients.get(*patient).and_then(PatientFacts::user);
            let mut of_user = user.into_iter().flat_map(|user| facts.patients_of_user.of(user));
            let kept = of_user.find(|id| facts.patients.get(**id).is_some_and(|kept| !kept.has_moved));
            if let Some(kept) = kept {
                self.patients.insert(*patient, *kept);
            }
        }
    }

    /// Who stands for the user; the user itself when nobody does.
    pub fn user(&self, user: LegacyId) -> LegacyId {
        self.users.get(&user).copied().unwrap_or(user)
    }

    /// Whom the record is merged into.
    pub fn merged_into(&self, entity: &Entity, id: LegacyId) -> Option<LegacyId> {
        let merged = match entity {
            _ if *entity == profiles::ENTITY => &self.users,
            _ if *entity == patients::ENTITY => &self.patients,
            _ => return None,
        };
        merged.get(&id).copied()
    }
}
