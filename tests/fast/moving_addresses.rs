//! Addresses that move between profiles: wherever a load or a rollback ends, nobody is left without their own.

use crate::harness::{Job, Size};

const SMALL: Size = Size { offices: 3, users: 60 };

/// Two who hold each other's address, three in a ring, and one who waits for an address that somebody else keeps.
const EARLIER: &str = "
insert into profiles (legacy_id, email) values
    (1001, 'ann1002@example.org'), (1002, 'ANN1001@example.org'),
    (1010, 'ann1050@example.org'), (1050, 'ann1030@example.org'), (1030, 'ann1010@example.org');";

const MOVING: &str = "select count(*) from profiles where email like 'moving.%'";

fn addresses(migration: &Job) -> String {
    migration.loaded("select legacy_id, email from profiles where legacy_id is not null order by 1")
}

#[test]
fn a_load_that_ends_with_an_error_leaves_nobody_on_the_way() {
    // the record that is refused comes after the addresses have moved
    let last = "alter table profiles add constraint not_this_one check (legacy_id <> 1059);";
    for (arguments, code) in [
        (["load", "--quiet", "--chunk-rows", "9", "--on-error", "stop"].as_slice(), 5),
        (["load", "--quiet", "--chunk-rows", "60", "--on-error", "stop"].as_slice(), 5),
    ] {
        let migration = Job::resolved(SMALL, "", &format!("{EARLIER}{last}"));
        migration.drydock(arguments.iter().copied()).run().expect(code);
        assert_eq!(migration.loaded(MOVING), "0", "{arguments:?}");
        migration.drydock(["load", "--quiet"]).run().expect(6);
        assert_eq!(migration.loaded(MOVING), "0");
        assert_eq!(
            migration
                .loaded("select count(*) from profiles where email = 'ann' || legacy_id || '@example.org'"),
            "59"
        );
    }
}

#[test]
fn a_trigger_that_ends_the_load_leaves_nobody_on_the_way() {
    let all = "
        create function other() returns trigger language plpgsql as
            $$ begin new.first_name = 'other'; return new; end $$;
        create trigger other before insert or update on profiles for each row execute function other();";
    let migration = Job::resolved(SMALL, "", &format!("{EARLIER}{all}"));
    migration.drydock(["load", "--quiet"]).run().expect(5);
    assert_eq!(migration.loaded(MOVING), "0");
    // the addresses have moved, each to whom it belongs, and nothing else has changed
    assert_eq!(
        migration.loaded("select count(*) from profiles where email = 'ann' || legacy_id || '@example.org'"),
        "5"
    );
    assert_eq!(migration.loaded("select distinct first_name || last_name from profiles"), "");
}

#[test]
fn who_is_refused_after_making_room_keeps_an_address_of_their_own() {
    // one of a pair is refused for another reason
    let check = "alter table profiles add constraint not_this_one check (legacy_id <> 1002 or first_name <> 'Ann1002');";
    let migration = Job::resolved(SMALL, "", &format!("{EARLIER}{check}"));
    migration.drydock(["load", "--quiet"]).run().expect(6);
    assert_eq!(migration.loaded(MOVING), "0");
    assert!(addresses(&migration).contains("1001|ann1001@example.org"), "{}", addresses(&migration));
    let run = migration.last_run("load");
    migration.run(["rollback", "--run", &run, "--quiet"]);
    assert!(addresses(&migration).starts_with("1001|ann1002@example.org\n1002|ANN1001@example.org"));
}

#[test]
fn a_rollback_gives_back_what_another_table_s_rows_hold_too() {
    let migration = Job::resolved(SMALL, "", EARLIER);
    migration.run(["load", "--quiet"]);
    // the second run changes a patient and a profile's practice, and the profile's address is the patient's
    let legacy = migration.path("legacy/dispatch_patient.csv");
    let patients = std::fs::read_to_string(&legacy).unwrap();
    let moved = patients.replace("5020,1020,1980-02-03,1,", "5020,1020,1980-02-04,2,");
    assert_ne!(patients, moved);
    let moved: String = moved
        .lines()
        .map(|line| {
            if line.starts_with("5020,") {
                let (head, office) = line.rsplit_once(',').unwrap();
                format!("{head},{}\n", 1 + office.parse::<u32>().unwrap() % 3)
            } else {
                format!("{line}\n")
            }
        })
        .collect();
    std::fs::write(&legacy, moved).unwrap();
    let before = migration.digest();
    migration.run(["extract", "--csv", "legacy", "--replace", "--quiet"]);
    migration.run(["transform", "--quiet"]);
    migration.run(["load", "--quiet"]);
    assert_ne!(migration.digest(), before);
    let run = migration.last_run("load");
    let undone = migration.run(["rollback", "--run", &run]);
    assert!(undone.stdout.contains("their digest is the same"), "{}", undone.stdout);
    assert_eq!(migration.digest(), before);
}

#[test]
fn a_rollback_that_cannot_be_exact_does_nothing_and_says_which_rows() {
    let migration = Job::resolved(SMALL, "", EARLIER);
    migration.run(["load", "--quiet"]);
    let run = migration.last_run("load");
    let loaded = migration.digest();
    migration.target().execute("delete from drydock.pre_images where table_name = 'profiles'");
    let refused = migration.drydock(["rollback", "--run", &run]).run().expect(7);
    assert!(
        refused.stderr.contains("5 rows of profiles") && refused.stderr.contains("1001, 1002"),
        "{}",
        refused.stderr
    );
    assert_eq!(migration.digest(), loaded);
    assert_eq!(migration.loaded("select count(*) from drydock.receipts where undone_at is not null"), "0");
    assert!(migration.run(["status", "--json"]).stdout.contains("\"loaded\""));
    migration.run(["verify", "--quiet"]);
}

#[test]
fn a_rollback_leaves_whose_address_somebody_has_taken() {
    let migration =
        Job::resolved(SMALL, "", "insert into profiles (legacy_id, email) values (1001, 'old@example.org');");
    migration.run(["load", "--quiet"]);
    migration.target().execute("insert into profiles (email) values ('OLD@example.org')");
    let run = migration.last_run("load");
    let left = migration.drydock(["rollback", "--run", &run]).run().expect(7);
    assert!(left.stdout.contains("(legacy id 1001), updated: address taken since"), "{}", left.stdout);
    assert_eq!(migration.loaded(MOVING), "0");
    assert_eq!(
        migration.loaded("select email from profiles order by 1"),
        "OLD@example.org\nann1001@example.org"
    );
}

#[test]
fn one_who_is_refused_keeps_only_those_from_moving_who_wait_for_each_other() {
    // a ring of three with one whom the target refuses, and a pair beside it
    let check = "alter table profiles add constraint not_this_one check (legacy_id <> 1050 or email = 'ann1030@example.org');";
    let migration = Job::resolved(SMALL, "", EARLIER);
    migration.target().execute(check);
    for _ in 0..2 {
        migration.drydock(["load", "--quiet"]).run().expect(6);
        assert_eq!(migration.loaded(MOVING), "0");
        assert_eq!(
            migration.staged(
                "select group_concat(legacy_id) from (select legacy_id from loads where outcome = 'failed' and phase = '2A' \
                 order by 1)"
            ),
            "1010,1030,1050"
        );
        assert!(addresses(&migration).starts_with("1001|ann1001@example.org\n1002|ann1002@example.org"));
    }
    migration.target().execute("alter table profiles drop constraint not_this_one");
    migration.run(["load", "--quiet"]);
    migration.run(["verify", "--quiet"]);
    for run in migration.staged("select distinct run_id from receipts order by 1 desc").lines() {
        migration.drydock(["rollback", "--run", run, "--quiet"]).run().expect_one_of(&[0, 3, 7]);
    }
    assert!(addresses(&migration).contains("1010|ann1050@example.org"), "{}", addresses(&migration));
}
