//! `verify` of a million profiles and a million patients against the `load` of the same rows: undamaged, and with one
//! patient in a hundred thousand damaged. Prints the times and their ratio.
//!
//! `cargo bench --bench verify [-- RECORDS]`

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use drydock::connect::{Address, Side, connect};
use drydock::demo::cluster::Cluster;

/// At most this part of the load's time.
const RATIO: f64 = 0.5;

fn main() -> ExitCode {
    let given = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    let records: u64 = given.and_then(|text| text.parse().ok()).unwrap_or(1_000_000);
    let directory = tempfile::tempdir().expect("a temporary directory");
    write_source(&directory.path().join("legacy"), records);
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
    if ratio <= RATIO { ExitCode::SUCCESS } else { ExitCode::FAILURE }
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

/// Every user is a patient; a hundred offices, each owned by one of them.
fn write_source(directory: &Path, records: u64) {
    fs::create_dir_all(directory).expect("a folder");
    let file = |name: &str, header: &str| {
        let file = fs::File::create(directory.join(format!("{name}.csv"))).expect("a table");
        let mut out = std::io::BufWriter::new(file);
        writeln!(out, "{header}").expect("a header");
        out
    };
    let mut users = file(
        "auth_user",
        "id,username,first_name,last_name,email,is_superuser,is_staff,is_active,date_joined,last_login",
    );
    let mut patients =
        file("dispatch_patient", "id,user_id,doctor_id,office_id,birthdate,sex,status,archived,updated_at");
    let mut groups = file("auth_user_groups", "id,user_id,group_id");
    for id in 1..=records {
        let (minute, day, year) = (id % 60, id % 28 + 1, id % 70 + 1940);
        let email = if id % 7 == 0 { format!("person.{id}@mail.example") } else { String::new() };
        writeln!(
            users,
            "{id},person{id},Anna {},Sample{id},{email},f,f,t,2019-03-{day:02} 10:{minute:02}:07.123456+00,",
            id % 1000
        )
        .expect("a user");
        let (doctor, office) = (id % 100 + 1, id % 100 + 1);
        writeln!(
            patients,
            "{id},{id},{doctor},{office},{year}-05-{day:02},{},1,f,2020-01-{day:02} 11:{minute:02}:09.5+00",
            id % 2 + 1
        )
        .expect("a patient");
        writeln!(groups, "{id},{id},1").expect("a group");
    }
    writeln!(file("auth_group", "id,name"), "1,Patient").expect("the group");
    let mut offices = file("dispatch_office", "id,name,doctor_id,city,country,valid,tax_rate");
    let mut members = file("dispatch_office_doctors", "id,office_id,user_id");
    for id in 1..=100 {
        writeln!(offices, "{id},Office {id},{id},Springfield,USA,t,8.2500").expect("an office");
        writeln!(members, "{id},{id},{id}").expect("a member");
    }
}
