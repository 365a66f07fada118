//! Whether every record of the source has exactly one fate, and every row that the source handed over is there.

use super::{Checked, Verdict};
use crate::audit::manifest::Fates;
use crate::error::Result;
use crate::staging::{Staging, Step};

/// Adds the parts of the verdict.
pub(super) fn completeness(checked: &mut Checked, staging: &Staging) -> Result<()> {
    let mut asked = |name, sentence, asked| checked.asked_for(Verdict::Completeness, name, sentence, asked);
    let steps = || -> Result<Vec<String>> {
        let mut missing = Vec::new();
        for (step, what) in [
            (Step::Extract, "no complete snapshot"),
            (Step::Transform, "records without a fate: transform is not complete"),
        ] {
            if staging.completed(step)?.is_none() {
                missing.push(what.to_owned());
            }
        }
        Ok(missing)
    };
    asked("steps", "the snapshot is complete, and every record has been decided", steps())?;
    asked(
        "rows_of_the_source",
        "every row that the source handed over is in the file, readable or not",
        staging.miscounted_tables().map(|tables| {
            tables
                .into_iter()
                .map(|(table, said, found)| {
                    format!("{table} has {found} rows, the source handed over {said}")
                })
                .collect()
        }),
    )?;
    asked(
        "one_fate_each",
        "every record has exactly one fate, and its rows agree with it",
        staging.contradictions().map(|rows| {
            rows.into_iter()
                .map(|(entity, problem, count)| format!("{entity}: {count} with {problem}"))
                .collect()
        }),
    )?;
    let accounting: Result<Vec<Fates>> =
        staging.accounting().map(|lines| lines.into_iter().map(Fates::from).collect());
    let lines = accounting.as_ref().ok().cloned().unwrap_or_default();
    asked(
        "accounting",
        "for every entity extracted = ready + merged + rejected + quarantined",
        accounting.map(|lines| {
            lines
                .iter()
                .filter(|line| !line.adds_up())
                .map(|line| {
                    format!(
                        "{}: {} extracted, {} ready, {} merged, {} rejected, {} quarantined, {} loaded, {} failed",
                        line.entity, line.extracted, line.ready, line.merged, line.rejected, line.quarantined, line.loaded, line.failed
                    )
                })
                .collect()
        }),
    )?;
    checked.accounting = lines;
    Ok(())
}
