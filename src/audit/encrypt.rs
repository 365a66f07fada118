//! Encryption to recipients in the age format, which `age` and other tools open.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;

use age::x25519;
use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::interrupt;
use crate::output;

/// Who can open a file.
pub struct Recipients(Vec<x25519::Recipient>);

/// Keys that open a file.
pub struct Identities(Vec<x25519::Identity>);

impl std::fmt::Debug for Recipients {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} recipients", self.0.len())
    }
}

impl std::fmt::Debug for Identities {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} identities", self.0.len())
    }
}

impl Recipients {
    /// From their public keys, `age1…`.
    pub fn parse(keys: &[String]) -> Result<Self> {
        let parsed = keys.iter().enumerate().map(|(at, key)| {
            key.parse().map_err(|_| {
                // not repeated: somebody may have taken the private key for it
                Error::precondition(format!("recipient {} is no public key", at + 1)).hint(
                    "a recipient is a public key such as `age-keygen` prints: age1 and 58 more characters",
                )
            })
        });
        parsed.collect::<Result<_>>().map(Self)
    }

    /// Encrypts a file into a new one.
    pub fn encrypt(&self, from: &Path, to: &Path) -> Result<()> {
        let encryptor = age::Encryptor::with_recipients(self.0.iter().map(|one| one as &dyn age::Recipient))
            .map_err(|_| Error::internal("the recipients cannot be encrypted to"))?;
        let write = || -> io::Result<Result<()>> {
            let mut from = File::open(from)?;
            let to = BufWriter::new(new(to)?);
            let mut to = encryptor.wrap_output(to)?;
            if let Err(interrupted) = copy(&mut from, &mut to)? {
                return Ok(Err(interrupted));
            }
            to.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
            Ok(Ok(()))
        };
        write().map_err(|cause| failed("encrypted", from, cause))?
    }
}

impl Identities {
    /// Reads a file of private keys, as `age-keygen` writes it.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map(Zeroizing::new).map_err(|cause| {
            Error::precondition(format!("the identity {} cannot be read", path.display()))
                .cause(cause)
                .hint("give the file that `age-keygen` wrote")
        })?;
        let keys: Option<Vec<x25519::Identity>> = text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .map(|line| line.parse().ok())
            .collect();
        keys.filter(|keys| !keys.is_empty()).map(Self).ok_or_else(|| {
            Error::precondition(format!("{} holds no age identity", path.display()))
                .hint("give the file that `age-keygen` wrote: lines of AGE-SECRET-KEY-1…")
        })
    }

    /// Decrypts a file into one that is open; none of the keys opening it, or its bytes being others, is an error.
    pub fn decrypt(&self, from: &Path, to: &File) -> Result<()> {
        let write = || -> io::Result<Result<()>> {
            let decryptor =
                age::Decryptor::new(BufReader::new(File::open(from)?)).map_err(io::Error::other)?;
            let mut reader = decryptor
                .decrypt(self.0.iter().map(|one| one as &dyn age::Identity))
                .map_err(io::Error::other)?;
            copy(&mut reader, &mut { to })
        };
        write().map_err(|cause| failed("decrypted", from, cause))?
    }
}

fn new(path: &Path) -> io::Result<File> {
    output::new_file(path)
}

fn copy(from: &mut impl Read, to: &mut impl Write) -> io::Result<Result<()>> {
    let mut buffer = vec![0; 256 * 1024];
    loop {
        if let Err(interrupted) = interrupt::check() {
            return Ok(Err(interrupted));
        }
        let read = from.read(&mut buffer)?;
        if read == 0 {
            return Ok(Ok(()));
        }
        to.write_all(&buffer[..read])?;
    }
}

fn failed(what: &str, path: &Path, cause: io::Error) -> Error {
    Error::precondition(format!("{} cannot be {what}", path.display()))
        .cause(cause)
        .hint("look at the room on the disk, and whether the key is one of the recipients'")
}
