//! The raw rows against the manifest that was written when the source handed them over.

use rusqlite::Connection;

use crate::error::{Error, Result};
use crate::staging::file::open::{Reader, Staging};
use crate::staging::raw::snapshot::{TableManifest, inconsistent, manifest, manifest_digest};
use crate::staging::{Proof, quoted};

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

impl Staging {
    /// Proves that the file's raw rows are still those that the manifest was written for.
    pub fn prove_raw_rows(&self) -> Result<()> {
        prove_raw_rows(&self.connection)
    }
}

impl Reader {
    /// The same, beside whoever else reads.
    pub fn prove_raw_rows(&self) -> Result<()> {
        prove_raw_rows(&self.connection)
    }
}

/// Every row of every raw table is one that the source handed over, under its own key, and none is missing.
fn prove_raw_rows(connection: &Connection) -> Result<()> {
    let manifest = manifest(connection)?;
    for table in &manifest {
        let digest = manifest_digest(connection, table).map_err(|error| named(error, &table.table))?;
        if digest != table.digest || unreadable(connection, table)? != table.unreadable {
            return Err(inconsistent(&table.table));
        }
    }
    // the tables of the rules are there from the start, also where the source has none of them
    for table in crate::entity::legacy_tables() {
        let table = table.name;
        let sql = format!("select exists (select 1 from {})", quoted(&format!("legacy_{table}")));
        let is_taken = manifest.iter().any(|known| known.table == table);
        if !is_taken && connection.query_row(&sql, [], |row| row.get(0))? {
            return Err(inconsistent(table));
        }
    }
    Ok(())
}

/// The rows of the table that were set apart.
fn unreadable(connection: &Connection, table: &TableManifest) -> Result<u64> {
    let sql = "select count(*) from legacy_unreadable where table_name = ?";
    Ok(connection.query_row(sql, [&table.table], |row| row.get(0))?)
}

/// What SQLite cannot read, said with the table that it belongs to.
fn named(error: Error, table: &str) -> Error {
    if error.is_damage() { inconsistent(table) } else { error }
}
