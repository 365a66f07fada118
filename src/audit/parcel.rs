//! The folder that a sealed copy is shipped in, and the names in it. It is made under another name and renamed when it is
//! whole, so that nothing half-made is ever found under its own.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// The sealed copy.
pub const FILE: &str = "staging.drydock";
/// The sealed copy, encrypted.
pub const ENCRYPTED: &str = "staging.drydock.age";
/// The manifest.
pub const MANIFEST: &str = "manifest.json";
/// The 64 bytes of its signature.
pub const SIGNATURE: &str = "manifest.json.sig";

/// Everything that such a folder may hold.
pub const NAMES: [&str; 4] = [FILE, ENCRYPTED, MANIFEST, SIGNATURE];

/// A folder in the making; dropped, it goes away again.
#[derive(Debug)]
pub struct Parcel {
    unfinished: PathBuf,
    out: PathBuf,
    is_whole: bool,
}

impl Parcel {
    /// Begins a folder that will be called `out`.
    pub fn begin(out: &Path) -> Result<Self> {
        let refused = |cause: io::Error| {
            Error::precondition(format!("the folder {} cannot be made", out.display()))
                .cause(cause)
                .hint("give a new name in a folder that you may write to with --out")
        };
        let out = std::path::absolute(out).map_err(refused)?;
        if !is_free(&out).map_err(refused)? {
            return Err(Error::precondition(format!("{} exists already", out.display()))
                .hint("nothing is ever overwritten; give a new folder with --out"));
        }
        let mut name = OsString::from(out.file_name().unwrap_or_default());
        name.push(".unfinished");
        let unfinished = out.with_file_name(name);
        // what an earlier one left when it was killed; anything else in it stays and is an error
        clear(&unfinished)
            .and_then(|()| DirBuilder::new().mode(0o700).create(&unfinished))
            .map_err(refused)?;
        Ok(Self { unfinished, out, is_whole: false })
    }

    /// The path of one of its files.
    pub fn path(&self, name: &str) -> PathBuf {
        self.unfinished.join(name)
    }

    /// Writes one of its files, for its owner alone.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        write_new(&self.path(name), bytes)
    }

    /// Gives the folder its name.
    pub fn finish(mut self) -> Result<()> {
        let finish = || {
            for name in NAMES {
                match File::open(self.path(name)) {
                    Ok(file) => file.sync_all()?,
                    Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
                    Err(cause) => return Err(cause),
                }
            }
            File::open(&self.unfinished)?.sync_all()?;
            // onto an empty folder it may be renamed, onto anything else it cannot
            fs::rename(&self.unfinished, &self.out)?;
            self.out.parent().map_or(Ok(()), |parent| File::open(parent)?.sync_all())
        };
        finish().map_err(|cause: io::Error| {
            Error::precondition(format!("the folder {} cannot be finished", self.out.display()))
                .cause(cause)
                .hint("make room, or give a new folder with --out")
        })?;
        self.is_whole = true;
        Ok(())
    }
}

impl Drop for Parcel {
    fn drop(&mut self) {
        if !self.is_whole {
            // the command's own error is the one to show
            let _ = clear(&self.unfinished);
        }
    }
}

/// Writes a new file for its owner alone.
pub fn write_new(path: &Path, bytes: &[u8]) -> Result<()> {
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()));
    written.map_err(|cause| {
        Error::precondition(format!("{} cannot be written", path.display()))
            .cause(cause)
            .hint("give a name that does not exist yet; nothing is ever overwritten")
    })
}

/// Whether a folder may get this name: nothing has it, or an empty folder.
fn is_free(out: &Path) -> io::Result<bool> {
    match fs::symlink_metadata(out) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(cause) => Err(cause),
        Ok(found) if found.is_dir() => Ok(fs::read_dir(out)?.next().is_none()),
        Ok(_) => Ok(false),
    }
}

/// Removes an unfinished folder: the files that one may hold, SQLite's side files, and then the folder, if it is empty.
fn clear(unfinished: &Path) -> io::Result<()> {
    if !unfinished.exists() {
        return Ok(());
    }
    for name in NAMES {
        for suffix in ["", "-journal", "-wal", "-shm", ".unfinished", ".unfinished-journal"] {
            match fs::remove_file(unfinished.join(format!("{name}{suffix}"))) {
                Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err(cause),
                _ => {}
            }
        }
    }
    fs::remove_dir(unfinished)
}
