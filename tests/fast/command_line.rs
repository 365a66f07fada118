//! The command line explains itself: verbs in groups with an example each, failures as JSON for whoever asked for JSON, the runs
//! that a rollback takes, and a watch that ends well.

use std::io::{BufRead, BufReader};
use std::process::Command;
use std::thread;
use std::time::Duration;

use crate::harness::{Drydock, Job, Size};
use serde_json::Value;

/// Long enough that no part of it stands in a message by chance.
const SECRET: &str = "tr0mb0ne-hunter2";

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
    let [load] = runs["runs"].as_array().expect("a list").as_slice() else { panic!("{runs}") };
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
    let later = later["runs"].as_array().expect("a list");
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

#[test]
fn no_message_about_a_configuration_has_a_line_of_it() {
    let job = job().at("extract");
    for text in [
        format!("password = {SECRET}\n"),
        format!("x = \"{SECRET}\n"),
        format!("[policy]\nemail = \"{SECRET}\"\n"),
        format!("[target]\nschema = 5{SECRET}\n"),
        format!("[source]\ntables = \"{SECRET}\"\n"),
        format!("[policy]\nmerge_threshold = \"{SECRET}\"\n"),
        format!("[policy]\nemail = \"null\"\nemail = \"{SECRET}\"\n"),
        format!("postgres://ada:{SECRET}@db/pm\n"),
        format!("[source.csv]\nquote = '{SECRET}'\n"),
        format!("[target.columns.patients]\nid = [\"{SECRET}\"]\n"),
        format!("\"postgres://ada:{SECRET}@db/pm\" = 1\n"),
        format!("[policy.allowed_rejects]\npatients = \"{SECRET}\"\n"),
        format!("# {SECRET}\n[policy\n"),
    ] {
        std::fs::write(job.path("bad.toml"), &text).unwrap();
        let refused = job.drydock(["transform", "--json", "--config", "bad.toml"]).run().expect_one_of(&[3]);
        assert!(refused.stderr.contains("error: "), "{text}: {}", refused.stderr);
        for said in [refused.stdout, refused.stderr] {
            assert!(!said.contains(SECRET) && !said.contains("hunter2"), "{text}: {said}");
        }
    }
}

#[test]
fn a_configuration_that_nobody_named_is_not_read_and_that_is_said() {
    let job = Job::of_size(Size { offices: 2, users: 12 });
    std::fs::write(job.path("drydock.toml"), "no such key").unwrap();
    let extract = ["extract", "--csv", "legacy", "--quiet"];
    let taken = job.drydock(extract).run().expect(0);
    assert!(taken.stderr.contains("warning: drydock.toml in this folder was not read"), "{}", taken.stderr);
    // whoever goes on has been told
    let again = job.drydock(extract).args(["--replace"]).run().expect(0);
    assert!(!again.stderr.contains("drydock.toml"), "{}", again.stderr);
    job.drydock(extract).args(["--config", "drydock.toml", "--staging", "other"]).run().expect(3);
}

#[test]
fn that_a_place_is_temporary_is_said_once_and_not_of_a_closed_folder() {
    use std::os::unix::fs::PermissionsExt;
    let job = Job::of_size(Size { offices: 2, users: 12 });
    let extract = |more: &[&str]| {
        job.drydock(["extract", "--csv", "legacy", "--quiet"]).args(more).run().expect(0).stderr
    };
    std::fs::set_permissions(job.folder(), std::fs::Permissions::from_mode(0o700)).unwrap();
    assert!(!extract(&[]).contains("temporary"));
    std::fs::set_permissions(job.folder(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let said = extract(&["--staging", "second.drydock"]);
    assert!(said.contains("warning: ") && said.contains("temporary"), "{said}");
    assert!(!extract(&["--staging", "second.drydock", "--replace"]).contains("temporary"));
}

#[test]
fn the_head_is_short_unless_somebody_keeps_it() {
    let job = job().at("extract");
    let head = |arguments: &[&str]| -> String {
        let said = job.drydock(arguments.iter().copied()).run().expect(0).stderr;
        let line = said.lines().find(|line| line.starts_with("journal: ")).expect("a head");
        line.rsplit(' ').next().unwrap().to_owned()
    };
    let whole = head(&["status"]);
    assert_eq!(whole.len(), 64);
    assert_eq!(head(&["runs"]), whole[..12]);
    assert_eq!(head(&["runs", "--verbose"]), whole);
    job.drydock(["audit", "check", "--expect-head", &whole]).run().expect_one_of(&[0, 7]);
    let refused = job.drydock(["audit", "check", "--expect-head", &whole[..12]]).run().expect(2).stderr;
    assert!(refused.contains("--verbose"), "{refused}");
}

#[test]
fn words_that_lead_a_line_are_coloured_where_colours_are_wanted_and_no_data_are() {
    let job = job().at("extract");
    let run = |arguments: &[&str], variables: &[(&str, &str)]| {
        let with = |run: Drydock, (name, value): &(&str, &str)| run.env(name, value);
        variables.iter().fold(job.drydock(arguments.iter().copied()), with).run().expect_any()
    };
    let forced = [("CLICOLOR_FORCE", "1")];
    let said = run(&["explain", "profile", "99"], &forced).stderr;
    assert!(said.starts_with("\u{1b}[1m\u{1b}[31merror:\u{1b}[0m "), "{said:?}");
    assert!(said.contains("\u{1b}[32mhint:\u{1b}[0m "), "{said:?}");
    assert!(run(&["--nope"], &forced).stderr.contains("\u{1b}[31merror:"));
    assert!(run(&["doctor", "--csv", "legacy"], &forced).stdout.contains("\u{1b}[32mok\u{1b}[0m"));
    // no colour in what a program reads, and none where nobody wants any
    for arguments in [&["status", "--json"][..], &["report"], &["completions", "bash"]] {
        assert!(!run(arguments, &forced).stdout.contains('\u{1b}'), "{arguments:?}");
    }
    for variables in [&[][..], &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")], &[("TERM", "xterm")]] {
        let said = run(&["explain", "profile", "99"], variables);
        assert!(!said.stderr.contains('\u{1b}'), "{variables:?}: {}", said.stderr);
    }
}

#[test]
fn a_verb_shows_the_options_that_do_something_its_own_first() {
    let home = tempfile::tempdir().unwrap();
    let help = |verb: &str| Drydock::new(home.path()).args([verb, "--help"]).run().expect(0).stdout;
    let load = help("load");
    let places = [
        "--target-url-file",
        "--on-error",
        "--retry-failed",
        "--staging",
        "--config",
        "--json",
        "--verbose",
        "--help",
    ]
    .map(|option| load.find(option).unwrap_or_else(|| panic!("{option}: {load}")));
    assert!(places.is_sorted(), "{load}");
    for (verb, idle) in [
        ("completions", &["--staging", "--config", "--json", "--quiet", "--verbose"][..]),
        ("shred", &["--staging", "--config", "--quiet"]),
        ("diff", &["--staging", "--config"]),
        ("status", &["--config", "--quiet"]),
        ("demo", &["--staging", "--config"]),
    ] {
        let shown = help(verb);
        for option in idle {
            assert!(!shown.contains(option), "{verb} {option}: {shown}");
        }
    }
    // and takes them all the same, wherever a script puts them
    Drydock::new(home.path()).args(["--quiet", "completions", "bash", "--staging", "x"]).run().expect(0);
}

#[test]
fn the_bar_of_a_load_moves_with_the_rows_and_not_with_the_chunks() {
    let job = Job::of_size(Size { offices: 2, users: 90_000 }).at("transform");
    let command =
        format!("'{}' load --phase 2a --sessions 1 --chunk-rows 100000", env!("CARGO_BIN_EXE_drydock"));
    let shown = Command::new("script")
        .args(["-qec", &command, "/dev/null"])
        .env("TERM", "xterm")
        .env("DRYDOCK_TARGET_URL", job.target().url())
        .current_dir(job.folder())
        .output()
        .expect("script, of util-linux");
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    let positions: std::collections::BTreeSet<u64> = shown
        .split("load 2A profiles")
        .skip(1)
        .filter_map(|bar| bar.split("/90,000").next()?.rsplit(' ').next()?.replace(',', "").parse().ok())
        .collect();
    assert!(positions.iter().any(|rows| (1..90_000).contains(rows)), "{positions:?}\n{shown}");
}
