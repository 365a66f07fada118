//! CSV files, one table each: `auth_user.csv`, also compressed, with the names that exporting programs give them. The first
//! record names the columns, in any order.
//!
//! The rules, `PostgreSQL`'s where it has one: an unquoted field that equals the null marker (by default an empty one) is
//! null, a quoted field never is. Quotes inside quotes are doubled. LF, CRLF and CR end a record. An empty line is no
//! record, but a null in a table of one column. A record that cannot be read becomes an [`Unreadable`] with its line, and
//! reading goes on: after a quote that is never closed with the next line, so that one damaged line costs one record.
//!
//! [`CsvSource`] is a folder or an archive of them, [`CsvFile`] any single one, whatever it is for.
//!
//! [`Unreadable`]: crate::legacy::Unreadable

mod cut;
mod delimiter;
mod escaped;
mod file;
mod header;
mod long;
mod names;
mod record;
mod records;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub use self::file::CsvFile;
pub use self::header::is_unnamed;
pub(super) use self::names::table_of;
pub(super) use self::records::script_records;
use super::encoding::Encoding;
use super::file::{Document, canonical, documents, refuse_foreign};
use crate::entity;
use crate::error::{Error, Result};
use crate::legacy::{PgDumpSource, Shape, Sink, Source};

/// How the files are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CsvOptions {
    /// What an unquoted field says when it is null: '' or `\N`.
    pub null: String,
    /// Between fields; found in each header, among comma, semicolon, tab and bar, when not given.
    pub delimiter: Option<u8>,
    /// Around fields.
    pub quote: u8,
    /// The encoding of files that do not say it themselves: `utf-8`, `utf-16le`, `utf-16be`, or one of a byte for each
    /// character such as `windows-1252`. A file whose letters are single bytes is read as that throughout; of one that was put
    /// together with UTF-8, each record that is not valid UTF-8. Without it, files are
    /// UTF-8, and one that is plainly something else is refused.
    pub encoding: Option<String>,
    /// Whether it is a person's own list: records of any width are rows, and names of columns may be missing or repeated.
    pub is_loose: bool,
}

impl Default for CsvOptions {
    fn default() -> Self {
        Self { null: String::new(), delimiter: None, quote: b'"', encoding: None, is_loose: false }
    }
}

/// A folder or an archive of CSV files.
#[derive(Debug)]
pub struct CsvSource {
    folder: PathBuf,
    options: CsvOptions,
    files: BTreeMap<String, Document>,
}

impl CsvSource {
    /// Lists the folder; the files are opened later.
    pub fn open(folder: &Path, options: CsvOptions) -> Result<Self> {
        let folder = canonical(folder)?;
        let found = documents(&folder)?;
        Self::of(folder, found, options)
    }

    /// Of these texts those that are CSV. The others are nobody's, unless they hold rows as well.
    pub(super) fn of(folder: PathBuf, found: Vec<Document>, options: CsvOptions) -> Result<Self> {
        options.encoding.as_deref().map_or(Ok(Encoding::Utf8), Encoding::named)?;
        let mut files: BTreeMap<String, Document> = BTreeMap::new();
        let mut others = Vec::new();
        for document in found {
            let Some(table) = table_of(&document.name) else {
                others.push(document);
                continue;
            };
            let shown = document.shown();
            if let Some(other) = files.insert(table.clone(), document) {
                return Err(Error::legacy(format!(
                    "two files for table {table}: {} and {shown}",
                    other.shown()
                ))
                .hint("keep one of them"));
            }
        }
        if files.is_empty() {
            return Err(Error::legacy(format!("there is no CSV file in {}", folder.display())).hint(
                "the files are named after their tables: auth_user.csv, auth_user.csv.gz or auth_user.csv.zst",
            ));
        }
        refuse_others(&folder, &files, others)?;
        Ok(Self { folder, options, files })
    }

    fn open_table(&self, table: &str) -> Result<CsvFile> {
        let document = self.files.get(table).ok_or_else(|| {
            Error::legacy(format!("there is no {table}.csv in {}", self.folder.display()))
                .hint("add the table's file, or check the folder")
        })?;
        CsvFile::of(document.clone(), &self.options)
    }
}

impl Source for CsvSource {
    fn identity(&self) -> String {
        format!("csv:{}", self.folder.display())
    }

    fn version(&self) -> Option<String> {
        None
    }

    fn suffix(&self) -> &'static str {
        ".csv"
    }

    fn snapshot(&self) -> Option<String> {
        None
    }

    fn shapes(&mut self) -> Result<Vec<Shape>> {
        let shape = |table: &String| {
            Ok(Shape { table: table.clone(), columns: self.open_table(table)?.columns().to_vec() })
        };
        self.files.keys().map(shape).collect()
    }

    fn read(&mut self, shape: &Shape, sink: &mut dyn Sink) -> Result<u64> {
        self.open_table(&shape.table)?.read(shape, sink)
    }
}

/// Refuses files beside those of CSV that hold tables too: in forms that are not read, or as scripts, which are read alone.
fn refuse_others(folder: &Path, files: &BTreeMap<String, Document>, others: Vec<Document>) -> Result<()> {
    for other in &others {
        let is_alone = names::table_of_foreign(&other.name).is_some_and(|table| !files.contains_key(&table));
        if is_alone {
            // what it is, by its first bytes; or else by its name
            let start = other.content()?.fill_buf().map(<[u8]>::to_vec).unwrap_or_default();
            refuse_foreign(other, &start)?;
            return Err(Error::legacy(format!("{} is no CSV file", other.shown()))
                .hint("export the table as CSV UTF-8, from the database if that can be had, and keep only that file"));
        }
    }
    for other in others.into_iter().filter(|other| super::pg_dump::is_script(&other.name)) {
        let shown = other.shown();
        // one that cannot be read is none of ours
        let Ok(script) = PgDumpSource::of(folder.to_owned(), vec![other]) else { continue };
        let is_alone = |table: &&str| script.has_rows(table) && !files.contains_key(*table);
        let tables = entity::legacy_tables();
        if let Some(table) = tables.iter().map(|table| table.name).find(is_alone) {
            return Err(Error::legacy(format!("{shown} holds rows of table {table}, which has no CSV file"))
                .hint("export that table as CSV too, or give the scripts of all tables in a folder of their own"));
        }
    }
    Ok(())
}
