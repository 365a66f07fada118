//! What a legacy server says of itself and of what this role may do there.

use crate::connect::{Session, Side, server_error};
use crate::entity;
use crate::error::Result;

const LEGACY: &str = include_str!("../../sql/doctor/legacy.sql");

/// The state of a legacy server, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// `9.5.25`
    pub version: String,
    /// `90525`
    pub version_number: i32,
    /// The database's encoding.
    pub encoding: String,
    /// `0` when statements may take any time.
    pub statement_timeout: String,
    /// Whether it is a standby.
    pub is_standby: bool,
    /// Whether the session is encrypted.
    pub is_encrypted: bool,
    /// Whether policies do not hold for the role.
    pub bypasses_policies: bool,
    /// Of the tables that the rules read, how many the role could write to.
    pub writable: i64,
    /// Those in which policies hide rows from the role.
    pub hidden: Vec<String>,
}

/// Asks the server.
pub fn health(client: &mut Session) -> Result<Health> {
    let tables: Vec<&str> = entity::legacy_tables().iter().map(|table| table.name).collect();
    let row = client
        .query_one(LEGACY, &[&tables])
        .map_err(|cause| server_error(Side::Legacy, "asking for its state", &cause))?;
    Ok(Health {
        version: row.get(0),
        version_number: row.get(1),
        encoding: row.get(2),
        statement_timeout: row.get(3),
        is_standby: row.get(4),
        is_encrypted: row.get(5),
        bypasses_policies: row.get::<_, Option<bool>>(6).unwrap_or(false),
        writable: row.get(7),
        hidden: row.get(8),
    })
}
