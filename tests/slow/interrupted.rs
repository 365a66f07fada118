//! Ctrl-C while a statement takes long, in the file or in the target, ends the command within a second, and what the
//! command would have written is not there.

use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};

use crate::harness::Job;
use rusqlite::Connection;

/// Interrupts a command and expects it to end within a second, as one that was interrupted and by no error. Returns what
/// it said.
#[track_caller]
fn interrupt(mut child: Child) -> String {
    assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
    let start = Instant::now();
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    while child.try_wait().unwrap().is_none() {
        if start.elapsed() > Duration::from_secs(20) {
            child.kill().unwrap();
        }
        thread::sleep(Duration::from_millis(10));
    }
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(start.elapsed() < Duration::from_secs(1), "it took {:?}: {stderr}", start.elapsed());
    assert_eq!(output.status.code(), Some(130), "{stderr}");
    assert!(stderr.contains("error: interrupted\nhint: "), "{stderr}");
    assert!(!stderr.contains("SQLSTATE") && !stderr.contains("refused an operation"), "{stderr}");
    stderr
}

/// Puts a view without an end in the place of a table: whoever asks it waits for ever.
fn without_end(job: &Job, tables: &[&str]) {
    let connection = Connection::open(job.file()).unwrap();
    for table in tables {
        connection
            .execute_batch(&format!(
                "alter table {table} rename to kept_{table}; \
                 create view {table} as with recursive n(i) as (select 1 union all select i + 1 from n) \
                 select k.* from n cross join kept_{table} k where i < 0"
            ))
            .unwrap();
    }
}

/// Waits until so many sessions of the command stand before a lock of somebody else.
#[track_caller]
fn wait_for_lock(job: &Job, child: &mut Child) {
    for _ in 0..300 {
        let waiting = job.loaded(
            "select count(*) from pg_stat_activity where datname = current_database() \
             and application_name = 'drydock' and wait_event_type = 'Lock'",
        );
        if waiting != "0" {
            return;
        }
        assert!(child.try_wait().unwrap().is_none(), "it ended before it came to the lock");
        thread::sleep(Duration::from_millis(100));
    }
    panic!("it never came to the lock");
}

/// Expects that the server is at nothing of ours any more.
#[track_caller]
fn assert_idle(job: &Job) {
    let at_work = "select count(*) from pg_stat_activity where datname = current_database() \
                   and application_name = 'drydock' and state = 'active'";
    assert_eq!(job.loaded(at_work), "0");
}

#[test]
fn a_look_at_a_large_file_ends() {
    let job = Job::of_case("literal_null_and_spaces");
    job.up_to("transform");
    without_end(&job, &["associations"]);
    let child = job.drydock(["status"]).env("DRYDOCK_TRUST_SCHEMA", "1").spawn();
    thread::sleep(Duration::from_millis(1_500));
    interrupt(child);
}

#[test]
fn a_verification_ends_on_both_of_its_connections_to_the_file() {
    let job = Job::of_case("literal_null_and_spaces");
    job.up_to("load");
    // one connection takes the checks from their front and comes to the first, the other from the back
    without_end(&job, &["associations", "changes"]);
    let child = job.drydock(["verify"]).env("DRYDOCK_LOG", "debug").env("DRYDOCK_TRUST_SCHEMA", "1").spawn();
    thread::sleep(Duration::from_millis(2_500));
    let told = interrupt(child);
    for check in ["associations_agree_with_rows", "every_change_is_explained"] {
        assert!(
            !told.contains(&format!("asked the file check=\"{check}\"")),
            "{check} came to its end: {told}"
        );
    }
    assert!(told.contains("asked the file check=\"references_lead_to_ready_rows\""), "{told}");
    assert_eq!(job.staged("select count(*) from checks"), "0");
    assert_eq!(
        job.staged("select outcome, exit_code from runs order by run_id desc limit 1"),
        "interrupted|130"
    );
    assert_idle(&job);
}

#[test]
fn a_verification_ends_while_the_target_waits_for_a_lock() {
    let job = Job::of_case("literal_null_and_spaces");
    job.up_to("load");
    let mut other = job.target().client();
    other.batch_execute("begin; lock table profiles in access exclusive mode").unwrap();
    let mut child = job.drydock(["verify"]).spawn();
    wait_for_lock(&job, &mut child);
    interrupt(child);
    assert_eq!(job.staged("select count(*) from checks"), "0");
    assert_idle(&job);
    other.batch_execute("rollback").unwrap();
    job.verb("verify").run().expect(0);
}

#[test]
fn a_load_ends_while_the_target_waits_for_a_lock_and_nothing_is_written() {
    let job = Job::of_case("literal_null_and_spaces");
    job.up_to("transform");
    let before = job.row_versions();
    let mut other = job.target().client();
    other.batch_execute("begin; lock table practices in share mode").unwrap();
    let mut child = job.drydock(["load"]).spawn();
    wait_for_lock(&job, &mut child);
    interrupt(child);
    assert_idle(&job);
    other.batch_execute("rollback").unwrap();
    assert_eq!(job.row_versions(), before);
    assert_eq!(job.staged("select count(*) from loads"), "0");
    assert_eq!(job.staged("select count(*) from retries"), "0");
    job.steps("load", "verify");
}

#[test]
fn a_load_ends_on_the_sessions_beside_the_first() {
    let job = Job::of_world();
    job.up_to("transform");
    // the last profile is held by somebody who has not committed it: the first chunk passes, the last one waits
    let last = job.staged("select max(legacy_id) from ready_profiles");
    let mut other = job.target().client();
    other
        .batch_execute(&format!(
            "begin; delete from profiles where legacy_id = {last}; \
             insert into profiles (legacy_id, email) values ({last}, 'harbour@example.org')"
        ))
        .unwrap();
    let mut child = job.drydock(["load"]).spawn();
    wait_for_lock(&job, &mut child);
    interrupt(child);
    assert_idle(&job);
    other.batch_execute("rollback").unwrap();
    // what was committed before is known, and the load goes on from there
    let confirmed = job.staged("select count(*) from loads where entity = 'profiles' and phase = '2A'");
    assert_eq!(confirmed, "8192");
    job.steps("load", "verify");
}
