//! A target whose tables and columns have other names, and one whose triggers are not to fire.

use std::fs;
use std::process::Command;

use crate::harness::{Job, NAMES, RENAME, Size, psql};

const SMALL: Size = Size { offices: 3, users: 60 };

/// The steps up to the load, by a configuration.
fn resolved(config: &str, target: &str) -> Job {
    Job::resolved(SMALL, config, target)
}

fn digest(migration: &Job) -> String {
    ["offices", "people", "patients", "\"Office Members\""]
        .map(|table| {
            psql(
                migration.target(),
                &format!("select count(*), md5(string_agg(t::text, E'\\n' order by t::text)) from {table} t"),
            )
        })
        .join("\n")
}

#[test]
fn tables_and_columns_of_other_names_are_loaded_verified_and_undone() {
    let rows = "
        insert into offices (office_name) values ('Somebody else''s');
        insert into offices (old_id, office_name, name) values (2, 'Old name', 'kept');
        insert into people (legacy_id, \"E-Mail\") values (1001, 'ann1002@example.org'), (1002, 'ANN1001@example.org'),
            (null, 'foreign@example.org');";
    let migration = resolved(NAMES, &format!("{RENAME}{rows}"));
    let before = digest(&migration);
    assert_eq!(migration.staged("select count(*) from target_rows where legacy_id is not null"), "3");

    let rehearsed = migration.run(["load", "--dry-run"]);
    assert!(rehearsed.stdout.contains("2A practices: 2 inserted, 1 updated"), "{}", rehearsed.stdout);
    assert_eq!(digest(&migration), before);

    migration.run(["load", "--quiet", "--chunk-rows", "7", "--checkpoints", "checkpoints"]);
    let loaded = digest(&migration);
    migration.run(["verify", "--quiet"]);
    assert_eq!(
        migration.loaded("select old_id, office_name, name from offices where old_id < 3 order by 1"),
        "1|Office No 1|\n2|Office No 2|kept"
    );
    assert_eq!(
        migration.loaded("select \"E-Mail\", given_name, office is not null from people where legacy_id in (1001, 1002) order by 1"),
        "ann1001@example.org|Ann1001|t\nann1002@example.org|Ann1002|t"
    );
    let versions = "select string_agg(xmin::text, ' ' order by uid) from people";
    let written = migration.loaded(versions);
    migration.run(["load", "--quiet"]);
    assert_eq!(migration.loaded(versions), written, "a second load writes nothing");

    // damage is seen, and the backup of the checkpoint mends it
    migration.target().execute("update people set given_name = 'Other' where legacy_id = 1030");
    migration.drydock(["verify", "--quiet"]).run().expect(7);
    assert_eq!(
        migration.staged("select entity, legacy_id, field from differences"),
        "profiles|1030|first_name"
    );
    for (number, result) in [(1, "proved"), (2, "proved"), (3, "proved")] {
        let folder = migration.path(format!("checkpoints/checkpoint-{number}"));
        let proof = fs::read_to_string(folder.join("rollback.json")).unwrap();
        assert!(proof.contains(&format!("\"result\": \"{result}\"")), "{proof}");
    }
    let restored = Command::new("psql")
        .args(["-X", "-q", "-d", &migration.target().url(), "-f", "checkpoints/checkpoint-3/target.sql"])
        .current_dir(migration.folder())
        .output()
        .unwrap();
    assert!(restored.status.success(), "{}", String::from_utf8_lossy(&restored.stderr));
    assert_eq!(digest(&migration), loaded);

    let again = resolved(NAMES, &format!("{RENAME}{rows}"));
    let before = digest(&again);
    again.run(["load", "--quiet"]);
    let run = again.last_run("load");
    again.run(["rollback", "--run", &run, "--quiet"]);
    assert_eq!(digest(&again), before);
}

#[test]
fn what_is_missing_is_named_as_the_target_would_name_it() {
    let migration = Job::of_size(SMALL);
    migration.target().execute(RENAME);
    migration.target().execute("alter table people drop column given_name; drop table \"Office Members\"");
    fs::write(migration.path("drydock.toml"), NAMES).unwrap();
    migration.run(["extract", "--csv", "legacy", "--config", "drydock.toml", "--quiet"]);
    let surveyed = migration.run(["survey"]);
    for words in ["column people.given_name does not exist", "table Office Members does not exist"] {
        assert!(surveyed.stdout.contains(words), "{words} in\n{}", surveyed.stdout);
    }
    fs::write(migration.path("wrong.toml"), "[target.tables]\npracticies = 'offices'").unwrap();
    let refused = migration
        .drydock(["extract", "--csv", "legacy", "--config", "wrong.toml", "--staging", "other"])
        .run()
        .expect(3);
    assert!(refused.stderr.contains("did you mean practices?"), "{}", refused.stderr);
}

/// A trigger that lets nothing in, and one that may not fire on an update.
const TRIGGERS: &str = "
create function refuse() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$;
create trigger refuse before insert or update on profiles for each row execute function refuse();
create trigger refuse before insert or update on patients for each row execute function refuse();";

#[test]
fn triggers_that_are_off_do_not_fire_and_references_are_checked_all_the_same() {
    let migration = resolved("[target]\ntriggers = 'off'", TRIGGERS);
    migration.run(["load", "--quiet", "--chunk-rows", "9"]);
    migration.run(["verify", "--quiet"]);
    // they are still there for everybody else
    assert_eq!(
        migration.loaded("select count(*) from pg_trigger where tgname = 'refuse' and tgenabled = 'O'"),
        "2"
    );
    let run = migration.last_run("load");
    migration.run(["rollback", "--run", &run, "--quiet"]);
    assert_eq!(migration.loaded("select count(*) from profiles"), "0");

    // a doctor who is not there: his patients are refused as the database itself would refuse them
    let elsewhere = "
        create table doctors (id uuid primary key);
        alter table patients add constraint known_doctor foreign key (assigned_profile_id) references doctors (id);";
    let migration = resolved("[target]\ntriggers = 'off'", &format!("{TRIGGERS}{elsewhere}"));
    let doctor = migration.staged("select id from ready_profiles where legacy_id = 1003");
    for id in migration.staged("select id from ready_profiles where legacy_id <> 1003").lines() {
        migration.target().execute(&format!("insert into doctors values ('{id}')"));
    }
    let treated = migration
        .staged(&format!("select count(*) from ready_patients where assigned_profile_id <> '{doctor}'"));
    let loaded = migration.drydock(["load"]).run().expect(6);
    assert!(
        loaded.stdout.contains("target_reference (sqlstate=23503 table=patients constraint=known_doctor"),
        "{}",
        loaded.stdout
    );
    assert_eq!(migration.loaded("select count(*) from patients"), treated);
    assert_ne!(treated, "0");
}

#[test]
fn a_reference_that_breaks_behind_a_load_s_back_is_not_reported_as_success() {
    let elsewhere = "
        create table doctors (id uuid primary key);
        alter table patients add constraint known_doctor foreign key (assigned_profile_id) references doctors (id);";
    let migration = resolved("[target]\ntriggers = 'off'", elsewhere);
    for doctor in migration.staged("select distinct assigned_profile_id from ready_patients").lines() {
        migration.target().execute(&format!("insert into doctors values ('{doctor}')"));
    }
    migration.run(["load", "--quiet"]);
    migration.target().execute("set session_replication_role = replica; delete from doctors where id in (select id from doctors limit 1)");
    let broken = migration.drydock(["load", "--quiet"]).run().expect(5);
    assert!(broken.stderr.contains("known_doctor of table patients, such as legacy id"), "{}", broken.stderr);
}

#[test]
fn a_role_that_may_not_switch_triggers_off_is_told_so() {
    let migration = resolved("[target]\ntriggers = 'off'", "");
    let role = format!("modest_{}", std::process::id());
    migration.target().execute(&format!("create role {role} login"));
    let url = migration.target().url().replacen("postgres://postgres@", &format!("postgres://{role}@"), 1);
    let refused = migration.drydock(["load", "--quiet"]).env("DRYDOCK_TARGET_URL", url).run().expect(5);
    assert!(refused.stderr.contains("may not switch them off"), "{}", refused.stderr);
    migration.target().execute(&format!("drop role {role}"));
}

#[test]
fn a_check_that_cannot_be_asked_is_none_that_passed_and_the_others_are_asked() {
    let migration = resolved(
        "target.columns.patients.address = false\ntarget.columns.patients.date_of_birth = false",
        "",
    );
    migration.run(["load", "--quiet"]);
    let verified = migration.drydock(["verify", "--quiet"]).run().expect(0).stdout;
    let line = |name: &str| {
        verified.lines().find(|line| line.contains(&format!(" {name} "))).unwrap_or_default().to_owned()
    };
    assert!(line("birthdates_are_possible").ends_with("not asked"), "{verified}");
    for asked in ["people_are_there_once", "patients_have_an_email_form", "members_have_both_ends"] {
        assert!(line(asked).ends_with("ok"), "{verified}");
    }
    assert!(
        verified.contains(" checks could not be asked, because the configuration leaves out"),
        "{verified}"
    );
    let counted = |sql: &str| migration.staged(sql).parse::<usize>().unwrap();
    let asked = counted("select count(*) from checks where sentence not like '%(not asked:%'");
    assert!(asked < counted("select count(*) from checks"), "{verified}");
    assert!(verified.contains(&format!("verification passed: {asked} checks, ")), "{verified}");
    let report = migration.drydock(["report", "--format", "html"]).run().expect_any().stdout;
    assert!(report.contains("<td>not asked</td>"), "{report}");
    // whoever is there twice is found, although a column is left out whose name a comment mentions
    migration.target().execute(
        "insert into patients (user_id, first_name, last_name, email, gender)
         select user_id, first_name, last_name, email, gender from patients where legacy_id = 5050",
    );
    let found = migration.drydock(["verify", "--quiet"]).run().expect(7).stdout;
    assert!(found.contains("people_are_there_once"), "{found}");
    assert_eq!(
        migration.staged("select legacy_id from findings where name = 'people_are_there_once'"),
        "5050"
    );
}
