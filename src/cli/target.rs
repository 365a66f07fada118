//! `drydock target draft`: a first mapping for a target that nobody has described yet.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::Common;
use super::session::TargetArguments;
use crate::entity::mapping;
use crate::error::{Kind, Result};
use crate::{output, target};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
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
}

pub(super) fn run(common: &Common, arguments: &Arguments) -> Result<Option<Kind>> {
    match &arguments.verb {
        Verb::Draft { out, target } => draft(common, out.as_deref(), target),
        Verb::Migrations { out } => migrations(common, out),
    }
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
    common.print(&written, || written.join("\n"))?;
    Ok(None)
}

fn draft(common: &Common, out: Option<&Path>, target: &TargetArguments) -> Result<Option<Kind>> {
    let config = common.given_config()?.unwrap_or_default();
    let mut target = target.open(&config)?;
    let draft = mapping::draft(&target.whole_catalog()?);
    match out {
        Some(path) => output::write_new(path, draft.as_bytes())?,
        None => common.write(&draft)?,
    }
    Ok(None)
}
