//! Ready rows in pieces, in key order: what a load sends in one transaction can be read again.

use crate::entity::{Column, Entity};
use crate::error::Result;
use crate::record::{LegacyId, Phase};
use crate::staging::file::open::Staging;
use crate::staging::resolved::ReadyRows;

/// Which of an entity's ready rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Which {
    /// Those with a greater legacy id.
    pub after: Option<LegacyId>,
    /// Those with no greater one.
    pub up_to: Option<LegacyId>,
    /// Those alone that the target refused in this phase.
    pub failed_in: Option<Phase>,
}

impl Staging {
    /// Hands some of the ready rows of the entity to `read`, in legacy id order.
    pub fn with_ready_among<T>(
        &self,
        entity: &Entity,
        columns: &[&Column],
        which: Which,
        read: impl FnOnce(&mut ReadyRows<'_>) -> Result<T>,
    ) -> Result<T> {
        let listed: Vec<String> = columns.iter().map(|column| column.read()).collect();
        let mut statement = self.connection.prepare_cached(&format!(
            "select y.legacy_id, {} from {} where y.legacy_id > ? and y.legacy_id <= ? {} order by y.legacy_id",
            listed.join(", "),
            entity.ready_rows(),
            only_failed(which.failed_in),
        ))?;
        let width = columns.len();
        let rows = statement.query(bounds(entity, which))?;
        read(&mut ReadyRows { rows, width, last: which.after.map_or(i64::MIN, |id| id.0) })
    }

    /// Keeps so many megabytes of the file in memory: rows that are read or written once and in order gain little from more.
    pub fn go_in_order(&self, megabytes: u32) -> Result<()> {
        let kilobytes = 1024 * megabytes;
        Ok(self
            .connection
            .execute_batch(&format!("pragma cache_size = -{kilobytes}; pragma shrink_memory"))?)
    }

    /// How many ready rows of the entity no load has tried yet, and how many bytes one has on average, from a sample.
    pub fn untried_size(&self, entity: &Entity) -> Result<(u64, u64)> {
        let lengths: Vec<String> = entity
            .columns
            .iter()
            .map(|column| format!("coalesce(length(cast({} as blob)), 0)", column.read()))
            .collect();
        let sql = format!(
            "select max((select count(*) from {0}) - (select count(*) from loads where entity = ? and phase = ?), 0), \
             cast(coalesce((select avg(length) from (select {1} as length from {0} limit 1000)), 0) as integer)",
            entity.ready_rows(),
            lengths.join(" + ")
        );
        let size = self
            .connection
            .query_row(&sql, (entity.name, entity.phase.as_str()), |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(size)
    }

    /// The legacy ids of some of the ready rows of the entity.
    pub fn ready_ids(&self, entity: &Entity, which: Which) -> Result<Vec<LegacyId>> {
        let mut statement = self.connection.prepare_cached(&format!(
            "select y.legacy_id from {} where y.legacy_id > ? and y.legacy_id <= ? {} order by y.legacy_id",
            entity.ready_rows(),
            only_failed(which.failed_in),
        ))?;
        let ids = statement
            .query_map(bounds(entity, which), |row| Ok(LegacyId(row.get(0)?)))?
            .collect::<Result<_, rusqlite::Error>>()?;
        Ok(ids)
    }
}

fn only_failed(phase: Option<Phase>) -> String {
    phase.map_or_else(String::new, |phase| {
        format!(
            "and exists (select 1 from loads l where l.entity = ? and l.phase = '{}' \
             and l.legacy_id = y.legacy_id and l.outcome = 'failed')",
            phase.as_str()
        )
    })
}

fn bounds(entity: &Entity, which: Which) -> rusqlite::ParamsFromIter<Vec<rusqlite::types::Value>> {
    let mut bounds: Vec<rusqlite::types::Value> =
        vec![which.after.map_or(i64::MIN, |id| id.0).into(), which.up_to.map_or(i64::MAX, |id| id.0).into()];
    if which.failed_in.is_some() {
        bounds.push(entity.name.to_owned().into());
    }
    rusqlite::params_from_iter(bounds)
}
