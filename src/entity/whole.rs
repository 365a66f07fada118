//! What a rule may ask beside the row that it decides about: who else there is, who stands for whom, and what was settled
//! over the whole set of records. `transform` answers.

use chrono::NaiveDate;

use super::association::Association;
use super::codes::{CodeMap, Coded, Label};
use super::orders::Lead;
use super::profiles::{Replaced, Standing};
use super::{Decision, Entity, Reference};
use crate::clean::EmailPolicy;
use crate::record::{LegacyId, TargetId};

/// The whole set of records, as far as rules may know it.
pub trait Whole: Sync {
    /// Whether the source and the target both have the entity's table.
    fn takes_part(&self, entity: &Entity) -> bool;

    /// Whether the snapshot has the record.
    fn exists(&self, entity: &Entity, id: LegacyId) -> bool;

    /// The id in the target, kept or derived, of the record or of the one that stands for it.
    fn target_id(&self, entity: &Entity, id: LegacyId) -> TargetId;

    /// The record that the policy or a person's decision lets stand for this one.
    fn merged_into(&self, entity: &Entity, id: LegacyId) -> Option<LegacyId>;

    /// The earlier record of the entity that says the same, if there is one.
    fn repeats(&self, entity: &Entity, id: LegacyId) -> Option<LegacyId>;

    /// Where a reference of the record leads, by itself or by a person's decision. What is wrong with it, and what was
    /// decided about it, goes into the decision.
    fn follow(
        &self,
        entity: &Entity,
        decision: &mut Decision,
        reference: &Reference,
        raw: Option<&str>,
    ) -> Option<LegacyId>;

    /// The record that a person named for a field of this one.
    fn chosen(&self, entity: &Entity, id: LegacyId, field: &str) -> Option<LegacyId>;

    /// The record that stands for this one, by the policy or by a person's decision; itself when none does.
    fn standing_for(&self, entity: &Entity, id: LegacyId) -> LegacyId;

    /// The practice of a profile or a patient, by the ladder or by a person's decision.
    fn practice_of(&self, entity: &Entity, id: LegacyId) -> Option<LegacyId>;

    /// That practice with its method and evidence; what a person has to confirm or choose goes into the decision. `user` is
    /// whose practice it is.
    fn associate(
        &self,
        entity: &Entity,
        decision: &mut Decision,
        user: Option<LegacyId>,
    ) -> Option<Association>;

    /// A patient's own user, if it exists.
    fn user_of(&self, patient: LegacyId) -> Option<LegacyId>;

    /// The patient record that stands for a user.
    fn patient_of(&self, user: LegacyId) -> Option<LegacyId>;

    /// A patient's treating doctor, if it exists.
    fn provider_of(&self, patient: LegacyId) -> Option<LegacyId>;

    /// The plans of a project, the one that counts first.
    fn plans_of(&self, project: LegacyId) -> Vec<Lead>;

    /// The plans of an order, the one that counts first.
    fn plans_of_order(&self, order: LegacyId) -> Vec<Lead>;

    /// What an order is by its newest state; none where no state is known.
    fn newest_state(&self, order: LegacyId) -> Option<Coded>;

    /// What a state's order was before it.
    fn state_before(&self, state: LegacyId) -> Option<Coded>;

    /// What a map says of a code.
    fn label_of(&self, map: CodeMap, coded: Coded) -> Option<Label<'_>>;

    /// The target's label for a word of ours that no code says.
    fn label_word<'a>(&'a self, map: CodeMap, word: &'a str) -> &'a str;

    /// Whether the target takes null in the column.
    fn allows_null(&self, entity: &Entity, column: &str) -> bool;

    /// The configured profile that stands in where the target demands one and nobody is known.
    fn system_profile(&self) -> Option<LegacyId>;

    /// What decides a user's role.
    fn standing(&self, user: LegacyId) -> Standing;

    /// The names of a user's groups, in the order of their ids.
    fn groups_of(&self, user: LegacyId) -> Vec<&str>;

    /// The phase 1 batch that a user was in, from 1.
    fn batch_of(&self, user: LegacyId) -> Option<u64>;

    /// Why a user does not get the valid address that it claims; none when it keeps it.
    fn lost_address(&self, user: LegacyId) -> Option<Replaced>;

    /// The constraint of the target that refuses the form of an address.
    fn address_refused_by(&self, address: &str) -> Option<&str>;

    /// The address that a person gave to a user.
    fn given_address(&self, user: LegacyId) -> Option<&str>;

    /// The real address that the record's own row has in the target and nobody else gets: a stand-in never takes its place.
    fn address_in_target(&self, entity: &Entity, id: LegacyId) -> Option<&str>;

    /// The other user who gets the address that the profile's row has in the target.
    fn address_goes_to(&self, user: LegacyId) -> Option<LegacyId>;

    /// The fallback address that the user's row has in the target.
    fn fallback_in_target(&self, user: LegacyId) -> Option<&str>;

    /// Whether somebody has or claims the fallback address.
    fn is_fallback_taken(&self, address: &str) -> bool;

    /// Whether a lost address is replaced by a fallback address, and not by null.
    fn gives_fallbacks(&self) -> bool;

    /// How addresses are cleansed.
    fn email_policy(&self) -> &EmailPolicy;

    /// The target's label of a role.
    fn role_label<'a>(&'a self, role: &'a str) -> &'a str;

    /// The target's label of a gender.
    fn gender_label<'a>(&'a self, gender: &'a str) -> &'a str;

    /// The day on which ages are judged: the snapshot's, so that a later run decides the same.
    fn today(&self) -> NaiveDate;
}
