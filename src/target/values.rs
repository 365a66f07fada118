//! What the target makes of values that no record says: defaults as this session has them, and constants of the configuration.

use super::failure::Failure;
use super::sender::Sender;
use super::{Target, discriminated, quoted, quoted_text};
use crate::entity::catalog::Catalog;
use crate::entity::{Column, Entity, Kind};
use crate::error::Result;
use crate::record::LegacyId;

impl Target {
    /// Columns that take no null and whose default gives null in this session, such as one that asks who is signed in: each a
    /// sentence.
    pub(super) fn null_defaults(&mut self, catalog: &Catalog) -> Vec<String> {
        let entities = self.all_entities();
        let mut problems = Vec::new();
        for known in &catalog.columns {
            let mut of_table = entities.iter().filter(|entity| entity.target_table == known.table);
            let makes_rows = of_table.clone().any(|entity| !entity.is_onto());
            let is_sent = of_table.any(|entity| entity.column(&known.name).is_some());
            let default = known.default.as_deref().filter(|_| !known.is_nullable && !known.is_generated);
            // a sequence would move
            let can_be_tried = |default: &&str| *default != "identity" && !default.contains("nextval");
            let Some(default) = default.filter(can_be_tried).filter(|_| makes_rows && !is_sent) else {
                continue;
            };
            let what = format!("asking for the default of {}", known.name);
            let asked = self.within(&what, |target| {
                // whatever a default calls, nothing is written by being asked
                target.execute(&what, "set transaction read only")?;
                let row = target
                    .client
                    .query_one(&format!("select ({default}) is null"), &[])
                    .map_err(|cause| Failure::of(&what, &cause))?;
                Ok(row.get::<_, bool>(0))
            });
            if matches!(asked, Ok(true)) {
                problems.push(format!(
                    "column {} takes no null, and its default gives null to this session: fill it ([target.fill.{}])",
                    self.names.place(&known.table, &known.name),
                    known.table
                ));
            }
        }
        problems
    }

    /// How many of the records sent have a row with an address outside these domains, and the first of them.
    pub fn addresses_outside(
        &mut self,
        domains: &[&str],
        entity: &Entity,
        column: &Column,
        send: impl FnOnce(&mut Sender<'_>) -> Result<()>,
    ) -> Result<(u64, Option<LegacyId>)> {
        let what = format!("looking at the addresses of {}", entity.name);
        let found = format!(
            "{} t join drydock_asked a using (legacy_id) where t.{1}::text collate \"C\" !~* '\\.({2})$' and t.{1}::text <> '' and {3}",
            self.table(entity),
            quoted(column.name),
            domains.join("|"),
            discriminated(entity)
        );
        self.count_asked(&what, "select 0::bigint as legacy_id", send, "t.legacy_id", &found)
    }

    /// The constants of a filled column that its type does not take, or prints otherwise: each a sentence.
    pub fn unfit_constants(
        &mut self,
        catalog: &Catalog,
        entity: &Entity,
        column: &Column,
        constants: &[String],
    ) -> Result<Vec<String>> {
        let Some(known) = catalog.column(entity.target_table, column.name) else { return Ok(Vec::new()) };
        if !matches!(column.kind, Kind::Enum(_)) || known.type_kind == "e" || known.takes(Kind::Text) {
            return Ok(Vec::new());
        }
        let place = self.names.place(&known.table, &known.name);
        let mut problems = Vec::new();
        for constant in constants {
            let what = format!("asking for a constant of {place}");
            let sql = format!("select ({}::{})::text", quoted_text(constant), known.type_text);
            let printed = self.within(&what, |target| {
                let row = target.client.query_one(&sql, &[]).map_err(|cause| Failure::of(&what, &cause))?;
                Ok(row.get::<_, Option<String>>(0))
            });
            match printed {
                Ok(Some(printed)) if printed == *constant => {}
                Ok(Some(printed)) => problems.push(format!(
                    "column {place} is of type {}, which prints {constant} as {printed}: write it so in [target.fill.{}]",
                    known.type_text, known.table
                )),
                Err(failure) if self.is_broken() => return Err(failure.error),
                Ok(None) | Err(_) => problems.push(format!(
                    "column {place} is of type {}, which does not take {constant}: correct it in [target.fill.{}]",
                    known.type_text, known.table
                )),
            }
        }
        Ok(problems)
    }
}
