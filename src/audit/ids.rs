//! Other ids in the place of the file's own: the same one wherever it stands in one export, so that references still lead where
//! they led, and another one in the next. They are a permutation under a key that is in the token key alone, so no two ids become
//! one, nothing has to be kept for each, and neither their size nor their order says anything about the ids that they stand for.

use std::collections::HashMap;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// Ids below this stay below it: they can be told apart in programs whose numbers are floating-point ones.
const SMALL: u64 = 1 << 52;

/// Rounds of each permutation.
const ROUNDS: u8 = 8;

/// The permutations of one export, one for each kind of record.
pub struct Ids {
    key: Zeroizing<String>,
    keys: HashMap<String, [u8; 32]>,
}

impl Ids {
    /// Under this key.
    pub fn new(key: Zeroizing<String>) -> Self {
        Self { key, keys: HashMap::new() }
    }

    /// The id of a record of a kind. One below zero, where no legacy row is, stays below zero.
    pub fn number(&mut self, space: &str, id: i64) -> i64 {
        // two permutations, and neither has to know of signs
        let (sign, size) = if id < 0 { (1, (!id).cast_unsigned()) } else { (0, id.cast_unsigned()) };
        let key = self.key_of(space);
        let half = if size < SMALL { 26 } else { 32 };
        let mut permuted = permute(key, sign, half, size);
        // walks on to what an id as large may be: a permutation of a larger set is one of what its cycles pass through
        while half == 32 && !(SMALL..=i64::MAX.cast_unsigned()).contains(&permuted) {
            permuted = permute(key, sign, half, permuted);
        }
        let permuted = permuted.cast_signed();
        if id < 0 { !permuted } else { permuted }
    }

    /// The uuid in the place of another one.
    pub fn uuid(&self, text: &str) -> String {
        let mut hash = Sha256::new();
        hash.update(self.key.as_bytes());
        hash.update(b"uuid");
        hash.update(text.to_ascii_lowercase());
        let digest: [u8; 32] = hash.finalize().into();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
    }

    fn key_of(&mut self, space: &str) -> &[u8; 32] {
        if !self.keys.contains_key(space) {
            let mut hash = Sha256::new();
            hash.update(self.key.as_bytes());
            hash.update(b"ids");
            hash.update(space);
            self.keys.insert(space.to_owned(), hash.finalize().into());
        }
        &self.keys[space]
    }
}

/// A permutation of the numbers of twice `half` bits: a balanced Feistel network.
fn permute(key: &[u8; 32], sign: u8, half: u8, number: u64) -> u64 {
    let mask = (1_u64 << half) - 1;
    let (mut left, mut right) = (number >> half, number & mask);
    for round in 0..ROUNDS {
        let mut hash = Sha256::new();
        hash.update(key);
        hash.update([sign, half, round]);
        hash.update(right.to_le_bytes());
        let digest: [u8; 32] = hash.finalize().into();
        let mut word = [0; 8];
        word.copy_from_slice(&digest[..8]);
        (left, right) = (right, (left ^ u64::from_le_bytes(word)) & mask);
    }
    left << half | right
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn ids(key: &str) -> Ids {
        Ids::new(Zeroizing::new(key.to_owned()))
    }

    #[test]
    fn ids_are_others_each_its_own_and_the_same_within_one_export() {
        let mut one = ids("one");
        let given: Vec<i64> =
            (-300..3000).chain([i64::MAX, i64::MIN, 1 << 52, (1 << 52) - 1, 1 << 60]).collect();
        let mut seen = HashSet::new();
        for id in &given {
            let drawn = one.number("auth_user", *id);
            assert!(seen.insert(drawn), "{id}");
            assert_eq!(drawn < 0, *id < 0);
            assert_eq!(one.number("auth_user", *id), drawn);
            assert!((0..1 << 52).contains(id) == (0..1 << 52).contains(&drawn), "{id}");
        }
        assert!(given.iter().all(|id| one.number("auth_user", *id) != one.number("dispatch_patient", *id)));
        assert!(given.iter().all(|id| one.number("auth_user", *id) != ids("other").number("auth_user", *id)));
        assert_eq!(
            one.uuid("A2E2F5A4-9C65-5D0E-8A59-0B8C1F0E5D11"),
            one.uuid("a2e2f5a4-9c65-5d0e-8a59-0b8c1f0e5d11")
        );
        assert_ne!(
            one.uuid("a2e2f5a4-9c65-5d0e-8a59-0b8c1f0e5d11"),
            ids("other").uuid("a2e2f5a4-9c65-5d0e-8a59-0b8c1f0e5d11")
        );
    }

    /// Spearman's rank correlation of 3,000 ids and what became of them is that of chance.
    #[test]
    #[expect(clippy::cast_precision_loss, reason = "some thousand ids")]
    fn the_order_of_ids_does_not_show() {
        let mut ids = ids("one");
        let mut drawn: Vec<(i64, usize)> =
            (0..3000).map(|at| (ids.number("x", 5 * at), usize::try_from(at).unwrap())).collect();
        drawn.sort_unstable();
        let squares: f64 =
            drawn.iter().enumerate().map(|(rank, (_, at))| (rank as f64 - *at as f64).powi(2)).sum();
        let n = 3000.0_f64;
        let correlation = 1.0 - 6.0 * squares / (n * (n * n - 1.0));
        assert!(correlation.abs() < 0.1, "{correlation}");
    }
}
