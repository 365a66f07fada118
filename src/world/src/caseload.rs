//! Who treats how many patients, and at which office: one slot for each patient, so that every rung of the ladder
//! that finds a patient's practice is climbed by somebody, and its edges too.

use std::collections::BTreeMap;

use crate::id::LegacyId;
use crate::offices::Offices;
use crate::people::PATIENTS;
use crate::places::SPRINGFIELD;
use crate::random::Random;
use crate::staffing::{Practitioner, Practitioners};

/// The most patients that one doctor has.
pub const LARGEST_CASELOAD: usize = 453;
/// Patients whose `doctor_id` is null: about 0.1%.
pub const WITHOUT_DOCTOR: usize = 8;
/// Patients whose `office_id` is null: about 5%.
pub const WITHOUT_OFFICE: usize = 392;

/// Patients whose doctor does not exist.
const DANGLING_DOCTOR: usize = 12;
/// Patients whose office does not exist, beside those among the inferred.
const DANGLING_OFFICE: usize = 12;
/// An office that does not exist.
const NO_SUCH_OFFICE: LegacyId = LegacyId(77_100);

/// The doctor and the office of one patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slot {
    pub(crate) doctor: Option<LegacyId>,
    pub(crate) office: Option<LegacyId>,
}

/// How many doctors without an office there are; each has a plan of its own.
pub(crate) const FLOATING: usize = 10;

/// The slots in random order.
pub(crate) fn slots(seed: u64, practitioners: &Practitioners, offices: &Offices) -> Vec<Slot> {
    let mut random = Random::stream(seed, "caseload");
    let mut slots = Vec::with_capacity(PATIENTS);
    for (doctor, plan) in practitioners.floating.iter().zip(plans(offices)) {
        slots.extend(plan.into_iter().map(|office| Slot { doctor: Some(doctor.user_id), office }));
    }
    for (doctor, each) in practitioners.tied.iter().zip([1, 0]) {
        // One patient in each office, or none in any: a tie, which the lowest id decides.
        let placed = doctor.offices.iter().flat_map(|office| std::iter::repeat_n(Some(*office), each));
        let plan = placed.chain([None, None]);
        slots.extend(plan.map(|office| Slot { doctor: Some(doctor.user_id), office }));
    }
    for nth in 0..WITHOUT_DOCTOR {
        let office = (nth < 5).then(|| random.pick(&offices.rows).id);
        slots.push(Slot { doctor: None, office });
    }
    for nth in 0..DANGLING_DOCTOR {
        let office = (nth < 8).then(|| random.pick(&offices.rows).id);
        // No patient without an office shares a lost doctor with one who has an office: nothing to infer from.
        let doctor =
            if office.is_some() { 990_000 + random.between(0, 3) } else { 990_101 + random.between(0, 90) };
        slots.push(Slot { doctor: Some(LegacyId(doctor)), office });
    }
    let planned = slots.len();
    ordinary(&mut random, practitioners, offices, &mut slots);
    let mut missing =
        WITHOUT_OFFICE.saturating_sub(slots.iter().filter(|slot| slot.office.is_none()).count());
    while missing > 0 && planned < slots.len() {
        let at = planned + random.below(slots.len() - planned);
        if slots[at].office.is_some_and(|office| office != NO_SUCH_OFFICE) {
            slots[at].office = None;
            missing -= 1;
        }
    }
    random.shuffle(&mut slots);
    slots
}

/// The offices of the patients of each doctor without an office.
fn plans(offices: &Offices) -> [Vec<Option<LegacyId>>; FLOATING] {
    let mut towns: BTreeMap<[&str; 3], Vec<LegacyId>> = BTreeMap::new();
    for office in offices.rows.iter().filter(|office| offices.plain.contains(&office.id)) {
        if let (Some(city), Some(state), Some(country)) = (&office.city, &office.state, &office.country) {
            towns.entry([country, city, state]).or_default().push(office.id);
        }
    }
    let named = |name: &str| -> Vec<&Vec<LegacyId>> {
        towns.iter().filter(|([_, city, _], _)| *city == name).map(|(_, offices)| offices).collect()
    };
    let springfields = named(SPRINGFIELD);
    let [houston, denver, pune] = ["Houston", "Denver", "Pune"].map(|city| named(city)[0]);
    let list = |placed: &[(LegacyId, usize)], without: usize| -> Vec<Option<LegacyId>> {
        let placed = placed.iter().flat_map(|(office, count)| std::iter::repeat_n(Some(*office), *count));
        placed.chain(std::iter::repeat_n(None, without)).collect()
    };
    [
        // More than half in one office.
        list(&[(houston[0], 8), (denver[0], 3), (pune[0], 1), (NO_SUCH_OFFICE, 1)], 2),
        // Exactly half is not more than half, in an office and in a town.
        list(&[(houston[1], 5), (denver[1], 5)], 2),
        // Half and half in one town: a tie there, which the lowest id decides.
        list(&[(pune[1], 3), (pune[2], 3)], 2),
        // Three offices in one town, none with more than half: the one with most.
        list(&[(denver[0], 3), (denver[1], 4), (denver[2], 5), (houston[2], 2)], 2),
        // Towns that share only their name.
        list(&[(springfields[0][0], 4), (springfields[1][0], 4), (springfields[2][0], 4)], 2),
        // Nothing to infer from.
        list(&[], 4),
        list(&[], 1),
        // Just above half.
        list(&[(houston[0], 3), (pune[0], 2)], 1),
        // Just above half in a town only.
        list(&[(houston[1], 2), (houston[2], 2), (denver[0], 3)], 1),
        list(&[(pune[1], 2)], 1),
    ]
}

/// The patients of the doctors who own an office or are members of one.
fn ordinary(random: &mut Random, practitioners: &Practitioners, offices: &Offices, slots: &mut Vec<Slot>) {
    let watched = practitioners
        .members_of_many
        .iter()
        .chain(&practitioners.owners_of_several)
        .chain(&practitioners.members_only);
    let watched: Vec<&Practitioner> = watched.collect();
    let mut sizes = sizes(watched.len() + practitioners.single.len(), PATIENTS - slots.len());
    let mut doctors: Vec<(&Practitioner, usize, bool)> = Vec::with_capacity(sizes.len());
    for (nth, doctor) in watched.into_iter().enumerate() {
        // Every third of the large caseloads, so that there are enough patients without an office among them.
        doctors.push((doctor, sizes.remove((2 * nth + 1).min(sizes.len() - 1)), true));
    }
    random.shuffle(&mut sizes);
    doctors.extend(practitioners.single.iter().zip(sizes).map(|(doctor, size)| (doctor, size, false)));
    let mut dangling = DANGLING_OFFICE;
    for (doctor, size, is_watched) in doctors {
        for nth in 0..size {
            let office = if is_watched && nth < 2 {
                None
            } else if nth == 3 && !is_watched && size > 9 && dangling > 0 {
                dangling -= 1;
                Some(NO_SUCH_OFFICE)
            } else if doctor.offices.is_empty() || random.chance(25) {
                Some(random.pick(&offices.rows).id)
            } else {
                Some(*random.pick_skewed(&doctor.offices))
            };
            slots.push(Slot { doctor: Some(doctor.user_id), office });
        }
    }
}

/// Patients per doctor, falling: one with 453, half of the doctors with 4 or fewer, and all together `total`.
fn sizes(doctors: usize, total: usize) -> Vec<usize> {
    // The corners of the falling line in thousandths of the doctors. The whole is settled on the large caseloads.
    let corners = [
        (0, LARGEST_CASELOAD),
        (5, 300),
        (12, 200),
        (21, 140),
        (47, 80),
        (70, 55),
        (150, 28),
        (300, 11),
        (480, 4),
        (700, 2),
        (850, 1),
        (1000, 1),
    ];
    let at = |rank: usize| {
        let place = rank * 1000 / doctors;
        let corner = corners.iter().rposition(|(from, _)| *from <= place).unwrap_or(0).min(corners.len() - 2);
        let ((from, high), (to, low)) = (corners[corner], corners[corner + 1]);
        high - (high - low) * (place - from) / (to - from)
    };
    let mut sizes: Vec<usize> = (0..doctors).map(at).collect();
    let mut sum: usize = sizes.iter().sum();
    let mut rank = 0;
    while sum != total {
        rank = rank % (doctors / 4) + 1;
        if sum < total && sizes[rank] < LARGEST_CASELOAD - 1 {
            sizes[rank] += 1;
            sum += 1;
        } else if sum > total && sizes[rank] > 8 {
            sizes[rank] -= 1;
            sum -= 1;
        }
    }
    sizes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn caseloads_have_the_stated_shape() {
        let sizes = sizes(429, 7700);
        assert_eq!(sizes.iter().sum::<usize>(), 7700);
        assert_eq!((sizes.iter().max(), sizes.iter().min()), (Some(&LARGEST_CASELOAD), Some(&1)));
        assert_eq!(sizes[214], 4);
    }
}
