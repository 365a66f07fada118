//! The plan's gates 1 to 5: what each asks for, what of that the file shows, and who approved it. An approval belongs to
//! the result that it was given for: another result asks again. A load asks [`hold`] before it starts a phase.
//!
//! `criteria` is pure: facts in, gates out.

mod criteria;

use crate::config::Config;
use crate::error::{Error, Result};
use crate::record::Phase;
use crate::staging::{Approval, Dependency, Reader, Staging, Step};

use criteria::{DOCUMENTED, Known, gates, is_filled};

/// One thing that a gate asks for.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Criterion {
    /// A stable word.
    pub name: &'static str,
    /// What it asks for.
    pub sentence: &'static str,
    /// Whether it is met; none when the step that shows it has not been done.
    pub met: Option<bool>,
}

/// One gate.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Gate {
    /// From 1 to 5.
    pub gate: u8,
    /// What stands behind it.
    pub title: &'static str,
    /// What it asks for, apart from the approval.
    pub criteria: Vec<Criterion>,
    /// Who approved the present result.
    pub approval: Option<Approval>,
    /// Whether every criterion is met and the present result is approved.
    pub passed: bool,
    /// What an approval is given for.
    #[serde(skip)]
    subject: String,
}

impl Gate {
    /// The first thing that is missing; none when the gate is passed.
    pub fn missing(&self) -> Option<String> {
        if let Some(missing) = self.criteria.iter().find(|criterion| criterion.met != Some(true)) {
            let state = if missing.met.is_none() { "is not known yet" } else { "is not met" };
            return Some(format!("{} {state}: {}", missing.name, missing.sentence));
        }
        self.approval
            .is_none()
            .then(|| "approval is missing: nobody has approved the present result".to_owned())
    }

    fn new(
        gate: u8,
        title: &'static str,
        criteria: Vec<Criterion>,
        subject: String,
        known: Option<Approval>,
    ) -> Self {
        // an approval of another result says nothing about this one
        let approval = known.filter(|approval| approval.subject == subject);
        let passed = approval.is_some() && criteria.iter().all(|criterion| criterion.met == Some(true));
        Self { gate, title, criteria, approval, passed, subject }
    }
}

/// The gates, and what must hold before the phases.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Gates {
    /// The five gates.
    pub gates: Vec<Gate>,
    /// What must hold before 2B and 2C, with the number of records that fail it; null before a transform.
    pub dependencies: Option<Vec<Dependency>>,
    /// Whether a load refuses a phase whose gates are not passed.
    pub enforced: bool,
}

/// A gate that the operator passes over, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// From 1 to 5.
    pub gate: u8,
    /// Why.
    pub reason: String,
}

/// The gates as a command that only looks sees them.
pub fn look(reader: &Reader) -> Result<Gates> {
    let analysis = reader.completed(Step::Analyze)?.map(|_| reader.analysis()).transpose()?;
    let config = reader.config()?.unwrap_or_default();
    let mut approvals = [const { None }; 5];
    for (number, approval) in (1..).zip(&mut approvals) {
        *approval = reader.approval(number)?;
    }
    let facts = reader.gate_facts()?;
    let dependencies = facts.dependencies.clone();
    let known = Known { status: reader.status()?, analysis, facts, policy: config.policy, approvals };
    Ok(Gates { gates: gates(&known), dependencies, enforced: config.gates.enforce })
}

/// Approves a gate; refused, with the criterion, while the file does not show everything that the gate asks for.
pub fn approve(staging: &mut Staging, number: u8, by: &str, note: Option<&str>) -> Result<Gate> {
    if by.trim().is_empty() {
        return Err(Error::precondition("an approval needs a name").hint("give it with --by NAME"));
    }
    let gate = find(staging, number)?;
    let is_open = |criterion: &Criterion| criterion.met != Some(true) && criterion.name != DOCUMENTED;
    if gate.criteria.iter().any(is_open) {
        let missing = gate.missing().unwrap_or_default();
        return Err(Error::precondition(format!("gate {number} cannot be approved: {missing}"))
            .hint("`drydock gate` lists what each gate asks for"));
    }
    let asks_for_report = gate.criteria.iter().any(|criterion| criterion.name == DOCUMENTED);
    if asks_for_report && !note.is_some_and(is_filled) {
        return Err(Error::precondition(format!(
            "gate {number} cannot be approved: {DOCUMENTED} is not met: the approval names no report"
        ))
        .hint("write one with `drydock report --out FILE` and say where it is with --note"));
    }
    staging.add_approval(number, by.trim(), &gate.subject, note)?;
    find(staging, number)
}

/// Refuses to start phases whose gates are not passed, where the configuration enforces them. A gate that the operator
/// passes over is noted with the reason, whether it is enforced or not.
pub fn hold(
    staging: &mut Staging,
    config: &Config,
    phases: &[Phase],
    overrides: &[Override],
    run_id: i64,
) -> Result<()> {
    if !config.gates.enforce && overrides.is_empty() {
        return Ok(());
    }
    let gates = all(staging)?;
    if config.gates.enforce {
        for phase in phases {
            let asked =
                phase.gates().iter().filter(|number| !overrides.iter().any(|over| over.gate == **number));
            let mut gate = asked.filter_map(|number| gates.iter().find(|gate| gate.gate == *number));
            if let Some((gate, missing)) = gate.find_map(|gate| Some((gate.gate, gate.missing()?))) {
                return Err(Error::precondition(format!(
                    "phase {} cannot start: gate {gate} is not passed: {missing}",
                    phase.as_str()
                ))
                .hint(
                    "`drydock gate` lists what is missing; load one phase at a time with --phase, or pass the gate over \
                     with --override-gate N --reason TEXT, which is recorded",
                ));
            }
        }
    }
    for over in overrides {
        let missing =
            gates.iter().find(|gate| gate.gate == over.gate).and_then(Gate::missing).unwrap_or_default();
        staging.add_override(run_id, over.gate, &missing, &over.reason)?;
    }
    Ok(())
}

fn find(staging: &Staging, number: u8) -> Result<Gate> {
    all(staging)?
        .into_iter()
        .find(|gate| gate.gate == number)
        .ok_or_else(|| Error::precondition(format!("there is no gate {number}")).hint("the gates are 1 to 5"))
}

fn all(staging: &Staging) -> Result<Vec<Gate>> {
    let analysis = staging.completed(Step::Analyze)?.map(|_| staging.analysis()).transpose()?;
    let policy = staging.config()?.unwrap_or_default().policy;
    let mut approvals = [const { None }; 5];
    for (number, approval) in (1..).zip(&mut approvals) {
        *approval = staging.approval(number)?;
    }
    let facts = staging.gate_facts()?;
    Ok(gates(&Known { status: staging.status()?, analysis, facts, policy, approvals }))
}
