//! The time of sealing beside what it cannot do without: `sqlite3` writing the same copy, and the SHA-256 of its bytes.
//!
//! `cargo bench --bench audit` seals a file of a million profiles and a million patients; `DRYDOCK_BENCH_ROWS` is another number
//! of each, and `DRYDOCK_BENCH_FILE` a staging file that is there already: a copy of it is sealed. Both sides run in turns on the
//! same disk. The bound: twice.

#[path = "../harness/mod.rs"]
mod harness;
mod rows;
mod source;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use harness::{Drydock, empty_target};
use rows::rows;
use source::write_source;
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
        None => fill(folder.path()),
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

/// The staging file of a migration of so many people up to its transform.
fn fill(directory: &Path) {
    write_source(directory, rows());
    let target = empty_target();
    for arguments in [&["extract", "--csv", "legacy"][..], &["survey"], &["transform"]] {
        Drydock::new(directory).target(&target).args(["--quiet"]).args(arguments).run().expect(0);
    }
}
