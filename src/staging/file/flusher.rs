//! Bytes on their way to the disk while a command still writes, so that its last flush finds little left to do.

use std::fs::File;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

/// A thread that flushes the file whenever it is asked to. It lives as long as the file is open for writing: closing any
/// handle of the file earlier would let go of the locks that SQLite holds on it.
#[derive(Debug)]
pub(in crate::staging) struct Flusher {
    requests: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Flusher {
    /// Begins to wait for requests; `None` where that cannot be had, which costs time and nothing else.
    pub(in crate::staging) fn start(file: &File) -> Option<Self> {
        let file = file.try_clone().ok()?;
        let (requests, requested) = sync_channel(1);
        let work = move || {
            for () in requested {
                // what cannot be flushed now is found by the last flush, which says so
                let _ = file.sync_data();
            }
        };
        let thread = thread::Builder::new().name("flush".to_owned()).spawn(work).ok()?;
        Some(Self { requests: Some(requests), thread: Some(thread) })
    }

    /// Asks for a flush, unless one is asked for already.
    pub(in crate::staging) fn ask(&self) {
        if let Some(requests) = &self.requests {
            let _ = requests.try_send(());
        }
    }
}

impl Drop for Flusher {
    fn drop(&mut self) {
        self.requests = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
