//! What the target has confirmed: per record, and per transaction.

use super::open::Staging;
use super::{now, quoted};
use crate::entity::Entity;
use crate::error::Result;
use crate::record::{LegacyId, Phase};

/// What a load did with one record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The target did not have it.
    Inserted,
    /// The target had it with other contents.
    Updated,
    /// The target refused it.
    Failed,
}

impl Outcome {
    const fn as_str(self) -> &'static str {
        match self {
            Outcome::Inserted => "inserted",
            Outcome::Updated => "updated",
            Outcome::Failed => "failed",
        }
    }
}

/// One committed transaction of a load.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Receipt {
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

impl Staging {
    /// Whether the target has confirmed every ready record, in every phase that writes it.
    pub fn is_loaded(&self) -> Result<bool> {
        let waiting: u64 = self.connection.query_row(
            "select (select count(*) from v_ready y join entities e using (entity) where not exists ( \
                 select 1 from loads l where l.entity = y.entity and l.legacy_id = y.legacy_id \
                 and l.phase = e.phase and l.outcome <> 'failed')) \
             + (select count(*) from ready_profiles y where not exists ( \
                 select 1 from loads l where l.entity = 'profiles' and l.legacy_id = y.legacy_id \
                 and l.phase = '2C' and l.outcome <> 'failed'))",
            [],
            |row| row.get(0),
        )?;
        Ok(waiting == 0)
    }

    /// Notes a committed transaction: the receipt, and for every ready record of the entity what was done with it. Those
    /// that `touched` does not name were found unchanged; a later run that finds them so keeps the earlier outcome.
    pub fn record_load(
        &mut self,
        run_id: i64,
        entity: &Entity,
        phase: Phase,
        receipt: &Receipt,
        touched: &[(LegacyId, Outcome)],
    ) -> Result<()> {
        self.transaction(|connection| {
            let (name, phase) = (entity.name, phase.as_str());
            connection.execute(
                "insert into receipts (run_id, phase, entity, rows, inserted, updated, unchanged, digest, loaded_at) \
                 values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    run_id,
                    phase,
                    name,
                    receipt.rows,
                    receipt.inserted,
                    receipt.updated,
                    receipt.unchanged,
                    &receipt.digest,
                    now(),
                ),
            )?;
            connection.execute(
                &format!(
                    "insert or ignore into loads (entity, phase, legacy_id, outcome, run_id) \
                     select ?, ?, legacy_id, 'unchanged', ? from {}",
                    quoted(&entity.ready_table())
                ),
                (name, phase, run_id),
            )?;
            let mut update = connection.prepare(
                "update loads set outcome = ?, run_id = ? where entity = ? and phase = ? and legacy_id = ?",
            )?;
            for (legacy_id, outcome) in touched {
                update.execute((outcome.as_str(), run_id, name, phase, legacy_id.0))?;
            }
            Ok(())
        })
    }
}
