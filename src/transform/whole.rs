//! Answers what rules ask about the whole set, and has the last word about each record: what people decided, rows of the
//! target that stand for several records, and what the target's columns would refuse. Pure.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::address_form::AddressForm;
use super::emails::Settled;
use super::facts::{Facts, PatientFacts};
use super::fit::Fit;
use super::ids::Ids;
use super::index::Index;
use super::ladder::{Choice, Ladder};
use super::merges::Merges;
use super::target_addresses::TargetAddresses;
use crate::clean::EmailPolicy;
use crate::config::{self, Maps, Policy};
use crate::entity::association::{self, Association, Method};
use crate::entity::codes::{CodeMap, Coded, Label};
use crate::entity::orders::Lead;
use crate::entity::profiles::{Replaced, Standing};
use crate::entity::{Decision, Entity, Reference, Verdict, Whole, patients, practices, profiles};
use crate::record::{Code, Issue, LegacyId, Phase, SAME_ONE, TargetId};
use crate::review::StandIn;
use crate::staging::OtherRecord;

/// Phase 1 went through the users in id order, this many per batch.
const BATCH: usize = 100;

/// Everything that deciding about a record needs.
pub struct WholeSet<'a> {
    /// The entities that take part.
    pub entities: &'a [&'static Entity],
    pub facts: &'a Facts,
    pub ladder: Ladder<'a>,
    pub settled: &'a Settled,
    pub target_addresses: &'a TargetAddresses,
    pub ids: &'a Ids,
    /// The records whose id was somebody else's in an earlier snapshot, with the moment at which that was noted.
    pub other_records: &'a BTreeMap<(String, LegacyId), OtherRecord>,
    pub merges: &'a Merges,
    /// The memberships that say what an earlier one says, with that one.
    pub repeats: &'a Index<LegacyId>,
    pub fit: &'a Fit,
    pub email_policy: &'a EmailPolicy,
    pub address_form: &'a AddressForm,
    pub policy: &'a Policy,
    pub maps: &'a Maps,
    pub today: NaiveDate,
}

impl Whole for WholeSet<'_> {
    fn takes_part(&self, entity: &Entity) -> bool {
        self.entities.contains(&entity)
    }

    fn exists(&self, entity: &Entity, id: LegacyId) -> bool {
        self.facts.has(entity, id)
    }

    fn target_id(&self, entity: &Entity, id: LegacyId) -> TargetId {
        if *entity == practices::ENTITY {
            return self.ids.practice(id);
        }
        self.ids.of(entity, self.merges.merged_into(entity, id).unwrap_or(id))
    }

    fn merged_into(&self, entity: &Entity, id: LegacyId) -> Option<LegacyId> {
        self.merges.merged_into(entity, id)
    }

    fn repeats(&self, entity: &Entity, id: LegacyId) -> Option<LegacyId> {
        (*entity == crate::entity::practice_members::ENTITY).then(|| self.repeats.get(id).copied()).flatten()
    }

    fn follow(
        &self,
        entity: &Entity,
        decision: &mut Decision,
        reference: &Reference,
        raw: Option<&str>,
    ) -> Option<LegacyId> {
        let Reference { field, to, phase } = *reference;
        let take = |decision: &mut Decision, raw: Option<&str>| {
            reference.resolve(raw, |id| self.exists(to, id)).unwrap_or_else(|issue| {
                decision.issue(phase, issue);
                None
            })
        };
        let decided = self.ladder.decided;
        let found = raw.and_then(|raw| raw.parse().ok());
        let leads = decided.follow(entity.name, decision.legacy_id, field, to.name, found);
        if leads == found {
            return take(decision, raw);
        }
        if decided.chosen(entity.name, decision.legacy_id, field).is_some() {
            // what was wrong stays on record; the decision settles it
            take(decision, raw);
        }
        let leads = leads.map(|id| id.to_string());
        decision.change(field, "decision", raw, leads.as_deref());
        if leads.is_none() {
            let context = format!("reference={}", raw.unwrap_or_default());
            decision.issue(phase, Issue::new(Code::ReferenceNotReady, field).with_context(context));
        }
        take(decision, leads.as_deref())
    }

    fn chosen(&self, entity: &Entity, id: LegacyId, field: &str) -> Option<LegacyId> {
        self.ladder.decided.chosen(entity.name, id, field)
    }

    fn standing_for(&self, entity: &Entity, id: LegacyId) -> LegacyId {
        let standing = match self.ladder.decided.stand_in(entity.name, id) {
            StandIn::Other(other) => other,
            StandIn::Itself | StandIn::Nobody => id,
        };
        self.merges.merged_into(entity, standing).unwrap_or(standing)
    }

    fn practice_of(&self, entity: &Entity, id: LegacyId) -> Option<LegacyId> {
        let choice = self.ladder.decided(entity, id, self.ladder.by_rules(entity, id))?;
        Some(choice.practice)
    }

    fn associate(
        &self,
        entity: &Entity,
        decision: &mut Decision,
        user: Option<LegacyId>,
    ) -> Option<Association> {
        let id = decision.legacy_id;
        let by_rules = self.ladder.by_rules(entity, id);
        note_practice(decision, by_rules.as_ref(), || self.ladder.candidates(entity, id));
        let choice = self.ladder.decided(entity, id, by_rules)?;
        Some(Association {
            user,
            profile_id: user.map(|user| self.target_id(&profiles::ENTITY, user)),
            practice: choice.practice,
            practice_id: self.ids.practice(choice.practice),
            method: choice.method,
            confidence: choice.confidence,
            review: choice.review,
            evidence: choice.evidence,
            others: choice.others,
        })
    }

    fn user_of(&self, patient: LegacyId) -> Option<LegacyId> {
        self.facts.patients.get(patient).and_then(PatientFacts::user)
    }

    fn patient_of(&self, user: LegacyId) -> Option<LegacyId> {
        self.facts.patient_of(user)
    }

    fn provider_of(&self, patient: LegacyId) -> Option<LegacyId> {
        self.facts.patients.get(patient).and_then(PatientFacts::doctor)
    }

    fn plans_of(&self, project: LegacyId) -> Vec<Lead> {
        self.facts.orders.of_project(project, |id| self.facts.patients.contains(id))
    }

    fn plans_of_order(&self, order: LegacyId) -> Vec<Lead> {
        self.facts.orders.of_order(order, |id| self.facts.patients.contains(id))
    }

    fn newest_state(&self, order: LegacyId) -> Option<Coded> {
        self.facts.orders.newest(order)
    }

    fn state_before(&self, state: LegacyId) -> Option<Coded> {
        self.facts.orders.before(state)
    }

    fn label_of(&self, map: CodeMap, coded: Coded) -> Option<Label<'_>> {
        self.maps.label_of(map, coded)
    }

    fn label_word<'a>(&'a self, map: CodeMap, word: &'a str) -> &'a str {
        self.maps.label_word(map, word)
    }

    fn allows_null(&self, entity: &Entity, column: &str) -> bool {
        self.fit.allows_null(entity, column)
    }

    fn system_profile(&self) -> Option<LegacyId> {
        self.policy.system_profile
    }

    fn standing(&self, user: LegacyId) -> Standing {
        self.facts.users.get(user).map(|facts| facts.standing).unwrap_or_default()
    }

    fn groups_of(&self, user: LegacyId) -> Vec<&str> {
        self.facts.groups_of(user)
    }

    fn batch_of(&self, user: LegacyId) -> Option<u64> {
        self.facts.users.rank(user).map(|rank| (rank / BATCH + 1) as u64)
    }

    fn lost_address(&self, user: LegacyId) -> Option<Replaced> {
        self.settled.lost(user)
    }

    fn address_refused_by(&self, address: &str) -> Option<&str> {
        self.address_form.refusing(address)
    }

    fn given_address(&self, user: LegacyId) -> Option<&str> {
        self.ladder.decided.address(user)
    }

    fn address_in_target(&self, entity: &Entity, id: LegacyId) -> Option<&str> {
        self.target_addresses.of(entity, id)
    }

    fn address_goes_to(&self, user: LegacyId) -> Option<LegacyId> {
        let claimant = self.target_addresses.claimant(user)?;
        match self.settled.lost(claimant) {
            None => Some(claimant),
            Some(Replaced::Shared { keeper }) => Some(keeper),
            Some(_) => None,
        }
    }

    fn fallback_in_target(&self, user: LegacyId) -> Option<&str> {
        self.target_addresses.fallback(user)
    }

    fn is_fallback_taken(&self, address: &str) -> bool {
        self.settled.is_taken(address)
    }

    fn gives_fallbacks(&self) -> bool {
        self.policy.email == config::EmailPolicy::Fallback
    }

    fn email_policy(&self) -> &EmailPolicy {
        self.email_policy
    }

    fn role_label<'a>(&'a self, role: &'a str) -> &'a str {
        self.policy.role_label(role)
    }

    fn gender_label<'a>(&'a self, gender: &'a str) -> &'a str {
        self.policy.gender_label(gender)
    }

    fn today(&self) -> NaiveDate {
        self.today
    }
}

impl WholeSet<'_> {
    /// The last word about a record. One that several rows of the target stand for waits, because none of them is known to
    /// be the right one; so does one that the target's columns would refuse.
    pub fn conclude(&self, entity: &'static Entity, mut decision: Decision) -> Decision {
        let id = decision.legacy_id;
        // all that was found out about a record that another one stands for stays
        if let (Some(into), Verdict::Ready(_)) = (self.merges.merged_into(entity, id), &decision.verdict) {
            decision.verdict = Verdict::Merged(into);
        }
        let user = (*entity == patients::ENTITY).then(|| self.user_of(id)).flatten();
        self.ladder.decided.apply(entity, user, self.policy, &mut decision);
        if self.ids.is_ambiguous(entity, id) {
            if let Verdict::Ready(_) = decision.verdict {
                decision.verdict = Verdict::Quarantined;
            }
            decision.issue(entity.phase, Issue::new(Code::TargetRowMismatch, "legacy_id"));
        }
        if !self.other_records.is_empty()
            && let Some(other) = self.other_records.get(&(entity.name.to_owned(), id))
        {
            let said = self.ladder.decided.is_same_one(entity.name, id, &other.noted_at);
            if let (Verdict::Ready(_), None) = (&decision.verdict, said) {
                decision.verdict = Verdict::Quarantined;
            }
            decision.issue(entity.phase, Issue::new(Code::IdOfAnother, SAME_ONE));
        }
        if let Some(rows) = self.ids.uncertain(entity, id) {
            decision.issue(entity.phase, Issue::new(Code::TargetRowUncertain, "id").with_context(rows));
        }
        if let Verdict::Ready(row) = &decision.verdict {
            let (issues, waits) = self.fit.check(entity, row);
            decision.issues.extend(issues.into_iter().map(|issue| (entity.phase, issue)));
            if waits {
                decision.verdict = Verdict::Quarantined;
            }
        }
        decision
    }
}

/// The issue of a practice that a person has to confirm or choose; `candidates` are the offices between which nothing
/// decides.
fn note_practice(
    decision: &mut Decision,
    by_rules: Option<&Choice>,
    candidates: impl FnOnce() -> Vec<LegacyId>,
) {
    let issue = match by_rules {
        None => {
            let issue = Issue::new(Code::PracticeUnresolved, "practice_id");
            match association::candidates_text(&candidates()) {
                Some(listed) => issue.with_context(listed),
                None => issue,
            }
        }
        Some(choice) => match choice.method {
            Method::Geographic => {
                Issue::new(Code::PracticeByGeography, "practice_id").with_context(choice.evidence.clone())
            }
            Method::Default => Issue::new(Code::PracticeDefaulted, "practice_id"),
            Method::DirectMembership | Method::Organizational => return,
        },
    };
    decision.issue(Phase::Associations, issue);
}
