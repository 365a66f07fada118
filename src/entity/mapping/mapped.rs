//! Entities as a target has them. Those of a configuration are made once in a process and live as long as it.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use super::template::{Expression, expression};
use super::{Fill, Made, Mapping, Part, Place, Table, Unknown, filled_name};
use crate::entity::{ALL, Column, Entity, Kind, Write, find, patients, profiles};
use crate::record::quoted_text;

/// How an entity as it is sent differs from the entity itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapped {
    /// The resolved rows that are sent, as `y`, with those that are read beside them.
    pub rows: String,
    /// Whether the target has no column for the legacy id: rows are found by their id, and Drydock's own schema says whose they are.
    pub is_without_key: bool,
    /// Whether its records are added to the rows of another entity.
    pub is_onto: bool,
    /// The entity of which it is a part.
    pub part_of: Option<&'static str>,
    /// The columns of the entity that are not sent.
    pub left_out: Vec<&'static str>,
}

/// The entities of a mapping.
pub(super) fn entities(mapping: &Mapping) -> Result<Vec<&'static Entity>, Unknown> {
    static MADE: LazyLock<Mutex<HashMap<String, Vec<&'static Entity>>>> = LazyLock::new(Mutex::default);
    if mapping.is_names_only() {
        return Ok(ALL.to_vec());
    }
    let key = format!("{mapping:?}");
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = made.get(&key) {
        return Ok(known.clone());
    }
    let mut entities = Vec::new();
    for entity in ALL {
        if let Some(mapped) = mapped(mapping, entity)? {
            entities.push(mapped);
        }
        for (table, part) in mapping.parts.iter().filter(|(_, part)| part.of == entity.name) {
            entities.push(part_of(mapping, entity, table, part)?);
        }
    }
    made.insert(key, entities.clone());
    Ok(entities)
}

fn leak(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

/// One entity as it is sent; none where the target has no place for it.
fn mapped(mapping: &Mapping, entity: &'static Entity) -> Result<Option<&'static Entity>, Unknown> {
    let table = entity.target_table;
    if matches!(mapping.tables.get(table), Some(Table::Is(_))) {
        return Ok(None);
    }
    let onto = mapping.onto(entity).transpose().map_err(|onto| Unknown {
        key: format!("target.tables.{table}"),
        word: onto.to_owned(),
        known: vec!["the table that every record of it refers to".to_owned()],
    })?;
    let fills = mapping.fill.get(table);
    let left_out: Vec<&'static str> = entity
        .columns
        .iter()
        .map(|column| column.name)
        .filter(|name| mapping.leaves_out(table, name))
        .collect();
    if onto.is_none() && fills.is_none() && left_out.is_empty() {
        return Ok(Some(entity));
    }
    // the legacy id is sent in any case: by it rows are told apart on the way
    let is_sent =
        |column: &&Column| !left_out.contains(&column.name) || matches!(column.name, "id" | "legacy_id");
    let mut columns: Vec<Column> = entity.columns.iter().filter(is_sent).copied().collect();
    if let Some(by) = onto {
        columns[0].made = Some(leak(format!("y.\"{}\"", by.name)));
    }
    for (theirs, fill) in fills.into_iter().flatten() {
        columns.push(filled(entity, table, theirs, fill, &format!("target.fill.{table}.{theirs}"))?);
    }
    let is_without_key = left_out.contains(&"legacy_id");
    Ok(Some(sent(
        entity,
        columns,
        Mapped { rows: rows_of(entity), is_without_key, is_onto: onto.is_some(), part_of: None, left_out },
    )))
}

fn sent(entity: &Entity, columns: Vec<Column>, mapped: Mapped) -> &'static Entity {
    Box::leak(Box::new(Entity {
        columns: Box::leak(columns.into_boxed_slice()),
        mapped: Some(Box::leak(Box::new(mapped))),
        ..entity.clone()
    }))
}

/// The resolved rows of an entity, each with the one row of the other kind that is the same person's.
fn rows_of(entity: &Entity) -> String {
    let own = entity.ready_table();
    if entity.name == profiles::ENTITY.name {
        // of several patients who share a user the first is the user's own
        let patients = patients::ENTITY.ready_table();
        format!(
            "{own} y left join (select *, min(legacy_id) from {patients} group by user_id) p on p.user_id = y.id"
        )
    } else if entity.name == patients::ENTITY.name {
        format!("{own} y left join {} f on f.id = y.user_id", profiles::ENTITY.ready_table())
    } else {
        format!("{own} y")
    }
}

/// A part of an entity as an entity of its own.
fn part_of(
    mapping: &Mapping,
    entity: &'static Entity,
    table: &str,
    part: &Part,
) -> Result<&'static Entity, Unknown> {
    let key = |column: &str| format!("target.parts.{table}.columns.{column}");
    let [id, legacy_id] = [entity.columns[0], entity.columns[1]];
    let mut columns = vec![id, legacy_id];
    if part.columns.contains_key("id") {
        return Err(Unknown {
            key: key("id"),
            word: "a column that needs no mention: the row has the id of its entity's".to_owned(),
            known: vec!["the other columns".to_owned()],
        });
    }
    for (theirs, fill) in part.columns.iter().filter(|(theirs, _)| *theirs != "legacy_id") {
        columns.push(filled(entity, "", theirs, fill, &key(theirs))?);
    }
    let mut wanted = Vec::new();
    if !part.roles.is_empty() {
        let roles: Vec<String> = part.roles.iter().map(|role| quoted_text(role)).collect();
        wanted.push(format!("y.metadata ->> '$.legacy.role' in ({})", roles.join(", ")));
    }
    if part.named {
        let members = find("practice_members").into_iter().chain(find("practice_owners"));
        let named: Vec<String> =
            members.map(|member| format!("select profile_id from {}", member.ready_table())).collect();
        wanted.push(format!(
            "y.id in (select assigned_profile_id from {} where assigned_profile_id is not null union {})",
            patients::ENTITY.ready_table(),
            named.join(" union ")
        ));
    }
    let only = if wanted.is_empty() { "true".to_owned() } else { wanted.join(" or ") };
    let rows = rows_of(entity).replacen(
        &format!("{} y", entity.ready_table()),
        &format!("(select * from {} y where {only}) y", entity.ready_table()),
        1,
    );
    let is_without_key = !mapping.columns.get(table).is_some_and(|columns| columns.contains_key("legacy_id"));
    let mapped =
        Mapped { rows, is_without_key, is_onto: false, part_of: Some(entity.name), left_out: Vec::new() };
    let name = leak(table.to_owned());
    Ok(sent(&Entity { name, target_table: name, ..entity.clone() }, columns, mapped))
}

/// A column of the target that no resolved row has.
fn filled(entity: &Entity, table: &str, theirs: &str, fill: &Fill, key: &str) -> Result<Column, Unknown> {
    let (Expression { sql, kind }, once) = match fill {
        // a constant takes the type of its column
        Fill::Flag(flag) => (Expression { sql: quoted_text(&flag.to_string()), kind: Kind::Enum("") }, false),
        Fill::Number(number) => {
            (Expression { sql: quoted_text(&number.to_string()), kind: Kind::Enum("") }, false)
        }
        Fill::Text(text) => (expression(entity, key, text)?, false),
        Fill::Made(made) => (made_of(entity, key, made)?, made.once),
    };
    let name = leak(filled_name(table, theirs));
    let column = Column { made: Some(leak(sql)), ..Column::new(name, kind).nullable() };
    Ok(Column { write: if once { Write::OnInsert } else { Write::Always }, ..column })
}

fn made_of(entity: &Entity, key: &str, made: &Made) -> Result<Expression, Unknown> {
    if made.value.is_some() != made.json.is_empty() {
        return Err(Unknown {
            key: key.to_owned(),
            word: "neither or both of value and json".to_owned(),
            known: vec!["value".to_owned(), "json".to_owned()],
        });
    }
    let Some(value) = &made.value else {
        let mut members = Vec::new();
        for (name, text) in &made.json {
            let Expression { sql, kind } = expression(entity, key, text)?;
            let value = match kind {
                Kind::Json | Kind::Boolean | Kind::Integer | Kind::Numeric => format!("json({sql})"),
                _ => sql,
            };
            members.push(format!("{}, {value}", quoted_text(name)));
        }
        return Ok(Expression { sql: format!("json_object({})", members.join(", ")), kind: Kind::Json });
    };
    let Expression { mut sql, kind } = expression(entity, key, value)?;
    let otherwise = made.otherwise.as_deref().map(quoted_text);
    let kind = if made.map.is_empty() { kind } else { Kind::Enum("") };
    if !made.map.is_empty() || !made.nulls.is_empty() {
        let nulls = made.nulls.iter().map(|is| format!(" when {} then null", quoted_text(is)));
        let words =
            made.map.iter().map(|(is, word)| format!(" when {} then {}", quoted_text(is), quoted_text(word)));
        let cases: String = nulls.chain(words).collect();
        let other = otherwise.clone().unwrap_or_else(|| sql.clone());
        sql = format!("case {sql}{cases} else {other} end");
    } else if let Some(otherwise) = otherwise {
        sql = format!("coalesce({sql}, {otherwise})");
    }
    Ok(Expression { sql, kind })
}

impl Place {
    /// Whether it says what it may say: a name, or `false`.
    pub fn is_valid(&self) -> bool {
        !matches!(self, Place::Is(true))
    }
}

impl Table {
    /// Whether it says what it may say: a name, `false`, or onto which table.
    pub fn is_valid(&self) -> bool {
        !matches!(self, Table::Is(true))
    }
}
