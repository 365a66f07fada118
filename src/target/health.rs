//! What a target server says of itself and of what this role may do there.

use super::{Target, failed};
use crate::error::Result;

const TARGET: &str = include_str!("../../sql/doctor/target.sql");

/// The state of a target server, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is one answer of the server")]
pub struct Health {
    /// `15.8`
    pub version: String,
    /// `150008`
    pub version_number: i32,
    /// `0` when statements may take any time.
    pub statement_timeout: String,
    /// Whether it is a standby.
    pub is_standby: bool,
    /// Whether sessions may only read unless they ask for more.
    pub is_read_only: bool,
    /// Whether the session is encrypted.
    pub is_encrypted: bool,
    /// Whether policies do not hold for the role.
    pub bypasses_policies: bool,
    /// Whether the schema of the application's tables exists.
    pub has_schema: bool,
    /// Whether the schema `drydock` exists or could be made.
    pub may_keep_receipts: bool,
    /// The role.
    pub role: String,
}

impl Target {
    /// Asks the server.
    pub fn health(&mut self) -> Result<Health> {
        let row = self
            .client
            .query_one(TARGET, &[&self.schema])
            .map_err(|cause| failed("asking for its state", &cause))?;
        Ok(Health {
            version: row.get(0),
            version_number: row.get(1),
            statement_timeout: row.get(2),
            is_standby: row.get(3),
            is_read_only: row.get(4),
            is_encrypted: row.get(5),
            bypasses_policies: row.get::<_, Option<bool>>(6).unwrap_or(false),
            has_schema: row.get(7),
            may_keep_receipts: row.get(8),
            role: row.get(9),
        })
    }
}
