//! What is in the way of a load, found before the first write and all at once. Pure: the catalog and what the ready rows
//! ask of it go in, sentences come out. What concerns every record is judged in [`entity::obstacles`].

use std::collections::HashMap;

use crate::entity::catalog::{Catalog, CatalogColumn, CatalogKey};
use crate::entity::{self, Entity, Obstacle, Why};
use crate::error::{Error, Result};

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

/// What the names of tables that a session makes for its own work begin with.
const OWN: &str = "drydock_";

impl Target {
    /// Everything of the entities' tables that is in the way. Without a demand nothing is known of the rows yet.
    pub fn table_problems(
        &mut self,
        catalog: &Catalog,
        entities: &[&'static Entity],
        demands: &Demands,
    ) -> Result<Vec<String>> {
        let mut problems = preflight(&self.names, catalog, entities, demands);
        let is_own = |table: &&str| table.starts_with(OWN);
        problems.extend(self.names.tables().into_iter().filter(is_own).map(|table| {
            format!("table {table} has a name as this program's own tables have (drydock_\u{2026}): give it another one")
        }));
        problems.extend(self.null_defaults(catalog));
        problems.extend(self.always_fired()?);
        problems.extend(self.unsilenced()?);
        problems.extend(self.refused_temporaries()?);
        if !self.may_hold_triggers() {
            problems.push(
                "target.triggers is \"off\", and this role may not switch them off for itself: grant set on parameter \
                 session_replication_role to it, or leave it \"on\""
                    .to_owned(),
            );
        }
        Ok(problems)
    }
}

impl Target {
    /// What of the entities' tables and columns is not there, or cannot hold what belongs there: each a sentence.
    pub fn lacking(&mut self, entities: &[&'static Entity]) -> Result<Vec<String>> {
        let catalog = self.catalog()?;
        let is_lacking = |obstacle: &&Obstacle| matches!(obstacle.why, Why::Missing | Why::Type { .. });
        let obstacles = entity::obstacles(&catalog, entities);
        let told = |obstacle: &Obstacle| obstacle.sentence(|table, column| self.names.of(table, column));
        Ok(obstacles.iter().filter(is_lacking).map(told).collect())
    }

    /// Refuses a target that does not say which record a row stands for, because Drydock's own schema is not there, which says it
    /// where no column does.
    pub fn expect_keys(&mut self, entities: &[&'static Entity]) -> Result<()> {
        if entities.iter().all(|entity| entity.has_key_column()) || self.has_keys()? {
            return Ok(());
        }
        Err(Error::precondition("nothing was loaded into this target, or its schema drydock is gone, which knows which record a row stands for")
            .hint("run `drydock load`; where it was loaded and the schema is gone, `drydock survey` and `drydock transform` before it"))
    }

    /// The columns that need an account for every record: each a sentence.
    pub fn accounts_wanted(&self, catalog: &Catalog) -> Vec<String> {
        let obstacles = entity::obstacles(catalog, self.names.entities());
        let wanted = obstacles.iter().filter(|obstacle| matches!(obstacle.why, Why::Accounts(_)));
        wanted.map(|obstacle| obstacle.sentence(|table, column| self.names.of(table, column))).collect()
    }
}

fn preflight(
    names: &Names,
    catalog: &Catalog,
    entities: &[&'static Entity],
    demands: &Demands,
) -> Vec<String> {
    let told = |obstacle: &Obstacle| obstacle.sentence(|table, column| names.of(table, column));
    // whether accounts are there is asked of every record
    let is_open = |obstacle: &&Obstacle| !matches!(obstacle.why, Why::Accounts(_));
    let obstacles = entity::obstacles(catalog, entities);
    let mut problems: Vec<String> = obstacles.iter().filter(is_open).map(told).collect();
    for entity in entities {
        let table = entity.target_table;
        let columns: Vec<&CatalogColumn> =
            catalog.columns.iter().filter(|column| column.table == table).collect();
        if columns.is_empty() {
            // what was to go into the table of an optional entity when the target was surveyed cannot go there now
            if entity.is_optional() && demands.keys().any(|(name, _)| *name == entity.name) {
                problems.push(told(&Obstacle { table, column: None, why: Why::Missing }));
            }
            continue;
        }
        for column in entity.columns {
            let known = columns.iter().find(|known| known.name == column.name);
            if let (Some(known), Some(demand)) = (known, demands.get(&(entity.name, column.name))) {
                problems.extend(unmet(names, catalog, entity, known, demand));
            }
        }
        if !entity.is_onto() {
            problems.extend(key_problems(names, catalog, entity));
        }
    }
    // entities that share a table say some things twice
    let mut seen = std::collections::HashSet::new();
    problems.retain(|problem| seen.insert(problem.clone()));
    problems
}

/// What the ready rows ask of a column in vain.
fn unmet(
    names: &Names,
    catalog: &Catalog,
    entity: &Entity,
    known: &CatalogColumn,
    demand: &Demand,
) -> Vec<String> {
    let mut problems = Vec::new();
    if demand.has_null && !known.is_nullable {
        problems.push(format!(
            "column {} does not allow null, and some records have nothing there",
            names.place(&known.table, &known.name)
        ));
    }
    if known.type_kind == "e" {
        let labels = catalog.enums.get(&known.type_name).map_or(&[][..], Vec::as_slice);
        for label in demand.labels.iter().filter(|label| !labels.contains(label)) {
            let why = Why::Label(Why::label(&known.type_name, label));
            let obstacle = Obstacle { table: entity.target_table, column: Some(known.name.clone()), why };
            problems.push(obstacle.sentence(|table, column| names.of(table, column)));
        }
    }
    problems
}

fn key_problems(names: &Names, catalog: &Catalog, entity: &Entity) -> Vec<String> {
    let table = entity.target_table;
    let mut wanted = entity.key();
    wanted.sort_unstable();
    let keys = || catalog.keys.iter().filter(|key| key.table == table);
    let found: Vec<&CatalogKey> = keys()
        .filter(|key| matches!(key.kind.as_str(), "p" | "u"))
        .filter(|key| {
            let mut columns: Vec<&str> = key.columns.iter().map(String::as_str).collect();
            columns.sort_unstable();
            columns == wanted
        })
        .collect();
    let is_unique = found.iter().any(|key| !key.is_deferrable());
    let mut problems = Vec::new();
    if let Some(key) = found.first().filter(|_| !is_unique) {
        problems.push(format!(
            "the unique key {} of table {table} is deferrable, and no row can be found again by it while it is written: make \
             one that is not (create unique index on {table} ({}))",
            key.name,
            entity.key().iter().map(|column| names.column(entity.target_table, column)).collect::<Vec<_>>().join(", "),
            table = names.table(table),
        ));
    } else if !is_unique {
        problems.push(format!(
            "table {} has no unique key over ({}), by which its rows are found again",
            names.table(table),
            entity.key().iter().map(|column| names.column(table, column)).collect::<Vec<_>>().join(", ")
        ));
    }
    problems
}
