//! Arbitrary text comes back the same through a server, a CSV file and a dump; what is no text is set apart with its key.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::harness::{Database, Drydock, TABLES, database, psql, sqlite3};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use tempfile::TempDir;

const ROWS: usize = 1_500;

/// The tables that the rules ask for beside the one with the texts.
const OTHERS: &str = "
    create table auth_group (id int primary key, name text);
    create table auth_user_groups (id int primary key, user_id int, group_id int);
    create table dispatch_office (id int primary key, name text, doctor_id int);
    create table dispatch_office_doctors (id int primary key, office_id int, user_id int);
    create table dispatch_patient (id int primary key, user_id int, birthdate date, sex int);
    create table auth_user (id int primary key, first_name text, last_name text, email text, date_joined text);
";

/// Texts that have bitten somebody, and any others that a database can hold.
fn texts() -> Vec<Option<String>> {
    let strategy = prop_oneof![
        3 => "[^\\x00]{0,20}",
        2 => "[\\\\\t\n\r\"',;|N.\\x08\\x0b\\x0c]{0,12}",
        1 => "[ก-๙ぁ-ん一-龠😀-😏]{0,8}",
        1 => Just(String::new()),
        1 => prop::sample::select(vec![
            "\\N", "\\.", "NULL", "null", "\"", "\"\"", ",", "\\", "\\\\N", "\n", "\r\n", "\r", " ", "\u{feff}", "\u{2028}",
            "1,2\n3,4", "'", "\\x41", "\\101", "e\u{301}",
        ]).prop_map(str::to_owned),
    ];
    let strategy = prop::collection::vec(prop::option::weighted(0.9, strategy), ROWS);
    strategy.new_tree(&mut TestRunner::deterministic()).expect("texts").current()
}

fn fill(database: &Database, texts: &[Option<String>]) {
    database.execute(OTHERS);
    let mut client = database.client();
    let insert = client
        .prepare("insert into auth_user select x.n, ($2::text[])[x.n], ($3::text[])[x.n], '', '2020-01-01' from unnest($1::int[]) as x (n)")
        .expect("a statement");
    let ids: Vec<i32> = (1..=i32::try_from(texts.len()).expect("few")).collect();
    let turned: Vec<_> = texts.iter().rev().collect();
    client.execute(&insert, &[&ids, &texts, &turned]).expect("rows");
}

fn extract(home: &Path, database: &Database, staging: &str, arguments: &[&str]) -> String {
    Drydock::new(home)
        .legacy(database)
        .args(["--quiet", "--staging", staging, "extract"])
        .args(arguments)
        .run()
        .expect(0);
    sqlite3(&home.join(staging), "select table_name, rows, unreadable, digest from legacy_tables order by 1")
}

fn write_csv(home: &Path, database: &Database) {
    fs::create_dir(home.join("csv")).expect("a folder");
    for table in TABLES {
        let file = home.join("csv").join(format!("{table}.csv"));
        // every empty text in quotes: nothing between two commas is null
        psql(
            database,
            &format!("\\copy (select * from {table}) to '{}' with (format csv, header)", file.display()),
        );
    }
}

fn dump(database: &Database) -> Vec<u8> {
    let output =
        Command::new("pg_dump").args(["-d", &database.url()]).stdin(Stdio::null()).output().expect("pg_dump");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

#[test]
fn any_text_comes_back_through_every_door() {
    let (directory, database) = (TempDir::new().expect("a directory"), database());
    let home = directory.path();
    let texts = texts();
    fill(&database, &texts);
    write_csv(home, &database);
    fs::write(home.join("dump.sql"), dump(&database)).expect("the dump");

    let server = extract(home, &database, "server", &[]);
    assert!(server.contains(&format!("auth_user|{ROWS}|0|")), "{server}");
    assert_eq!(extract(home, &database, "files", &["--csv", "csv"]), server);
    assert_eq!(extract(home, &database, "script", &["--dump", "dump.sql"]), server);

    // not only alike, but what was put in
    let stored = rusqlite::Connection::open(home.join("files")).expect("the file");
    let mut statement = stored
        .prepare("select first_name, last_name from legacy_auth_user order by legacy_id")
        .expect("a statement");
    let read: Vec<(Option<String>, Option<String>)> = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .and_then(Iterator::collect)
        .expect("rows");
    let wanted: Vec<_> = texts.iter().cloned().zip(texts.iter().rev().cloned()).collect();
    assert_eq!(read, wanted);

    // and each row of a file knows where it stands
    for (staging, file, after_key) in [("files", "csv/auth_user.csv", ','), ("script", "dump.sql", '\t')] {
        let bytes = fs::read(home.join(file)).expect("the source");
        let places = sqlite3(&home.join(staging), "select legacy_id, line, byte from places_auth_user");
        assert_eq!(places.lines().count(), ROWS);
        for place in places.lines() {
            let [id, line, byte] = place.split('|').collect::<Vec<_>>()[..] else { panic!("{place}") };
            let byte: usize = byte.parse().expect("a byte");
            assert!(bytes[byte..].starts_with(format!("{id}{after_key}").as_bytes()), "{file}: row {place}");
            let lines = bytes[..byte].split(|byte| *byte == b'\n').count();
            assert_eq!(lines.to_string(), line, "{file}: row {place}");
        }
    }
}

#[test]
fn what_is_no_text_is_set_apart_with_its_key() {
    let directory = TempDir::new().expect("a directory");
    let home = directory.path();
    let database = database();
    fill(&database, &["NUL-HERE", "BAD-HERE", "plain", "x", "y"].map(|text| Some(text.to_owned())));
    write_csv(home, &database);
    let spoil = |bytes: &[u8]| {
        let text = String::from_utf8(bytes.to_vec()).expect("text");
        let mut spoiled = text.into_bytes();
        for (mark, byte) in [(&b"NUL-HERE"[..], 0), (b"BAD-HERE", 0xff)] {
            while let Some(at) = spoiled.windows(mark.len()).position(|window| window == mark) {
                spoiled.splice(at..at + mark.len(), [b'x', byte, b'y']);
            }
        }
        spoiled
    };
    let users = home.join("csv/auth_user.csv");
    fs::write(&users, spoil(&fs::read(&users).expect("the users"))).expect("the users");
    fs::write(home.join("dump.sql"), spoil(&dump(&database))).expect("the dump");

    let faults = "select reason, legacy_id, line is not null from legacy_unreadable order by 2";
    for (staging, arguments) in [("files", ["--csv", "csv"]), ("script", ["--dump", "dump.sql"])] {
        let tables = extract(home, &database, staging, &arguments);
        assert!(tables.contains("auth_user|5|4|"), "{tables}");
        // the texts stand in two rows each, in opposite order
        assert_eq!(
            sqlite3(&home.join(staging), faults),
            "nul|1|1\nencoding|2|1\nencoding|4|1\nnul|5|1",
            "{staging}"
        );
        assert_eq!(sqlite3(&home.join(staging), "select group_concat(legacy_id) from legacy_auth_user"), "3");
    }
}

#[test]
fn a_server_that_does_not_know_its_own_bytes_hands_over_what_can_be_read() {
    let (directory, database) = (TempDir::new().expect("a directory"), database());
    let name = format!("raw_{}", std::process::id());
    psql(
        &database,
        &format!(
            "create database {name} encoding 'SQL_ASCII' template template0 lc_collate 'C' lc_ctype 'C'"
        ),
    );
    let url = database.url();
    let (start, rest) = url.split_once("@/").expect("a URL");
    let query = rest.split_once('?').expect("a query").1;
    let raw = format!("{start}@/{name}?{query}");
    let status = Command::new("psql")
        .args(["-X", "-q", "-d", &raw, "-c", OTHERS, "-c"])
        .arg("insert into auth_user values (1, 'plain', '', '', ''), (2, E'caf\\xe9', '', '', ''), (3, E'caf\\xc3\\xa9', '', '', '')")
        .status()
        .expect("psql");
    assert!(status.success());
    let staging = directory.path().join("s");
    Drydock::new(directory.path())
        .env("DRYDOCK_LEGACY_URL", &raw)
        .args(["--staging", "s", "extract"])
        .run()
        .expect(0);
    assert_eq!(sqlite3(&staging, "select reason, legacy_id from legacy_unreadable"), "encoding|2");
    assert_eq!(
        sqlite3(&staging, "select legacy_id, first_name from legacy_auth_user order by 1"),
        "1|plain\n3|café"
    );
    psql(&database, &format!("drop database {name}"));
}
