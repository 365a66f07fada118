//! A record longer than is believed, passed over in pieces: what it is, and where it ends. It is either one long record, or a
//! quote that was never closed; then a line within it is a row of its own, and the record ends before that one. Pure.

use memchr::{memchr, memchr3};

use super::cut::{Dialect, is_row};

/// A line that is longer than this is no row; it is passed over without being kept together.
const LONGEST_LINE: usize = 1024 * 1024;

/// Where the bytes so far have led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Within {
    /// Before the first byte of a field.
    Start,
    /// A field without quotes.
    Plain,
    /// A quoted field.
    Quoted,
    /// After a quote of a quoted field, which closes it unless another one follows.
    Closed,
}

/// A record that is being passed over.
#[derive(Debug)]
pub(super) struct Long {
    dialect: Dialect,
    line_end: u8,
    /// The width of a row and the place of its key, where a row can be told by them.
    row: Option<(usize, usize)>,
    within: Within,
    at_line_start: bool,
    /// Whether a quote was closed in the middle of a field, or never.
    is_stray: bool,
    longest_line: usize,
}

/// What became of some bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Passed {
    /// How many of them belong to the record.
    pub used: usize,
    /// Whether it ends after them.
    pub ends: bool,
}

impl Long {
    /// Before the first byte of a record.
    pub(super) fn new(dialect: Dialect, line_end: u8, row: Option<(usize, usize)>) -> Self {
        Self {
            dialect,
            line_end,
            row,
            within: Within::Start,
            at_line_start: false,
            is_stray: false,
            longest_line: LONGEST_LINE,
        }
    }

    /// Whether the record is one with a stray quote rather than a long one; known at its end.
    pub(super) fn is_stray(&self) -> bool {
        self.is_stray
    }

    /// Passes over as many of the next bytes as can be judged; `at_end`: no more will come.
    pub(super) fn pass(&mut self, bytes: &[u8], at_end: bool) -> Passed {
        let mut used = 0;
        while used < bytes.len() {
            let rest = &bytes[used..];
            let line = memchr(self.line_end, rest).map(|at| &rest[..=at]);
            if line.is_none() && !at_end && rest.len() < self.longest_line {
                return Passed { used, ends: false };
            }
            if self.within == Within::Quoted && self.at_line_start && self.is_a_row(line.unwrap_or(rest)) {
                self.is_stray = true;
                return Passed { used, ends: true };
            }
            let piece = match line {
                Some(line) => line,
                // a line feed that follows belongs to it
                None if !at_end && rest.ends_with(b"\r") => &rest[..rest.len() - 1],
                None => rest,
            };
            if let Some(end) = self.step(piece) {
                return Passed { used: used + end, ends: true };
            }
            used += piece.len();
            self.at_line_start = line.is_some();
            if line.is_none() && !at_end {
                return Passed { used, ends: false };
            }
        }
        self.is_stray |= at_end && self.within == Within::Quoted;
        Passed { used, ends: at_end }
    }

    fn is_a_row(&self, line: &[u8]) -> bool {
        self.row.is_some_and(|(width, key)| is_row(line, self.dialect, width, key, &mut Vec::new()))
    }

    /// Goes through bytes; where the record ends among them, the length up to there.
    fn step(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while at < bytes.len() {
            match self.within {
                Within::Quoted => match memchr(self.dialect.quote, &bytes[at..]) {
                    Some(found) => {
                        at += found + 1;
                        self.within = Within::Closed;
                    }
                    None => return None,
                },
                Within::Plain => match memchr3(self.dialect.delimiter, b'\n', b'\r', &bytes[at..]) {
                    Some(found) => {
                        at += found;
                        self.within = Within::Closed;
                    }
                    None => return None,
                },
                Within::Start | Within::Closed => {
                    let byte = bytes[at];
                    if byte == b'\r' || byte == b'\n' {
                        let is_pair = byte == b'\r' && bytes.get(at + 1) == Some(&b'\n');
                        return Some(at + 1 + usize::from(is_pair));
                    }
                    self.within = if byte == self.dialect.delimiter {
                        Within::Start
                    } else if byte == self.dialect.quote {
                        Within::Quoted
                    } else {
                        self.is_stray |= self.within == Within::Closed;
                        Within::Plain
                    };
                    at += 1;
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMAS: Dialect = Dialect { delimiter: b',', quote: b'"' };

    /// The length of the first record and whether it is stray, its bytes given in pieces.
    fn passed(text: &str, size: usize, longest_line: usize) -> (usize, bool) {
        let mut long = Long { longest_line, ..Long::new(COMMAS, b'\n', Some((3, 0))) };
        let (mut used, mut end) = (0, size);
        loop {
            end = end.min(text.len());
            let passed = long.pass(&text.as_bytes()[used..end], end == text.len());
            used += passed.used;
            if passed.ends {
                return (used, long.is_stray());
            }
            assert!(end < text.len() || passed.used > 0, "{text:?} does not end");
            end += size;
        }
    }

    #[test]
    fn a_record_ends_where_it_ends_in_pieces_of_any_size() {
        for (text, rest, is_stray) in [
            ("1,\"a\n\"\"b\n\",c\n", "2,a,b\n", false),
            ("1,\"a\n\",c\r\n", "2,a,b\r\n", false),
            ("1,a,\"\"\n", "2,a,b\n", false),
            ("1,a,\"\n\n\"\"\"\n", "", false),
            ("1,a,b", "", false),
            ("1,\"a\nb\n", "2,a,b\n", true),
            ("1,\"a\nb", "", true),
            ("1,\"a\"b,c\n", "2,a,b\n", true),
        ] {
            for size in 1..=text.len() {
                let found = passed(&format!("{text}{rest}"), size, 100);
                assert_eq!(found, (text.len(), is_stray), "{text:?} in pieces of {size}");
                // a line that is too long to be kept together is not looked at, but its quotes are
                if !text.ends_with("b\n") {
                    let found = passed(&format!("{text}{rest}"), size, 2);
                    assert_eq!(found, (text.len(), is_stray), "{text:?} in pieces of {size}, lines of 2");
                }
            }
        }
    }
}
