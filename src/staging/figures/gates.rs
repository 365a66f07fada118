//! What the gates are judged by: approvals, what must hold before the phases, and what the last load and verification left.

use rusqlite::Connection;

use crate::error::{Error, Result};
use crate::record::LegacyId;
use crate::staging::figures::analysis::{Analysis, analysis};
use crate::staging::file::facts::config_of;
use crate::staging::file::open::{Reader, Staging};
use crate::staging::file::row::{all, first, only, row_struct};
use crate::staging::{Step, file::facts, file::journalled_rows as proofs, now};

row_struct! {
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
}

row_struct! {
    /// Something that must hold before a phase is loaded, and how many records fail it.
    #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
    pub struct Dependency {
        /// The phase: `2B`.
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
}

row_struct! {
    /// A record that fails what must hold before a phase.
    #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
    pub struct DependencyFailure {
        /// The phase: `2B`.
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
}

/// What the file knows that gates are judged by, beside the figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// The error analysis, once it was made.
    pub analysis: Option<Analysis>,
    /// The newest approval of each gate.
    pub approvals: [Option<Approval>; 7],
    /// Whether a load refuses a phase whose gates are not passed.
    pub is_enforced: bool,
    /// What must hold before the phases; none before a transform.
    pub dependencies: Option<Vec<Dependency>>,
    /// What in the target's schema no load gets past.
    pub obstacles: u64,
    /// Critical issues that nobody has settled, by phase.
    pub critical: Vec<(String, u64)>,
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
    /// Adds an approval of a gate, from 1 to 7.
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

impl Reader {
    /// What must hold before the phases are loaded, with the records that are kept back for it. That what is ready leads
    /// to what is ready, a transform takes care of itself; asking for that as well takes a while.
    pub fn dependencies_kept_back(&self) -> Result<Vec<Dependency>> {
        all(
            &self.connection,
            "select k.phase, k.dependency, k.sentence, coalesce(f.records, 0) as failing, 0 as failing_ready \
             from v_dependency_names k \
             left join (select phase, dependency, count(distinct entity || ' ' || legacy_id) as records \
                        from v_dependency_failures where is_ready = 0 group by phase, dependency) f \
             on f.phase = k.phase and f.dependency = k.dependency order by k.position",
            [],
        )
    }

    /// Every record that fails what must hold before a phase, in the order of the dependencies.
    pub fn dependency_failures(&self) -> Result<Vec<DependencyFailure>> {
        all(
            &self.connection,
            "select f.phase, f.dependency, f.entity, f.legacy_id, max(f.is_ready) as is_ready \
             from v_dependency_failures f \
             join v_dependency_names k on k.phase = f.phase and k.dependency = f.dependency \
             group by k.position, f.entity, f.legacy_id order by k.position, f.entity, f.legacy_id",
            [],
        )
    }
}

pub(in crate::staging) fn evidence(connection: &Connection) -> Result<Evidence> {
    let is_complete = |step: Step| Ok::<_, Error>(facts::read(connection, step.fact())?.is_some());
    let mut approvals = [const { None }; 7];
    for (gate, approval) in (1..).zip(&mut approvals) {
        *approval = newest_approval(connection, gate)?;
    }
    Ok(Evidence {
        analysis: is_complete(Step::Analyze)?.then(|| analysis(connection)).transpose()?,
        approvals,
        is_enforced: config_of(connection)?.unwrap_or_default().gates.enforce,
        dependencies: is_complete(Step::Transform)?
            .then(|| {
                all(
                    connection,
                    "select phase, dependency, sentence, failing, failing_ready from v_dependencies order by position",
                    [],
                )
            })
            .transpose()?,
        obstacles: only::<(u64,)>(connection, "select count(*) from schema_findings", [])?.0,
        critical: all(
            connection,
            // one that somebody else has to decide is not decided
            "select phase, count(*) from migration_errors where severity = 'critical' \
             and resolution_status <> 'resolved' group by phase",
            [],
        )?,
        loaded_by: all(connection, "select phase, max(run_id) from receipts group by phase", [])?,
        // a verification that found differences was done as well
        verified_by: only::<(Option<i64>,)>(
            connection,
            "select max(run_id) from runs where verb in ('verify', 'run', 'demo') and exists (select 1 from checks) \
             and (outcome = 'done' or outcome is null)",
            [],
        )?
        .0,
        differences: all(
            connection,
            "select entity, field, count(*) from differences group by entity, field",
            [],
        )?,
        findings: all(
            connection,
            "select c.level, f.entity, count(*) from findings f join checks c using (name) \
             where f.is_exception = 0 group by c.level, f.entity",
            [],
        )?,
    })
}

fn newest_approval(connection: &Connection, gate: u8) -> Result<Option<Approval>> {
    first(
        connection,
        "select approved_by, approved_at, subject, note from gate_approvals where gate = ? \
         order by approval_id desc limit 1",
        [gate],
    )
}
