//! No record's value outside the staging file: a mark stands in every text column of every legacy table and of the
//! target's rows, every verb is run, also where it fails because of a value, with every log line switched on; and the
//! mark is in nothing that was printed.

use std::fs;
use std::path::Path;

use crate::harness::{Database, Drydock, Job, Outcome, Printed, database, empty_target};
use drydock::audit::{Treatment, tables};
use drydock::demo::world::LEGACY_DDL;

/// In any capitals: addresses are lower-cased, fallback addresses are made of names.
const MARK: &str = "kanari";

/// The legacy tables, the mark in every column that can hold a text, plainly and spoilt in the ways that rules notice.
const LEGACY: [(&str, &str); 7] = [
    (
        "auth_user",
        "id,username,password,first_name,last_name,email,is_superuser,is_staff,is_active,date_joined,last_login,note\n\
         1,kanari1,kanari1,Kanari,KANARI,kanari@harbour.example,f,f,t,2019-03-04 05:06:07+00,,kanari\n\
         2,kanari2,kanari2, Kanari ,Kanari  Tide,KANARI@harbour.example,f,f,t,2019-03-04 05:06:07+00,,kanari\n\
         3,kanari3,kanari3,Kanari,Kanari,kanari@@harbour,kanari,kanari,kanari,2019-03-04 05:06:07+00,kanari,kanari\n\
         4,kanari4,kanari4,Kanari,Kanari,kanari4@harbour.example,f,f,t,kanari,kanari,kanari\n\
         5,kanari5,kanari5,Kanari,Kanari,taken-kanari@harbour.example,f,f,t,2019-03-04 05:06:07+00,,kanari\n\
         6,kanari,ragged\n\
         kanari,kanari,kanari,Kanari,Kanari,kanari,f,f,t,2019-03-04 05:06:07+00,,kanari\n\
         7,\"kanari never closed,kanari7,Kanari,Kanari,kanari,f,f,t,2019-03-04 05:06:07+00,,kanari\n",
    ),
    ("auth_group", "id,name\n1,Patient\n2,Doctor\n3,Kanari\n"),
    ("auth_user_groups", "id,user_id,group_id\n1,1,2\n2,2,3\n3,kanari,kanari\n"),
    ("dispatch_usersetting", "id,user_id,emails,require_2fa\n1,1,kanari,kanari\n"),
    (
        "dispatch_office",
        "id,doctor_id,name,address,apt,city,state,zip,country,phone,tax_rate,valid,sq_customer_id,emails\n\
         10,1,Kanari,Kanari,Kanari,Kanari,Kanari,Kanari,Kanari,Kanari,8.25,t,kanari,t\n\
         11,kanari,Kanari,Kanari,Kanari,Kanari,Kanari,Kanari,Kanari,Kanari,kanari,kanari,kanari,kanari\n",
    ),
    ("dispatch_office_doctors", "id,office_id,user_id\n1,10,1\n2,kanari,kanari\n"),
    (
        "dispatch_patient",
        "id,user_id,doctor_id,office_id,birthdate,sex,status,archived,suspended,schemes,suffix,submitted_at,updated_at\n\
         1,2,1,10,1980-01-02,1,1,f,f,\"{\"\"a\"\": \"\"kanari\"\"}\",kanari,2024-01-02 03:04:05+00,2024-01-02 03:04:05+00\n\
         2,3,kanari,kanari,kanari,kanari,kanari,kanari,kanari,{kanari,kanari,kanari,kanari\n\
         3,5,1,10,2999-01-02,kanari,1,f,f,,,,kanari\n",
    ),
];

/// The rows that the target has: one of this migration, one of somebody else who has an address that is claimed.
const THERE: &str = "\
    insert into practices (legacy_id, name, address, city, state, zip_code, country, phone, metadata) values
        (10, 'kanari', 'kanari', 'kanari', 'kanari', 'kanari', 'kanari', 'kanari', '{\"kanari\": \"kanari\"}');
    insert into profiles (legacy_id, email, first_name, last_name, metadata) values
        (1, 'old-kanari@harbour.example', 'kanari', 'kanari', '{\"kanari\": \"kanari\"}'),
        (null, 'taken-kanari@harbour.example', 'kanari', 'kanari', '{\"kanari\": \"kanari\"}')";

const CONFIG: &str = "[policy]\ndefault_practice = 10\n\
                      allowed_rejects = { profiles = 9, patients = 9, practice_owners = 9, practice_members = 9 }\n\
                      [source.columns.\"*\"]\nunreadable = 100\n";

/// A migration of those rows; its CSV files are in `legacy` in its folder.
fn job() -> Job {
    let target = empty_target();
    target.execute(THERE);
    let job = Job::new("legacy", target);
    fs::create_dir(job.path("legacy")).expect("a folder");
    for (table, rows) in LEGACY {
        fs::write(job.path("legacy").join(format!("{table}.csv")), rows).expect("a table");
    }
    fs::write(job.path("drydock.toml"), CONFIG).expect("the configuration");
    job
}

/// Runs it with every log line, and finds the mark nowhere.
#[track_caller]
fn silent(run: Drydock) -> Outcome {
    let outcome = run.env("DRYDOCK_LOG", "trace").env("RUST_BACKTRACE", "1").run();
    for (stream, text) in [("output", &outcome.stdout), ("error", &outcome.stderr)] {
        let leak = text.lines().find(|line| line.to_lowercase().contains(MARK));
        assert!(leak.is_none(), "standard {stream} has a value: {leak:?}");
    }
    outcome
}

/// The same, with the exit code expected.
#[track_caller]
fn silent_and(run: Drydock, code: i32) -> Printed {
    silent(run).expect(code)
}

fn extract(job: &Job) -> Drydock {
    job.drydock(["extract", "--csv", "legacy", "--config", "drydock.toml"])
}

/// A job that is ready to load.
fn transformed() -> Job {
    let job = job();
    silent_and(extract(&job), 0);
    silent_and(job.drydock(["survey"]), 0);
    silent_and(job.drydock(["transform"]), 0);
    job
}

/// The columns of a text type in the DDL of the tables that are migrated, but the password, which is never taken.
fn text_columns() -> Vec<(String, String)> {
    let mut table = "";
    let mut columns = Vec::new();
    for line in LEGACY_DDL[..3].iter().flat_map(|(_, ddl)| ddl.lines()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["create", "table", "if", "not", "exists", name, "("] => table = name,
            [column, kind, ..] if kind.starts_with("varchar") || kind.starts_with("text") => {
                columns.push((table.to_owned(), (*column).to_owned()));
            }
            _ => {}
        }
    }
    columns.retain(|(_, column)| column != "password");
    columns
}

#[test]
fn the_mark_is_everywhere_it_can_be() {
    let job = transformed();
    let columns = text_columns();
    assert!(columns.len() > 15, "{columns:?}");
    for (table, column) in columns {
        let marked = job.staged(&format!(
            "select count(*) from legacy_{table} where lower(\"{column}\") like '%{MARK}%'"
        ));
        assert_ne!(marked, "0", "{table}.{column} has no mark");
    }
    let kept_back =
        job.staged("select group_concat(reason) from (select * from legacy_unreadable order by number)");
    assert_eq!(kept_back, "ragged,key_invalid,unclosed_quote");
}

#[test]
fn every_verb() {
    let job = transformed();
    for json in [false, true] {
        let with = |arguments: &[&str]| {
            let run = job.drydock(arguments);
            if json { run.args(["--json"]) } else { run }
        };
        silent_and(with(&["status"]), 0);
        silent_and(with(&["extract", "--csv", "legacy", "--replace"]), 0);
        silent_and(with(&["survey", "--create-tables"]), 0);
        silent_and(with(&["transform"]), 0);
        silent_and(with(&["load", "--phase", "2a"]), 0);
        silent_and(with(&["status"]), 0);
        silent_and(with(&["load"]), 0);
        silent_and(with(&["verify"]), 0);
        job.target().execute("update profiles set first_name = 'other kanari' where legacy_id = 1");
        silent_and(with(&["verify"]), 7);
        silent_and(with(&["run", "--csv", "legacy"]), 0);
        silent_and(with(&["status"]), 0);
    }
    // more is kept back than a configuration without allowances lets pass
    let strict = self::job();
    fs::write(strict.path("drydock.toml"), "").expect("the configuration");
    silent_and(extract(&strict), 0);
    silent_and(strict.drydock(["survey"]), 0);
    silent_and(strict.drydock(["transform"]), 6);
}

#[test]
fn a_load_that_the_target_refuses_because_of_a_value() {
    for (what, sql) in [
        (
            "a unique violation",
            "insert into profiles (email, first_name) values ('Kanari@harbour.example', 'kanari')",
        ),
        ("a CHECK violation", "alter table profiles add constraint short check (length(last_name) < 5) not valid"),
        ("a value too long", "alter table profiles alter column last_name type varchar(3) using 'x'"),
        (
            "an exception with the row in it",
            "create function refuse() returns trigger language plpgsql as $$
             begin raise exception 'row %', new using detail = new::text, hint = new::text; end $$;
             create trigger refuse before insert or update on profiles for each row execute function refuse()",
        ),
        (
            "an exception that calls its names after the row",
            "create function refuse() returns trigger language plpgsql as $$
             begin raise exception using message = new::text, errcode = 'check_violation', column = new.first_name,
                constraint = new.last_name, table = new.email, schema = new.email, datatype = new.first_name; end $$;
             create trigger refuse before insert or update on profiles for each row execute function refuse()",
        ),
        (
            "an exclusion violation",
            "alter table practices add constraint one_name exclude using btree (name with =)",
        ),
    ] {
        let job = transformed();
        job.target().execute(sql);
        let outcome = silent(job.drydock(["load"]));
        assert_ne!(outcome.code, Some(0), "{what} went unnoticed");
        assert!(matches!(outcome.code, Some(5 | 6)), "{what}: {outcome:?}");
        silent(job.drydock(["run", "--csv", "legacy"])).expect_any();
        silent(job.drydock(["status"])).expect_any();
    }
}

#[test]
fn a_value_that_its_type_refuses() {
    let job = transformed();
    let file = rusqlite::Connection::open(job.file()).expect("the staging file");
    file.execute_batch("update ready_patients set date_of_birth = 'kanari-02-30'").expect("an update");
    drop(file);
    silent_and(job.drydock(["load"]), 6);
}

#[test]
fn a_target_that_talks() {
    let job = transformed();
    job.target().execute(
        "create function talk() returns trigger language plpgsql as $$
         begin raise warning 'row %', new; raise notice 'row %', new; return new; end $$;
         create trigger talk before insert or update on profiles for each row execute function talk()",
    );
    silent(job.drydock(["load"])).expect_any();
    silent(job.drydock(["verify"])).expect_any();
}

/// The legacy database with the mark in every text column of its own DDL.
fn legacy_database() -> Database {
    let legacy = database();
    for (_, ddl) in &LEGACY_DDL[..3] {
        legacy.execute(ddl);
    }
    legacy.execute(
        "insert into auth_user values (1, 'kanari', 'kanari', 'Kanari', 'Kanari', 'kanari@harbour.example', false, false, \
             true, now(), null);
         insert into auth_group values (1, 'kanari');
         insert into auth_user_groups values (1, 1, 1);
         insert into dispatch_office values (10, 1, 'kanari', 'kanari', 'kanari', 'kanari', 'kanari', 'kanari', 'kanari', \
             'kanari', 8.25, true, 'kanari', true);
         insert into dispatch_office_doctors values (1, 10, 1);
         insert into dispatch_patient values (1, 1, 1, 10, '1980-01-02', 1, 1, false, false, 'kanari', null, null, null)",
    );
    legacy
}

#[test]
fn a_legacy_database_also_when_it_refuses_because_of_a_value() {
    let job = job();
    let legacy = legacy_database();
    silent_and(job.drydock(["extract", "--staging", "live"]).legacy(&legacy), 0);

    legacy.execute(
        "alter table dispatch_office rename to offices;
         create view dispatch_office as select id, doctor_id, (name::integer)::text as name from offices",
    );
    silent_and(job.drydock(["extract", "--staging", "refused"]).legacy(&legacy), 4);
    assert!(!job.path("refused").exists(), "a file was left behind");
}

/// The columns that hold what records say. Left out: what the operator types for others to read (who approved a gate and why),
/// where a checkpoint lies, and what the target's catalog says.
fn value_columns() -> Vec<(String, String)> {
    let is_said = |column: &str, treatment: Treatment| {
        matches!(
            treatment,
            Treatment::Flag
                | Treatment::Code
                | Treatment::Country
                | Treatment::Name
                | Treatment::Email
                | Treatment::Phone
                | Treatment::Address
                | Treatment::Username
                | Treatment::Text
                | Treatment::Birth
                | Treatment::Date
                | Treatment::Json
                | Treatment::Metadata
                | Treatment::Evidence
                | Treatment::ByField
        ) || column == "error_context"
    };
    tables()
        .into_iter()
        .filter(|(table, _)| {
            !["facts", "gate_approvals", "gate_overrides", "checkpoints"].contains(&table.as_str())
                && (!table.starts_with("target_") || table == "target_rows")
        })
        .flat_map(|(table, columns)| {
            columns.into_iter().map(move |(column, treatment)| (table.clone(), column, treatment))
        })
        .filter(|(_, column, treatment)| is_said(column, *treatment) && *column != "decided_by")
        .map(|(table, column, _)| (table, column.to_owned()))
        .collect()
}

/// The mark in every such column of every row, and in every column of every raw table.
fn plant(job: &Job) {
    let file = rusqlite::Connection::open(job.file()).expect("the staging file");
    file.execute_batch("pragma ignore_check_constraints = on").expect("a pragma");
    let raw = job.staged(
        "select s.name || '|' || c.name from sqlite_schema s join pragma_table_info(s.name) c \
         where s.type = 'table' and s.name like 'legacy\\_%' escape '\\' and c.name <> 'legacy_id' \
         and s.name not in ('legacy_tables', 'legacy_unreadable')",
    );
    let raw = raw.lines().filter_map(|line| line.split_once('|'));
    let raw = raw.map(|(table, column)| (table.to_owned(), column.to_owned()));
    for (table, column) in value_columns().into_iter().chain(raw) {
        let value = if ["metadata", "schemes"].contains(&column.as_str()) {
            format!("'{{\"legacy\":{{\"name\":\"{MARK}\"}},\"{MARK}\":\"{MARK}\"}}'")
        } else {
            format!("'{MARK}_{table}_{column}'")
        };
        // what an issue of an address says beside its code is another record's id or a word of ours
        let but = if column == "error_context" { " where error_code not like 'email%'" } else { "" };
        file.execute_batch(&format!("update \"{table}\" set \"{column}\" = {value}{but}"))
            .expect("an update");
    }
}

/// Nothing of what a command wrote into a folder has the mark, but for the files named.
#[track_caller]
fn silent_files(folder: &Path, but: &[&str]) -> usize {
    let mut searched = 0;
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if but.iter().any(|name| path.ends_with(name)) {
            continue;
        }
        let bytes = fs::read(&path).expect("a file").to_ascii_lowercase();
        let leak = bytes.windows(MARK.len()).any(|window| window == MARK.as_bytes());
        assert!(!leak, "{} has a value", path.display());
        searched += 1;
    }
    searched
}

#[test]
fn whatever_looks_at_a_file_or_is_written_from_it() {
    let job = transformed();
    silent_and(job.drydock(["load"]), 0);
    silent_and(job.drydock(["verify"]), 0);
    fs::copy(job.file(), job.path("old.drydock")).expect("a copy");
    for planted in [false, true] {
        if planted {
            plant(&job);
        }
        let out = |name: &str| format!("{name}-{planted}");
        for json in [false, true] {
            let run = |arguments: &[&str]| {
                let run = job.drydock(arguments);
                silent(if json { run.args(["--json"]) } else { run })
            };
            for arguments in [
                &["status"][..],
                &["errors"],
                &["errors", "--severity", "low"],
                &["analyze"],
                &["lessons"],
                &["gate"],
                &["review", "export"],
                &["report"],
                &["report", "--format", "md"],
                &["report", "--format", "json"],
                &["report", "--format", "html"],
                &["diff", "old.drydock", "staging.drydock"],
                &["extract", "--check", "--csv", "legacy"],
                &["doctor", "--csv", "legacy"],
                &["explain", "profile", "999"],
                &["load", "--dry-run"],
                &["rollback", "--run", "999"],
                &["audit", "check"],
                &["audit", "check", "--expect-head", &"0".repeat(64)],
                &["help", "email_shared"],
                &["transform", "--staging", "nowhere.drydock"],
                &["review", "import", "nowhere.csv"],
            ] {
                let outcome = run(arguments);
                // a file that can be read is never called unreadable, whatever stands in it
                let nowhere = arguments.contains(&"nowhere.drydock");
                assert!(!matches!(outcome.code, None | Some(1)), "{arguments:?}: {outcome:?}");
                assert!(planted || nowhere || outcome.code != Some(8), "{arguments:?}: {outcome:?}");
            }
        }
        silent(job.drydock(["report", "--out", &out("report.html")])).expect(0);
        silent(job.drydock(["checkpoint", "3", "--out", &out("checkpoint")])).expect_any();
        silent_and(job.drydock(["audit", "seal", "--out", &out("sealed")]), 0);
        silent_and(job.drydock(["audit", "seal", "--redact", "--out", &out("redacted")]), 0);
        silent(job.drydock(["audit", "check", &out("sealed")])).expect_any();
        silent(job.drydock(["audit", "check", &out("redacted")])).expect_any();
        let report = fs::read_to_string(job.path(out("report.html"))).expect("a report").to_lowercase();
        assert!(!report.contains(MARK), "the report has a value");
        // the backup of the target's tables and the copy of the file are what they are for
        if job.path(out("checkpoint")).exists() {
            assert!(silent_files(&job.path(out("checkpoint")), &["staging.drydock", "target.sql"]) > 1);
        }
        assert_eq!(silent_files(&job.path(out("sealed")), &["staging.drydock"]), 1);
        assert_eq!(silent_files(&job.path(out("redacted")), &[]), 2);
        assert!(job.staged("select count(*) from journal where content like '%kanari%'") == "0");
    }
    // and what the target refuses because of such values
    for arguments in
        [&["load"][..], &["load", "--retry-failed"], &["verify"], &["run", "--csv", "legacy"], &["transform"]]
    {
        silent(job.drydock(arguments)).expect_any();
    }
}
