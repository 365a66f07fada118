//! Practice owners: one per `dispatch_office`, from its `doctor_id`, a practice member with role owner. The legacy id is
//! the office's.

use super::practice_members::{COLUMNS, OFFICE, ready};
use super::practices::{OFFICES, Office};
use super::{Decision, Entity, Reference, Rule, Whole, decide, practice_members, profiles};
use crate::record::Phase;

/// The user who owns the office.
pub const OWNER: Reference = Reference::new("doctor_id", &profiles::ENTITY, Phase::Associations);

/// The entity.
pub const ENTITY: Entity = Entity {
    name: "practice_owners",
    singular: "practice_owner",
    legacy: &OFFICES,
    target_table: practice_members::ENTITY.target_table,
    discriminator: Some(("role", "owner")),
    phase: Phase::Associations,
    can_stand_in: false,
    references: &[OWNER, OFFICE],
    read_with: &[],
    staging_sql: include_str!("../../staging/practice_owners.sql"),
    target_sql: None,
    rule: Rule { with: None, decide: decide!(Office, resolve) },
    columns: COLUMNS,
    kept: &[],
    mapped: None,
};

/// Resolves an office's owner.
fn resolve(whole: &dyn Whole, office: &Office) -> Decision {
    let mut decision = Decision::open(office.legacy_id);
    let user = whole.follow(&ENTITY, &mut decision, &OWNER, office.doctor_id.as_deref());
    if office.doctor_id.is_none() {
        decision.issues.push(OWNER.missing());
    }
    // the office itself may have been rejected or merged
    let owned = whole.follow(&ENTITY, &mut decision, &OFFICE, Some(&office.legacy_id.to_text()));
    if let Some(ends) = owned.zip(user) {
        decision.verdict = ready(whole, &ENTITY, office.legacy_id, ends);
    }
    decision
}
