//! How long associations take, measured on every sixteenth record while it is decided, and whole where they go through
//! alone. A thread that has to wait in between is counted too: it is at most as long as this. What several threads do at once
//! counts for each, and so it is told beside the processor time of them all.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::record::LegacyId;

/// One record in this many is measured: asking the clock costs as much as deciding.
const EVERY: u64 = 16;

/// The processor time of all threads so far; nothing where the system does not tell it in Linux's way.
pub fn processor_time() -> Option<Duration> {
    // the second field is the program's name in parentheses; user and system time are the 14th and the 15th, in hundredths
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    let mut times = fields.split_whitespace().skip(11).map(str::parse::<u64>);
    let (user, system) = (times.next()?.ok()?, times.next()?.ok()?);
    Some(Duration::from_millis(10 * (user + system)))
}

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

    /// What came of it, after so long and so much processor time of all threads.
    pub fn told(&self, whole: Duration, worked: Option<Duration>) -> String {
        let sum = Duration::from_nanos(self.nanoseconds.load(Ordering::Relaxed)).as_secs_f64();
        let whole = whole.as_secs_f64();
        let worked = worked.map_or(whole, |worked| worked.as_secs_f64());
        format!(
            "transform: {whole:.1} s with {worked:.1} s of processor time, of which at most {sum:.2} s ({:.1}%) for deciding \
             associations",
            sum * 100.0 / worked.max(sum).max(f64::MIN_POSITIVE)
        )
    }

    fn add(&self, time: Duration) {
        let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.nanoseconds.fetch_add(nanoseconds, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_told_and_rises() {
        let before = processor_time().expect("Linux");
        let begun = Instant::now();
        while processor_time().expect("Linux") == before {
            assert!(begun.elapsed() < Duration::from_secs(30), "it stands still");
        }
        assert!(processor_time().expect("Linux") > before);
    }

    #[test]
    fn the_share_is_of_what_all_threads_did() {
        let watch = Watch::default();
        watch.add(Duration::from_secs(1));
        let told = watch.told(Duration::from_secs(10), Some(Duration::from_secs(20)));
        assert!(told.ends_with("at most 1.00 s (5.0%) for deciding associations"), "{told}");
        assert!(watch.told(Duration::from_secs(10), None).contains("(10.0%)"));
    }
}
