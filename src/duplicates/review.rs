//! The order of review: first the look that is expected to bring most records together.

use super::band::Band;
use super::findings::{Look, Pair};

/// The looks that pairs of the `medium` band deserve. A yes joins everything that is surely one person on either side,
/// so a look is worth the probability times the pairs of records it joins; between two such groups one look is enough.
pub(super) fn review(pairs: &[Pair], sure: &[Vec<u32>], count: usize) -> Vec<Look> {
    let mut group: Vec<u32> = (0..count as u32).collect();
    let mut size = vec![1u32; count];
    for members in sure {
        let Some(&first) = members.first() else { continue };
        for &member in members {
            group[member as usize] = first;
        }
        size[first as usize] = members.len() as u32;
    }
    let mut looks: Vec<(u32, u32, Look)> = Vec::new();
    for (at, pair) in pairs.iter().enumerate().filter(|(_, pair)| pair.band != Band::Low) {
        let (one, other) = (group[pair.a as usize], group[pair.b as usize]);
        if one != other {
            let joined = f64::from(size[one as usize]) * f64::from(size[other as usize]);
            let value = f64::from(pair.probability) * joined;
            looks.push((one.min(other), one.max(other), Look { pair: at, value }));
        }
    }
    // pairs come best first, so the first look between two groups is the best one
    looks.sort_by_key(|&(one, other, look)| (one, other, look.pair));
    looks.dedup_by_key(|&mut (one, other, _)| (one, other));
    let mut looks: Vec<Look> = looks.into_iter().map(|(_, _, look)| look).collect();
    looks.sort_by(|one, other| other.value.total_cmp(&one.value).then(one.pair.cmp(&other.pair)));
    looks
}
