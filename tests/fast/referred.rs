//! Rows of the application that refer to what a load or an undo changes: none of them ends up referring to nothing, whether or not
//! triggers fire, and whichever columns the foreign key names.

use crate::harness::{Job, Size};

const SMALL: Size = Size { offices: 3, users: 60 };

const OFF: &str = "[target]\ntriggers = 'off'";

/// Somebody who is there with another address, and a list of the application's that refers to addresses.
const NEWSLETTER: &str = "
insert into profiles (legacy_id, email, role) values (1001, 'old1@x.example', 'doctor'), (1002, 'old2@x.example', 'doctor');
create table newsletter (id serial primary key, email text references profiles (email) on update cascade);";

const LOST: &str =
    "select count(*) from newsletter n where not exists (select 1 from profiles p where p.email = n.email)";

#[test]
fn an_address_that_others_refer_to_is_not_changed_behind_their_back() {
    let job = Job::resolved(
        SMALL,
        OFF,
        &format!("{NEWSLETTER} insert into newsletter (email) values ('old1@x.example')"),
    );
    let loaded = job.drydock(["load", "--chunk-rows", "9"]).run().expect(6);
    assert!(
        loaded
            .stdout
            .contains("target_reference (sqlstate=23503 table=newsletter constraint=newsletter_email_fkey"),
        "{}",
        loaded.stdout
    );
    assert_eq!(job.loaded(LOST), "0");
    assert_eq!(
        job.loaded("select email from profiles where legacy_id in (1001, 1002) order by legacy_id"),
        "old1@x.example\nann1002@example.org"
    );
    assert_eq!(job.loaded("select count(*) from profiles"), "60");
}

#[test]
fn a_row_that_others_refer_to_together_with_its_tenant_stays_there() {
    let job = Job::resolved(
        SMALL,
        OFF,
        "insert into practices (id, name) values ('00000000-0000-4000-8000-000000000001', 'Their own');
         insert into profiles (id, legacy_id, email, role)
             values ('00000000-0000-4000-8000-000000000002', 1050, 'ann1050@example.org', 'patient');
         insert into patients (id, legacy_id, user_id, practice_id) values ('00000000-0000-4000-8000-000000000003', 5050,
             '00000000-0000-4000-8000-000000000002', '00000000-0000-4000-8000-000000000001');
         alter table patients add unique (practice_id, id);
         create table appointments (practice uuid, patient uuid, foreign key (practice, patient) references patients (practice_id, id));
         insert into appointments select practice_id, id from patients;",
    );
    let loaded = job.drydock(["load"]).run().expect(6);
    assert!(loaded.stdout.contains("sqlstate=23503 table=appointments"), "{}", loaded.stdout);
    assert_eq!(
        job.loaded("select count(*) from appointments a join patients p on p.id = a.patient and p.practice_id = a.practice"),
        "1"
    );
}

#[test]
fn a_changed_row_that_others_refer_to_since_is_left_by_an_undo() {
    for config in ["", OFF] {
        let job = Job::resolved(SMALL, config, &NEWSLETTER.replace(" on update cascade", ""));
        let before = job.digest();
        job.run(["load", "--quiet"]);
        let run = job.last_run("load");
        job.target()
            .execute("insert into newsletter (email) select email from profiles where legacy_id = 1001");
        for dry in [&["--dry-run"][..], &["--force"], &[]] {
            let arguments = ["rollback", "--run", &run].into_iter().chain(dry.iter().copied());
            let rolled = job.drydock(arguments).run().expect_any();
            if dry == ["--force"] {
                break;
            }
            assert!(
                rolled.stdout.contains("(legacy id 1001), updated: referenced since by newsletter.email"),
                "{} {}",
                rolled.stdout,
                rolled.stderr
            );
            assert_eq!(job.loaded(LOST), "0");
        }
        assert_eq!(
            job.loaded("select email from profiles where legacy_id in (1001, 1002) order by legacy_id"),
            "ann1001@example.org\nold2@x.example"
        );
        assert_eq!(job.loaded(LOST), "0");
        job.target().execute("delete from newsletter");
        job.run(["rollback", "--quiet", "--run", &run]);
        assert_eq!(job.digest(), before);
    }
}

#[test]
fn a_line_of_the_mapping_table_that_others_refer_to_stays_with_its_row() {
    let job = Job::resolved(
        SMALL,
        "[target.mapping_table]\ntable = 'migration_mappings'",
        "create table migration_mappings (entity_type text, legacy_id int, new_id uuid, unique (entity_type, legacy_id));
         create table charts (kind text, number int,
             foreign key (kind, number) references migration_mappings (entity_type, legacy_id) on delete cascade);",
    );
    let before = job.digest();
    job.run(["load", "--quiet"]);
    let run = job.last_run("load");
    job.target().execute(
        "insert into charts select entity_type, legacy_id from migration_mappings where entity_type = 'patient' and legacy_id = 5050",
    );
    let rolled = job.drydock(["rollback", "--run", &run]).run().expect(7);
    assert!(
        rolled.stdout.contains("(legacy id 5050), inserted: referenced since by charts.kind,number"),
        "{}",
        rolled.stdout
    );
    assert_eq!(job.loaded("select count(*) from charts"), "1");
    job.target().execute("delete from charts");
    job.run(["rollback", "--quiet", "--run", &run]);
    assert_eq!(job.digest(), before);
    assert_eq!(job.loaded("select count(*) from migration_mappings"), "0");
}

#[test]
fn what_triggers_do_elsewhere_while_a_load_is_undone_is_counted() {
    let job = Job::resolved(
        SMALL,
        "",
        "create table notes (profile uuid, note text);
         create function clean() returns trigger language plpgsql security definer as $$
             begin delete from notes where profile = old.id; return old; end $$;
         create trigger clean before delete on profiles for each row execute function clean()",
    );
    job.run(["load", "--quiet"]);
    let run = job.last_run("load");
    job.target().execute("insert into notes select id, 'theirs' from profiles order by id limit 10");
    for dry in [&["--dry-run"][..], &[]] {
        let arguments: Vec<&str> =
            ["rollback", "--run", &run].into_iter().chain(dry.iter().copied()).collect();
        let rolled = job.json(&arguments, 0);
        assert_eq!(rolled["elsewhere"].to_string(), "{\"public.notes\":10}");
    }
    assert_eq!(job.loaded("select count(*) from notes"), "0");
}

#[test]
fn what_triggers_do_to_rows_of_others_in_the_loaded_tables_is_said() {
    const ROWS: &str = "
        insert into practices (id, name) values ('00000000-0000-4000-8000-000000000001', 'Their own');
        insert into profiles (id, email, role) values ('00000000-0000-4000-8000-000000000002', 'own@their.example', 'support'),
            ('00000000-0000-4000-8000-000000000003', 'guest@their.example', 'support');
        insert into practice_members (practice_id, profile_id, role)
            values ('00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000002', 'admin');";
    // one that changes a row of the application, one that makes one, one that removes one
    for (body, changed, removed) in [
        ("update practice_members set is_primary = true where legacy_id is null", "{\"practice_members\":1}", "{}"),
        (
            "insert into practice_members (practice_id, profile_id, role)
                 select '00000000-0000-4000-8000-000000000001', id, 'admin' from profiles where email = 'guest@their.example'
                 and not exists (select 1 from practice_members where profile_id = '00000000-0000-4000-8000-000000000003')",
            "{\"practice_members\":1}",
            "{}",
        ),
        ("delete from profiles where email = 'guest@their.example'", "{}", "{\"profiles\":1}"),
    ] {
        let job = Job::resolved(
            SMALL,
            "",
            &format!(
                "{ROWS} create function meddle() returns trigger language plpgsql security definer as $$
                     begin if pg_trigger_depth() = 1 then {body}; end if; return null; end $$;
                 create trigger meddle after insert on practice_members for each statement execute function meddle()"
            ),
        );
        for dry in [&["load", "--dry-run"][..], &["load"]] {
            let loaded = job.json(dry, 0);
            assert_eq!(loaded["beside_records"].to_string(), changed, "{body}");
            assert_eq!(loaded["removed_by_triggers"].to_string(), removed, "{body}");
        }
        let run = job.last_run("load");
        let refused = job.drydock(["rollback", "--run", &run]).run().expect(7);
        assert!(!refused.stderr.contains("triggers = \"off\""), "{}", refused.stderr);
        if removed == "{}" {
            assert!(refused.stderr.contains("nothing keeps what they were"), "{}", refused.stderr);
            let forced = job.drydock(["rollback", "--run", &run, "--force"]).run().expect(7);
            assert!(
                forced.stdout.contains("1 rows that stand for no legacy record and that triggers made or changed meanwhile"),
                "{}",
                forced.stdout
            );
            assert!(!forced.stdout.contains("that others wrote since"), "{}", forced.stdout);
        }
    }
}
