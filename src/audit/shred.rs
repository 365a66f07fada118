//! Doing away with a file: its bytes are overwritten once, on the disk, and its name is taken away. What that is worth depends
//! on the file system and the device, and [`promise`] says so.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::place;
use crate::error::{Error, Result};
use crate::interrupt;

/// File systems that write changed blocks elsewhere and keep the old ones for a while.
const ELSEWHERE: [&str; 6] = ["btrfs", "zfs", "bcachefs", "f2fs", "nilfs2", "overlay"];

/// What was done away with.
#[derive(Debug, Serialize)]
pub struct Shredded {
    /// The file.
    pub file: PathBuf,
    /// How many bytes were overwritten.
    pub bytes: u64,
    /// Other names of the same bytes that are left, by number.
    pub other_names: u64,
    /// What that is worth.
    pub promise: Vec<String>,
}

/// Overwrites and removes a file.
pub fn shred(path: &Path) -> Result<Shredded> {
    let refused = |cause: io::Error| {
        let hint = if cause.kind() == io::ErrorKind::NotFound {
            "check its path"
        } else {
            "its owner must run this command, and the folder must be one that the owner may write to"
        };
        Error::precondition(format!("{} cannot be shredded", path.display())).cause(cause).hint(hint)
    };
    let found = fs::symlink_metadata(path).map_err(refused)?;
    if !found.is_file() {
        return Err(Error::precondition(format!("{} is no plain file", path.display()))
            .hint("give the file itself, not a link to it or a folder"));
    }
    let promise = promise(path);
    let file = OpenOptions::new().write(true).open(path).map_err(refused)?;
    if matches!(file.try_lock(), Err(fs::TryLockError::WouldBlock)) {
        return Err(Error::precondition(format!("another command is writing to {}", path.display()))
            .hint("wait for it to end"));
    }
    overwrite(&file, found.len()).map_err(refused)??;
    // the name may say something too
    let blank = path.with_file_name("0".repeat(path.file_name().map_or(1, std::ffi::OsStr::len).min(200)));
    let last = if fs::symlink_metadata(&blank).is_err() && fs::rename(path, &blank).is_ok() {
        blank
    } else {
        path.to_owned()
    };
    fs::remove_file(&last).map_err(refused)?;
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        // the file is gone either way
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
    }
    Ok(Shredded {
        file: path.to_owned(),
        bytes: found.len(),
        other_names: found.nlink().saturating_sub(1),
        promise,
    })
}

/// What shredding a file there can promise, and what it cannot.
pub fn promise(path: &Path) -> Vec<String> {
    let mut promise = vec![
        "the bytes that the file system keeps for this file are overwritten once and written to the disk, then the name is removed"
            .to_owned(),
        "no copy is touched: backups, snapshots, checkpoints, sealed folders, exports, swap and what editors or sqlite3 left elsewhere"
            .to_owned(),
        "a solid-state disk may keep old blocks until it erases them by itself; only its own erase command or encryption of the \
         whole disk from the start reaches those"
            .to_owned(),
    ];
    match place::file_system(&std::path::absolute(path).unwrap_or_else(|_| path.to_owned())) {
        Some(kind) if ELSEWHERE.contains(&kind.as_str()) => promise.push(format!(
            "the file system here is {kind}, which writes changed blocks elsewhere: the old bytes may stay on the disk as they were"
        )),
        Some(kind) if kind == "xfs" => promise.push(
            "the file system here is xfs, where a file may share blocks with a copy (reflink): the copy's stay".to_owned(),
        ),
        Some(kind) if kind.starts_with("nfs") || kind == "cifs" || kind.starts_with("fuse") || kind == "9p" => promise.push(
            format!("the file system here is {kind}: what its server does with the old bytes is not known"),
        ),
        Some(_) => {}
        None => promise.push("the file system here is not known".to_owned()),
    }
    promise
}

pub(super) fn overwrite(file: &File, mut length: u64) -> io::Result<Result<()>> {
    let mut file = file;
    file.rewind()?;
    let mut noise = vec![0; 1024 * 1024];
    getrandom::fill(&mut noise).map_err(io::Error::other)?;
    while length > 0 {
        if let Err(interrupted) = interrupt::check() {
            return Ok(Err(interrupted));
        }
        let part = usize::try_from(length).unwrap_or(usize::MAX).min(noise.len());
        file.write_all(&noise[..part])?;
        length -= part as u64;
    }
    file.sync_all()?;
    file.set_len(0)?;
    file.sync_all()?;
    Ok(Ok(()))
}
