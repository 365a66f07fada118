//! One staging file, copied, and both copies loaded: the older one does not turn the clock back without a word.

use std::fs;
use std::path::PathBuf;

use crate::harness::{Job, Outcome, Size, sqlite3};

const SMALL: Size = Size { offices: 3, users: 60 };
const NAMES: &str = "select count(*) filter (where first_name like 'New%'), count(*) from profiles";

/// A migration that was loaded, copied, and loaded again with other names; the copy is of before.
fn renamed() -> (Job, PathBuf) {
    let migration = Job::of_size(SMALL).at("transform");
    migration.run(["load", "--quiet"]);
    let old = migration.path("old.drydock");
    fs::copy(migration.file(), &old).unwrap();
    rename(&migration, "Ann", "New");
    migration.run(["load", "--quiet"]);
    assert_eq!(migration.loaded(NAMES), "60|60");
    (migration, old)
}

fn rename(migration: &Job, from: &str, to: &str) {
    let path = migration.path("legacy/auth_user.csv");
    let text = fs::read_to_string(&path).unwrap().replace(&format!(",{from}"), &format!(",{to}"));
    fs::write(&path, text).unwrap();
    migration.run(["extract", "--csv", "legacy", "--replace", "--quiet"]);
    migration.run(["transform", "--quiet"]);
}

fn on(migration: &Job, file: &str, arguments: &[&str]) -> Outcome {
    migration.drydock(["--staging", file].into_iter().chain(arguments.iter().copied())).run()
}

#[test]
fn an_older_copy_is_refused_with_both_facts() {
    let (migration, _) = renamed();
    let before = migration.digest();
    for arguments in
        [&["load"][..], &["load", "--dry-run"], &["load", "--phase", "2a"], &["run", "--csv", "legacy"]]
    {
        let refused = on(&migration, "old.drydock", arguments).expect(3);
        let last = migration.last_run("load");
        assert!(refused.stderr.contains(&format!("run {last}, written")), "{}", refused.stderr);
        assert!(refused.stderr.contains("this copy's journal has"), "{}", refused.stderr);
        assert!(refused.stderr.contains("--over-newer"), "{}", refused.stderr);
        assert_eq!(migration.digest(), before);
    }
    // the newest copy goes on as ever
    migration.run(["load", "--quiet"]);
    migration.run(["verify", "--quiet"]);
}

#[test]
fn who_says_so_goes_on_as_a_run_beyond_both_and_it_is_recorded() {
    let (migration, _) = renamed();
    let newest: i64 = migration.last_run("load").parse().unwrap();
    on(&migration, "old.drydock", &["load", "--quiet", "--over-newer"]).expect(0);
    assert_eq!(migration.loaded(NAMES), "0|60");
    on(&migration, "old.drydock", &["verify", "--quiet"]).expect(0);
    on(&migration, "old.drydock", &["load", "--quiet"]).expect(0);
    let beyond: i64 = migration.loaded("select max(run_id) from drydock.receipts").parse().unwrap();
    assert!(beyond > newest, "{beyond} {newest}");
    assert_eq!(
        migration.loaded("select string_agg(run_id::text, ','), max(by_run_id) from drydock.superseded"),
        format!("{newest}|{beyond}")
    );
    let old = migration.path("old.drydock");
    let noted = sqlite3(&old, "select content from journal where content like '%loads_over_runs%'");
    assert!(noted.contains(&newest.to_string()), "{noted}");
    on(&migration, "old.drydock", &["audit", "check"]).expect(0);
    // now the other one is the copy that does not know
    let refused = migration.drydock(["load"]).run().expect(3);
    assert!(refused.stderr.contains(&format!("run {beyond}, written")), "{}", refused.stderr);
    // and what was done over it can be undone
    on(&migration, "old.drydock", &["rollback", "--quiet", "--run", &beyond.to_string()]).expect(0);
    assert_eq!(migration.loaded(NAMES), "60|60");
}

#[test]
fn two_branches_of_one_file_are_told_apart_although_their_runs_have_the_same_numbers() {
    let (migration, old) = renamed();
    // the older copy goes its own way for as many commands as the newer one
    fs::copy(migration.file(), migration.path("new.drydock")).unwrap();
    fs::rename(&old, migration.file()).unwrap();
    rename(&migration, "New", "Neo");
    let refused = migration.drydock(["load"]).run().expect(3);
    assert!(refused.stderr.contains("another copy"), "{}", refused.stderr);
    assert_eq!(migration.loaded(NAMES), "60|60");
    migration.run(["load", "--quiet", "--over-newer"]);
    migration.run(["verify", "--quiet"]);
}

#[test]
fn an_older_copy_does_not_undo_what_it_does_not_know() {
    let (migration, _) = renamed();
    let before = migration.digest();
    for back in [&["--to-checkpoint", "1"][..], &["--run", "4"], &["--to-checkpoint", "1", "--dry-run"]] {
        let refused = on(&migration, "old.drydock", &[&["rollback"], back].concat()).expect(3);
        assert!(refused.stderr.contains("another copy"), "{}", refused.stderr);
        assert_eq!(migration.digest(), before);
    }
}

#[test]
fn what_the_newer_copy_undid_is_in_nobodys_way() {
    let (migration, _) = renamed();
    let run = migration.last_run("load");
    migration.run(["rollback", "--quiet", "--run", &run]);
    on(&migration, "old.drydock", &["load", "--quiet"]).expect(0);
    on(&migration, "old.drydock", &["verify", "--quiet"]).expect(0);
}

#[test]
fn a_target_that_an_older_version_loaded_tells_by_the_numbers_of_the_runs() {
    let (migration, _) = renamed();
    migration.target().execute("drop table drydock.heads, drydock.superseded");
    on(&migration, "old.drydock", &["load"]).expect(3);
    migration.run(["load", "--quiet"]);
    on(&migration, "old.drydock", &["load", "--quiet", "--over-newer"]).expect(0);
    assert_eq!(migration.loaded(NAMES), "0|60");
}

#[test]
fn another_file_that_was_loaded_since_is_told() {
    let migration = Job::of_size(SMALL).at("transform");
    migration.run(["load", "--quiet"]);
    // what the file says of moments is said in seconds
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    let path = migration.path("legacy/auth_user.csv");
    let text = fs::read_to_string(&path).unwrap().replace(",Ann", ",New");
    fs::write(&path, text).unwrap();
    for arguments in [&["extract", "--csv", "legacy"][..], &["survey"], &["transform"], &["load"]] {
        let outcome = on(&migration, "other.drydock", arguments).expect(0);
        assert!(!outcome.stderr.contains("another staging file"), "{}", outcome.stderr);
    }
    let told = migration.drydock(["load", "--dry-run"]).run().expect(0);
    assert!(told.stderr.contains("another staging file was loaded into this target"), "{}", told.stderr);
    let told = migration.drydock(["load", "--json"]).run().expect(0);
    assert!(told.stdout.contains("another staging file"), "{}", told.stdout);
}

#[test]
fn copies_that_went_different_ways_in_the_same_second_are_told_apart() {
    let migration = Job::of_size(SMALL).at("transform");
    migration.run(["load", "--quiet"]);
    for (copy, name) in [("a.drydock", ",Eve"), ("b.drydock", ",Fay")] {
        fs::copy(migration.file(), migration.path(copy)).unwrap();
        let path = migration.path("legacy/auth_user.csv");
        let text = fs::read_to_string(&path).unwrap().replace(",Ann", name).replace(",Eve", name);
        fs::write(&path, text).unwrap();
        for arguments in [&["extract", "--csv", "legacy", "--replace"][..], &["transform"]] {
            on(&migration, copy, arguments).expect(0);
        }
        // all that the journal has beside its hashes is the same, as it is when both are made in one second
        let file = rusqlite::Connection::open(migration.path(copy)).unwrap();
        let alike: i64 = file
            .query_row(
                "select count(distinct json_extract(content, '$.nonce')) from journal where kind = 'started'",
                [],
                |row| row.get(0),
            )
            .unwrap();
        let started: i64 = file
            .query_row("select count(*) from journal where kind = 'started'", [], |row| row.get(0))
            .unwrap();
        assert_eq!(alike, started);
    }
    on(&migration, "a.drydock", &["load", "--quiet"]).expect(0);
    on(&migration, "b.drydock", &["load", "--quiet"]).expect(3);
}
