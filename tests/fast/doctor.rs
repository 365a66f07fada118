//! The doctor finds what would stop a migration, says so in plain words, and says what to do.

use std::fs;

use crate::harness::{Database, Drydock, Locked, Printed, database, locked};
use drydock::connect::Address;
use drydock::demo::world::LEGACY_DDL;
use drydock::target::Target;
use serde_json::Value;
use tempfile::TempDir;

fn legacy() -> Database {
    let database = database();
    for (_, ddl) in LEGACY_DDL {
        database.execute(ddl);
    }
    database
}

fn target() -> Database {
    let database = database();
    let address = Address::parse(&database.url()).unwrap();
    Target::open(&address, &drydock::config::Target::default())
        .and_then(|mut target| target.create_tables())
        .unwrap();
    database
}

/// The findings that stop the migration, as `side subject: found`.
fn wrong(outcome: &Printed) -> Vec<String> {
    let report: Value =
        serde_json::from_str(&outcome.stdout).unwrap_or_else(|_| panic!("{}", outcome.stdout));
    let findings = report["findings"].as_array().unwrap();
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    findings
        .iter()
        .filter(|finding| finding["verdict"] == "wrong")
        .inspect(|finding| assert!(!text(finding, "advice").is_empty(), "no advice: {finding}"))
        .map(|finding| {
            format!("{} {}: {}", text(finding, "side"), text(finding, "subject"), text(finding, "found"))
        })
        .collect()
}

#[test]
fn healthy_sides_are_said_to_be_so() {
    let directory = TempDir::new().unwrap();
    let (legacy, target) = (legacy(), target());
    let outcome =
        Drydock::new(directory.path()).legacy(&legacy).target(&target).args(["doctor"]).run().expect(0);
    assert!(outcome.stdout.contains("nothing stops the migration"), "{}", outcome.stdout);
    assert!(fs::read_dir(directory.path()).unwrap().next().is_none(), "nothing is written");
}

#[test]
fn each_side_has_its_own_exit_code_and_nothing_named_is_a_precondition() {
    let directory = TempDir::new().unwrap();
    let (legacy, target) = (legacy(), target());
    Drydock::new(directory.path()).args(["doctor"]).run().expect(3);
    legacy.execute("drop table dispatch_patient cascade; alter table auth_user drop column email");
    let doctor = || Drydock::new(directory.path()).args(["doctor", "--json"]);
    let found = wrong(&doctor().legacy(&legacy).target(&target).run().expect(4));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("table dispatch_patient, column auth_user.email"), "{found:?}");

    let empty = database();
    let found = wrong(&doctor().target(&empty).run().expect(5));
    assert_eq!(found, ["target tables: none of the tables exists"]);
}

#[test]
fn rights_and_policies_that_would_hide_or_refuse_rows_are_named() {
    let directory = TempDir::new().unwrap();
    let (legacy, target) = (legacy(), target());
    let role = format!("reader_{}", std::process::id());
    legacy.execute(&format!(
        "create role {role} login; grant select on all tables in schema public to {role};
         alter table auth_user enable row level security; revoke select on dispatch_office from {role}"
    ));
    target.execute(&format!(
        "grant select, insert on practices to {role}; alter table profiles force row level security"
    ));
    let url = |database: &Database| database.url().replacen("postgres@", &format!("{role}@"), 1);
    let doctor = || Drydock::new(directory.path()).args(["doctor", "--json"]);

    let found = wrong(&doctor().env("DRYDOCK_LEGACY_URL", url(&legacy)).run().expect(4)).join("\n");
    assert!(found.contains("row level security hides rows of auth_user"), "{found}");
    assert!(found.contains("table dispatch_office"), "{found}");

    let found = wrong(&doctor().env("DRYDOCK_TARGET_URL", url(&target)).run().expect(5)).join("\n");
    for words in [
        &format!("{role} may not update, delete on practices"),
        &format!("{role} may not select, insert, update, delete on patients"),
        "row level security hides rows of profiles",
        "may not create the schema drydock",
    ] {
        assert!(found.contains(words), "{words}: {found}");
    }
    target.execute(&format!("drop owned by {role}"));
    legacy.execute(&format!("drop owned by {role}; drop role {role}"));
}

#[test]
fn a_server_that_cannot_be_reached_or_entered_is_said_in_plain_words() {
    let directory = TempDir::new().unwrap();
    let doctor = |url: &str| {
        let outcome =
            Drydock::new(directory.path()).env("DRYDOCK_LEGACY_URL", url).args(["doctor", "--json"]).run();
        for secret in [Locked::PASSWORD, Locked::ENCODED, "Secr3t"] {
            assert!(!outcome.stdout.contains(secret) && !outcome.stderr.contains(secret));
        }
        wrong(&outcome.expect(4)).join("\n")
    };
    let stranger = locked().strange_authority().display().to_string();
    for (url, words) in [
        ("postgres://anna:Secr3t@localhost:1/practice".to_owned(), "legacy database"),
        ("postgres://anna:Secr3t@db.example:6543/postgres".to_owned(), "transaction pooler"),
        (locked().url("anna:Secr3t", "localhost", "practice", "sslmode=require"), "password"),
        (
            locked().url(
                &format!("anna:{}", Locked::ENCODED),
                "localhost",
                "practice",
                &format!("sslmode=verify-full&sslrootcert={stranger}"),
            ),
            "certificate",
        ),
    ] {
        let found = doctor(&url);
        assert!(found.contains(words), "{words}: {found}");
    }
}

#[test]
fn a_folder_of_files_is_examined_too() {
    let directory = TempDir::new().unwrap();
    fs::create_dir(directory.path().join("csv")).unwrap();
    fs::write(directory.path().join("csv/auth_group.csv"), "id,name\n").unwrap();
    let outcome = Drydock::new(directory.path()).args(["doctor", "--json", "--csv", "csv"]).run().expect(4);
    assert!(wrong(&outcome)[0].contains("schema_mismatch"), "{:?}", wrong(&outcome));
}
