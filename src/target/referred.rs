//! Foreign keys that refer to our tables, whoever's they are and whichever columns they name. What a load or an undo changes may be
//! what a row of the application refers to; the database asks that by triggers, so that where they are off it is asked here.

use super::failure::{Cause, Failure, Refusal};
use super::gone_back::DEACTIVATED;
use super::merge::Merge;
use super::undo::not_exact;
use super::watched::REST;
use super::{Target, quoted, quoted_text};
use crate::error::Error;
use crate::record::LegacyId;

/// A foreign key that refers to a table.
pub(super) struct Reference {
    /// Its name.
    name: String,
    /// The table that refers, quoted.
    pub child: String,
    /// That table without its schema.
    child_name: String,
    /// The table and its columns, in words.
    pub shown: String,
    /// Whether it is the table itself.
    pub same_table: bool,
    /// Its columns, quoted.
    from: Vec<String>,
    /// The columns that it refers to, by our names.
    pub to: Vec<String>,
    /// Whether the database gives rows that refer to another value that value, where its triggers fire.
    follows: bool,
}

/// What rows refer to at one moment, by one foreign key.
pub(super) struct Noted {
    reference: Reference,
    /// The temporary table that has it.
    kept: String,
}

impl Reference {
    /// The condition that its row `c` refers to the row of an alias.
    pub(super) fn refers(&self, to: &str) -> String {
        let same = |(from, there): (&String, &String)| format!("c.{from} = {to}.{}", quoted(there));
        self.from.iter().zip(&self.to).map(same).collect::<Vec<_>>().join(" and ")
    }
}

impl Target {
    /// The foreign keys that refer to a table.
    pub(super) fn references_to(&mut self, table: &str) -> Result<Vec<Reference>, Failure> {
        let rows = self
            .client
            .query(
                "select n.nspname::text, c.relname::text, k.conrelid = k.confrelid, \
                     array(select a.attname::text from unnest(k.conkey) with ordinality x (attnum, place) \
                           join pg_attribute a on a.attrelid = k.conrelid and a.attnum = x.attnum order by x.place), \
                     array(select a.attname::text from unnest(k.confkey) with ordinality x (attnum, place) \
                           join pg_attribute a on a.attrelid = k.confrelid and a.attnum = x.attnum order by x.place), \
                     k.conname::text, k.confupdtype = 'c' \
                 from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace \
                 where k.contype = 'f' and k.confrelid = to_regclass($1) order by 1, 2, 6",
                &[&self.real(table)],
            )
            .map_err(|cause| Failure::of(&format!("looking for references to {table}"), &cause))?;
        Ok(rows
            .iter()
            .map(|row| {
                let (schema, child): (String, String) = (row.get(0), row.get(1));
                let (from, to): (Vec<String>, Vec<String>) = (row.get(3), row.get(4));
                let to: Vec<String> = to.iter().map(|to| self.names.our_column(table, to)).collect();
                Reference {
                    name: row.get(5),
                    child: format!("{}.{}", quoted(&schema), quoted(&child)),
                    shown: format!("{child}.{}", from.join(",")),
                    same_table: row.get(2),
                    from: from.iter().map(|from| quoted(from)).collect(),
                    child_name: child,
                    to,
                    follows: row.get(6),
                }
            })
            .collect())
    }

    /// Notes, where triggers are off, what refers to the rows of a table whose ids the query `changing` returns, and whose columns
    /// may change as `may_change` says. They are locked.
    pub(super) fn note_referred(
        &mut self,
        table: &str,
        changing: &str,
        may_change: impl Fn(&str) -> bool,
    ) -> Result<Vec<Noted>, Failure> {
        let mut noted = Vec::new();
        if !self.are_triggers_off() {
            return Ok(noted);
        }
        let name = self.named(table);
        for (number, reference) in self.references_to(table)?.into_iter().enumerate() {
            if !reference.to.iter().any(|to| may_change(to)) {
                continue;
            }
            let kept = quoted(&format!("drydock_referred_{number}_{table}"));
            let values: String = reference
                .to
                .iter()
                .enumerate()
                .map(|(at, to)| format!(", t.{} as k{at}", quoted(to)))
                .collect();
            self.execute(
                "looking for references",
                &format!(
                    "create temporary table {kept} on commit drop as select distinct t.legacy_id{values} \
                     from {name} t join {} c on {} where t.id in ({changing})",
                    reference.child,
                    reference.refers("t")
                ),
            )?;
            noted.push(Noted { reference, kept });
        }
        Ok(noted)
    }

    /// The same for the rows that a merge is about to change.
    pub(super) fn note_referred_to(&mut self, merge: &Merge) -> Result<Vec<Noted>, Failure> {
        let changing = format!("select k.id from {} k where k.is_different", merge.known());
        self.note_referred(merge.entity.target_table, &changing, |column| {
            // what is neither ours nor the key may be made of what is
            let is_ours = column == "id" || merge.entity.column(column).is_some();
            !is_ours || merge.updated().any(|updated| updated.name == column)
        })
    }

    /// The first foreign key of those noted that rows break now, with the records whose rows they had referred to.
    pub(super) fn unkept(
        &mut self,
        table: &str,
        noted: Vec<Noted>,
    ) -> Result<Option<(Reference, Vec<LegacyId>)>, Failure> {
        let name = self.named(table);
        let mut broken = None;
        for Noted { reference, kept } in noted {
            let is = |alias: &str, columns: &[String]| -> String {
                let equal =
                    columns.iter().enumerate().map(|(at, column)| format!("{alias}.{column} = r.k{at}"));
                equal.collect::<Vec<_>>().join(" and ")
            };
            let there: Vec<String> = reference.to.iter().map(|to| quoted(to)).collect();
            let sql = format!(
                "select coalesce(r.legacy_id, 0)::bigint from {kept} r \
                 where exists (select 1 from {} c where {}) and not exists (select 1 from {name} t where {}) order by 1",
                reference.child,
                is("c", &reference.from),
                is("t", &there)
            );
            let records = self.legacy_ids("looking for references", &sql)?;
            self.execute("tidying up", &format!("drop table {kept}"))?;
            if broken.is_none() && !records.is_empty() {
                broken = Some((reference, records));
            }
        }
        Ok(broken)
    }

    /// Refuses what breaks a foreign key of those noted, as the database would if its triggers fired.
    pub(super) fn refuse_broken(
        &mut self,
        what: &str,
        table: &str,
        noted: Vec<Noted>,
    ) -> Result<(), Failure> {
        let Some((reference, _)) = self.unkept(table, noted)? else { return Ok(()) };
        let (theirs, constraint) = (reference.child_name, reference.name);
        Err(Failure {
            error: Error::target(format!(
                "target: {what}: SQLSTATE 23503, table {theirs}, constraint {constraint}"
            ))
            .hint(
                "rows of that table refer to what would change: change them first, or leave the column out",
            ),
            cause: Cause::Refused(Box::new(Refusal {
                sqlstate: "23503".to_owned(),
                table: Some(theirs),
                constraint: Some(constraint),
                ..Refusal::default()
            })),
        })
    }

    /// Leaves rows of the work that somebody refers to by a value that they would lose, and says who.
    pub(super) fn leave_what_is_referred_to(&mut self, merges: &[Merge]) -> Result<(), Failure> {
        let ours: Vec<(&str, String)> = self.tables.iter().map(|table| (*table, self.real(table))).collect();
        let mut statements = Vec::new();
        for merge in merges {
            let table = merge.entity.target_table;
            for reference in self.references_to(table)? {
                let lost: Vec<String> = reference
                    .to
                    .iter()
                    .map(|to| self.is_lost(merge, to))
                    .filter(|lost| !lost.is_empty())
                    .collect();
                if lost.is_empty() || reference.follows && !self.are_triggers_off() {
                    continue;
                }
                // a row of ours that is undone itself is no reason
                let goes_too = ours.iter().find(|(_, real)| *real == reference.child).map_or_else(
                    String::new,
                    |(child, _)| {
                        format!(
                            " and not exists (select 1 from drydock_undo d where d.table_name = {} and d.id = c.{} \
                             and d.state is null)",
                            quoted_text(child),
                            quoted(self.names.column(child, "id"))
                        )
                    },
                );
                statements.push(format!(
                    "update drydock_undo v set state = 'referenced', by_whom = {} from drydock_undo u, {} t \
                     where v.table_name = u.table_name and v.id = u.id and v.state is null and u.table_name = {} and {} \
                     and ({}) and exists (select 1 from {} c where {}{goes_too})",
                    quoted_text(&reference.shown),
                    self.named(table),
                    quoted_text(table),
                    super::undo::of_merge(merge),
                    lost.join(" or "),
                    reference.child,
                    reference.refers("t")
                ));
            }
        }
        // who stays may be the reason for another to stay
        let mut is_settled = false;
        while !is_settled {
            is_settled = true;
            for sql in &statements {
                let left = self.client.execute(sql, &[]);
                is_settled &= left.map_err(|cause| Failure::of("looking for references", &cause))? == 0;
            }
        }
        Ok(())
    }

    /// The condition that the row `t` of the work `u` gets another value in a column, or shows another on the way; none where it
    /// never does.
    fn is_lost(&self, merge: &Merge, column: &str) -> String {
        if column == "id" {
            return String::new();
        }
        let (value, key) = (quoted(column), quoted_text(column));
        let theirs = quoted_text(self.names.column(merge.entity.target_table, column));
        let becomes = |image: &str, key: &str| {
            format!("{image} ? {key} and to_jsonb(t.{value}) #>> '{{}}' is distinct from {image} ->> {key}")
        };
        let mut lost = vec![format!(
            "u.how = 'updated' and ({} or {})",
            becomes("u.image", &key),
            becomes(&format!("(u.image -> '{REST}')"), &key)
        )];
        lost.push(format!(
            "u.how = 'deactivated' and {}",
            becomes(&format!("(u.image -> '{DEACTIVATED}')"), &theirs)
        ));
        if merge.updated().any(|updated| updated.name == column) {
            lost.push(format!("u.how = 'completed' and t.{value} is not null"));
        }
        // it may have to step aside before it goes
        if merge.unique_column().is_some_and(|unique| unique.name == column) {
            lost.push("u.how = 'inserted'".to_owned());
        }
        lost.join(" or ")
    }

    /// Notes, where triggers are off, what refers to rows that an undo changes.
    pub(super) fn note_referred_of_undo(&mut self) -> Result<Vec<(&'static str, Vec<Noted>)>, Failure> {
        let mut noted = Vec::new();
        for table in self.tables.clone() {
            let changing = format!(
                "select u.id from drydock_undo u where u.table_name = {} and u.state is null and u.how <> 'inserted'",
                quoted_text(table)
            );
            noted.push((table, self.note_referred(table, &changing, |column| column != "id")?));
        }
        Ok(noted)
    }

    /// Refuses an undo after which rows would refer to nothing.
    pub(super) fn refuse_broken_by_undo(
        &mut self,
        noted: Vec<(&'static str, Vec<Noted>)>,
    ) -> Result<(), Failure> {
        for (table, noted) in noted {
            if let Some((reference, records)) = self.unkept(table, noted)? {
                return Err(not_exact(format!(
                    "{} refers to {} rows of {} by what they would no longer be, such as legacy id {}",
                    reference.shown,
                    records.len(),
                    self.names.table(table),
                    super::chunk::list(&records)
                ))
                .into());
            }
        }
        Ok(())
    }
}
