//! Codes: numbers that stand for values, so that equal values are equal numbers.

use crate::digest::ByDigest;

/// The code of a missing value.
pub(crate) const MISSING: u32 = 0;

/// Numbers values from 1 in the order in which they come, as texts are, and adds them to the distinct ones; `None` is 0.
pub(crate) fn number<T: Copy>(
    values: impl Iterator<Item = Option<T>>,
    digest: impl Fn(T) -> u64,
    distinct: &mut Vec<T>,
) -> Vec<u32> {
    let mut codes: ByDigest<u32> = ByDigest::default();
    values
        .map(|value| {
            let Some(value) = value else { return MISSING };
            *codes.entry(digest(value)).or_insert_with(|| {
                distinct.push(value);
                distinct.len() as u32 - 1
            })
        })
        .collect()
}
