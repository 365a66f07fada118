//! The configuration, `drydock.toml`: every key has a default, an unknown key is an error, and the effective whole is
//! kept in the staging file, so that a later step on another machine works by the same rules. It holds no secret:
//! connections come from the environment or a file.

mod gone;
mod maps;
mod policy;
mod target;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::columns::DeclaredColumns;
use crate::entity::{self, mapping};
use crate::error::{Error, Result};
use crate::record::{LegacyId, hex};

pub use gone::Gone;
pub use maps::Maps;
pub use policy::{DefaultPractice, DuplicatePolicy, EmailPolicy, Policy};
pub use target::{LegacyIdIn, MappingTable, Target, Triggers};

/// The whole configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// What is taken from the legacy database.
    pub source: Source,
    /// Where it goes.
    pub target: Target,
    /// What the rules may decide.
    pub policy: Policy,
    /// What codes of the legacy application stand for.
    pub maps: Maps,
    /// What holds a load up.
    pub gates: Gates,
}

/// `[source]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Source {
    /// Tables to take beside those that the entities need.
    pub tables: Vec<String>,
    /// Columns never to take, as `table.column`.
    pub exclude: Vec<String>,
    /// Required tables that may come without a row.
    pub allow_empty: Vec<String>,
    /// How CSV files are written.
    pub csv: Csv,
    /// How the values of columns are written, where they do not say it themselves.
    pub columns: DeclaredColumns,
}

impl Default for Source {
    fn default() -> Self {
        Self {
            tables: Vec::new(),
            exclude: vec!["auth_user.password".to_owned()],
            allow_empty: Vec::new(),
            csv: Csv::default(),
            columns: DeclaredColumns::new(),
        }
    }
}

/// `[source.csv]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Csv {
    /// The unquoted text that means null; '' is PostgreSQL's own convention.
    pub null: String,
    /// The delimiter; '' is detected from the header line.
    pub delimiter: String,
    /// The quote around fields; '' is the double quote.
    pub quote: String,
    /// The encoding; '' is UTF-8, or what a byte order mark says.
    pub encoding: String,
}

/// `[gates]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Gates {
    /// Whether a load refuses a phase whose gates are not passed; without it gates are shown and hold nothing up.
    pub enforce: bool,
}

impl Config {
    /// Reads a configuration file.
    pub fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).map_err(|cause| {
            Error::precondition(format!("the configuration {} cannot be read", path.display()))
                .cause(cause)
                .hint("give a file with --config that you may read; a file that has a configuration keeps it without the flag")
        })?;
        Self::parse(&text).map_err(|error| match error {
            Invalid::Syntax(cause) => {
                let place = place_of(&cause, &text);
                Error::precondition(format!("the configuration {} is not valid: {place}", path.display()))
                    .hint("`drydock help configuration` has every key with its default")
            }
            Invalid::Word { key, word, known } => Error::precondition(format!(
                "the configuration {} names {key}.{word}, which does not exist",
                path.display()
            ))
            .hint(match nearest(&word, known.split(", ")) {
                Some(near) => format!("did you mean {near}? the known ones are {known}"),
                None => format!("the known ones are {known}"),
            }),
            Invalid::Gone { entity, line } => Error::precondition(format!(
                "the configuration {} deactivates {entity} in line {line}, and no column of {entity} says whether a row is in use",
                path.display()
            ))
            .hint("\"keep\" leaves such rows alone, and \"remove\" removes those that a load made"),
            Invalid::Field(mapping::Unknown { key, word, known }) => Error::precondition(format!(
                "the configuration {} names {word} in {key}, which does not exist",
                path.display()
            ))
            .hint(match nearest(&word, known.iter().map(String::as_str)) {
                Some(near) => format!("did you mean {near}? the known ones are {}", known.join(", ")),
                None => format!("the known ones are {}", known.join(", ")),
            }),
            Invalid::Key { key, suggestion } => Error::precondition(format!(
                "the configuration {} has the key {key}, which does not exist",
                path.display()
            ))
            .hint(match suggestion {
                Some(near) => format!("did you mean {near}?"),
                None => "`drydock help configuration` has every key with its default".to_owned(),
            }),
        })
    }

    /// Parses and checks a configuration.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        known_keys(text)?;
        let config: Self = toml::from_str(text).map_err(|cause| Invalid::Syntax(Box::new(cause)))?;
        let roles: Vec<&str> = entity::profiles::Role::ALL.iter().map(|role| role.as_str()).collect();
        let genders: Vec<&str> = crate::clean::Gender::ALL.iter().map(|gender| gender.as_str()).collect();
        let entities: Vec<&str> = entity::ALL.iter().map(|entity| entity.name).collect();
        target::check(&config.target)?;
        let required: Vec<&str> =
            entity::legacy_tables().iter().filter(|table| table.required).map(|table| table.name).collect();
        known_words("source.allow_empty", config.source.allow_empty.iter(), &required)?;
        known_words("source.columns", config.source.columns.keys(), &column_keys())?;
        if let Some((key, _)) = config.source.columns.iter().find(|(_, said)| said.contradicts_itself()) {
            let key = format!("source.columns.{key}, where one word says two things,");
            return Err(Invalid::Key { key, suggestion: None });
        }
        maps::check(&config.maps)?;
        known_words("policy.roles", config.policy.roles.keys(), &roles)?;
        known_words("policy.genders", config.policy.genders.keys(), &genders)?;
        known_words("policy.gone", config.policy.gone.keys(), &entities)?;
        known_words("policy.allowed_gone", config.policy.allowed_gone.keys(), &entities)?;
        gone::check(text)?;
        known_words("policy.allowed_rejects", config.policy.allowed_rejects.keys(), &entities)?;
        Ok(config)
    }

    /// The configuration as the staging file keeps it.
    pub fn to_text(&self) -> String {
        toml::to_string(self).unwrap_or_default()
    }

    /// SHA-256 of that text: the same rules have the same digest.
    pub fn digest(&self) -> String {
        hex(&Sha256::digest(self.to_text()))
    }

    /// The keys in which two configurations differ, each with both values: `policy.email: "fallback" / "null"`.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let (mine, theirs) = (flat(self), flat(other));
        mine.keys()
            .chain(theirs.keys().filter(|key| !mine.contains_key(*key)))
            .filter(|key| mine.get(*key) != theirs.get(*key))
            .map(|key| {
                let shown = |side: &BTreeMap<String, String>| {
                    side.get(key).map_or_else(|| "not set".to_owned(), Clone::clone)
                };
                format!("{key}: {} / {}", shown(&mine), shown(&theirs))
            })
            .collect()
    }
}

/// The keys under which something can be said of columns: a column that rules read, all of a table, or all.
fn column_keys() -> Vec<&'static str> {
    static KEYS: LazyLock<Vec<String>> = LazyLock::new(|| {
        let tables = entity::legacy_tables();
        let of_table = |table: &&'static entity::LegacyTable| {
            let columns = table.columns().map(|(column, _)| column).chain(["*"]);
            columns.map(|column| format!("{}.{column}", table.name)).collect::<Vec<_>>()
        };
        tables.iter().flat_map(of_table).chain(["*".to_owned()]).collect()
    });
    KEYS.iter().map(String::as_str).collect()
}

/// Why a configuration cannot be used.
#[derive(Debug)]
pub enum Invalid {
    /// Not TOML, an unknown key, or a value of the wrong type.
    Syntax(Box<toml::de::Error>),
    /// A key that does not exist.
    Key {
        /// The key with its section.
        key: String,
        /// The one that was probably meant.
        suggestion: Option<String>,
    },
    /// A key of a table that names nothing.
    Word {
        /// The table.
        key: &'static str,
        /// The key in it.
        word: String,
        /// What could stand there.
        known: String,
    },
    /// An entity that is to be switched off and cannot be.
    Gone {
        /// The entity.
        entity: String,
        /// The line that says so.
        line: usize,
    },
    /// A field that no record has.
    Field(mapping::Unknown),
}

/// Where a text is no configuration and what would belong there. The text itself is not repeated: it may be any file, one
/// with a password or a record in it.
fn place_of(cause: &toml::de::Error, text: &str) -> String {
    let before = cause.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let key = text.lines().nth(line - 1).and_then(|line| known_key(line.split('=').next()?.trim()));
    let at = key.map_or_else(String::new, |key| format!(" ({key})"));
    match cause.message().rsplit_once("expected ") {
        Some((_, expected)) => format!("line {line}, column {column}{at}, expected {expected}"),
        None => format!("line {line}, column {column}{at}"),
    }
}

/// A word of the configuration's own; any other may be a secret.
fn known_key(word: &str) -> Option<&str> {
    let mut names = Vec::new();
    collect_names("", &every_key(), &mut names);
    names.iter().any(|name| name.rsplit('.').next() == Some(word)).then_some(word)
}

/// The configuration with every key that there is; those that may be left out are set.
fn every_key() -> Value {
    let mut known = Config::default();
    known.policy.default_practice = Some(DefaultPractice::Unassigned);
    known.policy.system_profile = Some(LegacyId(1));
    "mappings".clone_into(&mut known.target.mapping_table.table);
    serde_json::to_value(known).unwrap_or_default()
}

/// Refuses a key that does not exist, wherever it stands.
fn known_keys(text: &str) -> Result<(), Invalid> {
    let known = every_key();
    // what is no TOML is told by the parser
    let Ok(given) = toml::from_str::<Value>(text) else { return Ok(()) };
    let mut names = Vec::new();
    collect_names("", &known, &mut names);
    unknown_key("", &given, &known, &names)
}

fn unknown_key(section: &str, given: &Value, known: &Value, names: &[String]) -> Result<(), Invalid> {
    let (Some(given), Some(known)) = (given.as_object(), known.as_object()) else { return Ok(()) };
    for (name, inner) in given {
        let key = if section.is_empty() { name.clone() } else { format!("{section}.{name}") };
        match known.get(name) {
            // a table of words: they are checked by what they name
            Some(Value::Object(words)) if words.is_empty() => {}
            Some(known) => unknown_key(&key, inner, known, names)?,
            None => {
                // the key may be right and stand in the wrong section
                let elsewhere = names.iter().find(|known| known.rsplit('.').next() == Some(name.as_str()));
                let prefix = key.strip_suffix(name.as_str()).unwrap_or_default();
                let sibling = nearest(name, known.keys().map(String::as_str));
                let suggestion = elsewhere.cloned().or_else(|| Some(format!("{prefix}{}", sibling?)));
                return Err(Invalid::Key { key, suggestion });
            }
        }
    }
    Ok(())
}

fn collect_names(section: &str, known: &Value, names: &mut Vec<String>) {
    for (name, inner) in known.as_object().into_iter().flatten() {
        let key = if section.is_empty() { name.clone() } else { format!("{section}.{name}") };
        collect_names(&key, inner, names);
        names.push(key);
    }
}

/// The known word that a mistyped one was probably meant to be.
fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    known
        .map(|known| (strsim::jaro_winkler(word, known), known))
        .filter(|(likeness, _)| *likeness > 0.85)
        .max_by(|one, other| one.0.total_cmp(&other.0))
        .map(|(_, known)| known.to_owned())
}

fn known_words<'a>(
    key: &'static str,
    words: impl Iterator<Item = &'a String>,
    known: &[&str],
) -> Result<(), Invalid> {
    for word in words {
        if !known.contains(&word.as_str()) {
            return Err(Invalid::Word { key, word: word.clone(), known: known.join(", ") });
        }
    }
    Ok(())
}

/// Every leaf of the configuration by its dotted key.
fn flat(config: &Config) -> BTreeMap<String, String> {
    fn walk(prefix: &str, value: &Value, leaves: &mut BTreeMap<String, String>) {
        match value {
            Value::Object(object) => {
                for (key, inner) in object {
                    let key = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
                    walk(&key, inner, leaves);
                }
            }
            leaf => {
                leaves.insert(prefix.to_owned(), leaf.to_string());
            }
        }
    }
    let mut leaves = BTreeMap::new();
    walk("", &serde_json::to_value(config).unwrap_or_default(), &mut leaves);
    leaves
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_file_keeps_reads_back_the_same() {
        let config =
            Config::parse("[policy]\ndefault_practice = 12\nroles = { master = \"admin\" }").unwrap();
        assert_eq!(Config::parse(&config.to_text()).unwrap(), config);
        assert_eq!(Config::parse("").unwrap(), Config::default());
        let config = Config::parse("[policy]\ndefault_practice = \"Unassigned\"").unwrap();
        assert_eq!(config.policy.default_practice, Some(DefaultPractice::Unassigned));
        assert_eq!(Config::parse(&config.to_text()).unwrap(), config);
    }

    #[test]
    fn unknown_keys_and_words_are_errors() {
        for text in [
            "[policy]\ndefault_office = 1",
            "polcy = 1",
            "[policy.roles]\nking = \"admin\"",
            "[policy]\nmerge_threshold = 101",
        ] {
            assert!(Config::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_unknown_key_brings_the_one_that_was_meant() {
        for (text, key, meant) in [
            ("[policy]\ndefault_practise = 1", "policy.default_practise", Some("policy.default_practice")),
            ("polcy = 1", "polcy", Some("policy")),
            ("[gates]\nenforced = true", "gates.enforced", Some("gates.enforce")),
            ("[source.csv]\ndelimeter = ','", "source.csv.delimeter", Some("source.csv.delimiter")),
            ("default_practice = 1", "default_practice", Some("policy.default_practice")),
            ("[policy]\ncolour = 1", "policy.colour", None),
        ] {
            let Err(Invalid::Key { key: named, suggestion }) = Config::parse(text) else { panic!("{text}") };
            assert_eq!((named.as_str(), suggestion.as_deref()), (key, meant), "{text}");
        }
    }

    #[test]
    fn what_is_no_configuration_is_told_by_its_place() {
        for (text, expected) in [
            ("postgres://anna:Secr3t@db/pm\n", "line 1, column "),
            ("[gates]\nenforce = \"Secr3t\"\n", "line 2, column 11 (enforce), expected a boolean"),
            ("[policy]\nduplicates = \"Secr3t\"\n", "line 2, column 14 (duplicates), expected"),
            ("1001,Ann,Secr3t\n", "line 1, column "),
        ] {
            let Err(Invalid::Syntax(cause)) = Config::parse(text) else { panic!("{text}") };
            let told = place_of(&cause, text);
            assert!(told.starts_with(expected), "{told}");
            assert!(!told.contains("Secr3t") && !told.contains("Ann"), "{told}");
        }
    }

    #[test]
    fn differences_name_the_key_and_both_values() {
        let other = Config::parse("[policy]\ndefault_practice = 12").unwrap();
        assert_eq!(Config::default().differences(&other), ["policy.default_practice: not set / 12"]);
        assert!(other.differences(&other).is_empty());
    }
}
