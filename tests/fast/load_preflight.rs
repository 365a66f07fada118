//! What is in the way of a load is said before the first write, all at once and in plain words; nothing is harmed.

use std::fs;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::harness::{Drydock, Job, Size, free_port, tables};
use drydock::demo::cluster::{Cluster, Settings};
use tempfile::TempDir;

const SMALL: Size = Size { offices: 3, users: 60 };

impl Job {
    /// Loads and expects exit code 5, each of the words, and an untouched target.
    #[track_caller]
    fn refused(&self, words: &[&str]) {
        let before = self.digest();
        let refused = self.drydock(["load", "--quiet"]).run().expect(5);
        for word in words {
            assert!(refused.stderr.contains(word), "{word} in\n{}", refused.stderr);
        }
        assert_eq!(self.digest(), before);
        assert_eq!(self.loaded("select to_regnamespace('drydock') is null"), "t");
    }
}

#[test]
fn everything_in_the_way_of_a_role_is_said_at_once() {
    let migration = Job::of_size(SMALL).at("transform");
    let role = format!("loader_{}", std::process::id());
    migration.target().execute(&format!(
        "create role {role} login; grant usage on schema public to {role};
         grant select on practices, patients to {role}; grant all on profiles, practice_members to {role};
         revoke temporary on database {0} from public;",
        migration.loaded("select current_database()")
    ));
    let url = migration.target().url().replacen("postgres://postgres@", &format!("postgres://{role}@"), 1);
    let before = migration.digest();
    let refused = Drydock::new(migration.folder())
        .env("DRYDOCK_TARGET_URL", url)
        .args(["load", "--quiet"])
        .run()
        .expect(5);
    for words in [
        "may not make temporary tables",
        "may not make or use the schema drydock",
        "may not insert or update in table practices",
        "may not insert or update in table patients",
        "row level security of table profiles applies",
        "row level security of table practice_members applies",
    ] {
        assert!(refused.stderr.contains(words), "{words} in\n{}", refused.stderr);
    }
    assert_eq!(migration.digest(), before);
    migration.target().execute(&format!("drop owned by {role}; drop role {role}"));
}

#[test]
fn a_table_that_is_missing_and_a_column_that_changed() {
    let migration = Job::of_size(SMALL).at("transform");
    migration.target().execute(
        "alter table profiles add column badge text, drop column first_name, alter column is_active type text;
         alter table practices add column owner_name text not null;",
    );
    migration.refused(&[
        "column profiles.first_name does not exist",
        "column profiles.is_active is of type text, which cannot hold a flag",
        "column practices.owner_name is required",
        "since the survey: column profiles.badge is new",
    ]);
    let migration = Job::of_size(SMALL).at("transform");
    migration.target().execute("alter table practice_members rename to members");
    let refused = migration.drydock(["load", "--quiet"]).run().expect(5);
    assert!(refused.stderr.contains("table practice_members does not exist"), "{}", refused.stderr);
}

#[test]
fn what_is_not_in_the_way_is_noted() {
    let migration = Job::of_size(SMALL).at("transform");
    migration.target().execute(
        "create function touch() returns trigger language plpgsql as $$ begin return new; end $$;
         create trigger touch before insert on profiles for each row execute function touch();
         alter table practices add column nickname text;",
    );
    let loaded = migration.run(["load", "--json"]);
    for words in
        ["table profiles has triggers that fire for every row: touch", "column practices.nickname is new"]
    {
        assert!(loaded.stdout.contains(words), "{words} in\n{}", loaded.stdout);
    }
}

#[test]
fn a_trigger_that_changes_rows_is_found_before_they_count() {
    let migration = Job::of_size(SMALL).at("transform");
    migration.target().execute(
        "create function touch() returns trigger language plpgsql as
             $$ begin new.first_name = 'other'; return new; end $$;
         create trigger touch before insert on profiles for each row execute function touch();",
    );
    let refused = migration.drydock(["load", "--quiet"]).run().expect(5);
    assert!(refused.stderr.contains("does not show profiles as they were sent"), "{}", refused.stderr);
    assert_eq!(migration.loaded("select count(*) from profiles"), "0");
}

#[test]
fn a_statement_timeout_is_named_with_what_to_do() {
    let migration = Job::of_size(SMALL).at("transform");
    let url = format!("{}&options=-c%20statement_timeout%3D2000", migration.target().url());
    let mut other = migration.target().client();
    let mut transaction = other.transaction().unwrap();
    transaction.batch_execute("lock table profiles in share mode").unwrap();
    let before = Instant::now();
    let refused = Drydock::new(migration.folder())
        .env("DRYDOCK_TARGET_URL", url)
        .args(["load", "--quiet", "--phase", "2a"])
        .run()
        .expect(5);
    // once, after the two seconds: the same again would wait as long
    assert!((Duration::from_secs(2)..Duration::from_secs(20)).contains(&before.elapsed()));
    assert!(
        refused.stderr.contains("57014") && refused.stderr.contains("statement_timeout"),
        "{}",
        refused.stderr
    );
    transaction.rollback().unwrap();
    assert_eq!(migration.loaded("select count(*) from profiles"), "0");
    migration.run(["load", "--quiet"]);
    migration.run(["verify", "--quiet"]);
}

/// A pooler before a server of its own, which ends with it.
struct Pooler {
    process: Child,
    _directory: TempDir,
}

impl Pooler {
    fn start(server: u16, port: u16, mode: &str) -> Self {
        let directory = TempDir::new_in("/tmp").expect("a directory");
        let file = directory.path().join("pgbouncer.ini");
        fs::write(
            &file,
            format!(
                "[databases]\ntarget = host=127.0.0.1 port={server} dbname=target user=postgres\n[pgbouncer]\n\
                 listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n\
                 pool_mode = {mode}\nlogfile = {0}/log\npidfile = {0}/pid\n",
                directory.path().display()
            ),
        )
        .expect("its settings");
        let mut command = Command::new(
            ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer"]
                .into_iter()
                .find(|path| fs::exists(path).unwrap_or(false))
                .expect("the Debian package pgbouncer"),
        );
        // it refuses to run as root
        if let Some(owner) = unprivileged() {
            std::os::unix::fs::chown(directory.path(), Some(owner), None).expect("chown");
            command.uid(owner);
        }
        let process = command
            .arg(&file)
            .current_dir("/")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("pgbouncer");
        let started = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(started.elapsed() < Duration::from_secs(10), "pgbouncer does not listen");
            sleep(Duration::from_millis(20));
        }
        Self { process, _directory: directory }
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The user to run a server as, when we are root.
fn unprivileged() -> Option<u32> {
    let number = |arguments: &[&str]| -> Option<u32> {
        let output = Command::new("id").args(arguments).output().ok()?;
        String::from_utf8_lossy(&output.stdout).trim().parse().ok()
    };
    (number(&["-u"]) == Some(0)).then(|| number(&["-u", "nobody"])).flatten()
}

#[test]
#[ignore = "needs pgbouncer; .ci/run installs it and runs this"]
fn a_pooler_in_session_mode_works_and_in_transaction_mode_is_refused() {
    let server = free_port();
    let settings = Settings {
        authentication: Some("local all all trust\nhost all all 127.0.0.1/32 trust\n".to_owned()),
        port: Some(server),
        ..Settings::default()
    };
    let cluster = Cluster::start_with(&settings).unwrap_or_else(|error| panic!("{error}"));
    cluster.create_database("target").unwrap_or_else(|error| panic!("{error}"));
    let port = free_port();
    let migration = Job::of_size(SMALL);
    let url = format!("postgres://postgres@127.0.0.1:{port}/target");
    let run = |arguments: &[&str]| {
        Drydock::new(migration.folder()).env("DRYDOCK_TARGET_URL", &url).args(arguments).run()
    };
    {
        let _pooler = Pooler::start(server, port, "session");
        drydock::connect::connect(
            drydock::connect::Side::Target,
            &drydock::connect::Address::parse(&url).unwrap(),
        )
        .unwrap()
        .batch_execute(&tables())
        .unwrap();
        run(&["extract", "--csv", "legacy", "--quiet"]).expect(0);
        run(&["survey", "--quiet"]).expect(0);
        run(&["transform", "--quiet"]).expect(0);
        run(&["load", "--quiet"]).expect(0);
        run(&["verify", "--quiet"]).expect(0);
    }
    let _pooler = Pooler::start(server, port, "transaction");
    for verb in ["load", "survey", "verify"] {
        let refused = run(&[verb, "--quiet"]).expect(5);
        assert!(refused.stderr.contains("a pooler in transaction mode"), "{}", refused.stderr);
    }
    let refused = Drydock::new(migration.folder())
        .env("DRYDOCK_LEGACY_URL", &url)
        .args(["--staging", "other", "extract"])
        .run()
        .expect(4);
    assert!(refused.stderr.contains("a pooler in transaction mode"), "{}", refused.stderr);
}
