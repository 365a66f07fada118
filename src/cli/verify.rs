//! `drydock verify`

use clap::Args;

use super::session::{TargetArguments, journalled};
use super::{Common, text};
use crate::error::{Kind, Result};
use crate::verify;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    target: TargetArguments,
}

pub(super) fn run(common: &Common, arguments: &Arguments) -> Result<Option<Kind>> {
    let given = common.given_config()?;
    journalled(common, "verify", false, |staging, _| {
        let config = staging.settle_config(given, false)?;
        let mut target = arguments.target.open(&config)?;
        let summary = verify::verify(staging, &mut target, common.progress())?;
        common.print(&summary, || text::verify(&summary))?;
        Ok((!summary.passed()).then_some(Kind::Verification))
    })
}
