//! Which pairs are compared. Records that share a key come together in a block. Rare keys tell most and cost least, so all
//! passes share one bound on the size of a block, chosen so that the pairs stay within a budget that grows with the
//! number of records and not with its square. A block of two keys beyond it is split by a third; what the bound left out is
//! counted.
//!
//! Pairs are handed out in shares, each pair once, so that memory does not grow with their number.

use std::collections::HashMap;

use drydock_random::{GOLDEN, scramble};
use rayon::prelude::*;

use crate::bucket::{Gathered, Layout, by_place, upper};
use crate::field::Field;
use crate::groups::{Groups, pair};
use crate::key::{KEYS, Part, parts};
use crate::neighbours::Neighbours;

/// A pass over the records: what its key was made of, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pass {
    /// What the records of a block share, such as `surname × birthdate year`.
    pub key: String,
    /// Blocks of two records or more.
    pub blocks: u64,
    /// Pairs that the pass brought to the comparison, also when another pass did too.
    pub pairs: u64,
    /// Blocks beyond the bound.
    pub blocks_left_out: u64,
    /// Pairs within those blocks, of which many come together in another pass. A stranger or two may be counted with a block
    /// that is far beyond the bound.
    pub pairs_left_out: u64,
}

/// The pairs to be compared, and the account of the passes.
#[derive(Debug)]
pub(crate) struct Candidates {
    blocks: Vec<Groups>,
    neighbours: Neighbours,
    count: usize,
    passes: Vec<Pass>,
    bound: usize,
}

/// Pairs that all passes may bring, with repetition: so many besides, so many for each record of the first hundred thousand,
/// and for each of the others, of whom more are told apart by rarer keys.
const BUDGET: (u64, u64, u64) = (250_000, 14, 8);
const FIRST: u64 = 100_000;

/// The budget of a file of so many records.
fn budget(count: u64) -> u64 {
    BUDGET.0 + BUDGET.1 * count.min(FIRST) + BUDGET.2 * count.saturating_sub(FIRST)
}
/// Pairs of one share, roughly, and shares at most: every share goes over all blocks.
const SHARE: u64 = 1 << 20;
const SHARES: u64 = 16;

/// The pairs within the blocks of a pass whose lower record is in the range; members of a block rise.
fn pairs_within(blocks: &Groups, from: u32, to: u32) -> impl Iterator<Item = u64> {
    blocks.iter().flat_map(move |block| {
        let start = block.partition_point(|&record| record < from);
        let end = start + block[start..].partition_point(|&record| record < to);
        block[start..end].iter().enumerate().flat_map(move |(at, &a)| {
            // a record may be in a block twice, by two of its keys
            block[start + at + 1..].iter().filter(move |&&b| b != a).map(move |&b| pair(a, b))
        })
    })
}

fn pairs_of(size: usize) -> u64 {
    size as u64 * (size as u64 - 1) / 2
}

/// The two parts of a pass, or the one.
type Key<'p> = (Option<&'p Part>, &'p Part);

/// Slots of a pass in which more records came together than the bound allows, one bit each.
#[derive(Debug)]
struct Crowds {
    bits: Vec<u64>,
    slots: u32,
}

impl Crowds {
    fn none(slots: u32) -> Self {
        Self { bits: vec![0; (1 << slots) / 64], slots }
    }

    fn add(&mut self, slot: usize) {
        self.bits[slot / 64] |= 1 << (slot % 64);
    }

    fn has(&self, digest: u64) -> bool {
        let slot = upper(digest, self.slots);
        self.bits[slot / 64] >> (slot % 64) & 1 == 1
    }
}

/// Finds the pairs to be compared.
pub(crate) fn candidates(fields: &[Field]) -> Candidates {
    let count = fields.first().map_or(0, |field| field.codes.len());
    within(fields, count, budget(count as u64))
}

/// The pairs that all passes bring within a budget.
fn within(fields: &[Field], count: usize, budget: u64) -> Candidates {
    let parts = parts(fields);
    let mut keys: Vec<Key<'_>> = Vec::new();
    // the places of the parts of each key
    let mut of_keys: Vec<(Option<usize>, usize)> = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        if part.stands_alone {
            of_keys.push((None, at));
        }
        let combine = |&other: &usize| part.combines && parts[other].combines && !parts[other].overlaps(part);
        of_keys.extend((0..at).filter(combine).map(|other| (Some(other), at)));
    }
    keys.extend(of_keys.iter().map(|&(one, other)| (one.map(|one| &parts[one]), &parts[other])));
    let part = (count / 50_000).next_power_of_two().min(4) as u64;
    let counted: Vec<Counted> = keys.par_iter().map(|&key| Counted::of(fields, key, count, part)).collect();
    let bound = bound(&counted, budget / part, largest(count));
    let found: Vec<Found> = keys
        .par_iter()
        .zip(counted)
        .map(|(&key, counted)| {
            blocks(&name(&[key.0, Some(key.1)]), count, &counted.layout, bound, |each| {
                for_digests(fields, key, count, each);
            })
        })
        .collect();
    let crowded: HashMap<(usize, usize), &Crowds> = of_keys
        .iter()
        .zip(&found)
        .filter(|(_, found)| found.pass.blocks_left_out > 0)
        .filter_map(|(&(one, other), found)| Some(((one?, other), &found.crowds)))
        .collect();
    let split: Vec<Found> = thirds(&crowded)
        .par_iter()
        .map(|&of| split(fields, of.map(|at| &parts[at]), of_thirds(&crowded, of), count, bound))
        .collect();
    drop(crowded);
    let (blocks, passes) = found.into_iter().chain(split).map(|found| (found.blocks, found.pass)).unzip();
    Candidates { blocks, neighbours: Neighbours::of(fields, count), count, passes, bound }
}

impl Candidates {
    /// Pairs in all, with repetition.
    pub(crate) fn total(&self) -> u64 {
        self.passes.iter().map(|pass| pass.pairs).sum::<u64>() + self.neighbours.total()
    }

    /// The account of the passes, and the largest block compared in full.
    pub(crate) fn into_account(self) -> (Vec<Pass>, usize) {
        (self.passes, self.bound)
    }

    /// Every pair once, in shares by the lower record; pairs rise within a share and from share to share.
    pub(crate) fn shares(&self) -> impl Iterator<Item = Vec<u64>> {
        let shares = self.total().div_ceil(SHARE).clamp(1, SHARES);
        let edge = move |nth: u64| (self.count as u64 * nth / shares) as u32;
        (0..shares).map(move |nth| {
            let (from, to) = (edge(nth), edge(nth + 1));
            let mut pairs: Vec<u64> =
                self.blocks.par_iter().flat_map_iter(|blocks| pairs_within(blocks, from, to)).collect();
            pairs.extend(self.neighbours.pairs(from, to));
            sorted(pairs, from, to)
        })
    }

    /// About one pair in `step`, each by its own digest: the same pairs whatever the order of work.
    pub(crate) fn sample(&self, step: u64) -> Vec<u64> {
        let is_drawn = |pair: &u64| scramble(pair ^ 0x5bd1_e995).is_multiple_of(step);
        let all = 0..self.count as u32;
        let within =
            |blocks: &Groups| pairs_within(blocks, all.start, all.end).filter(is_drawn).collect::<Vec<_>>();
        let mut pairs: Vec<u64> = self.blocks.par_iter().flat_map_iter(within).collect();
        pairs.extend(self.neighbours.pairs(all.start, all.end).filter(is_drawn));
        pairs.par_sort_unstable();
        pairs.dedup();
        pairs
    }
}

/// The pairs in their order, each once; their lower records are in the range. A lower record has a few pairs only, so that
/// putting them in the places of their lower records nearly sorts them.
fn sorted(pairs: Vec<u64>, from: u32, to: u32) -> Vec<u64> {
    let lower = |pair: u64| ((pair >> 32) as u32 - from) as usize;
    let mut sorted = by_place(&pairs, lower, (to - from) as usize);
    drop(pairs);
    sorted.chunk_by_mut(|one, other| one >> 32 == other >> 32).for_each(<[u64]>::sort_unstable);
    sorted.dedup();
    sorted
}

/// Records whose keys are worked out together.
const TOGETHER: usize = 512;

/// Hands out the digests of every record's keys in a pass.
fn for_digests(fields: &[Field], (one, other): Key<'_>, count: usize, mut each: impl FnMut(u64, u32)) {
    let (mut ones, mut others) = ([[1, 0]; TOGETHER], [[0; KEYS]; TOGETHER]);
    for from in (0..count).step_by(TOGETHER) {
        let size = TOGETHER.min(count - from);
        if let Some(one) = one {
            one.write(fields, from, &mut ones[..size]);
        }
        other.write(fields, from, &mut others[..size]);
        for (record, (ones, others)) in (from as u32..).zip(ones.iter().zip(&others[..size])) {
            for one in ones.iter().filter(|&&one| one != 0) {
                for other in others.iter().filter(|&&other| other != 0) {
                    each(digest(*one, *other), record);
                }
            }
        }
    }
}

/// The digest of two keys.
#[inline]
fn digest(one: u64, other: u64) -> u64 {
    scramble(one.wrapping_mul(GOLDEN) ^ scramble(other))
}

/// What is known of a pass before its blocks are made.
struct Counted {
    layout: Layout,
    /// How many records its keys have, of one key in so many: those whose digest says so.
    sizes: Vec<u32>,
}

impl Counted {
    fn of(fields: &[Field], key: Key<'_>, count: usize, part: u64) -> Self {
        let mut layout = Layout::of(count);
        let mut drawn: Vec<u64> = Vec::new();
        for_digests(fields, key, count, |digest, _| {
            layout.add(digest);
            if digest & (part - 1) == 0 {
                drawn.push(digest);
            }
        });
        drawn.sort_unstable();
        let sizes = drawn.chunk_by(|one, other| one == other).filter(|block| block.len() > 1);
        Self { layout, sizes: sizes.map(|block| block.len() as u32).collect() }
    }
}

/// The largest block considered at all, in a small file and in any: its pairs say little, and beyond it the account is
/// what counts.
const LARGEST: usize = 1000;
const LARGEST_OF_MANY: usize = 64;

/// The largest block considered in a file of so many records. A person of a block is one of as many as it has; where that
/// leaves many and the file is large, another pass tells them apart for less.
fn largest(count: usize) -> usize {
    (16_000_000 / count.max(1)).clamp(LARGEST_OF_MANY, LARGEST)
}

/// The largest size of a block for which all passes together stay within the budget.
fn bound(all: &[Counted], budget: u64, largest: usize) -> usize {
    let mut pairs = vec![0u64; largest + 1];
    for size in
        all.iter().flat_map(|pass| &pass.sizes).map(|&size| size as usize).filter(|&size| size <= largest)
    {
        pairs[size] += pairs_of(size);
    }
    let mut sum = 0;
    let within = pairs.iter().take_while(|&&pairs| {
        sum += pairs;
        sum <= budget
    });
    within.count().saturating_sub(1).max(4)
}

/// What a pass brought together, and where it was too much.
struct Found {
    blocks: Groups,
    pass: Pass,
    crowds: Crowds,
}

fn name(parts: &[Option<&Part>]) -> String {
    let names: Vec<&str> = parts.iter().flatten().map(|part| part.name.as_str()).collect();
    names.join(" × ")
}

/// The blocks of a pass; `digests` hands out those of every record.
fn blocks(
    name: &str,
    count: usize,
    layout: &Layout,
    bound: usize,
    digests: impl Fn(&mut dyn FnMut(u64, u32)),
) -> Found {
    let mut buckets = layout.buckets();
    digests(&mut |digest, record| buckets.put(digest, record));
    let mut blocks = Groups::default();
    let slots = layout.slots(count);
    let mut crowds = Crowds::none(slots);
    let mut pass = Pass { key: name.to_owned(), blocks: 0, pairs: 0, blocks_left_out: 0, pairs_left_out: 0 };
    // a slot holds a few strangers beside a block; what is far beyond the bound need not be sorted to be counted
    let sorted = if bound < 200 { bound + 16 } else { usize::MAX };
    buckets.gather(slots, sorted, |gathered| {
        let (slot, size) = match gathered {
            Gathered::Group(block) if block.len() <= bound => {
                pass.blocks += 1;
                pass.pairs += pairs_of(block.len());
                return blocks.push(block.iter().map(|&entry| layout.record(entry)));
            }
            Gathered::Group(block) => (upper(block[0], slots), block.len()),
            Gathered::Crowd { slot, size } => (slot, size),
        };
        crowds.add(slot);
        pass.blocks_left_out += 1;
        pass.pairs_left_out += pairs_of(size);
    });
    blocks.shrink_to_fit();
    Found { blocks, pass, crowds }
}

/// The parts that split each other's blocks: any two of the three leave blocks out. What one of them alone leaves out,
/// another one brings together.
fn thirds(crowded: &HashMap<(usize, usize), &Crowds>) -> Vec<[usize; 3]> {
    let mut thirds: Vec<[usize; 3]> = Vec::new();
    for &(one, other) in crowded.keys() {
        let both = crowded.keys().filter(|&&(first, _)| first == other).map(|&(_, third)| third);
        thirds.extend(
            both.filter(|&third| crowded.contains_key(&(one, third))).map(|third| [one, other, third]),
        );
    }
    thirds.sort_unstable();
    thirds
}

/// The crowds of each two of three parts.
fn of_thirds<'c>(
    crowded: &HashMap<(usize, usize), &'c Crowds>,
    [one, other, third]: [usize; 3],
) -> [&'c Crowds; 3] {
    [(one, other), (one, third), (other, third)].map(|key| crowded[&key])
}

/// Splits the blocks that are beyond the bound whichever two of three parts the records share.
fn split(fields: &[Field], parts: [&Part; 3], crowds: [&Crowds; 3], count: usize, bound: usize) -> Found {
    let digests = |each: &mut dyn FnMut(u64, u32)| {
        let mut rooms = vec![[[0; KEYS]; TOGETHER]; 3];
        for from in (0..count).step_by(TOGETHER) {
            let size = TOGETHER.min(count - from);
            for (part, room) in parts.iter().zip(&mut rooms) {
                part.write(fields, from, &mut room[..size]);
            }
            for (record, at) in (from as u32..).zip(0..size) {
                let keys = |nth: usize| rooms[nth][at].into_iter().filter(|&key| key != 0);
                for (one, other) in keys(0).flat_map(|one| keys(1).map(move |other| (one, other))) {
                    let both = digest(one, other);
                    if !crowds[0].has(both) {
                        continue;
                    }
                    let thirds = keys(2).filter(|&third| {
                        crowds[1].has(digest(one, third)) && crowds[2].has(digest(other, third))
                    });
                    thirds.for_each(|third| each(digest(both, third), record));
                }
            }
        }
    };
    let mut layout = Layout::of(count);
    digests(&mut |digest, _| layout.add(digest));
    blocks(&name(&parts.map(Some)), count, &layout, bound, digests)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;
    use crate::records::{Cells, Column, Texts};

    #[test]
    fn the_bound_keeps_all_passes_within_the_budget() {
        // 1 + 3 + 6 pairs, then 45, then 190
        let counted = |sizes: &[u32]| Counted { layout: Layout::of(0), sizes: sizes.to_vec() };
        let all = [counted(&[2, 3, 4, 10]), counted(&[20])];
        for (budget, wanted) in [(1_000, LARGEST), (244, 19), (55, 19), (54, 9), (10, 9), (0, 4)] {
            assert_eq!(bound(&all, budget, LARGEST), wanted, "{budget}");
        }
    }

    /// Whether two records come together in a file of so and so many people of one first name, town and year.
    #[test]
    fn what_is_too_much_for_two_keys_is_split_by_a_third() {
        let columns = [Kind::GivenName, Kind::Surname, Kind::Date, Kind::Place];
        let mut cells: [Texts; 4] = Default::default();
        let mut push = |record: [&str; 4]| {
            cells.iter_mut().zip(record).for_each(|(cells, text)| cells.push(text).expect("a small file"));
        };
        let surname = |at: usize| {
            let letter = |at: usize| char::from(b"bdfghklmnprstvz"[at % 15]);
            format!("{}o{}a{}i{}u", letter(at), letter(at / 15), letter(at * 7 + 3), letter(at * 11 + 5))
        };
        let day = |at: usize| format!("-{:02}-{:02}", 1 + at % 12, 1 + at / 12);
        for at in 0..90 {
            let (other, year) = (surname(at * 3 + 1), 1900 + at);
            match at % 3 {
                0 => push(["anna", &surname(at), &format!("{year}{}", day(at)), "london"]),
                1 => push(["anna", &surname(at), &format!("1899{}", day(at)), &format!("{other}ville")]),
                _ => push([&other, &surname(at), &format!("1899{}", day(at)), "london"]),
            }
        }
        push(["anna", "abcdefgh", "1899-04-28", "london"]);
        push(["anna", "zyxwvuts", "1899-09-30", "london"]);
        let order: Vec<u32> = (0..92).collect();
        let column = |kind: Kind| Column { name: kind.to_string(), kind };
        let columns =
            columns.map(column).into_iter().zip(cells.map(Cells::Texts)).unzip::<_, _, Vec<_>, Vec<_>>();
        let fields = crate::find::fields(columns.0, columns.1, &order).expect("a small file");
        let found = within(&fields, 92, 0);
        assert_eq!(found.bound, 4);
        let together: Vec<&str> = found
            .passes
            .iter()
            .zip(&found.blocks)
            .filter(|(_, blocks)| blocks.iter().any(|block| block.contains(&90) && block.contains(&91)))
            .map(|(pass, _)| pass.key.as_str())
            .collect();
        assert_eq!(together, ["date year × place × a name"]);
    }

    #[test]
    fn a_record_is_not_paired_with_itself_and_each_pair_is_in_one_range() {
        let mut blocks = Groups::default();
        blocks.push([3, 3, 5].into_iter());
        blocks.push([1, 4, 9].into_iter());
        let pairs = |from, to| pairs_within(&blocks, from, to).collect::<Vec<u64>>();
        let all = [pair(3, 5), pair(3, 5), pair(1, 4), pair(1, 9), pair(4, 9)];
        assert_eq!(pairs(0, 10), all);
        assert_eq!([pairs(0, 3), pairs(3, 10)].concat().len(), all.len());
        assert_eq!(pairs(4, 5), [pair(4, 9)]);
    }
}
