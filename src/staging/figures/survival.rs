//! The survival table: of each field, what became of the values that the source gave, as the last verification counted it.

use rusqlite::Connection;
use rusqlite::types::ValueRef;

use crate::error::Result;
use crate::staging::file::open::Staging;
use crate::staging::file::row::{all, row_struct};

row_struct! {
    /// What became of the values of one field.
    #[derive(Debug, Clone, PartialEq, serde::Serialize)]
    pub struct Survival {
        /// The entity.
        pub entity: String,
        /// The field of the target.
        pub field: String,
        /// The columns of the legacy tables that it comes from.
        pub source: String,
        /// Values that the source gave.
        pub given: u64,
        /// Those that the target has as they were.
        pub as_it_was: u64,
        /// Those that it has in another form.
        pub changed: u64,
        /// Those in whose place it has something else.
        pub replaced: u64,
        /// Those in whose place it has nothing.
        pub emptied: u64,
        /// Those of records that it does not have.
        pub left_out: u64,
        /// Values that it shows otherwise than they were sent.
        pub differs: u64,
        /// Values that are no longer there, in a hundred of those given; null where none was.
        pub percent_lost: Option<f64>,
        /// The rules that changed values of the field, with how many: the most frequent first.
        pub rules: String,
    }
}

impl Staging {
    /// The survival table, the fields that lose most first.
    pub fn survival(&self) -> Result<Vec<Survival>> {
        survival(&self.connection)
    }

    /// Replaces the survival table.
    pub fn replace_survival(&mut self, fields: &[Survival]) -> Result<()> {
        self.transaction(|connection| {
            connection.execute_batch("delete from survival")?;
            let mut insert = connection.prepare(
                "insert into survival (position, entity, field, source, given, as_it_was, changed, replaced, emptied, left_out, \
                 differs) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )?;
            for (position, field) in fields.iter().enumerate() {
                insert.execute((
                    position,
                    &field.entity,
                    &field.field,
                    &field.source,
                    field.given,
                    field.as_it_was,
                    field.changed,
                    field.replaced,
                    field.emptied,
                    field.left_out,
                    field.differs,
                ))?;
            }
            // the changes of a million records are read once, and not by everybody who looks
            connection.execute_batch(
                "with by_rule as materialized (select * from v_changes_by_rule order by changes desc, rule) \
                 update survival set rules = coalesce(( \
                     select group_concat(rule || ' ' || changes, ', ') from by_rule r \
                     where r.entity = survival.entity and r.field = survival.field), '')",
            )?;
            Ok(())
        })
    }
}

/// The table, the fields that lose most first.
pub(in crate::staging) fn survival(connection: &Connection) -> Result<Vec<Survival>> {
    all(connection, "select * from v_survival", [])
}

/// Runs a query and hands over each row as texts.
pub(in crate::staging) fn for_texts(
    connection: &Connection,
    sql: &str,
    mut each: impl FnMut(&[Option<&str>]) -> Result<()>,
) -> Result<()> {
    let mut statement = connection.prepare(sql)?;
    let width = statement.column_count();
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let mut texts = Vec::with_capacity(width);
        for column in 0..width {
            texts.push(match row.get_ref(column)? {
                ValueRef::Null => None,
                value => Some(value.as_str().map_err(rusqlite::Error::from)?),
            });
        }
        each(&texts)?;
    }
    Ok(())
}
