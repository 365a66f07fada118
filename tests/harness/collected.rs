//! A sink that keeps everything it is handed, for the tests of the legacy sources.

use std::fs;

use drydock::error::Result;
use drydock::legacy::{CsvOptions, CsvSource, Place, Sink, Source, Unreadable};
use drydock::record::LegacyId;

/// A row with its nulls.
pub type Row = Vec<Option<String>>;

/// Something that is no row.
#[derive(Debug, PartialEq, Eq)]
pub struct Bad {
    pub reason: Unreadable,
    pub key: Option<i64>,
    pub raw: Vec<u8>,
    pub line: u64,
    pub byte: u64,
}

/// Everything that a table gave.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Collected {
    pub rows: Vec<Row>,
    pub lines: Vec<u64>,
    pub bytes: Vec<u64>,
    pub unreadable: Vec<Bad>,
}

impl Collected {
    /// The first field of every row.
    pub fn keys(&self) -> Vec<&str> {
        self.rows.iter().map(|row| row[0].as_deref().unwrap()).collect()
    }

    /// Reason, key and line of what is no row.
    pub fn faults(&self) -> Vec<(&'static str, Option<i64>, u64)> {
        self.unreadable.iter().map(|bad| (bad.reason.as_str(), bad.key, bad.line)).collect()
    }
}

impl Sink for Collected {
    fn row(&mut self, fields: &[Option<&[u8]>], place: &Place) -> Result<()> {
        let text = |field: &[u8]| String::from_utf8(field.to_vec()).unwrap();
        self.rows.push(fields.iter().map(|field| field.map(text)).collect());
        self.lines.push(place.line.unwrap_or_default());
        self.bytes.push(place.byte.unwrap_or_default());
        Ok(())
    }

    fn unreadable(
        &mut self,
        reason: Unreadable,
        key: Option<LegacyId>,
        raw: &[u8],
        place: &Place,
    ) -> Result<()> {
        self.unreadable.push(Bad {
            reason,
            key: key.map(|LegacyId(key)| key),
            raw: raw.to_vec(),
            line: place.line.unwrap(),
            byte: place.byte.unwrap(),
        });
        Ok(())
    }
}

pub fn row(fields: &[Option<&str>]) -> Row {
    fields.iter().map(|field| field.map(str::to_owned)).collect()
}

/// Reads a table without some columns; the count must be that of what was handed over.
pub fn try_read(source: &mut dyn Source, table: &str, excluded: &[&str]) -> Result<Collected> {
    let shapes = source.shapes()?;
    let shape = shapes.iter().find(|shape| shape.table == table).expect("the table").without(excluded);
    let mut collected = Collected::default();
    let rows = source.read(&shape, &mut collected)?;
    assert_eq!(rows, (collected.rows.len() + collected.unreadable.len()) as u64);
    Ok(collected)
}

pub fn read(source: &mut dyn Source, table: &str, excluded: &[&str]) -> Collected {
    try_read(source, table, excluded).unwrap()
}

/// A folder with one CSV file, read as table `t`.
pub fn csv_with(name: &str, bytes: &[u8], options: CsvOptions) -> Collected {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(name), bytes).unwrap();
    read(&mut CsvSource::open(folder.path(), options).unwrap(), "t", &[])
}

/// The same of a file as it is by default.
pub fn csv(text: impl AsRef<[u8]>) -> Collected {
    csv_with("t.csv", text.as_ref(), CsvOptions::default())
}

/// The message of a folder of CSV files that is refused, from listing it to its shapes.
pub fn csv_refused(files: &[(&str, &[u8])], options: CsvOptions) -> String {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    let error = CsvSource::open(folder.path(), options).and_then(|mut source| source.shapes()).unwrap_err();
    assert!(error.to_string().contains("\nhint: "), "{error}");
    error.to_string()
}
