//! How long to wait before the same is tried again. Only passing failures are: see `target::Cause`.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

/// Tries after the first (the plan's number).
pub const RETRIES: u32 = 3;
const FIRST: Duration = Duration::from_millis(800);

/// The pause before try `attempt`, which counts from 1: twice as long each time, and up to a quarter longer, so that
/// several who were thrown out together do not come back together.
pub fn pause(attempt: u32) -> Duration {
    jittered(attempt, RandomState::new().build_hasher().finish())
}

fn jittered(attempt: u32, random: u64) -> Duration {
    let base = FIRST * 2u32.saturating_pow(attempt.saturating_sub(1));
    let quarter = u64::try_from(base.as_millis()).unwrap_or(u64::MAX) / 4;
    base + Duration::from_millis(random % (quarter + 1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn each_pause_is_twice_the_last_and_at_most_a_quarter_more(attempt in 1u32..=RETRIES, random in any::<u64>()) {
            let base = FIRST * 2u32.pow(attempt - 1);
            let pause = jittered(attempt, random);
            prop_assert!(pause >= base && pause <= base + base / 4);
        }
    }
}
