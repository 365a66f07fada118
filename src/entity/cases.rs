//! Cases: one per `dispatch_project`, because the application opened a project for each. Its patient is found through plan →
//! instruction → patient, its type by the order's course, its state by the newest state of the order.

use super::From::Own;
use super::codes::{CodeMap, Coded, FIRST_STATE, MAPPED, UNMAPPED, label};
use super::metadata::Metadata;
use super::orders::{Way, moment};
use super::projects::{PROJECTS, Project};
use super::{
    Column, Decision, Entity, Kind, ReadWith, Reference, Rule, Verdict, Whole, decide, orders, patients,
    practices, profiles, row,
};
use crate::clean::optional_text;
use crate::record::{Code, Issue, LegacyId, Phase, Text};

/// Whose case it is: no column of the raw row says so, and a person may.
const PATIENT: Reference = Reference::new("patient_id", &patients::ENTITY, Phase::Cases);

/// The entity.
pub const ENTITY: Entity = Entity {
    name: "cases",
    singular: "case",
    legacy: &PROJECTS,
    target_table: "cases",
    discriminator: None,
    phase: Phase::Cases,
    can_stand_in: false,
    references: &[],
    read_with: &[ReadWith::Naming { table: orders::PLANS.name, by: "project_id" }],
    staging_sql: include_str!("../../staging/cases.sql"),
    target_sql: Some(include_str!("../../sql/target/07_cases.sql")),
    rule: Rule { with: None, decide: decide!(Project, resolve) },
    columns: &[
        Column::new("id", Kind::Uuid),
        Column::new("legacy_id", Kind::Integer),
        Column::new("case_number", Kind::Text),
        Column::new("title", Kind::Text).from(&[Own("name")]),
        Column::new("patient_id", Kind::Uuid).references(&patients::ENTITY).choice(),
        Column::new("practice_id", Kind::Uuid).references(&practices::ENTITY),
        Column::new("provider_id", Kind::Uuid).nullable().references(&profiles::ENTITY),
        CASE_TYPE,
        CURRENT_STATE,
        Column::new("metadata", Kind::Metadata),
        Column::new("created_at", Kind::Timestamp).from(&[Own("created_at")]),
    ],
    kept: &["name", "type", "status", "uid", "creator_id", "other_plans", "state", "state_on"],
    mapped: None,
};

const CASE_TYPE: Column =
    Column::new("case_type", Kind::Enum("case_type")).nullable().codes(CodeMap::CaseType);
const CURRENT_STATE: Column = Column::new("current_state", Kind::Enum("case_state")).nullable();

/// The practice of a case: the patient's.
pub fn practice_of(whole: &dyn Whole, patient: LegacyId) -> Option<LegacyId> {
    whole.practice_of(&patients::ENTITY, whole.standing_for(&patients::ENTITY, patient))
}

/// Resolves a case. Without a patient it waits in quarantine.
fn resolve(whole: &dyn Whole, project: &Project) -> Decision {
    const PHASE: Phase = ENTITY.phase;
    let id = project.legacy_id;
    let mut decision = Decision::open(id);
    let way = Way::of(whole, &ENTITY, id);
    way.note(PHASE, &mut decision);
    let by_plans = way.leads.iter().find_map(|lead| lead.patient.there()).filter(|_| !way.is_split);
    let patient = whole.follow(&ENTITY, &mut decision, &PATIENT, by_plans.map(LegacyId::to_text).as_deref());
    if way.is_split {
        decision.issue(PHASE, Issue::new(Code::PatientAmbiguous, "patient_id"));
    } else if by_plans.is_none() {
        decision.issue(PHASE, Issue::new(Code::CaseWithoutPatient, "patient_id"));
    }
    let named = decision.take(PHASE, optional_text("title", project.name.as_deref()));
    let title = named.unwrap_or_else(|| {
        let title = format!("Case {id}");
        decision.change_further("title", "case.untitled", project.name.as_deref(), Some(&title));
        title
    });
    let created_at = moment(&mut decision, PHASE, "created_at", project.created_at.as_deref());
    let counting = way.counting(whole);
    let course = counting.and_then(|lead| lead.course).map(LegacyId::to_text);
    let of_course = Coded::of(course.as_deref(), None);
    let (case_type, waits_for_type) =
        label(whole, &ENTITY, &mut decision, &CASE_TYPE, course.as_deref(), of_course);
    let order = counting.and_then(|lead| lead.instruction.there());
    let newest = order.and_then(|order| whole.newest_state(order));
    let (current_state, waits_for_state) = current_state(whole, &mut decision, newest);

    let practice = patient.and_then(|patient| practice_of(whole, patient));
    if patient.is_some() && practice.is_none() {
        decision.issue(PHASE, Issue::new(Code::ReferenceNotReady, "patient_id"));
    }
    let waits = waits_for_type || waits_for_state;
    let (Some((patient, practice)), Some(created_at), false) = (patient.zip(practice), created_at, waits)
    else {
        return decision;
    };

    let mut metadata = Metadata::default();
    for (key, value) in [
        ("name", &project.name),
        ("type", &project.r#type),
        ("status", &project.status),
        ("uid", &project.uid),
        ("creator_id", &project.creator_id),
    ] {
        metadata.raw(key, value.as_deref());
    }
    metadata.set("plan", counting.map(|lead| lead.plan));
    metadata.set("instruction", order);
    metadata.set("patient", counting.and_then(|lead| lead.patient.there()));
    metadata.set("course", counting.and_then(|lead| lead.course));
    metadata.set("state", newest.map(|state| state.code));
    metadata.set("state_on", newest.and_then(|state| state.on));
    let others = way.leads.iter().filter(|lead| Some(lead.plan) != counting.map(|lead| lead.plan));
    metadata.set("other_plans", others.map(|lead| lead.plan).collect::<Vec<_>>());

    let provider = whole.provider_of(whole.standing_for(&patients::ENTITY, patient));
    decision.verdict = Verdict::Ready(row!(ENTITY {
        id: whole.target_id(&ENTITY, id).to_text(),
        legacy_id: id.to_text(),
        case_number: Text::from(format!("CASE-{id}")),
        title: Text::from(title),
        patient_id: whole.target_id(&patients::ENTITY, patient).to_text(),
        practice_id: whole.target_id(&practices::ENTITY, practice).to_text(),
        provider_id: provider.map(|provider| whole.target_id(&profiles::ENTITY, provider).to_text()),
        case_type: case_type,
        current_state: current_state,
        metadata: metadata.into_text(),
        created_at: created_at,
    }));
    decision
}

/// The state by the newest one of the order; the states themselves ask about their codes. The second part is whether the case
/// must wait for a code's label.
fn current_state(whole: &dyn Whole, decision: &mut Decision, newest: Option<Coded>) -> (Option<Text>, bool) {
    let field = CURRENT_STATE.name;
    let Some(newest) = newest else {
        let first = whole.label_word(CodeMap::CaseState, FIRST_STATE);
        decision.change(field, "case.submitted", None, Some(first));
        return (Some(first.into()), false);
    };
    let found = whole.label_of(CodeMap::CaseState, newest).map(|found| found.label);
    let rule = if found.is_some() { MAPPED } else { UNMAPPED };
    decision.change(field, rule, Some(&newest.code.to_string()), found);
    let waits = found.is_none() && !whole.allows_null(&ENTITY, field);
    if waits {
        decision.issue(ENTITY.phase, Issue::new(Code::CodeWaits, field));
    }
    (found.map(Text::from), waits)
}
