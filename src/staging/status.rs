//! What an operator sees: the accounting, the plan's progress object and its error analysis. Every number is counted
//! from records; what is not known yet is null and never 0.

use serde::Serialize;
use serde_json::{Map, Value};

use super::attention::{Attention, attention};
use super::figures::{Figures, Steps, figures};
use super::open::{Reader, Staging};
use super::phase_two::{Known, phase_2};
use super::{Check, Level, Step};
use crate::error::Result;
use rusqlite::{Connection, OptionalExtension};

/// The fates of one entity's records. extracted = ready + merged + rejected + quarantined; after a load
/// ready = loaded + failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Accounting {
    /// The entity.
    #[serde(skip)]
    pub entity: String,
    /// Rows of the snapshot.
    pub extracted: u64,
    /// Resolved.
    pub ready: u64,
    /// Stood for by another record.
    pub merged: u64,
    /// Refused.
    pub rejected: u64,
    /// Kept back, unreadable rows included.
    pub quarantined: u64,
    /// Confirmed by the target.
    pub loaded: u64,
    /// Refused by the target.
    pub failed: u64,
    /// Made by the migration itself, such as the practice "Unassigned": in none of the other numbers,
    /// and not named where there is none.
    #[serde(skip_serializing_if = "is_zero")]
    pub created: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands fields over by reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Accounting {
    /// One line for people, such as `profiles 9101 = 9101 loaded`; zeros are left out.
    pub fn line(&self) -> String {
        let waiting = self.ready.saturating_sub(self.loaded + self.failed);
        let parts: Vec<String> = [
            (self.loaded, "loaded"),
            (waiting, "ready"),
            (self.failed, "failed"),
            (self.merged, "merged"),
            (self.rejected, "rejected"),
            (self.quarantined, "quarantined"),
        ]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
        let sum = if parts.is_empty() { "0".to_owned() } else { parts.join(" + ") };
        let created = match self.created {
            0 => String::new(),
            created => format!(", and {created} created by the migration"),
        };
        format!("{} {} = {sum}{created}", self.entity, self.extracted)
    }
}

/// The plan's error analysis of phase 2A.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names are the plan's own")]
pub struct ErrorAnalysis {
    pub total_errors: u64,
    pub email_conflicts: u64,
    pub validation_failures: u64,
    pub constraint_violations: u64,
    pub schema_mismatches: u64,
    pub resolvable_errors: u64,
    pub manual_intervention_required: u64,
}

/// What the present command is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// Such as `extract auth_user`.
    pub operation: String,
    /// Records done.
    pub done: u64,
    /// Records in all, when known.
    pub total: Option<u64>,
    /// Last sign of life.
    pub updated_at: String,
}

/// Everything `status` shows.
#[derive(Debug, Clone, Serialize)]
pub struct Status {
    /// Source, target and when each step was completed.
    pub file: Map<String, Value>,
    /// Per entity.
    pub accounting: Map<String, Value>,
    /// Records without exactly one fate; anything but 0 is a defect. Null before a transform.
    pub unaccounted: Option<u64>,
    /// The plan's progress object.
    pub phase_2: Value,
    /// The plan's error analysis; null before a transform.
    pub error_analysis: Option<ErrorAnalysis>,
    /// Associations by entity, method and confidence.
    pub associations: Vec<AssociationCount>,
    /// The last verification's checks.
    pub checks: Vec<Check>,
    /// Differences that it found; null before a verification.
    pub differences: Option<u64>,
    /// The figures that a report draws.
    #[serde(flatten)]
    pub figures: Figures,
    /// What asks for attention in the result.
    pub attention: Attention,
    /// The same accounting, in order, for text.
    #[serde(skip)]
    pub lines: Vec<Accounting>,
}

impl Status {
    /// When the step was completed; only the steps that `file` lists are known here.
    pub fn completed(&self, step: Step) -> Option<&str> {
        self.file.get(step.fact()).and_then(Value::as_str)
    }
}

/// How many records found their practice in one way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names are the plan's own")]
pub struct AssociationCount {
    pub entity: String,
    pub association_method: String,
    pub confidence_level: String,
    pub requires_manual_review: bool,
    pub records: u64,
}

impl Staging {
    /// The fates of every entity's records.
    pub fn accounting(&self) -> Result<Vec<Accounting>> {
        accounting(&self.connection)
    }
    /// Everything `status` shows.
    pub fn status(&self) -> Result<Status> {
        status(&self.connection, true)
    }
}

impl Reader {
    /// The plan's error analysis.
    pub fn error_analysis(&self) -> Result<ErrorAnalysis> {
        error_analysis(&self.connection)
    }

    /// Associations by entity, method and confidence.
    pub fn associations(&self) -> Result<Vec<AssociationCount>> {
        associations(&self.connection)
    }

    /// Everything `status` shows. Where a step began or ended during the look, its parts speak of different moments, and the look
    /// is taken again.
    pub fn status(&self) -> Result<Status> {
        const AGAIN: usize = 2;
        let mut seen = status(&self.connection, self.is_being_written)?;
        for _ in 0..AGAIN {
            if file(&self.connection)? == seen.file {
                break;
            }
            seen = status(&self.connection, self.is_being_written)?;
        }
        Ok(seen)
    }
}

/// Source, target and when each step was completed.
fn file(connection: &Connection) -> Result<Map<String, Value>> {
    let fact = |name: &str| -> Result<Value> {
        let value: Option<String> = connection
            .query_row("select value from facts where name = ?", [name], |row| row.get(0))
            .optional()?;
        Ok(value.map_or(Value::Null, Value::String))
    };
    let mut file = Map::new();
    for name in ["source_identity", "target_identity"] {
        file.insert(name.to_owned(), fact(name)?);
    }
    for step in [Step::Extract, Step::Survey, Step::Transform, Step::Load, Step::Verify] {
        file.insert(step.fact().to_owned(), fact(step.fact())?);
    }
    Ok(file)
}

fn status(connection: &Connection, is_being_written: bool) -> Result<Status> {
    let file = file(connection)?;
    let known = |step: Step| !file[step.fact()].is_null();
    let (extracted, surveyed, transformed, verified) =
        (known(Step::Extract), known(Step::Survey), known(Step::Transform), known(Step::Verify));
    let checks = checks(connection)?;
    // also what a verification found that did not pass
    let is_checked = !checks.is_empty();

    // a killed command leaves its last words behind; they are only current while somebody writes
    let progress = if is_being_written { progress(connection)? } else { None };
    let lines = accounting(connection)?;
    let accounting = lines
        .iter()
        .map(|line| (line.entity.clone(), serde_json::to_value(line).unwrap_or_default()))
        .collect();
    let known = Known { extracted, surveyed, transformed, verified: is_checked };
    let phase_2 = phase_2(connection, progress.as_ref(), known)?;
    let figures = figures(connection, &lines, &checks, &phase_2, Steps { surveyed, transformed, verified })?;
    Ok(Status {
        attention: attention(connection, &lines)?,
        accounting,
        figures,
        unaccounted: transformed.then(|| unaccounted(connection)).transpose()?,
        phase_2,
        error_analysis: transformed.then(|| error_analysis(connection)).transpose()?,
        associations: associations(connection)?,
        checks,
        differences: is_checked.then(|| count(connection, "select count(*) from differences")).transpose()?,
        lines,
        file,
    })
}

fn count(connection: &Connection, sql: &str) -> Result<u64> {
    Ok(connection.query_row(sql, [], |row| row.get(0))?)
}

pub(super) fn unaccounted(connection: &Connection) -> Result<u64> {
    if is_accounted(connection)? {
        return Ok(0);
    }
    count(connection, "select count(*) from v_unaccounted")
}

/// Whether every record has exactly one fate, by equal counts and one inclusion each way: `v_unaccounted` says the same
/// record by record, and takes several times as long.
fn is_accounted(connection: &Connection) -> Result<bool> {
    for entity in super::participation::in_use(connection)? {
        let (name, ready) = (entity.name, entity.ready_table());
        let raw = super::quoted(&format!("legacy_{}", entity.legacy.name));
        // one walk over the records, with both tables at its side in the same order
        let holds: bool = connection.query_row(
            &format!(
                "select count(*) = (select count(*) from {raw}) \
                    and count(*) = count(x.legacy_id) \
                    and count(y.legacy_id) = (select count(*) from {ready}) \
                              - (select count(*) from created_records where entity = '{name}') \
                    and coalesce(sum((r.fate = 'ready') = (y.legacy_id is null)), 0) = 0 \
                    and not exists (select 1 from records m where m.entity = '{name}' and m.fate = 'merged' \
                            and not exists (select 1 from {ready} k where k.legacy_id = m.merged_into)) \
                    and not exists (select 1 from loads l where l.entity = '{name}' \
                            and not exists (select 1 from {ready} k where k.legacy_id = l.legacy_id)) \
                 from records r left join {raw} x on x.legacy_id = r.legacy_id \
                                left join {ready} y on y.legacy_id = r.legacy_id \
                 where r.entity = '{name}'"
            ),
            [],
            |row| row.get(0),
        )?;
        if !holds {
            return Ok(false);
        }
    }
    Ok(true)
}

/// `v_accounting` in one walk over the records of each entity.
pub(super) fn accounting(connection: &Connection) -> Result<Vec<Accounting>> {
    let line = |entity: &'static crate::entity::Entity| {
        let (name, legacy, phase) = (entity.name, entity.legacy.name, entity.phase.as_str());
        let sql = format!(
            "select (select count(*) from {}) + u.rows, sum(r.fate = 'ready'), sum(r.fate = 'merged'), \
                    sum(r.fate = 'rejected'), coalesce(sum(r.fate = 'quarantined'), 0) + u.rows, \
                     l.loaded - c.loaded, l.failed - c.failed, c.rows \
             from (select count(*) as rows from legacy_unreadable where table_name = '{legacy}') u \
             join (select coalesce(sum(outcome <> 'failed'), 0) as loaded, \
                          coalesce(sum(outcome = 'failed'), 0) as failed \
                   from loads where entity = '{name}' and phase = '{phase}') l \
             join (select count(*) as rows, coalesce(sum(outcome <> 'failed'), 0) as loaded, \
                          coalesce(sum(outcome = 'failed'), 0) as failed \
                   from v_created where entity = '{name}') c \
             left join records r on r.entity = '{name}'",
            super::quoted(&format!("legacy_{legacy}"))
        );
        let line = connection.query_row(&sql, [], |row| {
            let count = |column| Ok::<_, rusqlite::Error>(row.get::<_, Option<u64>>(column)?.unwrap_or(0));
            Ok(Accounting {
                entity: name.to_owned(),
                extracted: count(0)?,
                ready: count(1)?,
                merged: count(2)?,
                rejected: count(3)?,
                quarantined: count(4)?,
                loaded: count(5)?,
                failed: count(6)?,
                created: count(7)?,
            })
        })?;
        Ok(line)
    };
    super::participation::in_use(connection)?.into_iter().map(line).collect()
}

pub(super) fn error_analysis(connection: &Connection) -> Result<ErrorAnalysis> {
    let analysis = connection.query_row("select * from v_error_analysis", [], |row| {
        Ok(ErrorAnalysis {
            total_errors: row.get("total_errors")?,
            email_conflicts: row.get("email_conflicts")?,
            validation_failures: row.get("validation_failures")?,
            constraint_violations: row.get("constraint_violations")?,
            schema_mismatches: row.get("schema_mismatches")?,
            resolvable_errors: row.get("resolvable_errors")?,
            manual_intervention_required: row.get("manual_intervention_required")?,
        })
    })?;
    Ok(analysis)
}

/// `v_associations_by_method`, counted row by row: SQLite would sort millions of rows in memory to find a few groups.
fn associations(connection: &Connection) -> Result<Vec<AssociationCount>> {
    let mut statement = connection.prepare(
        "select entity, association_method, confidence_level, requires_manual_review from associations",
    )?;
    let mut rows = statement.query([])?;
    let mut counts: Vec<AssociationCount> = Vec::new();
    while let Some(row) = rows.next()? {
        let text = |column| Ok::<_, rusqlite::Error>(row.get_ref(column)?.as_str()?);
        let (entity, method, confidence) = (text(0)?, text(1)?, text(2)?);
        let review: bool = row.get(3)?;
        let is_same = |count: &&mut AssociationCount| {
            count.association_method == method
                && count.confidence_level == confidence
                && count.requires_manual_review == review
                && count.entity == entity
        };
        match counts.iter_mut().find(is_same) {
            Some(count) => count.records += 1,
            None => counts.push(AssociationCount {
                entity: entity.to_owned(),
                association_method: method.to_owned(),
                confidence_level: confidence.to_owned(),
                requires_manual_review: review,
                records: 1,
            }),
        }
    }
    let sureness = |count: &AssociationCount| match count.confidence_level.as_str() {
        "low" => 2,
        "medium" => 1,
        _ => 0,
    };
    counts.sort_by_key(|count| {
        let method = count.association_method.clone();
        (count.entity.clone(), sureness(count), method, count.requires_manual_review)
    });
    Ok(counts)
}

pub(super) fn checks(connection: &Connection) -> Result<Vec<Check>> {
    let mut statement = connection.prepare(
        "select level, name, sentence, expected, found, wrong, exceptions from checks order by position",
    )?;
    let checks = statement
        .query_map([], |row| {
            Ok(Check {
                level: Level::parse(&row.get::<_, String>(0)?),
                name: row.get(1)?,
                sentence: row.get(2)?,
                expected: row.get(3)?,
                found: row.get(4)?,
                wrong: row.get(5)?,
                exceptions: row.get(6)?,
            })
        })?
        .collect::<Result<_, rusqlite::Error>>()?;
    Ok(checks)
}

fn progress(connection: &Connection) -> Result<Option<Progress>> {
    let progress = connection
        .query_row("select operation, done, total, updated_at from progress", [], |row| {
            Ok(Progress {
                operation: row.get(0)?,
                done: row.get(1)?,
                total: row.get(2)?,
                updated_at: row.get(3)?,
            })
        })
        .optional()?;
    Ok(progress)
}
