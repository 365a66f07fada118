//! Gates 1 to 5: what they ask for, who approves them, and what they hold up.

use std::fs;

use crate::harness::{Job, Outcome, empty_target, world};
use drydock::demo::world::DEFAULT_PRACTICE;
use serde_json::Value;

/// A world whose configuration enforces the gates, extracted, surveyed and transformed.
struct Guarded {
    job: Job,
}

impl Guarded {
    fn new(enforce: bool) -> Self {
        let config = format!(
            "[policy]\ndefault_practice = {DEFAULT_PRACTICE}\n\
             allowed_rejects = {{ practice_owners = 3, practice_members = 2 }}\n[gates]\nenforce = {enforce}\n"
        );
        Self { job: Job::of_generated(world(), empty_target()).by(&config).at("transform") }
    }

    fn run(&self, arguments: &[&str]) -> Outcome {
        self.job.drydock(["--quiet"]).args(arguments).run()
    }

    fn approve(&self, gate: &str) {
        self.run(&["gate", "approve", gate, "--by", "Anna Berg"]).expect(0);
    }

    fn passed(&self) -> Vec<bool> {
        let gates: Value =
            serde_json::from_str(&self.run(&["gate", "--json"]).expect(0).stdout).expect("JSON");
        let gates = gates["gates"].as_array().expect("a list");
        gates.iter().map(|gate| gate["passed"].as_bool().expect("a flag")).collect()
    }

    fn sql(&self, sql: &str) -> String {
        self.job.staged(sql)
    }
}

#[track_caller]
fn refused(outcome: Outcome, words: &[&str]) {
    let outcome = outcome.expect(3);
    for word in words {
        assert!(outcome.stderr.contains(word), "{word}: {}", outcome.stderr);
    }
}

#[test]
fn a_load_waits_for_each_gate_in_turn() {
    let guarded = Guarded::new(true);
    refused(guarded.run(&["load"]), &["phase 2A", "gate 1", "error_analysis_complete"]);
    assert_eq!(guarded.sql("select count(*) from receipts"), "0");
    guarded.run(&["analyze"]).expect(0);
    refused(guarded.run(&["load", "--phase", "2a"]), &["gate 1", "approval"]);
    guarded.approve("1");
    refused(guarded.run(&["load", "--phase", "2a"]), &["gate 2", "approval"]);
    guarded.approve("2");
    // gate 3 cannot be passed before there are profiles, so not everything goes at once
    refused(guarded.run(&["load"]), &["phase 2B", "gate 3", "profiles_complete"]);
    guarded.run(&["load", "--phase", "2a"]).expect(0);

    refused(guarded.run(&["load", "--phase", "2b"]), &["gate 3", "profiles_verified is not known yet"]);
    refused(guarded.run(&["gate", "approve", "3", "--by", "Anna Berg"]), &["profiles_verified"]);
    guarded.run(&["verify"]).expect(7);
    guarded.approve("3");
    guarded.run(&["load", "--phase", "2b"]).expect(0);
    refused(guarded.run(&["load", "--phase", "2c"]), &["gate 4", "patients_verified"]);
    guarded.run(&["verify"]).expect(7);
    guarded.approve("4");
    guarded.run(&["load", "--phase", "2c"]).expect(0);
    guarded.run(&["verify"]).expect(0);
    assert_eq!(guarded.passed(), [true, true, true, true, false]);
    refused(guarded.run(&["gate", "approve", "5", "--by", "Anna Berg"]), &["documented", "--note"]);
    guarded.run(&["report", "--out", "report.html"]).expect(0);
    guarded.run(&["gate", "approve", "5", "--by", "Anna Berg", "--note", "report.html"]).expect(0);
    assert_eq!(guarded.passed(), [true; 5]);
    assert_eq!(
        guarded
            .sql("select group_concat(gate || approved_by, ' ') from gate_approvals where approved_at <> ''"),
        "1Anna Berg 2Anna Berg 3Anna Berg 4Anna Berg 5Anna Berg"
    );

    // another result asks again
    guarded.run(&["review", "export", "--out", "open.csv"]).expect(0);
    let item = guarded.sql(
        "select 'patients:' || legacy_id || ':practice_id' from v_review_items \
                            where entity = 'patients' and question = 'practice_id' limit 1",
    );
    fs::write(guarded.job.path("in.csv"), format!("item,action\n{item},accept\n")).expect("a file");
    guarded.run(&["review", "import", "in.csv", "--by", "Otto"]).expect(0);
    assert_eq!(guarded.passed(), [false, true, false, false, false]);
    refused(guarded.run(&["load", "--phase", "2a"]), &["gate 1"]);
}

#[test]
fn a_gate_is_passed_over_for_a_reason_that_is_kept() {
    let guarded = Guarded::new(true);
    guarded.run(&["load", "--phase", "2a", "--override-gate", "1"]).expect(2);
    let both =
        ["load", "--phase", "2a", "--override-gate", "1", "--override-gate", "2", "--reason", "a rehearsal"];
    guarded.run(&both).expect(0);
    assert_eq!(
        guarded.sql("select gate, reason, missing <> '', run_id = (select max(run_id) from receipts) from gate_overrides"),
        "1|a rehearsal|1|1\n2|a rehearsal|1|1"
    );
    assert_eq!(guarded.passed()[..2], [false, false]);
    // a gate that was not named still holds
    refused(
        guarded.run(&[
            "load",
            "--phase",
            "2b",
            "--override-gate",
            "1",
            "--override-gate",
            "2",
            "--reason",
            "x",
        ]),
        &["gate 3"],
    );
}

#[test]
fn gates_that_are_not_enforced_hold_nothing_up() {
    let guarded = Guarded::new(false);
    guarded.run(&["load"]).expect(0);
    guarded.run(&["load", "--override-gate", "3", "--reason", "as agreed"]).expect(0);
    assert_eq!(guarded.sql("select gate, reason from gate_overrides"), "3|as agreed");
}

#[test]
fn what_the_phases_depend_on_is_listed_record_by_record() {
    let guarded = Guarded::new(false);
    let gates: Value =
        serde_json::from_str(&guarded.run(&["gate", "--json"]).expect(0).stdout).expect("JSON");
    let dependencies = gates["dependencies"].as_array().expect("a list");
    assert_eq!(dependencies.len(), 8);
    for one in dependencies {
        let listed = guarded.sql(&format!(
            "select count(*) from v_dependency_failures where phase = {} and dependency = {}",
            one["phase"].to_string().replace('"', "'"),
            one["dependency"].to_string().replace('"', "'")
        ));
        assert_eq!(one["failing"].to_string(), listed, "{one}");
        assert_eq!(one["failing_ready"], 0, "{one}");
    }
    // three offices are owned by nobody who exists, two memberships are nobody's, twelve doctors do not exist
    assert_eq!(
        guarded.sql("select failing from v_dependencies where dependency in ('membership_ends', 'patient_provider_links')"),
        "12\n5"
    );
    // every record by name
    let listed: Value =
        serde_json::from_str(&guarded.run(&["gate", "--records", "--json"]).expect(0).stdout).expect("JSON");
    let failing: u64 = dependencies.iter().map(|one| one["failing"].as_u64().expect("a number")).sum();
    assert_eq!(listed.as_array().map(|records| records.len() as u64), Some(failing));
    let named = guarded.sql(
        "select 'before 2C membership_ends         practice_owners ' || legacy_id || ', kept back' \
         from records where entity = 'practice_owners' and fate = 'quarantined' limit 1",
    );
    let text = guarded.run(&["gate", "--records"]).expect(0).stdout;
    assert!(text.contains(&named), "{named}: {text}");

    // whatever the target refused is missing to those that depend on it
    let doctor = guarded.sql(
        "select f.legacy_id from ready_profiles f join ready_patients p on p.user_id = f.id order by 1 limit 1",
    );
    guarded
        .job
        .target()
        .execute(&format!("alter table profiles add constraint not_this check (legacy_id <> {doctor})"));
    guarded.run(&["load", "--phase", "2a"]).expect(6);
    let failing = "select entity, legacy_id, is_ready from v_dependency_failures \
                   where phase = '2B' and dependency = 'patient_user_links' and is_ready";
    let patient = guarded.sql(&format!(
        "select 'patients|' || legacy_id || '|1' from legacy_dispatch_patient where user_id = '{doctor}'"
    ));
    assert_eq!(guarded.sql(failing), patient);
    let text = guarded.run(&["gate"]).expect(0).stdout;
    assert!(text.contains("before 2B patient_user_links      1 in the way"), "{text}");

    let text = guarded.run(&["transform"]).expect(0).stdout;
    assert!(text.contains("before 2C membership_ends         ok, 5 listed"), "{text}");
}
