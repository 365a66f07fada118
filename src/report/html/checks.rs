//! What was verified: a dot per check, and behind it its sentence and result.

use std::fmt::Write;

use super::super::lookup::Lookup;
use super::super::{next, verdict};
use super::markup::{Cell, code, escaped, figure, mark, more, table};
use crate::staging;

/// The levels in the plan's order, and what each is about.
const LEVELS: [(&str, &str); 4] = [
    ("entity", "single records: counts, contents, required fields, forms"),
    ("relationship", "references and associations, from both sides"),
    ("business", "what the business means"),
    ("system", "digests, receipts, accounting, and what guards the tables"),
];

/// The chapter.
pub fn section(figures: &Lookup) -> String {
    let all = figures.list("/checks");
    if all.is_empty() {
        return "<p>Nothing has been verified yet.</p>".to_owned();
    }
    let levels: String = LEVELS
        .into_iter()
        .map(|(level, about)| {
            let of_level: Vec<&String> =
                all.iter().filter(|path| figures.text(&format!("{path}/level")) == level).collect();
            one_level(figures, level, about, &of_level)
        })
        .collect();
    let stale = if verdict::is_stale(figures) {
        "<p class=\"statement open\">Found before the last change: it says nothing of the present result.</p>"
    } else {
        ""
    };
    format!(
        "{stale}<p class=\"lead\">A dot is a check: a query that returns the rows that are wrong. {} validations passed. \
         An exception is what the legacy database itself says; it is listed and fails nothing.</p>{levels}{}",
        figure(&figures.get("/phase_2/phase_2c_integration/validations_passed")),
        more(&["drydock help CHECK", "select * from findings", "select * from differences"])
    )
}

/// Whether the target could be asked.
fn was_asked(figures: &Lookup, path: &str) -> bool {
    staging::was_asked(figures.text(&format!("{path}/sentence")))
}

fn one_level(figures: &Lookup, level: &str, about: &str, checks: &[&String]) -> String {
    let wrong = |path: &str| figures.get(format!("{path}/wrong")).value() > 0.0;
    let failed = checks.iter().filter(|path| wrong(path)).count();
    let mut dots = String::new();
    for path in checks {
        let exceptions = figures.get(format!("{path}/exceptions")).value() > 0.0;
        let class = match (wrong(path), exceptions) {
            _ if !was_asked(figures, path) => "unasked",
            (true, _) => "bad",
            (false, true) => "excepted",
            (false, false) => "good",
        };
        let title = escaped(figures.text(&format!("{path}/sentence")));
        let _ = write!(dots, "<span class=\"dot {class}\" title=\"{title}\"></span>");
    }
    let rows = checks
        .iter()
        .map(|path| {
            let wrong = figures.get(format!("{path}/wrong"));
            let mut row = vec![
                Cell::Html(code(figures.text(&format!("{path}/name")))),
                if was_asked(figures, path) {
                    Cell::Html(mark(wrong.number.map(|wrong| wrong == 0.0)))
                } else {
                    Cell::Text("not asked".to_owned())
                },
                Cell::Number(wrong),
            ];
            if failed > 0 {
                row.push(Cell::Text(next::wrong(figures, figures.text(&format!("{path}/name")))));
            }
            row.extend(
                ["exceptions", "expected", "found"]
                    .map(|name| Cell::Number(figures.get(format!("{path}/{name}")))),
            );
            row.push(Cell::Text(figures.text(&format!("{path}/sentence")).to_owned()));
            row
        })
        .collect();
    let mut heads = vec!["check", "holds", "wrong", "exceptions", "expected", "found", "what it proves"];
    if failed > 0 {
        heads.insert(3, "such as");
    }
    let unasked = checks.iter().filter(|path| !was_asked(figures, path)).count();
    let (open, result) = match failed {
        0 if unasked > 0 => ("", format!("{unasked} of them not asked, the others hold")),
        0 => ("", "all hold".to_owned()),
        1 => (" open", "one does not hold".to_owned()),
        failed => (" open", format!("{failed} do not hold")),
    };
    format!(
        "<details{open}><summary><span class=\"level\">{level}</span> <span class=\"dots\" aria-hidden=\"true\">{dots}</span> \
         <span class=\"soft\">{} checks, {result}</span></summary><p>{about}</p>{}</details>",
        checks.len(),
        table(&format!("Checks of level {level}"), &heads, rows)
    )
}
