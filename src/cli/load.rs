//! `drydock load`

use std::path::PathBuf;

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};

use super::attention::attention;
use super::session::{TargetArguments, journalled};
use super::{Common, text};
use crate::checkpoint;
use crate::error::{Kind, Result};
use crate::load::{self, Chunk, OnError, Options};
use crate::record::Phase;
use crate::staging::{Asked, Staging};
use crate::target::Target;
use crate::verify;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    target: TargetArguments,
    #[command(flatten)]
    how: How,
    #[command(flatten)]
    overrides: super::gate::Overrides,
    /// Load one phase only
    #[arg(long, value_enum)]
    phase: Option<Phase>,
    /// Do everything in one transaction that is rolled back, and say what would be done and what would be refused
    #[arg(long, conflicts_with = "checkpoints")]
    dry_run: bool,
    /// Try only the records that the target refused before
    #[arg(long)]
    retry_failed: bool,
}

/// How records go over, for `load` and for `run`.
#[derive(Debug, Clone, Args)]
pub(super) struct How {
    /// What happens when the target refuses a record
    #[arg(long, value_enum, default_value = "isolate")]
    on_error: OnErrorArgument,
    /// Refused records beyond which the command ends with exit code 6
    #[arg(long, value_name = "N", default_value_t = 0)]
    max_rejects: u64,
    /// Records in one transaction at most
    #[arg(long, value_name = "N", default_value_t = Chunk::default().rows, value_parser = rows)]
    chunk_rows: usize,
    /// Sessions that write side by side where there is much to write
    #[arg(long, value_name = "N", default_value_t = load::SESSIONS, value_parser = sessions)]
    sessions: usize,
    /// Go on although the target has rows of a newer copy of this file, and give them back their older values; recorded
    #[arg(long)]
    over_newer: bool,
    /// A folder for the checkpoints that are taken after each phase
    #[arg(long, value_name = "DIR")]
    checkpoints: Option<PathBuf>,
}

impl Default for How {
    fn default() -> Self {
        Self {
            on_error: OnErrorArgument::Isolate,
            max_rejects: 0,
            chunk_rows: Chunk::default().rows,
            sessions: load::SESSIONS,
            over_newer: false,
            checkpoints: None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OnErrorArgument {
    /// End the load
    Stop,
    /// Set the record apart and load the others
    Isolate,
}

impl ValueEnum for Phase {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.argument()).help(self.title()))
    }
}

impl How {
    fn options(&self) -> Options {
        Options {
            on_error: match self.on_error {
                OnErrorArgument::Stop => OnError::Stop,
                OnErrorArgument::Isolate => OnError::Isolate,
            },
            chunk: Chunk { rows: self.chunk_rows, ..Chunk::default() },
            sessions: self.sessions,
            over_newer: self.over_newer,
            ..Options::default()
        }
    }

    /// Loads, with a checkpoint after each phase where they are wanted.
    fn load(
        &self,
        common: &Common,
        staging: &mut Staging,
        target: &mut Target,
        options: &Options,
        run_id: i64,
    ) -> Result<load::Summary> {
        let progress = common.progress();
        if !options.dry_run {
            verify::forget_undo(staging)?;
        }
        let summary = load::load(staging, target, options, run_id, progress, |staging, target, phase| {
            let Some(folder) = &self.checkpoints else { return Ok(()) };
            let folder = checkpoint::folder_among(folder, phase.checkpoint(), run_id);
            let taken = checkpoint::checkpoint(staging, target, phase, &folder, run_id)?;
            progress.say(text::checkpoint(&taken).trim_end());
            Ok(())
        })?;
        if !options.dry_run {
            verify::note_undo(staging, target)?;
        }
        Ok(summary)
    }

    /// Loads every phase.
    pub fn load_all(
        &self,
        common: &Common,
        staging: &mut Staging,
        target: &mut Target,
        run_id: i64,
    ) -> Result<load::Summary> {
        self.load(common, staging, target, &self.options(), run_id)
    }

    /// Whether more records were refused than may be.
    pub fn attention(&self, summary: &load::Summary) -> Option<Kind> {
        (summary.failed > self.max_rejects).then_some(Kind::Records)
    }
}

pub(super) fn run(common: &Common, arguments: &Arguments) -> Result<Option<Kind>> {
    let given = common.given_config()?;
    journalled(common, "load", false, |staging, run_id| {
        let config = staging.settle_config(given, false)?;
        let phases = arguments.phase.map_or_else(|| staging.phases(), |phase| Ok(vec![phase]))?;
        let options = Options {
            phases,
            retry_failed: arguments.retry_failed,
            dry_run: arguments.dry_run,
            ..arguments.how.options()
        };
        if !options.dry_run {
            arguments.overrides.hold(staging, &config, &options.phases, run_id)?;
        }
        let mut target = arguments.target.open(&config)?;
        let summary = arguments.how.load(common, staging, &mut target, &options, run_id)?;
        common.print(&summary, || text::load(&summary))?;
        Ok(attention(&staging.attention()?, arguments.how.attention(&summary)))
    })
}

fn rows(text: &str) -> std::result::Result<usize, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("a whole number from 1 up is wanted".to_owned()),
        Ok(rows) => Ok(rows),
    }
}

fn sessions(text: &str) -> std::result::Result<usize, String> {
    match text.parse() {
        Ok(sessions @ 1..=8) => Ok(sessions),
        _ => Err("a whole number from 1 to 8 is wanted".to_owned()),
    }
}
