//! What became of the values: field by field how many arrived, and how the columns that they come from are written.

use super::super::lookup::Lookup;
use super::markup::{Cell, table};

/// The chapter.
pub fn section(figures: &Lookup) -> String {
    let fields = figures.list("/survival");
    let survival = if fields.is_empty() {
        "<p>Nothing is counted before the first verification.</p>".to_owned()
    } else {
        format!(
            "<p>Counted over the raw rows and the rows that are proved to be in the target, without the rules: the fields that lose \
             most stand first.</p>{}",
            table(
                "Values of each field",
                &[
                    "entity",
                    "field",
                    "from",
                    "given",
                    "as they were",
                    "changed",
                    "replaced",
                    "emptied",
                    "left out",
                    "differ",
                    "rules"
                ],
                fields
                    .iter()
                    .map(|path| cells(
                        figures,
                        path,
                        &["entity", "field", "source"],
                        &["given", "as_it_was", "changed", "replaced", "emptied", "left_out", "differs"],
                        &["rules"]
                    ))
                    .collect()
            )
        )
    };
    let columns = figures.list("/columns");
    if columns.is_empty() {
        return survival;
    }
    let rows = columns
        .iter()
        .map(|path| {
            cells(
                figures,
                path,
                &["table_name", "column_name", "reads"],
                &["rows", "readable", "unreadable", "distinct_values"],
                &["format", "evidence"],
            )
        })
        .collect();
    let heads =
        ["table", "column", "is a", "rows", "readable", "unreadable", "different", "written", "decided by"];
    format!(
        "{survival}<details><summary>How columns are written</summary>{}</details>",
        table("Columns of the snapshot", &heads, rows)
    )
}

fn cells(figures: &Lookup, path: &str, before: &[&str], numbers: &[&str], after: &[&str]) -> Vec<Cell> {
    let text = |name: &&str| Cell::Text(figures.text(&format!("{path}/{name}")).to_owned());
    let number = |name: &&str| Cell::Number(figures.get(format!("{path}/{name}")));
    before.iter().map(text).chain(numbers.iter().map(number)).chain(after.iter().map(text)).collect()
}
