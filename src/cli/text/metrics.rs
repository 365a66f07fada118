//! Where the migration stands, for a monitoring agent that collects text files: `OpenMetrics`, gauges only. What is not known yet
//! is left out and never 0.

use std::fmt::Write;

use chrono::DateTime;

use crate::staging::Step;
use crate::status::Status;

/// The figures that somebody who is not looking wants to be woken by.
pub(in crate::cli) fn metrics(status: &Status) -> String {
    let figures = &status.figures;
    let mut text = String::new();
    let mut family = |name: &str, help: &str, samples: Vec<(String, Option<u64>)>| {
        let _ = writeln!(text, "# TYPE drydock_{name} gauge\n# HELP drydock_{name} {help}");
        for (labels, value) in samples {
            if let Some(value) = value {
                let _ = writeln!(text, "drydock_{name}{labels} {value}");
            }
        }
    };
    let none = String::new;
    let records = figures.lines.iter().flat_map(|line| {
        [
            ("ready", line.ready),
            ("merged", line.merged),
            ("rejected", line.rejected),
            ("quarantined", line.quarantined),
            ("loaded", line.loaded),
            ("failed", line.failed),
        ]
        .map(|(fate, records)| (format!("{{entity=\"{}\",fate=\"{fate}\"}}", line.entity), Some(records)))
    });
    family("records", "Records by entity and fate; loaded and failed are parts of ready.", records.collect());
    family("questions", "Questions that wait for a person.", vec![(none(), status.questions)]);
    family(
        "decisions_waiting",
        "Decisions that wait for a transform.",
        vec![(none(), Some(figures.decisions_waiting))],
    );
    let is_current = !status.is_verification_stale;
    let wrong = figures.checks.iter().filter(|check| !check.passed()).count() as u64;
    let checked = is_current && !figures.checks.is_empty();
    family(
        "differences",
        "Differences of the last verification.",
        vec![(none(), figures.differences.filter(|_| is_current))],
    );
    family("checks_wrong", "Checks that do not hold.", vec![(none(), checked.then_some(wrong))]);
    let attention = u64::from(figures.attention.kind().map_or(0, crate::error::Kind::code));
    family(
        "attention",
        "The exit code that the result asks for; 0 where nothing does.",
        vec![(none(), Some(attention))],
    );
    let steps = [
        ("extract", Step::Extract),
        ("survey", Step::Survey),
        ("transform", Step::Transform),
        ("load", Step::Load),
        ("verify", Step::Verify),
    ]
    .map(|(word, step)| {
        let moment = figures.completed(step).and_then(|text| DateTime::parse_from_rfc3339(text).ok());
        (format!("{{step=\"{word}\"}}"), moment.and_then(|moment| u64::try_from(moment.timestamp()).ok()))
    });
    family("step_completed_seconds", "When a step was completed, since 1970.", steps.to_vec());
    text + "# EOF\n"
}
