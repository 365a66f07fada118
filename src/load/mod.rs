//! File to target, phase by phase: 2A practices and profiles, 2B patients, 2C the associations. Every chunk is one
//! transaction with its receipt, so a load killed anywhere and started again ends in the same state, and a run can be
//! undone exactly.
//!
//! Read `carry` next (chunks, isolation), then `again` (retries) and `target::chunk` (what one chunk does).

mod again;
mod backoff;
mod beside;
mod carry;
mod confirm;
pub mod copies;
mod parents;
mod refused;

use std::collections::BTreeMap;

use crate::entity;
use crate::entity::catalog::Catalog;
use crate::error::{Error, Result};
use crate::interrupt;
use crate::progress::Progress;
use crate::record::Phase;
use crate::staging::{Accounting, Receipt, Refused, Staging, Step, load_operation};
use crate::survey;
use crate::target::{Demand, Demands, Merge, Target, Writing, drift};

use carry::Carried;

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
    /// What the target refused, by what it said.
    pub refused: Vec<RefusedCount>,
    /// Records that the target refuses, whether now or in an earlier load.
    pub failed: u64,
    /// Records that the target holds and the snapshot no longer does, by entity; they were left alone.
    pub gone_from_source: BTreeMap<&'static str, u64>,
    /// The fates of every entity's records.
    #[serde(skip)]
    pub accounting: Vec<Accounting>,
}

/// Records refused for the same reason.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct RefusedCount {
    /// `2A`, `2B` or `2C`.
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
    require_earlier_phases(staging, &options.phases)?;
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
    let Some(first) = options.phases.iter().flat_map(merges).next() else {
        return Err(Error::internal("no phase to load"));
    };
    let notes = loader.ask(&first, |loader| {
        let notes = refuse_obstacles(loader.staging, loader.target)?;
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
    if options.dry_run {
        loader.target.begin_rehearsal()?;
    } else {
        loader.staging.begin(Step::Load)?;
        // the target will say where the journal stood: a power cut must not take that from the file
        loader.staging.flush()?;
    }

    let (mut receipts, mut refused) = (Vec::new(), Vec::new());
    for phase in &options.phases {
        loader.writing.begin_phase();
        for merge in merges(phase) {
            interrupt::check()?;
            let (receipt, of_merge) = loader.merge(&merge, progress)?;
            refused.extend(count_refused(&merge, of_merge));
            receipts.push(receipt);
        }
        loader.ask(&first, |loader| loader.target.prove_references(*phase))?;
        if !options.dry_run {
            between(loader.staging, loader.target, *phase)?;
        }
    }
    if options.phases.iter().any(|phase| phase.is_last()) && !options.dry_run {
        refused.extend(loader.confirm(progress)?);
    }
    let gone_from_source = if options.dry_run {
        loader.target.end_rehearsal()?;
        BTreeMap::new()
    } else {
        if loader.staging.is_loaded()? {
            loader.staging.complete(Step::Load)?;
        }
        loader.ask(&first, |loader| note_gone(loader.staging, loader.target, &options.phases))?
    };
    let Loader { staging, .. } = loader;
    if let Some(beyond) = beyond {
        staging.finish_run(beyond, None)?;
    }

    let now = refused.iter().map(|count| count.records).sum();
    Ok(Summary {
        dry_run: options.dry_run,
        notes,
        receipts,
        refused,
        failed: if options.dry_run { now } else { staging.count_failed()? },
        gone_from_source,
        accounting: staging.accounting()?,
    })
}

impl Loader<'_> {
    fn merge(&mut self, merge: &Merge, progress: Progress) -> Result<(Receipt, Vec<Refused>)> {
        let operation = load_operation(merge.phase, merge.entity);
        self.total = self.staging.count_ready(merge.entity)?;
        if !self.options.dry_run {
            self.staging.set_progress(&operation, 0, Some(self.total))?;
        }
        if merge.inserts() {
            let claimed = self.claim(merge)?;
            if claimed > 0 {
                progress.say(&format!(
                    "{operation}: {claimed} rows got the legacy id that the survey found for them"
                ));
            }
        }
        let mut carried = Carried::new(merge, progress.start(&operation, Some(self.total)));
        self.carry_all(&mut carried)?;
        Ok(carried.finish())
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

/// Refuses a phase whose records refer to those of an earlier one that has not been loaded: all would be refused.
fn require_earlier_phases(staging: &Staging, phases: &[Phase]) -> Result<()> {
    let first = phases.iter().min().copied();
    for earlier in Phase::ALL.into_iter().filter(|phase| Some(*phase) < first && !phases.contains(phase)) {
        let untried = staging.count_untried(earlier)?;
        if untried > 0 {
            let wanted: Vec<&str> = phases.iter().map(|phase| phase.as_str()).collect();
            return Err(Error::precondition(format!(
                "phase {} cannot be loaded yet: {untried} records of phase {} have not been",
                wanted.join(", "),
                earlier.as_str()
            ))
            .hint("load the phases in order, or all of them with `drydock load`"));
        }
    }
    Ok(())
}

/// Finds everything that is in the way before the first write, in the catalog and by the rights as they are now. Returns
/// what is not in the way but good to know.
fn refuse_obstacles(staging: &Staging, target: &mut Target) -> Result<Vec<String>> {
    let conditions = target.conditions()?;
    let catalog = target.catalog()?;
    let mut demands = Demands::new();
    for entity in staging.sent_entities()? {
        for column in entity.columns {
            demands.insert(
                (entity.name, column.name),
                Demand {
                    labels: match column.kind {
                        entity::Kind::Enum(_) => staging.labels_used(entity, column)?,
                        _ => Vec::new(),
                    },
                    // a column that a later phase adds is never sent as null
                    has_null: column.write == entity::Write::Always
                        && column.nullable
                        && staging.has_null(entity, column)?,
                },
            );
        }
    }
    let mut problems = conditions.problems();
    if !target.may_hold_triggers() {
        problems.push(format!(
            "target.triggers is \"off\", and role {0} may not switch them off for itself: grant set on parameter \
             session_replication_role to {0}, or leave it \"on\"",
            conditions.role
        ));
    }
    problems.extend(target.preflight(&catalog, &demands));
    let mut told = Vec::new();
    // what is missing cannot be asked
    if problems.is_empty() {
        let (missing, notes) = parents::look(staging, target, &catalog)?;
        problems.extend(missing);
        told = notes;
    }
    let drift: Vec<String> = drift(&staging.catalog()?, &catalog)
        .into_iter()
        .map(|change| format!("since the survey: {change}"))
        .collect();
    if problems.is_empty() {
        let size = size_note(staging, target, &catalog)?;
        return Ok(conditions.notes().into_iter().chain(told).chain(drift).chain(size).collect());
    }
    problems.extend(drift);
    Err(Error::target(format!("the target cannot take the records:\n  {}", problems.join("\n  "))).hint(
        "nothing was written; fix the target or the configuration, then run `drydock survey` and `drydock transform` \
         again",
    ))
}

/// What the rows that no load has tried yet will take in the target, as far as it can be told: a row is as long as those
/// of a sample, and every index has an entry for it.
fn size_note(staging: &Staging, target: &mut Target, catalog: &Catalog) -> Result<Option<String>> {
    const ROW_HEAD: u64 = 32;
    const INDEX_ENTRY: u64 = 48;
    let mut wanted = 0;
    for entity in staging.sent_entities()? {
        let (rows, bytes) = staging.untried_size(entity)?;
        let keys = catalog.keys.iter().filter(|key| {
            key.table == entity.target_table && matches!(key.kind.as_str(), "p" | "u" | "i" | "f")
        });
        wanted += rows * (bytes + ROW_HEAD + keys.count() as u64 * INDEX_ENTRY);
    }
    let megabytes = |bytes: u64| bytes.div_ceil(1 << 20);
    if megabytes(wanted) < 2 {
        return Ok(None);
    }
    let now = target.count("asking for the size", "select pg_database_size(current_database())")?;
    Ok(Some(format!(
        "the rows will take about {} MB in the target, where the database has {} MB now, and as much again in its log",
        megabytes(wanted),
        megabytes(now)
    )))
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
