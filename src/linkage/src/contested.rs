//! Pairs that are certain one by one and cannot all be right: two namesakes, and a third record that says too little to be
//! told from either. Whose it is nobody knows, so that what hangs together with a contradiction is for review; records that
//! repeat each other word for word stay what they are.

use std::collections::HashMap;

use crate::certain::Certain;
use crate::findings::Pair;
use crate::score::Scored;
use crate::Band;

/// Cross pairs of a group that are looked at, at most.
const LOOKS: usize = 2_000;

/// Takes `high` from the pairs of groups in which two records contradict each other.
pub(crate) fn demote(certain: &Certain<'_>, kept: &mut [(Pair, &Scored)]) {
    let mut group_of: HashMap<u32, u32> = HashMap::new();
    for (_, scored) in kept.iter().filter(|(pair, _)| pair.band == Band::High) {
        let (one, other) = (root(&mut group_of, scored.a), root(&mut group_of, scored.b));
        group_of.insert(one.max(other), one.min(other));
    }
    let mut members: Vec<(u32, u32)> = Vec::with_capacity(group_of.len());
    let records: Vec<u32> = group_of.keys().copied().collect();
    for record in records {
        members.push((root(&mut group_of, record), record));
    }
    members.sort_unstable();
    // two records that agree cannot contradict a third
    let groups = members.chunk_by(|one, other| one.0 == other.0).filter(|group| group.len() > 2);
    let contested: Vec<u32> =
        groups.filter(|group| is_contested(certain, group)).map(|group| group[0].0).collect();
    if contested.is_empty() {
        return;
    }
    for (pair, scored) in kept.iter_mut().filter(|(pair, _)| pair.band == Band::High) {
        let group = root(&mut group_of, scored.a);
        if contested.binary_search(&group).is_ok() && !certain.are_copies(scored.a, scored.b) {
            pair.band = Band::Medium;
        }
    }
}

fn root(group_of: &mut HashMap<u32, u32>, record: u32) -> u32 {
    let mut at = record;
    loop {
        let next = *group_of.entry(at).or_insert(at);
        if next == at {
            break;
        }
        at = next;
    }
    group_of.insert(record, at);
    at
}

fn is_contested(certain: &Certain<'_>, group: &[(u32, u32)]) -> bool {
    let crossings = (0..group.len()).flat_map(|at| (at + 1..group.len()).map(move |other| (at, other)));
    let step = (group.len() * (group.len() - 1) / 2).div_ceil(LOOKS);
    crossings.step_by(step).any(|(one, other)| certain.contradict(group[one].1, group[other].1))
}
