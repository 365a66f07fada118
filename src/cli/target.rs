//! `drydock target`: what Drydock keeps in the target.

use std::fmt::Write;

use clap::{Args, Subcommand};

use super::Common;
use super::session::{TargetArguments, journalled};
use crate::error::{Kind, Result};
use crate::survey;
use crate::target::{Cleaned, KEPT_DAYS};
use crate::verify;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Remove the rows that the target keeps for an undo, which have patients' values; with them goes the undo
    Clean(Clean),
}

#[derive(Debug, Args)]
struct Clean {
    #[command(flatten)]
    target: TargetArguments,
    /// Of loads that began at least so many days ago
    #[arg(long, value_name = "DAYS", default_value_t = KEPT_DAYS)]
    older_than: u32,
}

pub(super) fn run(common: &Common, arguments: &Arguments) -> Result<Option<Kind>> {
    let Action::Clean(clean) = &arguments.action;
    let given = common.given_config()?;
    journalled(common, "target clean", false, |staging, _| {
        let config = staging.settle_config(given, false)?;
        let mut target = clean.target.open(&config)?;
        survey::expect_target(staging, &mut target)?;
        let staging_id = staging.fact("staging_id")?.unwrap_or_default();
        verify::forget_undo(staging)?;
        let cleaned = target.clean(&staging_id, clean.older_than)?;
        verify::note_undo(staging, &mut target)?;
        common.print(&cleaned, || text(&cleaned))?;
        Ok(None)
    })
}

fn text(cleaned: &Cleaned) -> String {
    let mut text = format!("{} rows as they were before a load are gone\n", cleaned.pre_images);
    for run in &cleaned.runs {
        let _ = writeln!(text, "  run {run} cannot be undone any more");
    }
    text
}

/// What a checkpoint and a rollback say of the rows that the target keeps.
pub(super) fn kept() -> String {
    format!(
        "the schema drydock in the target keeps rows as they were before a load, with their values, until `drydock target clean` \
         removes them: {KEPT_DAYS} days after the load is the time to do so\n"
    )
}
