//! The one way to make a file or a folder. What is made is new, its owner's alone, and never reached through a link; it gets
//! its name when it is whole, so that whoever is killed leaves nothing half-made under it. What is there already is not written
//! to, whoever put it there. A test holds the rest of the program to it.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// In a folder that is not whole yet: it says that this program made it.
const MARK: &str = ".made-by-drydock";

/// A new file for its owner alone. A name that is taken, also by a link, is refused.
pub fn new_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path)
}

/// Writes a new file, and has it reach the disk.
pub fn write_new(path: &Path, bytes: &[u8]) -> Result<()> {
    let written = new_file(path).and_then(|mut file| {
        file.write_all(bytes).and_then(|()| file.sync_all()).inspect_err(|_| {
            // a part of it would look like the whole
            let _ = fs::remove_file(path);
        })
    });
    written.map_err(|cause| {
        unwritten(
            &path.display().to_string(),
            cause,
            "give a name that does not exist yet; nothing is ever overwritten",
        )
    })
}

/// What could not be written, and what to do about it: `otherwise` where it is not room that lacks.
pub fn unwritten(what: &str, cause: io::Error, otherwise: &str) -> Error {
    let hint = match cause.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "make room there, then run the same command again"
        }
        io::ErrorKind::FileTooLarge => {
            "raise the limit on the size of files (ulimit -f), then run the same command again"
        }
        _ => otherwise,
    };
    Error::precondition(format!("{what} cannot be written")).cause(cause).hint(hint)
}

/// Writes a file in place of the one that has its name, which must be a plain file and none of the `inputs`. The old one stays
/// until the new one is whole.
pub fn replace(path: &Path, inputs: &[&Path], fill: impl FnOnce(File) -> io::Result<()>) -> Result<()> {
    let refused = |cause: io::Error| {
        unwritten(
            &path.display().to_string(),
            cause,
            "give a path in an existing directory that you may write to",
        )
    };
    match fs::symlink_metadata(path) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
        Err(cause) => return Err(refused(cause)),
        Ok(found) if !found.is_file() => {
            return Err(Error::precondition(format!("{} is a link, a folder or a device", path.display()))
                .hint("only a plain file is replaced; give another name"));
        }
        Ok(found) => {
            let is_same = |input: &&Path| {
                fs::metadata(input)
                    .is_ok_and(|input| (input.dev(), input.ino()) == (found.dev(), found.ino()))
            };
            if inputs.iter().any(is_same) {
                return Err(Error::precondition(format!("{} is what is read", path.display()))
                    .hint("give another name for what is written"));
            }
        }
    }
    let unfinished = beside(path, &format!(".unfinished-{}", std::process::id()));
    let written = new_file(&unfinished).and_then(|file| {
        fill(file).and_then(|()| fs::rename(&unfinished, path)).inspect_err(|_| {
            // the error at hand says more
            let _ = fs::remove_file(&unfinished);
        })
    });
    written.map_err(refused)
}

/// A path with more behind its name.
pub fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path.file_name().unwrap_or_default());
    name.push(suffix);
    path.with_file_name(name)
}

/// Makes a folder for its owner alone, and those above it, where they are missing.
pub fn folders(path: &Path) -> Result<()> {
    if path.exists() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|cause| {
        Error::precondition(format!("the folder {} cannot be made", path.display()))
            .cause(cause)
            .hint("give a folder in one that you may write to")
    })
}

/// A folder in the making; dropped, it goes away again.
#[derive(Debug)]
pub struct Folder {
    unfinished: PathBuf,
    out: PathBuf,
    is_whole: bool,
}

impl Folder {
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
                .hint("nothing is ever overwritten; give a new folder"));
        }
        let unfinished = beside(&out, ".unfinished");
        clear(&unfinished)?;
        DirBuilder::new().mode(0o700).create(&unfinished).map_err(refused)?;
        let folder = Self { unfinished, out, is_whole: false };
        new_file(&folder.path(MARK)).map_err(refused)?;
        Ok(folder)
    }

    /// The path of one of its files, as long as it is in the making.
    pub fn path(&self, name: &str) -> PathBuf {
        self.unfinished.join(name)
    }

    /// Where it will be.
    pub fn out(&self) -> &Path {
        &self.out
    }

    /// Writes one of its files.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        write_new(&self.path(name), bytes)
    }

    /// Gives the folder its name.
    pub fn finish(mut self) -> Result<()> {
        let finish = || {
            for entry in fs::read_dir(&self.unfinished)? {
                File::open(entry?.path())?.sync_all()?;
            }
            fs::remove_file(self.path(MARK))?;
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

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.is_whole {
            // the command's own error is the one to show
            let _ = clear(&self.unfinished);
        }
    }
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

/// Removes what a command that was killed has left: a folder that this program made, with the plain files in it. Anything else
/// of that name is somebody's.
fn clear(unfinished: &Path) -> Result<()> {
    let in_the_way = || {
        Error::precondition(format!("{} is in the way", unfinished.display()))
            .hint("it is not what this program made, so it was left alone; move it, or give another name with --out")
    };
    let found = match fs::symlink_metadata(unfinished) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(()),
        found => found.map_err(|cause| in_the_way().cause(cause))?,
    };
    let is_ours = found.is_dir()
        && fs::symlink_metadata(unfinished.join(MARK))
            .is_ok_and(|mark| mark.is_file() && mark.len() == 0 && mark.uid() == found.uid());
    if !is_ours {
        return Err(in_the_way());
    }
    let remove = || {
        for entry in fs::read_dir(unfinished)? {
            let path = entry?.path();
            // what makes it ours goes last
            if !path.ends_with(MARK) {
                fs::remove_file(path)?;
            }
        }
        fs::remove_file(unfinished.join(MARK))?;
        fs::remove_dir(unfinished)
    };
    remove().map_err(|cause: io::Error| in_the_way().cause(cause))
}
