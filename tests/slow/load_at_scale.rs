//! Loads of the plan's size into a target that refuses some of the records.

use crate::harness::{Job, Size};

/// As many users as the plan has; the first is 1001.
const PLAN: Size = Size { offices: 844, users: 9101 };

#[test]
fn one_bad_record_and_then_ninety_one_among_the_plan_s_profiles() {
    let migration = Job::of_size(PLAN).at("transform");
    migration.target().execute("alter table profiles add constraint odd_one check (legacy_id <> 5555)");
    let loaded = migration.drydock(["load", "--phase", "2a"]).run().expect(6);
    assert!(
        loaded.stdout.contains("2A profiles: 9100 inserted, 0 updated, 0 unchanged"),
        "{}",
        loaded.stdout
    );
    assert_eq!(
        migration.staged(
            "select legacy_id, error_category, error_context from loads l join migration_errors m \
             on m.entity = l.entity and m.entity_id = l.legacy_id and m.error_code like 'target%' where outcome = 'failed'"
        ),
        "5555|constraint_violation|sqlstate=23514 table=profiles constraint=odd_one"
    );
    assert_eq!(migration.loaded("select count(*) from profiles"), "9100");

    // 91 bad ones of four kinds, spread over everything
    let migration = Job::of_size(PLAN).at("transform");
    migration.target().execute(
        "alter table profiles add constraint odd_ones check (legacy_id % 400 <> 7);
         alter table profiles alter column first_name type varchar(20);
         create function refuse() returns trigger language plpgsql as
             $$ begin if new.legacy_id % 500 = 11 then raise exception 'no'; end if;
                      if new.legacy_id % 600 = 13 then new.first_name = repeat('x', 30); end if; return new; end $$;
         create trigger refuse before insert on profiles for each row execute function refuse();
         insert into profiles (email) select 'ann' || g || '@example.org' from generate_series(1500, 9750, 250) g;",
    );
    let expected = "select count(*), count(*) filter (where g % 400 = 7), count(*) filter (where g % 500 = 11), \
                    count(*) filter (where g % 600 = 13), count(*) filter (where g between 1500 and 9750 and g % 250 = 0) \
                    from generate_series(1001, 10101) g \
                    where g % 400 = 7 or g % 500 = 11 or g % 600 = 13 or (g between 1500 and 9750 and g % 250 = 0)";
    let bad = migration.loaded(expected);
    assert_eq!(bad, "91|23|19|15|34", "the kinds do not overlap");
    migration.drydock(["load", "--quiet", "--phase", "2a"]).run().expect(6);
    assert_eq!(
        migration.staged(
            "select error_category, error_code, count(distinct entity_id) from migration_errors \
             where error_code like 'target%' group by 1, 2 order by 1, 2"
        ),
        "constraint_violation|target_check|23\nconstraint_violation|target_trigger|19\n\
         email_conflict|target_email_taken|34\nvalidation_failure|target_value|15"
    );
    assert_eq!(migration.loaded("select count(*) from profiles where legacy_id is not null"), "9010");
    assert_eq!(
        migration.staged(
            "select count(*), sum(outcome = 'failed') from loads where entity = 'profiles' and phase = '2A'"
        ),
        "9101|91"
    );

    // only those are tried again once the causes are gone
    migration.target().execute(
        "alter table profiles drop constraint odd_ones; drop trigger refuse on profiles;
         delete from profiles where legacy_id is null;",
    );
    let again = migration.run(["load", "--phase", "2a", "--retry-failed"]);
    assert!(again.stdout.contains("2A profiles: 91 inserted, 0 updated, 0 unchanged"), "{}", again.stdout);
    assert_eq!(migration.loaded("select count(*) from profiles"), "9101");
}
