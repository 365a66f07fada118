//! Whether a server that should answer still does. A statement may take hours, and a line may break without a word: a proxy
//! or a tunnel between takes what is sent and passes nothing on, and no timeout of the socket ever ends. So whoever waits
//! for long is looked after: a second session asks what the first one's process is doing. Waiting for somebody's lock is
//! told; a server that waits for us while we wait for it, or that cannot be reached any more, ends the command.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, Once, OnceLock, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use postgres::{Client, SimpleQueryMessage};

use super::address::Address;
use super::failure::Refused;
use super::{Side, opening, tls};
use crate::error::Error;
use crate::interrupt;

/// How long an answer takes before anybody looks.
const FIRST_LOOK: Duration = Duration::from_secs(5);
/// Between two looks, each of which takes one of the server's connections for a moment.
const BETWEEN_LOOKS: Duration = Duration::from_secs(10);
/// How long a server may seem to wait for us while we wait for it.
const SILENCE: Duration = Duration::from_secs(30);
/// How long it may be out of reach.
const UNREACHABLE: Duration = Duration::from_mins(1);
/// The same for both once the command was asked to end.
const AFTER_SIGNAL: Duration = Duration::from_secs(5);

/// What the process does: its state, what it waits for, and whose locks are in its way.
const DOING: &str = "\
    select coalesce(a.state, ''), coalesce(a.wait_event_type, ''), \
        (select string_agg(distinct l.relation::regclass::text, ', ') from pg_locks l \
         where l.pid = a.pid and not l.granted and l.relation is not null), \
        (select string_agg(concat('process ', b.pid, ' (', nullif(b.application_name, '') || ', ', 'role ', b.usename, \
             ', ' || b.state, ', in a transaction since ' || to_char(b.xact_start, 'HH24:MI:SS TZ'), ')'), ' and ') \
         from pg_stat_activity b where b.pid = any(pg_blocking_pids(a.pid))) \
    from pg_stat_activity a where a.pid = ";

/// Looks after one session for as long as this is kept.
#[derive(Debug)]
pub(super) struct Watch(Arc<Watched>);

#[derive(Debug)]
struct Watched {
    side: Side,
    address: Address,
    /// The server's process.
    pid: i32,
    /// When the present wait began, in milliseconds of this process; 0 when nobody waits.
    since: AtomicU64,
}

/// Somebody waits for the server as long as this is kept.
#[derive(Debug)]
pub struct Waiting(Arc<Watched>);

/// Waits for the server when it is dropped: declared before a client, whose end waits too.
#[derive(Debug)]
pub(super) struct Farewell(Arc<Watched>);

static WATCHED: Mutex<Vec<Weak<Watched>>> = Mutex::new(Vec::new());

impl Watch {
    /// Begins to look after the session that has this process on the server.
    pub(super) fn new(side: Side, address: &Address, pid: i32) -> Self {
        static WATCHING: Once = Once::new();
        // without the thread nobody looks, and all else goes on
        WATCHING.call_once(|| drop(thread::Builder::new().name("watch".to_owned()).spawn(watch)));
        let watched = Arc::new(Watched { side, address: address.clone(), pid, since: AtomicU64::new(0) });
        let mut all = WATCHED.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|watched| watched.strong_count() > 0);
        all.push(Arc::downgrade(&watched));
        Self(watched)
    }

    /// For as long as the guard is kept an answer is due.
    pub(super) fn waiting(&self) -> Waiting {
        self.0.since.store(now(), Ordering::Relaxed);
        Waiting(Arc::clone(&self.0))
    }

    /// An answer is due from when this is dropped.
    pub(super) fn farewell(&self) -> Farewell {
        Farewell(Arc::clone(&self.0))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.since.store(0, Ordering::Relaxed);
    }
}

impl Drop for Farewell {
    fn drop(&mut self) {
        self.0.since.store(now(), Ordering::Relaxed);
    }
}

/// Milliseconds since this process first asked, and one.
fn now() -> u64 {
    static FIRST: OnceLock<Instant> = OnceLock::new();
    let elapsed = FIRST.get_or_init(Instant::now).elapsed().as_millis();
    u64::try_from(elapsed).unwrap_or(u64::MAX).saturating_add(1)
}

/// What a look showed.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Seen {
    /// The server is at work, or it cannot be told.
    AtWork,
    /// It waits for somebody's lock: what on, and whose.
    Locked(String),
    /// It waits for us, or has no such process any more.
    Silent,
    /// It cannot be reached.
    Unreachable,
}

/// One wait that is looked at.
struct Look {
    watched: Arc<Watched>,
    since: u64,
    last: Instant,
    /// Since when it has been silent or out of reach.
    wrong: Option<(Seen, Instant)>,
    told: Option<String>,
}

fn watch() {
    let mut looks: Vec<Look> = Vec::new();
    loop {
        thread::sleep(Duration::from_secs(1));
        let all = WATCHED.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let waits: Vec<(Arc<Watched>, u64)> = all
            .iter()
            .filter_map(Weak::upgrade)
            .map(|watched| (Arc::clone(&watched), watched.since.load(Ordering::Relaxed)))
            .filter(|(_, since)| *since > 0 && Duration::from_millis(now() - since) >= FIRST_LOOK)
            .collect();
        looks.retain(|look| {
            waits.iter().any(|(watched, since)| Arc::ptr_eq(watched, &look.watched) && *since == look.since)
        });
        for (watched, since) in waits {
            let known = looks.iter_mut().find(|look| Arc::ptr_eq(&look.watched, &watched));
            let pause = if interrupt::check().is_err() { AFTER_SIGNAL } else { BETWEEN_LOOKS };
            match known {
                Some(look) if look.last.elapsed() >= pause => look.look(),
                Some(_) => {}
                None => {
                    let mut look = Look { watched, since, last: Instant::now(), wrong: None, told: None };
                    look.look();
                    looks.push(look);
                }
            }
        }
    }
}

impl Look {
    /// Looks, tells whose lock is in the way, and ends the command when nothing more is to be expected.
    fn look(&mut self) {
        let seen = self.watched.look();
        self.last = Instant::now();
        if let Seen::Locked(what) = &seen
            && self.told.as_ref() != Some(what)
        {
            tracing::warn!("{}: waiting for {what}; it goes on when that ends", self.watched.side.name());
            self.told = Some(what.clone());
        }
        if !matches!(seen, Seen::Silent | Seen::Unreachable) {
            self.wrong = None;
            return;
        }
        let since = match &self.wrong {
            Some((before, since)) if *before == seen => *since,
            _ => Instant::now(),
        };
        let interrupted = interrupt::check();
        let bound = match (&seen, &interrupted) {
            (_, Err(_)) => AFTER_SIGNAL,
            (Seen::Silent, _) => SILENCE,
            _ => UNREACHABLE,
        };
        // what ended meanwhile was no silence
        let waits_still = self.watched.since.load(Ordering::Relaxed) == self.since;
        if since.elapsed() >= bound && waits_still {
            if seen == Seen::Silent {
                self.watched.end_there();
            }
            interrupt::give_up(
                &interrupted.err().unwrap_or_else(|| self.watched.no_answer(&seen, self.since)),
            );
        }
        self.wrong = Some((seen, since));
    }
}

impl Watched {
    fn look(&self) -> Seen {
        match self.ask(&format!("{DOING}{}", self.pid)) {
            Answer::Row(row) => judge(&row),
            Answer::NoRow => Seen::Silent,
            // a server that refuses a session is there, and old ones know less
            Answer::Refused => Seen::AtWork,
            Answer::None => Seen::Unreachable,
        }
    }

    /// Ends the process on the server, which would wait for us for hours, with the locks that it has.
    fn end_there(&self) {
        let _ = self.ask(&format!("select pg_terminate_backend({})", self.pid));
    }

    /// Asks on a session of its own, in a thread that can be left alone when that is silent too.
    fn ask(&self, sql: &str) -> Answer {
        let (sender, receiver) = sync_channel(1);
        let (address, sql) = (self.address.clone(), sql.to_owned());
        let asking = thread::Builder::new().name("look".to_owned()).spawn(move || {
            let answer = match tls::connector(address.mode, &address.roots)
                .map_err(Refused::Defect)
                .and_then(|tls| opening::open(&address, tls))
            {
                Ok((mut client, _)) => asked(&mut client, &sql),
                Err(Refused::Server(cause)) if cause.as_db_error().is_some() => Answer::Refused,
                Err(Refused::Defect(_)) => Answer::Refused,
                Err(_) => Answer::None,
            };
            // nobody listens any more after the deadline
            let _ = sender.send(answer);
        });
        if asking.is_err() {
            return Answer::Refused;
        }
        receiver.recv_timeout(self.address.connect_timeout + FIRST_LOOK).unwrap_or(Answer::None)
    }

    fn no_answer(&self, seen: &Seen, since: u64) -> Error {
        let seconds = (now() - since) / 1000;
        let why = match seen {
            Seen::Silent => {
                "and the server itself waits for this command: the line between them passes nothing on"
            }
            _ => "and no other session can be opened",
        };
        Error::new(self.side.kind(), format!("{}: no answer for {seconds} s, {why}", self.side.name()))
            .hint("look at the network, the tunnel or the pooler between; then run the same command again, it starts where it can")
    }
}

enum Answer {
    Row(Vec<String>),
    NoRow,
    Refused,
    None,
}

fn asked(client: &mut Client, sql: &str) -> Answer {
    match client.simple_query(sql) {
        Ok(messages) => messages
            .iter()
            .find_map(|message| match message {
                SimpleQueryMessage::Row(row) => {
                    Some((0..row.len()).map(|at| row.get(at).unwrap_or_default().to_owned()).collect())
                }
                _ => None,
            })
            .map_or(Answer::NoRow, Answer::Row),
        Err(cause) if cause.as_db_error().is_some() => Answer::Refused,
        Err(_) => Answer::None,
    }
}

/// What a row of [`DOING`] says.
fn judge(row: &[String]) -> Seen {
    let field = |at: usize| row.get(at).map(String::as_str).unwrap_or_default();
    match (field(0), field(1), field(3)) {
        // rights may hide the state
        ("", ..) => Seen::AtWork,
        ("active" | "fastpath function call", wait, holders) if wait != "Client" => {
            if holders.is_empty() {
                return Seen::AtWork;
            }
            let on = if field(2).is_empty() { "a row" } else { field(2) };
            Seen::Locked(format!("a lock on {on}, which {holders} holds"))
        }
        _ => Seen::Silent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_at_work_is_told_from_one_that_waits_for_us() {
        for (row, expected) in [
            (["active", "", "", ""], Seen::AtWork),
            (["active", "IO", "", ""], Seen::AtWork),
            (["active", "Client", "", ""], Seen::Silent),
            (["idle", "Client", "", ""], Seen::Silent),
            (["idle in transaction", "Client", "", ""], Seen::Silent),
            (["", "", "", ""], Seen::AtWork),
            (
                ["active", "Lock", "profiles", "process 7 (psql)"],
                Seen::Locked("a lock on profiles, which process 7 (psql) holds".to_owned()),
            ),
        ] {
            let row = row.map(str::to_owned);
            assert_eq!(judge(&row), expected, "{row:?}");
        }
    }
}
