//! File to target, phase by phase: 2A practices and profiles, 2B patients, 2C the associations, and where they take part 3A cases,
//! 3B projects, 3C their states. Every chunk is one
//! transaction with its receipt, so a load killed anywhere and started again ends in the same state, and a run can be
//! undone exactly.
//!
//! Read `carry` next (chunks, isolation), then `again` (retries) and `target::chunk` (what one chunk does).

mod again;
mod backoff;
mod beside;
mod carry;
mod confirm;
mod constraints;
pub mod copies;
mod gone;
mod obstacles;
mod phases;
mod refused;

use std::collections::BTreeMap;

use crate::config::Gone;
use crate::error::{Error, Result};
use crate::interrupt;
use crate::progress::Progress;
use crate::record::Phase;
use crate::staging::{Accounting, Receipt, Refused, Staging, Step, load_operation};
use crate::survey;
use crate::target::{Merge, Target, Writing};

use carry::Carried;
use phases::Phases;

pub use gone::GoneCount;
pub use obstacles::{Obstacles, obstacles};

/// Sessions that write side by side unless somebody wants another number.
pub const SESSIONS: usize = 2;

/// How to load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The phases, in order.
    pub phases: Vec<Phase>,
    /// What a refused record costs.
    pub on_error: OnError,
    /// Try those records alone that the target refused before.
    pub retry_failed: bool,
    /// Do everything, and undo it.
    pub dry_run: bool,
    /// Go on although another copy of the file was loaded since.
    pub over_newer: bool,
    /// What one transaction carries.
    pub chunk: Chunk,
    /// Sessions that write side by side where there is much to write.
    pub sessions: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            phases: Phase::ALL.to_vec(),
            on_error: OnError::Isolate,
            retry_failed: false,
            dry_run: false,
            over_newer: false,
            chunk: Chunk::default(),
            sessions: SESSIONS,
        }
    }
}

/// What happens when the database refuses a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnError {
    /// The load ends.
    Stop,
    /// The record is set apart and the others are loaded.
    Isolate,
}

/// The bounds of one transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chunk {
    /// Rows at most.
    pub rows: usize,
    /// Bytes in COPY's text form at most, to a piece of what is sent at once.
    pub bytes: u64,
}

impl Default for Chunk {
    fn default() -> Self {
        Self { rows: 125_000, bytes: 64 << 20 }
    }
}

impl Chunk {
    fn limits(self) -> (usize, u64) {
        (self.rows.max(1), self.bytes.max(1))
    }
}

/// What a load did, or would do.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Summary {
    /// Whether it was all undone.
    pub dry_run: bool,
    /// What the preflight found that is not in the way.
    pub notes: Vec<String>,
    /// One per merge, in order.
    pub receipts: Vec<Receipt>,
    /// In which columns rows that stood there had another value.
    pub changed: Vec<Changed>,
    /// What the target refused, by what it said.
    pub refused: Vec<RefusedCount>,
    /// Records that the target refuses, whether now or in an earlier load.
    pub failed: u64,
    /// Records that the target still holds and the snapshot no longer does, by entity.
    pub gone_from_source: BTreeMap<&'static str, u64>,
    /// Rows that triggers of the target wrote into tables of others, by table: no undo takes them back.
    pub elsewhere: BTreeMap<String, u64>,
    /// Rows of the loaded tables that stand for no legacy record and that triggers made or changed, by table: no undo takes that back.
    pub beside_records: BTreeMap<String, u64>,
    /// Rows that triggers removed from the loaded tables, by table: no undo gives them back.
    pub removed_by_triggers: BTreeMap<String, u64>,
    /// What was done about rows whose record is gone, by entity, where `policy.gone` says so.
    pub gone: Vec<GoneCount>,
    /// Who sees the rows through the platform's API: each a sentence.
    pub seen_by: Vec<String>,
    /// The fates of every entity's records.
    #[serde(skip)]
    pub accounting: Vec<Accounting>,
}

/// Rows that stood in the target with another value in a column, which they lost.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Changed {
    /// The phase: `2A`.
    pub phase: &'static str,
    /// The entity.
    pub entity: &'static str,
    /// The column, with its table, by the target's names.
    pub column: String,
    /// How many rows.
    pub rows: u64,
}

/// Records refused for the same reason.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct RefusedCount {
    /// The phase: `2A`.
    pub phase: &'static str,
    /// The entity.
    pub entity: &'static str,
    /// The code.
    pub error_code: &'static str,
    /// The plan's category.
    pub error_category: &'static str,
    /// SQLSTATE, table, column and constraint.
    pub context: String,
    /// How many.
    pub records: u64,
    /// The first few.
    pub legacy_ids: Vec<i64>,
}

/// What a load works with.
struct Loader<'a> {
    staging: &'a mut Staging,
    target: &'a mut Target,
    writing: Writing<'a>,
    options: Options,
    /// Sessions beside the first, opened when there is much to write.
    beside: Vec<Target>,
    run_id: i64,
    /// Ready records of the present merge.
    total: u64,
}

/// Loads the phases asked for, in order. `between` is called after each phase that was loaded.
pub fn load(
    staging: &mut Staging,
    target: &mut Target,
    options: &Options,
    run_id: i64,
    progress: Progress,
    mut between: impl FnMut(&mut Staging, &mut Target, Phase) -> Result<()>,
) -> Result<Summary> {
    staging.require(Step::Transform, "load")?;
    staging.go_in_order(8)?;
    survey::expect_target(staging, target)?;
    let phases = Phases::of(staging, &options.phases)?;
    let staging_id = staging.fact("staging_id")?.unwrap_or_default();
    let head = copies::head(staging)?;
    let mut loader = Loader {
        staging,
        target,
        writing: Writing::new(&staging_id, run_id, head),
        options: options.clone(),
        beside: Vec::new(),
        run_id,
        total: 0,
    };
    let entities = loader.staging.sent_entities()?;
    let merges = |phase: &Phase| Merge::of_phase(*phase, &entities);
    let Some(first) = phases.asked.iter().flat_map(merges).next() else {
        return Err(Error::precondition(
            "the configuration leaves every table of the target out, and nothing is to be loaded",
        )
        .hint("name the tables in [target.tables]; `drydock target draft` writes what it recognises"));
    };
    let notes = loader.ask(&first, |loader| {
        let Obstacles { notes, judged, .. } = obstacles(loader.staging, loader.target)?.refuse()?;
        // who stops at the first refusal is told by the database
        for entity in judged.into_iter().filter(|_| loader.options.on_error == OnError::Isolate) {
            loader.target.judge(entity)?;
        }
        loader.target.prepare_load()?;
        Ok(notes)
    })?;
    let over = options.over_newer;
    let beyond = copies::settle(loader.staging, loader.target, &staging_id, over, options.dry_run)?;
    if let Some(beyond) = beyond {
        progress.say(&format!("load: goes over rows of a newer copy, as run {beyond}"));
        loader.run_id = beyond;
        loader.writing = Writing::new(&staging_id, beyond, copies::head(loader.staging)?);
    }
    let notes: Vec<String> = notes
        .into_iter()
        .chain(copies::of_another_file(loader.staging, loader.target, &staging_id)?)
        .collect();
    for note in &notes {
        progress.say(&format!("note: {note}"));
    }
    let config = loader.staging.config()?.unwrap_or_default();
    let (mut going, left) =
        loader.ask(&first, |loader| gone::going(loader.staging, loader.target, &loader.writing, &config))?;
    for note in &left {
        progress.say(&format!("note: {note}"));
    }
    let notes: Vec<String> = notes.into_iter().chain(left).collect();
    if options.dry_run {
        loader.target.begin_rehearsal()?;
    } else {
        loader.staging.begin(Step::Load)?;
        loader.staging.forget_who_came_back()?;
        // the target will say where the journal stood: a power cut must not take that from the file
        loader.staging.flush()?;
    }

    let (mut receipts, mut refused, mut changed) = (Vec::new(), Vec::new(), Vec::new());
    // what they hold is free for others from here on
    if let Some(phase) = phases.asked.first() {
        loader.settle_gone(&mut going, *phase, &phases.asked, progress)?;
    }
    for phase in &phases.asked {
        loader.writing.begin_phase();
        for merge in merges(phase) {
            interrupt::check()?;
            let (receipt, of_merge, of_rows) = loader.merge(&merge, progress)?;
            refused.extend(count_refused(&merge, of_merge));
            changed.extend(of_rows);
            receipts.push(receipt);
        }
        // nobody of ours refers to them any more
        if *phase == phases.last {
            loader.settle_gone(&mut going, *phase, &Phase::ALL, progress)?;
        }
        loader.ask(&first, |loader| loader.target.prove_references(*phase))?;
        if !options.dry_run {
            between(loader.staging, loader.target, *phase)?;
        }
    }
    if phases.asked.contains(&phases.last) && !options.dry_run {
        refused.extend(loader.confirm(progress)?);
    }
    let run_id = loader.run_id;
    let beside_records = loader.ask(&first, |loader| loader.target.beside_records(&staging_id, run_id))?;
    let gone_from_source = if options.dry_run {
        loader.target.end_rehearsal()?;
        BTreeMap::new()
    } else {
        if loader.staging.is_loaded()? {
            loader.staging.complete(Step::Load)?;
        }
        loader.ask(&first, |loader| note_gone(loader.staging, loader.target, &phases.asked))?
    };
    let seen_by =
        if options.dry_run { Vec::new() } else { loader.ask(&first, |loader| loader.target.seen_by())? };
    let elsewhere = loader.of_all_sessions(|target| target.elsewhere().clone());
    let removed_by_triggers = loader.of_all_sessions(Target::removed_by_triggers);
    let Loader { staging, .. } = loader;
    if let Some(beyond) = beyond {
        staging.finish_run(beyond, None)?;
    }

    let now = refused.iter().map(|count| count.records).sum();
    Ok(Summary {
        dry_run: options.dry_run,
        notes,
        receipts,
        changed,
        refused,
        failed: if options.dry_run { now } else { staging.count_failed()? },
        gone_from_source,
        elsewhere,
        beside_records,
        removed_by_triggers,
        gone: going.iter().map(gone::Going::count).collect(),
        seen_by,
        accounting: staging.accounting()?,
    })
}

impl Loader<'_> {
    /// What every session counted by table, together.
    fn of_all_sessions(&self, counted: impl Fn(&Target) -> BTreeMap<String, u64>) -> BTreeMap<String, u64> {
        let mut all = BTreeMap::new();
        for target in self.beside.iter().chain([&*self.target]) {
            for (table, rows) in counted(target) {
                *all.entry(table).or_default() += rows;
            }
        }
        all
    }

    fn merge(&mut self, merge: &Merge, progress: Progress) -> Result<(Receipt, Vec<Refused>, Vec<Changed>)> {
        let operation = load_operation(merge.phase, merge.entity);
        self.total = self.staging.count_ready(merge.entity)?;
        if !self.options.dry_run {
            self.staging.set_progress(&operation, 0, Some(self.total))?;
        }
        if merge.inserts() {
            let released = self.release(merge)?;
            if released > 0 {
                progress.say(&format!(
                    "{operation}: {released} rows no longer stand for a record, which is somebody else or another row now"
                ));
            }
            let claimed = self.claim(merge)?;
            if claimed > 0 {
                progress.say(&format!(
                    "{operation}: {claimed} rows got the legacy id that the survey found for them"
                ));
            }
        }
        let mut carried = Carried::new(merge, progress.start(&operation, Some(self.total)));
        self.carry_all(&mut carried)?;
        let (receipt, refused, changed) = carried.finish();
        let changed = changed.into_iter().map(|(column, rows)| Changed {
            phase: merge.phase.as_str(),
            entity: merge.entity.name,
            column: self.target.place(merge.entity.target_table, column),
            rows,
        });
        Ok((receipt, refused, changed.collect()))
    }

    /// Takes the legacy id from rows whose record is somebody else's now, who gets a row of their own, or is another row, as somebody
    /// decided after it was loaded: to these rows their record is gone.
    fn release(&mut self, merge: &Merge) -> Result<u64> {
        if merge.entity.is_part() || merge.entity.is_onto() {
            return Ok(0);
        }
        let mut rows = self.staging.released(merge.entity)?;
        let decided = self.staging.decided_rows(merge.entity)?;
        if !decided.is_empty() && merge.entity.has_key_column() {
            rows.extend(self.ask(merge, |loader| loader.target.other_rows(merge.entity, &decided))?);
            rows.sort_unstable();
            rows.dedup();
        }
        if rows.is_empty() {
            return Ok(0);
        }
        if !merge.entity.has_key_column() {
            return Err(Error::precondition(format!(
                "{} records of {} are somebody else's than before, and the rows of this target have no column for the legacy id",
                rows.len(),
                merge.entity.name
            ))
            .hint("reject these records in a review, and enter the people in the application"));
        }
        let policy = self.staging.config()?.unwrap_or_default().policy.gone(merge.entity.name);
        self.unit(merge, |_, target, writing| Ok(target.release(writing, merge, &rows, policy != Gone::Keep)))
    }

    /// Gives rows their legacy id that say it elsewhere than in their column.
    fn claim(&mut self, merge: &Merge) -> Result<u64> {
        if merge.entity.is_part() {
            return Ok(0);
        }
        let mut claims = Vec::new();
        self.staging.for_claims(merge.entity, |legacy_id, target_id| {
            claims.push((target_id.to_owned(), legacy_id.to_string()));
        })?;
        if claims.is_empty() {
            return Ok(0);
        }
        self.unit(merge, |_, target, writing| {
            Ok(target.claim(writing, merge, |sender| {
                for (target_id, legacy_id) in &claims {
                    sender.send([Some(target_id.as_str()), Some(legacy_id.as_str())]);
                }
                Ok(())
            }))
        })
    }
}

/// Refused records by what the target said.
fn count_refused(merge: &Merge, refused: Vec<Refused>) -> Vec<RefusedCount> {
    const SHOWN: usize = 10;
    let mut counts: Vec<RefusedCount> = Vec::new();
    for record in refused {
        let same = |count: &&mut RefusedCount| {
            count.error_code == record.code.as_str() && count.context == record.context
        };
        if let Some(count) = counts.iter_mut().find(same) {
            count.records += 1;
            if count.legacy_ids.len() < SHOWN {
                count.legacy_ids.push(record.legacy_id.0);
            }
            continue;
        }
        counts.push(RefusedCount {
            phase: merge.phase.as_str(),
            entity: merge.entity.name,
            error_code: record.code.as_str(),
            error_category: record.code.category().as_str(),
            context: record.context,
            records: 1,
            legacy_ids: vec![record.legacy_id.0],
        });
    }
    counts
}

/// Finds the rows whose legacy record is gone from the snapshot. Nothing is deleted: they are listed in the file, in
/// `v_gone_from_source`.
fn note_gone(
    staging: &mut Staging,
    target: &mut Target,
    phases: &[Phase],
) -> Result<BTreeMap<&'static str, u64>> {
    let mut gone = BTreeMap::new();
    let loaded = staging.accounting()?;
    for entity in staging
        .sent_entities()?
        .into_iter()
        .filter(|entity| phases.contains(&entity.phase) && !entity.is_part())
    {
        let confirmed = loaded.iter().find(|line| line.entity == entity.name).map_or(0, |line| line.loaded);
        // every loaded record has its own row: as many rows as that, and there is no other
        if target.count_ours(entity)? > confirmed {
            let count = staging.note_gone(entity, |each| target.for_our_ids(entity, each))?;
            if count > 0 {
                gone.insert(entity.name, count);
            }
        }
    }
    Ok(gone)
}
