//! Practice members: one per `dispatch_office_doctors` row, every one kept, with role doctor. Owners are an entity of
//! their own (`practice_owners`) because another legacy table says who they are.

use compact_str::ToCompactString;

use super::legacy_row::legacy_row;
use super::{
    Column, Decision, Entity, Kind, Reference, Rule, Verdict, Whole, decide, practices, profiles, row,
};
use crate::record::{LegacyId, Phase, Text};

legacy_row! {
    /// A membership as read.
    OfficeDoctor,
    /// One row says that a user works at an office. The column is `user_id`; scripts that said `doctor_id` failed here.
    OFFICE_DOCTORS = "dispatch_office_doctors" (required) {
        required { office_id: Identifier, user_id: Identifier }
        optional { }
    }
}

/// The columns of a member, whatever the role.
pub const COLUMNS: &[Column] = &[
    Column::new("id", Kind::Uuid),
    Column::new("legacy_id", Kind::Integer),
    Column::new("practice_id", Kind::Uuid).references(&practices::ENTITY),
    Column::new("profile_id", Kind::Uuid).references(&profiles::ENTITY),
    Column::new("role", Kind::Enum("practice_role")),
    Column::new("is_primary", Kind::Boolean),
];

/// The office of a membership, and of an ownership.
pub const OFFICE: Reference = Reference::new("office_id", &practices::ENTITY, Phase::Associations);
/// The user who works there.
pub const USER: Reference = Reference::new("user_id", &profiles::ENTITY, Phase::Associations);

/// The entity.
pub const ENTITY: Entity = Entity {
    name: "practice_members",
    singular: "practice_member",
    legacy: &OFFICE_DOCTORS,
    target_table: "practice_members",
    discriminator: Some(("role", "doctor")),
    phase: Phase::Associations,
    can_stand_in: false,
    references: &[OFFICE, USER],
    read_with: &[],
    staging_sql: include_str!("../../staging/practice_members.sql"),
    target_sql: Some(include_str!("../../sql/target/05_practice_members.sql")),
    rule: Rule { with: None, decide: decide!(OfficeDoctor, resolve) },
    columns: COLUMNS,
    kept: &[],
    mapped: None,
};

/// Resolves a membership. One that says what an earlier one says is merged into it.
fn resolve(whole: &dyn Whole, row: &OfficeDoctor) -> Decision {
    let mut decision = Decision::open(row.legacy_id);
    let office = whole.follow(&ENTITY, &mut decision, &OFFICE, row.office_id.as_deref());
    let user = whole.follow(&ENTITY, &mut decision, &USER, row.user_id.as_deref());
    for (reference, raw) in [(OFFICE, &row.office_id), (USER, &row.user_id)] {
        if raw.is_none() {
            decision.issues.push(reference.missing());
        }
    }
    match (office.zip(user), whole.repeats(&ENTITY, row.legacy_id)) {
        (Some(_), Some(first)) => decision.verdict = Verdict::Merged(first),
        (Some(ends), None) => decision.verdict = ready(whole, &ENTITY, row.legacy_id, ends),
        (None, _) => {}
    }
    decision
}

/// The row of a member, whatever the role, with its office and its user.
pub fn ready(
    whole: &dyn Whole,
    entity: &'static Entity,
    legacy_id: LegacyId,
    (office, user): (LegacyId, LegacyId),
) -> Verdict {
    let is_primary = whole.practice_of(&profiles::ENTITY, user) == Some(office);
    let role = entity.discriminator.map(|(_, role)| Text::from(role));
    Verdict::Ready(row!(ENTITY {
        id: whole.target_id(entity, legacy_id).to_text(),
        legacy_id: legacy_id.to_text(),
        practice_id: whole.target_id(&practices::ENTITY, office).to_text(),
        profile_id: whole.target_id(&profiles::ENTITY, user).to_text(),
        role: role,
        is_primary: is_primary.to_compact_string(),
    }))
}
