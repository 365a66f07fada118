//! Undoing a run exactly: what it inserted goes, what it changed becomes what it was, nothing else is touched.
//!
//! A row that others changed since is told by `xmin`, the transaction that wrote it: every receipt has the numbers of
//! its own. Such a row is left, and so is one that others refer to now.

use std::fmt::Write;

use super::chunk::list;
use super::failure::Failure;
use super::gone_back::{REMOVED, how};
use super::merge::Merge;
use super::receipts::{has_table, written_by};
use super::room::ASIDE;
use super::watched::REST;
use super::{Target, quoted, quoted_text};
use crate::entity::Column;
use crate::error::{Error, Kind, Result};
use crate::record::Phase;

/// What was undone of one run.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Undone {
    /// The run.
    pub run_id: i64,
    /// Its phases.
    pub phases: Vec<Phase>,
    /// Rows that the run had inserted and that are gone again.
    pub removed: u64,
    /// Rows that the run had changed and that are what they were.
    pub restored: u64,
    /// Of these, rows that the run had made itself and that a trigger of the target may have given other values in columns
    /// of the application's own.
    pub beside_triggers: u64,
    /// Rows that stand for no legacy record and that triggers made or changed while the run loaded: they are left as they are.
    pub of_triggers: u64,
    /// Rows that are not what they were.
    pub left: Vec<Left>,
}

/// A row that was left as it is.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Left {
    /// The table.
    pub table: String,
    /// The row's id.
    pub id: String,
    /// The legacy record that it stands for.
    pub legacy_id: Option<i64>,
    /// What the run had done: `inserted`, `updated`, `removed` or `deactivated`.
    pub was: String,
    /// Why it was left: `changed` since, `deleted` since, `referenced`, its `address taken`, or `kept` by a trigger.
    pub why: String,
    /// Who refers to it, as `table.column`, or what keeps it.
    pub referenced_by: Option<String>,
}

impl Afterwards {
    /// Whether there is a reason for the tables to be something else than they were, although what was touched is not.
    fn is_told(&self) -> bool {
        self.of_others > 0
            || !self.altered.is_empty()
            || self.undone.iter().any(|run| run.beside_triggers > 0 || !run.left.is_empty())
    }
}

impl Left {
    /// Whether the run had made the row and it is gone again, by somebody else's hand.
    pub fn is_gone(&self) -> bool {
        self.was == "inserted" && self.why == "deleted"
    }
}

/// One row is one row of the target that the run touched; `state` says why it stays as it is.
const WORK: &str = "\
create temporary table drydock_undo (
    table_name text, id uuid, how text, phase text, entity text, image jsonb, written_by bigint, state text, by_whom text,
    aside text
) on commit drop";

/// What the tables are after an undo.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Afterwards {
    /// What was undone, run by run.
    pub undone: Vec<Undone>,
    /// The digest of the tables.
    pub digest: String,
    /// Rows that others wrote since, and that no run had touched.
    pub of_others: u64,
    /// Columns of the tables that were added, changed or dropped since the first of the runs.
    pub altered: Vec<String>,
}

impl Target {
    /// The runs and phases of a staging file that have something to undo, in order.
    pub fn live_phases(&mut self, staging_id: &str) -> Result<Vec<(i64, Phase)>> {
        if !self.has_receipts()? {
            return Ok(Vec::new());
        }
        let sql = "select distinct run_id, phase from drydock.receipts \
                   where staging_id = $1 and undone_at is null order by 1, 2";
        let rows = self
            .client
            .query(sql, &[&staging_id])
            .map_err(|cause| Failure::of("looking for receipts", &cause))?;
        Ok(rows
            .iter()
            .filter_map(|row| {
                let word: String = row.get(1);
                let phase = Phase::of_word(&word)?;
                Some((row.get(0), phase))
            })
            .collect())
    }

    /// The digest of the tables before the run's phase wrote its first row.
    pub fn digest_before(&mut self, staging_id: &str, run_id: i64, phase: Phase) -> Result<Option<String>> {
        let row = self
            .client
            .query_opt(
                "select digest_before from drydock.runs where staging_id = $1 and run_id = $2 and phase = $3",
                &[&staging_id, &run_id, &phase.as_str()],
            )
            .map_err(|cause| Failure::of("looking for the run", &cause))?;
        Ok(row.map(|row| row.get(0)))
    }

    /// Undoes phases of runs, in the order given, as one unit: exactly, or but for rows that it names, or not at all. With
    /// `force` even rows that others changed since. `digest_before` is the digest of the tables before the first of them.
    pub fn undo(
        &mut self,
        staging_id: &str,
        runs: &[(i64, Vec<Phase>)],
        digest_before: Option<&str>,
        force: bool,
    ) -> Result<Afterwards, Failure> {
        self.within("rolling back", |target| {
            let since = target.first_transaction(staging_id, runs)?;
            let undone: Vec<Undone> = runs
                .iter()
                .map(|(run_id, phases)| target.undo_run(staging_id, *run_id, phases, force))
                .collect::<Result<_, Failure>>()?;
            let of_triggers = undone.iter().map(|run| run.of_triggers).sum();
            let of_others = since.map_or(Ok(0), |since| target.count_of_others(since))?.saturating_sub(of_triggers);
            let altered = since.map_or(Ok(Vec::new()), |since| target.altered_since(since))?;
            let after = Afterwards { undone, digest: target.digest()?, of_others, altered };
            if force || after.is_told() || digest_before.is_none_or(|before| before == after.digest) {
                return Ok(after);
            }
            Err(not_exact(
                "the tables would not be what they were before, and no row says why: rows that nobody has touched since \
                 may be gone, a trigger may write into others or have removed some, or a table has other columns than then; --force undoes what \
                 the runs wrote all the same"
                    .to_owned(),
            )
            .into())
        })
    }

    /// The columns whose place in the catalog was written after a transaction.
    fn altered_since(&mut self, since: i64) -> Result<Vec<String>, Failure> {
        let tables: Vec<String> = self.tables.iter().map(|table| self.real(table)).collect();
        let sql = format!(
            "select distinct c.relname || case when a.attisdropped then ' (a column that is gone)' else '.' || a.attname end \
             from pg_attribute a join pg_class c on c.oid = a.attrelid join unnest($1::text[]) o (name) on to_regclass(o.name) = c.oid \
             where a.attnum > 0 and age(a.xmin) < age('{since}'::xid) order by 1"
        );
        let rows = self
            .client
            .query(&sql, &[&tables])
            .map_err(|cause| Failure::of("looking at the columns", &cause))?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// The first transaction of the runs.
    fn first_transaction(
        &mut self,
        staging_id: &str,
        runs: &[(i64, Vec<Phase>)],
    ) -> Result<Option<i64>, Failure> {
        let runs: Vec<i64> = runs.iter().map(|(run, _)| *run).collect();
        let row = self
            .client
            .query_opt(
                "select x.xid from drydock.receipts r cross join unnest(r.xids) x (xid) \
                 where staging_id = $1 and run_id = any($2) and undone_at is null \
                 order by age(x.xid::text::xid) desc limit 1",
                &[&staging_id, &runs],
            )
            .map_err(|cause| Failure::of("looking for the runs", &cause))?;
        Ok(row.map(|row| row.get(0)))
    }

    /// The rows that somebody else has written since a transaction.
    fn count_of_others(&mut self, since: i64) -> Result<u64, Failure> {
        let mut rows = 0;
        // what this undo itself wrote, and triggers with it, is nobody else's
        let own = self.own_transaction()?;
        for table in self.tables.clone() {
            let sql = format!(
                "select count(*) from {} t where age(t.xmin) < age('{since}'::xid) and t.xmin::text::bigint <> {own} \
                 and not exists (select 1 from drydock.restorations z where z.table_name = {} and z.id = t.id \
                     and z.xid = t.xmin::text::bigint)",
                self.named(table),
                quoted_text(table)
            );
            rows += self.count(&format!("looking at {table}"), &sql)?;
        }
        Ok(rows)
    }

    /// The number of the present transaction, or of its savepoint, as in xmin.
    pub(super) fn own_transaction(&mut self) -> Result<i64, Failure> {
        let what = "looking at the transaction";
        self.execute(what, "create temporary table drydock_now on commit drop as select 1 as one")?;
        let row = self
            .client
            .query_one("select xmin::text::bigint from drydock_now", &[])
            .map_err(|cause| Failure::of(what, &cause))?;
        self.execute(what, "drop table drydock_now")?;
        Ok(row.get(0))
    }

    fn undo_run(
        &mut self,
        staging_id: &str,
        run_id: i64,
        phases: &[Phase],
        force: bool,
    ) -> Result<Undone, Failure> {
        let words: Vec<String> = phases.iter().map(|phase| quoted_text(phase.as_str())).collect();
        let mine = format!(
            "staging_id = {} and run_id = {run_id} and phase in ({})",
            quoted_text(staging_id),
            words.join(", ")
        );
        if !has_table(&mut self.client, "drydock.pre_images")? {
            return Err(not_exact(
                "the table drydock.pre_images is gone, which has the rows as they were".to_owned(),
            )
            .into());
        }
        self.list_work(&mine)?;
        // whoever is changing one of these rows is waited for, and what they did is seen: then nobody changes one any more
        for table in self.tables.clone() {
            self.execute(
                &format!("locking rows of {table}"),
                &format!(
                    "do $$ begin perform 1 from {} t where t.id in (select u.id from drydock_undo u \
                     where u.table_name = {}) order by t.id for update; end $$",
                    self.named(table),
                    quoted_text(table)
                ),
            )?;
        }
        let mut of_triggers = 0;
        for table in self.tables.clone() {
            self.refuse_lost_images(table, &mine)?;
            if self.makes_rows(table) {
                of_triggers += self.count_rows_beside(table, &mine, force)?;
            }
            self.find_gone_and_changed(table, &mine, force)?;
        }
        let mut undone = Undone { run_id, phases: phases.to_vec(), of_triggers, ..Undone::default() };
        let mut merges: Vec<Merge> = {
            let entities = self.entities();
            phases.iter().flat_map(|phase| Merge::of_phase(*phase, &entities)).collect()
        };
        merges.reverse();
        self.leave_what_is_referred_to(&merges)?;
        let noted = self.note_referred_of_undo()?;
        for merge in &merges {
            self.make_room_to_undo(merge)?;
        }
        self.give_back_what_was_gone(&mut undone)?;
        for merge in &merges {
            self.restore(merge, &mut undone)?;
        }
        for table in self.tables.clone().into_iter().rev() {
            undone.removed += self.remove(table)?;
        }
        for merge in &merges {
            self.give_back_released(merge)?;
        }
        for merge in &merges {
            self.give_back_what_stays(merge)?;
        }
        // what deferred triggers do belongs to it
        self.execute("checking constraints", "set constraints all immediate")?;
        for table in self.tables.clone() {
            self.find_kept(table)?;
        }
        for merge in &merges {
            self.refuse_unrestored(merge)?;
        }
        self.refuse_broken_by_undo(noted)?;
        undone.left = self.left()?;
        self.forget(&mine, undone.left.iter().all(Left::is_gone))?;
        Ok(undone)
    }

    // The table looks empty to the planner, and grows while it is asked: row by row that is the square of what is undone. So is
    // who made the completed rows, unless it is asked once for each receipt, which `offset 0` sees to.
    fn list_work(&mut self, mine: &str) -> Result<(), Failure> {
        let insert = "insert into drydock_undo (table_name, id, how, phase, entity, image, written_by)";
        let not_new =
            "not exists (select 1 from drydock_undo u where u.table_name = r.table_name and u.id = x.id)";
        self.execute(
            "listing what is to be undone",
            &format!(
                "{WORK}; \
                 {insert} select r.table_name, x.id, 'inserted', r.phase, r.entity, null, null \
                 from drydock.receipts r cross join unnest(r.inserted_ids) x (id) where {mine} and undone_at is null; \
                 create index on drydock_undo (id); analyze drydock_undo; \
                 set local enable_nestloop = off; \
                 {insert} select r.table_name, x.id, 'completed', r.phase, r.entity, null, r.made_by \
                 from (select r.*, (select o.xids[1] from drydock.receipts o where o.staging_id = r.staging_id \
                           and o.run_id = r.run_id and o.undone_at is null and cardinality(o.inserted_ids) > 0 \
                           order by o.table_name <> r.table_name, o.number limit 1) as made_by \
                       from drydock.receipts r where {mine} and undone_at is null and cardinality(r.completed_ids) > 0 \
                       offset 0) r \
                 cross join unnest(r.completed_ids) x (id) where {not_new}; \
                 {insert} select r.table_name, x.id, {}, r.phase, r.entity, r.image, r.written_by \
                 from drydock.pre_images r cross join lateral (select r.id) x (id) where {mine} and {not_new}; \
                 set local enable_nestloop = on; \
                 analyze drydock_undo",
                how("r.image")
            ),
        )
    }

    fn find_gone_and_changed(&mut self, table: &str, mine: &str, force: bool) -> Result<(), Failure> {
        let (name, word) = (self.named(table), quoted_text(table));
        let mut sql = format!(
            "update drydock_undo u set state = 'deleted' where u.table_name = {word} \
             and u.how <> 'removed' and not exists (select 1 from {name} t where t.id = u.id); \
             update drydock_undo u set state = 'changed' where u.table_name = {word} \
             and u.how = 'removed' and exists (select 1 from {name} t where t.id = u.id)"
        );
        if !force {
            let _ = write!(
                sql,
                "; update drydock_undo u set state = 'changed' from {name} t \
                 where u.table_name = {word} and u.state is null and t.id = u.id and {} not in ( \
                     select unnest(xids) from drydock.receipts where {mine} and undone_at is null)",
                written_by(table)
            );
        }
        self.execute(&format!("looking at {table}"), &sql)
    }

    /// A row that the run wrote and of which nothing is kept cannot become what it was.
    fn refuse_lost_images(&mut self, table: &str, mine: &str) -> Result<(), Failure> {
        let lost = self.legacy_ids(
            &format!("looking at {table}"),
            &format!(
                "select t.legacy_id::bigint from {} t \
                 where t.legacy_id is not null and {} in (select unnest(xids) from drydock.receipts where {mine} and undone_at is null) \
                 and not exists (select 1 from drydock_undo u where u.table_name = {} and u.id = t.id) order by 1",
                self.named(table),
                written_by(table),
                quoted_text(table)
            ),
        )?;
        if lost.is_empty() {
            return Ok(());
        }
        Err(not_exact(format!(
            "what {} rows of {} were before is no longer kept in drydock.pre_images, such as legacy id {}",
            lost.len(),
            self.names.table(table),
            list(&lost)
        ))
        .into())
    }

    /// Rows that stand for no legacy record and that the run's transactions wrote are a trigger's: nothing says what they were.
    /// Returns how many there are; without `force` there may be none.
    fn count_rows_beside(&mut self, table: &str, mine: &str, force: bool) -> Result<u64, Failure> {
        let what = format!("looking at {table}");
        let sql = format!(
            "select t.id::text from {} \
             and not exists (select 1 from drydock_undo u where u.table_name = {} and u.id = t.id) order by 1",
            self.rows_beside(table, mine),
            quoted_text(table)
        );
        let rows = self.client.query(&sql, &[]).map_err(|cause| Failure::of(&what, &cause))?;
        let Some(first) = rows.first().filter(|_| !force) else { return Ok(rows.len() as u64) };
        let of_table = if self.is_watched(table) {
            format!("{} or another", self.watchers(table))
        } else {
            "a".to_owned()
        };
        Err(not_exact(format!(
            "{} rows of {} that stand for no legacy record were made or changed by {of_table} trigger while the run loaded, such as the \
             row {}, and nothing keeps what they were: remove those that it made and set right those that it changed, then undo again; \
             or leave them as they are with --force",
            rows.len(),
            self.names.table(table),
            first.get::<_, String>(0)
        ))
        .into())
    }

    /// Values that move back between rows of a table would meet on their way: whoever holds one that another row gets back,
    /// and gets another or goes, steps aside. A row whose own value somebody keeps is left.
    fn make_room_to_undo(&mut self, merge: &Merge) -> Result<(), Failure> {
        let Some(column) = merge.unique_column() else { return Ok(()) };
        let (table, value, name) = (self.table(merge.entity), quoted(column.name), quoted_text(column.name));
        let what = format!("making room for {}", merge.entity.name);
        let word = quoted_text(merge.entity.target_table);
        let gets_back = |alias: &str| {
            format!(
                "{alias}.state is null and {alias}.table_name = {word} \
                 and ({alias}.how = 'updated' and {alias}.image ? {name} or {alias}.how = 'removed')"
            )
        };
        let theirs = quoted_text(self.names.column(merge.entity.target_table, column.name));
        let its = format!("coalesce(v.image ->> {name}, v.image -> '{REMOVED}' ->> {theirs})");
        let moves = format!(
            "u.state is null and u.table_name = {word} and (u.how = 'inserted' or u.how = 'updated' and u.image ? {name})"
        );
        let taken = format!(
            "update drydock_undo v set state = 'address taken' from {table} t where {} and t.id <> v.id \
             and lower(t.{value}) = lower({its}) \
             and not exists (select 1 from drydock_undo u where u.id = t.id and {moves})",
            gets_back("v")
        );
        // who is left may hold what another would get back
        while self.client.execute(&taken, &[]).map_err(|cause| Failure::of(&what, &cause))? > 0 {}
        self.execute(
            &what,
            &format!(
                "update drydock_undo u set aside = t.{value} from {table} t \
                 where u.id = t.id and {moves} and exists (select 1 from drydock_undo v where {} and v.id <> t.id \
                     and lower({its}) = lower(t.{value})); \
                 update {table} t set {value} = {ASIDE} from drydock_undo u \
                 where u.id = t.id and u.table_name = {word} and u.aside is not null",
                gets_back("v")
            ),
        )
    }

    /// A row that another one had the legacy id of gets it back, now that the other is gone.
    fn give_back_released(&mut self, merge: &Merge) -> Result<(), Failure> {
        if !merge.inserts() || !merge.entity.has_key_column() {
            return Ok(());
        }
        let what = format!("restoring {}", merge.entity.name);
        let sql = format!(
            "update {} t set legacy_id = (u.image ->> 'legacy_id')::bigint from drydock_undo u \
             where u.how = 'updated' and u.image ->> 'legacy_id' is not null and {}",
            self.table(merge.entity),
            of_merge(merge)
        );
        // it is what it was but for this
        if self.is_watched(merge.entity.target_table) && self.may_silence() {
            return self.silently(&what, &sql);
        }
        self.execute(&what, &sql)
    }

    /// A row that was to go and has to stay gets back what it stepped aside from.
    fn give_back_what_stays(&mut self, merge: &Merge) -> Result<(), Failure> {
        let Some(column) = merge.unique_column() else { return Ok(()) };
        let (table, value) = (self.table(merge.entity), quoted(column.name));
        let what = format!("giving room back to {}", merge.entity.name);
        let is_aside = format!(
            "u.id = t.id and u.table_name = {} and u.aside is not null and t.{value} = {ASIDE}",
            quoted_text(merge.entity.target_table)
        );
        self.execute(
            &what,
            &format!(
                "update {table} t set {value} = u.aside from drydock_undo u where {is_aside} \
                 and not exists (select 1 from {table} o where lower(o.{value}) = lower(u.aside))"
            ),
        )?;
        let sql =
            format!("select t.legacy_id::bigint from {table} t, drydock_undo u where {is_aside} order by 1");
        let aside = self.legacy_ids(&what, &sql)?;
        if aside.is_empty() {
            return Ok(());
        }
        Err(not_exact(format!(
            "{} rows of {} to which others refer would have to stay, and their addresses are those that rows had before \
             the run, such as legacy id {}",
            aside.len(),
            self.names.table(merge.entity.target_table),
            list(&aside)
        ))
        .into())
    }

    /// Gives the rows of one merge their earlier columns, and proves that they have them.
    fn restore(&mut self, merge: &Merge, undone: &mut Undone) -> Result<(), Failure> {
        let table = self.table(merge.entity);
        let what = format!("restoring {}", merge.entity.name);
        let of_merge = of_merge(merge);
        let columns: Vec<String> = merge.updated().map(|column| quoted(column.name)).collect();
        let assigned = |value: &dyn Fn(&str) -> String| -> String {
            columns.iter().map(|name| format!("{name} = {}", value(name))).collect::<Vec<_>>().join(", ")
        };
        let written_in = self.written_in(merge.entity.target_table)?;
        let noted = |update: String| {
            format!(
                "with w as ({update} returning t.id, {written_in} as xid, u.written_by) \
                 insert into drydock.restorations (table_name, id, xid, written_by) \
                 select {}, id, xid, written_by from w \
                 on conflict (table_name, id, xid) do update set written_by = excluded.written_by",
                quoted_text(merge.entity.target_table)
            )
        };
        let completed = noted(format!(
            "update {table} t set {} from drydock_undo u where u.how = 'completed' and {of_merge}",
            assigned(&|_| "default".to_owned())
        ));
        let updated = noted(format!(
            "update {table} t set {} from drydock_undo u \
             cross join lateral jsonb_populate_record(null::{table}, u.image) r \
             where u.how = 'updated' and {of_merge}",
            // a row that was claimed gave its legacy id into its image, and gets that back: none
            assigned(&|name| format!("case when u.image ? {} then r.{name} else t.{name} end", key_of(name)))
                + if merge.entity.has_key_column() && !merge.entity.is_onto() {
                    ", legacy_id = case when jsonb_typeof(u.image -> 'legacy_id') = 'null' then null else t.legacy_id end"
                } else {
                    ""
                }
        ));
        let others: Vec<&Column> = merge.of_other_phases().collect();
        let is_watched = self.is_watched(merge.entity.target_table);
        if is_watched {
            let listed: String = others.iter().map(|column| format!(", t.{}", quoted(column.name))).collect();
            self.execute(
                &what,
                &format!(
                    "create temporary table drydock_undo_before on commit drop as \
                     select t.id{listed} from {table} t join drydock_undo u on {of_merge} and u.how <> 'inserted'"
                ),
            )?;
        }
        let mut restored = [0, 0];
        for (sql, rows) in [completed, updated].iter().zip(&mut restored) {
            *rows = self.client.execute(sql, &[]).map_err(|cause| Failure::of(&what, &cause))?;
        }
        if is_watched {
            let own: Vec<&Column> = merge.updated().copied().collect();
            let images = format!(
                "drydock_undo u cross join lateral jsonb_populate_record(null::{table}, u.image) r \
                 where u.how = 'updated' and {of_merge}"
            );
            self.give_back(merge, &table, &own, "r", &images)?;
            self.give_back(merge, &table, &others, "b", "drydock_undo_before b where b.id = t.id")?;
            self.give_back_the_rest(merge, &table, &of_merge)?;
            self.execute(&what, "drop table drydock_undo_before")?;
        }
        let [completed, updated] = restored;
        undone.restored += completed + updated;
        undone.beside_triggers += if is_watched { completed } else { 0 };
        Ok(())
    }

    /// Refuses rows that have not become what they were.
    fn refuse_unrestored(&mut self, merge: &Merge) -> Result<(), Failure> {
        let (table, ours) = (self.table(merge.entity), merge.entity.target_table);
        let sql = format!(
            "select coalesce(t.legacy_id, 0)::bigint from drydock_undo u join {table} t on {} \
             where u.how = 'updated' and {} <> u.image - 'legacy_id' - '{REST}' order by 1",
            of_merge(merge),
            merge.image()
        );
        let differing = self.legacy_ids(&format!("restoring {}", merge.entity.name), &sql)?;
        if differing.is_empty() {
            return Ok(());
        }
        Err(not_exact(format!(
            "{} rows of {} do not become what they were, such as legacy id {}: {} changes them on the way",
            differing.len(),
            self.names.table(ours),
            list(&differing),
            self.watchers(ours)
        ))
        .into())
    }

    /// Finds rows that were removed and are there all the same: something keeps them.
    fn find_kept(&mut self, table: &str) -> Result<(), Failure> {
        let sql = format!(
            "update drydock_undo u set state = 'kept', by_whom = {} from {} t \
             where u.table_name = {} and u.how = 'inserted' and u.state is null and t.id = u.id",
            quoted_text(&self.watchers(table)),
            self.named(table),
            quoted_text(table)
        );
        self.execute(&format!("looking at {table}"), &sql)
    }

    /// Removes the inserted rows of a table to which nobody refers.
    pub(super) fn remove(&mut self, table: &str) -> Result<u64, Failure> {
        let (name, word) = (self.named(table), quoted_text(table));
        // they are locked: whoever refers to one of them from now on waits, whether or not triggers fire for this session
        for reference in self.references_to(table)? {
            // a row of the same table that goes as well is no reason to stay
            let goes_too = if reference.same_table {
                format!(
                    "and not exists (select 1 from drydock_undo d where d.table_name = u.table_name and d.id = c.{} \
                     and d.how = 'inserted' and d.state is null)",
                    quoted(self.names.column(table, "id"))
                )
            } else {
                String::new()
            };
            self.execute(
                &format!("looking for references to {table}"),
                &format!(
                    "update drydock_undo u set state = 'referenced', by_whom = {} from {name} t \
                     where u.table_name = {word} and u.how = 'inserted' and u.state is null and t.id = u.id \
                     and exists (select 1 from {} c where {} {goes_too})",
                    quoted_text(&reference.shown),
                    reference.child,
                    reference.refers("t")
                ),
            )?;
        }
        self.leave_what_is_mapped_for_others(table)?;
        let what = format!("removing rows of {table}");
        let removed = self
            .client
            .execute(
                &format!(
                    "delete from {name} t using drydock_undo u where u.id = t.id and u.table_name = {word} \
                     and u.how = 'inserted' and u.state is null"
                ),
                &[],
            )
            .map_err(|cause| Failure::of(&what, &cause))?;
        // whose they were goes with them
        self.forget_mappings(table)?;
        if !self.has_keys()? {
            return Ok(removed);
        }
        self.execute(
            &what,
            &format!(
                "delete from drydock.keys k using drydock_undo u where k.table_name = {word} and u.table_name = {word} \
                 and u.id = k.id and u.how = 'inserted' and u.state is null"
            ),
        )?;
        Ok(removed)
    }

    /// Whether rows of a table of ours are made by it, and not those of another table of ours.
    pub(super) fn makes_rows(&self, table: &str) -> bool {
        !self.entities().iter().any(|entity| entity.target_table == table && entity.is_onto())
    }

    fn left(&mut self) -> Result<Vec<Left>, Failure> {
        let mut left = Vec::new();
        for table in self.tables.clone() {
            let sql = format!(
                "select distinct u.id::text, t.legacy_id::bigint, \
                     case u.how when 'completed' then 'updated' else u.how end, u.state, u.by_whom \
                 from drydock_undo u left join {} t on t.id = u.id \
                 where u.table_name = $1 and u.state is not null order by 2, 1, 4",
                self.named(table)
            );
            let rows = self
                .client
                .query(&sql, &[&table])
                .map_err(|cause| Failure::of("listing what was left", &cause))?;
            left.extend(rows.iter().map(|row| Left {
                table: table.to_owned(),
                id: row.get(0),
                legacy_id: row.get(1),
                was: row.get(2),
                why: row.get(3),
                referenced_by: row.get(4),
            }));
        }
        Ok(left)
    }

    /// Forgets what is undone. What was left keeps its image and its place in the receipts, so that it can be undone yet.
    fn forget(&mut self, mine: &str, all_undone: bool) -> Result<(), Failure> {
        let stays = "exists (select 1 from drydock_undo u where u.table_name = r.table_name and u.id = x.id \
                     and u.state in ('changed', 'referenced', 'address taken', 'kept'))";
        let sql = if all_undone {
            format!(
                "update drydock.receipts set undone_at = now(), inserted_ids = '{{}}', completed_ids = '{{}}' \
                 where {mine} and undone_at is null; delete from drydock.pre_images where {mine}"
            )
        } else {
            format!(
                "update drydock.receipts r set \
                     inserted_ids = array(select x.id from unnest(r.inserted_ids) x (id) where {stays}), \
                     completed_ids = array(select x.id from unnest(r.completed_ids) x (id) where {stays}) \
                 where {mine} and undone_at is null; \
                 delete from drydock.pre_images r using (select id from drydock_undo where state is null) x \
                 where {mine} and r.id = x.id"
            )
        };
        self.execute("noting what was undone", &format!("{sql}; drop table drydock_undo"))
    }
}

/// The condition that a row of the work is of a merge, and is undone, for the row `t` of the target.
pub(super) fn of_merge(merge: &Merge) -> String {
    format!(
        "u.id = t.id and u.state is null and u.entity = {} and u.phase = {}",
        quoted_text(merge.entity.name),
        quoted_text(merge.phase.as_str())
    )
}

/// A rollback that would not give back what was: nothing of it is done.
/// A quoted name as the key of an image, quoted as a text.
pub(super) fn key_of(name: &str) -> String {
    quoted_text(&name[1..name.len() - 1].replace("\"\"", "\""))
}

pub(super) fn not_exact(message: String) -> Error {
    Error::new(Kind::Verification, message).hint(
        "nothing was undone; a checkpoint's target.sql gives the tables back as a whole, and the table runs of the staging \
         file lists what was loaded",
    )
}
