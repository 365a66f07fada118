//! `explain` tells one record's whole story with its values; `errors` lists many without any.

use std::collections::HashMap;
use std::fs;
use std::process::Command;

use crate::harness::{Job, database, world};
use drydock::demo::world::EmailStatus;
use serde_json::Value;

#[test]
fn a_record_is_explained_from_both_ends() {
    let migrated = Job::migrated();
    let world = world();
    let loser = world
        .truth
        .users
        .iter()
        .find(|user| user.email_status == EmailStatus::SharedLoser)
        .expect("a user who loses an address");
    let keeper = loser.email_keeper.expect("its keeper");
    let id = loser.user_id.to_string();

    let story = migrated.json(&["explain", "profile", &id], 0);
    assert_eq!(story["raw"][0]["table"], "auth_user");
    assert_eq!(story["conflict"][0]["role"], "kept by");
    assert_eq!(story["conflict"][0]["legacy_id"], keeper.0);
    assert!(
        story["changes"].as_array().expect("a list").iter().any(|change| change["rule"] == "email.fallback")
    );
    assert!(
        story["issues"].as_array().expect("a list").iter().any(|issue| issue["error_code"] == "email_shared")
    );
    assert_eq!(story["fate"]["fate"], "ready");
    assert_eq!(story["loads"].as_array().map(Vec::len), Some(2), "2A and 2C");
    assert!(story["loads"][0]["receipts"].as_str().is_some_and(|digest| !digest.is_empty()));
    assert!(story["verified_at"].is_string());

    // the keeper's story tells the other side
    let other = migrated.json(&["explain", "profile", &keeper.to_string()], 0);
    assert!(
        other["conflict"].as_array().expect("a list").iter().any(|line| line["legacy_id"] == loser.user_id.0)
    );

    // the text goes through the same parts in order
    let text = migrated.drydock(["explain", "profile", &id]).run().expect(0).stdout;
    let parts = [
        "raw row of auth_user",
        "\nchanges",
        "\nissues",
        "\nconflict",
        "\nduplicates",
        "\nassociation",
        "\nfate",
        "\ntarget id",
        "\nresolved row",
        "\nload",
        "\nverification",
    ];
    let places: Vec<_> =
        parts.iter().map(|part| text.find(part).unwrap_or_else(|| panic!("{part}"))).collect();
    assert!(places.is_sorted(), "{text}");

    // back from every target table
    for (table, entity) in [
        ("profiles", "profiles"),
        ("patients", "patients"),
        ("practices", "practices"),
        ("practice_members", "practice_owners"),
        ("practice_members", "practice_members"),
    ] {
        let row = migrated.staged(&format!("select id, legacy_id from ready_{entity} order by id limit 1"));
        let (uuid, legacy_id) = row.split_once('|').expect("two columns");
        let story = migrated.json(&["explain", "--target", table, uuid], 0);
        assert_eq!(story["entity"], entity);
        assert_eq!(story["legacy_id"].to_string(), legacy_id);
        assert_eq!(story["target"][0]["target_id"], uuid);
    }
}

#[test]
fn what_is_not_there_is_said_and_errors_are_filtered_without_values() {
    let migrated = Job::migrated();
    let foreign = migrated.staged("select target_id from target_rows where legacy_id is null limit 1");
    for (arguments, code, words) in [
        (&["explain", "profile", "987654321"][..], 3, "knows no profile"),
        (&["explain", "wizard", "1"], 2, "no entity wizard"),
        (&["explain", "profile", "x"], 2, "is an integer"),
        (&["explain", "--target", "profiles", &foreign], 3, "not of this migration"),
        (&["explain", "--target", "patients", "6f1d3c1e-52b7-5a0e-9d0c-2f6ad4b17e55"], 3, "knows no row"),
        (&["errors", "--code", "no_such_code"], 2, "no error code"),
        (&["errors", "--entity", "wizard"], 2, "no entity wizard"),
    ] {
        let outcome = migrated.drydock(arguments).run().expect(code);
        assert!(outcome.stderr.contains(words), "{}", outcome.stderr);
    }

    for (arguments, condition) in [
        (&[][..], "1 = 1"),
        (&["--category", "email_conflict"], "error_category = 'email_conflict'"),
        (&["--severity", "high", "--phase", "2C"], "severity = 'high' and phase = '2C'"),
        (&["--phase", "2b", "--status", "pending"], "phase = '2B' and resolution_status = 'pending'"),
        (&["--entity", "patient"], "entity = 'patients'"),
        (&["--code", "email_invalid"], "error_code = 'email_invalid'"),
        (&["--category", "schema_mismatch"], "error_category = 'schema_mismatch'"),
    ] {
        let expected = migrated.staged(&format!("select count(*) from migration_errors where {condition}"));
        let listed = migrated.json(&[&["errors"], arguments].concat(), 0);
        assert_eq!(listed["errors"].as_array().map_or(0, Vec::len).to_string(), expected);
        let csv = migrated.drydock([&["errors", "--csv"], arguments].concat()).run().expect(0).stdout;
        assert_eq!((csv.lines().count() - 1).to_string(), expected, "{arguments:?}");
        assert!(csv.starts_with("error_id,phase,severity,entity_type,entity,entity_id,"));
        let text = migrated.drydock([&["errors"], arguments].concat()).run().expect(0).stdout;
        assert_eq!((text.lines().count() - 1).to_string(), expected);
    }

    // no address, name or birthdate of anybody is in a list
    let listed = migrated.drydock(["errors", "--json"]).run().expect(0).stdout;
    for sql in [
        "select email from legacy_auth_user where length(email) > 5",
        "select distinct value from (select json_extract(metadata, '$.legacy.email') as value from ready_profiles) \
         where length(value) > 5",
    ] {
        // all of them at once, by the six bytes that each begins with: one by one they would take minutes
        let values = migrated.staged(sql);
        let mut begun: HashMap<&[u8], Vec<&str>> = HashMap::new();
        for value in values.lines() {
            match value.as_bytes().get(..6) {
                Some(six) => begun.entry(six).or_default().push(value),
                None => assert!(!listed.contains(value), "a value is in the list"),
            }
        }
        for (at, six) in listed.as_bytes().windows(6).enumerate() {
            let begun = begun.get(six).into_iter().flatten();
            let found = begun.filter(|value| listed.as_bytes()[at..].starts_with(value.as_bytes())).count();
            assert_eq!(found, 0, "a value is in the list");
        }
    }
}

/// The patient's row and its user's, with where each stood.
fn places(job: &Job, file: &str) -> (Value, String) {
    let explain = |more: &[&str]| {
        let run = job.drydock(["--quiet", "--staging", file, "explain", "patient", "7"]);
        run.args(more.iter().copied()).run().expect(0).stdout
    };
    let story: Value = serde_json::from_str(&explain(&["--json"])).expect("JSON");
    (story["raw"].clone(), explain(&[]))
}

#[test]
fn each_raw_row_says_where_it_stood_in_its_source() {
    let users = "id,first_name,last_name,email,date_joined\n\
                 3,\"Ada\nMaria\",Ortmann,ada@example.org,2020-01-01\n\
                 4,Bo,Lind,bo@example.org,2020-01-01\n";
    let patients = "id,user_id,birthdate,sex\n7,4,1980-03-07,1\n";
    let tables = [("auth_user", users.to_owned()), ("dispatch_patient", patients.to_owned())];
    let job = Job::of_tables(&tables, database());

    // a folder of files, one of them compressed
    let zipped = Command::new("gzip").arg(job.path("legacy/dispatch_patient.csv")).status().expect("gzip");
    assert!(zipped.success());
    job.up_to("extract");
    let (raw, text) = places(&job, "staging.drydock");
    let place = |row: &Value| (row["file"].clone(), row["line"].clone(), row["byte"].clone());
    let (line, byte) = (2, patients.find("7,4").expect("the row"));
    assert_eq!(raw[0]["table"], "dispatch_patient");
    assert_eq!(place(&raw[0]), ("dispatch_patient.csv.gz".into(), line.into(), byte.into()));
    assert!(
        text.contains(&format!(
            "raw row of dispatch_patient in dispatch_patient.csv.gz line {line} byte {byte}\n"
        )),
        "{text}"
    );
    let byte = users.find("4,Bo").expect("the row");
    assert_eq!(raw[1]["table"], "auth_user");
    assert_eq!(place(&raw[1]), ("auth_user.csv".into(), 4.into(), byte.into()));
    assert!(text.contains(&format!("raw row of auth_user in auth_user.csv line 4 byte {byte}\n")), "{text}");

    // a script holds all tables
    job.target().execute(
        "create table auth_group (id int primary key, name text); \
         create table auth_user_groups (id int primary key, user_id int, group_id int); \
         create table dispatch_office (id int primary key, name text, doctor_id int); \
         create table dispatch_office_doctors (id int primary key, office_id int, user_id int); \
         create table dispatch_patient (id int primary key, user_id int, birthdate date, sex int); \
         create table auth_user (id int primary key, first_name text, last_name text, email text, \
                                 date_joined text); \
         insert into auth_user values (4, 'Bo', 'Lind', 'bo@example.org', '2020-01-01'); \
         insert into dispatch_patient values (7, 4, '1980-03-07', 1)",
    );
    let dumped = Command::new("pg_dump").args(["-d", &job.target().url()]).output().expect("pg_dump");
    assert!(dumped.status.success());
    fs::write(job.path("dump.sql"), &dumped.stdout).expect("the script");
    job.drydock(["--quiet", "--staging", "script", "extract", "--dump", "dump.sql"]).run().expect(0);
    let (raw, text) = places(&job, "script");
    for (row, start) in [(0, "7\t4\t1980-03-07\t1\n"), (1, "4\tBo\tLind\t")] {
        let (file, line, byte) = place(&raw[row]);
        assert_eq!(file, "dump.sql");
        let at = usize::try_from(byte.as_u64().expect("a byte")).expect("a small file");
        assert!(dumped.stdout[at..].starts_with(start.as_bytes()), "row {row}");
        let lines = dumped.stdout[..at].split(|byte| *byte == b'\n').count();
        assert_eq!(line, lines);
        assert!(text.contains(&format!(" in dump.sql line {line} byte {byte}\n")), "{text}");
    }

    // a server's rows stand nowhere
    job.drydock(["--quiet", "--staging", "server", "extract"]).legacy(job.target()).run().expect(0);
    let (raw, text) = places(&job, "server");
    assert_eq!(raw[0]["row"]["user_id"], "4");
    assert_eq!(place(&raw[0]), (Value::Null, Value::Null, Value::Null));
    assert!(text.contains("raw row of dispatch_patient\n"), "{text}");
}
