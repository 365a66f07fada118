//! What the configuration says of a target whose tables are not Drydock's own: which columns have another name, which there are
//! not, what stands in columns that no resolved row has, and which rows are written into another table. [`Mapping::entities`]
//! makes of it the entities as they are sent, which load, verification and rollback work with as with any other. Pure.

mod draft;
mod mapped;
mod template;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{ALL, Column, Entity};
use crate::record::quoted;

pub use draft::draft;
pub use mapped::Mapped;
pub use template::Unknown;

/// The part of `[target]` that says where things are and what they are called.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mapping {
    /// `[target.tables]`, by our name.
    pub tables: BTreeMap<String, Table>,
    /// `[target.columns]`, by our name of the table and of the column.
    pub columns: BTreeMap<String, BTreeMap<String, Place>>,
    /// `[target.fill]`, by our name of the table and the target's of the column.
    pub fill: BTreeMap<String, BTreeMap<String, Fill>>,
    /// `[target.parts]`, by the target's name of the table.
    pub parts: BTreeMap<String, Part>,
}

/// Where a column of ours is in the target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Place {
    /// Under this name.
    Named(String),
    /// Nowhere, where it says `false`; what it would hold stays in the file.
    Is(bool),
}

/// Where a table of ours is in the target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Table {
    /// Under this name.
    Named(String),
    /// Nowhere, where it says `false`; its rows stay in the file.
    Is(bool),
    /// Its records are rows of another table of ours: they are added to the rows that are there, and none is made.
    Onto {
        /// That table, by our name.
        onto: String,
    },
}

/// What a column of the target holds that no resolved row has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Fill {
    /// The same flag in every row.
    Flag(bool),
    /// The same number in every row.
    Number(i64),
    /// A text with the record's own fields in braces: `PAT-{legacy_id:06}`. One field and nothing else is that field, of its own
    /// type; no field at all is a constant.
    Text(String),
    /// A value that takes more words.
    Made(Made),
}

/// A value that takes more words than a text has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Made {
    /// The text, as in [`Fill::Text`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// The members of a JSON object, each a text as in [`Fill::Text`].
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub json: BTreeMap<String, String>,
    /// What stands for which value of `value`; what is not named stays as it is.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub map: BTreeMap<String, String>,
    /// The values of `value` for which null stands.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub nulls: Vec<String>,
    /// What stands where there is no value, or none that `map` names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub otherwise: Option<String>,
    /// Whether it is written when the row is made and left alone afterwards.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub once: bool,
}

/// A second table that some records of an entity have a row in: a doctor beside the profile. That row has the id of the
/// record's own row.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Part {
    /// The entity.
    pub of: String,
    /// The legacy roles whose profiles have one.
    pub roles: Vec<String>,
    /// Whether everybody has one as well whom a patient or a membership names.
    pub named: bool,
    /// Its columns by the target's name.
    pub columns: BTreeMap<String, Fill>,
}

impl Fill {
    /// What it says, for people.
    fn told(&self) -> String {
        match self {
            Fill::Flag(flag) => flag.to_string(),
            Fill::Number(number) => number.to_string(),
            Fill::Text(text) => format!("\"{text}\""),
            Fill::Made(made) => {
                let value = made.value.as_deref().map(|value| format!("\"{value}\""));
                let json = || format!("JSON of {}", made.json.keys().cloned().collect::<Vec<_>>().join(", "));
                let map = if made.map.is_empty() { "" } else { " by a map" };
                let otherwise =
                    made.otherwise.as_ref().map(|word| format!(", otherwise \"{word}\"")).unwrap_or_default();
                format!("{}{map}{otherwise}", value.unwrap_or_else(json))
            }
        }
    }
}

impl Mapping {
    /// The entities as they are sent, in load order: without what the target has no place for, and with what is made for it.
    pub fn entities(&self) -> Result<Vec<&'static Entity>, Unknown> {
        mapped::entities(self)
    }

    /// The column by which an entity's records are added to the rows of another, where they are: the one that always refers to
    /// it. The table's name, where there is no such column.
    pub fn onto(&self, entity: &Entity) -> Option<Result<&'static Column, &str>> {
        let Some(Table::Onto { onto }) = self.tables.get(entity.target_table) else { return None };
        let leads_there = |column: &&Column| {
            !column.nullable && column.references.is_some_and(|other| other.target_table == onto)
        };
        Some(entity.columns.iter().find(leads_there).ok_or(onto.as_str()))
    }

    /// Whether a column of ours is left out.
    pub fn leaves_out(&self, table: &str, column: &str) -> bool {
        self.columns.get(table).and_then(|columns| columns.get(column)) == Some(&Place::Is(false))
    }

    /// What stands in a column that is filled, in the configuration's words.
    pub fn told(&self, table: &str, theirs: &str) -> String {
        let of_part = self.parts.get(table).and_then(|part| part.columns.get(theirs));
        match self.fill.get(table).and_then(|fills| fills.get(theirs)).or(of_part) {
            Some(fill) => fill.told(),
            None => "the id of the record that it is added to".to_owned(),
        }
    }

    /// Whether it says nothing but names.
    pub fn is_names_only(&self) -> bool {
        self.fill.is_empty()
            && self.parts.is_empty()
            && self.tables.values().all(|table| matches!(table, Table::Named(_)))
            && self.columns.values().flat_map(BTreeMap::values).all(|place| matches!(place, Place::Named(_)))
    }

    /// What is called otherwise than the entity has it, or is not there: the target's name of a table of ours.
    pub fn table<'a>(&'a self, ours: &'a str) -> &'a str {
        match self.tables.get(ours) {
            Some(Table::Named(name)) => name,
            Some(Table::Onto { onto }) => self.table(onto),
            Some(Table::Is(_)) | None => ours,
        }
    }
}

/// Whether values of an entity's column reach a target that has the entities as `sent`: in a column of its own, or within one
/// that is made of it.
pub fn is_sent(sent: &[&'static Entity], entity: &Entity, column: &str) -> bool {
    let is_made_of = |other: &Entity| {
        let alias = match (
            other.name == entity.name || other.mapped.and_then(|mapped| mapped.part_of) == Some(entity.name),
            entity.name,
        ) {
            (true, _) => "y",
            (false, "patients") => "p",
            (false, _) => "f",
        };
        let name = format!("{alias}.{}", quoted(column));
        other.columns.iter().filter_map(|column| column.made).any(|made| made.contains(&name))
    };
    let own = sent.iter().find(|other| other.name == entity.name);
    let is_there =
        |own: &&&'static Entity| own.mapped.is_none_or(|mapped| !mapped.left_out.contains(&column));
    own.as_ref().is_some_and(is_there) || sent.iter().any(|other| is_made_of(other))
}

/// The name by which statements know a column of the target that is filled: its own, unless one of ours has that.
pub fn filled_name(table: &str, theirs: &str) -> String {
    let mut of_table = ALL.iter().filter(|entity| entity.target_table == table);
    if of_table.any(|entity| entity.column(theirs).is_some()) {
        format!("{OWN}{theirs}")
    } else {
        theirs.to_owned()
    }
}

/// Before the name of a column of the target that is not ours although it has its name.
pub const OWN: &str = "the table's own ";
