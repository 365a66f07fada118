//! Approvals of gates: rows that say who let the migration go on, when, and on what result.

use rusqlite::{Connection, OptionalExtension};

use super::open::{Reader, Staging};
use super::{Step, journalled_rows as proofs, now};
use crate::error::Result;
use crate::record::LegacyId;

/// One approval.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Approval {
    /// Who gave it.
    pub approved_by: String,
    /// When.
    pub approved_at: String,
    /// The digest of the result that it was given for.
    #[serde(skip)]
    pub subject: String,
    /// What the person added.
    pub note: Option<String>,
}

impl Staging {
    /// Adds an approval of a gate, from 1 to 5.
    pub fn add_approval(&mut self, gate: u8, by: &str, subject: &str, note: Option<&str>) -> Result<()> {
        let (run, moment) = (self.run, now());
        self.transaction(|connection| {
            connection.execute(
                "insert into gate_approvals (gate, approved_by, approved_at, subject, note) values (?, ?, ?, ?, ?)",
                (gate, by, &moment, subject, note),
            )?;
            proofs::note_row(connection, run, &proofs::APPROVALS, connection.last_insert_rowid())
        })
    }

    /// The newest approval of a gate.
    pub fn approval(&self, gate: u8) -> Result<Option<Approval>> {
        approval(&self.connection, gate)
    }
}

impl Reader {
    /// The newest approval of a gate.
    pub fn approval(&self, gate: u8) -> Result<Option<Approval>> {
        approval(&self.connection, gate)
    }
}

fn approval(connection: &Connection, gate: u8) -> Result<Option<Approval>> {
    let approval = connection
        .query_row(
            "select approved_by, approved_at, subject, note from gate_approvals where gate = ? \
             order by approval_id desc limit 1",
            [gate],
            |row| {
                Ok(Approval {
                    approved_by: row.get(0)?,
                    approved_at: row.get(1)?,
                    subject: row.get(2)?,
                    note: row.get(3)?,
                })
            },
        )
        .optional()?;
    Ok(approval)
}

/// Something that must hold before a phase is loaded, and how many records fail it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Dependency {
    /// `2B` or `2C`.
    pub phase: String,
    /// A stable word.
    pub dependency: String,
    /// What must hold.
    pub sentence: String,
    /// Records that fail it; `v_dependency_failures` lists them.
    pub failing: u64,
    /// Of these, those that are ready all the same: they would break the load.
    pub failing_ready: u64,
}

/// What the file knows that gates are judged by, beside the status and the error analysis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GateFacts {
    /// What must hold before the phases; none before a transform.
    pub dependencies: Option<Vec<Dependency>>,
    /// Critical errors that nobody has settled, by phase.
    pub critical: Vec<(String, u64)>,
    /// Records that a person rejected, by entity.
    pub rejected_by_people: Vec<(String, u64)>,
    /// Problems of the target that stand in the way of every load.
    pub obstacles: u64,
    /// The phases that the target has been asked to take, each with the last run that did.
    pub loaded_by: Vec<(String, i64)>,
    /// The last run that verified.
    pub verified_by: Option<i64>,
    /// Differences of the last verification, by entity and field.
    pub differences: Vec<(String, String, u64)>,
    /// What its checks found wrong, by level and entity.
    pub findings: Vec<(String, String, u64)>,
}

impl Staging {
    /// What gates are judged by.
    pub fn gate_facts(&self) -> Result<GateFacts> {
        gate_facts(&self.connection)
    }

    /// Notes that a gate was passed over.
    pub fn add_override(&mut self, run_id: i64, gate: u8, missing: &str, reason: &str) -> Result<()> {
        let run = self.run;
        self.transaction(|connection| {
            connection.execute(
                "insert into gate_overrides (gate, reason, missing, run_id, overridden_at) values (?, ?, ?, ?, ?)",
                (gate, reason, missing, run_id, now()),
            )?;
            proofs::note_row(connection, run, &proofs::OVERRIDES, connection.last_insert_rowid())
        })
    }
}

/// A record that fails what must hold before a phase.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct DependencyFailure {
    /// `2B` or `2C`.
    pub phase: String,
    /// The stable word of what it fails.
    pub dependency: String,
    /// The entity.
    pub entity: String,
    /// The record.
    pub legacy_id: LegacyId,
    /// Whether it is ready all the same: it would break the load.
    pub is_ready: bool,
}

impl Reader {
    /// What must hold before the phases are loaded, with the records that are kept back for it. That what is ready leads
    /// to what is ready, a transform takes care of itself; asking for that as well takes a while.
    pub fn dependencies_kept_back(&self) -> Result<Vec<Dependency>> {
        dependencies(
            &self.connection,
            "select k.phase, k.dependency, k.sentence, coalesce(f.records, 0), 0 from v_dependency_names k \
             left join (select phase, dependency, count(distinct entity || ' ' || legacy_id) as records \
                        from v_dependency_failures where is_ready = 0 group by phase, dependency) f \
             on f.phase = k.phase and f.dependency = k.dependency order by k.position",
        )
    }

    /// Every record that fails what must hold before a phase, in the order of the dependencies.
    pub fn dependency_failures(&self) -> Result<Vec<DependencyFailure>> {
        let mut statement = self.connection.prepare(
            "select f.phase, f.dependency, f.entity, f.legacy_id, max(f.is_ready) \
             from v_dependency_failures f \
             join v_dependency_names k on k.phase = f.phase and k.dependency = f.dependency \
             group by k.position, f.entity, f.legacy_id order by k.position, f.entity, f.legacy_id",
        )?;
        let failures = statement
            .query_map([], |row| {
                Ok(DependencyFailure {
                    phase: row.get(0)?,
                    dependency: row.get(1)?,
                    entity: row.get(2)?,
                    legacy_id: LegacyId(row.get(3)?),
                    is_ready: row.get(4)?,
                })
            })?
            .collect::<Result<_, rusqlite::Error>>()?;
        Ok(failures)
    }

    /// What gates are judged by.
    pub fn gate_facts(&self) -> Result<GateFacts> {
        gate_facts(&self.connection)
    }
}

const DEPENDENCIES: &str =
    "select phase, dependency, sentence, failing, failing_ready from v_dependencies order by position";

fn gate_facts(connection: &Connection) -> Result<GateFacts> {
    let transformed: bool = connection.query_row(
        "select exists (select 1 from facts where name = ?)",
        [Step::Transform.fact()],
        |row| row.get(0),
    )?;
    let counted = |sql: &str| -> Result<Vec<(String, u64)>> {
        let mut statement = connection.prepare(sql)?;
        let rows = statement
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, rusqlite::Error>>()?;
        Ok(rows)
    };
    let mut statement = connection.prepare("select phase, max(run_id) from receipts group by phase")?;
    let loaded_by = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, rusqlite::Error>>()?;
    let counted_twice = |sql: &str| -> Result<Vec<(String, String, u64)>> {
        let mut statement = connection.prepare(sql)?;
        let rows = statement
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
            .collect::<Result<_, rusqlite::Error>>()?;
        Ok(rows)
    };
    Ok(GateFacts {
        dependencies: transformed.then(|| dependencies(connection, DEPENDENCIES)).transpose()?,
        critical: counted(
            // one that somebody else has to decide is not decided
            "select phase, count(*) from migration_errors where severity = 'critical' \
             and resolution_status <> 'resolved' group by phase",
        )?,
        rejected_by_people: rejected_by_people(connection)?,
        obstacles: connection.query_row("select count(*) from schema_findings", [], |row| row.get(0))?,
        loaded_by,
        // a verification that found differences was done as well
        verified_by: connection.query_row(
            "select max(run_id) from runs where verb in ('verify', 'run', 'demo') and exists (select 1 from checks) \
             and (outcome = 'done' or outcome is null)",
            [],
            |row| row.get(0),
        )?,
        differences: counted_twice(
            "select entity, field, count(*) from differences group by entity, field",
        )?,
        findings: counted_twice(
            "select c.level, f.entity, count(*) from findings f join checks c using (name) \
             where f.is_exception = 0 group by c.level, f.entity",
        )?,
    })
}

fn dependencies(connection: &Connection, sql: &str) -> Result<Vec<Dependency>> {
    let mut statement = connection.prepare(sql)?;
    let dependencies = statement
        .query_map([], |row| {
            Ok(Dependency {
                phase: row.get(0)?,
                dependency: row.get(1)?,
                sentence: row.get(2)?,
                failing: row.get(3)?,
                failing_ready: row.get(4)?,
            })
        })?
        .collect::<Result<_, rusqlite::Error>>()?;
    Ok(dependencies)
}

/// Records that a person rejected, by entity: such a decision allows them.
pub(super) fn rejected_by_people(connection: &Connection) -> Result<Vec<(String, u64)>> {
    let mut statement = connection.prepare(
        "select entity, count(distinct legacy_id) from v_decisions \
         where action = 'reject' and state = 'applied' and fate = 'rejected' group by entity",
    )?;
    let counts = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, rusqlite::Error>>()?;
    Ok(counts)
}
