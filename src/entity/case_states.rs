//! Case states: one per `dispatch_state`, a step that an order took. It belongs to the case of the order's original plan; where it
//! came from is what the order was before, by moment and id.

use super::From::Own;
use super::codes::{CodeMap, Coded, label};
use super::legacy_row::legacy_row;
use super::metadata::Metadata;
use super::orders::{End, INSTRUCTIONS, Way, moment};
use super::{
    Column, Decision, Entity, Kind, ReadWith, Reference, Rule, Verdict, Whole, cases, decide, profiles, row,
};
use crate::clean::boolean;
use crate::record::{Code, Issue, LegacyId, Phase, Text};

legacy_row! {
    /// A state as read.
    State,
    /// One row is one change of an order's state.
    STATES = "dispatch_state" (optional) {
        required { status: Code, changed_at: Moment, instruction_id: Identifier }
        optional { on: Flag, actor_id: Identifier }
    }
}

/// Whose case it is: no column of the raw row says so, and a person may.
const CASE: Reference = Reference::new("case_id", &cases::ENTITY, Phase::States);
/// Who changed it.
pub const ACTOR: Reference = Reference::new("actor_id", &profiles::ENTITY, Phase::States);

/// The entity.
pub const ENTITY: Entity = Entity {
    name: "case_states",
    singular: "state",
    legacy: &STATES,
    target_table: "case_states",
    discriminator: None,
    phase: Phase::States,
    can_stand_in: false,
    references: &[ACTOR],
    read_with: &[ReadWith::Named { table: &INSTRUCTIONS, by: "instruction_id" }],
    staging_sql: include_str!("../../staging/case_states.sql"),
    target_sql: Some(include_str!("../../sql/target/09_case_states.sql")),
    rule: Rule { with: None, decide: decide!(State, resolve) },
    columns: &[
        Column::new("id", Kind::Uuid),
        Column::new("legacy_id", Kind::Integer),
        Column::new("case_id", Kind::Uuid).references(&cases::ENTITY).choice(),
        Column::new("from_state", Kind::Enum("case_state")).nullable(),
        TO_STATE,
        Column::new("changed_by", Kind::Uuid).nullable().references(&profiles::ENTITY),
        Column::new("changed_at", Kind::Timestamp).from(&[Own("changed_at")]),
        Column::new("metadata", Kind::Metadata),
    ],
    kept: &["status", "on", "actor_id", "other_cases"],
    mapped: None,
};

const TO_STATE: Column = Column::new("to_state", Kind::Enum("case_state"))
    .nullable()
    .from(&[Own("status")])
    .codes(CodeMap::CaseState);

/// Resolves a state. Without a case it waits in quarantine.
fn resolve(whole: &dyn Whole, state: &State) -> Decision {
    const PHASE: Phase = ENTITY.phase;
    let id = state.legacy_id;
    let mut decision = Decision::open(id);
    let order = state.instruction_id.as_deref().and_then(|raw| raw.parse::<LegacyId>().ok());
    if order.is_none() {
        decision.issue(PHASE, Issue::new(Code::ReferenceInvalid, "instruction_id"));
    }
    let leads = order.map(|order| whole.plans_of_order(order)).unwrap_or_default();
    for lead in &leads {
        if let End::Dangling(project) = lead.project {
            let context = format!("plan={}, project={project}", lead.plan);
            decision.issue(PHASE, Issue::new(Code::ReferenceDangling, "case_id").with_context(context));
        }
    }
    let mut projects = leads.iter().filter_map(|lead| lead.project.there());
    let original = projects.next();
    let mut others: Vec<LegacyId> = projects.filter(|other| Some(*other) != original).collect();
    others.sort_unstable();
    others.dedup();
    // a case that waits for its patient is none yet
    let reachable = original.filter(|project| {
        let patient =
            Way::of(whole, &cases::ENTITY, *project).patient.filter(|_| whole.takes_part(&cases::ENTITY));
        patient.is_some_and(|patient| cases::practice_of(whole, patient).is_some())
    });
    let case = whole.follow(&ENTITY, &mut decision, &CASE, reachable.map(LegacyId::to_text).as_deref());
    if reachable.is_none() {
        let context = match (order, original) {
            (_, Some(project)) => format!("project={project}"),
            (Some(order), None) => format!("instruction={order}"),
            (None, None) => String::new(),
        };
        decision.issue(PHASE, Issue::new(Code::StateWithoutCase, "case_id").with_context(context));
    }
    let actor = whole.follow(&ENTITY, &mut decision, &ACTOR, state.actor_id.as_deref());
    if state.actor_id.is_none() {
        decision.issue(PHASE, Issue::new(Code::ActorUnknown, "actor_id"));
    }
    let on = decision.take(PHASE, boolean("on", state.on.as_deref()));
    let coded = Coded::of(state.status.as_deref(), on);
    let (to_state, waits) = label(whole, &ENTITY, &mut decision, &TO_STATE, state.status.as_deref(), coded);
    let from_state = whole.state_before(id).and_then(|before| whole.label_of(CodeMap::CaseState, before));
    let changed_at = moment(&mut decision, PHASE, "changed_at", state.changed_at.as_deref());
    let (Some(case), Some(changed_at), false) = (case, changed_at, waits) else {
        return decision;
    };

    let mut metadata = Metadata::default();
    for (key, value) in [("status", &state.status), ("on", &state.on), ("actor_id", &state.actor_id)] {
        metadata.raw(key, value.as_deref());
    }
    metadata.set("instruction", order);
    metadata.set("other_cases", others);
    decision.verdict = Verdict::Ready(row!(ENTITY {
        id: whole.target_id(&ENTITY, id).to_text(),
        legacy_id: id.to_text(),
        case_id: whole.target_id(&cases::ENTITY, case).to_text(),
        from_state: from_state.map(|before| Text::from(before.label)),
        to_state: to_state,
        changed_by: actor.map(|actor| whole.target_id(&profiles::ENTITY, actor).to_text()),
        changed_at: changed_at,
        metadata: metadata.into_text(),
    }));
    decision
}
