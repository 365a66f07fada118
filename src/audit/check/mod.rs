//! Checking what was shipped, with nothing but what was shipped: is it what was sealed (integrity), does every record of the
//! source have exactly one fate (completeness). Everything is read as it stands, and nothing is written.

mod completeness;
mod journal;
mod redacted;
mod shipped;

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::digest;
use super::encrypt::Identities;
use super::manifest::{Fates, Manifest};
use super::seal::excluded_columns;
use super::sign::Verifier;
use super::tokens::KeyOfExport;
use crate::error::{Error, Kind, Result};
use crate::staging::{CONFIGURATION_COMMITMENT, Entry, Head, Seal, Staging, Step};
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
    /// The token key of a redacted copy.
    pub token_key: Option<KeyOfExport>,
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
    /// Whether the file has tables, views or triggers that are not ours.
    #[serde(skip)]
    is_strange: bool,
}

/// What is said of a question that nothing answers because the file's own views would have to.
const NOT_ASKED: &str = "not asked: the file's tables, views and triggers are not as this program makes them";

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
            is_strange: false,
        }
    }

    fn part(&mut self, verdict: Verdict, name: &'static str, sentence: &'static str, found: Vec<String>) {
        self.parts.push(Part { verdict, name, sentence, found });
    }

    fn integrity(&mut self, name: &'static str, sentence: &'static str, found: Vec<String>) {
        self.part(Verdict::Integrity, name, sentence, found);
    }

    fn asked(
        &mut self,
        name: &'static str,
        sentence: &'static str,
        asked: Result<Vec<String>>,
    ) -> Result<()> {
        self.asked_for(Verdict::Integrity, name, sentence, asked)
    }

    /// A part that could not even be asked has found that: the file is too broken for the question.
    fn asked_for(
        &mut self,
        verdict: Verdict,
        name: &'static str,
        sentence: &'static str,
        asked: Result<Vec<String>>,
    ) -> Result<()> {
        let found = match asked {
            Err(error) if error.kind() == Kind::Interrupted => return Err(error),
            Err(_) if self.is_strange => vec![NOT_ASKED.to_owned()],
            Err(error) => vec![first_line(&error)],
            Ok(found) => found,
        };
        self.part(verdict, name, sentence, found);
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
    let (folder, file) = shipped::locate(path)?;
    let manifest = match &folder {
        Some(folder) => shipped::read_manifest(&mut checked, folder, options),
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
        (Some(manifest), Some(folder)) if manifest.encrypted.is_some() => {
            Some(shipped::unpack(&mut checked, manifest, folder, options)?)
        }
        _ => None,
    };
    let (found, opened) = match unpacked {
        // nobody can look into it without a key
        Some(None) => {
            checked.what = "encrypted";
            return Ok(checked.conclude());
        }
        Some(Some(mut open)) => {
            checked.asked("side_files", SIDE_FILES, Ok(Vec::new()))?;
            let shipped = manifest.as_ref().map(|manifest| &manifest.file);
            let found = shipped.map(|shipped| open.compare(shipped)).transpose()?;
            (found, open.examine(&file))
        }
        None => {
            checked.asked("side_files", SIDE_FILES, Ok(side_files(&file)))?;
            let shipped = manifest.as_ref().map(|manifest| &manifest.file);
            let found = shipped.map(|shipped| shipped::compare_file(&file, shipped)).transpose()?;
            let twice = Staging::examine(&file).and_then(|one| Ok([one, Staging::examine(&file)?]));
            (found, twice.map(|twice| (twice, None)))
        }
    };
    if let Some(found) = found {
        checked.integrity("file", "the file has the length and the digest that the manifest says", found);
    }
    match opened {
        Ok(([staging, beside], _until_done)) => {
            contents(&mut checked, &staging, beside, manifest.as_ref(), options)?;
        }
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

/// What holds of what lies beside the file.
const SIDE_FILES: &str = "no journal of an unfinished transaction lies beside the file";

/// What holds of the structure.
const STRUCTURE: &str = "SQLite finds the file's structure whole";

/// What the file itself says.
fn contents(
    checked: &mut Checked,
    staging: &Staging,
    beside: Staging,
    manifest: Option<&Manifest>,
    options: &Options,
) -> Result<()> {
    checked.is_strange = !staging.is_as_made();
    checked.asked(
        "schema",
        "tables, views and triggers are as this program makes them, and there is nothing else",
        staging.schema_findings(),
    )?;
    // SQLite would compute what a strange table says of its columns
    if checked.is_strange {
        checked.integrity("structure", STRUCTURE, vec![NOT_ASKED.to_owned()]);
    } else {
        checked.asked("structure", STRUCTURE, staging.structure_findings())?;
    }
    let seal = staging.seal();
    if let Ok(Some(seal)) = &seal {
        checked.what = if seal.is_redacted { "redacted" } else { "sealed" };
        checked.asked(
            "tables",
            "every table has the rows and the digest that it was sealed with",
            compare_tables(staging, beside, seal),
        )?;
    } else if let Err(error) = &seal {
        checked.integrity(
            "tables",
            "every table has the rows and the digest that it was sealed with",
            vec![first_line(error)],
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
        Ok(journal) => journal::chain(checked, staging, journal, &seal, options)?,
        Err(error) => checked.integrity("chain", journal::CHAIN, vec![first_line(error)]),
    }
    if !matches!(&seal, Ok(Some(seal)) if seal.is_redacted) {
        checked.asked(
            "snapshot",
            "every raw table has the rows and the digest that the source handed over",
            snapshot(staging),
        )?;
    }
    checked.asked(
        "receipts",
        "every confirmed record has a receipt, and every row that was loaded is as it was sent",
        receipts(staging, &seal),
    )?;
    if matches!(&seal, Ok(Some(seal)) if seal.is_redacted) {
        redacted::redacted(
            checked,
            staging,
            manifest.and_then(|manifest| manifest.redacted.as_ref()),
            options,
        )?;
        checked.unchecked.push(
            "raw rows against the source's digests, loaded rows against their receipts, decisions against the journal's \
             commitments: the copy is redacted"
                .to_owned(),
        );
    }
    completeness::completeness(checked, staging)
}

fn compare_tables(staging: &Staging, beside: Staging, seal: &Seal) -> Result<Vec<String>> {
    let now = digest::tables_of(staging, beside, &seal.salt)?;
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
                found.push(format!("{} has another digest", table.table));
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
        let last = journal.iter().rev().find(|entry| entry.kind == "started").and_then(Entry::value);
        let version = last.as_ref().and_then(|value| value["tool_version"].as_str());
        differs(version == Some(&manifest.tool_version), "the program's version");
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
    differs(excluded_columns(staging)? == manifest.excluded_columns, "the excluded columns");
    if let Some(redacted) = &manifest.redacted {
        differs(
            staging.fact(CONFIGURATION_COMMITMENT)? == redacted.configuration_commitment,
            "what stands for the configuration's digest",
        );
    }
    Ok(found)
}

fn snapshot(staging: &Staging) -> Result<Vec<String>> {
    if staging.completed(Step::Extract)?.is_none() {
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

/// The rows against the receipts, once everything that is ready has been loaded and nothing below it was done again since.
fn receipts(staging: &Staging, seal: &Result<Option<Seal>>) -> Result<Vec<String>> {
    let is_redacted = matches!(seal, Ok(Some(seal)) if seal.is_redacted);
    // there the receipts do not say from which record to which
    let confirmed = if is_redacted { staging.confirmed_beyond_receipts()? } else { staging.confirmed()? };
    let mut found: Vec<String> = confirmed
        .into_iter()
        .map(|(entity, phase, count)| {
            format!("{phase} {entity}: {count} records are confirmed without a receipt")
        })
        .collect();
    if staging.completed(Step::Load)?.is_some() && !is_redacted {
        found.extend(
            verify::receipts_that_differ(staging)?
                .into_iter()
                .map(|merge| format!("{merge}: the rows are not those that were sent")),
        );
    }
    Ok(found)
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
