//! What was shipped: folder, manifest, signature, and the copy, decrypted where it has to be.

use std::fs::{self, File};
use std::io::{self, Seek};
use std::path::{Path, PathBuf};

use super::{Checked, Options};
use crate::audit::digest;
use crate::audit::manifest::{FORMAT, Manifest, Shipped};
use crate::audit::parcel::{ENCRYPTED, FILE, MANIFEST, NAMES, SIGNATURE};
use crate::audit::shred::overwrite;
use crate::audit::sign::Verifier;
use crate::error::{Error, Result};
use crate::failpoint;
use crate::staging::{Staging, Unnamed};

/// The folder with the manifest, where there is one, and the file.
pub(super) fn locate(path: &Path) -> Result<(Option<PathBuf>, PathBuf)> {
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
pub(super) fn read_manifest(checked: &mut Checked, folder: &Path, options: &Options) -> Option<Manifest> {
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
            return None;
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
    let manifest = manifest?;
    signature(checked, &manifest, &bytes, folder, options);
    Some(manifest)
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

/// A decrypted copy, which has no name and goes away with this value.
pub(super) struct Open {
    copy: Unnamed,
    overwritten: Overwritten,
}

/// Overwrites a decrypted copy when it is done with: it holds what somebody took the trouble to encrypt.
pub(super) struct Overwritten(File);

impl Drop for Overwritten {
    fn drop(&mut self) {
        let length = self.0.metadata().map_or(0, |found| found.len());
        // it has no name, and is gone all the same
        let _ = overwrite(&self.0, length);
    }
}

impl Open {
    /// What is not as the manifest says.
    pub fn compare(&mut self, shipped: &Shipped) -> Result<Vec<String>> {
        let (bytes, sha256) = self.at_start().and_then(digest::contents).map_err(unreadable)??;
        Ok(compare_said(shipped, bytes, &sha256))
    }

    /// Opens it, for two threads.
    pub fn examine(self, called: &Path) -> Result<([Staging; 2], Option<Overwritten>)> {
        Ok((self.copy.examine(called)?, Some(self.overwritten)))
    }

    fn at_start(&self) -> io::Result<File> {
        let mut file = self.copy.file().try_clone()?;
        file.rewind()?;
        Ok(file)
    }
}

fn unreadable(cause: io::Error) -> Error {
    Error::precondition("the decrypted copy cannot be read").cause(cause).hint("look at the room on the disk")
}

/// Compares the encrypted copy with the manifest and opens it; none where no key was given.
pub(super) fn unpack(
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
    let failed = |cause: io::Error| {
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
    let copy = Unnamed::begin(temporary.path())?;
    drop(temporary);
    let overwritten = Overwritten(copy.file().try_clone().map_err(unreadable)?);
    let open = Open { copy, overwritten };
    identities.decrypt(&encrypted, open.copy.file())?;
    failpoint::reach("decrypted_copy");
    Ok(Some(open))
}

pub(super) fn compare_file(path: &Path, shipped: &Shipped) -> Result<Vec<String>> {
    if !path.exists() {
        return Ok(vec![format!("{} is missing", shipped.name)]);
    }
    let (bytes, sha256) = digest::file(path)?;
    Ok(compare_said(shipped, bytes, &sha256))
}

fn compare_said(shipped: &Shipped, bytes: u64, sha256: &str) -> Vec<String> {
    let mut found = Vec::new();
    if bytes != shipped.bytes {
        found.push(format!("{} has {bytes} bytes, the manifest says {}", shipped.name, shipped.bytes));
    }
    if sha256 != shipped.sha256 {
        found.push(format!("{} has the digest {sha256}, the manifest says {}", shipped.name, shipped.sha256));
    }
    found
}
