//! The raw rows against the manifest that was written when the source handed them over.

use rusqlite::types::ValueRef;
use sha2::{Digest, Sha256};

use super::open::Staging;
use super::{Proof, quoted};
use crate::error::Result;

impl Staging {
    /// For every raw table both sides of the proof: what the manifest says of the source, and what the file holds. Where
    /// the manifest keeps no digest, the number of rows has to do.
    pub fn raw_proofs(&self) -> Result<Vec<Proof>> {
        let has_digest: bool = self.connection.query_row(
            "select exists (select 1 from pragma_table_info('legacy_tables') where name = 'digest')",
            [],
            |row| row.get(0),
        )?;
        let digest = if has_digest { "digest" } else { "''" };
        let mut statement = self.connection.prepare(&format!(
            "select table_name, rows - unreadable, {digest}, columns from legacy_tables order by position"
        ))?;
        let manifest: Vec<(String, u64, String, String)> = statement
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?
            .collect::<Result<_, rusqlite::Error>>()?;
        let mut proofs = Vec::new();
        for (table, rows, digest, columns) in manifest {
            let columns: Vec<String> = serde_json::from_str(&columns).unwrap_or_default();
            let (rows_now, digest_now) = self.raw_digest(&table, &columns)?;
            let is_equal = rows == rows_now && (digest.is_empty() || digest == digest_now);
            let proof = |side: &str, rows, digest: &str| Proof {
                part: "raw".to_owned(),
                name: table.clone(),
                side: side.to_owned(),
                rows,
                digest: digest.to_owned(),
                is_equal,
            };
            proofs.push(proof("source", rows, &digest));
            proofs.push(proof("staging", rows_now, &digest_now));
        }
        Ok(proofs)
    }

    /// Rows, and SHA-256 over a head (`drydock rows 1`, a line feed, the number of columns and their names) and every row in
    /// key order, field by field in the order of the columns' names: 0 for null, else 1, the length and the bytes. Numbers
    /// have 4 bytes, the most significant first.
    fn raw_digest(&self, table: &str, columns: &[String]) -> Result<(u64, String)> {
        let mut columns: Vec<&str> = columns.iter().map(String::as_str).collect();
        columns.sort_unstable();
        let mut hash = Sha256::new();
        hash.update(b"drydock rows 1\n");
        hash.update(length(columns.len()));
        for column in &columns {
            hash.update(length(column.len()));
            hash.update(column);
        }
        let listed: String = columns.iter().map(|column| format!(", {}", quoted(column))).collect();
        let mut statement = self.connection.prepare(&format!(
            "select legacy_id{listed} from {} order by legacy_id",
            quoted(&format!("legacy_{table}"))
        ))?;
        let (mut count, mut line) = (0, Vec::new());
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            line.clear();
            for column in 1..=columns.len() {
                match row.get_ref(column)? {
                    ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
                        line.push(1);
                        line.extend_from_slice(&length(bytes.len()));
                        line.extend_from_slice(bytes);
                    }
                    // raw values are text or null
                    _ => line.push(0),
                }
            }
            hash.update(&line);
            count += 1;
        }
        Ok((count, hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()))
    }
}

fn length(bytes: usize) -> [u8; 4] {
    u32::try_from(bytes).unwrap_or(u32::MAX).to_be_bytes()
}
