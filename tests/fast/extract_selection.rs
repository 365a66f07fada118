//! What an extract takes along, what it leaves out and says so, and under which names: secrets by their kind, tables whose
//! names differ in capitals or are the file's own, keys of any kind, and tables in other schemas.

use std::fs;
use std::path::Path;

use crate::harness::{Drydock, Outcome, Size, database, sqlite3};
use tempfile::TempDir;

/// A small legacy system as CSV, with further files and a configuration.
fn home(files: &[(&str, &str)], config: &str) -> TempDir {
    let home = TempDir::new().expect("a folder");
    let legacy = home.path().join("legacy");
    Size { offices: 2, users: 10 }.write(&legacy, "");
    for (name, text) in files {
        fs::write(legacy.join(name), text).expect("a file");
    }
    fs::write(home.path().join("drydock.toml"), config).expect("a configuration");
    home
}

fn extract(home: &Path, arguments: &[&str]) -> Outcome {
    Drydock::new(home)
        .args(["--staging", "s.drydock", "--config", "drydock.toml", "--quiet", "extract"])
        .args(arguments)
        .run()
}

fn asked(home: &Path, sql: &str) -> String {
    sqlite3(&home.join("s.drydock"), sql)
}

#[test]
fn secrets_stay_behind_unless_their_table_is_named() {
    let files = [
        ("django_session.csv", "session_key,session_data,expire_date\nk3y,d4ta,2026-01-01\n"),
        ("authtoken_token.csv", "key,created,user_id\nt0ken,2026-01-01,1001\n"),
        ("accounts_customuser.csv", "id,email,Password,api_key\n1,ann@harbour.example,h4sh,k3y\n"),
        ("dispatch_device.csv", "id,name,token,token_count\n1,scanner,t0ken,3\n"),
    ];
    let all = home(&files, "source.tables = ['*']\n");
    let told = extract(all.path(), &["--csv", "legacy"]).expect(0).stdout;
    for words in [
        "django_session holds secrets and is left out",
        "authtoken_token holds secrets and is left out",
        "left out: Password, api_key",
        "left out: token\n",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
    let bytes = fs::read(all.path().join("s.drydock")).expect("the file");
    for secret in ["k3y", "d4ta", "t0ken", "h4sh"] {
        assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret} was taken");
    }
    assert_eq!(asked(all.path(), "select token_count from legacy_dispatch_device"), "3");

    let named = home(&files, "source.tables = ['django_session', 'accounts_*']\n");
    extract(named.path(), &["--csv", "legacy"]).expect(0);
    assert_eq!(
        asked(named.path(), "select session_key, session_data from legacy_django_session"),
        "k3y|d4ta"
    );
    assert_eq!(asked(named.path(), "select email from legacy_accounts_customuser"), "ann@harbour.example");
}

#[test]
fn names_that_the_file_cannot_tell_apart_get_a_number() {
    let files = [
        ("Notes.csv", "id,t\n1,first\n2,second\n"),
        ("notes.csv", "id,t,u\n5,a,b\n"),
        ("NOTES.csv", "id\n7\n"),
        ("tables.csv", "id,seats\n1,4\n"),
        ("Unreadable.csv", "id,why\n1,ink\n"),
        ("Auth_User.csv", "id,first_name\n1,Nobody\n"),
        // the source has no table of that name in small letters
        ("Dispatch_Course.csv", "id,name\n1,Other\n"),
    ];
    let home = home(
        &files,
        "source.tables = ['Notes', 'notes', 'NOTES', 'tables', 'Unreadable', 'Auth_User', 'Dispatch_Course']\n",
    );
    for times in 0..2 {
        let again: &[&str] =
            if times == 0 { &["--csv", "legacy"] } else { &["--csv", "legacy", "--replace"] };
        extract(home.path(), again).expect(0);
        for (sql, rows) in [
            ("select t from legacy_Notes order by 1", "first\nsecond"),
            ("select t, u from legacy_notes_2", "a|b"),
            ("select id from legacy_NOTES_3", "7"),
            ("select seats from legacy_tables_2", "4"),
            ("select why from legacy_Unreadable_2", "ink"),
            ("select first_name from legacy_Auth_User_2", "Nobody"),
            ("select name from legacy_Dispatch_Course_2", "Other"),
            ("select count(*) from legacy_dispatch_course", "0"),
            ("select count(*) from legacy_auth_user", "10"),
            ("select count(*) from legacy_unreadable", "0"),
            ("select sum(rows) from legacy_tables where table_name like '%notes%'", "4"),
        ] {
            assert_eq!(asked(home.path(), sql), rows, "{sql}");
        }
        extract(home.path(), &["--csv", "legacy", "--check"]).expect(0);
    }
    fs::write(home.path().join("legacy/notes.csv"), "id,t,u\n5,a,c\n").expect("a file");
    let told = extract(home.path(), &["--csv", "legacy", "--check"]).expect(7).stdout;
    assert!(told.contains("notes_2 differs") && told.contains("Notes the same"), "{told}");
}

#[test]
fn further_tables_may_have_keys_of_any_kind() {
    let files = [
        (
            "doc.csv",
            "id,body\n4f9c2a10-1111-4222-8333-444455556666,first\n4f9c2a10-1111-4222-8333-444455556667,second\n",
        ),
        ("code.csv", "id,body\n007,seven\n7,another\n A1,letters\nÉ,accent\n-3,below\n"),
        ("twice.csv", "id,body\nA,one\nA,one\nB,two\nB,three\n"),
        ("view.csv", "owner,body\n1,x\n1,x\n"),
    ];
    let home = home(&files, "source.tables = ['doc', 'code', 'twice', 'view']\n");
    extract(home.path(), &["--csv", "legacy"]).expect(0);
    assert_eq!(
        asked(
            home.path(),
            "select table_name, rows, unreadable from legacy_tables order by position desc limit 4"
        ),
        "view|2|0\ntwice|4|3\ncode|5|0\ndoc|2|0"
    );
    assert_eq!(
        asked(home.path(), "select id, body from legacy_code where legacy_id in (7, -3) order by 1"),
        "-3|below\n7|another"
    );
    assert_eq!(
        asked(home.path(), "select reason, count(*) from legacy_unreadable group by 1"),
        "duplicate_key|2\nduplicate_row|1"
    );
    let places = "select line from places_doc p join legacy_doc d using (legacy_id) order by d.body";
    assert_eq!(asked(home.path(), places), "2\n3");
    extract(home.path(), &["--csv", "legacy", "--check"]).expect(0);
    // the order of rows leaves no trace, and a changed one is one
    let turned =
        "id,body\n4f9c2a10-1111-4222-8333-444455556667,second\n4f9c2a10-1111-4222-8333-444455556666,first\n";
    fs::write(home.path().join("legacy/doc.csv"), turned).expect("a file");
    extract(home.path(), &["--csv", "legacy", "--check"]).expect(0);
    fs::write(home.path().join("legacy/doc.csv"), turned.replace("first", "third")).expect("a file");
    let told = extract(home.path(), &["--csv", "legacy", "--check"]).expect(7).stdout;
    assert!(told.contains("doc differs: 2 rows, now 2") && told.contains("1 changed"), "{told}");
    // a record of the rules is known by its number, and by nothing else
    fs::write(home.path().join("legacy/auth_group.csv"), "id,name\n1,Patient\nA,Doctor\n").expect("a file");
    extract(home.path(), &["--csv", "legacy", "--replace"]).expect(0);
    assert_eq!(
        asked(home.path(), "select reason, line from legacy_unreadable where table_name = 'auth_group'"),
        "key_invalid|3"
    );
}

/// The tables of the rules in a schema, with one patient where that is wanted.
fn schema(name: &str, patients: u32) -> String {
    let patients: String = (1..=patients)
        .map(|id| format!("insert into {name}.dispatch_patient values ({id}, {id}, null, 1);\n"))
        .collect();
    format!(
        "create schema if not exists {name};\n\
         create table {name}.auth_user (id int primary key, first_name text, last_name text, email text, date_joined text);\n\
         create table {name}.auth_group (id int primary key, name text);\n\
         create table {name}.auth_user_groups (id int primary key, user_id int, group_id int);\n\
         create table {name}.dispatch_office (id int primary key, name text, doctor_id int);\n\
         create table {name}.dispatch_office_doctors (id int primary key, office_id int, user_id int);\n\
         create table {name}.dispatch_patient (id int primary key, user_id int, birthdate date, sex int);\n{patients}"
    )
}

#[test]
fn a_schema_for_each_tenant_is_named() {
    let home = home(&[], "");
    let (shared, tenants) = (schema("public", 0), schema("north", 2) + &schema("south", 1));
    // only tenants have the tables
    fs::write(home.path().join("dump.sql"), &tenants).expect("the dump");
    let told = extract(home.path(), &["--dump", "dump.sql"]).expect(4).stderr;
    for words in [
        "lacks table",
        "dispatch_patient",
        "the schema north and in the schema south",
        "pg_dump --schema=north",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
    // the shared schema has them too, and they are empty there
    fs::write(home.path().join("dump.sql"), format!("{shared}{tenants}")).expect("the dump");
    let outcome = extract(home.path(), &["--dump", "dump.sql"]).expect(0);
    assert!(
        outcome.stdout.contains("schema north has a table dispatch_patient with 2 rows"),
        "{}",
        outcome.stdout
    );
    assert!(
        outcome.stderr.contains("dispatch_patient has no row, but the schema north"),
        "{}",
        outcome.stderr
    );
    assert!(!outcome.stderr.contains("auth_user has no row, but"), "{}", outcome.stderr);
    fs::remove_file(home.path().join("s.drydock")).expect("removed");

    let legacy = database();
    let live = |code: i32| {
        let run = Drydock::new(home.path()).legacy(&legacy);
        run.args(["--staging", "s.drydock", "--quiet", "extract"]).run().expect(code)
    };
    legacy.execute(&tenants);
    let told = live(4).stderr;
    assert!(told.contains("the schema north and in the schema south"), "{told}");
    legacy.execute(&shared);
    let outcome = live(0);
    assert!(
        outcome.stdout.contains("schema south has a table dispatch_patient, which is not taken"),
        "{}",
        outcome.stdout
    );
    assert!(
        outcome.stderr.contains("dispatch_patient has no row, but the schema south"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn an_empty_table_is_said_aloud_whatever_it_came_from() {
    let home = home(&[("dispatch_patient.csv", "id,user_id,birthdate,sex\n")], "");
    let told = extract(home.path(), &["--csv", "legacy"]).expect(0).stderr;
    assert!(told.contains("dispatch_patient has no row\nhint: "), "{told}");
}

#[test]
fn rows_of_a_wanted_table_that_only_a_server_knows_leave_the_file_as_it_was() {
    let home = home(&[], "");
    let script = schema("public", 2);
    fs::write(home.path().join("dump.sql"), &script).expect("the dump");
    extract(home.path(), &["--dump", "dump.sql"]).expect(0);
    let before = asked(home.path(), "select count(*) from legacy_dispatch_patient");
    assert_eq!(before, "2");
    fs::write(
        home.path().join("dump.sql"),
        format!("{script}insert into dispatch_patient (id, user_id, birthdate) values (9, 9, now());\n"),
    )
    .expect("the dump");
    let told = extract(home.path(), &["--dump", "dump.sql", "--replace"]).expect(4).stderr;
    assert!(
        told.contains("a row of table dispatch_patient is not written out") && told.contains("\nhint: "),
        "{told}"
    );
    assert_eq!(asked(home.path(), "select count(*) from legacy_dispatch_patient"), before);
}
