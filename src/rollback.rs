//! Undoes what a load did to the target: one run, or everything since a checkpoint. Rows that others changed since, or
//! refer to now, are named and left.

use std::collections::BTreeMap;

use crate::error::{Error, Kind, Result};
use crate::record::Phase;
use crate::staging::{Staging, Step};
use crate::survey;
use crate::target::{Afterwards, Left, Target, Undone};

/// How far back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Back {
    /// One run.
    Run(i64),
    /// To where things stood after 2A (1), 2B (2) or 2C (3).
    Checkpoint(Phase),
}

/// What a rollback did, or would do.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Summary {
    /// Whether it was itself undone.
    pub dry_run: bool,
    /// Run by run, the latest first.
    pub undone: Vec<Undone>,
    /// The digest of the tables afterwards.
    pub digest: String,
    /// The digest that they had before what was undone; unknown when nothing was.
    pub digest_before: Option<String>,
    /// Rows that others wrote since, and that no run had touched.
    pub of_others: u64,
    /// Columns that were added, changed or dropped since.
    pub altered: Vec<String>,
    /// Rows that triggers of the target wrote into or removed from tables of others meanwhile, by table: nothing gives them back.
    pub elsewhere: BTreeMap<String, u64>,
}

impl Summary {
    /// Rows that are not what they were before the run touched them.
    pub fn left(&self) -> usize {
        self.undone.iter().flat_map(|run| &run.left).filter(|left| !left.is_gone()).count()
    }

    /// Rows that stand for no legacy record and that triggers wrote while the runs loaded.
    pub fn of_triggers(&self) -> u64 {
        self.undone.iter().map(|run| run.of_triggers).sum()
    }

    /// Whether every row that was touched is what it was.
    pub fn is_exact(&self) -> bool {
        let is_told = |run: &Undone| run.beside_triggers > 0 || run.left.iter().any(Left::is_gone);
        let is_altered = !self.altered.is_empty();
        self.left() == 0
            && (self.of_triggers() == 0 || self.is_as_before())
            && (self.is_as_before() || self.of_others > 0 || is_altered || self.undone.iter().any(is_told))
    }

    /// Whether every table is what it was.
    pub fn is_as_before(&self) -> bool {
        self.digest_before.as_deref().is_none_or(|before| before == self.digest)
    }
}

/// Rolls back.
pub fn rollback(
    staging: &mut Staging,
    target: &mut Target,
    back: Back,
    force: bool,
    dry_run: bool,
) -> Result<Summary> {
    survey::expect_target(staging, target)?;
    let staging_id = staging.fact("staging_id")?.unwrap_or_default();
    crate::load::copies::refuse_others(staging, target, &staging_id)?;
    let runs = runs_back(staging, target, &staging_id, back)?;
    let back: Vec<i64> = runs.iter().map(|(run, _)| *run).collect();
    if let Some(run) = target.cleaned_of(&staging_id, &back)? {
        return Err(Error::precondition(format!(
            "run {run} cannot be undone: the rows as they were before it are cleaned away"
        ))
        .hint("nothing was undone; a checkpoint's target.sql gives the tables back as a whole"));
    }
    let lacking = target.lacking(&staging.sent_entities()?)?;
    if !lacking.is_empty() {
        return Err(Error::target(format!("nothing can be undone:\n  {}", lacking.join("\n  ")))
            .hint("make again what is gone, by its name and type; its values come back with the rows"));
    }
    target.prepare_load()?;
    if dry_run {
        target.begin_rehearsal()?;
    } else {
        // whatever happens from here, the file no longer says that everything is loaded
        staging.begin(Step::Load)?;
    }
    let mut summary = match undo(target, &staging_id, &runs, force, dry_run) {
        Ok(summary) => summary,
        Err(error) => {
            // nothing was undone, so what was loaded still is
            if !dry_run && staging.is_loaded()? {
                staging.complete(Step::Load)?;
            }
            return Err(error);
        }
    };
    if dry_run {
        target.end_rehearsal()?;
    } else {
        let phases: Vec<_> =
            runs.iter().flat_map(|(run, phases)| phases.iter().map(|phase| (*run, *phase))).collect();
        staging.forget_loads(&phases)?;
    }
    summary.elsewhere.clone_from(target.elsewhere());
    Ok(summary)
}

/// Undoes the runs and compares the digests.
pub fn undo(
    target: &mut Target,
    staging_id: &str,
    runs: &[(i64, Vec<Phase>)],
    force: bool,
    dry_run: bool,
) -> Result<Summary> {
    let mut digest_before = None;
    if let Some((run, phases)) = runs.last() {
        for phase in phases {
            digest_before = digest_before.or(target.digest_before(staging_id, *run, *phase)?);
        }
    }
    let Afterwards { undone, digest, of_others, altered } =
        target.undo(staging_id, runs, digest_before.as_deref(), force)?;
    Ok(Summary { dry_run, undone, digest, digest_before, of_others, altered, elsewhere: BTreeMap::new() })
}

/// What has to be undone, the latest first.
fn runs_back(
    staging: &Staging,
    target: &mut Target,
    staging_id: &str,
    back: Back,
) -> Result<Vec<(i64, Vec<Phase>)>> {
    let live = target.live_phases(staging_id)?;
    match back {
        Back::Run(run) => {
            let later: Vec<String> = {
                let mut runs: Vec<i64> =
                    live.iter().map(|(live, _)| *live).filter(|live| *live > run).collect();
                runs.dedup();
                runs.iter().map(ToString::to_string).collect()
            };
            if !live.iter().any(|(live, _)| *live == run) && staging.has_loaded(run)? {
                return Err(Error::new(
                    Kind::Verification,
                    format!("the target no longer has what it knew of run {run}, which loaded records by this file"),
                )
                .hint(
                    "nothing was undone; a checkpoint's target.sql gives the tables back as a whole, and another copy of \
                     this file may have undone the run",
                ));
            }
            if !live.iter().any(|(live, _)| *live == run) {
                return Err(Error::precondition(format!("run {run} has nothing in this target to undo"))
                    .hint("the runs of the file are in its table runs; those that wrote are in its table receipts"));
            }
            if !later.is_empty() {
                return Err(Error::precondition(format!(
                    "run {run} cannot be undone before the later run {} is",
                    later.join(", ")
                ))
                .hint("undo the latest run first, or everything since a checkpoint with --to-checkpoint"));
            }
            Ok(since(&live, run, None))
        }
        Back::Checkpoint(phase) => {
            let checkpoint = phase.checkpoint();
            let wrote = live.iter().rev().find(|(_, live)| *live == phase).map(|(run, _)| *run);
            let run = staging.checkpoint_run(checkpoint)?.or(wrote).ok_or_else(|| {
                Error::precondition(format!(
                    "there is no checkpoint {checkpoint}, and no load has written {}",
                    phase.as_str()
                ))
                .hint("undo a run with --run; the table receipts of the staging file has the numbers")
            })?;
            Ok(since(&live, run, Some(phase)))
        }
    }
}

/// What was written since `phase` of `run`, or since before `run`: the latest run first, its phases in order.
pub fn since(live: &[(i64, Phase)], run: i64, phase: Option<Phase>) -> Vec<(i64, Vec<Phase>)> {
    let mut runs: Vec<(i64, Vec<Phase>)> = Vec::new();
    for (live_run, live_phase) in live {
        if *live_run < run || (*live_run == run && phase.is_some_and(|phase| *live_phase <= phase)) {
            continue;
        }
        match runs.last_mut() {
            Some((last, phases)) if last == live_run => phases.push(*live_phase),
            _ => runs.push((*live_run, vec![*live_phase])),
        }
    }
    runs.reverse();
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_goes_first_and_the_checkpoint_s_own_phase_stays() {
        use Phase::{Associations, Patients, Profiles};
        let live = [(4, Profiles), (4, Patients), (4, Associations), (7, Patients)];
        assert_eq!(since(&live, 7, None), [(7, vec![Patients])]);
        assert_eq!(since(&live, 4, Some(Profiles)), [(7, vec![Patients]), (4, vec![Patients, Associations])]);
        assert_eq!(since(&live, 7, Some(Patients)), []);
    }
}
