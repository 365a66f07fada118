//! Duplicate people: the stage's face over the record-linkage engine. Users and patients go in as they are read, weighed
//! pairs and clusters come out; who merges what is decided by the caller. Pure.
//!
//! One record is one user, with birthdate, sex, practice and doctor of the user's lowest patient. Patients are paired as
//! their users are.

use std::collections::BTreeMap;
use std::thread::JoinHandle;

use super::facts::Facts;
use super::index::Reference;
use super::merges::Merges;
use crate::clean;
use crate::config::DuplicatePolicy;
use crate::duplicates::{Band, Column, FieldSummary, Findings, Kind, Pass, Records, find};
use crate::entity::Entity;
use crate::entity::patients::{self, PatientLinks};
use crate::entity::profiles::{self, User};
use crate::error::{Error, Result};
use crate::record::{LegacyId, Text};
use crate::staging::{KeptPair, KeptSearch, Staging};

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

/// Two users who look like one person, the lower id first.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// The lower id.
    pub one: LegacyId,
    /// The higher id.
    pub other: LegacyId,
    /// The probability that they are one person.
    pub score: f64,
    /// All evidence in bits.
    pub weight: f64,
    /// What may be done with the pair.
    pub band: Band,
    /// How many pairs of records a look at this pair is expected to bring together, where it is worth one.
    pub look_value: Option<f64>,
    /// Position in the findings, which know the evidence.
    position: usize,
}

/// What was found: pairs in order, and who belongs together, the lowest id first.
#[derive(Debug, Default)]
pub struct Found {
    /// Every pair, by ids.
    pub pairs: Vec<Pair>,
    /// Every cluster of two or more.
    pub clusters: Vec<Vec<LegacyId>>,
    /// The engine's own account; nothing where there are no users.
    pub findings: Option<Findings>,
}

impl Found {
    /// What each field says about the pair, as JSON: field to level and bits. No values.
    pub fn evidence(&self, pair: &Pair) -> String {
        let evidence = self.findings.iter().flat_map(|findings| findings.evidence(pair.position));
        let said = evidence.filter(|said| said.weight.abs() >= 0.05);
        let fields: serde_json::Map<String, serde_json::Value> = said
            .map(|said| {
                let bits = (f64::from(said.weight) * 10.0).round() / 10.0;
                (said.field.to_owned(), serde_json::json!([said.level, bits]))
            })
            .collect();
        serde_json::Value::Object(fields).to_string()
    }
}

/// Takes the records in and finds the pairs.
#[derive(Debug, Default)]
pub struct Finder {
    users: Option<Records>,
    /// The users in the order of arrival.
    ids: Vec<LegacyId>,
    patients: Vec<Links>,
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
            let text = |raw: &Option<Text>| raw.as_deref().unwrap_or_default().trim().to_owned();
            let (first, last) = (text(&user.first_name), text(&user.last_name));
            let (mut email, username) = (text(&user.email), text(&user.username));
            if email.is_empty() && username.contains('@') {
                email.clone_from(&username);
            }
            let stem = stem(&username, &first, &last);
            let id = user.legacy_id.to_string();
            records.push(&id, 0, [first.as_str(), &last, "", &email, &stem])?;
            self.ids.push(user.legacy_id);
        }
        Ok(())
    }

    /// Takes the patients in; the lowest patient of a user says what is the user's.
    pub fn take_patients(&mut self, patients: Vec<Links>) {
        self.patients = patients;
    }

    /// The pairs and clusters.
    pub fn find(mut self) -> Result<Found> {
        let Some(mut records) = self.users else { return Ok(Found::default()) };
        self.patients.retain(|patient| patient.user.get().is_some());
        self.patients.sort_unstable_by_key(|patient| (patient.user.get(), patient.legacy_id));
        self.patients.dedup_by_key(|patient| patient.user);
        let of: Vec<Option<u32>> = self
            .ids
            .iter()
            .map(|user| {
                let place =
                    self.patients.binary_search_by_key(&Some(*user), |patient| patient.user.get()).ok()?;
                u32::try_from(place).ok()
            })
            .collect();
        let text = |say: &dyn Fn(&Links) -> Option<String>, of: Option<u32>| -> String {
            of.and_then(|place| say(&self.patients[place as usize])).unwrap_or_default()
        };
        let id = |id: Option<LegacyId>| id.map(|id| id.to_string());
        let birth = |patient: &Links| {
            let (year, month, day) = patient.birth;
            (year > 0).then(|| format!("{year:04}-{month:02}-{day:02}"))
        };
        records.fill(2, of.iter().map(|of| text(&birth, *of)))?;
        let sex = |patient: &Links| {
            (patient.sex != clean::Gender::Unknown).then(|| patient.sex.as_str().to_owned())
        };
        records.fill(5, of.iter().map(|of| text(&sex, *of)))?;
        records.fill(6, of.iter().map(|of| text(&|patient| id(patient.practice.get()), *of)))?;
        records.fill(7, of.iter().map(|of| text(&|patient| id(patient.doctor.get()), *of)))?;
        drop((of, self.ids, self.patients));
        Ok(told(find(records)?))
    }
}

/// The search, where it is under way.
#[derive(Debug)]
pub enum Search {
    /// What was found decides who is merged, so that all else waits for it.
    Done(Box<Found>),
    /// It decides nothing, and is made beside everything else.
    Beside(JoinHandle<Result<Found>>),
}

impl Search {
    /// Starts the search, or makes it.
    pub fn start(finder: Finder, policy: DuplicatePolicy) -> Result<Self> {
        if policy == DuplicatePolicy::Merge {
            return Ok(Self::Done(Box::new(finder.find()?)));
        }
        // threads of its own, so that deciding records does not queue behind it
        let pool = rayon::ThreadPoolBuilder::new().num_threads(rayon::current_num_threads()).build();
        let pool = pool.map_err(|cause| Error::internal("no threads to look for duplicates").cause(cause))?;
        Ok(Self::Beside(std::thread::spawn(move || pool.install(|| finder.find()))))
    }

    /// What decides about merging.
    pub fn known(&self) -> Option<&Found> {
        match self {
            Self::Done(found) => Some(found),
            Self::Beside(_) => None,
        }
    }

    /// What was found, as soon as it is.
    pub fn found(self) -> Result<Found> {
        match self {
            Self::Done(found) => Ok(*found),
            Self::Beside(search) => {
                search.join().map_err(|_| Error::internal("looking for duplicates failed"))?
            }
        }
    }
}

fn told(findings: Findings) -> Found {
    let id = |record: u32| LegacyId(findings.id(record).parse().unwrap_or_default());
    let looks: BTreeMap<usize, f64> = findings.review.iter().map(|look| (look.pair, look.value)).collect();
    let mut pairs: Vec<Pair> = findings
        .pairs
        .iter()
        .enumerate()
        .map(|(position, pair)| Pair {
            one: id(pair.a),
            other: id(pair.b),
            score: f64::from(pair.probability),
            weight: f64::from(pair.weight),
            band: pair.band,
            // where a high pair is not merged, it waits for a look as well
            look_value: looks
                .get(&position)
                .copied()
                .or_else(|| (pair.band == Band::High).then(|| f64::from(pair.probability))),
            position,
        })
        .collect();
    pairs.sort_unstable_by_key(|pair| (pair.one, pair.other));
    let clusters = findings.clusters.iter().map(|members| members.iter().map(|&one| id(one)).collect());
    Found { clusters: clusters.collect(), pairs, findings: Some(findings) }
}

/// What a username says beyond the name: nothing where it is made of the name, as most are; two namesakes would agree on
/// it. Numbers at the end tell accounts apart, not people.
fn stem(username: &str, first: &str, last: &str) -> String {
    let local = username.split('@').next().unwrap_or_default();
    let letters = |text: &str| -> String {
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let stem = letters(local);
    let stem = stem.trim_end_matches(|c: char| c.is_ascii_digit());
    // an umlaut is written in two ways
    let plain = |text: &str| text.replace("ae", "a").replace("oe", "o").replace("ue", "u");
    let spelt = plain(stem);
    let holds = |name: &str| {
        let name = deunicode::deunicode(name);
        let mut words = name.split(|c: char| !c.is_alphanumeric()).map(|word| plain(&letters(word)));
        words.any(|word| word.len() >= 3 && spelt.contains(&word))
    };
    if stem.chars().count() < 4 || holds(first) || holds(last) { String::new() } else { stem.to_owned() }
}

/// The day of a date or timestamp in ISO form, which is how PostgreSQL writes them.
fn day(raw: &str) -> Option<(u16, u8, u8)> {
    let text = raw.trim().get(..10)?;
    let number = |part: std::ops::Range<usize>| text.get(part)?.parse::<u16>().ok();
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let valid = (1900..2200).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    valid.then_some((year, u8::try_from(month).ok()?, u8::try_from(day).ok()?))
}

/// Who belongs together by these pairs, unless that would join two who are known to be distinct.
pub fn clusters<'a>(
    pairs: impl Iterator<Item = &'a Pair>,
    are_distinct: impl Fn(LegacyId, LegacyId) -> bool,
) -> Vec<Vec<LegacyId>> {
    let mut group_of: BTreeMap<LegacyId, LegacyId> = BTreeMap::new();
    let mut groups: BTreeMap<LegacyId, Vec<LegacyId>> = BTreeMap::new();
    for pair in pairs {
        let mut group = |user| {
            let group = *group_of.entry(user).or_insert(user);
            groups.entry(group).or_insert_with(|| vec![user]);
            group
        };
        let (one, other) = (group(pair.one), group(pair.other));
        let (keep, gone) = (one.min(other), one.max(other));
        if keep == gone {
            continue;
        }
        let across = |left: &[LegacyId], right: &[LegacyId]| {
            left.iter().any(|&one| right.iter().any(|&other| are_distinct(one.min(other), one.max(other))))
        };
        if across(&groups[&keep], &groups[&gone]) {
            continue;
        }
        let moved = groups.remove(&gone).unwrap_or_default();
        for user in &moved {
            group_of.insert(*user, keep);
        }
        groups.entry(keep).or_default().extend(moved);
    }
    let mut clusters: Vec<Vec<LegacyId>> = groups.into_values().filter(|group| group.len() > 1).collect();
    for cluster in &mut clusters {
        cluster.sort_unstable();
    }
    clusters.sort_unstable();
    clusters
}

/// Writes what was found, of the users and of the patients who stand for them.
pub(super) fn keep(staging: &mut Staging, found: &Found, facts: &Facts, merges: &Merges) -> Result<()> {
    let Some(findings) = &found.findings else { return Ok(()) };
    let kept = |entity: &Entity, pair: &Pair, (one, other): (LegacyId, LegacyId), is_merged: bool| KeptPair {
        entity: entity.name,
        one: one.min(other),
        other: one.max(other),
        score: pair.score,
        weight: pair.weight,
        band: pair.band.as_str(),
        look_value: pair.look_value,
        evidence: found.evidence(pair),
        verdict: if is_merged { "merged" } else { "linked" },
    };
    let users = found.pairs.iter().map(|pair| {
        let is_merged = merges.user(pair.one) == merges.user(pair.other);
        kept(&profiles::ENTITY, pair, (pair.one, pair.other), is_merged)
    });
    let patients = found.pairs.iter().filter_map(|pair| {
        let (one, other) = (facts.patient_of(pair.one)?, facts.patient_of(pair.other)?);
        let stands = |patient| merges.patient_into(patient).unwrap_or(patient);
        Some(kept(&patients::ENTITY, pair, (one, other), stands(one) == stands(other)))
    });
    let mut members = Vec::new();
    for cluster in &found.clusters {
        let first = cluster[0];
        members.extend(cluster.iter().map(|user| (profiles::ENTITY.name, first, *user)));
        let patients: Vec<LegacyId> = cluster.iter().filter_map(|user| facts.patient_of(*user)).collect();
        if let Some(first) = patients.iter().min().filter(|_| patients.len() > 1) {
            members.extend(patients.iter().map(|patient| (patients::ENTITY.name, *first, *patient)));
        }
    }
    staging.write_duplicates(users.chain(patients), &members)?;
    staging.write_duplicate_search(&account(findings))
}

fn account(findings: &Findings) -> KeptSearch {
    let number = |count: usize| count as u64;
    let levels = |field: &FieldSummary| {
        let levels = field.levels.iter().enumerate();
        levels.map(|(at, &(level, m, u))| (field.name.clone(), number(at), level, m, u)).collect::<Vec<_>>()
    };
    KeptSearch {
        records: number(findings.len()),
        compared_pairs: number(findings.compared),
        largest_block: number(findings.largest_block),
        bands: Band::ALL.map(|band| number(findings.count(band))),
        unreported: number(findings.unreported),
        looks: number(findings.review.len()),
        expected_pairs: findings.expected_pairs,
        expected_share: findings.expected_share,
        clusters: (number(findings.clusters.len()), number(findings.sure.len())),
        passes: findings
            .passes
            .iter()
            .map(|pass| {
                let Pass { blocks, pairs, blocks_left_out, pairs_left_out, .. } = *pass;
                (pass.key.clone(), [blocks, pairs, blocks_left_out, pairs_left_out])
            })
            .collect(),
        levels: findings.fields.iter().flat_map(levels).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_username_made_of_the_name_says_nothing_more() {
        for (username, first, last, wanted) in [
            ("ann.lee12", "Ann", "Lee", ""),
            ("jmueller", "Jörg", "Müller", ""),
            ("skywalker77", "Ann", "Lee", "skywalker"),
            ("Sky.Walker@example.com", "Ann", "Lee", "skywalker"),
            ("12345", "Ann", "Lee", ""),
            ("", "Ann", "Lee", ""),
        ] {
            assert_eq!(stem(username, first, last), wanted, "{username}");
        }
    }

    #[test]
    fn clusters_hang_together_unless_two_are_distinct() {
        let pair = |one, other| Pair {
            one: LegacyId(one),
            other: LegacyId(other),
            score: 1.0,
            weight: 20.0,
            band: Band::High,
            look_value: None,
            position: 0,
        };
        let pairs = [pair(5, 9), pair(1, 2), pair(2, 7), pair(7, 9), pair(20, 30)];
        let ids = |are_distinct: &dyn Fn(LegacyId, LegacyId) -> bool| -> Vec<Vec<i64>> {
            let clusters = clusters(pairs.iter(), are_distinct).into_iter();
            clusters.map(|ids| ids.into_iter().map(|id| id.0).collect()).collect()
        };
        assert_eq!(ids(&|_, _| false), [vec![1, 2, 5, 7, 9], vec![20, 30]]);
        // a chain of pairs does not join two whom a person told apart
        let apart = |one, other| (one, other) == (LegacyId(1), LegacyId(9));
        assert_eq!(ids(&apart), [vec![1, 2, 7], vec![5, 9], vec![20, 30]]);
    }
}
