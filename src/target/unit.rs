//! Units of work: a transaction, or a savepoint within one. A dry run is one transaction around everything that is
//! rolled back at its end, so the same code does its units in savepoints.

use super::failure::Failure;
use super::{Target, failed};
use crate::error::Result;
use crate::failpoint;

impl Target {
    /// Does `work` as a whole or not at all.
    pub(super) fn within<T>(
        &mut self,
        what: &str,
        work: impl FnOnce(&mut Self) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let depth = self.depth;
        let begin = if depth == 0 { "begin".to_owned() } else { format!("savepoint drydock_{depth}") };
        self.client.batch_execute(&begin).map_err(|cause| Failure::of(what, &cause))?;
        self.depth += 1;
        if depth == 0 {
            self.begin_noting_elsewhere()?;
        }
        let done = work(self);
        self.depth -= 1;
        match done {
            Ok(value) if depth == 0 => {
                self.note_elsewhere()?;
                failpoint::reach("before_commit");
                self.client.batch_execute("commit").map_err(|cause| Failure::of_commit(what, &cause))?;
                failpoint::reach("after_commit");
                Ok(value)
            }
            Ok(value) => {
                self.client
                    .batch_execute(&format!("release savepoint drydock_{depth}"))
                    .map_err(|cause| Failure::of(what, &cause))?;
                Ok(value)
            }
            Err(failure) => {
                let undo = if depth == 0 {
                    "rollback".to_owned()
                } else {
                    format!("rollback to savepoint drydock_{depth}; release savepoint drydock_{depth}")
                };
                // the failure at hand says more than that of an undo on a connection that is gone
                let _ = self.client.batch_execute(&undo);
                Err(failure)
            }
        }
    }

    /// Does everything up to [`Target::end_rehearsal`] in one transaction that will be rolled back.
    pub fn begin_rehearsal(&mut self) -> Result<()> {
        self.client.batch_execute("begin").map_err(|cause| failed("beginning the rehearsal", &cause))?;
        self.depth = 1;
        Ok(self.begin_noting_elsewhere()?)
    }

    /// Whether nothing that is done now will stay.
    pub fn is_rehearsing(&self) -> bool {
        self.depth > 0
    }

    /// Undoes everything since [`Target::begin_rehearsal`].
    pub fn end_rehearsal(&mut self) -> Result<()> {
        self.note_elsewhere()?;
        self.depth = 0;
        self.client.batch_execute("rollback").map_err(|cause| failed("ending the rehearsal", &cause))
    }
}
