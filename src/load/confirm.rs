//! What stands in the target when the last phase has ended. A chunk confirms its own rows; but a trigger of one table may
//! write into another one, or into rows of an earlier chunk. Where there are triggers, every record is therefore compared once
//! more at the end, and only what is as it was sent counts as loaded.

use std::collections::{BTreeMap, BTreeSet};

use super::carry::next_row;
use super::refused::refused;
use super::{Loader, RefusedCount, count_refused};
use crate::error::Result;
use crate::progress::Progress;
use crate::record::{LegacyId, Phase};
use crate::staging::{Difference, Refused, Which};
use crate::target::{Cause, Failure, Merge, Merged, Refusal};
use crate::verify;

impl Loader<'_> {
    /// Compares every record that counts as loaded, sends once more what is no longer as it was sent, and sets apart what does
    /// not stay so.
    pub(super) fn confirm(&mut self, progress: Progress) -> Result<Vec<RefusedCount>> {
        if !self.target.is_any_watched() {
            return Ok(Vec::new());
        }
        let differences = self.differences(progress)?;
        if differences.is_empty() {
            return Ok(Vec::new());
        }
        let merges = self.merges()?;
        for merge in &merges {
            let mut ids: Vec<LegacyId> = differences
                .iter()
                .filter(|difference| difference.entity == merge.entity.name)
                .map(|difference| difference.legacy_id)
                .collect();
            ids.dedup();
            for part in ids.chunks(self.options.chunk.rows.max(1)) {
                self.send_again(merge, part)?;
            }
        }
        let mut by_merge: BTreeMap<(usize, LegacyId), &Difference> = BTreeMap::new();
        let differences = self.differences(progress)?;
        for difference in &differences {
            let of = |merge: &&Merge| {
                let has = merge.columns.iter().any(|column| column.name == difference.field);
                merge.entity.name == difference.entity
                    && (has || merge.inserts() && difference.field.is_empty())
            };
            if let Some(place) = merges.iter().position(|merge| of(&merge)) {
                by_merge.entry((place, difference.legacy_id)).or_insert(difference);
            }
        }
        let mut counts = Vec::new();
        for (place, merge) in merges.iter().enumerate() {
            let watchers = self.target.watchers(merge.entity.target_table);
            let lost: Vec<Refused> = by_merge
                .range((place, LegacyId(i64::MIN))..=(place, LegacyId(i64::MAX)))
                .map(|((_, legacy_id), difference)| {
                    let field = Some(difference.field).filter(|field| !field.is_empty());
                    let refusal = Refusal::rewritten(merge.entity.target_table, field);
                    refused(merge.entity, *legacy_id, &refusal, &watchers)
                })
                .collect();
            self.staging.record_refused(self.run_id, merge.entity, merge.phase, &lost)?;
            counts.extend(count_refused(merge, lost));
        }
        Ok(counts)
    }

    /// Every merge of every phase.
    fn merges(&self) -> Result<Vec<Merge>> {
        let entities = self.staging.sent_entities()?;
        Ok(Phase::ALL.into_iter().flat_map(|phase| Merge::of_phase(phase, &entities)).collect())
    }

    /// Where the target is not as the file means it, of the records that count as loaded.
    fn differences(&mut self, progress: Progress) -> Result<Vec<Difference>> {
        let mut failed = BTreeSet::new();
        for merge in self.merges()? {
            let refused = self.staging.refused(merge.entity.name, merge.phase)?;
            failed.extend(refused.into_iter().map(|id| (merge.entity.name, id)));
        }
        let found = verify::contents_that_differ(self.staging, self.target, progress)?;
        Ok(found
            .into_iter()
            .filter(|difference| !failed.contains(&(difference.entity, difference.legacy_id)))
            .collect())
    }

    /// Sends records again. What the target says against that is seen by the comparison that follows.
    fn send_again(&mut self, merge: &Merge, ids: &[LegacyId]) -> Result<()> {
        let Some((first, last)) = ids.first().zip(ids.last()) else { return Ok(()) };
        let which = Which { after: Some(LegacyId(first.0 - 1)), up_to: Some(*last), failed_in: None };
        let wanted: BTreeSet<LegacyId> = ids.iter().copied().collect();
        let mut sent = Merged::default();
        let (_, failure) = self.attempt(merge, |staging, target, writing, _| {
            staging.with_ready_among(merge.entity, &merge.columns, which, |ready| {
                Ok(target.write_chunk(writing, merge, &mut sent, |sender| {
                    let mut line = Vec::new();
                    while let Some(id) = next_row(merge, ready, |fields| {
                        line.clear();
                        crate::target::encode_row(&mut line, fields);
                    })? {
                        if wanted.contains(&id) {
                            sender.forward(&line, 1);
                        }
                    }
                    Ok(Some(*first..=*last))
                }))
            })
        })?;
        self.writing.wrote(&sent);
        match failure {
            None | Some(Failure { cause: Cause::Refused(_) | Cause::Rewritten(..), .. }) => Ok(()),
            Some(failure) => Err(failure.error),
        }
    }
}
