//! The report: every figure in it is the status's, it needs nothing but itself, and no value of a record is in it. And the
//! entries that explain the codes.

use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::OnceLock;

use crate::harness::{Drydock, Job, migrated, sqlite3};
use serde_json::Value;

/// The migrated world that these tests look at.
fn seen() -> &'static Job {
    static SEEN: OnceLock<Job> = OnceLock::new();
    SEEN.get_or_init(Job::migrated)
}

fn drydock(file: &Path, arguments: &[&str]) -> String {
    let run = Drydock::new(seen().folder()).args(["--staging", file.to_str().unwrap()]);
    run.args(arguments).run().expect(0).stdout
}

fn status(file: &Path) -> Value {
    serde_json::from_str(&drydock(file, &["status", "--json"])).unwrap()
}

/// Every figure of a page: where it says that it stands in the status, and the number.
fn figures(page: &str) -> Vec<(String, String)> {
    page.split("data-figure=\"")
        .skip(1)
        .map(|rest| {
            let (path, rest) = rest.split_once('"').unwrap();
            let (_, rest) = rest.split_once("data-value=\"").unwrap();
            let (value, _) = rest.split_once('"').unwrap();
            (path.to_owned(), value.to_owned())
        })
        .collect()
}

#[test]
fn every_figure_of_the_page_stands_in_the_status() {
    let file = &seen().file();
    let status = status(file);
    let page = drydock(file, &["report"]);
    let found = figures(&page);
    assert!(found.len() > 300, "{} figures", found.len());
    for (path, value) in &found {
        let known = status.pointer(path).unwrap_or_else(|| panic!("the status has no {path}"));
        let known = known.as_f64().map_or_else(|| "null".to_owned(), |number| number.to_string());
        assert_eq!(*value, known, "{path}");
    }
    for path in [
        "/accounting/profiles/loaded",
        "/totals/quarantined",
        "/phase_2/phase_2a_profiles/resolved",
        "/error_analysis/total_errors",
        "/associations/0/records",
        "/checks/0/wrong",
        "/error_matrix/validation_failure/low",
        "/three_way_proof/target/rows",
        "/three_way_proof/unexplained",
        "/receipts/0/rows",
    ] {
        assert!(found.iter().any(|(known, _)| known == path), "the page lacks {path}");
    }
    // what is read is what is marked
    assert!(page.contains(">9,101</data>") && page.contains(">9,101</tspan>"));
}

#[test]
fn the_three_forms_have_the_same_figures() {
    let file = &seen().file();
    let status = status(file);
    let json: Value = serde_json::from_str(&drydock(file, &["report", "--format", "json"])).unwrap();
    assert_eq!(json["status"], status);
    let markdown = drydock(file, &["report", "--format", "md"]);
    for (entity, line) in status["accounting"].as_object().unwrap() {
        let numbers: Vec<String> =
            ["extracted", "ready", "merged", "rejected", "quarantined", "loaded", "failed"]
                .map(|word| line[word].to_string())
                .to_vec();
        let row = format!("| {entity} | {} |", numbers.join(" | "));
        assert!(markdown.contains(&row), "{row}");
    }
    for check in status["checks"].as_array().unwrap() {
        assert!(markdown.contains(check["name"].as_str().unwrap()), "{check}");
    }
    for (name, number) in status["error_analysis"].as_object().unwrap() {
        assert!(markdown.contains(&format!("| {name} | {number} |")), "{name}");
    }
}

#[test]
fn the_page_needs_nothing_but_itself() {
    let page = drydock(&seen().file(), &["report", "--format", "html"]);
    for word in ["http:", "https:", "<script", " src=", "url(", "@import", "<iframe", "<object"] {
        assert!(!page.contains(word), "{word}");
    }
    assert!(page.starts_with("<!doctype html>") && page.contains("<html lang=\"en\">"));
    assert!(page.contains("prefers-color-scheme: dark") && page.contains("@media print"));
    assert_eq!(page.matches("<svg").count(), 2);
}

#[test]
fn no_value_of_a_record_is_in_any_form() {
    let file = &seen().file();
    let pages: String =
        ["html", "md", "json"].map(|form| drydock(file, &["report", "--format", form])).concat();
    let values = sqlite3(
        file,
        "select email from legacy_auth_user where length(email) > 5 \
         union select username from legacy_auth_user where length(username) > 7 \
         union select email from ready_profiles \
         union select first_name || ' ' || last_name from ready_profiles where length(first_name || last_name) > 5 \
         union select birthdate from legacy_dispatch_patient where birthdate is not null \
         union select name from legacy_dispatch_office where length(name) > 8 \
         union select phone from legacy_dispatch_office where length(phone) > 5 \
         union select error_context from migration_errors where length(error_context) > 5 \
         union select id from ready_profiles",
    );
    let mut asked = 0;
    // most values are ruled out by their first bytes
    let beginnings: HashSet<&[u8]> = pages.as_bytes().windows(6).collect();
    for value in values.lines().filter(|value| value.len() > 5) {
        asked += 1;
        let may_be_there = beginnings.contains(&value.as_bytes()[..6]);
        assert!(!may_be_there || !pages.contains(value), "a value of a record is in the report");
    }
    assert!(asked > 20_000, "{asked}");
}

#[test]
fn a_page_is_written_once_and_for_its_owner_only() {
    let world = seen();
    let page = world.path("report.md");
    let report = || {
        Drydock::new(world.folder()).args([
            "report",
            "--staging",
            world.file().to_str().unwrap(),
            "--out",
            page.to_str().unwrap(),
        ])
    };
    report().run().expect(0);
    assert!(fs::read_to_string(&page).unwrap().starts_with("# Migration report"));
    assert_eq!(fs::metadata(&page).unwrap().permissions().mode() & 0o777, 0o600);
    let refused = report().run().expect(3);
    assert!(refused.stderr.contains("--replace"), "{}", refused.stderr);
    report().args(["--replace", "--format", "html"]).run().expect(0);
    assert!(fs::read_to_string(&page).unwrap().starts_with("<!doctype html>"));
}

#[test]
fn what_is_not_known_yet_is_no_number() {
    let world = seen();
    let file = world.path("young.drydock");
    let legacy = migrated().path("legacy");
    Drydock::new(world.folder())
        .args(["extract", "--quiet", "--staging", file.to_str().unwrap(), "--csv", legacy.to_str().unwrap()])
        .run()
        .expect(0);
    let page = drydock(&file, &["report"]);
    assert!(page.contains("Not verified yet"));
    assert!(figures(&page).iter().any(|(path, value)| path == "/unaccounted" && value == "null"));
    assert!(page.contains(">–</data>"));
}

#[test]
fn every_code_is_explained_and_help_still_helps() {
    let file = &seen().file();
    let codes = drydock(file, &["help", "codes"]);
    assert!(codes.lines().count() > 35);
    for code in codes.lines() {
        let entry = drydock(file, &["help", code]);
        assert!(
            entry.starts_with(code) && entry.contains("what it means") && entry.contains("what to do"),
            "{entry}"
        );
    }
    // a check that fails is explained too, and what it says to ask can be asked
    for check in status(file)["checks"].as_array().unwrap() {
        let name = check["name"].as_str().unwrap();
        let entry: Value = serde_json::from_str(&drydock(file, &["help", name, "--json"])).unwrap();
        assert!(entry["means"].as_str().unwrap().contains("a check of the verification"), "{entry}");
        sqlite3(file, entry["look"].as_str().unwrap());
    }
    // the query of an entry runs on the file as it is printed
    let entry: Value = serde_json::from_str(&drydock(file, &["help", "email_shared", "--json"])).unwrap();
    let rows = sqlite3(file, entry["look"].as_str().unwrap());
    assert!(rows.lines().count() > 5, "{rows}");
    for (topic, part) in [("status", "--watch"), ("demo", "world"), ("8", "staging")] {
        assert!(drydock(file, &["help", topic]).contains(part), "{topic}");
    }
    assert!(drydock(file, &["help", "demo", "world"]).contains("--out"));
    assert!(
        drydock(file, &["help"]).contains("transform")
            && drydock(file, &["status", "--help"]).contains("--watch")
    );
    let unknown = Drydock::new(world_directory()).args(["help", "no_such_code"]).run().expect(2);
    assert!(unknown.stderr.contains("help codes"), "{}", unknown.stderr);
}

fn world_directory() -> &'static Path {
    seen().folder()
}

/// Issues as rules make them, so many more of every kind that there is.
const MANY: &str = "with recursive n (i) as (select 1 union all select i + 1 from n where i < 100000), \
     kinds as (select row_number() over () - 1 as place, count(*) over () as kinds, * from \
               (select distinct phase, severity, entity_type, entity, error_code, error_category, field, error_message, \
                                suggested_resolution, resolution_strategy, resolution_status from migration_errors)) \
     insert into migration_errors (phase, severity, entity_type, entity, entity_id, error_code, error_category, field, \
         error_message, error_context, suggested_resolution, resolution_strategy, resolution_status, retry_count, created_at) \
     select phase, severity, entity_type, entity, 1000000 + i, error_code, error_category, field, error_message, \
            'context of ' || i, suggested_resolution, resolution_strategy, resolution_status, 0, '2026-01-01T00:00:00Z' \
     from n join kinds on place = i % kinds";

#[test]
fn a_report_stays_small_at_a_hundred_thousand_issues() {
    let job = Job::migrated();
    rusqlite::Connection::open(job.file()).unwrap().execute(MANY, []).unwrap();
    let issues: u64 = job.staged("select count(*) from migration_errors").parse().unwrap();
    assert!(issues > 100_000, "{issues}");
    for (name, most) in [("report.html", 2_000_000), ("report.md", 1_000_000), ("report.json", 2_000_000)] {
        job.run(["report", "--out", name]);
        let bytes = fs::metadata(job.path(name)).unwrap().len();
        assert!(bytes < most, "{name}: {bytes} bytes");
    }
    let page = fs::read_to_string(job.path("report.html")).unwrap();
    let (_, shown) = page.split_once("data-figure=\"/open/issues\" data-value=\"").expect("the issues");
    assert_eq!(shown.split('"').next().unwrap(), issues.to_string());
    // a few of each kind are named, and by which command the others are listed
    assert!(page.contains("1000") && page.contains("drydock errors --code "), "no record is named");
}
