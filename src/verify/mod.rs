//! File against target: every expected record by its legacy id, every field of it, relations, and the plan's validation
//! queries. Nothing is written to the target; differences are kept by record and field, without values.

mod compare;
pub mod queries;

use crate::entity::{self, Entity};
use crate::error::Result;
use crate::progress::Progress;
use crate::record::LegacyId;
use crate::staging::{Check, Difference, DifferenceKind, Staging, Step};
use crate::target::Target;

/// Differences kept in detail per entity; beyond that they are counted.
const DETAILED: usize = 100_000;

/// What a verification found.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Summary {
    /// Every check, in order.
    pub checks: Vec<Check>,
    /// Differences between the file and the target, by record and field.
    pub differences: u64,
    /// Records that the target holds and the snapshot no longer does; reported, never deleted.
    pub gone_from_source: u64,
}

impl Summary {
    /// Whether nothing differs and every check holds.
    pub fn passed(&self) -> bool {
        self.checks.iter().all(Check::passed)
    }
}

/// Verifies the target in one snapshot of it.
pub fn verify(staging: &mut Staging, target: &mut Target, progress: Progress) -> Result<Summary> {
    staging.require(Step::Transform, "verify")?;
    staging.expect_identity("target", target.identity())?;
    staging.begin(Step::Verify)?;
    target.begin_reading()?;

    let mut found = Found::default();
    let mut checks = Vec::new();
    for entity in entity::ALL {
        let operation = format!("verify {}", entity.name);
        staging.set_progress(&operation, 0, None)?;
        let bar = progress.start(&operation, Some(staging.count_ready(entity)?));
        let gone = staging.gone_from_source(entity.name)?;
        let differences = compare_contents(staging, target, entity, &gone, &mut found, &bar)?;
        bar.finish();
        checks.push(Check {
            level: "contents".to_owned(),
            name: format!("contents_{}", entity.name),
            sentence: format!(
                "every ready record of {} is in the target under its id with every field as meant, and no other is",
                entity.name
            ),
            expected: None,
            found: None,
            wrong: differences,
        });
    }
    checks.extend(queries::wrong_rows(target)?);
    checks.extend(queries::totals(target, &staging.expected_totals()?, found.gone)?);
    target.end_reading()?;

    staging.replace_checks(&checks, &found.detailed)?;
    let summary = Summary { checks, differences: found.differences, gone_from_source: found.gone };
    if summary.passed() {
        staging.complete(Step::Verify)?;
    }
    Ok(summary)
}

/// What the comparison of contents has found so far.
#[derive(Default)]
struct Found {
    detailed: Vec<Difference>,
    differences: u64,
    gone: u64,
}

impl Found {
    fn add(
        &mut self,
        entity: &'static Entity,
        legacy_id: LegacyId,
        field: &'static str,
        kind: DifferenceKind,
    ) {
        self.differences += 1;
        if self.detailed.len() < DETAILED {
            self.detailed.push(Difference { entity: entity.name, legacy_id, field, kind });
        }
    }
}

/// Walks both sides in legacy id order.
fn compare_contents(
    staging: &Staging,
    target: &mut Target,
    entity: &'static Entity,
    gone: &[LegacyId],
    found: &mut Found,
    bar: &crate::progress::Bar,
) -> Result<u64> {
    let columns: Vec<_> = entity
        .columns
        .iter()
        .filter(|column| column.name != "legacy_id" && column.write != entity::Write::OnInsert)
        .collect();
    let before = found.differences;
    staging.with_ready(entity, &columns, |rows| {
        let mut there = target.contents(entity, &columns)?;
        let mut done = 0;
        let mut compare = |legacy_id, meant: &[Option<&str>]| {
            // rows that the target has and nobody meant
            while let Some(id) = there.legacy_id().filter(|id| *id < legacy_id) {
                unexpected(entity, id, gone, found);
                there.advance()?;
            }
            if there.legacy_id() != Some(legacy_id) {
                found.add(entity, legacy_id, "", DifferenceKind::Missing);
                return Ok(());
            }
            for ((column, meant), is) in columns.iter().zip(meant).zip(there.fields()) {
                if !compare::same(column, *meant, is.as_deref()) {
                    found.add(entity, legacy_id, column.name, DifferenceKind::Differs);
                }
            }
            there.advance()
        };
        while rows.next(&mut compare)?.is_some() {
            done += 1;
            if done % 10_000 == 0 {
                bar.set(done);
                crate::interrupt::check()?;
            }
        }
        bar.set(done);
        while let Some(id) = there.legacy_id() {
            unexpected(entity, id, gone, found);
            there.advance()?;
        }
        Ok(())
    })?;
    Ok(found.differences - before)
}

fn unexpected(entity: &'static Entity, id: LegacyId, gone: &[LegacyId], found: &mut Found) {
    if gone.binary_search(&id).is_ok() {
        found.gone += 1;
    } else {
        found.add(entity, id, "", DifferenceKind::Unexpected);
    }
}
