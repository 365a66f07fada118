//! Checking what was shipped, with nothing but what was shipped: is it what was sealed (integrity), does every record of the
//! source have exactly one fate (completeness). Everything is read as it stands, and nothing is written.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::digest;
use super::encrypt::Identities;
use super::manifest::{FORMAT, Fates, Manifest};
use super::parcel::{ENCRYPTED, FILE, MANIFEST, NAMES, SIGNATURE};
use super::sign::Verifier;
use crate::error::{Error, Result};
use crate::staging::{Entry, Head, JOURNALLED, RunRow, Seal, Staging, Step, broken_at};
use crate::verify;

/// What is known beside what was shipped.
#[derive(Debug, Default)]
pub struct Options {
    /// A head that some command printed: the journal must go through it.
    pub expect_head: Option<String>,
    /// The key that must have signed.
    pub verifier: Option<Verifier>,
    /// Keys that open an encrypted copy.
    pub identities: Option<Identities>,
}

/// Which verdict a part goes into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Is it what was sealed?
    Integrity,
    /// Does every record have exactly one fate?
    Completeness,
}

/// One thing that was checked.
#[derive(Debug, Clone, Serialize)]
pub struct Part {
    /// The verdict that it goes into.
    pub verdict: Verdict,
    /// Its name.
    pub name: &'static str,
    /// What holds when nothing is found.
    pub sentence: &'static str,
    /// What was found, without values.
    pub found: Vec<String>,
}

/// What was checked, and what came of it.
#[derive(Debug, Serialize)]
pub struct Checked {
    /// The file, or the folder.
    pub path: PathBuf,
    /// `sealed`, `redacted`, `plain`, or `encrypted` where it could not be looked into.
    pub what: &'static str,
    /// Whether it is what was sealed, or for a plain file whether nothing in it contradicts itself.
    pub integrity: bool,
    /// Whether every record has exactly one fate; none where that could not be looked at.
    pub completeness: Option<bool>,
    /// Everything that was checked.
    pub parts: Vec<Part>,
    /// What could not be checked, and why.
    pub unchecked: Vec<String>,
    /// The end of the journal.
    pub journal: Option<Head>,
    /// Commands that started and never ended.
    pub unfinished: Vec<String>,
    /// The key that signed, in hexadecimal.
    pub signed_by: Option<String>,
    /// Every record's fate, by entity.
    pub accounting: Vec<Fates>,
}

impl Checked {
    /// Whether anything was found.
    pub fn holds(&self) -> bool {
        self.integrity && self.completeness == Some(true)
    }

    fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            what: "plain",
            integrity: true,
            completeness: None,
            parts: Vec::new(),
            unchecked: Vec::new(),
            journal: None,
            unfinished: Vec::new(),
            signed_by: None,
            accounting: Vec::new(),
        }
    }

    fn part(&mut self, verdict: Verdict, name: &'static str, sentence: &'static str, found: Vec<String>) {
        self.parts.push(Part { verdict, name, sentence, found });
    }

    fn integrity(&mut self, name: &'static str, sentence: &'static str, found: Vec<String>) {
        self.part(Verdict::Integrity, name, sentence, found);
    }

    /// A part that could not even be asked has found that.
    fn asked(
        &mut self,
        name: &'static str,
        sentence: &'static str,
        asked: Result<Vec<String>>,
    ) -> Result<()> {
        let found = match asked {
            Err(error) if error.kind() == crate::error::Kind::Interrupted => return Err(error),
            // the file is too broken for the question
            Err(error) => vec![first_line(&error)],
            Ok(found) => found,
        };
        self.integrity(name, sentence, found);
        Ok(())
    }

    fn conclude(mut self) -> Self {
        let holds = |verdict| self.parts.iter().all(|part| part.verdict != verdict || part.found.is_empty());
        self.integrity = holds(Verdict::Integrity);
        let looked_at = self.parts.iter().any(|part| part.verdict == Verdict::Completeness);
        self.completeness = looked_at.then(|| holds(Verdict::Completeness));
        self
    }
}

/// Checks a file, or a folder that `audit seal` made.
pub fn check(path: &Path, options: &Options) -> Result<Checked> {
    let mut checked = Checked::new(path);
    let (folder, file) = locate(path)?;
    let manifest = match &folder {
        Some(folder) => read_manifest(&mut checked, folder, options)?,
        None => None,
    };
    if options.verifier.is_some() && manifest.is_none() {
        checked.integrity(
            "signature",
            "the manifest is signed with the key given",
            vec!["there is no manifest".to_owned()],
        );
    }
    let unpacked = match (&manifest, &folder) {
        (Some((manifest, _)), Some(folder)) if manifest.encrypted.is_some() => {
            Some(unpack(&mut checked, manifest, folder, options)?)
        }
        _ => None,
    };
    let file = match unpacked {
        // nobody can look into it without a key
        Some(None) => {
            checked.what = "encrypted";
            return Ok(checked.conclude());
        }
        Some(Some(ref open)) => open.path.clone(),
        None => file,
    };
    if let Some((manifest, _)) = &manifest {
        let found = compare_file(&file, &manifest.file)?;
        checked.integrity("file", "the file has the length and the digest that the manifest says", found);
    }
    let manifest = manifest.map(|(manifest, _)| manifest);
    match Staging::examine(&file) {
        Ok(staging) => contents(&mut checked, &staging, &file, manifest.as_ref(), options)?,
        // without a manifest nothing says that it ever was one
        Err(error) if manifest.is_none() => return Err(error),
        Err(error) => {
            checked.integrity(
                "staging_file",
                "the file is a staging file of this version",
                vec![first_line(&error)],
            );
        }
    }
    Ok(checked.conclude())
}

/// The folder with the manifest, where there is one, and the file.
fn locate(path: &Path) -> Result<(Option<PathBuf>, PathBuf)> {
    let found = fs::metadata(path).map_err(|cause| {
        Error::precondition(format!("{} cannot be looked at", path.display()))
            .cause(cause)
            .hint("give a staging file, or the folder that `drydock audit seal` made")
    })?;
    if found.is_dir() {
        return Ok((Some(path.to_owned()), path.join(FILE)));
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().unwrap_or_default();
    let is_shipped = (name == FILE || name == ENCRYPTED) && parent.join(MANIFEST).exists();
    Ok((is_shipped.then(|| parent.to_owned()), path.to_owned()))
}

/// The manifest with its bytes; none where it cannot be read, which is found.
fn read_manifest(
    checked: &mut Checked,
    folder: &Path,
    options: &Options,
) -> Result<Option<(Manifest, Vec<u8>)>> {
    const SENTENCE: &str =
        "the folder has a manifest that can be read, and nothing that is not of a sealed copy";
    let mut found: Vec<String> = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if !NAMES.contains(&name.as_str()) {
            found.push(format!("{name} does not belong there"));
        }
    }
    let bytes = match fs::read(folder.join(MANIFEST)) {
        Ok(bytes) => bytes,
        Err(cause) => {
            found.push(format!("{MANIFEST}: {cause}"));
            checked.integrity("manifest", SENTENCE, found);
            return Ok(None);
        }
    };
    let manifest = match serde_json::from_slice::<Manifest>(&bytes) {
        Ok(manifest) if manifest.format == FORMAT => Some(manifest),
        Ok(_) => {
            found.push(format!("it is not of the format {FORMAT}"));
            None
        }
        Err(cause) => {
            found.push(format!("{MANIFEST} cannot be read: line {}", cause.line()));
            None
        }
    };
    checked.integrity("manifest", SENTENCE, found);
    let Some(manifest) = manifest else { return Ok(None) };
    signature(checked, &manifest, &bytes, folder, options);
    Ok(Some((manifest, bytes)))
}

fn signature(checked: &mut Checked, manifest: &Manifest, bytes: &[u8], folder: &Path, options: &Options) {
    const SENTENCE: &str = "the manifest is signed, by the key that it names and by the one given";
    let signature = fs::read(folder.join(SIGNATURE)).ok();
    let mut found = Vec::new();
    match (&manifest.signed_by, &signature) {
        (None, None) => {
            if options.verifier.is_some() {
                found.push("it is not signed".to_owned());
            } else {
                checked.unchecked.push(
                    "who made it: the manifest is not signed, so file and manifest may have been made anew together".to_owned(),
                );
                return;
            }
        }
        (Some(_), None) => found.push(format!("{SIGNATURE} is missing")),
        (None, Some(_)) => found.push("there is a signature, and the manifest names no key".to_owned()),
        (Some(named), Some(signature)) => {
            checked.signed_by = Some(named.clone());
            match Verifier::named(named) {
                Some(key) if key.verify(bytes, signature) => {}
                _ => found.push("the signature is not of this manifest by the key that it names".to_owned()),
            }
            match &options.verifier {
                Some(given) if given.public() != *named => {
                    found.push("it is signed with another key than the one given".to_owned());
                }
                Some(_) => {}
                None => checked
                    .unchecked
                    .push("whose key signed it: give the one that you trust with --public-key".to_owned()),
            }
        }
    }
    checked.integrity("signature", SENTENCE, found);
}

/// A decrypted copy, which goes away with this value.
struct Open {
    path: PathBuf,
    _folder: tempfile::TempDir,
}

impl Drop for Open {
    fn drop(&mut self) {
        // overwritten first: it holds what somebody took the trouble to encrypt
        let _ = super::shred(&self.path);
    }
}

/// Compares the encrypted copy with the manifest and opens it; none where no key was given.
fn unpack(
    checked: &mut Checked,
    manifest: &Manifest,
    folder: &Path,
    options: &Options,
) -> Result<Option<Open>> {
    let Some(shipped) = &manifest.encrypted else { return Ok(None) };
    let encrypted = folder.join(ENCRYPTED);
    let found = compare_file(&encrypted, shipped)?;
    let is_whole = found.is_empty();
    checked.integrity(
        "encrypted_file",
        "the encrypted file has the length and the digest that the manifest says",
        found,
    );
    let Some(identities) = &options.identities else {
        checked
            .unchecked
            .push("what is in it: it is encrypted; give a recipient's key with --identity".to_owned());
        return Ok(None);
    };
    if !is_whole {
        checked.unchecked.push("what is in it: the encrypted file is not the one that was sealed".to_owned());
        return Ok(None);
    }
    let failed = |cause: std::io::Error| {
        Error::precondition("no folder can be made for the decrypted copy")
            .cause(cause)
            .hint("set TMPDIR to one that you may write to")
    };
    // beside the encrypted one where that is possible: a temporary place may be shared
    let made = tempfile::Builder::new().prefix(".drydock-check-").tempdir_in(
        folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")),
    );
    let temporary =
        made.or_else(|_| tempfile::Builder::new().prefix("drydock-check-").tempdir()).map_err(failed)?;
    let path = temporary.path().join(FILE);
    let open = Open { path: path.clone(), _folder: temporary };
    identities.decrypt(&encrypted, &path)?;
    Ok(Some(open))
}

fn compare_file(path: &Path, shipped: &super::manifest::Shipped) -> Result<Vec<String>> {
    if !path.exists() {
        return Ok(vec![format!("{} is missing", shipped.name)]);
    }
    let (bytes, sha256) = digest::file(path)?;
    let mut found = Vec::new();
    if bytes != shipped.bytes {
        found.push(format!("{} has {bytes} bytes, the manifest says {}", shipped.name, shipped.bytes));
    }
    if sha256 != shipped.sha256 {
        found.push(format!("{} has the digest {sha256}, the manifest says {}", shipped.name, shipped.sha256));
    }
    Ok(found)
}

/// What the file itself says.
fn contents(
    checked: &mut Checked,
    staging: &Staging,
    file: &Path,
    manifest: Option<&Manifest>,
    options: &Options,
) -> Result<()> {
    checked.asked("structure", "SQLite finds the file's structure whole", staging.structure_findings())?;
    checked.asked(
        "schema",
        "tables, views and triggers are as this program makes them",
        staging.schema_findings(),
    )?;
    checked.asked(
        "side_files",
        "no journal of an unfinished transaction lies beside the file",
        Ok(side_files(file)),
    )?;
    let seal = staging.seal();
    if let Ok(Some(seal)) = &seal {
        checked.what = if seal.is_redacted { "redacted" } else { "sealed" };
        checked.asked(
            "tables",
            "every table has the rows and the digest that it was sealed with",
            compare_tables(file, seal),
        )?;
    } else {
        checked.unchecked.push(
            "rows that no digest is taken over before sealing, such as changes, issues and associations"
                .to_owned(),
        );
    }
    let journal = staging.journal();
    if let Some(manifest) = manifest {
        checked.asked(
            "manifest_agrees",
            "the manifest says of the file what the file says of itself",
            compare_manifest(staging, manifest, &seal, &journal),
        )?;
    }
    match &journal {
        Ok(journal) => chain(checked, staging, journal, options)?,
        Err(error) => checked.integrity("chain", CHAIN, vec![first_line(error)]),
    }
    checked.asked(
        "snapshot",
        "every raw table has the rows and the digest that the source handed over",
        snapshot(staging, &seal),
    )?;
    checked.asked(
        "receipts",
        "every row that was loaded is as it was sent",
        receipts(checked_steps(staging)?, staging, &seal),
    )?;
    if matches!(&seal, Ok(Some(seal)) if seal.is_redacted) {
        checked.unchecked.push(
            "raw rows against the source's digests, loaded rows against their receipts, decisions against the journal's \
             commitments: the copy is redacted"
                .to_owned(),
        );
    }
    completeness(checked, staging)
}

const CHAIN: &str = "every entry of the journal follows from the one before";

/// The journal, and whatever it speaks of.
fn chain(checked: &mut Checked, staging: &Staging, journal: &[Entry], options: &Options) -> Result<()> {
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
                    found.push(format!("{} {} is in the journal and not in the file", of.table, id(entry)))
                }
                Some(row) if row != entry => {
                    found.push(format!("{} {} is not as it was noted", of.table, id(entry)))
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

fn compare_tables(file: &Path, seal: &Seal) -> Result<Vec<String>> {
    let now = digest::tables(file, &seal.salt)?;
    let mut found = Vec::new();
    for table in &now {
        match seal.tables.iter().find(|sealed| sealed.table == table.table) {
            None => found.push(format!("{} was not there", table.table)),
            Some(sealed) if sealed.rows != table.rows => {
                found.push(format!(
                    "{} has {} rows, it was sealed with {}",
                    table.table, table.rows, sealed.rows
                ));
            }
            Some(sealed) if sealed.sha256 != table.sha256 => {
                found.push(format!("{} has another digest", table.table))
            }
            Some(_) => {}
        }
    }
    for sealed in &seal.tables {
        if !now.iter().any(|table| table.table == sealed.table) {
            found.push(format!("{} is missing", sealed.table));
        }
    }
    Ok(found)
}

fn compare_manifest(
    staging: &Staging,
    manifest: &Manifest,
    seal: &Result<Option<Seal>>,
    journal: &Result<Vec<Entry>>,
) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let mut differs = |is_equal: bool, what: &str| {
        if !is_equal {
            found.push(what.to_owned());
        }
    };
    match seal {
        Ok(Some(seal)) => {
            differs(seal.tables == manifest.tables, "the tables");
            differs(seal.sealed_at == manifest.sealed_at, "when it was sealed");
            differs(seal.is_redacted == manifest.redacted.is_some(), "whether it is redacted");
        }
        _ => differs(false, "that it is sealed"),
    }
    if let Ok(journal) = journal {
        let head = journal.last().map(|entry| entry.hash.as_str()).unwrap_or_default();
        differs(journal.len() as u64 == manifest.journal.entries, "the number of the journal's entries");
        differs(head == manifest.journal.head, "the journal's head");
    }
    differs(staging.fact("staging_id")?.unwrap_or_default() == manifest.staging_id, "the file's id");
    differs(
        staging.fact("configuration_sha256")? == manifest.configuration_sha256,
        "the configuration's digest",
    );
    let accounting: Vec<Fates> = staging.accounting()?.into_iter().map(Fates::from).collect();
    differs(accounting == manifest.accounting, "the accounting");
    if manifest.redacted.is_none() {
        let mut excluded = std::collections::BTreeMap::new();
        for table in staging.manifest()?.into_iter().filter(|table| !table.excluded_columns.is_empty()) {
            excluded.insert(table.table, table.excluded_columns);
        }
        differs(excluded == manifest.excluded_columns, "the excluded columns");
    }
    Ok(found)
}

fn snapshot(staging: &Staging, seal: &Result<Option<Seal>>) -> Result<Vec<String>> {
    if staging.completed(Step::Extract)?.is_none() || matches!(seal, Ok(Some(seal)) if seal.is_redacted) {
        return Ok(Vec::new());
    }
    let proofs = staging.raw_proofs()?;
    let mut found: Vec<String> = proofs
        .into_iter()
        .filter(|proof| proof.side == "staging" && !proof.is_equal)
        .map(|proof| format!("{} is not as it was taken", proof.name))
        .collect();
    found.extend(staging.manifest_differences()?);
    Ok(found)
}

/// Whether everything that is ready has been loaded and nothing below it was done again since.
fn checked_steps(staging: &Staging) -> Result<bool> {
    Ok(staging.completed(Step::Load).ok().flatten().is_some())
}

fn receipts(is_loaded: bool, staging: &Staging, seal: &Result<Option<Seal>>) -> Result<Vec<String>> {
    let mut found: Vec<String> = staging
        .confirmed()?
        .into_iter()
        .map(|(entity, phase, count)| {
            format!("{phase} {entity}: {count} records are confirmed without a receipt")
        })
        .collect();
    if is_loaded && !matches!(seal, Ok(Some(seal)) if seal.is_redacted) {
        found.extend(
            verify::receipts_that_differ(staging)?
                .into_iter()
                .map(|merge| format!("{merge}: the rows are not those that were sent")),
        );
    }
    Ok(found)
}

fn completeness(checked: &mut Checked, staging: &Staging) -> Result<()> {
    let mut asked = |name: &'static str, sentence: &'static str, asked: Result<Vec<String>>| -> Result<()> {
        let found = match asked {
            Err(error) if error.kind() == crate::error::Kind::Interrupted => return Err(error),
            Err(error) => vec![first_line(&error)],
            Ok(found) => found,
        };
        checked.parts.push(Part { verdict: Verdict::Completeness, name, sentence, found });
        Ok(())
    };
    let steps = || -> Result<Vec<String>> {
        let mut missing = Vec::new();
        for (step, what) in [
            (Step::Extract, "no complete snapshot"),
            (Step::Transform, "records without a fate: transform is not complete"),
        ] {
            if staging.completed(step)?.is_none() {
                missing.push(what.to_owned());
            }
        }
        Ok(missing)
    };
    asked("steps", "the snapshot is complete, and every record has been decided", steps())?;
    asked(
        "rows_of_the_source",
        "every row that the source handed over is in the file, readable or not",
        staging.miscounted_tables().map(|tables| {
            tables
                .into_iter()
                .map(|(table, said, found)| {
                    format!("{table} has {found} rows, the source handed over {said}")
                })
                .collect()
        }),
    )?;
    asked(
        "one_fate_each",
        "every record has exactly one fate, and its rows agree with it",
        staging.contradictions().map(|rows| {
            rows.into_iter()
                .map(|(entity, problem, count)| format!("{entity}: {count} with {problem}"))
                .collect()
        }),
    )?;
    let accounting: Result<Vec<Fates>> =
        staging.accounting().map(|lines| lines.into_iter().map(Fates::from).collect());
    let lines = accounting.as_ref().ok().cloned().unwrap_or_default();
    asked(
        "accounting",
        "for every entity extracted = ready + merged + rejected + quarantined",
        accounting.map(|lines| {
            lines
                .iter()
                .filter(|line| !line.adds_up())
                .map(|line| {
                    format!(
                        "{}: {} extracted, {} ready, {} merged, {} rejected, {} quarantined, {} loaded, {} failed",
                        line.entity, line.extracted, line.ready, line.merged, line.rejected, line.quarantined, line.loaded, line.failed
                    )
                })
                .collect()
        }),
    )?;
    checked.accounting = lines;
    Ok(())
}

/// What SQLite would take for the truth instead of the file.
fn side_files(file: &Path) -> Vec<String> {
    ["-journal", "-wal"]
        .into_iter()
        .filter_map(|suffix| {
            let mut path = file.as_os_str().to_owned();
            path.push(suffix);
            let length = fs::metadata(&path).ok()?.len();
            (length > 0).then(|| {
                let mut found =
                    Path::new(&path).file_name().unwrap_or_default().to_string_lossy().into_owned();
                let _ = write!(
                    found,
                    " has {length} bytes; `drydock status` puts away what a killed command left"
                );
                found
            })
        })
        .collect()
}

fn first_line(error: &Error) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}
