//! The three-way proof: what the source handed over is what the file's raw rows are; what was resolved is what was sent and
//! what the target shows. That raw and ready rows differ by recorded changes only is the check `every_change_is_explained`.

use super::contents::Sides;
use super::sent::Sent;
use crate::entity::Entity;
use crate::staging::{Check, FileReceipt, Finding, Level, Proof};

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

/// A check and what it proves.
pub const SNAPSHOT: (&str, &str) = (
    "snapshot_is_as_taken",
    "every raw table has the rows and the digest that the manifest noted when the source handed them over",
);
/// A check and what it proves.
pub const RECEIPTS: (&str, &str) = (
    "receipts_agree",
    "every ready row was sent as it stands in the file, and the target has the receipt of everything written",
);
/// A check and what it proves.
pub const DIGESTS: (&str, &str) = (
    "digests_agree",
    "the digest of the ready rows is the digest of the same rows read back from the target, for every entity",
);

/// The check that the raw rows are what the source handed over, with its proofs.
pub fn raw(tables: Vec<Proof>, findings: &mut Vec<Finding>, proofs: &mut Vec<Proof>) -> Check {
    let (name, sentence) = SNAPSHOT;
    let mut check = Check::of(Level::System, name, sentence.to_owned());
    for table in tables {
        if !table.is_equal && table.side == "staging" {
            check.wrong += 1;
            findings.push(Finding::of_table(name, &table.name, "digest"));
        }
        proofs.push(table);
    }
    check
}

/// The check that what is ready is what was sent: the rows give the digests of the receipts in the file, and the target has
/// the receipts of everything that was written.
pub fn receipts(
    sent: Vec<Sent>,
    in_target: &[String],
    findings: &mut Vec<Finding>,
    proofs: &mut Vec<Proof>,
) -> Check {
    let (name, sentence) = RECEIPTS;
    let mut check = Check::of(Level::System, name, sentence.to_owned());
    for Sent { merge, receipts, is_right, rows, digest } in sent {
        let (phase, entity) = (merge.phase.as_str(), merge.entity.name);
        let is_there =
            |receipt: &FileReceipt| in_target.contains(&format!("{phase} {entity} {}", receipt.digest));
        let are_there = receipts.iter().filter(|receipt| receipt.wrote).all(is_there);
        for (holds, field) in [(is_right, "digest"), (are_there, "receipt")] {
            if !holds {
                check.wrong += 1;
                findings.push(Finding::of_table(name, entity, &format!("{phase} {field}")));
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

/// The check that sums the proof of the ready rows up.
pub fn digests(entities: &[&Entity], proofs: &[Proof], findings: &mut Vec<Finding>) -> Check {
    let (name, sentence) = DIGESTS;
    let mut check = Check::of(Level::System, name, sentence.to_owned());
    for entity in entities {
        let is_equal = proofs.iter().any(|proof| {
            proof.part == "ready" && proof.name == entity.name && proof.side == "target" && proof.is_equal
        });
        if !is_equal {
            check.wrong += 1;
            findings.push(Finding::of_table(name, entity.name, "digest"));
        }
    }
    check
}
