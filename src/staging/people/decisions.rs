//! What people were asked and what they decided. Decisions are rows that are only ever added; nothing is decided here.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, Row};

use crate::entity::{self, Entity};
use crate::error::{Error, Result};
use crate::record::{Action, ItemId, LegacyId, Ruling};
use crate::staging::file::journalled_rows::{DECISIONS, note_row};
use crate::staging::file::open::{Reader, Staging};
use crate::staging::people::error_life::set_status;
use crate::staging::{now, quoted};

/// One question that a person has to answer, without the record's values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What is asked.
    pub id: ItemId,
    /// The open errors, by code.
    pub issues: Vec<String>,
    /// 1 critical, 2 high, 3 medium, 4 low.
    pub priority: u8,
    /// `pending`, `in_progress` or `escalated`.
    pub status: String,
    /// What the open errors say beside their code; may hold values.
    pub context: Option<String>,
    /// What became of the record so far.
    pub fate: String,
    /// The practice that the rules chose, for a question about the practice.
    pub practice: Option<Proposal>,
    /// The resolved value of the field asked about.
    pub current: Option<String>,
    /// The patient's own user, as read, for a question about a patient.
    pub user: Option<String>,
}

/// The practice that the rules chose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// The office.
    pub practice: LegacyId,
    /// The plan's `association_method`.
    pub method: String,
    /// The plan's `confidence_level`.
    pub confidence: String,
    /// Which rows say so.
    pub evidence: String,
    /// The offices not chosen.
    pub others: Vec<LegacyId>,
}

/// A decision that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Its number, the same for ever.
    pub decision_id: i64,
    /// What was decided.
    pub ruling: Ruling,
    /// When.
    pub decided_at: String,
    /// The digest of what the record said then.
    pub said: String,
    /// Whether the last transform found that it says something else now, so that it is asked again.
    pub is_changed: bool,
}

/// Where a decision stands after a transform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecisionState {
    /// It made its difference.
    Applied,
    /// The present snapshot has no such record any more, or not the one it names.
    Stale,
    /// It made its difference, and its record says something else since it was made.
    Changed,
}

impl Staging {
    /// Every question that is open, most urgent first.
    pub fn review_items(&self) -> Result<Vec<Item>> {
        review_items(&self.connection)
    }

    /// Every decision that holds, in the order in which they were made.
    pub fn standing_decisions(&self) -> Result<Vec<Standing>> {
        let mut statement = self.connection.prepare(
            "select decision_id, entity, legacy_id, question, action, value, refers_to, reason, decided_by, decided_at, \
             said, state from decisions where superseded_by is null order by decision_id",
        )?;
        let rows = statement.query_map([], standing)?.collect::<Result<Vec<_>, rusqlite::Error>>()?;
        rows.into_iter().collect()
    }

    /// The fate of a record; none when the snapshot has no such record.
    pub fn fate_of(&self, entity: &str, legacy_id: LegacyId) -> Result<Option<String>> {
        let fate = self
            .connection
            .prepare_cached("select fate from records where entity = ? and legacy_id = ?")?
            .query_row((entity, legacy_id.0), |row| row.get(0))
            .optional()?;
        Ok(fate)
    }

    /// Whether the snapshot has the record.
    pub fn is_in_snapshot(&self, entity: &Entity, legacy_id: LegacyId) -> Result<bool> {
        let sql = format!("select exists (select 1 from {} where legacy_id = ?)", quoted(&raw_table(entity)));
        Ok(self.connection.prepare_cached(&sql)?.query_row([legacy_id.0], |row| row.get(0))?)
    }

    /// The legacy ids of the entity from `low` to `high`, at most `limit` of them.
    pub fn ids_between(
        &self,
        entity: &Entity,
        low: LegacyId,
        high: LegacyId,
        limit: u32,
    ) -> Result<Vec<LegacyId>> {
        let sql = format!(
            "select legacy_id from {} where legacy_id between ? and ? order by legacy_id limit ?",
            quoted(&raw_table(entity))
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let ids = statement
            .query_map((low.0, high.0, limit), |row| Ok(LegacyId(row.get(0)?)))?
            .collect::<Result<_, rusqlite::Error>>()?;
        Ok(ids)
    }

    /// Who has an address after the last transform, in its lower-case form.
    pub fn profile_with_email(&self, email: &str) -> Result<Option<LegacyId>> {
        let found = self
            .connection
            .prepare_cached("select legacy_id from ready_profiles where lower(email) = ?")?
            .query_row([email], |row| Ok(LegacyId(row.get(0)?)))
            .optional()?;
        Ok(found)
    }

    /// Adds decisions in one transaction, each superseding the one that held before; their errors are in progress or
    /// escalated from now on.
    pub fn add_decisions(&mut self, run_id: i64, rulings: &[Ruling]) -> Result<()> {
        let (run, moment) = (self.run, now());
        let said = rulings.iter().map(|ruling| self.said(&ruling.item)).collect::<Result<Vec<_>>>()?;
        self.transaction(|connection| {
            let mut previous = connection.prepare(
                "select decision_id from decisions \
                 where entity = ? and legacy_id = ? and question = ? and superseded_by is null",
            )?;
            let mut insert = connection.prepare(
                "insert into decisions (entity, legacy_id, question, action, value, refers_to, reason, decided_by, \
                 decided_at, run_id, said, state, superseded_by) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'waiting', ?)",
            )?;
            let mut supersede = connection.prepare("update decisions set superseded_by = ? where decision_id = ?")?;
            for (ruling, said) in rulings.iter().zip(&said) {
                let ItemId { entity, legacy_id, question } = &ruling.item;
                let before: Option<i64> =
                    previous.query_row((entity, legacy_id.0, question), |row| row.get(0)).optional()?;
                insert.execute(rusqlite::params![
                    entity,
                    legacy_id.0,
                    question,
                    ruling.action.as_str(),
                    ruling.value,
                    ruling.refers_to,
                    ruling.reason,
                    ruling.decided_by,
                    moment,
                    run_id,
                    said,
                    // one decision of a question holds at a time: the new one takes over only when the old one has gone
                    before,
                ])?;
                let id = connection.last_insert_rowid();
                note_row(connection, run, &DECISIONS, id)?;
                if let Some(before) = before {
                    supersede.execute((id, before))?;
                    connection
                        .execute("update decisions set superseded_by = null where decision_id = ?", [id])?;
                }
                let status = if ruling.action == Action::Escalate { "escalated" } else { "in_progress" };
                set_status(connection, &ruling.item, status, None)?;
            }
            Ok(())
        })
    }
}

impl Reader {
    /// Whether records have their fates, of the present snapshot and decisions or of earlier ones.
    pub fn has_fates(&self) -> Result<bool> {
        Ok(self.connection.query_row("select exists (select 1 from records)", [], |row| row.get(0))?)
    }

    /// Every question that is open, most urgent first.
    pub fn review_items(&self) -> Result<Vec<Item>> {
        review_items(&self.connection)
    }

    /// The name and place of each office, for a person who has to choose one.
    pub fn practice_names(&self) -> Result<HashMap<LegacyId, String>> {
        let mut statement = self.connection.prepare(
            "select legacy_id, name || coalesce(', ' || nullif(city, ''), '') || coalesce(', ' || nullif(country, ''), '') \
             from ready_practices",
        )?;
        let names = statement
            .query_map([], |row| Ok((LegacyId(row.get(0)?), row.get(1)?)))?
            .collect::<Result<_, rusqlite::Error>>()?;
        Ok(names)
    }
}

fn raw_table(entity: &Entity) -> String {
    format!("legacy_{}", entity.legacy.name)
}

pub(super) fn standing(row: &Row<'_>) -> Result<Result<Standing>, rusqlite::Error> {
    let action: String = row.get("action")?;
    let refers_to: Option<String> = row.get("refers_to")?;
    let item = ItemId {
        entity: row.get("entity")?,
        legacy_id: LegacyId(row.get("legacy_id")?),
        question: row.get("question")?,
    };
    let Ok(action) = action.parse() else {
        return Ok(Err(Error::staging(format!("the decision about {item} cannot be read"))
            .hint("the file was changed by other means; use a copy from before that")));
    };
    Ok(Ok(Standing {
        decision_id: row.get("decision_id")?,
        decided_at: row.get("decided_at")?,
        said: row.get("said")?,
        is_changed: row.get::<_, String>("state")? == "changed",
        ruling: Ruling {
            item,
            action,
            value: row.get("value")?,
            refers_to: refers_to.and_then(|name| entity::find(&name)).map(|entity| entity.name),
            reason: row.get("reason")?,
            decided_by: row.get("decided_by")?,
        },
    }))
}

pub(in crate::staging) fn review_items(connection: &Connection) -> Result<Vec<Item>> {
    let mut statement = connection.prepare(
        "select v.entity, v.legacy_id, v.question, v.issues, v.priority, v.status, v.context, r.fate, \
                a.practice_legacy_id, a.association_method, a.confidence_level, a.evidence, a.other_practices, \
                p.user_id \
         from v_review_items v \
         join entities e on e.entity = v.entity \
         join records r on r.entity = v.entity and r.legacy_id = v.legacy_id \
         left join associations a on a.entity = v.entity and a.legacy_id = v.legacy_id and v.question = 'practice_id' \
         left join legacy_dispatch_patient p on v.entity = 'patients' and p.legacy_id = v.legacy_id \
         order by v.priority, v.look_value is null, v.look_value desc, r.fate = 'ready', e.position, v.legacy_id, v.question",
    )?;
    let mut items = statement.query_map([], item)?.collect::<Result<Vec<_>, rusqlite::Error>>()?;
    for item in &mut items {
        item.current = current(connection, &item.id)?;
    }
    Ok(items)
}

fn item(row: &Row<'_>) -> Result<Item, rusqlite::Error> {
    let issues: String = row.get("issues")?;
    let mut issues: Vec<String> = issues.split(',').map(str::to_owned).collect();
    issues.sort_unstable();
    let practice: Option<i64> = row.get("practice_legacy_id")?;
    let practice = practice
        .map(|practice| {
            let others: String = row.get("other_practices")?;
            let others: Vec<i64> = serde_json::from_str(&others).unwrap_or_default();
            Ok::<_, rusqlite::Error>(Proposal {
                practice: LegacyId(practice),
                method: row.get("association_method")?,
                confidence: row.get("confidence_level")?,
                evidence: row.get("evidence")?,
                others: others.into_iter().map(LegacyId).collect(),
            })
        })
        .transpose()?;
    Ok(Item {
        id: ItemId {
            entity: row.get("entity")?,
            legacy_id: LegacyId(row.get("legacy_id")?),
            question: row.get("question")?,
        },
        issues,
        priority: row.get("priority")?,
        status: row.get("status")?,
        context: row.get("context")?,
        fate: row.get("fate")?,
        practice,
        current: None,
        user: row.get("user_id")?,
    })
}

/// The resolved value of the field asked about, where the record is ready and has such a field.
fn current(connection: &Connection, item: &ItemId) -> Result<Option<String>> {
    let Some(entity) = entity::find(&item.entity).filter(|entity| entity.column(&item.question).is_some())
    else {
        return Ok(None);
    };
    let sql = format!(
        "select cast({} as text) from {} where legacy_id = ?",
        quoted(&item.question),
        quoted(&entity.ready_table())
    );
    let value = connection
        .prepare_cached(&sql)?
        .query_row([item.legacy_id.0], |row| row.get::<_, Option<String>>(0))
        .optional()?;
    Ok(value.flatten())
}
