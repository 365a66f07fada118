//! Whether a source has what the entities need, asked before anything is read. Pure.

use crate::error::{Error, Result};
use crate::legacy::Shape;

/// A column that an entity reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Need {
    /// The legacy table.
    pub table: &'static str,
    /// Its column.
    pub column: &'static str,
    /// Whether nothing goes without it; otherwise the rules that use it are switched off.
    pub required: bool,
}

/// What a source lacks, all of it at once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Missing {
    /// Tables that are needed and are not there.
    pub tables: Vec<&'static str>,
    /// Tables that would be read if they were there.
    pub optional_tables: Vec<&'static str>,
    /// Columns that are needed and are not there, in tables that are.
    pub columns: Vec<(&'static str, &'static str)>,
    /// Columns without which some rules are off, in tables that are there.
    pub optional_columns: Vec<(&'static str, &'static str)>,
}

/// Compares what is there with what is needed, in the order of the needs. A table is needed when one of its columns is.
pub fn missing(shapes: &[Shape], needs: &[Need]) -> Missing {
    let mut missing = Missing::default();
    for need in needs {
        match shapes.iter().find(|shape| shape.table == need.table) {
            Some(shape) if shape.columns.iter().any(|column| column == need.column) => {}
            Some(_) if need.required => missing.columns.push((need.table, need.column)),
            Some(_) => missing.optional_columns.push((need.table, need.column)),
            None => {
                let required = needs.iter().any(|other| other.table == need.table && other.required);
                let tables = if required { &mut missing.tables } else { &mut missing.optional_tables };
                if !tables.contains(&need.table) {
                    tables.push(need.table);
                }
            }
        }
    }
    missing
}

impl Missing {
    /// Refuses a source that lacks anything required, and names all of it in one message. `suffix` is what follows a table's
    /// name where each table is a file, such as `.csv`; `schemas` are those in which tables of these names are, `others` the
    /// tables that are there and that nothing reads.
    pub fn refuse(&self, suffix: &str, schemas: &[String], others: &[&str]) -> Result<()> {
        let kind = if suffix.is_empty() { "table" } else { "file" };
        let tables = self.tables.iter().map(|table| format!("{kind} {table}{suffix}"));
        let columns = self.columns.iter().map(|(table, column)| format!("column {table}.{column}"));
        let lacking: Vec<_> = tables.chain(columns).collect();
        if lacking.is_empty() {
            return Ok(());
        }
        let hint = if !self.tables.is_empty() && !suffix.is_empty() {
            let there = match others {
                [] => String::new(),
                others => format!("; there are {} that nothing reads", list(others)),
            };
            format!(
                "a file is named after its table: rename it to {}{suffix}, or add it{there}",
                self.tables[0]
            )
        } else if self.tables.is_empty() || schemas.is_empty() {
            "add them to the dump, or grant select on them to the role; a name may also differ in its capitals".to_owned()
        } else {
            format!(
                "tables of these names are in the schema {}: dump one schema alone (pg_dump --schema={}), or let the role look \
                 there first (alter role … set search_path)",
                schemas.join(" and in the schema "),
                schemas[0]
            )
        };
        Err(Error::legacy(format!("schema_mismatch: the legacy source lacks {}", lacking.join(", ")))
            .hint(hint))
    }
}

/// The first few names, and that there are more.
fn list(names: &[&str]) -> String {
    const SHOWN: usize = 8;
    let more = if names.len() > SHOWN { ", …" } else { "" };
    format!("{}{more}", names[..names.len().min(SHOWN)].join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEEDS: &[Need] = &[
        Need { table: "dispatch_patient", column: "id", required: true },
        Need { table: "dispatch_patient", column: "user_id", required: true },
        Need { table: "dispatch_patient", column: "doctor_id", required: false },
        Need { table: "auth_user", column: "id", required: true },
        Need { table: "auth_user", column: "email", required: true },
        Need { table: "dispatch_usersetting", column: "user_id", required: false },
    ];

    fn shape(table: &str, columns: &[&str]) -> Shape {
        Shape { table: table.into(), columns: columns.iter().map(ToString::to_string).collect() }
    }

    #[test]
    fn everything_missing_is_named_at_once() {
        let found = missing(&[shape("dispatch_patient", &["id", "sex"])], NEEDS);
        assert_eq!(
            found,
            Missing {
                tables: vec!["auth_user"],
                optional_tables: vec!["dispatch_usersetting"],
                columns: vec![("dispatch_patient", "user_id")],
                optional_columns: vec![("dispatch_patient", "doctor_id")],
            }
        );
        let message = found.refuse("", &[], &[]).unwrap_err().to_string();
        assert!(message.contains("table auth_user, column dispatch_patient.user_id"), "{message}");
        let message = found.refuse(".csv", &[], &["users"]).unwrap_err().to_string();
        assert!(message.contains("rename it to auth_user.csv, or add it; there are users that"), "{message}");
        assert!(message.contains("file auth_user.csv, column dispatch_patient.user_id"), "{message}");
        let message = found.refuse("", &["north".into(), "south".into()], &[]).unwrap_err().to_string();
        assert!(message.contains("the schema north and in the schema south: dump one"), "{message}");
    }

    #[test]
    fn optional_columns_refuse_nothing() {
        let shapes = [
            shape("dispatch_patient", &["user_id", "id"]),
            shape("auth_user", &["email", "id"]),
            shape("dispatch_usersetting", &["id", "user_id"]),
        ];
        let found = missing(&shapes, NEEDS);
        assert_eq!(found.optional_columns, [("dispatch_patient", "doctor_id")]);
        assert!(found.refuse("", &[], &[]).is_ok());
    }
}
