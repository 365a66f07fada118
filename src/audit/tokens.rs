//! Random tokens in the place of values. The same value has the same token within one export, and another one in the next: a
//! token is drawn, not computed, so that nothing leads from it back to the value but the token key.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use serde_json::json;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::output;
use crate::staging::{keyed, random_key};

/// Letters of a token: 32 that are not mistaken for one another.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// Letters in a token: 80 bits.
const LENGTH: usize = 16;

/// The tokens of one export.
pub struct Tokens {
    /// By the digest of the value under a secret that is forgotten, to save room; it never leaves this process.
    known: HashMap<[u8; 16], [u8; LENGTH]>,
    secret: Zeroizing<String>,
    /// The key of the digests.
    digest_key: Zeroizing<String>,
    drawn: Vec<u8>,
    key: Option<(BufWriter<File>, std::path::PathBuf)>,
}

impl Tokens {
    /// No token yet; where a path is given, what each stands for goes there.
    pub fn new(key: Option<&Path>) -> Result<Self> {
        let digest_key = Zeroizing::new(random_key()?);
        let mut tokens = Self {
            known: HashMap::new(),
            secret: Zeroizing::new(random_key()?),
            digest_key,
            drawn: Vec::new(),
            key: None,
        };
        if let Some(path) = key {
            let file = output::new_file(path).map_err(|cause| unwritten(path, cause))?;
            tokens.key = Some((BufWriter::new(file), path.to_owned()));
            let line = json!({ "digest_key": tokens.digest_key.as_str() });
            tokens.write_key(&line)?;
        }
        Ok(tokens)
    }

    /// How many different values have a token.
    pub fn count(&self) -> u64 {
        self.known.len() as u64
    }

    /// The token of a value, such as `name_k3v9x2m7q1h5w8za`.
    pub fn of(&mut self, kind: &str, value: &[u8]) -> Result<String> {
        let mut hash = Sha256::new();
        hash.update(self.secret.as_bytes());
        hash.update(value);
        let digest: [u8; 32] = hash.finalize().into();
        let mut place = [0; 16];
        place.copy_from_slice(&digest[..16]);
        let token = match self.known.get(&place) {
            Some(token) => *token,
            None => self.draw(place, value)?,
        };
        Ok(format!("{kind}_{}", String::from_utf8_lossy(&token)))
    }

    /// A digest under this export's own key.
    pub fn keyed_digest(&self, digest: &[u8]) -> String {
        keyed(&self.digest_key, digest)
    }

    /// Ends the token key.
    pub fn finish(mut self) -> Result<()> {
        if let Some((mut file, path)) = self.key.take() {
            file.flush().and_then(|()| file.get_ref().sync_all()).map_err(|cause| unwritten(&path, cause))?;
        }
        Ok(())
    }

    fn draw(&mut self, place: [u8; 16], value: &[u8]) -> Result<[u8; LENGTH]> {
        if self.drawn.len() < LENGTH {
            self.drawn.resize(256 * LENGTH, 0);
            getrandom::fill(&mut self.drawn)
                .map_err(|_| Error::internal("the operating system hands out no random bytes"))?;
        }
        let mut token = [0; LENGTH];
        let from = self.drawn.len() - LENGTH;
        for (letter, byte) in token.iter_mut().zip(self.drawn.drain(from..)) {
            *letter = LETTERS[usize::from(byte) % LETTERS.len()];
        }
        self.known.insert(place, token);
        let line =
            json!({ "token": String::from_utf8_lossy(&token), "value": String::from_utf8_lossy(value) });
        self.write_key(&line)?;
        Ok(token)
    }

    fn write_key(&mut self, line: &serde_json::Value) -> Result<()> {
        if let Some((file, path)) = &mut self.key {
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

    #[test]
    fn a_token_is_the_values_own_and_only_this_exports() {
        let mut tokens = Tokens::new(None).unwrap();
        let one = tokens.of("name", b"Ada").unwrap();
        assert_eq!(tokens.of("name", b"Ada").unwrap(), one);
        assert_ne!(tokens.of("name", b"ada").unwrap(), one);
        assert_eq!(tokens.of("text", b"Ada").unwrap().strip_prefix("text"), one.strip_prefix("name"));
        assert_ne!(Tokens::new(None).unwrap().of("name", b"Ada").unwrap(), one);
        assert_eq!(tokens.count(), 2);
    }
}
