//! What the survey saw in the target: its catalog and the rows that are already there.

use rusqlite::Connection;

use super::open::Staging;
use crate::entity::Entity;
use crate::entity::catalog::{Catalog, CatalogColumn, CatalogKey, ExistingRow};
use crate::error::Result;
use crate::record::{LegacyId, TargetId};

impl Staging {
    /// Replaces what an earlier survey saw. `rows` hands over each entity's existing rows.
    pub fn replace_survey(
        &mut self,
        catalog: &Catalog,
        rows: impl FnOnce(&mut dyn FnMut(&Entity, &ExistingRow) -> Result<()>) -> Result<()>,
    ) -> Result<()> {
        self.transaction(|connection| {
            connection.execute_batch(
                "delete from target_columns; delete from target_enums; delete from target_keys; \
                 delete from target_rows",
            )?;
            write_catalog(connection, catalog)?;
            let mut insert = connection.prepare(
                "insert into target_rows (entity, target_id, legacy_id, email) values (?, ?, ?, ?)",
            )?;
            rows(&mut |entity, row| {
                insert.execute((entity.name, &row.target_id, row.legacy_id, &row.email))?;
                Ok(())
            })
        })
    }

    /// The surveyed catalog.
    pub fn catalog(&self) -> Result<Catalog> {
        read_catalog(&self.connection)
    }

    /// The existing rows of the entity that stand for a legacy record, in legacy id order, each with its id.
    pub fn for_existing_ids(
        &self,
        entity: &Entity,
        mut each: impl FnMut(LegacyId, &str) -> Result<()>,
    ) -> Result<()> {
        let mut statement = self.connection.prepare_cached(
            "select legacy_id, target_id from target_rows where entity = ? and legacy_id is not null \
             order by legacy_id, target_id",
        )?;
        let mut rows = statement.query([entity.name])?;
        while let Some(row) = rows.next()? {
            let target_id: String = row.get(1)?;
            each(LegacyId(row.get(0)?), &target_id)?;
        }
        Ok(())
    }

    /// The addresses of rows that this migration will not write: rows of others, and rows whose legacy record is not in
    /// the snapshot. Each with the row's id.
    pub fn for_foreign_emails(&self, mut each: impl FnMut(&str, TargetId) -> Result<()>) -> Result<()> {
        let mut statement = self.connection.prepare(
            "select t.email, t.target_id from target_rows t \
             where t.entity = 'profiles' and t.email is not null and not exists ( \
                 select 1 from legacy_auth_user u where u.legacy_id = t.legacy_id) \
             order by t.target_id",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (email, target_id): (String, String) = (row.get(0)?, row.get(1)?);
            if let Ok(target_id) = target_id.parse() {
                each(&email, target_id)?;
            }
        }
        Ok(())
    }

    /// How many rows of the entity the target held.
    pub fn count_existing(&self, entity: &Entity) -> Result<u64> {
        let count = self.connection.query_row(
            "select count(*) from target_rows where entity = ?",
            [entity.name],
            |row| row.get(0),
        )?;
        Ok(count)
    }
}

fn write_catalog(connection: &Connection, catalog: &Catalog) -> Result<()> {
    let mut insert = connection.prepare(
        "insert into target_columns (table_name, column_name, position, type_name, type_kind, max_length, \
         is_nullable, has_default, is_generated, digits_before, digits_after) \
         values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?;
    for column in &catalog.columns {
        insert.execute((
            &column.table,
            &column.name,
            column.position,
            &column.type_name,
            &column.type_kind,
            column.max_length,
            column.is_nullable,
            column.has_default,
            column.is_generated,
            column.digits.map(|(before, _)| before),
            column.digits.map(|(_, after)| after),
        ))?;
    }
    let mut insert =
        connection.prepare("insert into target_enums (type_name, position, label) values (?, ?, ?)")?;
    for (type_name, labels) in &catalog.enums {
        for (position, label) in labels.iter().enumerate() {
            insert.execute((type_name, position, label))?;
        }
    }
    let mut insert = connection.prepare(
        "insert into target_keys (table_name, key_name, kind, columns, references_table, definition) \
         values (?, ?, ?, ?, ?, ?)",
    )?;
    for key in &catalog.keys {
        let columns = serde_json::json!(key.columns).to_string();
        insert.execute((&key.table, &key.name, &key.kind, columns, &key.references, &key.definition))?;
    }
    Ok(())
}

fn read_catalog(connection: &Connection) -> Result<Catalog> {
    let mut catalog = Catalog::default();
    let mut statement = connection.prepare(
        "select table_name, column_name, position, type_name, type_kind, max_length, is_nullable, has_default, \
         is_generated, digits_before, digits_after from target_columns order by table_name, position",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        catalog.columns.push(CatalogColumn {
            table: row.get(0)?,
            name: row.get(1)?,
            position: row.get(2)?,
            type_name: row.get(3)?,
            type_kind: row.get(4)?,
            max_length: row.get(5)?,
            is_nullable: row.get(6)?,
            has_default: row.get(7)?,
            is_generated: row.get(8)?,
            digits: row.get::<_, Option<i64>>(9)?.zip(row.get(10)?),
        });
    }
    let mut statement =
        connection.prepare("select type_name, label from target_enums order by type_name, position")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        catalog.enums.entry(row.get(0)?).or_default().push(row.get(1)?);
    }
    let mut statement = connection.prepare(
        "select table_name, key_name, kind, columns, references_table, definition from target_keys \
         order by table_name, key_name",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let columns: String = row.get(3)?;
        catalog.keys.push(CatalogKey {
            table: row.get(0)?,
            name: row.get(1)?,
            kind: row.get(2)?,
            columns: serde_json::from_str(&columns).unwrap_or_default(),
            references: row.get(4)?,
            definition: row.get(5)?,
        });
    }
    Ok(catalog)
}
