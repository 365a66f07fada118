//! Rows whose legacy record is gone from the source: switched off or removed, as one unit with its receipt and with the whole row
//! as it was. A row that no load of the file wrote is never touched, and none is removed that a load did not make, that somebody
//! changed since, or that another row refers to, whatever that foreign key would do about it.
//!
//! `gone_back` undoes it.

use super::chunk::Merged;
use super::failure::Failure;
use super::gone_back::{DEACTIVATED, KEY, MAPPINGS, REMOVED};
use super::merge::Merge;
use super::receipts::{INSERT_IMAGES, Receipted, Writing, image_key, written_by};
use super::sender::copy_in;
use super::{Target, discriminated, quoted, quoted_text};
use crate::config::Gone;
use crate::entity::Entity;
use crate::error::Result;
use crate::record::{GoneRow, LegacyId};

/// One row is one row of the target whose record is gone; `state` says why nothing is done about it.
const ROWS: &str = "create temporary table drydock_gone (id uuid, legacy_id bigint, state text, by_whom text) on commit drop";

impl Target {
    /// Does what the configuration says about rows that are gone: those among `rows` that a load of the file wrote. `done` has what
    /// became of each, also where only the answer to the commit is lost. Returns how many rows were written.
    pub fn settle_gone(
        &mut self,
        writing: &mut Writing<'_>,
        merge: &Merge,
        policy: Gone,
        rows: &[(LegacyId, String)],
        done: &mut Vec<GoneRow>,
    ) -> Result<u64, Failure> {
        let number = writing.number();
        let settled = self.within(&what(merge.entity), |target| {
            let digest = target.list_gone(merge.entity, rows)?;
            target.leave_what_is_not_ours(writing, merge.entity, policy)?;
            if policy == Gone::Remove {
                target.leave_what_is_needed(writing, merge.entity)?;
            }
            let to_do =
                target.count(&what(merge.entity), "select count(*) from drydock_gone where state is null")?;
            let mut merged = None;
            if to_do > 0 {
                target.mark_phase(writing, merge.phase)?;
                merged = target.settle(writing, merge, policy, digest)?;
            }
            *done = target.outcomes(merge.entity)?;
            if let Some(merged) = &merged {
                target.write_receipt(writing, number, merge, merged, &Receipted::default())?;
            }
            target.execute("tidying up", "drop table drydock_gone")?;
            Ok(merged)
        })?;
        let Some(merged) = settled else { return Ok(0) };
        writing.written(true);
        writing.wrote(&merged);
        Ok(merged.rows)
    }

    /// How many of the rows would be switched off or removed: what a load of the file wrote, and is not settled yet.
    pub fn count_gone(
        &mut self,
        writing: &Writing<'_>,
        entity: &Entity,
        policy: Gone,
        rows: &[(LegacyId, String)],
    ) -> Result<u64, Failure> {
        self.within(&what(entity), |target| {
            target.list_gone(entity, rows)?;
            target.leave_what_is_not_ours(writing, entity, policy)?;
            let count =
                target.count(&what(entity), "select count(*) from drydock_gone where state is null")?;
            target.execute("tidying up", "drop table drydock_gone")?;
            Ok(count)
        })
    }

    /// Lists the rows, and tells those that are no longer there. Whoever is changing one is waited for.
    fn list_gone(&mut self, entity: &Entity, rows: &[(LegacyId, String)]) -> Result<String, Failure> {
        let what = what(entity);
        self.execute(&what, ROWS)?;
        let sent = copy_in(&mut self.client, &what, "drydock_gone (id, legacy_id)", |sender| {
            for (legacy_id, id) in rows {
                let legacy_id = legacy_id.to_string();
                sender.send([Some(id.as_str()), Some(legacy_id.as_str())]);
            }
            Ok(())
        })?;
        let table = self.table(entity);
        self.execute(
            &what,
            &format!(
                "analyze drydock_gone; \
                 do $$ begin perform 1 from {table} t where t.id in (select g.id from drydock_gone g) order by t.id for update; \
                 end $$; \
                 update drydock_gone g set state = 'absent' where not exists ( \
                     select 1 from {table} t where t.id = g.id and t.legacy_id = g.legacy_id and {})",
                discriminated(entity)
            ),
        )?;
        Ok(sent.digest)
    }

    /// Tells rows that no load of the file wrote; to be removed, those that none made; and what is switched off already.
    fn leave_what_is_not_ours(
        &mut self,
        writing: &Writing<'_>,
        entity: &Entity,
        policy: Gone,
    ) -> Result<(), Failure> {
        let what = what(entity);
        if !self.has_receipts()? {
            return self.execute(&what, "update drydock_gone set state = 'others' where state is null");
        }
        let (mine, word) = (writing.is_of_file(), quoted_text(entity.target_table));
        let mut wrote = format!(
            "not exists (select 1 from drydock.receipts r cross join unnest(r.inserted_ids) x (id) \
             where r.{mine} and r.undone_at is null and r.table_name = {word} and x.id = g.id)"
        );
        if policy == Gone::Deactivate {
            wrote += &format!(
                " and not exists (select 1 from drydock.pre_images p where p.{mine} and p.table_name = {word} and p.id = g.id)"
            );
        }
        self.execute(
            &what,
            &format!("update drydock_gone g set state = 'others' where g.state is null and {wrote}"),
        )?;
        let Some(flag) = entity.in_use().filter(|_| policy == Gone::Deactivate) else { return Ok(()) };
        self.execute(
            &what,
            &format!(
                "update drydock_gone g set state = 'already' from {} t \
                 where g.state is null and t.id = g.id and not t.{}",
                self.table(entity),
                quoted(flag.name)
            ),
        )
    }

    /// Tells rows that somebody else wrote since, that others refer to, or that could not be made again as they are.
    fn leave_what_is_needed(&mut self, writing: &Writing<'_>, entity: &Entity) -> Result<(), Failure> {
        let what = what(entity);
        let ours = entity.target_table;
        let (table, real) = (self.table(entity), self.real(ours));
        let id = quoted(self.names.column(ours, "id"));
        self.execute(
            &what,
            &format!(
                "update drydock_gone g set state = 'changed' from {table} t where g.state is null and t.id = g.id \
                     and {} not in (select unnest(xids) from drydock.receipts where {}); \
                 update drydock_gone g set state = 'kept', by_whom = 'the types of its columns' from {real} r \
                     where g.state is null and r.{id} = g.id \
                     and jsonb_populate_record(null::{real}, to_jsonb(r))::text is distinct from r::text",
                written_by(ours),
                writing.is_of_file()
            ),
        )?;
        let mut references = self.references_to(ours)?;
        references.sort_by_key(|reference| reference.same_table);
        for reference in references {
            // a row of the same table that goes as well is no reason to stay
            let goes_too = if reference.same_table {
                format!(
                    " and not exists (select 1 from drydock_gone d where d.id = c.{id} and d.state is null)"
                )
            } else {
                String::new()
            };
            let sql = format!(
                "update drydock_gone g set state = 'referenced', by_whom = {} from {table} t \
                 where g.state is null and t.id = g.id and exists (select 1 from {} c where {}{goes_too})",
                quoted_text(&reference.shown),
                reference.child,
                reference.refers("t")
            );
            // who stays may be the reason for another to stay
            while self.client.execute(&sql, &[]).map_err(|cause| Failure::of(&what, &cause))? > 0
                && reference.same_table
            {}
        }
        let Some((mappings, is_its)) = self.noted_mappings(entity)? else { return Ok(()) };
        for reference in self.references_to_mappings()? {
            let sql = format!(
                "update drydock_gone g set state = 'referenced', by_whom = {} from {mappings} m \
                 where g.state is null and {is_its} = g.id::text and exists (select 1 from {} c where {})",
                quoted_text(&reference.shown),
                reference.child,
                reference.refers("m")
            );
            self.execute(&what, &sql)?;
        }
        Ok(())
    }

    /// Keeps the rows as they are, and does it. None where the target keeps every one of them.
    fn settle(
        &mut self,
        writing: &Writing<'_>,
        merge: &Merge,
        policy: Gone,
        digest: String,
    ) -> Result<Option<Merged>, Failure> {
        let (entity, what) = (merge.entity, what(merge.entity));
        let ours = entity.target_table;
        let (table, real, word) = (self.table(entity), self.real(ours), quoted_text(ours));
        let id = quoted(self.names.column(ours, "id"));
        let image = match policy {
            Gone::Remove => format!("'{REMOVED}', to_jsonb(r){}", self.beside_the_row(entity)?),
            _ => format!("'{DEACTIVATED}', to_jsonb(r)"),
        };
        self.execute(
            &what,
            &format!(
                "{INSERT_IMAGES} select {}, g.id, jsonb_build_object({image}), {} \
                 from drydock_gone g join {table} t on t.id = g.id join {real} r on r.{id} = g.id where g.state is null",
                image_key(writing, merge),
                written_by(ours)
            ),
        )?;
        let own = self.own_transaction()?;
        let (act, stays, done) = match (policy, entity.in_use()) {
            (Gone::Deactivate, Some(flag)) => (
                format!(
                    "update {table} t set {0} = false from drydock_gone g where g.id = t.id and g.state is null",
                    quoted(flag.name)
                ),
                format!("and t.{}", quoted(flag.name)),
                "deactivated",
            ),
            _ => (
                format!("delete from {table} t using drydock_gone g where g.id = t.id and g.state is null"),
                String::new(),
                "removed",
            ),
        };
        let noted =
            self.note_referred(ours, "select g.id from drydock_gone g where g.state is null", |to| {
                to != "id"
            })?;
        // what deferred triggers do belongs to it
        self.execute(&what, &format!("{act}; set constraints all immediate"))?;
        self.refuse_broken(&what, ours, noted)?;
        self.execute(
            &what,
            &format!(
                "update drydock_gone g set state = 'kept', by_whom = {} from {table} t \
                     where g.state is null and t.id = g.id {stays}; \
                 delete from drydock.pre_images p using drydock_gone g where p.{} and p.phase = {} and p.table_name = {word} \
                     and p.id = g.id and g.state = 'kept'; \
                 update drydock_gone set state = '{done}' where state is null",
                quoted_text(&self.watchers(ours)),
                writing.is_mine().replace(" and ", " and p."),
                quoted_text(merge.phase.as_str())
            ),
        )?;
        let rows = self.count(&what, &format!("select count(*) from drydock_gone where state = '{done}'"))?;
        if policy == Gone::Remove {
            self.forget_whose(entity)?;
            self.mean_to_remove(ours, rows);
        }
        let merged = Merged { rows, digest, xids: vec![own], ..Merged::default() };
        Ok((rows > 0).then_some(merged))
    }

    /// What else an image of a removed row has: who says whose it was.
    fn beside_the_row(&mut self, entity: &Entity) -> Result<String, Failure> {
        let key = if entity.has_key_column() { String::new() } else { format!(", '{KEY}', g.legacy_id") };
        Ok(match self.noted_mappings(entity)? {
            Some((table, is_its)) => format!(
                "{key}, '{MAPPINGS}', (select jsonb_agg(to_jsonb(m)) from {table} m where {is_its} = g.id::text)"
            ),
            None => key,
        })
    }

    /// Takes out what says whose the removed rows were.
    fn forget_whose(&mut self, entity: &Entity) -> Result<(), Failure> {
        let mut sql = String::new();
        if self.has_keys()? {
            sql += &format!(
                "delete from drydock.keys k using drydock_gone g where k.table_name = {} and k.id = g.id \
                 and g.state = 'removed'; ",
                quoted_text(entity.target_table)
            );
        }
        if let Some((table, is_its)) = self.noted_mappings(entity)? {
            sql += &format!(
                "delete from {table} m using drydock_gone g where {is_its} = g.id::text and g.state = 'removed'"
            );
        }
        self.execute(&what(entity), &sql)
    }

    fn outcomes(&mut self, entity: &Entity) -> Result<Vec<GoneRow>, Failure> {
        let rows = self
            .client
            .query(
                "select legacy_id, id::text, coalesce(state, 'kept'), by_whom from drydock_gone order by 1, 2",
                &[],
            )
            .map_err(|cause| Failure::of(&what(entity), &cause))?;
        Ok(rows
            .iter()
            .map(|row| GoneRow {
                legacy_id: LegacyId(row.get(0)),
                id: row.get(1),
                outcome: row.get(2),
                by_whom: row.get(3),
            })
            .collect())
    }
}

fn what(entity: &Entity) -> String {
    format!("settling what is gone of {}", entity.name)
}
