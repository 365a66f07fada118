//! `policy.gone`: rows whose legacy record is gone from the source since a load wrote them; and rows of people who were found to be
//! there twice since, which go whatever the policy: another row stands for them. Twice in a load: before its first
//! merge, so that what they hold is free for others, and after the last phase, when nobody of ours refers to them any more.
//! What can be done at neither moment is said and left.

use std::collections::{BTreeMap, BTreeSet};

use super::Loader;
use crate::config::{Config, Gone};
use crate::entity::Entity;
use crate::error::{Error, Result};
use crate::progress::Progress;
use crate::record::{GoneRow, LegacyId, Phase};
use crate::staging::Staging;
use crate::target::{Cause, Merge, Target, Writing};

/// How many records may be gone without that anybody says so: a share of an entity's rows, and a number, whichever is more.
const AT_MOST: (u64, u64) = (20, 10);

/// What was done about the rows of one entity whose record is gone.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct GoneCount {
    /// The entity.
    pub entity: &'static str,
    /// `deactivate` or `remove`.
    pub policy: &'static str,
    /// Whether the records are there, and another one stands for them since.
    pub is_merged: bool,
    /// Rows that were removed.
    pub removed: u64,
    /// Rows that were switched off.
    pub deactivated: u64,
    /// Rows that an earlier load had switched off.
    pub already: u64,
    /// Rows that no load of this file wrote or, to be removed, made.
    pub of_others: u64,
    /// Rows that somebody changed since.
    pub changed: u64,
    /// Rows that another row refers to.
    pub referenced: u64,
    /// Rows that the target keeps.
    pub kept: u64,
    /// Who refers to them, as `table.column`, or what keeps them.
    pub by_whom: Vec<String>,
    /// The first few that were left.
    pub left: Vec<i64>,
}

/// What is to be done about the rows of one entity.
pub(super) struct Going {
    entity: &'static Entity,
    policy: Gone,
    /// Whether their records are there, and merged into another one.
    is_merged: bool,
    rows: Vec<(LegacyId, String)>,
    /// What became of each so far.
    settled: BTreeMap<LegacyId, GoneRow>,
}

/// Rows that are gone of what the configuration does something about, whoever refers to others first; and what is to be said.
pub(super) fn going(
    staging: &Staging,
    target: &mut Target,
    writing: &Writing<'_>,
    config: &Config,
) -> Result<(Vec<Going>, Vec<String>)> {
    let (mut all, mut notes) = (Vec::new(), Vec::new());
    let has_written = !target.live_phases(&staging.fact("staging_id")?.unwrap_or_default())?.is_empty();
    for entity in staging.sent_entities()?.into_iter().rev() {
        let record = entity.mapped.and_then(|mapped| mapped.part_of).unwrap_or(entity.name);
        let policy = config.policy.gone(record);
        // before the first load into tables without a key column nobody knows which record a row stands for
        let is_known = target.expect_keys(&[entity]).is_ok();
        let merged = if entity.is_onto() || !has_written || !is_known {
            Vec::new()
        } else {
            staging.merged_rows(record, |each| target.for_our_ids(entity, each))?
        };
        if !merged.is_empty() {
            let settled = BTreeMap::new();
            all.push(Going { entity, policy: Gone::Remove, is_merged: true, rows: merged, settled });
        }
        if policy == Gone::Keep || policy == Gone::Deactivate && entity.is_part() {
            continue;
        }
        refuse_what_cannot_be(entity, policy)?;
        if !is_known {
            continue;
        }
        let unreadable = staging.unreadable_rows(entity.legacy.name)?;
        if unreadable > 0 {
            notes.push(format!(
                "{record} that are gone from the source are left alone: {unreadable} rows of {} could not be read, and each \
                 may be one of them",
                entity.legacy.name
            ));
            continue;
        }
        let rows = staging.gone_rows(record, |each| target.for_our_ids(entity, each))?;
        if rows.is_empty() {
            continue;
        }
        let lost = target.count_gone(writing, entity, policy, &rows)?;
        let there = target.count_ours(entity)?;
        // who belongs where may be said anew under other ids: that much is not lost
        let anew = if entity.can_stand_in {
            0
        } else {
            (staging.count_ready(entity)? + rows.len() as u64).saturating_sub(there)
        };
        let lost = lost.saturating_sub(anew);
        refuse_a_loss(record, policy, (lost, there), config.policy.allowed_gone.get(record).copied())?;
        all.push(Going { entity, policy, is_merged: false, rows, settled: BTreeMap::new() });
    }
    Ok((all, notes))
}

/// A table that has none of what the configuration asks for.
fn refuse_what_cannot_be(entity: &Entity, policy: Gone) -> Result<()> {
    let why = if entity.is_onto() {
        "are rows of another table in this target"
    } else if policy == Gone::Deactivate && entity.in_use().is_none() {
        "have no column in this target that says whether they are in use"
    } else {
        return Ok(());
    };
    Err(Error::precondition(format!("policy.gone says {:?} of {}, which {why}", policy.as_str(), entity.name))
        .hint("nothing was written; say \"keep\" in the configuration, then `drydock transform --reconfigure --config FILE`"))
}

/// An empty or half source must take nobody away.
fn refuse_a_loss(entity: &str, policy: Gone, (lost, there): (u64, u64), allowed: Option<u64>) -> Result<()> {
    let (share, number) = AT_MOST;
    let at_most = allowed.unwrap_or_else(|| number.max(there / share));
    if lost <= at_most {
        return Ok(());
    }
    Err(Error::precondition(format!(
        "{lost} of {there} {entity} in the target are gone from the source, and policy.gone would {} them",
        policy.as_str()
    ))
    .hint(format!(
        "nothing was written; look whether the source is whole (`drydock extract --check`), and if they are really gone say \
         [policy.allowed_gone] {entity} = {lost} in the configuration (without it {at_most} may be), then `drydock transform \
         --reconfigure --config FILE`"
    )))
}

impl Loader<'_> {
    /// Does what can be done now, in the name of `phase`, about the entities of these phases.
    pub(super) fn settle_gone(
        &mut self,
        going: &mut [Going],
        phase: Phase,
        phases: &[Phase],
        progress: Progress,
    ) -> Result<()> {
        for one in going.iter_mut().filter(|one| phases.contains(&one.entity.phase)) {
            let is_open = |id: &LegacyId| one.settled.get(id).is_none_or(GoneRow::may_change);
            let rows: Vec<_> = one.rows.iter().filter(|(id, _)| is_open(id)).cloned().collect();
            if rows.is_empty() {
                continue;
            }
            let of = one.entity.columns.iter().take(2).collect();
            let merge = Merge { entity: one.entity, phase, columns: of };
            let mut done = Vec::new();
            self.settle_rows(&merge, one.policy, &rows, &mut done)?;
            if !self.options.dry_run && !one.is_merged {
                self.staging.record_gone(self.run_id, phase, one.entity, &done)?;
            }
            one.settled.extend(done.into_iter().map(|row| (row.legacy_id, row)));
            let settled = one.settled.values().filter(|row| row.is_done()).count();
            if settled > 0 {
                progress.say(&format!(
                    "{}: {settled} rows whose record is {} were {}",
                    one.entity.name,
                    if one.is_merged { "merged into another" } else { "gone" },
                    if one.policy == Gone::Remove { "removed" } else { "switched off" }
                ));
            }
        }
        Ok(())
    }

    /// Settles rows together; where the target refuses that, in halves until those at fault are alone, which stay.
    fn settle_rows(
        &mut self,
        merge: &Merge,
        policy: Gone,
        rows: &[(LegacyId, String)],
        done: &mut Vec<GoneRow>,
    ) -> Result<()> {
        let mut settled = Vec::new();
        let (_, failure) = self.attempt(merge, |_, target, writing, _| {
            Ok(target.settle_gone(writing, merge, policy, rows, &mut settled).map(drop))
        })?;
        match failure {
            None => done.append(&mut settled),
            Some(failure) => match (&failure.cause, rows) {
                (Cause::Refused(refusal), [(legacy_id, id)]) => done.push(GoneRow {
                    legacy_id: *legacy_id,
                    id: id.clone(),
                    outcome: "kept".to_owned(),
                    by_whom: Some(refusal.to_string()),
                }),
                (Cause::Refused(_), _) => {
                    let (one, other) = rows.split_at(rows.len() / 2);
                    self.settle_rows(merge, policy, one, done)?;
                    self.settle_rows(merge, policy, other, done)?;
                }
                _ => return Err(failure.error),
            },
        }
        Ok(())
    }
}

impl Going {
    /// What became of its rows.
    pub(super) fn count(&self) -> GoneCount {
        const SHOWN: usize = 10;
        let count = |outcome: &str| self.settled.values().filter(|row| row.outcome == outcome).count() as u64;
        let is_left = |row: &&GoneRow| row.may_change();
        let left = self.settled.values().filter(is_left);
        let by_whom: BTreeSet<&String> = left.clone().filter_map(|row| row.by_whom.as_ref()).collect();
        GoneCount {
            entity: self.entity.name,
            policy: self.policy.as_str(),
            is_merged: self.is_merged,
            removed: count("removed"),
            deactivated: count("deactivated"),
            already: count("already"),
            of_others: count("others"),
            changed: count("changed"),
            referenced: count("referenced"),
            kept: count("kept"),
            by_whom: by_whom.into_iter().cloned().collect(),
            left: left.map(|row| row.legacy_id.0).take(SHOWN).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_that_lost_too_many_takes_nobody_away() {
        let judged =
            |lost, there, allowed| refuse_a_loss("profiles", Gone::Remove, (lost, there), allowed).is_ok();
        assert!(judged(10, 12, None) && !judged(11, 12, None));
        assert!(judged(455, 9_101, None) && !judged(456, 9_101, None));
        assert!(judged(740, 9_101, Some(740)) && !judged(741, 9_101, Some(740)));
        assert!(!judged(1, 9_101, Some(0)));
    }
}
