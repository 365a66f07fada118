//! Throw-away clusters: several at once, and none that outlives its process in whatever way that ends.

use std::env;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use drydock::connect::{Address, Side, connect};
use drydock::demo::cluster::Cluster;
use drydock::demo::start_target;

fn cluster() -> Cluster {
    Cluster::start().unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn clusters_start_side_by_side_and_go_when_dropped() {
    let starting: Vec<_> = (0..3).map(|_| thread::spawn(cluster)).collect();
    let clusters: Vec<Cluster> =
        starting.into_iter().map(|thread| thread.join().expect("a cluster")).collect();
    let directories: Vec<PathBuf> =
        clusters.iter().map(|cluster| cluster.socket_directory().to_path_buf()).collect();
    for cluster in &clusters {
        cluster.create_database("same name").unwrap_or_else(|error| panic!("{error}"));
        let address = Address::parse(&cluster.url("same name")).expect("its own URL");
        assert!(connect(Side::Target, &address).is_ok());
    }
    drop(clusters);
    assert!(directories.iter().all(|directory| !directory.exists()), "{directories:?}");
}

#[test]
fn a_target_for_a_demonstration_is_empty_and_may_be_written_to() {
    let target = start_target().unwrap_or_else(|error| panic!("{error}"));
    let address = Address::parse(&target.url()).expect("its own URL");
    let mut client = connect(Side::Target, &address).unwrap_or_else(|error| panic!("{error}"));
    client.batch_execute("create table boats (id integer)").expect("a first table");
    let tables: i64 = client
        .query_one("select count(*) from information_schema.tables where table_schema = 'public'", &[])
        .expect("a count")
        .get(0);
    assert_eq!(tables, 1);
}

/// Set in the copy of this test process that is going to be killed.
const VICTIM: &str = "DRYDOCK_TEST_VICTIM";

#[test]
fn a_killed_process_leaves_neither_a_server_nor_its_files() {
    if env::var_os(VICTIM).is_some() {
        let cluster = cluster();
        println!("\nrunning in {}", cluster.socket_directory().display());
        thread::sleep(Duration::from_mins(1));
        return;
    }
    let mut victim = Command::new(env::current_exe().expect("this test's program"))
        .args(["--exact", "cluster::a_killed_process_leaves_neither_a_server_nor_its_files", "--nocapture"])
        .env(VICTIM, "1")
        .stdout(Stdio::piped())
        .spawn()
        .expect("the victim");
    let output = BufReader::new(victim.stdout.take().expect("its output"));
    let directory = output
        .lines()
        .map_while(Result::ok)
        .find_map(|line| line.strip_prefix("running in ").map(PathBuf::from))
        .expect("the victim's cluster");
    let server: u32 = std::fs::read_to_string(directory.join("data/postmaster.pid"))
        .expect("the server's pid")
        .lines()
        .next()
        .and_then(|line| line.parse().ok())
        .expect("a number");
    assert!(runs(server));

    victim.kill().expect("the kill");
    victim.wait().expect("the end");
    let deadline = Instant::now() + Duration::from_secs(20);
    while directory.exists() || runs(server) {
        assert!(Instant::now() < deadline, "the server outlived its process");
        thread::sleep(Duration::from_millis(50));
    }
}

/// A process that only waits for its parent to notice its end does not run any more.
fn runs(process: u32) -> bool {
    let state = Command::new("ps").args(["-o", "stat=", "-p", &process.to_string()]).output().expect("ps");
    let state = String::from_utf8_lossy(&state.stdout);
    !state.trim().is_empty() && !state.starts_with('Z')
}
