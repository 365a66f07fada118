//! Whether rows whose legacy record is gone are as `policy.gone` says: asked of the target's receipts, its catalog and the raw rows,
//! and of nothing that a load decided or noted.

use std::collections::HashSet;

use crate::config::{Config, Gone};
use crate::error::Result;
use crate::staging::{Check, Finding, Level, Staging};
use crate::target::Target;

/// Its name, and what it proves.
pub const GONE: (&str, &str) = (
    "gone_rows_are_settled",
    "rows that a load wrote and whose record is gone are switched off or removed where policy.gone says so",
);

/// The check that every row of a gone record that a load of the file wrote is switched off or removed. What somebody refers to,
/// or changed since, may stay.
pub fn check(
    staging: &Staging,
    target: &mut Target,
    config: &Config,
    findings: &mut Vec<Finding>,
) -> Result<Check> {
    let (name, sentence) = GONE;
    let mut check = Check::of(Level::System, name, sentence.to_owned());
    let staging_id = staging.fact("staging_id")?.unwrap_or_default();
    for entity in staging.sent_entities()? {
        let policy = config.policy.gone(entity.name);
        if policy == Gone::Keep || entity.is_onto() || entity.is_part() {
            continue;
        }
        let raw: HashSet<i64> = staging.legacy_keys(entity.legacy)?.into_iter().map(|id| id.0).collect();
        // a row that could not be read may be any record
        let is_whole = staging.unreadable_rows(entity.legacy.name)? == 0;
        for row in target.written_rows(&staging_id, entity)? {
            // below zero is what the migration itself makes
            if raw.contains(&row.legacy_id) || row.legacy_id < 0 {
                continue;
            }
            let (is_wrong, field) = match policy {
                Gone::Deactivate => (row.is_in_use, "is_active"),
                _ => (row.is_made, ""),
            };
            if !is_wrong {
                continue;
            }
            let is_exception = !is_whole || policy == Gone::Remove && row.may_stay;
            if is_exception {
                check.exceptions += 1;
            } else {
                check.wrong += 1;
            }
            findings.push(Finding {
                name,
                entity: entity.name.to_owned(),
                legacy_id: Some(row.legacy_id),
                field: field.to_owned(),
                is_exception,
            });
        }
    }
    Ok(check)
}
