//! A load that is killed, cut off or thrown out anywhere ends, when it is run again, in the target of an undisturbed
//! load. `DRYDOCK_KILLS` is the number of kills at random moments: few by default, 200 at night, when chunks are smaller
//! too, so that there are more commits to be killed at, and the server is killed more often.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use crate::harness::{Break, Job, Listening, Proxy, Size, readdress};
use drydock::demo::cluster::installed;

const SIZE: Size = Size { offices: 3, users: 60 };
/// Chunks small enough that every merge has several.
const CHUNK: &str = "40";

/// A migration that can be loaded again and again from the start.
struct Repeated {
    migration: Job,
    resolved: PathBuf,
    expected: String,
}

impl Repeated {
    fn new() -> Self {
        let migration = Job::of_size(SIZE);
        write_cases(&migration);
        migration.up_to("transform");
        // rows to be changed, and two addresses to be swapped
        let resolved = migration.path("resolved");
        migration.target().execute(BEFORE);
        migration.run(["survey", "--quiet"]);
        migration.run(["transform", "--quiet"]);
        fs::copy(migration.file(), &resolved).unwrap();
        migration.run(["load", "--quiet", "--chunk-rows", CHUNK]);
        let expected = contents(&migration);
        Self { migration, resolved, expected }
    }

    /// Back to before the load.
    fn reset(&self) {
        self.migration.target().execute(
            "select pg_terminate_backend(pid) from pg_stat_activity
             where datname = current_database() and pid <> pg_backend_pid();
             drop schema if exists drydock cascade;
             truncate practices, profiles, patients, practice_members cascade;",
        );
        self.migration.target().execute(BEFORE);
        fs::copy(&self.resolved, self.migration.file()).unwrap();
    }

    /// Ends the load's sessions, and returns how many there were.
    fn throw_out(&self) -> u32 {
        let ended = self.migration.loaded(
            "select count(pg_terminate_backend(pid)) from pg_stat_activity \
             where application_name = 'drydock' and datname = current_database() and query <> ''",
        );
        ended.parse().unwrap()
    }

    #[track_caller]
    fn expect_undisturbed(&self, what: &str) {
        self.migration.run(["load", "--quiet", "--chunk-rows", CHUNK]);
        assert_eq!(contents(&self.migration), self.expected, "{what}");
        assert_eq!(
            self.migration
                .staged("select sum(ready - loaded), (select count(*) from v_unaccounted) from v_accounting"),
            "0|0",
            "{what}"
        );
    }
}

/// A case for every patient, with its project and two states.
fn write_cases(job: &Job) {
    let mut tables = [
        ("dispatch_instruction", "id,patient_id,course_id\n".to_owned()),
        ("dispatch_project", "id,name,type,status,created_at\n".to_owned()),
        ("dispatch_plan", "id,instruction_id,project_id,number,original\n".to_owned()),
        ("dispatch_state", "id,status,on,changed_at,instruction_id\n".to_owned()),
    ];
    for patient in 5007..=5060 {
        let rows = [
            format!("{patient},{patient},1\n"),
            format!("{patient},Project {patient},3,0,2020-01-01 00:00:00+00\n"),
            format!("{patient},{patient},{patient},1,t\n"),
            format!(
                "{patient},11,t,2020-01-02 00:00:00+00,{patient}\n1{patient},12,t,2020-01-03 00:00:00+00,{patient}\n"
            ),
        ];
        tables.iter_mut().zip(rows).for_each(|((_, table), row)| table.push_str(&row));
    }
    for (table, rows) in tables {
        job.write_table(table, &rows);
    }
}

/// The contents of every table, those of phase 3 as well.
fn contents(job: &Job) -> String {
    let cases = job.loaded(
        "select md5(string_agg(t::text, ' ' order by t)) from ( \
             select 'case' as kind, to_jsonb(c) - 'updated_at' as t from cases c \
             union all select 'project', to_jsonb(j) - 'updated_at' from projects j \
             union all select 'state', to_jsonb(s) - 'created_at' - 'updated_at' from case_states s) t",
    );
    format!("{}\n{cases}", job.contents())
}

const BEFORE: &str = "insert into profiles (id, legacy_id, email) values
    ('00000000-0000-4000-8000-000000001001', 1001, 'ann1060@example.org'),
    ('00000000-0000-4000-8000-000000001060', 1060, 'ann1001@example.org');";

/// Kills at random moments.
fn kills() -> u64 {
    std::env::var("DRYDOCK_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(6)
}

fn is_night() -> bool {
    kills() >= 100
}

#[test]
fn killed_at_every_commit_point() {
    let chunk = if is_night() { "8" } else { CHUNK };
    let repeated = Repeated::new();
    let mut kills = 0;
    for place in ["before_commit", "after_commit", "after_note"] {
        for time in 1.. {
            repeated.reset();
            let killed = repeated
                .migration
                .drydock(["load", "--quiet", "--chunk-rows", chunk])
                .env("DRYDOCK_FAILPOINT", format!("{place}:{time}"))
                .run();
            if killed.code == Some(0) {
                break;
            }
            assert_eq!(killed.code, None, "{place}:{time}: {}", killed.stderr);
            kills += 1;
            repeated.expect_undisturbed(&format!("{place}:{time}"));
        }
    }
    assert!(kills >= if is_night() { 60 } else { 20 }, "{kills} kills");
}

#[test]
fn killed_at_random_moments() {
    let repeated = Repeated::new();
    for kill in 0..kills() {
        repeated.reset();
        let mut child = repeated.migration.drydock(["load", "--quiet", "--chunk-rows", "9"]).spawn();
        // spread over the second that such a load takes; the same on every run
        sleep(Duration::from_millis(kill * 7919 % 600));
        let _ = child.kill();
        let _ = child.wait();
        repeated.expect_undisturbed(&format!("kill {kill}"));
    }
}

/// A load that is thrown out goes on by itself, whatever it was doing: before its first write, within a chunk, between
/// two, at the very end.
#[test]
fn thrown_out_by_the_server() {
    let repeated = Repeated::new();
    let mut tried_again = 0;
    for moment in 0..10 {
        repeated.reset();
        let mut child = repeated.migration.drydock(["load", "--quiet", "--chunk-rows", "3"]).spawn();
        sleep(Duration::from_millis(moment * 45));
        while child.try_wait().unwrap().is_none() && repeated.throw_out() == 0 {}
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "moment {moment}: {}", String::from_utf8_lossy(&output.stderr));
        // after its last statement it has nothing left to try again
        let retries = repeated.migration.staged("select count(*) from retries");
        tried_again += u32::from(retries != "0");
        repeated.expect_undisturbed(&format!("thrown out at moment {moment}"));
    }
    assert!(tried_again >= 2, "tried again {tried_again} times");
}

#[test]
fn cut_in_the_middle_of_copy_and_at_commit() {
    let server = Listening::start();
    // one session with three chunks, and two that share eight; with two, the third commit of a session is one of theirs
    let (one, two) = (("1", CHUNK, "3|3"), ("2", "9", "8|8"));
    for ((sessions, rows, receipts), breaks) in [
        (one, Break::AfterBytes(60_000)),
        (one, Break::AfterBytes(75_000)),
        (one, Break::AfterBytes(100_000)),
        (one, Break::AtCommit(1)),
        (one, Break::AtCommit(3)),
        (one, Break::AtCommit(6)),
        (two, Break::AfterBytes(45_000)),
        (two, Break::AfterBytes(60_000)),
        (two, Break::AtCommit(1)),
        (two, Break::AtCommit(3)),
        (two, Break::AtCommit(5)),
    ] {
        let migration = Job::of_size(SIZE);
        // the file belongs to the address by which it was surveyed, so the steps before go through the proxy as well;
        // they commit once and send little
        server.psql("drop schema if exists drydock cascade; drop table if exists case_states, projects, cases, practice_members, patients, profiles, practices");
        let quiet = Proxy::start(server.port, Break::AfterBytes(usize::MAX));
        server.resolve(&migration, quiet.port);
        let proxy = Proxy::start(server.port, breaks);
        readdress(&migration, quiet.port, proxy.port);
        let arguments = ["load", "--quiet", "--chunk-rows", rows, "--sessions", sessions];
        Listening::drydock(&migration, proxy.port, &arguments).run().expect(0);
        assert!(proxy.broken.load(std::sync::atomic::Ordering::SeqCst), "{breaks:?} never happened");
        assert_eq!(migration.staged("select count(*) from retries"), "1", "{breaks:?}");
        Listening::drydock(&migration, proxy.port, &["verify", "--quiet"]).run().expect(0);
        assert_eq!(
            server.psql("select count(*), count(distinct (entity, first_legacy_id)) from drydock.receipts where phase = '2A'"),
            receipts,
            "{breaks:?}: a commit whose answer was lost is not done twice"
        );
    }
}

#[test]
fn the_server_is_killed_and_started_again() {
    let server = Listening::start();
    for time in 0..if is_night() { 20 } else { 1 } {
        kill_the_server(&server, time * 23);
    }
}

/// Kills the server some milliseconds after the first profiles have arrived.
fn kill_the_server(server: &Listening, later: u64) {
    server.psql("drop schema if exists drydock cascade; drop table if exists case_states, projects, cases, practice_members, patients, profiles, practices");
    let migration = Job::of_size(SIZE);
    server.resolve(&migration, server.port);
    let mut child =
        Listening::drydock(&migration, server.port, &["load", "--quiet", "--chunk-rows", "2"]).spawn();
    while server.psql("select count(*) from profiles") == "0" {
        sleep(Duration::from_millis(5));
    }
    sleep(Duration::from_millis(later));
    let data = server.cluster.socket_directory().join("data");
    let owner = fs::metadata(&data).unwrap();
    let status = Command::new(installed().unwrap().join("pg_ctl"))
        .args(["-m", "immediate", "-w", "-s", "-D"])
        .arg(&data)
        .arg("-l")
        .arg(data.join("log"))
        .arg("restart")
        .uid(owner.uid())
        .gid(owner.gid())
        .current_dir("/")
        .status()
        .unwrap();
    assert!(status.success());
    let _ = child.wait();
    Listening::drydock(&migration, server.port, &["load", "--quiet"]).run().expect(0);
    Listening::drydock(&migration, server.port, &["verify", "--quiet"]).run().expect(0);
}
