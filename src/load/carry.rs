//! One merge, chunk by chunk. A chunk that the database refuses is split until the records at fault are alone, and the
//! others are loaded.

use std::collections::BTreeMap;

use super::refused::refused;
use super::{Loader, OnError};
use crate::error::{Error, Result};
use crate::failpoint;
use crate::interrupt;
use crate::progress::Bar;
use crate::record::{LegacyId, Phase};
use crate::staging::{Outcome, ReadyRows, Receipt, Refused, Which, load_operation};
use crate::target::{Cause, Failure, Merge, Merged, Refusal};

/// Rows of the chunk that goes first and alone, where others go side by side after it: it begins the phase.
pub(super) const FIRST: usize = 8192;

/// Rows between two looks at whether to stop, after which the bar moves too.
pub(super) const LOOK: usize = 1000;

/// Parts that a refused chunk is split into at once: few enough to find one bad record soon, many enough that many bad
/// ones do not go through every size.
const PARTS: usize = 16;

/// What one merge has come to so far.
pub struct Carried<'a> {
    pub(super) merge: &'a Merge,
    pub(super) bar: Bar,
    /// All its receipts together.
    pub receipt: Receipt,
    /// The records that the target refuses.
    pub refused: Vec<Refused>,
    /// The columns in which rows that stood there got another value, with how many rows.
    pub changed: BTreeMap<&'static str, u64>,
    made_room: bool,
    /// By the first record of each chunk: a chunk that came to trouble is done after the one that follows it.
    digests: BTreeMap<LegacyId, String>,
}

/// What one unit has done: known before its commit, so that it is known when only the commit's answer is lost.
#[derive(Default)]
pub(super) struct Unit {
    /// The number of its receipt.
    pub number: i64,
    pub ids: Vec<LegacyId>,
    pub merged: Merged,
    pub refused: Vec<(LegacyId, Refusal)>,
}

impl<'a> Carried<'a> {
    pub fn new(merge: &'a Merge, bar: Bar) -> Self {
        Self {
            merge,
            bar,
            receipt: Receipt {
                number: 0,
                phase: merge.phase.as_str().to_owned(),
                entity: merge.entity.name,
                rows: 0,
                inserted: 0,
                updated: 0,
                unchanged: 0,
                digest: String::new(),
            },
            refused: Vec::new(),
            changed: BTreeMap::new(),
            made_room: false,
            digests: BTreeMap::new(),
        }
    }

    /// The receipt of the whole merge: where several chunks made it, its digest is that of theirs.
    pub fn finish(mut self) -> (Receipt, Vec<Refused>, BTreeMap<&'static str, u64>) {
        self.bar.finish();
        let digests: Vec<String> = self.digests.into_values().collect();
        self.receipt.digest = match digests.as_slice() {
            [] => String::new(),
            [only] => only.clone(),
            several => crate::target::digest_of(&several.concat()),
        };
        (self.receipt, self.refused, self.changed)
    }

    fn add(&mut self, first: Option<LegacyId>, receipt: &Receipt) {
        self.receipt.rows += receipt.rows;
        self.receipt.inserted += receipt.inserted;
        self.receipt.updated += receipt.updated;
        self.receipt.unchanged += receipt.unchanged;
        if let Some(first) = first {
            self.digests.insert(first, receipt.digest.clone());
        }
        self.bar.set(self.receipt.rows + self.refused.len() as u64);
    }
}

impl Loader<'_> {
    /// Carries every chunk of the merge over.
    pub fn carry_all(&mut self, carried: &mut Carried<'_>) -> Result<()> {
        let failed_in = self.options.retry_failed.then_some(carried.merge.phase);
        let mut after = None;
        let (mut rows, bytes) = self.options.chunk.limits();
        if self.may_go_side_by_side() {
            rows = rows.min(FIRST);
        }
        loop {
            interrupt::check()?;
            let ids = self.carry(carried, Which { after, up_to: None, failed_in }, (rows, bytes))?;
            let Some(last) = ids.last() else { break };
            after = Some(*last);
            self.note_progress(carried)?;
            let mut is_done = false;
            while !is_done && self.may_go_side_by_side() {
                is_done = self.carry_side_by_side(carried, &mut after)?;
            }
            if is_done {
                break;
            }
            rows = self.options.chunk.limits().0;
        }
        if carried.made_room && !carried.refused.is_empty() {
            let merge = carried.merge;
            let refused: Vec<LegacyId> = carried.refused.iter().map(|refused| refused.legacy_id).collect();
            self.unit(merge, |_, target, writing| Ok(target.give_room_back(writing, merge, &refused)))?;
        }
        Ok(())
    }

    /// Keeps how far the merge is, for whoever looks on.
    pub(super) fn note_progress(&self, carried: &Carried<'_>) -> Result<()> {
        if self.target.is_rehearsing() {
            return Ok(());
        }
        let operation = load_operation(carried.merge.phase, carried.merge.entity);
        let done = carried.receipt.rows + carried.refused.len() as u64;
        self.staging.set_progress(&operation, done, Some(self.total))
    }

    /// Carries the records of a range over, whole or in parts.
    pub(super) fn carry_range(&mut self, carried: &mut Carried<'_>, which: Which) -> Result<()> {
        self.carry(carried, which, (usize::MAX, u64::MAX)).map(drop)
    }

    /// Carries one chunk over, of at most so many rows and bytes, whole or in parts, and returns which records it had.
    fn carry(
        &mut self,
        carried: &mut Carried<'_>,
        which: Which,
        (rows, bytes): (usize, u64),
    ) -> Result<Vec<LegacyId>> {
        let merge = carried.merge;
        let is_whole = which.up_to.is_none();
        loop {
            let bar = &carried.bar;
            let mut under_way = 0;
            let (unit, failure) = self.attempt(merge, |staging, target, writing, unit| {
                // what was sent before the attempt failed is sent once more
                bar.settled(std::mem::take(&mut under_way));
                staging.with_ready_among(merge.entity, &merge.columns, which, |ready| {
                    let Unit { ids, merged, .. } = unit;
                    Ok(target.write_chunk(writing, merge, merged, |sender| {
                        ids.clear();
                        while ids.len() < rows && sender.bytes() < bytes {
                            match next_row(merge, ready, |fields| sender.send(fields))? {
                                Some(id) => ids.push(id),
                                None => break,
                            }
                            if ids.len() % LOOK == 0 {
                                interrupt::check()?;
                                bar.sent(LOOK as u64);
                                under_way += LOOK as u64;
                            }
                        }
                        Ok(ids.first().zip(ids.last()).map(|(first, last)| *first..=*last))
                    }))
                })
            })?;
            carried.bar.settled(under_way);
            let Some(failure) = failure else {
                let ids = unit.ids.clone();
                self.note(carried, unit)?;
                return Ok(ids);
            };
            match &failure.cause {
                // an address that moves between records is free once its holder has its own
                Cause::Refused(refusal)
                    if refusal.sqlstate == "23505" && merge.has_moving_values() && !carried.made_room =>
                {
                    carried.made_room = true;
                    if self.make_room(merge)? > 0 {
                        continue;
                    }
                }
                // a trigger that makes something else of most records is no record's fault
                Cause::Rewritten(_, records) if is_whole && 2 * records > unit.ids.len() as u64 => {
                    return Err(failure.error);
                }
                // what a constraint refuses of the chunk is asked at once, and the others are written
                Cause::Refused(refusal)
                    if self.options.on_error == OnError::Isolate
                        && self.target.judge_chunks(merge, refusal)? =>
                {
                    continue;
                }
                Cause::Refused(_) | Cause::Rewritten(..) => {}
                _ => return Err(failure.error),
            }
            self.isolate(carried, &unit.ids, which.failed_in, failure)?;
            return Ok(unit.ids);
        }
    }

    /// Goes on without the records at fault, once they are found.
    fn isolate(
        &mut self,
        carried: &mut Carried<'_>,
        ids: &[LegacyId],
        failed_in: Option<Phase>,
        failure: Failure,
    ) -> Result<()> {
        interrupt::check()?;
        if self.options.on_error == OnError::Stop {
            return Err(failure.error.hint(
                "nothing of this chunk was written; `--on-error isolate` loads the others and lists the refused records",
            ));
        }
        let batch = carried.merge.phase.batch();
        if ids.len() > batch {
            for part in ids.chunks(ids.len().div_ceil(PARTS).max(batch)) {
                let (Some(first), Some(last)) = (part.first(), part.last()) else { continue };
                let after = Some(LegacyId(first.0 - 1));
                self.carry_range(carried, Which { after, up_to: Some(*last), failed_in })?;
            }
            return Ok(());
        }
        let merge = carried.merge;
        let (mut unit, failure) = self.attempt(merge, |staging, target, writing, unit| {
            let Unit { merged, refused, .. } = unit;
            Ok(target.write_singly(writing, merge, merged, refused, ids, |id, sender| {
                let which = Which { after: Some(LegacyId(id.0 - 1)), up_to: Some(id), failed_in: None };
                staging.with_ready_among(merge.entity, &merge.columns, which, |ready| {
                    next_row(merge, ready, |fields| sender.send(fields)).map(drop)
                })
            }))
        })?;
        if let Some(failure) = failure {
            return Err(failure.error);
        }
        unit.ids =
            ids.iter().filter(|id| !unit.refused.iter().any(|(other, _)| other == *id)).copied().collect();
        self.note(carried, unit)
    }

    /// Gives records their new address that hold one which others are about to get; what stands in the way of that is
    /// found record by record afterwards.
    fn make_room(&mut self, merge: &Merge) -> Result<u64> {
        let columns: Vec<_> = merge.columns.iter().copied().filter(|column| column.unique).collect();
        let mut moved = 0;
        let (_, failure) = self.attempt(merge, |staging, target, writing, _| {
            staging.with_ready_among(merge.entity, &columns, Which::default(), |ready| {
                let done = target.make_room(writing, merge, |sender| {
                    while ready
                        .next(|id, values| {
                            let key = id.to_string();
                            sender.send([Some(key.as_str())].into_iter().chain(values.iter().copied()));
                            Ok(())
                        })?
                        .is_some()
                    {}
                    Ok(())
                });
                Ok(done.map(|rows| moved = rows))
            })
        })?;
        match failure {
            Some(Failure { cause: Cause::Refused(_) | Cause::Rewritten(..), .. }) => Ok(0),
            Some(failure) => Err(failure.error),
            None => Ok(moved),
        }
    }

    /// Keeps in the file what the target has confirmed and what it has refused.
    pub(super) fn note(&mut self, carried: &mut Carried<'_>, unit: Unit) -> Result<()> {
        let merge = carried.merge;
        let Unit { number, ids, mut merged, refused: mut refusals } = unit;
        self.target.find_culprits(merge.entity, &mut refusals)?;
        self.writing.wrote(&merged);
        for list in [&mut merged.inserted, &mut merged.updated, &mut merged.missing] {
            list.sort_unstable();
        }
        let (inserted, updated) = (merged.inserted.len() as u64, merged.updated.len() as u64);
        let missing = merged.missing.len() as u64;
        let receipt = Receipt {
            number,
            rows: merged.rows - missing,
            inserted,
            updated,
            unchanged: merged.rows - missing - inserted - updated,
            digest: merged.digest.clone(),
            ..carried.receipt.clone()
        };
        let is_refused =
            |id: &LegacyId| merged.refused.binary_search_by_key(id, |(refused, _)| *refused).is_ok();
        let outcomes: Vec<(LegacyId, Outcome)> = ids
            .iter()
            .filter(|id| merged.missing.binary_search(id).is_err() && !is_refused(id))
            .map(|id| {
                let outcome = if merged.inserted.binary_search(id).is_ok() {
                    Outcome::Inserted
                } else if merged.updated.binary_search(id).is_ok() {
                    Outcome::Updated
                } else {
                    Outcome::Unchanged
                };
                (*id, outcome)
            })
            .collect();
        let no_row = Refusal::no_row(merge.entity.target_table);
        let watchers = self.target.watchers(merge.entity.target_table);
        let refused: Vec<Refused> = refusals
            .iter()
            .chain(&merged.refused)
            .map(|(id, refusal)| (id, refusal))
            .chain(merged.missing.iter().map(|id| (id, &no_row)))
            .map(|(id, refusal)| refused(merge.entity, *id, refusal, &watchers))
            .collect();
        if !self.target.is_rehearsing() {
            self.staging.record_load(self.run_id, merge.entity, merge.phase, &receipt, &outcomes)?;
            self.staging.record_refused(self.run_id, merge.entity, merge.phase, &refused)?;
            failpoint::reach("after_note");
        }
        let is_any_refused = !refused.is_empty();
        carried.refused.extend(refused);
        for (column, rows) in &merged.changed {
            *carried.changed.entry(column).or_default() += rows;
        }
        carried.add(ids.first().copied(), &receipt);
        if is_any_refused {
            refuse_what_all_are_refused_for(carried, self.target.is_rehearsing())
        } else {
            Ok(())
        }
    }
}

/// Stops where most records are refused, one after the other, for one and the same reason: that is no fault of theirs.
fn refuse_what_all_are_refused_for(carried: &Carried<'_>, is_rehearsing: bool) -> Result<()> {
    const MANY: u64 = 200;
    let refused = carried.refused.len() as u64;
    let tried = carried.receipt.rows + refused;
    if refused < MANY || 2 * refused < tried {
        return Ok(());
    }
    let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
    for one in &carried.refused {
        *reasons.entry(one.context.as_str()).or_default() += 1;
    }
    let Some((reason, records)) = reasons.into_iter().max_by_key(|(_, records)| *records) else {
        return Ok(());
    };
    if 2 * records < tried {
        return Ok(());
    }
    let merge = carried.merge;
    Err(Error::target(format!(
        "{} of the first {tried} {} of phase {} are refused for one reason ({reason}), and the others are not tried",
        records,
        merge.entity.name,
        merge.phase.as_str()
    ))
    .hint(format!(
        "what the target asks for is asked of every record: change it there, or say in the configuration what it needs; {}",
        if is_rehearsing {
            "nothing stays of a dry run"
        } else {
            "what was written is in a run that `drydock rollback` undoes"
        }
    )))
}

/// Hands the next row over with its key, which the file keeps as a number.
pub(super) fn next_row(
    merge: &Merge,
    ready: &mut ReadyRows<'_>,
    each: impl FnOnce(&mut dyn Iterator<Item = Option<&str>>),
) -> Result<Option<LegacyId>> {
    let position = merge.columns.iter().position(|column| column.name == "legacy_id");
    ready.next(|legacy_id, values| {
        let key = legacy_id.to_string();
        each(
            &mut values
                .iter()
                .enumerate()
                .map(|(column, value)| if Some(column) == position { Some(key.as_str()) } else { *value }),
        );
        Ok(legacy_id)
    })
}
