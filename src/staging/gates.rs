//! Approvals of gates: rows that say who let the migration go on, when, and on what result.

use rusqlite::{Connection, OptionalExtension};

use super::now;
use super::open::{Reader, Staging};
use crate::error::Result;

/// One approval.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Approval {
    /// Who gave it.
    pub approved_by: String,
    /// When.
    pub approved_at: String,
    /// The digest of the result that it was given for.
    #[serde(skip)]
    pub subject: String,
    /// What the person added.
    pub note: Option<String>,
}

impl Staging {
    /// Adds an approval of a gate, from 1 to 5.
    pub fn add_approval(&mut self, gate: u8, by: &str, subject: &str, note: Option<&str>) -> Result<()> {
        self.connection.execute(
            "insert into gate_approvals (gate, approved_by, approved_at, subject, note) values (?, ?, ?, ?, ?)",
            (gate, by, now(), subject, note),
        )?;
        Ok(())
    }

    /// The newest approval of a gate.
    pub fn approval(&self, gate: u8) -> Result<Option<Approval>> {
        approval(&self.connection, gate)
    }
}

impl Reader {
    /// The newest approval of a gate.
    pub fn approval(&self, gate: u8) -> Result<Option<Approval>> {
        approval(&self.connection, gate)
    }
}

fn approval(connection: &Connection, gate: u8) -> Result<Option<Approval>> {
    let approval = connection
        .query_row(
            "select approved_by, approved_at, subject, note from gate_approvals where gate = ? \
             order by approval_id desc limit 1",
            [gate],
            |row| {
                Ok(Approval {
                    approved_by: row.get(0)?,
                    approved_at: row.get(1)?,
                    subject: row.get(2)?,
                    note: row.get(3)?,
                })
            },
        )
        .optional()?;
    Ok(approval)
}
