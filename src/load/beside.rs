//! Chunks side by side. The server is what a load waits for, so chunks go to several sessions in turn: while they merge,
//! the next one is read here and sent. A chunk that comes to trouble on such a session is carried once more by the first
//! one, which knows what to do about trouble.

use std::mem::take;
use std::ops::RangeInclusive;
use std::sync::mpsc::{Receiver, Sender as Answers, SyncSender, channel, sync_channel};
use std::thread;

use super::Loader;
use super::carry::{Carried, FIRST, Unit, next_row};
use crate::error::{Error, Result};
use crate::interrupt;
use crate::record::LegacyId;
use crate::staging::Which;
use crate::target::{Cause, Failure, Merge, Merged, Target, Writing, encode_row};

/// Bytes handed to a session at once, and how many such pieces may wait for it.
const PIECE: usize = 1 << 16;
const WAITING: usize = 8;

/// What a session's thread is told.
enum Message<'a> {
    Begin(Writing<'a>),
    Piece { bytes: Vec<u8>, rows: u64 },
    End(RangeInclusive<LegacyId>),
}

/// What became of a chunk.
struct Answer {
    merged: Merged,
    done: Result<(), Failure>,
}

/// A chunk that a session has, or had.
struct Sent {
    number: i64,
    ids: Vec<LegacyId>,
}

/// A chunk that came to trouble.
struct Fallen {
    sent: Sent,
    merged: Merged,
    failure: Failure,
    session: usize,
}

/// One session's thread, as it is spoken with.
struct Line<'a> {
    messages: SyncSender<Message<'a>>,
    answers: Receiver<Answer>,
    sent: Option<Sent>,
}

impl<'a> Loader<'a> {
    /// Whether the merge has so many rows that it pays.
    pub(super) fn may_go_side_by_side(&self) -> bool {
        self.options.sessions > 1
            && !self.target.is_rehearsing()
            && !self.options.retry_failed
            && self.total > self.options.chunk.rows.min(FIRST) as u64
    }

    /// Carries what comes after a record over, on several sessions, until all is carried or one chunk comes to trouble,
    /// and that chunk by itself. Returns whether all is carried.
    pub(super) fn carry_side_by_side(
        &mut self,
        carried: &mut Carried<'_>,
        after: &mut Option<LegacyId>,
    ) -> Result<bool> {
        while self.beside.len() < self.options.sessions {
            match self.target.beside() {
                Ok(session) => self.beside.push(session),
                Err(error) => {
                    // one session is enough for everything but the time
                    tracing::debug!("no further session: {error}");
                    self.options.sessions = self.beside.len();
                    if self.beside.len() < 2 {
                        self.options.sessions = 1;
                        return Ok(false);
                    }
                }
            }
        }
        let mut sessions = take(&mut self.beside);
        let merge = carried.merge;
        let mut fallen = Vec::new();
        let is_done = thread::scope(|scope| {
            let mut lines: Vec<Line<'a>> = Vec::new();
            for session in &mut sessions {
                let (messages, told) = sync_channel(WAITING);
                let (answer, answers) = channel();
                scope.spawn(move || serve(session, merge, &told, &answer));
                lines.push(Line { messages, answers, sent: None });
            }
            let mut turn = 0;
            let mut is_done = false;
            while !is_done && fallen.is_empty() {
                interrupt::check()?;
                self.settle(carried, &mut lines[turn], turn, &mut fallen)?;
                if !fallen.is_empty() {
                    break;
                }
                let ids = self.send_chunk(carried, *after, &lines[turn].messages)?;
                match ids.last() {
                    None => is_done = true,
                    Some(last) => {
                        *after = Some(*last);
                        lines[turn].sent = Some(Sent { number: self.writing.number() - 1, ids });
                        turn = (turn + 1) % lines.len();
                    }
                }
            }
            for step in 0..lines.len() {
                let session = (turn + step) % lines.len();
                self.settle(carried, &mut lines[session], session, &mut fallen)?;
            }
            Ok::<bool, Error>(is_done)
        })?;
        if fallen.is_empty() {
            self.beside = sessions;
            return Ok(is_done);
        }
        for chunk in fallen {
            self.carry_fallen(carried, chunk, &mut sessions)?;
        }
        Ok(is_done)
    }

    /// Sends the chunk after a record to a session; returns its records.
    fn send_chunk(
        &mut self,
        carried: &Carried<'_>,
        after: Option<LegacyId>,
        messages: &SyncSender<Message<'a>>,
    ) -> Result<Vec<LegacyId>> {
        let (merge, bar) = (carried.merge, &carried.bar);
        let (rows, bytes) = self.options.chunk.limits();
        let which = Which { after, up_to: None, failed_in: None };
        let gone = |_| Error::internal("a session's thread ended by itself");
        let Self { staging, writing, .. } = self;
        staging.with_ready_among(merge.entity, &merge.columns, which, |ready| {
            let mut ids: Vec<LegacyId> = Vec::new();
            let (mut piece, mut in_piece, mut sent) = (Vec::with_capacity(2 * PIECE), 0, 0);
            while ids.len() < rows && sent < bytes {
                let Some(id) = next_row(merge, ready, |fields| encode_row(&mut piece, fields))? else {
                    break;
                };
                if ids.is_empty() {
                    messages.send(Message::Begin(writing.beside())).map_err(gone)?;
                }
                ids.push(id);
                in_piece += 1;
                if piece.len() >= PIECE {
                    interrupt::check()?;
                    sent += piece.len() as u64;
                    bar.sent(in_piece);
                    let bytes = std::mem::replace(&mut piece, Vec::with_capacity(2 * PIECE));
                    messages.send(Message::Piece { bytes, rows: take(&mut in_piece) }).map_err(gone)?;
                }
            }
            if let Some((first, last)) = ids.first().zip(ids.last()) {
                bar.sent(in_piece);
                messages.send(Message::Piece { bytes: piece, rows: in_piece }).map_err(gone)?;
                messages.send(Message::End(*first..=*last)).map_err(gone)?;
            }
            Ok(ids)
        })
    }

    /// Waits for the chunk that a session has, and notes it.
    fn settle(
        &mut self,
        carried: &mut Carried<'_>,
        line: &mut Line<'_>,
        session: usize,
        fallen: &mut Vec<Fallen>,
    ) -> Result<()> {
        let Some(sent) = line.sent.take() else { return Ok(()) };
        let answer = line.answers.recv();
        let Answer { merged, done } =
            answer.map_err(|_| Error::internal("a session's thread ended by itself"))?;
        carried.bar.settled(sent.ids.len() as u64);
        match done {
            Ok(()) => self.note_sent(carried, sent, merged),
            Err(failure) => {
                fallen.push(Fallen { sent, merged, failure, session });
                Ok(())
            }
        }
    }

    fn note_sent(&mut self, carried: &mut Carried<'_>, sent: Sent, merged: Merged) -> Result<()> {
        let Sent { number, ids } = sent;
        self.note(carried, Unit { number, ids, merged, refused: Vec::new() })?;
        self.note_progress(carried)
    }

    /// Carries a chunk on the first session, once it is known what became of it on another.
    fn carry_fallen(
        &mut self,
        carried: &mut Carried<'_>,
        fallen: Fallen,
        sessions: &mut [Target],
    ) -> Result<()> {
        let Fallen { sent, merged, failure, session } = fallen;
        let merge = carried.merge;
        match failure.cause {
            Cause::Final => return Err(failure.error),
            Cause::Unmarked | Cause::Refused(_) | Cause::Rewritten(..) => {}
            Cause::Passing | Cause::AtCommit => {
                let at_commit = matches!(failure.cause, Cause::AtCommit);
                self.recover(merge, &mut 0, failure.error)?;
                self.recover_beside(merge, &mut sessions[session])?;
                if at_commit && self.is_receipted(merge, sent.number)? {
                    return self.note_sent(carried, sent, merged);
                }
            }
        }
        if let Some((first, last)) = sent.ids.first().zip(sent.ids.last()) {
            let after = Some(LegacyId(first.0 - 1));
            self.carry_range(carried, Which { after, up_to: Some(*last), failed_in: None })?;
        }
        Ok(())
    }
}

/// A session's thread: chunk after chunk, until nobody speaks to it any more.
fn serve(session: &mut Target, merge: &Merge, messages: &Receiver<Message<'_>>, answers: &Answers<Answer>) {
    while let Ok(Message::Begin(mut writing)) = messages.recv() {
        let mut merged = Merged::default();
        let mut is_whole = false;
        let done = session.write_chunk(&mut writing, merge, &mut merged, |sender| {
            loop {
                match messages.recv() {
                    Ok(Message::Piece { bytes, rows }) => sender.forward(&bytes, rows),
                    Ok(Message::End(range)) => {
                        is_whole = true;
                        return Ok(Some(range));
                    }
                    // whoever sent it has given up
                    Ok(Message::Begin(_)) | Err(_) => return Err(Error::interrupted()),
                }
            }
        });
        // what failed before its last row still gets the others
        while !is_whole {
            match messages.recv() {
                Ok(message) => is_whole = matches!(message, Message::End(_)),
                Err(_) => return,
            }
        }
        if answers.send(Answer { merged, done }).is_err() {
            return;
        }
    }
}
