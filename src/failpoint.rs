//! Places where a test can have this process killed. In a release build they do nothing.
//!
//! `DRYDOCK_FAILPOINT=before_commit:3` kills the process, by SIGKILL and not by an orderly end, when it comes to the
//! place `before_commit` for the third time. The places are before and after every commit in the target, and after what
//! the target confirmed has been noted in the staging file.

/// The process may be killed here.
#[cfg(debug_assertions)]
pub fn reach(place: &str) {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU32, Ordering};

    static WANTED: OnceLock<Option<(String, u32)>> = OnceLock::new();
    static REACHED: AtomicU32 = AtomicU32::new(0);

    let wanted = WANTED.get_or_init(|| {
        let text = std::env::var("DRYDOCK_FAILPOINT").ok()?;
        let (place, times) = text.split_once(':').unwrap_or((&text, "1"));
        Some((place.to_owned(), times.parse().ok()?))
    });
    let Some((_, times)) = wanted.as_ref().filter(|(wanted, _)| wanted == place) else { return };
    if REACHED.fetch_add(1, Ordering::Relaxed) + 1 == *times {
        // the shell's parent is this process; without a shell there is nothing to be done but to end at once
        let _ = std::process::Command::new("/bin/sh").args(["-c", "kill -KILL $PPID"]).status();
        std::process::abort();
    }
}

/// The process may be killed here, in a debug build.
#[cfg(not(debug_assertions))]
pub const fn reach(_place: &str) {}
