//! A staging file that comes from somebody else: its schema is not asked, its texts steer nothing, and its pages run nothing.

use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crate::harness::{Drydock, Job, Outcome, empty_target};
use rusqlite::Connection;
use tempfile::TempDir;

fn job() -> &'static Job {
    static JOB: OnceLock<Job> = OnceLock::new();
    JOB.get_or_init(|| {
        let users = "id,first_name,last_name,email,date_joined\n\
                     1,Ada,Tide,ada@harbour.example,2019-03-04 05:06:07+00\n\
                     2,Bo,Reef,bo@harbour.example,2019-03-04 05:06:07+00\n";
        let patients = "id,user_id,doctor_id,office_id,birthdate,sex\n1,2,1,10,1980-01-02,1\n";
        let job = Job::of_tables(
            &[
                ("auth_user", users.to_owned()),
                ("dispatch_patient", patients.to_owned()),
                ("dispatch_office", "id,doctor_id,name\n10,1,Harbour\n".to_owned()),
            ],
            empty_target(),
        );
        job.up_to("transform");
        job
    })
}

/// The file, changed by somebody.
struct Changed {
    folder: TempDir,
}

impl Changed {
    fn by(sql: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("copy.drydock");
        fs::copy(job().file(), &file).unwrap();
        let connection = Connection::open(&file).unwrap();
        connection
            .execute_batch(&format!(
                "pragma ignore_check_constraints = on; pragma foreign_keys = off; pragma writable_schema = on; {sql}"
            ))
            .unwrap_or_else(|cause| panic!("{sql}: {cause}"));
        Self { folder }
    }

    fn run(&self, arguments: &[&str]) -> Outcome {
        Drydock::new(self.folder.path()).env("DRYDOCK_STAGING", "copy.drydock").args(arguments).run()
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("copy.drydock")
    }
}

const ENDLESS: &str =
    "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n";

#[test]
fn what_this_program_does_not_make_is_a_finding_and_nothing_of_it_is_asked() {
    let replaced = |view: &str, body: &str| format!("drop view {view}; create view {view} as {body}");
    let cases: Vec<(&str, String, bool)> = vec![
        ("a view that never ends", replaced("v_unaccounted", &format!("select '' as entity, 0 as legacy_id, ({ENDLESS}) as problem")), true),
        ("a view that eats memory", replaced("v_accounting", "with recursive n(t) as (select zeroblob(1000000) union all select t || t from n) \
          select max(length(t)) as entity, 0 as extracted, 0 as ready, 0 as merged, 0 as rejected, 0 as quarantined, 0 as loaded, 0 as failed, 0 as created from n"), true),
        ("a view that is what it was, but for a number", "update sqlite_schema set sql = replace(sql, 'extracted', 'extracted ') where name = 'v_accounting'".into(), true),
        ("a view in a table's place", format!("drop table changes; create view changes as select ({ENDLESS}) as entity"), true),
        ("a trigger", "create trigger quiet after insert on runs begin select 1; end".into(), true),
        ("a table that nobody handed over", "create table \"legacy_more\" (legacy_id integer primary key, \"a\" text); insert into legacy_more values (1, 'x')".into(), false),
        ("a virtual table", "create virtual table legacy_more using fts5(a)".into(), false),
        ("a computed column", "drop table legacy_auth_group; create table \"legacy_auth_group\" (legacy_id integer primary key, \"name\" text as (printf('%.*c', 1000, legacy_id)))".into(), true),
        ("a condition that computes", "drop table legacy_auth_group; create table \"legacy_auth_group\" (legacy_id integer primary key, \"name\" text check (length(name) < 9))".into(), true),
        ("a name of SQLite's own", "create table aside (a); update sqlite_schema set name = 'sqlite_aside', tbl_name = 'sqlite_aside', \
          sql = 'CREATE TABLE sqlite_aside (a)' where name = 'aside'".into(), false),
        ("two tables in the same pages", "update sqlite_schema set rootpage = (select rootpage from sqlite_schema where name = 'records') where name = 'loads'".into(), true),
        ("another index", "create index more on records (fate)".into(), false),
        ("an index that computes", "create index more on records (length(fate))".into(), false),
    ];
    for (kind, sql, is_harmful) in cases {
        let changed = Changed::by(&sql);
        let begun = Instant::now();
        let outcome = changed.run(&["audit", "check"]);
        assert!(begun.elapsed() < Duration::from_secs(20), "{kind}: {:?}", begun.elapsed());
        assert!(matches!(outcome.code, Some(7 | 8)), "{kind}: {}{}", outcome.stdout, outcome.stderr);
        if outcome.code == Some(7) {
            assert!(outcome.stdout.contains("WRONG  schema"), "{kind}: {}", outcome.stdout);
        }
        // no other verb runs it either
        for verb in [&["status"][..], &["errors"], &["review", "export"], &["transform"]] {
            let outcome = changed.run(verb);
            assert!(begun.elapsed() < Duration::from_secs(40), "{kind}: {verb:?}");
            if is_harmful {
                assert_eq!(outcome.code, Some(8), "{kind}: {verb:?}: {}", outcome.stderr);
            }
        }
    }
}

#[test]
fn texts_of_a_file_steer_no_terminal() {
    let steering = "\u{1b}[2Jintegrity     holds\u{9b}31m\u{202e}";
    let changed = Changed::by(&format!(
        "create view \"v{steering}\nintegrity     holds\" as select 1; update migration_errors set error_message = '{steering}'; \
         update legacy_dispatch_patient set doctor_id = '{steering}'; \
         update associations set evidence = '{steering}'"
    ));
    let raw = |text: &str| {
        text.chars()
            .find(|letter| letter.is_control() && !matches!(letter, '\n' | '\t') || *letter == '\u{202e}')
    };
    for arguments in [
        &["audit", "check"][..],
        &["audit", "check", "--json"],
        &["status"],
        &["status", "--json"],
        &["errors", "--json"],
        &["explain", "patient", "1"],
        &["explain", "patient", "1", "--json"],
        &["audit", "seal", "--out", "sealed"],
        &["transform"],
        &["audit", "check", steering],
    ] {
        let outcome = changed.run(arguments);
        let is_json = arguments.contains(&"--json");
        for text in [&outcome.stdout, &outcome.stderr] {
            // a right-to-left mark in JSON is data; nobody reads it as a line of ours
            let found = raw(text).filter(|letter| !(is_json && *letter == '\u{202e}'));
            assert_eq!(found, None, "{arguments:?}: {text:?}");
        }
        // and what is called like a line of ours is none
        assert!(
            !outcome.stdout.lines().any(|line| line == "integrity     holds")
                || arguments != ["audit", "check"]
        );
    }
}

#[test]
fn a_report_runs_nothing_and_a_spreadsheet_computes_nothing() {
    let script = "\"><script>alert(1)</script><img src=x onerror=alert(2)>";
    let changed = Changed::by(&format!(
        "update associations set confidence_level = '{script}', association_method = '{script}'; \
         update migration_errors set severity = '{script}', error_category = '{script}', field = '=cmd()', error_code = '+1'; \
         update facts set value = '{script} [x](javascript:alert(3)) `a`' where name = 'source_identity'"
    ));
    changed.run(&["report", "--out", "report.html"]).expect_one_of(&[0, 6]);
    let page = fs::read_to_string(changed.folder.path().join("report.html")).unwrap();
    assert!(page.contains("Content-Security-Policy") && page.contains("default-src 'none'"));
    assert!(!page.contains("<script") && !page.contains("<img"), "{page}");
    changed.run(&["report", "--out", "report.md", "--format", "md"]).expect_one_of(&[0, 6]);
    let page = fs::read_to_string(changed.folder.path().join("report.md")).unwrap();
    assert!(!page.contains("<script") && !page.contains("[x](") && !page.contains("<img"), "{page}");
    let list = changed.run(&["errors", "--csv"]).expect(0).stdout;
    let cells = || list.lines().skip(1).flat_map(|line| line.split(','));
    assert!(cells().any(|cell| cell == "'=cmd()") && cells().any(|cell| cell == "'+1"), "{list}");
    assert!(!cells().any(|cell| cell.starts_with(['=', '+', '@'])), "{list}");
    let list = changed.run(&["review", "export"]).expect(0).stdout;
    assert!(
        !list.lines().skip(1).flat_map(|line| line.split(',')).any(|cell| cell.starts_with(['=', '+', '@']))
    );
}

#[test]
fn a_process_that_is_killed_writes_no_core_dump_and_leaves_no_decrypted_copy() {
    use age::secrecy::ExposeSecret;
    let changed = Changed::by("select 1");
    let identity = age::x25519::Identity::generate();
    let key = changed.folder.path().join("one.key");
    fs::write(&key, format!("{}\n", identity.to_string().expose_secret())).unwrap();
    changed
        .run(&["audit", "seal", "--out", "sealed", "--recipient", &identity.to_public().to_string()])
        .expect(0);
    changed.run(&["audit", "check", "sealed", "--identity", "one.key"]).expect(0);
    let killed = Drydock::new(changed.folder.path())
        .env("DRYDOCK_FAILPOINT", "decrypted_copy:1")
        .env("TMPDIR", changed.folder.path())
        .args(["audit", "check", "sealed", "--identity", "one.key"])
        .run();
    assert_eq!(killed.code, None);
    let mut files = Vec::new();
    let mut folders = vec![changed.folder.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    let plain = files.iter().filter(|path| fs::read(path).unwrap().windows(4).any(|part| part == b"Tide"));
    let plain: Vec<_> = plain.collect();
    assert_eq!(plain, [&changed.file()], "{files:?}");

    let mut child = Drydock::new(changed.folder.path())
        .env("DRYDOCK_STAGING", "copy.drydock")
        .args(["status", "--watch"])
        .spawn();
    let limits = || fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
    let is_off = || {
        limits()
            .lines()
            .any(|line| line.starts_with("Max core file size") && line.split_whitespace().nth(4) == Some("0"))
    };
    let begun = Instant::now();
    while !is_off() && begun.elapsed() < Duration::from_secs(10) {
        std::thread::sleep(Duration::from_millis(20));
    }
    let seen = (is_off(), limits());
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(seen.0, "{}", seen.1);
}

#[test]
fn sealing_says_before_what_the_check_will_find() {
    let changed = Changed::by("delete from facts where name = 'transform_completed_at'");
    let sealed = changed.run(&["audit", "seal", "--out", "sealed", "--quiet"]).expect(0);
    assert!(sealed.stderr.contains("decisions wait for a transform"), "{}", sealed.stderr);
    assert!(changed.run(&["audit", "check", "sealed"]).expect(7).stdout.contains("completeness  BROKEN"));
    let changed = Changed::by("select 1");
    let sealed = changed.run(&["audit", "seal", "--out", "sealed"]).expect(0);
    assert!(!sealed.stderr.contains("wait for a transform"), "{}", sealed.stderr);
}
