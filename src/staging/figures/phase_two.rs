//! The plan's progress object in its exact shape, with measured totals, and when phase 2 will be done.

use rusqlite::{Connection, OptionalExtension};
use serde_json::{Map, Value};

use crate::entity::{self, Entity};
use crate::error::Result;
use crate::record::Phase;
use crate::staging::Progress;

/// Which steps are complete, and with them which numbers are known.
#[derive(Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "one per step")]
pub(in crate::staging) struct Complete {
    pub extracted: bool,
    pub surveyed: bool,
    pub transformed: bool,
    pub verified: bool,
}

/// The plan's progress object, in its exact shape. A number is null until the step that measures it is complete.
pub(in crate::staging) fn phase_2(
    connection: &Connection,
    progress: Option<&Progress>,
    complete: Complete,
) -> Result<Value> {
    let mut statement = connection.prepare("select * from v_progress")?;
    let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let counts: Map<String, Value> = statement.query_row([], |row| {
        names
            .iter()
            .enumerate()
            .map(|(column, name)| Ok((name.clone(), Value::from(row.get::<_, Option<u64>>(column)?))))
            .collect()
    })?;
    let estimated = progress.map(|progress| estimate(connection, progress)).transpose()?.flatten();
    let number = |name: &str| counts.get(name).and_then(Value::as_u64).unwrap_or(0);
    let when = |known: bool, name: &str| if known { Value::from(number(name)) } else { Value::Null };
    let targeted = complete.extracted && complete.surveyed;
    let done = [
        ("profiles_resolved", "profiles_remaining"),
        ("patients_loaded", "patients_total"),
        ("integration_loaded", "integration_total"),
    ]
    .map(|(done, total)| (number(done), number(total)));
    let overall = done.iter().fold((0, 0), |sum, part| (sum.0 + part.0, sum.1 + part.1));
    Ok(serde_json::json!({
        "phase_2a_profiles": {
            "total_remaining": when(targeted, "profiles_remaining"),
            "analyzed": when(complete.transformed, "profiles_analyzed"),
            "resolved": when(complete.transformed, "profiles_resolved"),
            "failed": when(complete.transformed, "profiles_failed"),
            "progress_percentage": percentage(complete.transformed, done[0]),
        },
        "phase_2b_patients": {
            "total_target": when(complete.extracted, "patients_total"),
            "processed": when(complete.transformed, "patients_processed"),
            "associated": when(complete.transformed, "patients_associated"),
            "failed": when(complete.transformed, "patients_failed"),
            "progress_percentage": percentage(complete.transformed, done[1]),
        },
        "phase_2c_integration": {
            "profile_associations": when(complete.transformed, "profile_associations"),
            "validations_passed": when(complete.verified, "validations_passed"),
            "issues_identified": when(complete.transformed, "issues_identified"),
            "progress_percentage": percentage(complete.transformed, done[2]),
        },
        "overall_phase_2_progress": percentage(complete.transformed, overall),
        "estimated_completion": estimated,
        "current_operation": progress.map(|progress| progress.operation.clone()),
    }))
}

/// How much of a total is done, in percent to two places; of nothing everything is.
pub(super) fn percentage(known: bool, (done, total): (u64, u64)) -> Value {
    match (known, total) {
        (false, _) => Value::Null,
        (true, 0) => Value::from(100.0),
        #[expect(clippy::cast_precision_loss, reason = "a percentage to two places")]
        (true, total) => Value::from((done as f64 * 10_000.0 / total as f64).round() / 100.0),
    }
}

/// What a load says that it is doing while it carries the rows of an entity in a phase.
pub fn load_operation(phase: Phase, entity: &Entity) -> String {
    format!("load {} {}", phase.as_str(), entity.name)
}

/// What a verification says that it is doing while it reads the rows of an entity.
pub fn verify_operation(entity: &Entity) -> String {
    format!("verify {}", entity.name)
}

/// The rows of one entity that one phase writes.
struct Merge {
    phase: Phase,
    entity: &'static Entity,
    /// Ready rows.
    ready: u64,
    /// Those of them that no load has tried.
    untried: u64,
}

/// When phase 2 will be done if everything that is left of it goes on at the rate of the present operation.
fn estimate(connection: &Connection, progress: &Progress) -> Result<Option<String>> {
    let Some(total) = progress.total else { return Ok(None) };
    let Some(left) = left(&progress.operation, total.saturating_sub(progress.done), &merges(connection)?)
    else {
        return Ok(None);
    };
    let started: Option<String> =
        connection.query_row("select started_at from progress", [], |row| row.get(0)).optional()?.flatten();
    Ok(started.and_then(|started| completion(&started, &progress.updated_at, progress.done, left)))
}

/// Every merge of phase 2, in load order.
fn merges(connection: &Connection) -> Result<Vec<Merge>> {
    let mut merges = Vec::new();
    for phase in Phase::ALL {
        for entity in entity::ALL.iter().filter(|entity| entity.phases().contains(&phase)) {
            // what was tried is ready, so that counts say what was not
            let (ready, tried): (u64, u64) = connection.query_row(
                &format!(
                    "select (select count(*) from {}), (select count(*) from loads where entity = ? and phase = ?)",
                    entity.ready_table()
                ),
                (entity.name, phase.as_str()),
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?;
            merges.push(Merge { phase, entity, ready, untried: ready.saturating_sub(tried) });
        }
    }
    Ok(merges)
}

/// The rows of phase 2 that are still to go by at the rate of the present operation, of which `rest` are its own. A load
/// is followed by the merges that no load has tried, a verification of a whole load by its other entities. What an
/// extract or a transform does in a second says nothing of a load, nor does a verification of one phase of the next.
fn left(operation: &str, rest: u64, merges: &[Merge]) -> Option<u64> {
    let is_loaded = |merge: &Merge| load_operation(merge.phase, merge.entity) == operation;
    if merges.iter().any(is_loaded) {
        let others = merges.iter().filter(|merge| !is_loaded(merge)).map(|merge| merge.untried);
        return Some(rest + others.sum::<u64>());
    }
    if merges.iter().any(|merge| merge.untried > 0) {
        return None;
    }
    let mut verified = entity::ALL.iter().skip_while(|entity| verify_operation(entity) != operation);
    verified.next()?;
    let ready = |entity: &Entity| merges.iter().find(|merge| merge.entity.name == entity.name);
    Some(rest + verified.filter_map(|entity| ready(entity)).map(|merge| merge.ready).sum::<u64>())
}

/// The moment at which what is left will be done, if `done` took from `started` to `now`; unknown before that has taken a
/// second.
fn completion(started: &str, now: &str, done: u64, left: u64) -> Option<String> {
    const FORM: &str = "%Y-%m-%dT%H:%M:%SZ";
    let parse = |text: &str| chrono::NaiveDateTime::parse_from_str(text, FORM).ok();
    let now = parse(now)?;
    let elapsed = (now - parse(started)?).num_seconds();
    if left > 0 && elapsed < 1 {
        return None;
    }
    let seconds = elapsed.checked_mul(i64::try_from(left).ok()?)?.checked_div(i64::try_from(done).ok()?)?;
    let end = now.checked_add_signed(chrono::TimeDelta::try_seconds(seconds)?)?;
    Some(end.format(FORM).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_so_far_tells_when_the_rest_is_done() {
        let (started, now) = ("2025-07-01T10:00:00Z", "2025-07-01T10:01:00Z");
        for (since, done, left, expected) in [
            (started, 100, 200, Some("2025-07-01T10:03:00Z")),
            (started, 100, 0, Some(now)),
            (started, 0, 100, None),
            (started, 0, 0, None),
            // no second has gone by: there is no rate
            (now, 100, 200, None),
            (now, 100, 0, Some(now)),
            ("yesterday", 1, 2, None),
        ] {
            assert_eq!(completion(since, now, done, left).as_deref(), expected, "{done} done, {left} left");
        }
    }

    /// Every merge with 10 rows more than the one before it, as many of each untried as `untried` says.
    fn merges(untried: [u64; 6]) -> Vec<Merge> {
        let all = Phase::ALL.into_iter().flat_map(|phase| {
            let writes = move |entity: &&&Entity| !entity.is_optional() && entity.phases().contains(&phase);
            entity::ALL.iter().filter(writes).map(move |entity| (phase, *entity))
        });
        (1..)
            .zip(all)
            .zip(untried)
            .map(|((nth, (phase, entity)), untried)| Merge { phase, entity, ready: nth * 10, untried })
            .collect()
    }

    #[test]
    fn what_is_left_is_all_of_phase_2() {
        let names: Vec<String> =
            merges([0; 6]).iter().map(|merge| load_operation(merge.phase, merge.entity)).collect();
        assert_eq!(
            names,
            [
                "load 2A practices",
                "load 2A profiles",
                "load 2B patients",
                "load 2C profiles",
                "load 2C practice_owners",
                "load 2C practice_members"
            ]
        );
        for (operation, rest, untried, expected) in [
            // this merge's own rest, and every later one
            ("load 2A practices", 7, [10, 20, 30, 40, 50, 60], Some(207)),
            ("load 2B patients", 7, [0, 0, 30, 40, 50, 60], Some(157)),
            ("load 2C practice_members", 7, [0, 0, 0, 0, 0, 60], Some(7)),
            // a load that goes on where another stopped, or looks at everything once more
            ("load 2A profiles", 7, [0, 5, 0, 0, 50, 60], Some(117)),
            ("load 2A profiles", 7, [0; 6], Some(7)),
            // rows of one entity go through a verification once
            ("verify practices", 7, [0; 6], Some(7 + 20 + 30 + 50 + 60)),
            ("verify practice_members", 7, [0; 6], Some(7)),
            // how long loading will take is not known from these
            ("verify profiles", 7, [0, 0, 30, 40, 50, 60], None),
            ("verify: comparing", 7, [0; 6], None),
            ("transform profiles", 7, [10, 20, 30, 40, 50, 60], None),
            ("transform profiles", 7, [0; 6], None),
            ("extract auth_user", 7, [0; 6], None),
        ] {
            assert_eq!(left(operation, rest, &merges(untried)), expected, "{operation}, {untried:?} untried");
        }
    }
}
