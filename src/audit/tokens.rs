//! Random tokens in the place of values. A value has a token for each record that it stands in: nothing tells that two records
//! say the same. Where that is asked for, the same value has the same token throughout one export. Tokens are the value under a
//! key that is drawn anew for every export, so that nothing leads back but the token key.

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, Zeroizing};

use super::ids::Ids;
use crate::error::{Error, Result};
use crate::output;
use crate::staging::{keyed, random_key};

/// What the first line of a token key calls it.
pub const FORMAT: &str = "drydock token key 1";

/// Letters of a token: 32 that are not mistaken for one another.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// Letters in a token: 80 bits.
const LENGTH: usize = 16;

/// The record, or the row of a table without records, in which a value stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// The kind of record, or the table.
    pub space: &'a str,
    /// Its id, or the row's number.
    pub id: i64,
}

/// What a token key says of its export as a whole.
#[derive(Deserialize)]
pub struct KeyOfExport {
    format: String,
    token_key: String,
    configuration_key: Option<String>,
    configuration_sha256: Option<String>,
}

impl Drop for KeyOfExport {
    fn drop(&mut self) {
        self.token_key.zeroize();
        self.configuration_key.zeroize();
    }
}

impl std::fmt::Debug for KeyOfExport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a token key")
    }
}

impl KeyOfExport {
    /// Reads the first line of a token key.
    pub fn read(path: &Path) -> Result<Self> {
        let read = || -> std::io::Result<Zeroizing<String>> {
            let mut line = Zeroizing::new(String::new());
            BufReader::new(File::open(path)?.take(64 * 1024)).read_line(&mut line)?;
            Ok(line)
        };
        let line = read().map_err(|cause| {
            Error::precondition(format!("the token key {} cannot be read", path.display()))
                .cause(cause)
                .hint("give the file that `drydock audit seal --redact --token-key` wrote")
        })?;
        // the parser's message may speak of what stands there
        serde_json::from_str(&line).ok().filter(|key: &Self| key.format == FORMAT).ok_or_else(|| {
            Error::precondition(format!("{} is no token key", path.display()))
                .hint("give the file that `drydock audit seal --redact --token-key` wrote")
        })
    }

    /// What a manifest says of the key, without telling it.
    pub fn commitment(&self, staging_id: &str) -> String {
        commitment_to(&self.token_key, staging_id)
    }

    /// What a copy says of the configuration.
    pub fn configuration(&self) -> Option<String> {
        let (key, digest) = (self.configuration_key.as_ref()?, self.configuration_sha256.as_ref()?);
        Some(keyed(key, digest.as_bytes()))
    }
}

fn commitment_to(secret: &str, staging_id: &str) -> String {
    keyed(secret, format!("{FORMAT} {staging_id}").as_bytes())
}

/// The tokens and ids of one export.
pub struct Tokens {
    secret: Zeroizing<String>,
    /// The key of the digests.
    digest_key: Zeroizing<String>,
    /// Whether a value has one token throughout the export.
    is_linkable: bool,
    written: u64,
    ids: Ids,
    key: Option<TokenKey>,
}

/// The file that says what everything stands for.
struct TokenKey {
    file: BufWriter<File>,
    path: PathBuf,
    /// What has a line already, by a part of its token.
    known: HashSet<u64>,
}

impl Tokens {
    /// No token yet; where a path is given, what each stands for goes there, after a line of `facts`.
    pub fn new(is_linkable: bool, key: Option<&Path>, facts: Value) -> Result<Self> {
        let [secret, digest_key, ids] = [random_key()?, random_key()?, random_key()?].map(Zeroizing::new);
        let mut tokens =
            Self { key: None, is_linkable, written: 0, ids: Ids::new(ids.clone()), secret, digest_key };
        if let Some(path) = key {
            let file = BufWriter::new(output::new_file(path).map_err(|cause| unwritten(path, cause))?);
            tokens.key = Some(TokenKey { file, path: path.to_owned(), known: HashSet::new() });
            let mut line = json!({
                "format": FORMAT, "linkable": is_linkable, "token_key": tokens.secret.as_str(),
                "digest_key": tokens.digest_key.as_str(), "id_key": ids.as_str(),
            });
            if let (Some(line), Value::Object(facts)) = (line.as_object_mut(), facts) {
                line.extend(facts);
            }
            tokens.write_key(&line)?;
        }
        Ok(tokens)
    }

    /// Whether a value has one token throughout the export.
    pub const fn is_linkable(&self) -> bool {
        self.is_linkable
    }

    /// What the manifest says of this export's key, without telling it.
    pub fn commitment(&self, staging_id: &str) -> String {
        commitment_to(&self.secret, staging_id)
    }

    /// How many tokens were written.
    pub const fn count(&self) -> u64 {
        self.written
    }

    /// The token of a value at a place, such as `name_k3v9x2m7q1h5w8za`.
    pub fn of(&mut self, kind: &str, place: Place<'_>, value: &[u8]) -> Result<String> {
        let mut hash = Sha256::new();
        hash.update(self.secret.as_bytes());
        if !self.is_linkable {
            hash.update((place.space.len() as u64).to_le_bytes());
            hash.update(place.space);
            hash.update(place.id.to_le_bytes());
        }
        hash.update(value);
        let digest: [u8; 32] = hash.finalize().into();
        let token: [u8; LENGTH] = std::array::from_fn(|at| {
            // five bits each
            let (byte, shift) = (5 * at / 8, 5 * at % 8);
            let two = u16::from_le_bytes([digest[byte], digest[byte + 1]]);
            LETTERS[usize::from(two >> shift & 31)]
        });
        self.written += 1;
        let token = String::from_utf8_lossy(&token).into_owned();
        if self.is_new(&digest) {
            self.write_key(&json!({ "token": token, "value": String::from_utf8_lossy(value) }))?;
        }
        Ok(format!("{kind}_{token}"))
    }

    /// The id in the place of a record's.
    pub fn id(&mut self, space: &str, id: i64) -> Result<i64> {
        let drawn = self.ids.number(space, id);
        self.note(space, &drawn.into(), &id.into())?;
        Ok(drawn)
    }

    /// The uuid in the place of another one.
    pub fn uuid(&mut self, text: &str) -> Result<String> {
        let drawn = self.ids.uuid(text);
        self.note("uuid", &drawn.as_str().into(), &text.into())?;
        Ok(drawn)
    }

    /// A number where no record has one, such as for all practices of a country.
    pub fn stand_in(&mut self, what: &str) -> i64 {
        self.ids.number(&format!("stand-in {what}"), 1)
    }

    /// A digest under this export's own key; where values of one record were digested, at its place.
    pub fn keyed_digest(&self, place: Option<Place<'_>>, digest: &[u8]) -> String {
        match place.filter(|_| !self.is_linkable) {
            None => keyed(&self.digest_key, digest),
            Some(place) => {
                let mut at = format!("{} {} ", place.space, place.id).into_bytes();
                at.extend_from_slice(digest);
                keyed(&self.digest_key, &at)
            }
        }
    }

    /// Ends the token key.
    pub fn finish(mut self) -> Result<()> {
        if let Some(TokenKey { mut file, path, .. }) = self.key.take() {
            file.flush().and_then(|()| file.get_ref().sync_all()).map_err(|cause| unwritten(&path, cause))?;
        }
        Ok(())
    }

    fn note(&mut self, space: &str, drawn: &Value, id: &Value) -> Result<()> {
        if self.key.is_none() {
            return Ok(());
        }
        let digest: [u8; 32] = Sha256::digest(format!("{space} {drawn}")).into();
        if self.is_new(&digest) {
            self.write_key(&json!({ "kind": space, "id": drawn, "stands_for": id }))?;
        }
        Ok(())
    }

    fn is_new(&mut self, digest: &[u8; 32]) -> bool {
        let mut part = [0; 8];
        part.copy_from_slice(&digest[..8]);
        self.key.as_mut().is_some_and(|key| key.known.insert(u64::from_le_bytes(part)))
    }

    fn write_key(&mut self, line: &Value) -> Result<()> {
        if let Some(TokenKey { file, path, .. }) = &mut self.key {
            writeln!(file, "{line}").map_err(|cause| unwritten(path, cause))?;
        }
        Ok(())
    }
}

fn unwritten(path: &Path, cause: std::io::Error) -> Error {
    Error::precondition(format!("the token key {} cannot be written", path.display()))
        .cause(cause)
        .hint("give a new file with --token-key, in a folder that only you can read")
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(id: i64) -> Place<'static> {
        Place { space: "auth_user", id }
    }

    #[test]
    fn a_token_is_of_one_value_in_one_record_of_one_export() {
        let tokens = |is_linkable| Tokens::new(is_linkable, None, Value::Null).unwrap();
        let mut own = tokens(false);
        let one = own.of("name", at(1), b"Ada").unwrap();
        assert_eq!(own.of("name", at(1), b"Ada").unwrap(), one);
        assert_ne!(own.of("name", at(1), b"ada").unwrap(), one);
        assert_ne!(own.of("name", at(2), b"Ada").unwrap(), one);
        assert_ne!(own.of("name", Place { space: "dispatch_office", id: 1 }, b"Ada").unwrap(), one);
        assert_ne!(tokens(false).of("name", at(1), b"Ada").unwrap(), one);
        assert_eq!(own.count(), 5);
        let mut linkable = tokens(true);
        let one = linkable.of("name", at(1), b"Ada").unwrap();
        assert_eq!(linkable.of("name", at(2), b"Ada").unwrap(), one);
        assert_eq!(
            linkable.of("text", at(1), b"Ada").unwrap().strip_prefix("text"),
            one.strip_prefix("name")
        );
        assert_eq!(one.len(), "name_".len() + LENGTH);
    }
}
