//! Where a migration stands, as one object: the figures of its file, and the gates that are judged by them. `status`,
//! `report` in each of its forms and a checkpoint show this object, and count nothing of their own.

use serde::Serialize;

use crate::error::Result;
use crate::gate::{self, Gate};
use crate::review;
use crate::staging::{Asked, Figures};

/// The whole.
#[derive(Debug, Clone, Serialize)]
pub struct Status {
    /// What is counted.
    #[serde(flatten)]
    pub figures: Figures,
    /// Whether a result was verified and has changed since, by a decision, a transform or a load.
    pub is_verification_stale: bool,
    /// Questions that wait for a person's answer (`drydock review`); null before the first transform.
    pub questions: Option<u64>,
    /// The plan's gates.
    pub gates: Vec<Gate>,
}

/// Reads it from a file, whether somebody writes to it or not.
pub fn read(file: &impl Asked) -> Result<Status> {
    let (figures, gates) = gate::look(file)?;
    let totals = &figures.totals;
    let has_fates = totals.ready + totals.merged + totals.rejected + totals.quarantined > 0;
    let questions = has_fates.then(|| file.open_questions()).transpose()?.map(|items| review::asked(&items));
    Ok(Status {
        is_verification_stale: figures.is_verification_stale(),
        figures,
        questions,
        gates: gates.gates,
    })
}
