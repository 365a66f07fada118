//! The hand-written cases of `fixtures/cases`: each is extracted, surveyed and transformed by the real binary, and
//! `sqlite3` must print from its staging file what its `expected.txt` says. What it made ready must load, too.
//!
//! `expected.txt`: blocks of one query (lines that begin with `> `) and the rows that it prints. A case whose records
//! partly wait for review begins with the line `transform ends with 6`.

use std::fmt::Write as _;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::harness::{Job, cases};

/// Cases at work at the same time.
const WORKERS: usize = 3;

/// A query and the rows expected of it.
#[derive(Debug)]
struct Block {
    query: String,
    rows: String,
}

/// What a case expects.
#[derive(Debug)]
struct Expected {
    transform_ends_with: i32,
    blocks: Vec<Block>,
}

impl Expected {
    fn parse(text: &str) -> Expected {
        let mut expected = Expected { transform_ends_with: 0, blocks: Vec::new() };
        let mut in_query = false;
        for line in text.lines() {
            if let Some(query) = line.strip_prefix("> ") {
                match expected.blocks.last_mut() {
                    Some(block) if in_query => block.query = format!("{}\n{query}", block.query),
                    _ => expected.blocks.push(Block { query: query.to_owned(), rows: String::new() }),
                }
                in_query = true;
                continue;
            }
            in_query = false;
            match (expected.blocks.last_mut(), line) {
                (Some(block), _) => block.rows = block.rows.clone() + line + "\n",
                (None, "transform ends with 6") => expected.transform_ends_with = 6,
                (None, _) => assert!(line.is_empty(), "before the first query: {line}"),
            }
        }
        for block in &mut expected.blocks {
            block.rows = block.rows.trim_end_matches('\n').to_owned();
        }
        expected
    }
}

fn names() -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(cases())
        .expect("fixtures/cases")
        .map(|entry| entry.expect("a folder").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// Runs a case; what is not as expected comes back as text.
fn run(name: &str) -> String {
    let text = fs::read_to_string(cases().join(name).join("expected.txt"));
    let Ok(text) = text else { return "has no expected.txt".to_owned() };
    let expected = Expected::parse(&text);
    let job = Job::of_case(name);
    job.verb("extract").run().expect(0);
    job.verb("survey").args(["--create-tables"]).run().expect(0);
    job.verb("transform").run().expect(expected.transform_ends_with);

    let mut wrong = String::new();
    if expected.blocks.is_empty() {
        wrong.push_str("asks nothing\n");
    }
    for Block { query, rows } in &expected.blocks {
        let printed = job.staged(query);
        if printed != *rows {
            let _ = writeln!(wrong, "> {query}\n{}", difference(rows, &printed));
        }
    }
    // whatever was made ready is something that a real target takes, and takes once
    let code = expected.transform_ends_with;
    job.verb("load").run().expect(code);
    job.verb("verify").run().expect(code);
    let before = job.row_versions();
    job.verb("load").run().expect(code);
    if job.row_versions() != before {
        wrong.push_str("a second load wrote rows\n");
    }
    wrong
}

/// The lines of both sides, those of only one of them marked.
fn difference(expected: &str, printed: &str) -> String {
    let (expected, printed): (Vec<_>, Vec<_>) = (expected.lines().collect(), printed.lines().collect());
    let mut text = String::new();
    for line in &expected {
        let mark = if printed.contains(line) { ' ' } else { '-' };
        let _ = writeln!(text, "{mark} {line}");
    }
    for line in printed.iter().filter(|line| !expected.contains(line)) {
        let _ = writeln!(text, "+ {line}");
    }
    if !text.contains("\n- ") && !text.contains("\n+ ") && !text.starts_with(['-', '+']) {
        let _ = writeln!(text, "the same rows in another order or number:\n{}", printed.join("\n"));
    }
    text
}

#[test]
fn every_case_comes_out_as_written() {
    let names = names();
    let next = AtomicUsize::new(0);
    let failures = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Some(name) = names.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let wrong = catch_unwind(AssertUnwindSafe(|| run(name))).unwrap_or_else(|panic| {
                        panic.downcast_ref::<String>().cloned().unwrap_or_else(|| "a panic".to_owned())
                    });
                    if !wrong.is_empty() {
                        failures.lock().expect("failures").push(format!("=== {name}\n{wrong}"));
                    }
                }
            });
        }
    });
    let mut failures = failures.into_inner().expect("failures");
    failures.sort();
    assert!(failures.is_empty(), "{} of {} cases\n{}", failures.len(), names.len(), failures.join("\n"));
}

#[test]
fn every_case_is_described() {
    let readme =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/README.md")).expect("README");
    let names = names();
    for name in &names {
        assert!(
            readme.contains(&format!("| `{name}` |")),
            "fixtures/README.md does not say what {name} shows"
        );
    }
    let described = readme.lines().filter(|line| line.starts_with("| `")).count();
    assert_eq!(described, names.len(), "fixtures/README.md describes a case that does not exist");
}
