//! Which phases a load goes through: of those asked for the ones that have anything to load, and none before what its records refer
//! to has been tried.

use crate::error::{Error, Result};
use crate::record::Phase;
use crate::staging::Staging;

/// The phases of a load.
pub(super) struct Phases {
    /// Those asked for that have anything to load, in order.
    pub(super) asked: Vec<Phase>,
    /// The last of all that have.
    pub(super) last: Phase,
}

impl Phases {
    /// Refuses phases that have nothing to load, and those whose records refer to untried ones of an earlier phase.
    pub(super) fn of(staging: &Staging, asked: &[Phase]) -> Result<Self> {
        let known = staging.phases()?;
        let found: Vec<Phase> = asked.iter().copied().filter(|phase| known.contains(phase)).collect();
        let (Some(last), false) = (known.last(), found.is_empty()) else {
            return Err(Error::precondition(format!("phase {} has nothing to load", words(asked))).hint(
                "its records take part where the source and the target both have their table; survey and transform again after \
                 a table was made",
            ));
        };
        let phases = Self { asked: found, last: *last };
        phases.require_earlier(staging)?;
        Ok(phases)
    }

    fn require_earlier(&self, staging: &Staging) -> Result<()> {
        let first = self.asked.iter().min().copied();
        let is_earlier = |phase: &Phase| Some(*phase) < first && !self.asked.contains(phase);
        for earlier in Phase::ALL.into_iter().filter(is_earlier) {
            let untried = staging.count_untried(earlier)?;
            if untried > 0 {
                return Err(Error::precondition(format!(
                    "phase {} cannot be loaded yet: {untried} records of phase {} have not been",
                    words(&self.asked),
                    earlier.as_str()
                ))
                .hint("load the phases in order, or all of them with `drydock load`"));
            }
        }
        Ok(())
    }
}

fn words(phases: &[Phase]) -> String {
    phases.iter().map(|phase| phase.as_str()).collect::<Vec<_>>().join(", ")
}
