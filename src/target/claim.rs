//! Rows whose legacy id stands elsewhere than in their column: in their metadata, in `migration_mappings`, or recovered by
//! what they say of themselves. Before a merge they get it written into the column, by which every merge finds its rows.

use super::failure::Failure;
use super::merge::Merge;
use super::receipts::{Receipted, Writing};
use super::sender::{Sender, copy_in};
use super::{Target, quoted_text};
use crate::entity::{Kind, metadata};
use crate::error::Result;
use crate::record::LegacyId;

impl Target {
    /// Takes the legacy id from rows that stand for a record no longer, and has them out of use where `also_off` says so. `rows` are
    /// the ids with the legacy ids that they have. Returns how many had it.
    pub fn release(
        &mut self,
        writing: &mut Writing<'_>,
        merge: &Merge,
        rows: &[(LegacyId, String)],
        also_off: bool,
    ) -> Result<u64, Failure> {
        let table = self.table(merge.entity);
        let what = format!("releasing rows of {}", merge.entity.target_table);
        let number = writing.number();
        let released = self.within(&what, |target| {
            target.execute(
                &what,
                &format!(
                    "create temporary table drydock_released on commit drop as \
                     select t.id, t.legacy_id from {table} t with no data"
                ),
            )?;
            let into = "drydock_released (id, legacy_id)";
            let copied = copy_in(&mut target.client, &what, into, |sender| {
                for (legacy_id, id) in rows {
                    let legacy_id = legacy_id.to_string();
                    sender.send([Some(id.as_str()), Some(legacy_id.as_str())]);
                }
                Ok(())
            })?;
            target.execute(
                &what,
                &format!(
                    "delete from drydock_released c where not exists (select 1 from {table} t where t.id = c.id \
                     and t.legacy_id = c.legacy_id)"
                ),
            )?;
            if target.count(&what, "select count(*) from drydock_released")? == 0 {
                target.execute(&what, "drop table drydock_released")?;
                return Ok(None);
            }
            target.mark_phase(writing, merge.phase)?;
            target.keep_unclaimed(writing, merge, &table, "drydock_released")?;
            let off = match merge.entity.in_use().filter(|_| also_off) {
                Some(flag) => format!(", {} = false", super::quoted(flag.name)),
                None => String::new(),
            };
            // the row goes on saying whose it was
            let said = match merge.updated().find(|column| column.kind == Kind::Metadata) {
                Some(column) => format!(
                    ", {0} = coalesce(t.{0}, '{{}}') || jsonb_build_object('{1}', coalesce(t.{0} -> '{1}', '{{}}') \
                     || jsonb_build_object('{2}', c.legacy_id))",
                    super::quoted(column.name),
                    metadata::KEY,
                    metadata::RELEASED
                ),
                None => String::new(),
            };
            let written_in = target.written_in(merge.entity.target_table)?;
            let statement = format!(
                "update {table} t set legacy_id = null{off}{said} from drydock_released c \
                 where t.id = c.id returning c.legacy_id::bigint, {written_in}"
            );
            let released = target.moved(&what, &statement, copied.digest)?;
            target.write_receipt(writing, number, merge, &released, &Receipted::default())?;
            target.execute(&what, "drop table drydock_released")?;
            Ok(Some(released))
        })?;
        let Some(released) = released else { return Ok(0) };
        writing.written(true);
        writing.wrote(&released);
        Ok(released.updated.len() as u64)
    }

    /// Writes legacy ids into rows that have none in their column. `send` sends each row's id and its legacy id. A row that
    /// has one by now, and a legacy id that another row has, are left alone. Returns how many rows were claimed.
    pub fn claim(
        &mut self,
        writing: &mut Writing<'_>,
        merge: &Merge,
        send: impl FnOnce(&mut Sender<'_>) -> Result<()>,
    ) -> Result<u64, Failure> {
        let table = self.table(merge.entity);
        let what = format!("claiming rows of {}", merge.entity.target_table);
        let number = writing.number();
        let claimed = self.within(&what, |target| {
            target.execute(
                &what,
                &format!(
                    "create temporary table drydock_claims on commit drop as \
                     select t.id, t.legacy_id from {table} t with no data"
                ),
            )?;
            let copied = copy_in(&mut target.client, &what, "drydock_claims (id, legacy_id)", send)?;
            let of_others = match merge.entity.discriminator {
                Some((column, value)) => {
                    format!("o.{} = {} and ", super::quoted(column), quoted_text(value))
                }
                None => String::new(),
            };
            target.execute(
                &what,
                &format!(
                    "delete from drydock_claims c where not exists (select 1 from {table} t where t.id = c.id \
                     and t.legacy_id is null) or exists (select 1 from {table} o where {of_others}o.legacy_id = c.legacy_id); \
                     analyze drydock_claims"
                ),
            )?;
            if target.count(&what, "select count(*) from drydock_claims")? == 0 {
                target.execute(&what, "drop table drydock_claims")?;
                return Ok(None);
            }
            target.mark_phase(writing, merge.phase)?;
            target.keep_unclaimed(writing, merge, &table, "drydock_claims")?;
            if !merge.entity.has_key_column() {
                target.execute(
                    &what,
                    &format!(
                        "insert into drydock.keys (table_name, id, legacy_id) \
                         select {}, c.id, c.legacy_id from drydock_claims c; drop table drydock_claims",
                        quoted_text(merge.entity.target_table)
                    ),
                )?;
                return Ok(None);
            }
            let written_in = target.written_in(merge.entity.target_table)?;
            let statement = format!(
                "update {table} t set legacy_id = c.legacy_id from drydock_claims c \
                 where t.id = c.id and t.legacy_id is null returning t.legacy_id::bigint, {written_in}"
            );
            let claimed = target.moved(&what, &statement, copied.digest)?;
            target.write_receipt(writing, number, merge, &claimed, &Receipted::default())?;
            target.execute(&what, "drop table drydock_claims")?;
            Ok(Some(claimed))
        })?;
        let Some(claimed) = claimed else { return Ok(0) };
        writing.written(true);
        writing.wrote(&claimed);
        Ok(claimed.updated.len() as u64)
    }
}
