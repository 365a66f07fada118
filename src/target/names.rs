//! The names that tables and columns have in the target, where the configuration says that they are others. Everything
//! here speaks of a table or column by its name in [`crate::entity`]; a session on a target with other names gets
//! temporary views with our columns, through which PostgreSQL reads and writes as if the names were the same. A view has a
//! name that no application gives (`views`): the session's triggers would take one named `profiles` for a table of theirs.
//! What asks the catalog has to translate, and what names a table by its bare name is qualified ([`qualified`]).

use std::collections::BTreeMap;

use super::mentions::Mentions;
use super::{failed, quoted};
use crate::config;
use crate::connect::Session;
use crate::entity::catalog::Catalog;
use crate::entity::mapping::{Mapping, OWN, Place, filled_name};
use crate::entity::{self, Column, Entity};
use crate::error::Result;

/// A check's statement with every table as `named` says: what follows `from` or `join` and is the name of one of `tables`.
pub(super) fn qualified(sql: &str, tables: &[&str], named: impl Fn(&str) -> String) -> String {
    let mut written = String::with_capacity(sql.len() + 256);
    let mut is_next = false;
    for piece in sql.split_inclusive(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_') {
        let word = piece.trim_end_matches(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
        if is_next && tables.contains(&word) {
            written += &named(word);
            written += &piece[word.len()..];
        } else {
            written += piece;
        }
        // spaces and ends of lines between the two words come as pieces of their own
        is_next = matches!(word, "from" | "join") || is_next && piece.trim().is_empty();
    }
    written
}

/// What is called how, and what is there.
#[derive(Debug, Clone)]
pub(super) struct Names {
    mapping: Mapping,
    /// Every entity as it is sent there, in load order.
    entities: Vec<&'static Entity>,
    /// The columns that are filled, by our name of the table: the target's name, and the one in statements.
    filled: BTreeMap<&'static str, Vec<(String, String)>>,
}

impl Names {
    pub(super) fn new(config: &config::Target) -> Self {
        let (mapping, entities) = (config.mapping(), config.entities());
        let mut filled: BTreeMap<&'static str, Vec<(String, String)>> = BTreeMap::new();
        for entity in &entities {
            let table = entity.target_table;
            let fills = mapping.fill.get(table).into_iter().flat_map(BTreeMap::keys);
            let named = fills.map(|theirs| (theirs.clone(), filled_name(table, theirs))).collect();
            filled.insert(table, named);
        }
        Self { mapping, entities, filled }
    }

    /// Whether every name is the same, and nothing else is said.
    pub(super) fn is_plain(&self) -> bool {
        let columns = self.mapping.columns.values().flatten();
        self.mapping.is_names_only()
            && self.mapping.tables.keys().all(|ours| self.table(ours) == ours)
            && columns.into_iter().all(|(ours, theirs)| *theirs == Place::Named(ours.clone()))
    }

    /// The entities as they are sent, in load order.
    pub(super) fn entities(&self) -> &[&'static Entity] {
        &self.entities
    }

    /// The tables that are written, each once, in load order.
    pub(super) fn our_tables(&self) -> Vec<&'static str> {
        let mut tables = Vec::new();
        for entity in &self.entities {
            if !tables.contains(&entity.target_table) {
                tables.push(entity.target_table);
            }
        }
        tables
    }

    /// A table's name in the target.
    pub(super) fn table<'a>(&'a self, table: &'a str) -> &'a str {
        self.mapping.table(table)
    }

    /// A column's name in the target.
    pub(super) fn column<'a>(&'a self, table: &str, column: &'a str) -> &'a str {
        let own = column.strip_prefix(OWN);
        let mapped = self.mapping.columns.get(table).and_then(|columns| columns.get(column));
        let named = mapped.and_then(|place| match place {
            Place::Named(name) => Some(name.as_str()),
            Place::Is(_) => None,
        });
        own.or(named).unwrap_or(column)
    }

    /// Every table's name in the target, each once.
    pub(super) fn tables(&self) -> Vec<&str> {
        let mut tables = Vec::new();
        for table in self.our_tables() {
            let theirs = self.table(table);
            if !tables.contains(&theirs) {
                tables.push(theirs);
            }
        }
        tables
    }

    /// Our name of a table of the target: the first, where rows of several entities are in it.
    pub(super) fn our_table(&self, theirs: &str) -> String {
        let ours = self.our_tables().into_iter().find(|table| self.table(table) == theirs);
        ours.unwrap_or(theirs).to_owned()
    }

    /// Our name of a column of the target.
    pub(super) fn our_column(&self, table: &str, theirs: &str) -> String {
        let columns = self.mapping.columns.get(table);
        let is_it = |place: &Place| matches!(place, Place::Named(name) if name == theirs);
        let mapped = columns.and_then(|columns| columns.iter().find(|(_, place)| is_it(place)));
        if let Some((ours, _)) = mapped {
            return ours.clone();
        }
        let filled = self.filled.get(table).and_then(|filled| filled.iter().find(|(name, _)| name == theirs));
        match filled {
            Some((_, name)) => name.clone(),
            None if columns.is_some_and(|columns| columns.contains_key(theirs)) => format!("{OWN}{theirs}"),
            None => theirs.to_owned(),
        }
    }

    /// The columns of ours that a table of the target has no place for.
    pub(super) fn left_out(&self, table: &str) -> Vec<&'static Column> {
        let of_table = entity::ALL.iter().filter(|entity| entity.target_table == table);
        let columns = of_table.flat_map(|entity| entity.columns);
        columns.filter(|column| self.mapping.leaves_out(table, column.name)).collect()
    }

    /// Where each column comes from, by the target's names; nothing where every column is ours. `catalog` is by our names.
    pub(super) fn sources(&self, catalog: &Catalog) -> Vec<(String, String)> {
        let mut sources = Vec::new();
        if self.is_plain() {
            return sources;
        }
        for table in self.our_tables() {
            let of_table = || self.entities.iter().filter(|entity| entity.target_table == table);
            let theirs = self.table(table);
            for known in catalog.columns.iter().filter(|column| column.table == table) {
                let place = format!("{theirs}.{}", self.column(table, &known.name));
                let sent = of_table().find_map(|entity| Some((entity, entity.column(&known.name)?)));
                let is_onto = of_table().any(|entity| entity.is_onto());
                let source = match sent {
                    Some((entity, column)) if column.made.is_none() => {
                        format!("{}.{}", entity.name, column.name)
                    }
                    Some((_, column)) => self.mapping.told(table, self.column(table, column.name)),
                    // told with the table's own entity
                    None if is_onto => continue,
                    None if known.is_generated => "computed by the database".to_owned(),
                    None => "its own default".to_owned(),
                };
                sources.push((place, source));
            }
            let left_out: Vec<&str> = self.left_out(table).iter().map(|column| column.name).collect();
            if !left_out.is_empty() {
                sources.push((
                    "nowhere".to_owned(),
                    format!("{table}.{}: they stay in the file", left_out.join(", ")),
                ));
            }
        }
        sources
    }

    /// The first column or table of ours that a check's statement asks for and the target has no place for.
    pub(super) fn lacks(&self, sql: &str) -> Option<String> {
        let mentions = Mentions::of(sql);
        let written = self.our_tables();
        let mut of_ours = entity::target_tables().into_iter().filter(|table| mentions.table(table));
        of_ours.find_map(|table| {
            if !written.contains(&table) {
                return entity::ALL
                    .iter()
                    .any(|entity| entity.target_table == table && !entity.is_optional())
                    .then(|| table.to_owned());
            }
            let left_out = self.left_out(table).into_iter().filter(|column| column.name != "legacy_id");
            let column = left_out.into_iter().find(|column| mentions.column(table, column.name))?;
            Some(format!("{table}.{}", column.name))
        })
    }

    /// The catalog by our names. A table that has rows of several entities is there under each of their names.
    pub(super) fn translate(&self, catalog: Catalog) -> Catalog {
        if self.is_plain() {
            return catalog;
        }
        let mut translated = Catalog { enums: catalog.enums, ..Catalog::default() };
        for ours in self.our_tables() {
            let theirs = self.table(ours);
            let columns = catalog.columns.iter().filter(|column| column.table == theirs).cloned();
            translated.columns.extend(columns.map(|mut column| {
                ours.clone_into(&mut column.table);
                column.name = self.our_column(ours, &column.name);
                column
            }));
            let keys = catalog.keys.iter().filter(|key| key.table == theirs).cloned();
            translated.keys.extend(keys.map(|mut key| {
                ours.clone_into(&mut key.table);
                for column in &mut key.columns {
                    *column = self.our_column(ours, column);
                }
                if let Some((schema, theirs)) =
                    key.references.as_deref().and_then(|name| name.split_once('.'))
                {
                    let parent = self.our_table(theirs);
                    for column in &mut key.references_columns {
                        *column = self.our_column(&parent, column);
                    }
                    key.references = Some(format!("{schema}.{parent}"));
                }
                key
            }));
            let tables = catalog.tables.iter().filter(|table| table.table == theirs).cloned();
            translated.tables.extend(tables.map(|mut table| {
                ours.clone_into(&mut table.table);
                table
            }));
            if let Some(other) = catalog.others.get(theirs) {
                translated.others.insert(ours.to_owned(), other.clone());
            }
            let triggers = catalog.triggers.iter().filter(|trigger| trigger.table == theirs).cloned();
            translated.triggers.extend(triggers.map(|mut trigger| {
                ours.clone_into(&mut trigger.table);
                trigger
            }));
        }
        translated
    }

    /// The statement of a check that asks the catalog, by the target's names.
    pub(super) fn in_catalog(&self, sql: &str) -> String {
        let tables: Vec<String> = self.tables().into_iter().map(super::quoted_text).collect();
        sql.replace(":tables", &tables.join(", "))
    }

    /// The name of a table, or of a column with its table, in the target.
    pub(super) fn of(&self, table: &str, column: Option<&str>) -> String {
        match column {
            Some(column) => self.place(table, column),
            None => self.table(table).to_owned(),
        }
    }

    /// Says a sentence about `table.column` by the target's names.
    pub(super) fn place(&self, table: &str, column: &str) -> String {
        format!("{}.{}", self.table(table), self.column(table, column))
    }

    /// The tables that there are, by our names: a required one is taken to be there.
    pub(super) fn present(&self, client: &mut Session, schema: &str) -> Result<Vec<&'static str>> {
        let mut present = Vec::new();
        for table in self.our_tables() {
            let entities: Vec<_> =
                self.entities.iter().filter(|entity| entity.target_table == table).collect();
            let is_there = !entities.iter().all(|entity| entity.is_optional())
                || {
                    let real = format!("{}.{}", quoted(schema), quoted(self.table(table)));
                    // a table that says no legacy id where an optional entity's would is the application's
                    let has_key = entities.iter().any(|entity| entity.has_key_column());
                    let key = has_key.then(|| self.column(table, "legacy_id"));
                    let sql = "select case when $2::text is null then to_regclass($1) is not null else exists ( \
                               select 1 from pg_attribute a where a.attrelid = to_regclass($1) and a.attname = $2 \
                               and not a.attisdropped) end";
                    let asked = client.query_one(sql, &[&real, &key]);
                    asked.map_err(|cause| failed("looking for the tables", &cause))?.get(0)
                };
            if is_there {
                present.push(table);
            }
        }
        Ok(present)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::mapping::Table;

    fn names() -> Names {
        let columns = BTreeMap::from([("first_name".to_owned(), Place::Named("given_name".to_owned()))]);
        Names::new(&config::Target {
            tables: BTreeMap::from([("profiles".to_owned(), Table::Named("people".to_owned()))]),
            columns: BTreeMap::from([("profiles".to_owned(), columns)]),
            ..config::Target::default()
        })
    }

    #[test]
    fn names_go_both_ways_and_a_name_that_is_taken_is_told_apart() {
        let names = names();
        assert_eq!(names.table("profiles"), "people");
        assert_eq!(names.our_table("people"), "profiles");
        assert_eq!(names.our_table("patients"), "patients");
        for (ours, theirs) in [
            ("first_name", "given_name"),
            ("last_name", "last_name"),
            ("the table's own first_name", "first_name"),
        ] {
            assert_eq!(names.column("profiles", ours), theirs);
            assert_eq!(names.our_column("profiles", theirs), ours);
        }
        assert!(!names.is_plain() && Names::new(&config::Target::default()).is_plain());
    }

    #[test]
    fn every_table_of_a_check_is_named_with_its_schema() {
        let sql = "select 'profiles', count(*) as profiles from profiles t\n  left join\n  practices using (id)\n\
                   where t.a is distinct from t.b and x in (select 1 from patients)";
        assert_eq!(
            qualified(sql, &entity::target_tables(), |table| format!("\"s\".\"{table}\"")),
            "select 'profiles', count(*) as profiles from \"s\".\"profiles\" t\n  left join\n  \"s\".\"practices\" using (id)\n\
             where t.a is distinct from t.b and x in (select 1 from \"s\".\"patients\")"
        );
    }

    #[test]
    fn no_check_leaves_a_table_to_the_session_s_path() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("sql/verify");
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let sql = qualified(&std::fs::read_to_string(&path).unwrap(), &entity::target_tables(), |_| {
                "'qualified'".to_owned()
            });
            let code: Vec<&str> = sql.lines().filter(|line| !line.trim_start().starts_with("--")).collect();
            // every second piece is a text in quotes
            for outside in code.join("\n").split('\'').step_by(2) {
                let bare = outside
                    .split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
                    .find(|word| entity::target_tables().contains(word));
                assert_eq!(bare, None, "{}: {outside}", path.display());
            }
        }
    }

    #[test]
    fn every_check_that_asks_the_catalog_is_asked_by_the_target_s_names() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("sql/verify");
        for entry in std::fs::read_dir(folder).unwrap() {
            let sql = std::fs::read_to_string(entry.unwrap().path()).unwrap();
            if sql.contains("pg_class") {
                let asked = names().in_catalog(&sql);
                assert!(asked.contains("'people'") && !asked.contains("'profiles'"), "{sql}");
            }
        }
    }
}
