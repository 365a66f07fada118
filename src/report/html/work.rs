//! How the work went: the gates, the commands with their times, and what the loads committed.

use super::super::lookup::Lookup;
use super::markup::{Cell, bar, cells, escaped, mark, more, table};

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
    ) + &more(&["drydock gate", "drydock gate approve N --by NAME", "select * from gate_approvals"])
}

/// What the plan estimates for the work that the commands do.
const PLANNED: &str = "12 to 16 hours";

/// Commands and receipts.
pub fn timings(figures: &Lookup) -> String {
    let runs = figures.list("/runs");
    let longest = runs.iter().map(|path| figures.get(format!("{path}/seconds")).value()).fold(1.0, f64::max);
    let whole: u64 = runs.iter().map(|path| figures.count(&format!("{path}/seconds"))).sum();
    let rows = runs
        .iter()
        .map(|path| {
            let number = |name: &str| Cell::Number(figures.get(format!("{path}/{name}")));
            let seconds = figures.get(format!("{path}/seconds"));
            let took = bar(&[("loaded", seconds.value())], longest);
            let outcome = match figures.text(&format!("{path}/outcome")) {
                // what the target refuses is failed, and nothing else is called so
                "failed" => "ended by an error",
                "" => "at work, or killed",
                outcome => outcome,
            };
            let mut row = vec![number("run_id")];
            row.push(Cell::Text(figures.text(&format!("{path}/verb")).to_owned()));
            let started = figures.text(&format!("{path}/started_at")).replacen('T', " ", 1);
            row.push(Cell::Html(format!(
                "<span class=\"moment\">{}</span>",
                escaped(&started.replace('Z', ""))
            )));
            row.push(Cell::Text(outcome.to_owned()));
            row.extend(["exit_code", "rows_sent", "rows_written", "decisions"].map(number));
            row.push(Cell::Number(seconds));
            row.push(Cell::Html(took));
            row
        })
        .collect();
    let heads = [
        "run",
        "verb",
        "started (UTC)",
        "ended",
        "exit code",
        "rows sent",
        "rows written",
        "decisions",
        "seconds",
        "compared",
    ];
    let runs = format!(
        "<p class=\"lead\">All commands together took {}; the plan estimates {PLANNED} for the work. From run to run: a load that \
         writes nothing more has nothing more to bring.</p>{}{}",
        lasted(whole),
        table("Commands run on the file", &heads, rows),
        more(&["drydock runs", "drydock rollback --run N --dry-run"])
    );
    let receipts: Vec<Vec<Cell>> = figures
        .list("/receipts")
        .iter()
        .map(|path| cells(figures, path, &["phase", "entity"], &["rows", "inserted", "updated", "unchanged"]))
        .collect();
    let gone: Vec<Vec<Cell>> = figures
        .list("/gone")
        .iter()
        .map(|path| cells(figures, path, &["entity", "outcome"], &["records"]))
        .collect();
    let mut page = runs;
    if !receipts.is_empty() {
        let heads = ["phase", "entity", "rows sent", "inserted", "updated", "unchanged"];
        page += &table("What the loads committed", &heads, receipts);
    }
    if !gone.is_empty() {
        page += &table(
            "Rows whose record is gone from the source",
            &["entity", "what became of them", "rows"],
            gone,
        );
    }
    page
}

/// Such as `3 min 20 s`.
fn lasted(seconds: u64) -> String {
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_reads_as_a_person_would_say_it() {
        assert_eq!([9, 200, 7260].map(lasted), ["9 s", "3 min 20 s", "2 h 1 min"]);
    }
}
