//! The plan's progress object in its exact shape, with measured totals, and when the present operation will be done.

use rusqlite::{Connection, OptionalExtension};
use serde_json::{Map, Value};

use super::Progress;
use crate::error::Result;

/// Which steps are complete, and with them which numbers are known.
#[derive(Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "one per step")]
pub(super) struct Known {
    pub extracted: bool,
    pub surveyed: bool,
    pub transformed: bool,
    pub verified: bool,
}

/// The plan's progress object, in its exact shape. A number is null until the step that measures it is complete.
pub(super) fn phase_2(connection: &Connection, progress: Option<&Progress>, known: Known) -> Result<Value> {
    let mut statement = connection.prepare("select * from v_progress")?;
    let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let counts: Map<String, Value> = statement.query_row([], |row| {
        names
            .iter()
            .enumerate()
            .map(|(column, name)| Ok((name.clone(), Value::from(row.get::<_, Option<u64>>(column)?))))
            .collect()
    })?;
    let number = |name: &str| counts.get(name).and_then(Value::as_u64).unwrap_or(0);
    let when = |known: bool, name: &str| if known { Value::from(number(name)) } else { Value::Null };
    let targeted = known.extracted && known.surveyed;
    let done = [
        ("profiles_resolved", "profiles_remaining"),
        ("patients_loaded", "patients_total"),
        ("integration_loaded", "integration_total"),
    ]
    .map(|(done, total)| (number(done), number(total)));
    let overall = done.iter().fold((0, 0), |sum, part| (sum.0 + part.0, sum.1 + part.1));
    let percentage = |known: bool, (done, total): (u64, u64)| match (known, total) {
        (false, _) => Value::Null,
        (true, 0) => Value::from(100.0),
        #[expect(clippy::cast_precision_loss, reason = "a percentage to two places")]
        (true, total) => Value::from((done as f64 * 10_000.0 / total as f64).round() / 100.0),
    };
    Ok(serde_json::json!({
        "phase_2a_profiles": {
            "total_remaining": when(targeted, "profiles_remaining"),
            "analyzed": when(known.transformed, "profiles_analyzed"),
            "resolved": when(known.transformed, "profiles_resolved"),
            "failed": when(known.transformed, "profiles_failed"),
            "progress_percentage": percentage(known.transformed, done[0]),
        },
        "phase_2b_patients": {
            "total_target": when(known.extracted, "patients_total"),
            "processed": when(known.transformed, "patients_processed"),
            "associated": when(known.transformed, "patients_associated"),
            "failed": when(known.transformed, "patients_failed"),
            "progress_percentage": percentage(known.transformed, done[1]),
        },
        "phase_2c_integration": {
            "profile_associations": when(known.transformed, "profile_associations"),
            "validations_passed": when(known.verified, "validations_passed"),
            "issues_identified": when(known.transformed, "issues_identified"),
            "progress_percentage": percentage(known.transformed, done[2]),
        },
        "overall_phase_2_progress": percentage(known.transformed, overall),
        "estimated_completion": progress.and_then(|progress| estimate(connection, progress)),
        "current_operation": progress.map(|progress| progress.operation.clone()),
    }))
}

/// When the present operation will be done at the rate measured since it began; unknown without a total, or before
/// anything is done.
fn estimate(connection: &Connection, progress: &Progress) -> Option<String> {
    let total = progress.total.filter(|total| *total > 0 && progress.done > 0)?;
    let started: String = connection
        .query_row(
            "select coalesce((select started_at from progress), \
             (select started_at from runs where finished_at is null order by run_id desc limit 1))",
            [],
            |row| row.get(0),
        )
        .optional()
        .ok()
        .flatten()?;
    completion(&started, &progress.updated_at, progress.done, total)
}

/// The moment at which `total` will be done, if `done` took from `started` to `now`.
fn completion(started: &str, now: &str, done: u64, total: u64) -> Option<String> {
    const FORM: &str = "%Y-%m-%dT%H:%M:%SZ";
    let parse = |text: &str| chrono::NaiveDateTime::parse_from_str(text, FORM).ok();
    let now = parse(now)?;
    let elapsed = (now - parse(started)?).num_seconds();
    let left = i64::try_from(total.saturating_sub(done)).ok()?;
    let seconds = elapsed.checked_mul(left)?.checked_div(i64::try_from(done).ok()?)?;
    let end = now.checked_add_signed(chrono::TimeDelta::try_seconds(seconds)?)?;
    Some(end.format(FORM).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_so_far_tells_when_the_rest_is_done() {
        let (started, now) = ("2025-07-01T10:00:00Z", "2025-07-01T10:01:00Z");
        for (done, total, expected) in [
            (100, 300, Some("2025-07-01T10:03:00Z")),
            (100, 100, Some("2025-07-01T10:01:00Z")),
            (100, 50, Some("2025-07-01T10:01:00Z")),
            (0, 100, None),
        ] {
            assert_eq!(completion(started, now, done, total).as_deref(), expected, "{done} of {total}");
        }
        assert_eq!(completion("yesterday", now, 1, 2), None);
    }
}
