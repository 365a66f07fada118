//! What the target has confirmed: per record, and per transaction.

use std::collections::BTreeSet;

use rusqlite::Connection;
use serde_json::json;

use crate::entity::Entity;
use crate::error::Result;
use crate::record::{Code, LegacyId, Phase};
use crate::staging::file::journal::append;
use crate::staging::file::journalled_rows::{RECEIPTS, note_row};
use crate::staging::file::open::Staging;
use crate::staging::now;

/// What a load did with one record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The target did not have it.
    Inserted,
    /// The target had it with other contents.
    Updated,
    /// The target had it as it is meant.
    Unchanged,
    /// The target refused it.
    Failed,
}

impl Outcome {
    const fn as_str(self) -> &'static str {
        match self {
            Outcome::Inserted => "inserted",
            Outcome::Updated => "updated",
            Outcome::Unchanged => "unchanged",
            Outcome::Failed => "failed",
        }
    }
}

/// A record that the target refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The record.
    pub legacy_id: LegacyId,
    /// What is wrong with it.
    pub code: Code,
    /// The column that the target names; '' when it names none.
    pub field: String,
    /// SQLSTATE, table, column and constraint; no value.
    pub context: String,
}

/// One committed transaction of a load, or all of a merge together.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Receipt {
    /// Its number within the run.
    #[serde(skip)]
    pub number: i64,
    /// `2a`, `2b` or `2c`.
    pub phase: String,
    /// The entity.
    pub entity: &'static str,
    /// Rows sent.
    pub rows: u64,
    /// Rows that the target did not have.
    pub inserted: u64,
    /// Rows that the target had with other contents.
    pub updated: u64,
    /// Rows that needed nothing.
    pub unchanged: u64,
    /// SHA-256 of the rows as they were sent.
    pub digest: String,
}

/// A record that was found unchanged keeps its earlier outcome, unless that was a refusal.
const KEEP_UNCHANGED: &str = "on conflict (entity, phase, legacy_id) do update \
     set outcome = excluded.outcome, run_id = excluded.run_id \
     where excluded.outcome <> 'unchanged' or loads.outcome = 'failed'";

/// Whether these many are all ready records of the entity in the range, so that the range can stand for them.
fn is_whole(
    connection: &Connection,
    entity: &Entity,
    (first, last): (i64, i64),
    count: usize,
) -> Result<bool> {
    let sql = format!("select count(*) from {} where y.legacy_id between ? and ?", entity.ready_rows());
    let ready: usize = connection.query_row(&sql, (first, last), |row| row.get(0))?;
    Ok(ready == count)
}

impl Staging {
    /// How many ready records of the phase no load has tried yet.
    pub fn count_untried(&self, phase: Phase) -> Result<u64> {
        let sql = "select count(*) from v_ready y join entities e using (entity) where e.phase = ? and not exists ( \
                   select 1 from loads l where l.entity = y.entity and l.legacy_id = y.legacy_id and l.phase = e.phase)";
        Ok(self.connection.query_row(sql, [phase.as_str()], |row| row.get(0))?)
    }

    /// Whether the target has confirmed every ready record, in every phase that writes it.
    pub fn is_loaded(&self) -> Result<bool> {
        Ok(self.lacking("outcome <> 'failed'")?.is_empty())
    }

    /// The phases of which no load has tried every ready record yet.
    pub fn not_loaded(&self) -> Result<Vec<Phase>> {
        self.lacking("true")
    }

    /// The phases of which some ready record has no load of the kind.
    fn lacking(&self, kind: &str) -> Result<Vec<Phase>> {
        let mut lacking = BTreeSet::new();
        let entities = self.sent_entities()?;
        let merges =
            entities.iter().flat_map(|entity| entity.phases().into_iter().map(move |phase| (entity, phase)));
        for (entity, phase) in merges {
            // what is loaded is ready (`v_unaccounted` would list it), so that counts say it, in a fraction of the time
            let sql = format!(
                "select (select count(*) from {}) > (select count(*) from loads \
                 where entity = ? and phase = ? and {kind})",
                entity.ready_rows()
            );
            if self.connection.query_row(&sql, (entity.name, phase.as_str()), |row| row.get::<_, bool>(0))? {
                lacking.insert(phase);
            }
        }
        Ok(lacking.into_iter().collect())
    }

    /// Notes a committed transaction: the receipt, and for every record that it carried what was done with it. A record
    /// that was found unchanged keeps its earlier outcome, and what it was refused for before is resolved.
    pub fn record_load(
        &mut self,
        run_id: i64,
        entity: &Entity,
        phase: Phase,
        receipt: &Receipt,
        carried: &[(LegacyId, Outcome)],
    ) -> Result<()> {
        let (run, moment) = (self.run, now());
        self.transaction(|connection| {
            let (name, phase) = (entity.name, phase.as_str());
            let range = carried.first().zip(carried.last()).map(|(first, last)| (first.0.0, last.0.0));
            if let Some((first, last)) = range {
                connection.execute(
                    "insert into receipts (run_id, number, phase, entity, first_legacy_id, last_legacy_id, rows, \
                     inserted, updated, unchanged, digest, loaded_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    rusqlite::params![
                        run_id,
                        receipt.number,
                        phase,
                        name,
                        first,
                        last,
                        receipt.rows,
                        receipt.inserted,
                        receipt.updated,
                        receipt.unchanged,
                        &receipt.digest,
                        moment,
                    ],
                )?;
                note_row(connection, run, &RECEIPTS, connection.last_insert_rowid())?;
                connection.execute(
                    "update migration_errors set resolution_status = 'resolved', resolved_at = ? \
                     where entity = ? and phase = ? and entity_id between ? and ? \
                     and error_code like 'target\\_%' escape '\\' and resolution_status <> 'resolved' \
                     and error_context like 'sqlstate=%'",
                    (&moment, name, phase, first, last),
                )?;
            }
            let outcome = carried.first().map(|(_, first)| *first);
            let is_uniform = carried.iter().all(|(_, other)| Some(*other) == outcome);
            if let (true, Some(outcome), Some(range)) = (is_uniform, outcome, range)
                && is_whole(connection, entity, range, carried.len())?
            {
                let ready = entity.ready_rows();
                connection.execute(
                    &format!(
                        "insert into loads (entity, phase, legacy_id, outcome, run_id) \
                         select ?, ?, y.legacy_id, ?, ? from {ready} \
                         where y.legacy_id between ? and ? order by y.legacy_id {KEEP_UNCHANGED}"
                    ),
                    (name, phase, outcome.as_str(), run_id, range.0, range.1),
                )?;
                return Ok(());
            }
            let mut write = connection.prepare(&format!(
                "insert into loads (entity, phase, legacy_id, outcome, run_id) values (?, ?, ?, ?, ?) \
                 {KEEP_UNCHANGED}"
            ))?;
            for (legacy_id, outcome) in carried {
                write.execute((name, phase, legacy_id.0, outcome.as_str(), run_id))?;
            }
            Ok(())
        })
    }

    /// Notes records that the target refuses, each with what it said; a record refused before in the same way is only
    /// counted.
    pub fn record_refused(
        &mut self,
        run_id: i64,
        entity: &Entity,
        phase: Phase,
        refused: &[Refused],
    ) -> Result<()> {
        let moment = now();
        let entity_type = phase.entity_type().unwrap_or(entity.entity_type());
        self.transaction(|connection| {
            let (name, phase) = (entity.name, phase.as_str());
            for Refused { legacy_id, code, field, context } in refused {
                connection
                    .prepare_cached(
                        "insert into loads (entity, phase, legacy_id, outcome, run_id) values (?, ?, ?, 'failed', ?) \
                         on conflict (entity, phase, legacy_id) do update set outcome = 'failed', run_id = excluded.run_id",
                    )?
                    .execute((name, phase, legacy_id.0, run_id))?;
                let known = connection
                    .prepare_cached(
                        "update migration_errors set retry_count = retry_count + 1, resolved_at = null, \
                         resolution_status = iif(resolution_status = 'escalated', 'escalated', 'pending') \
                         where entity = ? and phase = ? and entity_id = ? and error_code = ? and error_context = ?",
                    )?
                    .execute((name, phase, legacy_id.0, code.as_str(), context))?;
                if known > 0 {
                    continue;
                }
                connection
                    .prepare_cached(
                        "insert into migration_errors (phase, severity, entity_type, entity, entity_id, error_code, \
                         error_category, field, error_message, error_context, suggested_resolution, \
                         resolution_strategy, resolution_status, batch_id, created_at) \
                         values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'manual', 'pending', \
                         (select batch_id from records where entity = ? and legacy_id = ?), ?)",
                    )?
                    .execute(rusqlite::params![
                        phase,
                        code.severity().as_str(),
                        entity_type,
                        name,
                        legacy_id.0,
                        code.as_str(),
                        code.category().as_str(),
                        field,
                        code.message(),
                        context,
                        code.resolution(),
                        name,
                        legacy_id.0,
                        moment,
                    ])?;
            }
            Ok(())
        })
    }

    /// How many records wait for another try after the target refused them, in any phase.
    pub fn count_failed(&self) -> Result<u64> {
        let sql =
            "select count(*) from (select distinct entity, legacy_id from loads where outcome = 'failed')";
        Ok(self.connection.query_row(sql, [], |row| row.get(0))?)
    }

    /// Whether the file counts records as loaded by a run.
    pub fn has_loaded(&self, run_id: i64) -> Result<bool> {
        let sql =
            "select exists (select 1 from loads where run_id = ? and outcome in ('inserted', 'updated'))";
        Ok(self.connection.query_row(sql, [run_id], |row| row.get(0))?)
    }

    /// Notes that something was tried again, and why.
    pub fn record_retry(
        &self,
        run_id: i64,
        (entity, phase): (&Entity, Phase),
        attempt: u32,
        reason: &str,
        waited: std::time::Duration,
    ) -> Result<()> {
        let waited = u64::try_from(waited.as_millis()).unwrap_or(u64::MAX);
        self.connection.execute(
            "insert into retries (run_id, phase, entity, attempt, reason, waited_ms, retried_at) \
             values (?, ?, ?, ?, ?, ?, ?)",
            (run_id, phase.as_str(), entity.name, attempt, reason, waited, now()),
        )?;
        Ok(())
    }

    /// Notes rows of the target whose legacy record the snapshot does not have. `rows` hands over the rows that the
    /// target has now, in legacy id order.
    pub fn note_gone(
        &mut self,
        entity: &Entity,
        rows: impl FnOnce(&mut dyn FnMut(LegacyId, &str) -> Result<()>) -> Result<()>,
    ) -> Result<u64> {
        self.transaction(|connection| {
            let mut find = connection
                .prepare(
                    "select exists (select 1 from v_extracted where entity = ?1 and legacy_id = ?2) \
                     or exists (select 1 from created_records where entity = ?1 and legacy_id = ?2)",
                )?;
            let mut insert = connection.prepare(
                "insert into target_rows (entity, target_id, legacy_id, legacy_id_from) values (?, ?, ?, 'column') \
                 on conflict (entity, target_id) do nothing",
            )?;
            let mut gone = 0;
            rows(&mut |legacy_id, target_id| {
                if !find.query_row((entity.name, legacy_id.0), |row| row.get::<_, bool>(0))? {
                    insert.execute((entity.name, target_id, legacy_id.0))?;
                    gone += 1;
                }
                Ok(())
            })?;
            Ok(gone)
        })
    }

    /// Takes back what the file says of runs and phases that were undone in the target.
    pub fn forget_loads(&mut self, undone: &[(i64, Phase)]) -> Result<()> {
        let run = self.run;
        self.transaction(|connection| {
            let listed: Vec<_> =
                undone.iter().map(|(run, phase)| json!({ "run_id": run, "phase": phase.as_str() })).collect();
            append(connection, run, "rollback", &json!({ "undone": listed }))?;
            for (run_id, phase) in undone {
                connection
                    .execute("delete from loads where run_id = ? and phase = ?", (run_id, phase.as_str()))?;
                connection.execute(
                    "delete from gone_records where run_id = ? and phase = ?",
                    (run_id, phase.as_str()),
                )?;
            }
            Ok(())
        })
    }
}
