//! What guards the rows of the target, against what the survey saw: no row is wrong yet where a key is gone, and the next one
//! may be.

use crate::entity::catalog::{Catalog, CatalogKey, CatalogTrigger};
use crate::staging::{Check, Finding, Level};

/// A check and what it proves.
pub const GUARDS: (&str, &str) = (
    "guards_are_as_surveyed",
    "every key, constraint, policy and trigger of the tables is as the survey saw it, and none came that could change rows",
);
/// A check and what it proves.
pub const UNDO: (&str, &str) = (
    "receipts_are_as_left",
    "the receipts in the target, and the rows as they were before, are as the last load or rollback left them",
);

/// The check that nothing that guarded the rows is gone or other since, and that nothing writes into them that did not before.
pub fn check(surveyed: &Catalog, now: &Catalog, findings: &mut Vec<Finding>) -> Check {
    let (name, sentence) = GUARDS;
    let found = differences(surveyed, now);
    let mut check = Check::of(Level::System, name, sentence.to_owned());
    check.wrong = found.len() as u64;
    findings.extend(found.iter().map(|(table, what)| Finding::of_table(name, table, what)));
    check
}

/// The check that what an undo needs is as the last load left it; where nothing was kept of that, nothing is compared.
pub fn undo(kept: Option<&str>, now: Option<&str>, findings: &mut Vec<Finding>) -> Check {
    let (name, sentence) = UNDO;
    let mut check = Check::of(Level::System, name, sentence.to_owned());
    if kept.is_some_and(|kept| !kept.is_empty() && now != Some(kept)) {
        check.wrong = 1;
        findings.push(Finding::of_table(name, "drydock", "digest"));
    }
    check
}

/// Table and what is not as it was.
fn differences(surveyed: &Catalog, now: &Catalog) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for before in &surveyed.tables {
        let mut tell = |what: &str| found.push((before.table.clone(), what.to_owned()));
        match now.tables.iter().find(|table| table.table == before.table) {
            None => tell("table"),
            Some(is) => {
                if (is.row_security, is.forces_row_security, is.policies)
                    != (before.row_security, before.forces_row_security, before.policies)
                {
                    tell("row_level_security");
                }
                if is.owner != before.owner {
                    tell("owner");
                }
            }
        }
    }
    // a table that is gone as a whole has been told
    let is_there = |table: &str| now.tables.iter().any(|now| now.table == table);
    let is_same_key = |one: &CatalogKey, other: &CatalogKey| {
        (&one.table, &one.kind, &one.definition) == (&other.table, &other.kind, &other.definition)
    };
    for key in surveyed.keys.iter().filter(|key| is_there(&key.table)) {
        if !now.keys.iter().any(|other| is_same_key(key, other)) {
            found.push((key.table.clone(), key.name.clone()));
        }
    }
    for column in surveyed.columns.iter().filter(|column| is_there(&column.table) && !column.is_nullable) {
        let is = now.columns.iter().find(|is| (&is.table, &is.name) == (&column.table, &column.name));
        if is.is_none_or(|is| is.is_nullable) {
            found.push((column.table.clone(), column.name.clone()));
        }
    }
    let has = |catalog: &Catalog, trigger: &CatalogTrigger| {
        catalog.triggers.iter().any(|other| {
            (&other.table, &other.definition, other.is_enabled)
                == (&trigger.table, &trigger.definition, trigger.is_enabled)
        })
    };
    let gone = surveyed
        .triggers
        .iter()
        .filter(|trigger| trigger.is_enabled && is_there(&trigger.table) && !has(now, trigger));
    let came = now.triggers.iter().filter(|trigger| {
        trigger.is_enabled && !trigger.definition.contains(" AFTER ") && !has(surveyed, trigger)
    });
    found.extend(gone.chain(came).map(|trigger| (trigger.table.clone(), trigger.name.clone())));
    found.sort();
    found.dedup();
    found
}
