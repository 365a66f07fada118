//! `drydock analyze`

use std::collections::BTreeMap;
use std::fmt::Write;

use clap::Args;
use serde_json::{Value, json};

use super::session::journalled;
use super::{Common, text};
use crate::analyze::{self, Cause};
use crate::error::{Kind, Result};
use crate::record::Category;
use crate::staging::{Analysis, MissingProfile, PhaseOneBatch, Remedy};

/// Missing profiles whose ids the text lists; the JSON and the file always have all.
const LISTED: usize = 10_000;

#[derive(Debug, Args)]
pub(super) struct Arguments {}

pub(super) fn run(common: &Common, _: &Arguments) -> Result<Option<Kind>> {
    journalled(common, "analyze", false, |staging, _| {
        let analysis = analyze::analyze(staging)?;
        common.print(&as_json(&analysis), || as_text(&analysis))?;
        Ok(None)
    })
}

/// How many profiles are missing by each cause, in the order of the causes.
fn by_cause(analysis: &Analysis) -> Vec<(Cause, usize)> {
    let mut counts: BTreeMap<Cause, usize> = BTreeMap::new();
    for cause in analysis.missing_profiles.iter().filter_map(|one| Cause::find(&one.cause)) {
        *counts.entry(cause).or_default() += 1;
    }
    counts.into_iter().collect()
}

fn failed(analysis: &Analysis) -> impl Iterator<Item = (&PhaseOneBatch, Vec<&MissingProfile>)> {
    analysis.batches.iter().filter(|batch| batch.missing > 0).map(|batch| {
        let of = |one: &&MissingProfile| one.batch_id == Some(batch.batch_id);
        let start =
            analysis.missing_profiles.partition_point(|one| one.legacy_user_id < batch.first_legacy_id);
        let within = analysis.missing_profiles[start..]
            .iter()
            .take_while(|one| one.legacy_user_id <= batch.last_legacy_id);
        (batch, within.filter(of).collect())
    })
}

fn as_json(analysis: &Analysis) -> Value {
    let causes: Vec<Value> = by_cause(analysis)
        .into_iter()
        .map(|(cause, profiles)| {
            json!({
                "cause": cause.as_str(),
                "error_category": cause.category().map(Category::as_str),
                "profiles": profiles,
                "remedy": cause.remedy(),
            })
        })
        .collect();
    let batches: Vec<Value> = failed(analysis)
        .map(|(batch, missing)| {
            let ids: Vec<_> = missing.iter().map(|one| one.legacy_user_id).collect();
            let mut value = json!(batch);
            value["missing_legacy_user_ids"] = json!(ids);
            value
        })
        .collect();
    let of = |strategy: &str| -> Vec<&Remedy> {
        analysis.remediation.iter().filter(|remedy| remedy.resolution_strategy == strategy).collect()
    };
    json!({
        "error_analysis": analysis.error_analysis,
        "profiles": analysis.profiles,
        "batches": analysis.batches.len(),
        "missing_by_cause": causes,
        "failed_batches": batches,
        "missing_profiles": analysis.missing_profiles,
        "remediation": { "automatic": of("automatic"), "manual": of("manual") },
    })
}

fn as_text(analysis: &Analysis) -> String {
    let presence = analysis.profiles;
    let mut text = text::error_analysis(Some(&analysis.error_analysis));
    let _ = writeln!(
        text,
        "\nprofiles by id: {} extracted; when the target was surveyed, it held {} of them and {} were missing",
        presence.extracted, presence.in_target_at_survey, presence.missing_at_survey
    );
    if presence.loaded_since > 0 {
        let _ = writeln!(
            text,
            "{} of those that were missing have been loaded since: it holds {} now, and {} are missing",
            presence.loaded_since, presence.in_target, presence.missing
        );
    }
    if presence.missing_at_survey > 0 {
        text.push_str("why they were missing, and what brings them in\n");
    }
    for (cause, profiles) in by_cause(analysis) {
        let _ = writeln!(text, "  {:<18}{profiles:>7}  {}", cause.as_str(), cause.remedy());
    }
    let failed: Vec<_> = failed(analysis).collect();
    let _ = writeln!(
        text,
        "\nphase 1 batches of 100: {} of {} lacked profiles when the target was surveyed",
        failed.len(),
        analysis.batches.len()
    );
    for (batch, missing) in failed {
        let ids = if analysis.missing_profiles.len() <= LISTED {
            missing.iter().fold(String::new(), |ids, one| format!("{ids} {}", one.legacy_user_id))
        } else {
            " (their ids are in missing_profiles)".to_owned()
        };
        let _ = writeln!(
            text,
            "  batch {} (users {} to {}) lacked {} of {}:{ids}",
            batch.batch_id, batch.first_legacy_id, batch.last_legacy_id, batch.missing, batch.users
        );
    }
    for strategy in ["automatic", "manual"] {
        let _ = writeln!(text, "\nremediation, {strategy}");
        for remedy in analysis.remediation.iter().filter(|remedy| remedy.resolution_strategy == strategy) {
            let _ = writeln!(
                text,
                "  {:<21} {:<28} {:>7} profiles, {} of them missing then: {}",
                remedy.error_category, remedy.error_code, remedy.records, remedy.missing, remedy.action
            );
        }
    }
    text + "\nnext: look at missing_profiles and remediation in the staging file, then `drydock gate approve 1 --by NAME`\n"
}
