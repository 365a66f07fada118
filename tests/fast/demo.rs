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
        .args(["demo", "--dir", "try/", "--stay", "--quiet"])
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
    let steps = ["load", "verify", "rollback --run 1 --dry-run", "status", "explain patient 3505"];
    let at_work = Command::new("sh")
        .args([
            "-c",
            &format!("export {variables}; {}", steps.map(|step| format!("\"$0\" {step}")).join(" && ")),
        ])
        .arg(env!("CARGO_BIN_EXE_drydock"))
        .output()
        .unwrap();
    let printed =
        String::from_utf8_lossy(&at_work.stdout).into_owned() + &String::from_utf8_lossy(&at_work.stderr);
    assert!(at_work.status.success(), "{printed}");
    assert!(printed.contains("2A profiles: 0 inserted, 0 updated, 9101 unchanged"), "{printed}");
    assert!(printed.contains("patients 7849 = 7849 loaded"), "{printed}");

    // what the README shows is what is printed
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let answers = readme.split("## What it answers").nth(1).unwrap().split("\n## ").next().unwrap();
    let (mut block, mut lines) = (None, Vec::new());
    for line in answers.lines() {
        if let Some(language) = line.strip_prefix("```") {
            block = if block.is_some() { None } else { Some(language) };
        } else if block == Some("") && line.trim() != "…" {
            lines.push(line);
        }
    }
    assert!(lines.len() > 10, "{lines:?}");
    for line in lines {
        assert!(
            printed.lines().any(|one| one == line),
            "the README shows {line:?}, and this was printed: {printed}"
        );
    }

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

/// A machine that has a shell, cargo and a package manager, which notes what it is asked and brings nothing.
fn machine(user: &str, manager: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["sh", "uname", "cat", "env"] {
        let found =
            ["/usr/bin", "/bin"].iter().map(|place| Path::new(place).join(name)).find(|path| path.exists());
        symlink(found.unwrap_or_else(|| panic!("{name} is not here")), folder.path().join(name)).unwrap();
    }
    let script = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    };
    script("cargo", ":");
    script("id", &format!("echo {user}"));
    script(manager, &format!("echo \"$@\" >>'{}'", folder.path().join("asked").display()));
    folder
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
    let bare = machine("0", "apt-get");
    let said = setup(bare.path(), &["tests", "--dry-run"], 0);
    for words in ["a C compiler", "psql, pg_dump", "sqlite3", "openssl", "apt-get install", "gcc libc6-dev"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(!bare.path().join("asked").exists(), "{said}");
    // what was brought is looked for again
    for (user, manager, asked) in [
        ("0", "apt-get", "update\ninstall --yes --no-install-recommends gcc libc6-dev"),
        ("0", "dnf", "install --assumeyes --setopt=install_weak_deps=False gcc glibc-devel"),
        ("1000", "brew", "install "),
    ] {
        let machine = machine(user, manager);
        let said = setup(machine.path(), &["tests"], 1);
        let noted = fs::read_to_string(machine.path().join("asked")).unwrap();
        assert!(noted.starts_with(asked) && noted.contains(" sqlite"), "{noted}");
        assert!(said.contains("this runs: ") && said.contains("still missing: sqlite3"), "{said}");
    }
    let administered = machine("1000", "apt-get");
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
