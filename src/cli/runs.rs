//! `drydock runs`: the commands that were run on the file, with the numbers that `rollback --run` takes.

use std::fmt::Write;

use clap::Args;

use super::Common;
use crate::error::{Kind, Result};
use crate::staging::{Reader, RunLine};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Only runs that wrote to the target
    #[arg(long)]
    loads: bool,
}

pub(super) fn run(common: &Common, arguments: &Arguments) -> Result<Option<Kind>> {
    let mut runs = Reader::open(&common.staging)?.runs()?;
    runs.retain(|run| !arguments.loads || run.rows_written.is_some());
    common.print(&serde_json::json!({ "runs": runs }), || text(&runs))?;
    Ok(None)
}

fn text(runs: &[RunLine]) -> String {
    if runs.is_empty() {
        return "no command has been run on the file\n".to_owned();
    }
    let mut text = format!(
        "{:>4}  {:<16}{:<21}{:>8}  {:<12}{:>5}  rows written to the target\n",
        "run", "verb", "started", "seconds", "outcome", "exit"
    );
    let last = runs.iter().map(|run| run.run_id).max();
    for run in runs {
        // one command writes at a time: those before the last that never ended were killed
        let unended = if Some(run.run_id) == last { "at work?" } else { "killed" };
        let dash = || "–".to_owned();
        let written = match (&run.phases, run.rows_written) {
            (Some(phases), Some(rows)) => format!("{rows} ({phases})"),
            _ => String::new(),
        };
        let line = format!(
            "{:>4}  {:<16}{:<21}{:>8}  {:<12}{:>5}  {written}",
            run.run_id,
            run.verb,
            run.started_at,
            run.seconds.map_or_else(dash, |seconds| seconds.to_string()),
            run.outcome.as_deref().unwrap_or(unended),
            run.exit_code.map_or_else(dash, |code| code.to_string()),
        );
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text + "`drydock rollback --run N --dry-run` says what undoing a run would undo\n"
}
