//! The source on a thread of its own: it parses while somebody else writes, and whoever waits for it can stop waiting.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use crate::error::{Error, Result};
use crate::interrupt;
use crate::legacy::{Place, Shape, Sink, Source, Unreadable};
use crate::record::LegacyId;
use crate::staging::{Batch, Spot};

/// Bytes that one batch takes, and batches on their way: enough for neither side to wait, and for what a batch costs beside
/// its rows not to show.
const BATCH_BYTES: usize = 2 * 1024 * 1024;
const BATCHES: usize = 4;

/// A source that answers from its own thread, one question at a time.
pub(super) struct Reader {
    /// `None` while a question is open, and after one that nobody waited for.
    source: Option<Box<dyn Source>>,
}

impl Reader {
    pub(super) fn new(source: Box<dyn Source>) -> Self {
        Self { source: Some(source) }
    }

    /// Asks the source something.
    pub(super) fn ask<T: Send + 'static>(
        &mut self,
        question: impl FnOnce(&mut dyn Source) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let mut source = self.source()?;
        let (source, answer) = interrupt::waiting(move || {
            let answer = question(&mut *source);
            Ok((source, answer))
        })?;
        self.source = Some(source);
        answer
    }

    /// Reads a table; `take` gets its rows. Returns how many rows the source says it handed over.
    pub(super) fn read(&mut self, shape: &Shape, mut take: impl FnMut(&Batch) -> Result<()>) -> Result<u64> {
        let mut source = self.source()?;
        let shape = shape.clone();
        let (sender, batches) = sync_channel(BATCHES);
        let (used, spare) = sync_channel(BATCHES);
        let (done, outcome) = sync_channel(1);
        let work = move || {
            let mut filling = Filling { batch: Batch::with_capacity(BATCH_BYTES), sender, spare };
            let read = source.read(&shape, &mut filling).and_then(|rows| filling.send().map(|()| rows));
            drop(filling);
            // nobody listens any more after an interrupt
            let _ = done.send((source, read));
        };
        thread::Builder::new()
            .name("reader".to_owned())
            .spawn(work)
            .map_err(|cause| Error::internal("cannot start a thread").cause(cause))?;
        while let Some(batch) = interrupt::receive(&batches)? {
            take(&batch)?;
            // its memory goes back to be filled again, unless enough is on its way already
            let _ = used.try_send(batch);
        }
        let stopped = || Error::internal("the reader of the source stopped");
        let (source, read) = interrupt::receive(&outcome)?.ok_or_else(stopped)?;
        self.source = Some(source);
        read
    }

    fn source(&mut self) -> Result<Box<dyn Source>> {
        self.source.take().ok_or_else(|| Error::internal("the source is still busy"))
    }
}

/// The reader's end: fills batches and sends them on.
struct Filling {
    batch: Batch,
    sender: SyncSender<Batch>,
    /// Batches that were written already.
    spare: Receiver<Batch>,
}

impl Filling {
    fn send(&mut self) -> Result<()> {
        let mut next = self.spare.try_recv().unwrap_or_else(|_| Batch::with_capacity(BATCH_BYTES));
        next.clear();
        let full = std::mem::replace(&mut self.batch, next);
        self.sender.send(full).map_err(|_| Error::internal("the writer stopped"))
    }

    /// A batch has the rows of one file.
    fn begin_file(&mut self, place: &Place) -> Result<()> {
        if self.batch.is_of_another(place.file.as_deref()) { self.send() } else { Ok(()) }
    }

    fn sent_when_full(&mut self) -> Result<()> {
        if self.batch.len() >= BATCH_BYTES { self.send() } else { Ok(()) }
    }
}

fn spot(place: &Place) -> Spot {
    Spot { line: place.line, byte: place.byte }
}

impl Sink for Filling {
    fn row(&mut self, fields: &[Option<&[u8]>], place: &Place) -> Result<()> {
        self.begin_file(place)?;
        self.batch.push(fields, place.file.as_deref(), spot(place))?;
        self.sent_when_full()
    }

    fn unreadable(
        &mut self,
        reason: Unreadable,
        key: Option<LegacyId>,
        raw: &[u8],
        place: &Place,
    ) -> Result<()> {
        self.begin_file(place)?;
        self.batch.push_unreadable(reason.as_str(), key, raw, place.file.as_deref(), spot(place));
        self.sent_when_full()
    }
}
