//! A table as text: what COPY would print, column by column.

use chrono::NaiveDate;

use crate::id::LegacyId;
use crate::rows::Moment;

/// A table with its values exactly as the server prints them under `datestyle = ISO` and `timezone = UTC`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// The table's name, without a schema.
    pub name: &'static str,
    /// The columns, in the order of the DDL.
    pub columns: Vec<&'static str>,
    /// The rows, by rising primary key; `None` is null.
    pub rows: Vec<Vec<Option<String>>>,
}

impl Table {
    pub(crate) fn new(name: &'static str, columns: &[&'static str]) -> Self {
        Self { name, columns: columns.to_vec(), rows: Vec::new() }
    }

    /// The position of a column.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| *column == name)
    }

    /// The values of one column, row by row; nothing when there is no such column.
    pub fn values<'a>(&'a self, name: &str) -> impl Iterator<Item = Option<&'a str>> {
        let column = self.column(name);
        self.rows.iter().filter_map(move |row| column.map(|column| row[column].as_deref()))
    }
}

/// One value as text; `None` is null.
pub(crate) trait Cell {
    fn cell(&self) -> Option<String>;
}

impl Cell for bool {
    fn cell(&self) -> Option<String> {
        Some(if *self { "t" } else { "f" }.to_owned())
    }
}

impl Cell for Moment {
    /// The fraction's trailing zeros are left out, as the server does.
    fn cell(&self) -> Option<String> {
        let fraction = format!(".{:06}", self.timestamp_subsec_micros());
        let fraction = fraction.trim_end_matches('0').trim_end_matches('.');
        Some(format!("{}{fraction}+00", self.format("%Y-%m-%d %H:%M:%S")))
    }
}

macro_rules! cells_by_display {
    ($($kind:ty),+) => { $(impl Cell for $kind {
        fn cell(&self) -> Option<String> {
            Some(self.to_string())
        }
    })+ };
}
cells_by_display!(i64, usize, String, &str, NaiveDate, uuid::Uuid, LegacyId);

impl<T: Cell> Cell for Option<T> {
    fn cell(&self) -> Option<String> {
        self.as_ref().and_then(Cell::cell)
    }
}

/// A row of cells: `row![id, name, archived]`.
macro_rules! row {
    ($($value:expr),+ $(,)?) => { vec![$($crate::table::Cell::cell(&$value)),+] };
}
pub(crate) use row;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_printed_as_postgresql_prints_them() {
        let moment = |text: &str| text.parse::<Moment>().unwrap_or_default().cell();
        for (given, printed) in [
            ("2019-03-04T05:06:07.123456Z", "2019-03-04 05:06:07.123456+00"),
            ("2019-03-04T05:06:07.120000Z", "2019-03-04 05:06:07.12+00"),
            ("2019-03-04T05:06:30Z", "2019-03-04 05:06:30+00"),
            ("2019-03-04T00:00:00Z", "2019-03-04 00:00:00+00"),
        ] {
            assert_eq!(moment(given).as_deref(), Some(printed));
        }
        assert_eq!(row![true, 4_i64, None::<String>], [Some("t".to_owned()), Some("4".to_owned()), None]);
    }
}
