//! Unique indexes that no rule compares, over expressions, over some of the rows, or over what the configuration fills, are asked of
//! all rows before the first is written.

use crate::harness::{Job, Size};

const SIZE: Size = Size { offices: 4, users: 400 };

/// Tries to insert, counted by a sequence, which no rollback takes back.
const TRIES: &str = "create sequence tries;
    create function note_try() returns trigger language plpgsql as $$ begin perform nextval('tries'); return null; end $$;
    create trigger noted after insert on profiles for each statement execute function note_try();";

fn job(target: &str) -> Job {
    Job::resolved(SIZE, "policy.default_practice = 1", target)
}

#[test]
fn what_most_rows_have_twice_stops_the_load_before_it_writes() {
    for (config, target, words) in [
        (
            "",
            "create unique index once on profiles (lower(left(first_name, 6)))",
            "profiles have in profiles.first_name what another row has too, which once forbids, such as legacy id 1002",
        ),
        (
            "[target.fill.profiles]\nhandle = '{role}'",
            "alter table profiles add column handle text not null default '', add constraint once unique (handle)",
            "profiles have in profiles.handle what another row has too, which once forbids",
        ),
        (
            "",
            "alter table patients add column deleted_at timestamptz;
             create unique index once on patients (gender) where deleted_at is null",
            "patients have in patients.gender, deleted_at what another row has too, which once forbids",
        ),
    ] {
        let job = Job::resolved(SIZE, &format!("policy.default_practice = 1\n{config}"), target);
        let before = job.digest();
        let refused = job.drydock(["load", "--quiet"]).run().expect(5);
        assert!(refused.stderr.contains(words), "{words}\n{}", refused.stderr);
        assert!(!refused.stderr.contains("Ann1001"), "{}", refused.stderr);
        assert_eq!(job.digest(), before);
    }
}

#[test]
fn what_few_rows_have_twice_is_refused_at_once_and_the_lowest_id_keeps_it() {
    let job = job(&format!(
        "create unique index once on profiles (lower(regexp_replace(first_name, '[89]$', '7'))); {TRIES}"
    ));
    let loaded = job.drydock(["load"]).run().expect(6);
    assert!(
        loaded.stderr.contains("80 of 400 profiles have in profiles.first_name what another row has too"),
        "{}",
        loaded.stderr
    );
    assert!(loaded.stdout.contains("2A profiles: 80 refused, target_duplicate"), "{}", loaded.stdout);
    assert_eq!(job.loaded("select count(*) from profiles where first_name ~ '[89]$'"), "0");
    assert_eq!(job.loaded("select count(*) from profiles where first_name ~ '7$'"), "40");
    let tries: u32 = job.loaded("select last_value from tries").parse().unwrap();
    assert!(tries < 6, "{tries} tries for 80 refused records");
    // the rows that stand there are in nobody's way, nor in their own
    let versions = job.row_versions();
    job.drydock(["load", "--quiet"]).run().expect(6);
    assert_eq!(job.row_versions(), versions);
    job.target().execute("drop index once");
    job.steps("survey", "verify");
}

#[test]
fn a_row_of_others_that_has_it_already_is_told_from_the_record_s_own() {
    let job = job("create unique index once on practices (lower(name));
         insert into practices (id, name) select '00000000-0000-4000-8000-00000000000f', 'nobody''s'");
    let taken = job.staged("select name from ready_practices where legacy_id = 3");
    job.target().execute(&format!("update practices set name = upper('{taken}')"));
    let loaded = job.drydock(["load"]).run().expect(6);
    assert!(
        loaded.stderr.contains(
            "1 of 4 practices have in practices.name what another row has too, which once forbids, such as legacy id 3"
        ),
        "{}",
        loaded.stderr
    );
    assert_eq!(job.loaded("select count(*) from practices where legacy_id is not null"), "3");
}

#[test]
fn an_index_that_counts_nulls_and_one_that_only_the_database_can_tell_are_no_obstacle() {
    let job = job("alter table profiles add column token uuid not null default gen_random_uuid() unique;
         alter table profiles add column folded text generated always as (lower(email)) stored unique;
         create unique index of_some on patients (email) where email like '%nobody%';
         create unique index pairs on patients (legacy_id, lower(last_name))");
    job.steps("load", "verify");
    let versions = job.row_versions();
    job.run(["load", "--quiet"]);
    assert_eq!(job.row_versions(), versions);
}

#[test]
fn columns_that_are_not_sent_belong_to_the_key() {
    for (config, target) in [
        (
            "",
            "alter table profiles add column org integer not null default 1, add constraint once unique (org, legacy_tail)",
        ),
        (
            "",
            "alter table profiles add column deleted_at timestamptz; create unique index once on profiles (legacy_tail, deleted_at) nulls not distinct",
        ),
        (
            "",
            "alter table profiles add column folded text generated always as (lower(legacy_tail)) stored unique",
        ),
    ] {
        // two people have one nickname
        let column = "alter table profiles add column legacy_tail text";
        let fill =
            "[target.fill.profiles]\nlegacy_tail = { value = '{first_name}', map = { Ann1008 = 'Ann1007' } }";
        let job = Job::resolved(
            SIZE,
            &format!("policy.default_practice = 1\n{config}{fill}"),
            &format!("{column}; {target}; {TRIES}"),
        );
        let loaded = job.drydock(["load"]).run().expect(6);
        assert!(loaded.stderr.contains("1 of 400 profiles have in"), "{target}: {}", loaded.stderr);
        assert!(loaded.stdout.contains("2A profiles: 1 refused, target_duplicate"), "{}", loaded.stdout);
        let tries: u32 = job.loaded("select last_value from tries").parse().unwrap();
        assert!(tries < 4, "{target}: {tries} tries");
    }
}
