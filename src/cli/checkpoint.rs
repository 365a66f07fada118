//! `drydock checkpoint`

use std::path::PathBuf;

use clap::Args;

use super::attention::attention;
use super::session::{TargetArguments, journalled};
use super::{Common, text};
use crate::checkpoint;
use crate::error::{Kind, Result};
use crate::record::Phase;
use crate::staging::Asked;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// 1 after phase 2a, 2 after 2b, 3 after 2c
    #[arg(value_name = "N", value_parser = phase_before)]
    number: Phase,
    #[command(flatten)]
    target: TargetArguments,
    /// A folder that does not exist yet, or is empty
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

pub(super) fn run(common: &Common, arguments: &Arguments) -> Result<Option<Kind>> {
    let given = common.given_config()?;
    journalled(common, "checkpoint", false, |staging, run_id| {
        let config = staging.settle_config(given, false)?;
        let mut target = arguments.target.open(&config)?;
        let working = common.progress().spin("checkpoint: copying, backing up, proving");
        let summary = checkpoint::checkpoint(staging, &mut target, arguments.number, &arguments.out, run_id)?;
        drop(working);
        common.print(&summary, || text::checkpoint(&summary) + &super::target::kept())?;
        let is_sound = summary.validation.passed && summary.rollback.holds();
        Ok(attention(&staging.attention()?, (!is_sound).then_some(Kind::Verification)))
    })
}

/// The phase before the checkpoint of this number.
pub(super) fn phase_before(number: &str) -> std::result::Result<Phase, String> {
    let phase = number.parse().ok().and_then(Phase::of_checkpoint);
    phase.ok_or_else(|| format!("a number from 1 to {} is wanted", Phase::ALL.len()))
}
