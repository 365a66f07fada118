//! Every verb on a file with every kind of bad row, before and after a load that the target refuses parts of: none of them
//! dies of a row, and those that list rows list these too.

use std::fs;

use crate::harness::{Job, Outcome, empty_target};

/// Lines that are no row, or a row without a readable key, for a table of this many columns.
fn bad_lines(columns: usize) -> Vec<Vec<u8>> {
    let row = |key: &str| format!("{key}{}", ",x".repeat(columns - 1)).into_bytes();
    let mut lines = vec![
        b"(2 rows)".to_vec(),
        row(""),
        row("word"),
        row("1.5"),
        row("99999999999999999999"),
        row("-9223372036854775808"),
        row("-3"),
        row("0"),
        b"7,ragged".to_vec(),
        row("8\0"),
        row("\"9 never closed"),
        row("-- a comment"),
        row("\\N"),
    ];
    lines.push([&b"10,\xff\xfe"[..], &b",x".repeat(columns - 2)].concat());
    lines
}

fn spoilt(header: &str, rows: &str) -> Vec<u8> {
    let mut file = format!("{header}\n{rows}{header}\n").into_bytes();
    let first = rows.lines().next().unwrap_or_default();
    // and a key that is there twice
    for line in bad_lines(header.split(',').count()).into_iter().chain([first.as_bytes().to_vec()]) {
        file.extend(line);
        file.push(b'\n');
    }
    file
}

fn job() -> Job {
    let job = Job::of_tables(&[], empty_target()).configured(
        "policy.allowed_rejects = { practices = 99, profiles = 99, patients = 99, practice_owners = 99, \
         practice_members = 99 }\n\
         source.columns.\"*\".unreadable = 60\n",
    );
    for (table, header, rows) in [
        (
            "auth_user",
            "id,first_name,last_name,email,date_joined",
            "1,Ann,Tide,ann@harbour.example,2020-01-01 00:00:00+00\n\
             2,Ben,Quay,ben@harbour.example,2020-01-01 00:00:00+00\n\
             3,Cleo,Pier,cleo@harbour.example,2020-01-01 00:00:00+00\n\
             4,Dan,Mole,dan@harbour.example,2020-01-01 00:00:00+00\n",
        ),
        ("auth_group", "id,name", "1,Patient\n2,Doctor\n"),
        ("auth_user_groups", "id,user_id,group_id", "1,1,2\n2,2,1\n3,3,1\n4,4,1\n"),
        ("dispatch_office", "id,name,doctor_id", "11,Quay,1\n12,Pier,77\n"),
        ("dispatch_office_doctors", "id,office_id,user_id", "1,11,1\n2,12,88\n"),
        (
            "dispatch_patient",
            "id,user_id,birthdate,sex,doctor_id,office_id",
            "21,2,1980-01-02,1,1,11\n22,3,1981-13-02,9,1,11\n23,4,1982-01-02,2,,\n24,99,1982-01-02,2,,\n",
        ),
    ] {
        fs::write(job.path("legacy").join(format!("{table}.csv")), spoilt(header, rows)).expect("a table");
    }
    job
}

/// No verb says that the file cannot be read, or that Drydock has a defect.
#[track_caller]
fn lives(job: &Job, arguments: &[&str]) -> Outcome {
    let outcome = job.drydock(arguments).run();
    assert!(!matches!(outcome.code, None | Some(1 | 2 | 8)), "{arguments:?}: {outcome:?}");
    outcome
}

/// Every verb that looks at a file, or writes something from it.
#[track_caller]
fn every_verb_lives(job: &Job, time: &str) {
    let out = |name: &str| format!("{name}-{time}");
    for json in [&[][..], &["--json"]] {
        let with = |arguments: &[&str]| lives(job, &[arguments, json].concat()).expect_any();
        for arguments in [
            &["status"][..],
            &["errors"],
            &["errors", "--severity", "critical"],
            &["errors", "--phase", "2a"],
            &["errors", "--status", "pending"],
            &["errors", "--id", "1"],
            &["analyze"],
            &["gate"],
            &["gate", "--records"],
            &["diff", "before.drydock", "staging.drydock"],
            &["diff", "staging.drydock", "before.drydock"],
            &["review", "export"],
            &["review", "export", "--full"],
            &["report"],
            &["report", "--format", "md"],
            &["report", "--format", "json"],
            &["extract", "--check", "--csv", "legacy"],
            &["audit", "check"],
            &["doctor", "--csv", "legacy"],
            &["load", "--dry-run"],
            &["verify"],
        ] {
            with(arguments);
        }
        for entity in ["practice", "profile", "patient", "practice_owner", "practice_member"] {
            with(&["errors", "--entity", entity]);
            with(&["review", "export", "--entity", entity]);
            for id in ["1", "22", "-3"] {
                with(&["explain", entity, id]);
            }
        }
    }
    lives(job, &["errors", "--csv"]).expect_any();
    lives(job, &["checkpoint", "1", "--out", &out("checkpoint")]).expect_any();
    lives(job, &["audit", "seal", "--out", &out("sealed")]).expect_any();
    lives(job, &["audit", "seal", "--redact", "--out", &out("redacted")]).expect_any();
    for folder in [out("sealed"), out("redacted")] {
        lives(job, &["audit", "check", &folder]).expect(0);
    }
    // what is handed out is taken back, decided or not
    let (open, decided) = (out("open.csv"), out("decided.csv"));
    lives(job, &["review", "export", "--out", &open]).expect(0);
    let sheet = fs::read_to_string(job.path(&open)).expect("the questions");
    let header: Vec<&str> = sheet.lines().next().expect("a header").split(',').collect();
    let place = |name: &str| header.iter().position(|column| *column == name).expect("a column");
    let (action, reason) = (place("action"), place("reason"));
    let mut reader = csv::Reader::from_reader(sheet.as_bytes());
    let mut writer = csv::Writer::from_path(job.path(&decided)).expect("a file");
    writer.write_record(&header).expect("the header");
    for row in reader.records() {
        let mut row: Vec<String> = row.expect("a row").iter().map(str::to_owned).collect();
        "escalate".clone_into(&mut row[action]);
        "ask the practice".clone_into(&mut row[reason]);
        writer.write_record(&row).expect("a row");
    }
    writer.flush().expect("the file");
    drop(writer);
    lives(job, &["review", "import", &decided, "--by", "Anna Berg", "--revise"]).expect_any();
}

/// Every line that is nobody's stands in the list with its place.
#[track_caller]
fn all_are_listed(job: &Job) {
    let unreadable: usize = job.staged("select count(*) from legacy_unreadable").parse().expect("a number");
    assert!(unreadable >= 6 * 10, "{unreadable}");
    let listed = lives(job, &["errors", "--json"]).expect(0);
    let errors: serde_json::Value = serde_json::from_str(&listed.stdout).expect("JSON");
    let without_key = errors["errors"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|error| error["entity_id"].is_null())
        .collect::<Vec<_>>();
    let without_key_in_file: usize = job
        .staged("select count(*) from migration_errors where entity_id is null")
        .parse()
        .expect("a number");
    assert!(!without_key.is_empty());
    assert_eq!(without_key.len(), without_key_in_file);
}

#[test]
fn every_verb_takes_every_kind_of_row() {
    let job = job();
    job.verb("extract").run().expect(0);
    job.verb("survey").run().expect(0);
    job.verb("transform").run().expect(0);
    fs::copy(job.file(), job.path("before.drydock")).expect("a copy");
    all_are_listed(&job);
    every_verb_lives(&job, "transformed");
    job.verb("transform").run().expect(0);

    // a load that is refused in every phase, and a row that is gone before a later phase adds to it
    job.target().execute(
        "create unique index one_name on practices ((1)) where legacy_id in (11, 12);
         alter table patients add constraint not_twenty_three check (legacy_id <> 23)",
    );
    lives(&job, &["load", "--phase", "2a"]).expect(6);
    lives(&job, &["load", "--phase", "2b"]).expect(6);
    job.target()
        .execute("delete from patients where legacy_id = 22; delete from profiles where legacy_id = 3");
    lives(&job, &["load", "--phase", "2c"]).expect_any();
    let refused = job.staged(
        "select group_concat(distinct error_code) from migration_errors where error_code like 'target%'",
    );
    assert!(refused.contains("target_row_missing"), "{refused}");
    all_are_listed(&job);
    every_verb_lives(&job, "loaded");
    lives(&job, &["transform"]).expect_any();
    lives(&job, &["load"]).expect_any();
    lives(&job, &["run", "--csv", "legacy"]).expect_any();
    every_verb_lives(&job, "again");
}

#[test]
fn a_snapshot_is_replaced_by_the_files_own_settings() {
    let job = job().configured("[source.csv]\nnull = '\\N'\nquote = \"'\"\nencoding = 'windows-1252'\n");
    let users: &[u8] = b"id,first_name,last_name,email,date_joined\n1,'Ren\xe9',\\N,'ann@harbour.example',2020-01-01 00:00:00+00\n";
    fs::write(job.path("legacy/auth_user.csv"), users).expect("a table");
    let held = "select first_name, last_name is null, email from legacy_auth_user where legacy_id = 1";
    job.verb("extract").run().expect(0);
    assert_eq!(job.staged(held), "René|1|ann@harbour.example");
    job.drydock(["extract", "--csv", "legacy", "--replace"]).run().expect(0);
    assert_eq!(job.staged(held), "René|1|ann@harbour.example");
}
