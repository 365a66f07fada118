//! Rows of tables that this migration does not write and that its rows refer to: whether they are there is asked before the first
//! write, over all resolved rows at once, and not by the refusal of each.

use super::sender::copy_in;
use super::{Sender, Target, failed, quoted};
use crate::entity::catalog::{Catalog, CatalogKey};
use crate::entity::{Column, Entity};
use crate::error::Result;
use crate::record::LegacyId;

/// Where the accounts of the platform are.
pub const ACCOUNTS: &str = "auth.users";

/// A foreign key of an entity's table to one that is not this migration's, with the columns that it is over.
#[derive(Debug, Clone)]
pub struct Elsewhere {
    /// The key.
    pub key: CatalogKey,
    /// Its columns.
    pub columns: Vec<&'static Column>,
}

/// The records that refer to nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Orphans {
    /// How many.
    pub records: u64,
    /// The first of them.
    pub first: Option<LegacyId>,
}

impl Target {
    /// The foreign keys by which an entity's rows refer to tables that are not written.
    pub fn elsewhere(&self, catalog: &Catalog, entity: &'static Entity) -> Vec<Elsewhere> {
        let is_ours = |references: &str| {
            let ours = references.strip_prefix(self.schema.as_str()).and_then(|rest| rest.strip_prefix('.'));
            ours.is_some_and(|table| self.tables.contains(&table))
        };
        let of_table = catalog.keys.iter().filter(|key| key.table == entity.target_table && key.kind == "f");
        of_table
            .filter(|key| key.references.as_deref().is_some_and(|references| !is_ours(references)))
            .filter_map(|key| {
                let columns =
                    key.columns.iter().map(|name| entity.column(name)).collect::<Option<Vec<_>>>()?;
                Some(Elsewhere { key: key.clone(), columns })
            })
            .collect()
    }

    /// The records whose row would refer to nothing. `send` sends each record's legacy id and its values under the key, none of
    /// which is null. None where the role may not look.
    pub fn orphans(
        &mut self,
        entity: &'static Entity,
        elsewhere: &Elsewhere,
        send: impl FnOnce(&mut Sender<'_>) -> Result<()>,
    ) -> Result<Option<Orphans>> {
        let what = format!("looking for what {} refers to", entity.name);
        let Some((schema, parent)) =
            elsewhere.key.references.as_deref().and_then(|name| name.split_once('.'))
        else {
            return Ok(None);
        };
        let parent = format!("{}.{}", quoted(schema), quoted(parent));
        let allowed = self.client.query_one(
            "select coalesce(has_schema_privilege($1::text, 'usage') \
                             and has_table_privilege(to_regclass($2::text), 'select'), false)",
            &[&schema, &parent],
        );
        if !allowed.map_err(|cause| failed(&what, &cause))?.get::<_, bool>(0) {
            return Ok(None);
        }
        let listed: Vec<String> = elsewhere.columns.iter().map(|column| quoted(column.name)).collect();
        let of_table: Vec<String> = listed.iter().map(|name| format!("t.{name}")).collect();
        let meets: Vec<String> = listed
            .iter()
            .zip(&elsewhere.key.references_columns)
            .map(|(ours, theirs)| format!("p.{} = s.{ours}", quoted(theirs)))
            .collect();
        let found = self.within(&what, |target| {
            target.execute(
                &what,
                &format!(
                    "create temporary table drydock_children on commit drop as \
                     select 0::bigint as \"legacy id\", {} from {} t with no data",
                    of_table.join(", "),
                    target.table(entity)
                ),
            )?;
            let into = format!("drydock_children (\"legacy id\", {})", listed.join(", "));
            copy_in(&mut target.client, &what, &into, send)?;
            let sql = format!(
                "select count(*), min(s.\"legacy id\") from drydock_children s \
                 where not exists (select 1 from {parent} p where {})",
                meets.join(" and ")
            );
            let row = target
                .client
                .query_one(&sql, &[])
                .map_err(|cause| super::failure::Failure::of(&what, &cause))?;
            target.execute(&what, "drop table drydock_children")?;
            Ok(Orphans {
                records: u64::try_from(row.get::<_, i64>(0)).unwrap_or(0),
                first: row.get::<_, Option<i64>>(1).map(LegacyId),
            })
        });
        Ok(Some(found?))
    }
}
