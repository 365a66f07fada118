//! The contents of one entity: ranges of legacy ids whose digest is the same on both sides are proved; the others are read
//! back and compared record by record and field by field.

use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use super::compare;
use super::digest::RangeHash;
use super::sent::{Resent, Sent};
use crate::entity::{Column, Entity, Write};
use crate::error::Result;
use crate::progress::Progress;
use crate::record::{LegacyId, hex};
use crate::staging::{Difference, DifferenceKind, Staging, verify_operation};
use crate::target::{Range, RangeDigest, Target};

/// Records of one range: small enough that a wrong one costs little reading, large enough that asking costs little.
const RANGE: u64 = 4_096;

/// Differences kept in detail; beyond that they are counted.
const DETAILED: usize = 100_000;

/// What the comparison of contents has found so far.
#[derive(Debug, Default)]
pub struct Found {
    /// The differences, the first [`DETAILED`] of them.
    pub detailed: Vec<Difference>,
    /// How many there are.
    pub differences: u64,
    /// Records that the target holds and the snapshot no longer does.
    pub gone: u64,
}

/// What is proved about one entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sides {
    /// Ready rows, and SHA-256 over the digests of their ranges.
    pub ready: (u64, String),
    /// The same of the target.
    pub target: (u64, String),
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

/// The columns that are judged. What is written on insert only belongs to the application afterwards.
fn judged(entity: &'static Entity) -> Vec<&'static Column> {
    entity
        .columns
        .iter()
        .filter(|column| column.name != "legacy_id" && column.write != Write::OnInsert)
        .collect()
}

/// What of one entity is judged: its columns, and its legacy ids in ranges.
pub struct Plan {
    /// The entity.
    pub entity: &'static Entity,
    columns: Vec<&'static Column>,
    ranges: Vec<Range>,
}

impl Plan {
    /// The plan for the rows that are ready.
    pub fn new(staging: &Staging, entity: &'static Entity) -> Result<Self> {
        let ranges = ranges(&staging.ready_ids_at_every(entity, RANGE)?);
        Ok(Self { entity, columns: judged(entity), ranges })
    }

    /// What the target has in each range; `each` is told of every one.
    pub fn read(
        &self,
        target: &mut Target,
        mut each: impl FnMut() -> Result<()>,
    ) -> Result<Vec<RangeDigest>> {
        let mut is = Vec::with_capacity(self.ranges.len());
        for range in &self.ranges {
            crate::interrupt::check()?;
            is.push(target.range_digest(self.entity, &self.columns, *range)?);
            each()?;
        }
        Ok(is)
    }

    /// What the file has in each range, and what it sent, in one walk over its rows.
    pub fn hash(&self, staging: &Staging, progress: Progress) -> Result<(Vec<RangeDigest>, Vec<Sent>)> {
        let operation = verify_operation(self.entity);
        let total = staging.count_ready(self.entity)?;
        staging.set_progress(&operation, 0, Some(total))?;
        let bar = progress.start(&operation, Some(total));
        let mut noted = Instant::now();
        let mut resent = Resent::of(staging, self.entity)?;
        let digests = hash_ready(staging, self, &mut resent, |done| {
            bar.set(done);
            if noted.elapsed() >= Duration::from_secs(1) {
                noted = Instant::now();
                staging.set_progress(&operation, done, Some(total))?;
            }
            Ok(())
        })?;
        bar.set(total);
        bar.finish();
        Ok((digests, resent.into_iter().map(Resent::finish).collect()))
    }

    /// Compares both. `gone` are the legacy ids that the target holds and the snapshot does not, in order.
    pub fn compare(
        &self,
        staging: &Staging,
        target: &mut Target,
        (meant, is): (Vec<RangeDigest>, Vec<RangeDigest>),
        gone: &[LegacyId],
        found: &mut Found,
    ) -> Result<Sides> {
        let (mut ready, mut there) = (Side::default(), Side::default());
        for ((range, meant), mut is) in self.ranges.iter().zip(meant).zip(is) {
            if meant != is {
                crate::interrupt::check()?;
                let before = found.differences;
                compare_range(staging, target, self.entity, &self.columns, *range, gone, found)?;
                // two texts of the same values, or rows beside them that are gone from the source
                if before == found.differences {
                    is = meant.clone();
                }
            }
            ready.add(*range, &meant);
            there.add(*range, &is);
        }
        Ok(Sides { ready: ready.finish(), target: there.finish() })
    }
}

/// The ranges between ids, the last of them open.
fn ranges(ids: &[LegacyId]) -> Vec<Range> {
    let mut after = None;
    let mut ranges = Vec::with_capacity(ids.len() + 1);
    for id in ids {
        ranges.push(Range { after, to: Some(*id) });
        after = Some(*id);
    }
    ranges.push(Range { after, to: None });
    ranges
}

/// Walks the ready rows once; `each` is told how many have gone by.
fn hash_ready(
    staging: &Staging,
    plan: &Plan,
    resent: &mut [Resent],
    mut each: impl FnMut(u64) -> Result<()>,
) -> Result<Vec<RangeDigest>> {
    let entity = plan.entity;
    let columns: Vec<&Column> = entity.columns.iter().collect();
    let place = |judged: &&Column| columns.iter().position(|column| column.name == judged.name);
    let places: Vec<usize> = plan.columns.iter().filter_map(place).collect();
    let mut digests = Vec::with_capacity(plan.ranges.len());
    let mut hash = RangeHash::default();
    let mut end = |hash: &mut RangeHash| {
        let (rows, digest) = std::mem::take(hash).finish();
        digests.push(RangeDigest { rows, digest });
    };
    let mut rest = plan.ranges.iter().peekable();
    let mut done = 0;
    staging.with_ready(entity, &columns, |rows| {
        let mut push = |legacy_id: LegacyId, values: &[Option<&str>]| {
            if done % RANGE == 0 {
                crate::interrupt::check()?;
                each(done)?;
            }
            done += 1;
            while rest.peek().is_some_and(|range| range.to.is_some_and(|to| to < legacy_id)) {
                end(&mut hash);
                rest.next();
            }
            hash.push(legacy_id, &plan.columns, places.iter().map(|place| values[*place]));
            for merge in resent.iter_mut() {
                merge.push(legacy_id, values);
            }
            Ok(())
        };
        while rows.next(&mut push)?.is_some() {}
        Ok(())
    })?;
    for _ in rest {
        end(&mut hash);
    }
    Ok(digests)
}

/// One side of an entity's proof.
#[derive(Default)]
struct Side {
    rows: u64,
    hash: Sha256,
}

impl Side {
    fn add(&mut self, range: Range, digest: &RangeDigest) {
        let after = range.after.map(|id| id.to_string()).unwrap_or_default();
        self.rows += digest.rows;
        self.hash.update(format!("{after} {} {}\n", digest.rows, digest.digest));
    }

    fn finish(self) -> (u64, String) {
        (self.rows, hex(&self.hash.finalize()))
    }
}

/// Walks both sides of a range in legacy id order.
fn compare_range(
    staging: &Staging,
    target: &mut Target,
    entity: &'static Entity,
    columns: &[&'static Column],
    range: Range,
    gone: &[LegacyId],
    found: &mut Found,
) -> Result<()> {
    staging.with_ready_between(entity, columns, (range.after, range.to), |rows| {
        let mut there = target.contents(entity, columns, range)?;
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
            there.advance()?;
            // a second row for the same record
            while there.legacy_id() == Some(legacy_id) {
                found.add(entity, legacy_id, "", DifferenceKind::Unexpected);
                there.advance()?;
            }
            Ok(())
        };
        while rows.next(&mut compare)?.is_some() {}
        while let Some(id) = there.legacy_id() {
            unexpected(entity, id, gone, found);
            there.advance()?;
        }
        Ok(())
    })
}

fn unexpected(entity: &'static Entity, id: LegacyId, gone: &[LegacyId], found: &mut Found) {
    if gone.binary_search(&id).is_ok() {
        found.gone += 1;
    } else {
        found.add(entity, id, "", DifferenceKind::Unexpected);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_leave_no_id_out() {
        let [first, second] = [LegacyId(10), LegacyId(20)];
        assert_eq!(ranges(&[]), [Range::ALL]);
        assert_eq!(
            ranges(&[first, second]),
            [
                Range { after: None, to: Some(first) },
                Range { after: Some(first), to: Some(second) },
                Range { after: Some(second), to: None },
            ]
        );
    }
}
