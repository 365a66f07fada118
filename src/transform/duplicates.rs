//! Duplicate people: the stage's face over the record-linkage engine. Users and patients go in as they are read, weighed
//! pairs and clusters come out; who merges what is decided by the caller. Pure.
//!
//! One record is one user, with birthdate, sex, practice and doctor of the user's lowest patient. Patients are paired as
//! their users are.

mod finder;
mod kept;
mod stem;

use std::collections::BTreeMap;
use std::thread::JoinHandle;

use drydock_linkage::{Band, Findings};

use crate::config::DuplicatePolicy;
use crate::error::{Error, Result};
use crate::record::LegacyId;

pub use finder::{Finder, Links};
pub(super) use kept::keep;

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
    if let Some(doubt) = findings.doubt {
        tracing::warn!("no pair of users but copies is high: {doubt}");
    }
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

#[cfg(test)]
mod tests {
    use super::*;

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
