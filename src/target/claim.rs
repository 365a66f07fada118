//! Rows whose legacy id stands elsewhere than in their column: in their metadata, in `migration_mappings`, or recovered by
//! what they say of themselves. Before a merge they get it written into the column, by which every merge finds its rows.

use super::failure::Failure;
use super::merge::Merge;
use super::receipts::{Receipted, Writing};
use super::sender::{Sender, copy_in};
use super::{Target, discriminated, quoted_text};
use crate::entity::{Entity, Kind, metadata};
use crate::error::{Error, Result};
use crate::record::LegacyId;

impl Target {
    /// Of records and the rows that they are meant to be, the other rows that have their legacy id in the target.
    pub fn other_rows(
        &mut self,
        entity: &Entity,
        meant: &[(LegacyId, String)],
    ) -> Result<Vec<(LegacyId, String)>> {
        let what = format!("looking for rows of {}", entity.target_table);
        let (records, ids): (Vec<i64>, Vec<&str>) =
            meant.iter().map(|(id, row)| (id.0, row.as_str())).unzip();
        let sql = format!(
            "select t.legacy_id::bigint, t.id::text from {} t \
             join unnest($1::int8[], $2::text[]) m (legacy_id, id) on t.legacy_id = m.legacy_id and t.id::text <> m.id \
             where {} order by 1, 2",
            self.table(entity),
            discriminated(entity)
        );
        let rows = self.client.query(&sql, &[&records, &ids]).map_err(|cause| Failure::of(&what, &cause))?;
        Ok(rows.iter().map(|row| (LegacyId(row.get(0)), row.get(1))).collect())
    }

    /// How many rows of a part have another id than the row that they are part of, and the first record of which that is so. `send`
    /// sends the legacy id and the id of every ready row.
    pub fn parts_apart(
        &mut self,
        entity: &Entity,
        send: impl FnOnce(&mut Sender<'_>) -> Result<()>,
    ) -> Result<(u64, Option<LegacyId>)> {
        let table = self.table(entity);
        let found = format!(
            "{table} t join drydock_asked a on a.legacy_id = t.legacy_id where a.id <> t.id and {}",
            discriminated(entity)
        );
        let asked = format!("select t.legacy_id, t.id from {table} t");
        self.count_asked("looking for parts", &asked, send, "t.legacy_id", &found)
    }

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
            target.expect_nobody_refers(merge, &table)?;
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

    /// Refuses to take the legacy id from rows that somebody refers to by it.
    fn expect_nobody_refers(&mut self, merge: &Merge, table: &str) -> Result<(), Failure> {
        let ours = merge.entity.target_table;
        for reference in self.references_to(ours)? {
            if !reference.to.iter().any(|to| to == "legacy_id") {
                continue;
            }
            let sql = format!(
                "select t.legacy_id::bigint from {table} t join drydock_released r on r.id = t.id \
                 where exists (select 1 from {} c where {}) order by 1",
                reference.child,
                reference.refers("t")
            );
            let referred = self.legacy_ids("looking for references", &sql)?;
            if !referred.is_empty() {
                return Err(Error::target(format!(
                    "{} rows of {} no longer stand for a record, whose id is somebody else's now, and {} refers to them by that id, \
                     such as {}",
                    referred.len(),
                    self.names.table(ours),
                    reference.shown,
                    super::chunk::list(&referred)
                ))
                .hint("nothing of it was written; have those rows refer to the row's id, or reject the records in a review")
                .into());
            }
        }
        Ok(())
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
