//! What can be answered to which question. A question is a field of a record, `record` for the record as a whole, or
//! `duplicate_of_<legacy id>`.

use crate::entity::{self, Answer};
use crate::record::{Action, LegacyId, SAME_ONE};

/// Where the answer to a question comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A record of another entity.
    Reference(&'static str),
    /// A value of the field.
    Value(Answer),
    /// Another record of the same entity.
    Duplicate(LegacyId),
    /// Nothing can be filled in: the record as a whole.
    Record,
}

/// What kind of question it is.
pub fn kind(entity: &str, question: &str) -> Kind {
    if let Some(other) = question.strip_prefix("duplicate_of_").and_then(|id| id.parse().ok()) {
        return Kind::Duplicate(other);
    }
    let Some(entity) = entity::find(entity) else { return Kind::Record };
    if let Some(reference) = entity.references.iter().find(|reference| reference.field == question) {
        return Kind::Reference(reference.to.name);
    }
    let Some(column) = entity.column(question) else { return Kind::Record };
    match (column.references.filter(|_| column.is_choice), column.answer) {
        (Some(to), _) => Kind::Reference(to.name),
        (None, Some(answer)) => Kind::Value(answer),
        (None, None) => Kind::Record,
    }
}

/// Whether a question about a record of this fate can be answered with what is there.
pub fn may_accept(question: &str, fate: &str) -> bool {
    fate == "ready" || question == SAME_ONE
}

/// The answers that a question has.
pub fn answers(entity: &str, question: &str) -> Vec<Action> {
    let mut answers = match kind(entity, question) {
        Kind::Reference(_) => vec![Action::Accept, Action::Choose],
        Kind::Value(_) => vec![Action::Accept, Action::Set],
        Kind::Duplicate(_) => vec![Action::NotADuplicate],
        Kind::Record if question == SAME_ONE => vec![Action::Accept, Action::NotADuplicate],
        Kind::Record => vec![Action::Accept],
    };
    if entity::find(entity).is_none_or(|entity| entity.can_stand_in) {
        answers.push(Action::Merge);
    }
    answers.extend([Action::Reject, Action::Escalate]);
    answers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_question_can_be_escalated_and_rejected() {
        for (entity, question) in [
            ("patients", "practice_id"),
            ("profiles", "duplicate_of_12"),
            ("practice_members", "user_id"),
            ("practices", "record"),
        ] {
            let answers = answers(entity, question);
            assert!(answers.contains(&Action::Escalate) && answers.contains(&Action::Reject));
        }
    }

    #[test]
    fn a_field_says_what_its_answer_is() {
        for (entity, question, kind_of) in [
            ("patients", "practice_id", Kind::Reference("practices")),
            ("practice_owners", "doctor_id", Kind::Reference("profiles")),
            ("profiles", "practice_id", Kind::Reference("practices")),
            ("profiles", "role", Kind::Value(Answer::Role)),
            ("profiles", "duplicate_of_12", Kind::Duplicate(LegacyId(12))),
            ("practices", "practice_id", Kind::Record),
            ("practices", "id", Kind::Value(Answer::Row)),
            ("patients", "record", Kind::Record),
        ] {
            assert_eq!(kind(entity, question), kind_of, "{entity} {question}");
        }
    }
}
