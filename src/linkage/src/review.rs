//! The order of review: first the look that is expected to bring most records together.

use std::collections::HashMap;

use crate::band::Band;
use crate::findings::{Look, Pair};

/// The looks that pairs of the `medium` band deserve. A yes joins everything that is surely one person on either side,
/// so a look is worth the probability times the pairs of records it joins; between two such groups one look is enough.
pub(crate) fn review(pairs: &[Pair], sure: &[Vec<u32>]) -> Vec<Look> {
    // the group of each record that is in one: its first member, and how many there are
    let mut groups: HashMap<u32, (u32, usize)> = HashMap::new();
    for members in sure {
        groups.extend(members.iter().map(|&member| (member, (members[0], members.len()))));
    }
    let group = |record: u32| groups.get(&record).copied().unwrap_or((record, 1));
    let mut looks: Vec<(u32, u32, Look)> = Vec::new();
    for (at, pair) in pairs.iter().enumerate().filter(|(_, pair)| pair.band != Band::Low) {
        let ((one, size), (other, other_size)) = (group(pair.a), group(pair.b));
        if one != other {
            let joined = size as f64 * other_size as f64;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_look_that_joins_most_comes_first_and_only_once() {
        let pair = |a, b, probability, band| Pair { a, b, weight: probability * 10.0, probability, band };
        let pairs = [
            pair(0, 1, 0.999, Band::High),
            pair(2, 3, 0.999, Band::High),
            pair(4, 5, 0.9, Band::Medium),
            pair(0, 2, 0.8, Band::Medium),
            pair(1, 3, 0.7, Band::Medium),
            pair(6, 7, 0.1, Band::Low),
        ];
        let looks = review(&pairs, &[vec![0, 1], vec![2, 3]]);
        let order: Vec<usize> = looks.iter().map(|look| look.pair).collect();
        // two and two records: four pairs, at 0.8
        assert_eq!(order, [3, 2]);
        assert!((looks[0].value - 3.2).abs() < 1e-6);
    }
}
