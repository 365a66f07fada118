//! The commands that were run on the file, and what the present one is doing.

use super::now;
use super::open::Staging;
use crate::error::{Kind, Result};

impl Staging {
    /// Notes that a command starts; its number goes into everything it leaves.
    pub fn start_run(&mut self, verb: &str) -> Result<i64> {
        self.connection.execute(
            "insert into runs (verb, tool_version, started_at) values (?, ?, ?)",
            (verb, env!("CARGO_PKG_VERSION"), now()),
        )?;
        Ok(self.connection.last_insert_rowid())
    }

    /// Notes how the command ended.
    pub fn finish_run(&mut self, run_id: i64, ended: Option<Kind>) -> Result<()> {
        let outcome = match ended {
            // the step was done; its result is what the exit code speaks of
            None | Some(Kind::Records | Kind::Verification) => "done",
            Some(Kind::Interrupted) => "interrupted",
            Some(_) => "failed",
        };
        self.transaction(|connection| {
            connection.execute(
                "update runs set finished_at = ?, outcome = ?, exit_code = ? where run_id = ?",
                (now(), outcome, ended.map_or(0, Kind::code), run_id),
            )?;
            connection.execute("delete from progress", [])?;
            Ok(())
        })
    }

    /// Says what is being done, for `status` in another shell.
    pub fn set_progress(&self, operation: &str, done: u64, total: Option<u64>) -> Result<()> {
        self.connection
            .prepare_cached(
                "insert into progress (only_row, operation, done, total, updated_at, started_at) \
                 values (1, ?1, ?2, ?3, ?4, ?4) \
                 on conflict (only_row) do update set operation = excluded.operation, done = excluded.done, \
                 total = excluded.total, updated_at = excluded.updated_at, \
                 started_at = iif(operation = excluded.operation, started_at, excluded.started_at)",
            )?
            .execute((operation, done, total, now()))?;
        Ok(())
    }
}
