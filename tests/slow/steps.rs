//! The steps as an operator runs them: one process each, on the plan-sized world, with the staging file as the only
//! thing they share. The same world comes once from CSV files and once from a PostgreSQL database.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use crate::harness::{Database, Drydock, Job, database, psql, sqlite3, world};
use drydock::demo::world::{LEGACY_DDL, PROFILES, USERS, copy_statement, copy_text};
use tempfile::TempDir;

/// The legacy database with the world in it.
fn legacy_database() -> Database {
    let legacy = database();
    let mut client = legacy.client();
    for (_, ddl) in LEGACY_DDL {
        client.batch_execute(ddl).expect("the legacy tables");
    }
    for table in &world().tables {
        let mut writer = client.copy_in(&copy_statement(table)).expect("a COPY");
        std::io::Write::write_all(&mut writer, &copy_text(table)).expect("the rows");
        writer.finish().expect("the rows");
    }
    legacy
}

/// The ids of profiles by legacy id.
fn profile_ids(of: &Database) -> BTreeMap<i64, String> {
    let rows = psql(of, "select legacy_id, id from profiles where legacy_id is not null");
    rows.lines()
        .filter_map(|line| line.split_once('|'))
        .map(|(legacy_id, id)| (legacy_id.parse().expect("an id"), id.to_owned()))
        .collect()
}

/// Nothing but the staging file itself has its name.
#[track_caller]
fn assert_alone(file: &Path) {
    let name = file.file_name().expect("a name").to_string_lossy().into_owned();
    let beside: Vec<String> = fs::read_dir(file.parent().expect("a folder"))
        .expect("the folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .filter(|other| other.starts_with(&name) && *other != name)
        .collect();
    assert!(beside.is_empty(), "beside the staging file: {beside:?}");
}

/// The program with no network but an unconfigured loopback.
fn without_network(file: &Path, arguments: &[&str]) -> std::process::Output {
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", "--net", env!("CARGO_BIN_EXE_drydock")])
        .args(arguments)
        .arg("--staging")
        .arg(file)
        .output();
    output
        .unwrap_or_else(|cause| panic!("cannot run unshare: {cause}; the tests need the package util-linux"))
}

#[test]
fn csv_files_and_a_database_give_the_same_raw_rows() {
    let job = Job::of_world();
    let legacy = legacy_database();
    job.verb("extract").run().expect(0);
    job.drydock(["extract", "--quiet", "--staging", "live.drydock", "--config", "drydock.toml"])
        .legacy(&legacy)
        .run()
        .expect(0);

    let live = job.path("live.drydock");
    // the folder has no file of a table without rows
    let listed = "select table_name, rows from legacy_tables where rows > 0 order by table_name";
    let tables = job.staged(listed);
    assert_eq!(sqlite3(&live, listed), tables);
    for line in tables.lines() {
        let (table, rows) = line.split_once('|').expect("a table and its rows");
        let table_of_the_world = world().table(table).expect("a table of the world");
        assert_eq!(rows, table_of_the_world.rows.len().to_string(), "{table}");
        let only = |one: &str, other: &str| {
            format!(
                "attach '{}' as live; select count(*) from (select * from {one}.legacy_{table} \
                 except select * from {other}.legacy_{table})",
                live.display()
            )
        };
        assert_eq!(job.staged(&only("main", "live")), "0", "{table}: rows of the CSV files only");
        assert_eq!(job.staged(&only("live", "main")), "0", "{table}: rows of the database only");
    }
    let columns = "select group_concat(name) from pragma_table_info('legacy_auth_user')";
    assert!(!job.staged(columns).contains("password"));
    for file in [job.file(), live] {
        let bytes = fs::read(file).expect("the staging file");
        let mark = drydock::demo::world::PASSWORD_MARK.as_bytes();
        assert!(!bytes.windows(mark.len()).any(|window| window == mark), "a password hash is in the file");
    }
}

#[test]
fn each_step_in_its_own_process_the_load_elsewhere_and_twice() {
    let job = Job::of_world();
    let before = profile_ids(job.target());
    assert_eq!(before.len(), PROFILES);
    for step in ["extract", "survey"] {
        job.verb(step).run().expect(0);
        assert_alone(&job.file());
    }

    // transform: no host can be reached, and that is shown by a survey that fails under the same conditions
    let unreachable = without_network(&job.file(), &["transform", "--quiet"]);
    assert!(
        unreachable.status.success(),
        "transform without a network (unshare must be allowed to make a user namespace): {}",
        String::from_utf8_lossy(&unreachable.stderr)
    );
    assert_alone(&job.file());

    // load: a copy in another folder, the original gone
    let elsewhere = TempDir::new().expect("a folder");
    let copy = elsewhere.path().join("shipped.db");
    fs::copy(job.file(), &copy).expect("a copy");
    fs::remove_file(job.file()).expect("the original gone");
    let run = |arguments: &[&str]| {
        Drydock::new(elsewhere.path())
            .target(job.target())
            .args(arguments)
            .args(["--staging", "shipped.db"])
            .run()
    };
    run(&["load", "--quiet"]).expect(0);
    assert_alone(&copy);
    run(&["verify", "--quiet"]).expect(0);
    assert_alone(&copy);

    let after = profile_ids(job.target());
    assert_eq!(after.len(), USERS);
    assert!(before.iter().all(|(legacy_id, id)| after[legacy_id] == *id), "an existing profile lost its id");

    let versions = job.row_versions();
    let again = run(&["load", "--json"]).expect(0);
    assert_eq!(job.row_versions(), versions, "the second load wrote rows");
    let summary: serde_json::Value = serde_json::from_str(&again.stdout).expect("JSON");
    let receipts = summary["receipts"].as_array().expect("receipts");
    assert!(!receipts.is_empty());
    for receipt in receipts {
        assert_eq!((&receipt["inserted"], &receipt["updated"]), (&0.into(), &0.into()), "{receipt}");
        assert_eq!(receipt["unchanged"], receipt["rows"]);
    }

    // what the file is, to anybody who has sqlite3
    let mode = fs::metadata(&copy).expect("the file").permissions().mode() & 0o777;
    assert_eq!(mode & 0o077, 0, "{mode:o}");
    assert_eq!(sqlite3(&copy, "pragma application_id"), 0x4452_5944.to_string());
    assert_ne!(sqlite3(&copy, "pragma user_version"), "0");
    assert_eq!(sqlite3(&copy, "pragma journal_mode"), "delete");
    assert_eq!(sqlite3(&copy, "pragma integrity_check"), "ok");
    let views = sqlite3(&copy, "select name from sqlite_master where type = 'view'");
    let schema = drydock::staging::schema_text();
    let in_schema = schema.lines().filter(|line| line.starts_with("create view ")).count();
    assert_eq!(views.lines().count(), in_schema);
    for view in views.lines() {
        sqlite3(&copy, &format!("select * from {view}"));
    }
    assert_eq!(sqlite3(&copy, "select count(*) from v_unaccounted"), "0");
}

#[test]
fn two_independent_runs_give_the_same_ids_and_contents() {
    let (one, other) = (Job::of_world(), Job::of_world());
    for (job, threads) in [(&one, "1"), (&other, "2")] {
        job.up_to("survey");
        job.verb("transform").args(["--threads", threads]).run().expect(0);
        job.verb("load").run().expect(0);
    }
    assert_eq!(profile_ids(one.target()), profile_ids(other.target()));
    assert_eq!(one.contents(), other.contents());
}

#[test]
fn a_new_file_is_its_owners_alone() {
    let job = Job::of_case("five_column_patient");
    job.verb("extract").run().expect(0);
    let mode = fs::metadata(job.file()).expect("the file").permissions().mode() & 0o777;
    assert_eq!(mode, 0o600, "{mode:o}");
}

#[test]
fn a_run_that_is_killed_goes_on_where_it_can() {
    let whole = Job::of_world();
    whole.verb("run").run().expect(0);

    let killed = Job::of_world();
    let mut interrupted = 0;
    for milliseconds in [150, 400, 900, 1600, 2600, 700] {
        let mut run = killed.verb("run").spawn();
        thread::sleep(Duration::from_millis(milliseconds));
        if run.try_wait().expect("its state").is_none() {
            // SIGKILL: nothing of the process gets a chance to clean up
            run.kill().expect("killed");
            interrupted += 1;
        }
        run.wait().expect("its end");
    }
    assert!(interrupted >= 2, "the run was too fast to be killed");
    killed.verb("run").run().expect(0);
    assert_eq!(killed.contents(), whole.contents());
    assert_eq!(killed.staged("select count(*) from v_unaccounted"), "0");
    assert_alone(&killed.file());
    let accounting = "select * from v_accounting";
    assert_eq!(killed.staged(accounting), whole.staged(accounting));
}
