//! What the target's own constraints, types and limits do to a load is known before the first write, or at once, and never by
//! thousands of single tries.

use std::fs;

use crate::harness::{Job, Size, psql};

const SIZE: Size = Size { offices: 4, users: 400 };

/// Tries to insert, counted by a sequence, which no rollback takes back.
const TRIES: &str = "create sequence tries;
    create function note_try() returns trigger language plpgsql as $$ begin perform nextval('tries'); return null; end $$;
    create trigger noted after insert on profiles for each statement execute function note_try();
    create trigger noted after insert on patients for each statement execute function note_try();";

fn job(target: &str) -> Job {
    Job::resolved(SIZE, "policy.default_practice = 1", target)
}

#[test]
fn what_a_constraint_refuses_is_asked_at_once_with_what_hangs_on_it() {
    let job = job(&format!(
        "alter table profiles add constraint no_nines check (right(first_name, 1) <> '9'); {TRIES}"
    ));
    let loaded = job.drydock(["load"]).run().expect(6);
    assert!(
        loaded
            .stderr
            .contains("40 of 400 profiles break the constraint no_nines over profiles.first_name, such as"),
        "{}",
        loaded.stderr
    );
    assert!(loaded.stdout.contains("2A profiles: 40 refused, target_check"), "{}", loaded.stdout);
    assert_eq!(job.loaded("select count(*) from profiles"), "360");
    // no patient of theirs is there, and all the others are
    assert_eq!(
        job.loaded("select count(*) from patients"),
        job.staged(
            "select count(*) from ready_patients where first_name not like '%9' and first_name not like '%8'"
        ),
        "nor is any whose doctor is one of them"
    );
    let tries: u32 = job.loaded("select last_value from tries").parse().unwrap();
    assert!(tries < 12, "{tries} tries for 80 refused records");

    // once the constraint is gone they come
    job.target().execute("alter table profiles drop constraint no_nines");
    job.steps("survey", "verify");
}

#[test]
fn a_constraint_that_most_records_break_stops_the_load_before_it_writes() {
    for (target, words) in [
        (
            "alter table profiles add constraint loud check (first_name = upper(first_name))",
            "400 of 400 profiles break the constraint loud over profiles.first_name, such as legacy id 1001",
        ),
        (
            "create domain shout as text check (value = upper(value));
             alter table patients alter column last_name type shout",
            "patients break the constraint shout_check over patients.last_name",
        ),
        (
            "create table regions (name text primary key); alter table practices add foreign key (city) references regions",
            "4 of 4 practices refer to rows that public.regions does not have (practices_city_fkey), such as legacy id 1",
        ),
    ] {
        let job = job(target);
        let before = job.digest();
        let refused = job.drydock(["load", "--quiet"]).run().expect(5);
        assert!(refused.stderr.contains(words), "{words}\n{}", refused.stderr);
        assert!(!refused.stderr.contains("Ann1001"), "{}", refused.stderr);
        assert_eq!(job.digest(), before);
    }
}

#[test]
fn what_stands_there_already_and_is_not_written_is_not_judged() {
    let job = job("");
    job.run(["load", "--quiet"]);
    job.target().execute(
        "alter table profiles add constraint later check (first_name = upper(first_name)) not valid",
    );
    job.run(["load", "--quiet"]);
    job.run(["verify", "--quiet"]);
    // of those that are written, only the one that changes breaks it
    job.target().execute(
        "set session_replication_role = replica; alter table profiles drop constraint later;
         update profiles set last_name = 'Elsewhere' where legacy_id = 1007;
         alter table profiles add constraint later check (first_name = upper(first_name)) not valid",
    );
    let refused = job.drydock(["load", "--quiet"]).run().expect(6);
    assert!(refused.stdout.contains("2A profiles: 1 refused, target_check"), "{}", refused.stdout);
    assert!(refused.stdout.contains("399 unchanged"), "{}", refused.stdout);
}

#[test]
fn a_constraint_that_cannot_be_asked_is_said_and_costs_only_whom_it_fails_on() {
    let job = job(
        "alter table profiles add constraint odd check (1 / (right(first_name, 4)::int - 1010) is not null)",
    );
    let loaded = job.drydock(["load"]).run().expect(6);
    assert!(
        loaded.stderr.contains("the constraint odd over profiles.first_name could not be asked"),
        "{}",
        loaded.stderr
    );
    assert!(loaded.stdout.contains("2A profiles: 1 refused, target_value"), "{}", loaded.stdout);
}

#[test]
fn moments_go_into_columns_without_a_zone_as_utc() {
    let zoneless =
        "alter table profiles alter column created_at type timestamp, alter column updated_at type timestamp";
    let job = job(zoneless);
    let loaded = job.drydock(["load"]).run().expect(0);
    assert!(loaded.stderr.contains("column profiles.created_at has no time zone"), "{}", loaded.stderr);
    job.run(["verify", "--quiet"]);
    let versions = job.row_versions();
    job.run(["load", "--quiet"]);
    assert_eq!(job.row_versions(), versions);
    assert_eq!(
        job.loaded("select created_at from profiles where legacy_id = 1001"),
        job.staged("select substr(created_at, 1, 19) from ready_profiles where legacy_id = 1001")
            .replace('T', " ")
    );
    job.target().execute("set session_replication_role = replica; update profiles set created_at = created_at + interval '1 hour' where legacy_id = 1009");
    job.drydock(["verify", "--quiet"]).run().expect(7);
    assert_eq!(job.staged("select count(*) from differences"), "1");
}

#[test]
fn a_column_that_would_round_a_moment_is_named() {
    let job = Job::of_size(SIZE).by("policy.default_practice = 1");
    let users = fs::read_to_string(job.path("legacy/auth_user.csv")).unwrap();
    fs::write(job.path("legacy/auth_user.csv"), users.replacen("00:00:00+00", "00:00:00.25+00", 1)).unwrap();
    job.target().execute("alter table profiles alter column created_at type timestamptz(0)");
    let refused = job.at("transform").drydock(["load", "--quiet"]).run().expect(5);
    let words =
        "column profiles.created_at is a timestamp(0) with time zone, and 1 profiles have a finer moment";
    assert!(refused.stderr.contains(words), "{}", refused.stderr);
}

#[test]
fn a_role_with_a_short_limit_loads_all_the_same() {
    let slow = "create function wait() returns trigger language plpgsql as $$ begin perform pg_sleep(0.3); return null; end $$;
        create trigger waits after insert on practices for each statement execute function wait();";
    let job = job(slow);
    let name = job.loaded("select current_database()");
    job.target().execute(&format!(
        "alter database \"{name}\" set statement_timeout = '150ms'; alter database \"{name}\" set idle_in_transaction_session_timeout = '150ms'"
    ));
    assert_eq!(psql(job.target(), "show statement_timeout"), "150ms");
    job.run(["load", "--quiet"]);
    job.run(["verify", "--quiet"]);
}

#[test]
fn parameters_of_other_clients_are_left_alone_and_said() {
    let job = job("");
    let url =
        format!("{}&schema=public&supa=base-pooler.x&workaround=supabase-pooler.vercel", job.target().url());
    let doctor = job.drydock(["doctor"]).env("DRYDOCK_TARGET_URL", &url).run().expect(0);
    for words in [
        "the parameter schema is not followed: name the schema of the tables as target.schema",
        "the parameter supa is",
    ] {
        assert!(doctor.stderr.contains(words), "{}", doctor.stderr);
    }
}

#[test]
fn the_end_of_a_load_says_who_sees_the_rows() {
    let job = job("do $$ begin create role anon; exception when duplicate_object then null; end $$;
         do $$ begin create role authenticated; exception when duplicate_object then null; end $$;
         grant usage on schema public to anon, authenticated;
         grant select on practices, profiles, patients to anon, authenticated;
         alter table practices disable row level security; alter table profiles enable row level security;
         create policy own on profiles for select to authenticated using (true)");
    let loaded = job.drydock(["load", "--quiet"]).run().expect(0);
    for words in [
        "everybody with the API's public key (role anon) sees every row of practices",
        "policies decide which rows of profiles a user who is signed in sees",
        "sees no row of",
    ] {
        assert!(loaded.stdout.contains(words), "{words}\n{}", loaded.stdout);
    }
}

#[test]
fn what_the_catalog_says_of_columns_is_found_before_the_first_write() {
    for (target, config, words) in [
        (
            "create function nobody() returns uuid language sql as 'select null::uuid';
             alter table patients add column created_by uuid not null default nobody()",
            "",
            "column patients.created_by takes no null, and its default gives null to this session: fill it ([target.fill.patients])",
        ),
        (
            "alter table profiles alter column practice_id set not null",
            "",
            "column profiles.practice_id takes no null and is filled in phase 2C",
        ),
        (
            "alter table practices rename to offices; create view practices as select * from offices",
            "",
            "table practices is a view, into which no row can be merged",
        ),
        (
            "alter table practices add column org_id uuid not null",
            "[target.fill.practices]\norg_id = 'ours'",
            "column practices.org_id is of type uuid, which does not take ours: correct it in [target.fill.practices]",
        ),
    ] {
        let job = Job::of_size(SIZE).by(&format!("policy.default_practice = 1\n{config}"));
        job.target().execute(target);
        let refused = job.at("transform").drydock(["load", "--quiet"]).run().expect(5);
        assert!(refused.stderr.contains(words), "{words}\n{}", refused.stderr);
    }
}

#[test]
fn a_constant_takes_the_type_of_its_column() {
    let config = "policy.default_practice = 1
        [target.fill.practices]
        org_id = '00000000-0000-4000-8000-000000000001'
        since = '2026-01-31'
        rank = '3'
        number = '{legacy_id}'
        [target.fill.patients]
        org_id = { value = '{gender}', map = { male = '00000000-0000-4000-8000-000000000001' }, otherwise = '00000000-0000-4000-8000-000000000002' }
        born = '{date_of_birth}'
        said = { value = '{gender}', nulls = ['male'] }";
    let job = Job::resolved(
        SIZE,
        config,
        "create table organizations (id uuid primary key);
         insert into organizations values ('00000000-0000-4000-8000-000000000001'), ('00000000-0000-4000-8000-000000000002');
         alter table practices add column org_id uuid not null references organizations, add column since date,
             add column rank smallint, add column number text;
         alter table patients add column org_id uuid not null references organizations, add column born text, add column said text",
    );
    job.steps("load", "verify");
    assert_eq!(job.loaded("select since, rank, number from practices where legacy_id = 2"), "2026-01-31|3|2");
    assert_eq!(
        job.loaded("select count(distinct org_id), min(born), count(said) from patients"),
        "1|1980-02-03|0"
    );
    let versions = job.row_versions();
    job.run(["load", "--quiet"]);
    assert_eq!(job.row_versions(), versions);
}

#[test]
fn a_part_needs_no_column_for_the_legacy_id() {
    let config = "policy.default_practice = 1
        [target.parts.doctors]
        of = 'profiles'
        roles = ['doctor']
        [target.parts.doctors.columns]
        license = 'L-{legacy_id:04}'";
    let job = Job::resolved(
        SIZE,
        config,
        "create table doctors (id uuid primary key references profiles on delete cascade, license text not null)",
    );
    job.steps("load", "verify");
    assert_eq!(job.loaded("select count(*), max(license) from doctors"), "40|L-1040");
    let told = job.drydock(["doctor"]).run().expect(0).stdout;
    assert!(!told.contains("does not exist"), "{told}");
    job.target().execute("alter table doctors drop column license");
    let refused = job.drydock(["verify", "--quiet"]).run().expect(5);
    assert!(
        refused.stderr.contains("the target cannot be read back:\n  column doctors.license does not exist"),
        "{}",
        refused.stderr
    );
}

#[test]
fn a_part_that_is_there_under_an_id_of_its_own_is_named_before_the_first_write() {
    let config = "policy.default_practice = 1
        [target.parts.doctors]
        of = 'profiles'
        roles = ['doctor']
        [target.columns.doctors]
        legacy_id = 'user_number'
        [target.parts.doctors.columns]
        license = 'L-{legacy_id:04}'";
    let job = Job::resolved(
        SIZE,
        config,
        "create table doctors (id uuid primary key default gen_random_uuid(), user_number int unique, license text);
         insert into doctors (user_number) values (1003)",
    );
    let refused = job.drydock(["load", "--quiet"]).run().expect(5);
    assert!(
        refused.stderr.contains(
            "1 rows of doctors have other ids than the rows that they are part of, such as legacy id 1003"
        ),
        "{}",
        refused.stderr
    );
    assert_eq!(job.loaded("select count(*) from practices"), "0");
    job.target().execute("delete from doctors");
    job.steps("load", "verify");
}

#[test]
fn a_configuration_that_leaves_everything_out_is_said() {
    let none = "policy.default_practice = 1\n[target.tables]\npractices = false\nprofiles = false\npatients = false\n\
                practice_members = false\ncourses = false";
    let job = Job::of_size(SIZE).by(none).at("transform");
    let refused = job.drydock(["load", "--quiet"]).run().expect(3);
    assert!(refused.stderr.contains("leaves every table of the target out"), "{}", refused.stderr);
    let refused = job.drydock(["verify", "--quiet"]).run().expect(3);
    assert!(refused.stderr.contains("there is nothing to verify"), "{}", refused.stderr);
}

#[test]
fn accounts_that_are_there_are_in_nobodys_way() {
    let job = Job::of_size(SIZE).by("policy.default_practice = 1");
    job.target().execute(
        "create schema auth; create table auth.users (id uuid primary key);
         alter table profiles add constraint profiles_id_fkey foreign key (id) references auth.users",
    );
    let job = job.at("transform");
    for id in job.staged("select id from ready_profiles").lines() {
        job.target().execute(&format!("insert into auth.users values ('{id}')"));
    }
    let doctor = job.drydock(["doctor"]).run().expect(0);
    assert!(doctor.stdout.contains("each needs an account there before it is loaded"), "{}", doctor.stdout);
    job.steps("load", "verify");
}

#[test]
fn a_default_that_writes_does_not_by_being_asked() {
    let job = Job::of_size(SIZE).by("policy.default_practice = 1");
    job.target().execute(
        "create table asked (at timestamptz default now());
         create function note() returns text language sql as $$ insert into asked default values; select 'x' $$;
         alter table practices add column badge text not null default note()",
    );
    job.run(["doctor"]);
    assert_eq!(job.loaded("select count(*) from asked"), "0");
    job.up_to("verify");
    assert_eq!(job.loaded("select count(*) from asked"), "4", "one for each practice");
}

#[test]
fn a_key_by_several_columns_is_asked_as_the_database_asks_it() {
    for (config, target, words) in [
        (
            "[target.fill.profiles]\ntenant_id = '11111111-1111-4111-8111-111111111111'",
            "create table tenants (id uuid, region text, primary key (id, region));
             insert into tenants values ('11111111-1111-4111-8111-111111111111', 'us');
             alter table profiles add column tenant_id uuid, add column region text,
                 add foreign key (tenant_id, region) references tenants match full",
            "400 of 400 profiles refer to rows that public.tenants does not have",
        ),
        (
            "",
            "alter table profiles add unique (id, practice_id);
             alter table patients add constraint both_keys foreign key (user_id, practice_id) references profiles (id, practice_id)",
            "patients.user_id, practice_id refers to public.profiles by id, practice_id (both_keys), and phase 2C fills practice_id \
             there, after 2B",
        ),
    ] {
        let job = Job::resolved(SIZE, &format!("policy.default_practice = 1\n{config}"), target);
        let before = job.digest();
        let refused = job.drydock(["load", "--quiet"]).run().expect(5);
        assert!(refused.stderr.contains(words), "{words}\n{}", refused.stderr);
        assert_eq!(job.digest(), before);
    }
    // the default of a column that is not sent belongs to the row
    let config = "policy.default_practice = 1\n[target.fill.profiles]\ntenant_id = '11111111-1111-4111-8111-111111111111'";
    let target = "create table tenants (id uuid, region text, primary key (id, region));
        insert into tenants values ('11111111-1111-4111-8111-111111111111', 'us');
        alter table profiles add column tenant_id uuid, add column region text default 'us',
            add foreign key (tenant_id, region) references tenants match full";
    Job::resolved(SIZE, config, target).steps("load", "verify");
}

#[test]
fn a_trigger_that_fires_always_is_in_the_way() {
    let job = job("create function touch() returns trigger language plpgsql as $$ begin new.updated_at = now(); return new; end $$;
         create trigger touched before update on profiles for each row execute function touch();
         alter table profiles enable always trigger touched");
    let before = job.digest();
    for (verb, code) in [("doctor", 5), ("load", 5), ("survey", 0)] {
        let refused = job.drydock([verb, "--quiet"]).run().expect(code);
        let told = refused.stdout + &refused.stderr;
        assert!(
            told.contains("trigger touched of table profiles fires before every update, also where"),
            "{verb}: {told}"
        );
    }
    assert_eq!(job.digest(), before);
    job.target().execute("alter table profiles enable trigger touched");
    job.steps("survey", "verify");
}

#[test]
fn names_that_statements_use_are_no_trouble_or_said() {
    let config = "policy.default_practice = 1\n[target.columns.profiles]\nfirst_name = 't'\nlast_name = 's'\n\
        [target.columns.patients]\nfirst_name = 'excluded'\nlast_name = 'r'\nphone = 'k'";
    let job = Job::resolved(
        SIZE,
        config,
        "alter table profiles rename first_name to t; alter table profiles rename last_name to s;
         alter table patients rename first_name to excluded; alter table patients rename last_name to r;
         alter table patients rename phone to k; alter table practices add column t text, add column u text",
    );
    let before = job.digest();
    job.steps("load", "verify");
    let versions = job.row_versions();
    job.run(["load", "--quiet"]);
    assert_eq!(job.row_versions(), versions);
    job.run(["rollback", "--run", &job.loaded("select max(run_id) from drydock.receipts"), "--quiet"]);
    assert_eq!(job.digest(), before);

    let config = "policy.default_practice = 1\n[target.tables]\npractices = 'drydock_practices'";
    let job = Job::of_size(SIZE).by(config);
    job.target().execute("alter table practices rename to drydock_practices");
    job.verb("extract").run().expect(0);
    let told = job.drydock(["survey", "--quiet"]).run().expect(0).stdout;
    assert!(told.contains("table drydock_practices has a name as this program's own tables have"), "{told}");
}

#[test]
fn what_triggers_write_elsewhere_is_counted() {
    let job = job("create schema audit; create table audit.log (at timestamptz default now(), what text);
         create function note() returns trigger language plpgsql security definer as $$
             begin insert into audit.log (what) values (tg_op); return null; end $$;
         create trigger noted after insert or update on profiles for each row execute function note()");
    let loaded = job.json(&["load"], 0);
    let written = job.loaded("select count(*) from audit.log");
    assert!(written.parse::<u32>().unwrap() > 400, "{written}");
    assert_eq!(loaded["elsewhere"].to_string(), format!("{{\"audit.log\":{written}}}"));
    let again = job.json(&["load"], 0);
    assert_eq!(again["elsewhere"].to_string(), "{}");
}

#[test]
fn whoever_raises_an_error_is_named_and_nobody_else_is() {
    let job = job("create function touch() returns trigger language plpgsql as $$ begin new.updated_at = now(); return new; end $$;
         create trigger touch before update on profiles for each row execute function touch();
         create function fine(text) returns boolean language plpgsql immutable as $$
             begin if $1 = 'Ann1012' then raise exception 'no %', $1; end if; return true; end $$;
         alter table profiles add constraint is_fine check (fine(first_name));
         create function keep() returns trigger language plpgsql as $$
             begin if new.first_name = 'Ann1013' then raise exception 'no'; end if; return new; end $$;
         create trigger keep before insert on profiles for each row execute function keep()");
    let told = job.drydock(["load"]).run().expect(6).stdout;
    for words in [
        "target_check (sqlstate=P0001 constraint=is_fine;",
        "target_trigger (sqlstate=P0001 by trigger keep;",
    ] {
        assert!(told.contains(words), "{words} in {told}");
    }
    assert!(!told.contains("touch;"), "{told}");
}

#[test]
fn event_triggers_that_meet_the_loads_own_tables_are_said_before_the_first_write() {
    for (does, words) in [
        ("raise exception 'no'", "no temporary table can be made"),
        (
            "for made in select * from pg_event_trigger_ddl_commands() where command_tag like 'CREATE TABLE%' loop
                 execute format('alter table %s enable row level security', made.object_identity);
                 execute format('alter table %s force row level security', made.object_identity); end loop",
            "row level security is switched on for every table",
        ),
    ] {
        let job = job("");
        job.target().execute(&format!(
            "create function meet() returns event_trigger language plpgsql as $$ declare made record; begin {does}; end $$;
             create event trigger meets on ddl_command_end when tag in ('CREATE TABLE', 'CREATE TABLE AS') execute function meet()"
        ));
        let refused = job.drydock(["load", "--quiet"]).run();
        // a superuser is held to no policy
        if words.starts_with("row") {
            refused.expect(0);
            continue;
        }
        let refused = refused.expect(5);
        assert!(refused.stderr.contains(words) && refused.stderr.contains("meets"), "{}", refused.stderr);
        assert!(job.drydock(["doctor"]).run().expect_any().stdout.contains(words));
        assert_eq!(job.loaded("select count(*) from practices"), "0");
    }
}

#[test]
fn addresses_of_any_collation_are_looked_at() {
    let job = job("create collation blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
         alter table profiles alter email type text collate blind; alter table patients alter email type text collate blind");
    job.steps("load", "verify");
}
