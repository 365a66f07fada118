//! `drydock rollback`

use clap::Args;

use super::session::{TargetArguments, journalled};
use super::{Common, text};
use crate::error::{Kind, Result};
use crate::record::Phase;
use crate::rollback::{self, Back};
use crate::verify;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    target: TargetArguments,
    #[command(flatten)]
    back: BackArguments,
    /// Undo rows that someone else has changed since, too
    #[arg(long)]
    force: bool,
    /// Do everything in one transaction that is rolled back, and say what would be undone and what would be left
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Clone, Args)]
#[group(required = true, multiple = false)]
struct BackArguments {
    /// The run to undo; `drydock runs` has the numbers
    #[arg(long, value_name = "N")]
    run: Option<i64>,
    /// Undo everything since this checkpoint: from 1 to 6
    #[arg(long, value_name = "N", value_parser = super::checkpoint::phase_before)]
    to_checkpoint: Option<Phase>,
}

pub(super) fn run(common: &Common, arguments: &Arguments) -> Result<Option<Kind>> {
    let given = common.given_config()?;
    journalled(common, "rollback", false, |staging, _| {
        let config = staging.settle_config(given, false)?;
        let mut target = arguments.target.open(&config)?;
        let back = match (arguments.back.run, arguments.back.to_checkpoint) {
            (Some(run), _) => Back::Run(run),
            (None, phase) => Back::Checkpoint(phase.unwrap_or(Phase::ALL[0])),
        };
        if !arguments.dry_run {
            verify::forget_undo(staging)?;
        }
        let working = common.progress().spin("rollback: undoing");
        let summary = rollback::rollback(staging, &mut target, back, arguments.force, arguments.dry_run)?;
        if !arguments.dry_run {
            verify::note_undo(staging, &mut target)?;
        }
        drop(working);
        common.print(&summary, || text::rollback(&summary) + &super::target::kept())?;
        Ok((!summary.is_exact()).then_some(Kind::Verification))
    })
}
