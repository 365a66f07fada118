//! Waiting for others who have the file open. A reader never costs a writer its work: the one who writes waits for as long as
//! somebody reads, says so, and can still be asked to end. Who only reads waits for a while.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::error::{Error, Kind, Result};
use crate::interrupt::{self, Stopping};
use crate::staging::file::holders::holders;

/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(10);

/// After this long it is said what is waited for.
const SAID_AFTER: Duration = Duration::from_secs(5);

/// How long one who only reads waits for the writer.
pub(in crate::staging) const READER: Duration = Duration::from_secs(30);

/// How long the writer still waits with what has to be noted when the command was asked to end.
const LAST_NOTE: Duration = Duration::from_secs(5);

/// Whether a wait was given up because the command was asked to end.
static GAVE_UP: AtomicBool = AtomicBool::new(false);

/// Lets the writer wait for every reader, however long one holds the file.
pub(in crate::staging) fn outlast_readers(connection: &mut Connection, stopping: &Stopping) -> Result<()> {
    let (stopping, path) = (stopping.clone(), connection.path().map(PathBuf::from));
    let mut wait = Wait::new();
    Ok(connection.busy_handler(Some(move |times| {
        let waited = wait.waited(times);
        if waited >= SAID_AFTER && wait.says_it_now() {
            tracing::warn!(
                "waiting for a reader of the staging file: {} has it open; the work goes on when it is done",
                who(path.as_deref())
            );
        }
        goes_on(waited, writer_waits(interrupt::check().is_err(), stopping.is_held()))
    }))?)
}

/// Lets one who only reads wait for the writer, for as long as `limit`.
pub(in crate::staging) fn wait_for_writer(connection: &mut Connection, limit: Duration) -> Result<()> {
    let path = connection.path().map(PathBuf::from);
    let mut wait = Wait::new();
    Ok(connection.busy_handler(Some(move |times| {
        // a look that is over in a moment says nothing
        if limit >= READER && wait.waited(times) >= SAID_AFTER && wait.says_it_now() {
            tracing::warn!("waiting for a writer of the staging file: {} has it open", who(path.as_deref()));
        }
        let limit = if interrupt::check().is_err() { Some(Duration::ZERO) } else { Some(limit) };
        goes_on(wait.waited(times), limit)
    }))?)
}

/// Who else has the file open.
fn who(path: Option<&Path>) -> String {
    let who = path.map(holders).filter(|who| !who.is_empty());
    who.unwrap_or_else(|| "another program (sqlite3, a viewer)".to_owned())
}

/// The error of a command that stopped waiting because it was asked to end.
pub fn or_interrupted(error: Error) -> Error {
    if error.kind() == Kind::Staging && GAVE_UP.load(Ordering::Relaxed) {
        Error::interrupted()
    } else {
        error
    }
}

/// How long the writer waits: without end, unless the command was asked to end. What must be noted then is given a while.
fn writer_waits(is_asked_to_end: bool, must_be_noted: bool) -> Option<Duration> {
    match (is_asked_to_end, must_be_noted) {
        (false, _) => None,
        (true, true) => Some(LAST_NOTE),
        (true, false) => Some(Duration::ZERO),
    }
}

/// Pauses, and says whether to try again.
fn goes_on(waited: Duration, limit: Option<Duration>) -> bool {
    if limit.is_some_and(|limit| waited >= limit) {
        let is_asked_to_end = interrupt::check().is_err();
        GAVE_UP.fetch_or(is_asked_to_end, Ordering::Relaxed);
        return false;
    }
    thread::sleep(PAUSE);
    true
}

/// One wait after the other of one connection.
struct Wait {
    since: Instant,
    is_said: bool,
}

impl Wait {
    fn new() -> Self {
        Self { since: Instant::now(), is_said: false }
    }

    /// How long the present wait has taken; SQLite counts the attempts of each from 0.
    fn waited(&mut self, times: i32) -> Duration {
        if times == 0 {
            *self = Self::new();
        }
        self.since.elapsed()
    }

    /// Whether it has not been said during this wait.
    fn says_it_now(&mut self) -> bool {
        !std::mem::replace(&mut self.is_said, true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_is_waited_for_without_end_and_a_signal_ends_the_wait() {
        let day = Duration::from_hours(24);
        let waits = |is_asked, must_be_noted| {
            let limit = writer_waits(is_asked, must_be_noted);
            limit.is_none_or(|limit| day < limit)
        };
        assert!(waits(false, false) && waits(false, true));
        assert!(!waits(true, false) && !waits(true, true));
        assert!(writer_waits(true, true) > writer_waits(true, false));
    }
}
