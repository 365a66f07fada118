//! Runs the checks that are queries, and compares the plan's totals.

use std::collections::VecDeque;
use std::iter;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::each::expanded;
use super::found_rows::{FoundRow, FoundRows};
use super::list::{self, Listed, sentence};
use crate::entity::{self, Entity};
use crate::error::Result;
use crate::record::LegacyId;
use crate::staging::{Asked, Check, Finding, Level, NOT_ASKED, Staging};
use crate::target::Target;

/// The plan's totals, counted over rows of this migration.
const TOTALS: &str = include_str!("../../sql/verify/totals.sql");

/// The check that `Staging::unaccounted` can answer at once.
const FATES: &str = "every_record_has_one_fate";

/// Findings of one check kept in detail; beyond that they are counted.
const DETAILED: usize = 10_000;

/// Records that the target holds and the snapshot no longer does, by entity and in order. They are left alone, so what is
/// found about them is no fault of a load.
pub struct Gone(Vec<(&'static str, Vec<LegacyId>)>);

impl Gone {
    /// As the file knows them.
    pub fn of(staging: &Staging) -> Result<Self> {
        entity::ALL
            .iter()
            .map(|entity| Ok((entity.name, staging.gone_from_source(entity.name)?)))
            .collect::<Result<_>>()
            .map(Self)
    }

    /// Those of one entity.
    pub fn ids(&self, entity: &str) -> &[LegacyId] {
        self.0.iter().find(|(name, _)| *name == entity).map_or(&[], |(_, ids)| ids)
    }

    fn contains(&self, row: FoundRow<'_>) -> bool {
        row.legacy_id.is_some_and(|id| self.ids(row.entity).binary_search(&id).is_ok())
    }

    fn is_empty(&self) -> bool {
        self.0.iter().all(|(_, ids)| ids.is_empty())
    }
}

/// Runs the checks that hold after every phase: those of the target's entities and relationships.
pub fn after_a_phase(staging: &Staging, target: &mut Target) -> Result<Vec<Check>> {
    let holds = |listed: &&Listed| {
        listed.target.is_some() && matches!(listed.level, Level::Entity | Level::Relationship)
    };
    let mut findings = Vec::new();
    let (gone, sent) = (Gone::of(staging)?, staging.sent_entities()?);
    list::of(&sent)
        .into_iter()
        .filter(holds)
        .map(|listed| {
            let answer = ask(target, listed, &gone)?;
            Ok(judge(listed, &answer, look(staging, &sent, listed)?, &gone, &mut findings))
        })
        .collect()
}

/// What the target answers to every listed check; `each` is told of every one.
pub fn ask_all(
    target: &mut Target,
    sent: &[&'static Entity],
    gone: &Gone,
    mut each: impl FnMut() -> Result<()>,
) -> Result<Vec<FoundRows>> {
    list::of(sent)
        .into_iter()
        .map(|listed| {
            let answer = ask(target, listed, gone)?;
            each()?;
            Ok(answer)
        })
        .collect()
}

/// The checks of the file that nobody has begun. One takes them from the back, where the longest are; the other, when it
/// has nothing else to do, from the front.
pub struct Waiting {
    sent: Vec<&'static Entity>,
    listed: Vec<&'static Listed>,
    places: Mutex<VecDeque<usize>>,
}

impl Waiting {
    /// Every check that is asked of these entities.
    pub fn all(sent: &[&'static Entity]) -> Self {
        let listed = list::of(sent);
        let places = Mutex::new((0..listed.len()).collect());
        Self { sent: sent.to_vec(), listed, places }
    }

    /// What the file answers to checks, each with its place in the list, until none waits.
    pub fn look(&self, file: &impl Asked, from: End) -> Result<Vec<(usize, FoundRows)>> {
        let take = || {
            let mut waiting = self.places.lock().unwrap_or_else(PoisonError::into_inner);
            match from {
                End::Front => waiting.pop_front(),
                End::Back => waiting.pop_back(),
            }
        };
        iter::from_fn(take).map(|place| Ok((place, look(file, &self.sent, self.listed[place])?))).collect()
    }
}

/// An end of the checks that wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The first.
    Front,
    /// The last.
    Back,
}

/// Judges the answers of both; what was found goes into `findings`.
pub fn judge_all(
    sent: &[&'static Entity],
    answers: Vec<FoundRows>,
    looked: Vec<(usize, FoundRows)>,
    gone: &Gone,
    findings: &mut Vec<Finding>,
) -> Vec<Check> {
    let both = list::of(sent).into_iter().zip(answers).zip(looked);
    both.map(|((listed, answer), (_, of_file))| judge(listed, &answer, of_file, gone, findings)).collect()
}

/// Asks the target. Where the file knows exceptions every row is needed, else the first ones are.
fn ask(target: &mut Target, listed: &Listed, gone: &Gone) -> Result<FoundRows> {
    let mut rows = FoundRows::default();
    let entities = target.all_entities();
    let Some(sql) = listed.target.map(|sql| expanded(sql, &entities, target.tables())) else {
        return Ok(rows);
    };
    rows.lacks = target.lacks(&sql);
    if rows.lacks.is_some() {
        return Ok(rows);
    }
    let kept = if listed.staging.is_some() || !gone.is_empty() { usize::MAX } else { DETAILED };
    crate::interrupt::check()?;
    let begun = Instant::now();
    target.for_found_rows(&format!("checking {}", listed.name), &sql, |entity, legacy_id, field| {
        rows.add(FoundRow { entity, field, legacy_id }, kept);
        Ok(())
    })?;
    tracing::debug!(check = listed.name, ms = begun.elapsed().as_millis(), "asked the target");
    Ok(rows)
}

/// Asks the file. What it knows as exceptions is needed whole.
fn look(file: &impl Asked, sent: &[&'static Entity], listed: &Listed) -> Result<FoundRows> {
    let mut rows = FoundRows::default();
    crate::interrupt::check()?;
    let Some(sql) = listed.staging.map(|sql| expanded(sql, sent, &[])) else { return Ok(rows) };
    let kept = if listed.target.is_some() { usize::MAX } else { DETAILED };
    let begun = Instant::now();
    // equal counts and an inclusion each way say in a fifth of the time that there is nothing to list
    let is_settled = listed.name == FATES && file.unaccounted()? == 0;
    if !is_settled {
        file.for_found_rows(&sql, |entity, legacy_id, field| {
            rows.add(FoundRow { entity, field, legacy_id: legacy_id.map(LegacyId) }, kept);
        })?;
    }
    tracing::debug!(check = listed.name, ms = begun.elapsed().as_millis(), "asked the file");
    Ok(rows)
}

/// What the target shows and the file expects too, or about a record that is gone, is an exception; of a check of the file alone every row is wrong.
fn judge(
    listed: &Listed,
    answer: &FoundRows,
    mut of_file: FoundRows,
    gone: &Gone,
    findings: &mut Vec<Finding>,
) -> Check {
    let sql = listed.target.or(listed.staging).unwrap_or_default();
    let mut tally = Tally::new(listed, sql, findings);
    if let Some(lacks) = &answer.lacks {
        tally.check.sentence += &not_asked(lacks);
        return tally.check;
    }
    if listed.target.is_none() {
        of_file.iter().for_each(|row| tally.add(row, false));
        tally.check.wrong += of_file.more;
        return tally.check;
    }
    of_file.sort();
    answer.iter().for_each(|row| tally.add(row, of_file.contains(row) || gone.contains(row)));
    tally.check.wrong += answer.more;
    tally.check
}

/// Counts what a check finds, and keeps the first of it.
struct Tally<'a> {
    check: Check,
    name: &'static str,
    kept: usize,
    findings: &'a mut Vec<Finding>,
}

impl<'a> Tally<'a> {
    fn new(listed: &Listed, sql: &str, findings: &'a mut Vec<Finding>) -> Self {
        let check = Check::of(listed.level, listed.name, sentence(sql));
        Self { check, name: listed.name, kept: 0, findings }
    }

    fn add(&mut self, row: FoundRow<'_>, is_exception: bool) {
        if is_exception {
            self.check.exceptions += 1;
        } else {
            self.check.wrong += 1;
        }
        if self.kept < DETAILED {
            self.kept += 1;
            self.findings.push(Finding {
                name: self.name,
                entity: row.entity.to_owned(),
                legacy_id: row.legacy_id.map(|id| id.0),
                field: row.field.to_owned(),
                is_exception,
            });
        }
    }
}

/// The plan's totals in the target, by name.
pub fn count_totals(target: &mut Target) -> Result<Vec<(String, u64)>> {
    target.counts("counting the totals", TOTALS)
}

/// What is said of a check that a target cannot be asked.
fn not_asked(lacks: &str) -> String {
    format!("{NOT_ASKED}the configuration leaves {lacks} out)")
}

/// What the totals count, in the words of [`Target::lacks`].
const COUNTED: [(&str, &str); 10] = [
    ("total_practices", "practices"),
    ("total_profiles", "profiles"),
    ("total_patients", "patients"),
    ("total_practice_members", "practice_members"),
    ("distinct_emails", "profiles email"),
    ("profiles_with_practices", "profiles practice_id"),
    ("patients_with_practices", "patients practice_id"),
    ("patients_with_providers", "patients assigned_profile_id"),
    ("valid_patient_practice_links", "patients practice_id"),
    ("valid_patient_provider_links", "patients assigned_profile_id"),
];

/// The totals that a target cannot have, each with what it lacks.
pub fn lacking_totals(target: &Target) -> Vec<(&'static str, String)> {
    COUNTED.iter().filter_map(|(name, counted)| Some((*name, target.lacks(counted)?))).collect()
}

/// Compares the plan's totals by name with what the file expects. Where the target still holds records that are gone from
/// the source, totals cannot be equal and prove nothing; the contents are judged by record all the same.
pub fn totals(
    found: &[(String, u64)],
    expected: &[(String, u64)],
    lacking: &[(&'static str, String)],
    gone: u64,
) -> Vec<Check> {
    expected
        .iter()
        .map(|(name, expected)| {
            let found = found.iter().find(|(known, _)| known == name).map(|(_, found)| *found);
            let lacks = lacking.iter().find(|(known, _)| known == name).map(|(_, lacks)| not_asked(lacks));
            let is_right = found == Some(*expected) || gone > 0 || lacks.is_some();
            let is_link = name.contains("with_") || name.ends_with("_links");
            let level = if is_link { Level::Relationship } else { Level::Entity };
            let mut sentence = format!("{} in the target are as many as in the file", name.replace('_', " "));
            sentence += &lacks.unwrap_or_default();
            Check {
                expected: Some(*expected),
                found,
                wrong: u64::from(!is_right),
                ..Check::of(level, name, sentence)
            }
        })
        .collect()
}
