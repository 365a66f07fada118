//! What the target is: the catalog of the tables to be written. `existing` reads the rows that are already there.

use std::io::BufRead;

use super::{Target, failed};
use crate::entity::catalog::{Catalog, CatalogColumn, CatalogKey, CatalogTable, CatalogTrigger};
use crate::error::{Error, Result};

const COLUMNS: &str = include_str!("../../sql/survey/columns.sql");
const ENUMS: &str = include_str!("../../sql/survey/enums.sql");
const KEYS: &str = include_str!("../../sql/survey/keys.sql");
const TABLES: &str = include_str!("../../sql/survey/tables.sql");
const TRIGGERS: &str = include_str!("../../sql/survey/triggers.sql");

impl Target {
    /// Reads the catalog of every table that the entities are loaded into.
    pub fn catalog(&mut self) -> Result<Catalog> {
        let catalog = self.real_catalog()?;
        Ok(self.names.translate(catalog))
    }

    /// Reads the catalog of every table of the schema, by its own names.
    pub fn whole_catalog(&mut self) -> Result<Catalog> {
        let sql = "select c.relname::text from pg_class c join pg_namespace n on n.oid = c.relnamespace \
                   where n.nspname = $1 and c.relkind in ('r', 'p') order by 1";
        let schema = self.schema.clone();
        let rows = self.client.query(sql, &[&schema]).map_err(|cause| failed("listing tables", &cause))?;
        let tables: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        self.catalog_of(&tables.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// The catalog by the target's own names.
    pub(super) fn real_catalog(&mut self) -> Result<Catalog> {
        let names = self.names.clone();
        self.catalog_of(&names.tables())
    }

    fn catalog_of(&mut self, tables: &[&str]) -> Result<Catalog> {
        let schema = self.schema.clone();
        let mut catalog = Catalog::default();
        let rows = self
            .client
            .query(COLUMNS, &[&schema, &tables])
            .map_err(|cause| failed("reading columns", &cause))?;
        for row in rows {
            catalog.columns.push(CatalogColumn {
                table: row.get(0),
                name: row.get(1),
                position: row.get(2),
                type_name: row.get(3),
                type_kind: row.get(4),
                max_length: row.get(5),
                precision: row.get(6),
                scale: row.get(7),
                type_text: row.get(8),
                is_nullable: row.get(9),
                has_default: row.get(10),
                default: row.get(11),
                is_generated: row.get(12),
            });
        }
        let rows =
            self.client.query(ENUMS, &[&schema, &tables]).map_err(|cause| failed("reading enums", &cause))?;
        for row in rows {
            catalog.enums.entry(row.get(0)).or_default().push(row.get(2));
        }
        let rows =
            self.client.query(KEYS, &[&schema, &tables]).map_err(|cause| failed("reading keys", &cause))?;
        for row in rows {
            catalog.keys.push(CatalogKey {
                table: row.get(0),
                name: row.get(1),
                kind: row.get(2),
                columns: row.get(3),
                references: row.get(4),
                references_columns: row.get(5),
                definition: row.get(6),
            });
        }
        let rows = self
            .client
            .query(TABLES, &[&schema, &tables])
            .map_err(|cause| failed("reading owners and rights", &cause))?;
        for row in rows {
            catalog.tables.push(CatalogTable {
                table: row.get(0),
                owner: row.get(1),
                is_owner: row.get(2),
                row_security: row.get(3),
                forces_row_security: row.get(4),
                rights: row.get(5),
                policies: row.get(6),
            });
        }
        let rows = self
            .client
            .query(
                "select c.relname::text, case c.relkind when 'v' then 'a view' when 'm' then 'a materialized view' \
                                                        when 'f' then 'a foreign table' else 'no table' end \
                 from pg_class c join pg_namespace n on n.oid = c.relnamespace \
                 where n.nspname = $1 and c.relname = any($2) and c.relkind not in ('r', 'p')",
                &[&schema, &tables],
            )
            .map_err(|cause| failed("looking at the tables", &cause))?;
        catalog.others = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
        let rows = self
            .client
            .query(TRIGGERS, &[&schema, &tables])
            .map_err(|cause| failed("reading triggers", &cause))?;
        for row in rows {
            catalog.triggers.push(CatalogTrigger {
                table: row.get(0),
                name: row.get(1),
                is_enabled: row.get(2),
                definition: row.get(3),
            });
        }
        Ok(catalog)
    }
}

/// Calls `each` with every line of a COPY.
pub fn for_lines(
    mut reader: impl BufRead,
    what: &str,
    mut each: impl FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    let mut line = Vec::new();
    loop {
        line.clear();
        // the server's own error travels inside; its text is not passed on
        let length = reader.read_until(b'\n', &mut line).map_err(|cause| copy_failed(what, &cause))?;
        if length == 0 {
            return Ok(());
        }
        each(&line)?;
    }
}

/// The client's error inside a reader's.
fn server_said(cause: &std::io::Error) -> Option<&postgres::Error> {
    cause.get_ref()?.downcast_ref()
}

/// An error of a COPY, whose cause is the server's error in disguise.
pub fn copy_failed(what: &str, cause: &std::io::Error) -> Error {
    match server_said(cause) {
        Some(cause) => failed(what, cause),
        None => Error::target(format!("target: {what}: the connection broke: {}", cause.kind())),
    }
}
