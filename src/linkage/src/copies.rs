//! Records that repeat others word for word. What a value says is judged without them: a test account that was made two
//! hundred thousand times would otherwise stand for how strangers agree, and everybody else would look alike.

use drydock_random::scramble;

use crate::codes::MISSING;
use crate::digest::ByDigest;
use crate::field::Field;
use crate::shares::{exact_share, mean_count};

/// So many equal records are drawn for pairs that agree.
const FEW: u8 = 3;

/// The records that stand for all.
#[derive(Debug, Default)]
pub(crate) struct Copies {
    /// One of each.
    pub(crate) one: Vec<u32>,
    /// A few of each.
    pub(crate) few: Vec<u32>,
}

/// Finds the copies, and lets each field forget them in its shares.
pub(crate) fn discount(fields: &mut [Field]) -> Copies {
    let count = fields.first().map_or(0, |field| field.codes.len());
    let mut seen: ByDigest<u8> = ByDigest::default();
    let mut copies = Copies::default();
    for record in 0..count as u32 {
        let codes = fields.iter().map(|field| field.codes[record as usize]);
        // who says something that nobody else says repeats nobody
        if fields.iter().any(|field| field.counts[field.codes[record as usize] as usize] == 1) {
            copies.one.push(record);
            copies.few.push(record);
            continue;
        }
        let times = seen.entry(codes.fold(3, |row, code| scramble(row ^ u64::from(code)))).or_insert(0);
        if *times == 0 {
            copies.one.push(record);
        }
        if *times < FEW {
            copies.few.push(record);
            *times += 1;
        }
    }
    if copies.one.len() < count {
        let of_one: Vec<Vec<u32>> = fields.iter().map(|field| counted(field, copies.one.iter())).collect();
        let again = repeated(&copies.one, count)
            .filter(|&record| !is_sure(fields, &of_one, copies.one.len(), record));
        let again: Vec<u32> = again.collect();
        for (field, mut counts) in fields.iter_mut().zip(of_one) {
            (field.mean, field.share) = (mean_count(&counts), exact_share(&counts));
            counts.iter_mut().zip(counted(field, again.iter())).for_each(|(count, more)| *count += more);
            field.people = counts;
        }
    }
    copies
}

/// How many of the records hold each value of a field.
fn counted<'r>(field: &Field, records: impl Iterator<Item = &'r u32>) -> Vec<u32> {
    let mut counts = vec![0u32; field.counts.len()];
    for &record in records {
        counts[field.codes[record as usize] as usize] += 1;
    }
    counts[MISSING as usize] = 0;
    counts
}

/// The records that are not among these; both rise.
fn repeated(one: &[u32], count: usize) -> impl Iterator<Item = u32> {
    let mut one = one.iter().copied().peekable();
    (0..count as u32).filter(move |record| one.next_if_eq(record).is_none())
}

/// A row that chance brings less often than this, among all other rows, is one person's however often it is there.
const CHANCE: f64 = 1e-3;

/// Whether what a record says is too much for two people to say it.
fn is_sure(fields: &[Field], of_one: &[Vec<u32>], rows: usize, record: u32) -> bool {
    let mut chance = rows as f64;
    for (field, counts) in fields.iter().zip(of_one) {
        let code = field.codes[record as usize];
        if code != MISSING {
            chance *= f64::from(counts[code as usize].max(1)) / rows as f64;
        }
    }
    chance < CHANCE
}
