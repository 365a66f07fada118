//! What became of the values: field by field how many arrived, and how the columns that they come from are written.

use super::super::lookup::Lookup;
use super::markup::{Cell, more, table};

/// The chapter.
pub fn section(figures: &Lookup) -> String {
    let fields = figures.list("/survival");
    let survival = if fields.is_empty() {
        "<p>Nothing is counted before the first verification.</p>".to_owned()
    } else {
        let heads = [
            "field",
            "from",
            "given",
            "as they were",
            "changed",
            "replaced",
            "emptied",
            "left out",
            "differ",
        ];
        let numbers = ["given", "as_it_was", "changed", "replaced", "emptied", "left_out", "differs"];
        let row = |path: &String| {
            let mut row = vec![
                Cell::Text(field(figures, path)),
                Cell::Text(figures.text(&format!("{path}/source")).to_owned()),
            ];
            row.extend(numbers.iter().map(|name| Cell::Number(figures.get(format!("{path}/{name}")))));
            row
        };
        let touched = fields.iter().filter(|path| !figures.text(&format!("{path}/rules")).is_empty());
        let rules = touched.map(|path| {
            vec![
                Cell::Text(field(figures, path)),
                Cell::Text(figures.text(&format!("{path}/rules")).to_owned()),
            ]
        });
        format!(
            "<p class=\"lead\">Counted over the raw rows and the rows that are proved to be in the target, without the rules: the \
             fields that lose most stand first.</p>{}<details><summary>Which rules changed them</summary>{}</details>{}",
            table("Values of each field", &heads, fields.iter().map(row).collect()),
            table("Rules and how many values each changed", &["field", "rules"], rules.collect()),
            more(&["select * from v_survival", "select * from v_changes_by_rule"])
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
    let heads = [
        "table",
        "column",
        "is a",
        "rows",
        "readable",
        "unreadable",
        "different, about",
        "written",
        "decided by",
    ];
    format!(
        "{survival}<details><summary>How columns are written</summary>{}</details>",
        table("Columns of the snapshot", &heads, rows) + &more(&["drydock columns"])
    )
}

/// Such as `profiles.email`.
fn field(figures: &Lookup, path: &str) -> String {
    format!("{}.{}", figures.text(&format!("{path}/entity")), figures.text(&format!("{path}/field")))
}

fn cells(figures: &Lookup, path: &str, before: &[&str], numbers: &[&str], after: &[&str]) -> Vec<Cell> {
    let text = |name: &&str| Cell::Text(figures.text(&format!("{path}/{name}")).to_owned());
    let number = |name: &&str| Cell::Number(figures.get(format!("{path}/{name}")));
    before.iter().map(text).chain(numbers.iter().map(number)).chain(after.iter().map(text)).collect()
}
