//! `drydock verify`

use clap::Args;

use super::attention::attention;
use super::session::{SourceArguments, TargetArguments, journalled};
use super::{Common, text};
use crate::error::{Kind, Result};
use crate::staging::Asked;
use crate::{interrupt, verify};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    target: TargetArguments,
    /// Also compare the snapshot with the legacy data as they are now: what changed there since is listed by table and
    /// key, and ends the command with 7
    #[arg(long)]
    source: bool,
    #[command(flatten)]
    legacy: SourceArguments,
}

pub(super) fn run(common: &Common, arguments: &Arguments) -> Result<Option<Kind>> {
    let given = common.given_config()?;
    journalled(common, "verify", false, |staging, _| {
        let config = staging.settle_config(given, false)?;
        let mut target = arguments.target.open(&config)?;
        // both ends are opened before the work begins
        let source = arguments
            .wants_source()
            .then(|| {
                let (legacy, config) = (arguments.legacy.clone(), config.source.clone());
                interrupt::waiting(move || legacy.open(&config))
            })
            .transpose()?;
        let source = source.map(|source| verify::Live { source, config: &config });
        let summary = verify::verify(staging, &mut target, source, common.progress())?;
        common.print(&summary, || text::verify(&summary))?;
        Ok(attention(&staging.attention()?, (!summary.passed()).then_some(Kind::Verification)))
    })
}

impl Arguments {
    /// Whether the legacy data are to be read too; saying where they are says so.
    fn wants_source(&self) -> bool {
        let SourceArguments { csv, dump, legacy_url_file } = &self.legacy;
        self.source || csv.is_some() || dump.is_some() || legacy_url_file.is_some()
    }
}
