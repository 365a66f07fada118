//! Two staging files side by side: which records' outcome differs, in which fields, and what else differs about them.
//! Field names and codes only; values stay in the files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rusqlite::Connection;

use crate::entity::{self, Entity};
use crate::error::{Error, Result};
use crate::staging::file::open::Reader;
use crate::staging::quoted;

/// How the outcome of one record differs between two files.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct RecordDifference {
    /// The entity.
    pub entity: &'static str,
    /// The record.
    pub legacy_id: i64,
    /// Its fate in the first file; none where the file does not have it.
    pub fate_before: Option<String>,
    /// Its fate in the second.
    pub fate_after: Option<String>,
    /// Fields of the resolved row that differ.
    pub fields: Vec<&'static str>,
    /// Fields of the raw row that differ: the source changed.
    pub raw_fields: Vec<String>,
    /// Issues that only the first file has, as `code (field)`.
    pub issues_gone: Vec<String>,
    /// Issues that only the second file has.
    pub issues_new: Vec<String>,
    /// How the practice was found in the first file, where that differs.
    pub association_before: Option<String>,
    /// How it was found in the second.
    pub association_after: Option<String>,
}

type Differences = BTreeMap<(usize, i64), RecordDifference>;

impl Reader {
    /// Every record whose outcome differs in the other file, in the order of the entities and ids.
    pub fn differences_from(&self, other: &Path) -> Result<Vec<RecordDifference>> {
        // refuses what is not a staging file of this version
        drop(Reader::open(other)?);
        let Some(path) = other.to_str() else {
            return Err(Error::staging("the path of the second file is not a text").hint("rename the file"));
        };
        self.connection.execute("attach ? as other", [path])?;
        let mut found = Differences::new();
        for (place, entity) in entity::ALL.iter().copied().enumerate() {
            fates(&self.connection, place, entity, &mut found)?;
            rows(&self.connection, place, entity, &mut found)?;
            associations(&self.connection, place, entity, &mut found)?;
        }
        // what else differs explains an outcome, and is none by itself
        for (place, entity) in entity::ALL.iter().copied().enumerate() {
            issues(&self.connection, place, entity, &mut found)?;
            raw(&self.connection, place, entity, &mut found)?;
        }
        self.connection.execute("detach other", [])?;
        Ok(found.into_values().collect())
    }
}

fn record<'a>(
    found: &'a mut Differences,
    place: usize,
    entity: &'static Entity,
    legacy_id: i64,
) -> &'a mut RecordDifference {
    found.entry((place, legacy_id)).or_insert_with(|| RecordDifference {
        entity: entity.name,
        legacy_id,
        ..RecordDifference::default()
    })
}

fn fates(
    connection: &Connection,
    place: usize,
    entity: &'static Entity,
    found: &mut Differences,
) -> Result<()> {
    let word = |side: &str| {
        format!(
            "{side}.fate || case when {side}.merged_into is null then '' else ' into ' || {side}.merged_into end"
        )
    };
    two_sided(connection, entity, "records", &word, |id, before, after| {
        let difference = record(found, place, entity, id);
        difference.fate_before = before;
        difference.fate_after = after;
    })
}

/// Rows of a table that both files key by entity and legacy id, where `word` differs or one file has no row.
fn two_sided(
    connection: &Connection,
    entity: &Entity,
    table: &str,
    word: &dyn Fn(&str) -> String,
    mut each: impl FnMut(i64, Option<String>, Option<String>),
) -> Result<()> {
    let mut statement = connection.prepare(&format!(
        "select a.legacy_id, {before}, {after} from main.{table} a \
         left join other.{table} b on b.entity = a.entity and b.legacy_id = a.legacy_id \
         where a.entity = ?1 and {before} is not {after} \
         union all \
         select b.legacy_id, null, {after} from other.{table} b where b.entity = ?1 and not exists (\
             select 1 from main.{table} a where a.entity = b.entity and a.legacy_id = b.legacy_id)",
        before = word("a"),
        after = word("b")
    ))?;
    let mut rows = statement.query([entity.name])?;
    while let Some(row) = rows.next()? {
        each(row.get(0)?, row.get(1)?, row.get(2)?);
    }
    Ok(())
}

fn rows(
    connection: &Connection,
    place: usize,
    entity: &'static Entity,
    found: &mut Differences,
) -> Result<()> {
    let columns: Vec<&'static str> = entity.columns.iter().map(|column| column.name).collect();
    differing(connection, &entity.ready_table(), &columns, |legacy_id, fields| {
        record(found, place, entity, legacy_id).fields.extend(fields);
    })
}

/// Rows of a table that both files have under one legacy id, with the columns in which they differ.
fn differing<C: AsRef<str>>(
    connection: &Connection,
    table: &str,
    columns: &[C],
    mut each: impl FnMut(i64, Vec<&C>),
) -> Result<()> {
    let differs: Vec<String> =
        columns.iter().map(|column| format!("a.{0} is not b.{0}", quoted(column.as_ref()))).collect();
    let mut statement = connection.prepare(&format!(
        "select a.legacy_id, {} from main.{table} a join other.{table} b on a.legacy_id = b.legacy_id where {}",
        differs.join(", "),
        differs.join(" or "),
        table = quoted(table)
    ))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let mut differing = Vec::new();
        for (position, column) in columns.iter().enumerate() {
            if row.get::<_, bool>(position + 1)? {
                differing.push(column);
            }
        }
        each(row.get(0)?, differing);
    }
    Ok(())
}

fn associations(
    connection: &Connection,
    place: usize,
    entity: &'static Entity,
    found: &mut Differences,
) -> Result<()> {
    let word = |side: &str| {
        format!(
            "{side}.association_method || ' ' || {side}.confidence_level || ' office ' || {side}.practice_legacy_id"
        )
    };
    two_sided(connection, entity, "associations", &word, |id, before, after| {
        let difference = record(found, place, entity, id);
        difference.association_before = before;
        difference.association_after = after;
    })
}

fn issues(
    connection: &Connection,
    place: usize,
    entity: &'static Entity,
    found: &mut Differences,
) -> Result<()> {
    for (one, other) in [("main", "other"), ("other", "main")] {
        let mut statement = connection.prepare(&format!(
            "select entity_id, error_code, field from {one}.migration_errors where entity = ?1 \
             except select entity_id, error_code, field from {other}.migration_errors where entity = ?1"
        ))?;
        let mut rows = statement.query([entity.name])?;
        while let Some(row) = rows.next()? {
            // a row without a key is no record
            let Some(id) = row.get::<_, Option<i64>>(0)? else { continue };
            let Some(difference) = found.get_mut(&(place, id)) else { continue };
            let (code, field): (String, String) = (row.get(1)?, row.get(2)?);
            let list = if one == "main" { &mut difference.issues_gone } else { &mut difference.issues_new };
            list.push(format!("{code} ({field})"));
        }
    }
    Ok(())
}

fn raw(
    connection: &Connection,
    place: usize,
    entity: &'static Entity,
    found: &mut Differences,
) -> Result<()> {
    let table = format!("legacy_{}", entity.legacy.name);
    let columns = |schema: &str| -> Result<BTreeSet<String>> {
        let mut statement =
            connection.prepare("select name from pragma_table_info(?, ?) where name <> 'legacy_id'")?;
        let names = statement.query_map([&table, schema], |row| row.get(0))?;
        Ok(names.collect::<Result<_, rusqlite::Error>>()?)
    };
    let common: Vec<String> = columns("main")?.intersection(&columns("other")?).cloned().collect();
    if common.is_empty() {
        return Ok(());
    }
    differing(connection, &table, &common, |legacy_id, columns| {
        if let Some(difference) = found.get_mut(&(place, legacy_id)) {
            difference.raw_fields.extend(columns.into_iter().cloned());
        }
    })
}
