//! Undoing what was done about rows whose legacy record was gone: removed rows are made again under their ids, and rows that were
//! switched off are what they were, every column of them.

use super::chunk::list;
use super::failure::Failure;
use super::undo::{Undone, not_exact};
use super::{Target, quoted, quoted_text};

/// The key of the whole row in the image of a row that was removed.
pub(super) const REMOVED: &str = "removed row";

/// The key of the whole row in the image of a row that was switched off.
pub(super) const DEACTIVATED: &str = "deactivated row";

/// The legacy id of a removed row, where its table has no column for it.
pub(super) const KEY: &str = "legacy id of the removed row";

/// The rows of the application's own table that said whose a removed row was.
pub(super) const MAPPINGS: &str = "mappings of the removed row";

/// What was done with the row of an image, as `how` of the work.
pub(super) fn how(image: &str) -> String {
    format!(
        "case when {image} ? '{REMOVED}' then 'removed' when {image} ? '{DEACTIVATED}' then 'deactivated' else 'updated' end"
    )
}

impl Target {
    /// Gives back what was removed and switched off. Before the updated rows become what they were, because they may refer to
    /// these; after the inserted rows that nobody refers to are gone, because they may stand where these stood.
    pub(super) fn give_back_what_was_gone(&mut self, undone: &mut Undone) -> Result<(), Failure> {
        let what = "giving back what was gone";
        let work =
            "select count(*) from drydock_undo where how in ('removed', 'deactivated') and state is null";
        if self.count(what, work)? == 0 {
            return Ok(());
        }
        let tables = self.tables.clone();
        let theirs: Vec<String> = tables.iter().map(|table| self.real(table)).collect();
        for table in tables.iter().rev() {
            let references = self.references_to(table)?;
            if !references.iter().any(|reference| theirs.contains(&reference.child)) {
                undone.removed += self.remove(table)?;
            }
        }
        for table in tables {
            undone.restored += self.make_again(table)?;
        }
        Ok(())
    }

    /// Makes the removed rows of a table again and gives those that were switched off all that they had.
    fn make_again(&mut self, table: &str) -> Result<u64, Failure> {
        let what = format!("giving back rows of {table}");
        let (real, word) = (self.real(table), quoted_text(table));
        let rows = self
            .client
            .query(
                "select attname::text, attidentity = 'a' from pg_attribute where attrelid = to_regclass($1) and attnum > 0 \
                 and not attisdropped and attgenerated = '' order by attnum",
                &[&real],
            )
            .map_err(|cause| Failure::of(&what, &cause))?;
        let named = |only_given: bool, each: &dyn Fn(String) -> String| -> String {
            let names = rows.iter().filter(|row| !(only_given && row.get::<_, bool>(1)));
            names.map(|row| each(quoted(row.get(0)))).collect::<Vec<_>>().join(", ")
        };
        let image = |how: &str, key: &str| {
            format!(
                "drydock_undo u cross join lateral jsonb_populate_record(null::{real}, u.image -> '{key}') r \
                 where u.how = '{how}' and u.state is null and u.table_name = {word}"
            )
        };
        let id = quoted(self.names.column(table, "id"));
        let made = self
            .client
            .execute(
                &format!(
                    "insert into {real} ({}) overriding system value select {} from {}",
                    named(false, &|name| name),
                    named(false, &|name| format!("r.{name}")),
                    image("removed", REMOVED)
                ),
                &[],
            )
            .map_err(|cause| Failure::of(&what, &cause))?;
        let set = named(true, &|name| format!("{name} = r.{name}"));
        let switched =
            format!("update {real} t set {set} from {} and t.{id} = u.id", image("deactivated", DEACTIVATED));
        let switched = self.client.execute(&switched, &[]).map_err(|cause| Failure::of(&what, &cause))?;
        if made + switched == 0 {
            return Ok(0);
        }
        // what triggers write into them is set back, where the role may
        for (how, key) in [("removed", REMOVED), ("deactivated", DEACTIVATED)] {
            if self.is_watched(table) && self.may_silence() {
                self.silently(
                    &what,
                    &format!(
                        "update {real} t set {set} from {} and t.{id} = u.id and t::text is distinct from r::text",
                        image(how, key)
                    ),
                )?;
            }
            self.refuse_what_is_other(table, &format!("{} and t.{id} = u.id", image(how, key)))?;
        }
        self.give_back_whose(table, &word)?;
        let written_in = self.written_in(table)?;
        self.execute(
            &what,
            &format!(
                "insert into drydock.restorations (table_name, id, xid, written_by) \
                 select {word}, u.id, {written_in}, u.written_by from drydock_undo u join {real} t on t.{id} = u.id \
                 where u.how in ('removed', 'deactivated') and u.state is null and u.table_name = {word} \
                 on conflict (table_name, id, xid) do update set written_by = excluded.written_by"
            ),
        )?;
        Ok(made + switched)
    }

    fn refuse_what_is_other(&mut self, table: &str, of_images: &str) -> Result<(), Failure> {
        let real = self.real(table);
        let other = self.legacy_ids(
            &format!("giving back rows of {table}"),
            &format!(
                "select coalesce((select v.legacy_id from {} v where v.id = u.id), 0)::bigint \
                 from {real} t, {of_images} and t::text is distinct from r::text order by 1",
                self.named(table)
            ),
        )?;
        if other.is_empty() {
            return Ok(());
        }
        Err(not_exact(format!(
            "{} rows of {} do not become what they were, such as legacy id {}: {} changes them on the way",
            other.len(),
            self.names.table(table),
            list(&other),
            self.watchers(table)
        ))
        .into())
    }

    /// Gives back what said whose the removed rows were.
    fn give_back_whose(&mut self, table: &str, word: &str) -> Result<(), Failure> {
        let removed = format!("u.how = 'removed' and u.state is null and u.table_name = {word}");
        let what = format!("giving back rows of {table}");
        if self.has_keys()? {
            self.execute(
                &what,
                &format!(
                    "insert into drydock.keys (table_name, id, legacy_id) \
                     select {word}, u.id, (u.image ->> '{KEY}')::bigint from drydock_undo u \
                     where {removed} and u.image ? '{KEY}' on conflict do nothing"
                ),
            )?;
        }
        let entities = self.names.entities().to_vec();
        let Some(entity) = entities.iter().find(|entity| entity.target_table == table && !entity.is_part())
        else {
            return Ok(());
        };
        let Some((mappings, _)) = self.noted_mappings(entity)? else { return Ok(()) };
        self.execute(
            &what,
            &format!(
                "insert into {mappings} select m.* from drydock_undo u \
                 cross join lateral jsonb_populate_recordset(null::{mappings}, u.image -> '{MAPPINGS}') m \
                 where {removed} and jsonb_typeof(u.image -> '{MAPPINGS}') = 'array' on conflict do nothing"
            ),
        )
    }
}
