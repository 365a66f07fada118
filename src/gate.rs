//! The plan's gates 1 to 5: what each asks for, what of that the file shows, and who approved it. An approval belongs to
//! the result that it was given for: another result asks again. What a gate holds up is the business of the steps.

use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::staging::{Accounting, Analysis, Approval, Level, Reader, Staging, Status, Step};

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

/// Everything that the gates are judged by.
#[derive(Debug)]
struct Known {
    status: Status,
    analysis: Option<Analysis>,
    approvals: [Option<Approval>; 5],
}

/// The gates as a command that only looks sees them.
pub fn look(reader: &Reader) -> Result<Vec<Gate>> {
    let analysis = reader.completed(Step::Analyze)?.map(|_| reader.analysis()).transpose()?;
    let mut approvals = [const { None }; 5];
    for (number, approval) in (1..).zip(&mut approvals) {
        *approval = reader.approval(number)?;
    }
    Ok(gates(Known { status: reader.status()?, analysis, approvals }))
}

/// Approves a gate; refused, with the criterion, while the file does not show everything that the gate asks for.
pub fn approve(staging: &mut Staging, number: u8, by: &str, note: Option<&str>) -> Result<Gate> {
    if by.trim().is_empty() {
        return Err(Error::precondition("an approval needs a name").hint("give it with --by NAME"));
    }
    let gate = find(staging, number)?;
    if let Some(missing) = gate.criteria.iter().find(|criterion| criterion.met != Some(true)) {
        let state = if missing.met.is_none() { "is not known yet" } else { "is not met" };
        return Err(Error::precondition(format!(
            "gate {number} cannot be approved: {} {state}: {}",
            missing.name, missing.sentence
        ))
        .hint("`drydock gate` lists what each gate asks for"));
    }
    staging.add_approval(number, by.trim(), &gate.subject, note)?;
    find(staging, number)
}

fn find(staging: &Staging, number: u8) -> Result<Gate> {
    let analysis = staging.completed(Step::Analyze)?.map(|_| staging.analysis()).transpose()?;
    let mut approvals = [const { None }; 5];
    for (number, approval) in (1..).zip(&mut approvals) {
        *approval = staging.approval(number)?;
    }
    gates(Known { status: staging.status()?, analysis, approvals })
        .into_iter()
        .find(|gate| gate.gate == number)
        .ok_or_else(|| Error::precondition(format!("there is no gate {number}")).hint("the gates are 1 to 5"))
}

fn gates(known: Known) -> Vec<Gate> {
    let Known { status, analysis, approvals } = known;
    let [one, two, three, four, five] = approvals;
    let step = |step: Step| status.completed(step).map(str::to_owned);
    let done = |name, sentence, met: bool| Criterion { name, sentence, met: met.then_some(true) };
    let surveyed = step(Step::Survey);
    let (loaded, verified) = (step(Step::Load), step(Step::Verify));
    let complete = |entity: &str| {
        let line = status.lines.iter().find(|line| line.entity == entity)?;
        loaded.is_some().then(|| is_complete(line))
    };
    let checks = |level: Level| {
        let mut of_level = status.checks.iter().filter(|check| check.level == level).peekable();
        of_level.peek().is_some().then(|| of_level.all(crate::staging::Check::passed))
    };
    vec![
        Gate::new(
            1,
            "error analysis complete and remediation plan approved",
            vec![done(
                "error_analysis_complete",
                "every missing profile has a cause and every error a resolution (drydock analyze)",
                analysis.is_some(),
            )],
            analysis.as_ref().map(digest).unwrap_or_default(),
            one,
        ),
        Gate::new(
            2,
            "infrastructure validated",
            vec![done(
                "target_surveyed",
                "the target's catalog and rows are known (drydock survey)",
                surveyed.is_some(),
            )],
            surveyed.unwrap_or_default(),
            two,
        ),
        Gate::new(
            3,
            "profiles complete",
            vec![
                Criterion {
                    name: "profiles_complete",
                    sentence: "every profile is loaded or merged, none failed, rejected or quarantined",
                    met: complete("profiles"),
                },
                Criterion {
                    name: "entity_checks_passed",
                    sentence: "the verification of entities found nothing wrong",
                    met: checks(Level::Entity),
                },
            ],
            loaded.clone().unwrap_or_default(),
            three,
        ),
        Gate::new(
            4,
            "patients complete with valid relationships",
            vec![
                Criterion {
                    name: "patients_complete",
                    sentence: "every patient is loaded or merged, none failed, rejected or quarantined",
                    met: complete("patients"),
                },
                Criterion {
                    name: "relationship_checks_passed",
                    sentence: "the verification of relationships found nothing wrong",
                    met: checks(Level::Relationship),
                },
            ],
            loaded.clone().unwrap_or_default(),
            four,
        ),
        Gate::new(
            5,
            "full integration validated",
            vec![done(
                "verification_passed",
                "every check of the last verification passed (drydock verify)",
                verified.is_some(),
            )],
            verified.unwrap_or_default(),
            five,
        ),
    ]
}

fn is_complete(line: &Accounting) -> bool {
    line.extracted == line.loaded + line.merged && line.failed + line.rejected + line.quarantined == 0
}

/// What an approval of the remediation plan is given for: every missing profile with its cause, every count and action.
fn digest(analysis: &Analysis) -> String {
    let mut sum = Sha256::new();
    sum.update(serde_json::to_vec(analysis).unwrap_or_default());
    for remedy in &analysis.remediation {
        sum.update(format!("{remedy:?}\n"));
    }
    sum.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
