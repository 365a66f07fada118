//! The manifest: what a sealed copy is, for people and programs that do not open it. It holds no value of a record.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::anonymity::Anonymity;
use crate::staging::{Accounting, Head, SealedTable};

/// What the manifest of this version calls itself.
pub const FORMAT: &str = "drydock seal 1";

/// `manifest.json`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// `FORMAT`.
    pub format: String,
    /// The program's version.
    pub tool_version: String,
    /// The file's own name for itself, as receipts in a target know it.
    pub staging_id: String,
    /// When it was sealed, in UTC.
    pub sealed_at: String,
    /// The copy.
    pub file: Shipped,
    /// The copy as it is shipped, where it is encrypted.
    pub encrypted: Option<Shipped>,
    /// The Ed25519 key that the manifest is signed with, in hexadecimal, where it is.
    pub signed_by: Option<String>,
    /// The end of the journal's chain.
    pub journal: Head,
    /// The digest of the configuration; none in a redacted copy, which has a commitment to it.
    pub configuration_sha256: Option<String>,
    /// Per legacy table the columns that were never taken.
    pub excluded_columns: BTreeMap<String, Vec<String>>,
    /// Every record's fate, by entity.
    pub accounting: Vec<Fates>,
    /// Every table with its rows and its digest.
    pub tables: Vec<SealedTable>,
    /// What was replaced, where the copy is redacted.
    pub redacted: Option<Redacted>,
}

/// A file of the parcel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shipped {
    /// Its name.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// SHA-256 of its bytes.
    pub sha256: String,
}

/// What was replaced in a redacted copy.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redacted {
    /// By table and column, how it was treated.
    pub columns: BTreeMap<String, BTreeMap<String, String>>,
    /// Columns that nobody has classified: they are not in the copy.
    pub dropped_columns: BTreeMap<String, Vec<String>>,
    /// Tables that nobody has classified: they are not in the copy.
    pub dropped_tables: Vec<String>,
    /// How many tokens there are.
    pub tokens: u64,
    /// Whether the same value has the same token in every record, so that it can be told who says the same.
    pub linkable: bool,
    /// The year of birth up to which everybody is put together.
    pub pooled_up_to: i32,
    /// What stands for the digest of the configuration: HMAC under a key that is not in the copy.
    pub configuration_commitment: Option<String>,
    /// What is said of the token key, whether or not it was written: HMAC under it.
    pub token_key_commitment: String,
    /// How many people are alike.
    pub anonymity: Anonymity,
}

/// One entity's fates: extracted = ready + merged + rejected + quarantined, after a load ready = loaded + failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fates {
    pub entity: String,
    pub extracted: u64,
    pub ready: u64,
    pub merged: u64,
    pub rejected: u64,
    pub quarantined: u64,
    pub loaded: u64,
    pub failed: u64,
}

impl From<Accounting> for Fates {
    fn from(one: Accounting) -> Self {
        Self {
            entity: one.entity,
            extracted: one.extracted,
            ready: one.ready,
            merged: one.merged,
            rejected: one.rejected,
            quarantined: one.quarantined,
            loaded: one.loaded,
            failed: one.failed,
        }
    }
}

impl Fates {
    /// Whether both sides are equal.
    pub fn adds_up(&self) -> bool {
        self.extracted == self.ready + self.merged + self.rejected + self.quarantined
            && self.loaded + self.failed <= self.ready
    }
}
