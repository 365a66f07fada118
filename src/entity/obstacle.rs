//! What in the target concerns every record of a table, whatever the records hold: judged here, for the file when it is
//! resolved and for a load before it starts. Pure.

use std::collections::HashSet;
use std::fmt;

use super::catalog::{Catalog, CatalogColumn, CatalogKey};
use super::{Column, Entity, Kind, Write};
use crate::record::Category;

/// Where the accounts of the platform are.
pub const ACCOUNTS: &str = "auth.users";

/// One thing in everybody's way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obstacle {
    /// The table.
    pub table: &'static str,
    /// The column, several of a key with commas between them; none when the whole table is concerned.
    pub column: Option<String>,
    /// What is wrong with it.
    pub why: Why,
}

/// What is wrong with a table or a column of the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// It is not there.
    Missing,
    /// The database computes it.
    Computed,
    /// Its type cannot hold what belongs there.
    Type {
        /// What the target calls its type.
        type_name: String,
        /// What belongs there.
        kind: Kind,
    },
    /// What stands in the table's place is something else.
    NotATable(String),
    /// It takes no null, and is written by this phase, later than its row.
    Late(&'static str),
    /// It takes no null, has no default, and no entity has anything for it.
    Required,
    /// The foreign key of this name asks for accounts that nobody has made.
    Accounts(String),
    /// Ready records ask for a label that its type lacks, as [`Why::label`] says it.
    Label(String),
}

impl Why {
    /// That a type lacks a label.
    pub fn label(type_name: &str, label: &str) -> String {
        format!("type {type_name} has no label '{label}'")
    }
}

impl Obstacle {
    /// What the plan calls it.
    pub fn category(&self) -> Category {
        match self.why {
            Why::Required | Why::Late(_) | Why::Accounts(_) => Category::ConstraintViolation,
            Why::Missing | Why::NotATable(_) | Why::Computed | Why::Type { .. } | Why::Label(_) => {
                Category::SchemaMismatch
            }
        }
    }

    /// What it is, without values. `named` gives the name of the table, or of a column with its table.
    pub fn sentence(&self, named: impl Fn(&str, Option<&str>) -> String) -> String {
        let place = named(self.table, self.column.as_deref());
        let what = if self.column.is_some() { "column" } else { "table" };
        match &self.why {
            Why::Missing => format!("{what} {place} does not exist"),
            Why::Computed => format!("{what} {place} is computed by the database and cannot be written"),
            Why::Type { type_name, kind } => {
                format!("{what} {place} is of type {type_name}, which cannot hold {}", holds(*kind))
            }
            Why::NotATable(kind) => format!(
                "{what} {place} is {kind}, into which no row can be merged: name the table behind it ([target.tables])"
            ),
            Why::Late(phase) => format!(
                "{what} {place} takes no null and is filled in phase {phase}, when its rows are there already: let it be null for the \
                 load, give it a default, or leave it out (= false in [target.columns.{}])",
                self.table
            ),
            Why::Required => format!("{what} {place} is required and nothing is known to put there"),
            Why::Accounts(key) => format!(
                "{place} references {ACCOUNTS} ({key}): each needs an account there before it is loaded; `drydock auth` writes what makes \
                 them"
            ),
            Why::Label(fact) => format!(
                "{what} {place}: {fact}; map it in the configuration ([policy.roles], [policy.genders])"
            ),
        }
    }
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ours = |table: &str, column: Option<&str>| match column {
            Some(column) => format!("{table}.{column}"),
            None => table.to_owned(),
        };
        f.write_str(&self.sentence(ours))
    }
}

fn holds(kind: Kind) -> &'static str {
    match kind {
        Kind::Uuid => "a uuid",
        Kind::Text => "text",
        Kind::Integer => "an integer",
        Kind::Boolean => "a flag",
        Kind::Date => "a date",
        Kind::Timestamp => "a moment with its time zone",
        Kind::Numeric => "an exact number",
        Kind::Metadata => "a JSON object that keeps other keys (jsonb)",
        Kind::Json => "a JSON value (jsonb)",
        Kind::Enum(_) => "one of a list of words",
    }
}

/// Everything in the way of the entities as they are sent, table by table.
pub fn obstacles(catalog: &Catalog, entities: &[&'static Entity]) -> Vec<Obstacle> {
    let mut tables: Vec<&'static str> = entities.iter().map(|entity| entity.target_table).collect();
    let mut seen = HashSet::new();
    tables.retain(|table| seen.insert(*table));
    tables.into_iter().flat_map(|table| of_table(catalog, entities, table)).collect()
}

fn of_table(catalog: &Catalog, entities: &[&'static Entity], table: &'static str) -> Vec<Obstacle> {
    let known: Vec<&CatalogColumn> = catalog.columns.iter().filter(|known| known.table == table).collect();
    if known.is_empty() {
        // without its table an optional entity takes no part
        if entities.iter().filter(|entity| entity.target_table == table).all(|entity| entity.is_optional()) {
            return Vec::new();
        }
        let other = catalog.others.get(table);
        let why = other.map_or(Why::Missing, |kind| Why::NotATable(kind.clone()));
        return vec![Obstacle { table, column: None, why }];
    }
    let of: Vec<&Entity> = entities.iter().copied().filter(|entity| entity.target_table == table).collect();
    let has_key = of.iter().all(|entity| entity.has_key_column());
    let mut written: Vec<&Column> = Vec::new();
    for column in of.iter().flat_map(|entity| entity.columns) {
        let is_there = column.name != "legacy_id" || has_key;
        if is_there && !written.iter().any(|other| other.name == column.name) {
            written.push(column);
        }
    }
    let mut found = Vec::new();
    let mut add =
        |column: &str, why: Why| found.push(Obstacle { table, column: Some(column.to_owned()), why });
    for column in &written {
        match known.iter().find(|known| known.name == column.name) {
            None => add(column.name, Why::Missing),
            Some(known) => {
                if known.is_generated {
                    add(column.name, Why::Computed);
                }
                if let Write::In(phase) = column.write
                    && !known.is_nullable
                    && !known.has_default
                {
                    add(column.name, Why::Late(phase.as_str()));
                }
                if !known.holds(column) {
                    let type_name = known.type_name.clone();
                    add(column.name, Why::Type { type_name, kind: column.kind });
                }
            }
        }
    }
    let makes_rows = of.iter().any(|entity| !entity.is_onto());
    for known in known.iter().filter(|known| !written.iter().any(|column| column.name == known.name)) {
        if makes_rows && !known.is_nullable && !known.has_default && !known.is_generated {
            add(&known.name, Why::Required);
        }
    }
    let asks_for_accounts =
        |key: &&CatalogKey| key.kind == "f" && key.references.as_deref() == Some(ACCOUNTS);
    let is_written =
        |key: &&CatalogKey| key.columns.iter().all(|name| written.iter().any(|column| column.name == name));
    let keys = catalog.keys.iter().filter(|key| key.table == table).filter(asks_for_accounts);
    for key in keys.filter(is_written) {
        add(&key.columns.join(", "), Why::Accounts(key.name.clone()));
    }
    found
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::entity::{ALL, target_tables};

    #[test]
    fn an_empty_target_is_in_everybodys_way() {
        let found = obstacles(&Catalog::default(), ALL);
        let required: BTreeSet<_> =
            ALL.iter().filter(|entity| !entity.is_optional()).map(|entity| entity.target_table).collect();
        assert_eq!(found.len(), required.len());
        assert_eq!(found[0].to_string(), format!("table {} does not exist", target_tables()[0]));
    }

    #[test]
    fn an_obstacle_is_told_by_the_names_that_are_asked_for() {
        let catalog = Catalog {
            columns: [("role", "int4", false), ("badge", "text", false), ("email", "text", true)]
                .map(|(name, type_name, is_generated)| CatalogColumn {
                    table: "profiles".to_owned(),
                    name: name.to_owned(),
                    type_name: type_name.to_owned(),
                    is_generated,
                    ..CatalogColumn::default()
                })
                .to_vec(),
            keys: vec![CatalogKey {
                table: "profiles".to_owned(),
                name: "profiles_id_fkey".to_owned(),
                kind: "f".to_owned(),
                columns: vec!["id".to_owned()],
                references: Some("auth.users".to_owned()),
                ..CatalogKey::default()
            }],
            ..Catalog::default()
        };
        let found: Vec<Obstacle> =
            obstacles(&catalog, ALL).into_iter().filter(|one| one.table == "profiles").collect();
        let theirs = |_: &str, column: Option<&str>| format!("people.{}", column.unwrap_or_default());
        for (sentence, category) in [
            ("column people.legacy_id does not exist", Category::SchemaMismatch),
            (
                "column people.email is computed by the database and cannot be written",
                Category::SchemaMismatch,
            ),
            (
                "column people.role is of type int4, which cannot hold one of a list of words",
                Category::SchemaMismatch,
            ),
            (
                "column people.badge is required and nothing is known to put there",
                Category::ConstraintViolation,
            ),
            (
                "people.id references auth.users (profiles_id_fkey): each needs an account there before it is loaded; \
                 `drydock auth` writes what makes them",
                Category::ConstraintViolation,
            ),
        ] {
            let one = found.iter().find(|one| one.sentence(theirs) == sentence);
            assert_eq!(one.map(Obstacle::category), Some(category), "{sentence} in {found:?}");
        }
    }
}
