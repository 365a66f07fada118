//! What a load sent, taken from the ready rows again: as they go by in legacy id order, they give the digests of the
//! receipts of each merge of their entity, one receipt after the other.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use crate::entity::{Column, Entity};
use crate::error::Result;
use crate::record::{LegacyId, Phase, hex};
use crate::staging::{FileReceipt, Staging};
use crate::target::{Merge, encode_row};

/// What the file says about one merge of a load.
pub struct Sent {
    /// The merge.
    pub merge: Merge,
    /// The receipts that the file keeps of it.
    pub receipts: Vec<FileReceipt>,
    /// Whether the ready rows give the digests of the receipts.
    pub is_right: bool,
    /// The rows that the receipts speak of, and the digest over theirs.
    pub rows: u64,
    /// See `rows`.
    pub digest: String,
}

impl Sent {
    /// The merge, where the ready rows are not what was sent.
    pub fn difference(&self) -> Option<String> {
        (!self.is_right).then(|| format!("{} {}", self.merge.phase.as_str(), self.merge.entity.name))
    }
}

/// Takes the digests of the ready rows again, merge by merge, as they were sent.
pub fn sent(staging: &Staging) -> Result<Vec<Sent>> {
    let mut all = Vec::new();
    for entity in staging.sent_entities()? {
        let mut resent = Resent::of(staging, entity)?;
        let columns: Vec<_> = entity.columns.iter().collect();
        staging.with_ready(entity, &columns, |rows| {
            let mut push = |legacy_id: LegacyId, values: &[Option<&str>]| {
                for merge in &mut resent {
                    merge.push(legacy_id, values);
                }
                Ok(())
            };
            while rows.next(&mut push)?.is_some() {}
            Ok(())
        })?;
        all.extend(resent.into_iter().map(Resent::finish));
    }
    Ok(in_order(all))
}

/// The merges in the order in which a load does them.
pub fn in_order(mut all: Vec<Sent>) -> Vec<Sent> {
    all.sort_by_key(|sent| sent.merge.phase);
    all
}

/// One merge whose rows go by.
pub struct Resent {
    merge: Merge,
    /// Where its columns stand among the entity's; `None` is the legacy id, which the file keeps as a number.
    places: Vec<Option<usize>>,
    receipts: Vec<FileReceipt>,
    refused: BTreeSet<LegacyId>,
    rows_to_send: u64,
    /// The receipt at hand, and the rows that it has so far.
    at: usize,
    in_chunk: u64,
    rows: u64,
    is_right: bool,
    hash: Sha256,
    line: Vec<u8>,
}

impl Resent {
    /// The merges of an entity.
    pub fn of(staging: &Staging, entity: &'static Entity) -> Result<Vec<Self>> {
        let merges = Phase::ALL.into_iter().flat_map(|phase| Merge::of_phase(phase, &[entity]));
        merges.map(|merge| Self::new(staging, merge)).collect()
    }

    fn new(staging: &Staging, merge: Merge) -> Result<Self> {
        let (entity, phase) = (merge.entity, merge.phase);
        let place = |column: &&Column| {
            let place = entity.columns.iter().position(|known| known.name == column.name);
            place.filter(|_| column.name != "legacy_id")
        };
        let refused = staging.refused(entity.name, phase)?;
        let mut resent = Self {
            places: merge.columns.iter().map(place).collect(),
            receipts: staging.last_receipts(entity.name, phase)?,
            rows_to_send: staging.count_ready(entity)? - refused.len() as u64,
            refused,
            at: 0,
            in_chunk: 0,
            rows: 0,
            is_right: true,
            hash: Sha256::new(),
            line: Vec::new(),
            merge,
        };
        resent.skip_empty();
        Ok(resent)
    }

    fn skip_empty(&mut self) {
        while self.receipts.get(self.at).is_some_and(|receipt| receipt.rows == 0) {
            self.at += 1;
        }
    }

    /// Takes the next row of the entity, with the values of all its columns.
    pub fn push(&mut self, legacy_id: LegacyId, values: &[Option<&str>]) {
        if self.refused.contains(&legacy_id) {
            return;
        }
        let Some(receipt) = self.receipts.get(self.at) else {
            self.is_right = false;
            return;
        };
        let key = legacy_id.to_string();
        self.line.clear();
        let fields = self.places.iter().map(|place| place.map_or(Some(key.as_str()), |place| values[place]));
        encode_row(&mut self.line, fields);
        self.hash.update(&self.line);
        self.in_chunk += 1;
        self.rows += 1;
        if self.in_chunk == receipt.rows {
            self.is_right &= hex(&std::mem::take(&mut self.hash).finalize()) == receipt.digest;
            self.in_chunk = 0;
            self.at += 1;
            self.skip_empty();
        }
    }

    /// What the rows have shown.
    pub fn finish(self) -> Sent {
        let Self { merge, receipts, rows_to_send, at, rows, mut is_right, .. } = self;
        is_right &= at == receipts.len();
        // a run that only sent again what had been refused speaks of those rows alone; the contents are compared all the same
        let spoken_of: u64 = receipts.iter().map(|receipt| receipt.rows).sum();
        is_right |= !receipts.is_empty() && spoken_of < rows_to_send;
        let digest = match receipts.as_slice() {
            [only] => only.digest.clone(),
            several => {
                let mut all = Sha256::new();
                for receipt in several {
                    all.update(&receipt.digest);
                }
                hex(&all.finalize())
            }
        };
        Sent { merge, receipts, is_right, rows, digest }
    }
}
