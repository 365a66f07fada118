//! Raw rows out, for the rules: in key order, a chunk at a time, or by key.

use rusqlite::{Connection, Row};

use super::open::Staging;
use super::quoted;
use crate::entity::LegacyRow;
use crate::error::Result;
use crate::record::{LegacyId, Text};

/// Rows in the order of their keys, which differ.
#[derive(Debug)]
pub struct ById<R>(Vec<R>);

impl<R: LegacyRow> ById<R> {
    /// The row with this key.
    pub fn get(&self, id: LegacyId) -> Option<&R> {
        let position = self.0.binary_search_by_key(&id, LegacyRow::legacy_id).ok()?;
        self.0.get(position)
    }
}

impl Staging {
    /// The next rows of the table after `after`, at most `limit`, in key order.
    pub fn legacy_rows<R: LegacyRow>(&self, after: Option<LegacyId>, limit: usize) -> Result<Vec<R>> {
        legacy_rows(&self.connection, after, limit)
    }

    /// The rows with these keys, as far as they exist.
    pub fn legacy_rows_by_id<R: LegacyRow>(&self, ids: impl Iterator<Item = LegacyId>) -> Result<ById<R>> {
        let mut ids: Vec<_> = ids.collect();
        ids.sort_unstable();
        ids.dedup();
        let mut rows = Vec::with_capacity(ids.len());
        let (Some(first), Some(last)) = (ids.first(), ids.last()) else { return Ok(ById(rows)) };
        // keys that lie close together are read in one go
        if last.0.abs_diff(first.0) <= 4 * ids.len() as u64 {
            let sql = format!(
                "{} where legacy_id between ? and ? order by legacy_id",
                select_legacy::<R>(&self.connection)?
            );
            let mut statement = self.connection.prepare_cached(&sql)?;
            let mut found = statement.query((first.0, last.0))?;
            let mut wanted = ids.iter().peekable();
            while let Some(row) = found.next()? {
                let id = LegacyId(row.get(0)?);
                while wanted.next_if(|wanted| **wanted < id).is_some() {}
                if wanted.next_if_eq(&&id).is_some() {
                    rows.push(read::<R>(row)?);
                }
            }
            return Ok(ById(rows));
        }
        let mut statement = self
            .connection
            .prepare_cached(&format!("{} where legacy_id = ?", select_legacy::<R>(&self.connection)?))?;
        for id in ids {
            if let Some(row) = statement.query_map([id.0], read::<R>)?.next() {
                rows.push(row?);
            }
        }
        Ok(ById(rows))
    }

    /// How many readable rows the table has.
    pub fn count_legacy_rows(&self, table: &str) -> Result<u64> {
        let sql = format!("select count(*) from {}", quoted(&format!("legacy_{table}")));
        Ok(self.connection.query_row(&sql, [], |row| row.get(0))?)
    }
}

/// Every row of the table in key order, a chunk at a time.
pub(super) fn for_legacy_rows<R: LegacyRow>(
    connection: &Connection,
    chunk: usize,
    mut each: impl FnMut(Vec<R>) -> Result<()>,
) -> Result<()> {
    let mut after = None;
    loop {
        let rows = legacy_rows::<R>(connection, after, chunk)?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = Some(last.legacy_id());
        each(rows)?;
    }
}

fn legacy_rows<R: LegacyRow>(
    connection: &Connection,
    after: Option<LegacyId>,
    limit: usize,
) -> Result<Vec<R>> {
    let sql = format!("{} where legacy_id > ? order by legacy_id limit ?", select_legacy::<R>(connection)?);
    let mut statement = connection.prepare_cached(&sql)?;
    let after = after.map_or(i64::MIN, |id| id.0);
    let rows = statement.query_map((after, limit), read::<R>)?.collect::<Result<_, rusqlite::Error>>()?;
    Ok(rows)
}

/// The columns that rules need, null where the source has none of that name.
fn select_legacy<R: LegacyRow>(connection: &Connection) -> Result<String> {
    let table = R::TABLE;
    let raw_table = format!("legacy_{}", table.name);
    let mut statement = connection.prepare_cached("select name from pragma_table_info(?)")?;
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

fn read<R: LegacyRow>(row: &Row<'_>) -> rusqlite::Result<R> {
    let legacy_id = LegacyId(row.get(0)?);
    let mut failed = None;
    let fields = (1..row.as_ref().column_count()).map(|column| {
        let text = row.get_ref(column).and_then(|value| Ok(value.as_str_or_null()?.map(Text::from)));
        text.unwrap_or_else(|cause| {
            failed = Some(cause);
            None
        })
    });
    let read = R::from_fields(legacy_id, fields);
    failed.map_or(Ok(read), Err)
}
