//! The command line: one small file per verb with its arguments, its call and what it prints. The only part that touches
//! the terminal. Results go to standard output; progress, log lines and errors to standard error.

/// Says something on standard error.
macro_rules! tell {
    ($($words:tt)*) => { $crate::cli::tell(&format!($($words)*)) };
}

mod analyze;
mod attention;
mod audit;
mod auth;
mod checkpoint;
mod columns;
mod demo;
mod diff;
mod doctor;
mod duplicates;
mod errors;
mod explain;
mod extract;
mod gate;
mod given;
mod groups;
mod help;
mod lessons;
mod load;
mod masked;
mod rehearse;
mod report;
mod review;
mod rollback;
mod run;
mod runs;
mod session;
mod shell;
mod shred;
mod status;
mod survey;
mod target;
mod text;
mod transform;
mod verify;

use std::fmt::Write as _;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, FromArgMatches, Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use crate::error::{Error, Kind, Result};
use crate::interrupt;
use crate::output;
use crate::progress::Progress;
use crate::record::plain;
use crate::staging::{Reader, or_interrupted};
use crate::style::{self, Stream};

/// Offline staging migrator: legacy tables into one SQLite file, resolved there, loaded into Supabase, and proved.
#[derive(Debug, Parser)]
#[command(name = "drydock", version, max_term_width = 110, disable_help_subcommand = true)]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    verb: Verb,
}

/// The flags that every verb has.
#[derive(Debug, Clone, Args)]
pub(crate) struct Common {
    /// The staging file
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "DRYDOCK_STAGING",
        default_value = "staging.drydock",
        display_order = 900
    )]
    staging: PathBuf,
    /// The configuration; without it the one in the staging file, else the defaults
    #[arg(long, global = true, value_name = "FILE", display_order = 901)]
    config: Option<PathBuf>,
    /// Print the result as JSON
    #[arg(long, global = true, display_order = 902)]
    json: bool,
    /// Show no progress
    #[arg(long, global = true, display_order = 903)]
    quiet: bool,
    /// Say where the journal ends in all its digits
    #[arg(long, global = true, display_order = 904)]
    verbose: bool,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Examine source and target, and say what is wrong and what to do
    Doctor(doctor::Arguments),
    /// Take a snapshot of the legacy database into the staging file
    Extract(extract::Arguments),
    /// Look at what the target is and already holds
    Survey(survey::Arguments),
    /// A first mapping for a target with other tables, and what Drydock keeps in a target
    Target(target::Arguments),
    /// Decide every record's fate, offline
    Transform(transform::Arguments),
    /// How each column of the snapshot is written, and how much of it can be read
    Columns(columns::Arguments),
    /// Say why profiles are missing in the target, and what resolves every error of phase 2A
    Analyze(analyze::Arguments),
    /// Show the plan's gates, or approve one
    Gate(gate::Arguments),
    /// Everything about one record, with its values
    Explain(explain::Arguments),
    /// List what is wrong with records, without values
    Errors(errors::Arguments),
    /// Compare two staging files: which records end differently, and why
    Diff(diff::Arguments),
    /// Load what is ready into the target
    Load(load::Arguments),
    /// Copy, back up, validate, and prove that the last phase can be undone
    Checkpoint(checkpoint::Arguments),
    /// Undo a load in the target, exactly
    Rollback(rollback::Arguments),
    /// Write the accounts that people need to sign in, for review
    Auth(auth::Arguments),
    /// Do the whole job against a throw-away likeness of the target, and say how long it takes and what it would write
    Rehearse(rehearse::Arguments),
    /// Compare the target with the staging file, record by record and field by field
    Verify(verify::Arguments),
    /// Extract, survey, transform, load and verify in this order, going on where an earlier run stopped
    Run(run::Arguments),
    /// Put what needs a person before one, and take the decisions back
    Review(review::Arguments),
    /// Where the migration stands
    Status(status::Arguments),
    /// One page about the migration: HTML, Markdown or JSON
    Report(report::Arguments),
    /// What this migration teaches: the commonest causes and their remedies, without values
    Lessons(lessons::Arguments),
    /// List the commands that were run on the file, with the numbers that rollback takes
    Runs(runs::Arguments),
    /// Find the records of one person in any CSV file of people
    Duplicates(duplicates::Arguments),
    /// Seal a copy of the staging file for an audit, or check one
    Audit(audit::Arguments),
    /// Overwrite and remove a staging file
    Shred(shred::Arguments),
    /// Generate an invented world and migrate it
    Demo(demo::Arguments),
    /// The help of a verb, a page of the manual, or what a code means and what to do about it
    Help(help::Arguments),
    /// Print what a shell needs to complete the command line
    Completions(shell::Completions),
    /// Print the manual page
    Man(shell::Man),
}

impl Common {
    fn progress(&self) -> Progress {
        Progress::new(self.quiet || self.json)
    }

    /// Prints a result: its text, or its JSON.
    fn print(&self, result: &impl serde::Serialize, text: impl FnOnce() -> String) -> Result<()> {
        let shown = if self.json {
            in_json(
                &serde_json::to_string_pretty(result)
                    .map_err(|cause| Error::internal("a result cannot be printed").cause(cause))?,
            )
        } else {
            plain(&text()).into_owned()
        };
        self.draw("", &format!("{}\n", shown.trim_end()))
    }

    /// Writes to standard output: to a file as it stands, to a terminal without anything that steers it.
    #[expect(clippy::unused_self, reason = "only the verbs may write there")]
    fn write(&self, text: &str) -> Result<()> {
        put(&if std::io::stdout().is_terminal() { plain(text).into_owned() } else { text.to_owned() })
    }

    /// Writes what people read, its leading words coloured, after what has the terminal draw it over what was there.
    fn draw(&self, before: &str, text: &str) -> Result<()> {
        if self.json {
            return self.write(text);
        }
        put(&(before.to_owned() + &style::shown(&plain(text), Stream::Out)))
    }
}

/// Writes to standard output.
fn put(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        // whoever read the output has seen enough
        Err(cause) if cause.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(output::unwritten("standard output", cause, "look at where it goes"))
        }
        _ => Ok(()),
    }
}

/// Runs the command line that this process was started with.
pub fn main() -> ExitCode {
    quiet_panics();
    keep_memory();
    let filter =
        EnvFilter::try_from_env("DRYDOCK_LOG").unwrap_or_else(|_| EnvFilter::new("warn,postgres=error"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let mut command = groups::command();
    let parsed = command.try_get_matches_from_mut(std::env::args_os());
    let cli = match parsed.and_then(|found| Cli::from_arg_matches(&found)) {
        Ok(cli) => cli,
        Err(error) => {
            let code = if error.use_stderr() { Kind::Usage.into() } else { ExitCode::SUCCESS };
            // help and version go to standard output, usage errors, which repeat an argument, to standard error
            if error.use_stderr() {
                if std::env::args_os().any(|argument| argument == "--json") {
                    let message = error.render().to_string();
                    let first = message.lines().next().unwrap_or_default().trim_start_matches("error: ");
                    say_as_json(&Error::new(Kind::Usage, first).hint("`drydock help VERB` has the options"));
                }
                tell(error.render().to_string().trim_end());
            } else {
                let _ = error.print();
            }
            return code;
        }
    };
    if std::env::args_os().skip(1).any(|argument| masked::is_secret(&argument.to_string_lossy())) {
        let error = Error::new(
            Kind::Usage,
            "an argument holds a password or a private key, which every user of this machine can read in the list of \
             processes",
        )
        .hint(
            "a URL goes into DRYDOCK_LEGACY_URL, DRYDOCK_TARGET_URL or a file, its password into PGPASSWORD or the file that \
             PGPASSFILE names, a key into a file",
        );
        return fail(&error, cli.common.json);
    }
    let code = match interrupt::listen(say).and_then(|()| dispatch(&cli)).map_err(or_interrupted) {
        Ok(None) => ExitCode::SUCCESS,
        Ok(Some(kind)) => kind.into(),
        Err(error) => fail(&error, cli.common.json),
    };
    if cli.verb.has_a_journal() {
        let is_kept = matches!(&cli.verb, Verb::Audit(_) | Verb::Status(_));
        say_head(&cli.common.staging, cli.common.verbose || is_kept);
    }
    code
}

/// Says what went wrong.
fn say(error: &Error) {
    tell!("error: {error}");
}

/// The one way to standard error: without secrets, and without anything that steers a terminal.
fn tell(text: &str) {
    style::say(&style::shown(&plain(&masked::masked(text)), Stream::Err));
}

/// JSON whose texts steer no terminal: the format itself only escapes the first 32 characters.
fn in_json(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        if matches!(letter, '\u{7f}'..='\u{9f}') {
            let _ = write!(safe, "\\u{:04x}", u32::from(letter));
        } else {
            safe.push(letter);
        }
    }
    safe
}

/// Says it in the form that was asked for; its exit code.
fn fail(error: &Error, is_json: bool) -> ExitCode {
    if is_json {
        say_as_json(error);
    }
    say(error);
    error.kind().into()
}

/// The same as a JSON document on standard output, for whoever asked for JSON: the result itself is not printed then.
fn say_as_json(error: &Error) {
    let said = serde_json::json!({ "error": {
        "kind": error.kind().as_str(),
        "message": masked::masked(&error.message()),
        "hint": error.what_next().map(masked::masked),
        "exit_code": error.kind().code(),
    }});
    // whoever reads it may have gone; the exit code says the same
    let _ = writeln!(std::io::stdout(), "{said:#}");
}

/// Runs a verb. A step that was done but whose result asks for attention ends with its kind.
fn dispatch(cli: &Cli) -> Result<Option<Kind>> {
    let common = &cli.common;
    match &cli.verb {
        Verb::Doctor(arguments) => doctor::run(common, arguments),
        Verb::Extract(arguments) => extract::run(common, arguments),
        Verb::Survey(arguments) => survey::run(common, arguments),
        Verb::Target(arguments) => target::run(common, arguments),
        Verb::Transform(arguments) => transform::run(common, arguments),
        Verb::Columns(arguments) => columns::run(common, arguments),
        Verb::Analyze(arguments) => analyze::run(common, arguments),
        Verb::Explain(arguments) => explain::run(common, arguments),
        Verb::Errors(arguments) => errors::run(common, arguments),
        Verb::Diff(arguments) => diff::run(common, arguments),
        Verb::Gate(arguments) => gate::run(common, arguments),
        Verb::Load(arguments) => load::run(common, arguments),
        Verb::Checkpoint(arguments) => checkpoint::run(common, arguments),
        Verb::Rollback(arguments) => rollback::run(common, arguments),
        Verb::Auth(arguments) => auth::run(common, arguments),
        Verb::Rehearse(arguments) => rehearse::run(common, arguments),
        Verb::Verify(arguments) => verify::run(common, arguments),
        Verb::Run(arguments) => run::run(common, arguments),
        Verb::Review(arguments) => review::run(common, arguments),
        Verb::Status(arguments) => status::run(common, arguments),
        Verb::Report(arguments) => report::run(common, arguments),
        Verb::Lessons(arguments) => lessons::run(common, arguments),
        Verb::Runs(arguments) => runs::run(common, arguments),
        Verb::Duplicates(arguments) => duplicates::run(common, arguments),
        Verb::Audit(arguments) => audit::run(common, arguments),
        Verb::Shred(arguments) => shred::run(common, arguments),
        Verb::Demo(arguments) => demo::run(common, arguments),
        Verb::Help(arguments) => help::run(common, arguments),
        Verb::Completions(arguments) => shell::completions(common, arguments),
        Verb::Man(arguments) => shell::man(common, arguments),
    }
}

impl Verb {
    /// Whether the verb is about the staging file of `--staging`; the demonstration has its own.
    const fn has_a_journal(&self) -> bool {
        match self {
            Verb::Audit(arguments) => arguments.seals(),
            Verb::Target(arguments) => arguments.has_a_journal(),
            Verb::Doctor(_)
            | Verb::Diff(_)
            | Verb::Duplicates(_)
            | Verb::Demo(_)
            | Verb::Help(_)
            | Verb::Completions(_)
            | Verb::Man(_)
            | Verb::Shred(_) => false,
            _ => true,
        }
    }
}

/// Digits of the journal's head that a person compares by eye.
const DIGITS: usize = 12;

/// Says where the journal ends, on standard error. Whoever keeps the whole head can later tell whether a file still goes through
/// it; a sealed copy's is kept.
pub(crate) fn say_head(staging: &Path, is_whole: bool) {
    // a file that is not there or is none has been spoken of already
    if let Ok(head) = Reader::look(staging).and_then(|reader| reader.head()) {
        let shown = if is_whole { &head.head } else { head.head.get(..DIGITS).unwrap_or(&head.head) };
        tell!("journal: {} entries, head {shown}", head.entries);
    }
}

/// Keeps patients' values in the memory of this process: no core dump is written of it, and no other process of the same user
/// reads it.
fn keep_memory() {
    // where the system refuses, it does as it did before
    let _ = nix::sys::resource::setrlimit(nix::sys::resource::Resource::RLIMIT_CORE, 0, 0);
    #[cfg(target_os = "linux")]
    let _ = nix::sys::prctl::set_dumpable(false);
}

/// A panic's own message may quote a value; its place may not.
fn quiet_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tell!("error: a defect in drydock at {place}; please report this place");
    }));
}
