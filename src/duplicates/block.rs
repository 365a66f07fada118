//! Which pairs are compared. Records that share a key come together; keys are what a field, or two fields together, say in
//! a form that survives slips: sound keys, parts of a date, rare words. Rare keys tell most and cost least, so all passes
//! share one bound on the size of a block, chosen so that the pairs stay within a budget that grows with the number of
//! records and not with its square. What the bound left out is counted.

use rayon::prelude::*;

use super::Kind;
use super::field::{Field, MISSING, Values};
use super::phonetic;
use super::random::{digest, scramble};

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
    /// Pairs within those blocks; many of them come together in another pass.
    pub pairs_left_out: u64,
}

/// The pairs to be compared, and the account of the passes.
#[derive(Debug)]
pub(super) struct Candidates {
    /// Pairs without repetition, `a << 32 | b` with `a < b`, ascending.
    pub(super) pairs: Vec<u64>,
    pub(super) passes: Vec<Pass>,
    pub(super) bound: usize,
}

/// What a key is made of.
#[derive(Debug, Clone)]
enum Part {
    /// The sound of the given name or of the surname, either, because the two are swapped at times.
    AnyName(Vec<usize>),
    /// The sounds of both, in any order.
    BothNames(usize, usize),
    Sound(usize),
    Whole(usize),
    Year(usize),
    /// Day and month, in any order.
    Day(usize),
    Local(usize),
    /// The rarest words of a text.
    RareWords(usize),
}

/// Pairs that all passes may bring, with repetition: so many a record, and so many besides.
const BUDGET: (u64, u64) = (16, 200_000);
/// At most so many keys of one part.
const KEYS: usize = 2;

impl Part {
    fn name(&self, fields: &[Field]) -> String {
        let name = |at: &usize| fields[*at].name.as_str();
        match self {
            Part::AnyName(_) => "a name".to_owned(),
            Part::BothNames(..) => "both names".to_owned(),
            Part::Sound(at) | Part::Whole(at) => name(at).to_owned(),
            Part::Year(at) => format!("{} year", name(at)),
            Part::Day(at) => format!("{} day", name(at)),
            Part::Local(at) => format!("{} local part", name(at)),
            Part::RareWords(at) => format!("{} rare word", name(at)),
        }
    }

    /// Whether the part says enough to be a key of its own.
    fn stands_alone(&self) -> bool {
        !matches!(self, Part::Year(_))
    }

    /// Whether two parts look at a field in common.
    fn overlaps(&self, other: &Part) -> bool {
        let fields = |part: &Part| match part {
            Part::AnyName(names) => names.clone(),
            Part::BothNames(one, other) => vec![*one, *other],
            Part::Sound(at)
            | Part::Whole(at)
            | Part::Year(at)
            | Part::Day(at)
            | Part::Local(at)
            | Part::RareWords(at) => vec![*at],
        };
        fields(self).iter().any(|at| fields(other).contains(at))
    }

    /// The keys of a record, 0 for none.
    fn keys(&self, fields: &[Field], latin: &[Vec<u32>], record: u32) -> [u64; KEYS] {
        let code = |at: usize| fields[at].codes[record as usize];
        let sound = |at: usize| match &fields[at].values {
            Values::Names(names) => {
                let sound = names.sounds[code(at) as usize].0;
                // without a letter to sound, the name itself
                if sound == 0 && code(at) != MISSING { u64::from(code(at)) << 32 } else { u64::from(sound) }
            }
            _ => u64::from(latin[at].get(code(at) as usize).copied().unwrap_or(0)),
        };
        match self {
            Part::AnyName(names) => {
                let mut keys = [0; KEYS];
                for (key, &at) in keys.iter_mut().zip(names) {
                    *key = sound(at);
                }
                if keys[0] == keys[1] {
                    keys[1] = 0;
                }
                keys
            }
            Part::BothNames(one, other) => {
                let (one, other) = (sound(*one), sound(*other));
                if one == 0 || other == 0 {
                    return [0; KEYS];
                }
                [scramble(one.min(other).wrapping_add(scramble(one.max(other)))), 0]
            }
            Part::Sound(at) => [sound(*at), 0],
            Part::Whole(at) => [u64::from(code(*at)), 0],
            Part::Year(at) | Part::Day(at) => {
                let Values::Dates(dates) = &fields[*at].values else { return [0; KEYS] };
                let date = dates[code(*at) as usize];
                let key = match self {
                    Part::Year(_) => u64::from(date.year),
                    _ => date.unordered_day().map_or(0, u64::from),
                };
                [key, 0]
            }
            Part::Local(at) => {
                let Values::Emails(texts) = &fields[*at].values else { return [0; KEYS] };
                let text = texts.get(code(*at) as usize);
                let local = text.split('@').next().unwrap_or_default();
                [if local.len() >= 4 { digest(local.as_bytes()) } else { 0 }, 0]
            }
            Part::RareWords(at) => {
                let Values::Words(words) = &fields[*at].values else { return [0; KEYS] };
                let mut rarest = [u32::MAX; KEYS];
                let rank =
                    |word: u32| words.frequency.get(word as usize).map_or((u32::MAX, word), |&f| (f, word));
                for &word in words.of(code(*at)) {
                    if rarest.contains(&word) {
                        continue;
                    }
                    if rank(word) < rank(rarest[0]) {
                        rarest = [word, rarest[0]];
                    } else if rank(word) < rank(rarest[1]) {
                        rarest[1] = word;
                    }
                }
                rarest.map(|word| if word == u32::MAX { 0 } else { u64::from(word) + 1 })
            }
        }
    }
}

fn parts(fields: &[Field]) -> Vec<Part> {
    let first = |kind| fields.iter().position(|field| field.kind == kind);
    let mut parts = Vec::new();
    let names: Vec<usize> = [first(Kind::GivenName), first(Kind::Surname)].into_iter().flatten().collect();
    if let [given, surname] = names[..] {
        parts.push(Part::BothNames(given, surname));
    }
    for (at, field) in fields.iter().enumerate() {
        match field.kind {
            Kind::GivenName | Kind::Surname | Kind::FullName if names.contains(&at) => {}
            Kind::GivenName | Kind::Surname | Kind::FullName => parts.push(Part::Sound(at)),
            Kind::Date => parts.extend([Part::Whole(at), Part::Year(at), Part::Day(at)]),
            Kind::Email => parts.extend([Part::Whole(at), Part::Local(at)]),
            Kind::Phone | Kind::Identifier => parts.push(Part::Whole(at)),
            Kind::Place => parts.extend([Part::Whole(at), Part::Sound(at)]),
            Kind::Address | Kind::Text => parts.push(Part::RareWords(at)),
            Kind::Category => {}
        }
    }
    if !names.is_empty() {
        parts.push(Part::AnyName(names));
    }
    parts
}

/// The blocks of one pass, those within the largest bound: members one after another, and where each block ends.
#[derive(Debug, Default)]
struct Blocks {
    members: Vec<u32>,
    ends: Vec<u32>,
    /// Blocks and pairs beyond the largest bound.
    beyond: (u64, u64),
}

impl Blocks {
    fn iter(&self) -> impl Iterator<Item = &[u32]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, &end)| &self.members[start as usize..end as usize])
    }
}

/// Finds the pairs to be compared.
pub(super) fn candidates(fields: &[Field]) -> Candidates {
    let count = fields.first().map_or(0, |field| field.codes.len());
    let latin: Vec<Vec<u32>> = fields.iter().map(place_sounds).collect();
    let parts = parts(fields);
    let mut keys: Vec<(Option<usize>, usize)> = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        if part.stands_alone() {
            keys.push((None, at));
        }
        keys.extend((0..at).filter(|&other| !parts[other].overlaps(part)).map(|other| (Some(other), at)));
    }
    let budget = BUDGET.0 * count as u64 + BUDGET.1;
    let largest = if count > 100_000 { 64 } else { 1000 };
    let all: Vec<Blocks> = keys
        .par_iter()
        .map(|&(one, other)| blocks(fields, &latin, one.map(|at| &parts[at]), &parts[other], count, largest))
        .collect();
    let bound = bound(&all, largest, budget);
    let mut pairs: Vec<u64> = all.par_iter().flat_map_iter(|blocks| pairs_within(blocks, bound)).collect();
    pairs.extend(neighbours(fields, count));
    pairs.par_sort_unstable();
    pairs.dedup();
    let passes = keys
        .iter()
        .zip(&all)
        .map(|(&(one, other), blocks)| {
            let key = match one {
                Some(one) => format!("{} × {}", parts[one].name(fields), parts[other].name(fields)),
                None => parts[other].name(fields),
            };
            account(key, blocks, bound)
        })
        .collect();
    Candidates { pairs, passes, bound }
}

fn place_sounds(field: &Field) -> Vec<u32> {
    match &field.values {
        Values::Words(words) if field.kind == Kind::Place => {
            (0..words.texts.len())
                .map(|code| words.texts.get(code))
                // a postcode has no sound
                .map(
                    |text| {
                        if text.bytes().any(|byte| byte.is_ascii_digit()) { 0 } else { phonetic::key(text) }
                    },
                )
                .collect()
        }
        _ => Vec::new(),
    }
}

fn blocks(
    fields: &[Field],
    latin: &[Vec<u32>],
    one: Option<&Part>,
    other: &Part,
    count: usize,
    largest: usize,
) -> Blocks {
    // the upper bits hold the key, the lower ones the record, so that one sort makes the blocks
    let width = usize::BITS - count.leading_zeros();
    let mask = (1u64 << width) - 1;
    let mut keyed: Vec<u64> = Vec::with_capacity(count);
    for record in 0..count as u32 {
        let others = other.keys(fields, latin, record);
        let ones = one.map_or([1, 0], |part| part.keys(fields, latin, record));
        for x in ones.into_iter().filter(|&x| x != 0) {
            for y in others.into_iter().filter(|&y| y != 0) {
                keyed.push(
                    (scramble(x.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ scramble(y)) & !mask)
                        | u64::from(record),
                );
            }
        }
    }
    keyed.par_sort_unstable();
    let mut blocks = Blocks::default();
    for block in keyed.chunk_by(|a, b| a & !mask == b & !mask).filter(|block| block.len() > 1) {
        if block.len() > largest {
            blocks.beyond.0 += 1;
            blocks.beyond.1 += pairs_of(block.len());
            continue;
        }
        blocks.members.extend(block.iter().map(|key| (key & mask) as u32));
        blocks.ends.push(blocks.members.len() as u32);
    }
    blocks.members.shrink_to_fit();
    blocks
}

fn pairs_of(size: usize) -> u64 {
    size as u64 * (size as u64 - 1) / 2
}

/// The largest size of a block for which all passes together stay within the budget.
fn bound(all: &[Blocks], largest: usize, budget: u64) -> usize {
    let mut pairs = vec![0u64; largest + 1];
    for block in all.iter().flat_map(Blocks::iter) {
        pairs[block.len()] += pairs_of(block.len());
    }
    let mut sum = 0;
    let within = pairs.iter().take_while(|&&pairs| {
        sum += pairs;
        sum <= budget
    });
    within.count().saturating_sub(1).max(4)
}

fn pairs_within(blocks: &Blocks, bound: usize) -> impl Iterator<Item = u64> {
    blocks.iter().filter(move |block| block.len() <= bound).flat_map(|block| {
        block.iter().enumerate().flat_map(move |(at, &a)| {
            // a record may be in a block twice, by two of its keys
            block[at + 1..].iter().filter(move |&&b| b != a).map(move |&b| pair(a, b))
        })
    })
}

fn pair(a: u32, b: u32) -> u64 {
    (u64::from(a.min(b)) << 32) | u64::from(a.max(b))
}

/// Pairs of records that stand next to each other when sorted by name and date: what no key brings together, such as a
/// slip that changes the sound, often still sorts closely.
fn neighbours(fields: &[Field], count: usize) -> Vec<u64> {
    const WINDOW: usize = 3;
    let mut pairs = Vec::new();
    let first = |kind| fields.iter().position(|field| field.kind == kind);
    let (Some(given), Some(surname)) = (first(Kind::GivenName), first(Kind::Surname)) else { return pairs };
    let Values::Names(names) = &fields[surname].values else { return pairs };
    let mut by_text: Vec<u32> = (0..names.texts.len() as u32).collect();
    by_text.par_sort_unstable_by_key(|&code| names.texts.get(code as usize));
    let mut rank = vec![0u32; by_text.len()];
    for (position, &code) in (0u32..).zip(&by_text) {
        rank[code as usize] = position;
    }
    let date = first(Kind::Date).map(|at| &fields[at]);
    let day = |record: usize| match date.map(|field| (&field.values, field.codes[record])) {
        Some((Values::Dates(dates), code)) => dates[code as usize],
        _ => super::date::Date::default(),
    };
    for (major, minor) in [(surname, given), (given, surname)] {
        let place = |field: usize, record: usize| rank[fields[field].codes[record] as usize];
        let mut order: Vec<(u32, u32, super::date::Date, u32)> = (0..count)
            .filter(|&record| fields[major].codes[record] != MISSING)
            .map(|record| (place(major, record), place(minor, record), day(record), record as u32))
            .collect();
        order.par_sort_unstable();
        for (at, one) in order.iter().enumerate() {
            pairs.extend(order[at + 1..].iter().take(WINDOW).map(|other| pair(one.3, other.3)));
        }
    }
    pairs
}

fn account(key: String, blocks: &Blocks, bound: usize) -> Pass {
    let mut pass =
        Pass { key, blocks: 0, pairs: 0, blocks_left_out: blocks.beyond.0, pairs_left_out: blocks.beyond.1 };
    for block in blocks.iter() {
        if block.len() <= bound {
            pass.blocks += 1;
            pass.pairs += pairs_of(block.len());
        } else {
            pass.blocks_left_out += 1;
            pass.pairs_left_out += pairs_of(block.len());
        }
    }
    pass
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks_of(sizes: &[u32]) -> Blocks {
        let mut blocks = Blocks::default();
        for &size in sizes {
            let start = blocks.members.len() as u32;
            blocks.members.extend(start..start + size);
            blocks.ends.push(start + size);
        }
        blocks
    }

    #[test]
    fn the_bound_keeps_all_passes_within_the_budget() {
        // 1 + 3 + 6 pairs, then 45, then 190
        let all = [blocks_of(&[2, 3, 4, 10]), blocks_of(&[20])];
        for (budget, wanted) in [(1_000, 100), (244, 19), (55, 19), (54, 9), (10, 9), (0, 4)] {
            let bound = bound(&all, 100, budget);
            assert_eq!(bound, wanted, "{budget}");
            let pairs = all.iter().flat_map(|blocks| pairs_within(blocks, bound)).count() as u64;
            assert!(pairs <= budget.max(10), "{budget} {pairs}");
        }
    }

    #[test]
    fn what_is_left_out_is_counted() {
        let pass = account("key".to_owned(), &blocks_of(&[2, 3, 10]), 5);
        assert_eq!((pass.blocks, pass.pairs, pass.blocks_left_out, pass.pairs_left_out), (2, 4, 1, 45));
    }

    #[test]
    fn a_record_is_not_paired_with_itself() {
        let blocks = Blocks { members: vec![3, 3, 5], ends: vec![3], beyond: (0, 0) };
        let pairs: Vec<u64> = pairs_within(&blocks, 10).collect();
        assert!(pairs.iter().all(|&both| both == pair(3, 5)));
    }
}
