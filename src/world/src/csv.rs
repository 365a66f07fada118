//! Tables as CSV files. A null is nothing between two commas and an empty text is `""`, which no CSV library that is known
//! can write; so the few lines are here.

use std::path::Path;
use std::{fs, io};

use crate::World;
use crate::table::Table;

impl World {
    /// Writes each legacy table to `dir/TABLE.csv`, as `copy … to … (format csv, header)` does. Creates the directory.
    pub fn write_csv(&self, dir: &Path) -> io::Result<()> {
        write_csv_files(&self.tables, dir)
    }

    /// Writes the truth to `dir/truth_users.csv`, `truth_patients.csv` and `truth_relations.csv`; where there are cases, also to
    /// `truth_cases.csv`, `truth_projects.csv` and `truth_states.csv`.
    pub fn write_truth_csv(&self, dir: &Path) -> io::Result<()> {
        write_csv_files(&self.truth.tables(), dir)?;
        write_csv_files(&self.phase_three.tables(), dir)
    }
}

fn write_csv_files(tables: &[Table], dir: &Path) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    for table in tables {
        fs::write(dir.join(format!("{}.csv", table.name)), csv_text(table))?;
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::row;

    #[test]
    fn csv_tells_null_from_empty_text() {
        let mut table = Table::new("offices", &["id", "name", "order"]);
        table.rows.push(row![1_i64, "a\\b\t\"c\"\r\nd", None::<i64>]);
        table.rows.push(row![2_i64, "", "e, f"]);
        assert_eq!(csv_text(&table), "id,name,order\n1,\"a\\b\t\"\"c\"\"\r\nd\",\n2,\"\",\"e, f\"\n");
    }
}
