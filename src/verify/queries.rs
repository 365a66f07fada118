//! Runs the checks that are queries, and compares the plan's totals.

use std::collections::HashSet;
use std::time::Instant;

use super::list::{self, Listed, sentence};
use crate::error::Result;
use crate::record::LegacyId;
use crate::staging::{Check, Finding, Level, Staging};
use crate::target::{FoundRow, Target};

/// The plan's totals, counted over rows of this migration.
const TOTALS: &str = include_str!("../../sql/verify/totals.sql");

/// The check that `Staging::unaccounted` can answer at once.
const FATES: &str = "every_record_has_one_fate";

/// Findings of one check kept in detail; beyond that they are counted.
const DETAILED: usize = 10_000;

/// What the target answers to one check.
#[derive(Default)]
pub struct Answer {
    rows: Vec<FoundRow>,
    /// Rows beyond those kept.
    more: u64,
}

/// Runs the checks that hold after every phase: those of the target's entities and relationships.
pub fn after_a_phase(staging: &Staging, target: &mut Target) -> Result<Vec<Check>> {
    let holds = |listed: &&Listed| {
        listed.target.is_some() && matches!(listed.level, Level::Entity | Level::Relationship)
    };
    let mut findings = Vec::new();
    list::ALL
        .iter()
        .filter(holds)
        .map(|listed| Ok(judge(listed, ask(target, listed)?, look(staging, listed)?, &mut findings)))
        .collect()
}

/// What the target answers to every listed check; `each` is told of every one.
pub fn ask_all(target: &mut Target, mut each: impl FnMut() -> Result<()>) -> Result<Vec<Answer>> {
    list::ALL
        .iter()
        .map(|listed| {
            let answer = ask(target, listed)?;
            each()?;
            Ok(answer)
        })
        .collect()
}

/// What the file answers to every listed check.
pub fn look_all(staging: &Staging) -> Result<Vec<Vec<FoundRow>>> {
    list::ALL.iter().map(|listed| look(staging, listed)).collect()
}

/// Judges the answers of both; what was found goes into `findings`.
pub fn judge_all(
    answers: Vec<Answer>,
    of_file: Vec<Vec<FoundRow>>,
    findings: &mut Vec<Finding>,
) -> Vec<Check> {
    let both = list::ALL.iter().zip(answers).zip(of_file);
    both.map(|((listed, answer), of_file)| judge(listed, answer, of_file, findings)).collect()
}

/// Asks the target. Where the file knows exceptions every row is needed, else the first ones are.
fn ask(target: &mut Target, listed: &Listed) -> Result<Answer> {
    let mut answer = Answer::default();
    let Some(sql) = listed.target else { return Ok(answer) };
    let kept = if listed.staging.is_some() { usize::MAX } else { DETAILED };
    crate::interrupt::check()?;
    let begun = Instant::now();
    target.for_found_rows(&format!("checking {}", listed.name), sql, |row| {
        if answer.rows.len() < kept {
            answer.rows.push(row);
        } else {
            answer.more += 1;
        }
        Ok(())
    })?;
    tracing::debug!(check = listed.name, ms = begun.elapsed().as_millis(), "asked the target");
    Ok(answer)
}

/// Asks the file.
fn look(staging: &Staging, listed: &Listed) -> Result<Vec<FoundRow>> {
    let mut rows = Vec::new();
    crate::interrupt::check()?;
    let Some(sql) = listed.staging else { return Ok(rows) };
    let begun = Instant::now();
    // equal counts and an inclusion each way say in a fifth of the time that there is nothing to list
    let is_settled = listed.name == FATES && staging.unaccounted()? == 0;
    if !is_settled {
        staging.for_found_rows(sql, |entity, legacy_id, field| {
            let (entity, field) = (entity.to_owned(), field.to_owned());
            rows.push(FoundRow { entity, legacy_id: legacy_id.map(LegacyId), field });
        })?;
    }
    tracing::debug!(check = listed.name, ms = begun.elapsed().as_millis(), "asked the file");
    Ok(rows)
}

/// What the target shows and the file expects too is an exception; of a check of the file alone every row is wrong.
fn judge(listed: &Listed, answer: Answer, of_file: Vec<FoundRow>, findings: &mut Vec<Finding>) -> Check {
    let sql = listed.target.or(listed.staging).unwrap_or_default();
    let mut tally = Tally::new(listed, sql, findings);
    if listed.target.is_none() {
        for row in of_file {
            tally.add(row, false);
        }
        return tally.check;
    }
    let expected: HashSet<FoundRow> = of_file.into_iter().collect();
    for row in answer.rows {
        let is_exception = expected.contains(&row);
        tally.add(row, is_exception);
    }
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

    fn add(&mut self, row: FoundRow, is_exception: bool) {
        if is_exception {
            self.check.exceptions += 1;
        } else {
            self.check.wrong += 1;
        }
        if self.kept < DETAILED {
            self.kept += 1;
            self.findings.push(Finding {
                name: self.name,
                entity: row.entity,
                legacy_id: row.legacy_id.map(|id| id.0),
                field: row.field,
                is_exception,
            });
        }
    }
}

/// The plan's totals in the target, by name.
pub fn count_totals(target: &mut Target) -> Result<Vec<(String, u64)>> {
    target.counts("counting the totals", TOTALS)
}

/// Compares the plan's totals by name with what the file expects. Where the target still holds records that are gone from
/// the source, totals cannot be equal and prove nothing; the contents are judged by record all the same.
pub fn totals(found: &[(String, u64)], expected: &[(String, u64)], gone: u64) -> Vec<Check> {
    expected
        .iter()
        .map(|(name, expected)| {
            let found = found.iter().find(|(known, _)| known == name).map(|(_, found)| *found);
            let is_right = found == Some(*expected) || gone > 0;
            let is_link = name.contains("with_") || name.ends_with("_links");
            let level = if is_link { Level::Relationship } else { Level::Entity };
            let sentence = format!("{} in the target are as many as in the file", name.replace('_', " "));
            Check {
                expected: Some(*expected),
                found,
                wrong: u64::from(!is_right),
                ..Check::of(level, name, sentence)
            }
        })
        .collect()
}
