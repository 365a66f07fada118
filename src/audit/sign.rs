//! Ed25519 signatures of manifests, with keys as `openssl genpkey -algorithm ed25519` writes them.

use std::fs;
use std::path::Path;

use ed25519_dalek::pkcs8::{DecodePrivateKey, DecodePublicKey};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};

use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::record::hex;

/// Signs manifests.
pub struct Signer(SigningKey);

/// Checks the signatures of manifests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verifier(VerifyingKey);

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Signer").field(&self.public()).finish()
    }
}

impl Signer {
    /// Reads a private key: PKCS#8 in PEM.
    pub fn read(path: &Path) -> Result<Self> {
        let text = read(path)?;
        // the library's message may speak of the key's bytes
        SigningKey::from_pkcs8_pem(&text).map(Self).map_err(|_| {
            Error::precondition(format!("{} is no Ed25519 private key", path.display()))
                .hint("make one: openssl genpkey -algorithm ed25519 -out key.pem")
        })
    }

    /// The signature's 64 bytes.
    pub fn sign(&self, bytes: &[u8]) -> [u8; 64] {
        self.0.sign(bytes).to_bytes()
    }

    /// The public key, in hexadecimal.
    pub fn public(&self) -> String {
        hex(self.0.verifying_key().as_bytes())
    }
}

impl Verifier {
    /// Reads a public key: SPKI in PEM.
    pub fn read(path: &Path) -> Result<Self> {
        let text = read(path)?;
        VerifyingKey::from_public_key_pem(&text).map(Self).map_err(|_| {
            Error::precondition(format!("{} is no Ed25519 public key", path.display()))
                .hint("make it from the private one: openssl pkey -in key.pem -pubout -out key.pub")
        })
    }

    /// The key that a manifest names.
    pub fn named(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.is_ascii() {
            return None;
        }
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok()?;
        }
        VerifyingKey::from_bytes(&bytes).ok().map(Self)
    }

    /// Whether the key's holder signed just these bytes.
    pub fn verify(&self, bytes: &[u8], signature: &[u8]) -> bool {
        let Ok(signature) = Signature::from_slice(signature) else { return false };
        self.0.verify_strict(bytes, &signature).is_ok()
    }

    /// The key, in hexadecimal.
    pub fn public(&self) -> String {
        hex(self.0.as_bytes())
    }
}

fn read(path: &Path) -> Result<Zeroizing<String>> {
    fs::read_to_string(path).map(Zeroizing::new).map_err(|cause| {
        Error::precondition(format!("the key {} cannot be read", path.display()))
            .cause(cause)
            .hint("give the PEM file of an Ed25519 key")
    })
}
