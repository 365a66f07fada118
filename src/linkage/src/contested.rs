//! Pairs that are certain one by one and cannot all be right: two namesakes, and a third record that says too little to be
//! told from either. Whose it is nobody knows, so that what hangs together with a contradiction is for review; records that
//! repeat each other word for word stay what they are.

use std::collections::HashSet;

use crate::Band;
use crate::certain::Certain;
use crate::cluster::components;
use crate::findings::Pair;
use crate::score::Scored;

/// Cross pairs of a group that are looked at, at most.
const LOOKS: usize = 2_000;

/// Takes `high` from the pairs of groups in which two records contradict each other.
pub(crate) fn demote(certain: &Certain<'_>, kept: &mut [(Pair, &Scored)]) {
    let high = kept.iter().filter(|(pair, _)| pair.band == Band::High);
    let groups = components(high.map(|(_, scored)| (scored.a, scored.b)), certain.count());
    // two records that agree cannot contradict a third
    let contested = groups.iter().filter(|group| group.len() > 2 && is_contested(certain, group));
    let contested: HashSet<u32> = contested.flatten().copied().collect();
    for (pair, scored) in kept.iter_mut().filter(|(pair, _)| pair.band == Band::High) {
        if contested.contains(&scored.a) && !certain.are_copies(scored.a, scored.b) {
            pair.band = Band::Medium;
        }
    }
}

fn is_contested(certain: &Certain<'_>, group: &[u32]) -> bool {
    let crossings = (0..group.len()).flat_map(|at| (at + 1..group.len()).map(move |other| (at, other)));
    let step = (group.len() * (group.len() - 1) / 2).div_ceil(LOOKS);
    crossings.step_by(step).any(|(one, other)| certain.contradict(group[one], group[other]))
}
