//! Addresses that move between rows of this migration. Uniqueness is checked row by row, so a swap would fail whichever row
//! came first, and the two may be in different chunks. All rows that move therefore get their new address in one
//! transaction of their own: they step aside and arrive within it, and nobody ever sees one that is on its way.

use super::failure::{Cause, Failure};
use super::merge::Merge;
use super::receipts::{INSERT_IMAGES, Receipted, Writing, image_key, written_by};
use super::sender::copy_in;
use super::{Merged, Refusal, Sender, Target, quoted, quoted_text};
use crate::entity::Column;
use crate::error::{Error, Result};
use crate::record::LegacyId;

/// What stands in for the address of a row `t` while it moves, within one transaction.
pub(super) const ASIDE: &str = "'moving.' || t.id || '@migrated.local'";

impl Target {
    /// Gives rows their new address that hold one which another row of this migration is about to get. `send` sends the
    /// legacy id and the value of every ready row. A row whose new address is held by somebody who stays is left, and so is
    /// whoever waits for it. Returns how many rows got their address.
    pub fn make_room(
        &mut self,
        writing: &mut Writing<'_>,
        merge: &Merge,
        send: impl FnOnce(&mut Sender<'_>) -> Result<()>,
    ) -> Result<u64, Failure> {
        let Some(column) = merge.unique_column() else { return Ok(0) };
        let (table, value) = (self.table(merge.entity), quoted(column.name));
        let what = format!("making room for {}", merge.entity.name);
        let number = writing.number();
        let merged = self.within(&what, |target| {
            target.execute(
                &what,
                &format!(
                    "create temporary table drydock_room on commit drop as \
                     select t.legacy_id, t.{value}, null::uuid as id from {table} t with no data"
                ),
            )?;
            let into = format!("drydock_room (legacy_id, {value})");
            let copied = copy_in(&mut target.client, &what, &into, send)?;
            target.execute(&what, &find_movers(&table, &value))?;
            if target.count(&what, "select count(*) from drydock_room")? == 0 {
                target.execute(&what, "drop table drydock_room")?;
                return Ok(Merged::default());
            }
            target.mark_phase(writing, merge.phase)?;
            target.execute(
                &what,
                &format!(
                    "{INSERT_IMAGES} select {}, t.id, {}, {} from drydock_room r join {table} t on t.id = r.id \
                     for update of t on conflict do nothing",
                    image_key(writing, merge),
                    target.image(merge),
                    written_by(merge.entity.target_table)
                ),
            )?;
            let merged = target.change_addresses(&what, merge, column, copied.digest, |target| {
                let aside =
                    format!("update {table} t set {value} = {ASIDE} from drydock_room r where t.id = r.id");
                target.execute(&what, &aside)?;
                Ok(format!("update {table} t set {value} = r.{value} from drydock_room r where t.id = r.id"))
            })?;
            target.write_receipt(writing, number, merge, &merged, &Receipted::default())?;
            target.execute(&what, "drop table drydock_room")?;
            Ok(merged)
        })?;
        writing.written(!merged.updated.is_empty());
        writing.wrote(&merged);
        Ok(merged.updated.len() as u64)
    }

    /// Gives records their earlier address back whose address was changed to make room and that were then refused, where it
    /// is still free: what is refused leaves its row as it was.
    pub fn give_room_back(
        &mut self,
        writing: &mut Writing<'_>,
        merge: &Merge,
        refused: &[LegacyId],
    ) -> Result<u64, Failure> {
        let Some(column) = merge.unique_column() else { return Ok(0) };
        let (table, value) = (self.table(merge.entity), quoted(column.name));
        let what = format!("giving room back to {}", merge.entity.name);
        let number = writing.number();
        let ids: Vec<String> = refused.iter().map(ToString::to_string).collect();
        let before = format!("(p.image ->> {})", quoted_text(column.name));
        let merged = self.within(&what, |target| {
            target.execute(
                &what,
                &format!(
                    "create temporary table drydock_room on commit drop as \
                     select t.id, {before} as {value} from {table} t join drydock.pre_images p on p.id = t.id \
                     where p.{} and p.phase = {} and p.table_name = {} and t.legacy_id in ({}) \
                     and t.{value} is distinct from {before} \
                     and not exists (select 1 from {table} o where lower(o.{value}) = lower({before}) and o.id <> t.id)",
                    writing.is_mine().replace(" and ", " and p."),
                    quoted_text(merge.phase.as_str()),
                    quoted_text(merge.entity.target_table),
                    ids.join(", ")
                ),
            )?;
            let merged = target.change_addresses(&what, merge, column, String::new(), |_| {
                Ok(format!("update {table} t set {value} = r.{value} from drydock_room r where t.id = r.id"))
            })?;
            if !merged.updated.is_empty() {
                target.write_receipt(writing, number, merge, &merged, &Receipted::default())?;
            }
            target.execute(&what, "drop table drydock_room")?;
            Ok(merged)
        })?;
        writing.written(false);
        writing.wrote(&merged);
        Ok(merged.updated.len() as u64)
    }

    /// Changes the addresses of the rows in `drydock_room`, and nothing else of them, whatever triggers do meanwhile.
    fn change_addresses(
        &mut self,
        what: &str,
        merge: &Merge,
        column: &Column,
        digest: String,
        statement: impl FnOnce(&mut Self) -> Result<String, Failure>,
    ) -> Result<Merged, Failure> {
        let ours = merge.entity.target_table;
        let (table, value) = (self.table(merge.entity), quoted(column.name));
        let others: Vec<&Column> = merge.written().filter(|other| other.name != column.name).collect();
        if self.is_watched(ours) {
            let listed: String = others.iter().map(|column| format!(", t.{}", quoted(column.name))).collect();
            self.execute(
                what,
                &format!(
                    "create temporary table drydock_room_before on commit drop as \
                     select t.id{listed} from {table} t join drydock_room r on r.id = t.id"
                ),
            )?;
        }
        let statement = statement(self)?;
        let merged = self.moved(
            what,
            &format!("{statement} returning t.legacy_id::bigint, t.xmin::text::bigint"),
            digest,
        )?;
        if self.is_watched(ours) {
            self.give_back(merge, &table, &others, "b", "drydock_room_before b where b.id = t.id")?;
            let found = self.legacy_ids(
                what,
                &format!(
                    "select t.legacy_id::bigint from {table} t join drydock_room r on r.id = t.id \
                     where t.{value} is distinct from r.{value}"
                ),
            )?;
            if !found.is_empty() {
                let theirs = self.names.table(ours);
                return Err(Failure {
                    error: Error::target(format!(
                        "{} of table {theirs} changes addresses",
                        self.watchers(ours)
                    )),
                    cause: Cause::Rewritten(
                        Box::new(Refusal::rewritten(theirs, Some(column.name))),
                        found.len() as u64,
                    ),
                });
            }
            self.execute(what, "drop table drydock_room_before")?;
        }
        Ok(merged)
    }

    /// Runs a statement that returns legacy id and transaction of each row that it changed.
    pub(super) fn moved(&mut self, what: &str, statement: &str, digest: String) -> Result<Merged, Failure> {
        let rows = self.client.query(statement, &[]).map_err(|cause| Failure::of(what, &cause))?;
        let mut merged = Merged { digest, rows: rows.len() as u64, ..Merged::default() };
        for row in rows {
            merged.updated.push(LegacyId(row.get(0)));
            merged.xids.push(row.get(1));
        }
        merged.xids.dedup();
        Ok(merged)
    }
}

/// Leaves in `drydock_room` the rows that move: ours, meant to have another address, and somebody of ours is meant to have
/// theirs; but not whoever waits, at first hand or not, for an address that somebody keeps.
fn find_movers(table: &str, value: &str) -> String {
    format!(
        "analyze drydock_room; \
         update drydock_room r set id = t.id from {table} t \
         where t.legacy_id = r.legacy_id and lower(t.{value}) is distinct from lower(r.{value}) \
         and exists (select 1 from drydock_room o where lower(o.{value}) = lower(t.{value})); \
         delete from drydock_room where id is null; analyze drydock_room; \
         with recursive waits as ( \
             select r.id, t.id as holder from drydock_room r join {table} t on lower(t.{value}) = lower(r.{value}) \
             where t.id <> r.id), \
         stuck (id) as ( \
             select w.id from waits w where not exists (select 1 from drydock_room m where m.id = w.holder) \
             union select w.id from waits w join stuck s on w.holder = s.id) \
         delete from drydock_room r using stuck where stuck.id = r.id"
    )
}
