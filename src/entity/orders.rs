//! Orders and their plans: the only way from a project to its patient (plan → instruction → patient), and from a workflow state
//! to its case. They are no entities; `transform` knows all of them, and the rules of phase 3 ask here. Pure.

use super::legacy_row::legacy_row;
use super::{Decision, Entity, Whole, patients};
use crate::clean;
use crate::record::{Code, Issue, LegacyId, Phase, Text};

legacy_row! {
    /// An order as read.
    Instruction,
    /// One row is one order for a patient.
    INSTRUCTIONS = "dispatch_instruction" (optional) {
        required { patient_id: Identifier }
        optional { course_id: Identifier, status: Code, deleted: Flag }
    }
}

legacy_row! {
    /// A plan as read.
    Plan,
    /// One row ties a project to an order.
    PLANS = "dispatch_plan" (optional) {
        required { instruction_id: Identifier, project_id: Identifier }
        optional { number: Code, original: Flag }
    }
}

/// A plan of a project, or of an order, and where it leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lead {
    /// The plan.
    pub plan: LegacyId,
    /// Its project.
    pub project: End,
    /// Its order.
    pub instruction: End,
    /// That order's patient.
    pub patient: End,
    /// What that order is for.
    pub course: Option<LegacyId>,
}

/// Where a reference leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// To a row that exists.
    There(LegacyId),
    /// To a row that does not exist.
    Dangling(LegacyId),
    /// To nothing that is an id.
    Nowhere,
}

impl End {
    /// The row, where there is one.
    pub fn there(self) -> Option<LegacyId> {
        match self {
            End::There(id) => Some(id),
            End::Dangling(_) | End::Nowhere => None,
        }
    }

    /// What is wrong with it.
    fn issue(self, field: &'static str, what: &str) -> Option<Issue> {
        match self {
            End::There(_) => None,
            End::Dangling(id) => {
                Some(Issue::new(Code::ReferenceDangling, field).with_context(format!("{what}={id}")))
            }
            End::Nowhere => Some(Issue::new(Code::ReferenceInvalid, field).with_context(what)),
        }
    }
}

/// The way from a project to its patient.
#[derive(Debug)]
pub struct Way {
    /// Its plans, the one that counts first: the original, then the lowest number, then the lowest id.
    pub leads: Vec<Lead>,
    /// The patient whom all plans lead to that lead to one; those who stand for each other are one.
    pub patient: Option<LegacyId>,
    /// Whether they lead to several patients.
    pub is_split: bool,
}

impl Way {
    /// The way by the plans, or to the patient whom a person named.
    pub fn of(whole: &dyn Whole, cases: &Entity, project: LegacyId) -> Self {
        let leads = whole.plans_of(project);
        let standing = |id| whole.standing_for(&patients::ENTITY, id);
        let mut found = leads.iter().filter_map(|lead| lead.patient.there());
        let first = found.next();
        let is_split = first.is_some_and(|first| found.any(|other| standing(other) != standing(first)));
        let by_plans = first.filter(|_| !is_split);
        let patient = whole.chosen(cases, project, "patient_id").or(by_plans);
        Self { leads, patient, is_split }
    }

    /// The plan that counts: the first that leads to the patient, else the first whose order exists.
    pub fn counting(&self, whole: &dyn Whole) -> Option<&Lead> {
        let standing = |id| whole.standing_for(&patients::ENTITY, id);
        let patient = self.patient.map(standing);
        let leads_there = |lead: &&Lead| patient.is_some() && lead.patient.there().map(standing) == patient;
        let mut leads = self.leads.iter();
        leads.find(leads_there).or_else(|| self.leads.iter().find(|lead| lead.instruction.there().is_some()))
    }

    /// Notes what is wrong with the plans, and that there are several.
    pub fn note(&self, phase: Phase, decision: &mut Decision) {
        const FIELD: &str = "patient_id";
        for lead in &self.leads {
            let what = |of: &str| format!("plan={}, {of}", lead.plan);
            let issue = match lead.instruction {
                End::There(_) => lead.patient.issue(FIELD, &what("patient")),
                instruction => instruction.issue(FIELD, &what("instruction")),
            };
            decision.issues.extend(issue.map(|issue| (phase, issue)));
        }
        if let [_, others @ ..] = self.leads.as_slice()
            && !others.is_empty()
        {
            let others: Vec<String> = others.iter().map(|lead| lead.plan.to_string()).collect();
            let issue = Issue::new(Code::PlanRepeated, "plan");
            decision.issue(phase, issue.with_context(format!("others={}", others.join(","))));
        }
    }
}

/// A moment of a record of phase 3, as PostgreSQL prints it in UTC; without one the record waits.
pub fn moment(decision: &mut Decision, phase: Phase, field: &'static str, raw: Option<&str>) -> Option<Text> {
    let read = decision.take(phase, clean::timestamp(field, raw));
    if read.is_none() {
        decision.issue(phase, Issue::new(Code::TimestampMissing, field));
    }
    read.map(|moment| clean::timestamp_text(&moment))
}
