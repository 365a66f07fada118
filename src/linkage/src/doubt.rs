//! Whether the result as a whole can be right. People come in small groups that agree in all directions; where the pairs
//! chain a good part of a file together without that, the columns say too little to tell people apart, or one of them was
//! mapped to what it is not, and no probability is to be believed.

use crate::certain::Certain;
use crate::cluster::components;
use crate::find::JOINED;
use crate::findings::Pair;
use crate::score::Scored;

/// Records of a group that is looked at.
const MANY: usize = 30;
/// A group is loose where fewer of its pairs than this are joined, and the result in doubt where so much of the file is in
/// loose groups.
const LOOSE: f64 = 0.15;
const SHARE: f64 = 0.05;
/// Joined pairs for each record, beside those of copies, that are more than people have.
const RATE: usize = 8;

/// Why the result cannot be right, if so.
pub(crate) fn of(certain: &Certain<'_>, kept: &[(Pair, &Scored)], records: usize) -> Option<&'static str> {
    let joined = || kept.iter().filter(|(pair, _)| f64::from(pair.probability) >= JOINED);
    let unlike = joined().filter(|(_, scored)| !certain.are_copies(scored.a, scored.b)).count();
    if unlike > RATE * records {
        return Some(
            "more pairs are found than people have records; map columns that say more, and each to what it holds",
        );
    }
    let groups = components(joined().map(|(_, scored)| (scored.a, scored.b)), records);
    // one who is there a thousand times is one; copies are next to each other
    let rows =
        |group: &[u32]| 1 + group.windows(2).filter(|pair| !certain.are_copies(pair[0], pair[1])).count();
    let many: Vec<(&Vec<u32>, usize)> =
        groups.iter().map(|group| (group, rows(group))).filter(|&(_, rows)| rows >= MANY).collect();
    if many.is_empty() {
        return None;
    }
    let mut group_of = vec![0u32; records];
    for (nth, (group, _)) in (1u32..).zip(&many) {
        group.iter().for_each(|&record| group_of[record as usize] = nth);
    }
    let mut pairs = vec![0usize; many.len() + 1];
    for (_, scored) in joined() {
        pairs[group_of[scored.a as usize] as usize] += 1;
    }
    let is_loose = |&(nth, &(_, rows)): &(usize, &(&Vec<u32>, usize))| {
        (pairs[nth + 1] as f64) < LOOSE * rows as f64 * (rows as f64 - 1.0) / 2.0
    };
    let loose: usize = many.iter().enumerate().filter(is_loose).map(|(_, (group, _))| group.len()).sum();
    (loose as f64 > SHARE * records as f64).then_some(
        "a good part of the records hangs together in chains of people who do not resemble each other; map columns that say \
         more, and each to what it holds",
    )
}
