//! The same figures as Markdown, for a repository or a ticket.

use std::fmt::Write;

use super::lookup::Lookup;
use super::{next, verdict};
use crate::record::on_one_line;
use crate::staging::{AGAIN, Open};

/// The whole page.
pub fn page(figures: &Lookup, generated_at: &str) -> String {
    let mut page = "# Migration report\n\n".to_owned();
    let _ = writeln!(page, "{}\n", verdict::headline(figures));
    let lead = verdict::lead(figures);
    let command = if lead.command.is_empty() { String::new() } else { format!(": `{}`", lead.command) };
    let _ = writeln!(page, "Next: {}{command}\n", lead.sentence);
    let number = |path: &str| match figures.get(path) {
        known if known.number.is_some() => known.plain(),
        _ => "uncounted".to_owned(),
    };
    let _ = writeln!(
        page,
        "{} differences, {} open questions, {} records kept back, {} decisions that wait for a transform; made at {generated_at}\n",
        number("/differences"),
        number("/questions"),
        figures.count("/totals/rejected") + figures.count("/totals/quarantined"),
        number("/decisions_waiting")
    );
    for name in figures.keys("/file") {
        let value =
            match (figures.text(&format!("/file/{name}")), figures.text(&format!("/done_before/{name}"))) {
                ("", "") => "not yet".to_owned(),
                ("", last) => format!("{AGAIN} {last}"),
                (value, _) => escaped(value),
            };
        let _ = writeln!(page, "- {name}: {value}");
    }

    if !figures.keys("/open").is_empty() {
        heading(&mut page, "What is open", &["what is counted"], &["number"]);
        for (name, words) in Open::WORDS {
            let number = figures.get(format!("/open/{name}")).plain();
            row(figures, &mut page, &[words, &number], "", &[]);
        }
    }

    let words = ["extracted", "ready", "merged", "rejected", "quarantined", "loaded", "failed"];
    heading(&mut page, "Records and fates", &["entity"], &words);
    for entity in figures.keys("/accounting") {
        row(figures, &mut page, &[entity], &format!("/accounting/{entity}"), &words);
    }
    row(figures, &mut page, &["all"], "/totals", &words);
    let _ = writeln!(page, "\nRecords without exactly one fate: {}", figures.get("/unaccounted").plain());

    heading(&mut page, "Phases", &["phase", "measure"], &["number"]);
    for (part, overall) in
        [("/phase_2", "overall_phase_2_progress"), ("/phase_3", "overall_phase_3_progress")]
    {
        let phases = figures.keys(part);
        for phase in &phases {
            for measure in figures.keys(&format!("{part}/{phase}")) {
                row(figures, &mut page, &[phase, measure], &format!("{part}/{phase}"), &[measure]);
            }
        }
        if !phases.is_empty() {
            row(figures, &mut page, &["overall", ""], part, &[overall]);
        }
    }

    heading(&mut page, "Gates", &["gate", "demand", "met", "approved", "passed", "missing"], &[]);
    for path in figures.list("/gates") {
        let word = |name: &str| match figures.flag(&format!("{path}/{name}")) {
            Some(true) => "yes",
            Some(false) => "no",
            None => "not known yet",
        };
        let gate = figures.get(format!("{path}/gate")).plain();
        let text = |name: &str| figures.text(&format!("{path}/{name}"));
        let cells =
            [&gate, text("demand"), word("is_met"), word("is_approved"), word("passed"), text("missing")];
        row(figures, &mut page, &cells, "", &[]);
    }

    heading(&mut page, "What needs a person next", &["about", "records", "what to do", "more"], &[]);
    for step in next::steps(figures) {
        let records = if step.figure.is_empty() { String::new() } else { figures.get(step.figure).plain() };
        let more = if step.code.is_empty() { String::new() } else { format!("`drydock help {}`", step.code) };
        row(figures, &mut page, &[&step.about, &records, &step.action, &more], "", &[]);
    }

    list(
        figures,
        &mut page,
        "Records that are not ready",
        "/waiting",
        &["entity", "fate", "error_codes", "legacy_ids"],
        &["records"],
    );
    list(
        figures,
        &mut page,
        "Who may be there twice",
        "/twice/bands",
        &["band"],
        &["pairs", "expected", "answered", "answered_expected", "answered_one"],
    );

    heading(&mut page, "Error analysis of phase 2A", &["measure"], &["issues of profiles"]);
    for name in figures.keys("/error_analysis") {
        row(figures, &mut page, &[name], "/error_analysis", &[name]);
    }
    let severities = ["critical", "high", "medium", "low"];
    heading(&mut page, "Issues by category and severity", &["category"], &severities);
    for category in figures.keys("/error_matrix") {
        row(figures, &mut page, &[category], &format!("/error_matrix/{category}"), &severities);
    }
    list(
        figures,
        &mut page,
        "Issues by phase",
        "/issues",
        &["phase", "error_category", "severity"],
        &["automatic", "manual"],
    );
    list(
        figures,
        &mut page,
        "Issues by code",
        "/errors",
        &["error_code", "entity", "severity", "error_message"],
        &["records", "pending"],
    );
    list(
        figures,
        &mut page,
        "Associations",
        "/associations",
        &["entity", "association_method", "confidence_level"],
        &["records"],
    );
    list(
        figures,
        &mut page,
        "Checks",
        "/checks",
        &["level", "name", "sentence"],
        &["expected", "found", "wrong", "exceptions"],
    );
    wrong_rows(figures, &mut page);
    three_way_proof(figures, &mut page);
    list(
        figures,
        &mut page,
        "Three-way proof, table by table",
        "/proofs",
        &["name", "part", "side", "digest"],
        &["rows"],
    );
    list(
        figures,
        &mut page,
        "What became of the values, field by field",
        "/survival",
        &["entity", "field", "source", "rules"],
        &["given", "as_it_was", "changed", "replaced", "emptied", "left_out", "differs"],
    );
    list(
        figures,
        &mut page,
        "How columns are written",
        "/columns",
        &["table_name", "column_name", "reads", "format", "evidence"],
        &["rows", "readable", "unreadable", "distinct_values"],
    );
    list(
        figures,
        &mut page,
        "Commands",
        "/runs",
        &["verb", "started_at", "outcome"],
        &["run_id", "seconds", "exit_code", "rows_sent", "rows_written", "decisions"],
    );
    list(
        figures,
        &mut page,
        "Loads",
        "/receipts",
        &["phase", "entity"],
        &["rows", "inserted", "updated", "unchanged"],
    );
    list(figures, &mut page, "Gone from the source", "/gone", &["entity", "outcome"], &["records"]);

    heading(&mut page, "Lessons", &["cause", "entity", "records", "remedy", "code"], &[]);
    for lesson in next::lessons(figures) {
        let records = figures.get(lesson.figure).plain();
        let texts =
            [&lesson.cause, &lesson.entity, &records, &lesson.remedy, &lesson.code].map(String::as_str);
        row(figures, &mut page, &texts, "", &[]);
    }
    page
}

/// The three-way proof as one statement.
fn three_way_proof(figures: &Lookup, page: &mut String) {
    heading(page, "Three-way proof", &["side", "digest"], &["rows"]);
    for side in ["source", "raw", "ready", "target"] {
        let path = format!("/three_way_proof/{side}");
        row(figures, page, &[side, figures.text(&format!("{path}/digest"))], &path, &["rows"]);
    }
    let word = |name: &str| match figures.flag(&format!("/three_way_proof/{name}")) {
        Some(true) => "yes",
        Some(false) => "no",
        None => "not known yet",
    };
    let _ = writeln!(
        page,
        "\nsource = raw: {}; {} recorded changes, {} unexplained; ready = target: {}; the proof holds: {}",
        word("raw_is_as_taken"),
        figures.get("/three_way_proof/changes").plain(),
        figures.get("/three_way_proof/unexplained").plain(),
        word("ready_is_in_target"),
        word("holds")
    );
}

/// A table of a list of the status.
/// The first rows that each check found wrong.
fn wrong_rows(figures: &Lookup, page: &mut String) {
    let names = |path: &String| figures.text(&format!("{path}/name")).to_owned();
    let checks = figures.list("/checks");
    let rows = checks.iter().map(names).map(|name| (next::wrong(figures, &name), name));
    let rows: Vec<(String, String)> = rows.filter(|(rows, _)| !rows.is_empty()).collect();
    if rows.is_empty() {
        return;
    }
    heading(page, "Rows that checks found wrong", &["check", "such as"], &[]);
    for (rows, name) in rows {
        row(figures, page, &[&name, &rows], "", &[]);
    }
}

fn list(figures: &Lookup, page: &mut String, title: &str, path: &str, texts: &[&str], numbers: &[&str]) {
    heading(page, title, texts, numbers);
    for path in figures.list(path) {
        let texts: Vec<&str> = texts.iter().map(|text| figures.text(&format!("{path}/{text}"))).collect();
        row(figures, page, &texts, &path, numbers);
    }
}

fn heading(page: &mut String, title: &str, texts: &[&str], numbers: &[&str]) {
    let heads: Vec<String> = texts.iter().chain(numbers).map(|head| head.replace('_', " ")).collect();
    let rules: Vec<&str> = texts.iter().map(|_| "---").chain(numbers.iter().map(|_| "---:")).collect();
    let _ = writeln!(page, "\n## {title}\n\n| {} |\n| {} |", heads.join(" | "), rules.join(" | "));
}

/// A text as Markdown shows it: a word of ours in backticks stays code, anything else is letters.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let is_code = text.starts_with("`drydock help ") && text.matches('`').count() == 2;
    for letter in on_one_line(text).chars() {
        match letter {
            '|' | '\\' => safe.extend(['\\', letter]),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '`' | '*' | '[' | ']' | '!' if !is_code => safe.extend(['\\', letter]),
            letter => safe.push(letter),
        }
    }
    safe
}

fn row(figures: &Lookup, page: &mut String, texts: &[&str], path: &str, numbers: &[&str]) {
    let texts = texts.iter().map(|text| escaped(text));
    let numbers = numbers.iter().map(|number| figures.get(format!("{path}/{number}")).plain());
    let cells: Vec<String> = texts.chain(numbers).collect();
    let _ = writeln!(page, "| {} |", cells.join(" | "));
}
