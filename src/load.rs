//! File to target, phase by phase: 2A practices and profiles, 2B patients, 2C the associations. Every merge is one
//! transaction with its receipt, so a load killed anywhere and started again ends in the same state.

use crate::entity;
use crate::error::{Error, Result};
use crate::interrupt;
use crate::progress::Progress;
use crate::record::Phase;
use crate::staging::{Accounting, Outcome, Receipt, Staging, Step};
use crate::target::{Demand, Demands, Merge, Merged, Target, preflight};

/// What a load did.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Summary {
    /// One per transaction, in order.
    pub receipts: Vec<Receipt>,
    /// The fates of every entity's records.
    #[serde(skip)]
    pub accounting: Vec<Accounting>,
}

/// Loads the phases given, in order.
pub fn load(
    staging: &mut Staging,
    target: &mut Target,
    phases: &[Phase],
    run_id: i64,
    progress: Progress,
) -> Result<Summary> {
    staging.require(Step::Transform, "load")?;
    staging.expect_identity("target", target.identity())?;
    refuse_obstacles(staging, target)?;
    staging.begin(Step::Load)?;
    target.prepare_load()?;

    let staging_id = staging.fact("staging_id")?.unwrap_or_default();
    let mut receipts = Vec::new();
    for phase in phases {
        for merge in Merge::of_phase(*phase) {
            interrupt::check()?;
            receipts.push(merge_one(staging, target, &staging_id, &merge, run_id, progress)?);
        }
    }
    if staging.is_loaded()? {
        staging.complete(Step::Load)?;
    }
    Ok(Summary { receipts, accounting: staging.accounting()? })
}

/// Finds everything that is in the way before the first write, in the catalog as it is now.
fn refuse_obstacles(staging: &Staging, target: &mut Target) -> Result<()> {
    let catalog = target.catalog()?;
    let mut demands = Demands::new();
    for entity in entity::ALL {
        for column in entity.columns {
            demands.insert(
                (entity.name, column.name),
                Demand {
                    labels: match column.kind {
                        entity::Kind::Enum(_) => staging.labels_used(entity, column)?,
                        _ => Vec::new(),
                    },
                    // a column that a later phase adds is never sent as null
                    has_null: column.write == entity::Write::Always
                        && column.nullable
                        && staging.has_null(entity, column)?,
                },
            );
        }
    }
    let problems = preflight(&catalog, &demands);
    if problems.is_empty() {
        return Ok(());
    }
    Err(Error::target(format!("the target cannot take the records:\n  {}", problems.join("\n  "))).hint(
        "nothing was written; mend the target or the configuration, then run `drydock survey` and `drydock transform` \
         again",
    ))
}

fn merge_one(
    staging: &mut Staging,
    target: &mut Target,
    staging_id: &str,
    merge: &Merge,
    run_id: i64,
    progress: Progress,
) -> Result<Receipt> {
    let operation = format!("load {} {}", merge.phase.as_str(), merge.entity.name);
    let total = staging.count_ready(merge.entity)?;
    staging.set_progress(&operation, 0, Some(total))?;
    let bar = progress.start(&operation, Some(total));
    let merged = staging.with_ready(merge.entity, &merge.columns, |rows| {
        target.merge(staging_id, merge, |sender| {
            let mut sent = 0;
            let position = merge.columns.iter().position(|column| column.name == "legacy_id");
            while rows
                .next(|legacy_id, values| {
                    let key = legacy_id.to_string();
                    sender.send(values.iter().enumerate().map(|(column, value)| {
                        if Some(column) == position { Some(key.as_str()) } else { *value }
                    }))
                })?
                .is_some()
            {
                sent += 1;
                if sent % 10_000 == 0 {
                    bar.set(sent);
                    interrupt::check()?;
                }
            }
            bar.set(sent);
            Ok(())
        })
    })?;
    bar.finish();
    note(staging, merge, merged, run_id)
}

/// Keeps in the file what the target has confirmed.
fn note(staging: &mut Staging, merge: &Merge, merged: Merged, run_id: i64) -> Result<Receipt> {
    let (inserted, updated) = (merged.inserted.len() as u64, merged.updated.len() as u64);
    let receipt = Receipt {
        phase: merge.phase.as_str().to_owned(),
        entity: merge.entity.name,
        rows: merged.rows,
        inserted,
        updated,
        unchanged: merged.rows - inserted - updated,
        digest: merged.digest,
    };
    let touched: Vec<_> = merged
        .inserted
        .into_iter()
        .map(|id| (id, Outcome::Inserted))
        .chain(merged.updated.into_iter().map(|id| (id, Outcome::Updated)))
        .collect();
    staging.record_load(run_id, merge.entity, merge.phase, &receipt, &touched)?;
    Ok(receipt)
}
