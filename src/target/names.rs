//! The names that tables and columns have in the target, where the configuration says that they are others. Everything
//! here speaks of a table or column by its name in [`crate::entity`]; a session on a target with other names gets
//! temporary views with our columns, through which PostgreSQL reads and writes as if the names were the same. A view has a
//! name that no application gives ([`view`]): the session's triggers would take one named `profiles` for a table of theirs.
//! What asks the catalog has to translate, and what names a table by its bare name is qualified ([`qualified`]).

use std::collections::BTreeMap;

use super::{failed, quoted};
use crate::config;
use crate::connect::Session;
use crate::entity;
use crate::entity::catalog::Catalog;
use crate::error::Result;

/// Before the name of a column that is not the mapped one although it has its name.
const OWN: &str = "the table's own ";

/// The view that gives a table and its columns our names, quoted.
pub(super) fn view(table: &str) -> String {
    format!("pg_temp.{}", quoted(&format!("drydock_target_{table}")))
}

/// A check's statement with every table as `named` says: what follows `from` or `join` and is the name of one of ours.
pub(super) fn qualified(sql: &str, named: impl Fn(&str) -> String) -> String {
    let tables = entity::target_tables();
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

/// What is called how.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Names {
    tables: BTreeMap<String, String>,
    columns: BTreeMap<String, BTreeMap<String, String>>,
}

impl Names {
    pub(super) fn new(config: &config::Target) -> Self {
        Self { tables: config.tables.clone(), columns: config.columns.clone() }
    }

    /// Whether every name is the same.
    pub(super) fn is_plain(&self) -> bool {
        self.tables.iter().all(|(ours, theirs)| ours == theirs)
            && self.columns.values().flatten().all(|(ours, theirs)| ours == theirs)
    }

    /// A table's name in the target.
    pub(super) fn table<'a>(&'a self, table: &'a str) -> &'a str {
        self.tables.get(table).map_or(table, String::as_str)
    }

    /// A column's name in the target.
    pub(super) fn column<'a>(&'a self, table: &str, column: &'a str) -> &'a str {
        let own = column.strip_prefix(OWN);
        let mapped = self.columns.get(table).and_then(|columns| columns.get(column));
        own.or(mapped.map(String::as_str)).unwrap_or(column)
    }

    /// Every table's name in the target.
    pub(super) fn tables(&self) -> Vec<&str> {
        entity::target_tables().into_iter().map(|table| self.table(table)).collect()
    }

    /// Our name of a table of the target.
    pub(super) fn our_table(&self, theirs: &str) -> String {
        let ours = entity::target_tables().into_iter().find(|table| self.table(table) == theirs);
        ours.unwrap_or(theirs).to_owned()
    }

    /// Our name of a column of the target.
    pub(super) fn our_column(&self, table: &str, theirs: &str) -> String {
        let columns = self.columns.get(table);
        let mapped = columns.and_then(|columns| columns.iter().find(|(_, name)| *name == theirs));
        match mapped {
            Some((ours, _)) => ours.clone(),
            None if columns.is_some_and(|columns| columns.contains_key(theirs)) => format!("{OWN}{theirs}"),
            None => theirs.to_owned(),
        }
    }

    /// The catalog by our names.
    pub(super) fn translate(&self, mut catalog: Catalog) -> Catalog {
        if self.is_plain() {
            return catalog;
        }
        for column in &mut catalog.columns {
            column.table = self.our_table(&column.table);
            column.name = self.our_column(&column.table, &column.name);
        }
        for key in &mut catalog.keys {
            key.table = self.our_table(&key.table);
            for column in &mut key.columns {
                *column = self.our_column(&key.table, column);
            }
            let Some(references) = &mut key.references else { continue };
            let Some((schema, theirs)) = references.split_once('.') else { continue };
            let ours = self.our_table(theirs);
            for column in &mut key.references_columns {
                *column = self.our_column(&ours, column);
            }
            *references = format!("{schema}.{ours}");
        }
        for table in &mut catalog.tables {
            table.table = self.our_table(&table.table);
        }
        for trigger in &mut catalog.triggers {
            trigger.table = self.our_table(&trigger.table);
        }
        catalog
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
        for table in entity::target_tables() {
            let mut entities = entity::ALL.iter().filter(|entity| entity.target_table == table);
            let is_there = !entities.all(|entity| entity.is_optional()) || {
                let real = format!("{}.{}", quoted(schema), quoted(self.table(table)));
                let asked = client.query_one("select to_regclass($1) is not null", &[&real]);
                asked.map_err(|cause| failed("looking for the tables", &cause))?.get(0)
            };
            if is_there {
                present.push(table);
            }
        }
        Ok(present)
    }

    /// Makes the views with our columns.
    pub(super) fn make_views(&self, client: &mut Session, schema: &str) -> Result<()> {
        for table in entity::target_tables() {
            let real = format!("{}.{}", quoted(schema), quoted(self.table(table)));
            let rows = client
                .query(
                    "select a.attname::text, pg_get_expr(d.adbin, d.adrelid) \
                     from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum \
                          and a.attgenerated = '' \
                     where a.attrelid = to_regclass($1) and a.attnum > 0 and not a.attisdropped order by a.attnum",
                    &[&real],
                )
                .map_err(|cause| failed("looking at the columns", &cause))?;
            if rows.is_empty() {
                continue;
            }
            let (mut listed, mut defaults) = (String::new(), String::new());
            let view = view(table);
            for row in &rows {
                let theirs: String = row.get(0);
                let ours = quoted(&self.our_column(table, &theirs));
                listed += &format!(", {} as {ours}", quoted(&theirs));
                // rows get the table's own defaults; what is set back to its default asks the view
                if let Some(default) = row.get::<_, Option<String>>(1) {
                    defaults += &format!("alter view {view} alter column {ours} set default {default}; ");
                }
            }
            client
                .batch_execute(&format!(
                    "create temporary view {view} as select xmin, xmax{listed} from {real}; {defaults}"
                ))
                .map_err(|cause| failed("giving the tables our names", &cause))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        let columns = BTreeMap::from([("first_name".to_owned(), "given_name".to_owned())]);
        Names {
            tables: BTreeMap::from([("profiles".to_owned(), "people".to_owned())]),
            columns: BTreeMap::from([("profiles".to_owned(), columns)]),
        }
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
        assert!(!names.is_plain() && Names::default().is_plain());
    }

    #[test]
    fn every_table_of_a_check_is_named_with_its_schema() {
        let sql = "select 'profiles', count(*) as profiles from profiles t\n  left join\n  practices using (id)\n\
                   where t.a is distinct from t.b and x in (select 1 from patients)";
        assert_eq!(
            qualified(sql, |table| format!("\"s\".\"{table}\"")),
            "select 'profiles', count(*) as profiles from \"s\".\"profiles\" t\n  left join\n  \"s\".\"practices\" using (id)\n\
             where t.a is distinct from t.b and x in (select 1 from \"s\".\"patients\")"
        );
        assert_eq!(view("profiles"), "pg_temp.\"drydock_target_profiles\"");
    }

    #[test]
    fn no_check_leaves_a_table_to_the_session_s_path() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("sql/verify");
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let sql = qualified(&std::fs::read_to_string(&path).unwrap(), |_| "'qualified'".to_owned());
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
