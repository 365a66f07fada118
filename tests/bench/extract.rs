//! `drydock extract` of a million-row `auth_user` and a million-row `dispatch_patient` against
//! `psql "\copy (select …) to file"` of the same columns, side by side in one run: prints both, their ratio and the
//! extract's largest memory, and fails beyond the bounds (1.15 and 150 MB).
//!
//! `cargo bench --bench extract`; `DRYDOCK_BENCH_ROWS` sets another number of rows, with fewer of which nothing fails.

#[path = "../harness/mod.rs"]
mod harness;
mod rows;

use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use drydock::demo::world::LEGACY_DDL;
use harness::{Database, Drydock, database, psql, sqlite3};
use rows::{is_measured, rows};

const REPEATS: usize = 5;
const MOST_RATIO: f64 = 1.15;
const MOST_MEGABYTES: f64 = 150.0;

const USERS: &str =
    "id, username, first_name, last_name, email, is_superuser, is_staff, is_active, date_joined, last_login";
const PATIENTS: &str = "id, user_id, doctor_id, office_id, birthdate, sex, status, archived, suspended, schemes, suffix, \
                        submitted_at, updated_at";

fn main() -> ExitCode {
    let rows = rows();
    let database = database();
    fill(&database, rows);
    let directory = tempfile::tempdir().expect("a temporary directory");

    let mut copies = Vec::new();
    let mut extracts = Vec::new();
    let mut megabytes = 0.0_f64;
    for repeat in 0..REPEATS {
        copies.push(copy_out(&database, directory.path()));
        let (time, peak) = extract(&database, directory.path(), rows);
        extracts.push(time);
        megabytes = megabytes.max(peak);
        println!("{}: \\copy {:.2} s, extract {time:.2} s, {peak:.0} MB", repeat + 1, copies[repeat]);
    }
    // the best of each: what the machine did besides only ever makes a run longer
    let best = |times: &[f64]| times.iter().copied().fold(f64::INFINITY, f64::min);
    let ratio = best(&extracts) / best(&copies);
    println!(
        "{rows} users and {rows} patients: \\copy {:.2} s, extract {:.2} s, ratio {ratio:.2} (at most {MOST_RATIO}), \
         {megabytes:.0} MB (at most {MOST_MEGABYTES})",
        best(&copies),
        best(&extracts)
    );
    if is_measured() && (ratio > MOST_RATIO || megabytes > MOST_MEGABYTES) {
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// Two tables of that many rows, with values of a usual length.
fn fill(database: &Database, rows: u64) {
    for (_, ddl) in LEGACY_DDL {
        database.execute(ddl);
    }
    database.execute(&format!(
        "insert into auth_user (id, username, password, first_name, last_name, email, is_superuser, is_staff, is_active, \
             date_joined, last_login) \
         select n, 'user' || n, repeat('x', 88), 'Firstname' || n % 997, 'Lastname' || n % 7919, \
             case when n % 8 = 0 then 'user' || n || '@mail.example' else '' end, false, n % 9 = 0, true, \
             timestamptz '2015-01-01 00:00Z' + n * interval '97 seconds', \
             case when n % 3 > 0 then timestamptz '2020-01-01 00:00Z' + n * interval '61 seconds' end \
         from generate_series(1, {rows}) n; \
         insert into dispatch_patient (id, user_id, doctor_id, office_id, birthdate, sex, status, archived, suspended, \
             schemes, suffix, submitted_at, updated_at) \
         select n, n, n % 1181, case when n % 20 > 0 then n % 844 end, date '1950-01-01' + n % 20000, n % 3, 1, n % 7 = 0, \
             false, '{{\"upper\": [' || n % 16 || '], \"lower\": []}}', '00BB', \
             timestamptz '2015-01-01 00:00Z' + n * interval '97 seconds', \
             timestamptz '2020-01-01 00:00Z' + n * interval '61 seconds' \
         from generate_series(1, {rows}) n"
    ));
    // so that neither side pays for hint bits
    psql(database, "vacuum analyze auth_user, dispatch_patient");
}

fn copy_out(database: &Database, directory: &Path) -> f64 {
    let start = Instant::now();
    for (table, columns) in [("auth_user", USERS), ("dispatch_patient", PATIENTS)] {
        let file = directory.join(table);
        psql(database, &format!("\\copy (select {columns} from {table}) to '{}'", file.display()));
    }
    start.elapsed().as_secs_f64()
}

/// Seconds and megabytes.
fn extract(database: &Database, directory: &Path, rows: u64) -> (f64, f64) {
    let staging = directory.join("bench.drydock");
    let _ = fs::remove_file(&staging);
    let start = Instant::now();
    let mut child = Drydock::new(directory)
        .legacy(database)
        .args(["--quiet", "--staging", "bench.drydock", "extract"])
        .spawn();
    let mut peak = 0.0_f64;
    let status = loop {
        peak = peak.max(megabytes(child.id()));
        match child.try_wait().expect("the extract's state") {
            Some(status) => break status,
            None => thread::sleep(Duration::from_millis(5)),
        }
    };
    let seconds = start.elapsed().as_secs_f64();
    assert!(status.success(), "the extract failed");
    let counts = "select group_concat(rows) from legacy_tables where rows > 5";
    assert_eq!(sqlite3(&staging, counts), format!("{rows},{rows}"));
    (seconds, peak)
}

/// The largest memory that the process has had so far.
fn megabytes(pid: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes: f64 =
        peak.and_then(|peak| peak.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0.0);
    kilobytes / 1024.0
}
