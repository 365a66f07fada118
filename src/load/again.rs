//! What passing trouble interrupts is done again: a unit of work, or anything else that is asked of the target while a load
//! goes on. A session that broke is replaced first.

use std::thread;
use std::time::{Duration, Instant};

use super::carry::Unit;
use super::{Loader, backoff};
use crate::error::{Error, Result};
use crate::interrupt;
use crate::staging::Staging;
use crate::target::{Cause, Failure, Merge, Target, Writing};

impl Loader<'_> {
    /// Does a unit, and again while what stops it passes, at most [`backoff::RETRIES`] times. After a connection that
    /// broke at the commit the receipt decides.
    pub(super) fn attempt(
        &mut self,
        merge: &Merge,
        mut work: impl FnMut(&Staging, &mut Target, &mut Writing<'_>, &mut Unit) -> Result<Result<(), Failure>>,
    ) -> Result<(Unit, Option<Failure>)> {
        let mut attempt = 0;
        loop {
            let mut unit = Unit { number: self.writing.number(), ..Unit::default() };
            let done = work(self.staging, self.target, &mut self.writing, &mut unit)?;
            let Err(failure) = done else { return Ok((unit, None)) };
            let at_commit = matches!(failure.cause, Cause::AtCommit);
            if self.target.is_rehearsing() || !(at_commit || matches!(failure.cause, Cause::Passing)) {
                return Ok((unit, Some(failure)));
            }
            self.recover(merge, &mut attempt, failure.error)?;
            if at_commit && self.is_receipted(merge, unit.number)? {
                self.writing.written(true);
                return Ok((unit, None));
            }
        }
    }

    /// Does a unit that moves rows out of the way or claims them, in the same manner; returns how many rows it changed.
    /// One that was done although its answer was lost changes none the second time.
    pub(super) fn unit(
        &mut self,
        merge: &Merge,
        mut work: impl FnMut(&Staging, &mut Target, &mut Writing<'_>) -> Result<Result<u64, Failure>>,
    ) -> Result<u64> {
        let mut changed = 0;
        let (_, failure) = self.attempt(merge, |staging, target, writing, _| {
            Ok(work(staging, target, writing)?.map(|rows| changed = rows))
        })?;
        failure.map_or(Ok(changed), |failure| Err(failure.error))
    }

    /// Asks something of the target, and again when the session breaks meanwhile. `merge` is the one in whose name the
    /// retries are recorded.
    pub(super) fn ask<T>(
        &mut self,
        merge: &Merge,
        mut work: impl FnMut(&mut Self) -> Result<T>,
    ) -> Result<T> {
        let mut attempt = 0;
        loop {
            match work(self) {
                Err(error) if self.target.is_broken() && !self.target.is_rehearsing() => {
                    self.recover(merge, &mut attempt, error)?;
                }
                done => return done,
            }
        }
    }

    /// Whether the unit with this number was committed.
    pub(super) fn is_receipted(&mut self, merge: &Merge, number: i64) -> Result<bool> {
        self.ask(merge, |loader| Ok(loader.target.is_receipted(&loader.writing, number)?))
    }

    /// Waits and makes sure that there is a session to go on with.
    pub(super) fn recover(&mut self, merge: &Merge, attempt: &mut u32, error: Error) -> Result<()> {
        self.wait(merge, attempt, error)?;
        while self.target.is_broken() {
            if let Err(again) = self.target.reconnect() {
                self.wait(merge, attempt, again)?;
            }
        }
        Ok(())
    }

    /// Makes sure that what a session beside the first was doing has ended, and that it can go on.
    pub(super) fn recover_beside(&mut self, merge: &Merge, session: &mut Target) -> Result<()> {
        let mut attempt = 0;
        while session.is_broken() {
            if let Err(again) = session.reconnect() {
                self.wait(merge, &mut attempt, again)?;
            }
        }
        Ok(())
    }

    /// Waits before the next try, or gives up with the error that stood in the way.
    fn wait(&self, merge: &Merge, attempt: &mut u32, error: Error) -> Result<()> {
        interrupt::check()?;
        if *attempt == backoff::RETRIES {
            return Err(error);
        }
        *attempt += 1;
        let pause = backoff::pause(*attempt);
        let reason = error.to_string();
        let reason = reason.lines().next().unwrap_or_default();
        tracing::warn!("{} {}: {reason}; trying again", merge.phase.as_str(), merge.entity.name);
        self.staging.record_retry(self.run_id, (merge.entity, merge.phase), *attempt, reason, pause)?;
        sleep(pause)
    }
}

/// Waits, unless somebody asks the command to end.
fn sleep(pause: Duration) -> Result<()> {
    let started = Instant::now();
    while let Some(left) = pause.checked_sub(started.elapsed()) {
        interrupt::check()?;
        thread::sleep(left.min(Duration::from_millis(50)));
    }
    interrupt::check()
}
