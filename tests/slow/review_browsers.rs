//! The review page in Chromium and in Firefox: every question of the world decided at the keyboard within the time that a person
//! has for it, and ten thousand questions that are no more work than ten.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::{Job, migrated};
use serde_json::{Value, json};

/// What drives the browsers, and what judges the page, as npm packages.
const PACKAGES: [&str; 2] = ["puppeteer-core@24.43.1", "axe-core@4.10.3"];

/// Seconds that a person takes for a question whose answer is one key.
const PER_KEY: u64 = 3;

/// What nobody waits for, in milliseconds, on a machine that does other things as well.
const AT_ONCE: f64 = 250.0;

fn program(names: &[&str]) -> PathBuf {
    let found = names.iter().find_map(|name| {
        let found = Command::new("sh").args(["-c", &format!("command -v {name}")]).output().ok()?;
        Some(String::from_utf8_lossy(&found.stdout).trim().to_owned()).filter(|path| !path.is_empty())
    });
    PathBuf::from(found.unwrap_or_else(|| panic!("needs one of {names:?}")))
}

/// Decides on the page in a browser, with so many keys at most.
fn drive(job: &Job, browser: &str, most: u64, big: Option<&Path>) -> Value {
    let tools = tempfile::tempdir().expect("a folder");
    let installed = Command::new("npm")
        .args([
            "install",
            "--silent",
            "--no-save",
            "--no-audit",
            "--no-fund",
            "--ignore-scripts",
            "--prefix",
            ".",
        ])
        .args(PACKAGES)
        .current_dir(tools.path())
        .status();
    assert!(installed.is_ok_and(|status| status.success()), "needs npm and its registry");
    let names: &[&str] = match browser {
        "firefox" => &["firefox-esr", "firefox"],
        _ => &["chromium", "chromium-browser", "google-chrome"],
    };
    let folder = job.path(browser);
    fs::create_dir(&folder).expect("a folder");
    let plan = json!({
        "browser": browser, "program": program(names), "page": job.path("review.html"), "folder": folder, "most": most, "big": big,
    });
    fs::write(job.path("plan.json"), plan.to_string()).expect("the plan");
    let output = Command::new("node")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/harness/browsers.js"))
        .arg(tools.path().join("node_modules"))
        .arg(job.path("plan.json"))
        // where a browser keeps what it keeps
        .env("HOME", tools.path())
        .output()
        .expect("node, which npm brings");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let seen: Value = serde_json::from_slice(&output.stdout).expect("what was seen");
    assert_eq!((&seen["console"], &seen["violations"]), (&json!([]), &json!([])), "{browser}");
    seen
}

/// The world's page, and how many questions are on it.
fn page(job: &Job) -> u64 {
    let written = job.run(["review", "page", "--out", "review.html", "--json"]).stdout;
    let written: Value = serde_json::from_str(&written).expect("JSON");
    written["questions"].as_u64().expect("a number")
}

/// The decisions that the browser saved, taken in: how many they are.
fn imported(job: &Job, browser: &str, seen: &Value) -> u64 {
    let saved = job.path(browser).join(seen["saved"].as_str().expect("a saved file"));
    let imported = job.run(["review", "import", saved.to_str().unwrap(), "--json"]).stdout;
    serde_json::from_str::<Value>(&imported).expect("JSON")["decided"].as_u64().expect("a number")
}

/// The page with the same questions again and again under other ids, until there are so many.
fn enlarged(job: &Job, questions: usize) -> PathBuf {
    const DATA: (&str, &str) = ("<script type=\"application/json\" id=\"data\">", "</script>");
    let page = fs::read_to_string(job.path("review.html")).expect("the page");
    let (before, rest) = page.split_once(DATA.0).expect("the data");
    let (data, after) = rest.split_once(DATA.1).expect("their end");
    let mut data: Value = serde_json::from_str(data).expect("JSON");
    let once = data["questions"].as_array().expect("questions").clone();
    let again = (0..).flat_map(|round: i64| once.iter().map(move |question| (round, question.clone())));
    let many = again.take(questions).map(|(round, mut question)| {
        let item = question["item"].as_str().expect("an item").to_owned();
        let parts: Vec<&str> = item.splitn(3, ':').collect();
        let id: i64 = parts[1].parse().expect("a legacy id");
        question["item"] = format!("{}:{}:{}", parts[0], id + round * 1_000_000, parts[2]).into();
        question
    });
    data["questions"] = many.collect();
    // as the program writes it: nothing in a text ends the script
    let data = data.to_string().replace('<', "\\u003c");
    let big = job.path("big.html");
    fs::write(&big, format!("{before}{}{data}{}{after}", DATA.0, DATA.1)).expect("a page");
    big
}

fn is_quick(seen: &Value) {
    let big = &seen["big"];
    assert!(big["count"].as_str().is_some_and(|count| count.ends_with("of 10000")), "{seen}");
    assert!(big["drawn"].as_u64() < Some(60), "{seen}");
    for what in ["step", "answer", "search"] {
        assert!(big[what].as_f64() < Some(AT_ONCE), "{what}: {seen}");
    }
}

#[test]
#[ignore = "needs chromium, and npm with its registry for what drives and judges it; .ci/run runs this"]
fn every_question_is_decided_at_the_keyboard_within_forty_minutes() {
    let job = migrated().copied();
    let questions = page(&job);
    let big = enlarged(&job, 10_000);
    let seen = drive(&job, "chromium", 2 * questions, Some(&big));
    assert_eq!(seen["count"], format!("{questions} of {questions}"));
    // one key each: what a person needs beside them is to look
    let keys = seen["keys"].as_u64().expect("a number");
    assert_eq!(keys, questions);
    assert!(keys * PER_KEY < 40 * 60, "{keys} keys of {PER_KEY} s");
    is_quick(&seen);
    assert_eq!(imported(&job, "chromium", &seen), questions);
    job.run(["transform", "--quiet"]);
}

#[test]
#[ignore = "needs firefox, and npm with its registry for what drives and judges it; .ci/run runs this"]
fn the_page_works_in_firefox_too() {
    let job = migrated().copied();
    let questions = page(&job);
    let big = enlarged(&job, 10_000);
    let seen = drive(&job, "firefox", 40, Some(&big));
    assert_eq!((&seen["keys"], &seen["count"]), (&json!(40), &json!(format!("40 of {questions}"))));
    is_quick(&seen);
    assert_eq!(imported(&job, "firefox", &seen), 40);
}
