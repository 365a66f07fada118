//! Rows that have no place in their table: unreadable ones, ones without a key, and ones whose key another row has.

use super::batch::{Arrived, Batch, Spot};
use super::table::SnapshotTable;
use super::{places_table, raw_table};
use crate::error::Result;
use crate::record::LegacyId;
use crate::staging::file::disk;

impl SnapshotTable<'_> {
    /// Keeps what has no place in the table.
    pub(super) fn keep_apart(&mut self, batch: &Batch, arrived: &Arrived) -> Result<()> {
        match arrived {
            Arrived::Row { first, spot, .. } => {
                let raw = as_json(batch.fields(*first, self.manifest.columns.len()));
                self.keep("key_invalid", None, batch, *spot, &raw)
            }
            Arrived::Unreadable { reason, key, raw, spot } => {
                self.keep(reason, *key, batch, *spot, batch.raw(raw))
            }
        }
    }

    /// Keeps a row that is not a record of its table.
    pub(super) fn keep(
        &mut self,
        reason: &str,
        key: Option<LegacyId>,
        batch: &Batch,
        spot: Spot,
        raw: &[u8],
    ) -> Result<()> {
        self.manifest.bytes += raw.len() as u64;
        self.keep_unreadable(reason, key.map(|key| key.0), batch.file.as_deref(), spot, raw)
    }

    fn keep_unreadable(
        &mut self,
        reason: &str,
        key: Option<i64>,
        file: Option<&str>,
        spot: Spot,
        raw: &[u8],
    ) -> Result<()> {
        self.numbers += 1;
        self.manifest.rows += 1;
        self.manifest.unreadable += 1;
        self.connection
            .prepare_cached(
                "insert into legacy_unreadable (table_name, number, reason, legacy_id, file, line, byte, raw) \
                 values (?, ?, ?, ?, ?, ?, ?, ?)",
            )?
            .execute((&self.manifest.table, self.numbers, reason, key, file, spot.line, spot.byte, raw))
            .map_err(|cause| disk::refused(&self.path, cause))?;
        Ok(())
    }

    /// Takes a row's place out of its table.
    fn take_place(&mut self, key: i64) -> Result<Spot> {
        if self.places.is_none() {
            return Ok(Spot::default());
        }
        let places = places_table(&self.manifest.table);
        let spot = self.connection.query_row(
            &format!("delete from {places} where legacy_id = ? returning line, byte"),
            [key],
            |row| Ok(Spot { line: row.get(0)?, byte: row.get(1)? }),
        )?;
        Ok(spot)
    }

    /// Of several rows under one key none is known to be the right one: the first is set apart with the others, so that
    /// the order of arrival decides nothing. Rows that say the same in every field are one row and its copies.
    pub(super) fn set_apart_clashes(&mut self) -> Result<()> {
        let raw_table = raw_table(&self.manifest.table);
        for key in std::mem::take(&mut self.clashes) {
            let first: Vec<Option<String>> = self.connection.query_row(
                &format!("select * from {raw_table} where legacy_id = ?"),
                [key],
                |row| (1..row.as_ref().column_count()).map(|column| row.get(column)).collect(),
            )?;
            let raw = as_json(first.iter().map(|field| field.as_deref().map(str::as_bytes)));
            self.connection.execute(
                "update legacy_unreadable set reason = 'duplicate_row' \
                 where table_name = ? and reason = 'duplicate_key' and legacy_id = ? and raw = ?",
                (&self.manifest.table, key, &raw),
            )?;
            let others: u64 = self.connection.query_row(
                "select count(*) from legacy_unreadable \
                 where table_name = ? and reason = 'duplicate_key' and legacy_id = ?",
                (&self.manifest.table, key),
                |row| row.get(0),
            )?;
            if others > 0 {
                // counted as arrived already, as a row of its table
                self.manifest.rows -= 1;
                let spot = self.take_place(key)?;
                let file = self.file.clone();
                self.keep_unreadable("duplicate_key", Some(key), file.as_deref(), spot, &raw)?;
                self.connection.execute(&format!("delete from {raw_table} where legacy_id = ?"), [key])?;
            }
        }
        Ok(())
    }
}

/// A row that was read but cannot be placed, as a JSON array of its fields.
pub(super) fn as_json<'a>(fields: impl Iterator<Item = Option<&'a [u8]>>) -> Vec<u8> {
    let fields: Vec<_> = fields.map(|field| field.map(String::from_utf8_lossy)).collect();
    serde_json::json!(fields).to_string().into_bytes()
}
