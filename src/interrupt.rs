//! Ctrl-C and termination: noticed between records and between chunks, so that a command ends cleanly with 130.

use std::sync::atomic::{AtomicBool, Ordering};

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
