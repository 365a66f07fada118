//! Every number that is shown, against the records and against the truth of the plan-sized world, which was worked out
//! without the program's rules.

use std::collections::{BTreeMap, BTreeSet};

use crate::harness::{Job, empty_target, world};
use drydock::demo::world::{EmailStatus, Placement};
use serde_json::{Value, json};

const ENTITIES: [&str; 5] = ["practices", "profiles", "patients", "practice_owners", "practice_members"];

#[track_caller]
fn status(job: &Job) -> Value {
    let outcome = job.drydock(["status", "--json"]).run().expect(0);
    serde_json::from_str(&outcome.stdout).unwrap_or_else(|error| panic!("{error}\n{}", outcome.stdout))
}

/// The numbers of each entity add up; `done` phases are loaded and the others are not.
#[track_caller]
fn assert_adds_up(status: &Value, transformed: bool, loaded: &[&str]) {
    let accounting = status["accounting"].as_object().expect("accounting");
    assert_eq!(accounting.keys().collect::<Vec<_>>(), ENTITIES);
    for (entity, numbers) in accounting {
        let keys: Vec<_> = numbers.as_object().expect("numbers").keys().collect();
        let wanted = ["extracted", "ready", "merged", "rejected", "quarantined", "loaded", "failed"];
        assert_eq!(keys, wanted, "{entity}");
        let number =
            |name: &str| numbers[name].as_u64().unwrap_or_else(|| panic!("{entity}.{name} {numbers}"));
        let decided = number("ready") + number("merged") + number("rejected") + number("quarantined");
        assert_eq!(decided, if transformed { number("extracted") } else { 0 }, "{entity} {numbers}");
        let arrived = number("loaded") + number("failed");
        let expected = if loaded.contains(&entity.as_str()) { number("ready") } else { 0 };
        assert_eq!(arrived, expected, "{entity} {numbers}");
    }
}

/// The names and nulls of the plan's progress object: a number, or null while it cannot be known.
#[track_caller]
fn assert_progress(status: &Value, expected: &Value) {
    let shown = &status["phase_2"];
    let names = |value: &Value| -> Vec<String> {
        value.as_object().map(|object| object.keys().cloned().collect()).unwrap_or_default()
    };
    assert_eq!(names(shown), names(expected));
    for (name, part) in expected.as_object().expect("an object") {
        if part.is_object() {
            assert_eq!(names(&shown[name]), names(part), "{name}");
        }
        assert_eq!(&shown[name], part, "{name}");
    }
}

fn progress(profiles: [Value; 5], patients: [Value; 5], integration: [Value; 4], overall: &Value) -> Value {
    let [remaining, analyzed, resolved, profiles_failed, profiles_done] = profiles;
    let [target, processed, associated, patients_failed, patients_done] = patients;
    let [associations, validations, issues, integrated] = integration;
    json!({
        "phase_2a_profiles": {
            "total_remaining": remaining, "analyzed": analyzed, "resolved": resolved,
            "failed": profiles_failed, "progress_percentage": profiles_done,
        },
        "phase_2b_patients": {
            "total_target": target, "processed": processed, "associated": associated,
            "failed": patients_failed, "progress_percentage": patients_done,
        },
        "phase_2c_integration": {
            "profile_associations": associations, "validations_passed": validations,
            "issues_identified": issues, "progress_percentage": integrated,
        },
        "overall_phase_2_progress": overall,
        "estimated_completion": null,
        "current_operation": null,
    })
}

#[test]
fn the_numbers_add_up_at_every_stage_and_unknown_is_null() {
    let n = || Value::Null;
    let v = |number: u64| Value::from(number);
    let p = |percentage: f64| Value::from(percentage);
    let job = Job::of_world();

    job.verb("extract").run().expect(0);
    let shown = status(&job);
    assert_adds_up(&shown, false, &[]);
    for (entity, rows) in ENTITIES.iter().zip([844, 9101, 7849, 844, 438]) {
        assert_eq!(shown["accounting"][entity]["extracted"], rows, "{entity}");
    }
    for name in ["unaccounted", "error_analysis", "differences"] {
        assert!(shown[name].is_null(), "{name} is known before it can be");
    }
    let patients = [v(7849), n(), n(), n(), n()];
    assert_progress(
        &shown,
        &progress([n(), n(), n(), n(), n()], patients.clone(), [n(), n(), n(), n()], &n()),
    );

    job.verb("survey").run().expect(0);
    let shown = status(&job);
    assert_adds_up(&shown, false, &[]);
    assert_progress(&shown, &progress([v(3595), n(), n(), n(), n()], patients, [n(), n(), n(), n()], &n()));

    job.verb("transform").run().expect(0);
    let shown = status(&job);
    assert_adds_up(&shown, true, &[]);
    assert_eq!(shown["unaccounted"], 0);
    let issues = shown["phase_2"]["phase_2c_integration"]["issues_identified"].clone();
    assert_eq!(job.staged("select count(*) from migration_errors where phase = '2C'"), issues.to_string());
    let integration = |validations: Value, done: f64| [v(9101), validations, issues.clone(), p(done)];
    let stage = |profiles: [u64; 2], patients: [u64; 2], integration: [Value; 4], overall: f64| {
        let done = |[done, all]: [u64; 2]| if done == all { p(100.0) } else { p(0.0) };
        progress(
            [v(3595), v(3595), v(profiles[0]), v(0), done(profiles)],
            [v(7849), v(7849), v(7849), v(0), done(patients)],
            integration,
            &p(overall),
        )
    };
    assert_progress(&shown, &stage([0, 3595], [0, 7849], integration(n(), 0.0), 0.0));

    // overall: profiles, patients and what 2c writes, 9101 + 841 + 435
    let all = f64::from(3595 + 7849 + 9101 + 841 + 435);
    let share = |done: u32| (f64::from(done) * 10_000.0 / all).round() / 100.0;
    let mut loaded = Vec::new();
    for (phase, entities, profiles, patients, integrated, overall) in [
        ("2a", &ENTITIES[..2], 3595, 0, 0.0, share(3595)),
        ("2b", &ENTITIES[2..3], 3595, 7849, 0.0, share(3595 + 7849)),
        ("2c", &ENTITIES[3..], 3595, 7849, 100.0, 100.0),
    ] {
        job.verb("load").args(["--phase", phase]).run().expect(0);
        loaded.extend_from_slice(entities);
        let shown = status(&job);
        assert_adds_up(&shown, true, &loaded);
        let expected = stage([profiles, 3595], [patients, 7849], integration(n(), integrated), overall);
        assert_progress(&shown, &expected);
    }
    assert!(!status(&job)["file"]["load_completed_at"].is_null());

    job.verb("verify").run().expect(0);
    let shown = status(&job);
    assert_eq!(shown["differences"], 0);
    let checks = shown["checks"].as_array().expect("checks").len() as u64;
    assert_progress(&shown, &stage([3595, 3595], [7849, 7849], integration(v(checks), 100.0), 100.0));

    let text = job.drydock(["status"]).run().expect(0).stdout;
    for line in ["practices 844 = 844 loaded", "profiles 9101 = 9101 loaded", "patients 7849 = 7849 loaded"] {
        assert!(text.lines().any(|shown| shown == line), "{text}");
    }
}

/// The rows that a query prints, by their first field.
fn by_id(job: &Job, sql: &str) -> BTreeMap<i64, String> {
    job.staged(sql)
        .lines()
        .map(|line| line.split_once('|').expect("two fields"))
        .map(|(id, rest)| (id.parse().expect("an id"), rest.to_owned()))
        .collect()
}

/// What differs, a few of it.
#[track_caller]
fn assert_same(what: &str, found: &BTreeMap<i64, String>, expected: &BTreeMap<i64, String>) {
    let keys: BTreeSet<_> = found.keys().chain(expected.keys()).collect();
    let different: Vec<_> = keys
        .into_iter()
        .filter(|id| found.get(*id) != expected.get(*id))
        .map(|id| format!("{id}: {:?}, in truth {:?}", found.get(id), expected.get(id)))
        .collect();
    let few = different.iter().take(5).cloned().collect::<Vec<_>>().join("\n");
    assert!(different.is_empty(), "{what}: {} differ\n{few}", different.len());
}

#[test]
fn every_profile_and_patient_comes_out_as_in_truth() {
    let job = Job::of_world();
    job.up_to("transform");
    let truth = &world().truth;
    let placed = |placement: Placement| {
        let Placement { method, confidence, practice } = placement;
        format!("{method}|{confidence}|{practice}|{}", i32::from(confidence == "low"))
    };
    let users = |of: &dyn Fn(&drydock::demo::world::UserTruth) -> String| -> BTreeMap<i64, String> {
        truth.users.iter().map(|user| (user.user_id.0, of(user))).collect()
    };
    let patients = |of: &dyn Fn(&drydock::demo::world::PatientTruth) -> String| -> BTreeMap<i64, String> {
        truth.patients.iter().map(|patient| (patient.patient_id.0, of(patient))).collect()
    };
    let associations = |entity: &str| {
        format!(
            "select legacy_id, association_method, confidence_level, practice_legacy_id, requires_manual_review \
             from associations where entity = '{entity}'"
        )
    };

    assert_same(
        "roles",
        &by_id(&job, "select legacy_id, role from ready_profiles"),
        &users(&|user| user.role.to_owned()),
    );
    assert_same(
        "practices of profiles",
        &by_id(&job, &associations("profiles")),
        &users(&|user| placed(user.placement)),
    );
    assert_same(
        "practices of patients",
        &by_id(&job, &associations("patients")),
        &patients(&|patient| placed(patient.placement)),
    );
    // the world counts the text 'null' among the malformed addresses; to the rules it is a missing one
    let literal_null = job.staged("select legacy_id from legacy_auth_user where lower(trim(email)) = 'null'");
    assert_same(
        "what becomes of addresses",
        &by_id(
            &job,
            "select legacy_id, metadata ->> '$.legacy.email_status', \
                    case when email like '%@migrated.local' then '' else email end, \
                    coalesce(metadata ->> '$.legacy.email_keeper_legacy_id', '') from ready_profiles",
        ),
        &users(&|user| {
            let status = match user.email_status {
                EmailStatus::ValidKept | EmailStatus::SharedKeeper => "kept",
                EmailStatus::Missing => "missing",
                EmailStatus::Malformed if literal_null.lines().any(|id| id == user.user_id.to_string()) => {
                    "missing"
                }
                EmailStatus::Malformed => "invalid",
                EmailStatus::SharedLoser => "shared",
                EmailStatus::TakenInTarget => "taken_in_target",
            };
            let email = user.email.clone().unwrap_or_default();
            let keeper = user.email_keeper.map(|keeper| keeper.0.to_string()).unwrap_or_default();
            format!("{status}|{email}|{keeper}")
        }),
    );
    assert_same(
        "providers and users of patients",
        &by_id(
            &job,
            "select p.legacy_id, u.legacy_id, d.legacy_id from ready_patients p \
             left join ready_profiles u on u.id = p.user_id left join ready_profiles d on d.id = p.assigned_profile_id",
        ),
        &patients(&|patient| {
            let provider = patient.provider.map(|provider| provider.0.to_string()).unwrap_or_default();
            format!("{}|{provider}", patient.user_id)
        }),
    );
    // the row says the same as its association
    for entity in ["profiles", "patients"] {
        let torn = format!(
            "select count(*) from ready_{entity} r left join associations a on a.entity = '{entity}' \
             and a.legacy_id = r.legacy_id left join ready_practices p on p.id = r.practice_id \
             where a.practice_id is not r.practice_id or p.legacy_id is not a.practice_legacy_id"
        );
        assert_eq!(job.staged(&torn), "0", "{entity}");
    }
    let missing = "select count(*) from v_missing_in_target where entity = 'profiles'";
    assert_eq!(job.staged(missing), "3595");
}

#[test]
fn the_error_analysis_counts_what_the_file_holds() {
    let job = Job::of_world();
    job.up_to("transform");
    let analysis = status(&job)["error_analysis"].clone();
    let number = |name: &str| analysis[name].as_u64().unwrap_or_else(|| panic!("{name} in {analysis}"));
    let categories = ["email_conflicts", "validation_failures", "constraint_violations", "schema_mismatches"];
    assert_eq!(categories.iter().map(|name| number(name)).sum::<u64>(), number("total_errors"));
    assert_eq!(number("resolvable_errors") + number("manual_intervention_required"), number("total_errors"));
    let rows = job.staged("select count(*), sum(error_category = 'email_conflict') from v_profile_errors");
    let (profiles, conflicts) = rows.split_once('|').expect("two numbers");
    assert_eq!(number("total_errors").to_string(), profiles);
    assert_eq!(number("email_conflicts").to_string(), conflicts);

    let columns = "select group_concat(name) from pragma_table_info('v_profile_errors')";
    let plan = "legacy_user_id,batch_id,error_category,error_details,original_data,suggested_resolution,retry_count,\
                resolution_status";
    assert_eq!(job.staged(columns), plan);
    let status_words = "select group_concat(distinct resolution_status) from v_profile_errors \
                        where resolution_status not in ('pending', 'resolved', 'failed')";
    assert_eq!(job.staged(status_words), "");
}

#[test]
fn a_record_of_more_than_16_mb_is_one_record_in_quarantine() {
    let long = "a line of a note\n".repeat(1024 * 1024);
    let mut users = String::from("id,first_name,last_name,email,date_joined\n");
    for user in 1..=9 {
        let name = if user == 4 { format!("\"{long}\"") } else { format!("Ann{user}") };
        users += &format!("{user},{name},Example,ann{user}@example.org,2020-01-01 00:00:00+00\n");
    }
    let job = Job::of_tables(&[("auth_user", users)], empty_target());
    job.up_to("survey");
    job.verb("transform").run().expect(6);
    assert_eq!(
        job.staged(
            "select rows, unreadable from legacy_tables where table_name = 'auth_user'; \
                    select reason, legacy_id, file, line, length(raw) from legacy_unreadable; \
                    select extracted, ready, quarantined from v_accounting where entity = 'profiles'; \
                    select count(*) from v_unaccounted"
        ),
        format!("9|1\ntoo_long|4|auth_user.csv|5|{}\n9|8|1\n0", 16 * 1024 * 1024)
    );
}
