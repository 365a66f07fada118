//! The progress object of phase 3 in the shape of the plan's for phase 2: cases, projects, workflow states.

use rusqlite::Connection;
use serde_json::{Map, Value, json};

use crate::entity::{Entity, case_states, cases, projects};
use crate::error::Result;
use crate::staging::figures::accounting::Accounting;
use crate::staging::figures::phase_two::{Complete, percentage};

/// The entities of phase 3, each with its key, what of its ready rows is counted beside them, and what that is called.
const PARTS: [(&Entity, &str, &str, &str); 3] = [
    (&cases::ENTITY, "phase_3a_cases", "patient_id", "with_patient"),
    (&projects::ENTITY, "phase_3b_projects", "case_id", "with_case"),
    (&case_states::ENTITY, "phase_3c_states", "case_id", "with_case"),
];

/// The object; null where none of the entities takes part. A number is null until the step that measures it is complete.
pub(in crate::staging) fn phase_3(
    connection: &Connection,
    lines: &[Accounting],
    complete: Complete,
) -> Result<Value> {
    let mut object = Map::new();
    let mut overall = (0, 0);
    for (entity, key, column, counted) in PARTS {
        let Some(line) = lines.iter().find(|line| line.entity == entity.name) else { continue };
        let sql = format!("select count({column}) from {}", entity.ready_table());
        let led: u64 = connection.query_row(&sql, [], |row| row.get(0))?;
        let decided = |number: u64| if complete.transformed { Value::from(number) } else { Value::Null };
        let done = (line.loaded, line.extracted);
        overall = (overall.0 + done.0, overall.1 + done.1);
        object.insert(
            key.to_owned(),
            json!({
                "total_target": if complete.extracted { Value::from(line.extracted) } else { Value::Null },
                "processed": decided(line.ready + line.merged + line.rejected + line.quarantined),
                counted: decided(led),
                "failed": decided(line.rejected + line.quarantined + line.failed),
                "progress_percentage": percentage(complete.transformed, done),
            }),
        );
    }
    if object.is_empty() {
        return Ok(Value::Null);
    }
    object.insert("overall_phase_3_progress".to_owned(), percentage(complete.transformed, overall));
    Ok(Value::Object(object))
}
