//! `drydock status`: only looks, so it works while another command writes.

use std::fs;
use std::io::IsTerminal;
use std::os::fd::AsFd;
use std::path::Path;
use std::thread;
use std::time::{Duration, SystemTime};

use clap::{Args, ValueEnum};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::attention::attention;
use super::{Common, text};
use crate::error::{Kind, Result};
use crate::interrupt;
use crate::output;
use crate::staging::Reader;
use crate::status::{self, Status};

/// How often `--watch` looks where the file changes, and where it does not: a command that was killed changes nothing.
const EVERY: Duration = Duration::from_secs(1);
const AT_LEAST_EVERY: Duration = Duration::from_secs(15);

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Look again every second until Ctrl-C, and show what has changed; with --json one object per line
    #[arg(long)]
    watch: bool,
    /// The form: for a person, or for a monitoring agent that collects text files
    #[arg(long, value_enum, conflicts_with_all = ["watch", "json"])]
    format: Option<Form>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    Text,
    Openmetrics,
}

pub(super) fn run(common: &Common, arguments: &Arguments) -> Result<Option<Kind>> {
    if arguments.watch {
        return watch(common);
    }
    let status = read(common)?;
    if arguments.format == Some(Form::Openmetrics) {
        common.write(&text::metrics(&status))?;
    } else {
        common.print(&status, || text::status(&status))?;
    }
    Ok(attention(&status.figures.attention, None))
}

fn read(common: &Common) -> Result<Status> {
    status::read(&Reader::open(&common.staging)?)
}

fn watch(common: &Common) -> Result<Option<Kind>> {
    let is_terminal = std::io::stdout().is_terminal() && !common.json;
    // cursor to the corner and everything below it cleared; what is not a terminal gets one picture after the other
    let clear = if is_terminal { "\x1b[H\x1b[2J" } else { "" };
    let mut last: Option<Status> = None;
    let mut shown = String::new();
    loop {
        // before it is read: what changes meanwhile is read the next time
        let looked_at = stamps(&common.staging);
        // the writer may hold the file for a moment; the picture before is still true enough
        let status = match (read(common), last.take()) {
            (Ok(status), _) | (Err(_), Some(status)) => status,
            (Err(error), None) => return Err(error),
        };
        let picture = if common.json {
            serde_json::to_string(&status).unwrap_or_default()
        } else {
            text::status(&status)
        };
        last = Some(status);
        if picture != shown {
            common.draw(clear, &format!("{picture}\n"))?;
            shown = picture;
        }
        let mut waited = Duration::ZERO;
        while waited < EVERY || (waited < AT_LEAST_EVERY && stamps(&common.staging) == looked_at) {
            // whoever watches ends it that way, or by closing what they watch it through
            if interrupt::check().is_err() || is_closed() {
                return Ok(None);
            }
            let pause = Duration::from_millis(100);
            thread::sleep(pause);
            waited += pause;
        }
    }
}

/// Whether nobody can read any more what is written to standard output: the other end of its pipe is closed.
fn is_closed() -> bool {
    let stdout = std::io::stdout();
    let mut asked = [PollFd::new(stdout.as_fd(), PollFlags::empty())];
    let answered = poll(&mut asked, PollTimeout::ZERO).is_ok_and(|ready| ready > 0);
    answered && asked[0].revents().is_some_and(|found| found.contains(PollFlags::POLLERR))
}

/// When the file and what stands beside it while somebody writes were last written, and how long they are: nothing is read
/// again before that changes.
fn stamps(staging: &Path) -> [Option<(SystemTime, u64)>; 3] {
    ["", "-wal", "-journal"].map(|suffix| {
        let found = fs::metadata(output::beside(staging, suffix)).ok()?;
        Some((found.modified().ok()?, found.len()))
    })
}
