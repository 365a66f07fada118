//! The rows that loads of a file wrote, as a verification sees them: it asks the receipts and the catalog itself, and nothing of
//! what a load asks before it writes.

use super::receipts::has_table;
use super::{Target, failed, quoted};
use crate::entity::Entity;
use crate::error::Result;

/// A row that a load of the file wrote, and that is still there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenRow {
    /// The legacy record that it says it stands for.
    pub legacy_id: i64,
    /// Whether a load made it, and did not find it there.
    pub is_made: bool,
    /// What its column says that tells whether it is in use; true where there is none.
    pub is_in_use: bool,
    /// Whether a row of any table refers to it, or somebody else wrote it last.
    pub may_stay: bool,
}

impl Target {
    /// The entity's rows that loads of the file wrote.
    pub fn written_rows(&mut self, staging_id: &str, entity: &Entity) -> Result<Vec<WrittenRow>> {
        let what = format!("reading what was written of {}", entity.name);
        if !has_table(&mut self.client, "drydock.pre_images")? {
            return Ok(Vec::new());
        }
        let (table, real) = (self.named(entity.target_table), self.real(entity.target_table));
        let id = self.names.column(entity.target_table, "id").to_owned();
        let needed = self.is_referred_to(&what, &real, &id)?;
        let in_use =
            entity.in_use().map_or_else(|| "true".to_owned(), |flag| format!("t.{}", quoted(flag.name)));
        let of_entity = entity
            .discriminator
            .map(|(column, value)| format!(" and t.{}::text = '{value}'", quoted(column)))
            .unwrap_or_default();
        let rows = self
            .client
            .query(
                &format!(
                    "with made as (select distinct i.id from drydock.receipts c cross join unnest(c.inserted_ids) i (id) \
                                   where c.staging_id = $1 and c.table_name = $2 and c.undone_at is null), \
                          found as (select distinct p.id from drydock.pre_images p \
                                    where p.staging_id = $1 and p.table_name = $2), \
                          ours as (select x from drydock.receipts c cross join unnest(c.xids) u (x) where c.staging_id = $1 \
                                   union select z.xid from drydock.restorations z where z.table_name = $2) \
                     select t.legacy_id::bigint, t.id in (select id from made), coalesce({in_use}, false), \
                            {needed} or t.xmin::text::bigint not in (select x from ours) \
                     from {table} t \
                     where t.legacy_id is not null{of_entity} \
                       and (t.id in (select id from made) or t.id in (select id from found)) order by 1"
                ),
                &[&staging_id, &entity.target_table],
            )
            .map_err(|cause| failed(&what, &cause))?;
        Ok(rows
            .iter()
            .map(|row| WrittenRow {
                legacy_id: row.get(0),
                is_made: row.get(1),
                is_in_use: row.get(2),
                may_stay: row.get(3),
            })
            .collect())
    }

    /// The expression that some row of the database refers to the row `t`, by its id.
    fn is_referred_to(&mut self, what: &str, real: &str, id: &str) -> Result<String> {
        let rows = self
            .client
            .query(
                "select k.conrelid::regclass::text, a.attname::text from pg_constraint k \
                 join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1] \
                 join pg_attribute b on b.attrelid = k.confrelid and b.attnum = k.confkey[1] \
                 where k.contype = 'f' and k.confrelid = to_regclass($1) and cardinality(k.conkey) = 1 and b.attname = $2",
                &[&real, &id],
            )
            .map_err(|cause| failed(what, &cause))?;
        let by = rows.iter().map(|row| {
            let (child, column): (String, String) = (row.get(0), row.get(1));
            format!("exists (select 1 from {child} c where c.{} = t.id)", quoted(&column))
        });
        Ok(format!("({})", by.chain(["false".to_owned()]).collect::<Vec<_>>().join(" or ")))
    }
}
