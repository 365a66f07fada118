//! A staging file that was damaged or changed behind Drydock's back between two steps: what builds on the raw rows proves
//! first that they are those of the snapshot, names the table, and decides nothing.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::harness::{Job, Outcome, empty_target, sqlite3};
use rusqlite::Connection;

fn job(users: u32) -> Job {
    let mut rows = String::from("id,first_name,last_name,email,date_joined\n");
    for user in 1..=users {
        rows += &format!("{user},Ann{user},Example,ann{user}@example.org,2020-01-01 00:00:00+00\n");
    }
    let offices = "id,name,doctor_id,city\n1,North,1,Springfield\n".to_owned();
    let job = Job::of_tables(&[("auth_user", rows), ("dispatch_office", offices)], empty_target());
    job.up_to("survey");
    job
}

/// Changes the file behind Drydock's back.
fn edit(file: &Path, sql: &str) {
    Connection::open(file).unwrap().execute_batch(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// Everything that a transform writes, but for the notes of the command itself.
fn decided(job: &Job) -> String {
    let tables =
        ["records", "ready_profiles", "ready_practices", "migration_errors", "changes", "associations"];
    tables.map(|table| job.staged(&format!("select '{table}', count(*) from {table}"))).join("\n")
        + &job.staged("select * from facts where name like '%completed_at' order by name")
}

/// A transform is refused with the table's name and the next thing to do.
#[track_caller]
fn expect_refused(outcome: &Outcome, table: &str, what: &str) {
    assert_eq!(outcome.code, Some(8), "{what}: {}", outcome.stderr);
    let said = format!("the snapshot of {table} in the file is not what its manifest says");
    assert!(outcome.stderr.contains(&said), "{what}: {}", outcome.stderr);
    assert!(outcome.stderr.contains("extract again"), "{what}: {}", outcome.stderr);
}

#[test]
fn raw_rows_that_are_not_the_snapshots_are_refused_before_anything_is_decided() {
    let job = job(300);
    for earlier_result in [false, true] {
        if earlier_result {
            job.verb("transform").run().expect(0);
        }
        let whole = job.path("whole");
        fs::copy(job.file(), &whole).unwrap();
        for (what, table, sql) in [
            (
                "a letter",
                "auth_user",
                "update legacy_auth_user set email = 'bnn7@example.org' where legacy_id = 7",
            ),
            (
                "a value for null",
                "auth_user",
                "update legacy_auth_user set last_name = null where legacy_id = 7",
            ),
            (
                "a number for text",
                "auth_user",
                "pragma writable_schema = on; update sqlite_schema set sql = \
                replace(sql, '\"last_name\" text', '\"last_name\"') where name = 'legacy_auth_user'",
            ),
            ("a row gone", "auth_user", "delete from legacy_auth_user where legacy_id = 300"),
            ("a row more", "auth_user", "insert into legacy_auth_user (legacy_id, id) values (301, '301')"),
            ("another key", "auth_user", "update legacy_auth_user set legacy_id = 301 where legacy_id = 300"),
            (
                "two rows exchanged",
                "auth_user",
                "update legacy_auth_user set first_name = 'Ann' || (15 - legacy_id) \
                where legacy_id in (7, 8)",
            ),
            (
                "a row set apart gone",
                "auth_user",
                "update legacy_tables set unreadable = 1, rows = rows + 1 \
                where table_name = 'auth_user'",
            ),
            (
                "a table that the source does not have",
                "dispatch_patient",
                "delete from legacy_tables \
                where table_name = 'dispatch_patient'; insert into legacy_dispatch_patient (legacy_id) values (1)",
            ),
        ] {
            edit(&job.file(), sql);
            if what == "a number for text" {
                edit(&job.file(), "update legacy_auth_user set last_name = x'4578' where legacy_id = 7");
            }
            let before = decided(&job);
            expect_refused(&job.verb("transform").run(), table, what);
            assert_eq!(decided(&job), before, "{what}");
            fs::copy(&whole, job.file()).unwrap();
        }
        // nothing was wrong with it
        job.verb("transform").run().expect(0);
    }
}

/// Exchanges two pages of the file.
fn exchange_pages(file: &Path, one: u64, other: u64) {
    let size: u64 = sqlite3(file, "pragma page_size").parse().unwrap();
    let open = File::options().read(true).write(true).open(file).unwrap();
    let page = |number: u64| {
        let mut bytes = vec![0; usize::try_from(size).unwrap()];
        open.read_exact_at(&mut bytes, (number - 1) * size).unwrap();
        bytes
    };
    let (first, second) = (page(one), page(other));
    open.write_all_at(&second, (one - 1) * size).unwrap();
    open.write_all_at(&first, (other - 1) * size).unwrap();
}

#[test]
fn exchanged_pages_end_a_transform_with_an_error() {
    let job = job(20_000);
    let pages = |table: &str| -> Vec<u64> {
        let sql =
            format!("select pageno from dbstat where name = '{table}' and pagetype = 'leaf' order by path");
        let numbers = job.staged(&sql);
        numbers.lines().map(|page| page.parse().unwrap()).collect()
    };
    let users = pages("legacy_auth_user");
    assert!(users.len() > 20, "{users:?}");
    let whole = job.path("whole");
    fs::copy(job.file(), &whole).unwrap();
    let root: u64 =
        job.staged("select rootpage from sqlite_schema where name = 'legacy_auth_user'").parse().unwrap();
    for (one, other) in [(users[3], users[9]), (users[0], users[users.len() - 1]), (users[5], root)] {
        exchange_pages(&job.file(), one, other);
        let begun = Instant::now();
        let program = env!("CARGO_BIN_EXE_drydock");
        // at most 2 GB of addresses, and a minute of the processor
        let limited = format!("ulimit -v 2000000; ulimit -t 60; exec {program} transform --quiet");
        let output = std::process::Command::new("sh")
            .args(["-c", &limited])
            .current_dir(job.file().parent().unwrap())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(8), "{one} {other}: {said}");
        assert!(said.contains("auth_user") || said.contains("the staging file is damaged"), "{said}");
        assert!(begun.elapsed() < Duration::from_mins(1));
        fs::copy(&whole, job.file()).unwrap();
        assert_eq!(job.staged("select count(*) from records"), "0");
    }
}
