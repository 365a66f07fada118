//! A target that others use while a load writes to it, and one that runs out of room.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::harness::{Job, Size};

const MANY: Size = Size { offices: 20, users: 3000 };

/// Rows of others, which refer to rows of others only.
const THEIRS: &str = "
insert into practices (id, name) select md5('o' || g)::uuid, 'Theirs ' || g from generate_series(1, 50) g;
insert into profiles (id, email, practice_id)
    select md5('u' || g)::uuid, 'theirs' || g || '@example.net', md5('o' || (1 + g % 50))::uuid from generate_series(1, 500) g;
insert into patients (id, user_id, practice_id)
    select md5('p' || g)::uuid, md5('u' || g)::uuid, md5('o' || (1 + g % 50))::uuid from generate_series(1, 500) g;";

#[test]
fn others_read_and_write_while_a_load_is_at_work() {
    let migration = Job::of_size(MANY).at("transform");
    migration.target().execute(THEIRS);
    let theirs =
        "select md5(string_agg(t::text, E'\\n' order by t.id)) from patients t where legacy_id is null";
    let before = migration.loaded(theirs);
    let is_over = AtomicBool::new(false);
    let (seen, written) = thread::scope(|scope| {
        // whoever waited longer than this for a lock would fail
        let session = || {
            let mut client = migration.target().client();
            client.batch_execute("set lock_timeout = '2s'; set deadlock_timeout = '100ms'").unwrap();
            client
        };
        let (mut reader, mut writer) = (session(), session());
        let over = &is_over;
        let reading = scope.spawn(move || {
            let mut looks = 0;
            while !over.load(Ordering::SeqCst) {
                let row = reader
                    .query_one("select count(*) from profiles p left join patients q on q.user_id = p.id where p.legacy_id is null", &[])
                    .unwrap();
                assert_eq!(row.get::<_, i64>(0), 500);
                looks += 1;
            }
            looks
        });
        let writing = scope.spawn(move || {
            let mut rounds = 0;
            while !over.load(Ordering::SeqCst) {
                // somebody of theirs moves, and one of ours who has just arrived is looked at with a lock
                writer
                    .batch_execute(&format!(
                        "update profiles set first_name = 'Bea' || {rounds} where email = 'theirs{}@example.net';
                         begin; select 1 from profiles where legacy_id = {} for share; commit;",
                        1 + rounds % 500,
                        1001 + rounds % 3000
                    ))
                    .unwrap();
                rounds += 1;
            }
            rounds
        });
        let loaded = migration.drydock(["load", "--quiet", "--chunk-rows", "150"]).run();
        is_over.store(true, Ordering::SeqCst);
        loaded.expect(0);
        (reading.join().unwrap(), writing.join().unwrap())
    });
    assert!(seen > 3 && written > 10, "{seen} reads, {written} writes");
    assert_eq!(migration.loaded(theirs), before, "rows of others are byte for byte what they were");
    assert_eq!(
        migration.loaded("select count(*) from profiles where first_name like 'Bea%' and legacy_id is null"),
        { written.min(500).to_string() }
    );
    migration.run(["verify", "--quiet"]);
    assert_eq!(
        migration.loaded("select count(*) from pg_class c join pg_depend d on d.objid = c.oid where c.relname like 'drydock%' and c.relkind = 'r' and c.relnamespace = 'public'::regnamespace"),
        "0",
        "nothing of ours stays among their tables"
    );
}

#[test]
fn a_disk_that_is_full_stops_a_load_without_harm() {
    let migration = Job::of_size(Size { offices: 3, users: 60 }).at("transform");
    // what the server says when a file cannot grow, raised where one of the last rows arrives
    migration.target().execute(
        "create function fill() returns trigger language plpgsql as $$ begin
             if new.legacy_id = 1055 then
                 raise exception 'could not extend file' using errcode = 'disk_full', hint = 'Check free disk space.';
             end if; return new; end $$;
         create trigger fill before insert on profiles for each row execute function fill();",
    );
    let stopped = migration.drydock(["load", "--quiet"]).run().expect(5);
    for words in ["SQLSTATE 53100", "disk", "hint: "] {
        assert!(stopped.stderr.contains(words), "{words} in\n{}", stopped.stderr);
    }
    assert_eq!(migration.loaded("select count(*) from profiles"), "0", "the chunk is not there in part");
    assert_eq!(
        migration.staged("select count(*) from migration_errors where error_code like 'target%'"),
        "0",
        "no record is blamed for it"
    );
    assert_eq!(migration.staged("select count(*) from retries"), "0", "and nothing is tried again");
    migration.target().execute("drop trigger fill on profiles");
    migration.run(["load", "--quiet"]);
    migration.run(["verify", "--quiet"]);
}

#[test]
fn an_address_that_a_waiting_profile_holds_is_an_email_conflict() {
    let migration = Job::of_size(Size { offices: 3, users: 60 }).at("transform");
    // 1010 is of this migration, is not sent, and keeps the address that is 1020's in the file
    migration.target().execute(
        "insert into profiles (legacy_id, email, first_name) values (999999, 'ANN1020@example.org', 'Waiting')",
    );
    let loaded = migration.drydock(["load"]).run().expect(6);
    assert!(loaded.stdout.contains("2A profiles: 1 refused, target_email_taken"), "{}", loaded.stdout);
    assert_eq!(
        migration.staged(
            "select entity_id, error_category, field from migration_errors where error_code = 'target_email_taken'"
        ),
        "1020|email_conflict|email"
    );
    assert_eq!(
        migration.loaded("select email from profiles where legacy_id = 999999"),
        "ANN1020@example.org"
    );
    assert_eq!(migration.loaded("select count(*) from profiles where email like 'moving.%'"), "0");
}
