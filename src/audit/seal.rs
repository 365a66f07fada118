//! Sealing: a copy without free pages, its digests, a manifest, a signature, encryption; whole or not there at all.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::encrypt::Recipients;
use super::manifest::{FORMAT, Fates, Manifest, Shipped};
use super::parcel::{ENCRYPTED, FILE, MANIFEST, SIGNATURE};
use super::redact::{self, redact};
use super::sign::Signer;
use super::{digest, place};
use crate::error::{Error, Result};
use crate::failpoint;
use crate::output::Folder;
use crate::progress::Progress;
use crate::staging::{Head, JOURNAL, Seal, Sealed, SealedTable, Staging, Step, random_key};

/// What to seal, and how.
#[derive(Debug, Default)]
pub struct Options {
    /// A folder that does not exist yet, or is empty.
    pub out: PathBuf,
    /// Whether to make people unrecognisable.
    pub redact: bool,
    /// A new file for what each token stands for.
    pub token_key: Option<PathBuf>,
    /// Whether a value that is redacted has one token in every record.
    pub linkable: bool,
    /// How many patients of a redacted copy have to be alike, at least.
    pub k: Option<u64>,
    /// Who signs the manifest.
    pub signer: Option<Signer>,
    /// Who alone can open the copy.
    pub recipients: Option<Recipients>,
}

/// What was sealed.
#[derive(Debug, Serialize)]
pub struct Summary {
    /// The folder.
    pub folder: PathBuf,
    /// Its manifest.
    pub manifest: Manifest,
    /// What is not as it should be with the place of the folder.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// Makes the folder, and the token key; neither when something fails.
pub fn seal(staging: &mut Staging, options: &Options, run_id: i64, progress: Progress) -> Result<Summary> {
    let new_key = options.token_key.as_deref().filter(|key| key.symlink_metadata().is_err());
    make(staging, options, run_id, progress).inspect_err(|_| {
        if let Some(key) = new_key {
            // a part of it names people; the error at hand says more than that of its removal
            let _ = fs::remove_file(key);
        }
    })
}

fn make(staging: &mut Staging, options: &Options, run_id: i64, progress: Progress) -> Result<Summary> {
    if let Some(key) = &options.token_key {
        refuse_beside(key, &options.out)?;
    }
    for warning in incomplete(staging)? {
        progress.warn(&warning);
    }
    let parcel = Folder::begin(&options.out)?;
    let copy = parcel.path(FILE);
    // now, so that the copy's journal and the original's say the same
    staging.note_digests()?;
    let redacted = if options.redact {
        let _working = progress.work("audit seal: writing the redacted copy");
        let how = redact::Options {
            token_key: options.token_key.as_deref(),
            is_linkable: options.linkable,
            k: options.k,
        };
        Some(redact(staging, &copy, &how)?)
    } else {
        let _working = progress.work("audit seal: writing the copy");
        staging.copy_to(&copy)?;
        None
    };
    failpoint::reach("sealed_copy");
    let working = progress.work("audit seal: taking digests");
    let (tables, journal, sealed) = close(&copy, staging.settle_end(), run_id, redacted.is_some())?;
    let (bytes, sha256) = digest::file(&copy)?;
    failpoint::reach("sealed_digests");
    // of the copy: what it says of itself is what can be checked
    let examined = Staging::examine(&copy)?;
    let mut manifest = Manifest {
        format: FORMAT.to_owned(),
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        staging_id: examined.fact("staging_id")?.unwrap_or_default(),
        sealed_at: staging.settle_end(),
        file: Shipped { name: FILE.to_owned(), bytes, sha256 },
        encrypted: None,
        signed_by: options.signer.as_ref().map(Signer::public),
        journal,
        configuration_sha256: examined.fact("configuration_sha256")?,
        excluded_columns: excluded_columns(&examined)?,
        accounting: examined.accounting()?.into_iter().map(Fates::from).collect(),
        tables,
        redacted,
    };
    drop((examined, working));
    if let Some(recipients) = &options.recipients {
        let _working = progress.work("audit seal: encrypting");
        let encrypted = parcel.path(ENCRYPTED);
        recipients.encrypt(&copy, &encrypted)?;
        let (bytes, sha256) = digest::file(&encrypted)?;
        manifest.encrypted = Some(Shipped { name: ENCRYPTED.to_owned(), bytes, sha256 });
        // the file is in another folder's name still: nobody has seen it, and its blocks are overwritten once
        super::shred(&copy)?;
    }
    let mut text = serde_json::to_string_pretty(&manifest)
        .map_err(|cause| Error::internal("the manifest cannot be written").cause(cause))?;
    text.push('\n');
    parcel.write(MANIFEST, text.as_bytes())?;
    if let Some(signer) = &options.signer {
        parcel.write(SIGNATURE, &signer.sign(text.as_bytes()))?;
    }
    failpoint::reach("sealed_manifest");
    // before the folder has its name: that a copy was made is said rather once too often
    staging.note_seal(&sealed)?;
    parcel.finish()?;
    Ok(Summary {
        folder: options.out.clone(),
        manifest,
        warnings: if options.recipients.is_some() || options.redact {
            Vec::new()
        } else {
            place::warnings(&options.out, true)
        },
    })
}

/// What the check of the copy will find of the file's completeness: what the journal has is not what the rows are yet.
fn incomplete(staging: &Staging) -> Result<Vec<String>> {
    let mut found = Vec::new();
    if staging.completed(Step::Extract)?.is_none() {
        found.push(
            "the snapshot is not complete: the check of this copy will say so; run extract first".to_owned(),
        );
    } else if staging.completed(Step::Transform)?.is_none() {
        found.push(
            "not every record is decided, or decisions wait for a transform: the check of this copy will call its completeness \
             broken; run transform, load and verify first"
                .to_owned(),
        );
    }
    Ok(found)
}

/// Ends the command in the copy as it will end in the original, and writes the seal: what its digest is goes into the journal
/// before the command's end, so that the head which the command prints speaks for every row of the copy.
fn close(
    copy: &Path,
    sealed_at: String,
    run_id: i64,
    is_redacted: bool,
) -> Result<(Vec<SealedTable>, Head, Sealed)> {
    let mut file = Staging::open(copy)?;
    file.settle_run(run_id, &sealed_at)?;
    let schema = file.schema_digest()?;
    drop(file);
    let salt = random_key()?;
    let tables = digest::tables(copy, &salt)?;
    let mut seal = Seal { sealed_at, is_redacted, salt, tables };
    let sealed =
        Sealed { run_id, is_redacted, sha256: digest::seal(&seal, &schema), at: seal.sealed_at.clone() };
    let mut file = Staging::open(copy)?;
    file.note_seal(&sealed)?;
    file.finish_run_at(run_id, None, &seal.sealed_at)?;
    let head = file.head()?;
    // the journal's digest is of the journal as it is now
    let columns = file.tables()?.remove(JOURNAL).unwrap_or_default();
    let journal = file.table_digest(JOURNAL, &columns, &seal.salt)?;
    seal.tables.retain(|table| table.table != JOURNAL);
    seal.tables.push(journal);
    seal.tables.sort_by(|one, other| one.table.cmp(&other.table));
    file.write_seal(&seal)?;
    Ok((seal.tables, head, sealed))
}

/// The columns that were never taken, by table.
pub(super) fn excluded_columns(staging: &Staging) -> Result<BTreeMap<String, Vec<String>>> {
    let excluded = staging.manifest()?.into_iter().map(|table| (table.table, table.excluded_columns));
    Ok(excluded.filter(|(_, columns)| !columns.is_empty()).collect())
}

/// The key must not travel with what it opens.
fn refuse_beside(key: &Path, out: &Path) -> Result<()> {
    let refused = |what: &str| {
        Err(Error::precondition(format!("the token key {} {what}", key.display()))
            .hint("give a new file in another folder with --token-key; it names everybody"))
    };
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    if absolute(key).starts_with(absolute(out)) {
        return refused("lies in the folder that is shipped");
    }
    if fs::symlink_metadata(key).is_ok() {
        return refused("exists already");
    }
    Ok(())
}
