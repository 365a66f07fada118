//! Addresses that move between rows of this migration. Uniqueness is checked row by row, so a swap would fail whichever row
//! came first, and the two may be in different chunks. All rows that move therefore get their new address in one
//! transaction of their own: they step aside and arrive within it, and nobody ever sees one that is on its way.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::Range;

use uuid::Uuid;

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
                    "create temporary table drydock_movers on commit drop as \
                     select t.legacy_id, t.{value}, null::uuid as id, null::int4 as part from {table} t with no data"
                ),
            )?;
            let into = format!("drydock_movers (legacy_id, {value})");
            let copied = copy_in(&mut target.client, &what, &into, send)?;
            target.execute(&what, &find_movers(&table, &value))?;
            if target.count(&what, "select count(*) from drydock_movers")? == 0 {
                target.execute(&what, "drop table drydock_movers")?;
                return Ok(Merged::default());
            }
            target.mark_phase(writing, merge.phase)?;
            let merged = match target.move_parts(writing, merge, column, &copied.digest, None) {
                Err(refused) if is_of_records(&refused) => {
                    let parts = target.number_parts(&what, &table, &value)?;
                    let merged = target.move_what_can(writing, merge, column, &copied.digest, 0..parts)?;
                    if merged.updated.is_empty() {
                        return Err(refused);
                    }
                    merged
                }
                done => done?,
            };
            target.write_receipt(writing, number, merge, &merged, &Receipted::default())?;
            target.execute(&what, "drop table drydock_movers")?;
            Ok(merged)
        })?;
        writing.written(!merged.updated.is_empty());
        writing.wrote(&merged);
        Ok(merged.updated.len() as u64)
    }

    /// Moves the rows of some parts, or of all, as one.
    fn move_parts(
        &mut self,
        writing: &Writing<'_>,
        merge: &Merge,
        column: &Column,
        digest: &str,
        parts: Option<&Range<i32>>,
    ) -> Result<Merged, Failure> {
        let (table, value) = (self.table(merge.entity), quoted(column.name));
        let what = format!("making room for {}", merge.entity.name);
        let among = parts.map_or_else(
            || "true".to_owned(),
            |parts| format!("part >= {} and part < {}", parts.start, parts.end),
        );
        self.within(&what, |target| {
            target.execute(
                &what,
                &format!(
                    "create temporary table drydock_room on commit drop as \
                     select legacy_id, {value}, id from drydock_movers where {among}; \
                     {INSERT_IMAGES} select {}, t.id, {}, {} from drydock_room r join {table} t on t.id = r.id \
                     for update of t on conflict do nothing",
                    image_key(writing, merge),
                    target.image(merge),
                    written_by(merge.entity.target_table)
                ),
            )?;
            let merged = target.change_addresses(&what, merge, column, digest.to_owned(), |target| {
                let aside =
                    format!("update {table} t set {value} = {ASIDE} from drydock_room r where t.id = r.id");
                target.execute(&what, &aside)?;
                Ok(format!("update {table} t set {value} = r.{value} from drydock_room r where t.id = r.id"))
            })?;
            target.execute(&what, "set constraints all immediate; drop table drydock_room")?;
            Ok(merged)
        })
    }

    /// Moves all parts but those of which the target refuses a row.
    fn move_what_can(
        &mut self,
        writing: &Writing<'_>,
        merge: &Merge,
        column: &Column,
        digest: &str,
        parts: Range<i32>,
    ) -> Result<Merged, Failure> {
        let mut all = Merged { digest: digest.to_owned(), ..Merged::default() };
        let mut untried = vec![parts];
        while let Some(parts) = untried.pop() {
            match self.move_parts(writing, merge, column, digest, Some(&parts)) {
                Ok(moved) => {
                    all.rows += moved.rows;
                    all.updated.extend(moved.updated);
                    all.xids.extend(moved.xids);
                }
                Err(failure) if !is_of_records(&failure) => return Err(failure),
                Err(_) if parts.len() < 2 => {}
                Err(_) => {
                    let middle = parts.start + (parts.end - parts.start) / 2;
                    untried.extend([parts.start..middle, middle..parts.end]);
                }
            }
        }
        Ok(all)
    }

    /// Numbers the parts: rows of one part wait for each other's address, at first hand or not. Returns how many there are.
    fn number_parts(&mut self, what: &str, table: &str, value: &str) -> Result<i32, Failure> {
        let rows = self
            .client
            .query(
                &format!(
                    "select m.id, h.id from drydock_movers m \
                     left join {table} t on lower(t.{value}) = lower(m.{value}) and t.id <> m.id \
                     left join drydock_movers h on h.id = t.id"
                ),
                &[],
            )
            .map_err(|cause| Failure::of(what, &cause))?;
        let waits: Vec<(Uuid, Option<Uuid>)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
        let (ids, parts) = in_parts(&waits);
        self.client
            .execute(
                "update drydock_movers m set part = p.part from unnest($1::uuid[], $2::int4[]) p (id, part) where p.id = m.id",
                &[&ids, &parts],
            )
            .map_err(|cause| Failure::of(what, &cause))?;
        Ok(parts.iter().max().map_or(0, |last| last + 1))
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
        let noted = self.note_referred(ours, "select r.id from drydock_room r", |other| {
            other == column.name || other != "id" && merge.entity.column(other).is_none()
        })?;
        let statement = statement(self)?;
        let written_in = self.written_in(ours)?;
        let merged =
            self.moved(what, &format!("{statement} returning t.legacy_id::bigint, {written_in}"), digest)?;
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
        self.refuse_broken(what, ours, noted)?;
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

/// Whether the target refuses some of the records, and others might go.
fn is_of_records(failure: &Failure) -> bool {
    matches!(failure.cause, Cause::Refused(_) | Cause::Rewritten(..))
}

/// The rows and the number of the part that each is in, by who waits for whose address.
fn in_parts(waits: &[(Uuid, Option<Uuid>)]) -> (Vec<Uuid>, Vec<i32>) {
    let mut next_to: BTreeMap<Uuid, Vec<Uuid>> = BTreeMap::new();
    for (id, holder) in waits {
        next_to.entry(*id).or_default().extend(holder);
        if let Some(holder) = holder {
            next_to.entry(*holder).or_default().push(*id);
        }
    }
    let mut part_of: BTreeMap<Uuid, i32> = BTreeMap::new();
    let mut parts = 0;
    for first in next_to.keys() {
        let mut reached = vec![*first];
        let is_new = !part_of.contains_key(first);
        while let Some(id) = reached.pop() {
            if let Entry::Vacant(unreached) = part_of.entry(id) {
                unreached.insert(parts);
                reached.extend(next_to.get(&id).into_iter().flatten());
            }
        }
        parts += i32::from(is_new);
    }
    part_of.into_iter().unzip()
}

/// Leaves in `drydock_movers` the rows that move: ours, meant to have another address, and somebody of ours is meant to have
/// theirs; but not whoever waits, at first hand or not, for an address that somebody keeps.
fn find_movers(table: &str, value: &str) -> String {
    format!(
        "analyze drydock_movers; \
         update drydock_movers r set id = t.id from {table} t \
         where t.legacy_id = r.legacy_id and lower(t.{value}) is distinct from lower(r.{value}) \
         and exists (select 1 from drydock_movers o where lower(o.{value}) = lower(t.{value})); \
         delete from drydock_movers where id is null; analyze drydock_movers; \
         with recursive waits as ( \
             select r.id, t.id as holder from drydock_movers r join {table} t on lower(t.{value}) = lower(r.{value}) \
             where t.id <> r.id), \
         stuck (id) as ( \
             select w.id from waits w where not exists (select 1 from drydock_movers m where m.id = w.holder) \
             union select w.id from waits w join stuck s on w.holder = s.id) \
         delete from drydock_movers r using stuck where stuck.id = r.id"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_for_each_other_is_one_part() {
        let id = Uuid::from_u128;
        let waits = [
            (id(1), Some(id(2))),
            (id(2), Some(id(1))),
            (id(5), Some(id(4))),
            (id(4), Some(id(3))),
            (id(3), None),
        ];
        let (ids, parts) = in_parts(&waits);
        assert_eq!(ids, [1, 2, 3, 4, 5].map(id));
        assert_eq!(parts, [0, 0, 1, 1, 1]);
        assert_eq!(in_parts(&[]), (vec![], vec![]));
    }
}
