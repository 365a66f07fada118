//! The journal's chain, and whatever else in the file it speaks of.

use super::{Checked, Options};
use crate::audit::digest;
use crate::error::Result;
use crate::staging::{
    CONFIGURATION_COMMITMENT, Entry, Head, JOURNALLED, RunRow, SEALED, Seal, Staging, broken_at, noted,
};

/// What holds of the chain.
pub(super) const CHAIN: &str = "every entry of the journal follows from the one before";

/// What holds of a seal.
const SEAL: &str = "the journal's last command sealed just these tables";

/// The journal, and whatever it speaks of.
pub(super) fn chain(
    checked: &mut Checked,
    staging: &Staging,
    journal: &[Entry],
    seal: &Result<Option<Seal>>,
    options: &Options,
) -> Result<()> {
    let broken =
        broken_at(journal).map(|number| format!("it is broken at entry {number} of {}", journal.len()));
    checked.integrity("chain", CHAIN, broken.into_iter().collect());
    let head = journal.last().map(|entry| Head { entries: journal.len() as u64, head: entry.hash.clone() });
    let end = journal.iter().rposition(|entry| entry.kind == SEALED);
    if let Some(expected) = &options.expect_head {
        let expected = expected.trim().to_lowercase();
        let place = journal.iter().position(|entry| entry.hash == expected);
        let is_sealed = matches!(seal, Ok(Some(_)));
        let found = match place {
            None => {
                Some(format!("no entry has it; the last of {} has {}", journal.len(), shown(head.as_ref())))
            }
            // taken for what was sealed, it would be anything
            Some(place) if !is_sealed && is_end_of_seal(journal, place) && place + 1 < journal.len() => {
                Some(format!(
                    "it is the head of a sealed copy, and this file has no seal and {} entries more: check the copy, or \
                     expect the head that `drydock status` printed",
                    journal.len() - place - 1
                ))
            }
            Some(_) => None,
        };
        checked.integrity(
            "expected_head",
            "the journal goes through the head that was expected",
            found.into_iter().collect(),
        );
        match (place, end) {
            (Some(place), Some(end)) if is_sealed && place < end => checked.unchecked.push(
                "whether the rows are those that were sealed: the head expected is older than the seal".to_owned(),
            ),
            (Some(place), _) if place + 1 < journal.len() => checked.unchecked.push(format!(
                "what was done after the head expected: the journal has {} entries more, and the rows are as they left them",
                journal.len() - place - 1
            )),
            _ => {}
        }
    } else {
        checked.unchecked.push(
            "whether all of it was made anew, or entries were cut off at the end: give a head that you kept with \
             --expect-head"
                .to_owned(),
        );
    }
    if let Ok(Some(seal)) = seal {
        checked.asked("seal", SEAL, sealed(staging, journal, seal))?;
    }
    if matches!(seal, Ok(None)) && end.is_some() && staging.fact("journal_key").is_ok_and(|key| key.is_none())
    {
        checked.integrity("seal", SEAL, vec!["the seal is missing".to_owned()]);
    }
    digests(checked, staging, journal, seal)?;
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

/// Whether the entry ends a command that sealed a copy: its hash is the head that the command printed.
fn is_end_of_seal(journal: &[Entry], place: usize) -> bool {
    place > 0 && journal[place].kind == "finished" && journal[place - 1].kind == SEALED
}

/// The seal's tables against the entry.
fn sealed(staging: &Staging, journal: &[Entry], seal: &Seal) -> Result<Vec<String>> {
    let Some(last) = journal.len().checked_sub(1).filter(|last| is_end_of_seal(journal, *last)) else {
        return Ok(vec!["the last entries of the journal are not those of a command that sealed".to_owned()]);
    };
    let entry = &journal[last - 1];
    let said = entry.value().unwrap_or_default();
    let now = digest::seal(seal, &staging.schema_digest()?);
    let mut found = Vec::new();
    if said["sha256"].as_str() != Some(&now) {
        found.push("the tables that it names are not those that the journal says were sealed".to_owned());
    }
    if said["is_redacted"].as_bool() != Some(seal.is_redacted) || entry.at != seal.sealed_at {
        found.push(
            "when it was made, or whether values were replaced, is not what the journal says".to_owned(),
        );
    }
    Ok(found)
}

/// The rows against the digests that the commands noted.
fn digests(
    checked: &mut Checked,
    staging: &Staging,
    journal: &[Entry],
    seal: &Result<Option<Seal>>,
) -> Result<()> {
    let key = staging.fact("journal_key").unwrap_or_default();
    // in a redacted copy the rows are others, and their key is not there
    if matches!(seal, Ok(Some(seal)) if seal.is_redacted) {
        return Ok(());
    }
    if let (Some(noted), Some(key)) = (noted(journal), key) {
        let is_counted =
            |said: &&Option<(u64, String)>| said.as_ref().is_some_and(|(_, digest)| digest.is_empty());
        let large = noted.values().filter(is_counted).count();
        if large > 0 {
            checked.unchecked.push(format!(
                "whether every row of {large} large tables is as the last command left it: only their number is; a seal covers them"
            ));
        }
        return checked.asked(
            "digests",
            "every table has the rows that the last command left in it",
            staging.tables_unlike(&noted, &key),
        );
    }
    checked.unchecked.push(
        "whether every row is as the last command left it: a command is at work or was killed, and the next one that ends takes \
         the digests again"
            .to_owned(),
    );
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
                // the first files say openly which record a decision is about; what the row says is in the commitment
                if of.kind == "decision" {
                    value.as_object_mut()?.remove("legacy_id");
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
                && entry.value().is_some_and(|value| {
                    value["verb"] == run.verb.as_str() && value["tool_version"] == run.tool_version.as_str()
                })
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
    let noted = |key: &str| last.as_ref().and_then(|value| value[key].as_str());
    let is_redacted = staging.seal()?.is_some_and(|seal| seal.is_redacted);
    let kept = staging.fact("configuration_sha256")?;
    let committed = if is_redacted {
        staging.fact(CONFIGURATION_COMMITMENT)?
    } else {
        staging.configuration_commitment()?
    };
    let text = staging.config()?.map(|config| config.digest());
    let mut found = Vec::new();
    // the first files have the digest itself there
    let is_noted = match noted("sha256") {
        Some(digest) => kept.as_deref() == Some(digest),
        None => noted("commitment") == committed.as_deref(),
    };
    if !is_noted {
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
