//! A limit on the size of files (`ulimit -f`): whatever writes ends with an error that names it, and leaves nothing half-made.

use std::fs;
use std::process::{Command, Stdio};

use crate::harness::{Job, Outcome, Size};

/// Runs a verb that may write no file beyond so many blocks of 512 bytes.
fn limited(migration: &Job, blocks: u64, arguments: &[&str]) -> Outcome {
    let program = env!("CARGO_BIN_EXE_drydock");
    let output = Command::new("sh")
        .args(["-c", &format!("ulimit -f {blocks}; exec \"$0\" \"$@\""), program])
        .args(arguments)
        .current_dir(migration.folder())
        .env("DRYDOCK_TARGET_URL", migration.target().url())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    Outcome {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

#[track_caller]
fn expect_named(outcome: Outcome, code: i32, what: &str) {
    let outcome = outcome.expect(code);
    assert!(outcome.stderr.contains("ulimit -f"), "{what}: {}", outcome.stderr);
}

#[test]
fn a_limit_on_the_size_of_files_is_named_by_whatever_writes() {
    let migration = Job::of_size(Size { offices: 20, users: 3_000 });
    let blocks = |name: &str| fs::metadata(migration.path(name)).unwrap().len() / 512;

    expect_named(limited(&migration, 400, &["extract", "--quiet", "--csv", "legacy"]), 8, "extract");
    assert!(!migration.file().exists());
    migration.run(["extract", "--csv", "legacy", "--quiet"]);
    migration.run(["survey", "--quiet"]);

    let extracted = blocks("staging.drydock");
    expect_named(limited(&migration, extracted + 200, &["transform", "--quiet"]), 8, "transform");
    assert_eq!(migration.staged("pragma integrity_check"), "ok");
    migration.run(["transform", "--quiet"]);
    migration.run(["load", "--quiet"]);

    // the page is far larger than this, the journal of a command is not
    let report = limited(&migration, 40, &["report", "--out", "report.html"]);
    expect_named(report, 3, "report");
    assert!(!migration.path("report.html").exists());
    fs::write(migration.path("old.html"), "the page before").unwrap();
    expect_named(
        limited(&migration, 40, &["report", "--replace", "--out", "old.html"]),
        3,
        "report --replace",
    );
    assert_eq!(fs::read_to_string(migration.path("old.html")).unwrap(), "the page before");
    migration.run(["report", "--out", "report.html"]);

    let whole = blocks("staging.drydock");
    expect_named(limited(&migration, whole / 2, &["checkpoint", "1", "--out", "one"]), 8, "checkpoint");
    assert!(!migration.path("one").exists());
    expect_named(limited(&migration, whole / 2, &["audit", "seal", "--out", "parcel"]), 8, "seal");
    assert!(!migration.path("parcel").exists());
    migration.run(["checkpoint", "1", "--out", "one", "--quiet"]);

    // what is printed may go to a file too
    let printed = Command::new("sh")
        .args(["-c", "ulimit -f 1; exec \"$0\" status --json > printed.json", env!("CARGO_BIN_EXE_drydock")])
        .current_dir(migration.folder())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&printed.stderr);
    assert!(printed.status.code() == Some(3) && said.contains("ulimit -f"), "{:?} {said}", printed.status);

    assert_eq!(migration.staged("pragma integrity_check"), "ok");
    migration.run(["verify", "--quiet"]);
}
