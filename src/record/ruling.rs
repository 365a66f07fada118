//! A person's decision about one question of one record, as opposed to what the rules decide (`entity::Decision`): one
//! row of the table `decisions`.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use super::LegacyId;

/// The question whether a record is the one that its id belonged to before: accepted, or two people.
pub const SAME_ONE: &str = "person";

/// What a person may decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// What the rules made of it is right.
    Accept,
    /// Another record is the right one: a practice, a profile.
    Choose,
    /// This is the right value.
    Set,
    /// Another record of the entity stands for this one.
    Merge,
    /// The two are different people.
    NotADuplicate,
    /// The record is not migrated.
    Reject,
    /// Somebody else has to decide.
    Escalate,
}

impl Action {
    /// Every action.
    pub const ALL: [Action; 7] = [
        Action::Accept,
        Action::Choose,
        Action::Set,
        Action::Merge,
        Action::NotADuplicate,
        Action::Reject,
        Action::Escalate,
    ];

    /// The word in the staging file and in review files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Action::Accept => "accept",
            Action::Choose => "choose",
            Action::Set => "set",
            Action::Merge => "merge",
            Action::NotADuplicate => "not_a_duplicate",
            Action::Reject => "reject",
            Action::Escalate => "escalate",
        }
    }
}

impl FromStr for Action {
    type Err = ();

    /// People write `Not a duplicate` and `not-a-duplicate` too.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let word = text.trim().to_lowercase().replace([' ', '-'], "_");
        Action::ALL.into_iter().find(|action| action.as_str() == word).ok_or(())
    }
}

/// The question of one record: the stable id of a review item.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ItemId {
    /// The entity's name.
    pub entity: String,
    /// The record.
    pub legacy_id: LegacyId,
    /// The field asked about, `record`, or `duplicate_of_<legacy id>`.
    pub question: String,
}

impl fmt::Display for ItemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.entity, self.legacy_id, self.question)
    }
}

impl FromStr for ItemId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.trim().splitn(3, ':');
        let (Some(entity), Some(id), Some(question)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(());
        };
        let legacy_id = id.parse().map_err(|_| ())?;
        Ok(ItemId { entity: entity.to_owned(), legacy_id, question: question.to_owned() })
    }
}

/// A decision of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ruling {
    /// What was asked.
    pub item: ItemId,
    /// What was decided.
    pub action: Action,
    /// The value set, or the legacy id chosen.
    pub value: Option<String>,
    /// The entity of that legacy id.
    pub refers_to: Option<&'static str>,
    /// Why.
    pub reason: String,
    /// Who decided.
    pub decided_by: String,
}

impl Ruling {
    /// The legacy id chosen, or merged into.
    pub fn chosen(&self) -> Option<LegacyId> {
        self.refers_to?;
        self.value.as_deref()?.parse().ok()
    }

    /// Whether another ruling decides the same.
    pub fn agrees_with(&self, other: &Ruling) -> bool {
        self.item == other.item && self.action == other.action && self.value == other.value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_read_back_as_they_are_written() {
        for text in ["patients:500001:practice_id", "profiles:7:duplicate_of_12"] {
            assert_eq!(text.parse::<ItemId>().unwrap().to_string(), text);
        }
        for text in ["", "patients", "patients:x:role", "patients:1.2E+3:role"] {
            assert_eq!(text.parse::<ItemId>(), Err(()), "{text}");
        }
    }

    #[test]
    fn actions_are_read_as_people_write_them() {
        for (text, action) in [
            ("accept", Ok(Action::Accept)),
            (" Not a duplicate ", Ok(Action::NotADuplicate)),
            ("not-a-duplicate", Ok(Action::NotADuplicate)),
            ("ESCALATE", Ok(Action::Escalate)),
            ("yes", Err(())),
        ] {
            assert_eq!(text.parse(), action, "{text}");
        }
    }
}
