//! Practice members: one per `dispatch_office_doctors` row, every one kept, with role doctor. Owners are an entity of
//! their own (`practice_owners`) because another legacy table says who they are.

use compact_str::ToCompactString;

use super::legacy_row::legacy_row;
use super::{Column, Decision, Entity, Kind, Verdict, row};
use crate::record::{LegacyId, Phase, TargetId, Text};

legacy_row! {
    /// A membership as read.
    OfficeDoctor,
    /// One row says that a user works at an office. The column is `user_id`; scripts that said `doctor_id` failed here.
    OFFICE_DOCTORS = "dispatch_office_doctors" (required) {
        required { office_id, user_id }
        optional {}
    }
}

/// The columns of a member, whatever the role.
pub const COLUMNS: &[Column] = &[
    Column::new("id", Kind::Uuid),
    Column::new("legacy_id", Kind::Integer),
    Column::new("practice_id", Kind::Uuid).references("practices"),
    Column::new("profile_id", Kind::Uuid).references("profiles"),
    Column::new("role", Kind::Enum("practice_role")),
    Column::new("is_primary", Kind::Boolean),
];

/// The entity.
pub const ENTITY: Entity = Entity {
    name: "practice_members",
    singular: "practice_member",
    legacy: &OFFICE_DOCTORS,
    target_table: "practice_members",
    discriminator: Some(("role", "doctor")),
    phase: Phase::Associations,
    columns: COLUMNS,
};

/// Both ends of a membership, when they lead to records that will be loaded.
#[derive(Debug, Clone, Copy)]
pub struct Ends {
    /// The practice's id in the target.
    pub practice_id: TargetId,
    /// The profile's id in the target.
    pub profile_id: TargetId,
    /// Whether it is the profile's primary practice.
    pub is_primary: bool,
}

/// Resolves a membership or ownership into `decision`, which already holds what following the references found.
/// `same_as` is the lower record that says the same, if there is one.
pub fn resolve(
    entity: &'static Entity,
    mut decision: Decision,
    target_id: TargetId,
    ends: Option<Ends>,
    same_as: Option<LegacyId>,
) -> Decision {
    let Some(ends) = ends else { return decision };
    if let Some(first) = same_as {
        decision.verdict = Verdict::Merged(first);
        return decision;
    }
    let role = entity.discriminator.map(|(_, role)| Text::from(role));
    let row = row!(ENTITY {
        id: target_id.to_text(),
        legacy_id: decision.legacy_id.to_text(),
        practice_id: ends.practice_id.to_text(),
        profile_id: ends.profile_id.to_text(),
        role: role,
        is_primary: ends.is_primary.to_compact_string(),
    });
    decision.verdict = Verdict::Ready(row);
    decision
}
