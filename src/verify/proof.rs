//! The three-way proof: what the source handed over is what the file's raw rows are; what was resolved is what was sent and
//! what the target shows. That raw and ready rows differ by recorded changes only is the check `every_change_is_explained`.

use sha2::{Digest, Sha256};

use super::contents::Sides;
use super::digest::hex;
use crate::entity::{self, Entity};
use crate::error::Result;
use crate::record::Phase;
use crate::staging::{Check, FileReceipt, Finding, Level, Proof, Staging};
use crate::target::{Merge, encode_row};

/// The proofs of one entity's ready rows against the target.
pub fn ready(entity: &Entity, sides: &Sides) -> [Proof; 2] {
    let is_equal = sides.ready == sides.target;
    let side = |side, (rows, digest): &(u64, String)| Proof {
        part: "ready".to_owned(),
        name: entity.name.to_owned(),
        side,
        rows: *rows,
        digest: digest.clone(),
        is_equal,
    };
    [side("staging".to_owned(), &sides.ready), side("target".to_owned(), &sides.target)]
}

/// The check that the raw rows are what the source handed over, with its proofs.
pub fn raw(tables: Vec<Proof>, findings: &mut Vec<Finding>, proofs: &mut Vec<Proof>) -> Check {
    const NAME: &str = "snapshot_is_as_taken";
    let sentence = "every raw table has the rows and the digest that the manifest noted when the source handed them over";
    let mut check = Check::of(Level::System, NAME, sentence.to_owned());
    for table in tables {
        if !table.is_equal && table.side == "staging" {
            check.wrong += 1;
            findings.push(Finding::of_table(NAME, &table.name, "digest"));
        }
        proofs.push(table);
    }
    check
}

/// What the file says about one merge of a load.
pub struct Sent {
    merge: Merge,
    receipts: Vec<FileReceipt>,
    /// Whether the ready rows give the digests of the receipts.
    is_right: bool,
    rows: u64,
    digest: String,
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
    for merge in Phase::ALL.into_iter().flat_map(Merge::of_phase) {
        let receipts = staging.last_receipts(merge.entity.name, merge.phase)?;
        let (is_right, rows, digest) = as_sent(staging, &merge, &receipts)?;
        all.push(Sent { merge, receipts, is_right, rows, digest });
    }
    Ok(all)
}

/// The check that what is ready is what was sent: the rows give the digests of the receipts in the file, and the target has
/// the receipts of everything that was written.
pub fn receipts(
    sent: Vec<Sent>,
    in_target: &[String],
    findings: &mut Vec<Finding>,
    proofs: &mut Vec<Proof>,
) -> Check {
    const NAME: &str = "receipts_agree";
    let sentence = "every ready row was sent as it stands in the file, and the target has the receipt of everything written";
    let mut check = Check::of(Level::System, NAME, sentence.to_owned());
    for Sent { merge, receipts, is_right, rows, digest } in sent {
        let (phase, entity) = (merge.phase.as_str(), merge.entity.name);
        let is_there =
            |receipt: &FileReceipt| in_target.contains(&format!("{phase} {entity} {}", receipt.digest));
        let are_there = receipts.iter().filter(|receipt| receipt.wrote).all(is_there);
        for (holds, field) in [(is_right, "digest"), (are_there, "receipt")] {
            if !holds {
                check.wrong += 1;
                findings.push(Finding::of_table(NAME, entity, &format!("{phase} {field}")));
            }
        }
        if merge.entity.phase == merge.phase {
            proofs.push(Proof {
                part: "ready".to_owned(),
                name: entity.to_owned(),
                side: "receipts".to_owned(),
                rows,
                digest,
                is_equal: is_right && are_there,
            });
        }
    }
    check
}

/// Whether the ready rows give the digests of the receipts, one receipt after the other in legacy id order; with the rows
/// that the receipts speak of and the digest over theirs.
fn as_sent(staging: &Staging, merge: &Merge, receipts: &[FileReceipt]) -> Result<(bool, u64, String)> {
    let position = merge.columns.iter().position(|column| column.name == "legacy_id");
    let refused = staging.refused(merge.entity.name, merge.phase)?;
    let rows_to_send = staging.count_ready(merge.entity)? - refused.len() as u64;
    let mut hash = Sha256::new();
    let (mut in_chunk, mut rows_sent, mut is_right) = (0, 0, true);
    let mut line = Vec::new();
    let mut rest = receipts.iter().filter(|receipt| receipt.rows > 0).peekable();
    staging.with_ready(merge.entity, &merge.columns, |rows| {
        while rows
            .next(|legacy_id, values| {
                if refused.contains(&legacy_id) {
                    return Ok(());
                }
                let Some(receipt) = rest.peek() else {
                    is_right = false;
                    return Ok(());
                };
                let key = legacy_id.to_string();
                line.clear();
                encode_row(
                    &mut line,
                    values.iter().enumerate().map(|(column, value)| {
                        if Some(column) == position { Some(key.as_str()) } else { *value }
                    }),
                );
                hash.update(&line);
                in_chunk += 1;
                rows_sent += 1;
                if in_chunk == receipt.rows {
                    is_right &= hex(&std::mem::take(&mut hash).finalize()) == receipt.digest;
                    in_chunk = 0;
                    rest.next();
                }
                Ok(())
            })?
            .is_some()
        {}
        Ok(())
    })?;
    is_right &= rest.next().is_none();
    // a run that only sent again what had been refused speaks of those rows alone; the contents are compared all the same
    let spoken_of: u64 = receipts.iter().map(|receipt| receipt.rows).sum();
    is_right |= !receipts.is_empty() && spoken_of < rows_to_send;
    let digest = match receipts {
        [only] => only.digest.clone(),
        several => {
            let mut all = Sha256::new();
            for receipt in several {
                all.update(&receipt.digest);
            }
            hex(&all.finalize())
        }
    };
    Ok((is_right, rows_sent, digest))
}

/// The check that sums the proof of the ready rows up.
pub fn digests(proofs: &[Proof], findings: &mut Vec<Finding>) -> Check {
    const NAME: &str = "digests_agree";
    let sentence = "the digest of the ready rows is the digest of the same rows read back from the target, for every entity";
    let mut check = Check::of(Level::System, NAME, sentence.to_owned());
    for entity in entity::ALL {
        let is_equal = proofs.iter().any(|proof| {
            proof.part == "ready" && proof.name == entity.name && proof.side == "target" && proof.is_equal
        });
        if !is_equal {
            check.wrong += 1;
            findings.push(Finding::of_table(NAME, entity.name, "digest"));
        }
    }
    check
}
