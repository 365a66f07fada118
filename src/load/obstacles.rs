//! What is in the way of a load, found before the first write and all at once: by the rights and the catalog as they are now, and
//! by what the resolved rows ask of them.

use super::constraints;
use crate::clean::NOBODYS_DOMAINS;
use crate::entity::catalog::Catalog;
use crate::entity::{Entity, Kind, Write};
use crate::error::{Error, Result};
use crate::record::LegacyId;
use crate::staging::Staging;
use crate::target::{Demand, Demands, Target};

/// What was found: each a sentence.
#[derive(Debug, Clone, Default)]
pub struct Obstacles {
    /// What is in the way.
    pub problems: Vec<String>,
    /// What is not, but good to know.
    pub notes: Vec<String>,
    /// The entities of whose rows the constraints will refuse some: they are asked of every chunk before it is written.
    pub judged: Vec<&'static Entity>,
}

impl Obstacles {
    /// An error where anything is in the way.
    pub fn refuse(self) -> Result<Self> {
        if self.problems.is_empty() {
            return Ok(self);
        }
        Err(Error::target(format!("the target cannot take the records:\n  {}", self.problems.join("\n  "))).hint(
            "nothing was written; fix the target (`drydock survey --create-tables` makes tables that are missing) or the \
             configuration, then run `drydock survey` and `drydock transform` \
             again",
        ))
    }
}

/// Finds them.
pub fn obstacles(staging: &Staging, target: &mut Target) -> Result<Obstacles> {
    let conditions = target.conditions()?;
    let catalog = target.catalog()?;
    let mut problems = conditions.problems();
    let demands = demands(staging)?;
    let sent = staging.sent_entities()?;
    problems.extend(target.table_problems(&catalog, &sent, &demands)?);
    for entity in sent {
        for column in entity.columns.iter().filter(|column| column.made.is_some()) {
            if let Some(demand) = demands.get(&(entity.name, column.name)) {
                problems.extend(target.unfit_constants(&catalog, entity, column, &demand.labels)?);
            }
        }
    }
    problems.extend(too_long(staging, target, &catalog)?);
    let (coarse, zoneless) = moments(staging, target, &catalog)?;
    problems.extend(coarse);
    if problems.is_empty() {
        problems.extend(entered_since(staging, target)?);
        problems.extend(rows_apart(staging, target)?);
    }
    let mut notes: Vec<String> = conditions.notes().into_iter().chain(zoneless).collect();
    // what is missing cannot be asked
    let mut judged = Vec::new();
    if problems.is_empty() {
        let looked = constraints::look(staging, target, &catalog)?;
        problems.extend(looked.problems);
        notes.extend(looked.notes);
        judged = looked.judged;
    }
    let drift = target.drift(&staging.catalog()?, &catalog);
    let drift = drift.into_iter().map(|change| format!("since the survey: {change}"));
    if problems.is_empty() {
        notes.extend(drift);
        notes.extend(size_note(staging, target, &catalog)?);
    } else {
        problems.extend(drift);
    }
    Ok(Obstacles { problems, notes, judged })
}

/// What the resolved rows ask of the columns.
fn demands(staging: &Staging) -> Result<Demands> {
    let mut demands = Demands::new();
    for entity in staging.sent_entities()? {
        for column in entity.columns {
            let labels = match column.kind {
                Kind::Enum(_) => staging.labels_used(entity, column)?,
                _ => Vec::new(),
            };
            // a column that a later phase adds is never sent as null
            let has_null =
                column.write == Write::Always && column.nullable && staging.has_null(entity, column)?;
            demands.insert((entity.name, column.name), Demand { labels, has_null });
        }
    }
    Ok(demands)
}

/// Addresses that somebody entered since the survey where the file has a stand-in, which would take their place.
fn entered_since(staging: &Staging, target: &mut Target) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for entity in staging.sent_entities()? {
        let Some(column) = entity.column("email").filter(|_| !entity.is_part()) else { continue };
        let (rows, first) = target.addresses_outside(&NOBODYS_DOMAINS, entity, column, |sender| {
            staging.for_stand_ins(entity, |legacy_id| sender.send([Some(legacy_id.to_string().as_str())]))
        })?;
        if let Some(first) = first {
            problems.push(format!(
                "{rows} rows of {} got an address since the survey, such as legacy id {first}, and the file has none for them but a \
                 stand-in: `drydock survey` and `drydock transform` see it and keep it",
                entity.name
            ));
        }
    }
    Ok(problems)
}

/// Rows that stand for a record under another id than the one that it is to have, where no load can set that right.
fn rows_apart(staging: &Staging, target: &mut Target) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for entity in staging.sent_entities()? {
        let table = target.name_of(entity.target_table).to_owned();
        if entity.is_part() {
            let Some(id) = entity.column("id").filter(|_| entity.has_key_column()) else { continue };
            let (rows, first) = target.parts_apart(entity, |sender| {
                staging.with_ready(entity, &[id], |ready| {
                    let mut send = |legacy_id: LegacyId, values: &[Option<&str>]| {
                        sender.send([Some(legacy_id.to_string().as_str()), values[0]]);
                        Ok(())
                    };
                    while ready.next(&mut send)?.is_some() {}
                    Ok(())
                })
            })?;
            if let Some(first) = first {
                problems.push(format!(
                    "{rows} rows of {table} have other ids than the rows that they are part of, such as legacy id {first}, and would be there \
                     twice: give them these ids, or take the legacy id from them and what is unique beside it"
                ));
            }
            continue;
        }
        if entity.is_onto() || entity.has_key_column() || target.known_keys(entity)? == 0 {
            continue;
        }
        let apart = target.other_rows(entity, &staging.decided_rows(entity)?)?;
        if let Some((first, _)) = apart.first() {
            problems.push(format!(
                "{} records of {} are loaded, and a decision since says that they are other rows, such as legacy id {first}; {table} has no \
                 column for the legacy id that could be taken from the loaded ones: undo the load that made them (`drydock runs --loads`, \
                 `drydock rollback`) and load again, or decide that they stay what they are (item {}:{first}:id, accept)",
                apart.len(),
                entity.name,
                entity.name
            ));
        }
    }
    Ok(problems)
}

/// Columns that the configuration fills with texts for which they are too short. What records say themselves was judged when
/// they were resolved.
fn too_long(staging: &Staging, target: &Target, catalog: &Catalog) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for entity in staging.sent_entities()? {
        for column in
            entity.columns.iter().filter(|column| column.made.is_some() && column.kind == Kind::Text)
        {
            let known = catalog.column(entity.target_table, column.name);
            let Some(room) = known.and_then(|known| known.max_length) else { continue };
            let (records, first) = staging.count_longer(entity, column, room)?;
            if let Some(first) = first {
                problems.push(format!(
                    "{records} {} get a text for column {} that is longer than its {room} characters, such as legacy id {first}: \
                     shorten it in [target.fill.{}]",
                    entity.name,
                    target.place(entity.target_table, column.name),
                    entity.target_table
                ));
            }
        }
    }
    Ok(problems)
}

/// Columns that keep less of a moment than records say of it, and those that keep no zone.
fn moments(staging: &Staging, target: &Target, catalog: &Catalog) -> Result<(Vec<String>, Vec<String>)> {
    let (mut problems, mut notes) = (Vec::new(), Vec::new());
    for entity in staging.sent_entities()? {
        for column in entity.columns.iter().filter(|column| column.kind == Kind::Timestamp) {
            let Some(known) = catalog.column(entity.target_table, column.name) else { continue };
            let place = target.place(entity.target_table, column.name);
            let digits =
                known.type_text.split_once('(').and_then(|(_, rest)| rest.split(')').next()?.parse().ok());
            if let Some(digits) = digits.filter(|digits: &usize| *digits < 6)
                && let (records, Some(first)) = staging.count_finer(entity, column, digits)?
            {
                problems.push(format!(
                    "column {place} is a {}, and {records} {} have a finer moment, such as legacy id {first}, which it would round: \
                     make it a timestamptz, or leave it out ([target.columns.{}])",
                    known.type_text, entity.name, entity.target_table
                ));
            }
            if known.type_name == "timestamp" {
                notes.push(format!("column {place} has no time zone: its moments are written as UTC"));
            }
        }
    }
    Ok((problems, notes))
}

/// What the rows that no load has tried yet will take in the target, as far as it can be told: a row is as long as those
/// of a sample, and every index has an entry for it.
fn size_note(staging: &Staging, target: &mut Target, catalog: &Catalog) -> Result<Option<String>> {
    const ROW_HEAD: u64 = 32;
    const INDEX_ENTRY: u64 = 48;
    let mut wanted = 0;
    for entity in staging.sent_entities()? {
        let (rows, bytes) = staging.untried_size(entity)?;
        let keys = catalog.keys.iter().filter(|key| {
            key.table == entity.target_table && matches!(key.kind.as_str(), "p" | "u" | "i" | "f")
        });
        wanted += rows * (bytes + ROW_HEAD + keys.count() as u64 * INDEX_ENTRY);
    }
    let megabytes = |bytes: u64| bytes.div_ceil(1 << 20);
    if megabytes(wanted) < 2 {
        return Ok(None);
    }
    let now = target.count("asking for the size", "select pg_database_size(current_database())")?;
    Ok(Some(format!(
        "the rows will take about {} MB in the target, where the database has {} MB now, and as much again in its log",
        megabytes(wanted),
        megabytes(now)
    )))
}
