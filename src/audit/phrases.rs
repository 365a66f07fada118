//! Phrases that the program writes with ids and numbers in them: what stands on which row, who keeps what, what was counted. In a
//! redacted copy they say the same of other ids.

use std::sync::LazyLock;

use super::tokens::Tokens;
use super::words::{is_number, is_ours, is_schema};
use crate::error::Result;

/// Phrases with ids and numbers in them.
///
/// `{user}`, `{office}`, `{patient}`, `{member}` are ids of those records, `{uuid}` one of the target, `{n}` a number of which no
/// more than three digits stay, `{count}` one that says nothing about any record, `{some}` one that is not repeated, `{ours}` a word
/// of ours, `{fields}` several, `{place}` names of tables and columns, `{offices}` ids.
const PHRASES: &[&str] = &[
    "dispatch_patient {patient}: office_id",
    "{grounds}",
    "{grounds}, primary of {n} by {n} of {n} patients",
    "dispatch_project.creator_id is user {user}",
    "code={n}, records={count}",
    "policy.default_practice",
    "candidates={offices}",
    "keeper=profile {user}",
    "keeper=patient {patient}",
    "keeper=practice {office}",
    "holder={uuid}",
    "reason={ours}",
    "constraint={place}",
    "row {uuid} ({ours} by {fields})",
    "row {uuid} ({ours} by {fields}, and no legacy id says so)",
    "{place}: {place}, held by row {uuid}",
    "{place}: takes {n} characters, the value has {n}",
    "{place}: takes integers from {count} to {count}",
    "{place}: takes {n} digits before the point and {n} after it, the value has {n} and {n}",
    "{place}: does not allow null",
    "{place}: takes no text with a NUL character",
    "{ours} keeper=profile {user}",
    "{ours} holder={uuid}",
    "keeps an address that the target's row {uuid} holds",
    "above {some}, the highest legacy id in the target",
    "one of {some} users of the batch without an address",
    "of the batch's {some} users {some} missing ones fail by themselves and {some} have no address",
    "{count} yes, {count} no, {count} nothing",
    "{count} words",
    "{ours} or {ours}",
    "{ours} and {ours} mixed",
    "contents_{ours}",
    "every ready record of {ours} is in the target under its id with every field as meant, and no other is",
    "{place} in the target are as many as in the file",
];

/// Grounds of an association.
const GROUNDS: &[&str] = &[
    "dispatch_office_doctors {member}: office_id of {whose} {user}",
    "dispatch_office {office}: doctor_id of {whose} {user}",
    "dispatch_patient.office_id of {n} of {n} patients of {whose} {user} ({n}%)",
    "offices in one city of {n} of {n} patients of {whose} {user} ({n}%)",
];

static ALL_PHRASES: LazyLock<Vec<Vec<Part>>> = LazyLock::new(|| {
    let whose = |text: &str| ["doctor", "user"].map(|word| text.replace("{whose}", word));
    let with_grounds = |text: &&str| -> Vec<String> {
        if text.contains("{grounds}") {
            GROUNDS.iter().flat_map(|grounds| whose(&text.replace("{grounds}", grounds))).collect()
        } else {
            vec![(*text).to_owned()]
        }
    };
    let decided = |text: String| [format!("{text}; decision {{count}}"), text];
    PHRASES.iter().flat_map(with_grounds).flat_map(decided).map(|text| parts(&text)).collect()
});

/// A part of a phrase.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    Literal(String),
    /// Where something stands.
    Hole(String),
}

fn parts(phrase: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = phrase;
    while let Some((before, after)) = rest.split_once('{') {
        let (hole, after) = after.split_once('}').unwrap_or((after, ""));
        if !before.is_empty() {
            parts.push(Part::Literal(before.to_owned()));
        }
        parts.push(Part::Hole(hole.to_owned()));
        rest = after;
    }
    if !rest.is_empty() {
        parts.push(Part::Literal(rest.to_owned()));
    }
    parts
}

/// A text of ours with other ids in it; none where it is none of ours.
pub fn phrase(text: &str, tokens: &mut Tokens) -> Result<Option<String>> {
    if is_ours(text) {
        return Ok(Some(text.to_owned()));
    }
    'phrases: for phrase in ALL_PHRASES.iter() {
        if let Some(holes) = matched(phrase, text) {
            let mut written = String::with_capacity(text.len());
            let mut holes = holes.into_iter();
            for part in phrase {
                match part {
                    Part::Literal(literal) => written += literal,
                    Part::Hole(hole) => match filled(hole, holes.next().unwrap_or_default(), tokens)? {
                        Some(filled) => written += &filled,
                        // another phrase may begin as this one does
                        None => continue 'phrases,
                    },
                }
            }
            return Ok(Some(written));
        }
    }
    Ok(None)
}

/// What stands in the holes, where the text is such a phrase.
fn matched<'a>(phrase: &[Part], text: &'a str) -> Option<Vec<&'a str>> {
    let Some((first, rest)) = phrase.split_first() else { return text.is_empty().then(Vec::new) };
    match first {
        Part::Literal(literal) => matched(rest, text.strip_prefix(literal.as_str())?),
        Part::Hole(_) => {
            // up to what comes next, wherever that leads to the end
            let end = match rest.first() {
                Some(Part::Literal(next)) => text.find(next.as_str())?,
                _ => text.len(),
            };
            let mut holes = matched(rest, &text[end..])?;
            holes.insert(0, &text[..end]);
            Some(holes)
        }
    }
}

fn filled(hole: &str, text: &str, tokens: &mut Tokens) -> Result<Option<String>> {
    let space = match hole {
        "user" => "auth_user",
        "office" | "offices" => "dispatch_office",
        "patient" => "dispatch_patient",
        "member" => "dispatch_office_doctors",
        "uuid" => {
            let is_uuid = text.len() == 36 && uuid::Uuid::try_parse(text).is_ok();
            return if is_uuid { tokens.uuid(text).map(Some) } else { Ok(None) };
        }
        _ => {
            let digits = text.strip_prefix('-').unwrap_or(text);
            let kept = match hole {
                "n" if text.len() > 3 => is_number(text).then_some("…"),
                "n" => is_number(text).then_some(text),
                "count" => is_number(digits).then_some(text),
                "some" => is_number(text).then_some("…"),
                "ours" => is_ours(text).then_some(text),
                "fields" => text.split(", ").all(is_ours).then_some(text),
                _ => is_schema(text).then_some(text),
            };
            return Ok(kept.map(str::to_owned));
        }
    };
    let mut ids = Vec::new();
    for id in text.split(',') {
        match id.parse() {
            Ok(id) if hole == "offices" || !text.contains(',') => ids.push(tokens.id(space, id)?),
            _ => return Ok(None),
        }
    }
    // their order would be that of the ids that they stand for
    ids.sort_unstable();
    Ok(Some(ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn phrases_keep_their_words_and_no_id() {
        let mut tokens = Tokens::new(false, None, Value::Null).unwrap();
        let mut said = |text: &str| phrase(text, &mut tokens).unwrap();
        for ours in [
            "dispatch_office_doctors 184: office_id of doctor 11250, primary of 11 by 102 of 365 patients",
            "dispatch_office 543: doctor_id of user 6220; decision 12",
            "offices in one city of 12 of 14 patients of doctor 11630 (85%)",
            "dispatch_patient 4711: office_id",
            "keeper=profile 3081",
            "row a2e2f5a4-9c65-5d0e-8a59-0b8c1f0e5d11 (medium by email, and no legacy id says so)",
            "row a2e2f5a4-9c65-5d0e-8a59-0b8c1f0e5d11 (medium by first_name, last_name, date_of_birth, and no legacy id says so)",
            "email_shared keeper=profile 3081",
            "candidates=4711,4712",
            "above 18000, the highest legacy id in the target",
            "patients.phone: takes 20 characters, the value has 31",
        ] {
            let said = said(ours).unwrap_or_else(|| panic!("{ours}"));
            for id in ["184", "11250", "543", "6220", "11630", "4711", "3081", "18000", "a2e2f5a4"] {
                assert!(!ours.contains(id) || !said.contains(id), "{said}");
            }
        }
        assert_eq!(said("reason=no_at_sign").as_deref(), Some("reason=no_at_sign"));
        for theirs in [
            "reference=77100",
            "keeper=Ada 12",
            "proposal=ada@harbour.example",
            "reason=Ada",
            "Ada",
            "keeper=profile Ada",
        ] {
            assert_eq!(said(theirs), None, "{theirs}");
        }
    }
}
