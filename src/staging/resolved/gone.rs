//! Rows of the target whose legacy record is gone from the source, and what loads did about them.

use std::collections::HashSet;

use rusqlite::OptionalExtension;
use serde_json::json;

use crate::config::Gone;
use crate::entity::{self, Entity};
use crate::error::Result;
use crate::record::{GoneRow, LegacyId, Phase, TargetId};
use crate::staging::file::journal::append;
use crate::staging::file::open::Staging;
use crate::staging::now;

/// Whether the snapshot, or the migration itself, has the record.
const IS_THERE: &str = "select exists (select 1 from v_extracted where entity = ?1 and legacy_id = ?2) \
     or exists (select 1 from created_records where entity = ?1 and legacy_id = ?2)";

impl Staging {
    /// The rows whose record the snapshot does not have, of those that `rows` hands over.
    pub fn gone_rows(
        &self,
        entity: &str,
        rows: impl FnOnce(&mut dyn FnMut(LegacyId, &str) -> Result<()>) -> Result<()>,
    ) -> Result<Vec<(LegacyId, String)>> {
        let mut find = self.connection.prepare(IS_THERE)?;
        let mut gone = Vec::new();
        rows(&mut |legacy_id, target_id| {
            if !find.query_row((entity, legacy_id.0), |row| row.get::<_, bool>(0))? {
                gone.push((legacy_id, target_id.to_owned()));
            }
            Ok(())
        })?;
        Ok(gone)
    }

    /// The rows whose record another one stands for, of those that `rows` hands over.
    pub fn merged_rows(
        &self,
        entity: &str,
        rows: impl FnOnce(&mut dyn FnMut(LegacyId, &str) -> Result<()>) -> Result<()>,
    ) -> Result<Vec<(LegacyId, String)>> {
        let mut find = self.connection.prepare(
            "select exists (select 1 from records where entity = ? and legacy_id = ? and fate = 'merged')",
        )?;
        let mut merged = Vec::new();
        // mostly nobody is, and nobody has to go through the target's rows
        let any = "select exists (select 1 from records where entity = ? and fate = 'merged')";
        if !self.connection.query_row(any, [entity], |row| row.get::<_, bool>(0))? {
            return Ok(merged);
        }
        rows(&mut |legacy_id, target_id| {
            if find.query_row((entity, legacy_id.0), |row| row.get::<_, bool>(0))? {
                merged.push((legacy_id, target_id.to_owned()));
            }
            Ok(())
        })?;
        Ok(merged)
    }

    /// The ids of rows that the next load removes as far as it can: the ids that it gave them say that it made them. What they hold
    /// is free for others.
    pub fn rows_to_go(&self) -> Result<HashSet<String>> {
        let policy = self.config()?.unwrap_or_default().policy;
        let mut going = HashSet::new();
        for entity in entity::ALL.iter().filter(|entity| policy.gone(entity.name) == Gone::Remove) {
            // what the last load had to leave goes on to hold what it holds
            let sql = "select legacy_id, target_id from v_gone_from_source s where entity = ? and not exists ( \
                       select 1 from gone_records g where g.entity = s.entity and g.legacy_id = s.legacy_id \
                       and g.outcome not in ('removed', 'deactivated', 'already'))";
            let mut statement = self.connection.prepare(sql)?;
            let mut rows = statement.query([entity.name])?;
            while let Some(row) = rows.next()? {
                let (legacy_id, target_id) = (LegacyId(row.get(0)?), row.get::<_, String>(1)?);
                if TargetId::derived(entity.name, legacy_id).to_string() == target_id {
                    going.insert(target_id);
                }
            }
        }
        Ok(going)
    }

    /// How many rows of a legacy table could not be placed by their key.
    pub fn unreadable_rows(&self, table: &str) -> Result<u64> {
        let sql = "select unreadable from legacy_tables where table_name = ?";
        Ok(self.connection.query_row(sql, [table], |row| row.get(0)).optional()?.unwrap_or(0))
    }

    /// Keeps what a load did about rows of the entity. What was switched off before stays as it was noted then; a row that was
    /// removed is no longer one that the target has.
    pub fn record_gone(
        &mut self,
        run_id: i64,
        phase: Phase,
        entity: &Entity,
        rows: &[GoneRow],
    ) -> Result<()> {
        let (run, moment) = (self.run, now());
        self.transaction(|connection| {
            let mut keep = connection.prepare(
                "insert into gone_records (entity, legacy_id, target_id, outcome, by_whom, phase, run_id, settled_at) \
                 values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) on conflict (entity, legacy_id) do update set \
                     target_id = excluded.target_id, outcome = excluded.outcome, by_whom = excluded.by_whom, \
                     phase = excluded.phase, run_id = excluded.run_id, settled_at = excluded.settled_at \
                 where excluded.outcome <> 'already' or gone_records.outcome not in ('deactivated', 'already')",
            )?;
            let mut forget = connection.prepare("delete from target_rows where entity = ? and target_id = ?")?;
            let mut changed = 0;
            for row in rows.iter().filter(|row| row.outcome != "absent") {
                keep.execute((
                    entity.name,
                    row.legacy_id.0,
                    &row.id,
                    &row.outcome,
                    &row.by_whom,
                    phase.as_str(),
                    run_id,
                    &moment,
                ))?;
                changed += u64::from(row.is_done());
                if row.outcome == "removed" {
                    forget.execute((entity.name, &row.id))?;
                }
            }
            if changed > 0 {
                let said = json!({ "entity": entity.name, "phase": phase.as_str(), "run_id": run_id, "rows": changed });
                append(connection, run, "gone", &said)?;
            }
            Ok(())
        })
    }

    /// Forgets what was done about records that the snapshot has again.
    pub fn forget_who_came_back(&mut self) -> Result<()> {
        let sql = "delete from gone_records where exists (select 1 from v_extracted x \
                   where x.entity = gone_records.entity and x.legacy_id = gone_records.legacy_id)";
        self.connection.execute(sql, [])?;
        Ok(())
    }
}
