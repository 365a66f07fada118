//! Owners and members of practices: one record at a time as in `resolve`, but that a membership may say what an earlier one
//! says. Pure.

use std::collections::HashMap;

use super::merges::Merges;
use super::resolve::Resolver;
use crate::entity::practice_members::{self, Ends, OfficeDoctor};
use crate::entity::practices::{self, Office};
use crate::entity::{Decision, Entity, practice_owners, profiles};
use crate::record::{Code, Issue, LegacyId, Phase, Text};
use crate::review::{Decided, StandIn};

impl Resolver<'_> {
    /// Decides about an office's owner.
    pub fn owner(&self, office: &Office) -> Decision {
        let mut decision = Decision::open(office.legacy_id);
        let user = self.follow_user(
            &practice_owners::ENTITY,
            &mut decision,
            Phase::Associations,
            "doctor_id",
            office.doctor_id.as_deref(),
        );
        if office.doctor_id.is_none() {
            decision.issue(Phase::Associations, Issue::new(Code::ReferenceInvalid, "doctor_id"));
        }
        // the office itself may have been rejected or merged
        let entity = &practice_owners::ENTITY;
        let id = office.legacy_id.to_string();
        let owned = self.follow_office(entity, &mut decision, "office_id", Some(&id));
        let ends = owned.zip(user).map(|(owned, user)| self.ends(owned, user));
        self.membership(&practice_owners::ENTITY, decision, ends, None)
    }

    /// Decides about a membership. `same_as` is an earlier row that says the same.
    pub fn member(&self, row: &OfficeDoctor, same_as: Option<LegacyId>) -> Decision {
        let entity = &practice_members::ENTITY;
        let mut decision = Decision::open(row.legacy_id);
        let office = self.follow_office(entity, &mut decision, "office_id", row.office_id.as_deref());
        let user =
            self.follow_user(entity, &mut decision, Phase::Associations, "user_id", row.user_id.as_deref());
        for (field, raw) in [("office_id", &row.office_id), ("user_id", &row.user_id)] {
            if raw.is_none() {
                decision.issue(Phase::Associations, Issue::new(Code::ReferenceInvalid, field));
            }
        }
        let ends = office.zip(user).map(|(office, user)| self.ends(office, user));
        self.membership(&practice_members::ENTITY, decision, ends, same_as)
    }

    fn membership(
        &self,
        entity: &'static Entity,
        decision: Decision,
        ends: Option<Ends>,
        same_as: Option<LegacyId>,
    ) -> Decision {
        let target_id = self.ids.of(entity, decision.legacy_id);
        let decision = practice_members::resolve(entity, decision, target_id, ends, same_as);
        self.settle(entity, decision)
    }

    fn ends(&self, office: LegacyId, user: LegacyId) -> Ends {
        Ends {
            practice_id: self.ids.practice(office),
            profile_id: self.profile_id(user),
            is_primary: self
                .ladder
                .decided_profile(user, self.ladder.profile(user))
                .is_some_and(|choice| choice.practice == office),
        }
    }
}

/// The first record that says the same as this membership, if it is not this one.
pub fn same_as(
    row: &OfficeDoctor,
    decided: &Decided,
    merges: &Merges,
    seen: &mut HashMap<(LegacyId, LegacyId), LegacyId>,
) -> Option<LegacyId> {
    if decided.stand_in(practice_members::ENTITY.name, row.legacy_id) != StandIn::Itself {
        return None;
    }
    let follow = |field, to: &Entity, raw: &Option<Text>| {
        let found = raw.as_deref().and_then(|raw| raw.parse().ok());
        decided.follow(practice_members::ENTITY.name, row.legacy_id, field, to.name, found)
    };
    let office = follow("office_id", &practices::ENTITY, &row.office_id)?;
    let user = merges.user(follow("user_id", &profiles::ENTITY, &row.user_id)?);
    let first = *seen.entry((office, user)).or_insert(row.legacy_id);
    (first != row.legacy_id).then_some(first)
}
