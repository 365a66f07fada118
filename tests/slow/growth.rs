//! What a verb asks of the target grows with the records and no faster: with rows that stand there already, by a planner that knows
//! nothing of them. Counted in rows that the server visits, not in time.

use std::thread::sleep;
use std::time::Duration;

use crate::harness::{Job, Size, psql};

/// The rows that scans of the database have visited so far, once every session but ours has ended and said so.
fn visited(job: &Job) -> u64 {
    for _ in 0..200 {
        let others = "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()";
        if psql(job.target(), others) == "0" {
            break;
        }
        sleep(Duration::from_millis(20));
    }
    psql(
        job.target(),
        "select tup_returned + tup_fetched from pg_stat_database where datname = current_database()",
    )
    .parse()
    .unwrap()
}

/// What each verb visits, of a job with so many users all of whom are there already.
fn visits(users: u32) -> Vec<(&'static str, u64)> {
    let job = Job::resolved(
        Size { offices: users / 50, users },
        "policy.default_practice = 1",
        "alter table practices set (autovacuum_enabled = off); alter table profiles set (autovacuum_enabled = off);
         alter table patients set (autovacuum_enabled = off); alter table practice_members set (autovacuum_enabled = off)",
    );
    let mut counted = Vec::new();
    let mut measure = |name: &'static str, verb: &[&str]| {
        let before = visited(&job);
        job.run(verb.iter().copied().chain(["--quiet"]));
        counted.push((name, visited(&job) - before));
    };
    measure("first load", &["load"]);
    measure("verify", &["verify"]);
    measure("checkpoint", &["checkpoint", "3", "--out", "checkpoint"]);
    measure("survey", &["survey"]);
    measure("transform", &["transform"]);
    job.target().execute(
        "set session_replication_role = replica; update profiles set last_name = 'Other'; update patients set last_name = 'Other';
         update practices set name = name || ' '",
    );
    measure("load over all", &["load"]);
    measure("load again", &["load"]);
    let run = job.loaded("select max(run_id) from drydock.receipts where undone_at is null");
    measure("rollback", &["rollback", "--run", &run]);
    counted
}

#[test]
fn four_times_the_records_are_four_times_the_visits() {
    let sizes = [500, 2000, 8000].map(visits);
    for ((verb, one), ((_, four), (_, sixteen))) in sizes[0].iter().zip(sizes[1].iter().zip(&sizes[2])) {
        println!("{verb}: {one} {four} {sixteen}");
        // what does not depend on the records falls out of the differences, of which the second is four times the first, and
        // sixteen times with the square of their number; between the two is what plans and catalogs do
        let (first, second) = (four.saturating_sub(*one), sixteen.saturating_sub(*four));
        assert!(
            second <= 8 * first + 50_000,
            "{verb}: {one}, {four}, {sixteen} rows visited with 1, 4, 16 times the records"
        );
    }
}
