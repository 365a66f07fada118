//! The page: self-contained, without a script, for the screen in light and dark and for paper.

use super::figures::Figures;
use super::flow;
use super::markup::{Cell, bar, cells, code, escaped, figure, mark, table};
use super::next;

const STYLE: &str = include_str!("page.css");

/// The whole page.
pub fn page(figures: &Figures) -> String {
    let sections = [
        section("flow", "From legacy rows to fates", &flow_section(figures)),
        section("proof", "The proof", &proof(figures)),
        section("next", "What needs a person next", &next_section(figures)),
        section("phases", "Phases and gates", &phases(figures)),
        section("errors", "Errors", &errors(figures)),
        section("associations", "Associations", &associations(figures)),
        section("checks", "Checks", &checks(figures)),
        section("timings", "Timings", &timings(figures)),
        section("lessons", "Lessons", &lessons(figures)),
    ]
    .concat();
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>Migration report</title>\
         <link rel=\"icon\" href=\"data:,\"><style>{STYLE}</style></head><body>{}<main>{}{sections}</main></body></html>\n",
        header(figures),
        tiles(figures),
    )
}

fn section(id: &str, title: &str, body: &str) -> String {
    format!(
        "<section id=\"{id}\" aria-labelledby=\"{id}-title\"><h2 id=\"{id}-title\">{title}</h2>{body}</section>"
    )
}

fn header(figures: &Figures) -> String {
    let is_verified = !figures.text("/file/verify_completed_at").is_empty();
    let differences = figures.get("/differences");
    let (class, verdict) = if is_verified {
        ("good", "Verified: the target is what was meant, record by record".to_owned())
    } else if figures.list("/checks").is_empty() {
        ("open", "Not verified yet".to_owned())
    } else {
        ("bad", format!("Verification failed: {} differences", differences.shown()))
    };
    let moment = |name: &str| {
        let text = figures.text(&format!("/file/{name}"));
        let text = if text.is_empty() { "not yet" } else { text };
        // a moment breaks where a person would break it
        escaped(&if name.ends_with("_at") {
            text.replacen('T', " ", 1).replace('Z', " UTC")
        } else {
            text.to_owned()
        })
    };
    let steps: String = ["extract", "survey", "transform", "load", "verify"]
        .iter()
        .map(|step| format!("<div><dt>{step}</dt><dd>{}</dd></div>", moment(&format!("{step}_completed_at"))))
        .collect();
    format!(
        "<header><h1>Migration report</h1><p class=\"verdict {class}\">{verdict}</p><dl class=\"facts\">\
         <div><dt>source</dt><dd>{}</dd></div><div><dt>target</dt><dd>{}</dd></div>{steps}</dl></header>",
        moment("source_identity"),
        moment("target_identity")
    )
}

fn tiles(figures: &Figures) -> String {
    let tile = |title: &str, path: &str, body: String| {
        let share = figures.get(format!("/phase_2/{path}"));
        format!(
            "<article class=\"tile\"><h2>{title}</h2><p class=\"share\">{} %</p>{}<p>{body}</p></article>",
            figure(&share),
            bar(&[("loaded", share.value())], 100.0)
        )
    };
    let at = |path: &str| figure(&figures.get(format!("/phase_2/{path}")));
    let html = [
        tile(
            "2A profiles",
            "phase_2a_profiles/progress_percentage",
            format!(
                "{} of {} that the target lacked are resolved, {} failed",
                at("phase_2a_profiles/resolved"),
                at("phase_2a_profiles/total_remaining"),
                at("phase_2a_profiles/failed")
            ),
        ),
        tile(
            "2B patients",
            "phase_2b_patients/progress_percentage",
            format!(
                "{} of {} processed, {} associated, {} failed",
                at("phase_2b_patients/processed"),
                at("phase_2b_patients/total_target"),
                at("phase_2b_patients/associated"),
                at("phase_2b_patients/failed")
            ),
        ),
        tile(
            "2C integration",
            "phase_2c_integration/progress_percentage",
            format!(
                "{} profile associations, {} validations passed, {} issues",
                at("phase_2c_integration/profile_associations"),
                at("phase_2c_integration/validations_passed"),
                at("phase_2c_integration/issues_identified")
            ),
        ),
        tile("Phase 2 overall", "overall_phase_2_progress", working(figures)),
    ]
    .concat();
    format!("<div class=\"tiles\">{html}</div>")
}

fn working(figures: &Figures) -> String {
    match figures.text("/phase_2/current_operation") {
        "" => "no command is at work".to_owned(),
        operation => {
            let end = figures.text("/phase_2/estimated_completion");
            let end = if end.is_empty() { "not known yet" } else { end };
            format!("working on {}; done at {}", escaped(operation), escaped(end))
        }
    }
}

fn flow_section(figures: &Figures) -> String {
    let words = ["extracted", "ready", "merged", "rejected", "quarantined", "loaded", "failed"];
    let mut rows: Vec<Vec<Cell>> = figures
        .keys("/accounting")
        .into_iter()
        .map(|entity| {
            let mut row = vec![Cell::Text(entity.replace('_', " "))];
            row.extend(
                words.iter().map(|word| Cell::Number(figures.get(format!("/accounting/{entity}/{word}")))),
            );
            row
        })
        .collect();
    let mut total = vec![Cell::Text("all".to_owned())];
    total.extend(words.iter().map(|word| Cell::Number(figures.get(format!("/totals/{word}")))));
    rows.push(total);
    let heads: Vec<&str> = ["entity"].into_iter().chain(words).collect();
    format!(
        "<p>extracted = ready + merged + rejected + quarantined, and after a load ready = loaded + failed. Records without \
         exactly one fate: {}.</p>{}{}",
        figure(&figures.get("/unaccounted")),
        flow::svg(figures),
        table("Records by entity and fate", &heads, rows)
    )
}

fn proof(figures: &Figures) -> String {
    let proofs = figures.list("/proofs");
    if proofs.is_empty() {
        return "<p>Nothing is proved before the first verification.</p>".to_owned();
    }
    let is_equal = |part: &str| {
        let mut of_part = proofs.iter().filter(|path| figures.text(&format!("{path}/part")) == part);
        of_part.all(|path| figures.flag(&format!("{path}/is_equal")) == Some(true))
    };
    let unexplained = figures
        .list("/checks")
        .into_iter()
        .find(|path| figures.text(&format!("{path}/name")) == "every_change_is_explained")
        .map(|path| figures.get(format!("{path}/wrong")));
    let explained = unexplained.as_ref().map(|unexplained| unexplained.number == Some(0.0));
    let holds = is_equal("raw") && is_equal("ready") && explained == Some(true);
    let statement = if holds {
        "What the source handed over is what the file holds; what was resolved from it is what was sent, and what the target \
         shows; and every difference between the two is a recorded change."
    } else {
        "The chain from the source to the target is broken at the places marked below."
    };
    let rows = proofs
        .iter()
        .map(|path| {
            let digest = figures.text(&format!("{path}/digest"));
            let short = if digest.is_empty() {
                "none kept".to_owned()
            } else {
                digest[..16.min(digest.len())].to_owned()
            };
            vec![
                Cell::Text(figures.text(&format!("{path}/name")).to_owned()),
                Cell::Text(figures.text(&format!("{path}/part")).to_owned()),
                Cell::Text(figures.text(&format!("{path}/side")).to_owned()),
                Cell::Number(figures.get(format!("{path}/rows"))),
                Cell::Html(code(&short)),
                Cell::Html(mark(figures.flag(&format!("{path}/is_equal")))),
            ]
        })
        .collect();
    let links = format!(
        "<ol class=\"chain\"><li>source = raw rows {}</li><li>changes explained {} ({} unexplained)</li>\
         <li>ready rows = receipts = target {}</li></ol>",
        mark(Some(is_equal("raw"))),
        mark(explained),
        unexplained.as_ref().map_or_else(|| "–".to_owned(), figure),
        mark(Some(is_equal("ready")))
    );
    format!(
        "<p class=\"statement {}\">{statement}</p>{links}<details><summary>Digest by digest</summary>{}</details>",
        if holds { "good" } else { "bad" },
        table("Rows and digests of each side", &["of", "part", "side", "rows", "SHA-256", "agrees"], rows)
    )
}

fn next_section(figures: &Figures) -> String {
    let steps = next::steps(figures);
    if steps.is_empty() {
        return "<p class=\"statement good\">Nothing waits for a person.</p>".to_owned();
    }
    let rows = steps
        .into_iter()
        .map(|step| {
            let help = if step.code.is_empty() {
                String::new()
            } else {
                code(&format!("drydock help {}", step.code))
            };
            let number =
                if step.figure.is_empty() { String::new() } else { figure(&figures.get(step.figure)) };
            vec![
                Cell::Text(step.about.replace('_', " ")),
                Cell::Html(format!("<span class=\"number\">{number}</span>")),
                Cell::Text(step.action),
                Cell::Html(help),
            ]
        })
        .collect();
    table("Waiting for a person, the most pressing first", &["about", "records", "what to do", "more"], rows)
}

fn phases(figures: &Figures) -> String {
    let gates = figures
        .list("/gates")
        .iter()
        .map(|path| {
            vec![
                Cell::Number(figures.get(format!("{path}/gate"))),
                Cell::Text(figures.text(&format!("{path}/demand")).to_owned()),
                Cell::Html(mark(figures.flag(&format!("{path}/is_met")))),
                Cell::Html(mark(figures.flag(&format!("{path}/is_approved")))),
            ]
        })
        .collect();
    table(
        "Gates: what was measured, and what a person approved",
        &["gate", "demand", "measured", "approved"],
        gates,
    )
}

fn errors(figures: &Figures) -> String {
    let analysis: Vec<Vec<Cell>> = figures
        .keys("/error_analysis")
        .into_iter()
        .map(|name| {
            vec![
                Cell::Text(name.replace('_', " ")),
                Cell::Number(figures.get(format!("/error_analysis/{name}"))),
            ]
        })
        .collect();
    if analysis.is_empty() {
        return "<p>Records have not been analysed yet.</p>".to_owned();
    }
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
    let codes = figures
        .list("/errors")
        .iter()
        .map(|path| {
            vec![
                Cell::Html(code(figures.text(&format!("{path}/error_code")))),
                Cell::Text(figures.text(&format!("{path}/entity")).replace('_', " ")),
                Cell::Text(figures.text(&format!("{path}/severity")).to_owned()),
                Cell::Number(figures.get(format!("{path}/records"))),
                Cell::Number(figures.get(format!("{path}/pending"))),
                Cell::Text(figures.text(&format!("{path}/error_message")).to_owned()),
            ]
        })
        .collect();
    [
        table("Error analysis of phase 2A", &["measure", "records"], analysis),
        table(
            "Issues by phase, category and severity",
            &["phase", "category", "severity", "resolved by a rule", "for a person", "share"],
            rows,
        ),
        format!(
            "<details><summary>By code</summary>{}<p>{} tells what a code means and what to do.</p></details>",
            table(
                "Records by kind of issue",
                &["code", "entity", "severity", "records", "pending", "what it means"],
                codes
            ),
            code("drydock help CODE")
        ),
    ]
    .concat()
}

fn associations(figures: &Figures) -> String {
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
        "How people got their practice",
        &["who", "method", "confidence", "records", "share", "review"],
        rows,
    )
}

fn checks(figures: &Figures) -> String {
    let all = figures.list("/checks");
    if all.is_empty() {
        return "<p>Nothing has been verified yet.</p>".to_owned();
    }
    ["entity", "relationship", "business", "system"]
        .into_iter()
        .map(|level| {
            let of_level: Vec<&String> =
                all.iter().filter(|path| figures.text(&format!("{path}/level")) == level).collect();
            let failed =
                of_level.iter().filter(|path| figures.get(format!("{path}/wrong")).value() > 0.0).count();
            let rows = of_level
                .iter()
                .map(|path| {
                    let wrong = figures.get(format!("{path}/wrong"));
                    vec![
                        Cell::Html(code(figures.text(&format!("{path}/name")))),
                        Cell::Html(mark(wrong.number.map(|wrong| wrong == 0.0))),
                        Cell::Number(wrong),
                        Cell::Number(figures.get(format!("{path}/exceptions"))),
                        Cell::Number(figures.get(format!("{path}/found"))),
                        Cell::Text(figures.text(&format!("{path}/sentence")).to_owned()),
                    ]
                })
                .collect();
            let (open, result) = if failed == 0 {
                ("", "all hold".to_owned())
            } else {
                (" open", format!("{failed} do not hold"))
            };
            format!(
                "<details{open}><summary>{level}: {} checks, {result}</summary>{}</details>",
                of_level.len(),
                table(
                    &format!("Checks of level {level}"),
                    &["check", "holds", "wrong", "exceptions", "found", "what it proves"],
                    rows
                )
            )
        })
        .collect()
}

fn timings(figures: &Figures) -> String {
    let runs = figures
        .list("/runs")
        .iter()
        .map(|path| {
            let mut row = vec![Cell::Number(figures.get(format!("{path}/run_id")))];
            row.extend(cells(figures, path, &["verb", "started_at", "outcome"], &["seconds", "exit_code"]));
            row
        })
        .collect();
    let receipts: Vec<Vec<Cell>> = figures
        .list("/receipts")
        .iter()
        .map(|path| cells(figures, path, &["phase", "entity"], &["rows", "inserted", "updated", "unchanged"]))
        .collect();
    let runs = table(
        "Commands run on the file",
        &["run", "verb", "started", "outcome", "seconds", "exit code"],
        runs,
    );
    if receipts.is_empty() {
        return runs;
    }
    let heads = ["phase", "entity", "rows sent", "inserted", "updated", "unchanged"];
    runs + &table("What the loads committed", &heads, receipts)
}

fn lessons(figures: &Figures) -> String {
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
            ]
        })
        .collect();
    table("The commonest causes and their remedies", &["cause", "entity", "records", "remedy"], rows)
}
