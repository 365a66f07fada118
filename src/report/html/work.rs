//! How the work went: the gates, the commands with their times, and what the loads committed.

use super::super::lookup::Lookup;
use super::markup::{Cell, bar, cells, mark, table};

/// The gates.
pub fn phases(figures: &Lookup) -> String {
    let gates = figures
        .list("/gates")
        .iter()
        .map(|path| {
            let flag = |name: &str| figures.flag(&format!("{path}/{name}"));
            let text = |name: &str| Cell::Text(figures.text(&format!("{path}/{name}")).to_owned());
            // what is still to come is nothing wrong
            let so_far = |holds: Option<bool>| {
                if holds == Some(true) { Cell::Html(mark(holds)) } else { Cell::Text("not yet".to_owned()) }
            };
            vec![
                Cell::Number(figures.get(format!("{path}/gate"))),
                text("demand"),
                Cell::Html(mark(flag("is_met"))),
                so_far(flag("is_approved")),
                so_far(flag("passed")),
                text("missing"),
            ]
        })
        .collect();
    table(
        "The plan’s gates: what the file shows, and what a person approved",
        &["gate", "demand", "met", "approved", "passed", "missing"],
        gates,
    )
}

/// Commands and receipts.
pub fn timings(figures: &Lookup) -> String {
    let runs = figures.list("/runs");
    let longest = runs.iter().map(|path| figures.get(format!("{path}/seconds")).value()).fold(1.0, f64::max);
    let rows = runs
        .iter()
        .map(|path| {
            let seconds = figures.get(format!("{path}/seconds"));
            let took = bar(&[("loaded", seconds.value())], longest);
            let mut row = vec![Cell::Number(figures.get(format!("{path}/run_id")))];
            row.extend(cells(figures, path, &["verb", "started_at", "outcome"], &["exit_code"]));
            row.push(Cell::Number(seconds));
            row.push(Cell::Html(took));
            row
        })
        .collect();
    let runs = table(
        "Commands run on the file",
        &["run", "verb", "started", "outcome", "exit code", "seconds", "compared"],
        rows,
    );
    let receipts: Vec<Vec<Cell>> = figures
        .list("/receipts")
        .iter()
        .map(|path| cells(figures, path, &["phase", "entity"], &["rows", "inserted", "updated", "unchanged"]))
        .collect();
    if receipts.is_empty() {
        return runs;
    }
    let heads = ["phase", "entity", "rows sent", "inserted", "updated", "unchanged"];
    runs + &table("What the loads committed", &heads, receipts)
}
