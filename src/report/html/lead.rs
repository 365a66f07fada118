//! What is seen first: the verdict, what to do next with its command, how far each phase is.

use super::super::lookup::Lookup;
use super::super::verdict::{self, Verdict};
use super::markup::{code, escaped, figure};
use crate::staging::AGAIN;

/// The verdict, in the words that every form uses.
pub fn header(figures: &Lookup, generated_at: &str) -> String {
    let (class, sign) = match verdict::verdict(figures) {
        Verdict::Verified => ("good", "✓"),
        Verdict::Open => ("open", "○"),
        Verdict::Bad => ("bad", "✗"),
    };
    let moment = |name: &str| match figures.text(&format!("/file/{name}")) {
        "" if name == "verify_completed_at" && class == "bad" && figures.count("/differences") > 0 => {
            "<span class=\"bad\">did not pass</span>".to_owned()
        }
        "" => match figures.text(&format!("/done_before/{name}")) {
            "" => "<span class=\"soft\">not yet</span>".to_owned(),
            last => format!("<span class=\"soft\">{AGAIN} {}</span>", readable(last)),
        },
        // a moment breaks where a person would break it
        text if name.ends_with("_at") => readable(text),
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
        "<header><p class=\"kicker\">Migration report · made {}</p>\
         <h1 class=\"{class}\"><span class=\"seal\" aria-hidden=\"true\">{sign}</span><span>{}</span></h1>{}\
         <dl class=\"ends\"><div><dt>from</dt><dd>{}</dd></div><div><dt>to</dt><dd>{}</dd></div></dl>\
         <dl class=\"steps\">{steps}</dl></header>",
        readable(generated_at),
        escaped(&verdict::headline(figures)),
        next(figures),
        moment("source_identity"),
        moment("target_identity")
    )
}

/// A moment as a person would write it, which breaks where a person would break it.
fn readable(moment: &str) -> String {
    escaped(&moment.replacen('T', " ", 1).replace('Z', " UTC"))
}

/// What to do first, and the numbers that it is about.
fn next(figures: &Lookup) -> String {
    let lead = verdict::lead(figures);
    let command = if lead.command.is_empty() {
        String::new()
    } else {
        format!(": <span class=\"command\">{}</span>", code(&lead.command))
    };
    let stale = if verdict::is_stale(figures) { " before the last change" } else { "" };
    let numbers: String = [
        ("differences", "/differences", stale),
        ("open questions", "/questions", ""),
        ("records quarantined", "/totals/quarantined", ""),
        ("decisions that wait for a transform", "/decisions_waiting", ""),
    ]
    .into_iter()
    .map(|(words, path, more)| {
        format!("<div><dt>{words}{more}</dt><dd>{}</dd></div>", figure(&figures.get(path)))
    })
    .collect();
    format!(
        "<p class=\"next\"><strong>Next:</strong> {}{command}</p><dl class=\"measures\">{numbers}</dl>",
        escaped(&lead.sentence)
    )
}

/// How far each phase is. A ring is coloured only where what it shows was verified.
pub fn tiles(figures: &Lookup) -> String {
    let class = match verdict::verdict(figures) {
        Verdict::Verified => "",
        Verdict::Open => " unproved",
        Verdict::Bad => " wrong",
    };
    let is_empty = figures.count("/totals/extracted") == 0;
    let tile = |title: &str, path: &str, body: String| {
        let share = figures.get(format!("/{path}"));
        // of nothing, everything is done, which says nothing
        let (turned, shown) =
            if is_empty { (0.0, "–".to_owned()) } else { (share.value(), figure(&share)) };
        format!(
            "<article class=\"tile\"><div class=\"ring{class}\" style=\"--share:{turned}\" aria-hidden=\"true\"></div>\
             <div><h2>{title}</h2><p class=\"share\">{shown} %</p><p>{body}</p></div></article>",
        )
    };
    let at = |path: &str| figure(&figures.get(format!("/phase_2/{path}")));
    let html = [
        tile(
            "2A profiles",
            "phase_2/phase_2a_profiles/progress_percentage",
            format!(
                "{} of {} that the target lacked are resolved, {} refused by the target",
                at("phase_2a_profiles/resolved"),
                at("phase_2a_profiles/total_remaining"),
                at("phase_2a_profiles/failed")
            ),
        ),
        tile(
            "2B patients",
            "phase_2/phase_2b_patients/progress_percentage",
            format!(
                "{} of {} processed, {} associated, {} refused by the target",
                at("phase_2b_patients/processed"),
                at("phase_2b_patients/total_target"),
                at("phase_2b_patients/associated"),
                at("phase_2b_patients/failed")
            ),
        ),
        tile(
            "2C integration",
            "phase_2/phase_2c_integration/progress_percentage",
            format!(
                "{} profile associations, {} validations passed, {} issues",
                at("phase_2c_integration/profile_associations"),
                at("phase_2c_integration/validations_passed"),
                at("phase_2c_integration/issues_identified")
            ),
        ),
        tile("Phase 2 overall", "phase_2/overall_phase_2_progress", working(figures)),
    ];
    let of_phase_3 = [
        ("3A cases", "phase_3a_cases", "with_patient", "lead to a patient"),
        ("3B projects", "phase_3b_projects", "with_case", "have a case"),
        ("3C states", "phase_3c_states", "with_case", "have a case"),
    ];
    let known = figures.keys("/phase_3");
    let of_phase_3 = of_phase_3.iter().filter(|(_, key, ..)| known.contains(key));
    let of_phase_3 = of_phase_3.map(|(title, key, counted, words)| {
        let at = |name: &str| figure(&figures.get(format!("/phase_3/{key}/{name}")));
        let body = format!(
            "{} of {} processed, {} {words}, {} kept back or refused",
            at("processed"),
            at("total_target"),
            at(counted),
            at("failed")
        );
        tile(title, &format!("phase_3/{key}/progress_percentage"), body)
    });
    let html: String = html.into_iter().chain(of_phase_3).collect();
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
