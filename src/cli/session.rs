//! What the verbs share: the staging file opened and journalled, the two databases opened.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use clap::Args;

use super::Common;
use crate::audit::place;
use crate::config::{self, Config};
use crate::connect::{Address, Side, connect};
use crate::error::{Error, Kind, Result};
use crate::legacy::{self, CsvOptions, PostgresSource, Source};
use crate::staging::{Staging, Step, or_interrupted};
use crate::target::Target;

/// Where the legacy data are.
#[expect(clippy::doc_markdown, reason = "the comments are the help texts of the flags")]
#[derive(Debug, Clone, Default, Args)]
pub(super) struct SourceArguments {
    /// A folder of CSV files, or a zip or tar archive of one: a file for each table (auth_user.csv, …)
    #[arg(long, value_name = "DIR", conflicts_with_all = ["dump", "legacy_url_file"])]
    pub csv: Option<PathBuf>,
    /// A pg_dump script, or another one of COPY or INSERT statements, possibly compressed; or a folder or archive of them
    #[arg(long, value_name = "FILE", conflicts_with = "legacy_url_file")]
    pub dump: Option<PathBuf>,
    /// A file with the legacy database's URL; otherwise DRYDOCK_LEGACY_URL
    #[arg(long, value_name = "FILE")]
    pub legacy_url_file: Option<PathBuf>,
}

/// Where the target is.
#[expect(clippy::doc_markdown, reason = "the comments are the help texts of the flags")]
#[derive(Debug, Clone, Default, Args)]
pub(super) struct TargetArguments {
    /// A file with the target's URL; otherwise DRYDOCK_TARGET_URL
    #[arg(long, value_name = "FILE")]
    pub target_url_file: Option<PathBuf>,
    /// Known already, as in the demonstration
    #[arg(skip)]
    pub address: Option<Address>,
}

impl SourceArguments {
    /// Whether anything says where the source is.
    pub fn is_named(&self) -> bool {
        let by_flag = self.csv.is_some() || self.dump.is_some() || self.legacy_url_file.is_some();
        by_flag || std::env::var_os(Side::Legacy.variable()).is_some()
    }

    /// The files, opened, when the source is files.
    pub fn files(&self, config: &config::Source) -> Option<Result<Box<dyn Source>>> {
        let path = self.csv.as_ref().or(self.dump.as_ref())?;
        Some(csv_options(&config.csv).and_then(|options| legacy::open(path, options)))
    }

    /// Where the database is, from the environment or the file.
    pub fn address(&self) -> Result<Address> {
        Address::from_environment_or_file(Side::Legacy.variable(), self.legacy_url_file.as_deref())
    }

    /// Opens the source.
    pub fn open(&self, config: &config::Source) -> Result<Box<dyn Source>> {
        if let Some(files) = self.files(config) {
            return files;
        }
        let address = self.address()?;
        let client = connect(Side::Legacy, &address)?;
        Ok(Box::new(PostgresSource::new(client, &address)?))
    }
}

impl TargetArguments {
    /// Whether anything says where the target is.
    pub fn is_named(&self) -> bool {
        let by_argument = self.address.is_some() || self.target_url_file.is_some();
        by_argument || std::env::var_os(Side::Target.variable()).is_some()
    }

    /// Where the target is, from the environment or the file.
    pub fn address(&self) -> Result<Address> {
        match &self.address {
            Some(address) => Ok(address.clone()),
            None => {
                Address::from_environment_or_file(Side::Target.variable(), self.target_url_file.as_deref())
            }
        }
    }

    /// Opens the target.
    pub fn open(&self, config: &Config) -> Result<Target> {
        Target::open(&self.address()?, &config.target)
    }
}

fn csv_options(config: &config::Csv) -> Result<CsvOptions> {
    let mut options = CsvOptions { null: config.null.clone(), ..CsvOptions::default() };
    match config.delimiter.as_bytes() {
        [] => {}
        [delimiter] => options.delimiter = Some(*delimiter),
        _ => {
            return Err(Error::precondition("source.csv.delimiter is not a single character")
                .hint("write one of , ; | or a tab as \"\\t\", or leave the key out"));
        }
    }
    match config.quote.as_bytes() {
        [] => {}
        [quote] if options.delimiter != Some(*quote) => options.quote = *quote,
        _ => {
            return Err(Error::precondition(
                "source.csv.quote is not a single character, or is the delimiter",
            )
            .hint("write one character such as ', or leave the key out"));
        }
    }
    if !config.encoding.is_empty() {
        options.encoding = Some(config.encoding.clone());
    }
    Ok(options)
}

/// A configuration of this name is one that somebody meant; it is read when it is named, like any other.
const UNREAD: &str = "drydock.toml";

/// Runs `work` on the staging file as one journalled command. When the file was made for this command and the command fails before
/// its snapshot is whole, it is taken away again: nothing half-written is left. From then on it is kept, whatever becomes of the
/// command: the target may have rows by now that nobody could undo without it.
pub(super) fn journalled(
    common: &Common,
    verb: &str,
    may_create: bool,
    work: impl FnOnce(&mut Staging, i64) -> Result<Option<Kind>>,
) -> Result<Option<Kind>> {
    let is_new = may_create && !common.staging.exists();
    // the demonstration's people are invented
    if verb != "demo" {
        if is_new {
            place::refuse_open_to_all(&common.staging)?;
        }
        for warning in place::warnings(&common.staging, is_new) {
            tell!("warning: {warning}");
        }
        if is_new && common.config.is_none() && Path::new(UNREAD).exists() {
            tell!(
                "warning: {UNREAD} in this folder was not read, because nobody named it with --config: a new staging file keeps \
                 the defaults"
            );
        }
    }
    let mut staging =
        if may_create { Staging::open_or_create(&common.staging)? } else { Staging::open(&common.staging)? };
    let made = is_new.then(|| identity(&common.staging)).flatten();
    staging.settle_identity()?;
    let run_id = staging.start_run(verb, &super::given::arguments())?;
    let before = staging.complete_steps()?;
    let ended = work(&mut staging, run_id).map_err(or_interrupted);
    let kind = match &ended {
        Ok(kind) => *kind,
        Err(error) => Some(error.kind()),
    };
    let kept = !is_new || ended.is_ok() || !matches!(staging.completed(Step::Extract), Ok(None));
    let closed = if kept { staging.finish_run(run_id, kind).and_then(|()| staging.flush()) } else { Ok(()) };
    if ended.is_ok() && !common.quiet {
        tell_what_comes_again(verb, &before, &staging.complete_steps()?);
    }
    drop(staging);
    if !kept {
        // somebody may have moved it, and put another one in its place
        if made.is_some() && identity(&common.staging) == made {
            // the command's own error is the one to show
            let _ = fs::remove_file(&common.staging);
        } else {
            tell!(
                "warning: {} is not the file that this command made, and was left alone; the one it made is incomplete, \
                 wherever it was moved to",
                common.staging.display()
            );
        }
    }
    let ended = ended?;
    closed?;
    Ok(ended)
}

/// Says which other steps the command has undone, because it changed what they build on.
fn tell_what_comes_again(verb: &str, before: &[Step], after: &[Step]) {
    let undone = before.iter().filter(|step| !after.contains(step)).map(|step| step.word());
    let again: Vec<&str> = undone.filter(|word| *word != verb).collect();
    if !again.is_empty() {
        tell!("note: to be done again, because what it builds on has changed: {}", again.join(", "));
    }
}

/// Which file a path leads to.
fn identity(path: &Path) -> Option<(u64, u64)> {
    fs::symlink_metadata(path).ok().map(|file| (file.dev(), file.ino()))
}

/// Notes in the journal that somebody was shown values of records. Looking works on a file that cannot be written, too; then
/// it is said that nothing was noted.
pub(super) fn note_look(common: &Common, verb: &str, subject: &serde_json::Value) {
    let noted = Staging::open(&common.staging).and_then(|mut staging| staging.note_look(verb, subject));
    if let Err(error) = noted {
        let why = error.to_string();
        tell!("warning: not noted in the journal: {}", why.lines().next().unwrap_or_default());
    }
}

impl Common {
    /// The configuration given on the command line.
    pub(super) fn given_config(&self) -> Result<Option<Config>> {
        self.config.as_deref().map(Config::read).transpose()
    }
}
