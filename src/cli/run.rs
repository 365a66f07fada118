//! `drydock run`: every step in order. A step that is complete is not done again, so a run that was stopped goes on where
//! it stopped; load and verify are done in any case, because they change nothing that is right already.

use clap::Args;

use super::attention::{attention, graver};
use super::load::How;
use super::session::{SourceArguments, TargetArguments, journalled};
use super::transform::say_warnings;
use super::{Common, text};
use crate::config::Config;
use crate::error::{Kind, Result};
use crate::staging::{Staging, Step};
use crate::status::{self, Status};
use crate::{extract, gate, load, survey, transform, verify};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    pub source: SourceArguments,
    #[command(flatten)]
    pub target: TargetArguments,
    #[command(flatten)]
    pub how: How,
    /// Make the tables of an empty target first, where they are missing
    #[arg(long)]
    pub create_tables: bool,
}

pub(super) fn run(common: &Common, arguments: &Arguments) -> Result<Option<Kind>> {
    let given = common.given_config()?;
    journalled(common, "run", true, |staging, run_id| {
        let config = staging.settle_config(given, false)?;
        let ran = steps(common, arguments, &config, staging, run_id)?;
        common.print(&ran.status, || ran.text())?;
        Ok(ran.ended)
    })
}

/// What a run came to.
pub(super) struct Ran {
    load: load::Summary,
    verification: verify::Summary,
    /// Where the migration stands after it.
    pub status: Status,
    /// What asks for attention.
    pub ended: Option<Kind>,
}

impl Ran {
    /// What people read.
    pub fn text(&self) -> String {
        text::run(&self.status, &self.load, &self.verification)
    }
}

/// The steps, on an open file.
pub(super) fn steps(
    common: &Common,
    arguments: &Arguments,
    config: &Config,
    staging: &mut Staging,
    run_id: i64,
) -> Result<Ran> {
    let progress = common.progress();
    if staging.completed(Step::Extract)?.is_none() {
        let source = arguments.source.open(&config.source)?;
        extract::extract(staging, source, config, extract::Replace::Never, progress)?;
    } else {
        progress.say("extract: the snapshot is complete");
    }
    let mut target = arguments.target.open(config)?;
    survey::expect_target(staging, &mut target)?;
    if arguments.create_tables {
        target.create_tables()?;
    }
    if staging.completed(Step::Survey)?.is_none() {
        let rows = survey::survey(staging, &mut target, config, progress)?.strangers.rows;
        if rows > 0 {
            progress.say(&format!("survey: {rows} rows say that they are somebody else than their record"));
        }
    } else {
        progress.say("survey: the target is known");
    }
    if staging.completed(Step::Transform)?.is_none() {
        say_warnings(&transform::transform(staging, config, progress)?);
    } else {
        progress.say("transform: every record has its fate");
    }
    let phases = staging.phases()?;
    gate::hold(staging, config, &phases, &[], run_id)?;
    let load = arguments.how.load_all(common, staging, &mut target, run_id)?;
    let verification = verify::verify(staging, &mut target, None, progress)?;
    let differs = (!verification.passed()).then_some(Kind::Verification);
    let status = status::read(staging)?;
    let ended = attention(&status.figures.attention, graver(arguments.how.attention(&load), differs));
    Ok(Ran { load, verification, status, ended })
}
