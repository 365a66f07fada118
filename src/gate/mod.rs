//! The plan's gates 1 to 5, and 6 and 7 where phase 3 takes part: what each asks for, what of that the file shows, and who
//! approved it. An approval belongs to the result that it was given for: another result asks again. A load asks [`hold`] before
//! it starts a phase. Every surface that speaks of gates has them from [`look`].
//!
//! `criteria` is pure: figures and evidence in, gates out.

mod criteria;

use serde::Serialize;

use crate::config::Config;
use crate::error::{Error, Result};
use crate::record::Phase;
use crate::staging::{Approval, Asked, Dependency, Evidence, Figures, Staging};

use criteria::{DOCUMENTED, Judge, gates, is_filled};

/// One thing that a gate asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Criterion {
    /// A stable word.
    pub name: &'static str,
    /// What it asks for.
    pub sentence: &'static str,
    /// Whether it is met; none when the step that shows it has not been done.
    pub is_met: Option<bool>,
}

/// One gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Gate {
    /// From 1 to 7.
    pub gate: u8,
    /// What it asks for, in the plan's words.
    pub demand: &'static str,
    /// The demand in parts that a file can show, apart from the approval.
    pub criteria: Vec<Criterion>,
    /// Whether every criterion is met; none when one is not known yet and no other one fails.
    pub is_met: Option<bool>,
    /// Whether the present result is approved.
    pub is_approved: bool,
    /// Who approved the present result.
    pub approval: Option<Approval>,
    /// Whether every criterion is met and the present result is approved.
    pub passed: bool,
    /// The first thing that is missing; none when the gate is passed.
    pub missing: Option<String>,
    /// What an approval is given for.
    #[serde(skip)]
    subject: String,
}

impl Gate {
    fn new(
        gate: u8,
        demand: &'static str,
        criteria: Vec<Criterion>,
        subject: String,
        newest: Option<Approval>,
    ) -> Self {
        // an approval of another result says nothing about this one
        let approval = newest.filter(|approval| approval.subject == subject);
        let is_met = if criteria.iter().any(|criterion| criterion.is_met == Some(false)) {
            Some(false)
        } else {
            criteria.iter().all(|criterion| criterion.is_met.is_some()).then_some(true)
        };
        let is_approved = approval.is_some();
        let missing = missing(&criteria, is_approved);
        let passed = missing.is_none();
        Self { gate, demand, criteria, is_met, is_approved, approval, passed, missing, subject }
    }
}

/// The first thing that a gate lacks.
fn missing(criteria: &[Criterion], is_approved: bool) -> Option<String> {
    let Some(criterion) = criteria.iter().find(|criterion| criterion.is_met != Some(true)) else {
        return (!is_approved)
            .then(|| "approval is missing: nobody has approved the present result".to_owned());
    };
    let state = if criterion.is_met.is_none() { "is not known yet" } else { "is not met" };
    Some(format!("{} {state}: {}", criterion.name, criterion.sentence))
}

/// The gates, and what must hold before the phases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Gates {
    /// The gates.
    pub gates: Vec<Gate>,
    /// What must hold before each phase after the first, with the number of records that fail it; null before a transform.
    pub dependencies: Option<Vec<Dependency>>,
    /// Whether a load refuses a phase whose gates are not passed.
    pub enforced: bool,
}

/// A gate that the operator passes over, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// From 1 to 7.
    pub gate: u8,
    /// Why.
    pub reason: String,
}

/// The gates, with the figures that they were judged by. Where a step began or ended during the look, its parts speak of
/// different moments, and the look is taken again.
pub fn look(file: &impl Asked) -> Result<(Figures, Gates)> {
    const AGAIN: usize = 2;
    let once = || Ok::<_, Error>((file.figures()?, file.evidence()?));
    let (mut figures, mut evidence) = once()?;
    for _ in 0..AGAIN {
        if file.steps()? == figures.file {
            break;
        }
        (figures, evidence) = once()?;
    }
    let judged = gates(&Judge { figures: &figures, evidence: &evidence });
    let Evidence { dependencies, is_enforced, .. } = evidence;
    Ok((figures, Gates { gates: judged, dependencies, enforced: is_enforced }))
}

/// Approves a gate; refused, with the criterion, while the file does not show everything that the gate asks for.
pub fn approve(staging: &mut Staging, number: u8, by: &str, note: Option<&str>) -> Result<Gate> {
    if by.trim().is_empty() {
        return Err(Error::precondition("an approval needs a name").hint("give it with --by NAME"));
    }
    let gate = find(staging, number)?;
    let is_open = |criterion: &Criterion| criterion.is_met != Some(true) && criterion.name != DOCUMENTED;
    if gate.criteria.iter().any(is_open) {
        let missing = gate.missing.unwrap_or_default();
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
    let gates = look(staging)?.1.gates;
    if config.gates.enforce {
        for phase in phases {
            let asked =
                phase.gates().iter().filter(|number| !overrides.iter().any(|over| over.gate == **number));
            let mut gate = asked.filter_map(|number| gates.iter().find(|gate| gate.gate == *number));
            if let Some((gate, missing)) = gate.find_map(|gate| Some((gate.gate, gate.missing.as_ref()?))) {
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
        let gate = gates.iter().find(|gate| gate.gate == over.gate);
        let missing = gate.and_then(|gate| gate.missing.as_deref()).unwrap_or_default();
        staging.add_override(run_id, over.gate, missing, &over.reason)?;
    }
    Ok(())
}

fn find(staging: &Staging, number: u8) -> Result<Gate> {
    let gates = look(staging)?.1.gates;
    gates.into_iter().find(|gate| gate.gate == number).ok_or_else(|| {
        Error::precondition(format!("there is no gate {number}"))
            .hint("the gates are 1 to 5; 6 and 7 are there where cases, projects or their states take part")
    })
}
