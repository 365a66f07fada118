//! `drydock status`: only looks, so it works while another command writes.

use std::thread;
use std::time::Duration;

use clap::Args;

use super::attention::attention;
use super::{Common, text};
use crate::error::{Kind, Result};
use crate::interrupt;
use crate::staging::Reader;
use crate::status::{self, Status};

/// How often `--watch` looks.
const EVERY: Duration = Duration::from_secs(1);

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Look again every second until Ctrl-C; with --json one object per line
    #[arg(long)]
    watch: bool,
}

pub(super) fn run(common: &Common, arguments: &Arguments) -> Result<Option<Kind>> {
    if arguments.watch {
        return watch(common);
    }
    let status = read(common)?;
    common.print(&status, || text::status(&status))?;
    Ok(attention(&status.figures.attention, None))
}

fn read(common: &Common) -> Result<Status> {
    status::read(&Reader::open(&common.staging)?)
}

fn watch(common: &Common) -> Result<Option<Kind>> {
    // cursor to the corner and everything below it cleared; what is not a terminal gets one picture after the other
    let clear = if common.json { "" } else { "\x1b[H\x1b[2J" };
    let mut last = read(common)?;
    loop {
        let shown =
            if common.json { serde_json::to_string(&last).unwrap_or_default() } else { text::status(&last) };
        common.draw(clear, &format!("{shown}\n"))?;
        let mut waited = Duration::ZERO;
        while waited < EVERY {
            interrupt::check()?;
            let pause = Duration::from_millis(50);
            thread::sleep(pause);
            waited += pause;
        }
        // the writer may hold the file for a moment; the picture before is still true enough
        last = read(common).unwrap_or(last);
    }
}
