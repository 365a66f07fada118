//! From pairs to people. A chain of pairs is not yet a person: two groups are joined by their best pair only when the
//! groups as a whole agree, so that one weak bridge, such as a record without a first name between twins, joins nobody.
//! Pairs are taken best first, ties by id; the order of input and the number of threads make no difference.

use crate::Kind;
use crate::compare::Pattern;
use crate::date::Agreement;
use crate::scale::name;
use crate::score::{Scored, Scorer};

/// Cross pairs looked at when two groups meet, at most: enough to see whether they agree.
const LOOKS: usize = 400;
/// Cross pairs of two groups that are small enough to hang together by one sure pair, and the bits that make it sure.
const FEW: usize = 12;
const SURE: f64 = 5.0;
/// Bits below which a pair that agrees as twins do is one of twins.
const TWIN: f64 = 3.0;

/// What speaks for and against two groups being one person.
#[derive(Debug, Default)]
struct Evidence {
    supports: usize,
    surely: usize,
    conflicts: usize,
    bits: f32,
}

/// Joins records along `links`, best first. A group holds at most one record of each register other than 0.
pub(crate) fn clusters(scorer: &Scorer<'_>, links: &[Scored], registers: &[u32]) -> Vec<Vec<u32>> {
    let mut order: Vec<(f64, &Scored)> = links.iter().map(|link| (scorer.bits(link), link)).collect();
    order
        .sort_by(|(x, one), (y, other)| y.total_cmp(x).then_with(|| (one.a, one.b).cmp(&(other.a, other.b))));
    // most records of a large file are in no pair
    let mut linked: Vec<u32> = links.iter().flat_map(|link| [link.a, link.b]).collect();
    linked.sort_unstable();
    linked.dedup();
    let mut places = vec![0u32; scorer.comparer.count()];
    (0u32..).zip(&linked).for_each(|(place, &record)| places[record as usize] = place);
    let place = |record: u32| places[record as usize] as usize;
    let mut group_of: Vec<usize> = (0..linked.len()).collect();
    let mut groups: Vec<Vec<u32>> = linked.iter().map(|&record| vec![record]).collect();
    for (_, link) in order {
        let (one, other) = (group_of[place(link.a)], group_of[place(link.b)]);
        if one == other {
            continue;
        }
        let (left, right) = (&groups[one], &groups[other]);
        if !registers_allow(left, right, registers) || !groups_agree(scorer, left, right) {
            continue;
        }
        let (keep, gone) = if left.len() >= right.len() { (one, other) } else { (other, one) };
        let moved = std::mem::take(&mut groups[gone]);
        for &record in &moved {
            group_of[place(record)] = keep;
        }
        groups[keep].extend(moved);
    }
    let mut clusters: Vec<Vec<u32>> = groups.into_iter().filter(|group| group.len() > 1).collect();
    for cluster in &mut clusters {
        cluster.sort_unstable();
    }
    clusters.sort_unstable();
    clusters
}

/// What hangs together by pairs of so many records, whoever speaks against it.
pub(crate) fn components(pairs: impl Iterator<Item = (u32, u32)>, count: usize) -> Vec<Vec<u32>> {
    // who leads to whom, in the end to the lowest of a group
    let mut leads: Vec<u32> = (0..count as u32).collect();
    for (a, b) in pairs {
        let (one, other) = (lowest(&mut leads, a), lowest(&mut leads, b));
        leads[one.max(other) as usize] = one.min(other);
    }
    let mut members: Vec<(u32, u32)> = Vec::new();
    for record in 0..count as u32 {
        let first = lowest(&mut leads, record);
        if first != record {
            members.push((first, record));
        }
    }
    members.sort_unstable();
    let group = |group: &[(u32, u32)]| {
        std::iter::once(group[0].0).chain(group.iter().map(|&(_, record)| record)).collect()
    };
    members.chunk_by(|one, other| one.0 == other.0).map(group).collect()
}

fn lowest(leads: &mut [u32], record: u32) -> u32 {
    let mut at = record as usize;
    while leads[at] as usize != at {
        // the way is half as long for the next one
        leads[at] = leads[leads[at] as usize];
        at = leads[at] as usize;
    }
    at as u32
}

fn registers_allow(left: &[u32], right: &[u32], registers: &[u32]) -> bool {
    let register = |&record: &u32| registers.get(record as usize).copied().unwrap_or(0);
    left.iter()
        .map(register)
        .filter(|&register| register != 0)
        .all(|held| !right.iter().map(register).any(|r| r == held))
}

fn groups_agree(scorer: &Scorer<'_>, left: &[u32], right: &[u32]) -> bool {
    if left.len() == 1 && right.len() == 1 {
        return true;
    }
    let mut agreement = Evidence::default();
    let crossings = left.iter().flat_map(|&a| right.iter().map(move |&b| (a.min(b), a.max(b))));
    let step = (left.len() * right.len()).div_ceil(LOOKS);
    let mut best = [None; 3];
    for (a, b) in crossings.step_by(step) {
        let Some(pair) = scorer.score(a, b, f64::NEG_INFINITY) else { continue };
        agreement.bits += pair.fields.clamp(-10.0, 10.0);
        let own = own_levels(scorer, pair.pattern);
        for (best, level) in best.iter_mut().zip(own) {
            *best = [*best, level].into_iter().flatten().min();
        }
        let bits = scorer.bits(&pair);
        // with another first name and one birthdate, a few bits are a twin's
        let is_twin = own[0] == Some(name::OTHER) && own[1] == Some(Agreement::Exact as u8) && bits < TWIN;
        agreement.supports += usize::from(bits >= 2.0 && !is_twin);
        agreement.surely += usize::from(bits >= SURE);
        agreement.conflicts += usize::from(is_twin || (bits < 0.0 && is_other_person(own)));
    }
    let agree = agreement.supports > agreement.conflicts && agreement.bits > 0.0;
    // two records that slipped in two ways agree with the one between them and not with each other
    agree || (left.len() * right.len() <= FEW && agreement.surely > 0 && !is_other_person(best))
}

/// Whether what belongs to one person alone is another's.
fn is_other_person(own: [Option<u8>; 3]) -> bool {
    own.into_iter().zip(OTHERS).any(|(level, other)| level == Some(other))
}

/// The levels of first name, birthdate and identifier at which a pair is of two people.
const OTHERS: [u8; 3] = [name::OTHER, Agreement::Other as u8, 2];

/// The worst level of a pair in each of first name, birthdate and identifier.
fn own_levels(scorer: &Scorer<'_>, pattern: Pattern) -> [Option<u8>; 3] {
    let worst_of = |kind| {
        let fields = scorer.comparer.fields.iter().enumerate().filter(|(_, field)| field.kind == kind);
        fields.filter_map(|(at, _)| pattern.level(at)).max()
    };
    [Kind::GivenName, Kind::Date, Kind::Identifier].map(worst_of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hangs_together_is_a_group_from_its_lowest_one() {
        let pairs = [(7, 5), (1, 2), (5, 3), (2, 2), (9, 1)];
        assert_eq!(components(pairs.into_iter(), 10), [vec![1, 2, 9], vec![3, 5, 7]]);
        assert!(components(std::iter::empty(), 3).is_empty());
    }
}
