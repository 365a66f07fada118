//! Sessions with a real server: every way of being refused has its own words and its own next step, and no word holds
//! a password.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::harness::{Locked, database, free_port, locked, psql};
use drydock::connect::{Address, Session, Side, connect, is_transient, server_error};
use drydock::error::{Error, Kind, Result};

fn open(url: &str) -> Result<Session> {
    connect(Side::Legacy, &Address::parse(url)?)
}

/// The error of a session that must not come about, checked for what every error has in common.
#[track_caller]
fn refusal(url: &str) -> Error {
    let error = open(url).map(|_| ()).expect_err("this session must be refused");
    let text = format!("{error}\n{error:?}");
    assert!(text.contains("hint: "), "{text}");
    for secret in [Locked::PASSWORD, Locked::ENCODED, "Secr3t"] {
        assert!(!text.contains(secret), "{text}");
    }
    error
}

#[track_caller]
fn refused_for(url: &str, words: &str) {
    let error = refusal(url);
    assert_eq!(error.kind(), Kind::Legacy, "{error}");
    assert!(error.to_string().contains(words), "expected {words:?} in: {error}");
}

fn answer(client: &mut Session, sql: &str) -> String {
    client.query_one(sql, &[]).expect(sql).get(0)
}

#[test]
fn a_session_reads_and_writes_canonical_text() {
    let database = database();
    let mut client = database.client();
    for (setting, value) in [
        ("client_encoding", "UTF8"),
        ("DateStyle", "ISO, MDY"),
        ("TimeZone", "UTC"),
        ("IntervalStyle", "postgres"),
        ("extra_float_digits", "3"),
        ("bytea_output", "hex"),
        ("standard_conforming_strings", "on"),
        ("application_name", "drydock"),
        ("search_path", "\"$user\", public"),
    ] {
        assert_eq!(answer(&mut client, &format!("show {setting}")), value, "{setting}");
    }
    assert_eq!(psql(&database, "select 'seen by psql'"), "seen by psql");
}

#[test]
fn the_url_sets_application_name_and_options() {
    let database = database();
    let mut client =
        open(&format!("{}&application_name=tug&options=-c%20statement_timeout%3D4567", database.url()))
            .unwrap();
    assert_eq!(answer(&mut client, "show application_name"), "tug");
    assert_eq!(answer(&mut client, "show statement_timeout"), "4567ms");
}

#[test]
fn scram_and_md5_passwords_open_a_session_with_and_without_tls() {
    for role in ["anna", "otto"] {
        for (mode, encrypted) in [("disable", false), ("prefer", true), ("require", true)] {
            let login = format!("{role}:{}", Locked::ENCODED);
            let mut client =
                open(&locked().url(&login, "127.0.0.1", "practice", &format!("sslmode={mode}"))).unwrap();
            let row = client
                .query_one(
                    "select current_user::text, ssl from pg_stat_ssl where pid = pg_backend_pid()",
                    &[],
                )
                .unwrap();
            assert_eq!((row.get(0), row.get(1)), (role.to_owned(), encrypted), "{mode}");
        }
    }
}

#[test]
fn the_servers_refusals_are_told_apart() {
    let known = Locked::ENCODED;
    for (login, database, words) in [
        ("anna:Secr3t".to_owned(), "practice", "did not accept the password of role anna (28P01)"),
        ("otto:Secr3t".to_owned(), "practice", "did not accept the password of role otto (28P01)"),
        ("anna".to_owned(), "practice", "asks for the password of role anna"),
        (format!("anna:{known}"), "nowhere", "no database nowhere (3D000)"),
        (format!("nils:{known}"), "practice", "no role nils, or the role may not log in (28000)"),
        (
            format!("stranger:{known}"),
            "practice",
            "does not let role stranger into database practice from here",
        ),
        (format!("lotte:{known}"), "practice", "does not let role lotte into database practice from here"),
    ] {
        refused_for(&locked().url(&login, "127.0.0.1", database, "sslmode=disable"), words);
    }
    let lotte = locked().url(&format!("lotte:{known}"), "127.0.0.1", "practice", "sslmode=require");
    assert!(open(&lotte).is_ok(), "this role may come in, with TLS");

    let trusting = database().url().replacen("postgres@", "nobody_here@", 1);
    refused_for(&trusting, "no role nobody_here, or the role may not log in (28000)");
}

#[test]
fn certificates_are_checked_as_far_as_the_mode_says() {
    let login = format!("anna:{}", Locked::ENCODED);
    let known = locked().known_authority().display().to_string();
    let strange = locked().strange_authority().display().to_string();
    let url = |host: &str, query: &str| locked().url(&login, host, "practice", query);

    // The certificate names localhost; 127.0.0.1 is the same server under a name that it does not have.
    for (host, query) in [
        ("localhost", format!("sslmode=verify-full&sslrootcert={known}")),
        ("localhost", format!("sslrootcert={known}")),
        ("localhost", format!("sslmode=verify-ca&sslrootcert={known}")),
        ("127.0.0.1", format!("sslmode=verify-ca&sslrootcert={known}")),
        ("127.0.0.1", format!("sslmode=require&sslrootcert={known}")),
        ("127.0.0.1", "sslmode=require".to_owned()),
    ] {
        let mut client = open(&url(host, &query)).unwrap_or_else(|error| panic!("{query}: {error}"));
        let encrypted: bool =
            client.query_one("select ssl from pg_stat_ssl where pid = pg_backend_pid()", &[]).unwrap().get(0);
        assert!(encrypted, "{query}");
    }
    for (host, query, words) in [
        ("127.0.0.1", format!("sslmode=verify-full&sslrootcert={known}"), "does not name this host"),
        (
            "localhost",
            format!("sslmode=verify-full&sslrootcert={strange}"),
            "an authority that is not known here",
        ),
        (
            "localhost",
            format!("sslmode=verify-ca&sslrootcert={strange}"),
            "an authority that is not known here",
        ),
        (
            "localhost",
            format!("sslmode=require&sslrootcert={strange}"),
            "an authority that is not known here",
        ),
        ("localhost", "sslmode=verify-full".to_owned(), "an authority that is not known here"),
    ] {
        refused_for(&url(host, &query), words);
    }
    let missing = refusal(&url("localhost", "sslmode=verify-full&sslrootcert=no/such.pem"));
    assert_eq!(missing.kind(), Kind::Precondition);
    assert!(missing.to_string().contains("sslrootcert no/such.pem"), "{missing}");
}

#[test]
fn where_no_server_is_the_reason_is_named() {
    let nobody = free_port();
    refused_for(
        &format!("postgres://anna:Secr3t@127.0.0.1:{nobody}/practice"),
        &format!("nobody listens on port {nobody}"),
    );
    refused_for("postgres://anna:Secr3t@no-such-host.invalid/practice", "the host name is not known here");
    refused_for(
        "postgres://anna:Secr3t@/practice?host=/no/such/directory",
        "there is no socket for port 5432",
    );
}

/// Serves `answer` on a free port to whoever connects, after the first message; counts the callers.
fn impostor(answer: &'static [u8]) -> (u16, Arc<AtomicU32>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let callers = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&callers);
    // Ends with the test process.
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            counter.fetch_add(1, Ordering::SeqCst);
            let _ = stream.read(&mut [0; 1024]);
            if answer.is_empty() {
                thread::sleep(Duration::from_secs(5));
            }
            let _ = stream.write_all(answer);
            let _ = stream.shutdown(Shutdown::Both);
        }
    });
    (port, callers)
}

#[test]
fn a_server_without_tls_is_not_talked_to_in_plain_text() {
    let (port, callers) = impostor(b"N");
    refused_for(&format!("postgres://anna:Secr3t@127.0.0.1:{port}/d?sslmode=require"), "does not offer TLS");
    assert_eq!(callers.load(Ordering::SeqCst), 1);
}

#[test]
fn a_host_that_accepts_and_says_nothing_does_not_hold_us() {
    let (port, _) = impostor(b"");
    let start = Instant::now();
    refused_for(
        &format!("postgres://anna:Secr3t@127.0.0.1:{port}/d?connect_timeout=1"),
        "no answer within 1 s",
    );
    assert!(start.elapsed() < Duration::from_secs(4));
}

#[test]
fn something_else_than_postgres_is_an_error_and_not_a_panic() {
    let (port, callers) = impostor(b"HTTP/1.1 400 Bad Request\r\nServer: Secr3t\r\n\r\n");
    refusal(&format!("postgres://anna:Secr3t@127.0.0.1:{port}/d"));
    assert_eq!(callers.load(Ordering::SeqCst), 1);
}

#[test]
fn a_server_that_is_starting_is_tried_three_times_more() {
    // ErrorResponse: severity, SQLSTATE, a message that must not be passed on.
    let (port, callers) = impostor(b"E\0\0\0\x24SFATAL\0C57P03\0MSecr3t starting\0\0");
    refused_for(
        &format!("postgres://anna:Secr3t@127.0.0.1:{port}/d"),
        "the server is starting or stopping (57P03)",
    );
    assert_eq!(callers.load(Ordering::SeqCst), 4);
}

#[test]
fn errors_of_statements_name_the_place_and_not_the_value() {
    let database = database();
    let mut client = database.client();
    client
        .batch_execute(
            "create domain short_text as text constraint short check (length(value) < 9);
             create table boats (id integer primary key, name short_text not null, owner integer references boats);
             insert into boats values (4711, 'Secr3t', null);",
        )
        .unwrap();
    for (sql, words) in [
        (
            "insert into boats values (4711, 'Secr3t')",
            "unique_violation (SQLSTATE 23505), table boats, constraint boats_pkey",
        ),
        (
            "insert into boats values (1, null)",
            "not_null_violation (SQLSTATE 23502), table boats, column name",
        ),
        (
            "insert into boats values (1, 'Secr3tSecr3t')",
            "check_violation (SQLSTATE 23514), constraint short, type",
        ),
        ("insert into boats values (1, 'x', 4711000)", "foreign_key_violation (SQLSTATE 23503), table boats"),
        ("insert into boats values ('Secr3t', 'x')", "invalid_text_representation (SQLSTATE 22P02)"),
        ("select Secr3t from boats", "undefined_column (SQLSTATE 42703)"),
        ("Secr3t", "syntax_error (SQLSTATE 42601)"),
    ] {
        let cause = client.batch_execute(sql).expect_err(sql);
        let error = server_error(Side::Target, "loading boats", &cause);
        let text = error.to_string();
        assert_eq!(error.kind(), Kind::Target);
        assert!(text.starts_with("target database: loading boats: "), "{text}");
        assert!(text.contains(words), "expected {words:?} in: {text}");
        assert!(!text.contains("Secr3t") && !text.contains("4711") && !text.contains("secr3t"), "{text}");
        assert!(!is_transient(&cause), "{text}");
    }
}

#[test]
fn a_session_that_was_ended_is_a_transient_failure() {
    let database = database();
    let mut victim = database.client();
    let pid: i32 = victim.query_one("select pg_backend_pid()", &[]).unwrap().get(0);
    psql(&database, &format!("select pg_terminate_backend({pid})"));

    // The first answer may still be the server's farewell; after it, the line is dead.
    for _ in 0..2 {
        let cause = victim.batch_execute("select 1").unwrap_err();
        assert!(is_transient(&cause), "{cause:?}");
        let text = server_error(Side::Legacy, "reading", &cause).to_string();
        assert!(text.contains("hint: this may pass"), "{text}");
    }
}

#[test]
fn a_serialization_failure_is_transient() {
    let database = database();
    database.execute(
        "create table boats (id integer primary key, trips integer); insert into boats values (1, 0)",
    );
    let (mut first, mut second) = (database.client(), database.client());
    for client in [&mut first, &mut second] {
        client.batch_execute("begin isolation level serializable; select * from boats").unwrap();
    }
    first.batch_execute("update boats set trips = 1; commit").unwrap();
    let cause = second.batch_execute("update boats set trips = 2").unwrap_err();
    assert_eq!(cause.code().map(postgres::error::SqlState::code), Some("40001"));
    assert!(is_transient(&cause));
}
