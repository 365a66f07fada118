//! What each gate asks for, in the plan's words, and whether the file shows it. Pure: figures and evidence in, gates out.

use serde_json::json;
use sha2::{Digest, Sha256};

use super::{Criterion, Gate};
use crate::entity::{Entity, case_states, cases, projects};
use crate::record::{Phase, hex};
use crate::staging::{Accounting, Analysis, Evidence, Figures, Level, Step};

/// Everything that the gates are judged by.
#[derive(Debug, Clone, Copy)]
pub struct Judge<'a> {
    /// What is counted.
    pub figures: &'a Figures,
    /// What else the file knows.
    pub evidence: &'a Evidence,
}

/// The criterion that is met by the approval itself.
pub const DOCUMENTED: &str = "documented";

/// The five gates of phase 2; the two of phase 3 where it takes part.
pub fn gates(judge: &Judge<'_>) -> Vec<Gate> {
    let [one, two, three, four, five, six, seven] = judge.evidence.approvals.clone();
    let resolved = judge.step(Step::Transform);
    let mut gates = vec![
        Gate::new(
            1,
            "error analysis complete and remediation plan approved",
            vec![
                judge.error_analysis(),
                judge.every_record_has_a_fate(),
                judge.nothing_critical(Phase::Profiles),
            ],
            judge.evidence.analysis.as_ref().map(digest).unwrap_or_default(),
            one,
        ),
        Gate::new(
            2,
            "infrastructure validated",
            vec![judge.surveyed(), judge.no_obstacles()],
            judge.step(Step::Survey),
            two,
        ),
        Gate::new(
            3,
            "profiles 100% with validation passed",
            vec![
                judge.complete("profiles_complete", "profiles", Phase::Profiles),
                judge.complete("practices_complete", "practices", Phase::Profiles),
                judge.verified("profiles_verified", &["practices", "profiles"], Phase::Profiles),
                judge.level(
                    "entity_checks_passed",
                    Level::Entity,
                    &["practices", "profiles"],
                    Phase::Profiles,
                ),
                judge.dependencies("patients_can_follow", Phase::Patients),
                judge.nothing_critical(Phase::Patients),
            ],
            resolved.clone(),
            three,
        ),
        Gate::new(
            4,
            "patients complete with relationships valid",
            vec![
                judge.complete("patients_complete", "patients", Phase::Patients),
                judge.verified("patients_verified", &["patients"], Phase::Patients),
                judge.level(
                    "relationship_checks_passed",
                    Level::Relationship,
                    &["patients"],
                    Phase::Patients,
                ),
                judge.dependencies("associations_can_follow", Phase::Associations),
                judge.nothing_critical(Phase::Associations),
            ],
            resolved,
            four,
        ),
        Gate::new(
            5,
            "full integration validated and documented",
            vec![
                judge.all_loaded(),
                judge.verification_passed(),
                judge.nothing_waits_for_transform(),
                judge.documented(),
            ],
            judge.step(Step::Verify),
            five,
        ),
    ];
    if !judge.of_phase_three().is_empty() {
        gates.push(Gate::new(
            6,
            "phase 3 dependencies",
            judge.before_phase_three(),
            judge.step(Step::Transform),
            six,
        ));
        gates.push(Gate::new(
            7,
            "phase 3 complete and verified",
            judge.after_phase_three(),
            judge.step(Step::Verify),
            seven,
        ));
    }
    gates
}

/// The entities of phase 3, each with the names of what gate 7 asks of it.
const PHASE_THREE: [(&Entity, &str, &str); 3] = [
    (&cases::ENTITY, "cases_complete", "cases_verified"),
    (&projects::ENTITY, "projects_complete", "projects_verified"),
    (&case_states::ENTITY, "states_complete", "states_verified"),
];

impl Judge<'_> {
    /// Those of phase 3 that take part.
    fn of_phase_three(&self) -> Vec<&'static (&'static Entity, &'static str, &'static str)> {
        let takes_part = |entity: &Entity| self.figures.lines.iter().any(|line| line.entity == entity.name);
        PHASE_THREE.iter().filter(|(entity, ..)| takes_part(entity)).collect()
    }

    /// Whoever the cases are of is there, as the file means it.
    fn before_phase_three(&self) -> Vec<Criterion> {
        let mut criteria = vec![
            self.complete("profiles_complete", "profiles", Phase::Profiles),
            self.complete("patients_complete", "patients", Phase::Patients),
            self.verified("people_verified", &["practices", "profiles", "patients"], Phase::Patients),
        ];
        for (name, phase) in [
            ("cases_can_follow", Phase::Cases),
            ("projects_can_follow", Phase::Projects),
            ("states_can_follow", Phase::States),
        ] {
            criteria.push(self.dependencies(name, phase));
        }
        criteria
            .extend([Phase::Cases, Phase::Projects, Phase::States].map(|phase| self.nothing_critical(phase)));
        criteria
    }

    /// Every case, project and state is there, as the file means it.
    fn after_phase_three(&self) -> Vec<Criterion> {
        let mut criteria = Vec::new();
        for (entity, complete, verified) in self.of_phase_three() {
            criteria.push(self.complete(complete, entity.name, entity.phase));
            criteria.push(self.verified(verified, &[entity.name], entity.phase));
        }
        let names: Vec<&str> = self.of_phase_three().iter().map(|(entity, ..)| entity.name).collect();
        let last = self.of_phase_three().last().map_or(Phase::States, |(entity, ..)| entity.phase);
        criteria.push(self.level("phase_3_checks_passed", Level::Relationship, &names, last));
        criteria
    }

    fn step(&self, step: Step) -> String {
        self.figures.completed(step).unwrap_or_default().to_owned()
    }

    fn is_done(&self, step: Step) -> bool {
        self.figures.completed(step).is_some()
    }

    fn error_analysis(&self) -> Criterion {
        Criterion {
            name: "error_analysis_complete",
            sentence: "every missing profile has a cause and every error a resolution (drydock analyze)",
            is_met: self.evidence.analysis.as_ref().map(|_| true),
        }
    }

    fn every_record_has_a_fate(&self) -> Criterion {
        Criterion {
            name: "every_record_has_a_fate",
            sentence: "no record is unaccounted for (v_unaccounted)",
            is_met: self.figures.unaccounted.map(|records| records == 0),
        }
    }

    fn nothing_critical(&self, phase: Phase) -> Criterion {
        let open: u64 = self
            .evidence
            .critical
            .iter()
            .filter(|(of, _)| of == phase.as_str())
            .map(|(_, records)| records)
            .sum();
        Criterion {
            name: phase.nothing_critical(),
            sentence: "no critical error of the phase is open (drydock errors)",
            is_met: self.is_done(Step::Transform).then_some(open == 0),
        }
    }

    fn surveyed(&self) -> Criterion {
        Criterion {
            name: "target_surveyed",
            sentence: "the target's catalog and rows are known (drydock survey)",
            is_met: self.is_done(Step::Survey).then_some(true),
        }
    }

    fn no_obstacles(&self) -> Criterion {
        Criterion {
            name: "target_takes_the_records",
            sentence: "nothing in the target's schema stands in the way of every record",
            is_met: self.is_done(Step::Survey).then_some(self.evidence.obstacles == 0),
        }
    }

    /// Every record of the entity is in the target, was merged, or was let go by a person or by the configuration.
    fn complete(&self, name: &'static str, entity: &str, phase: Phase) -> Criterion {
        let line = self.figures.lines.iter().find(|line| line.entity == entity);
        let beyond = &self.figures.attention.beyond_allowed;
        let is_within = !beyond.iter().any(|beyond| beyond.entity == entity);
        Criterion {
            name,
            sentence: "every record is loaded or merged, none failed, and no more are kept back than is allowed",
            is_met: line
                .filter(|_| self.run_that_loaded(phase).is_some())
                .map(|line| is_within && is_loaded(line)),
        }
    }

    /// The last verification came after the phase was loaded, and found its records as they were meant. What a later phase
    /// writes is its own matter.
    fn verified(&self, name: &'static str, entities: &[&str], phase: Phase) -> Criterion {
        let wrong = |field: &str| {
            !(phase < Phase::Associations && field == "practice_id" && entities.contains(&"profiles"))
                || self.run_that_loaded(Phase::Associations).is_some()
        };
        let differences: u64 = self
            .evidence
            .differences
            .iter()
            .filter(|(entity, field, _)| entities.contains(&entity.as_str()) && wrong(field))
            .map(|(_, _, records)| records)
            .sum();
        Criterion {
            name,
            sentence: "a verification after the load found every record as it was meant (drydock verify)",
            is_met: self.is_verified_since(phase).then_some(differences == 0),
        }
    }

    /// No check of a level found one of these entities' records wrong.
    fn level(&self, name: &'static str, level: Level, entities: &[&str], phase: Phase) -> Criterion {
        let found: u64 = self
            .evidence
            .findings
            .iter()
            .filter(|(of, entity, _)| of == level.as_str() && entities.contains(&entity.as_str()))
            .map(|(_, _, records)| records)
            .sum();
        Criterion {
            name,
            sentence: match level {
                Level::Entity => {
                    "no check of the entity level found a record of the phase wrong (drydock verify)"
                }
                _ => "no check of relationships found a record of the phase wrong (drydock verify)",
            },
            is_met: self.is_verified_since(phase).then_some(found == 0),
        }
    }

    fn dependencies(&self, name: &'static str, phase: Phase) -> Criterion {
        let of_phase = self.evidence.dependencies.as_ref().map(|dependencies| {
            dependencies.iter().filter(|one| one.phase == phase.as_str()).all(|one| one.failing_ready == 0)
        });
        Criterion {
            name,
            sentence: "whatever the next phase's records depend on will be there (v_dependencies)",
            is_met: of_phase,
        }
    }

    fn all_loaded(&self) -> Criterion {
        Criterion {
            name: "everything_loaded",
            sentence: "the target has confirmed every ready record (drydock load)",
            is_met: self.is_done(Step::Transform).then_some(self.is_done(Step::Load)),
        }
    }

    fn verification_passed(&self) -> Criterion {
        Criterion {
            name: "verification_passed",
            sentence: "every check of the last verification passed (drydock verify)",
            is_met: self.is_done(Step::Verify).then_some(true),
        }
    }

    fn nothing_waits_for_transform(&self) -> Criterion {
        Criterion {
            name: "decisions_applied",
            sentence: "what people decided has been applied (drydock transform)",
            is_met: Some(self.is_done(Step::Transform)),
        }
    }

    /// The approval of the present verification names the report that shows it.
    fn documented(&self) -> Criterion {
        let verified = self.step(Step::Verify);
        let approval = self.evidence.approvals[4].as_ref().filter(|approval| approval.subject == verified);
        Criterion {
            name: DOCUMENTED,
            sentence: "the approval names the report of the verified result (drydock report, --note)",
            is_met: self
                .is_done(Step::Verify)
                .then(|| approval.is_some_and(|approval| approval.note.as_deref().is_some_and(is_filled))),
        }
    }

    fn run_that_loaded(&self, phase: Phase) -> Option<i64> {
        self.evidence
            .loaded_by
            .iter()
            .find(|(of, _)| of.eq_ignore_ascii_case(phase.as_str()))
            .map(|(_, run)| *run)
    }

    fn is_verified_since(&self, phase: Phase) -> bool {
        self.run_that_loaded(phase).is_some_and(|loaded| self.evidence.verified_by >= Some(loaded))
    }
}

/// Whether a note says anything.
pub fn is_filled(note: &str) -> bool {
    !note.trim().is_empty()
}

fn is_loaded(line: &Accounting) -> bool {
    line.failed == 0 && line.loaded == line.ready
}

/// What an approval of the remediation plan is given for: every profile that was missing with its cause, every count and
/// action. What a load does about them later is no part of it.
fn digest(analysis: &Analysis) -> String {
    let Analysis { error_analysis, profiles, missing_profiles, batches, remediation } = analysis;
    let subject = json!([
        error_analysis,
        [profiles.extracted, profiles.in_target_at_survey, profiles.missing_at_survey],
        missing_profiles,
        batches,
    ]);
    let mut sum = Sha256::new();
    sum.update(subject.to_string());
    for remedy in remediation {
        sum.update(format!("{remedy:?}\n"));
    }
    hex(&sum.finalize())
}
