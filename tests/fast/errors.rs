//! What goes wrong with a run: the exit code, a message with the facts and a hint, and nothing half-written: no new file
//! stays, and an existing one holds what it held.

use std::fs;
use std::path::{Path, PathBuf};

use crate::harness::{
    Database, Job, Locked, Outcome, Printed, cases, database, free_port, locked, psql, sqlite3,
};

const CASE: &str = "patient_and_doctor";

/// Expects a refusal: this exit code, each fact in the message, and what to do next. Beside it stand where the file lies, and
/// the head of its journal.
#[track_caller]
fn refused(outcome: Outcome, code: i32, facts: &[&str]) {
    let Printed { stdout, stderr } = outcome.expect(code);
    assert_eq!(stdout, "", "a refusal prints no result");
    let said: Vec<_> = stderr
        .lines()
        .filter(|line| !["warning: ", "journal: "].iter().any(|word| line.starts_with(word)))
        .collect();
    let said = said.join("\n");
    let message = said.strip_prefix("error: ").unwrap_or_else(|| panic!("{stderr}"));
    for fact in facts {
        assert!(message.contains(fact), "{fact} is not said:\n{stderr}");
    }
    let (said, hint) = message.split_once("\nhint: ").unwrap_or_else(|| panic!("no hint:\n{stderr}"));
    assert!(!said.trim_end().ends_with('.') && !hint.trim().is_empty(), "{stderr}");
}

/// Everything in the staging file but what is noted of every command.
fn held(file: &Path) -> String {
    let dump = sqlite3(file, ".dump");
    let is_noted = |line: &&str| {
        ["runs", "journal"].iter().any(|table| line.starts_with(&format!("INSERT INTO {table} ")))
    };
    dump.lines().filter(|line| !is_noted(line)).collect::<Vec<_>>().join("\n")
}

/// A copy of a case's CSV files that a test may spoil.
fn copied(job: &Job) -> PathBuf {
    let folder = job.path("spoilt");
    fs::create_dir(&folder).expect("a folder");
    for entry in fs::read_dir(cases().join(CASE)).expect("the case") {
        let path = entry.expect("a file").path();
        fs::copy(&path, folder.join(path.file_name().expect("a name"))).expect("a copy");
    }
    folder
}

#[test]
fn a_server_that_cannot_be_reached() {
    let job = Job::of_case(CASE);
    let port = free_port();
    let url = format!("postgres://anna:secret-tide@127.0.0.1:{port}/practice");
    let nowhere = format!("127.0.0.1:{port}");

    let extract = job.drydock(["extract", "--quiet"]).env("DRYDOCK_LEGACY_URL", &url).run();
    assert!(!extract.stderr.contains("secret-tide"), "{}", extract.stderr);
    refused(extract, 4, &[&nowhere, "legacy database"]);
    assert!(!job.file().exists(), "a file was left behind");

    job.up_to("transform");
    let before = held(&job.file());
    for verb in ["survey", "load", "verify"] {
        let outcome = job.verb(verb).env("DRYDOCK_TARGET_URL", &url).run();
        assert!(!outcome.stderr.contains("secret-tide"), "{}", outcome.stderr);
        refused(outcome, 5, &[&nowhere, "target database"]);
        assert_eq!(held(&job.file()), before, "{verb}");
    }
}

#[test]
fn a_url_that_is_none_or_missing() {
    let job = Job::of_case(CASE);
    for url in ["harbour", "mysql://127.0.0.1/practice", "postgres://"] {
        let outcome = job.drydock(["extract", "--quiet"]).env("DRYDOCK_LEGACY_URL", url).run();
        refused(outcome, 3, &["DRYDOCK_LEGACY_URL"]);
    }
    refused(job.drydock(["extract", "--quiet"]).run(), 3, &["DRYDOCK_LEGACY_URL is not set"]);
    assert!(!job.file().exists(), "a file was left behind");
}

#[test]
fn a_wrong_password() {
    let job = Job::of_case(CASE);
    let url = locked().url("anna:wrong-tide", "localhost", "practice", "sslmode=disable");
    let extract = job.drydock(["extract", "--quiet"]).env("DRYDOCK_LEGACY_URL", &url).run();
    let survey = {
        job.verb("extract").run().expect(0);
        job.verb("survey").env("DRYDOCK_TARGET_URL", &url).run()
    };
    for (outcome, code, variable) in [(extract, 4, "DRYDOCK_LEGACY_URL"), (survey, 5, "DRYDOCK_TARGET_URL")] {
        for secret in ["wrong-tide", Locked::PASSWORD, Locked::ENCODED] {
            assert!(!outcome.stderr.contains(secret), "{}", outcome.stderr);
        }
        refused(outcome, code, &["password", "role anna", variable]);
    }
}

#[test]
fn a_source_that_lacks_something() {
    let job = Job::of_case(CASE);
    let folder = copied(&job);
    let extract = |path: &Path| job.drydock(["extract", "--quiet", "--csv"]).args([path.as_os_str()]).run();
    refused(extract(&job.path("nowhere")), 4, &["nowhere"]);

    fs::remove_file(folder.join("auth_user.csv")).expect("removed");
    fs::write(folder.join("dispatch_patient.csv"), "id,user_id,sex\n1,2,1\n").expect("a file");
    refused(extract(&folder), 4, &["auth_user", "dispatch_patient.birthdate"]);
    fs::write(folder.join("auth_user.csv"), "").expect("a file");
    refused(extract(&folder), 4, &["auth_user"]);
    assert!(!job.file().exists(), "a file was left behind");

    // a complete snapshot outlives a fresh one that fails
    job.up_to("transform");
    let before = held(&job.file());
    refused(job.drydock(["extract", "--quiet", "--csv", "spoilt", "--replace"]).run(), 4, &["auth_user"]);
    assert_eq!(held(&job.file()), before);
}

#[test]
fn a_file_that_is_not_a_staging_file() {
    let job = Job::of_case(CASE);
    fs::write(job.path("text"), "not a database\n".repeat(20)).expect("a file");
    fs::write(job.path("empty"), "").expect("a file");
    fs::create_dir(job.path("folder")).expect("a folder");
    let other = rusqlite::Connection::open(job.path("other")).expect("another database");
    other.execute_batch("create table boats (id integer); insert into boats values (1)").expect("a table");
    drop(other);

    for name in ["text", "empty", "other", "folder"] {
        let before = fs::read(job.path(name)).ok();
        for verb in ["extract", "survey", "transform", "load", "verify", "run", "status"] {
            refused(job.verb(verb).args(["--staging", name]).run(), 8, &[name, "staging file"]);
        }
        assert_eq!(fs::read(job.path(name)).ok(), before, "{name} was changed");
        for left in ["-wal", "-journal", "-shm"] {
            assert!(!job.path(format!("{name}{left}")).exists(), "{name}{left}");
        }
    }
    for verb in ["survey", "transform", "load", "verify", "status"] {
        refused(job.verb(verb).args(["--staging", "nothing"]).run(), 8, &["nothing"]);
    }
    assert!(!job.path("nothing").exists());
    refused(
        job.verb("extract").args(["--staging", "no/such/folder/file"]).run(),
        8,
        &["no/such/folder/file"],
    );
}

#[test]
fn a_file_of_a_newer_version() {
    let job = Job::of_case(CASE);
    job.verb("extract").run().expect(0);
    let version = job.staged("pragma user_version");
    let file = rusqlite::Connection::open(job.file()).expect("the file");
    file.pragma_update(None, "user_version", 7001).expect("a version");
    drop(file);
    let before = fs::read(job.file()).expect("the file");
    for verb in ["extract", "survey", "transform", "load", "verify", "run", "status"] {
        refused(job.verb(verb).run(), 8, &["version 7001", &format!("version {version}")]);
    }
    assert_eq!(fs::read(job.file()).expect("the file"), before);
}

#[test]
fn a_file_of_another_source_target_or_configuration() {
    let job = Job::of_case(CASE);
    job.up_to("transform");
    let before = held(&job.file());

    // the same ids, and other people
    let other_source = copied(&job);
    let users = other_source.join("auth_user.csv");
    let others = fs::read_to_string(&users).expect("users");
    let others: Vec<String> =
        others
            .lines()
            .enumerate()
            .map(|(at, line)| {
                if at == 0 { line.to_owned() } else { line.replace("20", "19").replace(['a', 'e', 'i'], "o") }
            })
            .collect();
    fs::write(&users, others.join("\n")).expect("other users");
    let args = ["extract", "--quiet", "--replace", "--csv"];
    let outcome = job.drydock(args).args([other_source.as_os_str()]).run();
    refused(outcome, 3, &[&format!("fixtures/cases/{CASE}"), "spoilt"]);

    let other_target = database();
    let name_of = |database: &Database| psql(database, "select current_database()");
    for verb in ["survey", "load", "verify", "run"] {
        let outcome = job.verb(verb).target(&other_target).run();
        refused(outcome, 3, &[&name_of(&other_target), &name_of(job.target())]);
    }
    let tables = "select count(*) from information_schema.tables where table_schema in ('public', 'drydock')";
    assert_eq!(psql(&other_target, tables), "0", "something was written to another target");

    fs::write(job.path("other.toml"), "[policy]\ndefault_practice = 11\n").expect("a configuration");
    for verb in ["survey", "transform", "load", "verify"] {
        let outcome = job.verb(verb).args(["--config", "other.toml"]).run();
        refused(outcome, 3, &["differ in policy.default_practice"]);
    }
    assert_eq!(held(&job.file()), before);
}

#[test]
fn a_step_before_its_time() {
    let job = Job::of_case(CASE);
    job.verb("extract").run().expect(0);
    let before = held(&job.file());
    refused(job.verb("transform").run(), 3, &["transform cannot start", "drydock survey"]);
    refused(job.verb("load").run(), 3, &["load cannot start", "drydock transform"]);
    refused(job.verb("verify").run(), 3, &["verify cannot start", "drydock transform"]);
    assert_eq!(held(&job.file()), before);
    refused(job.verb("extract").run(), 3, &["complete snapshot", "--replace"]);
    assert_eq!(held(&job.file()), before);

    job.steps("survey", "transform");
    // phase 2b before 2a: a patient's profile is not there
    let outcome = job.verb("load").args(["--phase", "2b"]).run();
    assert!(matches!(outcome.code, Some(3 | 5 | 6)), "{outcome:?}");
    assert_eq!(job.loaded("select count(*) from patients"), "0");
}

#[test]
fn a_command_line_that_is_wrong() {
    let job = Job::of_case(CASE);
    for arguments in [
        vec!["extract", "--cvs", "x"],
        vec!["exrtact"],
        vec!["load", "--phase", "2d"],
        vec!["transform", "--threads", "many"],
        vec!["extract", "--csv", "a", "--dump", "b"],
        vec![],
    ] {
        let outcome = job.drydock(&arguments).run().expect(2);
        assert!(!outcome.stderr.is_empty(), "{arguments:?}");
    }
    for arguments in [["--help"], ["--version"]] {
        assert!(!job.drydock(arguments).run().expect(0).stdout.is_empty());
    }
    assert!(!job.file().exists());
}

#[test]
fn a_configuration_that_cannot_be_used() {
    let job = Job::of_case(CASE);
    fs::create_dir(job.path("folder.toml")).expect("a folder");
    let extract_by = |config: &str| {
        job.drydock(["extract", "--quiet", "--config", config, "--csv"]).args([cases().join(CASE)])
    };
    for (name, text, fact) in [
        ("missing.toml", None, "cannot be read"),
        ("folder.toml", None, "cannot be read"),
        ("syntax.toml", Some("[policy\n"), "not valid"),
        ("key.toml", Some("[policy]\ndefault_office = 10\n"), "default_office"),
        ("table.toml", Some("[polcy]\n"), "polcy"),
        ("type.toml", Some("[policy]\ndefault_practice = \"ten\"\n"), "default_practice"),
        ("word.toml", Some("[policy.roles]\nking = \"admin\"\n"), "policy.roles.king"),
        ("email.toml", Some("[policy]\nemail = \"guess\"\n"), "email"),
    ] {
        if let Some(text) = text {
            fs::write(job.path(name), text).expect("a configuration");
        }
        refused(extract_by(name).run(), 3, &[name, fact]);
    }
    assert!(!job.file().exists(), "a file was left behind");

    fs::write(job.path("office.toml"), "[policy]\ndefault_practice = 404\n").expect("a configuration");
    extract_by("office.toml").run().expect(0);
    job.verb("survey").run().expect(0);
    refused(job.verb("transform").run(), 3, &["policy.default_practice", "404"]);
}
