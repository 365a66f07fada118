//! What asks for attention in a file's result. Every command that reports on the result judges it here, from the file
//! alone, so that what one of them says does not vanish from the next.

use rusqlite::Connection;
use serde::Serialize;

use super::facts::{Step, config_of, read};
use super::gates::rejected_by_people;
use super::status::Accounting;
use crate::entity;
use crate::error::{Kind, Result};

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

/// `lines` are the fates of every entity's records; before these are decided there is no result.
pub(super) fn attention(connection: &Connection, lines: &[Accounting]) -> Result<Attention> {
    let mut attention = Attention::default();
    if read(connection, Step::Transform.fact())?.is_none() {
        return Ok(attention);
    }
    let config = config_of(connection)?.unwrap_or_default();
    attention.empty_tables = empty_tables(connection)?;
    let by_people = rejected_by_people(connection)?;
    for line in lines {
        let decided =
            by_people.iter().find(|(entity, _)| *entity == line.entity).map_or(0, |(_, count)| *count);
        let kept_back = (line.rejected + line.quarantined).saturating_sub(decided);
        let allowed = config.policy.allowed_rejects(&line.entity);
        if kept_back > allowed {
            attention.beyond_allowed.push(BeyondAllowed { entity: line.entity.clone(), kept_back, allowed });
        }
    }
    attention.panicked = connection.query_row(
        "select count(distinct entity || ' ' || entity_id) from migration_errors where error_code = 'rule_panicked'",
        [],
        |row| row.get(0),
    )?;
    Ok(attention)
}

/// Required legacy tables that came without a row, and that the configuration does not expect to.
pub(super) fn empty_tables(connection: &Connection) -> Result<Vec<String>> {
    let allowed = config_of(connection)?.unwrap_or_default().source.allow_empty;
    let mut empty =
        connection.prepare("select table_name from legacy_tables where rows = 0 order by position")?;
    let empty = empty.query_map([], |row| row.get(0))?.collect::<Result<Vec<String>, rusqlite::Error>>()?;
    let is_required =
        |name: &String| entity::legacy_tables().iter().any(|table| table.required && table.name == name);
    Ok(empty.into_iter().filter(|name| is_required(name) && !allowed.contains(name)).collect())
}
