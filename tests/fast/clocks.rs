//! Steps on machines whose clocks differ: what follows what is known from the journal's order, and no clock decides it.

use crate::harness::{Job, empty_target};
use rusqlite::Connection;

fn job() -> Job {
    let mut users = String::from("id,first_name,last_name,email,date_joined\n");
    for user in 1..=20 {
        users += &format!("{user},Ann{user},Example,ann{user}@example.org,2020-01-01 00:00:00+00\n");
    }
    let offices = "id,name,doctor_id,city\n1,North,1,Springfield\n".to_owned();
    Job::of_tables(&[("auth_user", users), ("dispatch_office", offices)], empty_target())
}

/// Everything so far was noted by a clock that is off by so many seconds.
fn move_moments(job: &Job, seconds: i32) {
    let moved = |column: &str| format!("strftime('%Y-%m-%dT%H:%M:%SZ', {column}, '{seconds:+} seconds')");
    let connection = Connection::open(job.file()).unwrap();
    let trigger: String = connection
        .query_row("select sql from sqlite_schema where name = 'journal_is_not_updated'", [], |row| {
            row.get(0)
        })
        .unwrap();
    connection
        .execute_batch(&format!(
            "drop trigger journal_is_not_updated; update journal set at = {}; {trigger}; \
             update runs set started_at = {}, finished_at = {}; update receipts set loaded_at = {}; \
             update facts set value = {} where name like '%\\_completed\\_at' escape '\\'",
            moved("at"),
            moved("started_at"),
            moved("finished_at"),
            moved("loaded_at"),
            moved("value")
        ))
        .unwrap();
}

#[test]
fn clocks_that_differ_are_no_finding() {
    for seconds in [5, 3600] {
        let job = job();
        job.up_to("transform");
        // the load is on a machine whose clock is behind, the verification on one further back still
        move_moments(&job, seconds);
        job.verb("load").run().expect(0);
        assert_eq!(
            job.staged(
                "select (select value from facts where name = 'load_completed_at') \
                      < (select value from facts where name = 'transform_completed_at')"
            ),
            "1"
        );
        move_moments(&job, seconds);
        job.verb("verify").run().expect(0);
        job.verb("status").args(["--json"]).run().expect(0);
    }
}

#[test]
fn a_clock_that_is_set_back_during_a_command_is_no_finding() {
    let job = job();
    job.up_to("load");
    let connection = Connection::open(job.file()).unwrap();
    connection
        .execute_batch(
            "update runs set finished_at = '2020-01-01T00:00:00Z' where verb = 'load'; \
             update receipts set loaded_at = '2019-01-01T00:00:00Z'",
        )
        .unwrap();
    drop(connection);
    job.verb("verify").run().expect(0);
    // how long that took is not known
    let status = job.verb("status").args(["--json"]).run().expect(0);
    let status: serde_json::Value = serde_json::from_str(&status.stdout).unwrap();
    let seconds: Vec<_> =
        status["runs"].as_array().unwrap().iter().map(|run| run["seconds"].is_null()).collect();
    assert_eq!(seconds, [false, false, false, true, false]);
}

#[test]
fn what_the_journal_does_not_have_in_this_order_is_a_finding() {
    let job = job();
    job.up_to("load");
    let whole = job.path("whole");
    std::fs::copy(job.file(), &whole).unwrap();
    for (damage, found) in [
        (
            "update facts set value = '2001-01-01T00:00:00Z' where name = 'transform_completed_at'",
            "facts||transform_completed_at",
        ),
        (
            "insert into facts values ('analyze_completed_at', '2001-01-01T00:00:00Z')",
            "facts||analyze_completed_at",
        ),
        (
            "insert into runs (run_id, verb, tool_version, started_at, finished_at) \
          values (77, 'load', '1', '2001-01-01T00:00:00Z', '2001-01-01T00:00:00Z')",
            "runs|77|finished_at",
        ),
        // the survey's run was over when the records were decided
        ("update receipts set run_id = 2 where receipt_id = 1", "receipts|1|loaded_at"),
        (
            "pragma foreign_keys = off; update receipts set run_id = 99 where receipt_id = 1",
            "receipts|1|loaded_at",
        ),
        // the transform after the load
        (
            "drop trigger journal_is_not_updated; \
          update journal set sequence = 1000 where kind = 'step' and content like '%\"step\":\"transform\"%' \
          and content not like '%begins%'",
            "facts||load_completed_at",
        ),
    ] {
        Connection::open(job.file()).unwrap().execute_batch(damage).unwrap();
        job.verb("verify").run().expect(7);
        let findings = job
            .staged("select entity, legacy_id, field from findings where name = 'steps_follow_each_other'");
        assert!(findings.lines().any(|line| line == found), "{damage}: {findings}");
        std::fs::copy(&whole, job.file()).unwrap();
    }
    job.verb("verify").run().expect(0);
}
