//! Digests: what stands for a text in a key. Two texts fall together with a probability of 2⁻⁶⁴.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use drydock_random::{GOLDEN, scramble};

/// A 64-bit digest of bytes, the same on every machine; for keys in memory, never stored.
pub(crate) fn digest(bytes: &[u8]) -> u64 {
    let mut state = 0x243f_6a88_85a3_08d3 ^ (bytes.len() as u64);
    let mut chunks = bytes.chunks_exact(8);
    for chunk in &mut chunks {
        let word = chunk.iter().rev().fold(0u64, |word, &byte| (word << 8) | u64::from(byte));
        state = scramble(state ^ word).wrapping_mul(GOLDEN);
    }
    let tail = chunks.remainder().iter().rev().fold(0u64, |word, &byte| (word << 8) | u64::from(byte));
    scramble(state ^ tail)
}

/// Hashes keys that are digests already: they are their own hash.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Digested(u64);

impl Hasher for Digested {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = digest(bytes);
    }

    fn write_u64(&mut self, digest: u64) {
        self.0 = digest;
    }
}

/// A map by digest.
pub(crate) type ByDigest<T> = HashMap<u64, T, BuildHasherDefault<Digested>>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_tell_close_texts_apart() {
        let texts = ["", "a", "b", "ab", "ba", "abcdefgh", "abcdefghi", "abcdefgi", "\0", "\0\0"];
        let mut digests: Vec<u64> = texts.iter().map(|text| digest(text.as_bytes())).collect();
        digests.sort_unstable();
        digests.dedup();
        assert_eq!(digests.len(), texts.len());
    }
}
