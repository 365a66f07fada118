//! A review file back from a spreadsheet: whatever its encoding, delimiter, line ends, and order of columns; or the JSON
//! that was exported. Columns that are not known are the reader's own notes and are left alone.

use std::collections::HashMap;

use serde_json::Value;

use super::cell;
use crate::error::{Error, Result};
use crate::record::delimited::delimiter;

/// One line of a review file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its number in the file, from 1; in JSON the number of the item.
    pub number: u64,
    cells: HashMap<String, String>,
    /// Whether it has filled cells beyond those of the header line: a delimiter stands where none should.
    pub overflows: bool,
}

impl Line {
    /// The text in a column; '' where there is none.
    pub fn get(&self, column: &str) -> &str {
        self.cells.get(column).map(|cell| cell::text(cell)).unwrap_or_default()
    }

    fn is_empty(&self) -> bool {
        self.cells.values().all(|cell| cell::text(cell).is_empty())
    }
}

/// The lines of a review file that hold anything.
pub fn lines(bytes: &[u8]) -> Result<Vec<Line>> {
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"\xd0\xcf\x11\xe0") {
        return Err(Error::precondition("the review file is a workbook; nothing was imported")
            .hint("save the sheet as CSV, and import that"));
    }
    let text = decoded(bytes);
    let text = text.trim_start_matches('\u{feff}');
    let mut lines = if text.trim_start().starts_with(['[', '{']) { json(text)? } else { csv(text)? };
    lines.retain(|line| !line.is_empty());
    Ok(lines)
}

/// UTF-8, UTF-16 with a byte order mark, else the code page of Western spreadsheets.
fn decoded(bytes: &[u8]) -> String {
    if let Some((encoding, mark)) = encoding_rs::Encoding::for_bom(bytes) {
        return encoding.decode_without_bom_handling(&bytes[mark..]).0.into_owned();
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned(),
    }
}

fn csv(text: &str) -> Result<Vec<Line>> {
    let (text, skipped, named) = match text.split_once(['\r', '\n']) {
        // some spreadsheets name their delimiter first
        Some((first, rest)) if first.to_lowercase().starts_with("sep=") => {
            let rest = if text[first.len()..].starts_with("\r\n") { &rest[1..] } else { rest };
            (rest, 1, first.as_bytes().get(4).copied())
        }
        _ => (text, 0, None),
    };
    let delimiter = named.unwrap_or_else(|| delimiter(text.trim_start().as_bytes(), b'"'));
    // a quote that is never closed swallows the rest without an error: this line is lost with it
    let fenced = format!("{text}\n{FENCE}\n");
    let text = fenced.as_str();
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .has_headers(false)
        .from_reader(text.as_bytes());
    let mut records = reader.records();
    let header = records.next().transpose().map_err(|cause| unreadable(&cause))?.unwrap_or_default();
    let columns: Vec<String> = header.iter().map(column).collect();
    if !columns.iter().any(|name| name == "action") {
        return Err(Error::precondition("the review file has no column called action")
            .hint("keep the header line that `drydock review export` writes"));
    }
    for (place, name) in columns.iter().enumerate() {
        if COLUMNS.contains(&name.as_str()) && columns[..place].contains(name) {
            return Err(Error::precondition(format!("the review file has the column {name} twice"))
                .hint("keep one of them; nothing was imported"));
        }
    }
    let mut lines = Vec::new();
    let mut is_closed = false;
    let mut counter = LineCounter { bytes: text.as_bytes(), at: 0, line: 1 + skipped };
    for record in records {
        let record = record.map_err(|cause| unreadable(&cause))?;
        let number = counter.line_at(record.position().map_or(0, csv::Position::byte));
        is_closed = record.len() == 1 && &record[0] == FENCE;
        let cells = columns.iter().cloned().zip(record.iter().map(str::to_owned)).collect();
        let overflows = record.iter().skip(columns.len()).any(|cell| !cell::text(cell).is_empty());
        lines.push(Line { number, cells, overflows });
    }
    let last = lines.pop();
    if !is_closed {
        let line = last.map_or(1, |line| line.number);
        return Err(Error::precondition(format!(
            "line {line}: a quote opens a cell and is never closed; nothing was imported"
        ))
        .hint("save the file as CSV again"));
    }
    Ok(lines)
}

/// What stands on the line after the last.
const FENCE: &str = "\u{1}end of the review file\u{1}";

/// The columns that mean something here.
const COLUMNS: [&str; 9] =
    ["item", "entity", "legacy_id", "question", "action", "value", "reason", "decided_by", "seen"];

/// Counts lines as people do. The library's own count is one short after `\r\n`, and stands before blank lines.
struct LineCounter<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u64,
}

impl LineCounter<'_> {
    /// The line of the record that starts at a place or behind the line ends there; places must not go back.
    fn line_at(&mut self, byte: u64) -> u64 {
        let start = usize::try_from(byte).unwrap_or(usize::MAX).min(self.bytes.len());
        let ends = self.bytes[start..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let start = (start + ends).max(self.at);
        // an old spreadsheet ends its lines with `\r` alone
        let passed = &self.bytes[self.at..start];
        let ends = |place: &usize| passed[*place] == b'\n' || passed.get(place + 1).unwrap_or(&0) != &b'\n';
        self.line += memchr::memchr2_iter(b'\n', b'\r', passed).filter(ends).count() as u64;
        self.at = start;
        self.line
    }
}

/// The message of the library may quote the file; its place may not.
fn unreadable(cause: &csv::Error) -> Error {
    let line = cause.position().map_or(0, csv::Position::line);
    Error::precondition(format!("line {line}: the review file cannot be read as CSV; nothing was imported"))
        .hint("save it as CSV again")
}

/// A column's name as people and spreadsheets may have left it.
fn column(name: &str) -> String {
    cell::text(name).to_lowercase().replace([' ', '-'], "_")
}

fn json(text: &str) -> Result<Vec<Line>> {
    let refused = || {
        Error::precondition("the review file is not the JSON that was exported; nothing was imported")
            .hint("give an array of items, or an object with the array `items`")
    };
    let parsed: Value = serde_json::from_str(text).map_err(|_| refused())?;
    let items = parsed.as_array().or_else(|| parsed.get("items")?.as_array()).ok_or_else(refused)?;
    (1..)
        .zip(items)
        .map(|(number, item)| {
            let cells = item.as_object().ok_or_else(refused)?.iter().map(|(name, value)| {
                let text = match value {
                    Value::String(text) => text.clone(),
                    Value::Number(_) | Value::Bool(_) => value.to_string(),
                    Value::Null | Value::Array(_) | Value::Object(_) => String::new(),
                };
                (column(name), text)
            });
            Ok(Line { number, cells: cells.collect(), overflows: false })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Vec<(u64, String, String)> {
        let line = |line: &Line| (line.number, line.get("item").to_owned(), line.get("value").to_owned());
        lines(bytes).unwrap().iter().map(line).collect()
    }

    #[test]
    fn the_habits_of_spreadsheets_change_nothing() {
        let expected = vec![(2, "patients:1:practice_id".to_owned(), "Zoë".to_owned())];
        let utf16: Vec<u8> = "\u{feff}item\taction\tvalue\r\npatients:1:practice_id\tset\tZoë\r\n"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        let big_endian: Vec<u8> = "\u{feff}item\taction\tvalue\r\n\"patients:1:practice_id\"\tset\tZoë\r\n"
            .encode_utf16()
            .flat_map(u16::to_be_bytes)
            .collect();
        for (name, bytes) in [
            ("plain", "item,action,value\npatients:1:practice_id,set,Zoë\n".as_bytes().to_vec()),
            ("mark", "\u{feff}item,action,value\npatients:1:practice_id,set,Zoë\n".as_bytes().to_vec()),
            (
                "semicolons",
                "item;action;value\r\npatients:1:practice_id;set;Zoë\r\n;;\r\n".as_bytes().to_vec(),
            ),
            (
                "quoted",
                "\"item\",\"action\",\"value\"\n\"patients:1:practice_id\",\"set\",\"Zoë\""
                    .as_bytes()
                    .to_vec(),
            ),
            (
                "other order",
                "Value,My notes,ACTION,item\nZoë,call her,set,patients:1:practice_id\n".as_bytes().to_vec(),
            ),
            ("western", b"item;action;value\npatients:1:practice_id;set;Zo\xeb\n".to_vec()),
            ("utf-16", utf16),
            ("big-endian utf-16", big_endian),
            ("bars", "item|action|value\npatients:1:practice_id|set|Zoë|\n".as_bytes().to_vec()),
            ("old line ends", "item,action,value\rpatients:1:practice_id,set,Zoë\r".as_bytes().to_vec()),
            (
                "empty columns and rows",
                "item,action,value,,,\r\npatients:1:practice_id,set,Zoë,,,\r\n,,,,,\r\n,,,,,\r\n"
                    .as_bytes()
                    .to_vec(),
            ),
            (
                "a delimiter in a quoted name",
                "\"a;b;c;d\",item,action,value\n1,patients:1:practice_id,set,Zoë\n".as_bytes().to_vec(),
            ),
        ] {
            assert_eq!(read(&bytes), expected, "{name}");
        }
        assert_eq!(read(b"sep=;\r\nitem;action\r\na;b\r\n"), [(3, "a".to_owned(), String::new())]);
        assert_eq!(
            read(b"{\"items\":[{\"item\":\"a\",\"value\":12}]}"),
            [(1, "a".to_owned(), "12".to_owned())]
        );
    }

    #[test]
    fn lines_are_counted_over_quoted_line_ends() {
        let read = read(b"item,action,reason\na,accept,\"one\ntwo\"\nb,accept,\n");
        assert_eq!(read.iter().map(|line| line.0).collect::<Vec<_>>(), [2, 4]);
        let windows: Vec<_> = lines(b"item,action\r\na,accept\r\n\r\nb,accept\r\n")
            .unwrap()
            .iter()
            .map(|line| line.number)
            .collect();
        assert_eq!(windows, [2, 4]);
        let old: Vec<_> =
            lines(b"item,action\ra,accept\r\rb,accept").unwrap().iter().map(|line| line.number).collect();
        assert_eq!(old, [2, 4]);
    }

    #[test]
    fn what_would_be_read_wrongly_is_refused() {
        let message = |bytes: &[u8]| lines(bytes).unwrap_err().to_string();
        let unclosed = message(b"item,action,reason\na,accept,\nb,accept,\"never\nc,accept,\nd,accept,\n");
        assert!(unclosed.contains("line 3"), "{unclosed}");
        assert!(message(b"item,action,Action\na,accept,reject\n").contains("action twice"));
        let shifted = lines(b"item,action,reason\na,accept,by phone, twice\nb,accept,,,\n").unwrap();
        assert_eq!(shifted.iter().map(|line| line.overflows).collect::<Vec<_>>(), [true, false]);
    }

    #[test]
    fn a_file_without_its_header_is_refused() {
        assert!(lines(b"patients:1:practice_id,accept\n").is_err());
        assert!(lines(b"[1, 2]").is_err());
        assert!(lines(b"PK\x03\x04 and more").unwrap_err().to_string().contains("workbook"));
    }
}
