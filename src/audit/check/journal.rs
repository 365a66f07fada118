//! The journal's chain, and whatever else in the file it speaks of.

use super::{Checked, Options};
use crate::error::Result;
use crate::staging::{Entry, Head, JOURNALLED, RunRow, Staging, broken_at};

/// What holds of the chain.
pub(super) const CHAIN: &str = "every entry of the journal follows from the one before";

/// The journal, and whatever it speaks of.
pub(super) fn chain(
    checked: &mut Checked,
    staging: &Staging,
    journal: &[Entry],
    options: &Options,
) -> Result<()> {
    let broken =
        broken_at(journal).map(|number| format!("it is broken at entry {number} of {}", journal.len()));
    checked.integrity("chain", CHAIN, broken.into_iter().collect());
    let head = journal.last().map(|entry| Head { entries: journal.len() as u64, head: entry.hash.clone() });
    if let Some(expected) = &options.expect_head {
        let expected = expected.trim().to_lowercase();
        let place = journal.iter().position(|entry| entry.hash == expected);
        let found = place
            .is_none()
            .then(|| format!("no entry has it; the last of {} has {}", journal.len(), shown(head.as_ref())));
        checked.integrity(
            "expected_head",
            "the journal goes through the head that was expected",
            found.into_iter().collect(),
        );
    } else {
        checked.unchecked.push(
            "whether entries were cut off at the end: give a head that you kept with --expect-head"
                .to_owned(),
        );
    }
    checked.journal = head;
    checked.asked(
        "journalled_rows",
        "every decision, approval, receipt and checkpoint is as the journal has it",
        journalled(staging, journal),
    )?;
    checked.asked(
        "commands",
        "every command is as the journal has it",
        staging.run_rows().map(|runs| commands(&runs, journal)),
    )?;
    checked.asked(
        "configuration",
        "the configuration is the last one in the journal",
        configuration(staging, journal),
    )?;
    checked.unfinished = unfinished(journal);
    Ok(())
}

fn shown(head: Option<&Head>) -> String {
    head.map_or_else(|| "none".to_owned(), |head| head.head.clone())
}

/// Rows against their entries, both ways.
fn journalled(staging: &Staging, journal: &[Entry]) -> Result<Vec<String>> {
    let key = staging.fact("journal_key")?;
    // without a key nothing was ever committed to, or the copy is redacted
    let is_redacted = staging.seal()?.is_some_and(|seal| seal.is_redacted);
    let mut found = Vec::new();
    if key.is_none() && !is_redacted && !journal.is_empty() {
        found.push("the key of the commitments is missing".to_owned());
    }
    let cleared = journal
        .iter()
        .filter(|entry| entry.kind == "step" && entry.value().is_some_and(|value| value["begins"] == true))
        .map(|entry| entry.sequence)
        .max()
        .unwrap_or_default();
    for of in JOURNALLED {
        let rows = staging.journalled_rows(of, key.as_deref())?;
        let entries: Vec<serde_json::Value> = journal
            .iter()
            .filter(|entry| entry.kind == of.kind && (!of.is_cleared || entry.sequence > cleared))
            .filter_map(|entry| {
                let mut value = entry.value()?;
                if key.is_none() {
                    value.as_object_mut()?.remove("commitment");
                }
                Some(value)
            })
            .collect();
        let id = |value: &serde_json::Value| value[of.id].to_string();
        let mut row = rows.iter().peekable();
        for entry in &entries {
            match row.next_if(|row| id(row) == id(entry)) {
                None => {
                    found.push(format!("{} {} is in the journal and not in the file", of.table, id(entry)));
                }
                Some(row) if row != entry => {
                    found.push(format!("{} {} is not as it was noted", of.table, id(entry)));
                }
                Some(_) => {}
            }
        }
        for row in row {
            found.push(format!("{} {} is in the file and not in the journal", of.table, id(row)));
        }
    }
    Ok(found)
}

/// The table of runs against the entries.
fn commands(runs: &[RunRow], journal: &[Entry]) -> Vec<String> {
    let mut found = Vec::new();
    let of = |kind: &str, run_id: i64| {
        journal.iter().find(|entry| entry.kind == kind && entry.run_id == Some(run_id))
    };
    for run in runs {
        let is_started = of("started", run.run_id).is_some_and(|entry| {
            entry.at == run.started_at
                && entry.value().is_some_and(|value| value["verb"] == run.verb.as_str())
        });
        let is_ended = match of("finished", run.run_id) {
            None => run.finished_at.is_none(),
            Some(entry) => {
                run.finished_at.as_ref() == Some(&entry.at)
                    && entry.value().is_some_and(|value| {
                        value["outcome"].as_str() == run.outcome.as_deref()
                            && value["exit_code"].as_i64() == run.exit_code
                    })
            }
        };
        if !is_started || !is_ended {
            found.push(format!("run {} is not as the journal has it", run.run_id));
        }
    }
    let started = journal.iter().filter(|entry| entry.kind == "started").count();
    if started != runs.len() {
        found.push(format!("{started} commands are in the journal, {} in the file", runs.len()));
    }
    found
}

fn configuration(staging: &Staging, journal: &[Entry]) -> Result<Vec<String>> {
    let last = journal.iter().rev().find(|entry| entry.kind == "configuration").and_then(Entry::value);
    let noted = last.as_ref().and_then(|value| value["sha256"].as_str());
    let kept = staging.fact("configuration_sha256")?;
    let is_redacted = staging.seal()?.is_some_and(|seal| seal.is_redacted);
    let text = staging.config()?.map(|config| config.digest());
    let mut found = Vec::new();
    if noted != kept.as_deref() {
        found.push("the digest of the configuration is another".to_owned());
    }
    if !is_redacted && text != kept {
        found.push("the configuration does not have its digest".to_owned());
    }
    Ok(found)
}

/// Commands that started and never ended: they were killed, or are at work.
fn unfinished(journal: &[Entry]) -> Vec<String> {
    let ended = |run| journal.iter().any(|entry| entry.kind == "finished" && entry.run_id == run);
    journal
        .iter()
        .filter(|entry| entry.kind == "started" && !ended(entry.run_id))
        .map(|entry| {
            let verb =
                entry.value().and_then(|value| value["verb"].as_str().map(str::to_owned)).unwrap_or_default();
            format!("run {} ({verb}) of {}", entry.run_id.unwrap_or_default(), entry.at)
        })
        .collect()
}
