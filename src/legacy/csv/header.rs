//! A CSV file's first record: the columns' names, and from it the delimiter and the line ends.

use std::collections::HashMap;
use std::io::{self, Read};
use std::path::Path;

use memchr::memchr_iter;

use super::CsvOptions;
use super::cut::{Cut, Dialect, cut};
use super::encoding::{Encoding, from_windows_1252};
use super::records::{Format, fill};
use crate::error::Error;
use crate::record::delimited::{delimiter, is_line_end, outside_quotes};

/// A header is no longer than this.
const LONGEST: usize = 1024 * 1024;

/// What the first record says.
#[derive(Debug)]
pub(super) struct Header {
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
    Unnamed { position: usize },
    Twice { first: usize, second: usize },
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
        let delimiter = options.delimiter.unwrap_or_else(|| delimiter(bytes, quote));
        let dialect = Dialect { delimiter, quote };
        let mut fields = Vec::new();
        let (len, next) = match cut(bytes, dialect, true, &mut fields) {
            Cut::Record { len: 0, .. } => return Err(Fault::Empty),
            Cut::Record { len, next } => (len, next),
            Cut::Incomplete | Cut::Broken => return Err(Fault::Unclosed),
        };
        let mut columns = Vec::with_capacity(fields.len());
        for (at, field) in fields.iter().enumerate() {
            let inside = usize::from(field.quoted);
            let name = &bytes[field.start + inside..field.end - inside];
            let name = match String::from_utf8(name.to_vec()) {
                Ok(name) => name,
                Err(_) if encoding == Encoding::Windows1252 => {
                    String::from_utf8(from_windows_1252(name)).map_err(|_| Fault::Encoding)?
                }
                Err(_) => return Err(Fault::Encoding),
            };
            let name = name.trim();
            if name.is_empty() {
                return Err(Fault::Unnamed { position: at + 1 });
            }
            columns.push(name.to_owned());
        }
        let mut seen = HashMap::new();
        for (at, name) in columns.iter().enumerate() {
            if let Some(first) = seen.insert(name, at + 1) {
                return Err(Fault::Twice { first, second: at + 1 });
            }
        }
        let line_end = if bytes[len..next].contains(&b'\n') || len == next { b'\n' } else { b'\r' };
        let lines = memchr_iter(line_end, &bytes[..next]).count() as u64;
        let format = Format { dialect, encoding, null: options.null.clone().into_bytes(), line_end };
        Ok((Self { columns, format, lines, bytes: encoding.source_len(&bytes[..next]) }, next))
    }
}

/// Whether the first record ends among the bytes, with one more to tell a CR from a CRLF.
fn is_complete(bytes: &[u8], quote: u8) -> bool {
    outside_quotes(&bytes[..bytes.len().saturating_sub(1)], quote).any(is_line_end)
}

/// What the operator is told.
pub(super) fn refused(path: &Path, fault: &Fault) -> Error {
    let file = path.display();
    match fault {
        Fault::Empty => Error::legacy(format!("{file} has no header line"))
            .hint("export it again with the columns' names on the first line (copy … with csv header)"),
        Fault::Unclosed => {
            Error::legacy(format!("{file}, line 1: the header has a quote that is not closed"))
                .hint("fix the first line, or set the quote of the CSV files")
        }
        Fault::Encoding => {
            Error::legacy(format!("{file}, line 1: the header is not text in the expected encoding"))
                .hint("set the encoding of the CSV files, or export them as UTF-8")
        }
        Fault::Unnamed { position } => {
            Error::legacy(format!("{file}, line 1: column {position} of the header has no name"))
                .hint("name it, or set the delimiter of the CSV files")
        }
        // not by its name: where the header is missing, that is a value of the first record
        Fault::Twice { first, second } => Error::legacy(format!(
            "{file}, line 1: columns {first} and {second} of the header have the same name"
        ))
        .hint(
            "rename or remove one of the two; a file without a header line has to be exported again with one",
        ),
    }
}
