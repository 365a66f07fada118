//! A folder of CSV files, one table each: `auth_user.csv`, also `.csv.gz` and `.csv.zst`. The first record names the
//! columns, in any order.
//!
//! The rules, `PostgreSQL`'s where it has one: an unquoted field that equals the null marker (by default an empty one) is
//! null, a quoted field never is. Quotes inside quotes are doubled. LF, CRLF and CR end a record. An empty line is no
//! record, but a null in a table of one column. A record that cannot be read becomes an [`Unreadable`] with its line, and
//! reading goes on: after a quote that is never closed with the next line, so that one damaged line costs one record.
//!
//! [`Unreadable`]: crate::legacy::Unreadable

mod cut;
mod encoding;
mod header;
mod long;
mod records;

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use self::encoding::Encoding;
use self::header::Header;
use self::records::Records;
use super::file;
use crate::error::{Error, Result};
use crate::legacy::{Place, Projection, Shape, Sink, Source};

/// The names a table's file may end in.
const SUFFIXES: [&str; 3] = [".csv", ".csv.gz", ".csv.zst"];

/// How the files are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CsvOptions {
    /// What an unquoted field says when it is null: '' or `\N`.
    pub null: String,
    /// Between fields; found in each header, among comma, semicolon, tab and bar, when not given.
    pub delimiter: Option<u8>,
    /// Around fields.
    pub quote: u8,
    /// The encoding of files without a byte order mark: `utf-8` (the default), `utf-16le`, `utf-16be`, or
    /// `windows-1252`, as which then every record is read that is not valid UTF-8.
    pub encoding: Option<String>,
}

impl Default for CsvOptions {
    fn default() -> Self {
        Self { null: String::new(), delimiter: None, quote: b'"', encoding: None }
    }
}

/// A folder of CSV files.
#[derive(Debug)]
pub struct CsvSource {
    folder: PathBuf,
    options: CsvOptions,
    encoding: Encoding,
    files: BTreeMap<String, PathBuf>,
}

impl CsvSource {
    /// Lists the folder; the files are opened later.
    pub fn open(folder: &Path, options: CsvOptions) -> Result<Self> {
        let encoding = options.encoding.as_deref().map_or(Ok(Encoding::Utf8), Encoding::named)?;
        let folder = file::canonical(folder)?;
        let files = tables(&folder)?;
        Ok(Self { folder, options, encoding, files })
    }

    /// A table's file, just after its header.
    fn open_table(&self, table: &str) -> Result<Opened> {
        let path = self.files.get(table).ok_or_else(|| {
            Error::legacy(format!("there is no {table}.csv in {}", self.folder.display()))
                .hint("add the table's file, or check the folder")
        })?;
        let mut file = file::content(path)?;
        let start = file.fill_buf().map_err(|cause| file::unreadable(path, cause))?;
        let (encoding, mark) = Encoding::detected(start, self.encoding);
        file.consume(mark);
        let mut reader = encoding.reader(file);
        let mut buffer = Vec::new();
        let header = Header::read(&mut reader, &mut buffer, encoding, &self.options)
            .map_err(|cause| file::unreadable(path, cause))?
            .map_err(|fault| header::refused(path, &fault))?;
        let place = Place {
            file: path.file_name().map(|name| name.to_string_lossy().into_owned()),
            line: Some(header.lines + 1),
            byte: Some(mark as u64 + header.bytes),
        };
        Ok(Opened { path: path.clone(), header, reader, buffer, place })
    }
}

/// A file whose header is read: what was read beyond it, and what follows.
struct Opened {
    path: PathBuf,
    header: Header,
    reader: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    place: Place,
}

impl Source for CsvSource {
    fn identity(&self) -> String {
        format!("csv:{}", self.folder.display())
    }

    fn version(&self) -> Option<String> {
        None
    }

    fn suffix(&self) -> &'static str {
        SUFFIXES[0]
    }

    fn snapshot(&self) -> Option<String> {
        None
    }

    fn shapes(&mut self) -> Result<Vec<Shape>> {
        let shape = |table: &String| {
            Ok(Shape { table: table.clone(), columns: self.open_table(table)?.header.columns })
        };
        self.files.keys().map(shape).collect()
    }

    fn read(&mut self, shape: &Shape, sink: &mut dyn Sink) -> Result<u64> {
        let Opened { path, header, mut reader, buffer, place } = self.open_table(&shape.table)?;
        let source = Shape { table: shape.table.clone(), columns: header.columns };
        let projection = Projection::new(&source, shape)?;
        Records::new(header.format, &projection, place)
            .read(buffer, &mut reader, sink)
            .map_err(|cause| file::unreadable(&path, cause))?
    }
}

/// The tables of a folder. Files that are not CSV, and hidden ones, are nobody's.
fn tables(folder: &Path) -> Result<BTreeMap<String, PathBuf>> {
    let mut files: BTreeMap<String, PathBuf> = BTreeMap::new();
    let entries = fs::read_dir(folder).map_err(|cause| file::unreadable(folder, cause))?;
    for entry in entries {
        let path = entry.map_err(|cause| file::unreadable(folder, cause))?.path();
        let Some(name) =
            path.file_name().and_then(|name| name.to_str()).filter(|name| !name.starts_with('.'))
        else {
            continue;
        };
        if name == "toc.dat" {
            return Err(file::archive(folder));
        }
        let Some(table) = SUFFIXES.iter().find_map(|suffix| name.strip_suffix(suffix)) else { continue };
        if let Some(other) = files.insert(table.to_owned(), path.clone()) {
            return Err(Error::legacy(format!(
                "two files for table {table}: {} and {}",
                other.display(),
                path.display()
            ))
            .hint("keep one of them"));
        }
    }
    if files.is_empty() {
        return Err(Error::legacy(format!("there is no CSV file in {}", folder.display())).hint(
            "the files are named after their tables: auth_user.csv, auth_user.csv.gz or auth_user.csv.zst",
        ));
    }
    Ok(files)
}
