//! The figures of a migration: everything that is counted, in one object. Every one is counted from records by one view or
//! one query; what is not known yet is null and never 0, and none is a value of a record.

pub(super) mod accounting;
pub(super) mod analysis;
pub(super) mod attention;
pub(super) mod checks;
pub(super) mod diff;
pub(super) mod errors;
pub(super) mod explain;
pub(super) mod gates;
pub(super) mod lead;
pub(super) mod phase_three;
pub(super) mod phase_two;
pub(super) mod survival;
pub(super) mod three_way;

use rusqlite::{Connection, OptionalExtension};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::error::Result;
use crate::record::{Category, Severity};
use crate::staging::figures::accounting::{Accounting, AssociationCount, ErrorAnalysis};
use crate::staging::figures::accounting::{accounting, associations, checks, error_analysis, unaccounted};
use crate::staging::figures::attention::{Attention, attention};
use crate::staging::figures::lead::{Examples, Open, RunLine, Twice, Wrong};
use crate::staging::figures::phase_three::phase_3;
use crate::staging::figures::phase_two::{Complete, phase_2};
use crate::staging::figures::survival::{Survival, survival};
use crate::staging::figures::three_way::{ThreeWayProof, three_way_proof};
use crate::staging::file::row::{all, first, only, row_struct};
use crate::staging::raw::columns::{SourceColumn, source_columns};
use crate::staging::{Check, Proof, Step};

/// Everything that is counted.
#[derive(Debug, Clone, Serialize)]
pub struct Figures {
    /// Source, target and when each step was completed.
    pub file: Map<String, Value>,
    /// When each step was last complete that is to be done again, because something that it builds on has changed since.
    pub done_before: Map<String, Value>,
    /// The fates of each entity's records.
    pub accounting: Map<String, Value>,
    /// Records without exactly one fate; anything but 0 is a defect. Null before a transform.
    pub unaccounted: Option<u64>,
    /// What is open, and for whom; null before a transform.
    pub open: Option<Open>,
    /// The plan's progress object.
    pub phase_2: Value,
    /// The same for cases, projects and their states; null where none of them takes part.
    pub phase_3: Value,
    /// The plan's error analysis; null before a transform.
    pub error_analysis: Option<ErrorAnalysis>,
    /// Associations by entity, method and confidence.
    pub associations: Vec<AssociationCount>,
    /// The last verification's checks.
    pub checks: Vec<Check>,
    /// Differences that it found; null before a verification.
    pub differences: Option<u64>,
    /// The accounting summed over the entities.
    pub totals: Accounting,
    /// Issues by category and severity, every one of the plan's.
    pub error_matrix: Map<String, Value>,
    /// Issues by phase, category and severity.
    pub issues: Vec<IssueCount>,
    /// Records by kind of issue, with what to do.
    pub errors: Vec<ErrorCount>,
    /// Records that are not ready, by entity, fate and the issues that keep them back.
    pub waiting: Vec<WaitingCount>,
    /// Values changed, by rule.
    pub changes: Vec<ChangeCount>,
    /// The commands that were run.
    pub runs: Vec<RunLine>,
    /// The transactions that a load has committed.
    pub receipts: Vec<ReceiptLine>,
    /// What loads did about rows whose record is gone from the source, where `policy.gone` says so.
    pub gone: Vec<GoneLine>,
    /// The three-way proof as one statement; null before a verification.
    pub three_way_proof: Option<ThreeWayProof>,
    /// Its sides, table by table, as the last verification computed them.
    pub proofs: Vec<Proof>,
    /// Of each field, what became of the values that the source gave, those that lose most first; empty before a verification.
    pub survival: Vec<Survival>,
    /// How the columns of the snapshot are written; empty before a transform.
    pub columns: Vec<SourceColumn>,
    /// What asks for attention in the result.
    pub attention: Attention,
    /// Decisions that wait for the next transform.
    pub decisions_waiting: u64,
    /// The first rows that each check of the last verification found wrong.
    pub wrong: Vec<Wrong>,
    /// The first records of each kind of issue that waits for a person.
    pub examples: Vec<Examples>,
    /// Who may be there twice; null before a transform.
    pub twice: Option<Twice>,
    /// The accounting in the order of the entities, for text.
    #[serde(skip)]
    pub lines: Vec<Accounting>,
}

/// Verbs that end with a verification.
const VERIFYING: [&str; 3] = ["verify", "run", "demo"];

/// Verbs that change the result or the target.
const CHANGING: [&str; 8] =
    ["extract", "survey", "transform", "load", "rollback", "review import", "run", "demo"];

impl Figures {
    /// Whether what the last verification found is about a result that has changed since. One that found nothing wrong says itself
    /// that it was completed; after one that did, no command has come that may have changed the result.
    pub fn is_verification_stale(&self) -> bool {
        if self.checks.iter().all(Check::passed) {
            return !self.checks.is_empty() && self.completed(Step::Verify).is_none();
        }
        // a load that sent nothing was a rehearsal, or ended before its first row; what was refused for a precondition did nothing,
        // and had it begun a transform, the fates would be gone
        let may_change = |run: &&RunLine| {
            let is_refused = run.outcome.as_deref() == Some("failed") && run.exit_code == Some(3);
            CHANGING.contains(&run.verb.as_str())
                && !is_refused
                && (run.verb != "load" || run.rows_sent.is_some() || run.outcome.is_none())
        };
        let has_verified =
            |run: &&RunLine| VERIFYING.contains(&run.verb.as_str()) && run.outcome.as_deref() == Some("done");
        let changed = self.runs.iter().filter(may_change).map(|run| run.run_id).max();
        let verified = self.runs.iter().filter(has_verified).map(|run| run.run_id).max();
        self.decisions_waiting > 0 || self.completed(Step::Transform).is_none() || changed > verified
    }

    /// When the step was completed; only the steps that `file` lists are known here.
    pub fn completed(&self, step: Step) -> Option<&str> {
        self.file.get(step.fact()).and_then(Value::as_str)
    }
}

row_struct! {
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
}

row_struct! {
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
        /// Records with an issue of this kind that nobody has settled.
        pub pending: u64,
    }
}

row_struct! {
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
        /// The first of them by legacy id, joined by commas.
        pub legacy_ids: String,
    }
}

row_struct! {
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
}

row_struct! {
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
}

row_struct! {
    /// Rows whose record is gone from the source, with what became of them.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
    pub struct GoneLine {
        /// The entity.
        pub entity: String,
        /// `removed`, `deactivated` or `already`; or why the row was left: `others`, `changed`, `referenced`, `kept`.
        pub outcome: String,
        /// How many.
        pub records: u64,
    }
}

row_struct! {
    /// What the present command is doing.
    #[derive(Debug, Clone, PartialEq, Eq)]
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
}

/// The steps of which the figures say when they were completed.
const STEPS: [Step; 5] = [Step::Extract, Step::Survey, Step::Transform, Step::Load, Step::Verify];

/// What is said of a step that was complete, before something that it builds on changed.
pub const AGAIN: &str = "to be done again, last done";

/// Counts everything. What a killed command said last is only current while somebody writes.
pub(in crate::staging) fn figures(connection: &Connection, is_being_written: bool) -> Result<Figures> {
    let file = steps(connection)?;
    let is_complete = |step: Step| !file[step.fact()].is_null();
    let is_transformed = is_complete(Step::Transform);
    let checks = checks(connection)?;
    // also what a verification found that did not pass
    let is_checked = !checks.is_empty();
    let progress: Option<Progress> = if is_being_written {
        first(connection, "select operation, done, total, updated_at from progress", [])?
    } else {
        None
    };
    let complete = Complete {
        extracted: is_complete(Step::Extract),
        surveyed: is_complete(Step::Survey),
        transformed: is_transformed,
        verified: is_checked,
    };
    let lines = accounting(connection)?;
    let proofs = proofs(connection)?;
    Ok(Figures {
        done_before: done_before(connection, &file)?,
        accounting: lines
            .iter()
            .map(|line| (line.entity.clone(), serde_json::to_value(line).unwrap_or_default()))
            .collect(),
        unaccounted: is_transformed.then(|| unaccounted(connection)).transpose()?,
        open: is_transformed.then(|| open(connection)).transpose()?,
        phase_2: phase_2(connection, progress.as_ref(), complete)?,
        phase_3: phase_3(connection, &lines, complete)?,
        error_analysis: is_transformed.then(|| error_analysis(connection)).transpose()?,
        associations: associations(connection)?,
        checks,
        differences: is_checked
            .then(|| connection.query_row("select count(*) from differences", [], |row| row.get(0)))
            .transpose()?,
        totals: Accounting::total(&lines),
        error_matrix: error_matrix(connection)?,
        issues: all(
            connection,
            "select phase, error_category, severity, sum(resolution_strategy = 'automatic') as automatic, \
             sum(resolution_strategy = 'manual') as manual from migration_errors group by phase, error_category, severity \
             order by phase, error_category, \
             case severity when 'critical' then 1 when 'high' then 2 when 'medium' then 3 else 4 end",
            [],
        )?,
        errors: all(
            connection,
            "select * from v_errors_by_code order by records desc, phase, entity, error_code",
            [],
        )?,
        waiting: all(
            connection,
            "select entity, fate, error_codes, max(records) as records, coalesce(group_concat(legacy_id, ', '), '') as legacy_ids from ( \
                 select entity, fate, coalesce(error_codes, '') as error_codes, legacy_id, \
                        count(*) over (partition by entity, fate, error_codes) as records, \
                        row_number() over (partition by entity, fate, error_codes order by legacy_id) as place \
                 from v_waiting) \
             where place <= ? group by 1, 2, 3 order by 1, 2, 3",
            [lead::EXAMPLES],
        )?,
        changes: all(
            connection,
            "select entity, field, rule, changes from v_changes_by_rule order by changes desc, entity, field, rule",
            [],
        )?,
        runs: lead::runs(connection)?,
        receipts: all(
            connection,
            "select phase, entity, sum(rows) as rows, sum(inserted) as inserted, sum(updated) as updated, \
                    sum(unchanged) as unchanged from receipts group by phase, entity order by min(receipt_id)",
            [],
        )?,
        gone: all(connection, "select entity, outcome, records from v_gone_records order by 1, 2", [])?,
        three_way_proof: three_way_proof(connection, &proofs)?,
        proofs,
        survival: survival(connection)?,
        columns: source_columns(connection)?,
        attention: attention(connection)?,
        decisions_waiting: lead::decisions_waiting(connection)?,
        wrong: lead::wrong(connection)?,
        examples: lead::examples(connection)?,
        twice: is_transformed.then(|| lead::twice(connection)).transpose()?.flatten(),
        lines,
        file,
    })
}

/// Source, target and when each step was completed.
pub(in crate::staging) fn steps(connection: &Connection) -> Result<Map<String, Value>> {
    let mut statement = connection.prepare("select value from facts where name = ?")?;
    ["source_identity", "target_identity"]
        .into_iter()
        .chain(STEPS.map(Step::fact))
        .map(|name| {
            let value: Option<String> = statement.query_row([name], |row| row.get(0)).optional()?;
            Ok((name.to_owned(), value.map_or(Value::Null, Value::String)))
        })
        .collect()
}

/// When each step that is not complete now was last complete, by the journal.
fn done_before(connection: &Connection, file: &Map<String, Value>) -> Result<Map<String, Value>> {
    let sql = "select max(at) from journal where kind = 'step' and json_extract(content, '$.step') = ?";
    let mut statement = connection.prepare(sql)?;
    let mut done = Map::new();
    for step in STEPS.into_iter().filter(|step| file[step.fact()].is_null()) {
        let last: Option<String> = statement.query_row([step.word()], |row| row.get(0))?;
        done.extend(last.map(|at| (step.fact().to_owned(), Value::String(at))));
    }
    Ok(done)
}

/// What is open.
pub(in crate::staging) fn open(connection: &Connection) -> Result<Open> {
    only(connection, "select * from v_open", [])
}

/// The sides of the proof.
pub(in crate::staging) fn proofs(connection: &Connection) -> Result<Vec<Proof>> {
    all(
        connection,
        "select part, name, side, rows, digest, is_equal from proofs order by part, name, side",
        [],
    )
}

/// How many issues each category has of each severity; what there is none of is 0, because it was counted.
fn error_matrix(connection: &Connection) -> Result<Map<String, Value>> {
    let counts: Vec<(String, String, u64)> =
        all(connection, "select error_category, severity, count(*) from migration_errors group by 1, 2", [])?;
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
