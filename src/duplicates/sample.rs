//! Pairs drawn from the records, and how often each pattern of agreement was seen among them. Always the same pairs for
//! the same records.

use std::collections::HashMap;

use rayon::prelude::*;

use super::compare::{Comparer, Pattern};
use super::field::MISSING;
use super::random::{Random, scramble};

/// Random pairs drawn for `u`.
const RANDOM_PAIRS: usize = 80_000;

/// Patterns and how often each was seen.
pub(super) type Tally = Vec<(Pattern, f64)>;

/// Patterns of random pairs, all pairs when there are few.
pub(super) fn random_pairs(comparer: &Comparer<'_>) -> Tally {
    let drawn = &comparer.copies.one;
    let count = drawn.len();
    let all = count * count.saturating_sub(1) / 2;
    let pairs: Vec<(u32, u32)> = if all <= RANDOM_PAIRS {
        let after = |at: usize| drawn[at + 1..].iter().map(move |&b| (drawn[at], b));
        (0..count).flat_map(after).collect()
    } else {
        let mut random = Random::seeded(1);
        std::iter::repeat_with(|| (drawn[random.below(count)], drawn[random.below(count)]))
            .filter(|(a, b)| a != b)
            .take(RANDOM_PAIRS)
            .collect()
    };
    tally(comparer, &pairs)
}

/// Compares pairs in parallel and counts their patterns, in a fixed order.
pub(super) fn tally(comparer: &Comparer<'_>, pairs: &[(u32, u32)]) -> Tally {
    let parts: Vec<HashMap<Pattern, u32>> = pairs
        .par_chunks(4096)
        .map(|chunk| {
            let mut seen = HashMap::new();
            for &(a, b) in chunk {
                *seen.entry(comparer.pattern(a, b)).or_insert(0) += 1;
            }
            seen
        })
        .collect();
    let mut whole: HashMap<Pattern, u64> = HashMap::new();
    for (pattern, times) in parts.into_iter().flatten() {
        *whole.entry(pattern).or_insert(0) += u64::from(times);
    }
    let mut tally: Tally = whole.into_iter().map(|(pattern, times)| (pattern, times as f64)).collect();
    tally.sort_unstable_by_key(|&(pattern, _)| pattern);
    tally
}

/// How many records share the value of a record, in the mean.
pub(super) fn mean_count(counts: &[u32]) -> f64 {
    let (mut squares, mut sum) = (0.0, 0.0);
    for &count in counts {
        squares += f64::from(count) * f64::from(count);
        sum += f64::from(count);
    }
    if sum > 0.0 { squares / sum } else { 1.0 }
}

/// The share of all pairs of records that hold the same value.
pub(super) fn exact_share(counts: &[u32]) -> f64 {
    let (mut same, mut all) = (0.0, 0.0);
    for &count in counts {
        let count = f64::from(count);
        same += count * (count - 1.0);
        all += count;
    }
    if all > 1.0 { (same / (all * (all - 1.0))).max(0.0) } else { 0.0 }
}

pub(super) fn pairs_of(usable: &[usize]) -> Vec<Vec<usize>> {
    let mut keys = Vec::new();
    for (at, &one) in usable.iter().enumerate() {
        for &other in &usable[at + 1..] {
            keys.push(vec![one, other]);
        }
    }
    keys
}

/// Pairs that agree on the fields of a key, drawn evenly from all such pairs, and how many there are.
pub(super) fn pairs_within(comparer: &Comparer<'_>, key: &[usize], most: usize) -> (Vec<(u32, u32)>, f64) {
    let records = comparer.copies.few.iter().copied();
    let mut keyed: Vec<(u64, u32)> = records
        .filter_map(|record| {
            let codes = key.iter().map(|&at| comparer.fields[at].codes[record as usize]);
            codes
                .clone()
                .all(|code| code != MISSING)
                .then(|| (codes.fold(7, |state, code| scramble(state ^ u64::from(code))), record))
        })
        .collect();
    keyed.par_sort_unstable();
    let groups: Vec<&[(u64, u32)]> =
        keyed.chunk_by(|a, b| a.0 == b.0).filter(|group| group.len() > 1).collect();
    let mut ends = Vec::with_capacity(groups.len());
    let mut total = 0usize;
    for group in &groups {
        total += group.len() * (group.len() - 1) / 2;
        ends.push(total);
    }
    let mut pairs = Vec::new();
    if total <= most {
        for group in groups {
            for (at, &(_, a)) in group.iter().enumerate() {
                pairs.extend(group[at + 1..].iter().map(|&(_, b)| (a, b)));
            }
        }
    } else {
        let mut random = Random::seeded(key.iter().fold(11, |seed, &at| seed * 31 + at as u64));
        for _ in 0..most {
            let at = random.below(total);
            let group = groups[ends.partition_point(|&end| end <= at)];
            let one = random.below(group.len());
            let other = random.below(group.len() - 1);
            let other = other + usize::from(other >= one);
            pairs.push((group[one].1, group[other].1));
        }
    }
    (pairs, total as f64)
}
