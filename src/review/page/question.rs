//! One question as the page shows it. Pure.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::Value;

use super::super::export::Entry;
use super::super::questions::{self, Kind};
use super::desk::{self, Desk};
use crate::entity::{Answer, profiles};
use crate::record::{Action, ItemId, LegacyId};
use crate::staging::{Linked, Noted, Standing};

/// A question, with what is needed to decide it.
#[derive(Debug, Serialize)]
pub(super) struct Question<'a> {
    item: &'a str,
    entity: &'a str,
    legacy_id: LegacyId,
    /// The field asked about, as an item's id has it.
    #[serde(rename = "question")]
    asked: &'a str,
    /// How it is shown: `pair`, `practice`, `reference`, `email`, `value` or `record`.
    face: &'static str,
    severity: &'static str,
    status: &'a str,
    fate: &'a str,
    issues: Vec<Issue<'a>>,
    answers: &'a [&'static str],
    /// The words that answer it, where only some do.
    words: Vec<&'static str>,
    /// The entity whose record is chosen.
    leads_to: Option<&'static str>,
    proposed: Option<LegacyId>,
    candidates: &'a [LegacyId],
    method: Option<&'a str>,
    confidence: Option<&'a str>,
    evidence: Option<&'a str>,
    /// The field as it stands in the resolved row.
    current: Option<&'a str>,
    /// What a rule proposes in its place.
    proposal: Option<&'a str>,
    user: Option<LegacyId>,
    other: Option<LegacyId>,
    doctor: Option<LegacyId>,
    sharing: &'a [LegacyId],
    row: Vec<(&'a str, &'a str)>,
    pair: Option<Pair<'a>>,
    earlier: Option<Earlier<'a>>,
    /// Questions of one number ask the same.
    alike: usize,
    seen: &'a str,
}

#[derive(Debug, Serialize)]
struct Issue<'a> {
    code: &'a str,
    message: &'a str,
    suggestion: &'a str,
    context: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct Pair<'a> {
    score: f64,
    weight: f64,
    band: &'a str,
    look_value: Option<f64>,
    evidence: &'a [(String, String, f64)],
}

#[derive(Debug, Serialize)]
struct Earlier<'a> {
    action: &'static str,
    value: Option<&'a str>,
    reason: &'a str,
    decided_by: &'a str,
    decided_at: &'a str,
}

/// Every question, in the order of the entries. `currents` has the resolved values of the fields asked about.
pub(super) fn questions<'a>(
    entries: &'a [Entry],
    ids: &'a [ItemId],
    currents: &'a HashMap<ItemId, String>,
    desk: &'a Desk,
) -> Vec<Question<'a>> {
    let mut groups = HashMap::new();
    let mut all = Vec::with_capacity(entries.len());
    for (entry, id) in entries.iter().zip(ids) {
        let mut question = question(entry, id, desk);
        question.current = currents.get(id).map(String::as_str).filter(|_| question.face != "practice");
        let next = groups.len();
        question.alike = *groups.entry(sameness(&question)).or_insert(next);
        all.push(question);
    }
    all
}

fn question<'a>(entry: &'a Entry, id: &'a ItemId, desk: &'a Desk) -> Question<'a> {
    let noted: &[Noted] = desk.noted.get(id).map_or(&[], Vec::as_slice);
    let row = desk.rows.get(id);
    Question {
        item: &entry.item,
        entity: &entry.entity,
        legacy_id: entry.legacy_id,
        asked: &entry.question,
        face: face(id),
        severity: entry.severity,
        status: &entry.status,
        fate: &entry.fate,
        issues: issues(entry, noted),
        answers: &entry.answers,
        words: words(&entry.entity, &entry.question),
        leads_to: leads_to(id, &entry.answers),
        proposed: entry.proposed,
        candidates: &entry.candidates,
        method: entry.association_method.as_deref(),
        confidence: entry.confidence_level.as_deref(),
        evidence: entry.evidence.as_deref().filter(|_| entry.proposed.is_some()),
        current: None,
        proposal: noted.iter().find_map(desk::proposal),
        user: desk.users.get(id).copied(),
        other: match questions::kind(&id.entity, &id.question) {
            Kind::Duplicate(other) => Some(other),
            _ => None,
        },
        doctor: desk.doctors.get(id).copied(),
        sharing: desk.sharing.get(id).map_or(&[], Vec::as_slice),
        row: row
            .into_iter()
            .flatten()
            .filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)))
            .collect(),
        pair: desk.linked.get(id).map(pair),
        earlier: desk.changed.get(id).map(earlier),
        alike: 0,
        seen: &entry.seen,
    }
}

/// The issues of the question; of a pair and of a changed record the code alone.
fn issues<'a>(entry: &'a Entry, noted: &'a [Noted]) -> Vec<Issue<'a>> {
    let told = noted.iter().map(|one| Issue {
        code: &one.code,
        message: &one.message,
        suggestion: &one.suggestion,
        context: one.context.as_deref(),
    });
    let codes = entry.issues.iter().filter(|code| noted.iter().all(|one| one.code != **code));
    let untold = codes.map(|code| Issue { code, message: "", suggestion: "", context: None });
    told.chain(untold).collect()
}

fn pair(linked: &Linked) -> Pair<'_> {
    Pair {
        score: linked.score,
        weight: linked.weight,
        band: &linked.band,
        look_value: linked.look_value,
        evidence: &linked.evidence,
    }
}

fn earlier(one: &Standing) -> Earlier<'_> {
    Earlier {
        action: one.ruling.action.as_str(),
        value: one.ruling.value.as_deref(),
        reason: &one.ruling.reason,
        decided_by: &one.ruling.decided_by,
        decided_at: &one.decided_at,
    }
}

/// What has to be equal for two questions to ask the same: the field, its issues, the answers, what is proposed and why; of
/// pairs what each field says of the two.
fn sameness(question: &Question<'_>) -> String {
    let codes: Vec<&str> = question.issues.iter().map(|issue| issue.code).collect();
    let contexts: Vec<Option<&str>> = question.issues.iter().map(|issue| issue.context).collect();
    let levels: Option<Vec<(&str, &str)>> = question
        .pair
        .as_ref()
        .map(|pair| pair.evidence.iter().map(|(field, level, _)| (field.as_str(), level.as_str())).collect());
    let field = if question.pair.is_some() { "" } else { question.asked };
    let earlier = question.earlier.as_ref().map(|earlier| (earlier.action, earlier.value));
    // of an association the evidence says why; other contexts are values
    let why = if question.face == "practice" {
        Value::from(question.evidence)
    } else {
        serde_json::json!(contexts)
    };
    serde_json::json!([
        question.entity,
        field,
        question.face,
        codes,
        question.fate,
        question.answers,
        question.proposed,
        why,
        levels,
        earlier
    ])
    .to_string()
}

/// The words that answer a question about a value; empty where any text may.
fn words(entity: &str, question: &str) -> Vec<&'static str> {
    match questions::kind(entity, question) {
        Kind::Value(Answer::Role) => {
            let roles = profiles::Role::ALL.iter().map(|role| role.as_str());
            roles.filter(|role| *role != "unknown").collect()
        }
        Kind::Value(Answer::Gender) => vec!["male", "female", "other", "unknown"],
        Kind::Value(Answer::Flag) => vec!["true", "false"],
        _ => Vec::new(),
    }
}

/// How a question is shown: each has a face of its own.
fn face(id: &ItemId) -> &'static str {
    match questions::kind(&id.entity, &id.question) {
        Kind::Duplicate(_) => "pair",
        Kind::Reference("practices") if id.question == "practice_id" => "practice",
        Kind::Reference(_) => "reference",
        Kind::Value(Answer::Email) => "email",
        Kind::Value(_) => "value",
        Kind::Record => "record",
    }
}

/// The entity whose record answers the question, and whether a merge is an answer.
fn leads_to(id: &ItemId, answers: &[&str]) -> Option<&'static str> {
    let is_chosen = answers.contains(&Action::Choose.as_str());
    match questions::kind(&id.entity, &id.question) {
        Kind::Reference(to) if is_chosen => Some(to),
        _ => None,
    }
}
