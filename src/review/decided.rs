//! What `transform` makes of the decisions of people: references and records that others stand for, practices chosen,
//! values set, records rejected, merged. Pure, apart from reading the decisions once.

use std::collections::{HashMap, HashSet};

use crate::clean::gender;
use crate::config::Policy;
use crate::entity::association::{Confidence, Method};
use crate::entity::metadata::KEY;
use crate::entity::{self, Decision, Entity, Kind, Row, Verdict, profiles};
use crate::error::Result;
use crate::record::{Action, ItemId, LegacyId, SAME_ONE};
use crate::staging::{DecisionState, Staging, Standing};

/// Who stands for a record that others refer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StandIn {
    /// It does itself.
    Itself,
    /// The record that it was merged into.
    Other(LegacyId),
    /// Nobody: it was rejected.
    Nobody,
}

/// The decisions that hold, as far as the present snapshot has what they speak of.
#[derive(Debug, Default)]
pub struct Decided {
    standing: Vec<Standing>,
    by_record: HashMap<(&'static str, LegacyId), Vec<usize>>,
    stale: HashSet<i64>,
    /// Those whose record says something else since.
    changed: HashSet<i64>,
}

impl Decided {
    /// Reads the decisions that hold. One whose record, or the record that it names, is not in the snapshot is stale and
    /// decides nothing.
    pub fn read(staging: &Staging) -> Result<Self> {
        let (mut stale, mut changed) = (HashSet::new(), HashSet::new());
        let standing = staging.standing_decisions()?;
        for one in &standing {
            let ruling = &one.ruling;
            let there = |entity: Option<&'static Entity>, id: LegacyId| -> Result<bool> {
                entity.map_or(Ok(false), |entity| staging.is_in_snapshot(entity, id))
            };
            let named = match (ruling.refers_to, ruling.chosen()) {
                (Some(entity), Some(id)) => there(entity::find(entity), id)?,
                _ => true,
            };
            if !named || !there(entity::find(&ruling.item.entity), ruling.item.legacy_id)? {
                stale.insert(one.decision_id);
            } else if !one.said.is_empty() && staging.said(&ruling.item)? != one.said {
                changed.insert(one.decision_id);
            }
        }
        Ok(Self { changed, ..Self::new(standing, stale) })
    }

    fn new(standing: Vec<Standing>, stale: HashSet<i64>) -> Self {
        let mut by_record: HashMap<_, Vec<usize>> = HashMap::new();
        for (position, one) in standing.iter().enumerate() {
            if !stale.contains(&one.decision_id) {
                let ItemId { entity, legacy_id, .. } = &one.ruling.item;
                if let Some(entity) = entity::find(entity) {
                    by_record.entry((entity.name, *legacy_id)).or_default().push(position);
                }
            }
        }
        Self { standing, by_record, stale, changed: HashSet::new() }
    }

    /// What became of each decision.
    pub fn outcome(&self) -> Vec<(Standing, DecisionState)> {
        self.standing
            .iter()
            .map(|one| {
                let state = if self.stale.contains(&one.decision_id) {
                    DecisionState::Stale
                } else if self.changed.contains(&one.decision_id) {
                    DecisionState::Changed
                } else {
                    DecisionState::Applied
                };
                (one.clone(), state)
            })
            .collect()
    }

    /// How many decisions have nothing to decide in the present snapshot.
    pub fn stale(&self) -> u64 {
        self.stale.len() as u64
    }

    /// How many decisions hold about records that say something else since.
    pub fn changed(&self) -> u64 {
        self.changed.len() as u64
    }

    /// How many records of the entity people have rejected.
    pub fn rejected(&self, entity: &str) -> u64 {
        let records = self.by_record.keys().filter(|(of, _)| *of == entity);
        records.filter(|(_, id)| self.fate(entity, *id) == Some(Verdict::Rejected)).count() as u64
    }

    /// Who stands for a record that others refer to.
    pub fn stand_in(&self, entity: &str, id: LegacyId) -> StandIn {
        let mut at = id;
        // a chain of merges is as long as the decisions are many, and never a circle: an import refuses those
        for _ in 0..=self.standing.len() {
            match self.fate(entity, at) {
                Some(Verdict::Rejected) => return StandIn::Nobody,
                Some(Verdict::Merged(into)) => at = into,
                _ => break,
            }
        }
        if at == id { StandIn::Itself } else { StandIn::Other(at) }
    }

    /// Where a reference of a record leads: to what a person chose in its place, and from there to whoever stands for it.
    pub fn follow(
        &self,
        entity: &str,
        id: LegacyId,
        field: &str,
        to: &str,
        found: Option<LegacyId>,
    ) -> Option<LegacyId> {
        if self.is_empty() {
            return found;
        }
        let leads = self.chosen(entity, id, field).or(found)?;
        match self.stand_in(to, leads) {
            StandIn::Itself => Some(leads),
            StandIn::Other(other) => Some(other),
            StandIn::Nobody => None,
        }
    }

    /// The records whose practice a person has confirmed or chosen.
    pub fn placed(&self, entity: &str) -> impl Iterator<Item = LegacyId> {
        let records = self.by_record.keys().filter(move |(of, _)| *of == entity).map(|(_, id)| *id);
        records.filter(move |id| self.has_practice(entity, *id))
    }

    /// The record that a person chose for a reference.
    pub fn chosen(&self, entity: &str, id: LegacyId, question: &str) -> Option<LegacyId> {
        let one = self.about(entity, id, question)?;
        one.ruling.chosen().filter(|_| one.ruling.action == Action::Choose)
    }

    /// The practice of a record: what the rules found, unless a person confirmed it or chose another.
    pub fn practice<C: From<Chosen> + Confirm>(
        &self,
        entity: &str,
        id: LegacyId,
        by_rules: Option<C>,
    ) -> Option<C> {
        let Some(one) = self.about(entity, id, "practice_id") else { return by_rules };
        match (one.ruling.action, one.ruling.chosen()) {
            (Action::Accept, _) => by_rules.map(|found| found.confirmed(one.decision_id)),
            (Action::Choose, Some(practice)) => Some(
                Chosen { practice, decision_id: one.decision_id, others: others(by_rules, practice) }.into(),
            ),
            _ => by_rules,
        }
    }

    /// Whether a person has confirmed or chosen the practice of a record.
    pub fn has_practice(&self, entity: &str, id: LegacyId) -> bool {
        self.about(entity, id, "practice_id")
            .is_some_and(|one| matches!(one.ruling.action, Action::Accept | Action::Choose))
    }

    /// Whether a person said that two users are different people.
    pub fn are_distinct(&self, one: LegacyId, other: LegacyId) -> bool {
        let says = |id: LegacyId, of: LegacyId| {
            self.about(profiles::ENTITY.name, id, &format!("duplicate_of_{of}"))
                .is_some_and(|one| one.ruling.action == Action::NotADuplicate)
        };
        !self.is_empty() && (says(one, other) || says(other, one))
    }

    /// The address that a person gave to a user, in its clean form.
    pub fn address(&self, user: LegacyId) -> Option<&str> {
        let one = self.about(profiles::ENTITY.name, user, "email")?;
        one.ruling.value.as_deref().filter(|_| one.ruling.action == Action::Set)
    }

    /// The row of the target that a person said a record is.
    pub fn row(&self, entity: &str, id: LegacyId) -> Option<&str> {
        let one = self.about(entity, id, "id")?;
        one.ruling.value.as_deref().filter(|_| one.ruling.action == Action::Set)
    }

    /// Whether a person said, at that moment or since, that a record is the one that its id belonged to before, or that it is
    /// another; nothing while nobody has.
    pub fn is_same_one(&self, entity: &str, id: LegacyId, noted_at: &str) -> Option<bool> {
        let said = self.about(entity, id, SAME_ONE).filter(|one| one.decided_at.as_str() >= noted_at)?;
        match said.ruling.action {
            Action::Accept => Some(true),
            Action::NotADuplicate => Some(false),
            _ => None,
        }
    }

    /// Every row that a person said a record of the entity is.
    pub fn rows(&self, entity: &str) -> impl Iterator<Item = &str> {
        self.standing.iter().filter(|one| !self.stale.contains(&one.decision_id)).filter_map(move |one| {
            let ruling = &one.ruling;
            let is_row =
                ruling.action == Action::Set && ruling.item.entity == entity && ruling.item.question == "id";
            ruling.value.as_deref().filter(|_| is_row)
        })
    }

    /// Every such address.
    pub fn addresses(&self) -> impl Iterator<Item = (LegacyId, &str)> {
        self.standing.iter().filter(|one| !self.stale.contains(&one.decision_id)).filter_map(|one| {
            let ruling = &one.ruling;
            let is_address = ruling.action == Action::Set
                && ruling.item.entity == profiles::ENTITY.name
                && ruling.item.question == "email";
            Some((ruling.item.legacy_id, ruling.value.as_deref()?)).filter(|_| is_address)
        })
    }

    /// Lets the decisions about a record have their way with what the rules decided. `user` is a patient's own user: what
    /// was decided about its name and address holds for the patient too.
    pub fn apply(
        &self,
        entity: &'static Entity,
        user: Option<LegacyId>,
        policy: &Policy,
        decision: &mut Decision,
    ) {
        for one in user.into_iter().flat_map(|user| self.of(profiles::ENTITY.name, user)) {
            if ["first_name", "last_name", "email"].contains(&one.ruling.item.question.as_str()) {
                set(entity, one, policy, decision);
            }
        }
        for one in self.of(entity.name, decision.legacy_id) {
            // whether a profile may have the address is settled over the whole set
            if entity.name == profiles::ENTITY.name && one.ruling.item.question == "email" {
                continue;
            }
            set(entity, one, policy, decision);
        }
        if let Some(verdict) = self.fate(entity.name, decision.legacy_id) {
            decision.verdict = verdict;
            decision.association = None;
        }
    }

    /// Whether there is nothing to apply, which is what most transforms find.
    pub fn is_empty(&self) -> bool {
        self.by_record.is_empty()
    }

    fn fate(&self, entity: &str, id: LegacyId) -> Option<Verdict> {
        self.of(entity, id).find_map(|one| match one.ruling.action {
            Action::Reject => Some(Verdict::Rejected),
            Action::Merge => one.ruling.chosen().map(Verdict::Merged),
            _ => None,
        })
    }

    fn about(&self, entity: &str, id: LegacyId, question: &str) -> Option<&Standing> {
        self.of(entity, id).find(|one| one.ruling.item.question == question)
    }

    fn of(&self, entity: &str, id: LegacyId) -> impl Iterator<Item = &Standing> + use<'_> {
        let positions = if self.by_record.is_empty() {
            None
        } else {
            entity::find(entity).and_then(|entity| self.by_record.get(&(entity.name, id)))
        };
        positions.into_iter().flatten().map(|position| &self.standing[*position])
    }
}

/// A practice that a person chose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    /// The office.
    pub practice: LegacyId,
    /// The decision.
    pub decision_id: i64,
    /// The offices that the rules had found.
    pub others: Vec<LegacyId>,
}

/// What a decision about a practice needs of what the rules found.
pub trait Confirm {
    /// The same, confirmed by a person.
    fn confirmed(self, decision_id: i64) -> Self;
    /// Every office that the rules found, the chosen one first.
    fn offices(&self) -> Vec<LegacyId>;
}

impl Chosen {
    /// The plan has four methods; a person who names the practice says directly where the record belongs.
    pub const METHOD: Method = Method::DirectMembership;
    /// A person is sure.
    pub const CONFIDENCE: Confidence = Confidence::High;

    /// The evidence as it stands in the file.
    pub fn evidence(&self) -> String {
        format!("decision {}", self.decision_id)
    }
}

fn others<C: Confirm>(by_rules: Option<C>, chosen: LegacyId) -> Vec<LegacyId> {
    let mut others = by_rules.map(|found| found.offices()).unwrap_or_default();
    others.retain(|office| *office != chosen);
    others.sort_unstable();
    others.dedup();
    others
}

/// Sets a value in a ready row, with its change.
fn set(entity: &'static Entity, one: &Standing, policy: &Policy, decision: &mut Decision) {
    let (ruling, Verdict::Ready(row)) = (&one.ruling, &mut decision.verdict) else { return };
    if ruling.action != Action::Set {
        return;
    }
    let Some(column) = entity.column(&ruling.item.question) else { return };
    let value = ruling.value.as_deref().unwrap_or_default();
    let stored = match column.name {
        "role" => policy.role_label(value).to_owned(),
        "gender" => policy.gender_label(gender("gender", Some(value)).value.as_str()).to_owned(),
        _ => value.to_owned(),
    };
    let position = entity.columns.iter().position(|known| known.name == column.name);
    let Some(field) = position.and_then(|position| row.0.get_mut(position)) else { return };
    if field.as_deref() == Some(stored.as_str()) {
        return;
    }
    let before = field.replace(stored.as_str().into());
    if column.name == "role" {
        note_role(entity, row, value);
    }
    decision.change(column.name, "decision", before.as_deref(), Some(&stored));
}

/// Keeps the role that a person gave beside the one by the rules, so that the target explains itself.
fn note_role(entity: &Entity, row: &mut Row, role: &str) {
    let position = entity.columns.iter().position(|column| column.kind == Kind::Metadata);
    let Some(text) = position.and_then(|position| row.0.get_mut(position)?.as_mut()) else { return };
    if let Ok(mut metadata) = serde_json::from_str::<serde_json::Value>(text) {
        metadata[KEY]["role_decided"] = role.into();
        *text = metadata.to_string().into();
    }
}
