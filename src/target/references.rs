//! Triggers that are switched off for a load, and what has to be looked after then: `PostgreSQL` checks foreign keys by
//! triggers too, so every reference is checked by an anti-join, chunk by chunk before its commit and once more over
//! everything before a phase counts as loaded.

use super::failure::{Cause, Failure, Refusal};
use super::merge::Merge;
use super::{Target, failed, quoted};
use crate::config::Triggers;
use crate::error::{Error, Result};
use crate::record::Phase;

/// Switches off what fires for a session, without a change to any table.
const OFF: &str = "set session_replication_role = 'replica'";

/// A foreign key of a table that is written.
struct ForeignKey {
    name: String,
    /// The condition that the row `t` refers to something.
    refers: String,
    /// The condition that it refers to the row `p`.
    meets: String,
    parent: String,
}

impl ForeignKey {
    /// The condition that what the row `t` refers to is not there.
    fn is_broken(&self) -> String {
        format!("{} and not exists (select 1 from {} p where {})", self.refers, self.parent, self.meets)
    }
}

impl Target {
    /// Whether triggers do not fire for what this session loads.
    pub(super) fn are_triggers_off(&self) -> bool {
        self.triggers == Triggers::Off
    }

    /// Switches triggers off where the configuration says so.
    pub(super) fn hold_triggers(&mut self) -> Result<()> {
        if self.are_triggers_off() {
            return self.client.batch_execute(OFF).map_err(|cause| failed("switching triggers off", &cause));
        }
        // a role may have it otherwise, and then no foreign key is checked
        let what = "asking whether triggers fire";
        let row = self
            .client
            .query_one("select current_setting('session_replication_role') = 'origin'", &[])
            .map_err(|cause| failed(what, &cause))?;
        if row.get(0) {
            return Ok(());
        }
        self.client.batch_execute("set session_replication_role = 'origin'").map_err(|cause| {
            failed("letting triggers fire", &cause).hint(
                "the role or the database sets session_replication_role, with which no foreign key is checked: take that away, or write \
                 target.triggers = \"off\", with which every reference is checked otherwise",
            )
        })
    }

    /// Whether the role may switch triggers off, where the configuration says so.
    pub fn may_hold_triggers(&mut self) -> bool {
        if !self.are_triggers_off() {
            return true;
        }
        // in a transaction of its own, that is taken back
        let may = self.client.batch_execute(&format!("begin; {OFF}")).is_ok();
        self.client.batch_execute("rollback").is_ok() && may
    }

    /// Refuses rows of the chunk whose references lead nowhere, as the database would if its triggers fired.
    pub(super) fn refuse_dangling(
        &mut self,
        merge: &Merge,
        table: &str,
        within: &str,
    ) -> Result<(), Failure> {
        if !self.are_triggers_off() {
            return Ok(());
        }
        for key in self.foreign_keys(merge.entity.target_table)? {
            let sql = format!(
                "select t.legacy_id::bigint from {table} t join {} s on {} and {within} where {} limit 1",
                merge.sent(),
                merge.same_record(),
                key.is_broken()
            );
            if self.legacy_ids("checking references", &sql)?.is_empty() {
                continue;
            }
            let theirs = self.names.table(merge.entity.target_table);
            let refusal = Refusal {
                sqlstate: "23503".to_owned(),
                table: Some(theirs.to_owned()),
                constraint: Some(key.name.clone()),
                ..Refusal::default()
            };
            return Err(Failure {
                error: Error::target(format!(
                    "target: loading {}: SQLSTATE 23503, table {theirs}, constraint {}",
                    merge.entity.name, key.name
                )),
                cause: Cause::Refused(Box::new(refusal)),
            });
        }
        Ok(())
    }

    /// Proves that no row of a phase's tables that stands for a legacy record refers to something that is not there.
    pub fn prove_references(&mut self, phase: Phase) -> Result<()> {
        if !self.are_triggers_off() {
            return Ok(());
        }
        let mut tables: Vec<&str> = Vec::new();
        for merge in Merge::of_phase(phase, &self.entities()) {
            if !tables.contains(&merge.entity.target_table) {
                tables.push(merge.entity.target_table);
            }
        }
        let mut broken = Vec::new();
        for table in tables {
            for key in self.foreign_keys(table)? {
                let sql = format!(
                    "select t.legacy_id::bigint from {} t where t.legacy_id is not null and {} order by 1 limit 6",
                    self.named(table),
                    key.is_broken()
                );
                let found = self.legacy_ids("checking references", &sql)?;
                if !found.is_empty() {
                    broken.push(format!(
                        "{} of table {}, such as legacy id {}",
                        key.name,
                        self.names.table(table),
                        super::chunk::list(&found)
                    ));
                }
            }
        }
        if broken.is_empty() {
            return Ok(());
        }
        Err(Error::target(format!(
            "phase {} is written, and rows contradict foreign keys, which were not checked because target.triggers is \
             \"off\":\n  {}",
            phase.as_str(),
            broken.join("\n  ")
        ))
        .hint("`drydock rollback` takes the run back; or restore what the rows refer to, then load again"))
    }

    /// The foreign keys of one of our tables.
    fn foreign_keys(&mut self, table: &str) -> Result<Vec<ForeignKey>, Failure> {
        let rows = self
            .client
            .query(
                "select k.conname::text, n.nspname::text, c.relname::text, k.confmatchtype = 'f', \
                     array(select a.attname::text from unnest(k.conkey) with ordinality x (attnum, place) \
                           join pg_attribute a on a.attrelid = k.conrelid and a.attnum = x.attnum order by x.place), \
                     array(select a.attname::text from unnest(k.confkey) with ordinality x (attnum, place) \
                           join pg_attribute a on a.attrelid = k.confrelid and a.attnum = x.attnum order by x.place) \
                 from pg_constraint k join pg_class c on c.oid = k.confrelid join pg_namespace n on n.oid = c.relnamespace \
                 where k.contype = 'f' and k.conrelid = to_regclass($1) order by 1",
                &[&self.real(table)],
            )
            .map_err(|cause| Failure::of("looking for foreign keys", &cause))?;
        Ok(rows
            .iter()
            .map(|row| {
                let (schema, parent, is_full): (String, String, bool) = (row.get(1), row.get(2), row.get(3));
                let (from, to): (Vec<String>, Vec<String>) = (row.get(4), row.get(5));
                let ours = |column: &String| format!("t.{}", quoted(&self.names.our_column(table, column)));
                let is_there: Vec<String> =
                    from.iter().map(|column| format!("{} is not null", ours(column))).collect();
                let meets: Vec<String> = from
                    .iter()
                    .zip(&to)
                    .map(|(from, to)| format!("p.{} = {}", quoted(to), ours(from)))
                    .collect();
                ForeignKey {
                    name: row.get(0),
                    refers: format!("({})", is_there.join(if is_full { " or " } else { " and " })),
                    meets: meets.join(" and "),
                    parent: format!("{}.{}", quoted(&schema), quoted(&parent)),
                }
            })
            .collect())
    }
}
