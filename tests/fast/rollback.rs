//! What `drydock rollback` undoes, and what it leaves.

use crate::harness::{Job, Size};

const SMALL: Size = Size { offices: 3, users: 60 };

/// Rows of others, and rows of this migration that a load will change.
fn furnish(migration: &Job) {
    migration.target().execute(
        "insert into practices (name) values ('Someone else''s');
         insert into practices (legacy_id, name, tax_rate, metadata) values (2, 'Old name', 0.1, '{\"theirs\": [1, null]}');
         insert into profiles (legacy_id, email, role) values (1001, 'ann1002@example.org', 'doctor'),
             (1002, 'ANN1001@example.org', 'support'), (null, 'foreign@example.org', 'patient');",
    );
    migration.run(["survey", "--quiet"]);
    migration.run(["transform", "--quiet"]);
}

#[test]
fn after_a_rollback_every_table_is_what_it_was() {
    let migration = Job::of_size(SMALL).at("transform");
    furnish(&migration);
    let before = migration.digest();
    migration.run(["load", "--quiet", "--chunk-rows", "7"]);
    assert_ne!(migration.digest(), before);
    assert_eq!(
        migration.loaded("select email from profiles where legacy_id in (1001, 1002) order by legacy_id"),
        "ann1001@example.org\nann1002@example.org"
    );

    let run = migration.last_run("load");
    let rehearsal = migration.run(["rollback", "--run", &run, "--dry-run", "--json"]);
    assert!(rehearsal.stdout.contains("\"left\": []"), "{}", rehearsal.stdout);
    assert_ne!(migration.digest(), before, "a dry run changes nothing");

    migration.run(["rollback", "--run", &run, "--quiet"]);
    assert_eq!(migration.digest(), before);
    assert_eq!(migration.staged("select sum(loaded) from v_accounting"), "0");

    // and forward again
    migration.run(["load", "--quiet"]);
    migration.run(["verify", "--quiet"]);
}

#[test]
fn a_difference_alone_is_undone_and_then_the_first_load() {
    let migration = Job::of_size(SMALL).at("transform");
    furnish(&migration);
    let empty = migration.digest();
    migration.run(["load", "--quiet"]);
    let first = migration.last_run("load");
    let loaded = migration.digest();

    let more = "1999,u1999,New,Person,new@example.org,2022-01-01 00:00:00+00,t,f,f\n";
    SMALL.write(&migration.path("legacy"), more);
    migration.run(["extract", "--csv", "legacy", "--replace", "--quiet"]);
    migration.run(["transform", "--quiet"]);
    // a profile without a practice is no reason to fail
    migration.run(["load", "--quiet"]);
    let second = migration.last_run("load");
    assert_ne!(migration.digest(), loaded);

    let refused = migration.drydock(["rollback", "--run", &first]).run().expect(3);
    assert!(refused.stderr.contains(&format!("later run {second}")), "{}", refused.stderr);

    migration.run(["rollback", "--run", &second, "--quiet"]);
    assert_eq!(migration.digest(), loaded);
    migration.run(["rollback", "--run", &first, "--quiet"]);
    assert_eq!(migration.digest(), empty);
    migration.drydock(["rollback", "--run", &first]).run().expect(3);
}

#[test]
fn back_to_a_checkpoint_takes_the_later_phases_away() {
    let migration = Job::of_size(SMALL).at("transform");
    furnish(&migration);
    migration.run(["load", "--quiet", "--phase", "2a"]);
    let after_profiles = migration.digest();
    migration.run(["load", "--quiet"]);
    migration.run(["rollback", "--to-checkpoint", "1", "--quiet"]);
    assert_eq!(migration.digest(), after_profiles);
}

#[test]
fn one_run_of_all_phases_goes_back_to_its_first_checkpoint_and_then_to_the_start() {
    let migration = Job::of_size(SMALL).at("transform");
    furnish(&migration);
    let before = migration.digest();
    migration.run(["load", "--quiet"]);
    let run = migration.last_run("load");
    migration.run(["rollback", "--to-checkpoint", "1", "--quiet"]);
    assert_eq!(migration.loaded("select count(*) from patients"), "0");
    assert_eq!(migration.loaded("select count(*) from profiles where practice_id is not null"), "0");
    assert_eq!(migration.loaded("select count(*) from profiles where legacy_id is not null"), "60");
    migration.run(["rollback", "--run", &run, "--quiet"]);
    assert_eq!(migration.digest(), before);
}

#[test]
fn rows_that_others_changed_are_left_and_named() {
    let migration = Job::of_size(SMALL).at("transform");
    furnish(&migration);
    let before = migration.digest();
    migration.run(["load", "--quiet"]);
    migration.target().execute(
        "update profiles set first_name = 'Changed' where legacy_id = 1050;
         update practices set name = 'Theirs now' where legacy_id = 2;",
    );
    let run = migration.last_run("load");
    let rolled = migration.drydock(["rollback", "--run", &run]).run().expect(7);
    for line in ["(legacy id 1050), inserted: changed since", "(legacy id 2), updated: changed since"] {
        assert!(rolled.stdout.contains(line), "{line} in {}", rolled.stdout);
    }
    assert!(!rolled.stdout.contains("Changed"), "no value is shown");
    assert_eq!(
        migration.loaded("select first_name from profiles where legacy_id is not null order by 1"),
        "\n\nChanged"
    );
    assert_eq!(migration.loaded("select name from practices where legacy_id = 2"), "Theirs now");

    migration.run(["rollback", "--run", &run, "--force", "--quiet"]);
    assert_eq!(migration.digest(), before);
}

#[test]
fn rows_that_others_refer_to_are_left_and_named() {
    let migration = Job::of_size(SMALL).at("transform");
    migration.run(["load", "--quiet"]);
    migration.target().execute(
        "create table invoices (id int primary key, patient uuid references patients (id) on delete cascade);
         insert into invoices select 1, id from patients where legacy_id = 5050;",
    );
    let run = migration.last_run("load");
    let rolled = migration.drydock(["rollback", "--run", &run]).run().expect(7);
    assert!(
        rolled.stdout.contains("(legacy id 5050), inserted: referenced since by invoices.patient"),
        "{}",
        rolled.stdout
    );
    assert_eq!(migration.loaded("select count(*) from invoices"), "1");
    // the patient's own profile and practice have to stay with it
    assert_eq!(migration.loaded("select count(*) from patients"), "1");
    assert_eq!(
        migration.loaded(
            "select legacy_id from profiles p where exists (select 1 from patients where user_id = p.id)"
        ),
        "1050"
    );
}
