//! What the rules of phase 3 must know of the whole set: which plans tie which projects to which orders, whose these are, and in
//! which order their states came. In some tens of bytes for each row.

use super::facts::CHUNK;
use super::index::{Index, Lists, Reference};
use crate::clean;
use crate::entity::case_states::State;
use crate::entity::codes::Coded;
use crate::entity::orders::{End, Instruction, Lead, Plan};
use crate::entity::projects::PROJECTS;
use crate::error::Result;
use crate::record::{LegacyId, Text};
use crate::staging::{Asked, Staging};

/// An order.
#[derive(Debug, Clone, Copy)]
struct OrderFacts {
    patient: Reference,
    course: Reference,
}

/// A plan, in the order in which plans count: the original, then the lowest number, then the lowest id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct PlanFacts {
    is_no_original: bool,
    number: i64,
    plan: LegacyId,
    project: Reference,
    instruction: Reference,
}

/// The orders, their plans and their states.
#[derive(Debug)]
pub struct Orders {
    projects: Vec<LegacyId>,
    facts: Index<OrderFacts>,
    plans_of_project: Lists<PlanFacts>,
    plans_of_order: Lists<PlanFacts>,
    /// What an order was before a state.
    before: Index<Coded>,
    /// What an order is by its newest state.
    newest: Index<Coded>,
}

/// The number of a plan that has none: it comes after all others.
const UNNUMBERED: i64 = i64::MAX;

impl Orders {
    /// Reads the whole set; nothing where the snapshot has no such tables.
    pub fn read(staging: &Staging) -> Result<Self> {
        let id = |raw: &Option<Text>| raw.as_deref().and_then(|raw| raw.parse::<LegacyId>().ok());
        let mut orders = Vec::new();
        staging.for_legacy_rows::<Instruction>(CHUNK, |rows| {
            orders.extend(rows.iter().map(|row| {
                let facts =
                    OrderFacts { patient: id(&row.patient_id).into(), course: id(&row.course_id).into() };
                (row.legacy_id, facts)
            }));
            Ok(())
        })?;
        let (mut of_project, mut of_order) = (Vec::new(), Vec::new());
        staging.for_legacy_rows::<Plan>(CHUNK, |rows| {
            for row in &rows {
                let number = row.number.as_deref().and_then(|raw| raw.trim().parse().ok());
                let (project, instruction) = (id(&row.project_id), id(&row.instruction_id));
                let facts = PlanFacts {
                    is_no_original: clean::boolean("", row.original.as_deref()).value != Some(true),
                    number: number.unwrap_or(UNNUMBERED),
                    plan: row.legacy_id,
                    project: project.into(),
                    instruction: instruction.into(),
                };
                of_project.extend(project.map(|project| (project, facts)));
                of_order.extend(instruction.map(|instruction| (instruction, facts)));
            }
            Ok(())
        })?;
        let (before, newest) = chains(read_states(staging)?);
        Ok(Self {
            projects: staging.legacy_keys(&PROJECTS)?,
            facts: Index::new(orders),
            plans_of_project: Lists::new(of_project),
            plans_of_order: Lists::new(of_order),
            before: Index::new(before),
            newest: Index::new(newest),
        })
    }

    /// Whether the snapshot has the project.
    pub fn has_project(&self, id: LegacyId) -> bool {
        self.projects.binary_search(&id).is_ok()
    }

    /// The plans of a project, the one that counts first.
    pub fn of_project(&self, project: LegacyId, is_patient: impl Fn(LegacyId) -> bool) -> Vec<Lead> {
        self.plans_of_project.of(project).map(|plan| self.lead(plan, &is_patient)).collect()
    }

    /// The plans of an order, the one that counts first.
    pub fn of_order(&self, order: LegacyId, is_patient: impl Fn(LegacyId) -> bool) -> Vec<Lead> {
        self.plans_of_order.of(order).map(|plan| self.lead(plan, &is_patient)).collect()
    }

    /// What an order was before a state.
    pub fn before(&self, state: LegacyId) -> Option<Coded> {
        self.before.get(state).copied()
    }

    /// What an order is by its newest state.
    pub fn newest(&self, order: LegacyId) -> Option<Coded> {
        self.newest.get(order).copied()
    }

    fn lead(&self, plan: &PlanFacts, is_patient: impl Fn(LegacyId) -> bool) -> Lead {
        let order = plan.instruction.get().and_then(|order| self.facts.get(order));
        Lead {
            plan: plan.plan,
            project: end(plan.project, |id| self.has_project(id)),
            instruction: end(plan.instruction, |_| order.is_some()),
            patient: order.map_or(End::Nowhere, |order| end(order.patient, is_patient)),
            course: order.and_then(|order| order.course.get()),
        }
    }
}

fn end(reference: Reference, exists: impl Fn(LegacyId) -> bool) -> End {
    match reference.get() {
        None => End::Nowhere,
        Some(id) if exists(id) => End::There(id),
        Some(id) => End::Dangling(id),
    }
}

/// A state: its order, when it came (microseconds), its id, and what it is.
type Step = (LegacyId, i64, LegacyId, Coded);

/// The states that have an order and a moment.
fn read_states(staging: &Staging) -> Result<Vec<Step>> {
    let mut steps = Vec::new();
    staging.for_legacy_rows::<State>(CHUNK, |rows| {
        steps.extend(rows.iter().filter_map(|row| {
            let order = row.instruction_id.as_deref()?.parse().ok()?;
            let moment = clean::timestamp("", row.changed_at.as_deref()).value?;
            let on = clean::boolean("", row.on.as_deref()).value;
            let coded = Coded::of(row.status.as_deref(), on).unwrap_or(Coded::UNREADABLE);
            Some((order, moment.timestamp_micros(), row.legacy_id, coded))
        }));
        Ok(())
    })?;
    Ok(steps)
}

type Codes = Vec<(LegacyId, Coded)>;

/// What was before each state, and what each order is last: by the moment, then the id.
fn chains(mut steps: Vec<Step>) -> (Codes, Codes) {
    steps.sort_unstable();
    let (mut before, mut newest) = (Vec::new(), Vec::new());
    for of_order in steps.chunk_by(|(one, ..), (other, ..)| one == other) {
        before.extend(of_order.windows(2).map(|pair| (pair[1].2, pair[0].3)));
        newest.extend(of_order.last().map(|(order, _, _, coded)| (*order, *coded)));
    }
    (before, newest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_follow_each_other_by_moment_and_id() {
        let coded = |code| Coded { code, on: None };
        let step = |order, at, id, code| (LegacyId(order), at, LegacyId(id), coded(code));
        let steps = vec![step(1, 30, 5, 12), step(1, 10, 9, 11), step(2, 10, 1, 11), step(1, 30, 4, 11)];
        let (before, newest) = chains(steps);
        assert_eq!(before, [(LegacyId(4), coded(11)), (LegacyId(5), coded(11))]);
        assert_eq!(newest, [(LegacyId(1), coded(12)), (LegacyId(2), coded(11))]);
    }
}
