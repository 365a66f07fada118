//! The three-way proof as one statement: source snapshot digest = digest of the raw rows; digest of the ready rows = digest of
//! the target; and every difference between raw and ready is an explained change. From what the last verification kept.

use rusqlite::{Connection, OptionalExtension};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::error::Result;
use crate::record::hex;
use crate::staging::Proof;
use crate::staging::file::open::Staging;

/// The statement, with what it rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ThreeWayProof {
    /// Whether all three parts hold.
    pub holds: bool,
    /// Whether the raw rows are what the source handed over.
    pub raw_is_as_taken: bool,
    /// What the source handed over.
    pub source: ProofSide,
    /// The raw rows in the file.
    pub raw: ProofSide,
    /// Values that rules changed between raw and ready, each a row of `changes`.
    pub changes: u64,
    /// Values that differ between raw and ready without such a row; null where the check was not made.
    pub unexplained: Option<u64>,
    /// Whether the ready rows are what was sent and what the target shows.
    pub ready_is_in_target: bool,
    /// The ready rows in the file.
    pub ready: ProofSide,
    /// The same rows in the target.
    pub target: ProofSide,
}

/// One side of it over all tables.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProofSide {
    /// Rows.
    pub rows: u64,
    /// SHA-256 over the names and digests of its tables, in order.
    pub digest: String,
}

impl Staging {
    /// The statement of the last verification; none before one.
    pub fn three_way_proof(&self) -> Result<Option<ThreeWayProof>> {
        let proofs = crate::staging::figures::proofs(&self.connection)?;
        three_way_proof(&self.connection, &proofs)
    }
}

/// Sums the parts up.
pub(in crate::staging) fn three_way_proof(
    connection: &Connection,
    proofs: &[Proof],
) -> Result<Option<ThreeWayProof>> {
    if proofs.is_empty() {
        return Ok(None);
    }
    let unexplained: Option<u64> = connection
        .query_row("select wrong from checks where name = 'every_change_is_explained'", [], |row| row.get(0))
        .optional()?;
    let changes = connection.query_row("select count(*) from changes", [], |row| row.get(0))?;
    let is_equal = |part: &str| proofs.iter().filter(|proof| proof.part == part).all(|proof| proof.is_equal);
    let (raw_is_as_taken, ready_is_in_target) = (is_equal("raw"), is_equal("ready"));
    Ok(Some(ThreeWayProof {
        holds: raw_is_as_taken && ready_is_in_target && unexplained == Some(0),
        raw_is_as_taken,
        source: side(proofs, "raw", "source"),
        raw: side(proofs, "raw", "staging"),
        changes,
        unexplained,
        ready_is_in_target,
        ready: side(proofs, "ready", "staging"),
        target: side(proofs, "ready", "target"),
    }))
}

fn side(proofs: &[Proof], part: &str, side: &str) -> ProofSide {
    let (mut rows, mut hash) = (0, Sha256::new());
    for proof in proofs.iter().filter(|proof| proof.part == part && proof.side == side) {
        rows += proof.rows;
        hash.update(format!("{} {} {}\n", proof.name, proof.rows, proof.digest));
    }
    let digest = hex(&hash.finalize());
    ProofSide { rows, digest }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proof(name: &str, side: &str, digest: &str) -> Proof {
        Proof {
            part: "raw".to_owned(),
            name: name.to_owned(),
            side: side.to_owned(),
            rows: 3,
            digest: digest.to_owned(),
            is_equal: true,
        }
    }

    #[test]
    fn equal_tables_give_equal_sides_and_nothing_else_does() {
        let sides = |second: &str, digest: &str| {
            let proofs = [
                proof("a", "source", "1"),
                proof("a", "staging", "1"),
                proof("b", "source", "2"),
                proof(second, "staging", digest),
            ];
            (side(&proofs, "raw", "source"), side(&proofs, "raw", "staging"))
        };
        let (source, staging) = sides("b", "2");
        assert_eq!((source.rows, &source), (6, &staging));
        for (second, digest) in [("b", "3"), ("c", "2")] {
            let (source, staging) = sides(second, digest);
            assert_ne!(source, staging, "{second} {digest}");
        }
    }
}
