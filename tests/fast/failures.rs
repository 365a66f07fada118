//! How the real migrations failed: one test for each of those failures that could happen here again, named after it. Three
//! have theirs elsewhere: 2, one bad row that fails its batch, in `load` (`refused_records_are_alone_in_being_refused`); 11,
//! unknown numbers shown as 0, in `accounting`; 16, a rollback that deletes too much, in `rollback`.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;

use crate::harness::{Job, Locked, empty_target, locked};

const JOINED: &str = "2019-03-04 05:06:07+00";

/// `auth_user` with these people: id, first name, email.
fn users<'a>(people: impl IntoIterator<Item = (i64, &'a str, &'a str)>) -> (&'static str, String) {
    let mut rows = "id,first_name,last_name,email,date_joined\n".to_owned();
    for (id, name, email) in people {
        let _ = writeln!(rows, "{id},{name},Tide,\"{email}\",{JOINED}");
    }
    ("auth_user", rows)
}

fn number(text: &str) -> i64 {
    text.parse().unwrap_or_else(|_| panic!("{text} is not a number"))
}

/// 1. A count of the target table was reported as "migrated".
#[test]
fn a_count_is_not_a_migration() {
    let target = empty_target();
    target.execute("insert into profiles (email) values ('a@elsewhere.example'), ('b@elsewhere.example')");
    let people = [(1, "Ann", "ann@harbour.example"), (2, "Bea", "bea@harbour.example")];
    let job = Job::of_tables(&[users(people)], target);
    job.up_to("transform");
    let accounting = "select extracted, ready, loaded from v_accounting where entity = 'profiles'";
    assert_eq!(job.staged(accounting), "2|2|0", "somebody else's rows count as loaded");
    job.verb("verify").run().expect(7);
    job.verb("load").run().expect(0);
    assert_eq!(job.staged(accounting), "2|2|2");
    job.verb("verify").run().expect(0);

    // one of ours goes, one of somebody's comes: the count is the same
    job.target().execute(
        "delete from profiles where legacy_id = 1; insert into profiles (email) values ('c@elsewhere.example')",
    );
    job.verb("verify").run().expect(7);
    assert_eq!(job.staged("select entity, legacy_id, kind from differences"), "profiles|1|missing");
}

/// 3. Upsert on email while thousands of emails were ''.
#[test]
fn empty_emails_do_not_make_one_of_many() {
    let job = Job::of_tables(&[users((1..=2500).map(|id| (id, "Ann", "")))], empty_target());
    job.up_to("verify");
    let loaded = "select count(*), count(distinct legacy_id), count(distinct lower(email)) from profiles";
    assert_eq!(job.loaded(loaded), "2500|2500|2500");
}

/// 4. Columns were written that the target did not have.
#[test]
fn every_missing_column_is_named_before_the_first_write() {
    let job = Job::of_case("patient_and_doctor");
    job.up_to("transform");
    job.target().execute(
        "alter table profiles drop column metadata; alter table patients drop column allergies;
         alter table patients alter column date_of_birth type timestamptz; alter table practices add licence text not null",
    );
    let outcome = job.verb("load").run().expect(5);
    for fact in
        ["profiles.metadata", "patients.allergies", "patients.date_of_birth", "practices.licence", "hint: "]
    {
        assert!(outcome.stderr.contains(fact), "{fact} is not named: {}", outcome.stderr);
    }
    let rows = "select (select count(*) from practices) + (select count(*) from profiles)";
    assert_eq!(job.loaded(rows), "0", "something was written");
    let survey = job.verb("survey").run().expect(0).stdout;
    assert!(survey.contains("profiles.metadata"), "the survey does not say so: {survey}");
}

/// 5. The duplicate-email tracker was reset per batch.
#[test]
fn the_hundredth_sharer_of_an_address_gets_one_of_its_own() {
    let target = empty_target();
    target.execute("insert into profiles (email) values ('ann.tide.150@migrated.local')");
    let people = (1..=350)
        .map(|id| (id, "Ann", if id % 2 == 0 { "crew@harbour.example" } else { "CREW@harbour.example" }));
    let job = Job::of_tables(&[users(people)], target);
    job.up_to("verify");
    assert_eq!(job.loaded("select count(*), count(distinct lower(email)) from profiles"), "351|351");
    assert_eq!(job.loaded("select legacy_id from profiles where email = 'crew@harbour.example'"), "1");
    assert_eq!(
        job.staged("select count(*), count(distinct error_context) from migration_errors where error_code = 'email_shared'"),
        "349|1"
    );
}

/// 6. New random ids on every run; invalid foreign keys replaced by random ids.
#[test]
fn ids_are_the_same_again_and_references_are_never_made_up() {
    let (one, other) = (Job::of_case("existing_ids_kept"), Job::of_case("existing_ids_kept"));
    for job in [&one, &other] {
        job.up_to("verify");
    }
    let ids = "select id, legacy_id from practices union all select id, legacy_id from profiles \
               union all select id, legacy_id from patients union all select id, legacy_id from practice_members order by 2, 1";
    assert_eq!(one.loaded(ids), other.loaded(ids));

    let job = Job::of_case("dangling_references");
    job.steps("extract", "survey");
    for verb in ["transform", "load", "verify"] {
        job.verb(verb).run().expect(6);
    }
    let without_doctor = "select legacy_id from patients where assigned_profile_id is null order by 1";
    assert_eq!(job.loaded(without_doctor), "1\n5\n7\n8");
    assert_eq!(
        job.loaded("select count(*) from profiles where legacy_id is null"),
        "0",
        "a profile was made up"
    );
}

/// 7. `profiles.id` referenced `auth.users` and every insert failed.
#[test]
fn a_reference_to_auth_users_is_found_before_the_first_write() {
    let job = Job::of_case("patient_and_doctor");
    job.up_to("transform");
    job.target().execute(
        "create schema auth; create table auth.users (id uuid primary key);
         alter table profiles add constraint profiles_id_fkey foreign key (id) references auth.users (id)",
    );
    let outcome = job.verb("load").run().expect(5);
    for fact in ["auth.users", "profiles_id_fkey", "hint: "] {
        assert!(outcome.stderr.contains(fact), "{fact} is not said: {}", outcome.stderr);
    }
    assert_eq!(job.loaded("select count(*) from practices"), "0", "something was written");
}

/// 8. A practice lookup asked for the wrong column, and the exception was swallowed.
#[test]
fn a_step_that_fails_has_failed() {
    let rows = "id,office_id,doctor_id\n1,11,2\n".to_owned();
    let wrong_column = Job::of_tables(&[("dispatch_office_doctors", rows)], empty_target());
    let outcome = wrong_column.verb("extract").run().expect(4);
    assert!(outcome.stderr.contains("dispatch_office_doctors.user_id"), "{}", outcome.stderr);
    assert!(!wrong_column.file().exists(), "a file was left behind");

    // a target that refuses in the last phase: the ones before are done, this one is not, and says so
    let job = Job::of_case("patient_and_doctor");
    job.up_to("transform");
    job.target().execute("alter table practice_members add constraint none check (false) not valid");
    let outcome = job.verb("load").run().expect(6);
    assert!(outcome.stdout.contains("constraint=none"), "{}", outcome.stdout);
    assert_eq!(job.staged("select exit_code from runs order by run_id desc limit 1"), "6");
    assert_eq!(job.staged("select loaded from v_accounting where entity = 'practice_members'"), "0");
    job.verb("verify").run().expect(7);
    job.target().execute("alter table practice_members drop constraint none");
    job.steps("load", "verify");
}

/// 8 again: an error that comes after the last row of a statement is the one that is told, and not one that follows it.
#[test]
fn the_first_error_is_the_one_that_is_told() {
    let job = Job::of_case("patient_and_doctor");
    job.up_to("transform");
    job.target().execute(
        "create table elsewhere (id uuid primary key);
         alter table patients add constraint is_elsewhere foreign key (assigned_profile_id) references elsewhere (id)",
    );
    let outcome = job.verb("load").run();
    assert_ne!(outcome.code, Some(0), "{outcome:?}");
    let told = outcome.stderr + &job.staged("select error_message, error_context from migration_errors");
    assert!(told.contains("is_elsewhere") && !told.contains("25P02"), "{told}");
}

/// 9. A map from doctor to practice kept only the last of several.
#[test]
fn a_doctor_keeps_every_membership() {
    let job = Job::of_case("doctor_with_several_offices");
    job.up_to("verify");
    let offices = "select o.legacy_id, m.is_primary from practice_members m join practices o on o.id = m.practice_id \
                   join profiles p on p.id = m.profile_id where p.legacy_id = 1 and m.role = 'doctor' order by 1";
    assert_eq!(job.loaded(offices), "10|f\n11|t\n12|f");
    assert_eq!(
        job.loaded("select o.legacy_id from profiles p join practices o on o.id = p.practice_id where p.legacy_id = 1"),
        "11"
    );
}

/// 10. Lookups were cut off at 1,000 rows by an API.
#[test]
fn more_than_a_thousand_rows_are_all_seen() {
    let job = Job::of_world();
    job.steps("extract", "survey");
    let seen = "select (select count(*) from target_rows where entity = 'profiles'), \
                (select count(distinct target_id) from target_rows where entity = 'profiles' and legacy_id is not null)";
    assert_eq!(job.staged(seen), "5512|5506");
    let there: BTreeSet<String> = job
        .loaded("select legacy_id, id from profiles where legacy_id is not null")
        .lines()
        .map(str::to_owned)
        .collect();
    job.steps("transform", "transform");
    let kept: BTreeSet<String> =
        job.staged("select legacy_id, id from ready_profiles").lines().map(str::to_owned).collect();
    assert_eq!(there.difference(&kept).count(), 0);
}

/// 12. Reruns truncated tables, nulled legacy ids, or skipped rows.
#[test]
fn a_rerun_changes_only_what_differs() {
    let people = |name| [(1, name, "ann@harbour.example"), (2, "Bea", ""), (3, "Cid", "")];
    let job = Job::of_tables(&[users(people("Ann"))], empty_target());
    job.target().execute("insert into profiles (email) values ('joined@harbour.example')");
    job.up_to("verify");
    let versions =
        "select coalesce(legacy_id, 0), id, xmin from profiles where legacy_id is distinct from 1 order by 1";
    let before = job.loaded(versions);
    let id = job.loaded("select id from profiles where legacy_id = 1");

    let (table, rows) = users(people("Anne"));
    job.write_table(table, &rows);
    job.verb("extract").args(["--replace"]).run().expect(0);
    job.steps("survey", "verify");
    assert_eq!(job.loaded(versions), before, "a row that did not differ was written");
    assert_eq!(job.loaded("select id, first_name from profiles where legacy_id = 1"), format!("{id}|Anne"));
    assert_eq!(job.loaded("select count(*) from profiles"), "4");
    let counts = "select sum(inserted), sum(updated) from receipts where entity = 'profiles' and phase = '2A' \
                  and run_id = (select max(run_id) from receipts)";
    assert_eq!(job.staged(counts), "0|1");
}

/// 13. "Inactive" rows were skipped although others pointed at them.
#[test]
fn inactive_rows_are_loaded_and_carry_their_flag() {
    let job = Job::of_case("inactive_and_invalid_rows_are_loaded");
    job.up_to("verify");
    let patient = "select d.is_active, u.is_active, o.is_active, p.metadata #>> '{legacy,archived}' from patients p \
                   join profiles u on u.id = p.user_id join profiles d on d.id = p.assigned_profile_id \
                   join practices o on o.id = p.practice_id where p.legacy_id = 1";
    assert_eq!(job.loaded(patient), "f|f|f|t");
}

/// 14. Everyone became role 'doctor'; a row count over a JOIN was read as duplicates.
#[test]
fn roles_come_from_groups_and_nobody_is_counted_twice() {
    let job = Job::of_case("roles_from_groups_and_flags");
    job.up_to("verify");
    let roles = "select role, count(*) from profiles group by role order by role::text";
    assert_eq!(job.loaded(roles), "admin|3\ndoctor|2\nmaster|2\npatient|2\ntechnician|1\nunknown|2");
    let joined = number(&job.staged("select count(*) from legacy_auth_user_groups"));
    assert!(joined > 10, "users in several groups");
    assert_eq!(
        job.staged("select extracted, loaded, merged from v_accounting where entity = 'profiles'"),
        "12|12|0"
    );
}

/// 15. Names lower-cased, country hard-coded, invalid offices dropped, '+' stripped, suffixes and doctors invented.
#[test]
fn values_are_preserved_and_nothing_is_invented() {
    let people = [
        (1, "ANN", "ann+boats@harbour.example"),
        (2, "太郎", "ann@harbour.example"),
        (3, "", "pat.o'hara@harbour.example"),
    ];
    let offices = "id,name,doctor_id,country,valid,address\n10,Harbour,1,ประเทศไทย,f,1 Quay\n11,HAVEN,2,,t,\n12,,3,India,t,\n";
    let patients =
        format!("id,user_id,doctor_id,office_id,birthdate,sex,suffix,updated_at\n1,3,,10,,,,{JOINED}\n");
    let tables = [users(people), ("dispatch_office", offices.to_owned()), ("dispatch_patient", patients)];
    let job = Job::of_tables(&tables, empty_target());
    job.up_to("verify");
    let names = job.loaded("select legacy_id, first_name, email from profiles order by 1");
    let expected = people.map(|(id, name, email)| format!("{id}|{name}|{email}")).join("\n");
    assert_eq!(names, expected);
    let countries =
        job.loaded("select legacy_id, name, country is null, is_active from practices order by 1");
    assert_eq!(countries, "10|Harbour|f|f\n11|HAVEN|t|t\n12|Office 12|f|t");
    let thai = job.loaded("select country = 'United States' from practices where legacy_id = 10");
    assert_eq!(thai, "f");
    let patient = "select assigned_profile_id is null, date_of_birth is null, gender, metadata #>> '{legacy,suffix}' is null \
                   from patients";
    assert_eq!(job.loaded(patient), "t|t|unknown|t");
}

/// 17. Database passwords and keys were committed with the scripts.
#[test]
fn a_password_is_nowhere() {
    let job = Job::of_case("patient_and_doctor");
    job.verb("extract").run().expect(0);
    let login = format!("anna:{}", Locked::ENCODED);
    let url = locked().url(&login, "localhost", "practice", "sslmode=disable");
    fs::write(job.path("target.url"), format!("{url}\n")).expect("a file");

    let from_environment = job.drydock(["survey"]).env("DRYDOCK_TARGET_URL", &url);
    let from_file =
        job.drydock(["survey", "--json", "--target-url-file", "target.url"]).env("DRYDOCK_TARGET_URL", "");
    for run in [from_environment, from_file] {
        let outcome = run.env("DRYDOCK_LOG", "trace").run().expect(0);
        for secret in [Locked::PASSWORD, Locked::ENCODED] {
            assert!(!outcome.stdout.contains(secret) && !outcome.stderr.contains(secret), "{outcome:?}");
        }
    }
    let bytes = fs::read(job.file()).expect("the staging file");
    for secret in [Locked::PASSWORD, Locked::ENCODED] {
        let is_there = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!is_there, "the password is in the staging file");
    }
    assert!(job.staged("select value from facts where name = 'target_identity'").contains("practice"));
}
