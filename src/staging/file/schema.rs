//! Whether a file's schema is the one that this program makes. A file comes from anywhere, and its schema is program text: a
//! view that never ends, a trigger, a column that is computed. So it is read as rows, without any of it being asked, and what is
//! not ours is refused to every statement.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;
use rusqlite::config::DbConfig;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};

use crate::error::{Error, Result};
use crate::record::quoted;
use crate::staging::file::open::{Staging, empty_schema};

/// One row of SQLite's list of what there is.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Object {
    kind: String,
    name: String,
    table: String,
    page: Option<i64>,
    sql: Option<String>,
}

/// What is not as this program makes it.
#[derive(Debug, Clone, Default)]
pub(in crate::staging) struct Strange {
    /// One line each.
    pub found: Vec<String>,
    /// Tables and views of which nothing is asked.
    pub names: BTreeSet<String>,
    /// Whether a statement of ours would run what somebody else wrote.
    pub is_harmful: bool,
}

impl Strange {
    fn add(&mut self, object: &Object, how: &str, is_harmful: bool) {
        self.found.push(format!("{} {}{how}", object.kind, object.name));
        self.is_harmful |= is_harmful;
        if matches!(object.kind.as_str(), "table" | "view") {
            self.names.insert(object.name.clone());
        }
    }
}

/// Compares what a file has with what this program makes.
pub(in crate::staging) fn strange(connection: &Connection) -> Result<Strange> {
    let expected = objects(&empty_schema()?)?;
    let found = objects(connection)?;
    let of_name: BTreeMap<&str, &Object> =
        expected.iter().map(|object| (object.name.as_str(), object)).collect();
    let mut strange = Strange::default();
    let mut names = BTreeSet::new();
    let mut pages = BTreeSet::new();
    for object in &found {
        let is_stored = matches!(object.kind.as_str(), "table" | "index");
        let has_own_page = match object.page {
            Some(page) if page > 0 => is_stored && pages.insert(page),
            _ => !is_stored,
        };
        if !names.insert(object.name.to_lowercase()) {
            strange.add(object, " is there twice", true);
            continue;
        }
        match of_name.get(object.name.as_str()) {
            Some(ours) if is_same(ours, object) => {
                if !has_own_page {
                    strange.add(object, " has no pages of its own", true);
                }
            }
            ours => match raw_columns(connection, object)? {
                Some(columns) if is_stored && has_own_page && is_raw(object, &columns) => {}
                Some(columns) => {
                    let is_harmful =
                        !has_own_page || untyped(object) != untyped(&raw(&object.name, &columns));
                    strange.add(object, "", is_harmful);
                }
                None => strange.add(object, "", ours.is_some() || object.kind == "trigger"),
            },
        }
    }
    // a transform that was stopped has left its indexes for the next one to make
    for object in expected.iter().filter(|object| object.kind != "index") {
        if !found.iter().any(|there| there.name == object.name) {
            strange.found.push(format!("{} {} is missing", object.kind, object.name));
            // without one of ours nothing of anybody's runs
            strange.is_harmful |= object.kind != "trigger";
        }
    }
    Ok(strange)
}

fn is_same(ours: &Object, there: &Object) -> bool {
    (&ours.kind, &ours.table, &ours.sql) == (&there.kind, &there.table, &there.sql)
}

/// Whether a table is exactly a raw table with these columns, or one of places.
fn is_raw(object: &Object, columns: &[String]) -> bool {
    object.table == object.name
        && object.sql.is_some()
        && [raw(&object.name, columns), raw_places(&object.name)].iter().any(|ours| ours.sql == object.sql)
}

/// The columns of what is called like a raw table; what is no plain table has none that could be asked.
fn raw_columns(connection: &Connection, object: &Object) -> Result<Option<Vec<String>>> {
    let is_called_so = object.name.starts_with("legacy_") || object.name.starts_with("places_");
    let is_plain = object.page.is_some_and(|page| page > 0)
        && object.sql.as_deref().is_some_and(|sql| sql.starts_with("CREATE TABLE "));
    if object.kind != "table" || !is_called_so || !is_plain || object.name == "legacy_unreadable" {
        return Ok(None);
    }
    let mut statement = connection.prepare("select name from pragma_table_xinfo(?) order by cid")?;
    let columns =
        statement.query_map([&object.name], |row| row.get(0))?.collect::<Result<_, rusqlite::Error>>()?;
    Ok(Some(columns))
}

fn raw(name: &str, columns: &[String]) -> Object {
    let declared: String =
        columns.iter().skip(1).map(|column| format!(", {} text", quoted(column))).collect();
    table(name, &declared)
}

fn raw_places(name: &str) -> Object {
    table(name, ", line integer, byte integer")
}

fn table(name: &str, declared: &str) -> Object {
    Object {
        kind: "table".to_owned(),
        name: name.to_owned(),
        table: name.to_owned(),
        page: None,
        sql: Some(format!("CREATE TABLE {} (legacy_id integer primary key{declared})", quoted(name))),
    }
}

/// The statement without its types: what is left of a raw table's runs nothing, whatever the types are.
fn untyped(object: &Object) -> Option<String> {
    object.sql.as_ref().map(|sql| sql.replace(" text", ""))
}

fn objects(connection: &Connection) -> Result<Vec<Object>> {
    let mut statement =
        connection.prepare("select type, name, tbl_name, rootpage, sql from sqlite_schema order by 1, 2")?;
    let found = statement
        .query_map([], |row| {
            Ok(Object {
                kind: row.get(0)?,
                name: row.get(1)?,
                table: row.get(2)?,
                page: row.get(3)?,
                sql: row.get(4)?,
            })
        })?
        .collect::<Result<_, rusqlite::Error>>()?;
    Ok(found)
}

/// Has SQLite trust nothing that a file's schema says.
pub(in crate::staging) fn distrust(connection: &Connection) -> Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    Ok(())
}

/// Refuses a file in which a statement of ours would run what somebody else wrote.
pub(in crate::staging) fn refuse_strange(connection: &Connection, path: &std::path::Path) -> Result<()> {
    // a debug build can be told to run whatever a test has put into a file
    if cfg!(debug_assertions) && std::env::var_os("DRYDOCK_TRUST_SCHEMA").is_some() {
        return Ok(());
    }
    let strange = strange(connection)?;
    match strange.found.first() {
        Some(first) if strange.is_harmful => Err(Error::staging(format!(
            "{} has tables, views or triggers that are not as this program makes them: {first}",
            path.display()
        ))
        .hint("`drydock audit check` lists them; go on with a copy from before, or extract again into a new file")),
        _ => Ok(()),
    }
}

impl Staging {
    /// Refuses every statement that would ask what is not ours; where anything is, no view is asked either.
    pub(in crate::staging) fn guard(&mut self) -> Result<()> {
        let strange = strange(&self.connection)?;
        if !strange.found.is_empty() {
            let names = strange.names.clone();
            self.connection.authorizer(Some(move |context: AuthContext<'_>| {
                let is_strange = match context.action {
                    AuthAction::Read { table_name, .. } => names.contains(table_name),
                    _ => false,
                };
                if is_strange || context.accessor.is_some() {
                    return Authorization::Deny;
                }
                Authorization::Allow
            }))?;
        }
        self.strange = strange;
        Ok(())
    }

    /// Tables, views, triggers and indexes that are not as this program makes them, and tables of rows that no source handed
    /// over.
    pub fn schema_findings(&self) -> Result<Vec<String>> {
        let mut found = self.strange.found.clone();
        if !self.strange.names.contains("legacy_tables") {
            let mut statement = self.connection.prepare("select table_name from legacy_tables")?;
            let known: BTreeSet<String> =
                statement.query_map([], |row| row.get(0))?.collect::<Result<_, rusqlite::Error>>()?;
            for table in self.tables()?.into_keys() {
                let named = table.strip_prefix("legacy_").or_else(|| table.strip_prefix("places_"));
                let is_unknown = named.is_some_and(|named| !known.contains(named))
                    && !["legacy_tables", "legacy_unreadable"].contains(&table.as_str());
                if is_unknown && self.has_rows(&table)? {
                    found.push(format!("table {table} has rows, and the snapshot has no such table"));
                }
            }
        }
        Ok(found)
    }

    /// Whether everything is as this program makes it, so that it can be asked.
    pub fn is_as_made(&self) -> bool {
        self.strange.found.is_empty()
    }

    fn has_rows(&self, table: &str) -> Result<bool> {
        let sql = format!("select exists (select 1 from {})", quoted(table));
        Ok(self.connection.query_row(&sql, [], |row| row.get(0))?)
    }
}
