//! Files that other programs wrote in forms that are not read here: each is refused by its name, with what to do.

use std::io;
use std::path::Path;

use memchr::memmem;

use super::document::Document;
use super::{archive, unreadable};
use crate::error::{Error, Result};

/// What a file begins with, what it is, and what to do.
const FOREIGN: [(&[u8], &str, &str); 10] = [
    (b"\xd0\xcf\x11\xe0", "is an old Excel workbook", WORKBOOK),
    (b"SQLite format 3\0", "is an SQLite database", EXPORT),
    (b"PAR1", "is a Parquet file", EXPORT),
    (b"7z\xbc\xaf\x27\x1c", "is a 7z archive", UNPACK),
    (b"Rar!", "is a RAR archive", UNPACK),
    (b"\x04\x22\x4d\x18", "is compressed with lz4", UNPACK),
    (b"\x1f\x9d", "is compressed with compress", UNPACK),
    (b"LZIP", "is compressed with lzip", UNPACK),
    (b"%PDF", "is a PDF document", EXPORT),
    (b"Salted__", "is encrypted with openssl", "decrypt it first"),
];

const WORKBOOK: &str = "save each sheet as CSV UTF-8, named after its table (auth_user.csv), or better, let the database \
                        export them: a spreadsheet changes dates, long numbers and leading zeros";
const UNPACK: &str = "unpack it, and give what was in it";
const EXPORT: &str = "export the tables from PostgreSQL with pg_dump, or as CSV files";

/// What is lost in the JSON of Django's own command.
const DUMPDATA: &str = "is what `manage.py dumpdata` writes, in which much is lost: the ids of groups of users and of \
                        members of offices, the rows that a model's own manager hides, and everything below a \
                        millisecond";

/// Refuses what is no text of a table or of a database.
pub(super) fn refuse(document: &Document, start: &[u8]) -> Result<()> {
    if start.starts_with(b"PGDMP") {
        return Err(archive(&document.path));
    }
    if start.starts_with(b"PK\x03\x04") {
        let what = if is_workbook_name(&document.name) { "" } else { ", or a zip archive in a folder" };
        return Err(Error::legacy(format!("{} is a workbook of a spreadsheet{what}", document.shown()))
            .hint(format!("{WORKBOOK}; unpack an archive")));
    }
    let found = FOREIGN.iter().find(|(magic, ..)| start.starts_with(magic));
    if let Some((_, what, hint)) = found {
        return Err(Error::legacy(format!("{} {what}", document.shown())).hint(*hint));
    }
    if is_fixture(start) {
        return Err(dumpdata(&document.shown()));
    }
    if start.trim_ascii_start().to_ascii_lowercase().starts_with(b"<!doctype html") {
        return Err(Error::legacy(format!("{} is a web page", document.shown()))
            .hint("whoever downloaded it was shown a page instead; download the file itself"));
    }
    Ok(())
}

fn dumpdata(shown: &str) -> Error {
    Error::legacy(format!("{shown} {DUMPDATA}"))
        .hint("run in its place: pg_dump --no-owner -f dump.sql DATABASE, and give --dump dump.sql")
}

/// Whether a text is a list of Django's models: an array of objects, each with its model, or one such object a line; or the same
/// as YAML or XML.
fn is_fixture(start: &[u8]) -> bool {
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    if start.starts_with(b"- model:") || memmem::find(start, b"<django-objects").is_some() {
        return true;
    }
    let start = start.strip_prefix(b"[").unwrap_or(start).trim_ascii_start();
    let start = start.strip_prefix(b"{").map(<[u8]>::trim_ascii_start);
    start.is_some_and(|start| start.starts_with(b"\"model\"") || start.starts_with(b"\"pk\""))
}

/// Refuses a workbook, which is a zip archive too.
pub(super) fn refuse_workbook(path: &Path, names: &[&str]) -> Result<()> {
    let is_workbook = names.iter().any(|name| name.starts_with("xl/") || *name == "content.xml");
    if !is_workbook {
        return Ok(());
    }
    Err(Error::legacy(format!("{} is a workbook of a spreadsheet", path.display())).hint(WORKBOOK))
}

/// An archive that cannot be read.
pub(super) fn locked(path: &Path, cause: io::Error) -> Error {
    if cause.kind() == io::ErrorKind::Unsupported {
        return Error::legacy(format!("{} cannot be unpacked here", path.display()))
            .cause(cause)
            .hint(UNPACK);
    }
    unreadable(path, cause)
}

/// A folder or an archive in which nothing is a table or a script.
pub(super) fn nothing_in(path: &Path, found: &[Document]) -> Error {
    for document in found {
        let start = document.content().and_then(|bytes| {
            super::compression::peek(bytes)
                .map(|(start, _)| start)
                .map_err(|cause| document.unreadable(cause))
        });
        match start {
            Ok(start) => {
                if let Err(error) = refuse(document, &start) {
                    return error;
                }
            }
            Err(error) => return error,
        }
    }
    Error::legacy(format!("there is no CSV file in {}, and no SQL script", path.display()))
        .hint("the files are named after their tables: auth_user.csv, auth_user.csv.gz or auth_user.csv.zst")
}

fn is_workbook_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    [".xlsx", ".xlsm", ".ods"].iter().any(|suffix| name.ends_with(suffix))
}
