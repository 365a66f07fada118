//! Checkpoints: a consistent copy of the file, and which were taken.

use std::fs;
use std::path::Path;

use rusqlite::OptionalExtension;

use crate::error::{Error, Result};
use crate::output;
use crate::staging::file::journalled_rows::{CHECKPOINTS, note_row};
use crate::staging::file::open::Staging;
use crate::staging::now;

impl Staging {
    /// Writes a copy of the file that is consistent and readable for its owner alone. An existing file is not replaced.
    pub fn copy_to(&self, path: &Path) -> Result<()> {
        output::new_file(path).map_err(|cause| {
            Error::staging(format!("the copy {} cannot be made", path.display()))
                .cause(cause)
                .hint("give a folder that is empty and that you may write to")
        })?;
        // `vacuum into` takes an empty file as a new one
        let copied = self.connection.execute("vacuum into ?", [path.to_string_lossy()]);
        if copied.is_err() {
            let _ = fs::remove_file(path);
        }
        copied?;
        Ok(())
    }

    /// Notes that a checkpoint was taken.
    pub fn record_checkpoint(
        &mut self,
        checkpoint: u8,
        run_id: i64,
        folder: &Path,
        rollback: &str,
    ) -> Result<()> {
        let run = self.run;
        self.transaction(|connection| {
            connection.execute(
                "insert into checkpoints (checkpoint, run_id, folder, rollback, taken_at) values (?, ?, ?, ?, ?)",
                (checkpoint, run_id, folder.to_string_lossy(), rollback, now()),
            )?;
            note_row(connection, run, &CHECKPOINTS, connection.last_insert_rowid())
        })
    }

    /// The run that wrote the phase before the newest checkpoint of that number.
    pub fn checkpoint_run(&self, checkpoint: u8) -> Result<Option<i64>> {
        let sql = "select run_id from checkpoints where checkpoint = ? order by checkpoint_id desc limit 1";
        Ok(self.connection.query_row(sql, [checkpoint], |row| row.get(0)).optional()?)
    }
}
