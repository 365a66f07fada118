//! The entities: what each is made of, where it comes from and where it goes. One file owns an entity's facts, and
//! [`ALL`] is the one list, in load order, from which everything else is derived: raw tables to extract, columns to
//! require, rows to stage, tables to survey, statements to load and rows to verify. Pure.
//!
//! To add an entity: a file here, `staging/<entity>.sql`, its DDL in `sql/target/`, a case in `fixtures/cases/`, and a line in
//! [`ALL`]; a test says what is forgotten. One whose legacy table is optional takes part where both sides have its table.

pub mod association;
pub mod case_states;
pub mod cases;
pub mod catalog;
pub mod codes;
mod column;
pub mod courses;
mod decision;
mod holds;
mod legacy_row;
pub mod mapping;
pub mod metadata;
mod obstacle;
pub mod orders;
pub mod patients;
pub mod practice_members;
pub mod practice_owners;
pub mod practices;
pub mod profiles;
pub mod projects;
mod read_with;
mod reference;
mod rule;
mod told;
mod whole;

pub use column::{Answer, Column, From, Kind, Write};
pub(crate) use decision::row;
pub use decision::{Decision, Row, Verdict, places, plain};
pub use holds::Holds;
pub use legacy_row::{Converted, LegacyRow, LegacyTable, OfFields, Raw};
pub use mapping::{Mapped, Mapping};
pub use obstacle::{ACCOUNTS, Obstacle, Why, obstacles};
pub use read_with::ReadWith;
pub use reference::Reference;
pub(crate) use rule::decide;
pub use rule::{Rule, With};
pub use whole::Whole;

use crate::record::Phase;

/// One kind of record, from its legacy table to its target table.
#[derive(Debug, Clone)]
pub struct Entity {
    /// The one name: its Rust file, its staging table `ready_<name>`, its key in `status --json`.
    pub name: &'static str,
    /// What one record is in the plan's words, for `entity_type` and `explain`.
    pub singular: &'static str,
    /// The legacy table each row of which is one record.
    pub legacy: &'static LegacyTable,
    /// The target table that its ready rows are loaded into.
    pub target_table: &'static str,
    /// Where rows of several entities share a target table: the column and value that tell this one's.
    pub discriminator: Option<(&'static str, &'static str)>,
    /// The phase that inserts its rows.
    pub phase: Phase,
    /// Whether another record of it can stand for one: a person or a practice, not a row that says where somebody works.
    pub can_stand_in: bool,
    /// The columns of the raw row that lead to other records.
    pub references: &'static [Reference],
    /// The raw rows that say more of a record beside its own.
    pub read_with: &'static [ReadWith],
    /// The table of the resolved rows in the staging file.
    pub staging_sql: &'static str,
    /// The target table as an empty target gets it; none where another entity's file makes it.
    pub target_sql: Option<&'static str>,
    /// What decides about a record.
    pub rule: Rule,
    /// The resolved row, in the order of `ready_<name>`; `id` and `legacy_id` come first.
    pub columns: &'static [Column],
    /// The columns of its raw row that its metadata keep as they are.
    pub kept: &'static [&'static str],
    /// How it is sent, where a mapping of the target says more than names.
    pub mapped: Option<&'static Mapped>,
}

impl PartialEq for Entity {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Entity {}

impl Entity {
    /// The staging table of the resolved rows.
    pub fn ready_table(&self) -> String {
        format!("ready_{}", self.name)
    }

    /// The resolved rows that are sent, as `y`.
    pub fn ready_rows(&self) -> String {
        self.mapped.map_or_else(|| format!("{} y", self.ready_table()), |mapped| mapped.rows.clone())
    }

    /// Whether the target's rows have a column that says which record they stand for.
    pub fn has_key_column(&self) -> bool {
        self.mapped.is_none_or(|mapped| !mapped.is_without_key)
    }

    /// Whether its records are added to the rows of another entity, and none is made.
    pub fn is_onto(&self) -> bool {
        self.mapped.is_some_and(|mapped| mapped.is_onto)
    }

    /// Whether it is a second row of another entity's records.
    pub fn is_part(&self) -> bool {
        self.mapped.is_some_and(|mapped| mapped.part_of.is_some())
    }

    /// Whether the migration can do without it: it takes part where the source and the target have its tables.
    pub fn is_optional(&self) -> bool {
        !self.legacy.required
    }

    /// The raw row that a record's own row names, if it is read with one: its table, and the column with its key.
    pub fn named(&self) -> Option<(&'static LegacyTable, &'static str)> {
        self.read_with.iter().find_map(|with| match *with {
            ReadWith::Named { table, by } => Some((table, by)),
            ReadWith::Naming { .. } => None,
        })
    }

    /// The column that says whether a row is in use, where the entity has one.
    pub fn in_use(&self) -> Option<&'static Column> {
        self.column("is_active").filter(|column| column.kind == Kind::Boolean)
    }

    /// The column called `name`; entities only ask for columns of their own list.
    pub fn column(&self, name: &str) -> Option<&'static Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The plan's `entity_type`: an owner or member is an association.
    pub fn entity_type(&self) -> &'static str {
        self.phase.entity_type().unwrap_or(self.singular)
    }

    /// The phases that write its rows, in load order: the one that inserts them, and those that add columns.
    pub fn phases(&self) -> Vec<Phase> {
        let adds = |phase: &Phase| self.columns.iter().any(|column| column.write == Write::In(*phase));
        Phase::ALL.into_iter().filter(|phase| *phase == self.phase || adds(phase)).collect()
    }

    /// The columns by which the target finds the row of a legacy record.
    pub fn key(&self) -> Vec<&'static str> {
        if !self.has_key_column() || self.is_onto() {
            return vec!["id"];
        }
        self.legacy_key()
    }

    /// The columns by which its legacy records are told apart among the rows of its table.
    pub fn legacy_key(&self) -> Vec<&'static str> {
        self.discriminator.map(|(column, _)| column).into_iter().chain(["legacy_id"]).collect()
    }
}

/// Every entity, in load order: whatever one refers to stands before it.
pub const ALL: &[&Entity] = &[
    &practices::ENTITY,
    &courses::ENTITY,
    &profiles::ENTITY,
    &patients::ENTITY,
    &practice_owners::ENTITY,
    &practice_members::ENTITY,
    &cases::ENTITY,
    &projects::ENTITY,
    &case_states::ENTITY,
];

/// Legacy tables that rules read beside the entities' own.
pub const REFERENCED: &[&LegacyTable] = &[
    &profiles::GROUPS,
    &profiles::USER_GROUPS,
    &profiles::USER_SETTINGS,
    &orders::INSTRUCTIONS,
    &orders::PLANS,
];

/// Whether rules read a legacy table.
pub fn is_read(table: &str) -> bool {
    legacy_tables().iter().any(|known| known.name == table)
}

/// Every legacy table that the rules read, each once, in the order of [`ALL`].
pub fn legacy_tables() -> Vec<&'static LegacyTable> {
    let mut tables: Vec<&'static LegacyTable> = Vec::new();
    for table in ALL.iter().map(|entity| entity.legacy).chain(REFERENCED.iter().copied()) {
        if !tables.iter().any(|known| known.name == table.name) {
            tables.push(table);
        }
    }
    tables
}

/// Every target table that is written, each once, in load order.
pub fn target_tables() -> Vec<&'static str> {
    let mut tables = Vec::new();
    for entity in ALL {
        if !tables.contains(&entity.target_table) {
            tables.push(entity.target_table);
        }
    }
    tables
}

/// The entity called `name` (`profiles`), or whose singular it is (`profile`).
pub fn find(name: &str) -> Option<&'static Entity> {
    ALL.iter().copied().find(|entity| entity.name == name || entity.singular == name)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_entity_starts_with_its_two_identities() {
        for entity in ALL {
            let first: Vec<_> = entity.columns.iter().take(2).map(|column| column.name).collect();
            assert_eq!(first, ["id", "legacy_id"], "{}", entity.name);
        }
    }

    #[test]
    fn names_are_unique_and_found_in_both_forms() {
        for entity in ALL {
            assert_eq!(find(entity.name).map(|found| found.name), Some(entity.name));
            assert_eq!(find(entity.singular).map(|found| found.name), Some(entity.name));
        }
    }

    /// The text of every file in a folder whose name ends so.
    fn files(folder: &str, ending: &str) -> Vec<(String, String)> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let named = paths.filter_map(|path| {
            let name = path.file_name()?.to_str()?.strip_suffix(ending)?.to_owned();
            Some((name, fs::read_to_string(&path).ok()?))
        });
        named.collect()
    }

    #[test]
    fn whatever_belongs_to_an_entity_is_there() {
        for (name, text) in files("src/entity", ".rs") {
            let is_listed = ALL.iter().any(|entity| entity.name == name);
            let is_entity = text.contains("\npub const ENTITY: Entity");
            assert!(is_listed || !is_entity, "write `&{name}::ENTITY` into entity::ALL");
        }
        let (staging, target) = (files("staging", ".sql"), files("sql/target", ".sql"));
        for entity in ALL {
            let name = entity.name;
            let table = format!("create table {} (", entity.ready_table());
            let sql = staging.iter().find(|(file, _)| file == name).map(|(_, sql)| sql.as_str());
            assert_eq!(
                sql,
                Some(entity.staging_sql),
                "write `{table}` into staging/{name}.sql, and include it"
            );
            assert!(entity.staging_sql.contains(&table), "staging/{name}.sql does not make `{table}`");
            let table = entity.target_table;
            let mut making =
                ALL.iter().filter(|other| other.target_table == table).filter_map(|other| other.target_sql);
            let made = making.next();
            assert!(
                made.is_some_and(|made| target.iter().any(|(_, sql)| sql == made)) && making.next().is_none(),
                "say what makes the table {table} of an empty target: target_sql of one entity, in sql/target"
            );
        }
    }

    #[test]
    fn every_entity_has_a_case() {
        let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/cases");
        let expected: Vec<String> = fs::read_dir(cases)
            .unwrap()
            .map(|case| fs::read_to_string(case.unwrap().path().join("expected.txt")).unwrap())
            .collect();
        for entity in ALL {
            let (table, name) = (entity.ready_table(), format!("'{}'", entity.name));
            let shows = |text: &String| text.contains(&table) || text.contains(&name);
            assert!(expected.iter().any(shows), "make a case in fixtures/cases that asks {table}");
        }
    }

    #[test]
    fn shared_target_tables_are_told_apart() {
        for (position, entity) in ALL.iter().enumerate() {
            for other in &ALL[..position] {
                if entity.target_table == other.target_table {
                    assert!(entity.discriminator.is_some() && entity.discriminator != other.discriminator);
                }
            }
        }
    }
}
