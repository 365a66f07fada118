//! The figures behind the status that a report draws: issues by kind, changes by rule, runs, receipts, proofs and gates.
//! Every one is counted from records; none is a value of a record.

use rusqlite::{Connection, Row};
use serde::Serialize;
use serde_json::{Map, Value};

use super::three_way::{ThreeWayProof, three_way_proof};
use super::{Accounting, Check, Level, Proof};
use crate::error::Result;
use crate::record::{Category, Severity};

/// What `status --json` says beside the accounting and the plan's own objects.
#[derive(Debug, Clone, Serialize)]
pub struct Figures {
    /// The accounting summed over the entities.
    pub totals: Accounting,
    /// Issues by category and severity, every one of the plan's.
    pub error_matrix: Map<String, Value>,
    /// Issues by phase, category and severity.
    pub issues: Vec<IssueCount>,
    /// Records by kind of issue, with what to do.
    pub errors: Vec<ErrorCount>,
    /// Records that wait, by entity, fate and the issues that stop them.
    pub waiting: Vec<WaitingCount>,
    /// Values changed, by rule.
    pub changes: Vec<ChangeCount>,
    /// The commands that were run.
    pub runs: Vec<RunLine>,
    /// The transactions that a load has committed.
    pub receipts: Vec<ReceiptLine>,
    /// The three-way proof as one statement; null before a verification.
    pub three_way_proof: Option<ThreeWayProof>,
    /// Its sides, table by table, as the last verification computed them.
    pub proofs: Vec<Proof>,
    /// The plan's gates, as far as they can be measured.
    pub gates: Vec<Gate>,
}

/// Issues of one category and severity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names are the plan's own")]
pub struct IssueCount {
    pub phase: String,
    pub error_category: String,
    pub severity: String,
    pub automatic: u64,
    pub manual: u64,
}

/// Records with one kind of issue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names are the plan's own")]
pub struct ErrorCount {
    pub phase: String,
    pub entity: String,
    pub error_code: String,
    pub error_message: String,
    pub error_category: String,
    pub severity: String,
    pub resolution_strategy: String,
    pub suggested_resolution: String,
    pub records: u64,
    pub pending: u64,
}

/// Records that will not be loaded as they stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WaitingCount {
    /// The entity.
    pub entity: String,
    /// Their fate.
    pub fate: String,
    /// The codes of the issues that a person has to resolve, joined by commas.
    pub error_codes: String,
    /// How many they are.
    pub records: u64,
}

/// Values that one rule changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChangeCount {
    /// The entity.
    pub entity: String,
    /// The field.
    pub field: String,
    /// The rule.
    pub rule: String,
    /// How many values.
    pub changes: u64,
}

/// A command that was run on the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunLine {
    /// Its number.
    pub run_id: u64,
    /// The verb.
    pub verb: String,
    /// When it began.
    pub started_at: String,
    /// How long it took; null while it works, when it was killed, and when the clock was set back meanwhile.
    pub seconds: Option<u64>,
    /// How it ended.
    pub outcome: Option<String>,
    /// Its exit code.
    pub exit_code: Option<u64>,
}

/// A committed transaction of a load.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names are those of the receipts table")]
pub struct ReceiptLine {
    pub phase: String,
    pub entity: String,
    pub rows: u64,
    pub inserted: u64,
    pub updated: u64,
    pub unchanged: u64,
}

/// One of the plan's five gates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Gate {
    /// Its number.
    pub gate: u64,
    /// What it asks for, in the plan's words.
    pub demand: &'static str,
    /// Whether what can be measured of it holds; null while that is not known yet.
    pub is_met: Option<bool>,
    /// Whether a person has approved it; null where the file keeps no approvals.
    pub is_approved: Option<bool>,
}

/// Reads all of them.
pub(super) fn figures(
    connection: &Connection,
    lines: &[Accounting],
    checks: &[Check],
    phase_2: &Value,
    steps: Steps,
) -> Result<Figures> {
    let proofs = proofs(connection)?;
    Ok(Figures {
        totals: totals(lines),
        error_matrix: error_matrix(connection)?,
        issues: all(
            connection,
            "select phase, error_category, severity, sum(resolution_strategy = 'automatic'), \
             sum(resolution_strategy = 'manual') from migration_errors group by phase, error_category, severity \
             order by phase, error_category, \
             case severity when 'critical' then 1 when 'high' then 2 when 'medium' then 3 else 4 end",
            |row| {
                Ok(IssueCount {
                    phase: row.get(0)?,
                    error_category: row.get(1)?,
                    severity: row.get(2)?,
                    automatic: row.get(3)?,
                    manual: row.get(4)?,
                })
            },
        )?,
        errors: all(
            connection,
            "select phase, entity, error_code, min(error_message), error_category, severity, resolution_strategy, \
             min(suggested_resolution), count(distinct entity_id), \
             count(distinct case when resolution_status in ('pending', 'in_progress', 'escalated') then entity_id end) \
             from migration_errors \
             group by phase, entity, error_code, error_category, severity, resolution_strategy \
             order by 9 desc, phase, entity, error_code",
            |row| {
                Ok(ErrorCount {
                    phase: row.get(0)?,
                    entity: row.get(1)?,
                    error_code: row.get(2)?,
                    error_message: row.get(3)?,
                    error_category: row.get(4)?,
                    severity: row.get(5)?,
                    resolution_strategy: row.get(6)?,
                    suggested_resolution: row.get(7)?,
                    records: row.get(8)?,
                    pending: row.get(9)?,
                })
            },
        )?,
        waiting: all(
            connection,
            "select entity, fate, coalesce(error_codes, ''), count(*) from v_waiting group by 1, 2, 3 order by 1, 2, 3",
            |row| {
                Ok(WaitingCount {
                    entity: row.get(0)?,
                    fate: row.get(1)?,
                    error_codes: row.get(2)?,
                    records: row.get(3)?,
                })
            },
        )?,
        changes: all(
            connection,
            "select entity, field, rule, changes from v_changes_by_rule order by changes desc, entity, field, rule",
            |row| {
                Ok(ChangeCount {
                    entity: row.get(0)?,
                    field: row.get(1)?,
                    rule: row.get(2)?,
                    changes: row.get(3)?,
                })
            },
        )?,
        runs: all(
            connection,
            // a clock that was set back meanwhile tells no length
            "select run_id, verb, started_at, nullif(max(unixepoch(finished_at) - unixepoch(started_at), -1), -1), \
             outcome, exit_code from runs order by run_id",
            |row| {
                Ok(RunLine {
                    run_id: row.get(0)?,
                    verb: row.get(1)?,
                    started_at: row.get(2)?,
                    seconds: row.get(3)?,
                    outcome: row.get(4)?,
                    exit_code: row.get(5)?,
                })
            },
        )?,
        receipts: all(
            connection,
            "select phase, entity, sum(rows), sum(inserted), sum(updated), sum(unchanged) from receipts \
             group by phase, entity order by min(receipt_id)",
            |row| {
                Ok(ReceiptLine {
                    phase: row.get(0)?,
                    entity: row.get(1)?,
                    rows: row.get(2)?,
                    inserted: row.get(3)?,
                    updated: row.get(4)?,
                    unchanged: row.get(5)?,
                })
            },
        )?,
        three_way_proof: three_way_proof(connection, &proofs)?,
        proofs,
        gates: gates(approved(connection)?.as_deref(), checks, phase_2, lines, steps),
    })
}

/// Which steps are complete.
#[derive(Debug, Clone, Copy)]
pub(super) struct Steps {
    pub surveyed: bool,
    pub transformed: bool,
    pub verified: bool,
}

fn all<T>(
    connection: &Connection,
    sql: &str,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>> {
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([], read)?.collect::<Result<_, rusqlite::Error>>()?;
    Ok(rows)
}

/// The sides of the proof.
pub(super) fn proofs(connection: &Connection) -> Result<Vec<Proof>> {
    all(
        connection,
        "select part, name, side, rows, digest, is_equal from proofs order by part, name, side",
        |row| {
            Ok(Proof {
                part: row.get(0)?,
                name: row.get(1)?,
                side: row.get(2)?,
                rows: row.get(3)?,
                digest: row.get(4)?,
                is_equal: row.get(5)?,
            })
        },
    )
}

/// How many issues each category has of each severity; what there is none of is 0, because it was counted.
fn error_matrix(connection: &Connection) -> Result<Map<String, Value>> {
    let counts: Vec<(String, String, u64)> = all(
        connection,
        "select error_category, severity, count(*) from migration_errors group by 1, 2",
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )?;
    let count = |category: &str, severity: &str| {
        let found = counts.iter().find(|(of, grade, _)| of == category && grade == severity);
        found.map_or(0, |(_, _, issues)| *issues)
    };
    let row = |category: Category| -> Map<String, Value> {
        Severity::ALL
            .iter()
            .map(|severity| {
                let word = severity.as_str();
                (word.to_owned(), Value::from(count(category.as_str(), word)))
            })
            .collect()
    };
    Ok(Category::ALL
        .iter()
        .map(|category| (category.as_str().to_owned(), Value::Object(row(*category))))
        .collect())
}

fn totals(lines: &[Accounting]) -> Accounting {
    let mut totals = Accounting {
        entity: "totals".to_owned(),
        extracted: 0,
        ready: 0,
        merged: 0,
        rejected: 0,
        quarantined: 0,
        loaded: 0,
        failed: 0,
        created: 0,
    };
    for line in lines {
        totals.extracted += line.extracted;
        totals.ready += line.ready;
        totals.merged += line.merged;
        totals.rejected += line.rejected;
        totals.quarantined += line.quarantined;
        totals.loaded += line.loaded;
        totals.failed += line.failed;
        totals.created += line.created;
    }
    totals
}

/// The gates that a person has approved, where the file keeps approvals.
fn approved(connection: &Connection) -> Result<Option<Vec<u64>>> {
    let is_kept: bool = connection.query_row(
        "select exists (select 1 from sqlite_schema where name = 'gate_approvals')",
        [],
        |row| row.get(0),
    )?;
    is_kept.then(|| all(connection, "select distinct gate from gate_approvals", |row| row.get(0))).transpose()
}

/// What can be measured of the gates; approvals and checkpoints have their own commands.
fn gates(
    approved: Option<&[u64]>,
    checks: &[Check],
    phase_2: &Value,
    lines: &[Accounting],
    steps: Steps,
) -> Vec<Gate> {
    let holds = |levels: &[Level]| {
        (!checks.is_empty())
            .then(|| checks.iter().filter(|check| levels.contains(&check.level)).all(Check::passed))
    };
    let number = |path: &str| phase_2.pointer(path).and_then(Value::as_u64);
    let profiles = number("/phase_2a_profiles/total_remaining")
        .zip(number("/phase_2a_profiles/resolved"))
        .map(|(total, resolved)| total == resolved);
    let patients = steps.transformed.then(|| {
        lines
            .iter()
            .filter(|line| line.entity == "patients")
            .all(|line| line.loaded + line.merged == line.extracted)
    });
    let both = |one: Option<bool>, other: Option<bool>| Some(one? && other?);
    let gate = |gate, demand, is_met| {
        let is_approved = approved.map(|approved| approved.contains(&gate));
        Gate { gate, demand, is_met, is_approved }
    };
    vec![
        gate(1, "error analysis complete and remediation plan approved", steps.transformed.then_some(true)),
        gate(2, "infrastructure validated", steps.surveyed.then_some(true)),
        gate(3, "profiles 100% with validation passed", both(profiles, holds(&[Level::Entity]))),
        gate(4, "patients complete with relationships valid", both(patients, holds(&[Level::Relationship]))),
        gate(5, "full integration validated and documented", both(holds(&Level::ALL), Some(steps.verified))),
    ]
}
