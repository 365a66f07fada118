//! `drydock shred`

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use super::Common;
use crate::audit::{Shredded, shred};
use crate::error::{Error, Kind, Result};
use crate::staging::Reader;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The staging file
    file: PathBuf,
    /// Shred it also when it is no staging file, such as an export or a token key
    #[arg(long)]
    any_file: bool,
}

pub(super) fn run(common: &Common, arguments: &Arguments) -> Result<Option<Kind>> {
    let file = &arguments.file;
    if !arguments.any_file
        && fs::metadata(file).is_ok_and(|found| found.is_file())
        && Reader::look(file).is_err()
    {
        return Err(Error::precondition(format!("{} is no staging file of this version", file.display()))
            .hint("nothing was touched; --any-file shreds any file"));
    }
    let mut shredded = Vec::new();
    // what a killed command left beside it holds rows too
    for beside in left_beside(file) {
        shredded.push(shred(&beside)?);
    }
    shredded.push(shred(file)?);
    common.print(&serde_json::json!({ "shredded": shredded }), || text(&shredded))?;
    Ok(None)
}

/// SQLite's side files, and what was to become the file.
fn left_beside(file: &Path) -> Vec<PathBuf> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let Some(name) = file.file_name() else { return Vec::new() };
    let is_left = |other: &std::ffi::OsStr| {
        let rest = other.as_encoded_bytes().strip_prefix(name.as_encoded_bytes());
        rest.is_some_and(|rest| {
            matches!(rest, b"-journal" | b"-wal" | b"-shm") || rest.starts_with(b".unfinished")
        })
    };
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut left: Vec<PathBuf> = entries
        .flatten()
        .filter(|entry| is_left(&entry.file_name()))
        .map(|entry| folder.join(entry.file_name()))
        .filter(|path| fs::symlink_metadata(path).is_ok_and(|found| found.is_file()))
        .collect();
    left.sort();
    left
}

fn text(shredded: &[Shredded]) -> String {
    let mut text = String::new();
    for one in shredded {
        let _ = writeln!(text, "{} is gone: {} bytes were overwritten once", one.file.display(), one.bytes);
        if one.other_names > 0 {
            let _ = writeln!(
                text,
                "  {} other names of the same file are left, and they are empty now",
                one.other_names
            );
        }
    }
    if let Some(last) = shredded.last() {
        text += "what that is worth:\n";
        for line in &last.promise {
            let _ = writeln!(text, "  {line}");
        }
    }
    text
}
