//! Everything that the file knows about one record, in the order in which it came about. Values are in it: this is for a
//! person who asked for just this record.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Params};
use serde_json::{Map, Value};

use crate::entity::{self, Entity, ReadWith};
use crate::error::Result;
use crate::record::{LegacyId, key_of};
use crate::staging::file::open::Reader;
use crate::staging::{Step, quoted};

/// A row as its columns have it: names and values.
pub type Fields = Map<String, Value>;

/// A raw row that the record was made from.
#[derive(Debug, Clone, serde::Serialize)]
pub struct RawRow {
    /// The legacy table.
    pub table: String,
    /// The file that it stands in; a server's rows stand in none.
    pub file: Option<String>,
    /// The line of the file on which it begins.
    pub line: Option<u64>,
    /// The byte of the file, without its compression, at which it begins.
    pub byte: Option<u64>,
    /// The row, as it was read.
    pub row: Fields,
}

/// Everything about one record. An empty list means that nothing of the kind is known.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Explanation {
    /// The entity.
    pub entity: &'static str,
    /// The record.
    pub legacy_id: LegacyId,
    /// Its own raw row first, then those that rules read with it.
    pub raw: Vec<RawRow>,
    /// Rows of its table with this key that could not be read.
    pub unreadable: Vec<Fields>,
    /// Each change that a rule made, in order.
    pub changes: Vec<Fields>,
    /// Each issue, in order.
    pub issues: Vec<Fields>,
    /// A profile's address: who keeps it, and who would have had it too.
    pub conflict: Vec<Fields>,
    /// Pairs that look like one person, with the evidence.
    pub duplicates: Vec<Fields>,
    /// Its practice, by the ladder.
    pub association: Option<Fields>,
    /// Why the migration itself made it, where it is no legacy record.
    pub created: Option<Fields>,
    /// Its fate.
    pub fate: Option<Fields>,
    /// The id in the target: given or kept.
    pub target: Vec<Fields>,
    /// The row that is loaded.
    pub resolved: Option<Fields>,
    /// What the target confirmed, phase by phase.
    pub loads: Vec<Fields>,
    /// What a load did about its row when it was gone from the source.
    pub gone: Option<Fields>,
    /// When the target was last found to be as meant; none when it was not.
    pub verified_at: Option<String>,
    /// What the last verification found to differ.
    pub differences: Vec<Fields>,
}

impl Explanation {
    /// Whether the file has heard of the record at all.
    pub fn is_known(&self) -> bool {
        !(self.raw.is_empty()
            && self.unreadable.is_empty()
            && self.target.is_empty()
            && self.fate.is_none()
            && self.gone.is_none())
    }
}

impl Reader {
    /// Everything about one record.
    pub fn explain(&self, entity: &'static Entity, legacy_id: LegacyId) -> Result<Explanation> {
        let connection = &self.connection;
        let id = legacy_id.0;
        let all = |sql: &str| rows(connection, sql, (entity.name, id));
        Ok(Explanation {
            entity: entity.name,
            legacy_id,
            raw: raw(connection, entity, legacy_id)?,
            unreadable: rows(
                connection,
                "select number, reason, file, line, byte from legacy_unreadable \
                 where table_name = ? and legacy_id = ? order by number",
                (entity.legacy.name, id),
            )?,
            changes: all("select field, rule, before, after from changes \
                          where entity = ? and legacy_id = ? order by position")?,
            issues: all(
                "select error_id, phase, severity, error_category, error_code, field, error_message, \
                                error_context, suggested_resolution, resolution_strategy, resolution_status, \
                                retry_count, created_at, resolved_at \
                         from migration_errors where entity = ? and entity_id = ? order by error_id",
            )?,
            conflict: conflict(connection, entity, id)?,
            duplicates: all(
                "select other_legacy_id, band, score, weight, evidence, verdict from v_duplicates \
                             where entity = ? and legacy_id = ? order by weight desc, other_legacy_id",
            )?,
            association: one(
                connection,
                "select practice_legacy_id, practice_id, association_method, confidence_level, \
                        requires_manual_review, evidence, other_practices \
                 from associations where entity = ? and legacy_id = ?",
                (entity.name, id),
            )?,
            created: one(
                connection,
                "select 'made by the migration, no legacy record' as origin, reason from created_records \
                 where entity = ? and legacy_id = ?",
                (entity.name, id),
            )?,
            fate: one(
                connection,
                "select fate, merged_into, batch_id from records where entity = ? and legacy_id = ?",
                (entity.name, id),
            )?,
            target: target(connection, entity, id)?,
            resolved: one(
                connection,
                &format!("select * from {} where legacy_id = ?", entity.ready_table()),
                [id],
            )?,
            loads: all("select l.phase, l.outcome, l.run_id, group_concat(c.digest, ' ') as receipts, \
                               max(c.loaded_at) as loaded_at \
                        from loads l left join receipts c \
                            on c.run_id = l.run_id and c.entity = l.entity and c.phase = l.phase \
                        where l.entity = ? and l.legacy_id = ? group by l.phase, l.outcome, l.run_id \
                        order by l.phase")?,
            gone: one(
                connection,
                "select outcome, by_whom, target_id, phase, run_id, settled_at from gone_records \
                 where entity = ? and legacy_id = ?",
                (entity.name, id),
            )?,
            verified_at: self.completed(Step::Verify)?,
            differences: all("select field, kind from differences \
                              where entity = ? and legacy_id = ? order by field")?,
        })
    }

    /// The record that a row of a target table stands for: by the file's own rows, then by what the survey saw.
    pub fn find_by_target_id(
        &self,
        table: &str,
        target_id: &str,
    ) -> Result<Option<(&'static Entity, LegacyId)>> {
        for entity in entity::ALL.iter().copied().filter(|entity| entity.target_table == table) {
            let ready = format!("select legacy_id from {} where id = ?", entity.ready_table());
            let surveyed = "select legacy_id from target_rows where entity = ? and target_id = ? \
                            and legacy_id is not null";
            let found: Option<i64> =
                self.connection.query_row(&ready, [target_id], |row| row.get(0)).optional()?;
            let found = match found {
                Some(found) => Some(found),
                None => self
                    .connection
                    .query_row(surveyed, [entity.name, target_id], |row| row.get(0))
                    .optional()?,
            };
            if let Some(legacy_id) = found {
                return Ok(Some((entity, LegacyId(legacy_id))));
            }
        }
        Ok(None)
    }

    /// Whether the survey saw a row of the table that is not of this migration.
    pub fn is_foreign(&self, table: &str, target_id: &str) -> Result<bool> {
        let names: Vec<&str> = entity::ALL
            .iter()
            .filter(|entity| entity.target_table == table)
            .map(|entity| entity.name)
            .collect();
        let is_foreign = self.connection.query_row(
            "select exists (select 1 from target_rows \
                            where target_id = ? and legacy_id is null and entity in (select value from json_each(?)))",
            (target_id, serde_json::json!(names).to_string()),
            |row| row.get(0),
        )?;
        Ok(is_foreign)
    }
}

/// The record's own raw row, then the rows that its rules read with it.
fn raw(connection: &Connection, entity: &Entity, legacy_id: LegacyId) -> Result<Vec<RawRow>> {
    let mut found = Vec::new();
    let mut add = |table: &str, condition: &str| -> Result<()> {
        let name = quoted(&format!("legacy_{table}"));
        let sql = format!("select * from {name} where {condition} order by legacy_id");
        for row in rows(connection, &sql, [legacy_id.0])? {
            found.push(placed(connection, table, row)?);
        }
        Ok(())
    };
    add(entity.legacy.name, "legacy_id = ?")?;
    for with in entity.read_with {
        match *with {
            ReadWith::Named { table, by } => {
                let own = quoted(&format!("legacy_{}", entity.legacy.name));
                let by = quoted(by);
                let key = format!("(select {} from {own} where legacy_id = ?)", key_of(&by));
                add(table.name, &format!("legacy_id = {key}"))?;
            }
            ReadWith::Naming { table, by } if has_column(connection, table, by)? => {
                // as sources write a key: behind the mark of a text, or with decimals that are zero
                let by = format!("trim({}, '''=\" ')", quoted(by));
                add(
                    table,
                    &format!("{by} in ('{legacy_id}', '{legacy_id}.0', '{legacy_id}.00') and ? is not null"),
                )?;
            }
            ReadWith::Naming { .. } => {}
        }
    }
    Ok(found)
}

/// A raw row, with where it stood in its file.
fn placed(connection: &Connection, table: &str, row: Fields) -> Result<RawRow> {
    let places = format!("places_{table}");
    let mut raw = RawRow { table: table.to_owned(), file: None, line: None, byte: None, row };
    if !connection.table_exists(None, places.as_str())? {
        return Ok(raw);
    }
    let place = connection
        .query_row(
            &format!(
                "select t.file, p.line, p.byte from {} p join legacy_tables t on t.table_name = ? \
                 where p.legacy_id = ?",
                quoted(&places)
            ),
            (table, raw.row.get("legacy_id").and_then(Value::as_i64)),
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .optional()?;
    if let Some(place) = place {
        (raw.file, raw.line, raw.byte) = place;
    }
    Ok(raw)
}

/// Whether the raw table has the column: a table that the source lacks, or that came without a row, has nothing to show.
pub(in crate::staging) fn has_column(connection: &Connection, table: &str, column: &str) -> Result<bool> {
    let sql = "select exists (select 1 from pragma_table_info(?) where name = ?)";
    Ok(connection.query_row(sql, [&format!("legacy_{table}"), column], |row| row.get(0))?)
}

/// Both sides of a shared address, by the metadata of the resolved rows.
fn conflict(connection: &Connection, entity: &Entity, id: i64) -> Result<Vec<Fields>> {
    if !entity.columns.iter().any(|column| column.unique) {
        return Ok(Vec::new());
    }
    rows(
        connection,
        "select 'kept by' as role, 'profile' as entity, \
                cast(substr(error_context, length('keeper=profile ') + 1) as integer) as legacy_id \
         from migration_errors \
         where entity = 'profiles' and entity_id = ?1 and error_code = 'email_shared' \
         union all \
         select 'held by a row of the target', 'profile', substr(error_context, length('holder=') + 1) \
         from migration_errors \
         where entity = 'profiles' and entity_id = ?1 and error_code = 'email_taken_in_target' \
         union all \
         select 'kept from', 'profile', entity_id from migration_errors \
         where entity = 'profiles' and error_code = 'email_shared' and error_context = 'keeper=profile ' || ?1 \
         order by 1, 3",
        [id],
    )
}

fn target(connection: &Connection, entity: &Entity, id: i64) -> Result<Vec<Fields>> {
    rows(
        connection,
        &format!(
            "select y.id as target_id, \
                    case when exists (select 1 from target_rows t where t.entity = ?1 and t.target_id = y.id) \
                         then 'kept: the target had the row when it was surveyed' \
                         else 'derived from entity and legacy id' end as origin \
             from {} y where y.legacy_id = ?2 \
             union all \
             select t.target_id, 'the target had the row when it was surveyed' from target_rows t \
             where t.entity = ?1 and t.legacy_id = ?2 \
               and not exists (select 1 from {} y where y.id = t.target_id)",
            entity.ready_table(),
            entity.ready_table()
        ),
        (entity.name, id),
    )
}

fn one(connection: &Connection, sql: &str, parameters: impl Params) -> Result<Option<Fields>> {
    Ok(rows(connection, sql, parameters)?.into_iter().next())
}

pub(in crate::staging) fn rows(
    connection: &Connection,
    sql: &str,
    parameters: impl Params,
) -> Result<Vec<Fields>> {
    let mut statement = connection.prepare(sql)?;
    let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let rows = statement
        .query_map(parameters, |row| {
            names
                .iter()
                .enumerate()
                .map(|(column, name)| Ok((name.clone(), value(row.get_ref(column)?))))
                .collect::<rusqlite::Result<Fields>>()
        })?
        .collect::<Result<_, rusqlite::Error>>()?;
    Ok(rows)
}

fn value(stored: ValueRef<'_>) -> Value {
    match stored {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::from(number),
        ValueRef::Real(number) => Value::from(number),
        ValueRef::Text(text) | ValueRef::Blob(text) => {
            Value::from(String::from_utf8_lossy(text).into_owned())
        }
    }
}
