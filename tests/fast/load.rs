//! What `drydock load` does with a real `PostgreSQL`: refused records set apart, differences, and trouble named.

use crate::harness::{Job, Size};

const SMALL: Size = Size { offices: 3, users: 60 };

#[test]
fn a_second_load_changes_nothing() {
    let migration = Job::of_size(SMALL).at("transform");
    migration.run(["load", "--quiet"]);
    let (loaded, versions) = (
        migration.digest(),
        migration.loaded("select string_agg(xmin::text, ' ' order by id) from profiles"),
    );
    let receipts = migration.loaded("select count(*) from drydock.receipts");
    let again = migration.run(["load", "--json"]);
    assert_eq!(migration.digest(), loaded);
    assert_eq!(migration.loaded("select string_agg(xmin::text, ' ' order by id) from profiles"), versions);
    assert_eq!(migration.loaded("select count(*) from drydock.receipts"), receipts);
    assert!(!again.stdout.contains("\"inserted\": 1"), "{}", again.stdout);
    assert_eq!(migration.staged("select count(*) from loads where outcome = 'inserted'"), "126");
}

#[test]
fn chunks_of_any_size_come_to_the_same() {
    let whole = Job::of_size(SMALL).at("transform");
    whole.run(["load", "--quiet"]);
    let expected = whole.contents();
    for rows in ["1", "7", "60"] {
        let migration = Job::of_size(SMALL).at("transform");
        migration.run(["load", "--quiet", "--chunk-rows", rows]);
        assert_eq!(migration.contents(), expected, "{rows}");
        assert_eq!(
            migration.staged("select count(*) from receipts r where not exists (select 1 from runs where run_id = r.run_id)"),
            "0"
        );
    }
}

#[test]
fn refused_records_are_alone_in_being_refused() {
    let migration = Job::of_size(Size { offices: 3, users: 400 }).at("transform");
    migration.target().execute(
        "alter table profiles add constraint email_format check (email <> 'ann1100@example.org');
         alter table profiles add column badge text generated always as (case when legacy_id in (1203, 1204) then 'same' end) stored unique;
         create function refuse() returns trigger language plpgsql as
             $$ begin if new.legacy_id = 5300 then raise exception 'no %', new.first_name; end if; return new; end $$;
         create trigger refuse before insert on patients for each row execute function refuse();
         insert into profiles (email) values ('ANN1222@example.org');",
    );
    let loaded = migration.drydock(["load", "--json"]).run().expect(6);
    // 1100 breaks a check; 1204 is 1203's duplicate; 1222's address is taken; each has a patient, and 5300 has a trigger
    assert_eq!(
        migration.staged(
            "select entity, phase, legacy_id from loads where outcome = 'failed' order by entity, phase, legacy_id"
        ),
        "patients|2B|5100\npatients|2B|5204\npatients|2B|5222\npatients|2B|5300\n\
         profiles|2A|1100\nprofiles|2A|1204\nprofiles|2A|1222\nprofiles|2C|1100\nprofiles|2C|1204\nprofiles|2C|1222"
    );
    assert_eq!(
        migration.staged(
            "select entity_id, error_category, error_code, severity, resolution_status, error_context, field \
             from migration_errors where error_code like 'target%' and phase <> '2C' order by entity, entity_id"
        ),
        "5100|constraint_violation|target_reference|high|pending|sqlstate=23503 table=patients constraint=patients_user_id_fkey|user_id\n\
         5204|constraint_violation|target_reference|high|pending|sqlstate=23503 table=patients constraint=patients_user_id_fkey|user_id\n\
         5222|constraint_violation|target_reference|high|pending|sqlstate=23503 table=patients constraint=patients_user_id_fkey|user_id\n\
         5300|constraint_violation|target_trigger|high|pending|sqlstate=P0001 by trigger refuse|\n\
         1100|constraint_violation|target_check|high|pending|sqlstate=23514 table=profiles constraint=email_format|email\n\
         1204|constraint_violation|target_duplicate|high|pending|sqlstate=23505 table=profiles constraint=profiles_badge_key|\n\
         1222|email_conflict|target_email_taken|high|pending|sqlstate=23505 table=profiles constraint=profiles_email_lower_key|email"
    );
    assert_eq!(
        migration.staged(
            "select entity, ready, loaded, failed from v_accounting where failed > 0 order by entity"
        ),
        "patients|360|356|4\nprofiles|400|397|3"
    );
    assert!(!loaded.stdout.contains("example.org") && !loaded.stderr.contains("example.org"));
    migration.drydock(["load", "--quiet", "--max-rejects", "7"]).run().expect(0);

    // the causes go, and only those records are tried again
    migration.target().execute(
        "alter table profiles drop constraint email_format, drop column badge; drop trigger refuse on patients;
         delete from profiles where legacy_id is null;",
    );
    let again = migration.run(["load", "--retry-failed", "--json"]);
    assert!(again.stdout.contains("\"rows\": 3"), "{}", again.stdout);
    assert_eq!(migration.staged("select sum(failed), sum(ready - loaded) from v_accounting"), "0|0");
    assert_eq!(
        migration.staged(
            "select distinct resolution_status, resolved_at is not null, retry_count from migration_errors \
             where error_code like 'target%'"
        ),
        "resolved|1|1"
    );
    migration.run(["verify", "--quiet"]);
}

#[test]
fn the_first_refused_record_stops_a_load_that_is_told_so() {
    let migration = Job::of_size(SMALL).at("transform");
    migration.target().execute("alter table profiles add check (legacy_id <> 1030)");
    let before = migration.digest();
    let stopped = migration.drydock(["load", "--phase", "2a", "--on-error", "stop"]).run().expect(5);
    assert!(stopped.stderr.contains("SQLSTATE 23514"), "{}", stopped.stderr);
    assert_ne!(migration.digest(), before, "the practices were a chunk of their own");
    assert_eq!(migration.loaded("select count(*) from profiles"), "0");
}

#[test]
fn addresses_that_move_between_chunks_arrive() {
    let migration = Job::of_size(SMALL).at("transform");
    migration.run(["load", "--quiet"]);
    // everybody's address moves on to the next, round the whole table
    migration.target().execute(
        "update profiles set email = 'x' || email; \
         update profiles set email = 'ann' || (1001 + (legacy_id - 1000) % 60) || '@example.org' where legacy_id is not null",
    );
    migration.run(["load", "--quiet", "--chunk-rows", "7"]);
    migration.run(["verify", "--quiet"]);
}

#[test]
fn a_moved_address_comes_back_when_its_own_record_is_refused() {
    let migration = Job::of_size(SMALL).at("transform");
    migration.run(["load", "--quiet"]);
    migration.target().execute(
        "update profiles set email = 'other@example.org' where legacy_id = 1010; \
         update profiles set email = 'ann1010@example.org', first_name = 'Kept' where legacy_id = 1020; \
         create function refuse() returns trigger language plpgsql as \
             $$ begin if new.legacy_id = 1010 and new.email like 'ann%' then raise exception 'no'; end if; return new; end $$; \
         create trigger refuse before update on profiles for each row execute function refuse();",
    );
    migration.drydock(["load", "--quiet"]).run().expect(6);
    assert_eq!(migration.loaded("select count(*) from profiles where email like 'moving.%'"), "0");
}

#[test]
fn a_dry_run_says_what_would_be_done_and_does_nothing() {
    let migration = Job::of_size(SMALL).at("transform");
    migration.target().execute(
        "insert into profiles (legacy_id, email) values (1007, 'old@example.org'); \
         alter table patients add check (legacy_id <> 5030);",
    );
    migration.run(["survey", "--quiet"]);
    migration.run(["transform", "--quiet"]);
    let before = migration.digest();
    let rehearsed = migration.drydock(["load", "--dry-run"]).run().expect(6);
    for line in [
        "2A profiles: 59 inserted, 1 updated, 0 unchanged",
        "2B patients: 53 inserted, 0 updated, 0 unchanged",
        "2B patients: 1 refused, target_check (sqlstate=23514 table=patients constraint=patients_legacy_id_check; legacy id 5030)",
        "2C profiles: 0 inserted, 60 updated, 0 unchanged",
    ] {
        assert!(rehearsed.stdout.contains(line), "{line} in\n{}", rehearsed.stdout);
    }
    assert_eq!(migration.digest(), before);
    assert_eq!(migration.loaded("select to_regnamespace('drydock') is null"), "t");
    assert_eq!(
        migration.staged("select (select count(*) from loads) + (select count(*) from receipts)"),
        "0"
    );
}

#[test]
fn a_later_snapshot_loads_as_a_difference() {
    let migration = Job::of_size(SMALL).at("transform");
    migration.run(["load", "--quiet"]);
    let folder = migration.path("legacy");
    let users = std::fs::read_to_string(folder.join("auth_user.csv")).unwrap();
    // 1030 goes with her patient, 1040 gets another name, 1999 comes
    let users: String = users
        .lines()
        .filter(|line| !line.starts_with("1030,"))
        .map(|line| line.replace("Ann1040", "Anne") + "\n")
        .chain(["1999,u1999,New,Person,new@example.org,2022-01-01 00:00:00+00,t,f,f\n".to_owned()])
        .collect();
    std::fs::write(folder.join("auth_user.csv"), users).unwrap();
    let patients = std::fs::read_to_string(folder.join("dispatch_patient.csv")).unwrap();
    let patients: String = patients
        .lines()
        .filter(|line| !line.starts_with("5030,"))
        .map(|line| line.to_owned() + "\n")
        .collect();
    std::fs::write(folder.join("dispatch_patient.csv"), patients).unwrap();
    migration.run(["extract", "--csv", "legacy", "--replace", "--quiet"]);
    migration.run(["transform", "--quiet"]);
    let loaded = migration.run(["load"]);
    for line in [
        "2A profiles: 1 inserted, 1 updated, 58 unchanged",
        "2B patients: 0 inserted, 1 updated, 52 unchanged",
        "profiles: 1 rows are no longer in the source",
        "patients: 1 rows are no longer in the source",
    ] {
        assert!(loaded.stdout.contains(line), "{line} in\n{}", loaded.stdout);
    }
    assert_eq!(migration.loaded("select count(*) from profiles where legacy_id in (1030, 1999)"), "2");
    assert_eq!(
        migration.staged("select entity, legacy_id from v_gone_from_source order by 1"),
        "patients|5030\nprofiles|1030"
    );
    migration.run(["verify", "--quiet"]);
}

#[test]
fn a_second_load_at_the_same_time_is_refused() {
    let migration = Job::of_size(SMALL).at("transform");
    let mut other = migration.target().client();
    other.execute("select pg_advisory_lock(x'445259444f434b'::bigint)", &[]).unwrap();
    let refused = migration.drydock(["load", "--quiet"]).run().expect(5);
    assert!(refused.stderr.contains("another load is at work"), "{}", refused.stderr);
    assert!(migration.digest().contains("profiles|0|"));
}

#[test]
fn a_phase_waits_for_the_ones_before_it() {
    let migration = Job::of_size(SMALL).at("transform");
    let refused = migration.drydock(["load", "--quiet", "--phase", "2b"]).run().expect(3);
    assert!(refused.stderr.contains("63 records of phase 2A"), "{}", refused.stderr);
    assert_eq!(migration.staged("select count(*) from loads"), "0");
    migration.run(["load", "--quiet", "--phase", "2a"]);
    migration.run(["load", "--quiet", "--phase", "2b"]);
    migration.run(["load", "--quiet", "--phase", "2c"]);
    migration.run(["verify", "--quiet"]);
}
