//! `[target]`: where the records go, and what is there.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Invalid, known_words};
use crate::entity::mapping::{self, Fill, Mapping, Part, Place};
use crate::entity::{self, Entity};

/// `[target]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Target {
    /// The schema that holds the tables.
    pub schema: String,
    /// Where an existing row says which legacy record it stands for, beside its column `legacy_id`.
    pub legacy_id: LegacyIdIn,
    /// Whether rows that say no legacy record are others', however many there are.
    pub rows_of_others: bool,
    /// Whether the target's triggers fire for the rows that are loaded.
    pub triggers: Triggers,
    /// The target's name of a table, where it is another; `false` where there is none; `{ onto = "profiles" }` where its records
    /// are rows of that one.
    pub tables: BTreeMap<String, mapping::Table>,
    /// The target's name of a column, by table, where it is another; `false` where there is none.
    pub columns: BTreeMap<String, BTreeMap<String, Place>>,
    /// What stands in columns of the target that no resolved row has, by table.
    pub fill: BTreeMap<String, BTreeMap<String, Fill>>,
    /// Tables that have a second row of some records.
    pub parts: BTreeMap<String, Part>,
    /// A table of the target's that says which row stands for which record.
    #[serde(skip_serializing_if = "MappingTable::is_absent")]
    pub mapping_table: MappingTable,
}

/// `[target.mapping_table]`: read by the survey with `target.legacy_id = "migration_mappings"`, and written when rows are made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MappingTable {
    /// Its name; '' where there is none to write.
    pub table: String,
    /// Its column with the word for what a row is.
    pub entity_type: String,
    /// Its column with the legacy id.
    pub legacy_id: String,
    /// Its column with the id of the row.
    pub new_id: String,
    /// The word for an entity, where it is not the entity's singular.
    pub words: BTreeMap<String, String>,
}

impl MappingTable {
    fn is_absent(&self) -> bool {
        *self == Self::default()
    }
}

impl Default for Target {
    fn default() -> Self {
        Self {
            schema: "public".to_owned(),
            legacy_id: LegacyIdIn::default(),
            rows_of_others: false,
            triggers: Triggers::default(),
            tables: BTreeMap::new(),
            columns: BTreeMap::new(),
            fill: BTreeMap::new(),
            parts: BTreeMap::new(),
            mapping_table: MappingTable::default(),
        }
    }
}

impl Target {
    /// What it says of tables and columns.
    pub fn mapping(&self) -> Mapping {
        Mapping {
            tables: self.tables.clone(),
            columns: self.columns.clone(),
            fill: self.fill.clone(),
            parts: self.parts.clone(),
        }
    }

    /// The entities as they are sent there, in load order. What a configuration names and nobody knows was refused when it
    /// was read.
    pub fn entities(&self) -> Vec<&'static Entity> {
        self.mapping().entities().unwrap_or_else(|_| entity::ALL.to_vec())
    }
}

/// `target.triggers`
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Triggers {
    /// They fire as for anybody else.
    #[default]
    On,
    /// They do not fire for this session, and the load looks after the foreign keys itself.
    Off,
}

/// `target.legacy_id`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum LegacyIdIn {
    /// In the column `legacy_id` only.
    #[default]
    Column,
    /// In `metadata`, under this key.
    Metadata(String),
    /// In the table `migration_mappings`.
    MigrationMappings,
    /// In the address that an earlier migration gave it: `first.last.4711@migrated.local`.
    FallbackAddress,
}

impl LegacyIdIn {
    /// Its word in the configuration.
    pub fn word(&self) -> String {
        match self {
            LegacyIdIn::Column => "column".to_owned(),
            LegacyIdIn::Metadata(key) if key == "legacy_id" => "metadata".to_owned(),
            LegacyIdIn::Metadata(key) => format!("metadata.{key}"),
            LegacyIdIn::MigrationMappings => "migration_mappings".to_owned(),
            LegacyIdIn::FallbackAddress => "fallback_address".to_owned(),
        }
    }
}

impl TryFrom<String> for LegacyIdIn {
    type Error = String;

    fn try_from(word: String) -> Result<Self, String> {
        match word.as_str() {
            "column" => Ok(LegacyIdIn::Column),
            "metadata" => Ok(LegacyIdIn::Metadata("legacy_id".to_owned())),
            "migration_mappings" => Ok(LegacyIdIn::MigrationMappings),
            "fallback_address" => Ok(LegacyIdIn::FallbackAddress),
            other => match other.strip_prefix("metadata.").filter(|key| !key.is_empty()) {
                Some(key) => Ok(LegacyIdIn::Metadata(key.to_owned())),
                None => {
                    Err("expected column, metadata, metadata.KEY, migration_mappings or fallback_address"
                        .to_owned())
                }
            },
        }
    }
}

impl From<LegacyIdIn> for String {
    fn from(place: LegacyIdIn) -> String {
        place.word()
    }
}

/// Refuses what `[target]` names and nobody knows.
pub(super) fn check(target: &Target) -> Result<(), Invalid> {
    let entities: Vec<&str> = entity::ALL.iter().map(|entity| entity.name).collect();
    let tables = entity::target_tables();
    known_words("target.tables", target.tables.keys(), &tables)?;
    let parts = target.parts.keys().map(String::as_str);
    let with_columns: Vec<&str> = tables.iter().copied().chain(parts).collect();
    known_words("target.columns", target.columns.keys(), &with_columns)?;
    known_words("target.fill", target.fill.keys(), &tables)?;
    for (table, columns) in &target.columns {
        let mut known: Vec<&str> = entity::ALL
            .iter()
            .filter(|entity| entity.target_table == table)
            .flat_map(|entity| entity.columns.iter().map(|column| column.name))
            .collect();
        // of a part only what it is found by has a name here
        if known.is_empty() {
            known = vec!["id", "legacy_id"];
        }
        known_words("target.columns", columns.keys(), &known)?;
    }
    mapped(target, &tables)?;
    known_words("target.mapping_table.words", target.mapping_table.words.keys(), &entities)?;
    Ok(())
}

/// Refuses what a mapping of the target names and nobody knows, or says twice.
fn mapped(target: &Target, tables: &[&str]) -> Result<(), Invalid> {
    let wrong =
        |key: String| Invalid::Key { key: format!("{key}, which is a name or false, but"), suggestion: None };
    for (table, place) in &target.tables {
        if !place.is_valid() {
            return Err(wrong(format!("target.tables.{table}")));
        }
        if let mapping::Table::Onto { onto } = place {
            known_words("target.tables", std::iter::once(onto), tables)?;
        }
    }
    for (table, columns) in &target.columns {
        if let Some((column, _)) = columns.iter().find(|(_, place)| !place.is_valid()) {
            return Err(wrong(format!("target.columns.{table}.{column}")));
        }
        // one column of the target has one source
        let mut theirs: Vec<&str> = columns
            .values()
            .filter_map(|place| match place {
                Place::Named(name) => Some(name.as_str()),
                Place::Is(_) => None,
            })
            .chain(target.fill.get(table).into_iter().flat_map(|fills| fills.keys().map(String::as_str)))
            .collect();
        theirs.sort_unstable();
        let ids = target.columns.get(table).and_then(|columns| columns.get("id"));
        if matches!(ids, Some(Place::Is(false))) {
            let key = format!(
                "target.columns.{table}.id = false: rows are found again and undone by their ids; leave a table without them out as a \
                 whole (target.tables.{table} = false); the value false"
            );
            return Err(Invalid::Key { key, suggestion: None });
        }
        if let Some([twice, ..]) = theirs.windows(2).find(|pair| pair[0] == pair[1]) {
            let key = format!("target.columns.{table}, where {twice} is filled twice,");
            return Err(Invalid::Key { key, suggestion: None });
        }
    }
    let entities: Vec<&str> = entity::ALL.iter().map(|entity| entity.name).collect();
    let roles: Vec<&str> = entity::profiles::Role::ALL.iter().map(|role| role.as_str()).collect();
    for (table, part) in &target.parts {
        if tables.contains(&table.as_str()) {
            let key = format!("target.parts.{table}, which is a table of its own,");
            return Err(Invalid::Key { key, suggestion: None });
        }
        known_words("target.parts", std::iter::once(&part.of), &entities)?;
        known_words("target.parts", part.roles.iter(), &roles)?;
    }
    match target.mapping().entities() {
        Ok(_) => Ok(()),
        Err(unknown) => Err(Invalid::Field(unknown)),
    }
}
