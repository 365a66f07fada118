//! Opening what a legacy owner hands over: which kind of source a path is, and the texts that it consists of, whether they
//! are files of a folder, members of an archive, or compressed.

mod compression;
mod document;
mod foreign;
mod zip;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

pub(super) use self::compression::CONTAINED;
pub(super) use self::document::{Document, documents};
use crate::error::{Error, Result};
use crate::legacy::csv::table_of;
use crate::legacy::pg_dump::is_script;
use crate::legacy::{CsvOptions, CsvSource, PgDumpSource, Source};

/// A source on the disk: a folder, or an archive of one, holds CSV files or SQL scripts; a file is a script.
pub fn open(path: &Path, options: CsvOptions) -> Result<Box<dyn Source>> {
    let path = canonical(path)?;
    let found = documents(&path)?;
    if found.iter().any(|document| table_of(&document.name).is_some()) {
        return Ok(Box::new(CsvSource::of(path, found, options)?));
    }
    let scripts: Vec<Document> = found.iter().filter(|document| is_script(&document.name)).cloned().collect();
    match (scripts.is_empty(), found.len()) {
        (false, _) => Ok(Box::new(PgDumpSource::of(path, scripts)?)),
        (true, 1) if !metadata(&path)?.is_dir() => Ok(Box::new(PgDumpSource::of(path, found)?)),
        _ => Err(foreign::nothing_in(&path, &found)),
    }
}

/// Refuses a text that is none, and names what wrote it.
pub(super) fn refuse_foreign(document: &Document, start: &[u8]) -> Result<()> {
    foreign::refuse(document, start)
}

/// The path as the file system knows it, for identities.
pub(super) fn canonical(path: &Path) -> Result<PathBuf> {
    fs::canonicalize(path).map_err(|cause| unreadable(path, cause))
}

pub(super) fn metadata(path: &Path) -> Result<fs::Metadata> {
    fs::metadata(path).map_err(|cause| unreadable(path, cause))
}

/// An error of the file system, or of a compressed file that is cut off or damaged.
pub(super) fn unreadable(path: &Path, cause: io::Error) -> Error {
    let hint = match cause.kind() {
        io::ErrorKind::NotFound => "check the path to the legacy dump",
        io::ErrorKind::PermissionDenied => "give this user the right to read it",
        io::ErrorKind::OutOfMemory => {
            "it was compressed with a dictionary of gigabytes; unpack it, and give what was in it"
        }
        _ => "the file may be cut off or damaged; copy it again and compare its size with the original's",
    };
    Error::legacy(format!("cannot read {}", path.display())).cause(cause).hint(hint)
}

/// A file that is not what it was a moment ago.
pub(super) fn changed(path: &Path) -> Error {
    Error::legacy(format!("{} changed while it was read", path.display()))
        .hint("extract again when nobody writes to it any more")
}

/// A dump in a form that only `pg_restore` reads.
pub(super) fn archive(path: &Path) -> Error {
    let shown = path.display();
    Error::legacy(format!("{shown} is a pg_dump archive, not a plain SQL script"))
        .hint(format!("turn it into a script with: pg_restore -f dump.sql {shown}"))
}
