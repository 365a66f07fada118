//! The invented world, which is a crate of its own and knows of no database, as databases take it: the legacy tables' DDL, and
//! scripts for `psql`.

use std::io::{self, BufWriter, Write};

pub use drydock_world::*;

use crate::record::quoted;
use crate::target::encode_row;

/// The legacy DDL, file by file, in an order in which it can be run.
pub const LEGACY_DDL: [(&str, &str); 4] = [
    ("01_auth.sql", include_str!("../../sql/legacy/01_auth.sql")),
    ("02_offices.sql", include_str!("../../sql/legacy/02_offices.sql")),
    ("03_patients.sql", include_str!("../../sql/legacy/03_patients.sql")),
    ("04_cases.sql", include_str!("../../sql/legacy/04_cases.sql")),
];

/// All or nothing, whatever the session's defaults are.
const SETTINGS: &str = "\\set ON_ERROR_STOP on\nset client_encoding = 'UTF8';\nset datestyle = 'ISO';\nset timezone = 'UTC';\n\
                        set client_min_messages = warning;\nbegin;\n";

/// Writes a script for `psql` that makes the legacy tables and fills them.
pub fn write_legacy_sql(world: &World, mut out: impl Write) -> io::Result<()> {
    out.write_all(SETTINGS.as_bytes())?;
    for (_, ddl) in LEGACY_DDL {
        out.write_all(ddl.as_bytes())?;
    }
    write_copy_blocks(&world.tables, out)
}

/// Writes a script for `psql` that fills the target as the first phase left it; the tables come from `sql/target`.
pub fn write_target_sql(world: &World, mut out: impl Write) -> io::Result<()> {
    out.write_all(SETTINGS.as_bytes())?;
    write_copy_blocks(&world.phase_one.tables, out)
}

fn write_copy_blocks(tables: &[Table], out: impl Write) -> io::Result<()> {
    let mut out = BufWriter::new(out);
    for table in tables {
        writeln!(out, "{};", copy_statement(table))?;
        out.write_all(&copy_text(table))?;
        out.write_all(b"\\.\n")?;
    }
    out.write_all(b"commit;\n")?;
    out.flush()
}

/// `copy "TABLE" ("COLUMN", …) from stdin`, for [`copy_text`].
pub fn copy_statement(table: &Table) -> String {
    let columns = table.columns.iter().map(|column| quoted(column)).collect::<Vec<_>>().join(", ");
    format!("copy {} ({columns}) from stdin", quoted(table.name))
}

/// The rows in COPY's text format, without the end mark.
pub fn copy_text(table: &Table) -> Vec<u8> {
    let mut text = Vec::new();
    for row in &table.rows {
        encode_row(&mut text, row.iter().map(Option::as_deref));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copy_escapes_what_it_would_misread() {
        let row = |values: [Option<&str>; 3]| values.map(|value| value.map(str::to_owned)).to_vec();
        let table = Table {
            name: "offices",
            columns: vec!["id", "name", "order"],
            rows: vec![
                row([Some("1"), Some("a\\b\t\"c\"\r\nd"), None]),
                row([Some("2"), Some(""), Some("e, f")]),
            ],
        };
        assert_eq!(copy_text(&table), b"1\ta\\\\b\\t\"c\"\\r\\nd\t\\N\n2\t\te, f\n");
        assert_eq!(copy_statement(&table), "copy \"offices\" (\"id\", \"name\", \"order\") from stdin");
    }
}
