//! The status: the plan's progress object in its exact shape, measured; from another shell while a command writes.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use crate::harness::{Drydock, Job};
use chrono::{NaiveDate, TimeDelta};
use rusqlite::Connection;
use serde_json::Value;

/// An extracted world in a folder of its own.
fn extracted(directory: &Path) -> PathBuf {
    let file = directory.join("staging.drydock");
    let world = directory.join("world");
    Drydock::new(directory).args(["demo", "world", "--out", world.to_str().unwrap()]).run().expect(0);
    Drydock::new(directory)
        .args(["extract", "--quiet", "--csv", world.join("legacy").to_str().unwrap()])
        .run()
        .expect(0);
    file
}

fn status(directory: &Path) -> Value {
    let outcome = Drydock::new(directory).args(["status", "--json"]).run().expect(0);
    serde_json::from_str(&outcome.stdout).unwrap()
}

#[test]
fn progress_has_the_plans_shape_and_knows_what_it_does_not_know() {
    let directory = tempfile::tempdir().unwrap();
    extracted(directory.path());
    let progress = status(directory.path())["phase_2"].clone();
    let keys = |value: &Value| -> Vec<String> { value.as_object().unwrap().keys().cloned().collect() };
    assert_eq!(
        keys(&progress),
        [
            "phase_2a_profiles",
            "phase_2b_patients",
            "phase_2c_integration",
            "overall_phase_2_progress",
            "estimated_completion",
            "current_operation"
        ]
    );
    assert_eq!(
        keys(&progress["phase_2a_profiles"]),
        ["total_remaining", "analyzed", "resolved", "failed", "progress_percentage"]
    );
    assert_eq!(
        keys(&progress["phase_2b_patients"]),
        ["total_target", "processed", "associated", "failed", "progress_percentage"]
    );
    assert_eq!(
        keys(&progress["phase_2c_integration"]),
        ["profile_associations", "validations_passed", "issues_identified", "progress_percentage"]
    );
    // measured under the snapshot; what no step has measured is null and never 0
    assert_eq!(progress["phase_2b_patients"]["total_target"], 7849);
    assert_eq!(progress["phase_2a_profiles"]["total_remaining"], Value::Null);
    assert_eq!(progress["overall_phase_2_progress"], Value::Null);
    assert_eq!(progress["current_operation"], Value::Null);
}

#[test]
fn the_present_operation_and_its_end_are_measured_while_somebody_writes() {
    let directory = tempfile::tempdir().unwrap();
    let file = extracted(directory.path());
    let connection = Connection::open(&file).unwrap();
    connection
        .execute_batch(
            "insert into progress (only_row, operation, done, total, updated_at, started_at) values \
             (1, 'load 2B patients', 1000, 4000, '2025-07-01T10:00:10Z', '2025-07-01T10:00:00Z')",
        )
        .unwrap();
    // a killed command leaves its last words behind: nobody writes
    assert_eq!(status(directory.path())["phase_2"]["current_operation"], Value::Null);
    let lock = File::options().read(true).write(true).open(&file).unwrap();
    lock.lock().unwrap();
    let progress = status(directory.path())["phase_2"].clone();
    assert_eq!(progress["current_operation"], "load 2B patients");
    assert_eq!(progress["estimated_completion"], "2025-07-01T10:00:40Z");
    let text = Drydock::new(directory.path()).args(["status"]).run().expect(0).stdout;
    for line in ["2B patients", "working on: load 2B patients; phase 2 is done about 2025-07-01T10:00:40Z"] {
        assert!(text.contains(line), "{text}");
    }
}

#[test]
fn the_end_is_that_of_all_of_phase_2_at_the_present_rate() {
    let migrated = Job::migrated();
    let ready: u64 = ["profiles", "practice_owners", "practice_members"]
        .map(|entity| {
            migrated.staged(&format!("select count(*) from ready_{entity}")).parse::<u64>().unwrap()
        })
        .iter()
        .sum();
    assert!(ready > 9_000, "{ready}");
    let connection = Connection::open(migrated.file()).unwrap();
    let at_work = |operation: &str| {
        connection
            .execute(
                "insert or replace into progress (only_row, operation, done, total, updated_at, started_at) values \
                 (1, ?, 1000, 4000, '2025-07-01T10:00:10Z', '2025-07-01T10:00:00Z')",
                [operation],
            )
            .unwrap();
        let lock = File::options().read(true).write(true).open(migrated.file()).unwrap();
        lock.lock().unwrap();
        migrated.json(&["status"], 0)["phase_2"]["estimated_completion"].clone()
    };
    // 100 records a second: 30 seconds for what is left of the patients, and nothing after them
    assert_eq!(at_work("load 2B patients"), "2025-07-01T10:00:40Z");
    assert_eq!(at_work("verify practice_members"), "2025-07-01T10:00:40Z");
    // the whole of phase 2C comes after them
    connection.execute("delete from loads where phase = '2C'", []).unwrap();
    let end = NaiveDate::from_ymd_opt(2025, 7, 1).unwrap().and_hms_opt(10, 0, 10).unwrap()
        + TimeDelta::seconds(i64::try_from((3_000 + ready) / 100).unwrap());
    assert_eq!(at_work("load 2B patients"), end.format("%Y-%m-%dT%H:%M:%SZ").to_string());
    // how long a load of it will take is not known from a verification or a transform
    assert_eq!(at_work("verify practice_members"), Value::Null);
    assert_eq!(at_work("transform patients"), Value::Null);
}

#[test]
fn watching_goes_on_while_another_command_writes_and_ends_with_ctrl_c() {
    let directory = tempfile::tempdir().unwrap();
    let file = extracted(directory.path());
    let mut watching = Drydock::new(directory.path()).args(["status", "--watch", "--json"]).spawn();
    let mut lines = BufReader::new(watching.stdout.take().unwrap()).lines();
    let mut next = || -> Value { serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap() };
    assert_eq!(next()["runs"].as_array().unwrap().len(), 1);

    let legacy = directory.path().join("world/legacy");
    Drydock::new(directory.path())
        .args(["extract", "--quiet", "--replace", "--csv", legacy.to_str().unwrap()])
        .run()
        .expect(0);
    // within a few pictures the second command is seen to have ended
    let seen = (0..20).any(|_| next()["runs"][1]["outcome"] == "done");
    assert!(seen);

    let interrupted = Command::new("kill").args(["-INT", &watching.id().to_string()]).status().unwrap();
    assert!(interrupted.success());
    let mut errors = String::new();
    watching.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
    assert_eq!(watching.wait().unwrap().code(), Some(0), "{errors}");
    assert!(file.exists());
}

#[test]
fn watching_ends_when_nobody_reads_any_more() {
    let directory = tempfile::tempdir().unwrap();
    extracted(directory.path());
    let mut watching = Drydock::new(directory.path()).args(["status", "--watch"]).spawn();
    let mut reader = BufReader::new(watching.stdout.take().unwrap());
    reader.read_line(&mut String::new()).unwrap();
    drop(reader);
    // nothing changes in the file: only the closed pipe can end it
    let ended = (0..100).find_map(|_| {
        sleep(Duration::from_millis(100));
        watching.try_wait().unwrap()
    });
    if ended.is_none() {
        watching.kill().unwrap();
    }
    assert_eq!(ended.expect("an end within ten seconds").code(), Some(0));
}
