//! `drydock rehearse`: the whole job against a throw-away likeness of the target, on a copy of the staging file.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use clap::Args;

use super::attention::graver;
use super::session::{TargetArguments, journalled};
use super::{Common, text};
use crate::audit::shred;
use crate::connect::Address;
use crate::error::{Error, Kind, Result};
use crate::output;
use crate::rehearse::{self, Summary};

/// Where the server for the database is.
const VARIABLE: &str = "DRYDOCK_SCRATCH_URL";

#[expect(clippy::doc_markdown, reason = "the comments are the help texts of the flags")]
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    target: TargetArguments,
    /// A file with the URL of a server on which a database may be made for it; otherwise DRYDOCK_SCRATCH_URL
    #[arg(long, value_name = "FILE")]
    scratch_url_file: Option<PathBuf>,
}

pub(super) fn run(common: &Common, arguments: &Arguments) -> Result<Option<Kind>> {
    if arguments.scratch_url_file.is_none() && std::env::var_os(VARIABLE).is_none() {
        return Err(Error::precondition("a rehearsal needs a server for a database of its own").hint(format!(
            "name it in {VARIABLE} or in a file with --scratch-url-file: its role must have the right to make databases; what is \
             there is not touched, and the database is dropped at the end"
        )));
    }
    let server = Address::from_environment_or_file(VARIABLE, arguments.scratch_url_file.as_deref())?;
    let target = arguments.target.address()?;
    let given = common.given_config()?;
    let copy = output::beside(&common.staging, &format!(".rehearsal-{}", std::process::id()));
    rehearse::copy_file(&common.staging, &copy)?;
    let copied = Common { staging: copy.clone(), ..common.clone() };
    let rehearsed = journalled(&copied, "rehearse", false, |staging, run_id| {
        let config = staging.settle_config(given, false)?;
        let summary = rehearse::rehearse(staging, (&target, &server), &config, run_id, common.progress())?;
        common.print(&summary, || shown(&summary))?;
        let differs = summary.differences > 0
            || !summary.failed_checks.is_empty()
            || summary.rolled_back == Some(false);
        let refused = (summary.load.failed > 0).then_some(Kind::Records);
        Ok(graver(refused, differs.then_some(Kind::Verification)))
    });
    let cleared = clear(&copy);
    let ended = rehearsed?;
    cleared?;
    Ok(ended)
}

/// Overwrites and removes the copy, which has the records' values.
fn clear(copy: &Path) -> Result<()> {
    shred(copy)?;
    for beside in ["-wal", "-shm", "-journal"] {
        let mut name = copy.as_os_str().to_owned();
        name.push(beside);
        // there is none where the file was closed in order
        let _ = std::fs::remove_file(PathBuf::from(name));
    }
    Ok(())
}

fn shown(summary: &Summary) -> String {
    let mut text = format!(
        "a rehearsal on a copy of the staging file, against a likeness of {} that is gone again\n",
        summary.target
    );
    let tables: Vec<String> =
        summary.likeness.tables.iter().map(|table| format!("{} {}", table.table, table.rows)).collect();
    let _ = writeln!(text, "  rows copied: {}", tables.join(", "));
    for left in &summary.likeness.left_out {
        let _ = writeln!(text, "  not in it: {left}");
    }
    text.push_str("\nhow long each step took\n");
    for timed in &summary.steps {
        let _ = writeln!(text, "  {:<12}{:>9.1} s", timed.step, timed.seconds);
    }
    text.push_str("\nwhat the real load would write\n");
    text += &text::load(&summary.load);
    text.push_str(&match summary.failed_checks.as_slice() {
        [] => "\nthe verification would pass\n".to_owned(),
        failed => format!(
            "\nthe verification would find {} differences; checks that would fail: {}\n",
            summary.differences,
            failed.join(", ")
        ),
    });
    text.push_str(match summary.rolled_back {
        Some(true) => "a rollback of it gave back every table as it was\n",
        Some(false) => "a rollback of it did not give back every table as it was\n",
        None => "it wrote nothing, and there was nothing to undo\n",
    });
    text
}
