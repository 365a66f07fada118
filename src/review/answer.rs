//! What a person wrote as an answer, in the form in which it is kept: an existing record's id, or a value that the
//! cleansing rules take as it stands. The inner errors are about the answer and never repeat it.

use chrono::NaiveDate;

use super::cell::{self, DateTrouble, Id};
use crate::clean::{self, Email, EmailPolicy, Gender};
use crate::entity::Answer;
use crate::entity::Entity;
use crate::entity::profiles::Role;
use crate::error::Result;
use crate::record::LegacyId;
use crate::staging::Staging;

/// The record that an id leads to. One whose last digits a spreadsheet has lost is found where just one record fits.
pub fn existing(staging: &Staging, entity: &Entity, id: Id) -> Result<Result<LegacyId, String>> {
    let what = entity.singular;
    match id {
        Id::Exact(id) if staging.is_in_snapshot(entity, id)? => Ok(Ok(id)),
        Id::Exact(id) => Ok(Err(format!("the snapshot has no {what} {id}"))),
        Id::Rounded(low, high) => Ok(match staging.ids_between(entity, low, high, 2)?.as_slice() {
            [only] => Ok(*only),
            [] => Err(format!("the snapshot has no {what} from {low} to {high}")),
            _ => Err(format!(
                "the spreadsheet has cut off digits of the id of a {what}: it is one from {low} to {high}"
            )),
        }),
    }
}

/// The record that a person chose; one that is kept back cannot be referred to.
pub fn reference(staging: &Staging, entity: &Entity, given: &str) -> Result<Result<LegacyId, String>> {
    let what = entity.singular;
    if given.is_empty() {
        return Ok(Err(format!("it needs the legacy id of a {what} as its value")));
    }
    let Some(id) = cell::id(given) else {
        return Ok(Err(format!("its value is not the legacy id of a {what}")));
    };
    let id = match existing(staging, entity, id)? {
        Ok(id) => id,
        Err(message) => return Ok(Err(message)),
    };
    let ready = staging.fate_of(entity.name, id)?.is_none_or(|fate| fate == "ready");
    Ok(if ready { Ok(id) } else { Err(format!("{what} {id} will not be loaded, so it cannot be chosen")) })
}

/// A value in its stored form. A role stays the domain's word: the configuration gives the target's label.
pub fn value(kind: Answer, given: &str, today: NaiveDate) -> Result<String, String> {
    let refuse = |what: &str| Err(format!("its value {what}"));
    match kind {
        Answer::Name => {
            let name = clean::name("name", Some(given)).value;
            if name.is_empty() { refuse("is not a name") } else { Ok(name) }
        }
        Answer::Email => match clean::email("email", Some(given), &EmailPolicy::default()).value {
            Email::Valid(address) => Ok(address),
            Email::Missing | Email::Invalid(_) => refuse("is not a valid email address"),
        },
        Answer::Birthdate => {
            let date = match cell::date(given) {
                Ok(date) => date,
                Err(DateTrouble::NoDate) => return refuse("is not a date; write it as yyyy-mm-dd"),
                Err(DateTrouble::Ambiguous) => {
                    return refuse("could be two dates, day and month either way; write it as yyyy-mm-dd");
                }
            };
            match clean::birthdate("date_of_birth", Some(&date.to_string()), today).value {
                Some(date) => Ok(date.to_string()),
                None => refuse("is not a birthdate: it is in the future or before 1900"),
            }
        }
        Answer::Role => {
            let word = given.to_lowercase();
            let known = Role::ALL.into_iter().find(|role| role.as_str() == word && *role != Role::Unknown);
            known.map(|role| role.as_str().to_owned()).ok_or_else(|| {
                let words: Vec<_> = Role::ALL.iter().map(|role| role.as_str()).collect();
                format!("its value is none of the roles {}", words[..words.len() - 1].join(", "))
            })
        }
        Answer::Gender => match clean::gender("gender", Some(given)).value {
            Gender::Unknown if !given.eq_ignore_ascii_case("unknown") => {
                refuse("is none of male, female, other, unknown")
            }
            gender => Ok(gender.as_str().to_owned()),
        },
        Answer::Flag => match flag(given) {
            Some(flag) => Ok(flag.to_string()),
            None => refuse("is neither true nor false"),
        },
        Answer::Row => match uuid::Uuid::parse_str(given.trim()) {
            Ok(id) => Ok(id.to_string()),
            Err(_) => refuse("is not the id of a row: a uuid"),
        },
        Answer::TaxRate => match clean::tax_rate("tax_rate", Some(given)).value {
            Some(rate) => Ok(rate),
            None => refuse("is not a tax rate"),
        },
    }
}

/// A flag, also as a spreadsheet in another language writes it.
fn flag(given: &str) -> Option<bool> {
    match given.to_lowercase().as_str() {
        "wahr" | "vrai" | "verdadero" | "vero" => Some(true),
        "falsch" | "faux" | "falso" => Some(false),
        _ => clean::boolean("flag", Some(given)).value,
    }
}

/// Why a record cannot become an existing row, if it cannot: the survey saw no such row, or it stands for another record.
pub fn row_taken(staging: &Staging, entity: &Entity, row: &str, record: LegacyId) -> Result<Option<String>> {
    Ok(match staging.existing_row(entity, row)? {
        None => Some("its value is the id of no row that the survey saw".to_owned()),
        Some(Some(other)) if other != record => {
            Some(format!("that row stands for {} {other} already", entity.singular))
        }
        Some(None) if staging.has_row(entity, record)? => Some(format!(
            "{} {record} has a row of its own since a load: undo the load first (`drydock runs`, `drydock rollback --run`), then \
             survey, and give the answer before the next load",
            entity.singular
        )),
        Some(_) => None,
    })
}

/// Why a profile cannot get an address, if it cannot: another profile has it, or a row that is not of this migration.
pub fn address_taken(staging: &Staging, address: &str, user: LegacyId) -> Result<Option<String>> {
    if let Some(holder) = staging.profile_with_email(address)?.filter(|holder| *holder != user) {
        return Ok(Some(format!("profile {holder} already has that address")));
    }
    let mut foreign = None;
    staging.for_foreign_emails(|email, holder| {
        if email.trim().to_lowercase() == address {
            foreign = Some(format!("the row {holder} of the target already has that address"));
        }
        Ok(())
    })?;
    Ok(foreign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_kept_in_the_form_of_the_rules() {
        let today = NaiveDate::from_ymd_opt(2025, 7, 1).unwrap();
        for (kind, given, kept) in [
            (Answer::Name, "  Zoë  van  Dyk ", Some("Zoë van Dyk")),
            (Answer::Name, "null", None),
            (Answer::Email, " Zoe@Example.ORG ", Some("zoe@example.org")),
            (Answer::Email, "zoe", None),
            (Answer::Birthdate, "07.03.1980", Some("1980-03-07")),
            (Answer::Birthdate, "29287", Some("1980-03-07")),
            (Answer::Birthdate, "3/7/1980", None),
            (Answer::Birthdate, "2031-01-01", None),
            (Answer::Role, "Doctor", Some("doctor")),
            (Answer::Role, "unknown", None),
            (Answer::Gender, "F", Some("female")),
            (Answer::Gender, "unknown", Some("unknown")),
            (Answer::Gender, "x", None),
            (Answer::Flag, "TRUE", Some("true")),
            (Answer::Flag, "FALSCH", Some("false")),
            (Answer::Flag, "perhaps", None),
            (
                Answer::Row,
                " 0000ABCD-0000-4000-8000-000000000001",
                Some("0000abcd-0000-4000-8000-000000000001"),
            ),
            (Answer::Row, "1", None),
        ] {
            assert_eq!(value(kind, given, today).ok().as_deref(), kept, "{kind:?} {given}");
        }
    }
}
