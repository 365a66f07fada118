//! Targets whose own triggers change, refuse or keep back what a load writes.

use crate::harness::{Job, Size};

const SMALL: Size = Size { offices: 3, users: 60 };

/// What a platform has on practically every table, and what keeps a record of every change.
const USUAL: &str = "
create function touch() returns trigger language plpgsql as $$ begin new.updated_at = now(); return new; end $$;
create table audit_log (id bigint generated always as identity, table_name text, action text, row_id uuid);
create function log_change() returns trigger language plpgsql as
    $$ begin insert into audit_log (table_name, action, row_id) values (tg_table_name, tg_op, new.id); return null; end $$;
create trigger set_updated_at before update on practices for each row execute function touch();
create trigger set_updated_at before update on profiles for each row execute function touch();
create trigger set_updated_at before update on patients for each row execute function touch();
create trigger set_updated_at before update on practice_members for each row execute function touch();
create trigger audit after insert or update on profiles for each row execute function log_change();
create trigger audit after insert or update on patients for each row execute function log_change();";

/// Rows that are there before, two of which hold each other's address.
const EARLIER: &str = "
insert into practices (legacy_id, name) values (2, 'Old name');
insert into profiles (legacy_id, email, role, updated_at) values
    (1001, 'ann1002@example.org', 'doctor', '2019-01-01'), (1002, 'ANN1001@example.org', 'technician', '2019-01-01');";

#[test]
fn the_usual_triggers_change_nothing_of_what_was_sent() {
    let migration = Job::resolved(SMALL, "", &format!("{EARLIER}{USUAL}"));
    let before = migration.digest();
    migration.run(["load", "--quiet", "--chunk-rows", "9"]);
    migration.run(["verify", "--quiet"]);
    let run = migration.last_run("load");
    let loaded = migration.contents();
    assert_ne!(
        migration.loaded("select count(*) from audit_log where action = 'UPDATE'"),
        "0",
        "triggers fire"
    );

    let again = migration.run(["load", "--json"]);
    assert!(!again.stdout.contains("\"updated\": 1"), "{}", again.stdout);
    migration.run(["verify", "--quiet"]);
    assert_eq!(migration.contents(), loaded);

    migration.run(["rollback", "--to-checkpoint", "2", "--quiet"]);
    migration.run(["load", "--quiet"]);
    migration.run(["verify", "--quiet"]);
    assert_eq!(migration.contents(), loaded);
    migration.run(["rollback", "--to-checkpoint", "2", "--quiet"]);
    migration.run(["rollback", "--run", &run, "--quiet"]);
    assert_eq!(migration.digest(), before);
}

/// Sign-ups, each of which becomes a profile: who is not of the legacy system, and who comes while everything is loaded.
const SIGN_UPS: &str = "
create schema auth;
create table auth.users (id uuid primary key default gen_random_uuid(), email text, raw_user_meta_data jsonb);
create function handle_new_user() returns trigger language plpgsql security definer set search_path = public as
    $$ begin insert into profiles (id, email, first_name) values (new.id, new.email, new.raw_user_meta_data ->> 'first_name');
       return new; end $$;
create trigger on_auth_user_created after insert on auth.users for each row execute function handle_new_user();
insert into auth.users (email, raw_user_meta_data)
    select 'signed-up-' || n || '@elsewhere.example', '{\"first_name\": \"Nobody\"}' from generate_series(1, 50) n;
create trigger audit after insert or update on practices for each row execute function log_change();
create trigger audit after insert or update on practice_members for each row execute function log_change();";

#[test]
fn the_plans_world_arrives_as_sent_twice_beside_all_that_a_platform_has() {
    /// Every row of the migration with every column, but for the moments that the legacy system does not have.
    fn rows(job: &Job) -> String {
        let one = |(table, but): (&str, &str)| {
            format!(
                "select '{table}', count(*), md5(string_agg((to_jsonb(t){but})::text, ' ' order by t.id)) \
                 from public.{table} t where legacy_id is not null"
            )
        };
        let but = " - 'created_at' - 'updated_at'";
        let tables = [("practices", but), ("profiles", ""), ("patients", ""), ("practice_members", but)];
        job.loaded(&format!("{} order by 1", tables.map(one).join(" union all ")))
    }
    let plain = Job::of_world();
    plain.up_to("verify");
    let job = Job::of_world();
    job.target().execute(&format!("{USUAL}{SIGN_UPS}"));
    job.up_to("verify");
    assert_eq!(rows(&job), rows(&plain));
    assert_eq!(job.staged("select count(*) from differences"), "0");
    assert_ne!(job.loaded("select count(*) from audit_log where table_name = 'practice_members'"), "0");

    let versions = job.row_versions();
    job.target().execute("insert into auth.users (email, raw_user_meta_data) values ('later@elsewhere.example', '{\"first_name\": \"Later\"}')",);
    job.steps("load", "verify");
    assert_eq!(rows(&job), rows(&plain));
    job.target().execute("delete from profiles where email = 'later@elsewhere.example'");
    assert_eq!(job.row_versions(), versions, "a second load writes nothing");
    assert_eq!(job.loaded("select count(*) from profiles where first_name = 'Nobody'"), "50");
}

#[test]
fn what_a_trigger_of_one_table_writes_into_another_is_set_right_at_the_end() {
    let elsewhere = "
        create function touch_profile() returns trigger language plpgsql as
            $$ begin update profiles set updated_at = now() where id = new.user_id; return null; end $$;
        create trigger touch_profile after insert on patients for each row execute function touch_profile();
        create function rename() returns trigger language plpgsql as
            $$ begin update profiles set last_name = 'Renamed' where legacy_id = 1030; return null; end $$;
        create trigger rename after insert on practice_members for each statement execute function rename();";
    let migration = Job::resolved(SMALL, "", elsewhere);
    migration.run(["load", "--quiet"]);
    migration.run(["verify", "--quiet"]);
    let loaded = migration.digest();
    migration.run(["load", "--quiet"]);
    assert_eq!(migration.digest(), loaded);
}

#[test]
fn what_a_trigger_makes_something_else_of_every_time_does_not_count_as_loaded() {
    let elsewhere = "
        create function rename() returns trigger language plpgsql as
            $$ begin update profiles set last_name = 'Renamed' where legacy_id = 1030; return null; end $$;
        create trigger rename after insert or update on profiles for each statement
            when (pg_trigger_depth() = 0) execute function rename();";
    let migration = Job::resolved(SMALL, "", elsewhere);
    let loaded = migration.drydock(["load"]).run().expect(6);
    assert!(
        loaded.stdout.contains(
            "1 refused, target_trigger (sqlstate=27000 table=profiles column=last_name by trigger rename; legacy id 1030)"
        ) && loaded.stdout.contains("target.triggers"),
        "{}",
        loaded.stdout
    );
    assert!(!loaded.stdout.contains("Renamed") && !loaded.stderr.contains("Renamed"));
    assert_eq!(migration.loaded("select count(*) from profiles"), "59");
}

#[test]
fn one_refused_record_beside_any_trigger_costs_that_record_alone() {
    for trigger in [
        "create trigger harmless before insert or update on profiles for each row execute function nothing();",
        "create trigger harmless after insert or update on profiles for each row execute function nothing();",
        // the record is kept back without a word
        "create trigger picky before insert on profiles for each row when (new.legacy_id = 1030)
             execute function keep_back();",
        "create trigger picky before insert on profiles for each row when (new.legacy_id = 1030)
             execute function refuse();",
    ] {
        let functions = "
            create function nothing() returns trigger language plpgsql as $$ begin return new; end $$;
            create function keep_back() returns trigger language plpgsql as $$ begin return null; end $$;
            create function refuse() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$;";
        let check = "alter table profiles add constraint not_this_one check (legacy_id <> 1030);";
        let migration = Job::resolved(SMALL, "", &format!("{functions}{trigger}{check}"));
        let loaded = migration.drydock(["load"]).run().expect(6);
        assert_eq!(
            migration.loaded("select count(*) from profiles where practice_id is not null"),
            "59",
            "{trigger}\n{}{}",
            loaded.stdout,
            loaded.stderr
        );
        let failed = "select entity, legacy_id from loads where outcome = 'failed' order by 1";
        assert!(migration.staged(failed).contains("profiles|1030"), "{trigger}");
        assert_eq!(migration.loaded("select count(*) from patients"), "53");
        migration.drydock(["load", "--quiet"]).run().expect(6);
    }
}

#[test]
fn a_row_that_a_trigger_keeps_back_is_named_and_the_others_are_loaded() {
    let keep_back = "
        create function keep_back() returns trigger language plpgsql as $$ begin return null; end $$;
        create trigger picky before insert on profiles for each row when (new.legacy_id in (1030, 1031))
            execute function keep_back();
        insert into profiles (legacy_id, email) values (1040, 'other@example.org');
        create trigger picky_too before update on profiles for each row when (new.legacy_id = 1040)
            execute function keep_back();";
    let migration = Job::resolved(SMALL, "", keep_back);
    let loaded = migration.drydock(["load"]).run().expect(6);
    assert!(loaded.stdout.contains("1030, 1031"), "{}", loaded.stdout);
    assert_eq!(
        migration
            .staged("select distinct legacy_id from loads where outcome = 'failed' and entity = 'profiles'"),
        "1030\n1031\n1040"
    );
    assert_eq!(migration.loaded("select count(*) from profiles"), "58");
}

#[test]
fn a_role_that_may_not_silence_a_trigger_is_told_which_one() {
    let migration = Job::resolved(SMALL, "", USUAL);
    let role = format!("plain_{}", std::process::id());
    migration.target().execute(&format!(
        "create role {role} login bypassrls; grant all on all tables in schema public to {role};
         grant create, temporary on database {} to {role}; alter function log_change() security definer;",
        migration.loaded("select current_database()")
    ));
    let url = migration.target().url().replacen("postgres://postgres@", &format!("postgres://{role}@"), 1);
    let refused = migration.drydock(["load", "--quiet"]).env("DRYDOCK_TARGET_URL", url).run().expect(5);
    for words in ["trigger set_updated_at of table profiles sets updated_at", "session_replication_role"] {
        assert!(refused.stderr.contains(words), "{words} in {}", refused.stderr);
    }
    assert_eq!(migration.loaded("select count(*) from practices"), "0");
    migration.target().execute(&format!("drop owned by {role}; drop role {role}"));
}

#[test]
fn a_row_that_loses_its_key_or_is_changed_at_the_commit_is_refused_alone() {
    for (what, trigger, ends_there) in [
        (
            "its key",
            "create function forget() returns trigger language plpgsql as
                 $$ begin if new.legacy_id = 1030 then new.legacy_id = null; end if; return new; end $$;
             create trigger forget before insert on profiles for each row execute function forget()",
            "0",
        ),
        (
            "its name",
            "create function late() returns trigger language plpgsql as $$ begin
                 update profiles set last_name = 'Late' where legacy_id = 1030 and last_name <> 'Late'; return null; end $$;
             create constraint trigger late after insert or update on profiles deferrable initially deferred
                 for each row when (new.legacy_id = 1030) execute function late()",
            "0",
        ),
    ] {
        let migration = Job::resolved(SMALL, "", trigger);
        for _ in 0..2 {
            let loaded = migration.drydock(["load"]).run().expect(6);
            assert!(loaded.stdout.contains("target_trigger"), "{what}: {}{}", loaded.stdout, loaded.stderr);
            assert_eq!(
                migration.staged("select legacy_id from loads where outcome = 'failed' and phase = '2A'"),
                "1030",
                "{what}"
            );
            assert_eq!(migration.loaded("select count(*) from profiles where legacy_id = 1030"), ends_there, "{what}");
        }
    }
}

#[test]
fn rows_that_are_all_in_at_the_second_try_are_no_alarm() {
    let job = Job::resolved(
        SMALL,
        "",
        "create sequence numbers; alter table patients add patient_number text unique;
         create function number() returns trigger language plpgsql as $$ begin
             if new.patient_number is null then new.patient_number := 'PAT-' || nextval('numbers'); end if; return new; end $$;
         create trigger number before insert on patients for each row execute function number();
         insert into profiles (id, email, role) values ('00000000-0000-4000-8000-000000000002', 'own@their.example', 'patient');
         insert into patients (user_id, first_name, last_name, patient_number)
             values ('00000000-0000-4000-8000-000000000002', 'Own', 'Person', 'PAT-5')",
    );
    job.run(["load", "--quiet"]);
    assert_eq!(job.loaded("select count(*) from patients where patient_number = 'PAT-5'"), "1");
    job.run(["verify", "--quiet"]);
}
