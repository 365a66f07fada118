//! The file: which bytes mean what, which columns are which, and its records.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{BufRead, BufReader};

use drydock_linkage::{Column, Kind, Records};

use super::Arguments;
use crate::error::{Error, Kind as ErrorKind, Result};
use crate::legacy::csv::encoding::{Encoding, from_windows_1252};
use crate::record::delimited::delimiter;

/// A record larger than this, in bytes, is an unclosed quote, not a person.
const LARGEST_RECORD: usize = 1 << 20;
/// Lines with repeated ids that are named.
const NAMED: usize = 5;

/// What was read.
pub(super) struct Read {
    pub(super) records: Records,
    /// Who each record is, by the column with the truth; empty without one.
    pub(super) truth: HashMap<String, u32>,
    pub(super) encoding: String,
}

/// What the columns hold; a column is named once.
pub(super) fn columns(map: &[String]) -> Result<Vec<Column>> {
    let mut columns: Vec<Column> = Vec::new();
    for part in map {
        let (name, kind) = part.split_once('=').ok_or_else(|| {
            Error::new(ErrorKind::Usage, format!("`{part}` does not map a column to a kind"))
                .hint("write COLUMN=KIND, several separated by commas")
        })?;
        let (name, kind) = (name.trim(), kind_named(kind.trim())?);
        if columns.iter().any(|column| column.name == name) {
            return Err(Error::new(ErrorKind::Usage, format!("`{name}` is mapped twice"))
                .hint("give each column one kind; a value counted twice is no second witness"));
        }
        columns.push(Column { name: name.to_owned(), kind });
    }
    Ok(columns)
}

fn kind_named(word: &str) -> Result<Kind> {
    Kind::named(word).ok_or_else(|| {
        let known: Vec<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
        Error::new(ErrorKind::Usage, format!("unknown kind of column `{word}`"))
            .hint(format!("the kinds are {}", known.join(", ")))
    })
}

/// The file, record by record.
struct Rows {
    file: String,
    reader: csv::Reader<Box<dyn std::io::Read + Send>>,
    encoding: Encoding,
    has_mark: bool,
    headers: Vec<String>,
}

impl Rows {
    fn open(arguments: &Arguments) -> Result<Self> {
        let file = arguments.file.display().to_string();
        let unreadable = |cause: std::io::Error| {
            Error::precondition(format!("could not read {file}"))
                .cause(cause)
                .hint("give a CSV file that you may read")
        };
        let mut input = BufReader::with_capacity(1 << 16, File::open(&arguments.file).map_err(unreadable)?);
        let (encoding, mark) = Encoding::detected(input.fill_buf().map_err(unreadable)?, Encoding::default());
        input.consume(mark);
        let mut text = BufReader::with_capacity(1 << 16, encoding.reader(Box::new(input)));
        let delimiter = delimiter(text.fill_buf().map_err(unreadable)?, b'"');
        let input: Box<dyn std::io::Read + Send> = Box::new(text);
        let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(input);
        let headers = reader.byte_headers().map_err(|cause| malformed(&file, &cause))?;
        let headers = headers.iter().map(|name| decoded(name).0.trim().to_owned()).collect();
        Ok(Self { file, reader, encoding, has_mark: mark > 0, headers })
    }

    /// The place of a column, which is named once.
    fn position(&self, name: &str) -> Result<usize> {
        let mut places = (0..self.headers.len()).filter(|&at| self.headers[at] == name);
        let refused = |what: &str| {
            Error::new(ErrorKind::Usage, format!("{} has {what} `{name}`", self.file))
                // not by their names: where the header is missing, these are values of the first record
                .hint(format!("its first line has {} names: `head -n 1` shows them", self.headers.len()))
        };
        let place = places.next().ok_or_else(|| refused("no column"))?;
        if places.next().is_some() { Err(refused("several columns")) } else { Ok(place) }
    }

    fn next(&mut self, row: &mut csv::ByteRecord) -> Result<Option<u64>> {
        if !self.reader.read_byte_record(row).map_err(|cause| malformed(&self.file, &cause))? {
            return Ok(None);
        }
        let line = row.position().map_or(0, csv::Position::line);
        if row.as_slice().len() > LARGEST_RECORD {
            return Err(Error::precondition(format!(
                "{} has a record of more than a megabyte at line {line}",
                self.file
            ))
            .hint("a quote may be open there"));
        }
        Ok(Some(line))
    }

    /// What the bytes were taken for.
    fn said(&self, others: u64) -> String {
        let by_mark = if self.has_mark { ", by its byte order mark" } else { "" };
        match (self.encoding, others) {
            (Encoding::Utf16Le, _) => format!("UTF-16LE{by_mark}"),
            (Encoding::Utf16Be, _) => format!("UTF-16BE{by_mark}"),
            (_, 0) => format!("UTF-8{by_mark}"),
            (_, others) => {
                format!("UTF-8{by_mark}; {others} values are not, and were taken for windows-1252")
            }
        }
    }
}

// the library's messages name lines and fields, never values; other than this one, which quotes the header
fn malformed(file: &str, cause: &csv::Error) -> Error {
    let line = cause.position().map_or(0, csv::Position::line);
    Error::precondition(format!("{file} is not a CSV file with equal records: line {line}"))
        .hint("check the quotes and the number of fields there")
}

/// Reads the file.
pub(super) fn read(arguments: &Arguments) -> Result<Read> {
    let columns = columns(&arguments.map)?;
    let mut rows = Rows::open(arguments)?;
    let positions =
        columns.iter().map(|column| rows.position(&column.name)).collect::<Result<Vec<usize>>>()?;
    let id = rows.position(&arguments.id)?;
    let place = |name: &Option<String>| name.as_deref().map(|name| rows.position(name)).transpose();
    let (register, person) = (place(&arguments.register)?, place(&arguments.truth)?);
    let number = |known: &mut HashMap<Vec<u8>, u32>, value: &[u8]| {
        let next = u32::try_from(known.len() + 1).unwrap_or(u32::MAX);
        *known.entry(value.to_vec()).or_insert(next)
    };
    let (mut registers, mut people) = (HashMap::new(), HashMap::new());
    let mut truth = HashMap::new();
    let mut records = Records::new(columns)?;
    let mut row = csv::ByteRecord::new();
    let mut others = 0;
    while rows.next(&mut row)?.is_some() {
        let of = register.map_or(0, |at| number(&mut registers, &row[at]));
        let mut text = |at: usize| {
            let (text, is_other) = decoded(&row[at]);
            others += u64::from(is_other);
            text
        };
        let values: Vec<String> = positions.iter().map(|&at| text(at)).collect();
        let id = text(id).trim().to_owned();
        records.push(&id, of, values.iter().map(String::as_str))?;
        if let Some(at) = person {
            let person = number(&mut people, &row[at]);
            truth.insert(id, person);
        }
    }
    Ok(Read { records, truth, encoding: rows.said(others) })
}

/// The refusal of a file in which ids repeat: by the lines that have them, found in another reading.
pub(super) fn repeated_ids(arguments: &Arguments, count: usize) -> Result<Error> {
    let mut rows = Rows::open(arguments)?;
    let id = rows.position(&arguments.id)?;
    let mut first: HashMap<Vec<u8>, u64> = HashMap::new();
    let mut lines = Vec::new();
    let mut row = csv::ByteRecord::new();
    while let Some(line) = rows.next(&mut row)? {
        let earlier = *first.entry(row[id].trim_ascii().to_vec()).or_insert(line);
        if earlier != line {
            lines.push(format!("{line} (as line {earlier})"));
        }
        if lines.len() == NAMED {
            break;
        }
    }
    let more = if count > lines.len() { " and others" } else { "" };
    Ok(Error::precondition(format!(
        "{} records of {} repeat the id of another: line {}{more}",
        count,
        rows.file,
        lines.join(", ")
    ))
    .hint("name a column whose values are unique"))
}

/// The values of some records in the columns that were compared, each with its column, by id.
pub(super) fn values(
    arguments: &Arguments,
    ids: &HashSet<&str>,
) -> Result<HashMap<String, Vec<(String, String)>>> {
    let columns = columns(&arguments.map)?;
    let mut rows = Rows::open(arguments)?;
    let id = rows.position(&arguments.id)?;
    let positions =
        columns.iter().map(|column| rows.position(&column.name)).collect::<Result<Vec<usize>>>()?;
    let mut values = HashMap::new();
    let mut row = csv::ByteRecord::new();
    while rows.next(&mut row)?.is_some() {
        let id = decoded(&row[id]).0.trim().to_owned();
        if ids.contains(id.as_str()) {
            let of = columns.iter().zip(&positions);
            values.insert(id, of.map(|(column, &at)| (column.name.clone(), decoded(&row[at]).0)).collect());
        }
    }
    Ok(values)
}

/// Bytes as text, and whether they were no UTF-8: such are read as Western spreadsheets write them, so that nothing is lost.
fn decoded(bytes: &[u8]) -> (String, bool) {
    std::str::from_utf8(bytes).map_or_else(
        |_| (String::from_utf8_lossy(&from_windows_1252(bytes)).into_owned(), true),
        |text| (text.to_owned(), false),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_no_text_are_kept() {
        assert_eq!(decoded(b"M\xfcller"), ("Müller".to_owned(), true));
        assert_eq!(decoded("Müller".as_bytes()), ("Müller".to_owned(), false));
    }

    #[test]
    fn a_mapping_needs_a_column_and_a_known_kind() {
        let columns = |map: &[&str]| columns(&map.iter().map(|&part| part.to_owned()).collect::<Vec<_>>());
        assert!(columns(&["name=surname"]).is_ok());
        assert!(columns(&["name"]).is_err());
        assert!(columns(&["name=nom"]).is_err());
        assert!(columns(&["name=surname", "name=given_name"]).is_err());
    }
}
