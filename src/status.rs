//! Where a migration stands, as one object: the figures of its file, and the gates that are judged by them. `status`,
//! `report` in each of its forms and a checkpoint show this object, and count nothing of their own.

use serde::Serialize;

use crate::error::Result;
use crate::gate::{self, Gate};
use crate::staging::{Asked, Figures};

/// The whole.
#[derive(Debug, Clone, Serialize)]
pub struct Status {
    /// What is counted.
    #[serde(flatten)]
    pub figures: Figures,
    /// The plan's five gates.
    pub gates: Vec<Gate>,
}

/// Reads it from a file, whether somebody writes to it or not.
pub fn read(file: &impl Asked) -> Result<Status> {
    let (figures, gates) = gate::look(file)?;
    Ok(Status { figures, gates: gates.gates })
}
