//! What the target is: the catalog of the tables to be written, and the rows that are already there.

use std::io::BufRead;

use super::copy::decode_row;
use super::{Target, discriminated, failed, quoted};
use crate::entity::catalog::{Catalog, CatalogColumn, CatalogKey, ExistingRow};
use crate::entity::{self, Entity};
use crate::error::{Error, Result};

const COLUMNS: &str = include_str!("../../sql/survey/columns.sql");
const ENUMS: &str = include_str!("../../sql/survey/enums.sql");
const KEYS: &str = include_str!("../../sql/survey/keys.sql");

impl Target {
    /// Reads the catalog of every table that the entities are loaded into.
    pub fn catalog(&mut self) -> Result<Catalog> {
        let tables = entity::target_tables();
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
                is_nullable: row.get(6),
                has_default: row.get(7),
                is_generated: row.get(8),
                digits: match row.get::<_, Option<Vec<i64>>>(9).as_deref() {
                    Some([before, after]) => Some((*before, *after)),
                    _ => None,
                },
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
                definition: row.get(5),
            });
        }
        Ok(catalog)
    }

    /// Hands over every row that the entity's table already holds, and proves that none was left out. The table must
    /// have the columns that say whose rows they are.
    pub fn for_existing_rows(
        &mut self,
        entity: &Entity,
        has_email: bool,
        mut each: impl FnMut(&ExistingRow) -> Result<()>,
    ) -> Result<u64> {
        let email = if has_email { quoted("email") } else { "null".to_owned() };
        let from = format!("from {} t where {}", self.table(entity), discriminated(entity));
        let what = format!("reading the rows of {}", entity.target_table);
        let expected = self.count(&what, &format!("select count(*) {from}"))?;
        let reader = self
            .client
            .copy_out(&format!("copy (select t.id::text, t.legacy_id::text, {email} {from}) to stdout"))
            .map_err(|cause| failed(&what, &cause))?;
        let mut fields = Vec::new();
        let mut read = 0;
        for_lines(reader, &what, |line| {
            decode_row(line, &mut fields)?;
            let mut fields = fields.drain(..);
            let target_id = fields.next().flatten().unwrap_or_default();
            let legacy_id = fields.next().flatten().and_then(|id| id.parse().ok());
            each(&ExistingRow { target_id, legacy_id, email: fields.next().flatten() })?;
            read += 1;
            Ok(())
        })?;
        if read == expected {
            return Ok(read);
        }
        Err(Error::target(format!("{} has {expected} rows and {read} arrived", entity.target_table))
            .hint("run survey again; if it happens again, report it"))
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
