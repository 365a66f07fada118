//! Rows as structs: a struct that [`row_struct`] declares is read by the names of its fields, so that no column is counted
//! and no field is named twice.

use rusqlite::types::{FromSql, FromSqlResult, ValueRef};
use rusqlite::{Connection, OptionalExtension, Params, Row};

use crate::error::Result;
use crate::record::LegacyId;

/// Declares a struct and how a row becomes one: each field is the column of its name.
macro_rules! row_struct {
    ($(#[$about:meta])* pub struct $name:ident {
        $($(#[$of_field:meta])* pub $field:ident: $type:ty,)+
    }) => {
        $(#[$about])*
        pub struct $name {
            $($(#[$of_field])* pub $field: $type,)+
        }

        impl $crate::staging::file::row::OfRow for $name {
            fn of_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
                Ok(Self { $($field: row.get(stringify!($field))?,)+ })
            }
        }
    };
}

pub(in crate::staging) use row_struct;

/// What a row becomes: a struct of [`row_struct`], or a tuple of its columns in their order.
pub(in crate::staging) trait OfRow: Sized {
    /// Reads it.
    fn of_row(row: &Row<'_>) -> rusqlite::Result<Self>;
}

impl<A: FromSql> OfRow for (A,) {
    fn of_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok((row.get(0)?,))
    }
}

impl<A: FromSql, B: FromSql> OfRow for (A, B) {
    fn of_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok((row.get(0)?, row.get(1)?))
    }
}

impl<A: FromSql, B: FromSql, C: FromSql> OfRow for (A, B, C) {
    fn of_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?))
    }
}

/// Every row of a query.
pub(in crate::staging) fn all<T: OfRow>(
    connection: &Connection,
    sql: &str,
    parameters: impl Params,
) -> Result<Vec<T>> {
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map(parameters, T::of_row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The first row of a query, if it has one.
pub(in crate::staging) fn first<T: OfRow>(
    connection: &Connection,
    sql: &str,
    parameters: impl Params,
) -> Result<Option<T>> {
    Ok(connection.query_row(sql, parameters, T::of_row).optional()?)
}

/// The row of a query that has one in any case.
pub(in crate::staging) fn only<T: OfRow>(
    connection: &Connection,
    sql: &str,
    parameters: impl Params,
) -> Result<T> {
    Ok(connection.query_row(sql, parameters, T::of_row)?)
}

impl FromSql for LegacyId {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_i64().map(LegacyId)
    }
}
