//! What needs a person next, and what was learned: from the data, the commonest first.

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

/// How the last verification ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Everything holds.
    Verified,
    /// Nothing is known, or no longer.
    Open,
    /// Something does not hold.
    Failed,
}

/// How the last verification ended.
pub fn verdict(figures: &Lookup) -> Verdict {
    let has_wrong =
        figures.list("/checks").iter().any(|path| figures.get(format!("{path}/wrong")).value() > 0.0);
    if has_wrong {
        Verdict::Failed
    } else if figures.text("/file/verify_completed_at").is_empty() {
        Verdict::Open
    } else {
        Verdict::Verified
    }
}

/// The verdict in words.
pub fn headline(figures: &Lookup) -> String {
    match verdict(figures) {
        Verdict::Verified => "Verified: the target is what was meant, record by record",
        Verdict::Failed => "Verification failed: the target is not what was meant",
        Verdict::Open if figures.list("/checks").is_empty() => "Not verified yet",
        Verdict::Open => "Not verified since the last change",
    }
    .to_owned()
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
        if figures.get(format!("{path}/wrong")).value() > 0.0 {
            let name = figures.text(&format!("{path}/name"));
            let action = format!(
                "{name} does not hold: {}; look at findings and differences in the file",
                figures.text(&format!("{path}/sentence"))
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
            let action = format!(
                "{}: {}",
                figures.text(&format!("{path}/error_message")),
                figures.text(&format!("{path}/suggested_resolution"))
            );
            let (entity, code) =
                (figures.text(&format!("{path}/entity")), figures.text(&format!("{path}/error_code")));
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
