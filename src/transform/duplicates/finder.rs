//! The records that are compared: what users say themselves, and what their patients say of them.

use drydock_linkage::{Column, Kind, Records, find};

use super::stem::Stems;
use super::{Found, told};
use crate::clean;
use crate::entity::patients::PatientLinks;
use crate::entity::profiles::User;
use crate::error::Result;
use crate::record::{LegacyId, Text};
use crate::transform::index::Reference;

/// The columns, as the evidence names them.
const COLUMNS: [(&str, Kind); 8] = [
    ("first_name", Kind::GivenName),
    ("last_name", Kind::Surname),
    ("birthdate", Kind::Date),
    ("email", Kind::Email),
    ("username", Kind::Text),
    ("sex", Kind::Category),
    ("practice", Kind::Category),
    ("doctor", Kind::Category),
];

/// Takes the records in and finds the pairs.
#[derive(Debug, Default)]
pub struct Finder {
    users: Option<Records>,
    patients: Vec<Links>,
    stems: Stems,
}

/// What a patient refers to, as the raw row says, and what its user takes from it.
#[derive(Debug, Clone, Copy)]
pub struct Links {
    /// The patient.
    pub legacy_id: LegacyId,
    /// Its user.
    pub user: Reference,
    /// Its office.
    pub practice: Reference,
    /// Its doctor.
    pub doctor: Reference,
    /// Year, month and day, as the raw text says; 0 for none.
    birth: (u16, u8, u8),
    sex: clean::Gender,
}

impl Links {
    /// What a row says.
    pub fn of(patient: &PatientLinks) -> Self {
        let id = |raw: &Option<Text>| raw.as_deref().and_then(|raw| raw.parse().ok()).into();
        Self {
            legacy_id: patient.legacy_id,
            user: id(&patient.user_id),
            practice: id(&patient.office_id),
            doctor: id(&patient.doctor_id),
            birth: patient.birthdate.as_deref().and_then(day).unwrap_or_default(),
            sex: clean::gender("", patient.sex.as_deref()).value,
        }
    }
}

impl Finder {
    /// Takes users in.
    pub fn add_users(&mut self, users: &[User]) -> Result<()> {
        let records = match &mut self.users {
            Some(records) => records,
            none => {
                let columns = COLUMNS.map(|(name, kind)| Column { name: name.to_owned(), kind });
                none.insert(Records::new(columns.to_vec())?)
            }
        };
        for user in users {
            let [first, last, email, username] =
                [&user.first_name, &user.last_name, &user.email, &user.username]
                    .map(|raw| raw.as_deref().unwrap_or_default().trim());
            let email = if email.is_empty() && username.contains('@') { username } else { email };
            let stem = self.stems.of(username, first, last);
            let id = user.legacy_id.to_string();
            records.push(&id, 0, [first, last, "", email, stem])?;
        }
        Ok(())
    }

    /// Takes the patients in; the lowest patient of a user says what is the user's.
    pub fn take_patients(&mut self, patients: Vec<Links>) {
        self.patients = patients;
    }

    /// The pairs and clusters.
    pub fn find(self) -> Result<Found> {
        let Some(mut records) = self.users else { return Ok(Found::default()) };
        let mut patients = self.patients;
        patients.retain(|patient| patient.user.get().is_some());
        patients.sort_unstable_by_key(|patient| (patient.user.get(), patient.legacy_id));
        patients.dedup_by_key(|patient| patient.user);
        let places = places(&records, &patients);
        let said = || places.iter().map(|&place| patients.get(place as usize));
        records.fill_dates(2, said().map(|patient| patient.map_or((0, 0, 0), |patient| patient.birth)))?;
        let sex = |patient: &Links| (patient.sex != clean::Gender::Unknown).then_some(patient.sex as i64);
        records.fill_categories(5, said().map(|patient| sex(patient?)))?;
        let id = |of: Reference| Some(of.get()?.0);
        records.fill_categories(6, said().map(|patient| id(patient?.practice)))?;
        records.fill_categories(7, said().map(|patient| id(patient?.doctor)))?;
        drop((places, patients));
        Ok(told(find(records)?))
    }
}

/// The place of each user's patient, in the order in which the users were added; beyond all where there is none.
fn places(users: &Records, patients: &[Links]) -> Vec<u32> {
    let of = |place: usize| patients[place].user.get();
    let mut next = 0;
    (0..users.len())
        .map(|position| {
            let user = users.id(position).parse().ok().map(LegacyId);
            // users come in the order of ids as a rule, and their patients are close to each other
            let near = (next..patients.len().min(next + 8)).find(|&place| of(place) >= user);
            next = match near {
                Some(place) if place == 0 || of(place - 1) < user => place,
                _ => patients.partition_point(|patient| patient.user.get() < user),
            };
            let is_users = next < patients.len() && of(next) == user;
            u32::try_from(next).ok().filter(|_| is_users).unwrap_or(u32::MAX)
        })
        .collect()
}

/// The day of a date or timestamp in ISO form, which is how PostgreSQL writes them.
fn day(raw: &str) -> Option<(u16, u8, u8)> {
    let text = raw.trim().get(..10)?;
    let number = |part: std::ops::Range<usize>| text.get(part)?.parse::<u16>().ok();
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let valid = (1900..2200).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    valid.then_some((year, u8::try_from(month).ok()?, u8::try_from(day).ok()?))
}
