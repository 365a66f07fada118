//! Every surface is asked for every figure, at four moments of a migration, and all have to say the same: `status`, `report`,
//! `gate`, `analyze`, `transform`, `errors` and `review export` in each of their forms, a checkpoint's files, and the views.

use std::fs;

use crate::harness::{Job, sqlite3};
use crate::surfaces::Surfaces;
use serde_json::Value;

/// What a verb prints.
fn printed(job: &Job, arguments: &[&str]) -> String {
    job.drydock([&["--quiet"], arguments].concat()).run().expect(0).stdout
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

/// What the surfaces that only look say at this moment.
fn looked_at(job: &Job) -> Surfaces {
    let mut said = Surfaces::default();
    let status = json(&printed(job, &["status", "--json"]));
    said.json("status --json", &status);
    said.text("status", &printed(job, &["status"]));
    said.json("report --format json", &json(&printed(job, &["report", "--format", "json"]))["status"]);
    said.markdown("report --format md", &printed(job, &["report", "--format", "md"]));
    said.html("report", &printed(job, &["report"]));
    said.gates("gate --json", &json(&printed(job, &["gate", "--json"]))["gates"]);
    said.gate_text("gate", &printed(job, &["gate"]));
    said.errors("errors", &printed(job, &["errors"]));
    let review = job.drydock(["review", "export", "--quiet"]).run().expect(0);
    said.review("review export", &review.stderr);
    said.views("views", |sql| job.staged(sql));
    said
}

/// How many surfaces speak of a figure.
#[track_caller]
fn is_said_by(said: &Surfaces, figure: &str, surfaces: &[&str]) {
    let found = said.of(figure);
    for surface in surfaces {
        assert!(found.contains(surface), "{surface} does not say {figure}: {found:?}");
    }
}

/// Everybody who ought to speak of a figure does, and all say the same.
#[track_caller]
fn agree(said: &Surfaces) {
    let pages = ["status --json", "report --format json", "report --format md", "report"];
    let with = |more: &[&'static str]| [&pages[..], more].concat();
    is_said_by(said, "/accounting/practice_owners/quarantined", &with(&["views"]));
    is_said_by(said, "/accounting/profiles/extracted", &with(&["status", "views"]));
    is_said_by(said, "/unaccounted", &with(&["views"]));
    is_said_by(said, "/totals/extracted", &with(&["views"]));
    is_said_by(said, "/open/records_for_a_person", &with(&["status", "review export", "views"]));
    for name in ["issues", "issues_settled_by_a_rule", "issues_for_a_person", "issues_decided"] {
        is_said_by(said, &format!("/open/{name}"), &with(&["status", "errors", "views"]));
    }
    for name in ["records_blocking", "possible_duplicates", "target_obstacles"] {
        is_said_by(said, &format!("/open/{name}"), &with(&["status", "views"]));
    }
    is_said_by(said, "/error_analysis/total_errors", &with(&["status", "views", "v_profile_errors"]));
    is_said_by(said, "/error_analysis/manual_intervention_required", &with(&["status", "views"]));
    is_said_by(said, "/associations/0/records", &with(&["status", "views"]));
    is_said_by(said, "/phase_2/phase_2a_profiles/total_remaining", &with(&["status", "views"]));
    for gate in 1..=5 {
        is_said_by(said, &format!("/gates/{gate}/passed"), &with(&["status", "gate --json", "gate"]));
        is_said_by(said, &format!("/gates/{gate}/is_met"), &with(&["gate --json", "gate"]));
        is_said_by(said, &format!("/gates/{gate}/is_approved"), &with(&["gate --json", "gate"]));
        is_said_by(said, &format!("/gates/{gate}/missing"), &with(&["gate --json"]));
    }
    let different = said.disagreements();
    assert!(different.is_empty(), "{}", different.join("\n"));
}

#[test]
fn every_surface_says_the_same_at_every_moment() {
    let job = Job::of_world();
    job.up_to("survey");
    let transformed = job.verb("transform").run().expect(0).stdout;
    let mut said = looked_at(&job);
    said.text("transform", &transformed);
    is_said_by(&said, "/open/records_for_a_person", &["transform"]);
    is_said_by(&said, "/error_analysis/total_errors", &["transform"]);
    agree(&said);
    assert_eq!(said.value("/gates/1/is_met"), "null");

    // the error analysis, and its approval
    let analysis = printed(&job, &["analyze", "--json"]);
    let text = printed(&job, &["analyze"]);
    printed(&job, &["gate", "approve", "1", "--by", "Anna Berg"]);
    let mut said = looked_at(&job);
    said.analysis("analyze --json", &json(&analysis));
    said.analysis_text("analyze", &text);
    is_said_by(&said, "/presence/missing", &["analyze", "analyze --json", "views"]);
    is_said_by(&said, "/error_analysis/total_errors", &["analyze", "analyze --json"]);
    agree(&said);
    assert_eq!((said.value("/gates/1/passed"), said.value("/presence/missing")), ("true", "3595"));

    // loaded and verified, with a checkpoint
    job.steps("load", "verify");
    printed(&job, &["checkpoint", "3", "--out", "checkpoint"]);
    let analysis = printed(&job, &["analyze", "--json"]);
    let text = printed(&job, &["analyze"]);
    let mut said = looked_at(&job);
    said.analysis("analyze --json", &json(&analysis));
    said.analysis_text("analyze", &text);
    let taken = |name: &str| fs::read_to_string(job.path("checkpoint").join(name)).expect(name);
    said.json("progress.json", &json(&taken("progress.json")));
    said.accounting("validation.json", &json(&taken("validation.json"))["accounting"]);
    said.markdown("report.md", &taken("report.md"));
    said.html("report.html", &taken("report.html"));
    said.views("staging.drydock", |sql| sqlite3(&job.path("checkpoint/staging.drydock"), sql));
    let files = ["progress.json", "report.md", "report.html", "staging.drydock"];
    for figure in ["/open/records_for_a_person", "/totals/loaded", "/error_analysis/total_errors"] {
        is_said_by(&said, figure, &files);
    }
    is_said_by(&said, "/accounting/patients/loaded", &["validation.json"]);
    agree(&said);
    let found = ["/gates/1/passed", "/gates/4/is_met", "/gates/5/is_met", "/presence/missing"];
    assert_eq!(found.map(|figure| said.value(figure)), ["true", "true", "false", "0"]);
    assert_eq!(said.value("/presence/in_target"), "9101");

    // another result asks for another analysis and another approval
    job.verb("transform").run().expect(0);
    let said = looked_at(&job);
    agree(&said);
    assert_eq!((said.value("/gates/1/is_approved"), said.value("/gates/1/is_met")), ("false", "null"));
}

#[test]
fn what_a_single_surface_says_otherwise_is_noticed() {
    let job = Job::of_world();
    job.up_to("transform");
    let said = looked_at(&job);
    assert_eq!(said.disagreements(), Vec::<String>::new());
    for surface in said.surfaces() {
        let changed = said.with_another_value(surface);
        assert_eq!(changed.disagreements().len(), 1, "{surface}");
    }
}

/// The number of rows of a view, by the short way that the program takes and by the view itself.
#[test]
fn records_without_exactly_one_fate_are_counted_as_the_view_lists_them() {
    let job = Job::of_world();
    job.up_to("transform");
    let copy = job.path("damaged.drydock");
    for damage in [
        "delete from records where entity = 'patients' and legacy_id in (select legacy_id from ready_patients limit 2)",
        "insert into records (entity, legacy_id, fate) values ('profiles', 999999999, 'quarantined')",
        "delete from ready_practice_members where legacy_id in (select legacy_id from ready_practice_members limit 3)",
        "update records set fate = 'quarantined' where entity = 'patients' \
         and legacy_id in (select legacy_id from ready_patients limit 2)",
        "update records set merged_into = 999999999 where fate = 'merged'",
        "insert into loads (entity, phase, legacy_id, outcome, run_id) values ('patients', '2B', 999999999, 'inserted', 1)",
    ] {
        fs::copy(job.file(), &copy).expect("a copy");
        let connection = rusqlite::Connection::open(&copy).expect("the copy");
        connection.execute_batch(damage).expect(damage);
        drop(connection);
        let listed = sqlite3(&copy, "select count(*) from v_unaccounted");
        assert_ne!(listed, "0", "{damage}");
        let status =
            job.drydock(["status", "--json", "--quiet", "--staging", copy.to_str().expect("a path")]).run();
        assert_eq!(json(&status.stdout)["unaccounted"].to_string(), listed, "{damage}");
    }
}
