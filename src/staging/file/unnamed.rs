//! A staging file that has no name while anything is in it: what somebody took the trouble to encrypt is not left behind by
//! whoever is killed while it is looked at.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;

use rusqlite::Connection;

use crate::error::{Error, Result};
use crate::output;
use crate::staging::file::open::{Staging, connect_to_examine, examined, is_staging_file};

/// The file, empty yet, and two sessions that will read it.
#[derive(Debug)]
pub struct Unnamed {
    file: File,
    sessions: [Connection; 2],
}

impl Unnamed {
    /// Makes it in a folder that nobody else may look into. Its name is gone before anything is in it: SQLite reads a file that
    /// it has opened by its number, and looks into it with the first statement.
    pub fn begin(folder: &Path) -> Result<Self> {
        let failed = |cause: std::io::Error| {
            Error::precondition("no file can be made for the decrypted copy")
                .cause(cause)
                .hint("set TMPDIR to a folder that you may write to")
        };
        let path = folder.join("unnamed");
        let file = output::new_file(&path).map_err(failed)?;
        let session = || connect_to_examine(&path, "nolock");
        let sessions = session().and_then(|one| Ok([one, session()?]));
        fs::remove_file(&path).map_err(failed)?;
        Ok(Self { file, sessions: sessions? })
    }

    /// The file, to be filled.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Opens what it was filled with, exactly as it stands, twice: the second is for another thread.
    pub fn examine(self, called: &Path) -> Result<[Staging; 2]> {
        let mut header = [0; 72];
        if self.file.read_exact_at(&mut header, 0).is_err() || !is_staging_file(&header) {
            return Err(Error::staging(format!("{} is no staging file", called.display())));
        }
        let bytes = self.file.metadata().map_or(0, |found| found.len());
        let [one, other] = self.sessions;
        let open = |session, file: &File| {
            let lock = file
                .try_clone()
                .map_err(|cause| Error::staging("the decrypted copy cannot be read").cause(cause))?;
            examined(session, called, lock, bytes)
        };
        Ok([open(one, &self.file)?, open(other, &self.file)?])
    }
}
