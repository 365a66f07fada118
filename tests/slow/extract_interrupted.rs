//! Whatever ends an extract, the file has the complete snapshot or says that it has none, and the next extract is whole.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::harness::{Drydock, database, sqlite3};
use drydock::demo::world::{LEGACY_DDL, World};
use serde_json::Value;
use tempfile::TempDir;

const KILLS: u32 = 12;

fn extract(home: &Path, arguments: &[&str]) -> Drydock {
    Drydock::new(home).args(["--quiet", "--staging", "s", "extract", "--csv", "csv"]).args(arguments)
}

fn digests(file: &Path) -> String {
    sqlite3(file, "select table_name, rows, digest from legacy_tables order by 1")
}

/// A folder with the world as CSV, and the digests of its snapshot.
fn world() -> (TempDir, String, Duration) {
    let directory = TempDir::new().unwrap();
    World::generate(4).write_csv(&directory.path().join("csv")).unwrap();
    let start = Instant::now();
    extract(directory.path(), &[]).run().expect(0);
    let took = start.elapsed();
    let file = directory.path().join("s");
    let digests = digests(&file);
    fs::remove_file(file).unwrap();
    (directory, digests, took)
}

/// What `status` says of the snapshot.
fn completed(home: &Path) -> Value {
    let status = Drydock::new(home).args(["--staging", "s", "status", "--json"]).run().expect(0);
    let status: Value = serde_json::from_str(&status.stdout).unwrap();
    status["file"]["extract_completed_at"].clone()
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
}

#[test]
fn killed_at_any_moment_the_file_is_whole_or_says_that_it_is_not() {
    let (directory, expected, took) = world();
    let (home, file) = (directory.path(), directory.path().join("s"));
    let (mut unfinished, mut replace) = (0, false);
    for kill in 0..KILLS {
        let mut child = extract(home, if replace { &["--replace"] } else { &[] }).spawn();
        thread::sleep(took * kill / KILLS);
        signal(&child, "-KILL");
        child.wait().unwrap();
        if !file.exists() {
            continue;
        }
        let completed = completed(home);
        assert_eq!(sqlite3(&file, "pragma integrity_check"), "ok", "after kill {kill}");
        assert!(!home.join("s-journal").exists(), "after kill {kill} and a look at the file");
        replace = !completed.is_null();
        if replace {
            assert_eq!(digests(&file), expected, "after kill {kill}");
        } else {
            unfinished += 1;
            let refused = Drydock::new(home).args(["--staging", "s", "transform"]).run().expect(3);
            assert!(refused.stderr.contains("no complete snapshot"), "{}", refused.stderr);
        }
    }
    assert!(unfinished >= KILLS / 3, "only {unfinished} kills came before the end");
    extract(home, if replace { &["--replace"] } else { &[] }).run().expect(0);
    assert_eq!(digests(&file), expected);
}

#[test]
fn an_interrupt_ends_within_a_second_even_while_the_server_is_silent() {
    let directory = TempDir::new().unwrap();
    let database = database();
    for (_, ddl) in LEGACY_DDL {
        database.execute(ddl);
    }
    let mut session = database.client();
    session.batch_execute("begin; lock table dispatch_patient in access exclusive mode").unwrap();

    let child = Drydock::new(directory.path()).legacy(&database).args(["--staging", "s", "extract"]).spawn();
    thread::sleep(Duration::from_millis(1_500));
    let start = Instant::now();
    signal(&child, "-INT");
    let output = child.wait_with_output().unwrap();
    assert!(start.elapsed() < Duration::from_secs(1), "it took {:?}", start.elapsed());
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(130), "{stderr}");
    assert!(stderr.contains("interrupted"), "{stderr}");
    assert!(!directory.path().join("s").exists(), "a file made for this command alone");
}

#[test]
fn a_full_disk_is_named_and_the_file_stays_usable() {
    let (directory, expected, _) = world();
    let (home, file) = (directory.path(), directory.path().join("s"));
    fs::create_dir(home.join("small")).unwrap();
    for entry in fs::read_dir(home.join("csv")).unwrap() {
        let path = entry.unwrap().path();
        let head: String =
            fs::read_to_string(&path).unwrap().lines().take(1).map(|line| line.to_owned() + "\n").collect();
        fs::write(home.join("small").join(path.file_name().unwrap()), head).unwrap();
    }
    extract(home, &[]).run().expect(0);
    let before = fs::metadata(&file).unwrap().len();

    // a limit on the size of files stands in for a full disk; the file may not grow, and a new one not get far
    let limited = |staging: &str, replace: &str| {
        let output = Command::new("/bin/sh")
            .args(["-c", "ulimit -f 1024; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_drydock")])
            .args(["--quiet", "--staging", staging, "extract", "--csv", "csv"])
            .args(replace.split_whitespace())
            .current_dir(home)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    assert!(before > 1_024 * 1_024, "the snapshot is larger than the limit");
    for (staging, replace) in [("new", ""), ("s", "--replace")] {
        let (code, stderr) = limited(staging, replace);
        assert_eq!(code, Some(8), "{staging}: {stderr}");
        assert!(stderr.contains("the disk that holds"), "{staging}: {stderr}");
    }
    assert!(!home.join("new").exists());
    assert!(completed(home).is_null() || digests(&file) == expected);
    assert_eq!(sqlite3(&file, "pragma integrity_check"), "ok");
    extract(home, &["--replace"]).run().expect(0);
    assert_eq!(digests(&file), expected);
}
