//! Ctrl-C and termination: noticed between records and between chunks, so that a command ends cleanly with 130.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use crate::error::{Error, Result};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Begins to listen; called once, by the command line.
pub fn listen() -> Result<()> {
    ctrlc::set_handler(|| INTERRUPTED.store(true, Ordering::Relaxed))
        .map_err(|cause| Error::internal("signals cannot be handled").cause(cause))
}

/// An error once somebody has asked the command to end.
pub fn check() -> Result<()> {
    if INTERRUPTED.load(Ordering::Relaxed) { Err(Error::interrupted()) } else { Ok(()) }
}

/// How long anything may wait before it looks whether somebody asked it to end.
const LOOK: Duration = Duration::from_millis(100);

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
