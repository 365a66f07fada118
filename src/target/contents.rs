//! Rows read back, as text in the form in which PostgreSQL prints each type, in legacy id order.

use std::io::BufRead;

use postgres::CopyOutReader;

use super::catalog::copy_failed;
use super::copy::{Field, decode_row};
use super::{Target, discriminated, failed, quoted};
use crate::entity::{Column, Entity};
use crate::error::{Error, Result};
use crate::record::LegacyId;

/// The rows of one entity, one at a time and never twice.
pub struct Contents<'a> {
    reader: CopyOutReader<'a>,
    what: String,
    line: Vec<u8>,
    fields: Vec<Field>,
    legacy_id: Option<LegacyId>,
}

impl Target {
    /// The entity's rows that stand for a legacy record, from the first.
    pub fn contents(&mut self, entity: &Entity, columns: &[&Column]) -> Result<Contents<'_>> {
        let listed: String =
            columns.iter().map(|column| format!(", t.{}::text", quoted(column.name))).collect();
        let what = format!("reading {} back", entity.target_table);
        let sql = format!(
            "copy (select t.legacy_id{listed} from {} t where t.legacy_id is not null and {} order by t.legacy_id) \
             to stdout",
            self.table(entity),
            discriminated(entity)
        );
        let reader = self.client.copy_out(&sql).map_err(|cause| failed(&what, &cause))?;
        let mut contents = Contents { reader, what, line: Vec::new(), fields: Vec::new(), legacy_id: None };
        contents.advance()?;
        Ok(contents)
    }
}

impl Target {
    /// How many rows of the entity stand for a legacy record.
    pub fn count_ours(&mut self, entity: &Entity) -> Result<u64> {
        let sql = format!(
            "select count(*) from {} t where t.legacy_id is not null and {}",
            self.table(entity),
            discriminated(entity)
        );
        self.count(&format!("counting {}", entity.target_table), &sql)
    }

    /// Hands over the legacy id and the id of every row that stands for a legacy record, in legacy id order.
    pub fn for_our_ids(
        &mut self,
        entity: &Entity,
        each: &mut dyn FnMut(LegacyId, &str) -> Result<()>,
    ) -> Result<()> {
        let Some(id) = entity.column("id") else { return Ok(()) };
        let mut contents = self.contents(entity, &[id])?;
        while let Some(legacy_id) = contents.legacy_id() {
            each(legacy_id, contents.fields()[0].as_deref().unwrap_or_default())?;
            contents.advance()?;
        }
        Ok(())
    }
}

impl Contents<'_> {
    /// The legacy id of the present row; `None` after the last.
    pub fn legacy_id(&self) -> Option<LegacyId> {
        self.legacy_id
    }

    /// The present row's values in the order of the columns asked for.
    pub fn fields(&self) -> &[Field] {
        &self.fields[1..]
    }

    /// Goes on to the next row.
    pub fn advance(&mut self) -> Result<()> {
        self.line.clear();
        let length =
            self.reader.read_until(b'\n', &mut self.line).map_err(|cause| copy_failed(&self.what, &cause))?;
        self.legacy_id = None;
        if length == 0 {
            return Ok(());
        }
        decode_row(&self.line, &mut self.fields)?;
        let legacy_id = self.fields[0].as_deref().and_then(|id| id.parse().ok());
        self.legacy_id = Some(legacy_id.ok_or_else(|| {
            Error::target(format!("{}: a legacy id is not an integer", self.what))
                .hint("the column legacy_id must hold the legacy database's keys")
        })?);
        Ok(())
    }
}
