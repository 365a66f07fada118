//! A review file back from a spreadsheet: whatever its encoding, delimiter, line ends, and order of columns; or the JSON
//! that was exported. Columns that are not known are the reader's own notes and are left alone.

use std::collections::HashMap;

use serde_json::Value;

use super::cell;
use crate::error::{Error, Result};
use crate::legacy::{CsvFile, CsvOptions, Place, Shape, Sink, Unreadable};
use crate::record::LegacyId;

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
    let mut lines = match json(bytes) {
        Some(lines) => lines?,
        None => csv(bytes)?,
    };
    lines.retain(|line| !line.is_empty());
    Ok(lines)
}

fn csv(bytes: &[u8]) -> Result<Vec<Line>> {
    // text in another encoding than UTF-8 is that of Western spreadsheets
    let options =
        CsvOptions { encoding: Some("windows-1252".to_owned()), is_loose: true, ..CsvOptions::default() };
    let file = CsvFile::of_bytes("the review file", bytes.to_vec(), &options).map_err(|_| headless())?;
    let columns: Vec<String> = file.columns().iter().map(|name| column(name)).collect();
    if !columns.iter().any(|name| name == "action") {
        return Err(headless());
    }
    for (place, name) in columns.iter().enumerate() {
        if COLUMNS.contains(&name.as_str()) && columns[..place].contains(name) {
            return Err(Error::precondition(format!("the review file has the column {name} twice"))
                .hint("keep one of them; nothing was imported"));
        }
    }
    let all = Shape { table: String::new(), columns: file.columns().to_vec() };
    let mut cells = Cells { columns, lines: Vec::new() };
    file.read(&all, &mut cells)?;
    Ok(cells.lines)
}

fn headless() -> Error {
    Error::precondition("the review file has no column called action")
        .hint("keep the header line that `drydock review export` writes")
}

/// The records of a file on their way to lines.
struct Cells {
    columns: Vec<String>,
    lines: Vec<Line>,
}

impl Sink for Cells {
    fn row(&mut self, fields: &[Option<&[u8]>], place: &Place) -> Result<()> {
        let text = |field: Option<&[u8]>| String::from_utf8_lossy(field.unwrap_or_default()).into_owned();
        let cells = self.columns.iter().cloned().zip(fields.iter().copied().map(text)).collect();
        let beyond = fields.get(self.columns.len()..).unwrap_or_default();
        let overflows = beyond.iter().any(|field| !cell::text(&text(*field)).is_empty());
        self.lines.push(Line { number: place.line.unwrap_or_default(), cells, overflows });
        Ok(())
    }

    fn unreadable(
        &mut self,
        reason: Unreadable,
        _key: Option<LegacyId>,
        _raw: &[u8],
        place: &Place,
    ) -> Result<()> {
        let line = place.line.unwrap_or_default();
        let what = match reason {
            Unreadable::UnclosedQuote => "a quote opens a cell and is never closed".to_owned(),
            _ => reason.to_string(),
        };
        Err(Error::precondition(format!("line {line}: {what}; nothing was imported"))
            .hint("save the file as CSV again"))
    }
}

/// The columns that mean something here.
const COLUMNS: [&str; 9] =
    ["item", "entity", "legacy_id", "question", "action", "value", "reason", "decided_by", "seen"];

/// A column's name as people and spreadsheets may have left it.
fn column(name: &str) -> String {
    cell::text(name).to_lowercase().replace([' ', '-'], "_")
}

/// The items of a file of JSON; `None` where it is none.
fn json(bytes: &[u8]) -> Option<Result<Vec<Line>>> {
    let (encoding, mark) = encoding_rs::Encoding::for_bom(bytes).unwrap_or((encoding_rs::UTF_8, 0));
    let text = encoding.decode_without_bom_handling(&bytes[mark..]).0;
    text.trim_start().starts_with(['[', '{']).then(|| items(&text))
}

fn items(text: &str) -> Result<Vec<Line>> {
    let refused = || {
        Error::precondition("the review file is not the JSON that was exported; nothing was imported")
            .hint("give an array of items, or an object with the array `items`")
    };
    let parsed: Value = serde_json::from_str(text).map_err(|_| refused())?;
    // what was decided without seeing a value decides nothing
    if parsed.get("rehearsal").is_some_and(|rehearsal| *rehearsal != Value::Bool(false)) {
        return Err(Error::precondition(
            "the decisions were made on a page without values, as a rehearsal; nothing was imported",
        )
        .hint("make the page with `drydock review page` and without --redact, and decide on that"));
    }
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
