//! `drydock survey`

use clap::Args;

use super::session::{TargetArguments, journalled};
use super::{Common, text};
use crate::error::{Kind, Result};
use crate::survey;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    target: TargetArguments,
    /// Make the tables of an empty target first, where they are missing
    #[arg(long)]
    create_tables: bool,
}

pub(super) fn run(common: &Common, arguments: &Arguments) -> Result<Option<Kind>> {
    let given = common.given_config()?;
    journalled(common, "survey", false, |staging, _| {
        let config = staging.settle_config(given, false)?;
        let mut target = arguments.target.open(&config)?;
        survey::expect_target(staging, &mut target)?;
        if arguments.create_tables {
            target.create_tables()?;
        }
        let summary = survey::survey(staging, &mut target, &config, common.progress())?;
        common.print(&summary, || text::survey(&summary))?;
        Ok(None)
    })
}
