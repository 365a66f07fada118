//! What is in the staging file is what was in the source, whatever form it arrived in, and the file can tell.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::harness::{Database, Drydock, Outcome, Printed, database, psql, sqlite3};
use drydock::demo::world::{World, csv_text, write_legacy_sql};
use serde_json::Value;
use tempfile::TempDir;

/// The tables that the rules read, with one row or two each, and a table that nobody asks for.
const SMALL: &str = "
    create table auth_user (id int primary key, username text, password text, first_name text not null,
        last_name text not null, email text not null, is_superuser boolean, is_staff boolean, is_active boolean,
        date_joined timestamptz not null, last_login timestamptz);
    create table auth_group (id int primary key, name text);
    create table auth_user_groups (id int primary key, user_id int, group_id int);
    create table dispatch_office (id int primary key, name text, doctor_id int);
    create table dispatch_office_doctors (id int primary key, office_id int, user_id int);
    create table dispatch_course (id int primary key, title text);
    create table dispatch_patient (id int primary key, user_id int, birthdate date, sex int,
        course_id int references dispatch_course (id));
    create table audit_log (id int primary key, \"on\" boolean, secret text);
    insert into auth_user values
        (2, 'b', 'pbkdf2$mark', 'Bo', 'Berg', '', false, false, true, '2020-01-02 03:04:05.5+00', null),
        (1, 'a', 'pbkdf2$mark', 'Ada', E'line\\nbreak\\tand \\\\ \"quotes\"', 'a@b.example', false, false, true,
         '2020-01-01 00:00+00', '2021-01-01 00:00+00');
    insert into auth_group values (2, 'Doctor');
    insert into dispatch_course values (1, 'Début');
    insert into dispatch_patient values (7, 1, '1990-02-28', null, 1), (3, 2, null, 2, null);
    insert into audit_log values (1, true, 'token');
";

fn small() -> Database {
    let database = database();
    database.execute(SMALL);
    database
}

fn extract(directory: &Path, database: &Database, arguments: &[&str]) -> Outcome {
    Drydock::new(directory).legacy(database).args(["--staging", "s", "extract"]).args(arguments).run()
}

fn json(outcome: &Printed) -> Value {
    serde_json::from_str(&outcome.stdout).unwrap_or_else(|_| panic!("{}", outcome.stdout))
}

fn config(directory: &Path, text: &str) {
    fs::write(directory.join("c.toml"), text).unwrap();
}

/// Table and digest, one per line.
fn digests(file: &Path) -> String {
    sqlite3(file, "select table_name, rows, digest from legacy_tables order by 1")
}

#[test]
fn the_manifest_says_what_was_taken_and_what_was_not() {
    let (directory, database) = (TempDir::new().unwrap(), small());
    config(
        directory.path(),
        "[source]\ntables = [\"audit_*\"]\nexclude = [\"*.password\", \"audit_log.secret\", \"oops.*\"]\n",
    );
    let outcome = extract(directory.path(), &database, &["--config", "c.toml", "--json"]).expect(0);
    let summary = json(&outcome);
    let table = |name: &str| {
        let tables = summary["tables"].as_array().unwrap();
        tables.iter().find(|table| table["table"] == name).unwrap_or_else(|| panic!("no {name}")).clone()
    };
    assert_eq!(table("auth_user")["excluded_columns"], serde_json::json!(["password"]));
    assert_eq!(table("audit_log")["columns"], serde_json::json!(["id", "on"]));
    assert_eq!(table("dispatch_course")["rows"], 1, "what a table refers to comes along");
    assert_eq!(summary["idle_exclusions"], serde_json::json!(["oops.*"]));
    let missing = summary["missing_tables"].as_array().unwrap();
    let optional = [
        "dispatch_usersetting",
        "dispatch_project",
        "dispatch_state",
        "dispatch_instruction",
        "dispatch_plan",
    ];
    assert!(
        missing.len() == optional.len() && optional.iter().all(|table| missing.contains(&(*table).into())),
        "{missing:?}"
    );
    let missing = &table("dispatch_patient")["missing_columns"];
    assert!(missing.as_array().unwrap().contains(&"doctor_id".into()), "{missing}");
    assert_eq!(summary["version"], psql(&database, "show server_version"));

    let file = directory.path().join("s");
    for (sql, wanted) in [
        (
            "select count(*) from facts where name in ('source_version', 'source_snapshot', 'extract_started_at')",
            "3",
        ),
        ("select count(*) from legacy_tables where length(digest) <> 64", "0"),
        ("select email = '' and last_login is null from legacy_auth_user where legacy_id = 2", "1"),
    ] {
        assert_eq!(sqlite3(&file, sql), wanted, "{sql}");
    }
    let bytes = fs::read(&file).unwrap();
    for excluded in [&b"pbkdf2"[..], b"token"] {
        assert!(
            !bytes.windows(excluded.len()).any(|window| window == excluded),
            "an excluded value is in the file"
        );
    }
}

#[test]
fn a_required_column_is_missed_before_anything_is_written() {
    let (directory, database) = (TempDir::new().unwrap(), small());
    database.execute("alter table dispatch_patient drop column user_id; drop table auth_group");
    let outcome = extract(directory.path(), &database, &[]).expect(4);
    for words in ["schema_mismatch", "dispatch_patient.user_id", "table auth_group"] {
        assert!(outcome.stderr.contains(words), "{}", outcome.stderr);
    }
    assert!(!directory.path().join("s").exists());
}

#[test]
fn check_names_the_keys_that_changed_came_and_went() {
    let (directory, database) = (TempDir::new().unwrap(), small());
    extract(directory.path(), &database, &[]).expect(0);
    let same = extract(directory.path(), &database, &["--check", "--json"]).expect(0);
    assert_eq!(json(&same)["same"], true);

    database.execute(
        "update auth_user set email = null::text || '' where false;
         update auth_user set first_name = '' where id = 2;
         update dispatch_patient set sex = 1 where id = 7;
         insert into auth_group values (5, 'Master'), (4, 'Admin');
         delete from dispatch_patient where id = 3;
         alter table dispatch_course add column price numeric",
    );
    let outcome = extract(directory.path(), &database, &["--check", "--json"]).expect(7);
    let report = json(&outcome);
    let table = |name: &str| {
        report["tables"].as_array().unwrap().iter().find(|table| table["table"] == name).unwrap().clone()
    };
    let first = |name: &str, what: &str| table(name)[what]["first"].clone();
    assert_eq!(first("auth_user", "changed"), serde_json::json!([2]));
    assert_eq!(first("dispatch_patient", "changed"), serde_json::json!([7]));
    assert_eq!(first("auth_group", "added"), serde_json::json!([4, 5]));
    assert_eq!(first("dispatch_patient", "gone"), serde_json::json!([3]));
    assert_eq!(table("dispatch_course")["columns_added"], serde_json::json!(["price"]));
    assert_eq!(first("dispatch_course", "changed"), serde_json::json!([]));

    let text = extract(directory.path(), &database, &["--check"]).expect(7).stdout;
    assert!(text.contains("1 gone: 3") && text.contains("2 added: 4, 5"), "{text}");
    assert!(!text.contains("Ada") && !text.contains("b.example"), "no value of a record: {text}");
}

#[test]
fn check_refuses_a_file_whose_rows_are_not_its_manifests() {
    let (directory, database) = (TempDir::new().unwrap(), small());
    extract(directory.path(), &database, &[]).expect(0);
    let file = directory.path().join("s");
    let status = Command::new("sqlite3")
        .arg(&file)
        .arg("update legacy_auth_user set email = null where legacy_id = 2")
        .status()
        .unwrap();
    assert!(status.success());
    let outcome = extract(directory.path(), &database, &["--check"]).expect(8);
    assert!(outcome.stderr.contains("auth_user"), "{}", outcome.stderr);
}

#[test]
fn rows_of_any_length_arrive() {
    let (directory, database) = (TempDir::new().unwrap(), small());
    // within a page of the file, beyond it, beyond a page of a batch's image, and beyond what goes through one
    database.execute(
        "insert into dispatch_course
             select n, repeat(chr(64 + n), (array[10, 20000, 65501, 65536, 140000, 1048576, 3000000, 7])[n])
             from generate_series(2, 8) as x (n)",
    );
    extract(directory.path(), &database, &[]).expect(0);
    let file = directory.path().join("s");
    let course = "legacy_dispatch_course";
    assert_eq!(
        sqlite3(
            &file,
            &format!(
                "select group_concat(length(title)) from (select title from {course} order by legacy_id)"
            )
        ),
        "5,20000,65501,65536,140000,1048576,3000000,7"
    );
    let other = format!(
        "select count(*) from {course} where legacy_id > 1 and trim(title, char(64 + legacy_id)) <> ''"
    );
    assert_eq!(sqlite3(&file, &other), "0");
    assert_eq!(sqlite3(&file, "pragma integrity_check"), "ok");
    extract(directory.path(), &database, &["--check"]).expect(0);
}

#[test]
fn order_of_rows_and_columns_leaves_no_trace() {
    let directory = TempDir::new().unwrap();
    let database = small();
    extract(directory.path(), &database, &[]).expect(0);
    let before = digests(&directory.path().join("s"));
    database.execute(
        "update auth_user set first_name = first_name where id = 2;
         create table turned (last_name text, is_active boolean, email text, id int, first_name text, username text,
             password text, last_login timestamptz, date_joined timestamptz, is_superuser boolean, is_staff boolean);
         insert into turned select last_name, is_active, email, id, first_name, username, password, last_login,
             date_joined, is_superuser, is_staff from auth_user order by id desc;
         drop table auth_user; alter table turned rename to auth_user",
    );
    extract(directory.path(), &database, &["--replace"]).expect(0);
    assert_eq!(digests(&directory.path().join("s")), before);
}

#[test]
fn the_same_world_has_the_same_digests_through_every_door() {
    let directory = TempDir::new().unwrap();
    let home = directory.path();
    let world = World::generate(3);
    world.write_csv(&home.join("csv")).unwrap();
    write_legacy_sql(&world, fs::File::create(home.join("legacy.sql")).unwrap()).unwrap();

    // the columns of one table turned around, and the rows of another
    let users = csv_text(world.table("auth_group").unwrap());
    let mut lines: Vec<&str> = users.lines().collect();
    lines[1..].reverse();
    fs::write(home.join("csv/auth_group.csv"), lines.join("\n") + "\n").unwrap();

    let database = database();
    run("psql", &["-X", "-q", "-d", &database.url(), "-f", &home.join("legacy.sql").display().to_string()]);
    let dump = run("pg_dump", &["-d", &database.url()]);
    let mut packed = flate2::write::GzEncoder::new(
        fs::File::create(home.join("d.sql.gz")).unwrap(),
        flate2::Compression::fast(),
    );
    packed.write_all(&dump).unwrap();
    packed.finish().unwrap();

    let through = |staging: &str, arguments: &[&str]| {
        Drydock::new(home)
            .legacy(&database)
            .args(["--quiet", "--staging", staging, "extract"])
            .args(arguments)
            .run()
            .expect(0);
        // a folder has no file of a table without rows
        let digests = digests(&home.join(staging));
        digests.lines().filter(|line| !line.contains("|0|")).map(str::to_owned).collect::<Vec<_>>()
    };
    let server = through("server", &[]);
    assert!(server.iter().any(|line| line.starts_with("auth_user|9101|")), "{server:?}");
    assert_eq!(through("csv.drydock", &["--csv", "csv"]), server);
    assert_eq!(through("dump", &["--dump", "d.sql.gz"]), server);
}

/// What a program prints.
fn run(program: &str, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}
