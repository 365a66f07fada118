//! What asks for attention in a file's result. Every command that reports on the result judges it here, from the file
//! alone, so that what one of them says does not vanish from the next.

use rusqlite::Connection;
use serde::Serialize;

use crate::entity;
use crate::error::{Kind, Result};
use crate::staging::file::facts::{Step, config_of, read};
use crate::staging::file::row::{all, row_struct};

/// What a person has to look at before the result counts as a success.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Attention {
    /// Entities of which more records are kept back than the configuration allows.
    pub beyond_allowed: Vec<BeyondAllowed>,
    /// Required legacy tables that came without a row, and that the configuration does not expect to.
    pub empty_tables: Vec<String>,
    /// Records that met a defect of a rule.
    pub panicked: u64,
}

row_struct! {
    /// An entity of which more records are kept back than may be.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
    pub struct BeyondAllowed {
        /// The entity.
        pub entity: String,
        /// Records rejected or quarantined, without those that a person rejected.
        pub kept_back: u64,
        /// How many the configuration allows.
        pub allowed: u64,
    }
}

impl Attention {
    /// What the command ends with when nothing graver ends it.
    pub fn kind(&self) -> Option<Kind> {
        if self.panicked > 0 {
            Some(Kind::Internal)
        } else if self.beyond_allowed.is_empty() && self.empty_tables.is_empty() {
            None
        } else {
            Some(Kind::Records)
        }
    }
}

/// Before the fates of the records are decided, nothing asks for attention.
pub(in crate::staging) fn attention(connection: &Connection) -> Result<Attention> {
    if read(connection, Step::Transform.fact())?.is_none() {
        return Ok(Attention::default());
    }
    Ok(Attention {
        beyond_allowed: all(
            connection,
            "select entity, kept_back, allowed from v_kept_back where kept_back > allowed",
            [],
        )?,
        empty_tables: empty_tables(connection)?,
        panicked: connection.query_row(
            "select count(distinct entity || ' ' || entity_id) from migration_errors where error_code = 'rule_panicked'",
            [],
            |row| row.get(0),
        )?,
    })
}

/// Required legacy tables that came without a row, and that the configuration does not expect to.
pub(in crate::staging) fn empty_tables(connection: &Connection) -> Result<Vec<String>> {
    let allowed = config_of(connection)?.unwrap_or_default().source.allow_empty;
    let empty: Vec<(String,)> =
        all(connection, "select table_name from legacy_tables where rows = 0 order by position", [])?;
    let is_required =
        |name: &String| entity::legacy_tables().iter().any(|table| table.required && table.name == name);
    let names = empty.into_iter().map(|(name,)| name);
    Ok(names.filter(|name| is_required(name) && !allowed.contains(name)).collect())
}
