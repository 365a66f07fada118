//! The time of sealing beside what it cannot do without: `sqlite3` writing the same copy, and the SHA-256 of its bytes.
//!
//! `cargo bench --bench audit` seals a file of a million profiles and a million patients; `DRYDOCK_BENCH_ROWS` is another number
//! of each, and `DRYDOCK_BENCH_FILE` a staging file that is there already: a copy of it is sealed. Both sides run in turns on the
//! same disk. The bound: twice.

#[path = "../harness/mod.rs"]
mod harness;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use crate::harness::{Migration, Size};
use tempfile::TempDir;

fn main() {
    let given = std::env::var_os("DRYDOCK_BENCH_FILE").map(PathBuf::from);
    let folder = match &given {
        Some(file) => TempDir::new_in(file.parent().expect("a folder")),
        None => TempDir::new(),
    }
    .expect("a folder");
    let file = folder.path().join("staging.drydock");
    match given {
        Some(given) => drop(fs::copy(given, &file).expect("a copy")),
        None => fill(&file),
    }
    println!("{} MB", fs::metadata(&file).expect("the file").len() / 1_000_000);
    for turn in 0..3 {
        let copy = folder.path().join("by-sqlite3");
        let copying =
            timed(Command::new("sqlite3").arg(&file).arg(format!("vacuum into '{}'", copy.display())));
        let hashing = timed(Command::new("sha256sum").arg(&copy));
        fs::remove_file(&copy).expect("the copy");
        let out = folder.path().join("sealed");
        let sealing = timed(
            Command::new(env!("CARGO_BIN_EXE_drydock"))
                .args(["audit", "seal", "--quiet", "--staging"])
                .arg(&file)
                .arg("--out")
                .arg(&out),
        );
        if turn == 0 {
            let checking =
                timed(Command::new(env!("CARGO_BIN_EXE_drydock")).args(["audit", "check"]).arg(&out));
            println!("check   {checking:7.2} s");
        }
        fs::remove_dir_all(&out).expect("the folder");
        println!(
            "sqlite3 {copying:7.2} s + sha256sum {hashing:5.2} s   seal {sealing:7.2} s   {:.2} (bound 2.00)",
            sealing / (copying + hashing)
        );
    }
}

fn timed(command: &mut Command) -> f64 {
    let started = Instant::now();
    let output = command.output().expect("a program");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    started.elapsed().as_secs_f64()
}

/// A small migration, and in its file as many people as wanted, with rows of every kind that a transform writes.
fn fill(file: &Path) {
    let rows: u64 =
        std::env::var("DRYDOCK_BENCH_ROWS").ok().and_then(|text| text.parse().ok()).unwrap_or(1_000_000);
    let migration = Migration::new(Size { offices: 3, users: 20 });
    migration.run(["survey", "--quiet"]);
    migration.run(["transform", "--quiet"]);
    fs::copy(migration.file(), file).expect("a copy");
    let uuid = "lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-5' || substr(hex(randomblob(2)), 2) || '-8' \
                || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))";
    let sql = format!(
        "pragma synchronous = off; begin;
         delete from ready_profiles; delete from ready_patients; delete from legacy_auth_user; delete from legacy_dispatch_patient;
         create temp table n as with recursive n (i) as (select 1 union all select i + 1 from n where i < {rows}) select i from n;
         insert into legacy_auth_user (legacy_id, id, first_name, last_name, email)
         select i, i, ' First' || i, 'Last' || i, 'person' || i || '@example.org' from n;
         insert into legacy_dispatch_patient (legacy_id, id, user_id, birthdate, sex) select i, i, i, '1980-02-03', '2' from n;
         insert into ready_profiles (id, legacy_id, email, first_name, last_name, role, is_active, metadata, created_at, updated_at)
         select {uuid}, i, 'person' || i || '@example.org', 'First' || i, 'Last' || i, 'patient', 'true',
             '{{\"legacy\":{{\"username\":\"u' || i || '\",\"groups\":[\"Patient\"],\"is_staff\":\"f\"}}}}',
             '2020-01-01 00:00:00+00', '2021-01-01 00:00:00+00' from n;
         insert into ready_patients select {uuid}, p.legacy_id, p.id, first_name, last_name, email, '1980-02-03', 'female', null, null,
             '', '', '', '', '', '', '', '', '', '', '', '', metadata, created_at, updated_at from ready_profiles p order by 2;
         commit;"
    );
    let output = Command::new("sqlite3").arg(file).arg(sql).output().expect("sqlite3");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
