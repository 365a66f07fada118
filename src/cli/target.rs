//! `drydock target`: a first mapping for a target that nobody has described yet, what makes Drydock's own tables, and what Drydock
//! keeps in a target.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::Common;
use super::session::{TargetArguments, journalled};
use crate::entity::mapping;
use crate::error::{Kind, Result};
use crate::target::{self, Cleaned, KEPT_DAYS};
use crate::{output, survey, verify};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Read the catalog and write a commented mapping for it: what is recognised, and what needs a person
    Draft {
        /// A new file; without it the draft is printed
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        #[command(flatten)]
        target: TargetArguments,
    },
    /// Write what makes Drydock's own tables as migrations of a Supabase project
    Migrations {
        /// A folder, such as supabase/migrations; files that are there stay
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
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

impl Arguments {
    /// Whether it is about the staging file.
    pub(super) const fn has_a_journal(&self) -> bool {
        matches!(self.action, Action::Clean(_))
    }
}

pub(super) fn run(common: &Common, arguments: &Arguments) -> Result<Option<Kind>> {
    match &arguments.action {
        Action::Draft { out, target } => draft(common, out.as_deref(), target),
        Action::Migrations { out } => migrations(common, out),
        Action::Clean(arguments) => clean(common, arguments),
    }
}

fn draft(common: &Common, out: Option<&Path>, target: &TargetArguments) -> Result<Option<Kind>> {
    let config = common.given_config()?.unwrap_or_default();
    let mut target = target.open(&config)?;
    let draft = mapping::draft(&target.whole_catalog()?);
    match out {
        Some(path) => {
            output::write_new(path, draft.as_bytes())?;
            let written = path.display().to_string();
            common.print(&serde_json::json!({ "written": [written] }), || {
                format!("the draft is in {written}")
            })?;
        }
        None if common.json => common.print(&serde_json::json!({ "draft": draft }), String::new)?,
        None => common.write(&draft)?,
    }
    Ok(None)
}

/// Migrations are known by their moment: these come before those of any application.
fn migrations(common: &Common, out: &Path) -> Result<Option<Kind>> {
    output::folders(out)?;
    let mut written = Vec::new();
    for (number, (name, sql)) in (1..).zip(target::scripts()) {
        let file = out.join(format!("2025010100000{number}_drydock_{name}.sql"));
        output::write_new(&file, sql.as_bytes())?;
        written.push(file.display().to_string());
    }
    common.print(&serde_json::json!({ "written": written }), || written.join("\n"))?;
    Ok(None)
}

fn clean(common: &Common, arguments: &Clean) -> Result<Option<Kind>> {
    let given = common.given_config()?;
    journalled(common, "target clean", false, |staging, _| {
        let config = staging.settle_config(given, false)?;
        let mut target = arguments.target.open(&config)?;
        survey::expect_target(staging, &mut target)?;
        let staging_id = staging.fact("staging_id")?.unwrap_or_default();
        verify::forget_undo(staging)?;
        let cleaned = target.clean(&staging_id, arguments.older_than)?;
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
