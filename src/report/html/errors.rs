//! What the data had against it: issues by category and severity, by code; how practices were found; what was learned.

use std::fmt::Write;

use super::super::lookup::Lookup;
use super::super::next;
use super::markup::{Cell, bar, cells, code, escaped, figure, more, table};

const SEVERITIES: [&str; 4] = ["critical", "high", "medium", "low"];

/// The chapter of errors.
pub fn section(figures: &Lookup) -> String {
    let analysis: String = figures
        .keys("/error_analysis")
        .into_iter()
        .map(|name| {
            format!(
                "<div><dt>{}</dt><dd>{}</dd></div>",
                escaped(&name.replace('_', " ")),
                figure(&figures.get(format!("/error_analysis/{name}")))
            )
        })
        .collect();
    if analysis.is_empty() {
        return "<p>Records have not been analysed yet.</p>".to_owned();
    }
    format!(
        "<h3>Error analysis of phase 2A: issues of profiles</h3><dl class=\"measures\">{analysis}</dl>{}{}{}",
        matrix(figures),
        by_phase(figures),
        by_code(figures)
    )
}

/// Category by severity, the more the darker.
fn matrix(figures: &Lookup) -> String {
    let categories = figures.keys("/error_matrix");
    let at = |category: &str, severity: &str| figures.get(format!("/error_matrix/{category}/{severity}"));
    let most = categories
        .iter()
        .flat_map(|category| SEVERITIES.iter().map(|severity| at(category, severity).value()))
        .fold(1.0, f64::max);
    let mut rows = String::new();
    for category in &categories {
        let _ = write!(rows, "<tr><th scope=\"row\">{}</th>", escaped(&category.replace('_', " ")));
        for severity in SEVERITIES {
            let issues = at(category, severity);
            // by magnitude: one issue must be seen beside ten thousand
            let depth = if issues.value() > 0.0 {
                8.0 + 30.0 * (1.0 + issues.value()).ln() / (1.0 + most).ln()
            } else {
                0.0
            };
            let _ = write!(
                rows,
                "<td class=\"heat {severity}\" style=\"--depth:{depth:.0}%\">{}</td>",
                figure(&issues)
            );
        }
        rows.push_str("</tr>");
    }
    let heads: String = SEVERITIES.iter().map(|word| format!("<th scope=\"col\">{word}</th>")).collect();
    format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Issues by category and severity\">\
         <table class=\"matrix\"><caption>Issues by category and severity</caption>\
         <thead><tr><th scope=\"col\">category</th>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
    )
}

fn by_phase(figures: &Lookup) -> String {
    let issues = figures.list("/issues");
    let count = |path: &str| {
        figures.get(format!("{path}/automatic")).value() + figures.get(format!("{path}/manual")).value()
    };
    let most = issues.iter().map(|path| count(path)).fold(0.0, f64::max);
    let rows = issues
        .iter()
        .map(|path| {
            let severity = figures.text(&format!("{path}/severity"));
            let parts = [
                (severity, figures.get(format!("{path}/automatic")).value()),
                ("manual", figures.get(format!("{path}/manual")).value()),
            ];
            let mut row =
                cells(figures, path, &["phase", "error_category", "severity"], &["automatic", "manual"]);
            row.push(Cell::Html(bar(&parts, most)));
            row
        })
        .collect();
    format!(
        "<details><summary>By phase</summary>{}</details>",
        table(
            "Issues by phase, category and severity",
            &["phase", "category", "severity", "resolved by a rule", "for a person", "share"],
            rows,
        )
    )
}

fn by_code(figures: &Lookup) -> String {
    let rows = figures
        .list("/errors")
        .iter()
        .map(|path| {
            vec![
                Cell::Html(code(figures.text(&format!("{path}/error_code")))),
                Cell::Text(figures.text(&format!("{path}/entity")).replace('_', " ")),
                Cell::Text(figures.text(&format!("{path}/severity")).to_owned()),
                Cell::Number(figures.get(format!("{path}/records"))),
                Cell::Number(figures.get(format!("{path}/pending"))),
                Cell::Text(
                    next::examples(
                        figures,
                        figures.text(&format!("{path}/entity")),
                        figures.text(&format!("{path}/error_code")),
                    )
                    .to_owned(),
                ),
                Cell::Text(figures.text(&format!("{path}/error_message")).to_owned()),
            ]
        })
        .collect();
    format!(
        "<details><summary>By code</summary>{}{}</details>",
        table(
            "Records by kind of issue",
            &["code", "entity", "severity", "records", "pending", "pending, such as", "what it means"],
            rows
        ),
        more(&["drydock help CODE", "drydock errors --code CODE", "drydock explain ENTITY LEGACY_ID"])
    )
}

/// The chapter of associations.
pub fn associations(figures: &Lookup) -> String {
    let list = figures.list("/associations");
    if list.is_empty() {
        return "<p>No record has been associated yet.</p>".to_owned();
    }
    let most = list.iter().map(|path| figures.get(format!("{path}/records")).value()).fold(0.0, f64::max);
    let rows = list
        .iter()
        .map(|path| {
            let confidence = figures.text(&format!("{path}/confidence_level"));
            let records = figures.get(format!("{path}/records"));
            let review = figures.flag(&format!("{path}/requires_manual_review")) == Some(true);
            let mut row =
                cells(figures, path, &["entity", "association_method", "confidence_level"], &["records"]);
            row.push(Cell::Html(bar(&[(&format!("confidence-{confidence}"), records.value())], most)));
            row.push(Cell::Text(if review { "to be reviewed" } else { "" }.to_owned()));
            row
        })
        .collect();
    table(
        "Associations by method and confidence",
        &["who", "method", "confidence", "records", "share", "review"],
        rows,
    ) + &more(&["select * from v_review", "select * from associations", "drydock explain ENTITY LEGACY_ID"])
}

/// The chapter of lessons.
pub fn lessons(figures: &Lookup) -> String {
    let lessons = next::lessons(figures);
    if lessons.is_empty() {
        return "<p>There is nothing to learn from yet.</p>".to_owned();
    }
    let rows = lessons
        .into_iter()
        .map(|lesson| {
            vec![
                Cell::Text(lesson.cause),
                Cell::Text(lesson.entity.replace('_', " ")),
                Cell::Number(figures.get(lesson.figure)),
                Cell::Text(lesson.remedy),
                Cell::Html(code(&lesson.code)),
            ]
        })
        .collect();
    table("The commonest causes and their remedies", &["cause", "entity", "records", "remedy", "code"], rows)
}
