//! `drydock extract`

use clap::Args;

use super::session::{SourceArguments, journalled};
use super::{Common, text};
use crate::error::{Kind, Result};
use crate::extract;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    source: SourceArguments,
    /// Replace a complete snapshot by a fresh one
    #[arg(long)]
    replace: bool,
}

pub(super) fn run(common: &Common, arguments: &Arguments) -> Result<Option<Kind>> {
    let given = common.given_config()?;
    // the source comes first: when it cannot be opened there is no file to leave behind
    let mut source = arguments.source.open(&given.clone().unwrap_or_default().source)?;
    journalled(common, "extract", true, |staging, _| {
        let config = staging.settle_config(given, false)?;
        let summary = extract::extract(staging, &mut *source, &config, arguments.replace, common.progress())?;
        common.print(&summary, || text::extract(&summary, staging.path()))?;
        Ok(None)
    })
}
