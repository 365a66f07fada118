//! `drydock extract`

use clap::Args;

use super::attention::say_empty;
use super::session::{SourceArguments, journalled};
use super::{Common, text};
use crate::config::Config;
use crate::error::{Kind, Result};
use crate::extract::Replace;
use crate::legacy::Source;
use crate::staging::{Asked, Reader};
use crate::{config, extract, interrupt};

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub(super) struct Arguments {
    #[command(flatten)]
    source: SourceArguments,
    /// Replace a complete snapshot by a fresh one of the same system, whatever its name is now
    #[arg(long, conflicts_with = "check")]
    replace: bool,
    /// With --replace: the source is the same system under another name, though its users do not show it
    #[arg(long, requires = "replace")]
    same_source: bool,
    /// With --replace: the source has fewer columns or tables than before, and what they said becomes null
    #[arg(long, requires = "replace")]
    fewer_columns: bool,
    /// Take nothing: compare the snapshot in the file with the source as it is now, and name the tables and keys that
    /// changed, came or went. Ends with 0 when nothing did, with 7 when something did
    #[arg(long)]
    check: bool,
}

pub(super) fn run(common: &Common, arguments: &Arguments) -> Result<Option<Kind>> {
    if arguments.check {
        return check(common, arguments);
    }
    let given = common.given_config()?;
    // the source comes first: when it cannot be opened there is no file to leave behind
    let config = match &given {
        Some(given) => given.clone(),
        None => kept(common)?.unwrap_or_default(),
    };
    let source = open(arguments, &config.source)?;
    journalled(common, "extract", true, |staging, _| {
        let config = staging.settle_config(given, false)?;
        let replace = if arguments.replace {
            Replace::Newer { as_said: arguments.same_source, with_fewer_columns: arguments.fewer_columns }
        } else {
            Replace::Never
        };
        let summary = extract::extract(staging, source, &config, replace, common.progress())?;
        common.print(&summary, || text::extract(&summary, staging.path()))?;
        say_empty(&staging.empty_tables()?);
        for other in summary.instead() {
            tell!(
                "warning: {} has no row, but the schema {} has a table of that name\n\
                 hint: dump that schema alone (pg_dump --schema={}), if its rows are meant",
                other.table,
                other.schema,
                other.schema
            );
        }
        Ok(None)
    })
}

/// The configuration of a file that is there already: by that the source was read before.
fn kept(common: &Common) -> Result<Option<Config>> {
    if common.staging.exists() { Reader::look(&common.staging)?.config() } else { Ok(None) }
}

fn check(common: &Common, arguments: &Arguments) -> Result<Option<Kind>> {
    let given = common.given_config()?;
    journalled(common, "extract --check", false, |staging, _| {
        let config = staging.settle_config(given, false)?;
        let source = open(arguments, &config.source)?;
        let report = extract::check(staging, source, &config, common.progress())?;
        common.print(&report, || text::extract_check(&report))?;
        Ok((!report.same).then_some(Kind::Verification))
    })
}

/// Opens the source without keeping an interrupt waiting.
fn open(arguments: &Arguments, config: &config::Source) -> Result<Box<dyn Source>> {
    let (source, config) = (arguments.source.clone(), config.clone());
    interrupt::waiting(move || source.open(&config))
}
