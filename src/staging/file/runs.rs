//! The commands that were run on the file, and what the present one is doing.

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::error::{Kind, Result};
use crate::staging::file::journal::{VERSION, append_at, random_key};
use crate::staging::file::open::Staging;
use crate::staging::now;

impl Staging {
    /// Notes that a command starts; its number goes into everything it leaves.
    pub fn start_run(&mut self, verb: &str, arguments: &[String]) -> Result<i64> {
        self.begin_run(0, verb, json!({ "arguments": arguments }))
    }

    /// Notes that the present command goes on as a run beyond a number that another copy of the file has used; its own
    /// number stays that of the command.
    pub fn start_run_beyond(&mut self, last: i64, verb: &str, over: &[i64]) -> Result<i64> {
        self.begin_run(last, verb, json!({ "loads_over_runs": over }))
    }

    /// A run with the next number, which is beyond `last` too; `content` is what its entry says beside the verb.
    fn begin_run(&mut self, last: i64, verb: &str, mut content: Value) -> Result<i64> {
        let moment = now();
        self.is_all_touched |= self.run.is_none() && self.is_unsure()?;
        content["verb"] = json!(verb);
        content["tool_version"] = json!(VERSION);
        content["nonce"] = json!(nonce()?);
        let run_id = self.transaction(|connection| {
            connection.execute(
                "insert into runs (run_id, verb, tool_version, started_at) \
                 values (max(?1, coalesce((select max(run_id) from runs), 0)) + 1, ?2, ?3, ?4)",
                (last, verb, VERSION, &moment),
            )?;
            let run_id = connection.last_insert_rowid();
            append_at(connection, Some(run_id), "started", &content, &moment)?;
            Ok(run_id)
        })?;
        self.run = Some(run_id);
        Ok(run_id)
    }

    /// Whether the file has a run of this number.
    pub fn has_run(&self, run_id: i64) -> Result<bool> {
        let sql = "select exists (select 1 from runs where run_id = ?)";
        Ok(self.connection.query_row(sql, [run_id], |row| row.get(0))?)
    }

    /// Notes how the command ended.
    pub fn finish_run(&mut self, run_id: i64, ended: Option<Kind>) -> Result<()> {
        if ended != Some(Kind::Interrupted) {
            // what cannot be read cannot be digested either; the next command takes all digests
            let _ = self.note_digests();
        }
        let moment = self.ends_at.take().filter(|_| ended.is_none()).unwrap_or_else(now);
        self.finish_run_at(run_id, ended, &moment)
    }

    /// The same at a given moment: a sealed copy and its original say the same of the command that made it.
    pub fn finish_run_at(&mut self, run_id: i64, ended: Option<Kind>, moment: &str) -> Result<()> {
        self.transaction(|connection| {
            end_row(connection, run_id, ended, moment)?;
            let content = json!({ "outcome": outcome(ended), "exit_code": ended.map_or(0, Kind::code) });
            append_at(connection, Some(run_id), "finished", &content, moment)
        })
    }

    /// Makes a copy's tables what they are once the command has ended, before its journal says that it has.
    pub fn settle_run(&mut self, run_id: i64, moment: &str) -> Result<()> {
        self.transaction(|connection| end_row(connection, run_id, None, moment))
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

/// What is said of how a command ended.
fn outcome(ended: Option<Kind>) -> &'static str {
    match ended {
        // the step was done; its result is what the exit code speaks of
        None | Some(Kind::Records | Kind::Verification) => "done",
        Some(Kind::Interrupted) => "interrupted",
        Some(_) => "failed",
    }
}

fn end_row(connection: &Connection, run_id: i64, ended: Option<Kind>, moment: &str) -> Result<()> {
    connection.execute(
        "update runs set finished_at = ?, outcome = ?, exit_code = ? where run_id = ?",
        (moment, outcome(ended), ended.map_or(0, Kind::code), run_id),
    )?;
    connection.execute("delete from progress", [])?;
    Ok(())
}

/// What no other run has, not even one of the same number that another copy of the file began in the same second: two copies
/// that went different ways are told by their journals.
fn nonce() -> Result<String> {
    let mut key = random_key()?;
    key.truncate(16);
    Ok(key)
}
