//! Which entities take part in the migration.

use rusqlite::Connection;

use crate::entity::catalog::Catalog;
use crate::entity::{self, Entity};
use crate::error::Result;
use crate::record::Phase;
use crate::staging::file::open::{Reader, Staging};
use crate::staging::quoted;

/// Raw rows of an entity that takes no part: they stay in the file.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct LeftInFile {
    /// The legacy table.
    pub legacy_table: &'static str,
    /// Its rows.
    pub rows: u64,
    /// The table that the target lacks.
    pub target_table: &'static str,
}

impl Staging {
    /// The entities that take part, in load order.
    pub fn entities(&self) -> Result<Vec<&'static Entity>> {
        in_use(&self.connection)
    }

    /// The phases that have anything to load, in load order: those of the entities that take part.
    pub fn phases(&self) -> Result<Vec<Phase>> {
        let used = self.entities()?;
        let has_any = |phase: &Phase| used.iter().any(|entity| entity.phases().contains(phase));
        Ok(Phase::ALL.into_iter().filter(has_any).collect())
    }

    /// The entities as the target of the configuration has them, in load order: those that take part, and their parts.
    pub fn sent_entities(&self) -> Result<Vec<&'static Entity>> {
        self.sent(&self.entities()?)
    }

    /// The same before it is settled who takes part: of the optional entities those that the snapshot has rows of. A table of the
    /// application's that happens to have the name of another one's is none of ours.
    pub fn expected_entities(&self) -> Result<Vec<&'static Entity>> {
        let mut expected = Vec::new();
        for entity in entity::ALL {
            if !entity.is_optional() || has_source_rows(&self.connection, entity)? {
                expected.push(*entity);
            }
        }
        self.sent(&expected)
    }

    fn sent(&self, used: &[&'static Entity]) -> Result<Vec<&'static Entity>> {
        let config = self.config()?.unwrap_or_default();
        let takes_part = |entity: &&'static Entity| {
            let name = entity.mapped.and_then(|mapped| mapped.part_of).unwrap_or(entity.name);
            used.iter().any(|used| used.name == name)
        };
        Ok(config.target.entities().into_iter().filter(takes_part).collect())
    }

    /// Lets an optional entity take part where the snapshot and the surveyed target have its tables; returns what stays in
    /// the file because the target does not.
    pub fn settle_entities(&mut self, catalog: &Catalog) -> Result<Vec<LeftInFile>> {
        self.transaction(|connection| {
            let mut left = Vec::new();
            for entity in entity::ALL.iter().filter(|entity| entity.is_optional()) {
                let (legacy, target) = (entity.legacy.name, entity.target_table);
                let is_in_target = catalog.columns.iter().any(|column| column.table == target);
                let is_in_source = has_source_rows(connection, entity)?;
                connection.execute(
                    "update entities set in_use = ? where entity = ?",
                    (is_in_source && is_in_target, entity.name),
                )?;
                let sql = format!("select count(*) from {}", quoted(&format!("legacy_{legacy}")));
                let rows: u64 = connection.query_row(&sql, [], |row| row.get(0))?;
                if rows > 0 && !is_in_target {
                    left.push(LeftInFile { legacy_table: legacy, rows, target_table: target });
                }
            }
            Ok(left)
        })
    }
}

impl Reader {
    /// The entities that take part, in load order.
    pub fn entities(&self) -> Result<Vec<&'static Entity>> {
        in_use(&self.connection)
    }
}

/// Whether the snapshot has rows of an entity, or had some when it took part.
fn has_source_rows(connection: &Connection, entity: &Entity) -> Result<bool> {
    let sql = "select exists (select 1 from legacy_tables where table_name = ?1 and rows > 0) \
               or exists (select 1 from entities where entity = ?2 and in_use)";
    Ok(connection.query_row(sql, [entity.legacy.name, entity.name], |row| row.get(0))?)
}

pub(in crate::staging) fn in_use(connection: &Connection) -> Result<Vec<&'static Entity>> {
    let mut statement = connection.prepare("select entity from entities where in_use")?;
    let names: Vec<String> =
        statement.query_map([], |row| row.get(0))?.collect::<Result<_, rusqlite::Error>>()?;
    let takes_part = |entity: &&'static Entity| names.iter().any(|name| name == entity.name);
    Ok(entity::ALL.iter().copied().filter(takes_part).collect())
}
