//! Writes tables as CSV and as SQL. A null is nothing between two commas and an empty text is `""`, which no CSV
//! library of ours can write; so the few lines are here.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use super::World;
use super::table::Table;

/// The legacy DDL, file by file, in an order in which it can be run.
pub const LEGACY_DDL: [(&str, &str); 4] = [
    ("01_auth.sql", include_str!("../../../sql/legacy/01_auth.sql")),
    ("02_offices.sql", include_str!("../../../sql/legacy/02_offices.sql")),
    ("03_patients.sql", include_str!("../../../sql/legacy/03_patients.sql")),
    ("04_cases.sql", include_str!("../../../sql/legacy/04_cases.sql")),
];

impl World {
    /// Writes each legacy table to `dir/TABLE.csv`, as `copy … to … (format csv, header)` does. Creates the directory.
    pub fn write_csv(&self, dir: &Path) -> io::Result<()> {
        write_csv_files(&self.tables, dir)
    }

    /// Writes the truth to `dir/truth_users.csv`, `truth_patients.csv` and `truth_relations.csv`.
    pub fn write_truth_csv(&self, dir: &Path) -> io::Result<()> {
        write_csv_files(&self.truth.tables(), dir)
    }

    /// Writes a script for `psql` that makes the legacy tables and fills them.
    pub fn write_legacy_sql(&self, mut out: impl Write) -> io::Result<()> {
        out.write_all(SETTINGS.as_bytes())?;
        for (_, ddl) in LEGACY_DDL {
            out.write_all(ddl.as_bytes())?;
        }
        write_copy_blocks(&self.tables, out)
    }

    /// Writes a script for `psql` that fills the target as the first phase left it; the tables come from `sql/target`.
    pub fn write_target_sql(&self, mut out: impl Write) -> io::Result<()> {
        out.write_all(SETTINGS.as_bytes())?;
        write_copy_blocks(&self.phase_one.tables, out)
    }
}

/// All or nothing, whatever the session's defaults are.
const SETTINGS: &str = "\\set ON_ERROR_STOP on\nset client_encoding = 'UTF8';\nset datestyle = 'ISO';\nset timezone = 'UTC';\n\
                        set client_min_messages = warning;\nbegin;\n";

fn write_csv_files(tables: &[Table], dir: &Path) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    for table in tables {
        fs::write(dir.join(format!("{}.csv", table.name)), csv_text(table))?;
    }
    Ok(())
}

fn write_copy_blocks(tables: &[Table], out: impl Write) -> io::Result<()> {
    let mut out = BufWriter::new(out);
    for table in tables {
        writeln!(out, "{};", copy_statement(table))?;
        out.write_all(copy_text(table).as_bytes())?;
        out.write_all(b"\\.\n")?;
    }
    out.write_all(b"commit;\n")?;
    out.flush()
}

/// The table as CSV with a header, as the server writes it.
pub fn csv_text(table: &Table) -> String {
    let mut text = table.columns.join(",") + "\n";
    for row in &table.rows {
        for (nth, value) in row.iter().enumerate() {
            if nth > 0 {
                text.push(',');
            }
            match value.as_deref() {
                None => {}
                Some(value) if value.is_empty() || value.contains([',', '"', '\n', '\r']) => {
                    text.push('"');
                    text.push_str(&value.replace('"', "\"\""));
                    text.push('"');
                }
                Some(value) => text.push_str(value),
            }
        }
        text.push('\n');
    }
    text
}

/// `copy "TABLE" ("COLUMN", …) from stdin`, for [`copy_text`].
pub fn copy_statement(table: &Table) -> String {
    let columns = table.columns.iter().map(|column| format!("\"{column}\"")).collect::<Vec<_>>().join(", ");
    format!("copy \"{}\" ({columns}) from stdin", table.name)
}

/// The rows in COPY's text format, without the end mark.
pub fn copy_text(table: &Table) -> String {
    let mut text = String::new();
    for row in &table.rows {
        for (nth, value) in row.iter().enumerate() {
            if nth > 0 {
                text.push('\t');
            }
            let Some(value) = value else {
                text.push_str("\\N");
                continue;
            };
            for letter in value.chars() {
                match letter {
                    '\\' => text.push_str("\\\\"),
                    '\t' => text.push_str("\\t"),
                    '\n' => text.push_str("\\n"),
                    '\r' => text.push_str("\\r"),
                    _ => text.push(letter),
                }
            }
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::world::table::row;

    fn table() -> Table {
        let mut table = Table::new("offices", &["id", "name", "order"]);
        table.rows.push(row![1_i64, "a\\b\t\"c\"\r\nd", None::<i64>]);
        table.rows.push(row![2_i64, "", "e, f"]);
        table
    }

    #[test]
    fn csv_tells_null_from_empty_text() {
        assert_eq!(csv_text(&table()), "id,name,order\n1,\"a\\b\t\"\"c\"\"\r\nd\",\n2,\"\",\"e, f\"\n");
    }

    #[test]
    fn copy_escapes_what_it_would_misread() {
        assert_eq!(copy_text(&table()), "1\ta\\\\b\\t\"c\"\\r\\nd\t\\N\n2\t\te, f\n");
        assert_eq!(copy_statement(&table()), "copy \"offices\" (\"id\", \"name\", \"order\") from stdin");
    }
}
