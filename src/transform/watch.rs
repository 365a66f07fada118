//! How long associations take, measured on every sixteenth record while it is decided, and whole where they go through
//! alone. The parts that two threads decide at once count twice: it is at most as long as this.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::record::LegacyId;

/// One record in this many is measured: asking the clock costs as much as deciding.
const EVERY: u64 = 16;

/// A sum of times.
#[derive(Debug, Default)]
pub struct Watch {
    nanoseconds: AtomicU64,
}

impl Watch {
    /// Does the work about a record.
    pub fn about<T>(&self, record: LegacyId, work: impl FnOnce() -> T) -> T {
        if !record.0.unsigned_abs().is_multiple_of(EVERY) {
            return work();
        }
        let begun = Instant::now();
        let done = work();
        self.add(begun.elapsed() * u32::try_from(EVERY).unwrap_or(1));
        done
    }

    /// Does work that is all about associations.
    pub fn whole<T>(&self, work: impl FnOnce() -> T) -> T {
        let begun = Instant::now();
        let done = work();
        self.add(begun.elapsed());
        done
    }

    /// The sum so far.
    pub fn sum(&self) -> Duration {
        Duration::from_nanos(self.nanoseconds.load(Ordering::Relaxed))
    }

    fn add(&self, time: Duration) {
        let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.nanoseconds.fetch_add(nanoseconds, Ordering::Relaxed);
    }
}
