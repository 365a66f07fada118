//! What a migration teaches, from its own figures: what was wrong most often and what settled it, what kept records out, what
//! did not arrive as it stood, what the rules changed, and how the commands ended. A pure function over the status; no value of
//! a record is among its figures.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Serialize;

use crate::report::troubleshooting;
use crate::status::Status;

/// The lessons of one migration, the commonest first in each list.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Lessons {
    /// What was wrong with records.
    pub causes: Vec<Cause>,
    /// What keeps records out of the target.
    pub kept_back: Vec<KeptBack>,
    /// The fields of which values do not arrive; empty before a verification.
    pub lost: Vec<Lost>,
    /// What the rules changed.
    pub rules: Vec<Rule>,
    /// How the commands ended.
    pub commands: Vec<Commands>,
}

/// One kind of issue.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cause {
    /// The entity.
    pub entity: String,
    /// The kind's code.
    pub code: String,
    /// What was wrong.
    pub cause: String,
    /// How many records have it.
    pub records: u64,
    /// How many of a hundred records of the entity that is; null where none was extracted.
    pub percent: Option<f64>,
    /// Those that nobody has settled yet.
    pub pending: u64,
    /// What a rule did about it, or a person has to.
    pub remedy: String,
    /// What to do about it before a next migration; '' where nothing has to be done.
    pub next_time: String,
}

/// Records that wait, or were rejected, for one reason.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct KeptBack {
    /// The entity.
    pub entity: String,
    /// Their fate.
    pub fate: String,
    /// The issues' codes.
    pub codes: String,
    /// How many they are.
    pub records: u64,
    /// What brings them in.
    pub remedy: String,
}

/// A field of which values of the source are not in the target.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Lost {
    /// The entity.
    pub entity: String,
    /// The field.
    pub field: String,
    /// Values that the source gave.
    pub given: u64,
    /// Those that are not there.
    pub lost: u64,
    /// The rules that changed values of the field, with how many.
    pub rules: String,
}

/// What one rule changed in one field.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rule {
    /// The entity.
    pub entity: String,
    /// The field.
    pub field: String,
    /// The rule.
    pub rule: String,
    /// How many values.
    pub changes: u64,
}

/// The runs of one verb.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Commands {
    /// The verb.
    pub verb: String,
    /// How often it was run.
    pub runs: u64,
    /// Those that ended with another exit code than 0, or were killed.
    pub not_well: u64,
    /// What the last of those ended with; null where none did, or it was killed.
    pub exit_code: Option<u64>,
    /// The longest of its runs, in seconds; null where none has ended.
    pub longest_seconds: Option<u64>,
}

/// The lessons of a migration, at most so many of each kind.
pub fn lessons(status: &Status, most: usize) -> Lessons {
    let figures = &status.figures;
    let extracted = |entity: &str| {
        figures.lines.iter().find(|line| line.entity == entity).map_or(0, |line| line.extracted)
    };
    let mut causes: Vec<Cause> = figures
        .errors
        .iter()
        .map(|error| Cause {
            entity: error.entity.clone(),
            code: error.error_code.clone(),
            cause: error.error_message.clone(),
            records: error.records,
            percent: percent(error.records, extracted(&error.entity)),
            pending: error.pending,
            remedy: error.suggested_resolution.clone(),
            next_time: next_time(&error.error_code, &error.error_category).to_owned(),
        })
        .collect();
    commonest(&mut causes, most, |cause| cause.records);

    // another record stands for a merged one
    let waiting = figures.waiting.iter().filter(|one| one.fate != "merged");
    let mut kept_back: Vec<KeptBack> = waiting
        .map(|one| {
            let first = one.error_codes.split([',', ':']).next().unwrap_or_default();
            KeptBack {
                entity: one.entity.clone(),
                fate: one.fate.clone(),
                codes: one.error_codes.clone(),
                records: one.records,
                remedy: troubleshooting::find(first)
                    .map_or_else(|| "v_waiting lists them".to_owned(), |entry| entry.todo),
            }
        })
        .collect();
    commonest(&mut kept_back, most, |one| one.records);

    let mut lost: Vec<Lost> = figures
        .survival
        .iter()
        .map(|field| Lost {
            entity: field.entity.clone(),
            field: field.field.clone(),
            given: field.given,
            lost: field.replaced + field.emptied + field.left_out + field.differs,
            rules: field.rules.clone(),
        })
        .filter(|field| field.lost > 0)
        .collect();
    commonest(&mut lost, most, |field| field.lost);

    let mut rules: Vec<Rule> = figures
        .changes
        .iter()
        .map(|change| Rule {
            entity: change.entity.clone(),
            field: change.field.clone(),
            rule: change.rule.clone(),
            changes: change.changes,
        })
        .collect();
    commonest(&mut rules, most, |rule| rule.changes);
    Lessons { causes, kept_back, lost, rules, commands: commands(status) }
}

/// Keeps so many at most, the commonest first.
fn commonest<T>(list: &mut Vec<T>, most: usize, records: impl Fn(&T) -> u64) {
    list.sort_by_key(|one| std::cmp::Reverse(records(one)));
    list.truncate(most);
}

#[expect(clippy::cast_precision_loss, reason = "shares of counts of records")]
fn percent(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| (part as f64 * 1000.0 / whole as f64).round() / 10.0)
}

/// What keeps an issue from coming again, by its code and else by the plan's category of it; '' where nothing has to be done.
fn next_time(code: &str, category: &str) -> &'static str {
    let kind = code.split('_').next().unwrap_or_default();
    match (kind, category) {
        (_, "email_conflict") => {
            "give each person an address of their own in the source, while it is still in use"
        }
        ("email", _) => {
            "have people asked for their address while the source is in use: whoever has none cannot sign in"
        }
        ("reference", _) | (_, "constraint_violation") => {
            "repair the references in the source: a foreign key there keeps them from coming back"
        }
        (_, "schema_mismatch") => {
            "map the column in [target.columns], or change the target, before the first load"
        }
        ("practice", _) => "have whoever knows the practices enter the office of these people in the source",
        ("role", _) => "put every user into a group in the source",
        ("date", _) => "have birthdates checked in the source; `drydock columns` shows how they are written",
        ("name", _) => {
            "have names corrected in the source: nothing is put in the place of one that is missing"
        }
        ("gender", _) => "have the sex entered in the source where the target needs it",
        _ => "",
    }
}

/// The verbs that were run, in the order in which each came first.
fn commands(status: &Status) -> Vec<Commands> {
    let (mut order, mut found) = (Vec::new(), BTreeMap::<&str, Commands>::new());
    for run in &status.figures.runs {
        // what is at work has not ended yet
        let Some(outcome) = &run.outcome else { continue };
        let verb = run.verb.as_str();
        if !found.contains_key(verb) {
            order.push(verb);
        }
        let commands = found.entry(verb).or_default();
        verb.clone_into(&mut commands.verb);
        commands.runs += 1;
        if outcome != "done" || run.exit_code != Some(0) {
            commands.not_well += 1;
            commands.exit_code = run.exit_code;
        }
        commands.longest_seconds = commands.longest_seconds.max(run.seconds);
    }
    order.iter().filter_map(|verb| found.remove(verb)).collect()
}

impl Lessons {
    /// As Markdown, for people.
    pub fn as_markdown(&self) -> String {
        let mut text = "# Lessons of this migration\n\n## What was wrong most often\n\n".to_owned();
        for cause in &self.causes {
            let share = cause.percent.map(|percent| format!(", {percent} %")).unwrap_or_default();
            let next_time = match cause.next_time.as_str() {
                "" => String::new(),
                todo => format!("  - next time: {todo}\n"),
            };
            let settled = match cause.pending {
                0 => "settled".to_owned(),
                pending => format!("{pending} wait for a person"),
            };
            let _ = writeln!(
                text,
                "- **{}: {}** ({} records{share}; {settled})\n  - remedy: {}\n{next_time}  - more: `drydock help {}`",
                cause.entity, cause.cause, cause.records, cause.remedy, cause.code
            );
        }
        none(&mut text, self.causes.is_empty(), "nothing was found, or nothing was transformed yet");
        text.push_str("\n## What keeps records out of the target\n\n");
        for one in &self.kept_back {
            let _ = writeln!(
                text,
                "- {}: {} {} ({}): {}",
                one.entity, one.records, one.fate, one.codes, one.remedy
            );
        }
        none(&mut text, self.kept_back.is_empty(), "no record is kept back");
        text.push_str("\n## Which values do not arrive as they stood\n\n");
        for field in &self.lost {
            let Lost { entity, field, given, lost, rules } = field;
            let rules = if rules.is_empty() { String::new() } else { format!(" ({rules})") };
            let _ = writeln!(text, "- {entity}.{field}: {lost} of {given}{rules}");
        }
        none(&mut text, self.lost.is_empty(), "every value arrives, or nothing was verified yet");
        text.push_str("\n## What the rules changed most\n\n");
        for rule in &self.rules {
            let _ =
                writeln!(text, "- {}.{}: {} values by {}", rule.entity, rule.field, rule.changes, rule.rule);
        }
        none(&mut text, self.rules.is_empty(), "no value was changed");
        text.push_str("\n## How the commands went\n\n");
        for one in &self.commands {
            let longest =
                one.longest_seconds.map(|seconds| format!(", the longest {seconds} s")).unwrap_or_default();
            let ended = match (one.not_well, one.exit_code) {
                (0, _) => "all ended well".to_owned(),
                (times, Some(code)) => {
                    format!("{times} did not end well (exit code {code}; `drydock help {code}`)")
                }
                (times, None) => format!("{times} did not end well (killed)"),
            };
            let _ = writeln!(text, "- {}: {} runs{longest}; {ended}", one.verb, one.runs);
        }
        none(&mut text, self.commands.is_empty(), "no command has ended yet");
        text
    }
}

fn none(text: &mut String, is_empty: bool, sentence: &str) {
    if is_empty {
        let _ = writeln!(text, "- {sentence}");
    }
}
