//! The raw rows against the manifest that was written when the source handed them over.

use super::Proof;
use super::open::Staging;
use crate::error::Result;

impl Staging {
    /// For every raw table both sides of the proof: what the manifest says of the source, and what the file holds.
    pub fn raw_proofs(&self) -> Result<Vec<Proof>> {
        let mut proofs = Vec::new();
        for table in self.manifest()? {
            let rows = table.rows - table.unreadable;
            let (rows_now, digest_now) =
                (self.count_legacy_rows(&table.table)?, self.snapshot_digest(&table)?);
            let is_equal = rows == rows_now && table.digest == digest_now;
            let proof = |side: &str, rows, digest: &str| Proof {
                part: "raw".to_owned(),
                name: table.table.clone(),
                side: side.to_owned(),
                rows,
                digest: digest.to_owned(),
                is_equal,
            };
            proofs.push(proof("source", rows, &table.digest));
            proofs.push(proof("staging", rows_now, &digest_now));
        }
        Ok(proofs)
    }
}
