//! The patient rows: one for each account of a patient, with the doctor and office of its slot.

use std::collections::BTreeSet;

use chrono::{Duration, NaiveDate};

use crate::caseload::Slot;
use crate::id::LegacyId;
use crate::people::snapshot_day;
use crate::random::Random;
use crate::rows::{Kind, Patient, User, day, moment_between};

/// The second range of patient ids begins here.
pub const SECOND_RANGE: i64 = 500_001;

/// Patients in the second range.
const IN_SECOND_RANGE: usize = 1420;

pub(crate) fn patients(seed: u64, users: &[User], slots: &[Slot]) -> Vec<Patient> {
    let mut random = Random::stream(seed, "patients");
    let mut ids = random.ids(21, slots.len().saturating_sub(IN_SECOND_RANGE));
    ids.extend(random.ids(SECOND_RANGE, slots.len() - ids.len()));
    let accounts = users.iter().filter(|user| user.kind == Kind::Patient);
    let mut families = BTreeSet::new();
    let mut patients = Vec::with_capacity(slots.len());
    for ((user, slot), id) in accounts.zip(slots).zip(ids) {
        let mut patient = patient(&mut random, LegacyId(id), user, *slot);
        // Twins are planted later; nobody else may look like one.
        while patient.birthdate.is_some_and(|born| !families.insert((user.last_name.as_str(), born))) {
            patient.birthdate = Some(birthdate(&mut random));
        }
        patients.push(patient);
    }
    patients
}

fn patient(random: &mut Random, id: LegacyId, user: &User, slot: Slot) -> Patient {
    let submitted_at = (!random.chance(120))
        .then(|| moment_between(random, user.date_joined, user.date_joined + Duration::days(90)))
        .filter(|moment| *moment < snapshot_day());
    let since = submitted_at.unwrap_or(user.date_joined);
    Patient {
        id,
        user_id: user.id,
        doctor_id: slot.doctor,
        office_id: slot.office,
        birthdate: (!random.chance(40)).then(|| birthdate(random)),
        sex: match random.below(100) {
            0..2 => Some(0),
            2..5 => None,
            _ => Some(user.sex),
        },
        status: *random.pick(&[1, 1, 1, 2, 2, 4, 10, 10, 10]),
        archived: random.chance(150),
        suspended: random.chance(20),
        schemes: schemes(random),
        suffix: suffix(random),
        submitted_at,
        updated_at: (!random.chance(90)).then(|| moment_between(random, since, snapshot_day())),
    }
}

/// A day on which a patient of 6 to 75 years was born; half of them are below 25.
pub(crate) fn birthdate(random: &mut Random) -> NaiveDate {
    let oldest = if random.chance(500) { day(2000, 1, 1) } else { day(1950, 1, 1) };
    let span = (day(2019, 6, 1) - oldest).num_days();
    oldest + Duration::days(random.between(0, span))
}

/// Four characters such as 00BB; not always.
fn suffix(random: &mut Random) -> Option<String> {
    const SIGNS: &[char] = &['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    match random.below(100) {
        0..15 => None,
        15..18 => Some(String::new()),
        _ => Some("00".chars().chain([*random.pick(SIGNS), *random.pick(SIGNS)]).collect()),
    }
}

/// A JSON text, sometimes malformed, empty or null.
fn schemes(random: &mut Random) -> Option<String> {
    let aligners = random.between(4, 42);
    match random.below(100) {
        0..25 => None,
        25..35 => Some(String::new()),
        35..60 => Some("{}".to_owned()),
        60..75 => Some(format!("{{\"upper\": {aligners}, \"lower\": {}}}", random.between(4, 42))),
        75..85 => Some(format!("[{{\"step\": {aligners}, \"note\": \"says \\\"ouch\\\"\\n\\u3042\"}}]")),
        85..88 => Some("null".to_owned()),
        88..90 => Some(format!("{{\n\t\"upper\": {aligners}\n}}")),
        // Python's way of printing, a text cut off, a comma too many, and something else altogether.
        90..93 => Some(format!("{{'upper': {aligners}, 'archived': False}}")),
        93..95 => Some(format!("{{\"upper\": {aligners}, \"lower\"")),
        95..97 => Some(format!("[{aligners},]")),
        97..98 => Some("C:\\schemes\\old.json".to_owned()),
        _ => Some(format!("{{\"upper\": {aligners}}}")),
    }
}
