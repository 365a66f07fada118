//! A CSV file's first record: the columns' names, and from it the delimiter and the line ends.

use std::collections::HashMap;
use std::io::{self, Read};

use memchr::memchr_iter;

use super::CsvOptions;
use super::cut::{Cut, Dialect, cut};
use super::delimiter::{delimiter, is_line_end, outside_quotes};
use super::records::{Format, fill};
use crate::error::Error;
use crate::legacy::encoding::Encoding;

/// A header is no longer than this.
const LONGEST: usize = 1024 * 1024;

/// What the first record says.
#[derive(Debug)]
pub(super) struct Header {
    /// The names; that of a column without one is [`unnamed`].
    pub columns: Vec<String>,
    pub format: Format,
    /// The lines and the file's bytes that it takes, the byte order mark apart.
    pub lines: u64,
    pub bytes: u64,
}

/// Why a file has no usable header.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Empty,
    Unclosed,
    Encoding,
    Unnamed {
        position: usize,
    },
    Twice {
        first: usize,
        second: usize,
    },
    /// It is a record.
    Headless,
    /// It is drawn with lines, for people.
    Drawn,
}

/// What stands for the name of a column that has none. No exporter gives a column this name.
fn unnamed(position: usize) -> String {
    format!("(column {position})")
}

/// Whether it stands for a name that is not there.
pub fn is_unnamed(name: &str) -> bool {
    name.strip_prefix("(column ")
        .and_then(|rest| rest.strip_suffix(')'))
        .is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

impl Header {
    /// Reads the first record; what was read beyond it is left in `buffer`. The outer error is the reader's.
    pub(super) fn read(
        reader: &mut dyn Read,
        buffer: &mut Vec<u8>,
        encoding: Encoding,
        options: &CsvOptions,
    ) -> io::Result<Result<Self, Fault>> {
        let mut wanted = 8 * 1024;
        loop {
            let at_end = fill(reader, buffer, wanted)?;
            if at_end || wanted >= LONGEST || is_complete(buffer, options.quote) {
                break;
            }
            wanted *= 2;
        }
        Ok(Self::parse(buffer, encoding, options).map(|(header, next)| {
            buffer.drain(..next);
            header
        }))
    }

    /// The header at the beginning of `bytes`, and its length there.
    fn parse(bytes: &[u8], encoding: Encoding, options: &CsvOptions) -> Result<(Self, usize), Fault> {
        let quote = options.quote;
        let whole = bytes;
        let blank = bytes.iter().take_while(|&&byte| is_line_end(byte)).count();
        let (named, before) = named_delimiter(&bytes[blank..]);
        let before = blank + before;
        let bytes = &bytes[before..];
        let delimiter = options.delimiter.or(named).unwrap_or_else(|| delimiter(bytes, quote));
        let dialect = Dialect { delimiter, quote };
        let mut fields = Vec::new();
        let (len, next) = match cut(bytes, dialect, true, &mut fields) {
            Cut::Record { len: 0, .. } => return Err(Fault::Empty),
            Cut::Record { len, next } => (len, next),
            Cut::Incomplete | Cut::Broken => return Err(Fault::Unclosed),
        };
        if is_drawn(&bytes[next..]) {
            return Err(Fault::Drawn);
        }
        let mut columns = Vec::with_capacity(fields.len());
        for (at, field) in fields.iter().enumerate() {
            let name = field.content(bytes);
            let name = if let Ok(name) = std::str::from_utf8(name) {
                name.to_owned()
            } else {
                let decoded = encoding.decoded(name).and_then(|name| String::from_utf8(name).ok());
                decoded.ok_or(Fault::Encoding)?
            };
            let name = name.trim().to_owned();
            columns.push(if name.is_empty() { unnamed(at + 1) } else { name });
        }
        if !options.is_loose {
            // no column is called by a number
            let is_number = |name: &String| name.bytes().all(|byte| byte.is_ascii_digit());
            let is_record = columns.iter().any(is_number);
            check(&columns).map_err(|fault| if is_record { Fault::Headless } else { fault })?;
        }
        let named = columns.iter().rposition(|name| !is_unnamed(name)).map_or(0, |last| last + 1);
        let line_end = if bytes[len..next].contains(&b'\n') || len == next { b'\n' } else { b'\r' };
        let lines = memchr_iter(line_end, &whole[..before + next]).count() as u64;
        let format = Format {
            dialect,
            encoding,
            null: options.null.clone().into_bytes(),
            line_end,
            named,
            is_loose: options.is_loose,
            asks: options.encoding.is_none() && encoding == Encoding::Utf8,
            is_single_throughout: false, // known once the records were looked at
        };
        let bytes = encoding.source_len(&whole[..before + next]);
        Ok((Self { columns, format, lines, bytes }, before + next))
    }
}

/// Refuses names that do not tell the columns apart. Only two kinds of columns need none: a first one, which holds the numbers
/// that pandas gives its rows, and those after the last, which are there because every line ends in a delimiter.
fn check(columns: &[String]) -> Result<(), Fault> {
    let last = columns.iter().rposition(|name| !is_unnamed(name)).ok_or(Fault::Empty)?;
    let is_gap = |(at, name): (usize, &String)| at > 0 && at < last && is_unnamed(name);
    if let Some(at) = columns.iter().enumerate().position(is_gap) {
        return Err(Fault::Unnamed { position: at + 1 });
    }
    let mut seen = HashMap::new();
    for (at, name) in columns.iter().enumerate() {
        if let Some(first) = seen.insert(name, at + 1) {
            return Err(Fault::Twice { first, second: at + 1 });
        }
    }
    Ok(())
}

/// The delimiter that a spreadsheet names on a line of its own before the header (`sep=;`), and the length of that line.
fn named_delimiter(bytes: &[u8]) -> (Option<u8>, usize) {
    let is_named = bytes.len() > 4 && bytes[..4].eq_ignore_ascii_case(b"sep=");
    match bytes.get(4..) {
        Some([delimiter, b'\r', b'\n', ..]) if is_named => (Some(*delimiter), 7),
        Some([delimiter, b'\r' | b'\n', ..]) if is_named => (Some(*delimiter), 6),
        _ => (None, 0),
    }
}

/// Whether the line is the one that psql draws below the names of columns.
fn is_drawn(bytes: &[u8]) -> bool {
    let line = bytes.split(|&byte| is_line_end(byte)).next().unwrap_or_default();
    line.len() > 2 && line.starts_with(b"--") && line.iter().all(|byte| matches!(byte, b'-' | b'+'))
}

/// Whether the first record ends among the bytes, with one more to tell a CR from a CRLF. Blank lines before it, and the one
/// that names the delimiter, are not it.
fn is_complete(bytes: &[u8], quote: u8) -> bool {
    let blank = bytes.iter().take_while(|&&byte| is_line_end(byte)).count();
    let bytes = &bytes[blank..];
    let bytes = &bytes[named_delimiter(bytes).1..];
    outside_quotes(&bytes[..bytes.len().saturating_sub(1)], quote).any(is_line_end)
}

/// What the operator is told.
pub(super) fn refused(file: &str, fault: &Fault) -> Error {
    const AGAIN: &str = "export it again with the columns' names on the first line (copy … with csv header)";
    match fault {
        Fault::Empty => Error::legacy(format!("{file} has no header line")).hint(AGAIN),
        Fault::Unclosed => {
            Error::legacy(format!("{file}, line 1: the header has a quote that is not closed"))
                .hint("fix the first line, or set source.csv.quote")
        }
        Fault::Encoding => {
            Error::legacy(format!("{file}, line 1: the header is not text in the expected encoding"))
                .hint("set source.csv.encoding (such as \"windows-1252\"), or export the file as UTF-8")
        }
        Fault::Unnamed { position } => {
            Error::legacy(format!("{file}, line 1: column {position} of the header has no name"))
                .hint(format!("name it, or set source.csv.delimiter; a file without a header line: {AGAIN}"))
        }
        // not by its name: where the header is missing, that is a value of the first record
        Fault::Twice { first, second } => Error::legacy(format!(
            "{file}, line 1: columns {first} and {second} of the header have the same name"
        ))
        .hint(format!("rename or remove one of the two; a file without a header line: {AGAIN}")),
        Fault::Headless => {
            Error::legacy(format!("{file} has no header line: its first line is a record")).hint(AGAIN)
        }
        Fault::Drawn => Error::legacy(format!("{file} is a table as psql draws it for people"))
            .hint("export it with: psql --csv, or \\copy … to 'file.csv' with csv header"),
    }
}
