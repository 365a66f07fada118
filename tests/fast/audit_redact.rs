//! A redacted copy tells nobody's name: a mark of its own stands in every text column of every table, the sealed folder is
//! searched for it to the byte, and what an auditor needs is still there.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::harness::{Job, empty_target, sqlite3};
use drydock::audit::{CheckOptions, check, tables};
use rusqlite::Connection;
use serde_json::Value;

/// Letters that are in no word of the program.
const MARK: &str = "kanari";

/// A group that says who somebody is.
const GROUP: &str = "Patients of Mark Page 5550199";

fn job() -> Job {
    let users = "id,username,password,first_name,last_name,email,is_superuser,is_staff,is_active,date_joined,last_login,nickname\n\
                 1,doctor1,x,Ada,Tide,ada@harbour.example,f,f,t,2019-03-04 05:06:07+00,,Kanari\n\
                 2,p2,x,Bo,Reef,BO@harbour.example,f,f,t,2019-03-04 05:06:07+00,,Kanari\n\
                 3,p3,x,Bo,Reef,bo@harbour.example,f,f,t,2019-03-04 05:06:07+00,,Kanari\n\
                 4,p4,x,Eve,Sand,,f,f,t,2019-03-04 05:06:07+00,,\n";
    let patients = "id,user_id,doctor_id,office_id,birthdate,sex,status,archived,suspended,schemes,suffix,updated_at\n\
                    1,2,1,10,1980-01-02,1,1,f,f,\"{\"\"a\"\": \"\"Kanari\"\"}\",0zQ7,2024-01-02 03:04:05+00\n\
                    2,3,1,10,1980-01-02,1,1,f,f,,,2024-01-02 03:04:05+00\n\
                    3,4,1,10,1919-05-06,2,1,f,f,,,2024-01-02 03:04:05+00\n";
    let tables = [
        ("auth_user", users.to_owned()),
        ("dispatch_patient", patients.to_owned()),
        (
            "dispatch_office",
            "id,doctor_id,name,address,country,phone,tax_rate\n10,1,Harbour,1 Quay,USA,555 0100,8.25\n"
                .to_owned(),
        ),
        ("dispatch_office_doctors", "id,office_id,user_id\n1,10,1\n".to_owned()),
        ("auth_group", format!("id,name\n1,Patient\n2,Doctor\n3,{GROUP}\n")),
        ("auth_user_groups", "id,user_id,group_id\n1,1,2\n2,2,1\n3,3,1\n4,4,1\n5,2,3\n".to_owned()),
    ];
    Job::of_tables(&tables, empty_target())
}

fn loaded() -> Job {
    let job = job();
    job.up_to("verify");
    job
}

/// One more row in every table, a mark of its own in every text column.
fn plant(file: &Path) -> Vec<(String, String)> {
    let file = Connection::open(file).unwrap();
    file.execute_batch("pragma ignore_check_constraints = on; pragma foreign_keys = off").unwrap();
    let mut statement = file
        .prepare(
            "select s.name, c.name, lower(c.type) from sqlite_schema s join pragma_table_info(s.name) c \
             where s.type = 'table' and s.name not like 'sqlite_%' and s.name not in ('journal', 'seal', 'sealed_tables')",
        )
        .unwrap();
    let mut tables: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    let mut rows = statement.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        tables.entry(row.get(0).unwrap()).or_default().push((row.get(1).unwrap(), row.get(2).unwrap()));
    }
    let mut planted = Vec::new();
    for (table, columns) in tables {
        let names: Vec<String> = columns.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        let values: Vec<String> = columns
            .iter()
            .map(|(name, kind)| match kind.as_str() {
                "integer" => "770077".to_owned(),
                "real" => "0.5".to_owned(),
                // a mark in a form that a careless rule would let through
                _ if name == "metadata" || name == "schemes" => {
                    format!("'{{\"legacy\":{{\"phone\":5550177,\"status\":5550177,\"groups\":[\"Doctor\",\"Mark Page\",5550177],\"sex\":\"5550177\",\"role\":\"{MARK}\",\"{MARK}\":[1,\"{MARK}\"],\"name\":\"{MARK}\"}},\"{MARK}\":\"{MARK}\"}}'")
                }
                _ if name.ends_with("_at") => format!("'2026-01-02T03:04:05Z {MARK}_{table}_{name}'"),
                "blob" => format!("cast('{MARK}_{table}_{name}' as blob)"),
                _ => format!("'{MARK}_{table}_{name}'"),
            })
            .collect();
        let sql = format!("insert into \"{table}\" ({}) values ({})", names.join(", "), values.join(", "));
        file.execute(&sql, []).unwrap_or_else(|cause| panic!("{sql}: {cause}"));
        planted.extend(
            columns
                .into_iter()
                .filter(|(_, kind)| kind == "text" || kind == "blob")
                .map(|(name, _)| (table.clone(), name)),
        );
    }
    planted
}

fn has(bytes: &[u8], what: &str) -> bool {
    bytes.to_ascii_lowercase().windows(what.len()).any(|window| window == what.as_bytes())
}

/// Every file of a folder with its bytes.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| (path.display().to_string(), fs::read(&path).unwrap())).collect()
}

#[test]
fn no_mark_of_any_column_of_any_table_is_in_a_redacted_copy() {
    let job = loaded();
    let planted = plant(&job.file());
    assert!(planted.len() > 150, "{}", planted.len());
    let outcome = job
        .drydock(["audit", "seal", "--redact", "--out", "redacted", "--token-key", "tokens.json", "--json"])
        .env("DRYDOCK_LOG", "trace")
        .run()
        .expect(0);
    for (place, text) in [("output", &outcome.stdout), ("error", &outcome.stderr)] {
        assert!(!has(text.as_bytes(), MARK), "standard {place}: {text}");
    }
    for (name, bytes) in files(&job.path("redacted")) {
        // a number under a key of ours is somebody's as well, and so is a word that is only English
        for value in [MARK, "5550177", "mark page"] {
            assert!(!has(&bytes, value), "{name}: {value}");
        }
    }
    // the marks are there to be found, and the key that was asked for has them
    assert!(has(&fs::read(job.file()).unwrap(), MARK));
    let key = fs::read(job.path("tokens.json")).unwrap();
    for (table, column) in &planted {
        let is_dropped = column == "nickname" || column == "password";
        let is_marked = column == "metadata" || column == "schemes";
        let is_digest = ["digest", "subject", "said"].contains(&column.as_str());
        if !is_dropped && !is_marked && !is_digest {
            assert!(has(&key, &format!("{MARK}_{table}_{column}")), "{table}.{column} has no token");
        }
    }
}

#[test]
fn nobody_is_in_it_and_everything_else_is() {
    let job = loaded();
    job.drydock(["audit", "seal", "--redact", "--out", "redacted"]).run().expect(0);
    let file = job.path("redacted/staging.drydock");
    for (name, bytes) in files(&job.path("redacted")) {
        for value in [
            "tide",
            "reef",
            "harbour",
            "doctor1",
            "quay",
            "555 0100",
            "1980-01-02",
            "1919-05",
            "2019-03-04",
            "0zq7",
            "mark page",
            "5550199",
        ] {
            assert!(!has(&bytes, value), "{name}: {value}");
        }
    }
    // so few digits stand in every other digest by chance
    for text in [sqlite3(&file, ".dump"), fs::read_to_string(job.path("redacted/manifest.json")).unwrap()] {
        let mut words = text.split(|letter: char| !letter.is_alphanumeric() && letter != '.');
        assert_eq!(words.find(|word| ["1919", "8.25"].contains(word)), None);
    }
    let ask = |sql: &str| sqlite3(&file, sql);
    // of two records nobody can tell that they say the same, and of one that it says the same at every step
    assert_eq!(ask("select count(distinct last_name), count(*) from ready_profiles"), "4|4");
    assert_eq!(
        ask(
            "select count(*), min(u.last_name = r.last_name), min(r.last_name like 'name\\_%' escape '\\') from legacy_auth_user u join ready_profiles r using (legacy_id)"
        ),
        "4|1|1"
    );
    assert_eq!(ask("select count(*) from legacy_auth_user u join changes c on c.before = u.email where c.field = 'email'"), job.staged("select count(*) from legacy_auth_user u join changes c on c.before = u.email where c.field = 'email'"));
    assert_eq!(ask("select verdict from duplicate_pairs"), job.staged("select verdict from duplicate_pairs"));
    assert_eq!(ask("select group_concat(birthdate) from (select birthdate from legacy_dispatch_patient order by birthdate)").replace(char::is_numeric, "9"), "9999 or before,9999,9999");
    assert_eq!(ask("select count(*) from legacy_auth_user where coalesce(email, '') = ''"), "1");
    assert_eq!(ask("select distinct date_joined from legacy_auth_user"), "2019");
    assert_eq!(ask("select country from ready_practices"), "USA");
    assert_eq!(ask("select count(*) from facts where name = 'journal_key'"), "0");
    assert_ne!(
        ask("select digest from legacy_tables where table_name = 'auth_user'"),
        job.staged("select digest from legacy_tables where table_name = 'auth_user'")
    );
    for view in [
        "v_accounting",
        "v_errors_by_code",
        "v_changes_by_rule",
        "v_progress",
        "v_associations_by_method",
        "v_commands",
    ] {
        let of = |file: &Path| sqlite3(file, &format!("select * from {view} where '{view}' <> 'v_commands'"));
        assert_eq!(of(&file), of(&job.file()), "{view}");
    }
    let waiting = "select entity, fate, error_codes from v_waiting order by 1, 2, 3";
    assert_eq!(ask(waiting), job.staged(waiting));
    // what is not known is left out and named
    let manifest: Value =
        serde_json::from_slice(&fs::read(job.path("redacted/manifest.json")).unwrap()).unwrap();
    assert_eq!(manifest["redacted"]["dropped_columns"]["legacy_auth_user"], serde_json::json!(["nickname"]));
    assert_eq!(
        ask("select count(*) from pragma_table_info('legacy_auth_user') where name = 'nickname'"),
        "0"
    );
    assert_eq!(
        manifest["redacted"]["columns"]["ready_patients"]["date_of_birth"],
        "year or years, early ones together; a token where it is no date"
    );
    // complete all the same, and its journal is the file's own
    let checked = check(&job.path("redacted"), &CheckOptions::default()).unwrap();
    assert!(
        checked.holds(),
        "{:?}",
        checked.parts.iter().filter(|part| !part.found.is_empty()).collect::<Vec<_>>()
    );
    assert_eq!(checked.what, "redacted");
    let journal = "select group_concat(hash) from (select hash from journal order by sequence)";
    assert_eq!(ask(journal), job.staged(journal));
    // who says the same can be told where somebody asked for that
    job.drydock(["audit", "seal", "--redact", "--linkable", "--out", "linkable"]).run().expect(0);
    let alike = "select count(distinct last_name), count(*) from ready_profiles";
    assert_eq!(sqlite3(&job.path("linkable/staging.drydock"), alike), "3|4");
}

#[test]
fn tokens_are_drawn_anew_for_every_export() {
    let job = loaded();
    for out in ["one", "other"] {
        job.drydock(["audit", "seal", "--redact", "--out", out]).run().expect(0);
    }
    let name = |out: &str| {
        sqlite3(
            &job.path(out).join("staging.drydock"),
            "select group_concat(last_name) from (select last_name from ready_profiles order by 1)",
        )
    };
    assert_ne!(name("one"), name("other"));
    // the key is not shipped by mistake
    for key in ["three/key", "tokens"] {
        fs::write(job.path("tokens"), "somebody's").unwrap();
        job.drydock(["audit", "seal", "--redact", "--out", "three", "--token-key", key]).run().expect(3);
    }
    job.drydock(["audit", "seal", "--out", "three", "--token-key", "new"]).run().expect(2);
    assert!(!job.path("three").exists());
}

#[test]
fn every_column_of_the_schema_is_classified() {
    let job = job();
    job.up_to("extract");
    let columns = job.staged(
        "select s.name || '.' || c.name from sqlite_schema s join pragma_table_info(s.name) c where s.type = 'table' \
         and s.name not like 'sqlite_%' and (s.name not like 'legacy\\_%' escape '\\' or s.name in ('legacy_tables', 'legacy_unreadable')) \
         and s.name not in ('seal', 'sealed_tables') and s.name not like 'places\\_%' escape '\\'",
    );
    let listed: Vec<String> = tables()
        .iter()
        .flat_map(|(table, columns)| columns.iter().map(move |(column, _)| format!("{table}.{column}")))
        .collect();
    let in_file: Vec<&str> = columns.lines().collect();
    for column in &in_file {
        assert!(listed.iter().any(|one| one == column), "{column} is not classified");
    }
    for column in &listed {
        assert!(in_file.contains(&column.as_str()), "{column} is classified and not there");
    }
}

#[test]
fn plain_sealed_and_redacted_files_open_in_debians_sqlite3_and_every_view_works() {
    let job = loaded();
    job.drydock(["audit", "seal", "--out", "sealed"]).run().expect(0);
    job.drydock(["audit", "seal", "--redact", "--out", "redacted"]).run().expect(0);
    for file in [job.file(), job.path("sealed/staging.drydock"), job.path("redacted/staging.drydock")] {
        assert_eq!(sqlite3(&file, "pragma integrity_check"), "ok");
        let views = sqlite3(&file, "select name from sqlite_schema where type = 'view'");
        assert!(views.lines().count() > 15, "{views}");
        for view in views.lines() {
            sqlite3(&file, &format!("select count(*) from (select * from {view})"));
        }
        for table in sqlite3(&file, "select name from sqlite_schema where type = 'table'").lines() {
            sqlite3(&file, &format!("select count(*) from (select * from \"{table}\")"));
        }
    }
}

/// `datasette` is a Python package: `.ci/run` installs it and runs this.
#[test]
#[ignore = "needs datasette, a Python package"]
fn datasette_serves_a_redacted_copy() {
    let job = loaded();
    job.drydock(["audit", "seal", "--redact", "--out", "redacted"]).run().expect(0);
    let datasette = std::env::var("DATASETTE").unwrap_or_else(|_| "datasette".to_owned());
    let get = |path: &str| {
        let output = Command::new(&datasette)
            .current_dir(job.path("redacted"))
            .args(["serve", "--immutable", "staging.drydock", "--get", path])
            .output()
            .unwrap_or_else(|cause| {
                panic!("{datasette}: {cause}; pip install datasette, or say where it is with DATASETTE")
            });
        assert!(output.status.success(), "{path}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(
        get("/staging.json?sql=select+count(*)+as+n+from+ready_profiles&_shape=array").contains("\"n\": 4")
    );
    assert!(get("/staging/v_accounting.json?_shape=array").contains("practice_owners"));
    assert!(get("/staging/ready_patients").contains("name_"));
    assert!(get("/-/databases.json").contains("\"is_mutable\": false"));
}
