//! The id of every record in the target: kept where the target already has the row, derived where it does not.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;

use super::index::Index;
use crate::entity::{self, Entity, practices};
use crate::error::{Error, Result};
use crate::record::{LegacyId, TargetId};
use crate::review::Decided;
use crate::staging::{OtherRecord, Staging};

/// The ids that are not the derived ones, by entity in the order of the list.
#[derive(Debug)]
pub struct Ids {
    kept: Vec<Kept>,
    /// Whether all ids are the derived ones, as with a target that holds nothing.
    is_empty: bool,
    /// The practices, which are few and asked for with every record.
    practices: Index<TargetId>,
}

#[derive(Debug)]
struct Kept {
    ids: Index<TargetId>,
    /// Records that several rows of the target stand for: none of them is known to be the right one.
    ambiguous: HashSet<LegacyId>,
    /// Records that look like rows which say nothing of themselves, with what they agree in.
    uncertain: HashMap<LegacyId, String>,
}

impl Ids {
    /// Reads what the survey saw, and what people said of it.
    pub fn read(
        staging: &Staging,
        decided: &Decided,
        others: &BTreeMap<(String, LegacyId), OtherRecord>,
        offices: impl Iterator<Item = LegacyId>,
    ) -> Result<Self> {
        let mut kept = Vec::new();
        for entity in entity::ALL {
            let mut ids: Vec<(LegacyId, TargetId)> = Vec::new();
            let mut ambiguous = HashSet::new();
            let mut previous = None;
            let mut uncertain = HashMap::new();
            // who is another has a row of their own, whatever the one with the legacy id is
            for ((of, legacy_id), other) in others {
                if of == entity.name
                    && decided.is_same_one(of, *legacy_id, &other.noted_at) == Some(false)
                    && let Some(was) = &other.was_id
                {
                    ids.push((*legacy_id, TargetId::derived(&format!("{of} after {was}"), *legacy_id)));
                }
            }
            staging.for_uncertain_rows(entity, |legacy_id, target_id, likeness| {
                if let Some(Ok(row)) = decided.row(entity.name, legacy_id).map(str::parse) {
                    ids.push((legacy_id, row));
                    return;
                }
                let known: &mut String = uncertain.entry(legacy_id).or_default();
                let between = if known.is_empty() { "" } else { "; " };
                let _ = write!(known, "{between}row {target_id} ({likeness})");
            })?;
            staging.for_existing_ids(entity, |legacy_id, target_id| {
                let target_id: TargetId = target_id.parse().map_err(|_| {
                    Error::target(format!(
                        "{} has an id that is not a uuid for legacy id {legacy_id}",
                        entity.name
                    ))
                    .hint("the target's tables need uuid primary keys")
                })?;
                if previous.replace(legacy_id) == Some(legacy_id) {
                    ambiguous.insert(legacy_id);
                }
                if target_id != TargetId::derived(entity.name, legacy_id) {
                    ids.push((legacy_id, target_id));
                }
                Ok(())
            })?;
            kept.push(Kept { ids: Index::new(ids), ambiguous, uncertain });
        }
        let is_empty = kept.iter().all(|kept| {
            kept.ids.iter().next().is_none() && kept.ambiguous.is_empty() && kept.uncertain.is_empty()
        });
        let mut ids = Self { kept, is_empty, practices: Index::new(Vec::new()) };
        ids.practices =
            Index::new(offices.map(|office| (office, ids.of(&practices::ENTITY, office))).collect());
        Ok(ids)
    }

    /// The id of a record.
    pub fn of(&self, entity: &Entity, legacy_id: LegacyId) -> TargetId {
        self.kept_by(entity)
            .and_then(|kept| kept.ids.get(legacy_id))
            .copied()
            .unwrap_or_else(|| TargetId::derived(entity.name, legacy_id))
    }

    /// The id of a practice.
    pub fn practice(&self, office: LegacyId) -> TargetId {
        self.practices.get(office).copied().unwrap_or_else(|| self.of(&practices::ENTITY, office))
    }

    /// Whether several rows of the target stand for the record.
    pub fn is_ambiguous(&self, entity: &Entity, legacy_id: LegacyId) -> bool {
        self.kept_by(entity).is_some_and(|kept| kept.ambiguous.contains(&legacy_id))
    }

    /// The rows that may stand for the record, in words, while nobody has said which one does.
    pub fn uncertain(&self, entity: &Entity, legacy_id: LegacyId) -> Option<&str> {
        self.kept_by(entity)?.uncertain.get(&legacy_id).map(String::as_str)
    }

    fn kept_by(&self, entity: &Entity) -> Option<&Kept> {
        if self.is_empty {
            return None;
        }
        let position = entity::ALL.iter().position(|known| known.name == entity.name)?;
        self.kept.get(position)
    }
}
