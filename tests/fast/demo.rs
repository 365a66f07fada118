//! The demonstration as somebody new meets it: an earlier try is in nobody's way, and the result can be decided, loaded again
//! and undone while its server stays up. And the script that brings what it needs.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::harness::Drydock;

#[test]
fn a_demonstration_leaves_an_earlier_try_alone_and_stays_up_to_be_worked_with() {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join("try")).unwrap();
    fs::write(home.path().join("try/notes.txt"), "an earlier try").unwrap();
    let mut demo = Command::new(env!("CARGO_BIN_EXE_drydock"))
        .args(["demo", "--dir", "try", "--stay", "--quiet"])
        .current_dir(home.path())
        .env_remove("DRYDOCK_STAGING")
        .env_remove("DRYDOCK_TARGET_URL")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    let mut lines = BufReader::new(demo.stderr.take().unwrap()).lines();
    let variables = loop {
        let line = lines.next().expect("it says where its server is").unwrap();
        said += &format!("{line}\n");
        if let Some(variables) = line.trim_start().strip_prefix("export ") {
            break variables.to_owned();
        }
    };
    assert!(said.contains("try is there already") && said.contains("try-2"), "{said}");
    let at_work = Command::new("sh")
        .args([
            "-c",
            &format!("export {variables}; \"$0\" load && \"$0\" rollback --run 1 --dry-run && \"$0\" status"),
        ])
        .arg(env!("CARGO_BIN_EXE_drydock"))
        .output()
        .unwrap();
    let printed =
        String::from_utf8_lossy(&at_work.stdout).into_owned() + &String::from_utf8_lossy(&at_work.stderr);
    assert!(at_work.status.success(), "{printed}");
    assert!(printed.contains("2A profiles: 0 inserted, 0 updated, 9101 unchanged"), "{printed}");
    assert!(printed.contains("patients 7849 = 7849 loaded"), "{printed}");

    let asked = Command::new("kill").args(["-INT", &demo.id().to_string()]).status().unwrap();
    assert!(asked.success());
    let ended = demo.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(0));
    let printed = String::from_utf8_lossy(&ended.stdout);
    assert!(printed.contains("drydock explain patient ") && printed.contains("try-2"), "{printed}");
    assert_eq!(fs::read_dir(home.path().join("try")).unwrap().count(), 1);
    // its server went with it
    let after = Command::new("sh")
        .args(["-c", &format!("export {variables}; \"$0\" verify")])
        .arg(env!("CARGO_BIN_EXE_drydock"))
        .output()
        .unwrap();
    assert_eq!(after.status.code(), Some(5), "{}", String::from_utf8_lossy(&after.stderr));
}

#[test]
fn a_demonstration_says_where_else_it_could_go() {
    let home = tempfile::tempdir().unwrap();
    let printed = Drydock::new(home.path()).args(["demo", "--quiet", "--dir", "try"]).run().expect(0);
    assert!(printed.stdout.contains("--to URL") && printed.stdout.contains("--stay"), "{}", printed.stdout);
    assert!(home.path().join("try/demo.drydock").exists());
    let refused = Drydock::new(home.path()).args(["demo", "--stay", "--to", "postgres://localhost/x"]).run();
    assert!(refused.expect(2).stderr.contains("cannot be used with"));
}

/// A machine that has these programs of this one, and a package manager that notes what it is asked.
fn machine(folder: &Path, has: &[&str], user: &str) {
    for name in ["sh", "uname", "cat", "env"].iter().chain(has) {
        let found =
            ["/usr/bin", "/bin"].iter().map(|place| Path::new(place).join(name)).find(|path| path.exists());
        symlink(found.unwrap_or_else(|| panic!("{name} is not here")), folder.join(name)).unwrap();
    }
    let script = |name: &str, text: &str| {
        fs::write(folder.join(name), format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o755)).unwrap();
    };
    script("cargo", ":");
    script("id", &format!("echo {user}"));
    script("apt-get", &format!("echo \"$@\" >>'{}'", folder.join("asked").display()));
}

fn setup(folder: &Path, arguments: &[&str], code: i32) -> String {
    let output = Command::new("/bin/sh")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join(".ci/setup"))
        .args(arguments)
        .env_clear()
        .env("PATH", folder)
        .env("HOME", folder)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{said}");
    said
}

#[test]
fn what_is_missing_is_said_before_it_is_brought_and_only_by_who_may() {
    let (bare, administered) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    machine(bare.path(), &[], "0");
    let said = setup(bare.path(), &["tests", "--dry-run"], 0);
    for words in ["a C compiler", "psql, pg_dump", "sqlite3", "openssl", "apt-get install", "gcc libc6-dev"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(!bare.path().join("asked").exists(), "{said}");
    // what was brought is looked for again
    let said = setup(bare.path(), &["tests"], 1);
    let asked = fs::read_to_string(bare.path().join("asked")).unwrap();
    assert!(asked.starts_with("update\ninstall ") && asked.contains(" sqlite3"), "{asked}");
    assert!(said.contains("still missing: sqlite3"), "{said}");

    machine(administered.path(), &[], "1000");
    let said = setup(administered.path(), &["demo"], 1);
    assert!(said.contains("Have an administrator run") && said.contains("apt-get install"), "{said}");
    assert!(!administered.path().join("asked").exists(), "{said}");
}

#[test]
fn where_nothing_is_missing_nothing_is_done() {
    let said =
        Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join(".ci/setup")).arg("tests").output().unwrap();
    assert_eq!(String::from_utf8_lossy(&said.stdout), "setup: nothing to do\n");
    assert!(said.status.success());
}
