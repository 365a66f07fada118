//! One record at a time: joins what the whole set knows with the raw row, and lets the entity resolve it. Pure.

use super::emails::Settled;
use super::facts::{Facts, PatientFacts};
use super::fit::Fit;
use super::ids::Ids;
use super::ladder::{Choice, Ladder};
use super::merges::Merges;
use super::watch::Watch;
use crate::clean::{self, Email, EmailPolicy, fallback_email, fallback_email_nth, name};
use crate::config::{self, Policy};
use crate::entity::association::{self, Association, Method};
use crate::entity::patients::{self, LegacyPatient, PatientMoment};
use crate::entity::practices::{self, Office};
use crate::entity::profiles::{self, Address, Replaced, User};
use crate::entity::{Decision, Entity, Verdict};
use crate::record::{Code, Issue, LegacyId, Phase, TargetId};
use crate::staging::ById;

/// Phase 1 went through the users in id order, this many per batch.
const BATCH: usize = 100;

/// Everything that deciding about a record needs.
pub struct Resolver<'a> {
    pub facts: &'a Facts,
    pub ladder: Ladder<'a>,
    pub settled: &'a Settled,
    pub ids: &'a Ids,
    pub merges: &'a Merges,
    pub fit: &'a Fit,
    pub email_policy: &'a EmailPolicy,
    pub policy: &'a Policy,
    pub watch: &'a Watch,
    pub today: chrono::NaiveDate,
}

/// Where a reference leads.
enum Reference {
    /// Nowhere: it is null.
    Absent,
    /// Nowhere: it is not an id, or its row does not exist.
    Broken(Issue),
    /// To an existing row.
    To(LegacyId),
}

impl Resolver<'_> {
    /// Decides about an office as a practice.
    pub fn practice(&self, office: &Office) -> Decision {
        let decision = practices::resolve(office, self.ids.of(&practices::ENTITY, office.legacy_id));
        self.settle(&practices::ENTITY, decision)
    }

    /// Decides about the practice that the migration makes for whoever no rule can place.
    pub fn unassigned(&self, reason: &str) -> Decision {
        let target_id = self.ids.of(&practices::ENTITY, practices::UNASSIGNED);
        self.settle(&practices::ENTITY, practices::unassigned(target_id, reason))
    }

    /// Decides about a user. `patients` holds the patient rows of the chunk's users.
    pub fn profile(&self, user: &User, patients: &ById<PatientMoment>) -> Decision {
        let id = user.legacy_id;
        let mut decision = Decision::open(id);
        decision.batch_id = self.facts.users.rank(id).map(|rank| (rank / BATCH + 1) as u64);
        let address = self.address(&mut decision, user);
        let active = user.is_active.as_deref().is_none_or(|raw| {
            decision.take(Phase::Profiles, clean::boolean("is_active", Some(raw))).unwrap_or(false)
        });
        let target_id = self.ids.of(&profiles::ENTITY, id);
        let association = self.watch.about(id, || {
            let by_rules = self.ladder.profile(id);
            note_practice(&mut decision, by_rules.as_ref(), || self.ladder.profiles_candidates(id));
            let choice = self.ladder.decided_profile(id, by_rules);
            let profile_id = || if self.merges.user(id) == id { target_id } else { self.profile_id(id) };
            choice.map(|choice| self.association(choice, Some((id, profile_id()))))
        });

        let standing = self.facts.users.get(id).map(|facts| facts.standing).unwrap_or_default();
        let patient = self.facts.patient_of(id).and_then(|patient| patients.get(patient));
        let context = profiles::Context {
            target_id,
            standing,
            role_label: self.policy.role_label(standing.role().as_str()),
            groups: self.facts.groups_of(id),
            address,
            is_active: active,
            patient_updated_at: patient.and_then(|patient| patient.updated_at.as_deref()),
            association,
        };
        let decision = profiles::resolve(decision, user, context);
        self.settle(&profiles::ENTITY, merged(decision, self.merges.user_into(id)))
    }

    /// Decides about a patient. `users` holds the user rows of the chunk's patients.
    pub fn patient(&self, patient: &LegacyPatient, users: &ById<User>) -> Decision {
        let entity = &patients::ENTITY;
        let mut decision = Decision::open(patient.legacy_id);
        let user =
            self.follow_user(entity, &mut decision, Phase::Patients, "user_id", patient.user_id.as_deref());
        if patient.user_id.is_none() {
            decision.issue(Phase::Patients, Issue::new(Code::ReferenceInvalid, "user_id"));
        }
        let doctor = self.follow_user(
            entity,
            &mut decision,
            Phase::Associations,
            "doctor_id",
            patient.doctor_id.as_deref(),
        );
        self.follow_office(entity, &mut decision, "office_id", patient.office_id.as_deref());
        let is_shared = user.is_some_and(|user| self.facts.patient_of(user) != Some(patient.legacy_id));
        if is_shared && self.merges.patient_into(patient.legacy_id).is_none() {
            decision.issue(Phase::Patients, Issue::new(Code::UserShared, "user_id"));
        }

        let id = patient.legacy_id;
        let profile = user.map(|user| (user, self.profile_id(user)));
        let association = self.watch.about(id, || {
            let by_rules = self.ladder.patient(id);
            note_practice(&mut decision, by_rules.as_ref(), || self.ladder.patients_candidates(id));
            let choice = self.ladder.decided_patient(id, by_rules);
            choice.map(|choice| self.association(choice, profile))
        });

        let user = profile.and_then(|(user, profile_id)| Some((users.get(user)?, profile_id)));
        let email = user.map_or(Email::Missing, |(user, _)| {
            clean::email("email", user.email.as_deref(), self.email_policy).value
        });
        let context = patients::Context {
            target_id: self.ids.of(&patients::ENTITY, patient.legacy_id),
            user,
            email,
            provider: doctor.map(|doctor| self.profile_id(doctor)),
            association,
            gender_label: &|gender| self.policy.gender_label(gender.as_str()),
            today: self.today,
        };
        let decision = patients::resolve(decision, patient, context);
        self.settle(&patients::ENTITY, merged(decision, self.merges.patient_into(patient.legacy_id)))
    }

    /// The address that the user gets: its own, or what the configuration puts in its place.
    fn address(&self, decision: &mut Decision, user: &User) -> Address {
        let cleaned = clean::email("email", user.email.as_deref(), self.email_policy);
        let found = decision.take(Phase::Profiles, cleaned);
        if let Some(decided) = self.ladder.decided.address(user.legacy_id)
            && self.settled.lost(user.legacy_id).is_none()
        {
            decision.change_further("email", "decision", user.email.as_deref(), Some(decided));
            return Address::Kept(decided.to_owned());
        }
        let reason = match found {
            Email::Valid(address) => match self.settled.lost(user.legacy_id) {
                None => return Address::Kept(address),
                Some(reason) => reason,
            },
            Email::Missing => Replaced::Missing,
            Email::Invalid(_) => Replaced::Invalid,
        };
        let replacement = match self.policy.email {
            config::EmailPolicy::Null => None,
            config::EmailPolicy::Fallback => Some(self.fallback(user)),
        };
        Address::Replaced { replacement, reason }
    }

    /// A fallback address that nobody has or claims. It ends in the legacy id, so no two users get the same.
    fn fallback(&self, user: &User) -> String {
        let first = name("first_name", user.first_name.as_deref()).value;
        let last = name("last_name", user.last_name.as_deref()).value;
        let mut address = fallback_email(&first, &last, user.legacy_id);
        let mut number = 2;
        while self.settled.is_taken(&address) {
            address = fallback_email_nth(&first, &last, user.legacy_id, number);
            number += 1;
        }
        address
    }

    /// `profile` is the user with its profile, or the one that stands for it.
    fn association(&self, choice: Choice, profile: Option<(LegacyId, TargetId)>) -> Association {
        Association {
            user: profile.map(|(user, _)| user),
            profile_id: profile.map(|(_, id)| id),
            practice: choice.practice,
            practice_id: self.ids.practice(choice.practice),
            method: choice.method,
            confidence: choice.confidence,
            review: choice.review,
            evidence: choice.evidence,
            others: choice.others,
        }
    }

    pub(super) fn follow_user(
        &self,
        entity: &Entity,
        decision: &mut Decision,
        phase: Phase,
        field: &'static str,
        raw: Option<&str>,
    ) -> Option<LegacyId> {
        self.follow(entity, decision, (phase, field, raw), &profiles::ENTITY)
    }

    pub(super) fn follow_office(
        &self,
        entity: &Entity,
        decision: &mut Decision,
        field: &'static str,
        raw: Option<&str>,
    ) -> Option<LegacyId> {
        self.follow(entity, decision, (Phase::Associations, field, raw), &practices::ENTITY)
    }

    /// Where a reference leads, by itself or by the decision of a person; what is wrong with it, and what was decided about
    /// it, is told.
    fn follow(
        &self,
        entity: &Entity,
        decision: &mut Decision,
        (phase, field, raw): (Phase, &'static str, Option<&str>),
        to: &Entity,
    ) -> Option<LegacyId> {
        let exists = |id| match to.name {
            "practices" => self.facts.offices.contains(id),
            _ => self.facts.users.contains(id),
        };
        let decided = self.ladder.decided;
        let found = raw.and_then(|raw| raw.parse().ok());
        let leads = decided.follow(entity.name, decision.legacy_id, field, to.name, found);
        if leads == found {
            return take(decision, phase, follow(field, raw, exists));
        }
        if decided.chosen(entity.name, decision.legacy_id, field).is_some() {
            // what was wrong stays on record; the decision settles it
            take(decision, phase, follow(field, raw, exists));
        }
        let leads = leads.map(|id| id.to_string());
        decision.change(field, "decision", raw, leads.as_deref());
        let reference = match &leads {
            Some(id) => follow(field, Some(id), exists),
            None => Reference::Broken(
                Issue::new(Code::ReferenceNotReady, field)
                    .with_context(format!("reference={}", raw.unwrap_or_default())),
            ),
        };
        take(decision, phase, reference)
    }

    /// The profile that a user is, or that stands for it.
    pub(super) fn profile_id(&self, user: LegacyId) -> TargetId {
        self.ids.of(&profiles::ENTITY, self.merges.user(user))
    }

    /// A record that several rows of the target stand for waits, because none of them is known to be the right one; so
    /// does one that the target's columns would refuse.
    pub(super) fn settle(&self, entity: &'static Entity, mut decision: Decision) -> Decision {
        let user = self.facts.patients.get(decision.legacy_id).and_then(PatientFacts::user);
        self.ladder.decided.apply(entity, user, self.policy, &mut decision);
        if self.ids.is_ambiguous(entity, decision.legacy_id) {
            if let Verdict::Ready(_) = decision.verdict {
                decision.verdict = Verdict::Quarantined;
            }
            decision.issue(entity.phase, Issue::new(Code::TargetRowMismatch, "legacy_id"));
        }
        if let Some(rows) = self.ids.uncertain(entity, decision.legacy_id) {
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

/// The decision about a record that another one stands for: all that was found out about it stays.
fn merged(mut decision: Decision, into: Option<LegacyId>) -> Decision {
    if let (Some(into), Verdict::Ready(_)) = (into, &decision.verdict) {
        decision.verdict = Verdict::Merged(into);
    }
    decision
}

fn follow(field: &'static str, raw: Option<&str>, exists: impl Fn(LegacyId) -> bool) -> Reference {
    let Some(raw) = raw else { return Reference::Absent };
    match raw.parse::<LegacyId>() {
        Ok(id) if exists(id) => Reference::To(id),
        Ok(id) => Reference::Broken(patients::reference_issue(field, raw, Some(id))),
        Err(_) => Reference::Broken(patients::reference_issue(field, raw, None)),
    }
}

fn take(decision: &mut Decision, phase: Phase, reference: Reference) -> Option<LegacyId> {
    match reference {
        Reference::Absent => None,
        Reference::Broken(issue) => {
            decision.issue(phase, issue);
            None
        }
        Reference::To(id) => Some(id),
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
