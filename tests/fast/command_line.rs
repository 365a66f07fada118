//! The command line explains itself: verbs in groups with an example each, failures as JSON for whoever asked for JSON, the runs
//! that a rollback takes, and a watch that ends well.

use std::io::{BufRead, BufReader};
use std::process::Command;
use std::thread;
use std::time::Duration;

use crate::harness::{Drydock, Job, Size};
use serde_json::Value;

fn job() -> Job {
    Job::of_size(Size { offices: 2, users: 12 }).by("")
}

#[test]
fn the_help_lists_every_verb_in_a_group_and_a_verb_ends_with_an_example() {
    let home = tempfile::tempdir().unwrap();
    let help = Drydock::new(home.path()).args(["help"]).run().expect(0).stdout;
    let groups = ["Steps:", "Look:", "Decide:", "Undo:", "Ship:", "Other:", "Options:"];
    let places: Vec<usize> =
        groups.iter().map(|group| help.find(group).unwrap_or_else(|| panic!("{group}"))).collect();
    assert!(places.is_sorted(), "{help}");
    assert_eq!(help, Drydock::new(home.path()).args(["--help"]).run().expect(0).stdout);
    let load = Drydock::new(home.path()).args(["load", "--help"]).run().expect(0).stdout;
    assert!(
        load.contains("\n\nExample:\n  drydock load --phase 2a\n\nMore:\n  drydock help steps"),
        "{load}"
    );
}

#[test]
fn a_failure_is_a_document_where_json_was_asked_for() {
    let home = tempfile::tempdir().unwrap();
    let failed = |arguments: &[&str], code: i32| -> Value {
        let ended = Drydock::new(home.path()).args(arguments).run().expect(code);
        assert!(ended.stderr.contains("error: "), "{}", ended.stderr);
        serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("no JSON: {}", ended.stdout))
    };
    for (arguments, kind, code) in [
        (["status", "--json"].as_slice(), "staging", 8),
        (&["explain", "nobody", "1", "--json"], "staging", 8),
        (&["help", "no_such_code", "--json"], "usage", 2),
        (&["no_such_verb", "--json"], "usage", 2),
        (&["status", "--json", "--no-such-flag"], "usage", 2),
    ] {
        let error = &failed(arguments, code)["error"];
        assert_eq!(
            (&error["kind"], &error["exit_code"]),
            (&Value::from(kind), &Value::from(code)),
            "{arguments:?}"
        );
        assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()), "{error}");
        assert!(error["hint"].is_string(), "{error}");
    }
    // a password is masked there as it is anywhere
    let error = failed(&["status", "--json", "--staging", "postgres://ada:s3cret@db/x"], 2);
    assert!(!error.to_string().contains("s3cret"), "{error}");
    // and without --json, standard output stays empty
    assert_eq!(Drydock::new(home.path()).args(["status"]).run().expect(8).stdout, "");
}

#[test]
fn runs_lists_what_a_rollback_takes() {
    let job = job().at("load");
    let runs: Value = serde_json::from_str(&job.run(["runs", "--loads", "--json"]).stdout).expect("JSON");
    let [load] = runs.as_array().expect("a list").as_slice() else { panic!("{runs}") };
    assert_eq!(load["verb"], "load");
    let number = load["run_id"].to_string();
    let written =
        job.staged(&format!("select sum(inserted + updated) from receipts where run_id = {number}"));
    assert_eq!(load["rows_written"].to_string(), written);
    let text = job.run(["runs"]).stdout;
    assert!(text.contains("extract") && text.contains("(2A, 2B, 2C)"), "{text}");
    job.run(["rollback", "--run", &number, "--dry-run"]);

    // also when another result has been decided since: it can still be undone
    job.run(["transform", "--quiet"]);
    job.run(["load", "--quiet"]);
    let later: Value = serde_json::from_str(&job.run(["runs", "--loads", "--json"]).stdout).expect("JSON");
    let later = later.as_array().expect("a list");
    assert_eq!((later.len(), &later[0]), (2, load));
    assert_eq!(later[1]["rows_written"], 0);
    job.run(["rollback", "--run", &number, "--dry-run"]);
}

#[test]
fn every_code_that_a_sheet_names_is_known_to_the_help() {
    let job = Job::migrated();
    let asked: Value = serde_json::from_str(&job.run(["review", "export", "--json"]).stdout).expect("JSON");
    let items = asked["items"].as_array().expect("items").iter();
    let mut codes: Vec<String> = items
        .flat_map(|item| item["issues"].as_array().unwrap())
        .map(|code| code.as_str().unwrap().to_owned())
        .collect();
    codes.sort();
    codes.dedup();
    assert!(codes.iter().any(|code| code == "possible_duplicate"), "{codes:?}");
    for code in codes {
        let entry: Value = serde_json::from_str(&job.run(["help", &code, "--json"]).stdout).expect("JSON");
        assert!(entry["command"].as_str().is_some_and(|command| command.starts_with("drydock ")), "{entry}");
    }
}

#[test]
fn completions_and_the_manual_know_every_verb() {
    let home = tempfile::tempdir().unwrap();
    let print = |arguments: &[&str]| Drydock::new(home.path()).args(arguments).run().expect(0).stdout;
    for shell in ["bash", "zsh", "fish"] {
        let script = print(&["completions", shell]);
        assert!(script.contains("rollback"), "{shell}");
    }
    let checked = Command::new("bash").args(["-n", "-c", &print(&["completions", "bash"])]).status();
    assert!(checked.is_ok_and(|status| status.success()), "bash does not take its completions");
    assert!(print(&["man"]).contains("rollback"));
    assert!(print(&["man", "load"]).starts_with(".ie") && print(&["man", "load"]).contains("retry"));
}

#[test]
fn a_watch_shows_what_changes_and_ends_well() {
    let job = job().at("transform");
    let mut watching = job.drydock(["status", "--watch", "--json"]).spawn();
    let mut lines = BufReader::new(watching.stdout.take().unwrap()).lines();
    let first = lines.next().expect("a picture").expect("text");
    // nothing changes, and nothing is shown
    thread::sleep(Duration::from_secs(3));
    job.run(["load", "--quiet"]);
    let second = lines.next().expect("a picture").expect("text");
    assert_ne!(first, second);
    let changed: Value = serde_json::from_str(&second).expect("JSON");
    assert!(changed["runs"].as_array().unwrap().iter().any(|run| run["verb"] == "load"), "{second}");
    let asked = Command::new("kill").args(["-INT", &watching.id().to_string()]).status().unwrap();
    assert!(asked.success());
    assert_eq!(watching.wait().unwrap().code(), Some(0));
}

#[test]
fn a_monitoring_agent_gets_gauges_and_no_guess() {
    let job = job().at("transform");
    let metrics = || job.run(["status", "--format", "openmetrics"]).stdout;
    let gauge = |text: &str, name: &str| -> Option<String> {
        text.lines().find_map(|line| line.strip_prefix(&format!("drydock_{name} ")).map(str::to_owned))
    };
    let before = metrics();
    assert!(before.ends_with("# EOF\n"), "{before}");
    let ready = job.staged("select count(*) from ready_patients");
    assert_eq!(gauge(&before, "records{entity=\"patients\",fate=\"ready\"}"), Some(ready));
    // what nobody has verified is not 0 differences
    assert_eq!((gauge(&before, "differences"), gauge(&before, "checks_wrong")), (None, None));
    assert_eq!(gauge(&before, "step_completed_seconds{step=\"load\"}"), None);
    job.run(["load", "--quiet"]);
    job.run(["verify", "--quiet"]);
    let after = metrics();
    assert_eq!(
        (gauge(&after, "differences"), gauge(&after, "checks_wrong")),
        (Some("0".to_owned()), Some("0".to_owned()))
    );
    assert!(
        gauge(&after, "step_completed_seconds{step=\"load\"}").is_some_and(|moment| moment.len() == 10),
        "{after}"
    );
}
