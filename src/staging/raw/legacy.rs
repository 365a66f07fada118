//! Raw rows out, for the rules: in key order, a chunk at a time, or by key.

use rusqlite::{Connection, Row};

use crate::columns::{Form, Forms};
use crate::entity::{Converted, LegacyRow, LegacyTable, OfFields, Raw};
use crate::error::Result;
use crate::record::{LegacyId, Text};
use crate::staging::file::open::Staging;
use crate::staging::quoted;
use crate::staging::raw::snapshot::inconsistent;

/// Rows in the order of their keys, which differ.
#[derive(Debug)]
pub struct ById(Vec<Raw>);

impl ById {
    /// The row with this key.
    pub fn get(&self, id: LegacyId) -> Option<&Raw> {
        let position = self.0.binary_search_by_key(&id, |row| row.legacy_id).ok()?;
        self.0.get(position)
    }
}

/// Bytes of values that are read at once, and a row more: fewer rows than asked for are read where they are long.
const MOST_BYTES: usize = 16 * 1024 * 1024;

impl Staging {
    /// The rows with these keys, as far as they exist.
    pub fn legacy_rows_by_id(
        &self,
        table: &LegacyTable,
        ids: impl Iterator<Item = LegacyId>,
    ) -> Result<ById> {
        let mut ids: Vec<_> = ids.collect();
        ids.sort_unstable();
        ids.dedup();
        let mut rows = Vec::with_capacity(ids.len());
        let (Some(first), Some(last)) = (ids.first(), ids.last()) else { return Ok(ById(rows)) };
        let forms = self.forms.of(table);
        let forms = forms.as_deref();
        // keys that lie close together are read in one go
        if last.0.abs_diff(first.0) <= 4 * ids.len() as u64 {
            let sql = format!(
                "{} where legacy_id between ? and ? order by legacy_id",
                select_legacy(&self.connection, table)?
            );
            let mut statement = self.connection.prepare_cached(&sql)?;
            let mut found = statement.query((first.0, last.0))?;
            let mut wanted = ids.iter().peekable();
            while let Some(row) = found.next()? {
                let id = LegacyId(row.get(0)?);
                while wanted.next_if(|wanted| **wanted < id).is_some() {}
                if wanted.next_if_eq(&&id).is_some() {
                    rows.push(read(row, forms)?.1);
                }
            }
            return Ok(ById(rows));
        }
        let mut statement = self
            .connection
            .prepare_cached(&format!("{} where legacy_id = ?", select_legacy(&self.connection, table)?))?;
        for id in ids {
            if let Some(row) = statement.query_map([id.0], |row| read(row, forms))?.next() {
                rows.push(row?.1);
            }
        }
        Ok(ById(rows))
    }

    /// The keys of the table's readable rows, in order.
    pub fn legacy_keys(&self, table: &LegacyTable) -> Result<Vec<LegacyId>> {
        let raw_table = quoted(&format!("legacy_{}", table.name));
        let mut statement =
            self.connection.prepare(&format!("select legacy_id from {raw_table} order by legacy_id"))?;
        let keys = statement.query_map([], |row| row.get(0).map(LegacyId))?;
        Ok(keys.collect::<Result<_, rusqlite::Error>>()?)
    }

    /// How many readable rows the table has.
    pub fn count_legacy_rows(&self, table: &str) -> Result<u64> {
        let sql = format!("select count(*) from {}", quoted(&format!("legacy_{table}")));
        Ok(self.connection.query_row(&sql, [], |row| row.get(0))?)
    }
}

/// Every row of the table in key order, a chunk at a time, its values read by the forms of their columns.
pub(in crate::staging) fn for_legacy_rows<R: LegacyRow>(
    connection: &Connection,
    forms: &Forms,
    chunk: usize,
    mut each: impl FnMut(Vec<R>) -> Result<()>,
) -> Result<()> {
    let forms = forms.of(R::TABLE);
    let mut after = None;
    loop {
        let rows: Vec<R> = legacy_rows(connection, forms.as_deref(), R::TABLE, after, chunk)?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = Some(last.legacy_id());
        each(rows)?;
    }
}

pub(in crate::staging) fn legacy_rows<R: OfFields>(
    connection: &Connection,
    forms: Option<&[Option<&Form>]>,
    table: &LegacyTable,
    after: Option<LegacyId>,
    limit: usize,
) -> Result<Vec<R>> {
    let sql = format!("{} where legacy_id > ? order by legacy_id limit ?", select_legacy(connection, table)?);
    let mut statement = connection.prepare_cached(&sql)?;
    let mut last = after.map_or(i64::MIN, |id| id.0);
    let mut found = statement.query((last, limit))?;
    let (mut rows, mut bytes) = (Vec::new(), 0);
    while bytes < MOST_BYTES
        && let Some(row) = found.next()?
    {
        let (LegacyId(id), row, length) = read(row, forms)?;
        // in a damaged file the same rows can come again without end
        if id <= last {
            return Err(inconsistent(table.name));
        }
        last = id;
        rows.push(row);
        bytes += length;
    }
    Ok(rows)
}

/// The columns that rules need, null where the source has none of that name.
fn select_legacy(connection: &Connection, table: &LegacyTable) -> Result<String> {
    let raw_table = format!("legacy_{}", table.name);
    let mut statement = connection.prepare_cached("select name from pragma_table_info(?)")?;
    let present: Vec<String> =
        statement.query_map([&raw_table], |row| row.get(0))?.collect::<Result<_, rusqlite::Error>>()?;
    let listed: String = table
        .fields()
        .map(|(column, _)| {
            if present.iter().any(|name| name == column) {
                format!(", {}", quoted(column))
            } else {
                ", null".to_owned()
            }
        })
        .collect();
    Ok(format!("select legacy_id{listed} from {}", quoted(&raw_table)))
}

/// A row with its key, and the bytes of its values.
fn read<R: OfFields>(
    row: &Row<'_>,
    forms: Option<&[Option<&Form>]>,
) -> rusqlite::Result<(LegacyId, R, usize)> {
    let legacy_id = LegacyId(row.get(0)?);
    let (mut failed, mut bytes, mut converted) = (None, 0, Vec::new());
    let fields = (1..row.as_ref().column_count()).map(|column| {
        let text = row.get_ref(column).and_then(|value| value.as_str_or_null().map_err(Into::into));
        let raw = text.unwrap_or_else(|cause| {
            failed = Some(cause);
            None
        });
        bytes += raw.map_or(0, str::len);
        let form = forms.and_then(|forms| forms[column - 1]);
        match form.and_then(|form| form.read(raw)) {
            None => raw.map(Text::from),
            Some(read) => {
                let note = |rule| Converted { column: column - 1, before: raw.map(Text::from), rule };
                converted.extend(read.rule.map(note));
                read.value
            }
        }
    });
    let mut typed = R::from_fields(legacy_id, fields);
    if !converted.is_empty() {
        typed.converted(converted);
    }
    failed.map_or(Ok((legacy_id, typed, bytes)), Err)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::profiles::Group;

    #[test]
    fn long_rows_come_a_few_at_a_time_and_all_of_them() {
        let connection = Connection::open_in_memory().unwrap();
        let create = "create table legacy_auth_group (legacy_id integer primary key, name text)";
        connection.execute_batch(create).unwrap();
        let long = "x".repeat(6 * 1024 * 1024);
        for id in 1..=30 {
            let name = if id <= 7 { &long } else { "short" };
            connection.execute("insert into legacy_auth_group values (?, ?)", (id, name)).unwrap();
        }
        let (mut ids, mut sizes) = (Vec::new(), Vec::new());
        for_legacy_rows::<Group>(&connection, &Forms::default(), 20, |rows| {
            sizes.push(rows.len());
            ids.extend(rows.iter().map(|row| row.legacy_id.0));
            Ok(())
        })
        .unwrap();
        assert_eq!(ids, (1..=30).collect::<Vec<_>>());
        assert_eq!(sizes, [3, 3, 20, 4]);
    }
}
