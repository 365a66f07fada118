//! A checkpoint after a phase: a folder with a consistent copy of the staging file, a backup of the tables that the phase
//! wrote, the validation report, the progress report (also as a page that says what was learned), and the proof that the
//! phase can be undone: it is undone in a transaction, the digest of the tables is compared with the one from before, and
//! the transaction is rolled back.

use std::fs;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::error::{Error, Result};
use crate::load::{self, Options};
use crate::output::{self, Folder};
use crate::progress::Progress;
use crate::record::Phase;
use crate::report::{self, Format};
use crate::rollback;
use crate::staging::{Accounting, Check, Staging};
use crate::status;
use crate::survey;
use crate::target::{Left, Merge, Target};
use crate::verify::queries;

/// The names of what is in the folder.
const STAGING: &str = "staging.drydock";
const BACKUP: &str = "target.sql";
const VALIDATION: &str = "validation.json";
const PROGRESS: &str = "progress.json";
const ROLLBACK: &str = "rollback.json";
const PAGE: &str = "report.html";
const LESSONS: &str = "report.md";
const README: &str = "README.txt";

/// What a checkpoint found.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// From 1 to 6.
    pub checkpoint: u8,
    /// Where it is.
    pub folder: PathBuf,
    /// Whether what the phase should have written is there, as it was meant.
    pub validation: Validation,
    /// Whether the phase can be undone.
    pub rollback: Proof,
}

/// The validation report of a phase.
#[derive(Debug, Clone, Serialize)]
pub struct Validation {
    /// `2A`, `2B` or `2C`.
    pub phase: Phase,
    /// Whether everything below is as it should be.
    pub passed: bool,
    /// Per entity of the phase: rows of the file that the target has exactly as they are meant, and those it has not.
    pub contents: Vec<Contents>,
    /// Rows of the target that contradict a check.
    pub checks: Vec<Check>,
    /// The fates of every entity's records.
    pub accounting: serde_json::Map<String, serde_json::Value>,
}

/// One entity's rows in the target, compared by the database itself.
#[derive(Debug, Clone, Serialize)]
pub struct Contents {
    /// The entity.
    pub entity: &'static str,
    /// Rows that are as they are meant.
    pub as_meant: u64,
    /// Rows that are missing.
    pub missing: u64,
    /// Rows with other contents.
    pub different: u64,
}

/// The proof that a rollback works.
#[derive(Debug, Clone, Serialize)]
pub struct Proof {
    /// `proved`, `nothing to undo`, or why it is not proved.
    pub result: String,
    /// The run that wrote the phase.
    pub run_id: Option<i64>,
    /// Rows that were removed.
    pub removed: u64,
    /// Rows that were restored.
    pub restored: u64,
    /// Rows that would be left.
    pub left: Vec<Left>,
    /// The digest of the tables after the undo.
    pub digest: Option<String>,
    /// The digest of the tables before the phase.
    pub digest_before: Option<String>,
    /// The digest of the tables after the undo was itself undone: what it was.
    pub digest_kept: bool,
}

impl Proof {
    /// Whether the phase can be undone, or needs no undoing.
    pub fn holds(&self) -> bool {
        matches!(self.result.as_str(), "proved" | "nothing to undo")
    }
}

/// Takes a checkpoint into a folder that is empty or does not exist yet.
pub fn checkpoint(
    staging: &mut Staging,
    target: &mut Target,
    phase: Phase,
    folder: &Path,
    run_id: i64,
) -> Result<Summary> {
    survey::expect_target(staging, target)?;
    if let Some(parent) = folder.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        output::folders(parent)?;
    }
    let made = Folder::begin(folder)?;
    let number = phase.checkpoint();

    let mut tables: Vec<&str> = Vec::new();
    for merge in Merge::of_phase(phase, &staging.sent_entities()?) {
        if !tables.contains(&merge.entity.target_table) {
            tables.push(merge.entity.target_table);
        }
    }
    let mut backup = BufWriter::new(output::new_file(&made.path(BACKUP)).map_err(unwritten)?);
    target.back_up(&tables, &mut backup)?;
    backup.flush().map_err(unwritten)?;

    target.prepare_load()?;
    let validation = validate(staging, target, phase, run_id)?;
    made.write(VALIDATION, &json(&validation)?)?;
    let proof = prove(staging, target, phase)?;
    made.write(ROLLBACK, &json(&proof)?)?;
    let status = status::read(staging)?;
    made.write(PROGRESS, &json(&status)?)?;
    made.write(PAGE, report::report(&status, Format::Html)?.as_bytes())?;
    made.write(LESSONS, report::report(&status, Format::Markdown)?.as_bytes())?;

    let absolute = fs::canonicalize(made.out().parent().unwrap_or(Path::new("/"))).map_or_else(
        |_| made.out().to_owned(),
        |parent| parent.join(made.out().file_name().unwrap_or_default()),
    );
    staging.record_checkpoint(number, proof.run_id.unwrap_or(run_id), &absolute, &proof.result)?;
    staging.note_digests()?;
    staging.copy_to(&made.path(STAGING))?;
    made.write(README, readme(phase, &tables, &validation, &proof).as_bytes())?;
    made.finish()?;
    Ok(Summary { checkpoint: number, folder: folder.to_owned(), validation, rollback: proof })
}

fn unwritten(cause: std::io::Error) -> Error {
    output::unwritten("the backup", cause, "make room for it")
}

/// The folder of a checkpoint among others: a later run of the same folder does not write over an earlier one's.
pub fn folder_among(checkpoints: &Path, number: u8, run_id: i64) -> PathBuf {
    let plain = checkpoints.join(format!("checkpoint-{number}"));
    if plain.exists() { checkpoints.join(format!("checkpoint-{number}-run-{run_id}")) } else { plain }
}

/// The phase is loaded once more, and undone: whatever is not as it was meant would be written.
fn validate(staging: &mut Staging, target: &mut Target, phase: Phase, run_id: i64) -> Result<Validation> {
    let options = Options { phases: vec![phase], dry_run: true, ..Options::default() };
    let rehearsed = load::load(staging, target, &options, run_id, Progress::Quiet, |_, _, _| Ok(()))?;
    let contents: Vec<Contents> = rehearsed
        .receipts
        .iter()
        .map(|receipt| Contents {
            entity: receipt.entity,
            as_meant: receipt.unchanged,
            missing: receipt.inserted
                + rehearsed
                    .refused
                    .iter()
                    .filter(|count| count.entity == receipt.entity)
                    .map(|count| count.records)
                    .sum::<u64>(),
            different: receipt.updated,
        })
        .collect();
    let checks = queries::after_a_phase(staging, target)?;
    let accounting = staging
        .accounting()?
        .into_iter()
        .map(|line: Accounting| (line.entity.clone(), serde_json::to_value(&line).unwrap_or_default()))
        .collect();
    let passed = contents.iter().all(|entity| entity.missing + entity.different == 0)
        && checks.iter().all(Check::passed);
    Ok(Validation { phase, passed, contents, checks, accounting })
}

/// Undoes the phase and whatever came after it, compares, and undoes that.
fn prove(staging: &Staging, target: &mut Target, phase: Phase) -> Result<Proof> {
    let staging_id = staging.fact("staging_id")?.unwrap_or_default();
    let live = target.live_phases(&staging_id)?;
    let run = live.iter().rev().find(|(_, live)| *live == phase).map(|(run, _)| *run);
    let mut proof = Proof {
        result: "nothing to undo".to_owned(),
        run_id: run,
        removed: 0,
        restored: 0,
        left: Vec::new(),
        digest: None,
        digest_before: None,
        digest_kept: true,
    };
    let Some(run) = run else { return Ok(proof) };
    let earlier = Phase::ALL.into_iter().rev().find(|earlier| *earlier < phase);
    let runs = rollback::since(&live, run, earlier);

    let before = target.digest()?;
    target.begin_rehearsal()?;
    let undone = rollback::undo(target, &staging_id, &runs, false, true);
    target.end_rehearsal()?;
    proof.digest_kept = target.digest()? == before;
    match undone {
        Ok(undone) => {
            proof.removed = undone.undone.iter().map(|run| run.removed).sum();
            proof.restored = undone.undone.iter().map(|run| run.restored).sum();
            proof.result = if undone.left() > 0 {
                "not proved: others changed rows since or refer to them".to_owned()
            } else if !undone.is_exact() {
                "not proved: the digest is not the one from before; others wrote to the tables since"
                    .to_owned()
            } else if !proof.digest_kept {
                "not proved: others are writing to the tables".to_owned()
            } else {
                "proved".to_owned()
            };
            proof.digest = Some(undone.digest);
            proof.digest_before = undone.digest_before;
            proof.left = undone.undone.into_iter().flat_map(|run| run.left).collect();
        }
        Err(error) => {
            proof.result = format!("not proved: {}", error.to_string().lines().next().unwrap_or_default());
        }
    }
    Ok(proof)
}

fn readme(phase: Phase, tables: &[&str], validation: &Validation, proof: &Proof) -> String {
    let number = phase.checkpoint();
    format!(
        "Checkpoint {number}, taken after phase {}. These files hold personal data.\n\n\
         {STAGING}     a consistent copy of the staging file\n\
         {BACKUP}          the rows of {}\n\
         {VALIDATION}     validation of the phase: {}\n\
         {PROGRESS}       progress report\n\
         {PAGE}         the same and what was learned, as a page; {LESSONS} for a repository\n\
         {ROLLBACK}       rollback of the phase, done in a transaction that was rolled back: {}\n\n\
         To give those tables back what they held at this checkpoint, with psql alone:\n\n\
         \x20   psql \"$DRYDOCK_TARGET_URL\" -X -q -f {BACKUP}\n\n\
         To undo what was loaded since, row by row, leaving what others wrote:\n\n\
         \x20   drydock rollback --to-checkpoint {number}\n",
        phase.as_str(),
        tables.join(", "),
        if validation.passed { "passed" } else { "failed" },
        proof.result
    )
}

fn json(value: &impl Serialize) -> Result<Vec<u8>> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|cause| Error::internal("a report cannot be written").cause(cause))?;
    Ok((text + "\n").into_bytes())
}
