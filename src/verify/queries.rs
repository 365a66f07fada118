//! Runs the checks that are queries, and compares the plan's totals.

use std::collections::BTreeSet;

use super::list::{self, Listed, sentence};
use crate::error::Result;
use crate::staging::{Check, Finding, Level, Staging};
use crate::target::Target;

/// The plan's totals, counted over rows of this migration.
const TOTALS: &str = include_str!("../../sql/verify/totals.sql");

/// Findings of one check kept in detail; beyond that they are counted.
const DETAILED: usize = 10_000;

/// Runs every listed check; its findings go into `findings`.
pub fn run(staging: &Staging, target: &mut Target, findings: &mut Vec<Finding>) -> Result<Vec<Check>> {
    list::ALL.iter().map(|listed| one(staging, target, listed, findings)).collect()
}

/// Runs the checks that hold after every phase: those of the target's entities and relationships.
pub fn after_a_phase(staging: &Staging, target: &mut Target) -> Result<Vec<Check>> {
    let holds = |listed: &&Listed| {
        listed.target.is_some() && matches!(listed.level, Level::Entity | Level::Relationship)
    };
    let mut findings = Vec::new();
    list::ALL.iter().filter(holds).map(|listed| one(staging, target, listed, &mut findings)).collect()
}

fn one(
    staging: &Staging,
    target: &mut Target,
    listed: &Listed,
    findings: &mut Vec<Finding>,
) -> Result<Check> {
    let Some(sql) = listed.target else {
        let sql = listed.staging.unwrap_or_default();
        let mut tally = Tally::new(listed, sql, findings);
        staging.for_found_rows(sql, |entity, legacy_id, field| tally.add(entity, legacy_id, field, false))?;
        return Ok(tally.check);
    };
    let mut expected = BTreeSet::new();
    if let Some(sql) = listed.staging {
        staging.for_found_rows(sql, |entity, legacy_id, field| {
            expected.insert((entity.to_owned(), legacy_id, field.to_owned()));
        })?;
    }
    let mut tally = Tally::new(listed, sql, findings);
    target.for_found_rows(&format!("checking {}", listed.name), sql, |row| {
        let legacy_id = row.legacy_id.map(|id| id.0);
        let key = (row.entity, legacy_id, row.field);
        let is_exception = expected.contains(&key);
        tally.add(&key.0, legacy_id, &key.2, is_exception);
        Ok(())
    })?;
    Ok(tally.check)
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

    fn add(&mut self, entity: &str, legacy_id: Option<i64>, field: &str, is_exception: bool) {
        if is_exception {
            self.check.exceptions += 1;
        } else {
            self.check.wrong += 1;
        }
        if self.kept < DETAILED {
            self.kept += 1;
            self.findings.push(Finding {
                name: self.name,
                entity: entity.to_owned(),
                legacy_id,
                field: field.to_owned(),
                is_exception,
            });
        }
    }
}

/// Compares the plan's totals by name with what the file expects. Where the target still holds records that are gone from
/// the source, totals cannot be equal and prove nothing; the contents are judged by record all the same.
pub fn totals(target: &mut Target, expected: &[(String, u64)], gone: u64) -> Result<Vec<Check>> {
    let found = target.counts("counting the totals", TOTALS)?;
    Ok(expected
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
        .collect())
}
