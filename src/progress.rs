//! What a person sees while a command works: bars and names on a terminal, sparse lines otherwise, nothing when quiet. Always on
//! standard error, so that standard output is the result and nothing else.

use std::io::{IsTerminal, stderr};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use crate::record::plain;
use crate::style::{self, Stream, say, shown};

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Not at all.
    Quiet,
    /// One line per operation.
    Lines,
    /// A bar per operation.
    Bars,
}

/// Between two lines about one operation.
const PER_LINE: Duration = Duration::from_secs(15);

/// Between two pictures of what has no number.
const TICK: Duration = Duration::from_millis(200);

/// One operation being shown.
#[derive(Debug)]
pub struct Bar {
    shown: ProgressBar,
    line: Option<String>,
    /// When the operation was last spoken of.
    spoken: Mutex<Instant>,
    /// Records that are done.
    done: AtomicU64,
    /// Records that are on their way, and not known to have arrived.
    under_way: AtomicU64,
}

/// Work that has a name and no number, shown until it is dropped.
#[derive(Debug)]
#[must_use]
pub struct Working(ProgressBar);

impl Drop for Working {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

impl Progress {
    /// Bars when standard error is a terminal that can draw.
    pub fn new(quiet: bool) -> Self {
        match (quiet, stderr().is_terminal() && !style::is_dumb()) {
            (true, _) => Progress::Quiet,
            (false, true) => Progress::Bars,
            (false, false) => Progress::Lines,
        }
    }

    /// Says what is being done, in one line.
    pub fn say(self, message: &str) {
        if self == Progress::Lines {
            say(&shown(&plain(message), Stream::Err));
        }
    }

    /// Says what somebody should know before the command goes on, however quiet it is.
    pub fn warn(self, message: &str) {
        say(&shown(&format!("warning: {}", plain(message)), Stream::Err));
    }

    /// Shows the name of what may take a while, as long as what is returned lives, and has a line for it elsewhere.
    pub fn work(self, name: &str) -> Working {
        self.say(name);
        self.spin(name)
    }

    /// The same on a terminal alone: what a log need not say.
    pub fn spin(self, name: &str) -> Working {
        if self != Progress::Bars {
            return Working(ProgressBar::hidden());
        }
        let spinner = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
        if let Ok(style) = ProgressStyle::with_template("{msg:32} {spinner} {elapsed}") {
            spinner.set_style(style);
        }
        spinner.set_message(plain(name).into_owned());
        spinner.enable_steady_tick(TICK);
        Working(spinner)
    }

    /// Starts an operation over `total` records, when that is known.
    pub fn start(self, operation: &str, total: Option<u64>) -> Bar {
        let drawn = match self {
            Progress::Bars => ProgressDrawTarget::stderr_with_hz(10),
            Progress::Quiet | Progress::Lines => ProgressDrawTarget::hidden(),
        };
        let bar = ProgressBar::with_draw_target(total, drawn);
        set_style(&bar, total.is_some());
        bar.set_message(plain(operation).into_owned());
        if self == Progress::Bars {
            bar.enable_steady_tick(TICK);
        }
        let line = (self == Progress::Lines).then(|| plain(operation).into_owned());
        Bar {
            shown: bar,
            line,
            spoken: Mutex::new(Instant::now()),
            done: AtomicU64::new(0),
            under_way: AtomicU64::new(0),
        }
    }
}

/// What is shown beside the operation.
fn set_style(bar: &ProgressBar, total_is_known: bool) {
    let template = if total_is_known {
        "{msg:32} {wide_bar} {human_pos}/{human_len}  {rate}  {eta} left"
    } else {
        "{msg:32} {spinner} {human_pos}  {rate}  {elapsed}"
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.with_key("rate", write_rate));
    }
}

/// Whole records per second: a fraction of a record says nothing.
fn write_rate(state: &ProgressState, text: &mut dyn std::fmt::Write) {
    // a bar that cannot be written is a bar that nobody sees
    let _ = write!(text, "{:.0}/s", state.per_sec());
}

impl Bar {
    /// How many records are done; call it per chunk, not per record.
    pub fn set(&self, done: u64) {
        self.done.store(done, Ordering::Relaxed);
        self.draw();
    }

    /// So many more records are on their way; call it per piece, not per record.
    pub fn sent(&self, records: u64) {
        self.under_way.fetch_add(records, Ordering::Relaxed);
        self.draw();
    }

    /// So many of those on their way are done, or have to be sent again: a bar that was beyond them waits there.
    pub fn settled(&self, records: u64) {
        let less = |under_way: u64| Some(under_way.saturating_sub(records));
        // what is returned when nothing was changed is no error either
        let _ = self.under_way.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }

    /// Where the operation stands: what is done, and what is on its way. It never goes back.
    fn draw(&self) {
        let reached = self.done.load(Ordering::Relaxed) + self.under_way.load(Ordering::Relaxed);
        let position = reached.max(self.shown.position());
        self.shown.set_position(self.shown.length().map_or(position, |total| position.min(total.max(1))));
        let Some(line) = &self.line else { return };
        if let Ok(mut spoken) = self.spoken.lock()
            && spoken.elapsed() >= PER_LINE
        {
            *spoken = Instant::now();
            let rate = self.shown.per_sec();
            match self.shown.length() {
                Some(total) => say(&format!(
                    "{line}: {position} of {total} records, {rate:.0}/s, {} s left",
                    self.shown.eta().as_secs()
                )),
                None => say(&format!("{line}: {position} records, {rate:.0}/s")),
            }
        }
    }

    /// Says over how many records the operation goes, once that is known.
    pub fn set_total(&self, total: u64) {
        if self.shown.length().is_none() {
            self.shown.set_length(total);
            set_style(&self.shown, true);
        }
    }

    /// Ends the operation.
    pub fn finish(self) {
        if let Some(line) = self.line {
            say(&format!("{line}: {} records", self.done.load(Ordering::Relaxed)));
        }
        self.shown.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_moves_with_what_is_sent_and_never_goes_back() {
        let bar = Progress::Quiet.start("load 2A profiles", Some(100));
        let position = || bar.shown.position();
        bar.sent(30);
        bar.sent(30);
        assert_eq!(position(), 60);
        // one chunk is done, the other one on its way
        bar.settled(30);
        bar.set(30);
        assert_eq!(position(), 60);
        bar.sent(20);
        assert_eq!(position(), 80);
        // what the target refused is sent again, in parts, and the bar waits for that
        bar.settled(50);
        bar.sent(30);
        assert_eq!(position(), 80);
        bar.settled(30);
        bar.set(81);
        assert_eq!(position(), 81);
        bar.sent(50);
        assert_eq!(position(), 100);
    }
}
