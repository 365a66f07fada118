//! Two copies of one staging file: the target knows of every run that wrote into it and where the journal of its copy stood.
//! A copy whose journal does not go through there is older, or another branch; to load it would turn the clock back.

use crate::error::{Error, Result};
use crate::staging::{Head, Staging, Step};
use crate::target::{KnownRun, Target};

/// The runs in the target that this copy knows nothing of.
fn of_other_copies(staging: &Staging, known: Vec<KnownRun>) -> Result<Vec<KnownRun>> {
    let mut others = Vec::new();
    for run in known {
        let is_ours = match &run.head {
            Some((entries, head)) => staging.goes_through(*entries, head)?,
            None => staging.has_run(run.run_id)?,
        };
        if !is_ours {
            others.push(run);
        }
    }
    Ok(others)
}

/// Refuses a file of which another copy was loaded since. With `over` the load goes on as a run beyond those of both, whose
/// number is returned, and what is loaded over is noted on both sides.
pub(super) fn settle(
    staging: &mut Staging,
    target: &mut Target,
    staging_id: &str,
    over: bool,
    is_dry: bool,
) -> Result<Option<i64>> {
    let others = of_other_copies(staging, target.runs_of(staging_id)?)?;
    let Some(last) = others.last() else { return Ok(None) };
    if !over {
        return Err(refused(staging, &others, last)?);
    }
    if is_dry {
        return Ok(None);
    }
    let runs: Vec<i64> = others.iter().map(|run| run.run_id).collect();
    let beyond = target.last_run_of(staging_id)?;
    let run_id = staging.start_run_beyond(beyond, "load", &runs)?;
    target.supersede(staging_id, &runs, run_id)?;
    Ok(Some(run_id))
}

/// What is good to know: another staging file was loaded since this one's snapshot was taken, so its values may be the newer
/// ones. By the clocks of two machines, so it is no more than a note.
pub(super) fn of_another_file(
    staging: &Staging,
    target: &mut Target,
    staging_id: &str,
) -> Result<Option<String>> {
    let Some(taken) = staging.completed(Step::Extract)? else { return Ok(None) };
    let loaded = target.loaded_by_others_since(staging_id, &taken)?;
    Ok(loaded.map(|loaded| {
        format!(
            "another staging file was loaded into this target at {loaded}, after the snapshot of this one was taken at {taken}: \
             where both have a record, this load gives it this file's values"
        )
    }))
}

/// Refuses to undo anything by a file of which another copy was loaded since: it does not know what it would undo.
pub fn refuse_others(staging: &Staging, target: &mut Target, staging_id: &str) -> Result<()> {
    let others = of_other_copies(staging, target.runs_of(staging_id)?)?;
    match others.last() {
        Some(last) => {
            Err(refused(staging, &others, last)?.hint("roll back by the newest copy, whose runs these are"))
        }
        None => Ok(()),
    }
}

/// Where the journal of a copy stands: how many entries, and the hash of the last.
pub(super) fn head(staging: &Staging) -> Result<(i64, String)> {
    let Head { entries, head } = staging.head()?;
    Ok((i64::try_from(entries).unwrap_or(i64::MAX), head))
}

fn refused(staging: &Staging, others: &[KnownRun], last: &KnownRun) -> Result<Error> {
    let here = staging.head()?.entries;
    let there = last.head.as_ref().map_or_else(String::new, |(entries, _)| {
        format!(", when the journal of that copy had {entries} entries")
    });
    Ok(Error::precondition(format!(
        "another copy of {} was loaded since: the target has rows of {} run(s) that this copy does not know, the last of \
         them run {}, written {}{there}; this copy's journal has {here} and goes another way",
        staging.path().display(),
        others.len(),
        last.run_id,
        last.written_at
    ))
    .hint(
        "load from the newest copy; to load this one over it, which gives the rows their older values, \
         say --over-newer: it is recorded on both sides",
    ))
}
