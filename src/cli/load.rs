//! `drydock load`

use clap::{Args, ValueEnum};

use super::session::{TargetArguments, journalled};
use super::{Common, text};
use crate::error::{Kind, Result};
use crate::load;
use crate::record::Phase;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    target: TargetArguments,
    /// Load one phase only
    #[arg(long, value_enum)]
    phase: Option<PhaseArgument>,
}

/// The plan's phases, as they are typed.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum PhaseArgument {
    /// Practices and profiles
    #[value(name = "2a")]
    Profiles,
    /// Patients; needs 2a
    #[value(name = "2b")]
    Patients,
    /// Associations; needs 2a and 2b
    #[value(name = "2c")]
    Associations,
}

impl From<PhaseArgument> for Phase {
    fn from(argument: PhaseArgument) -> Self {
        match argument {
            PhaseArgument::Profiles => Phase::Profiles,
            PhaseArgument::Patients => Phase::Patients,
            PhaseArgument::Associations => Phase::Associations,
        }
    }
}

pub(super) fn run(common: &Common, arguments: &Arguments) -> Result<Option<Kind>> {
    let given = common.given_config()?;
    journalled(common, "load", false, |staging, run_id| {
        let config = staging.settle_config(given, false)?;
        let phases = arguments.phase.map_or(Phase::ALL.to_vec(), |phase| vec![phase.into()]);
        let mut target = arguments.target.open(&config)?;
        let summary = load::load(staging, &mut target, &phases, run_id, common.progress())?;
        common.print(&summary, || text::load(&summary))?;
        Ok(None)
    })
}
