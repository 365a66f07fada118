//! How the work went: the gates, the commands with their times, and what the loads committed.

use super::super::figures::Figures;
use super::markup::{Cell, bar, cells, mark, table};

/// The gates.
pub fn phases(figures: &Figures) -> String {
    let gates = figures
        .list("/gates")
        .iter()
        .map(|path| {
            let approval = figures.flag(&format!("{path}/is_approved"));
            vec![
                Cell::Number(figures.get(format!("{path}/gate"))),
                Cell::Text(figures.text(&format!("{path}/demand")).to_owned()),
                Cell::Html(mark(figures.flag(&format!("{path}/is_met")))),
                // an approval that is still missing is nothing wrong
                if approval == Some(true) {
                    Cell::Html(mark(approval))
                } else {
                    Cell::Text("not yet".to_owned())
                },
            ]
        })
        .collect();
    table(
        "The plan’s gates: what was measured, and what a person approved",
        &["gate", "demand", "measured", "approved"],
        gates,
    )
}

/// Commands and receipts.
pub fn timings(figures: &Figures) -> String {
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
