//! Records that repeat others word for word. What a value says is judged without them: a test account that was made two
//! hundred thousand times would otherwise stand for how strangers agree, and everybody else would look alike.

use drydock_random::scramble;

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
        for field in fields {
            let mut counts = vec![0u32; field.counts.len()];
            for &record in &copies.one {
                counts[field.codes[record as usize] as usize] += 1;
            }
            counts[0] = 0;
            (field.mean, field.share) = (mean_count(&counts), exact_share(&counts));
        }
    }
    copies
}
