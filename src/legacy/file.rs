//! Opening what a legacy owner hands over: which kind of source a path is, and a file's bytes without its compression.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

use crate::error::{Error, Result};
use crate::legacy::{CsvOptions, CsvSource, PgDumpSource, Source};

/// Room for one read from the disk.
const BLOCK: usize = 256 * 1024;

/// A source on the disk: a folder holds CSV files, a file is a `pg_dump` script.
pub fn open(path: &Path, options: CsvOptions) -> Result<Box<dyn Source>> {
    if metadata(path)?.is_dir() {
        Ok(Box::new(CsvSource::open(path, options)?))
    } else {
        Ok(Box::new(PgDumpSource::open(path)?))
    }
}

/// A file's content; gzip and zstd are known by their first bytes, whatever the file's name says.
pub(super) fn content(path: &Path) -> Result<Box<dyn BufRead + Send>> {
    let mut file = start(path)?;
    Ok(match compression(&mut file, path)? {
        Some(Compression::Gzip) => Box::new(BufReader::with_capacity(BLOCK, MultiGzDecoder::new(file))),
        Some(Compression::Zstd) => {
            let plain = zstd::Decoder::with_buffer(file).map_err(|cause| unreadable(path, cause))?;
            Box::new(BufReader::with_capacity(BLOCK, plain))
        }
        None => Box::new(file),
    })
}

enum Compression {
    Gzip,
    Zstd,
}

fn start(path: &Path) -> Result<BufReader<File>> {
    let file = File::open(path).map_err(|cause| unreadable(path, cause))?;
    Ok(BufReader::with_capacity(BLOCK, file))
}

/// Looks at the first bytes without taking them.
fn compression(file: &mut BufReader<File>, path: &Path) -> Result<Option<Compression>> {
    Ok(match file.fill_buf().map_err(|cause| unreadable(path, cause))? {
        [0x1f, 0x8b, ..] => Some(Compression::Gzip),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Compression::Zstd),
        _ => None,
    })
}

/// The content from a byte on. A plain file is entered there; a compressed one has to be read up to there.
pub(super) fn content_from(path: &Path, byte: u64) -> Result<Box<dyn BufRead + Send>> {
    let mut file = start(path)?;
    if compression(&mut file, path)?.is_none() {
        file.seek(SeekFrom::Start(byte)).map_err(|cause| unreadable(path, cause))?;
        return Ok(Box::new(file));
    }
    let mut content = content(path)?;
    let skipped = io::copy(&mut content.by_ref().take(byte), &mut io::sink())
        .map_err(|cause| unreadable(path, cause))?;
    if skipped == byte { Ok(content) } else { Err(changed(path)) }
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
