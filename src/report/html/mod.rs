//! The page: self-contained, without a script, for the screen in light and dark and for paper. This file has what is seen
//! first; `proof`, `errors`, `checks` and `work` have a chapter each, `flow` draws, `markup` has the pieces.

mod checks;
mod errors;
mod flow;
mod markup;
mod proof;
mod values;
mod work;

use super::lookup::Lookup;
use super::next;
use crate::staging::Open;
use markup::{Cell, cells, code, escaped, figure, table};

const STYLE: &str = include_str!("page.css");

/// What a browser may do for the page: nothing but draw it. Whatever a text of the file says, no script of it runs.
pub const POLICY: &str = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
     style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'\">";

/// The whole page.
pub fn page(figures: &Lookup) -> String {
    let sections = [
        section("open", "What is open", &open_section(figures)),
        section("flow", "From legacy rows to fates", &flow_section(figures)),
        section("proof", "The proof", &proof::section(figures)),
        section("values", "What became of the values", &values::section(figures)),
        section("next", "What needs a person next", &next_section(figures)),
        section("errors", "What was wrong with the data", &errors::section(figures)),
        section("associations", "How people got their practice", &errors::associations(figures)),
        section("lessons", "What was learned", &errors::lessons(figures)),
        section("checks", "What was checked", &checks::section(figures)),
        section("phases", "Phases and gates", &work::phases(figures)),
        section("timings", "What was run", &work::timings(figures)),
    ]
    .concat();
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">{POLICY}\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>Migration report</title>\
         <link rel=\"icon\" href=\"data:,\"><style>{STYLE}</style></head><body>{}<main>{}{sections}</main>\
         <footer><p>Every number on this page is counted from records and stands in {} too. No record’s value is on it.</p>\
         </footer></body></html>\n",
        header(figures),
        tiles(figures),
        code("drydock status --json"),
    )
}

fn section(id: &str, title: &str, body: &str) -> String {
    format!(
        "<section id=\"{id}\" aria-labelledby=\"{id}-title\"><h2 id=\"{id}-title\">{title}</h2>{body}</section>"
    )
}

/// The verdict, in the words that every form uses.
fn header(figures: &Lookup) -> String {
    let (class, sign) = match next::verdict(figures) {
        next::Verdict::Verified => ("good", "✓"),
        next::Verdict::Open => ("open", "○"),
        next::Verdict::Failed => ("bad", "✗"),
    };
    let moment = |name: &str| match figures.text(&format!("/file/{name}")) {
        "" if name == "verify_completed_at" && class == "bad" => {
            "<span class=\"bad\">did not pass</span>".to_owned()
        }
        "" => "<span class=\"soft\">not yet</span>".to_owned(),
        // a moment breaks where a person would break it
        text if name.ends_with("_at") => escaped(&text.replacen('T', " ", 1).replace('Z', " UTC")),
        text => escaped(text),
    };
    let steps: String = ["extract", "survey", "transform", "load", "verify"]
        .iter()
        .map(|step| {
            let name = format!("{step}_completed_at");
            let class = if figures.text(&format!("/file/{name}")).is_empty() { "todo" } else { "done" };
            format!("<div class=\"{class}\"><dt>{step}</dt><dd>{}</dd></div>", moment(&name))
        })
        .collect();
    format!(
        "<header><p class=\"kicker\">Migration report</p>\
         <h1 class=\"{class}\"><span class=\"seal\" aria-hidden=\"true\">{sign}</span><span>{}</span></h1>\
         <dl class=\"ends\"><div><dt>from</dt><dd>{}</dd></div><div><dt>to</dt><dd>{}</dd></div></dl>\
         <dl class=\"steps\">{steps}</dl></header>",
        escaped(&next::headline(figures)),
        moment("source_identity"),
        moment("target_identity")
    )
}

fn tiles(figures: &Lookup) -> String {
    let tile = |title: &str, path: &str, body: String| {
        let share = figures.get(format!("/phase_2/{path}"));
        format!(
            "<article class=\"tile\"><div class=\"ring\" style=\"--share:{}\" aria-hidden=\"true\"></div><div><h2>{title}</h2>\
             <p class=\"share\">{} %</p><p>{body}</p></div></article>",
            share.value(),
            figure(&share),
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

fn working(figures: &Lookup) -> String {
    match figures.text("/phase_2/current_operation") {
        "" => "no command is at work".to_owned(),
        operation => {
            let end = figures.text("/phase_2/estimated_completion");
            let end = if end.is_empty() {
                String::new()
            } else {
                format!("; phase 2 is done about {}", escaped(end))
            };
            format!("working on {}{end}", escaped(operation))
        }
    }
}

/// The three numbers that say where one stands, and what they are made of.
fn open_section(figures: &Lookup) -> String {
    if figures.keys("/open").is_empty() {
        return "<p>Records have not been decided yet.</p>".to_owned();
    }
    let measures = |words: &[(&str, &str)]| -> String {
        let lines = words.iter().map(|(name, words)| {
            let number = figure(&figures.get(format!("/open/{name}")));
            format!("<div><dt>{}</dt><dd>{number}</dd></div>", escaped(words))
        });
        lines.collect()
    };
    let (first, rest) = Open::WORDS.split_at(Open::FIRST);
    format!(
        "<dl class=\"measures\">{}</dl><details><summary>What these are made of</summary><dl class=\"measures\">{}</dl></details>",
        measures(first),
        measures(rest)
    )
}

fn flow_section(figures: &Lookup) -> String {
    let numbers = ["extracted", "ready", "merged", "rejected", "quarantined", "loaded", "failed"];
    let line = |title: &str, path: &str| {
        let mut row = vec![Cell::Text(title.to_owned())];
        row.extend(cells(figures, path, &[], &numbers));
        row
    };
    let mut rows: Vec<Vec<Cell>> = figures
        .keys("/accounting")
        .into_iter()
        .map(|entity| line(&entity.replace('_', " "), &format!("/accounting/{entity}")))
        .collect();
    rows.push(line("all", "/totals"));
    let heads = ["entity", "extracted", "ready", "merged", "rejected", "quarantined", "loaded", "failed"];
    format!(
        "<p class=\"lead\">Every legacy row has exactly one fate. extracted = ready + merged + rejected + quarantined, and after \
         a load ready = loaded + failed. Records without exactly one fate: {}.</p><div class=\"split\">{}{}</div>",
        figure(&figures.get("/unaccounted")),
        flow::svg(figures),
        table("Records by entity and fate", &heads, rows)
    )
}

fn next_section(figures: &Lookup) -> String {
    let steps = next::steps(figures);
    if steps.is_empty() {
        return "<p class=\"statement good\">Nothing waits for a person.</p>".to_owned();
    }
    let items: String = steps
        .into_iter()
        .map(|step| {
            let number = if step.figure.is_empty() {
                "<span class=\"many\" aria-hidden=\"true\">!</span>".to_owned()
            } else {
                format!("<span class=\"many\">{}</span>", figure(&figures.get(step.figure)))
            };
            let more = if step.code.is_empty() {
                String::new()
            } else {
                format!("<p class=\"more\">{}</p>", code(&format!("drydock help {}", step.code)))
            };
            let word = if step.severity.is_empty() {
                String::new()
            } else {
                format!(" <span class=\"chip {0}\">{0}</span>", escaped(&step.severity))
            };
            format!(
                "<li class=\"{}\">{number}<div><p class=\"about\">{}{word}</p><p>{}</p>{more}</div></li>",
                escaped(&step.severity),
                escaped(&step.about.replace('_', " ")),
                escaped(&step.action)
            )
        })
        .collect();
    format!(
        "<p class=\"lead\">The most pressing first; the number is how many records have it. A record may have several.</p><ol class=\"todo-list\">{items}</ol>"
    )
}
