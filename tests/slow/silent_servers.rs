//! A server that does not answer: because somebody holds a lock, which is told; or because the line between passes nothing
//! on, which ends the command.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command};
use std::sync::atomic::Ordering;
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use crate::harness::{Break, Drydock, Job, Listening, Outcome, Proxy, Size, readdress};
use drydock::demo::world::LEGACY_DDL;

const SMALL: Size = Size { offices: 3, users: 400 };

/// A migration that is resolved, and will be loaded through a proxy.
fn before(server: &Listening, breaks: Break) -> (Job, Proxy) {
    // sessions whose clients fell silent are there still, with the locks of whatever they were about
    server.psql(
        "do $$ begin
             perform pg_terminate_backend(pid, 10000) from pg_stat_activity
             where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid();
         end $$;
         drop schema if exists drydock cascade; drop table if exists case_states, projects, cases, practice_members, patients, profiles, practices",
    );
    let migration = Job::of_size(SMALL);
    server.resolve(&migration, server.port);
    let proxy = Proxy::start(server.port, breaks);
    readdress(&migration, server.port, proxy.port);
    (migration, proxy)
}

fn through(migration: &Job, proxy: &Proxy, arguments: &[&str]) -> Drydock {
    let url = format!("{}?connect_timeout=2", Listening::url(proxy.port));
    Drydock::new(migration.folder()).env("DRYDOCK_TARGET_URL", url).args(arguments)
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
}

/// Waits until nothing passes any more.
fn await_silence(proxy: &Proxy, child: &mut Child) {
    while !proxy.broken.load(Ordering::SeqCst) {
        assert!(child.try_wait().unwrap().is_none(), "it ended before the line fell silent");
        sleep(Duration::from_millis(10));
    }
}

fn ended(child: Child) -> Outcome {
    let output = child.wait_with_output().unwrap();
    Outcome {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// The same load, when the line is as it should be, ends as if nothing had been.
fn goes_on(server: &Listening, migration: &Job, proxy: &Proxy) {
    readdress(migration, proxy.port, server.port);
    let load = || Listening::drydock(migration, server.port, &["load", "--quiet"]).run();
    let first = load();
    if first.code != Some(0) {
        // the server has not heard that the command is gone; the message says which session that is
        let (_, rest) = first.stderr.split_once("`select pg_terminate_backend(").expect("the session");
        let pid = rest.split(')').next().unwrap_or_default();
        assert_eq!(server.psql(&format!("select pg_terminate_backend({pid})")), "t");
        load().expect(0);
    }
    Listening::drydock(migration, server.port, &["verify", "--quiet"]).run().expect(0);
}

#[test]
fn a_line_that_falls_silent_ends_every_command_that_waits_for_it() {
    // at the same time: each waits for most of a minute
    thread::scope(|scope| {
        for (verb, breaks) in [
            (&["load", "--quiet", "--sessions", "1"][..], Break::Silent(60_000)),
            (&["load", "--quiet"], Break::AllSilent(30_000)),
            (&["load", "--quiet"], Break::Silent(100)),
            (&["load", "--quiet"], Break::Silent(300)),
            (&["verify", "--quiet"], Break::Silent(2_000)),
            (&["survey", "--quiet"], Break::AllSilent(1_500)),
        ] {
            scope.spawn(move || silent(verb, breaks));
        }
        for limit in [400, 2_000] {
            scope.spawn(move || silent_source(limit));
        }
    });
}

/// The same for the legacy database, whose tables are read on another kind of session where it is on this machine.
fn silent_source(limit: usize) {
    let server = Listening::start();
    for (_, ddl) in &LEGACY_DDL[..3] {
        server.psql(ddl);
    }
    server.psql("insert into auth_group select n, n || repeat('x', 60) from generate_series(1, 100000) n");
    let proxy = Proxy::start(server.port, Break::Silent(limit));
    let home = tempfile::tempdir().unwrap();
    let url = format!("{}?connect_timeout=2", Listening::url(proxy.port));
    let extract =
        || Drydock::new(home.path()).env("DRYDOCK_LEGACY_URL", &url).args(["extract", "--quiet"]).run();
    let outcome = extract().expect(4);
    assert!(outcome.stderr.contains("no answer for"), "{}", outcome.stderr);
    extract().expect(0);
}

fn silent(verb: &[&str], breaks: Break) {
    let server = Listening::start();
    let (migration, proxy) = before(&server, breaks);
    let begun = Instant::now();
    if verb[0] == "verify" {
        readdress(&migration, proxy.port, server.port);
        Listening::drydock(&migration, server.port, &["load", "--quiet"]).run().expect(0);
        readdress(&migration, server.port, proxy.port);
    }
    let outcome = through(&migration, &proxy, verb).run().expect(5);
    assert!(begun.elapsed() < Duration::from_secs(150), "{verb:?} took {:?}", begun.elapsed());
    // before the session is there it is the attempt that has a bound
    let told = ["no answer for", "no answer within"].iter().any(|told| outcome.stderr.contains(told));
    assert!(told, "{verb:?}: {}", outcome.stderr);
    if verb[0] == "survey" {
        readdress(&migration, proxy.port, server.port);
        Listening::drydock(&migration, server.port, verb).run().expect(0);
    } else {
        goes_on(&server, &migration, &proxy);
    }
}

#[test]
fn a_signal_ends_a_command_that_nobody_answers_and_a_second_one_at_once() {
    let server = Listening::start();
    for (name, twice) in [("-INT", true), ("-TERM", true), ("-TERM", false)] {
        let (migration, proxy) = before(&server, Break::AllSilent(30_000));
        let mut child = through(&migration, &proxy, &["load", "--quiet"]).spawn();
        await_silence(&proxy, &mut child);
        let lines = proxy.lines.load(Ordering::SeqCst);
        let begun = Instant::now();
        signal(&child, name);
        sleep(Duration::from_secs(3));
        let bound = if twice {
            assert!(child.try_wait().unwrap().is_none(), "it waits for the server to end the statement");
            signal(&child, name);
            8
        } else {
            40
        };
        ended(child).expect(130);
        assert!(begun.elapsed() < Duration::from_secs(bound), "{name}: {:?}", begun.elapsed());
        let opened = u64::from(proxy.lines.load(Ordering::SeqCst) - lines);
        assert!(opened <= 2 * begun.elapsed().as_secs() + 2, "{opened} connections in {:?}", begun.elapsed());
        goes_on(&server, &migration, &proxy);
    }
}

#[test]
fn a_load_that_waits_for_a_lock_says_whose_it_is() {
    let migration = Job::of_size(SMALL).at("transform");
    let mut holder = migration.target().client();
    holder
        .batch_execute(
            "set application_name = 'somebody'; begin; lock table patients in access exclusive mode",
        )
        .unwrap();
    let mut child = migration.drydock(["load", "--quiet"]).spawn();
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let mut told = String::new();
    while !told.contains("waiting for a lock on") {
        told.clear();
        assert!(said.read_line(&mut told).unwrap() > 0, "it ended without a word about the lock");
    }
    // it is told once, however long it takes
    sleep(Duration::from_secs(12));
    holder.batch_execute("rollback").unwrap();
    let mut rest = String::new();
    said.read_to_string(&mut rest).unwrap();
    assert!(child.wait().unwrap().success(), "{rest}");
    for part in ["patients", "process", "somebody"] {
        assert!(told.contains(part), "{told}");
    }
    assert!(!rest.contains("waiting for a lock on"), "{rest}");
}

#[test]
fn a_lock_that_is_refused_is_tried_again_and_told() {
    let migration = Job::of_size(SMALL).at("transform");
    let url = format!("{}&options=-c%20lock_timeout%3D200", migration.target().url());
    let load = || Drydock::new(migration.folder()).env("DRYDOCK_TARGET_URL", &url).args(["load", "--quiet"]);
    let mut holder = migration.target().client();
    holder.batch_execute("begin; lock table profiles in share mode").unwrap();
    let child = load().spawn();
    sleep(Duration::from_secs(2));
    holder.batch_execute("rollback").unwrap();
    ended(child).expect(0);
    assert_ne!(migration.staged("select count(*) from retries"), "0");

    let migration = Job::of_size(SMALL).at("transform");
    let url = format!("{}&options=-c%20lock_timeout%3D200", migration.target().url());
    let mut holder = migration.target().client();
    holder.batch_execute("begin; lock table profiles in share mode").unwrap();
    let outcome = Drydock::new(migration.folder())
        .env("DRYDOCK_TARGET_URL", &url)
        .args(["load", "--quiet"])
        .run()
        .expect(5);
    assert!(outcome.stderr.contains("55P03") && outcome.stderr.contains("hint"), "{}", outcome.stderr);
}
