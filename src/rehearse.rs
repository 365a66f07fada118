//! The dress rehearsal: the whole job on a copy of the staging file, against a likeness of the target's tables in a database that
//! is made for it and goes with it. What it takes, and what the real load would write. Neither the file nor the target is written.

use std::path::Path;
use std::time::Instant;

use crate::config::Config;
use crate::connect::Address;
use crate::error::Result;
use crate::load::{self, Options};
use crate::progress::Progress;
use crate::rollback::{self, Back};
use crate::staging::{Staging, Step};
use crate::target::{Likeness, Scratch, Target};
use crate::{survey, transform, verify};

/// How long one step took.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Timed {
    /// `copy`, or the verb.
    pub step: &'static str,
    /// Seconds.
    pub seconds: f64,
}

/// What a rehearsal found.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Summary {
    /// The target that it was a likeness of.
    pub target: String,
    /// What was copied of it, and what was not.
    pub likeness: Likeness,
    /// The steps, in order.
    pub steps: Vec<Timed>,
    /// What the load wrote there, and the real one would.
    pub load: load::Summary,
    /// Checks of the verification that failed, by name.
    pub failed_checks: Vec<String>,
    /// Differences between file and tables after the load.
    pub differences: u64,
    /// Whether a rollback made every table what it was; nothing where there was nothing to undo.
    pub rolled_back: Option<bool>,
}

/// Copies the staging file, so that everything is done on the copy.
pub fn copy_file(from: &Path, to: &Path) -> Result<()> {
    let staging = Staging::open(from)?;
    staging.require(Step::Extract, "rehearse")?;
    staging.copy_to(to)
}

/// Rehearses on a copy of the file. `server` is where the database for it is made.
pub fn rehearse(
    staging: &mut Staging,
    (target, server): (&Address, &Address),
    config: &Config,
    run_id: i64,
    progress: Progress,
) -> Result<Summary> {
    let mut steps = Vec::new();
    let mut begun = Instant::now();
    let mut timed = |step: &'static str, begun: &mut Instant| {
        steps.push(Timed { step, seconds: begun.elapsed().as_secs_f64() });
        *begun = Instant::now();
    };
    let mut real = Target::open(target, &config.target)?;
    survey::expect_target(staging, &mut real)?;
    let scratch = Scratch::make(server)?;
    progress.say(&format!("rehearse: in the database {} of {}", scratch.name(), server.identity()));
    let likeness = real.make_likeness(&scratch.address())?;
    let identity = real.identity().to_owned();
    drop(real);
    timed("copy", &mut begun);

    let mut like = Target::open(&scratch.address(), &config.target)?;
    staging.set_fact("target_identity", like.identity())?;
    staging.set_fact("target_system", &like.system().unwrap_or_default())?;
    survey::survey(staging, &mut like, config, progress)?;
    timed("survey", &mut begun);
    transform::transform(staging, config, progress)?;
    timed("transform", &mut begun);
    verify::forget_undo(staging)?;
    let load = load::load(staging, &mut like, &Options::default(), run_id, progress, |_, _, _| Ok(()))?;
    verify::note_undo(staging, &mut like)?;
    timed("load", &mut begun);
    let verification = verify::verify(staging, &mut like, None, progress)?;
    timed("verify", &mut begun);
    let staging_id = staging.fact("staging_id")?.unwrap_or_default();
    let has_written = like.live_phases(&staging_id)?.iter().any(|(run, _)| *run == run_id);
    let rolled_back = if has_written {
        let undone = rollback::rollback(staging, &mut like, Back::Run(run_id), false, false)?;
        timed("rollback", &mut begun);
        Some(undone.is_exact())
    } else {
        None
    };
    drop(like);
    scratch.drop_now()?;
    let failed = verification.checks.iter().filter(|check| !check.passed());
    let failed_checks = failed.map(|check| check.name.clone()).collect();
    Ok(Summary {
        target: identity,
        likeness,
        steps,
        load,
        failed_checks,
        differences: verification.differences,
        rolled_back,
    })
}
