//! File against target, proved at four levels: every record by its legacy id and every field of it (`contents`), and
//! queries that return what is wrong (`list`), about entities, relationships, the business and the system. Everything is
//! read in one snapshot of the target; nothing is written to it. What is found is kept by record and field, without values.

mod compare;
mod contents;
mod digest;
mod list;
mod proof;
pub mod queries;
mod source;

use std::time::Instant;

use crate::error::Result;
use crate::progress::Progress;
use crate::{entity, extract};
use crate::staging::{Check, Level, Staging, Step, ThreeWayProof};
use crate::target::Target;

use contents::Found;
pub use source::Live;

/// What a verification found.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Summary {
    /// Every check, in order.
    pub checks: Vec<Check>,
    /// Differences between the file and the target, by record and field.
    pub differences: u64,
    /// Records that the target holds and the snapshot no longer does; reported, never deleted.
    pub gone_from_source: u64,
    /// The three-way proof as one statement.
    pub three_way_proof: Option<ThreeWayProof>,
    /// What changed in the legacy data since the snapshot, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<extract::Report>,
}

impl Summary {
    /// Whether nothing differs and every check holds.
    pub fn passed(&self) -> bool {
        self.checks.iter().all(Check::passed)
    }
}

/// Verifies the target in one snapshot of it; and, where they are given, what the legacy data are now.
pub fn verify(
    staging: &mut Staging,
    target: &mut Target,
    live: Option<Live<'_>>,
    progress: Progress,
) -> Result<Summary> {
    staging.require(Step::Transform, "verify")?;
    staging.expect_identity("target", target.identity())?;
    staging.begin(Step::Verify)?;
    target.begin_reading()?;

    let mut found = Found::default();
    let (mut checks, mut findings, mut proofs) = (Vec::new(), Vec::new(), Vec::new());
    for entity in entity::ALL {
        let operation = format!("verify {}", entity.name);
        let total = staging.count_ready(entity)?;
        staging.set_progress(&operation, 0, Some(total))?;
        let bar = progress.start(&operation, Some(total));
        let gone = staging.gone_from_source(entity.name)?;
        let (before, begun) = (found.differences, Instant::now());
        let sides = contents::compare(staging, target, entity, &gone, &mut found, &bar)?;
        tracing::debug!(entity = entity.name, ms = begun.elapsed().as_millis(), "compared");
        proofs.extend(proof::ready(entity, &sides));
        bar.set(total);
        bar.finish();
        let sentence = format!(
            "every ready record of {} is in the target under its id with every field as meant, and no other is",
            entity.name
        );
        checks.push(Check {
            wrong: found.differences - before,
            ..Check::of(Level::Entity, &format!("contents_{}", entity.name), sentence)
        });
    }
    let operation = "verify: checks";
    staging.set_progress(operation, 0, None)?;
    progress.say(operation);
    checks.extend(queries::totals(target, &staging.expected_totals()?, found.gone)?);
    let staging_id = staging.fact("staging_id")?.unwrap_or_default();
    let in_target = target.receipts(&staging_id)?;
    let (listed, (raw, sent)) =
        queries::run(staging, target, &mut findings, || Ok((staging.raw_proofs()?, proof::sent(staging)?)))?;
    checks.extend(listed);
    checks.push(proof::raw(raw, &mut findings, &mut proofs));
    checks.push(proof::receipts(sent, &in_target, &mut findings, &mut proofs));
    checks.push(proof::digests(&proofs, &mut findings));
    target.end_reading()?;
    let source = live.map(|live| source::compare(staging, live, progress)).transpose()?;
    checks.extend(source.iter().map(|report| source::check(report, &mut findings)));

    checks.sort_by_key(|check| check.level);
    staging.replace_verification(&checks, &findings, &found.detailed, &proofs)?;
    let summary = Summary {
        checks,
        differences: found.differences,
        gone_from_source: found.gone,
        three_way_proof: staging.three_way_proof()?,
        source,
    };
    if summary.passed() {
        staging.complete(Step::Verify)?;
    }
    Ok(summary)
}
