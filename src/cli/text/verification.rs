//! What a verification found and where the migration stands, for people.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::Value;

use super::{accounting, associations, error_analysis, extract_check, open};
use crate::gate::Gate;
use crate::staging::{AGAIN, Check, IssueCount, Open, ProofSide, Survival, ThreeWayProof, Wrong};
use crate::status::Status;
use crate::verify;

/// Digits of a digest that a person compares.
const DIGITS: usize = 12;

pub(in crate::cli) fn verify(summary: &verify::Summary) -> String {
    let mut text = checks(&summary.checks, &summary.wrong);
    if summary.gone_from_source > 0 {
        let _ = writeln!(
            text,
            "{} records of the target are no longer in the source (see v_gone_from_source); they were left alone",
            summary.gone_from_source
        );
    }
    if let Some(proof) = &summary.three_way_proof {
        text.push_str(&three_way_proof(proof));
    }
    if let Some(report) = &summary.source {
        text.push_str(&extract_check(report));
    }
    text.push_str(&survival(&summary.survival));
    text.push_str(&verdict(&summary.checks, summary.differences));
    if !summary.passed() && !summary.not_loaded.is_empty() {
        let _ = writeln!(
            text,
            "not loaded as they stand in the file now: {}; what they write counts as a difference until `drydock load` has written it",
            summary.not_loaded.join(", ")
        );
    }
    text
}

/// Percent of a field's values that may be lost without being shown.
const SHOWN_ABOVE: f64 = 2.0;

/// The fields that lose more than a few of their values, with the rules that changed most.
fn survival(fields: &[Survival]) -> String {
    let losing: Vec<&Survival> =
        fields.iter().filter(|field| field.percent_lost > Some(SHOWN_ABOVE)).collect();
    if losing.is_empty() {
        return format!(
            "every field keeps at least {} % of the values that the source gave (v_survival)\n",
            100.0 - SHOWN_ABOVE
        );
    }
    losing.iter().fold(
        "fields of which the target has some values otherwise than the source, with the rules (v_survival has all)\n".to_owned(),
        |mut text, field| {
            let parts = [
                ("replaced", field.replaced),
                ("emptied", field.emptied),
                ("of records left out", field.left_out),
                ("other in the target", field.differs),
            ];
            let lost: Vec<String> = parts
                .iter()
                .filter(|(_, count)| *count > 0)
                .map(|(what, count)| format!("{count} {what}"))
                .collect();
            let rules = if field.rules.is_empty() { String::new() } else { format!(" ({})", field.rules) };
            let _ = writeln!(
                text,
                "  {:>5.1} %  {}.{} of {}: {}{rules}",
                field.percent_lost.unwrap_or_default(),
                field.entity,
                field.field,
                field.given,
                lost.join(", ")
            );
            text
        },
    )
}

pub(in crate::cli) fn status(status: &Status) -> String {
    let Status { figures, gates, .. } = status;
    let mut text = String::new();
    for (name, value) in &figures.file {
        let _ = match (value.as_str(), figures.done_before.get(name).and_then(Value::as_str)) {
            (Some(value), _) => writeln!(text, "{name}: {value}"),
            (None, Some(last)) => writeln!(text, "{name}: {AGAIN} {last}"),
            (None, None) => writeln!(text, "{name}: not yet"),
        };
    }
    let phases = phase_2(&figures.phase_2) + &phase_3(&figures.phase_3);
    let mut parts = vec![text, phases, accounting(&figures.lines)];
    if let Some(found) = &figures.open {
        parts.push(open(found, Open::WORDS.len()) + &by_phase(&figures.issues));
    }
    parts.push(self::gates(gates));
    if figures.error_analysis.is_some() {
        parts.push(associations(&figures.associations));
        parts.push(error_analysis(figures.error_analysis.as_ref()));
    }
    if !figures.checks.is_empty() {
        let found = verdict(&figures.checks, figures.differences.unwrap_or(0));
        parts.push(if status.is_verification_stale {
            format!("not verified since the last change; before it: {found}")
        } else {
            found
        });
    }
    if figures.decisions_waiting > 0 {
        parts.push(format!("decisions that wait for `drydock transform`: {}\n", figures.decisions_waiting));
    }
    parts.join("\n")
}

/// The issues of each phase: which of them the phase's own figures speak of.
fn by_phase(issues: &[IssueCount]) -> String {
    let mut phases: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for count in issues {
        let (automatic, manual) = phases.entry(&count.phase).or_default();
        *automatic += count.automatic;
        *manual += count.manual;
    }
    phases.iter().fold(String::new(), |mut text, (phase, (automatic, manual))| {
        let _ = writeln!(
            text,
            "  issues of phase {phase}: {automatic} settled by a rule, {manual} left to a person"
        );
        text
    })
}

/// A line per gate, with what it lacks; `drydock gate` lists all that it asks for.
fn gates(gates: &[Gate]) -> String {
    gates.iter().fold("gates\n".to_owned(), |mut text, gate| {
        let _ = match &gate.missing {
            None => writeln!(text, "  {} passed  {}", gate.gate, gate.demand),
            Some(missing) => writeln!(text, "  {} open    {missing}", gate.gate),
        };
        text
    })
}

/// The plan's measure in words that say the same when all is done: nothing remains then, and nobody failed.
fn in_words(measure: &str) -> String {
    match measure {
        "total_remaining" => "that the target lacked".to_owned(),
        "total_target" => "in all".to_owned(),
        "failed" => "refused by the target".to_owned(),
        other => other.replace('_', " "),
    }
}

/// The plan's progress object, a line per phase; what is not measured yet is a dash.
fn phase_2(progress: &Value) -> String {
    const MEASURES: [(&str, &str, &[&str]); 3] = [
        ("2A profiles", "/phase_2a_profiles", &["total_remaining", "analyzed", "resolved", "failed"]),
        ("2B patients", "/phase_2b_patients", &["total_target", "processed", "associated", "failed"]),
        (
            "2C integration",
            "/phase_2c_integration",
            &["profile_associations", "validations_passed", "issues_identified"],
        ),
    ];
    let mut text = measured(progress, &MEASURES);
    let _ = writeln!(text, "{:<16}{:>8}", "phase 2 overall", percent(progress, "/overall_phase_2_progress"));
    if let Some(operation) = progress["current_operation"].as_str() {
        let end = progress["estimated_completion"]
            .as_str()
            .map_or_else(String::new, |end| format!("; phase 2 is done about {end}"));
        let _ = writeln!(text, "working on: {operation}{end}");
    }
    text
}

/// The same of phase 3, where it takes part.
fn phase_3(progress: &Value) -> String {
    const MEASURES: [(&str, &str, &[&str]); 3] = [
        ("3A cases", "/phase_3a_cases", &["total_target", "processed", "with_patient", "failed"]),
        ("3B projects", "/phase_3b_projects", &["total_target", "processed", "with_case", "failed"]),
        ("3C states", "/phase_3c_states", &["total_target", "processed", "with_case", "failed"]),
    ];
    if progress.is_null() {
        return String::new();
    }
    let mut text = measured(progress, &MEASURES);
    let _ = writeln!(text, "{:<16}{:>8}", "phase 3 overall", percent(progress, "/overall_phase_3_progress"));
    text.replace("refused by the target", "kept back or refused")
}

/// A line for each phase with its measures, those that there are.
fn measured(progress: &Value, phases: &[(&str, &str, &[&str])]) -> String {
    let shown = |path: &str| known(progress, path).map_or_else(|| "–".to_owned(), ToString::to_string);
    let mut text = String::new();
    for (name, phase, measures) in phases.iter().filter(|(_, phase, _)| progress.pointer(phase).is_some()) {
        let measures: Vec<String> = measures
            .iter()
            .map(|measure| format!("{} {}", shown(&format!("{phase}/{measure}")), in_words(measure)))
            .collect();
        let share = percent(progress, &format!("{phase}/progress_percentage"));
        let _ = writeln!(text, "{name:<16}{share:>8}  {}", measures.join(", "));
    }
    text
}

fn known<'a>(progress: &'a Value, path: &str) -> Option<&'a Value> {
    progress.pointer(path).filter(|value| !value.is_null())
}

fn percent(progress: &Value, path: &str) -> String {
    known(progress, path).map_or_else(|| "– %".to_owned(), |share| format!("{share} %"))
}

fn checks(checks: &[Check], wrong: &[Wrong]) -> String {
    checks.iter().fold("verification\n".to_owned(), |mut text, check| {
        let numbers = match (check.expected, check.found) {
            (Some(expected), Some(found)) if expected == found => format!(" ({found})"),
            (Some(expected), found) => {
                format!(
                    " ({expected} expected, {} found)",
                    found.map_or("none".to_owned(), |found| found.to_string())
                )
            }
            _ => String::new(),
        };
        if !check.was_asked() {
            let _ = writeln!(text, "  {:<13}{:<42}not asked", check.level.as_str(), check.name);
            return text;
        }
        let result = if check.passed() { "ok".to_owned() } else { format!("{} wrong", check.wrong) };
        let exceptions = match check.exceptions {
            0 => String::new(),
            exceptions => format!(" ({exceptions} exceptions that the legacy data explain, see findings)"),
        };
        let _ =
            writeln!(text, "  {:<13}{:<42}{result}{numbers}{exceptions}", check.level.as_str(), check.name);
        let rows: Vec<String> =
            wrong.iter().filter(|row| row.check_name == check.name).map(ToString::to_string).collect();
        if !rows.is_empty() {
            let _ = writeln!(text, "  {:<13}such as {}", "", rows.join(", "));
        }
        text
    })
}

fn three_way_proof(proof: &ThreeWayProof) -> String {
    let side = |side: &ProofSide| format!("{} ({} rows)", &side.digest[..DIGITS], side.rows);
    let sign = |holds: bool, one: &ProofSide, other: &ProofSide| match holds {
        true => "=",
        // somebody may have put them there, and the file has been resolved again since
        false if one.digest == other.digest => "has the digest, but no receipt, of",
        false => "is not",
    };
    format!(
        "three-way proof: {}\n  source snapshot {} {} raw rows {}\n  raw to ready: {} recorded changes, {} unexplained\n  \
         ready rows {} {} target {}\n",
        if proof.holds { "holds" } else { "is broken" },
        side(&proof.source),
        sign(proof.raw_is_as_taken, &proof.source, &proof.raw),
        side(&proof.raw),
        proof.changes,
        proof.unexplained.map_or_else(|| "–".to_owned(), |unexplained| unexplained.to_string()),
        side(&proof.ready),
        sign(proof.ready_is_in_target, &proof.ready, &proof.target),
        side(&proof.target),
    )
}

fn verdict(checks: &[Check], differences: u64) -> String {
    let failed = checks.iter().filter(|check| !check.passed()).count();
    let asked = checks.iter().filter(|check| check.was_asked()).count();
    let text = if failed == 0 {
        format!("verification passed: {asked} checks, 0 differences\n")
    } else {
        format!(
            "verification did not pass: {failed} of {asked} checks, {differences} differences (see checks, findings and \
             differences in the staging file, and `drydock help verification`)\n"
        )
    };
    match checks.len() - asked {
        0 => text,
        others => {
            text + &format!(
                "{others} checks could not be asked, because the configuration leaves out what they look at\n"
            )
        }
    }
}
