//! The texts that a path holds: a file is one, a folder or an archive has one for each of its files.

use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::compression::{BLOCK, Bytes, Compression, START, peek, plain};
use super::zip::{self, Packed};
use super::{archive, changed, foreign, metadata, unreadable};
use crate::error::{Error, Result};

/// One text, which can be read any number of times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::legacy) struct Document {
    /// The file on the disk.
    pub path: PathBuf,
    /// Its own name, or its name within the archive, without folders.
    pub name: String,
    within: Within,
}

/// Where the text is in the file on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Within {
    /// It is the whole file.
    Alone,
    Zip(Packed),
    /// The bytes of a tar archive, when this is uncompressed.
    Tar {
        start: u64,
        len: u64,
    },
}

impl Document {
    /// A file of its own.
    fn alone(path: PathBuf) -> Self {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Self { path, name, within: Within::Alone }
    }

    /// What a person is told of it: the path, and the file within an archive.
    pub(in crate::legacy) fn shown(&self) -> String {
        match self.within {
            Within::Alone => self.path.display().to_string(),
            Within::Zip(_) | Within::Tar { .. } => format!("{} in {}", self.name, self.path.display()),
        }
    }

    /// Its bytes without any compression.
    pub(in crate::legacy) fn content(&self) -> Result<Bytes> {
        self.bytes().and_then(plain).map_err(|cause| self.unreadable(cause))
    }

    /// The content from a byte on. A plain file is entered there; anything else has to be read up to there.
    pub(in crate::legacy) fn content_from(&self, byte: u64) -> Result<Bytes> {
        let mut content = if self.within == Within::Alone && byte > 0 {
            let mut file = File::open(&self.path).map_err(|cause| self.unreadable(cause))?;
            let mut start = Vec::new();
            (&mut file).take(START as u64).read_to_end(&mut start).map_err(|cause| self.unreadable(cause))?;
            if Compression::of(&start).is_none() {
                file.seek(SeekFrom::Start(byte)).map_err(|cause| self.unreadable(cause))?;
                return Ok(Box::new(BufReader::with_capacity(BLOCK, file)));
            }
            self.content()?
        } else {
            self.content()?
        };
        let skipped = io::copy(&mut content.by_ref().take(byte), &mut io::sink())
            .map_err(|cause| self.unreadable(cause))?;
        if skipped == byte { Ok(content) } else { Err(changed(&self.path)) }
    }

    /// Whether it can be read more than once.
    pub(in crate::legacy) fn is_lasting(&self) -> bool {
        metadata(&self.path).is_ok_and(|found| found.is_file())
    }

    /// An error of reading it.
    pub(in crate::legacy) fn unreadable(&self, cause: io::Error) -> Error {
        unreadable(&self.path, cause)
    }

    fn bytes(&self) -> io::Result<Bytes> {
        match self.within {
            Within::Alone => file(&self.path),
            Within::Zip(member) => zip::content(&self.path, member),
            Within::Tar { start, len } => {
                let mut whole = plain(file(&self.path)?)?;
                io::copy(&mut whole.by_ref().take(start), &mut io::sink())?;
                Ok(Box::new(BufReader::with_capacity(BLOCK, whole.take(len))))
            }
        }
    }
}

fn file(path: &Path) -> io::Result<Bytes> {
    Ok(Box::new(BufReader::with_capacity(BLOCK, File::open(path)?)))
}

/// The texts of a folder, of an archive, or the one that a file is, by name. Hidden files are nobody's.
pub(in crate::legacy) fn documents(path: &Path) -> Result<Vec<Document>> {
    let mut found = if metadata(path)?.is_dir() { of_folder(path)? } else { of_file(path)? };
    found.retain(|document| !document.name.starts_with('.') && !document.name.is_empty());
    found.sort_by(|a, b| a.name.cmp(&b.name));
    // a dump in the form of a folder, or packed
    if found.iter().any(|document| document.name == "toc.dat") {
        return Err(archive(path));
    }
    Ok(found)
}

fn of_folder(folder: &Path) -> Result<Vec<Document>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(|cause| unreadable(folder, cause))? {
        let path = entry.map_err(|cause| unreadable(folder, cause))?.path();
        if !path.is_dir() && path.file_name().is_some_and(|name| name.to_str().is_some()) {
            found.push(Document::alone(path));
        }
    }
    Ok(found)
}

fn of_file(path: &Path) -> Result<Vec<Document>> {
    // a pipe can be read once, and is not looked into
    if !metadata(path)?.is_file() {
        return Ok(vec![Document::alone(path.to_owned())]);
    }
    let (start, _) = file(path).and_then(peek).map_err(|cause| unreadable(path, cause))?;
    if start.starts_with(b"PK\x03\x04") {
        let members = zip::list(path).map_err(|cause| foreign::locked(path, cause))?;
        let names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
        foreign::refuse_workbook(path, &names)?;
        return Ok(members
            .into_iter()
            .map(|(name, member)| packed(path, &name, Within::Zip(member)))
            .collect());
    }
    let (start, whole) =
        file(path).and_then(plain).and_then(peek).map_err(|cause| unreadable(path, cause))?;
    if !is_tar(&start) {
        return Ok(vec![Document::alone(path.to_owned())]);
    }
    of_tar(path, whole).map_err(|cause| {
        let shown = path.display();
        Error::legacy(format!("{shown} is a tar archive that cannot be listed"))
            .cause(cause)
            .hint(format!("copy it again; where pg_dump wrote it (-Ft): pg_restore -f dump.sql {shown}"))
    })
}

/// Whether a stream is a tar archive: by its own word, or, as Adminer and other old programs write it, by its checksum alone.
fn is_tar(start: &[u8]) -> bool {
    if start.get(257..262) == Some(b"ustar") {
        return true;
    }
    let Some(header) = start.get(..512).filter(|header| header[0] != 0) else { return false };
    let stated = header[148..156].trim_ascii().split(|&byte| byte == 0).next().unwrap_or_default();
    let stated =
        std::str::from_utf8(stated).ok().and_then(|digits| u64::from_str_radix(digits.trim(), 8).ok());
    // the checksum itself counts as eight spaces
    let counted =
        header[..148].iter().chain(&[b' '; 8]).chain(&header[156..]).map(|&byte| u64::from(byte)).sum();
    stated == Some(counted)
}

fn of_tar(path: &Path, whole: Bytes) -> io::Result<Vec<Document>> {
    let mut found = Vec::new();
    for entry in tar::Archive::new(whole).entries()? {
        let entry = entry?;
        if entry.header().entry_type().is_file() {
            let (start, len) = (entry.raw_file_position(), entry.size());
            let name = entry.path()?.to_string_lossy().into_owned();
            found.push(packed(path, &name, Within::Tar { start, len }));
        }
    }
    Ok(found)
}

/// A file of an archive. Folders end in a slash and so have no name; what macOS adds lies in a folder of its own.
fn packed(path: &Path, name: &str, within: Within) -> Document {
    let is_added = name.starts_with("__MACOSX/");
    let name = if is_added { "" } else { name.rsplit(['/', '\\']).next().unwrap_or_default() };
    Document { path: path.to_owned(), name: name.to_owned(), within }
}
