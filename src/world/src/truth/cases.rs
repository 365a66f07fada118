//! What becomes of each case, project and state, worked out the plain way from the rules: maps of everything, and a walk.

use std::collections::{BTreeMap, BTreeSet};

use crate::cases::{Cases, Order, Plan};
use crate::id::LegacyId;
use crate::table::{Table, row};
use crate::truth::Truth;

/// The truth about cases, projects and states.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PhaseThree {
    /// One entry for each `dispatch_project`, by rising id.
    pub cases: Vec<CaseTruth>,
    /// The same.
    pub projects: Vec<ProjectTruth>,
    /// One entry for each `dispatch_state`, by rising id.
    pub states: Vec<StateTruth>,
}

/// What becomes of one case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseTruth {
    /// The `dispatch_project` id.
    pub project_id: i64,
    /// `ready`, `case_without_patient` or `patient_ambiguous`.
    pub outcome: &'static str,
    /// The `dispatch_patient` id.
    pub patient: Option<LegacyId>,
    /// The patient's practice, as an office.
    pub practice: Option<LegacyId>,
    /// The patient's doctor, as a user.
    pub provider: Option<LegacyId>,
    /// The title.
    pub title: String,
    /// The type by the course of its order.
    pub case_type: Option<&'static str>,
    /// The state by the newest state of its order.
    pub current_state: &'static str,
}

/// What becomes of one project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectTruth {
    /// The `dispatch_project` id.
    pub project_id: i64,
    /// `ready`, or `key_taken` where an earlier project has its uid.
    pub outcome: &'static str,
    /// Whether its case is there.
    pub has_case: bool,
    /// The practice, as an office.
    pub practice: Option<LegacyId>,
    /// Who made it, as a user.
    pub creator: Option<LegacyId>,
    /// The name.
    pub name: String,
    /// The type.
    pub kind: &'static str,
    /// The status; none where no map names it.
    pub status: Option<&'static str>,
}

/// What becomes of one state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateTruth {
    /// The `dispatch_state` id.
    pub state_id: i64,
    /// The `dispatch_project` id of its case; none where it has none.
    pub case: Option<i64>,
    /// What the order was before.
    pub from: Option<&'static str>,
    /// What it is from then on.
    pub to: &'static str,
    /// Who changed it, as a user.
    pub actor: Option<LegacyId>,
}

fn state_label(status: i64) -> &'static str {
    if status == 11 { "under_review" } else { "approved" }
}

/// The plans in the order in which they count.
fn in_order<'a>(plans: impl Iterator<Item = &'a Plan>) -> Vec<&'a Plan> {
    let mut plans: Vec<&Plan> = plans.collect();
    plans.sort_by_key(|plan| (!plan.original, plan.number.is_none(), plan.number, plan.id));
    plans
}

/// A name as it is kept; nothing of an empty one and of the text null.
fn kept(name: &str) -> Option<String> {
    let name = name.trim();
    (!name.is_empty() && !name.eq_ignore_ascii_case("null")).then(|| name.to_owned())
}

pub(crate) fn phase_three(cases: &Cases, truth: &Truth) -> PhaseThree {
    let orders: BTreeMap<i64, &Order> = cases.orders.iter().map(|order| (order.id, order)).collect();
    let patients: BTreeMap<_, _> =
        truth.patients.iter().map(|patient| (patient.patient_id, patient)).collect();
    let users: BTreeMap<_, _> = truth.users.iter().map(|user| (user.user_id, user)).collect();
    let mut of_project: BTreeMap<i64, Vec<&Plan>> = BTreeMap::new();
    let mut of_order: BTreeMap<i64, Vec<&Plan>> = BTreeMap::new();
    for plan in &cases.plans {
        of_project.entry(plan.project).or_default().push(plan);
        of_order.entry(plan.order).or_default().push(plan);
    }
    let mut steps: BTreeMap<i64, Vec<_>> = BTreeMap::new();
    for state in &cases.states {
        steps.entry(state.order).or_default().push((state.changed_at, state.id, state.status));
    }
    for steps in steps.values_mut() {
        steps.sort_unstable();
    }

    let mut found = PhaseThree::default();
    let mut ready = BTreeSet::new();
    let mut uids = BTreeSet::new();
    for project in &cases.projects {
        let plans = in_order(of_project.get(&project.id).into_iter().flatten().copied());
        let patient_of =
            |plan: &&Plan| orders.get(&plan.order).and_then(|order| patients.get(&order.patient));
        let led: BTreeSet<LegacyId> =
            plans.iter().filter_map(&patient_of).map(|patient| patient.patient_id).collect();
        let first = plans.iter().find(|plan| patient_of(plan).is_some());
        let is_split = led.len() > 1;
        // a case of several patients still has the order of its first plan
        let exists = |plan: &&&Plan| orders.contains_key(&plan.order);
        let counting = if is_split { plans.iter().find(exists) } else { first.or(plans.iter().find(exists)) };
        let patient = first.and_then(patient_of).filter(|_| !is_split);
        if patient.is_some() {
            ready.insert(project.id);
        }
        let course = counting.and_then(|plan| orders.get(&plan.order)).and_then(|order| order.course);
        let newest = counting.and_then(|plan| steps.get(&plan.order)).and_then(|steps| steps.last());
        found.cases.push(CaseTruth {
            project_id: project.id,
            outcome: match patient {
                Some(_) => "ready",
                None if is_split => "patient_ambiguous",
                None => "case_without_patient",
            },
            patient: patient.map(|patient| patient.patient_id),
            practice: patient.map(|patient| patient.placement.practice),
            provider: patient.and_then(|patient| patient.provider),
            title: kept(&project.name).unwrap_or_else(|| format!("Case {}", project.id)),
            case_type: match course {
                Some(1 | 3) => Some("active_treatment"),
                Some(2) => Some("refinement"),
                _ => None,
            },
            current_state: newest.map_or("submitted", |(_, _, status)| state_label(*status)),
        });
        let creator = project.creator.map(LegacyId).and_then(|id| users.get(&id));
        found.projects.push(ProjectTruth {
            project_id: project.id,
            outcome: if uids.insert(project.uid) { "ready" } else { "key_taken" },
            has_case: patient.is_some(),
            practice: patient
                .map(|patient| patient.placement.practice)
                .or(creator.map(|creator| creator.placement.practice)),
            creator: creator.map(|creator| creator.user_id),
            name: kept(&project.name).unwrap_or_else(|| "Untitled Project".to_owned()),
            kind: match project.kind {
                0 => "scan",
                3 => "treatment_plan",
                _ => "other",
            },
            status: (project.status == 0).then_some("draft"),
        });
    }
    let known: BTreeSet<i64> = cases.projects.iter().map(|project| project.id).collect();
    for state in &cases.states {
        let plans = in_order(of_order.get(&state.order).into_iter().flatten().copied());
        let original = plans.iter().map(|plan| plan.project).find(|project| known.contains(project));
        let of_order = &steps[&state.order];
        let place = of_order.iter().position(|(_, id, _)| *id == state.id).unwrap_or_default();
        let actor = state.actor.map(LegacyId).filter(|id| users.contains_key(id));
        found.states.push(StateTruth {
            state_id: state.id,
            case: original.filter(|project| ready.contains(project)),
            from: place.checked_sub(1).map(|before| state_label(of_order[before].2)),
            to: state_label(state.status),
            actor,
        });
    }
    found
}

impl PhaseThree {
    /// The truth as tables: `truth_cases`, `truth_projects`, `truth_states`; none where there are no cases.
    pub fn tables(&self) -> Vec<Table> {
        if self.cases.is_empty() {
            return Vec::new();
        }
        let columns = [
            "project_id",
            "outcome",
            "patient",
            "practice",
            "provider",
            "title",
            "case_type",
            "current_state",
        ];
        let mut cases = Table::new("truth_cases", &columns);
        cases.rows.extend(self.cases.iter().map(|case| {
            row![
                case.project_id,
                case.outcome,
                case.patient,
                case.practice,
                case.provider,
                case.title,
                case.case_type,
                case.current_state
            ]
        }));
        let columns = ["project_id", "outcome", "has_case", "practice", "creator", "name", "type", "status"];
        let mut projects = Table::new("truth_projects", &columns);
        projects.rows.extend(self.projects.iter().map(|project| {
            row![
                project.project_id,
                project.outcome,
                project.has_case,
                project.practice,
                project.creator,
                project.name,
                project.kind,
                project.status
            ]
        }));
        let mut states = Table::new("truth_states", &["state_id", "case", "from", "to", "actor"]);
        states.rows.extend(
            self.states
                .iter()
                .map(|state| row![state.state_id, state.case, state.from, state.to, state.actor]),
        );
        vec![cases, projects, states]
    }
}
