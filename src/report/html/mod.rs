//! The page: self-contained, without a script, for the screen in light and dark and for paper. `lead` has what is seen first,
//! this file the order of the chapters; `proof`, `errors`, `checks` and `work` have a chapter each, `flow` draws, `markup` has the pieces.

mod checks;
mod errors;
mod flow;
mod lead;
mod markup;
mod proof;
mod twice;
mod values;
mod work;

use super::lookup::Lookup;
use super::next;
use crate::staging::Open;
use markup::{Cell, cells, code, escaped, figure, more, table};

const STYLE: &str = include_str!("page.css");

/// What a browser may do for the page: nothing but draw it. Whatever a text of the file says, no script of it runs.
pub const POLICY: &str = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
     style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'\">";

/// The whole page.
pub fn page(figures: &Lookup, generated_at: &str) -> String {
    let chapters: [(&str, &str, String); 12] = [
        ("next", "What needs a person", next_section(figures)),
        ("open", "What is open", open_section(figures)),
        ("flow", "From legacy rows to fates", flow_section(figures)),
        ("proof", "The proof", proof::section(figures)),
        ("values", "What became of the values", values::section(figures)),
        ("twice", "Who may be there twice", twice::section(figures)),
        ("errors", "What was wrong with the data", errors::section(figures)),
        ("associations", "How people got their practice", errors::associations(figures)),
        ("lessons", "What was learned", errors::lessons(figures)),
        ("checks", "What was checked", checks::section(figures)),
        ("phases", "Phases and gates", work::phases(figures)),
        ("timings", "What was run", work::timings(figures)),
    ];
    let contents: String =
        chapters.iter().map(|(id, title, _)| format!("<li><a href=\"#{id}\">{title}</a></li>")).collect();
    let sections: String = chapters.iter().map(|(id, title, body)| section(id, title, body)).collect();
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">{POLICY}\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>Migration report</title>\
         <link rel=\"icon\" href=\"data:,\"><style>{STYLE}</style></head><body>{}<main>{}\
         <nav class=\"contents\" aria-label=\"contents\"><ul>{contents}</ul></nav>{sections}</main>\
         <footer><p>Every number on this page is counted from records and stands in {} too. No record’s value is on it.</p>\
         </footer></body></html>\n",
        lead::header(figures, generated_at),
        lead::tiles(figures),
        code("drydock status --json"),
    )
}

fn section(id: &str, title: &str, body: &str) -> String {
    format!(
        "<section id=\"{id}\" aria-labelledby=\"{id}-title\"><h2 id=\"{id}-title\">{title}</h2>{body}</section>"
    )
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
        "<dl class=\"measures\">{}</dl><details><summary>What these are made of</summary><dl class=\"measures\">{}</dl></details>{}",
        measures(first),
        measures(rest),
        more(&["drydock review export", "select * from v_review_items", "select * from v_blocking"])
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
    ) + &kept_back(figures)
        + &more(&[
            "drydock explain ENTITY LEGACY_ID",
            "select * from v_accounting",
            "select * from v_waiting",
        ])
}

/// The records that are not ready, by legacy id.
fn kept_back(figures: &Lookup) -> String {
    let waiting = figures.list("/waiting");
    if waiting.is_empty() {
        return String::new();
    }
    let rows = waiting
        .iter()
        .map(|path| {
            let text = |name: &str| Cell::Text(figures.text(&format!("{path}/{name}")).replace('_', " "));
            let codes = figures.text(&format!("{path}/error_codes")).split(',').map(str::trim);
            let codes: Vec<String> = codes.filter(|found| !found.is_empty()).map(code).collect();
            let records = figures.get(format!("{path}/records"));
            let ids = figures.text(&format!("{path}/legacy_ids"));
            let named = ids.split(',').count() as u64;
            let ids = if figures.count(&format!("{path}/records")) > named {
                format!("{ids}, …")
            } else {
                ids.to_owned()
            };
            vec![
                text("entity"),
                text("fate"),
                Cell::Number(records),
                Cell::Html(codes.join(", ")),
                Cell::Text(ids),
            ]
        })
        .collect();
    format!(
        "<details><summary>Records that are not ready</summary>{}</details>",
        table("By entity, fate and issue", &["entity", "fate", "records", "issues", "legacy ids"], rows)
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
            let more = if step.about == "gates" {
                format!("<p class=\"more\">{}</p>", code("drydock gate"))
            } else if step.code.is_empty() {
                String::new()
            } else {
                let list = format!("drydock errors --code {}", step.code);
                let list =
                    if step.about == "verification" { String::new() } else { format!(" · {}", code(&list)) };
                format!("<p class=\"more\">{}{list}</p>", code(&format!("drydock help {}", step.code)))
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
