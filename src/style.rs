//! How a line is emphasised on a terminal: the words that lead it, in the colours that clap gives its own. The one place that
//! decides whether there are colours at all. Pure but for the environment; `cli` and `progress` print.

use std::env;
use std::io::{IsTerminal, Write, stderr, stdout};
use std::sync::OnceLock;

use clap::builder::styling::{AnsiColor, Effects, Style, Styles};

/// Where a text goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

/// What somebody wants of every program on a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    Never,
    Always,
    OnTerminals,
}

impl Wish {
    /// `NO_COLOR` before `CLICOLOR_FORCE`, and that before what the stream is: clap's own order.
    fn of(variable: impl Fn(&str) -> Option<String>) -> Self {
        let is_set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
        let is_off = |name: &str| variable(name).is_some_and(|value| value == "0");
        if is_set("NO_COLOR") {
            Wish::Never
        } else if is_set("CLICOLOR_FORCE") && !is_off("CLICOLOR_FORCE") {
            Wish::Always
        } else if is_off("CLICOLOR") || is_dumb_name(variable("TERM").as_deref()) {
            Wish::Never
        } else {
            Wish::OnTerminals
        }
    }

    const fn allows(self, is_terminal: bool) -> bool {
        matches!(self, Wish::Always) || matches!(self, Wish::OnTerminals) && is_terminal
    }
}

/// Whether the terminal can do no more than show letters.
pub fn is_dumb() -> bool {
    is_dumb_name(env::var("TERM").ok().as_deref())
}

fn is_dumb_name(term: Option<&str>) -> bool {
    term.is_none_or(|term| term.is_empty() || term == "dumb")
}

/// Whether colours may go to a stream.
pub fn is_coloured(stream: Stream) -> bool {
    static WISH: OnceLock<Wish> = OnceLock::new();
    let is_terminal = match stream {
        Stream::Out => stdout().is_terminal(),
        Stream::Err => stderr().is_terminal(),
    };
    WISH.get_or_init(|| Wish::of(|name| env::var(name).ok())).allows(is_terminal)
}

/// Writes a line to standard error. One that nobody reads any more stops no work: a load whose messages went through `head` ends
/// like any other.
pub fn say(line: &str) {
    let _ = writeln!(stderr(), "{line}");
}

/// A text for a stream: as it stands, or with its leading words coloured.
pub fn shown(text: &str, stream: Stream) -> String {
    if is_coloured(stream) { painted(text) } else { text.to_owned() }
}

/// What the words that lead a line look like.
fn style_of(word: &str) -> Option<Style> {
    let clap = Styles::styled();
    Some(match word {
        "error:" | "WRONG" => *clap.get_error(),
        "hint:" | "tip:" => *clap.get_valid(),
        "ok" => AnsiColor::Green.on_default(),
        "warning:" => AnsiColor::Yellow.on_default().effects(Effects::BOLD),
        "note:" | "note" | "Usage:" => *clap.get_literal(),
        _ => return None,
    })
}

/// Every line with the word that leads it coloured; of a check's line, `ok` or what is wrong behind two spaces.
fn painted(text: &str) -> String {
    let mut shown = String::with_capacity(text.len() + 64);
    for line in text.split_inclusive('\n') {
        let indent = line.len() - line.trim_start_matches(' ').len();
        let word = line[indent..].split([' ', '\n']).next().unwrap_or_default();
        let found = style_of(word).map(|style| (indent, word.len(), style)).or_else(|| verdict_in(line));
        match found {
            None => shown.push_str(line),
            Some((at, len, style)) => {
                let (before, rest) = line.split_at(at);
                let (word, after) = rest.split_at(len);
                shown.push_str(&format!("{before}{style}{word}{style:#}{after}"));
            }
        }
    }
    shown
}

/// Where a check's line says how it went: `  entity  name  ok (12)`, `  entity  name  3 wrong (…)`.
fn verdict_in(line: &str) -> Option<(usize, usize, Style)> {
    if !line.starts_with("  ") {
        return None;
    }
    let line = line.trim_end();
    let line = line.split_once(" (").map_or(line, |(before, _)| before);
    if let Some(before) = line.strip_suffix("  ok") {
        return Some((before.len() + 2, 2, style_of("ok")?));
    }
    let before = line.strip_suffix(" wrong")?;
    let number = before.len() - before.trim_end_matches(|letter: char| letter.is_ascii_digit()).len();
    let at = before.len() - number;
    (number > 0 && before[..at].ends_with("  ")).then(|| Some((at, line.len() - at, style_of("WRONG")?)))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wish_of_the_environment_goes_before_what_the_stream_is() {
        for (set, on_terminal, elsewhere) in [
            ("TERM=xterm", true, false),
            ("TERM=xterm NO_COLOR=1", false, false),
            ("TERM=xterm NO_COLOR=1 CLICOLOR_FORCE=1", false, false),
            ("TERM=xterm NO_COLOR= CLICOLOR=0 CLICOLOR_FORCE=1", true, true),
            ("TERM=xterm CLICOLOR_FORCE=0", true, false),
            ("TERM=xterm CLICOLOR=0", false, false),
            ("TERM=dumb", false, false),
            ("TERM=dumb CLICOLOR_FORCE=1", true, true),
            ("CLICOLOR=1", false, false),
        ] {
            let variable = |name: &str| {
                let mut pairs = set.split(' ').filter_map(|pair| pair.split_once('='));
                pairs.find(|(of, _)| *of == name).map(|(_, value)| value.to_owned())
            };
            let wish = Wish::of(variable);
            assert_eq!((wish.allows(true), wish.allows(false)), (on_terminal, elsewhere), "{set}");
        }
    }

    #[test]
    fn the_words_that_lead_a_line_are_coloured_and_nothing_else() {
        let plain = "error: a hint: in it\nhint: so\nokay\n  entity       a_check        ok (12)\n  entity  b  3 wrong\n";
        let shown = painted(plain);
        assert_eq!(shown.matches("\u{1b}[0m").count(), 4, "{shown:?}");
        assert!(shown.contains("\u{1b}[0m a hint: in it\n") && shown.contains("\nokay\n"), "{shown:?}");
        let mut bare = shown;
        while let Some(begin) = bare.find('\u{1b}') {
            let end = begin + bare[begin..].find('m').unwrap();
            bare.replace_range(begin..=end, "");
        }
        assert_eq!(bare, plain);
    }
}
