//! What answers say against each other: those of one file, and these against what was decided before. Pure; a message names
//! the line, or the earlier decision, that says otherwise, and no value.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;

use super::answered::{Answered, Wrong};
use crate::entity::{self, Entity, patients, practices, profiles};
use crate::record::{Action, ItemId, LegacyId, Ruling};
use crate::staging::Standing;

/// Where an answer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// An earlier decision.
    Decision(i64),
    /// A line that says what was decided already.
    Known(u64),
    /// A line that decides something.
    Line(u64),
}

impl Place {
    /// The line to refuse.
    fn line(self) -> Option<u64> {
        match self {
            Place::Line(line) => Some(line),
            Place::Decision(_) | Place::Known(_) => None,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Decision(id) => write!(f, "decision {id}"),
            Place::Known(line) | Place::Line(line) => write!(f, "line {line}"),
        }
    }
}

/// An answer that will hold.
#[derive(Debug, Clone, Copy)]
struct Said<'a> {
    place: Place,
    ruling: &'a Ruling,
}

/// Drops the lines that repeat another one, and those that say what was decided already; returns what the lines say
/// against each other and against what holds already.
pub(super) fn contradictions(answered: &mut Vec<Answered>, standing: &[Standing]) -> Vec<Wrong> {
    let mut wrong = Vec::new();
    let mut first: HashMap<ItemId, (u64, Ruling)> = HashMap::new();
    answered.retain(|one| {
        let Some((line, known)) = first.get(&one.ruling.item) else {
            first.insert(one.ruling.item.clone(), (one.line, one.ruling.clone()));
            return true;
        };
        let message = if !known.agrees_with(&one.ruling) {
            Some(format!("it contradicts line {line} about {}", one.ruling.item))
        } else if !one.ruling.reason.is_empty() && one.ruling.reason != known.reason {
            Some(format!("it gives another reason than line {line} for {}", one.ruling.item))
        } else {
            None
        };
        wrong.extend(message.map(|message| Wrong { line: one.line, message }));
        false
    });
    let earlier = standing
        .iter()
        .filter(|one| !first.contains_key(&one.ruling.item))
        .map(|one| Said { place: Place::Decision(one.decision_id), ruling: &one.ruling });
    let lines = answered.iter().map(|one| Said {
        place: if one.is_known { Place::Known(one.line) } else { Place::Line(one.line) },
        ruling: &one.ruling,
    });
    let held = Held::new(earlier.chain(lines).collect());
    wrong.extend(held.answers_of_what_goes());
    wrong.extend(held.ways_to_what_goes());
    wrong.extend(held.shared_values());
    wrong.extend(held.people_told_apart_and_merged());
    answered.retain(|one| !one.is_known);
    // one reason is enough for a line
    wrong.sort_by_key(|one| one.line);
    wrong.dedup_by_key(|one| one.line);
    wrong
}

/// Everything that will hold: what was decided before first, then the lines in their order.
struct Held<'a> {
    said: Vec<Said<'a>>,
    by_record: BTreeMap<(&'a str, LegacyId), Vec<usize>>,
}

impl<'a> Held<'a> {
    fn new(said: Vec<Said<'a>>) -> Self {
        let mut by_record: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for (position, Said { ruling, .. }) in said.iter().enumerate() {
            let record = (ruling.item.entity.as_str(), ruling.item.legacy_id);
            by_record.entry(record).or_default().push(position);
        }
        Self { said, by_record }
    }

    /// What rejects a record or merges it into another.
    fn end(&self, entity: &str, id: LegacyId) -> Option<Said<'a>> {
        let mut of_record = self.by_record.get(&(entity, id))?.iter().map(|position| self.said[*position]);
        of_record.find(|said| matches!(said.ruling.action, Action::Reject | Action::Merge))
    }

    /// A record that goes has no other answers.
    fn answers_of_what_goes(&self) -> Vec<Wrong> {
        let against = |said: &Said<'a>| {
            let (line, ruling) = (said.place.line()?, said.ruling);
            let ItemId { entity, legacy_id, .. } = &ruling.item;
            let end = self.end(entity, *legacy_id)?;
            let agrees = end.ruling.item == ruling.item
                || ruling.action == Action::Escalate
                || (ruling.action, &ruling.value) == (end.ruling.action, &end.ruling.value);
            let message = || {
                format!(
                    "{entity} {legacy_id} is decided otherwise by {} ({}, {})",
                    end.place,
                    end.ruling.item,
                    end.ruling.action.as_str()
                )
            };
            (!agrees).then(|| Wrong { line, message: message() })
        };
        self.said.iter().filter_map(against).collect()
    }

    /// Nothing is led to a record that goes: not by a line, and not by an earlier decision when a line lets it go.
    fn ways_to_what_goes(&self) -> Vec<Wrong> {
        let against = |said: &Said<'a>| {
            let (entity, chosen) = (said.ruling.refers_to?, said.ruling.chosen()?);
            let end = self.end(entity, chosen)?;
            if let Some(line) = said.place.line() {
                let message = format!(
                    "{entity} {chosen} is decided to {} by {} ({})",
                    end.ruling.action.as_str(),
                    end.place,
                    end.ruling.item
                );
                return Some(Wrong { line, message });
            }
            let message = format!("{} leads to {entity} {chosen}", said.place);
            Some(Wrong { line: end.place.line()?, message })
        };
        self.said.iter().filter_map(against).collect()
    }

    /// No two profiles are given one address, and no two records of an entity one row of the target.
    fn shared_values(&self) -> Vec<Wrong> {
        const ALONE: [(&Entity, &str, &str); 4] = [
            (&profiles::ENTITY, "email", "address"),
            (&practices::ENTITY, "id", "row"),
            (&profiles::ENTITY, "id", "row"),
            (&patients::ENTITY, "id", "row"),
        ];
        let mut wrong = Vec::new();
        for (entity, question, what) in ALONE {
            let mut holders: HashMap<&str, Said<'a>> = HashMap::new();
            for said in &self.said {
                let ItemId { entity: of, question: asked, .. } = &said.ruling.item;
                let Some(value) = said.ruling.value.as_deref() else { continue };
                if said.ruling.action != Action::Set || of != entity.name || asked != question {
                    continue;
                }
                let Some(holder) = holders.insert(value, *said) else { continue };
                wrong.extend(said.place.line().map(|line| Wrong {
                    line,
                    message: format!(
                        "{} gives the same {what} to {} {}",
                        holder.place, entity.singular, holder.ruling.item.legacy_id
                    ),
                }));
            }
        }
        wrong
    }

    /// Two users whom one answer calls different people are not merged into one by others.
    fn people_told_apart_and_merged(&self) -> Vec<Wrong> {
        let against = |apart: &Said<'a>| {
            let ItemId { entity, legacy_id: one, question } = &apart.ruling.item;
            let other = question.strip_prefix("duplicate_of_").and_then(|id| id.parse::<LegacyId>().ok())?;
            if apart.ruling.action != Action::NotADuplicate {
                return None;
            }
            let ((last, mut merges), (of_other, more)) = (self.way(entity, *one), self.way(entity, other));
            if last != of_other {
                return None;
            }
            merges.extend(more);
            let plural = entity::find(entity)?.name;
            let merge = merges.into_iter().max_by_key(|said| said.place.line())?;
            if apart.place.line() > merge.place.line() {
                let message = format!("{} merges {plural} {one} and {other} into one", merge.place);
                return Some(Wrong { line: apart.place.line()?, message });
            }
            let message =
                format!("{} says that {plural} {one} and {other} are different people", apart.place);
            Some(Wrong { line: merge.place.line()?, message })
        };
        self.said.iter().filter_map(against).collect()
    }

    /// The record that a record ends as, and the merges on the way.
    fn way(&self, entity: &str, id: LegacyId) -> (LegacyId, Vec<Said<'a>>) {
        let (mut at, mut seen, mut merges) = (id, HashSet::from([id]), Vec::new());
        while let Some(end) = self.end(entity, at).filter(|end| end.ruling.action == Action::Merge)
            && let Some(into) = end.ruling.chosen()
        {
            merges.push(end);
            at = into;
            // a circle is refused for what it is
            if !seen.insert(into) {
                break;
            }
        }
        (at, merges)
    }
}
