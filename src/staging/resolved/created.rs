//! Records that the migration itself makes because the configuration says so. They are no legacy records and counted apart.

use rusqlite::params_from_iter;

use crate::entity::{Entity, Row};
use crate::error::Result;
use crate::record::LegacyId;
use crate::staging::file::open::Staging;
use crate::staging::quoted;

impl Staging {
    /// Adds a ready row that stands for no legacy record, with the key of the configuration that asked for it.
    pub fn create_record(
        &mut self,
        entity: &Entity,
        legacy_id: LegacyId,
        row: &Row,
        reason: &str,
    ) -> Result<()> {
        let columns: Vec<String> = entity.columns.iter().map(|column| quoted(column.name)).collect();
        self.transaction(|connection| {
            connection.execute(
                "insert into created_records (entity, legacy_id, reason) values (?, ?, ?)",
                (entity.name, legacy_id.0, reason),
            )?;
            connection.execute(
                &format!(
                    "insert into {} ({}) values ({})",
                    entity.ready_table(),
                    columns.join(", "),
                    vec!["?"; columns.len()].join(", ")
                ),
                params_from_iter(row.0.iter().map(Option::as_deref)),
            )?;
            Ok(())
        })
    }
}
