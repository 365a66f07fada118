//! `verify` of a million profiles and a million patients against the `load` of the same rows: undamaged, and with one
//! patient in a hundred thousand damaged. Prints the times and their ratio.
//!
//! `cargo bench --bench verify`; `DRYDOCK_BENCH_ROWS` sets another number of records, with fewer of which nothing fails.

mod rows;
mod source;

use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use drydock::connect::{Address, Side, connect};
use drydock::demo::cluster::Cluster;
use rows::{is_measured, rows};
use source::write_source;

/// At most this part of the load's time.
const RATIO: f64 = 0.5;

fn main() -> ExitCode {
    let records = rows();
    let directory = tempfile::tempdir().expect("a temporary directory");
    write_source(directory.path(), records);
    let cluster = Cluster::start().unwrap_or_else(|error| panic!("{error}"));
    cluster.create_database("bench").unwrap_or_else(|error| panic!("{error}"));
    let url = cluster.url("bench");
    let run = |code: i32, arguments: &[&str]| timed(directory.path(), &url, code, arguments);

    run(0, &["extract", "--csv", "legacy"]);
    run(0, &["survey", "--create-tables"]);
    run(0, &["transform"]);
    let load = run(0, &["load"]);
    let verify = run(0, &["verify"]);
    let address = Address::parse(&url).expect("a URL");
    connect(Side::Target, &address)
        .unwrap_or_else(|error| panic!("{error}"))
        .batch_execute("update patients set last_name = last_name || 'x' where legacy_id % 100000 = 7")
        .expect("the damage");
    let damaged = run(7, &["verify"]);

    let ratio = verify.as_secs_f64() / load.as_secs_f64();
    println!("{records} profiles and as many patients");
    println!("load             {:>8.2} s", load.as_secs_f64());
    println!("verify           {:>8.2} s  {ratio:.2} of the load (at most {RATIO})", verify.as_secs_f64());
    println!("verify, damaged  {:>8.2} s", damaged.as_secs_f64());
    if ratio <= RATIO || !is_measured() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn timed(directory: &Path, url: &str, code: i32, arguments: &[&str]) -> Duration {
    let begun = Instant::now();
    let output = Command::new(env!("CARGO_BIN_EXE_drydock"))
        .current_dir(directory)
        .env("DRYDOCK_TARGET_URL", url)
        .args(["--quiet", "--staging", "bench.drydock"])
        .args(arguments)
        .output()
        .expect("drydock");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {errors}");
    begun.elapsed()
}
