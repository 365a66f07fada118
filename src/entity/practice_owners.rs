//! Practice owners: one per `dispatch_office`, from its `doctor_id`, a practice member with role owner. The legacy id is
//! the office's.

use super::practice_members::COLUMNS;
use super::practices::OFFICES;
use super::{Entity, practice_members};
use crate::record::Phase;

/// The entity.
pub const ENTITY: Entity = Entity {
    name: "practice_owners",
    singular: "practice_owner",
    legacy: &OFFICES,
    target_table: practice_members::ENTITY.target_table,
    discriminator: Some(("role", "owner")),
    phase: Phase::Associations,
    columns: COLUMNS,
};
