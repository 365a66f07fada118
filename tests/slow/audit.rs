//! A sealed copy is what was sealed, or the check says so; a plain file says what it can say of itself.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::harness::{Drydock, Job, Printed, empty_target, sqlite3};
use drydock::audit::{CheckOptions, Checked, check};
use drydock::staging::commitment;
use rusqlite::Connection;
use serde_json::Value;
use tempfile::TempDir;

/// One small migration to its end, with a decision and an approval, and a sealed copy of it.
struct Shelf {
    job: Job,
    /// The head that sealing printed.
    head: String,
}

fn shelf() -> &'static Shelf {
    static SHELF: OnceLock<Shelf> = OnceLock::new();
    SHELF.get_or_init(|| {
        let job = job();
        let sealed = job.drydock(["audit", "seal", "--out", "sealed"]).run().expect(0);
        Shelf { head: head(&sealed), job }
    })
}

pub(super) fn job() -> Job {
    let users = "id,username,first_name,last_name,email,is_superuser,is_staff,is_active,date_joined,last_login\n\
                 1,doctor1,Ada,Tide,ada@harbour.example,f,f,t,2019-03-04 05:06:07+00,\n\
                 2,p2,Bo,Reef,bo@harbour.example,f,f,t,2019-03-04 05:06:07+00,\n\
                 3,p3,Bo,Reef,bo@harbour.example,f,f,t,2019-03-04 05:06:07+00,\n";
    let patients = "id,user_id,doctor_id,office_id,birthdate,sex,status,archived,suspended,updated_at\n\
                    1,2,1,10,1980-01-02,1,1,f,f,2024-01-02 03:04:05+00\n\
                    2,3,1,10,1980-01-02,1,1,f,f,2024-01-02 03:04:05+00\n";
    let tables = [
        ("auth_user", users.to_owned()),
        ("dispatch_patient", patients.to_owned()),
        ("dispatch_office", "id,doctor_id,name,country,tax_rate\n10,1,Harbour,USA,8.25\n".to_owned()),
        ("dispatch_office_doctors", "id,office_id,user_id\n1,10,1\n".to_owned()),
        ("auth_group", "id,name\n1,Patient\n2,Doctor\n".to_owned()),
        ("auth_user_groups", "id,user_id,group_id\n1,1,2\n2,2,1\n3,3,1\n".to_owned()),
    ];
    let job = Job::of_tables(&tables, empty_target());
    job.up_to("transform");
    // whatever the question is, the first one that is open is answered
    let exported = job.drydock(["review", "export", "--json", "--quiet"]).run().expect(0);
    let questions: Value = serde_json::from_str(&exported.stdout).expect("questions");
    let id = questions["items"][0]["item"].as_str().expect("a question").to_owned();
    fs::write(
        job.path("decisions.csv"),
        format!("item,action,value,reason\n{id},escalate,,not mine to say\n"),
    )
    .expect("decisions");
    job.drydock(["review", "import", "decisions.csv", "--by", "Cy"]).run().expect(0);
    job.up_to_again();
    job.drydock(["gate", "approve", "1", "--by", "Cy"]).run().expect_one_of(&[0, 3]);
    job
}

impl Job {
    fn up_to_again(&self) {
        self.steps("transform", "verify");
    }
}

/// The head that a command printed last.
#[track_caller]
pub(super) fn head(outcome: &Printed) -> String {
    let line = outcome.stderr.lines().rev().find(|line| line.starts_with("journal: "));
    line.and_then(|line| line.rsplit(' ').next()).expect("a head").to_owned()
}

/// A copy of the sealed folder.
fn parcel() -> TempDir {
    let copy = TempDir::new().expect("a folder");
    for name in ["staging.drydock", "manifest.json"] {
        fs::copy(shelf().job.path("sealed").join(name), copy.path().join(name)).expect("a copy");
    }
    copy
}

/// A copy of one file, under a name that no manifest speaks of.
fn copy_of(file: &Path) -> (TempDir, PathBuf) {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("copy.drydock");
    fs::copy(file, &path).expect("a copy");
    (folder, path)
}

fn checked(path: &Path) -> Checked {
    check(path, &CheckOptions::default()).unwrap_or_else(|error| panic!("{error}"))
}

/// Whether the check, in this process, finds anything; a file that cannot even be opened counts.
fn is_found(path: &Path) -> bool {
    check(path, &CheckOptions::default()).map_or(true, |checked| !checked.integrity)
}

/// The parts that found something.
fn found(checked: &Checked) -> Vec<&'static str> {
    checked.parts.iter().filter(|part| !part.found.is_empty()).map(|part| part.name).collect()
}

#[test]
fn a_sealed_copy_holds_and_says_what_it_is() {
    let shelf = shelf();
    let sealed = shelf.job.path("sealed");
    let checked = checked(&sealed);
    assert!(checked.holds(), "{:?}", found(&checked));
    assert_eq!(checked.what, "sealed");
    let run = |arguments: &[&str]| shelf.job.drydock(arguments).run();
    let page = run(&["audit", "check", "sealed", "--expect-head", &shelf.head]).expect(0).stdout;
    assert!(page.contains("integrity     holds") && page.contains("completeness  holds"), "{page}");
    let json: Value =
        serde_json::from_str(&run(&["audit", "check", "sealed", "--json"]).expect(0).stdout).expect("JSON");
    assert_eq!((&json["integrity"], &json["completeness"]), (&true.into(), &true.into()));
    assert_eq!(json["journal"]["head"], shelf.head.as_str());

    let manifest: Value = serde_json::from_slice(&fs::read(sealed.join("manifest.json")).unwrap()).unwrap();
    assert_eq!(manifest["journal"]["head"], shelf.head.as_str());
    assert_eq!(
        manifest["configuration_sha256"],
        sqlite3(
            &sealed.join("staging.drydock"),
            "select value from facts where name = 'configuration_sha256'"
        )
        .as_str()
    );
    let sum = Command::new("sha256sum").arg(sealed.join("staging.drydock")).output().unwrap().stdout;
    assert!(String::from_utf8(sum).unwrap().starts_with(manifest["file"]["sha256"].as_str().unwrap()));
    for table in manifest["tables"].as_array().unwrap() {
        let rows =
            sqlite3(&sealed.join("staging.drydock"), &format!("select count(*) from {}", table["table"]));
        assert_eq!(rows, table["rows"].to_string(), "{table}");
    }
    // no free page, no side file, nobody else's to read
    assert_eq!(
        sqlite3(&sealed.join("staging.drydock"), "pragma freelist_count; pragma journal_mode"),
        "0\ndelete"
    );
    let names: Vec<_> = fs::read_dir(&sealed).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(
        (mode(&sealed), mode(&sealed.join("staging.drydock")), mode(&sealed.join("manifest.json"))),
        (0o700, 0o600, 0o600)
    );
    // nothing is written to it, and looking changes no byte
    let refused = run(&["transform", "--staging", "sealed/staging.drydock"]).expect(3);
    assert!(refused.stderr.contains("sealed copy"), "{}", refused.stderr);
    for verb in ["status", "errors", "gate"] {
        run(&[verb, "--staging", "sealed/staging.drydock"]).expect(0);
    }
    run(&["explain", "profile", "1", "--staging", "sealed/staging.drydock"]).expect(0);
    assert!(self::checked(&sealed).holds());
    // nothing is overwritten
    run(&["audit", "seal", "--out", "sealed"]).expect(3);
}

#[test]
fn every_flipped_byte_is_found() {
    const SAMPLE: usize = 2000;
    const THREADS: usize = 2;
    let bytes = fs::read(shelf().job.path("sealed/staging.drydock")).unwrap();
    let next = AtomicUsize::new(0);
    let missed: Vec<usize> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..THREADS)
            .map(|_| {
                scope.spawn(|| {
                    let parcel = parcel();
                    let file = parcel.path().join("staging.drydock");
                    let mut missed = Vec::new();
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        if number >= SAMPLE {
                            return missed;
                        }
                        // the header whole, then places all over the file
                        let at = if number < 100 { number } else { (number * 7919 * 131) % bytes.len() };
                        flip(&file, at, bytes[at] ^ (1 << (number % 8)));
                        if !is_found(parcel.path()) {
                            missed.push(at);
                        }
                        flip(&file, at, bytes[at]);
                    }
                })
            })
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    assert!(missed.is_empty(), "{missed:?}");
}

fn flip(file: &Path, at: usize, byte: u8) {
    use std::os::unix::fs::FileExt;
    let file = fs::OpenOptions::new().write(true).open(file).unwrap();
    file.write_all_at(&[byte], at as u64).unwrap();
}

#[test]
fn the_binary_finds_flipped_bytes_of_every_file() {
    for name in ["staging.drydock", "manifest.json"] {
        let length = fs::metadata(shelf().job.path("sealed").join(name)).unwrap().len();
        let length = usize::try_from(length).unwrap();
        for at in [0, 20, length / 3, length / 2, length - 2] {
            let parcel = parcel();
            let file = parcel.path().join(name);
            let mut bytes = fs::read(&file).unwrap();
            bytes[at] ^= 4;
            fs::write(&file, bytes).unwrap();
            let outcome = Drydock::new(parcel.path()).args(["audit", "check", "."]).run().expect(7);
            assert!(outcome.stdout.contains("integrity     BROKEN"), "{name} {at}: {}", outcome.stdout);
        }
    }
    // cut short, and lengthened
    for change in ["truncate -s -16384", "truncate -s +16384"] {
        let parcel = parcel();
        let status = Command::new("sh")
            .current_dir(parcel.path())
            .args(["-c", &format!("{change} staging.drydock")])
            .status();
        assert!(status.unwrap().success());
        Drydock::new(parcel.path()).args(["audit", "check", "."]).run().expect(7);
    }
}

/// Every table of a file that has rows.
fn tables(file: &Path) -> Vec<String> {
    let names =
        sqlite3(file, "select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'");
    names.lines().map(str::to_owned).collect()
}

#[test]
fn an_edited_row_of_any_table_is_found_without_the_manifest() {
    let sealed = shelf().job.path("sealed/staging.drydock");
    let mut edited = 0;
    for table in tables(&sealed) {
        let (folder, path) = copy_of(&sealed);
        let file = Connection::open(&path).unwrap();
        file.execute_batch("drop trigger journal_is_not_updated; drop trigger journal_is_not_deleted")
            .unwrap();
        let key: String = file
            .query_row("select name from pragma_table_info(?) order by pk = 0, pk limit 1", [&table], |row| {
                row.get(0)
            })
            .unwrap();
        let removed = file
            .execute(
                &format!(
                    "delete from \"{table}\" where \"{key}\" = (select \"{key}\" from \"{table}\" limit 1)"
                ),
                [],
            )
            .unwrap();
        drop(file);
        if removed == 0 {
            continue;
        }
        edited += 1;
        let checked = checked(&path);
        assert!(!checked.integrity, "{table}");
        // not for the triggers alone
        let names = found(&checked);
        assert!(names.iter().any(|name| *name != "schema"), "{table}: {names:?}");
        drop(folder);
    }
    assert!(edited > 20, "{edited}");
}

#[test]
fn an_edit_that_a_manifest_was_made_anew_for_is_found_by_the_seal_and_by_the_signature() {
    let job = &shelf().job;
    let key = keys(job.path("").as_path());
    job.drydock(["audit", "seal", "--out", "signed", "--sign", "key.pem"]).run().expect(0);
    let check = |arguments: &[&str]| job.drydock([&["audit", "check", "signed"], arguments].concat()).run();
    check(&["--public-key", &key]).expect(0);
    let verified = Command::new("openssl")
        .current_dir(job.path("signed"))
        .args([
            "pkeyutl",
            "-verify",
            "-pubin",
            "-inkey",
            "../key.pub",
            "-rawin",
            "-in",
            "manifest.json",
            "-sigfile",
            "manifest.json.sig",
        ])
        .output()
        .unwrap();
    assert!(verified.status.success(), "{verified:?}");

    // everything is made anew but the signature
    let manifest = job.path("signed/manifest.json");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text.replace("\"redacted\": null", "\"redacted\":  null")).unwrap();
    let outcome = check(&[]).expect(7);
    assert!(outcome.stdout.contains("WRONG  signature"), "{}", outcome.stdout);
    // signed again, by somebody else
    fs::write(&manifest, &text).unwrap();
    check(&["--public-key", &key]).expect(0);
    let stranger = TempDir::new().unwrap();
    keys(stranger.path());
    check(&["--public-key", stranger.path().join("key.pub").to_str().unwrap()]).expect(7);
    fs::remove_file(job.path("signed/manifest.json.sig")).unwrap();
    check(&[]).expect(7);
    // and a manifest that never was signed does not pass for one that is
    job.drydock(["audit", "check", "sealed", "--public-key", &key]).run().expect(7);
}

/// An Ed25519 key pair in a folder; the path of the public one.
pub(super) fn keys(folder: &Path) -> String {
    for arguments in [
        &["genpkey", "-algorithm", "ed25519", "-out", "key.pem"][..],
        &["pkey", "-in", "key.pem", "-pubout", "-out", "key.pub"],
    ] {
        let made = Command::new("openssl").current_dir(folder).args(arguments).output();
        assert!(made.expect("openssl, of the Debian package openssl").status.success());
    }
    folder.join("key.pub").to_str().unwrap().to_owned()
}

#[test]
fn an_encrypted_copy_opens_for_its_recipients_alone() {
    use age::secrecy::ExposeSecret;
    let job = &shelf().job;
    let (one, other) = (age::x25519::Identity::generate(), age::x25519::Identity::generate());
    for (name, identity) in [("one.key", &one), ("other.key", &other)] {
        fs::write(job.path(name), format!("# made by a test\n{}\n", identity.to_string().expose_secret()))
            .unwrap();
    }
    let recipient = one.to_public().to_string();
    job.drydock(["audit", "seal", "--out", "encrypted", "--recipient", &recipient]).run().expect(0);
    let folder = job.path("encrypted");
    assert!(!folder.join("staging.drydock").exists());
    let bytes = fs::read(folder.join("staging.drydock.age")).unwrap();
    assert!(bytes.starts_with(b"age-encryption.org/v1"));
    let check =
        |arguments: &[&str]| job.drydock([&["audit", "check", "encrypted"], arguments].concat()).run();
    check(&["--identity", "one.key"]).expect(0);
    let page = check(&[]).expect(3).stdout;
    assert!(page.contains("completeness  not looked at"), "{page}");
    check(&["--identity", "other.key"]).expect(3);
    // nothing of it is left beside the folder
    let left: Vec<_> = fs::read_dir(job.path("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().contains("drydock-check")), "{left:?}");
    let mut bytes = bytes;
    let at = bytes.len() / 2;
    bytes[at] ^= 1;
    fs::write(folder.join("staging.drydock.age"), bytes).unwrap();
    check(&[]).expect(7);
    check(&["--identity", "one.key"]).expect(7);
    job.drydock(["audit", "seal", "--out", "other", "--recipient", "age1nobody"]).run().expect(3);
}

/// A plain file with one statement run on it.
fn changed(sql: &str) -> (TempDir, PathBuf) {
    let (folder, path) = copy_of(&shelf().job.file());
    let file = Connection::open(&path).unwrap();
    file.execute_batch(sql).unwrap_or_else(|cause| panic!("{sql}: {cause}"));
    (folder, path)
}

#[test]
fn a_plain_file_says_what_it_can_of_itself() {
    let (_folder, plain) = copy_of(&shelf().job.file());
    let plain = checked(&plain);
    assert!(plain.holds(), "{:?}", found(&plain));
    assert!(!plain.unchecked.is_empty());
    for (sql, part) in [
        ("update legacy_auth_user set last_name = 'Other' where legacy_id = 1", "snapshot"),
        ("delete from legacy_auth_user where legacy_id = 1", "snapshot"),
        ("update legacy_tables set digest = 'a' where table_name = 'auth_user'", "snapshot"),
        ("update ready_patients set last_name = 'Other' where legacy_id = 1", "receipts"),
        ("update receipts set digest = 'a' where entity = 'patients'", "journalled_rows"),
        ("delete from receipts where entity = 'patients'", "journalled_rows"),
        ("update decisions set reason = 'because'", "journalled_rows"),
        ("update decisions set decided_by = 'Di'", "journalled_rows"),
        ("delete from decisions", "journalled_rows"),
        (
            "insert into gate_approvals (gate, approved_by, approved_at, subject) values (5, 'Di', '2026-01-01T00:00:00Z', 'x')",
            "journalled_rows",
        ),
        ("update runs set verb = 'status' where run_id = 1", "commands"),
        ("update runs set exit_code = 7 where run_id = 1", "commands"),
        ("delete from runs where run_id = 1", "commands"),
        ("update facts set value = replace(value, '95', '90') where name = 'configuration'", "configuration"),
        ("update records set fate = 'rejected' where entity = 'patients' and legacy_id = 1", "one_fate_each"),
        ("delete from records where entity = 'patients' and legacy_id = 1", "one_fate_each"),
        ("delete from ready_patients where legacy_id = 1", "one_fate_each"),
        (
            "drop view v_unaccounted; create view v_unaccounted as select '' as entity, 0 as legacy_id, '' as problem where 0",
            "schema",
        ),
        ("create trigger quiet after insert on records begin select 1; end", "schema"),
    ] {
        let (_folder, path) = changed(sql);
        let checked = checked(&path);
        let found = found(&checked);
        assert!(found.contains(&part), "{sql}: {found:?}");
        let outcome = Drydock::new(path.parent().unwrap()).args(["audit", "check", "copy.drydock"]).run();
        assert_eq!(outcome.code, Some(7), "{sql}");
    }
}

#[test]
fn the_two_verdicts_are_two() {
    let (_folder, path) = changed(
        "delete from legacy_unreadable; delete from records where entity = 'practices'; delete from ready_practices",
    );
    let checked = checked(&path);
    assert_eq!(checked.completeness, Some(false));
    // decided by nobody yet
    let job = Job::of_tables(&[], empty_target());
    job.up_to("extract");
    let fresh = check(&job.file(), &CheckOptions::default()).unwrap();
    assert!(fresh.integrity, "{:?}", found(&fresh));
    assert_eq!(fresh.completeness, Some(false));
    job.drydock(["audit", "check"]).run().expect(7);
    // not a staging file at all
    fs::write(job.path("other"), "nothing").unwrap();
    job.drydock(["audit", "check", "other"]).run().expect(8);
    job.drydock(["audit", "check", "nowhere"]).run().expect(3);
}

const TRIGGERS: &str =
    "drop trigger journal_is_not_updated; drop trigger journal_is_not_deleted; drop trigger journal_goes_on;";

#[test]
fn the_journal_is_only_added_to() {
    for sql in [
        "update journal set at = 'x' where sequence = 2",
        "delete from journal where sequence = 2",
        "delete from journal where sequence = (select max(sequence) from journal)",
        "insert or replace into journal select * from journal where sequence = 2",
        "insert into journal select max(sequence) + 2, at, kind, run_id, content, previous_hash, hash from journal",
        "insert into journal select max(sequence) + 1, at, kind, run_id, content, 'x', hash from journal",
    ] {
        let (_folder, path) = copy_of(&shelf().job.file());
        let output = Command::new("sqlite3").arg(&path).arg(sql).output().unwrap();
        assert!(!output.status.success(), "{sql}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("journal"), "{output:?}");
        assert!(checked(&path).holds(), "{sql}");
    }
    for (sql, entry) in [
        ("delete from journal where sequence = 3", 3),
        (
            "update journal set sequence = -1 where sequence = 3; update journal set sequence = 3 where sequence = 4; update journal set sequence = 4 where sequence = -1",
            3,
        ),
        ("update journal set content = replace(content, 'extract', 'survey') where sequence = 1", 1),
        ("update journal set at = '2020-01-01T00:00:00Z' where sequence = 2", 2),
        ("delete from journal where sequence = 1", 1),
    ] {
        let (_folder, path) = changed(&format!("pragma ignore_check_constraints = on; {TRIGGERS} {sql}"));
        let checked = checked(&path);
        let chain = checked.parts.iter().find(|part| part.name == "chain").unwrap();
        assert!(
            chain.found.first().is_some_and(|line| line.contains(&format!("entry {entry} "))),
            "{sql}: {:?}",
            chain.found
        );
    }
}

#[test]
fn a_cut_tail_shows_against_a_head_that_was_kept() {
    let job = job();
    let kept = head(&job.drydock(["status"]).run().expect(0));
    let file = job.file();
    let expect = |head: &str| {
        check(&file, &CheckOptions { expect_head: Some(head.to_owned()), ..CheckOptions::default() }).unwrap()
    };
    assert!(expect(&kept).holds());
    // later entries are no contradiction
    job.drydock(["explain", "profile", "1"]).run().expect(0);
    let newer = head(&job.drydock(["status"]).run().expect(0));
    assert!(newer != kept && expect(&kept).holds() && expect(&newer).holds());
    assert!(expect(&kept).unchecked.iter().any(|line| line.contains("1 entries more")));
    // the last look cut off: only the newer head tells
    let connection = Connection::open(&file).unwrap();
    let triggers: Vec<String> = connection
        .prepare("select sql from sqlite_schema where type = 'trigger'")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    connection
        .execute_batch(&format!(
            "{TRIGGERS} delete from journal where sequence = (select max(sequence) from journal); {}",
            triggers.join(";")
        ))
        .unwrap();
    drop(connection);
    assert!(checked(&file).integrity, "{:?}", found(&checked(&file)));
    assert!(expect(&kept).integrity && !expect(&newer).integrity);
    job.drydock(["audit", "check", "--expect-head", &newer]).run().expect(7);
    job.drydock(["audit", "check", "--expect-head", "12"]).run().expect(2);
    // a command that wrote rows cannot be cut off even so: its rows stay, and no entry speaks of them
    let (_folder, path) = changed(&format!(
        "{TRIGGERS} delete from journal where run_id >= (select max(run_id) from runs where verb = 'verify'); \
         delete from runs where run_id >= (select max(run_id) from runs where verb = 'verify'); {}",
        triggers.join(";")
    ));
    assert!(found(&checked(&path)).contains(&"digests"), "{:?}", found(&checked(&path)));
}

#[test]
fn every_command_is_noted_and_says_where_the_journal_ends() {
    let job = job();
    let entries = || job.staged("select count(*) from journal").parse::<u64>().unwrap();
    for verb in ["extract", "survey", "transform", "load", "verify"] {
        let outcome = job
            .verb(verb)
            .args(["--json", "--verbose"])
            .args(if verb == "extract" { &["--replace"][..] } else { &[] })
            .run()
            .expect(0);
        let _: Value = serde_json::from_str(&outcome.stdout).expect("nothing but JSON");
        assert_eq!(
            head(&outcome),
            job.staged("select hash from journal order by sequence desc limit 1"),
            "{verb}"
        );
        assert!(outcome.stderr.contains(&format!("journal: {} entries", entries())), "{}", outcome.stderr);
        let said = job.staged("select verb || ' ' || outcome from v_commands order by run_id desc limit 1");
        assert_eq!(said, format!("{verb} done"));
    }
    // one that fails is noted too
    let failed = job.drydock(["rollback", "--run", "99"]).run();
    assert_ne!(failed.code, Some(0));
    assert_eq!(
        job.staged("select verb || ' ' || outcome from v_commands order by run_id desc limit 1"),
        "rollback failed"
    );
    // who looks at values is noted, who looks at figures is not
    let before = entries();
    job.drydock(["status"]).run().expect(0);
    assert_eq!(entries(), before);
    job.drydock(["review", "export", "--full"]).run().expect(0);
    assert_eq!(
        job.staged(
            "select kind || json_extract(content, '$.verb') from journal order by sequence desc limit 1"
        ),
        "lookedreview export"
    );
    job.drydock(["explain", "profile", "1"]).run().expect(0);
    // of which record is for those to say who have the file
    let key = job.staged("select value from facts where name = 'journal_key'");
    let record = commitment(&key, &serde_json::json!({ "entity": "profiles", "legacy_id": 1 }));
    assert_eq!(
        job.staged("select json_extract(content, '$.subject') from journal order by sequence desc limit 1"),
        format!(r#"{{"entity":"profiles","record":"{record}"}}"#)
    );
    assert!(checked(&job.file()).holds(), "{:?}", found(&checked(&job.file())));
}

#[test]
fn what_was_killed_is_a_fact_and_leaves_nothing_half_made() {
    let job = job();
    for place in ["sealed_copy", "sealed_digests", "sealed_manifest"] {
        let killed = job
            .drydock(["audit", "seal", "--out", "out"])
            .env("DRYDOCK_FAILPOINT", format!("{place}:1"))
            .run();
        assert_eq!(killed.code, None, "{place}");
        assert!(!job.path("out").exists(), "{place}");
    }
    let checked = checked(&job.file());
    assert!(checked.holds(), "{:?}", found(&checked));
    assert_eq!(checked.unfinished.len(), 3, "{:?}", checked.unfinished);
    assert_eq!(job.staged("select count(*) from v_commands where outcome = 'never finished'"), "3");
    job.drydock(["audit", "seal", "--out", "out"]).run().expect(0);
    assert!(!job.path("out.unfinished").exists());
    assert!(self::checked(&job.path("out")).holds());
}

#[test]
fn a_shredded_file_is_gone_and_the_promise_is_modest() {
    let job = Job::of_tables(&[], empty_target());
    job.up_to("extract");
    fs::hard_link(job.file(), job.path("link")).unwrap();
    std::os::unix::fs::symlink(job.file(), job.path("symlink")).unwrap();
    fs::write(job.path("notes.txt"), "somebody's").unwrap();
    job.drydock(["shred", "notes.txt"]).run().expect(3);
    job.drydock(["shred", "symlink"]).run().expect(3);
    assert!(job.path("notes.txt").exists() && job.file().exists());
    let outcome = job.drydock(["shred", "staging.drydock"]).run().expect(0);
    assert!(!job.file().exists());
    assert!(
        outcome.stdout.contains("no copy is touched") && outcome.stdout.contains("1 other names"),
        "{}",
        outcome.stdout
    );
    assert_eq!(fs::metadata(job.path("link")).unwrap().len(), 0);
    job.drydock(["shred", "--any-file", "notes.txt", "--json"]).run().expect(0);
    assert!(!job.path("notes.txt").exists());
    let left: Vec<_> = fs::read_dir(job.path("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 4, "{left:?}");
}

#[test]
fn places_that_are_not_ones_own_are_said_or_refused() {
    let job = Job::of_tables(&[], empty_target());
    let outcome = job.verb("extract").run().expect(0);
    assert!(outcome.stderr.contains("temporary and shared place"), "{}", outcome.stderr);
    assert_eq!(fs::metadata(job.file()).unwrap().permissions().mode() & 0o777, 0o600);
    fs::set_permissions(job.file(), fs::Permissions::from_mode(0o644)).unwrap();
    let outcome = job.verb("survey").run().expect(0);
    assert!(outcome.stderr.contains("chmod 600"), "{}", outcome.stderr);
    fs::create_dir(job.path("open")).unwrap();
    fs::set_permissions(job.path("open"), fs::Permissions::from_mode(0o777)).unwrap();
    let refused = job.verb("extract").args(["--staging", "open/staging.drydock"]).run().expect(3);
    assert!(refused.stderr.contains("anybody may write"), "{}", refused.stderr);
}

#[test]
fn deleted_values_do_not_stay_in_the_file() {
    let job = job();
    let bytes = |job: &Job| fs::read(job.file()).unwrap();
    let has = |bytes: &[u8]| bytes.windows(4).any(|window| window == b"Tide");
    assert!(has(&bytes(&job)));
    job.write_table(
        "auth_user",
        "id,first_name,last_name,email,date_joined\n7,Di,Wave,,2019-03-04 05:06:07+00\n",
    );
    job.write_table("dispatch_patient", "id,user_id,birthdate,sex\n");
    job.write_table("dispatch_office", "id,name,doctor_id\n");
    job.verb("extract").args(["--replace", "--same-source", "--fewer-columns"]).run().expect(0);
    job.verb("transform").run().expect_one_of(&[0, 6]);
    assert_eq!(job.staged("select count(*) from legacy_auth_user where last_name = 'Tide'"), "0");
    assert!(!has(&bytes(&job)), "a page still holds a value that was deleted");
}
