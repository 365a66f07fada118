//! What is no success is none for any command that reports on the result: more records kept back than allowed, and required
//! tables without a row.

use std::fs;

use crate::harness::{Job, empty_target};

const TABLES: [(&str, &str); 6] = [
    (
        "auth_user",
        "id,first_name,last_name,email,date_joined\n\
         1,Ann,Tide,ann@harbour.example,2020-01-01 00:00:00+00\n\
         2,Ben,Quay,ben@harbour.example,2020-01-01 00:00:00+00\n",
    ),
    ("auth_group", "id,name\n1,Patient\n2,Doctor\n"),
    ("auth_user_groups", "id,user_id,group_id\n1,1,2\n2,2,1\n"),
    ("dispatch_office", "id,name,doctor_id\n11,Quay,1\n"),
    ("dispatch_office_doctors", "id,office_id,user_id\n1,11,1\n"),
    // the second patient is nobody's
    (
        "dispatch_patient",
        "id,user_id,birthdate,sex,doctor_id,office_id\n21,2,1980-01-02,1,1,11\n22,99,1980-01-02,1,1,11\n",
    ),
];

/// A job of these tables, without those named, by a configuration.
fn job(empty: &[&str], patients: usize, config: &str) -> Job {
    let job = Job::new("legacy", empty_target());
    fs::create_dir(job.path("legacy")).expect("a folder");
    for (table, rows) in TABLES {
        let lines = match table {
            _ if empty.contains(&table) => 1,
            "dispatch_patient" => 1 + patients,
            _ => usize::MAX,
        };
        let rows: Vec<&str> = rows.lines().take(lines).collect();
        fs::write(job.path("legacy").join(format!("{table}.csv")), rows.join("\n") + "\n").expect("a table");
    }
    fs::write(job.path("drydock.toml"), config).expect("a configuration");
    job.drydock(["extract", "--csv", "legacy", "--config", "drydock.toml"]).run().expect(0);
    job.drydock(["survey"]).run().expect(0);
    job
}

/// Every command that reports on the result ends with the code, and where that is 6 says why.
#[track_caller]
fn all_end_with(job: &Job, time: &str, code: i32, said: &str) {
    let checkpoint = format!("checkpoint-{time}");
    for arguments in [
        &["transform"][..],
        &["status"],
        &["load"],
        &["load", "--dry-run"],
        &["load", "--phase", "2a"],
        &["load"],
        &["verify"],
        &["verify"],
        &["run", "--csv", "legacy"],
        &["run", "--csv", "legacy", "--json"],
        &["status"],
        &["status", "--json"],
        &["gate"],
        &["gate", "--records"],
        &["report"],
        &["report", "--format", "json"],
        &["checkpoint", "3", "--out", &checkpoint],
    ] {
        let outcome = job.drydock(arguments).run();
        assert_eq!(outcome.code, Some(code), "{arguments:?}: {outcome:?}");
        assert_eq!(outcome.stderr.contains(said), code == 6, "{arguments:?}: {}", outcome.stderr);
    }
}

#[test]
fn more_kept_back_than_allowed_stays_so_until_somebody_allows_or_decides_it() {
    let job = job(&[], 2, "");
    let said = "1 records of patients are rejected or quarantined, and the configuration allows 0";
    all_end_with(&job, "kept-back", 6, said);
    let status = job.drydock(["status", "--json"]).run().expect(6);
    let status: serde_json::Value = serde_json::from_str(&status.stdout).expect("JSON");
    assert_eq!(status["attention"]["beyond_allowed"][0]["entity"], "patients");
    assert_eq!(status["attention"]["beyond_allowed"][0]["kept_back"], 1);

    fs::write(job.path("allow.toml"), "policy.allowed_rejects.patients = 1\n").expect("a configuration");
    job.drydock(["transform", "--reconfigure", "--config", "allow.toml"]).run().expect(0);
    all_end_with(&job, "allowed", 0, "records of patients");

    // what a person rejected is allowed by that decision
    job.drydock(["transform", "--reconfigure", "--config", "drydock.toml"]).run().expect(6);
    let sheet = job.drydock(["review", "export"]).run().expect(0).stdout;
    let mut reader = csv::Reader::from_reader(sheet.as_bytes());
    let header = reader.headers().expect("a header").clone();
    let place = |name: &str| header.iter().position(|column| column == name).expect("a column");
    let mut writer = csv::Writer::from_path(job.path("decided.csv")).expect("a file");
    writer.write_record(&header).expect("a header");
    let mut decided = 0;
    for row in reader.records() {
        let mut row: Vec<String> = row.expect("a row").iter().map(str::to_owned).collect();
        if row.iter().any(|field| field == "22") {
            decided += 1;
            "reject".clone_into(&mut row[place("action")]);
            "nobody".clone_into(&mut row[place("reason")]);
            writer.write_record(&row).expect("a row");
        }
    }
    writer.flush().expect("the file");
    assert!(decided > 0, "{sheet}");
    job.drydock(["review", "import", "decided.csv", "--by", "Anna Berg"]).run().expect(0);
    all_end_with(&job, "decided", 0, "records of patients");
}

#[test]
fn a_required_table_without_a_row_is_no_success_unless_it_is_expected() {
    for (table, _) in TABLES {
        let extracted = job(&[table], 1, "");
        let said = format!("{table} has no row");
        let outcome = extracted.drydock(["extract", "--csv", "legacy", "--replace"]).run().expect(0);
        assert!(outcome.stderr.contains(&said), "{}", outcome.stderr);
        let transformed = extracted.drydock(["transform"]).run().expect(6);
        assert!(transformed.stderr.contains(&said), "{}", transformed.stderr);

        let expected = job(
            &[table],
            1,
            &format!(
                "source.allow_empty = [\"{table}\"]\n[policy.allowed_rejects]\npractices = 9\nprofiles = 9\npatients = 9\n\
                 practice_owners = 9\npractice_members = 9\n"
            ),
        );
        let transformed = expected.drydock(["transform"]).run().expect(0);
        assert!(!transformed.stderr.contains(&said), "{}", transformed.stderr);
    }
    let tables = TABLES.map(|(table, _)| table);
    let nothing = job(&tables, 0, "");
    all_end_with(&nothing, "nothing", 6, "auth_group has no row");
    let status = nothing.drydock(["status"]).run().expect(6);
    for table in tables {
        assert!(status.stderr.contains(&format!("{table} has no row")), "{table}: {}", status.stderr);
    }
    let outcome = nothing.drydock([
        "extract",
        "--csv",
        "legacy",
        "--config",
        "wrong.toml",
        "--staging",
        "other.drydock",
    ]);
    fs::write(nothing.path("wrong.toml"), "source.allow_empty = [\"auth_users\"]\n")
        .expect("a configuration");
    assert!(outcome.run().expect(3).stderr.contains("source.allow_empty.auth_users"));
}
