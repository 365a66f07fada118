//! A second load from newer legacy data: what is gone from a record is gone from its row, and what stands in the way of a
//! record is that record's alone.

use std::fs;

use crate::harness::{Job, Size, empty_target};

const SMALL: Size = Size { offices: 3, users: 60 };

/// Changes lines of a legacy table and takes it in.
fn replace(migration: &Job, table: &str, change: impl Fn(&str) -> Option<String>) {
    let path = migration.path(format!("legacy/{table}.csv"));
    let lines: Vec<String> = fs::read_to_string(&path).unwrap().lines().filter_map(change).collect();
    fs::write(&path, lines.join("\n") + "\n").unwrap();
}

fn transform_again(migration: &Job) {
    migration.run(["extract", "--csv", "legacy", "--replace", "--quiet"]);
    migration.drydock(["transform", "--quiet"]).run().expect_one_of(&[0, 6]);
}

#[test]
fn a_profile_that_loses_its_practice_loses_it_in_the_target() {
    let migration = Job::of_size(SMALL).at("transform");
    migration.run(["load", "--quiet"]);
    let practice = "select practice_id is null from profiles where legacy_id = 1005";
    assert_eq!(migration.loaded(practice), "f");
    // the doctor owns nothing, is a member of nothing and treats nobody any more
    replace(&migration, "dispatch_office", |line| Some(line.replace(",1005,", ",1001,")));
    replace(&migration, "dispatch_office_doctors", |line| {
        (!line.ends_with(",1005")).then(|| line.to_owned())
    });
    replace(&migration, "dispatch_patient", |line| Some(line.replace(",1005,", ",1001,")));
    transform_again(&migration);
    assert_eq!(
        migration.staged("select practice_id is null from ready_profiles where legacy_id = 1005"),
        "1"
    );
    let stale = migration.drydock(["verify", "--quiet"]).run().expect(7);
    assert!(
        migration
            .staged("select entity, legacy_id, field from differences")
            .contains("profiles|1005|practice_id"),
        "{}{}",
        stale.stdout,
        stale.stderr
    );
    let loaded = migration.digest();
    migration.run(["load", "--quiet"]);
    assert_eq!(migration.loaded(practice), "t");
    migration.run(["verify", "--quiet"]);
    let run = migration.last_run("load");
    migration.run(["rollback", "--run", &run, "--quiet"]);
    assert_eq!(migration.digest(), loaded);
}

#[test]
fn a_membership_that_comes_back_under_another_id_is_refused_alone() {
    let migration = Job::of_size(SMALL).at("transform");
    migration.run(["load", "--quiet"]);
    replace(&migration, "dispatch_office_doctors", |line| {
        Some(line.strip_prefix("1005,").map_or_else(|| line.to_owned(), |rest| format!("2005,{rest}")))
    });
    transform_again(&migration);
    for _ in 0..2 {
        let loaded = migration.drydock(["load"]).run().expect(6);
        assert!(loaded.stdout.contains("target_duplicate"), "{}{}", loaded.stdout, loaded.stderr);
        assert_eq!(
            migration.staged("select entity, legacy_id from loads where outcome = 'failed'"),
            "practice_members|2005"
        );
    }
}

#[test]
fn a_unique_key_of_any_kind_that_came_after_the_survey_isolates_the_record() {
    for (key, failed) in [
        ("create unique index one_city on practices (city) where legacy_id > 1", "practices|3"),
        (
            "create unique index one_name on patients (lower(last_name)) where legacy_id in (5020, 5021)",
            "patients|5021",
        ),
        (
            "alter table patients add constraint one_of_both exclude using btree (last_name with =) \
             where (legacy_id in (5020, 5021))",
            "patients|5021",
        ),
        (
            "create unique index one_start on profiles (created_at) where legacy_id in (1020, 1021)",
            "profiles|1021",
        ),
        (
            "create unique index one_each on practice_members ((1)) where legacy_id in (1002, 1003) and role <> 'owner'",
            "practice_members|1003",
        ),
    ] {
        let migration = Job::of_size(SMALL).at("transform");
        migration.target().execute(key);
        for _ in 0..2 {
            let loaded = migration.drydock(["load"]).run().expect(6);
            assert!(loaded.stdout.contains("target_duplicate"), "{key}: {}", loaded.stdout);
            let refused = migration.staged("select entity, legacy_id from loads where outcome = 'failed'");
            assert!(refused.lines().any(|record| record == failed), "{key}: {refused}");
        }
    }
}

#[test]
fn a_value_that_the_column_calls_equal_is_written_all_the_same() {
    for kind in [
        "create collation anything (provider = icu, locale = 'und-u-ks-level1', deterministic = false);
         alter table profiles alter column first_name type text collate anything;",
        "create extension citext; alter table profiles alter column first_name type citext;",
    ] {
        let migration = Job::resolved(SMALL, "", kind);
        migration.run(["load", "--quiet"]);
        replace(&migration, "auth_user", |line| Some(line.replace(",Ann1030,", ",ANN1030,")));
        transform_again(&migration);
        migration.run(["load", "--quiet"]);
        assert_eq!(migration.loaded("select first_name from profiles where legacy_id = 1030"), "ANN1030");
        migration.run(["verify", "--quiet"]);
    }
}

#[test]
fn a_fallback_address_stays_when_the_name_changes() {
    let size = Size { offices: 3, users: 20 };
    let user = |last: &str| format!("2001,ida,Ida,{last},,2020-05-06 07:08:09+00,t,f,f\n");
    let job = Job::new("legacy", empty_target());
    size.write(&job.path("legacy"), &user("Holm"));
    job.up_to("load");
    let row = "select last_name, email from profiles where legacy_id = 2001";
    assert_eq!(job.loaded(row), "Holm|ida.holm.2001@migrated.local");
    size.write(&job.path("legacy"), &user("Berg"));
    job.run(["extract", "--csv", "legacy", "--replace", "--quiet"]);
    job.steps("survey", "verify");
    assert_eq!(job.loaded(row), "Berg|ida.holm.2001@migrated.local");
}
