//! The target's catalog as the survey saw it, in and out.

use rusqlite::Connection;

use crate::entity::catalog::{Catalog, CatalogColumn, CatalogKey, CatalogTable, CatalogTrigger};
use crate::error::Result;

pub(in crate::staging) fn write_catalog(connection: &Connection, catalog: &Catalog) -> Result<()> {
    let mut insert = connection.prepare(
        "insert into target_columns (table_name, column_name, position, type_name, type_kind, max_length, \
         precision, scale, type_text, is_nullable, has_default, default_text, is_generated) \
         values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?;
    for column in &catalog.columns {
        insert.execute((
            &column.table,
            &column.name,
            column.position,
            &column.type_name,
            &column.type_kind,
            column.max_length,
            column.precision,
            column.scale,
            &column.type_text,
            column.is_nullable,
            column.has_default,
            &column.default,
            column.is_generated,
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
        "insert into target_keys (table_name, key_name, kind, columns, references_table, references_columns, definition) \
         values (?, ?, ?, ?, ?, ?, ?)",
    )?;
    for key in &catalog.keys {
        let columns = serde_json::json!(key.columns).to_string();
        let there = serde_json::json!(key.references_columns).to_string();
        insert.execute((
            &key.table,
            &key.name,
            &key.kind,
            columns,
            &key.references,
            there,
            &key.definition,
        ))?;
    }
    let mut insert = connection.prepare(
        "insert into target_tables (table_name, owner, is_owner, row_security, forces_row_security, rights, policies) \
         values (?, ?, ?, ?, ?, ?, ?)",
    )?;
    for table in &catalog.tables {
        insert.execute((
            &table.table,
            &table.owner,
            table.is_owner,
            table.row_security,
            table.forces_row_security,
            serde_json::json!(table.rights).to_string(),
            table.policies,
        ))?;
    }
    let mut insert = connection.prepare(
        "insert into target_triggers (table_name, trigger_name, is_enabled, definition) values (?, ?, ?, ?)",
    )?;
    for trigger in &catalog.triggers {
        insert.execute((&trigger.table, &trigger.name, trigger.is_enabled, &trigger.definition))?;
    }
    Ok(())
}

pub(in crate::staging) fn read_catalog(connection: &Connection) -> Result<Catalog> {
    let mut catalog = Catalog::default();
    let mut statement = connection.prepare(
        "select table_name, column_name, position, type_name, type_kind, max_length, precision, scale, type_text, \
         is_nullable, has_default, default_text, is_generated from target_columns order by table_name, position",
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
            precision: row.get(6)?,
            scale: row.get(7)?,
            type_text: row.get(8)?,
            is_nullable: row.get(9)?,
            has_default: row.get(10)?,
            default: row.get(11)?,
            is_generated: row.get(12)?,
        });
    }
    let mut statement =
        connection.prepare("select type_name, label from target_enums order by type_name, position")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        catalog.enums.entry(row.get(0)?).or_default().push(row.get(1)?);
    }
    let mut statement = connection.prepare(
        "select table_name, key_name, kind, columns, references_table, references_columns, definition \
         from target_keys order by table_name, key_name",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (columns, there): (String, String) = (row.get(3)?, row.get(5)?);
        catalog.keys.push(CatalogKey {
            table: row.get(0)?,
            name: row.get(1)?,
            kind: row.get(2)?,
            columns: serde_json::from_str(&columns).unwrap_or_default(),
            references: row.get(4)?,
            references_columns: serde_json::from_str(&there).unwrap_or_default(),
            definition: row.get(6)?,
        });
    }
    let mut statement = connection.prepare(
        "select table_name, owner, is_owner, row_security, forces_row_security, rights, policies from target_tables \
         order by table_name",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let rights: String = row.get(5)?;
        catalog.tables.push(CatalogTable {
            table: row.get(0)?,
            owner: row.get(1)?,
            is_owner: row.get(2)?,
            row_security: row.get(3)?,
            forces_row_security: row.get(4)?,
            rights: serde_json::from_str(&rights).unwrap_or_default(),
            policies: row.get(6)?,
        });
    }
    let mut statement = connection.prepare(
        "select table_name, trigger_name, is_enabled, definition from target_triggers \
         order by table_name, trigger_name",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        catalog.triggers.push(CatalogTrigger {
            table: row.get(0)?,
            name: row.get(1)?,
            is_enabled: row.get(2)?,
            definition: row.get(3)?,
        });
    }
    Ok(catalog)
}
