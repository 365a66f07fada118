//! Pairs drawn from the records, and how often each pattern of agreement was seen among them. Always the same pairs for
//! the same records.

use std::collections::HashMap;

use drydock_random::{Splitmix, scramble};
use rayon::prelude::*;

use crate::bucket::{Gathered, Layout, slots};
use crate::compare::{Comparer, Pattern};
use crate::groups::Groups;

/// Random pairs drawn for `u`.
const RANDOM_PAIRS: usize = 300_000;

/// Patterns and how often each was seen.
pub(crate) type Tally = Vec<(Pattern, f64)>;

/// Patterns of random pairs, all pairs when there are few.
pub(crate) fn random_pairs(comparer: &Comparer<'_>) -> Tally {
    let drawn = &comparer.copies.one;
    let count = drawn.len();
    let all = count * count.saturating_sub(1) / 2;
    let pairs: Vec<(u32, u32)> = if all <= RANDOM_PAIRS {
        let after = |at: usize| drawn[at + 1..].iter().map(move |&b| (drawn[at], b));
        (0..count).flat_map(after).collect()
    } else {
        let mut random = Splitmix::seeded(1);
        std::iter::repeat_with(|| (drawn[random.below(count)], drawn[random.below(count)]))
            .filter(|(a, b)| a != b)
            .take(RANDOM_PAIRS)
            .collect()
    };
    tally(comparer, &pairs)
}

/// Compares pairs in parallel and counts their patterns, in a fixed order.
pub(crate) fn tally(comparer: &Comparer<'_>, pairs: &[(u32, u32)]) -> Tally {
    let parts: Vec<HashMap<Pattern, u32>> = pairs
        .par_chunks(4096)
        .map(|chunk| {
            let mut seen = HashMap::new();
            for &(a, b) in chunk {
                *seen.entry(comparer.learnt(a, b)).or_insert(0) += 1;
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

pub(crate) fn pairs_of(usable: &[usize]) -> Vec<Vec<usize>> {
    let mut keys = Vec::new();
    for (at, &one) in usable.iter().enumerate() {
        for &other in &usable[at + 1..] {
            keys.push(vec![one, other]);
        }
    }
    keys
}

/// Pairs that agree on the fields of a key, drawn evenly from all such pairs, and how many there are.
pub(crate) fn pairs_within(comparer: &Comparer<'_>, key: &[usize], most: usize) -> (Vec<(u32, u32)>, f64) {
    let groups = agreeing(comparer, key);
    let mut ends = Vec::new();
    let mut total = 0usize;
    for group in groups.iter() {
        total += group.len() * (group.len() - 1) / 2;
        ends.push(total);
    }
    let mut pairs = Vec::new();
    if total <= most {
        for group in groups.iter() {
            for (at, &a) in group.iter().enumerate() {
                pairs.extend(group[at + 1..].iter().map(|&b| (a, b)));
            }
        }
    } else {
        let mut random = Splitmix::seeded(key.iter().fold(11, |seed, &at| seed * 31 + at as u64));
        for _ in 0..most {
            let at = random.below(total);
            let group = groups.get(ends.partition_point(|&end| end <= at));
            let one = random.below(group.len());
            let other = random.below(group.len() - 1);
            let other = other + usize::from(other >= one);
            pairs.push((group[one], group[other]));
        }
    }
    (pairs, total as f64)
}

/// Records that agree on the fields of a key, two or more together.
fn agreeing(comparer: &Comparer<'_>, key: &[usize]) -> Groups {
    let digest = |record: u32| {
        key.iter().try_fold(7, |state, &at| {
            let code = comparer.code(record, at);
            // what one record alone says agrees with nothing, and nor does a missing value, which counts for none
            let is_shared = comparer.fields[at].counts[code as usize] > 1;
            is_shared.then(|| scramble(state ^ u64::from(code)))
        })
    };
    let records = &comparer.copies.few;
    let mut layout = Layout::of(comparer.count());
    records.iter().filter_map(|&record| digest(record)).for_each(|digest| layout.add(digest));
    let mut buckets = layout.buckets();
    for &record in records {
        if let Some(digest) = digest(record) {
            buckets.put(digest, record);
        }
    }
    let mut groups = Groups::default();
    buckets.gather(slots(comparer.count()), usize::MAX, |gathered| {
        if let Gathered::Group(group) = gathered {
            groups.push(group.iter().map(|&entry| layout.record(entry)));
        }
    });
    groups
}
