//! What the session may do in the target and what it is bound by, and what of that is in the way of a load. The
//! judgement is pure; `preflight` judges the tables themselves.

use super::{Target, failed};
use crate::entity::catalog::Catalog;
use crate::error::Result;

const SESSION: &str = include_str!("../../sql/load/conditions.sql");
const TABLES: &str = include_str!("../../sql/load/tables.sql");

/// The oldest server whose catalog and functions a load can use.
const OLDEST: i32 = 120_000;

/// What the session may do and is bound by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "one per right")]
pub struct Conditions {
    /// The role.
    pub role: String,
    /// 150006 is 15.6.
    pub version: i32,
    /// As the server prints it: `0` is none.
    pub statement_timeout: String,
    /// As the server prints it: `0` is none.
    pub lock_timeout: String,
    /// A replica, or a session that may not write.
    pub is_read_only: bool,
    /// Whether it may make temporary tables.
    pub may_make_temporary: bool,
    /// Whether it may make or use the schema `drydock`.
    pub may_keep_receipts: bool,
    /// Whether it may look into the schema of the tables.
    pub may_use_schema: bool,
    /// The tables that are there.
    pub tables: Vec<TableConditions>,
}

/// What stands between a table and the session.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "one per right")]
pub struct TableConditions {
    /// The table.
    pub table: String,
    /// Whether it may be read.
    pub may_select: bool,
    /// Whether rows may be inserted.
    pub may_insert: bool,
    /// Whether rows may be changed.
    pub may_update: bool,
    /// Whether row level security applies to the role.
    pub hides_rows: bool,
    /// Whether it has rules that rewrite what is inserted or updated.
    pub has_rules: bool,
    /// Triggers that fire.
    pub triggers: Vec<String>,
    /// Whether a publication has it that could not say which row an update is about, so that no row may be updated.
    pub is_published_without_identity: bool,
    /// Publications that have it with a filter of its rows or a list of its columns that do not go with its replica identity, so
    /// that no row may be updated or removed.
    pub published_beside_identity: Vec<String>,
}

impl Target {
    /// Asks what the session may do and is bound by.
    pub fn conditions(&mut self) -> Result<Conditions> {
        let schema = self.schema.clone();
        let row = self
            .client
            .query_one(SESSION, &[&schema])
            .map_err(|cause| failed("asking for the role's rights", &cause))?;
        let mut conditions = Conditions {
            role: row.get(0),
            version: row.get(1),
            statement_timeout: row.get(2),
            lock_timeout: row.get(3),
            is_read_only: row.get(4),
            may_make_temporary: row.get(5),
            may_keep_receipts: row.get(6),
            may_use_schema: row.get(7),
            tables: Vec::new(),
        };
        let rows = self
            .client
            .query(TABLES, &[&schema, &self.names.clone().tables()])
            .map_err(|cause| failed("asking for the role's rights", &cause))?;
        conditions.tables = rows
            .iter()
            .map(|row| TableConditions {
                table: row.get(0),
                may_select: row.get(1),
                may_insert: row.get(2),
                may_update: row.get(3),
                hides_rows: row.get(4),
                has_rules: row.get(5),
                triggers: row.get(6),
                is_published_without_identity: row.get(7),
                published_beside_identity: row.get(8),
            })
            .collect();
        Ok(conditions)
    }
}

impl Conditions {
    /// Everything in the way of a load.
    pub fn problems(&self) -> Vec<String> {
        let role = &self.role;
        let mut problems = Vec::new();
        let mut unless = |fine: bool, problem: String| {
            if !fine {
                problems.push(problem);
            }
        };
        unless(
            self.version >= OLDEST,
            format!(
                "the server is PostgreSQL {}, and 12 is the oldest that can be loaded",
                self.version / 10_000
            ),
        );
        unless(
            !self.is_read_only,
            "the session is read only: a replica, a role that may not write, or a hosted project whose disk is full, which is \
             set to read only until there is room again"
                .to_owned(),
        );
        unless(
            self.may_make_temporary,
            format!("role {role} may not make temporary tables: grant temporary on database … to {role}"),
        );
        unless(
            self.may_keep_receipts,
            format!(
                "role {role} may not make or use the schema drydock, which keeps the receipts: grant create on database \
                 … to {role}, or give it the schema"
            ),
        );
        unless(
            self.may_use_schema,
            format!("role {role} may not use the schema of the tables: grant usage on schema … to {role}"),
        );
        for table in &self.tables {
            let missing: Vec<&str> =
                [("select", table.may_select), ("insert", table.may_insert), ("update", table.may_update)]
                    .into_iter()
                    .filter_map(|(right, has)| (!has).then_some(right))
                    .collect();
            let name = &table.table;
            if !missing.is_empty() {
                let rights = missing.join(", ");
                problems.push(format!(
                    "role {role} may not {} in table {name}: grant {rights} on {name} to {role}",
                    missing.join(" or ")
                ));
            }
            problems.extend(table.cannot_be_merged_into());
            if table.hides_rows {
                problems.push(format!(
                    "row level security of table {name} applies to role {role} and may hide rows from it: connect as the \
                     owner of the table (where it is forced on the owner: alter table {name} no force row level security), or as a \
                     role that bypasses row level security"
                ));
            }
        }
        problems
    }

    /// What is not in the way but good to know.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.statement_timeout != "0" {
            notes.push(format!(
                "the statement timeout is {}, as the URL's options have it: a chunk that takes longer is ended by the server",
                self.statement_timeout
            ));
        }
        if self.lock_timeout != "0" {
            notes.push(format!("the lock timeout is {}", self.lock_timeout));
        }
        for table in &self.tables {
            if !table.triggers.is_empty() {
                notes.push(format!(
                    "table {} has triggers that fire for every row: {}; moments that they set, such as updated_at, are set back, and \
                     a record of which they make something else is refused; target.triggers = \"off\" keeps them from firing",
                    table.table,
                    table.triggers.join(", ")
                ));
            }
        }
        notes
    }
}

impl TableConditions {
    /// Why no row of the table can be merged into, whoever tries.
    pub fn cannot_be_merged_into(&self) -> Vec<String> {
        let name = &self.table;
        let rules = format!(
            "table {name} has rules for inserts or updates, with which no rows can be merged: drop them, or switch them off for the \
             load (alter table {name} disable rule …)"
        );
        let published = format!(
            "table {name} is published with its updates or deletes and has no replica identity, so that no row of it may be updated or \
             removed: give it a primary key, or alter table {name} replica identity full"
        );
        let found = [(self.has_rules, rules), (self.is_published_without_identity, published)];
        let mut sentences: Vec<String> =
            found.into_iter().filter_map(|(is_so, sentence)| is_so.then_some(sentence)).collect();
        sentences.extend(self.published_beside_identity.iter().map(|publication| {
            format!(
                "publication {publication} has table {name} with a filter of rows that asks for more than its replica identity, or with a \
                 list of columns that leaves some of that out, so that no row of it may be updated or removed: give it a replica \
                 identity over these columns, or take the filter or the list away (alter publication {publication} set table …)"
            )
        }));
        sentences
    }
}

impl Target {
    /// What changed in the tables since the survey, in plain words and by the target's names.
    pub fn drift(&self, surveyed: &Catalog, now: &Catalog) -> Vec<String> {
        drift(surveyed, now, |table, column| self.names.place(table, column))
    }
}

/// `place` is how a column is called.
fn drift(surveyed: &Catalog, now: &Catalog, place: impl Fn(&str, &str) -> String) -> Vec<String> {
    let mut drift = Vec::new();
    for column in &now.columns {
        let before = surveyed.column(&column.table, &column.name);
        let place = format!("column {}", place(&column.table, &column.name));
        match before {
            None => drift.push(format!("{place} is new")),
            Some(before) if before.type_name != column.type_name => {
                drift.push(format!(
                    "{place} was of type {} and is of type {}",
                    before.type_name, column.type_name
                ));
            }
            Some(before) if before.is_nullable != column.is_nullable => {
                drift.push(format!(
                    "{place} {} null",
                    if column.is_nullable { "now allows" } else { "no longer allows" }
                ));
            }
            Some(_) => {}
        }
    }
    for column in &surveyed.columns {
        if now.column(&column.table, &column.name).is_none() {
            drift.push(format!("column {} is gone", place(&column.table, &column.name)));
        }
    }
    for (kind, from, to) in [("is new", now, surveyed), ("is gone", surveyed, now)] {
        for key in &from.keys {
            if !to.keys.iter().any(|known| known.table == key.table && known.definition == key.definition) {
                drift.push(format!("{} of table {} {kind}", key.name, key.table));
            }
        }
    }
    for (name, labels) in &now.enums {
        if surveyed.enums.get(name).is_some_and(|before| before != labels) {
            drift.push(format!("type {name} has other labels"));
        }
    }
    drift
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::catalog::CatalogColumn;

    fn fine() -> Conditions {
        Conditions {
            role: "loader".to_owned(),
            version: 150_006,
            statement_timeout: "0".to_owned(),
            lock_timeout: "0".to_owned(),
            may_make_temporary: true,
            may_keep_receipts: true,
            may_use_schema: true,
            tables: vec![TableConditions {
                table: "profiles".to_owned(),
                may_select: true,
                may_insert: true,
                may_update: true,
                ..TableConditions::default()
            }],
            ..Conditions::default()
        }
    }

    #[test]
    fn each_missing_right_is_named_and_all_at_once() {
        assert!(fine().problems().is_empty() && fine().notes().is_empty());
        let mut bad =
            Conditions { version: 110_000, is_read_only: true, statement_timeout: "2s".to_owned(), ..fine() };
        bad.may_make_temporary = false;
        bad.may_keep_receipts = false;
        bad.may_use_schema = false;
        bad.tables[0].may_update = false;
        bad.tables[0].hides_rows = true;
        bad.tables[0].triggers = vec!["touch".to_owned()];
        assert_eq!(bad.problems().len(), 7);
        assert!(bad.problems().iter().any(|problem| problem.contains("grant update on profiles to loader")));
        assert_eq!(bad.notes().len(), 2);
    }

    #[test]
    fn drift_names_what_came_what_went_and_what_changed() {
        let column = |name: &str, type_name: &str, is_nullable| CatalogColumn {
            table: "profiles".to_owned(),
            name: name.to_owned(),
            position: 1,
            type_name: type_name.to_owned(),
            type_kind: "b".to_owned(),
            is_nullable,
            ..CatalogColumn::default()
        };
        let catalog = |columns| Catalog { columns, ..Catalog::default() };
        let before =
            catalog(vec![column("a", "text", true), column("b", "text", true), column("c", "text", true)]);
        let now =
            catalog(vec![column("a", "jsonb", true), column("b", "text", false), column("d", "text", true)]);
        assert_eq!(
            drift(&before, &now, |table, column| format!("{table}.{column}")),
            [
                "column profiles.a was of type text and is of type jsonb",
                "column profiles.b no longer allows null",
                "column profiles.d is new",
                "column profiles.c is gone",
            ]
        );
        assert!(drift(&now, &now, |_, column| column.to_owned()).is_empty());
    }
}
