//! `transform` of a million users and a million patients against merely copying the same rows inside SQLite: read the raw
//! rows, insert the resolved and status rows, no thinking. Prints both, their ratio and the peak of memory.
//!
//! The copy names the columns on both sides. `insert into … select *` between tables of one shape would make SQLite move
//! whole records from page to page without reading a value, which is neither reading rows nor inserting them.
//!
//! `cargo bench --bench transform [-- FOLDER]`; a folder that is given keeps the snapshot for the next time.
//! `DRYDOCK_BENCH_ROWS` sets another number of records, with fewer of which nothing fails.

mod rows;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use rows::{is_measured, rows};
use rusqlite::Connection;

/// At most this many times the copy.
const RATIO: f64 = 2.5;
/// At most this much memory.
const MEGABYTES: u64 = 512;

fn main() -> ExitCode {
    let records = rows();
    let given = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    let own = tempfile::tempdir().expect("a temporary directory");
    let directory = given.map_or(own.path().to_owned(), PathBuf::from);
    let prepared = directory.join(format!("{records}.drydock"));
    if !prepared.exists() {
        prepare(&directory, &prepared, records);
    }
    // each time from the same snapshot, without an earlier result
    let staging = directory.join(format!("{records}.transformed"));
    fs::copy(&prepared, &staging).expect("a copy of the snapshot");
    let (seconds, peak) = transform(&directory, &staging);
    let copying = copy(&directory, &staging);
    let ratio = seconds.as_secs_f64() / copying.as_secs_f64();
    println!("copy       {:>8.2} s", copying.as_secs_f64());
    println!("transform  {:>8.2} s  {ratio:.2} times the copy (at most {RATIO})", seconds.as_secs_f64());
    println!("peak memory {peak} MB (at most {MEGABYTES})");
    if (ratio <= RATIO && peak < MEGABYTES) || !is_measured() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// A staging file with a snapshot and a survey. The target of the survey is empty but for its catalog.
fn prepare(directory: &Path, staging: &Path, records: u64) {
    write_source(&directory.join("legacy"), records);
    let arguments = ["extract", "--quiet", "--csv", "legacy", "--staging"];
    let extracted = drydock(directory).args(arguments).arg(staging).status().expect("drydock");
    assert!(extracted.success(), "extract");
    fs::remove_dir_all(directory.join("legacy")).expect("the source");
    let cluster = drydock::demo::cluster::Cluster::start().unwrap_or_else(|error| panic!("{error}"));
    cluster.create_database("bench").unwrap_or_else(|error| panic!("{error}"));
    let address = drydock::connect::Address::parse(&cluster.url("bench")).expect("a URL");
    drydock::target::Target::open(&address, &drydock::config::Target::default())
        .and_then(|mut target| target.create_tables())
        .unwrap_or_else(|error| panic!("{error}"));
    let surveyed = drydock(directory)
        .env("DRYDOCK_TARGET_URL", cluster.url("bench"))
        .args(["survey", "--quiet", "--staging"])
        .arg(staging)
        .output()
        .expect("drydock");
    assert!(surveyed.status.success(), "survey");
}

/// People as the plan's: most without an address, names in several scripts, a few quirks.
fn write_source(directory: &Path, records: u64) {
    use std::fmt::Write as _;
    use std::io::Write as _;

    fs::create_dir_all(directory).expect("a folder");
    let file = |name: &str, header: &str| {
        let path = directory.join(format!("{name}.csv"));
        let mut out = std::io::BufWriter::new(fs::File::create(path).expect("a table"));
        writeln!(out, "{header}").expect("a header");
        out
    };
    let offices = records / 100 + 1;
    let doctors = records / 20 + 1;
    let first = ["Ann", "Bob", "José", "太郎", "สมชาย", "MARIA", "Kim", " Lee", "O'Hara", "Jürgen"];
    let last = ["Smith", "Nuñez", "山田", "ใจดี", "van den Berg", "McKay", "Li", "Ivanova", "Brown ", "Roe"];
    let mut users = file(
        "auth_user",
        "id,username,first_name,last_name,email,is_superuser,is_staff,is_active,date_joined,last_login",
    );
    let mut groups = file("auth_user_groups", "id,user_id,group_id");
    let mut line = String::new();
    for id in 1..=records {
        let mixed = id.wrapping_mul(drydock_random::GOLDEN) >> 20;
        let place = |of: u64| usize::try_from(mixed / of % 10).unwrap_or(0);
        line.clear();
        let email = match mixed % 100 {
            0..13 => format!("person.{id}@mail.example"),
            13 => format!("Person.{id}@Mail.example "),
            14 => "shared@mail.example".to_owned(),
            15 => "not an address".to_owned(),
            _ => String::new(),
        };
        let login = if mixed % 3 == 0 { "2025-03-01 10:00:00+00" } else { "" };
        let _ = write!(
            line,
            "{id},user{id},\"{}\",\"{}{id}\",\"{email}\",f,f,t,2021-05-06 07:08:09+00,{login}",
            first[place(7)],
            last[place(11)]
        );
        writeln!(users, "{line}").expect("a row");
        writeln!(groups, "{id},{id},{}", if id <= doctors { 2 } else { 1 }).expect("a row");
    }
    let mut patients = file(
        "dispatch_patient",
        "id,user_id,doctor_id,office_id,birthdate,sex,status,archived,suspended,schemes,suffix,submitted_at,updated_at",
    );
    for id in 1..=records {
        let mixed = id.wrapping_mul(0xd6e8_feb8_6659_fd93) >> 20;
        let office = if mixed % 20 == 0 { String::new() } else { (mixed % offices + 1).to_string() };
        writeln!(
            patients,
            "{id},{id},{},{office},{}-{:02}-{:02},{},1,f,f,\"[]\",00BB,2024-01-01 00:00:00+00,2024-02-03 04:05:06+00",
            mixed % doctors + 1,
            1940 + mixed % 70,
            mixed % 12 + 1,
            mixed % 28 + 1,
            mixed % 3,
        )
        .expect("a row");
    }
    let mut practices =
        file("dispatch_office", "id,doctor_id,name,address,city,state,zip,country,phone,tax_rate,valid");
    let mut members = file("dispatch_office_doctors", "id,office_id,user_id");
    for id in 1..=offices {
        let doctor = id % doctors + 1;
        writeln!(practices, "{id},{doctor},Office {id},1 Road,Town {},CA,90001,USA,555,10.2500,t", id % 50)
            .expect("a row");
        writeln!(members, "{id},{id},{doctor}").expect("a row");
    }
    writeln!(file("auth_group", "id,name"), "1,Patient\n2,Doctor").expect("a row");
    writeln!(file("dispatch_usersetting", "id,user_id,emails,require_2fa"), "1,1,t,f").expect("a row");
}

/// The binary under test. Its own cargo profile is the bench's.
fn drydock(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_drydock"));
    command.current_dir(directory);
    command
}

/// The time and the peak of memory of one transform.
fn transform(directory: &Path, staging: &Path) -> (Duration, u64) {
    let started = Instant::now();
    let mut child = drydock(directory)
        .args(["transform", "--quiet", "--staging"])
        .arg(staging)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("drydock");
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().expect("drydock").is_none() {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        peak = peak.max(kilobytes.unwrap_or(0) / 1000);
        std::thread::sleep(Duration::from_millis(20));
    }
    (started.elapsed(), peak)
}

/// The copy: every raw row that the rules read, and every row and index that the transform wrote, in another file.
fn copy(directory: &Path, staging: &Path) -> Duration {
    let copied = directory.join("copy.sqlite");
    let _ = fs::remove_file(&copied);
    let connection = Connection::open(staging).expect("the staging file");
    let texts = |sql: &str| -> Vec<(String, String)> {
        let mut statement = connection.prepare(sql).expect("a query");
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("rows");
        rows.collect::<Result<_, _>>().expect("texts")
    };
    let written = "(tbl_name like 'ready\\_%' escape '\\' \
                   or tbl_name in ('records', 'changes', 'migration_errors', 'associations'))";
    let tables = texts(&format!(
        "select name, sql from sqlite_master where type = 'table' and {written} order by name"
    ));
    let indexes = texts(&format!(
        "select name, sql from sqlite_master where type = 'index' and sql is not null and {written}"
    ));
    let columns_of = |table: &str| -> String {
        let columns = texts(&format!("select name, name from pragma_table_info('{table}')"));
        columns.iter().map(|(name, _)| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
    };
    let started = Instant::now();
    for table in
        ["auth_user", "dispatch_patient", "dispatch_office", "dispatch_office_doctors", "auth_user_groups"]
    {
        let mut rows = connection.prepare(&format!("select * from legacy_{table}")).expect("a table");
        let width = rows.column_count();
        let mut rows = rows.query([]).expect("rows");
        while let Some(row) = rows.next().expect("a row") {
            for column in 0..width {
                std::hint::black_box(row.get_ref(column).expect("a value"));
            }
        }
    }
    connection
        .execute_batch(&format!(
            "attach '{}' as other; pragma other.page_size = 16384; pragma other.journal_mode = delete; \
             pragma other.synchronous = off; pragma other.cache_size = -65536; begin",
            copied.display()
        ))
        .expect("another file");
    for (name, sql) in &tables {
        connection.execute_batch(&in_other(sql, "table", name)).expect("a table");
        let columns = columns_of(name);
        connection
            .execute_batch(&format!("insert into other.{name} ({columns}) select {columns} from main.{name}"))
            .expect("the rows");
    }
    for (name, sql) in &indexes {
        connection.execute_batch(&in_other(sql, "index", name)).expect("an index");
    }
    connection.execute_batch("commit").expect("the end");
    started.elapsed()
}

/// The statement that makes the table or index, for the other file.
fn in_other(sql: &str, kind: &str, name: &str) -> String {
    let position = sql.find(name).expect("its name");
    let (head, tail) = sql.split_at(position);
    assert!(head.to_lowercase().contains(kind), "{sql}");
    format!("{head}other.{tail}")
}
