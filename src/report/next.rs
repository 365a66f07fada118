//! What needs a person, and what was learned: from the data, the commonest first.

use serde::Serialize;

use super::lookup::Lookup;
use super::troubleshooting;

/// How many lessons there are at most.
const LESSONS: usize = 8;

/// One thing that a person has to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// What it is about, such as `patients`.
    pub about: String,
    /// What to do.
    pub action: String,
    /// Where the number of records stands in the status; '' when none belongs to it.
    pub figure: String,
    /// The code whose entry explains it; '' for none.
    pub code: String,
    /// The plan's severity; '' where it has none for it.
    pub severity: String,
}

/// One cause and its remedy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Lesson {
    /// The entity.
    pub entity: String,
    /// What was wrong.
    pub cause: String,
    /// What was done, or is to be done.
    pub remedy: String,
    /// Where the number of records stands in the status.
    pub figure: String,
    /// The code whose entry explains it.
    pub code: String,
}

/// What needs a person, the most pressing first.
pub fn steps(figures: &Lookup) -> Vec<Step> {
    let (mut steps, mut covered) = (Vec::new(), Vec::new());
    let step = |about: &str, action: String, figure: String, code: &str, severity: &str| Step {
        about: about.to_owned(),
        action,
        figure,
        code: code.to_owned(),
        severity: severity.to_owned(),
    };
    for path in figures.list("/checks") {
        if !super::verdict::is_stale(figures) && figures.get(format!("{path}/wrong")).value() > 0.0 {
            let name = figures.text(&format!("{path}/name"));
            let action = format!(
                "{name} does not hold: {}{}; findings and differences in the file have all of them",
                figures.text(&format!("{path}/sentence")),
                named(&wrong(figures, name))
            );
            steps.push(step("verification", action, format!("{path}/wrong"), name, "critical"));
        }
    }
    for path in figures.list("/waiting") {
        let codes = figures.text(&format!("{path}/error_codes"));
        let fate = figures.text(&format!("{path}/fate"));
        // another record stands for a merged one
        if fate == "merged" {
            continue;
        }
        let first = codes.split([',', ':']).next().unwrap_or_default();
        let action = troubleshooting::find(first).map_or_else(
            || format!("{fate}: see v_waiting"),
            |entry| format!("{fate}, not loaded: {}", entry.todo),
        );
        let entity = figures.text(&format!("{path}/entity"));
        covered.push((entity, first));
        steps.push(step(entity, action, format!("{path}/records"), first, "high"));
    }
    for severity in ["critical", "high", "medium", "low"] {
        for path in figures.list("/errors") {
            let pending = figures.get(format!("{path}/pending"));
            if figures.text(&format!("{path}/severity")) != severity || pending.value() == 0.0 {
                continue;
            }
            let (entity, code) =
                (figures.text(&format!("{path}/entity")), figures.text(&format!("{path}/error_code")));
            let action = format!(
                "{}: {}{}",
                figures.text(&format!("{path}/error_message")),
                figures.text(&format!("{path}/suggested_resolution")),
                named(examples(figures, entity, code))
            );
            // what keeps a record back has a step already
            if !covered.contains(&(entity, code)) {
                steps.push(step(entity, action, pending.path, code, severity));
            }
        }
    }
    for path in figures.list("/gates") {
        // what is not known yet waits for a step and not for a person
        if figures.flag(&format!("{path}/passed")) == Some(false)
            && figures.flag(&format!("{path}/is_met")).is_some()
        {
            let gate = figures.get(format!("{path}/gate")).shown();
            let action = format!("gate {gate} is open: {}", figures.text(&format!("{path}/missing")));
            steps.push(step("gates", action, String::new(), "", ""));
        }
    }
    steps
}

/// The first rows that a check found wrong, such as `patients 7 last_name`.
pub fn wrong(figures: &Lookup, check: &str) -> String {
    let rows = figures
        .list("/wrong")
        .into_iter()
        .filter(|path| figures.text(&format!("{path}/check_name")) == check);
    let named: Vec<String> = rows
        .map(|path| {
            let id = figures.get(format!("{path}/legacy_id"));
            let parts = [
                figures.text(&format!("{path}/entity")).to_owned(),
                if id.number.is_some() { id.plain() } else { String::new() },
                figures.text(&format!("{path}/field")).to_owned(),
            ];
            parts.iter().filter(|part| !part.is_empty()).map(String::as_str).collect::<Vec<_>>().join(" ")
        })
        .collect();
    named.join(", ")
}

/// The first records with an issue, by legacy id.
pub fn examples<'f>(figures: &'f Lookup, entity: &str, code: &str) -> &'f str {
    let is_it = |path: &String| {
        figures.text(&format!("{path}/entity")) == entity
            && figures.text(&format!("{path}/error_code")) == code
    };
    figures
        .list("/examples")
        .iter()
        .find(|path| is_it(path))
        .map_or("", |path| figures.text(&format!("{path}/legacy_ids")))
}

/// Records behind a sentence.
fn named(records: &str) -> String {
    if records.is_empty() { String::new() } else { format!(" (such as {records})") }
}

/// The commonest causes and their remedies.
pub fn lessons(figures: &Lookup) -> Vec<Lesson> {
    let commonest = figures.list("/errors").into_iter().take(LESSONS);
    commonest
        .map(|path| Lesson {
            entity: figures.text(&format!("{path}/entity")).to_owned(),
            cause: figures.text(&format!("{path}/error_message")).to_owned(),
            remedy: figures.text(&format!("{path}/suggested_resolution")).to_owned(),
            figure: format!("{path}/records"),
            code: figures.text(&format!("{path}/error_code")).to_owned(),
        })
        .collect()
}
