//! Tables whose rows may become something else on their way in: triggers, rules and row level security see to it.
//!
//! What the platform puts on practically every table, a trigger that sets `updated_at`, is undone within the same
//! transaction, with triggers off for that one statement: the moments that were sent, and whatever other phases wrote.
//! A record of which a trigger makes something else in any other way is refused like one that a constraint refuses.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use super::chunk::list;
use super::failure::{Cause, Failure, Refusal};
use super::merge::{Merge, differs};
use super::{Target, failed, quoted, quoted_text};
use crate::entity::{Column, Kind, metadata};
use crate::error::{Error, Result};
use crate::record::LegacyId;

/// What to do about a trigger that is in the way of a load.
const OFF: &str = "with target.triggers = \"off\" in the configuration no trigger fires for what is loaded (the role needs \
                   the right to set session_replication_role)";

/// What may interfere, by our name of the table.
#[derive(Debug, Clone, Default)]
pub(super) struct Watched {
    tables: BTreeMap<String, Vec<String>>,
    /// Tables that are parted: what was written into one cannot be asked for the transaction that wrote it.
    parted: Vec<String>,
    /// Whether the role may switch triggers off for one statement.
    may_silence: bool,
    /// Triggers that fire also where triggers are switched off, and may change what is updated: table and name, both theirs.
    always: Vec<(String, String)>,
}

impl Watched {
    /// Whether a table is parted.
    pub(super) fn is_parted(&self, table: &str) -> bool {
        self.parted.iter().any(|parted| parted == table)
    }
}

impl Target {
    /// Learns what may change or hide rows on their way in.
    pub(super) fn look_for_triggers(&mut self) -> Result<()> {
        let rows = self
            .client
            .query(
                "select c.relname::text, \
                     array(select 'trigger ' || g.tgname from pg_trigger g where g.tgrelid = c.oid \
                           and not g.tgisinternal and g.tgenabled <> 'D' order by g.tgname) \
                     || case when c.relhasrules then array['its rules'] else '{}' end \
                     || case when row_security_active(c.oid) then array['row level security'] else '{}' end, \
                     c.relkind = 'p', \
                     array(select g.tgname::text from pg_trigger g where g.tgrelid = c.oid and not g.tgisinternal \
                           and g.tgenabled = 'A' and g.tgtype & 19 = 19 order by 1) \
                 from pg_class c join pg_namespace n on n.oid = c.relnamespace \
                 where n.nspname = $1 and c.relkind in ('r', 'p', 'v')",
                &[&self.schema],
            )
            .map_err(|cause| failed("looking for triggers", &cause))?;
        let found: BTreeMap<String, Vec<String>> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
        let of_table = |ours: &&'static str| {
            let what = found.get(self.names.table(ours)).filter(|what| !what.is_empty())?;
            Some(((*ours).to_owned(), what.clone()))
        };
        let tables: BTreeMap<_, _> = self.tables.iter().filter_map(of_table).collect();
        // tried, and taken back: whether a role may is not asked of all versions in the same way
        let may_silence = !tables.is_empty() && self.depth == 0 && {
            let silenced = self.client.batch_execute(&format!("begin; {SILENT}"));
            self.client.batch_execute("rollback").is_ok() && silenced.is_ok()
        };
        let is_parted =
            |theirs: &str| rows.iter().any(|row| row.get::<_, &str>(0) == theirs && row.get::<_, bool>(2));
        let of_tables = self.tables.iter().copied();
        let parted = of_tables.filter(|ours| is_parted(self.names.table(ours))).map(str::to_owned).collect();
        let mut always = Vec::new();
        for row in rows.iter().filter(|row| self.names.tables().contains(&row.get::<_, &str>(0))) {
            let triggers: Vec<String> = row.get(3);
            always.extend(triggers.into_iter().map(|trigger| (row.get(0), trigger)));
        }
        self.watched = Watched { tables, parted, may_silence, always };
        Ok(())
    }

    /// Whether triggers, rules or row level security may change or hide the table's rows.
    pub(super) fn is_watched(&self, table: &str) -> bool {
        self.watched.tables.contains_key(table)
    }

    /// Triggers before an update that fire also where triggers are switched off: each a sentence.
    pub(super) fn always_fired(&mut self) -> Result<Vec<String>> {
        self.look_for_triggers()?;
        let told = self.watched.always.iter().map(|(table, trigger)| {
            format!(
                "trigger {trigger} of table {table} fires before every update, also where triggers are switched off, so that what it \
                 changes cannot be set back: make it an ordinary one while this is loaded (alter table {table} enable trigger {trigger})"
            )
        });
        Ok(told.collect())
    }

    /// Whether that is so of any table that is loaded.
    pub fn is_any_watched(&self) -> bool {
        self.tables.iter().any(|table| self.is_watched(table))
    }

    /// Whether the role may switch triggers off for one statement.
    pub(super) fn may_silence(&self) -> bool {
        self.watched.may_silence
    }

    /// Keeps what other phases wrote into the rows that are about to be changed.
    pub(super) fn remember_other_phases(&mut self, merge: &Merge, table: &str) -> Result<(), Failure> {
        let columns: String =
            merge.of_other_phases().map(|column| format!(", t.{}", quoted(column.name))).collect();
        self.execute(
            &format!("preparing {}", merge.entity.name),
            &format!(
                "create temporary table {} on commit drop as select t.id{columns} from {} k join {table} t \
                 on t.id = k.id where k.is_different",
                merge.before(),
                merge.known()
            ),
        )
    }

    /// Gives the rows of the chunk the moments that were sent, and what other phases had written, where a trigger has
    /// written something else.
    pub(super) fn restore_what_triggers_touched(
        &mut self,
        merge: &Merge,
        table: &str,
        range: &RangeInclusive<LegacyId>,
    ) -> Result<(), Failure> {
        let moments: Vec<&Column> =
            merge.updated().copied().filter(|column| column.kind == Kind::Timestamp).collect();
        let of_merge =
            format!("{} s where {} and {}", merge.sent(), merge.same_record(), merge.within(range));
        self.give_back(merge, table, &moments, "s", &of_merge)?;
        let others: Vec<&Column> = merge.of_other_phases().collect();
        self.give_back(merge, table, &others, "b", &format!("{} b where b.id = t.id", merge.before()))?;
        self.execute("tidying up", &format!("drop table {}", merge.before()))
    }

    /// Sets columns of the target rows `t` to those of `from`, where they differ, without that a trigger fires.
    pub(super) fn give_back(
        &mut self,
        merge: &Merge,
        table: &str,
        columns: &[&Column],
        alias: &str,
        from: &str,
    ) -> Result<(), Failure> {
        if columns.is_empty() {
            return Ok(());
        }
        let what = format!("restoring {}", merge.entity.name);
        let differs = |column: &&Column| differs(column, alias);
        let any: Vec<String> = columns.iter().map(differs).collect();
        let counted: Vec<String> =
            any.iter().map(|differs| format!("coalesce(bool_or({differs}), false)")).collect();
        let (condition, sql) = (any.join(" or "), counted.join(", "));
        let row = self
            .client
            .query_one(&format!("select array[{sql}] from {table} t, {from}"), &[])
            .map_err(|cause| Failure::of(&what, &cause))?;
        let touched: Vec<&str> = columns
            .iter()
            .zip(row.get::<_, Vec<bool>>(0))
            .filter_map(|(column, is)| is.then_some(column.name))
            .collect();
        if touched.is_empty() {
            return Ok(());
        }
        if !self.watched.may_silence {
            return Err(Error::target(format!(
                "{} of table {} changes column {} behind the load, and the role may not switch triggers off to restore it",
                self.watchers(merge.entity.target_table),
                self.names.table(merge.entity.target_table),
                touched.iter().map(|column| self.names.column(merge.entity.target_table, column)).collect::<Vec<_>>().join(", "),
            ))
            .hint(format!("nothing of this chunk was written; grant the right, or disable the trigger for the load; {OFF}"))
            .into());
        }
        let assigned: Vec<String> = columns.iter().map(|column| assigned(column, alias)).collect();
        self.silently(
            &what,
            &format!("update {table} t set {} from {from} and ({condition})", assigned.join(", ")),
        )
    }

    /// The row `t` as it is kept before a merge changes it: the columns that the merge updates, and where triggers may write
    /// into others, the application's own too.
    pub(super) fn image(&self, merge: &Merge) -> String {
        let image = merge.image();
        if !self.is_watched(merge.entity.target_table) {
            return image;
        }
        let ours: Vec<String> = ours(merge).map(quoted_text).collect();
        format!("{image} || jsonb_build_object('{REST}', to_jsonb(t.*) - array[{}])", ours.join(", "))
    }

    /// Gives rows the application's own columns back as the images in `drydock_undo` have them, `of_merge` telling which.
    pub(super) fn give_back_the_rest(
        &mut self,
        merge: &Merge,
        table: &str,
        of_merge: &str,
    ) -> Result<(), Failure> {
        let what = format!("restoring {}", merge.entity.name);
        let rows = self
            .client
            .query(
                "select attname::text from pg_attribute where attrelid = to_regclass($1) and attnum > 0 \
                 and not attisdropped and attgenerated = '' and attidentity <> 'a'",
                &[&self.real(merge.entity.target_table)],
            )
            .map_err(|cause| Failure::of(&what, &cause))?;
        let ours: Vec<&str> = ours(merge).collect();
        let columns: Vec<String> = rows
            .iter()
            .map(|row| self.names.our_column(merge.entity.target_table, row.get(0)))
            .filter(|name| !ours.contains(&name.as_str()))
            .map(|name| quoted(&name))
            .collect();
        if columns.is_empty() || !self.watched.may_silence {
            return Ok(());
        }
        let back = |name: &String| {
            let key = super::undo::key_of(name);
            format!("case when u.image -> '{REST}' ? {key} then r.{name} else t.{name} end")
        };
        let list = |each: &dyn Fn(&String) -> String, between: &str| {
            columns.iter().map(each).collect::<Vec<_>>().join(between)
        };
        self.silently(
            &what,
            &format!(
                "update {table} t set {} from drydock_undo u \
                 cross join lateral jsonb_populate_record(null::{table}, u.image -> '{REST}') r \
                 where u.how = 'updated' and u.image ? '{REST}' and {of_merge} and ({})",
                // a column that came since is nobody's to set back
                list(&|name| format!("{name} = {}", back(name)), ", "),
                list(&|name| format!("t.{name}::text is distinct from ({})::text", back(name)), " or ")
            ),
        )
    }

    /// Runs a statement for which no trigger fires.
    pub(super) fn silently(&mut self, what: &str, sql: &str) -> Result<(), Failure> {
        if self.are_triggers_off() {
            return self.execute(what, sql);
        }
        self.execute(what, &format!("{SILENT}; {sql}; set local session_replication_role = 'origin'"))
    }

    /// Refuses records that the database does not show as they were sent. What has no row here was not there before, and is
    /// told apart by the merge.
    pub(super) fn refuse_rewritten(
        &mut self,
        merge: &Merge,
        table: &str,
        range: &RangeInclusive<LegacyId>,
    ) -> Result<(), Failure> {
        let what = format!("confirming {}", merge.entity.name);
        let columns: Vec<&Column> = merge.updated().copied().collect();
        let first: String = columns
            .iter()
            .map(|column| format!("when {} then {} ", differs(column, "s"), quoted_text(column.name)))
            .collect();
        // a row that the merge only adds to is meant when it was there
        let meant = if merge.inserts() {
            String::new()
        } else {
            format!("join {} k on k.legacy_id = s.legacy_id ", merge.known())
        };
        let rows = self
            .client
            .query(
                &format!(
                    "select s.legacy_id::bigint, case when t.id is null or t.id <> s.id then null {first} end \
                     from {} s {meant}left join {table} t on {} and {} \
                     where t.id is null or t.id <> s.id or {} order by 1",
                    merge.sent(),
                    merge.same_record(),
                    merge.within(range),
                    merge.differs("s")
                ),
                &[],
            )
            .map_err(|cause| Failure::of(&what, &cause))?;
        let Some(row) = rows.first() else { return Ok(()) };
        let column: Option<String> = row.get(1);
        let ids: Vec<LegacyId> = rows.iter().take(6).map(|row| LegacyId(row.get(0))).collect();
        let ours = merge.entity.target_table;
        let (theirs, how) = (
            self.names.table(ours),
            match &column {
                Some(column) => format!("changes column {}", self.names.column(ours, column)),
                None => "keeps rows back".to_owned(),
            },
        );
        let error = Error::target(format!(
            "the target does not show {} as they were sent, such as legacy id {}: {} of table {theirs} {how}",
            merge.entity.name,
            list(&ids),
            self.watchers(ours)
        ))
        .hint(format!("nothing of this chunk was written; {OFF}"));
        let refusal = Refusal::rewritten(theirs, column.as_deref());
        Err(Failure { cause: Cause::Rewritten(Box::new(refusal), rows.len() as u64), error })
    }

    /// A row that was sent comes back without the legacy id: a trigger takes it away.
    pub(super) fn without_its_key(&self, merge: &Merge) -> Failure {
        let ours = merge.entity.target_table;
        let theirs = self.names.table(ours);
        let error = Error::target(format!(
            "a row of {} loses its legacy id on the way: {} of table {theirs} changes it",
            merge.entity.name,
            self.watchers(ours)
        ))
        .hint(format!("nothing of this chunk was written; {OFF}"));
        Failure { cause: Cause::Rewritten(Box::new(Refusal::rewritten(theirs, Some("legacy_id"))), 1), error }
    }

    /// What may interfere with a table's rows, in words.
    pub fn watchers(&self, table: &str) -> String {
        self.watched.tables.get(table).map_or_else(|| "something".to_owned(), |what| what.join(" or "))
    }
}

/// The key of the application's own columns in an image.
pub(super) const REST: &str = "rest of the row";

/// The columns of a merge's table that are this migration's, or its key; and what a view that renames them has beside them.
fn ours(merge: &Merge) -> impl Iterator<Item = &'static str> {
    let written = merge.written().map(|column| column.name);
    written.chain(merge.entity.key()).chain(["id", "legacy_id", "xmin", "xmax"])
}

/// Until the transaction ends, or it is set back.
const SILENT: &str = "set local session_replication_role = 'replica'";

fn assigned(column: &Column, alias: &str) -> String {
    let name = quoted(column.name);
    match column.kind {
        Kind::Metadata => format!(
            "{name} = case when {alias}.{name} ? '{0}' \
             then coalesce(t.{name}, '{{}}') || jsonb_build_object('{0}', {alias}.{name} -> '{0}') \
             else t.{name} - '{0}' end",
            metadata::KEY
        ),
        _ => format!("{name} = {alias}.{name}"),
    }
}
