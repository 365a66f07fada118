//! What is in the way of a load, found before the first write and all at once. Pure: the catalog and what the ready rows
//! ask of it go in, sentences come out.

use std::collections::HashMap;

use crate::entity::catalog::{Catalog, CatalogColumn};
use crate::entity::{self, Column, Entity, Kind};

use super::Target;
use super::names::Names;

/// What the ready rows of one column ask of the target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Demand {
    /// The labels in use, for an enum.
    pub labels: Vec<String>,
    /// Whether any row has null.
    pub has_null: bool,
}

/// What the ready rows ask, by entity and column.
pub type Demands = HashMap<(&'static str, &'static str), Demand>;

impl Target {
    /// Everything in the way. Without a demand nothing is known of the rows yet.
    pub fn preflight(&self, catalog: &Catalog, demands: &Demands) -> Vec<String> {
        preflight(&self.names, catalog, demands)
    }
}

fn preflight(names: &Names, catalog: &Catalog, demands: &Demands) -> Vec<String> {
    let mut problems = Vec::new();
    for entity in entity::ALL {
        let table = entity.target_table;
        let columns: Vec<&CatalogColumn> =
            catalog.columns.iter().filter(|column| column.table == table).collect();
        if columns.is_empty() {
            problems.push(format!("table {} does not exist", names.table(table)));
            continue;
        }
        for column in entity.columns {
            let demand = demands.get(&(entity.name, column.name)).cloned().unwrap_or_default();
            match columns.iter().find(|known| known.name == column.name) {
                None => problems.push(format!("column {} does not exist", names.place(table, column.name))),
                Some(known) => problems.extend(column_problems(names, catalog, column, known, &demand)),
            }
        }
        for known in columns {
            let is_written = entity.columns.iter().any(|column| column.name == known.name);
            if !is_written && !known.is_nullable && !known.has_default && !known.is_generated {
                problems.push(format!(
                    "column {} is required and nothing is known to put there",
                    names.place(table, &known.name)
                ));
            }
        }
        problems.extend(key_problems(names, catalog, entity));
    }
    // entities that share a table say some things twice
    let mut seen = std::collections::HashSet::new();
    problems.retain(|problem| seen.insert(problem.clone()));
    problems
}

fn column_problems(
    names: &Names,
    catalog: &Catalog,
    column: &Column,
    known: &CatalogColumn,
    demand: &Demand,
) -> Vec<String> {
    let place = format!("column {}", names.place(&known.table, &known.name));
    let mut problems = Vec::new();
    if known.is_generated {
        problems.push(format!("{place} is computed by the database and cannot be written"));
    }
    if !known.takes(column.kind) {
        problems.push(format!(
            "{place} is of type {}, which cannot hold {}",
            known.type_name,
            holds(column.kind)
        ));
    }
    if demand.has_null && !known.is_nullable {
        problems.push(format!("{place} does not allow null, and some records have nothing there"));
    }
    if known.type_kind == "e" {
        let labels = catalog.enums.get(&known.type_name).map_or(&[][..], Vec::as_slice);
        for label in demand.labels.iter().filter(|label| !labels.contains(label)) {
            problems.push(format!(
                "{place}: type {} has no label '{label}'; map it in the configuration ([policy.roles], \
                 [policy.genders])",
                known.type_name
            ));
        }
    }
    problems
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
        Kind::Enum(_) => "one of a list of words",
    }
}

fn key_problems(names: &Names, catalog: &Catalog, entity: &Entity) -> Vec<String> {
    let table = entity.target_table;
    let mut wanted = entity.key();
    wanted.sort_unstable();
    let keys = || catalog.keys.iter().filter(|key| key.table == table);
    let is_unique = keys().filter(|key| matches!(key.kind.as_str(), "p" | "u")).any(|key| {
        let mut columns: Vec<&str> = key.columns.iter().map(String::as_str).collect();
        columns.sort_unstable();
        columns == wanted
    });
    let mut problems = Vec::new();
    if !is_unique {
        problems.push(format!(
            "table {} has no unique key over ({}), by which its rows are found again",
            names.table(table),
            entity.key().iter().map(|column| names.column(table, column)).collect::<Vec<_>>().join(", ")
        ));
    }
    for key in keys().filter(|key| key.kind == "f" && key.references.as_deref() == Some("auth.users")) {
        problems.push(format!(
            "{} references auth.users ({}): every insert would fail until those users exist or the constraint \
             is dropped",
            names.place(table, &key.columns.join(", ")),
            key.name
        ));
    }
    problems
}
