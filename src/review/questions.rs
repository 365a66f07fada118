//! What can be answered to which question. A question is a field of a record, `record` for the record as a whole, or
//! `duplicate_of_<legacy id>`.

use crate::entity::{patients, practice_members, practice_owners, practices, profiles};
use crate::record::{Action, LegacyId};

/// Where the answer to a question comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A record of another entity.
    Reference(&'static str),
    /// A value of the field.
    Value(Value),
    /// Another record of the same entity.
    Duplicate(LegacyId),
    /// Nothing can be filled in: the record as a whole.
    Record,
}

/// What a value has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value {
    /// A name.
    Name,
    /// An email address.
    Email,
    /// A birthdate.
    Birthdate,
    /// A role.
    Role,
    /// A gender.
    Gender,
    /// `true` or `false`.
    Flag,
    /// A tax rate.
    TaxRate,
    /// The id of a row that the target has.
    Row,
}

/// What kind of question it is.
pub fn kind(entity: &str, question: &str) -> Kind {
    if let Some(other) = question.strip_prefix("duplicate_of_").and_then(|id| id.parse().ok()) {
        return Kind::Duplicate(other);
    }
    let (practices, profiles) = (practices::ENTITY.name, profiles::ENTITY.name);
    let is = |name: &str| entity == name;
    let member = is(practice_owners::ENTITY.name) || is(practice_members::ENTITY.name);
    match question {
        "practice_id" if is(profiles) || is(patients::ENTITY.name) => Kind::Reference(practices),
        "office_id" if is(patients::ENTITY.name) || member => Kind::Reference(practices),
        "doctor_id" | "user_id" if is(patients::ENTITY.name) || member => Kind::Reference(profiles),
        "first_name" | "last_name" if is(profiles) => Kind::Value(Value::Name),
        "name" if is(practices) => Kind::Value(Value::Name),
        "id" if is(practices) => Kind::Value(Value::Row),
        "email" if is(profiles) => Kind::Value(Value::Email),
        "role" if is(profiles) => Kind::Value(Value::Role),
        "is_active" if is(profiles) || is(practices) => Kind::Value(Value::Flag),
        "tax_rate" if is(practices) => Kind::Value(Value::TaxRate),
        "date_of_birth" if is(patients::ENTITY.name) => Kind::Value(Value::Birthdate),
        "gender" if is(patients::ENTITY.name) => Kind::Value(Value::Gender),
        _ => Kind::Record,
    }
}

/// The answers that a question has.
pub fn answers(entity: &str, question: &str) -> Vec<Action> {
    let mut answers = match kind(entity, question) {
        Kind::Reference(_) => vec![Action::Accept, Action::Choose],
        Kind::Value(_) => vec![Action::Accept, Action::Set],
        Kind::Duplicate(_) => vec![Action::NotADuplicate],
        Kind::Record => vec![Action::Accept],
    };
    // only people, and the rows that say where they work, can be stood for by another
    if entity != practice_owners::ENTITY.name && entity != practice_members::ENTITY.name {
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
            ("profiles", "role", Kind::Value(Value::Role)),
            ("profiles", "duplicate_of_12", Kind::Duplicate(LegacyId(12))),
            ("practices", "practice_id", Kind::Record),
            ("practices", "id", Kind::Value(Value::Row)),
            ("patients", "record", Kind::Record),
        ] {
            assert_eq!(kind(entity, question), kind_of, "{entity} {question}");
        }
    }
}
