//! Raw rows out, for the rules: in key order, a chunk at a time, or by key.

use std::collections::HashMap;

use rusqlite::Row;

use super::open::Staging;
use super::quoted;
use crate::entity::LegacyRow;
use crate::error::Result;
use crate::record::LegacyId;

impl Staging {
    /// The next rows of the table after `after`, at most `limit`, in key order.
    pub fn legacy_rows<R: LegacyRow>(&self, after: Option<LegacyId>, limit: usize) -> Result<Vec<R>> {
        let sql = format!("{} where legacy_id > ? order by legacy_id limit ?", self.select_legacy::<R>()?);
        let mut statement = self.connection.prepare_cached(&sql)?;
        let after = after.map_or(i64::MIN, |id| id.0);
        let rows = statement.query_map((after, limit), read::<R>)?.collect::<Result<_, rusqlite::Error>>()?;
        Ok(rows)
    }

    /// Every row of the table in key order, a chunk at a time.
    pub fn for_legacy_rows<R: LegacyRow>(
        &self,
        chunk: usize,
        mut each: impl FnMut(Vec<R>) -> Result<()>,
    ) -> Result<()> {
        let mut after = None;
        loop {
            let rows = self.legacy_rows::<R>(after, chunk)?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = Some(last.legacy_id());
            each(rows)?;
        }
    }

    /// The rows with these keys, as far as they exist.
    pub fn legacy_rows_by_id<R: LegacyRow>(
        &self,
        ids: impl Iterator<Item = LegacyId>,
    ) -> Result<HashMap<LegacyId, R>> {
        let mut ids: Vec<_> = ids.collect();
        ids.sort_unstable();
        ids.dedup();
        let (Some(first), Some(last)) = (ids.first().copied(), ids.last().copied()) else {
            return Ok(HashMap::new());
        };
        let mut rows = HashMap::with_capacity(ids.len());
        // ids that lie close together are read in one go
        if last.0.abs_diff(first.0) <= 4 * ids.len() as u64 {
            let sql = format!("{} where legacy_id between ? and ?", self.select_legacy::<R>()?);
            let mut statement = self.connection.prepare_cached(&sql)?;
            let mut found = statement.query((first.0, last.0))?;
            while let Some(row) = found.next()? {
                if ids.binary_search(&LegacyId(row.get(0)?)).is_ok() {
                    let row = read::<R>(row)?;
                    rows.insert(row.legacy_id(), row);
                }
            }
            return Ok(rows);
        }
        let mut statement =
            self.connection.prepare_cached(&format!("{} where legacy_id = ?", self.select_legacy::<R>()?))?;
        for id in ids {
            if let Some(row) = statement.query_map([id.0], read::<R>)?.next() {
                rows.insert(id, row?);
            }
        }
        Ok(rows)
    }

    /// How many readable rows the table has.
    pub fn count_legacy_rows(&self, table: &str) -> Result<u64> {
        let sql = format!("select count(*) from {}", quoted(&format!("legacy_{table}")));
        Ok(self.connection.query_row(&sql, [], |row| row.get(0))?)
    }

    /// The columns that rules need, null where the source has none of that name.
    fn select_legacy<R: LegacyRow>(&self) -> Result<String> {
        let table = R::TABLE;
        let raw_table = format!("legacy_{}", table.name);
        let mut statement = self.connection.prepare_cached("select name from pragma_table_info(?)")?;
        let present: Vec<String> =
            statement.query_map([&raw_table], |row| row.get(0))?.collect::<Result<_, rusqlite::Error>>()?;
        let listed: String = table
            .required_columns
            .iter()
            .chain(table.optional_columns)
            .map(|column| {
                if present.iter().any(|name| name == column) {
                    format!(", {}", quoted(column))
                } else {
                    ", null".to_owned()
                }
            })
            .collect();
        Ok(format!("select legacy_id{listed} from {}", quoted(&raw_table)))
    }
}

fn read<R: LegacyRow>(row: &Row<'_>) -> rusqlite::Result<R> {
    let legacy_id = LegacyId(row.get(0)?);
    let mut failed = None;
    let fields = (1..row.as_ref().column_count()).map(|column| {
        row.get(column).unwrap_or_else(|cause| {
            failed = Some(cause);
            None
        })
    });
    let read = R::from_fields(legacy_id, fields);
    failed.map_or(Ok(read), Err)
}
