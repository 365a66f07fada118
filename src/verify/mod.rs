//! File against target, proved at four levels: every record by its legacy id and every field of it (`contents`), and
//! queries that return what is wrong (`list`), about entities, relationships, the business and the system. Everything is
//! read in one snapshot of the target; nothing is written to it. What is found is kept by record and field, without values.

mod compare;
mod contents;
mod digest;
mod list;
mod proof;
pub mod queries;

use crate::entity;
use crate::error::Result;
use crate::progress::Progress;
use crate::staging::{Check, Level, Staging, Step};
use crate::target::Target;

use contents::Found;

/// The checks that are queries, each with what it proves when it returns nothing.
pub fn sentences() -> Vec<(&'static str, String)> {
    let queries = |check: &'static list::Listed| {
        [check.target, check.staging].into_iter().flatten().map(|sql| (check.name, list::sentence(sql)))
    };
    list::ALL.iter().flat_map(queries).collect()
}

/// The merges whose receipts the ready rows of the file do not give, each as phase and entity.
pub fn receipts_that_differ(staging: &Staging) -> Result<Vec<String>> {
    Ok(proof::sent(staging)?.iter().filter_map(proof::Sent::difference).collect())
}

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
    let (mut checks, mut findings, mut proofs) = (Vec::new(), Vec::new(), Vec::new());
    for entity in entity::ALL {
        let operation = format!("verify {}", entity.name);
        let total = staging.count_ready(entity)?;
        staging.set_progress(&operation, 0, Some(total))?;
        let bar = progress.start(&operation, Some(total));
        let gone = staging.gone_from_source(entity.name)?;
        let before = found.differences;
        let sides = contents::compare(staging, target, entity, &gone, &mut found, &bar)?;
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

    checks.sort_by_key(|check| check.level);
    staging.replace_verification(&checks, &findings, &found.detailed, &proofs)?;
    let summary = Summary { checks, differences: found.differences, gone_from_source: found.gone };
    if summary.passed() {
        staging.complete(Step::Verify)?;
    }
    Ok(summary)
}
