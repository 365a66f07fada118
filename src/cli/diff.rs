//! `drydock diff`: what another configuration, snapshot or survey makes of the same records.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::Common;
use crate::config::Config;
use crate::error::{Kind, Result};
use crate::staging::{Reader, RecordDifference, Step};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The first staging file
    #[arg(value_name = "FILE")]
    before: PathBuf,
    /// The second staging file
    #[arg(value_name = "OTHER")]
    after: PathBuf,
}

/// What differs between the files beside their records.
struct Context {
    /// Keys of the configuration with both values.
    configuration: Vec<String>,
    /// Whether both say that they are of one source and target.
    other_source: bool,
    other_target: bool,
}

pub(super) fn run(common: &Common, arguments: &Arguments) -> Result<Option<Kind>> {
    let (before, after) = (Reader::open(&arguments.before)?, Reader::open(&arguments.after)?);
    before.require(Step::Transform, "diff", &arguments.before)?;
    after.require(Step::Transform, "diff", &arguments.after)?;
    let of = |config: Option<Config>| config.unwrap_or_default();
    let context = Context {
        configuration: of(before.config()?).differences(&of(after.config()?)),
        other_source: before.fact("source_identity")? != after.fact("source_identity")?,
        other_target: before.fact("target_identity")? != after.fact("target_identity")?,
    };
    drop(after);
    let records = before.differences_from(&arguments.after)?;
    let shown: Vec<_> = records.iter().map(|record| with_reasons(record, &context)).collect();
    let value = json!({
        "configuration": context.configuration,
        "other_source": context.other_source,
        "other_target": context.other_target,
        "records": shown,
    });
    common.print(&value, || text(&records, &context))?;
    Ok(None)
}

fn with_reasons(record: &RecordDifference, context: &Context) -> serde_json::Value {
    let mut value = json!(record);
    value["why"] = json!(reasons(record, context));
    value
}

/// What explains the outcome, as far as the files show it; the configuration where nothing of the record does.
fn reasons(record: &RecordDifference, context: &Context) -> Vec<String> {
    let mut reasons = Vec::new();
    let is_only_in = |fate: &Option<String>, other: &Option<String>| fate.is_some() && other.is_none();
    if is_only_in(&record.fate_before, &record.fate_after) {
        reasons.push("the second snapshot does not have the row".to_owned());
    }
    if is_only_in(&record.fate_after, &record.fate_before) {
        reasons.push("the first snapshot does not have the row".to_owned());
    }
    if !record.raw_fields.is_empty() {
        reasons.push(format!("the source changed: {}", record.raw_fields.join(", ")));
    }
    if record.association_before != record.association_after {
        let shown = |association: &Option<String>| association.clone().unwrap_or_else(|| "none".to_owned());
        reasons.push(format!(
            "practice: {} → {}",
            shown(&record.association_before),
            shown(&record.association_after)
        ));
    }
    for (issues, word) in [(&record.issues_gone, "no longer"), (&record.issues_new, "now")] {
        if !issues.is_empty() {
            reasons.push(format!("{word} {}", issues.join(", ")));
        }
    }
    if record.fields.contains(&"id") {
        reasons.push("the target's row is another one".to_owned());
    }
    if reasons.is_empty() {
        reasons.push(match context.configuration.as_slice() {
            [] => "a record that it depends on".to_owned(),
            keys => format!("the configuration: {}", keys.join("; ")),
        });
    }
    reasons
}

fn text(records: &[RecordDifference], context: &Context) -> String {
    let mut text = String::new();
    for difference in &context.configuration {
        let _ = writeln!(text, "configuration {difference}");
    }
    for (differs, side) in [(context.other_source, "source"), (context.other_target, "target")] {
        if differs {
            let _ = writeln!(text, "the files belong to different {side}s");
        }
    }
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for record in records {
        *counts.entry(record.entity).or_default() += 1;
        let fate = match (&record.fate_before, &record.fate_after) {
            (None, None) => String::new(),
            (before, after) => {
                let shown = |fate: &Option<String>| fate.clone().unwrap_or_else(|| "absent".to_owned());
                format!(" {} → {}", shown(before), shown(after))
            }
        };
        let fields =
            if record.fields.is_empty() { String::new() } else { format!(" [{}]", record.fields.join(", ")) };
        let why = reasons(record, context).join("; ");
        let _ = writeln!(text, "{} {}{fate}{fields}: {why}", record.entity, record.legacy_id);
    }
    let counts: Vec<String> = counts.iter().map(|(entity, count)| format!("{count} of {entity}")).collect();
    let sum = if counts.is_empty() { String::new() } else { format!(": {}", counts.join(", ")) };
    let _ = writeln!(text, "{} records end differently{sum}", records.len());
    text
}
