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
    for suffix in ["-journal", "-wal", "-shm", ".unfinished"] {
        let mut beside = file.as_os_str().to_owned();
        beside.push(suffix);
        if fs::symlink_metadata(&beside).is_ok_and(|found| found.is_file()) {
            shredded.push(shred(Path::new(&beside))?);
        }
    }
    shredded.push(shred(file)?);
    common.print(&shredded, || text(&shredded))?;
    Ok(None)
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
