//! The generator's own random numbers: the same on every machine and in every version, which no library promises.

use drydock_random::{Splitmix, scaled};
use uuid::{Builder, Uuid};

/// A xoshiro256** generator. Every part of the world has its own stream, so a change in one part moves no other.
pub(crate) struct Random([u64; 4]);

impl Random {
    /// The stream of one part of the world, such as `offices`.
    pub(crate) fn stream(seed: u64, part: &str) -> Self {
        // FNV-1a spreads the part's name; no four numbers in a row are all zero
        let name = part.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let mut state = Splitmix::seeded(seed ^ name);
        Self(std::array::from_fn(|_| state.draw()))
    }

    fn next(&mut self) -> u64 {
        let state = &mut self.0;
        let drawn = state[1].wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let shifted = state[1] << 17;
        state[2] ^= state[0];
        state[3] ^= state[1];
        state[1] ^= state[2];
        state[0] ^= state[3];
        state[2] ^= shifted;
        state[3] = state[3].rotate_left(45);
        drawn
    }

    /// A number from 0 up to, not including, `bound`; 0 when there is no such number.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        scaled(self.next(), bound)
    }

    /// A number from `low` to `high`, both included.
    #[expect(clippy::cast_possible_wrap, reason = "the spans of the generator are far below 2^63")]
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below(usize::try_from(high - low + 1).unwrap_or(1)) as i64
    }

    /// True in `per_mille` of a thousand draws.
    pub(crate) fn chance(&mut self, per_mille: usize) -> bool {
        self.below(1000) < per_mille
    }

    /// One item of a list that is not empty.
    pub(crate) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    /// One item of a list, the early ones more often.
    pub(crate) fn pick_skewed<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        let bound = self.below(items.len()) + 1;
        &items[self.below(bound)]
    }

    /// A new order.
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }

    /// An id shaped like version 4.
    pub(crate) fn uuid(&mut self) -> Uuid {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.next().to_be_bytes());
        bytes[8..].copy_from_slice(&self.next().to_be_bytes());
        Builder::from_random_bytes(bytes).into_uuid()
    }

    /// `count` rising ids from `first` on, with small gaps everywhere and a large one now and then.
    pub(crate) fn ids(&mut self, first: i64, count: usize) -> Vec<i64> {
        let mut id = first;
        let mut ids = Vec::with_capacity(count);
        for _ in 0..count {
            ids.push(id);
            id += match self.below(1000) {
                0..5 => self.between(40, 160),
                5..130 => self.between(2, 5),
                _ => 1,
            };
        }
        ids
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_differ_by_seed_and_by_part() {
        let draw = |seed, part| Random::stream(seed, part).next();
        assert_eq!(draw(7, "offices"), draw(7, "offices"));
        assert_ne!(draw(7, "offices"), draw(8, "offices"));
        assert_ne!(draw(7, "offices"), draw(7, "patients"));
    }

    #[test]
    fn draws_stay_within_their_bounds_and_reach_them() {
        let mut random = Random::stream(1, "bounds");
        let drawn: Vec<i64> = (0..500).map(|_| random.between(-2, 2)).collect();
        assert_eq!((drawn.iter().min(), drawn.iter().max()), (Some(&-2), Some(&2)));
        assert_eq!(random.below(0), 0);
    }

    #[test]
    fn ids_rise_with_gaps() {
        let ids = Random::stream(1, "ids").ids(10, 1000);
        assert!(ids.is_sorted_by(|before, after| before < after));
        assert!(ids[999] > 1009);
    }
}
