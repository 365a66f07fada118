//! What constraints refuse is known before the first write also where triggers fire: what a trigger sets is read from its function.

use crate::harness::{Job, Size};

const SIZE: Size = Size { offices: 4, users: 400 };

/// What every project has, as frameworks write it, and a trigger that sees no row.
const STAMPS: &str = "create function stamp() returns trigger language plpgsql as $$ begin
        if tg_op = 'INSERT' then new.updated_at = coalesce(new.updated_at, now()); else new.updated_at = now(); end if;
        return new; end $$;
    create trigger stamped before insert or update on profiles for each row execute function stamp();
    create trigger stamped before insert or update on patients for each row execute function stamp();
    create function nothing() returns trigger language plpgsql as $$ begin return null; end $$;
    create trigger once before insert on profiles for each statement execute function nothing();";

fn job(target: &str) -> Job {
    Job::resolved(SIZE, "policy.default_practice = 1", target)
}

#[test]
fn a_trigger_that_sets_another_column_keeps_nothing_from_being_asked() {
    let job = job(&format!(
        "{STAMPS} alter table profiles add constraint loud check (first_name = upper(first_name))"
    ));
    let before = job.digest();
    let refused = job.drydock(["load", "--quiet"]).run().expect(5);
    let words = "400 of 400 profiles break the constraint loud over profiles.first_name";
    assert!(refused.stderr.contains(words), "{}", refused.stderr);
    assert_eq!(job.digest(), before);
    job.target().execute(
        "alter table profiles drop constraint loud, add constraint nines check (right(first_name, 1) <> '9')",
    );
    let loaded = job.drydock(["load", "--quiet"]).run().expect(6);
    assert!(loaded.stdout.contains("2A profiles: 40 refused, target_check"), "{}", loaded.stdout);
}

#[test]
fn what_a_trigger_sets_itself_is_left_to_the_database() {
    let job = job("create function set_it() returns trigger language plpgsql as $$ begin
            new.phone = coalesce(new.phone, '0'); return new; end $$;
        create trigger sets_it before insert on patients for each row execute function set_it();
        alter table patients add constraint has_phone check (phone is not null)");
    let loaded = job.drydock(["load", "--quiet"]).run().expect_any();
    assert!(!loaded.stderr.contains("break the constraint has_phone"), "{}", loaded.stderr);
}

#[test]
fn a_role_that_cannot_set_back_what_triggers_set_is_told_before_the_first_write() {
    let job = job(STAMPS);
    let (name, role) = (job.target().name().to_owned(), format!("plain_{}", job.target().name()));
    job.target().execute(&format!(
        "create role {role} login; grant create on database \"{name}\" to {role}; grant all on schema public to {role};
         do $$ declare r record; begin
             for r in select oid::regclass as t from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'
             loop execute format('alter table %s owner to {role}', r.t); end loop; end $$"
    ));
    let before = job.digest();
    let url = job.target().url().replacen("postgres://postgres@", &format!("postgres://{role}@"), 1);
    for verb in ["doctor", "load"] {
        let told = job.drydock([verb, "--quiet"]).env("DRYDOCK_TARGET_URL", &url).run().expect(5);
        let told = told.stdout + &told.stderr;
        let words = "trigger stamped of table profiles sets updated_at, and this role may not switch triggers off to set that back";
        assert!(told.contains(words), "{verb}: {told}");
    }
    assert_eq!(job.digest(), before);
}

#[test]
fn one_person_without_an_account_is_set_apart() {
    let job = Job::of_size(SIZE).by("policy.default_practice = 1");
    job.target().execute(
        "create schema auth; create table auth.users (id uuid primary key);
         alter table profiles add constraint profiles_id_fkey foreign key (id) references auth.users",
    );
    let job = job.at("transform");
    let ids = job.staged("select '(''' || id || ''')' from ready_profiles where legacy_id <> 1050");
    let ids: Vec<&str> = ids.lines().collect();
    job.target().execute(&format!("insert into auth.users values {}", ids.join(", ")));
    let loaded = job.drydock(["load"]).run().expect(6);
    let words = "1 of 400 profiles refer to rows that auth.users does not have";
    assert!(loaded.stderr.contains(words), "{}", loaded.stderr);
    assert_eq!(job.loaded("select count(*) from profiles"), "399");
}
