//! Duplicate people: the stage's small face. Users and patients go in as they are read, scored pairs and clusters come
//! out; who merges what is decided by the caller. Pure.
//!
//! The evidence here is exact or nearly so: one name, whatever its case, spaces and accents, with one birthdate; the two
//! names or day and month having changed places; one name with one address of their own. A shared address alone is a
//! household, a shared birthdate twins, a shared name namesakes: none of them is a pair.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};

use chrono::{Datelike, NaiveDate};
use rayon::prelude::*;

use super::emails::Key;
use super::index::Index;
use super::isolated;
use crate::clean;
use crate::entity::patients::PatientLinks;
use crate::entity::profiles::User;
use crate::record::LegacyId;

/// Two users who look like one person, the lower id first.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// The lower id.
    pub one: LegacyId,
    /// The higher id.
    pub other: LegacyId,
    /// From 0 to 1.
    pub score: f64,
    /// What they have in common, without values.
    pub evidence: &'static str,
}

/// What was found: pairs in order, and who belongs together, the lowest id first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Found {
    /// Every pair.
    pub pairs: Vec<Pair>,
    /// Every cluster of two or more.
    pub clusters: Vec<Vec<LegacyId>>,
}

/// Takes the records in and finds the pairs.
#[derive(Debug, Default)]
pub struct Finder {
    people: Vec<Person>,
    births: Vec<(LegacyId, NaiveDate)>,
}

/// A user in 32 bytes. Texts are kept as hashes of 64 bits: of three million keys, two that differ meet with a chance of
/// one in four million.
#[derive(Debug, Clone, Copy)]
struct Person {
    user: LegacyId,
    /// Folded first and last name; 0 for none.
    first: u64,
    last: u64,
    /// The user's own valid address; 0 for none.
    email: u64,
}

/// People with the same evidence on more ids than this say that a value stands for nothing (a test name, a default date).
const CROWD: usize = 8;

impl Finder {
    /// Takes users in, each with the valid address that it claims.
    pub fn add_users(&mut self, users: &[User], claimed: &[Option<Key>]) {
        self.people.par_extend(users.par_iter().zip(claimed).map(|(user, email)| Person {
            user: user.legacy_id,
            first: isolated(|| folded(user.first_name.as_deref())).unwrap_or(0),
            last: isolated(|| folded(user.last_name.as_deref())).unwrap_or(0),
            email: email.map_or(0, short),
        }));
    }

    /// Takes patients in; the lowest patient of a user says the birthdate.
    pub fn add_patients(&mut self, patients: &[PatientLinks]) {
        self.births.par_extend(patients.par_iter().filter_map(|patient| {
            let user = patient.user_id.as_deref()?.parse().ok()?;
            Some((user, day(patient.birthdate.as_deref()?)?))
        }));
    }

    /// The pairs and clusters.
    pub fn find(self) -> Found {
        let births = Index::new(self.births);
        let mut keys: Vec<Meeting> = self
            .people
            .into_par_iter()
            .filter(|person| person.first != 0 && person.last != 0)
            .flat_map_iter(|person| meetings(person, births.get(person.user).copied()))
            .collect();
        keys.par_sort_unstable();
        let mut best: BTreeMap<(LegacyId, LegacyId), u8> = BTreeMap::new();
        for same in keys.chunk_by(|one, other| one.key == other.key).filter(|same| same.len() <= CROWD) {
            for (place, one) in same.iter().enumerate() {
                for other in &same[place + 1..] {
                    // two swapped forms that meet say no more than the plain ones do
                    let says_something = is_plain(one.rule) || is_plain(other.rule);
                    if one.user != other.user && says_something {
                        let rule = one.rule.max(other.rule);
                        let known =
                            best.entry((one.user.min(other.user), one.user.max(other.user))).or_insert(rule);
                        *known = (*known).min(rule);
                    }
                }
            }
        }
        let pairs: Vec<Pair> = best
            .into_iter()
            .map(|((one, other), rule)| {
                let Rule { score, evidence, .. } = RULES[usize::from(rule)];
                Pair { one, other, score, evidence }
            })
            .collect();
        Found { clusters: clusters(pairs.iter()), pairs }
    }
}

/// A key under which a person meets others, by a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Meeting {
    key: u64,
    user: LegacyId,
    rule: u8,
}

fn is_plain(rule: u8) -> bool {
    RULES[usize::from(rule)].is_plain
}

struct Rule {
    score: f64,
    evidence: &'static str,
    is_plain: bool,
}

/// Strongest first.
const RULES: [Rule; 4] = [
    Rule { score: 0.98, evidence: "same name and birthdate", is_plain: true },
    Rule { score: 0.95, evidence: "same birthdate, first and last name changed places", is_plain: false },
    Rule {
        score: 0.9,
        evidence: "same name, day and month of the birthdate changed places",
        is_plain: false,
    },
    Rule { score: 0.85, evidence: "same name and address", is_plain: true },
];

/// Where a person meets others. A swapped form meets the plain form of another.
fn meetings(person: Person, birth: Option<NaiveDate>) -> impl Iterator<Item = Meeting> {
    let Person { user, first, last, email } = person;
    let number = |day: NaiveDate| day.num_days_from_ce();
    let swapped = birth.and_then(|birth| NaiveDate::from_ymd_opt(birth.year(), birth.day(), birth.month()));
    let keys = [
        birth.map(|birth| key((first, last, number(birth)))),
        birth.filter(|_| first != last).map(|birth| key((last, first, number(birth)))),
        swapped.filter(|swapped| birth != Some(*swapped)).map(|swapped| key((first, last, number(swapped)))),
        (email != 0).then(|| key((first, last, email))),
    ];
    (0..).zip(keys).filter_map(move |(rule, key)| Some(Meeting { key: key?, user, rule }))
}

fn key(parts: impl Hash) -> u64 {
    let mut hasher = Fnv::new();
    parts.hash(&mut hasher);
    hasher.finish()
}

/// FNV-1a with a final mix: the same on every machine and in every run, unlike the standard library's.
struct Fnv(u64);

impl Fnv {
    const fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        let mixed = (self.0 ^ (self.0 >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
        mixed ^ (mixed >> 32)
    }
}

/// Half of an address's key, never 0.
fn short(key: Key) -> u64 {
    let mut half = [0; 8];
    half.copy_from_slice(&key.to_be_bytes()[..8]);
    u64::from_be_bytes(half).max(1)
}

/// A name without case, accents, spaces and punctuation; 0 for none. Names beyond Latin keep their own letters.
fn folded(raw: Option<&str>) -> u64 {
    let name = clean::name("", raw).value;
    let mut hasher = Fnv::new();
    let mut any = false;
    let mut add = |letter: char| {
        any = true;
        letter.hash(&mut hasher);
    };
    if name.is_ascii() {
        name.chars().filter(char::is_ascii_alphanumeric).for_each(|c| add(c.to_ascii_lowercase()));
    } else {
        use unicode_normalization::UnicodeNormalization;
        use unicode_normalization::char::is_combining_mark;
        // marks tell Latin spellings apart that mean one name, and Thai or Devanagari words that do not
        let is_latin = |c: char| c.is_ascii() || ('\u{c0}'..='\u{24f}').contains(&c);
        if name.chars().all(is_latin) {
            name.nfd()
                .filter(|c| c.is_alphanumeric() && !is_combining_mark(*c))
                .flat_map(char::to_lowercase)
                .for_each(&mut add);
        } else {
            name.nfc().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).for_each(&mut add);
        }
    }
    if any { hasher.finish().max(1) } else { 0 }
}

/// The day of a date or timestamp in ISO form, which is how PostgreSQL writes them.
fn day(raw: &str) -> Option<NaiveDate> {
    let text = raw.trim().get(..10)?;
    let number = |part: std::ops::Range<usize>| text.get(part)?.parse::<u32>().ok();
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day).filter(|day| day.year() >= 1900)
}

/// Who belongs together by these pairs.
pub fn clusters<'a>(pairs: impl Iterator<Item = &'a Pair>) -> Vec<Vec<LegacyId>> {
    let mut leader: BTreeMap<LegacyId, LegacyId> = BTreeMap::new();
    fn find(leader: &BTreeMap<LegacyId, LegacyId>, mut user: LegacyId) -> LegacyId {
        while let Some(next) = leader.get(&user).filter(|next| **next != user) {
            user = *next;
        }
        user
    }
    for pair in pairs {
        leader.entry(pair.one).or_insert(pair.one);
        leader.entry(pair.other).or_insert(pair.other);
        let (one, other) = (find(&leader, pair.one), find(&leader, pair.other));
        leader.insert(one.max(other), one.min(other));
    }
    let mut clusters: BTreeMap<LegacyId, Vec<LegacyId>> = BTreeMap::new();
    for user in leader.keys() {
        clusters.entry(find(&leader, *user)).or_default().push(*user);
    }
    clusters.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::LegacyRow;

    fn found(people: &[(&str, &str, &str, Option<Key>)]) -> Vec<(i64, i64, &'static str)> {
        let text = |text: &str| Some(text.to_owned());
        let mut finder = Finder::default();
        for (id, (first, last, birth, email)) in (1..).zip(people) {
            let user = User::from_fields(LegacyId(id), [text(first), text(last)].into_iter());
            let patient = PatientLinks::from_fields(
                LegacyId(id + 100),
                [text(&id.to_string()), text(birth)].into_iter(),
            );
            finder.add_users(&[user], &[*email]);
            finder.add_patients(&[patient]);
        }
        finder.find().pairs.into_iter().map(|pair| (pair.one.0, pair.other.0, pair.evidence)).collect()
    }

    #[test]
    fn one_person_twice_is_a_pair() {
        let ann = ("Ann", "O'Neil", "1980-03-05", Some(1));
        for (again, evidence) in [
            (("ANN", " O Neil ", "1980-03-05", None), "same name and birthdate"),
            (("O'Neil", "Ann", "1980-03-05", None), "same birthdate, first and last name changed places"),
            (
                ("Ann", "O'Neil", "1980-05-03", None),
                "same name, day and month of the birthdate changed places",
            ),
            (("Ann", "O'Neil", "", Some(1)), "same name and address"),
        ] {
            assert_eq!(found(&[ann, again]), [(1, 2, evidence)]);
        }
        assert_eq!(
            found(&[("José", "Nuñez", "1980-03-05", None), ("Jose", "NUNEZ", "1980-03-05", None)]).len(),
            1
        );
    }

    #[test]
    fn households_twins_and_namesakes_are_not() {
        for people in [
            // one address
            [("Ann", "Lee", "1980-03-05", Some(1)), ("Bob", "Lee", "1979-01-02", Some(1))],
            // one birthdate and family name
            [("Anna", "Lee", "2010-03-05", Some(1)), ("Hanna", "Lee", "2010-03-05", Some(1))],
            // one name
            [("Ann", "Lee", "1980-03-05", None), ("Ann", "Lee", "1990-03-05", None)],
            [("Ann", "Lee", "", None), ("Ann", "Lee", "", None)],
            // nothing is no name
            [("", "", "1980-03-05", Some(1)), ("", "", "1980-03-05", Some(1))],
            [("太一", "林", "2010-03-05", None), ("太二", "林", "2010-03-05", None)],
            // both names changed places in both: one swapped form meets another
            [("Ann", "Lee", "1980-03-05", None), ("Ann", "Lee", "1981-03-05", None)],
        ] {
            assert_eq!(found(&people), [], "{people:?}");
        }
    }

    #[test]
    fn clusters_hang_together_and_are_named_by_their_lowest() {
        let pair = |one, other| Pair { one: LegacyId(one), other: LegacyId(other), score: 1.0, evidence: "" };
        let pairs = [pair(5, 9), pair(1, 2), pair(2, 7), pair(7, 9), pair(20, 30)];
        let ids: Vec<Vec<i64>> =
            clusters(pairs.iter()).into_iter().map(|ids| ids.into_iter().map(|id| id.0).collect()).collect();
        assert_eq!(ids, [vec![1, 2, 5, 7, 9], vec![20, 30]]);
    }

    #[test]
    fn a_crowd_is_no_evidence() {
        let people = [("Test", "Test", "2000-01-01", None); CROWD + 1];
        assert_eq!(found(&people), []);
    }
}
