//! What a person sees while a command works: bars on a terminal, sparse lines otherwise, nothing when quiet. Always on
//! standard error, so that standard output is the result and nothing else.

use std::io::{IsTerminal, stderr};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use crate::record::plain;

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

/// One operation being shown.
#[derive(Debug)]
pub struct Bar {
    shown: ProgressBar,
    line: Option<String>,
    /// When the operation was last spoken of.
    spoken: Mutex<Instant>,
}

impl Progress {
    /// Bars when standard error is a terminal.
    pub fn new(quiet: bool) -> Self {
        match (quiet, stderr().is_terminal()) {
            (true, _) => Progress::Quiet,
            (false, true) => Progress::Bars,
            (false, false) => Progress::Lines,
        }
    }

    /// Says what is being done, in one line.
    pub fn say(self, message: &str) {
        if self == Progress::Lines {
            eprintln!("{}", plain(message));
        }
    }

    /// Says what somebody should know before the command goes on, however quiet it is.
    pub fn warn(self, message: &str) {
        eprintln!("warning: {}", plain(message));
    }

    /// Starts an operation over `total` records, when that is known.
    pub fn start(self, operation: &str, total: Option<u64>) -> Bar {
        let bar = match self {
            Progress::Bars => ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr_with_hz(10)),
            Progress::Quiet | Progress::Lines => ProgressBar::hidden(),
        };
        set_style(&bar, total.is_some());
        bar.set_message(plain(operation).into_owned());
        if self == Progress::Bars {
            bar.enable_steady_tick(Duration::from_millis(200));
        }
        let line = (self == Progress::Lines).then(|| plain(operation).into_owned());
        Bar { shown: bar, line, spoken: Mutex::new(Instant::now()) }
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
        self.shown.set_position(done);
        let Some(line) = &self.line else { return };
        if let Ok(mut spoken) = self.spoken.lock()
            && spoken.elapsed() >= PER_LINE
        {
            *spoken = Instant::now();
            let rate = self.shown.per_sec();
            match self.shown.length() {
                Some(total) => eprintln!(
                    "{line}: {done} of {total} records, {rate:.0}/s, {} s left",
                    self.shown.eta().as_secs()
                ),
                None => eprintln!("{line}: {done} records, {rate:.0}/s"),
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
            eprintln!("{line}: {} records", self.shown.position());
        }
        self.shown.finish_and_clear();
    }
}
