//! `drydock transform`

use clap::Args;

use super::attention::attention;
use super::session::journalled;
use super::{Common, text};
use crate::error::{Error, Kind, Result};
use crate::staging::Asked;
use crate::status;
use crate::transform::{self, Summary};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Take the configuration given with --config in place of the file's own
    #[arg(long, requires = "config")]
    reconfigure: bool,
    /// Threads to decide with; all processors by default
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
}

pub(super) fn run(common: &Common, arguments: &Arguments) -> Result<Option<Kind>> {
    let given = common.given_config()?;
    if let Some(threads) = arguments.threads {
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build_global()
            .map_err(|cause| Error::internal("the threads cannot be started").cause(cause))?;
    }
    journalled(common, "transform", false, |staging, _| {
        let config = staging.settle_config(given, arguments.reconfigure)?;
        let summary = transform::transform(staging, &config, common.progress())?;
        if common.json {
            common.print(&status::read(staging)?, String::new)?;
        } else {
            let kept_back = super::gate::dependencies(&summary.kept_back);
            common.print(&(), || text::transform(&summary) + &kept_back)?;
        }
        say_warnings(&summary);
        Ok(attention(&staging.attention()?, None))
    })
}

/// Says on standard error what somebody has to look at after a transform that was done.
pub(super) fn say_warnings(summary: &Summary) {
    if summary.stale_decisions > 0 {
        tell!(
            "warning: decisions that decide nothing, because the snapshot lacks the record or the one they name: {}\n\
             hint: look at v_decisions in the staging file, where state is 'stale'",
            summary.stale_decisions
        );
    }
    if summary.changed_decisions > 0 {
        tell!(
            "note: decisions that hold, about records that say something else since they were made: {}\n\
             hint: they are asked again (`drydock review export`); v_decisions lists them, where state is 'changed'",
            summary.changed_decisions
        );
    }
    for left in &summary.left_in_file {
        tell!(
            "note: {} rows of {} stay in the file, because the target has no table {}\n\
             hint: make the table (`drydock survey --create-tables` makes it in an empty target), survey and transform again",
            left.rows,
            left.legacy_table,
            left.target_table
        );
    }
    if !summary.obstacles.is_empty() {
        tell!("warning: the target cannot take the records, and no load will start before it can:");
        for obstacle in &summary.obstacles {
            tell!("  {}: {}", obstacle.category().as_str(), obstacle);
        }
    }
}
