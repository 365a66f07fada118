//! Numbers that look random and are the same on every machine and in every version, which no library promises: samples are
//! drawn and worlds invented by them. Nothing here is fit for a secret.

/// The splitmix64 sequence of a seed.
#[derive(Debug, Clone)]
pub struct Splitmix(u64);

impl Splitmix {
    /// The sequence of a seed.
    pub const fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    #[inline]
    pub const fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        scramble(self.0)
    }

    /// A number below `bound`; the bias of the multiplication is below 2⁻³².
    #[inline]
    pub fn below(&mut self, bound: usize) -> usize {
        scaled(self.draw(), bound)
    }
}

/// 2⁶⁴ by the golden ratio, an odd number without a pattern.
pub const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// Mixes the bits of a word so that every input bit moves every output bit.
#[inline]
pub const fn scramble(mut word: u64) -> u64 {
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

/// A number below `bound` in proportion to a drawn one; 0 when there is no such number.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "the product's upper half is below the bound")]
pub const fn scaled(drawn: u64, bound: usize) -> usize {
    ((drawn as u128 * bound as u128) >> 64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequence_is_the_published_one() {
        let mut sequence = Splitmix::seeded(1_234_567);
        let drawn = [0; 3].map(|_| sequence.draw());
        assert_eq!(drawn, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }

    #[test]
    fn numbers_stay_below_their_bound_and_reach_all_of_it() {
        let mut sequence = Splitmix::seeded(1);
        let mut seen = [false; 7];
        for _ in 0..1000 {
            seen[sequence.below(7)] = true;
        }
        assert_eq!((seen, sequence.below(0)), ([true; 7], 0));
    }
}
