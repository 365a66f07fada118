//! The open questions as a person gets them: most urgent first, with what is needed to decide and nothing more. Ids only,
//! unless values are asked for. Pure.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::cell::protected;
use super::questions;
use crate::entity::{association, practices};
use crate::record::{LegacyId, hex};
use crate::staging::{Item, Proposal};

/// The columns with values: the person that the record is about, the other one of a pair, the field as it stands, what a rule
/// proposes in its place, what it noted beside that, and the practices that could be chosen.
const VALUES: [&str; 6] = ["person", "other_person", "current", "proposal", "context", "practices"];

/// The columns that a person fills in.
const ANSWER: [&str; 4] = ["action", "value", "reason", "decided_by"];

/// One question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// The stable id: entity, legacy id, question.
    pub item: String,
    /// The entity.
    pub entity: String,
    /// The record.
    pub legacy_id: LegacyId,
    /// The field asked about.
    pub question: String,
    /// The most severe of the issues.
    pub severity: &'static str,
    /// `pending` or `escalated`, or `in_progress` for one that is decided and not yet transformed.
    pub status: String,
    /// What became of the record so far.
    pub fate: String,
    /// The issue codes.
    pub issues: Vec<String>,
    /// The practice that the rules chose.
    pub proposed: Option<LegacyId>,
    /// The practices that could have been chosen, the proposed one first.
    pub candidates: Vec<LegacyId>,
    /// The plan's `association_method` of the proposed one.
    pub association_method: Option<String>,
    /// The plan's `confidence_level` of the proposed one.
    pub confidence_level: Option<String>,
    /// Which rows speak for the proposed one, or the id that leads nowhere.
    pub evidence: Option<String>,
    /// The answers that there are.
    pub answers: Vec<&'static str>,
    /// What the question looked like, so that an answer to an older one is recognised.
    pub seen: String,
    /// Values, only where they were asked for: `person`, `other_person`, `current`, `proposal`, `context`, `practices`.
    #[serde(flatten)]
    pub values: BTreeMap<&'static str, String>,
    /// To be filled in: one of `answers`.
    pub action: String,
    /// To be filled in: the legacy id chosen, or the value.
    pub value: String,
    /// To be filled in: why.
    pub reason: String,
    /// To be filled in, or given with the import: who decides.
    pub decided_by: String,
}

/// Everything that needs a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Export {
    /// The questions, most urgent first.
    pub items: Vec<Entry>,
    /// Profiles that get the practice which is decided for their patient; they are not asked about.
    pub follow_their_patient: u64,
    /// Questions that are decided and wait for the next transform; they are not asked again.
    pub waiting_for_transform: u64,
}

/// Lets the export of a question say its values.
pub type Values<'a> = dyn Fn(&Item) -> BTreeMap<&'static str, String> + 'a;

/// What a person has to answer. `salt` is known to the file alone, so that `seen` tells nothing.
pub fn export(items: &[Item], salt: &str, values: Option<&Values<'_>>) -> Export {
    let placed_with_patient = followed(items);
    let mut export = Export { items: Vec::new(), follow_their_patient: 0, waiting_for_transform: 0 };
    for item in items {
        if item.status == "in_progress" {
            export.waiting_for_transform += 1;
        } else if follows(item, &placed_with_patient) {
            export.follow_their_patient += 1;
        } else {
            export.items.push(entry(item, salt, values));
        }
    }
    export
}

/// How many questions an export has.
pub fn asked(items: &[Item]) -> u64 {
    let placed_with_patient = followed(items);
    let is_asked = |item: &&Item| item.status != "in_progress" && !follows(item, &placed_with_patient);
    items.iter().filter(is_asked).count() as u64
}

fn entry(item: &Item, salt: &str, values: Option<&Values<'_>>) -> Entry {
    let id = &item.id;
    let proposal = item.practice.as_ref();
    Entry {
        item: id.to_string(),
        entity: id.entity.clone(),
        legacy_id: id.legacy_id,
        question: id.question.clone(),
        severity: match item.priority {
            1 => "critical",
            2 => "high",
            3 => "medium",
            _ => "low",
        },
        status: item.status.clone(),
        fate: item.fate.clone(),
        issues: item.issues.clone(),
        proposed: proposal.map(|proposal| proposal.practice),
        candidates: match questions::kind(&id.entity, &id.question) {
            questions::Kind::Duplicate(other) => vec![other],
            // without a proposal, the practices between which nothing decides
            _ => match proposal {
                Some(proposal) => candidates(proposal),
                None => item.context.as_deref().map(association::candidates_of).unwrap_or_default(),
            },
        },
        association_method: proposal.map(|proposal| proposal.method.clone()),
        confidence_level: proposal.map(|proposal| proposal.confidence.clone()),
        evidence: proposal.map(|proposal| proposal.evidence.clone()).or_else(|| reference(item)),
        answers: questions::answers(&id.entity, &id.question)
            .into_iter()
            .filter(|action| {
                questions::may_accept(&id.question, &item.fate) || *action != crate::record::Action::Accept
            })
            .map(crate::record::Action::as_str)
            .collect(),
        seen: seen(item, salt),
        values: values.map(|values| values(item)).unwrap_or_default(),
        action: String::new(),
        value: String::new(),
        reason: String::new(),
        decided_by: String::new(),
    }
}

/// The id that leads nowhere; a reference that is no id is a value and not told here.
fn reference(item: &Item) -> Option<String> {
    if item.id.question.starts_with("duplicate_of_") {
        // what each field says, without values
        return item.context.clone();
    }
    let id: LegacyId = item.context.as_deref()?.strip_prefix("reference=")?.parse().ok()?;
    Some(format!("reference={id}"))
}

fn candidates(proposal: &Proposal) -> Vec<LegacyId> {
    // the practice that the migration makes is what is left when nobody chooses, and cannot be chosen
    let own = Some(proposal.practice).filter(|practice| *practice != practices::UNASSIGNED);
    own.into_iter().chain(proposal.others.iter().copied()).collect()
}

/// What a question looked like, in a few characters that no spreadsheet takes for a number.
pub fn seen(item: &Item, salt: &str) -> String {
    let mut sum = Sha256::new();
    // what a pair weighs moves with every other record, and who the two are does not
    let is_pair = item.id.question.starts_with("duplicate_of_");
    let context = item.context.as_ref().filter(|_| !is_pair);
    sum.update(format!("{salt}\n{:?}", (&item.id, &item.issues, context, &item.fate)));
    sum.update(format!("{:?}{:?}", item.practice, item.current));
    format!("s{}", hex(&sum.finalize()[..6]))
}

/// The practices proposed for patients that are asked about, by the patient's own user.
fn followed(items: &[Item]) -> HashMap<LegacyId, Option<&Proposal>> {
    let of_patients =
        items.iter().filter(|item| item.id.entity == "patients" && item.id.question == "practice_id");
    of_patients
        .filter_map(|item| Some((item.user.as_deref()?.parse().ok()?, item.practice.as_ref())))
        .collect()
}

/// Whether the question is answered with the one about the profile's patient.
fn follows(item: &Item, placed_with_patient: &HashMap<LegacyId, Option<&Proposal>>) -> bool {
    if item.id.entity != "profiles" || item.id.question != "practice_id" || item.status == "escalated" {
        return false;
    }
    let same = |patient: Option<&Proposal>| match (patient, &item.practice) {
        (Some(patient), Some(own)) => (patient.practice, &patient.method) == (own.practice, &own.method),
        (None, None) => true,
        _ => false,
    };
    placed_with_patient.get(&item.id.legacy_id).is_some_and(|patient| same(*patient))
}

impl Export {
    /// The same as CSV, with a header line.
    pub fn to_csv(&self) -> Result<String, csv::Error> {
        let values: Vec<&str> = VALUES
            .into_iter()
            .filter(|name| self.items.iter().any(|entry| entry.values.contains_key(name)))
            .collect();
        let mut writer = csv::Writer::from_writer(Vec::new());
        let facts = [
            "item",
            "entity",
            "legacy_id",
            "question",
            "severity",
            "status",
            "issues",
            "proposed",
            "candidates",
            "evidence",
            "answers",
        ];
        writer.write_record(facts.iter().chain(&values).chain(&ANSWER).chain(&["seen"]))?;
        for entry in &self.items {
            let ids = |ids: &[LegacyId]| ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
            let mut cells = vec![
                entry.item.clone(),
                entry.entity.clone(),
                entry.legacy_id.to_string(),
                entry.question.clone(),
                entry.severity.to_owned(),
                entry.status.clone(),
                entry.issues.join(" "),
                entry.proposed.map(|practice| practice.to_string()).unwrap_or_default(),
                ids(&entry.candidates),
                entry.evidence.clone().unwrap_or_default(),
                entry.answers.join(" "),
            ];
            cells.extend(values.iter().map(|name| entry.values.get(name).cloned().unwrap_or_default()));
            cells.extend(ANSWER.map(|_| String::new()));
            cells.push(entry.seen.clone());
            // ids and codes too: a file may say that anything is one
            writer.write_record(cells.iter().map(|cell| protected(cell)))?;
        }
        let bytes = writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}
