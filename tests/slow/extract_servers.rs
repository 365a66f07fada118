//! Extracts from servers of several versions, with every way of logging in, give the same digests.

use std::path::Path;

use crate::harness::{Drydock, Locked, database, free_port, locked, server_of, sqlite3};
use drydock::connect::{Address, Side, connect};
use drydock::demo::cluster::{Cluster, Settings};
use drydock::demo::world::{World, write_legacy_sql};
use tempfile::TempDir;

const PASSWORD: &str = "Tide-and-Tow";

/// The digests of a snapshot of the database at a URL.
fn digests(directory: &Path, staging: &str, url: &str, variables: &[(&str, &str)]) -> String {
    let mut drydock = Drydock::new(directory).env("DRYDOCK_LEGACY_URL", url);
    for (name, value) in variables {
        drydock = drydock.env(name, value);
    }
    drydock.args(["--staging", staging, "extract"]).run().expect(0);
    let file = directory.join(staging);
    sqlite3(&file, "select table_name, rows, digest from legacy_tables order by 1")
}

fn small_world() -> String {
    let mut sql = Vec::new();
    write_legacy_sql(&World::generate(5), &mut sql).expect("memory");
    String::from_utf8(sql).expect("text")
}

/// Fills a database through its socket.
fn fill(directory: &Path, url: &str, sql: &str) {
    let file = directory.join("world.sql");
    std::fs::write(&file, sql).expect("world.sql");
    let status = std::process::Command::new("psql")
        .args(["-X", "-q", "-d", url, "-f"])
        .arg(&file)
        .stdout(std::process::Stdio::null())
        .status()
        .expect("psql");
    assert!(status.success());
}

fn role(cluster: &Cluster, encryption: &str) {
    let address = Address::parse(&cluster.url("practice")).expect("the cluster's URL");
    connect(Side::Target, &address)
        .expect("a session")
        .batch_execute(&format!(
            "set password_encryption = '{encryption}'; create role reader login password '{PASSWORD}'; \
             grant select on all tables in schema public to reader"
        ))
        .expect("the role");
}

#[test]
#[ignore = "needs npm and its registry for servers of other versions; .ci/run runs this"]
fn every_version_gives_the_same_digests() {
    let directory = TempDir::new().expect("a directory");
    let home = directory.path();
    let world = small_world();
    let installed = database();
    fill(home, &installed.url(), &world);
    let expected = digests(home, "installed", &installed.url(), &[]);
    assert!(expected.contains("dispatch_patient|7849|"), "{expected}");

    // the oldest that there is a package of, with the older kind of passwords; the newest knows both kinds
    for (version, login) in [
        ("10.20.0-beta.6", "md5"),
        ("17.10.0-beta.17", "scram-sha-256"),
        ("18.4.0-beta.17", "md5"),
        ("18.4.0-beta.17", "scram-sha-256"),
    ] {
        let port = free_port();
        let cluster = server_of(
            version,
            &Settings {
                authentication: Some(format!("local all all trust\nhost all reader 127.0.0.1/32 {login}\n")),
                port: Some(port),
                ..Settings::default()
            },
        );
        cluster.create_database("practice").expect("a database");
        fill(home, &cluster.url("practice"), &world);
        role(&cluster, login);
        let url = format!("postgres://reader@127.0.0.1:{port}/practice?sslmode=disable");
        let (major, _) = version.split_once('.').expect("a version");
        let staging = format!("{major}-{login}");
        let run = |arguments: &[&str]| {
            let run = Drydock::new(home).env("DRYDOCK_LEGACY_URL", &url).env("PGPASSWORD", PASSWORD);
            run.args(["--staging", &staging]).args(arguments).run().expect(0)
        };
        let seen = run(&["doctor"]).stdout;
        assert!(seen.contains(&format!("PostgreSQL {major}.")), "{seen}");
        let found = digests(home, &staging, &url, &[("PGPASSWORD", PASSWORD)]);
        assert_eq!(found, expected, "PostgreSQL {version}");
        let known = sqlite3(&home.join(&staging), "select value from facts where name = 'source_version'");
        assert!(known.starts_with(major), "{known}");
        run(&["extract", "--check"]);
        // the owner of the legacy server finds nothing in its log
        let log = std::fs::read_to_string(cluster.socket_directory().join("log")).expect("the server's log");
        assert!(!log.contains("unexpected EOF"), "PostgreSQL {version}: {log}");
    }
}

#[test]
fn tls_and_both_kinds_of_passwords_lead_to_the_same_rows() {
    let directory = TempDir::new().expect("a directory");
    let home = directory.path();
    let socket = locked().socket_url("practice");
    let tables: String = drydock::demo::world::LEGACY_DDL.iter().map(|(_, ddl)| *ddl).collect();
    fill(
        home,
        &socket,
        &format!(
            "{tables}; insert into auth_group values (2, 'Doctor'); grant select on all tables in schema public to public"
        ),
    );
    let authority = locked().known_authority().display().to_string();
    let mut all = Vec::new();
    for (login, query) in [
        ("anna", format!("sslmode=verify-full&sslrootcert={authority}")),
        ("otto", format!("sslmode=verify-ca&sslrootcert={authority}")),
        ("lotte", "sslmode=require".to_owned()),
    ] {
        let url = locked().url(&format!("{login}:{}", Locked::ENCODED), "localhost", "practice", &query);
        all.push(digests(home, login, &url, &[]));
        let bytes = std::fs::read(home.join(login)).expect("the file");
        for secret in [Locked::PASSWORD, Locked::ENCODED] {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()));
        }
    }
    assert!(all[0].contains("auth_group|1|"), "{}", all[0]);
    assert!(all.iter().all(|digests| *digests == all[0]));

    let stranger = locked().strange_authority().display().to_string();
    let url = locked().url(
        &format!("anna:{}", Locked::ENCODED),
        "localhost",
        "practice",
        &format!("sslmode=verify-full&sslrootcert={stranger}"),
    );
    let refused = Drydock::new(home)
        .env("DRYDOCK_LEGACY_URL", url)
        .args(["--staging", "no", "extract"])
        .run()
        .expect(4);
    assert!(!refused.stderr.contains(Locked::PASSWORD) && !home.join("no").exists(), "{}", refused.stderr);
}
