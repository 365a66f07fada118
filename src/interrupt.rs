//! Ctrl-C and termination: noticed between records and between chunks, so that a command ends cleanly with 130; and what
//! takes long in between, a statement in SQLite or on a server, is told to stop ([`stopping`]).

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, TryLockError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{SigSet, Signal};

use crate::error::{Error, Kind, Result};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Begins to listen; called once, by the command line, before there are other threads. `say` says the error of a command
/// that is given up.
pub fn listen(say: fn(&Error)) -> Result<()> {
    let _ = LAST_WORDS.set(say);
    let cannot = "signals cannot be handled";
    // a write beyond a limit on the size of files (ulimit -f) fails, and says so, instead of ending the process; every thread
    // inherits this
    let mut kept_away = SigSet::empty();
    kept_away.add(Signal::SIGXFSZ);
    kept_away.thread_block().map_err(|cause| Error::internal(cannot).cause(cause))?;
    let mut first: Option<Instant> = None;
    let asked = move || match first {
        None => {
            first = Some(Instant::now());
            INTERRUPTED.store(true, Ordering::Relaxed);
            thread::spawn(tell_all);
        }
        // one word may arrive twice, from the terminal and from whoever started the command
        Some(first) if first.elapsed() < SAME => {}
        // somebody who asks again does not want to wait for a server that is silent: the files are as after a kill, which
        // the next command puts right
        Some(_) => std::process::exit(Kind::Interrupted.code().into()),
    };
    ctrlc::set_handler(asked).map_err(|cause| Error::internal(cannot).cause(cause))
}

/// What says the last words of a command that cannot come to its own end.
static LAST_WORDS: OnceLock<fn(&Error)> = OnceLock::new();

/// Ends the process with an error, wherever its other threads are: the files are as after a kill, which the next command
/// puts right.
pub fn give_up(error: &Error) -> ! {
    if let Some(say) = LAST_WORDS.get() {
        say(error);
    }
    std::process::exit(error.kind().code().into())
}

/// An error once somebody has asked the command to end.
pub fn check() -> Result<()> {
    if INTERRUPTED.load(Ordering::Relaxed) { Err(Error::interrupted()) } else { Ok(()) }
}

/// How soon after a signal another one says the same.
const SAME: Duration = Duration::from_millis(300);

/// How often a server is asked to end a statement: each time takes one of its connections.
pub const ASK_SERVER: Duration = Duration::from_secs(1);

/// How long anything may wait before it looks whether somebody asked it to end.
pub const LOOK: Duration = Duration::from_millis(100);

/// The next thing from a channel, `None` when it is closed; an error once somebody has asked the command to end.
pub fn receive<T>(receiver: &Receiver<T>) -> Result<Option<T>> {
    loop {
        check()?;
        match receiver.recv_timeout(LOOK) {
            Ok(thing) => return Ok(Some(thing)),
            Err(RecvTimeoutError::Disconnected) => return Ok(None),
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

/// Does work that may wait for somebody else, such as a server, on its own thread. When the command is asked to end, the
/// work is left alone: the process ends soon, and with it whatever the work still holds.
pub fn waiting<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let (sender, receiver) = sync_channel(1);
    thread::Builder::new()
        .name("waiting".to_owned())
        // nobody listens any more after an interrupt
        .spawn(move || drop(sender.send(work())))
        .map_err(|cause| Error::internal("cannot start a thread").cause(cause))?;
    receive(&receiver)?.unwrap_or_else(|| Err(Error::internal("a thread ended without a result")))
}

/// What is told to stop when somebody asks the command to end, for as long as this is kept.
#[derive(Clone)]
pub struct Stopping(Arc<Stop>);

struct Stop {
    /// Between two times that it is told.
    pause: Duration,
    tell: Box<dyn Fn() + Send + Sync>,
    /// Locked while it is told, and while it must not be.
    held: Mutex<()>,
}

/// What has not been told yet.
static STOPS: Mutex<Vec<Weak<Stop>>> = Mutex::new(Vec::new());

/// Whatever `tell` stops is stopped when the command is asked to end: it is told again and again, because it may have been
/// between two statements. Each has its own thread for that, so that one may wait for a server.
pub fn stopping(pause: Duration, tell: impl Fn() + Send + Sync + 'static) -> Stopping {
    let stop = Arc::new(Stop { pause, tell: Box::new(tell), held: Mutex::new(()) });
    let mut stops = lock(&STOPS);
    stops.retain(|stop| stop.strong_count() > 0);
    stops.push(Arc::downgrade(&stop));
    Stopping(stop)
}

impl Stopping {
    /// Nothing is told while the guard is kept: for what is done to its end although the command was asked to end.
    pub fn hold(&self) -> MutexGuard<'_, ()> {
        lock(&self.0.held)
    }

    /// Whether somebody keeps such a guard, or it is being told at this moment.
    pub fn is_held(&self) -> bool {
        matches!(self.0.held.try_lock(), Err(TryLockError::WouldBlock))
    }
}

impl fmt::Debug for Stopping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stopping")
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Tells everything to stop, also what begins later, until the process ends.
fn tell_all() {
    loop {
        for stop in lock(&STOPS).drain(..) {
            thread::spawn(move || {
                while let Some(stop) = stop.upgrade() {
                    let held = lock(&stop.held);
                    (stop.tell)();
                    drop(held);
                    let pause = stop.pause;
                    drop(stop);
                    thread::sleep(pause);
                }
            });
        }
        thread::sleep(LOOK);
    }
}
