//! The life of an error: pending, in progress, resolved or escalated, by decisions, retries and new runs. Nothing that is
//! open is forgotten: it goes on, or it is closed with the reason.

use std::fs;

use crate::harness::{Job, Size};

const SMALL: Size = Size { offices: 3, users: 60 };

/// A rule of the target that refuses one patient.
const REFUSES: &str = "create function refuse() returns trigger language plpgsql as
     $$ begin if new.legacy_id = 5050 then raise exception 'not this one'; end if; return new; end $$;
     create trigger refuses before insert or update on patients for each row execute function refuse()";

const REFUSAL: &str = "select resolution_status, resolved_at is not null, retry_count, created_at = '2024-01-01T00:00:00Z' \
                       from migration_errors where error_code = 'target_trigger' and entity_id = 5050";

fn decide(migration: &Job, action: &str) {
    let line = format!("item,action,reason\npatients:5050:record,{action},asked the clinic\n");
    fs::write(migration.path("answer.csv"), line).expect("an answer");
    migration.run(["review", "import", "answer.csv", "--by", "Ada", "--revise", "--quiet"]);
}

#[test]
fn what_the_target_refused_is_open_until_the_target_takes_it() {
    let migration = Job::of_size(SMALL).at("transform");
    migration.target().execute(REFUSES);
    migration.drydock(["load", "--quiet"]).run().expect(6);
    // moments have seconds: an older one can be told from one that is written again
    rusqlite::Connection::open(migration.file())
        .and_then(|file| file.execute("update migration_errors set created_at = '2024-01-01T00:00:00Z'", []))
        .expect("an older moment");
    assert_eq!(migration.staged(REFUSAL), "pending|0|0|1");
    migration.drydock(["load", "--retry-failed", "--quiet"]).run().expect(6);
    assert_eq!(migration.staged(REFUSAL), "pending|0|1|1");

    // a transform decides everything anew and cannot know what the target will say
    migration.run(["transform", "--quiet"]);
    assert_eq!(migration.staged(REFUSAL), "pending|0|1|1");
    migration.run(["extract", "--csv", "legacy", "--replace", "--quiet"]);
    migration.run(["transform", "--quiet"]);
    assert_eq!(migration.staged(REFUSAL), "pending|0|1|1");
    assert_eq!(migration.staged("select count(*) from closed_errors"), "0");
    migration.drydock(["load", "--quiet"]).run().expect(6);
    assert_eq!(migration.staged(REFUSAL), "pending|0|2|1");

    decide(&migration, "escalate");
    assert_eq!(migration.staged(REFUSAL), "escalated|0|2|1");
    migration.drydock(["load", "--retry-failed", "--quiet"]).run().expect(6);
    assert_eq!(migration.staged(REFUSAL), "escalated|0|3|1");

    decide(&migration, "accept");
    assert_eq!(migration.staged(REFUSAL), "in_progress|0|3|1");
    migration.run(["transform", "--quiet"]);
    assert_eq!(migration.staged(REFUSAL), "in_progress|0|3|1");
    migration.target().execute("drop trigger refuses on patients");
    migration.run(["load", "--quiet"]);
    assert_eq!(migration.staged(REFUSAL), "resolved|1|3|1");

    // and afterwards it is history
    migration.run(["transform", "--quiet"]);
    assert_eq!(migration.staged(REFUSAL), "");
    assert_eq!(
        migration.staged("select entity_id, closed_because, created_at from closed_errors"),
        "5050|resolved before|2024-01-01T00:00:00Z"
    );
}

#[test]
fn what_is_gone_or_rejected_is_closed_with_the_reason() {
    let migration = Job::of_size(SMALL).at("transform");
    migration.target().execute(REFUSES);
    migration.drydock(["load", "--quiet"]).run().expect(6);
    decide(&migration, "reject");
    migration.run(["transform", "--quiet"]);
    // a record that is not migrated has no refusal any more
    assert_eq!(migration.staged(REFUSAL), "");
    assert_eq!(
        migration.staged("select error_code, closed_because from closed_errors"),
        "target_trigger|not to be loaded any more"
    );

    // an office that nobody owns, and then no such office
    let offices = migration.path("legacy/dispatch_office.csv");
    let before = fs::read_to_string(&offices).expect("offices");
    fs::write(&offices, format!("{before}77,Nobody's,99999,Springfield,t\n")).expect("offices");
    migration.run(["extract", "--csv", "legacy", "--replace", "--quiet"]);
    migration.drydock(["transform", "--quiet"]).run().expect(6);
    let dangling = "select resolution_status from migration_errors \
                    where error_code = 'reference_dangling' and entity_id = 77";
    assert_eq!(migration.staged(dangling), "pending");
    fs::write(&offices, before).expect("offices");
    migration.run(["extract", "--csv", "legacy", "--replace", "--quiet"]);
    migration.run(["transform", "--quiet"]);
    assert_eq!(migration.staged(dangling), "");
    assert_eq!(
        migration.staged("select closed_because from closed_errors where entity_id = 77"),
        "record gone"
    );
}

#[test]
fn a_row_without_a_key_is_not_forgotten_when_the_dump_is_mended() {
    let migration = Job::of_size(SMALL);
    let groups = migration.path("legacy/auth_user.csv");
    let before = fs::read_to_string(&groups).expect("users");
    fs::write(&groups, format!("{before}no id,u,Ann,Example,x@example.org,2020-01-01 00:00:00+00,t,f,f\n"))
        .expect("users");
    migration.drydock(["extract", "--csv", "legacy", "--quiet"]).run().expect_one_of(&[0, 6]);
    migration.run(["survey", "--quiet"]);
    migration.drydock(["transform", "--quiet"]).run().expect(6);
    let open = "select count(*), max(entity_id is null), max(resolution_status) from migration_errors \
                where error_code = 'row_unreadable'";
    assert_eq!(migration.staged(open), "1|1|pending");
    migration.drydock(["transform", "--quiet"]).run().expect(6);
    assert_eq!(migration.staged(open), "1|1|pending");
    assert_eq!(migration.staged("select count(*) from closed_errors"), "0");

    fs::write(&groups, before).expect("users");
    migration.run(["extract", "--csv", "legacy", "--replace", "--quiet"]);
    migration.run(["transform", "--quiet"]);
    assert_eq!(
        migration.staged("select error_code, entity_id is null, closed_because from closed_errors"),
        "row_unreadable|1|no longer found"
    );
}
