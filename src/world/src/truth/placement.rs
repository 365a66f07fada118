//! Which practice a patient and a profile belong to: the ladder of rules, rung by rung, as it is written down.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::id::LegacyId;
use crate::offices::DEFAULT_PRACTICE;
use crate::rows::{Office, Patient};
use crate::truth::Rows;

/// A practice, and how it was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Placement {
    /// `direct_membership`, `organizational`, `geographic` or `default`.
    pub method: &'static str,
    /// `high`, `medium` or `low`.
    pub confidence: &'static str,
    /// The `dispatch_office` id.
    pub practice: LegacyId,
}

impl Placement {
    fn new(method: &'static str, confidence: &'static str, practice: LegacyId) -> Self {
        Self { method, confidence, practice }
    }
}

/// What the rungs look at.
pub(crate) struct Ladder<'a> {
    offices: BTreeMap<LegacyId, &'a Office>,
    member_of: BTreeMap<LegacyId, BTreeSet<LegacyId>>,
    owner_of: BTreeMap<LegacyId, BTreeSet<LegacyId>>,
    /// The offices of a doctor's patients, one entry for each patient whose office exists.
    offices_of_patients: BTreeMap<LegacyId, Vec<LegacyId>>,
    patients: BTreeMap<LegacyId, &'a Patient>,
    users: BTreeSet<LegacyId>,
}

impl<'a> Ladder<'a> {
    pub(crate) fn new(rows: &Rows<'a>) -> Self {
        let offices: BTreeMap<_, _> = rows.offices.iter().map(|office| (office.id, office)).collect();
        let mut member_of: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for row in rows.memberships.iter().filter(|row| offices.contains_key(&row.office_id)) {
            member_of.entry(row.user_id).or_default().insert(row.office_id);
        }
        let mut owner_of: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for office in rows.offices {
            owner_of.entry(office.doctor_id).or_default().insert(office.id);
        }
        let mut offices_of_patients: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for patient in rows.patients {
            if let (Some(doctor), Some(office)) = (patient.doctor_id, patient.office_id)
                && offices.contains_key(&office)
            {
                offices_of_patients.entry(doctor).or_default().push(office);
            }
        }
        let patients = rows.patients.iter().map(|patient| (patient.user_id, patient)).collect();
        let users = rows.users.iter().map(|user| user.id).collect();
        Self { offices, member_of, owner_of, offices_of_patients, patients, users }
    }

    /// The patient row of a user.
    pub(crate) fn patient_of(&self, user: LegacyId) -> Option<&'a Patient> {
        self.patients.get(&user).copied()
    }

    /// The treating doctor, when there is such a user.
    pub(crate) fn provider(&self, patient: &Patient) -> Option<LegacyId> {
        patient.doctor_id.filter(|doctor| self.users.contains(doctor))
    }

    pub(crate) fn place_patient(&self, patient: &Patient) -> Placement {
        if let Some(office) = patient.office_id.filter(|office| self.offices.contains_key(office)) {
            return Placement::new("direct_membership", "high", office);
        }
        let Some(doctor) = self.provider(patient) else { return unplaced() };
        if let Some(offices) = self.member_of.get(&doctor) {
            return self.among(doctor, offices, "direct_membership", "high");
        }
        if let Some(offices) = self.owner_of.get(&doctor) {
            return self.among(doctor, offices, "organizational", "medium");
        }
        // The patient has no office that exists, so all of the doctor's placed patients are other ones.
        self.inferred(doctor).unwrap_or_else(unplaced)
    }

    pub(crate) fn place_profile(&self, user: LegacyId, patient: Option<&Patient>) -> Placement {
        if let Some(offices) = self.member_of.get(&user) {
            return self.among(user, offices, "direct_membership", "high");
        }
        if let Some(offices) = self.owner_of.get(&user) {
            return self.among(user, offices, "organizational", "high");
        }
        if let Some(patient) = patient {
            return self.place_patient(patient);
        }
        self.inferred(user).unwrap_or_else(unplaced)
    }

    /// The only office, or the primary one: with most of the doctor's patients, then with the lowest id.
    fn among(
        &self,
        doctor: LegacyId,
        offices: &BTreeSet<LegacyId>,
        method: &'static str,
        when_one: &'static str,
    ) -> Placement {
        let seen = self.offices_of_patients.get(&doctor).map_or(&[][..], Vec::as_slice);
        let patients_in = |office: &LegacyId| seen.iter().filter(|seen| *seen == office).count();
        let primary = offices.iter().copied().max_by_key(|office| (patients_in(office), Reverse(*office)));
        let confidence = if offices.len() == 1 { when_one } else { "medium" };
        Placement::new(method, confidence, primary.unwrap_or(DEFAULT_PRACTICE))
    }

    /// The office, or else the town, of more than half of the doctor's patients that have an office.
    fn inferred(&self, doctor: LegacyId) -> Option<Placement> {
        let seen = self.offices_of_patients.get(&doctor)?;
        let mut by_office: BTreeMap<LegacyId, usize> = BTreeMap::new();
        let mut by_town: BTreeMap<_, BTreeMap<LegacyId, usize>> = BTreeMap::new();
        for id in seen {
            *by_office.entry(*id).or_default() += 1;
            let office = self.offices.get(id)?;
            let town = (&office.country, &office.state, &office.city);
            *by_town.entry(town).or_default().entry(*id).or_default() += 1;
        }
        let most = |offices: &BTreeMap<LegacyId, usize>| {
            offices
                .iter()
                .map(|(id, count)| (*count, Reverse(*id)))
                .max()
                .map(|(count, Reverse(id))| (count, id))
        };
        if let Some((_, office)) = most(&by_office).filter(|(count, _)| 2 * count > seen.len()) {
            return Some(Placement::new("organizational", "medium", office));
        }
        let town = by_town.values().find(|offices| 2 * offices.values().sum::<usize>() > seen.len())?;
        most(town).map(|(_, office)| Placement::new("geographic", "low", office))
    }
}

/// The configured default.
fn unplaced() -> Placement {
    Placement::new("default", "low", DEFAULT_PRACTICE)
}
