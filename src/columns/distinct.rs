//! How many different values a column has: exact while they are few, estimated beyond, always from the same values the same.

use std::collections::BTreeSet;

/// Digests that are kept: the smallest ones. Up to that many different values are counted, more are estimated within a few per cent.
const KEPT: usize = 1_024;

/// Counts different values.
#[derive(Debug, Clone, Default)]
pub(super) struct Distinct {
    smallest: BTreeSet<u64>,
}

impl Distinct {
    /// Counts a value.
    pub(super) fn add(&mut self, text: &str) {
        self.insert(digest(text.as_bytes()));
    }

    /// Counts what another has counted.
    pub(super) fn merge(&mut self, other: Self) {
        for digest in other.smallest {
            self.insert(digest);
        }
    }

    fn insert(&mut self, digest: u64) {
        if self.smallest.len() < KEPT {
            self.smallest.insert(digest);
        } else if self.smallest.last().is_some_and(|last| digest < *last) && self.smallest.insert(digest) {
            self.smallest.pop_last();
        }
    }

    /// How many there are, and whether that is exact.
    pub(super) fn count(&self) -> (u64, bool) {
        let kept = self.smallest.len();
        match self.smallest.last() {
            Some(last) if kept == KEPT => {
                // the digests lie evenly: so many below the last one, so many in the whole range
                let estimate = (KEPT as u128 - 1) * u128::from(u64::MAX) / u128::from((*last).max(1));
                (u64::try_from(estimate).unwrap_or(u64::MAX), false)
            }
            _ => (kept as u64, true),
        }
    }
}

/// FNV-1a, mixed once more so that near texts lie far apart.
fn digest(bytes: &[u8]) -> u64 {
    let mut state = 0xcbf2_9ce4_8422_2325_u64;
    for byte in bytes {
        state = (state ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_values_are_counted_and_many_estimated_in_any_order() {
        for (values, is_exact) in [(0_u64, true), (1, true), (1_000, true), (50_000, false)] {
            let (mut forwards, mut backwards, mut half) =
                (Distinct::default(), Distinct::default(), Distinct::default());
            for value in 0..values {
                forwards.add(&value.to_string());
                forwards.add(&value.to_string());
                backwards.add(&(values - 1 - value).to_string());
                if value % 2 == 0 {
                    half.add(&value.to_string());
                }
            }
            let (counted, exact) = forwards.count();
            assert_eq!(exact, is_exact);
            assert!(counted.abs_diff(values) * 10 <= values, "{counted} for {values}");
            assert_eq!(backwards.count(), (counted, exact));
            half.merge(backwards);
            assert_eq!(half.count(), (counted, exact));
        }
    }
}
