//! Where each user belongs by the rows that speak of it: the offices it works at, owns, and whose patients it treats.
//! Judged once per user and not once per patient, because one doctor may treat a million. Pure.

use rayon::prelude::*;

use super::facts::{Facts, Post};
use super::index::Index;
use crate::record::LegacyId;

/// Which rows place a user, in the order of the ladder's rungs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// Its `dispatch_office_doctors` rows.
    Membership,
    /// The `dispatch_office` rows that it owns.
    Ownership,
    /// More than half of its patients that have an office have this one.
    Majority,
    /// More than half of those patients' offices lie in one city, state and country.
    City,
}

/// The place of one user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Which rows say so.
    pub by: By,
    /// The office: where several rows speak, the primary one.
    pub office: LegacyId,
    /// The row of a membership or an ownership.
    pub row: LegacyId,
    /// The user's patients that speak for it: at the office, or in the city.
    pub patients: usize,
    /// The user's patients that have an office.
    pub of_patients: usize,
    /// The offices that could have been chosen and were not, in id order.
    pub others: Vec<LegacyId>,
}

/// The places of all users that any row speaks of.
#[derive(Debug)]
pub struct Posts {
    places: Index<Place>,
    /// The offices of the patients of users that have no place: none of them is more likely than the others together.
    undecided: Index<Vec<LegacyId>>,
}

impl Posts {
    /// Judges every user that works at an office, owns one, or has patients with one.
    pub fn judge(facts: &Facts) -> Self {
        let mut users: Vec<LegacyId> = facts
            .offices_of_member
            .keys()
            .chain(facts.offices_of_owner.keys())
            .chain(facts.offices_of_patients.keys())
            .collect();
        users.sort_unstable();
        users.dedup();
        let judged: Vec<_> = users.par_iter().map(|user| (*user, judge(facts, *user))).collect();
        let (mut places, mut undecided) = (Vec::new(), Vec::new());
        for (user, place) in judged {
            match place {
                Ok(place) => places.push((user, place)),
                Err(offices) => undecided.push((user, offices)),
            }
        }
        Self { places: Index::new(places), undecided: Index::new(undecided) }
    }

    /// Where the user belongs.
    pub fn of(&self, user: LegacyId) -> Option<&Place> {
        self.places.get(user)
    }

    /// The offices between which nothing decides, for a user that has no place.
    pub fn undecided(&self, user: LegacyId) -> &[LegacyId] {
        self.undecided.get(user).map_or(&[], Vec::as_slice)
    }
}

/// The place of a user, or the offices between which nothing decides.
fn judge(facts: &Facts, user: LegacyId) -> Result<Place, Vec<LegacyId>> {
    let counts = counts(facts.offices_of_patients.of(user).copied());
    let member: Vec<Post> = facts.offices_of_member.of(user).copied().collect();
    let owner: Vec<Post> = facts.offices_of_owner.of(user).copied().collect();
    primary(By::Membership, &member, &counts)
        .or_else(|| primary(By::Ownership, &owner, &counts))
        .or_else(|| majority(&counts))
        .or_else(|| city(facts, &counts))
        .ok_or_else(|| counts.iter().map(|(office, _)| *office).collect())
}

/// How many patients are at each office, in office order; they come in that order.
fn counts(offices: impl Iterator<Item = LegacyId>) -> Vec<(LegacyId, usize)> {
    let mut counts: Vec<(LegacyId, usize)> = Vec::new();
    for office in offices {
        match counts.last_mut() {
            Some((last, count)) if *last == office => *count += 1,
            _ => counts.push((office, 1)),
        }
    }
    counts
}

fn sum(counts: &[(LegacyId, usize)]) -> usize {
    counts.iter().map(|(_, count)| count).sum()
}

/// The primary office among several: the one with most of the user's patients, then the lowest id.
fn primary(by: By, posts: &[Post], counts: &[(LegacyId, usize)]) -> Option<Place> {
    let patients_at = |office: LegacyId| {
        counts.binary_search_by_key(&office, |(known, _)| *known).map_or(0, |position| counts[position].1)
    };
    let chosen =
        posts.iter().max_by_key(|post| (patients_at(post.office), std::cmp::Reverse(post.office)))?;
    Some(Place {
        by,
        office: chosen.office,
        row: chosen.row,
        patients: patients_at(chosen.office),
        of_patients: sum(counts),
        others: posts.iter().map(|post| post.office).filter(|office| *office != chosen.office).collect(),
    })
}

/// The office of more than half of the patients.
fn majority(counts: &[(LegacyId, usize)]) -> Option<Place> {
    let all = sum(counts);
    let (office, count) = counts.iter().copied().find(|(_, count)| count * 2 > all)?;
    Some(inferred(By::Majority, office, (count, all), counts))
}

/// Where more than half of the patients' offices lie in one city, state and country: the office there with most of them,
/// then the lowest id.
fn city(facts: &Facts, counts: &[(LegacyId, usize)]) -> Option<Place> {
    let all = sum(counts);
    let mut placed: Vec<(u32, LegacyId, usize)> = counts
        .iter()
        .filter_map(|(office, count)| Some((facts.offices.get(*office)?.place?, *office, *count)))
        .collect();
    placed.sort_unstable();
    for in_city in placed.chunk_by(|(one, ..), (other, ..)| one == other) {
        let here: usize = in_city.iter().map(|(.., count)| count).sum();
        if here * 2 > all {
            let (_, office, _) =
                in_city.iter().max_by_key(|(_, office, count)| (*count, std::cmp::Reverse(*office)))?;
            return Some(inferred(By::City, *office, (here, all), counts));
        }
    }
    None
}

fn inferred(
    by: By,
    office: LegacyId,
    (patients, of_patients): (usize, usize),
    counts: &[(LegacyId, usize)],
) -> Place {
    let others = counts.iter().map(|(office, _)| *office).filter(|other| *other != office).collect();
    Place { by, office, row: office, patients, of_patients, others }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(ids: &[i64]) -> Vec<LegacyId> {
        ids.iter().copied().map(LegacyId).collect()
    }

    fn posts(offices: &[i64]) -> Vec<Post> {
        offices.iter().map(|office| Post { office: LegacyId(*office), row: LegacyId(office + 100) }).collect()
    }

    #[test]
    fn the_primary_office_has_most_patients_then_the_lowest_id() {
        let counted = counts(ids(&[3, 5, 5, 9, 9, 9]).into_iter());
        let chosen = primary(By::Membership, &posts(&[3, 5]), &counted).unwrap();
        assert_eq!((chosen.office, chosen.row, chosen.patients), (LegacyId(5), LegacyId(105), 2));
        assert_eq!(chosen.others, ids(&[3]));
        // office 9 has most patients and is none of the user's own
        let tied = primary(By::Ownership, &posts(&[7, 8]), &counted).unwrap();
        assert_eq!((tied.office, tied.patients), (LegacyId(7), 0));
        assert_eq!(primary(By::Membership, &[], &counted), None);
    }

    #[test]
    fn half_is_no_majority() {
        let of = |offices: &[i64]| majority(&counts(ids(offices).into_iter())).map(|place| place.office.0);
        assert_eq!(of(&[1, 2]), None);
        assert_eq!(of(&[1, 1, 2]), Some(1));
        assert_eq!(of(&[1, 1, 2, 3]), None);
        assert_eq!(of(&[4]), Some(4));
        assert_eq!(of(&[]), None);
    }
}
