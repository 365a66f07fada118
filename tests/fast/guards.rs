//! What guards the rows of the target is looked at while no row is wrong yet; and what Drydock keeps there is closed to others.

use crate::harness::{Job, empty_target};

fn job() -> Job {
    let users = "id,first_name,last_name,email,date_joined\n\
                 1,Ada,Tide,ada@harbour.example,2019-03-04 05:06:07+00\n\
                 2,Bo,Reef,bo@harbour.example,2019-03-04 05:06:07+00\n";
    let patients = "id,user_id,doctor_id,office_id,birthdate,sex\n1,2,1,10,1980-01-02,1\n";
    Job::of_tables(
        &[
            ("auth_user", users.to_owned()),
            ("dispatch_patient", patients.to_owned()),
            ("dispatch_office", "id,doctor_id,name\n10,1,Harbour\n".to_owned()),
        ],
        empty_target(),
    )
}

/// A load, and a second one that changed rows, so that there are rows as they were before.
fn loaded_twice() -> Job {
    let job = job();
    job.up_to("load");
    job.target().execute("update profiles set first_name = 'Other' where legacy_id = 2");
    job.verb("survey").run().expect(0);
    job.verb("transform").run().expect_one_of(&[0, 6]);
    job.verb("load").run().expect_one_of(&[0, 6]);
    job.verb("verify").run().expect(0);
    job
}

/// Roles of a server are everybody's: a test takes rights of those that may be there already.
const ROLES: &str =
    "do $$ begin create role anon; exception when duplicate_object or unique_violation then null; end $$;";

#[test]
fn every_kind_of_damage_to_what_guards_the_rows_is_found_before_a_row_is_wrong() {
    let job = loaded_twice();
    for (kind, damage, repair, found) in [
        (
            "a unique key is gone",
            "alter table profiles drop constraint profiles_email_key",
            "alter table profiles add constraint profiles_email_key unique (email)",
            "guards_are_as_surveyed|profiles|profiles_email_key",
        ),
        (
            "the primary key is gone",
            "alter table patients drop constraint patients_pkey cascade",
            "alter table patients add primary key (id)",
            "guards_are_as_surveyed|patients|patients_pkey",
        ),
        (
            "a foreign key is gone",
            "alter table patients drop constraint patients_user_id_fkey",
            "alter table patients add constraint patients_user_id_fkey foreign key (user_id) references profiles (id)",
            "guards_are_as_surveyed|patients|patients_user_id_fkey",
        ),
        (
            "a foreign key is not valid",
            "alter table patients drop constraint patients_user_id_fkey; alter table patients add constraint patients_user_id_fkey \
          foreign key (user_id) references profiles (id) not valid",
            "alter table patients validate constraint patients_user_id_fkey",
            "guards_are_as_surveyed|patients|patients_user_id_fkey",
        ),
        (
            "null is allowed",
            "alter table practices alter name drop not null",
            "alter table practices alter name set not null",
            "guards_are_as_surveyed|practices|name",
        ),
        (
            "a trigger rewrites rows",
            "create function shout() returns trigger language plpgsql as 'begin new.last_name := upper(new.last_name); return new; end'; \
          create trigger shout before insert or update on profiles for each row execute function shout()",
            "drop function shout cascade",
            "guards_are_as_surveyed|profiles|shout",
        ),
        (
            "a rule swallows rows",
            "create rule swallow as on insert to patients do instead nothing",
            "drop rule swallow on patients",
            "tables_are_plain_tables|patients|swallow",
        ),
        (
            "a policy hides rows",
            "create policy nobody on patients as restrictive using (false)",
            "drop policy nobody on patients",
            "guards_are_as_surveyed|patients|row_level_security",
        ),
        (
            "row level security is off",
            "alter table patients disable row level security",
            "alter table patients enable row level security",
            "guards_are_as_surveyed|patients|row_level_security",
        ),
        (
            "the triggers of foreign keys are off",
            "alter table patients disable trigger all",
            "alter table patients enable trigger all",
            "constraints_are_enforced|patients|patients_user_id_fkey",
        ),
        (
            "rows are in a child",
            "create table aside () inherits (practice_members); \
          insert into aside select * from only practice_members; delete from only practice_members",
            "insert into practice_members select * from aside; drop table aside",
            "children_hold_no_rows|practice_members|aside",
        ),
        (
            "a receipt is edited",
            "update drydock.receipts set rows = rows + 1 where number = 1",
            "update drydock.receipts set rows = rows - 1 where number = 1",
            "receipts_are_as_left|drydock|digest",
        ),
        (
            "a row as it was before is edited",
            "update drydock.pre_images set image = jsonb_set(image, '{first_name}', '\"Third\"')",
            "update drydock.pre_images set image = jsonb_set(image, '{first_name}', '\"Other\"')",
            "receipts_are_as_left|drydock|digest",
        ),
        (
            "others read the rows as they were before",
            "grant usage on schema drydock to anon; grant select on drydock.pre_images to anon",
            "revoke all on schema drydock from anon; revoke all on drydock.pre_images from anon",
            "receipts_are_guarded|pre_images|rights",
        ),
        (
            "row level security of Drydock's own tables is off",
            "alter table drydock.pre_images disable row level security",
            "alter table drydock.pre_images enable row level security",
            "receipts_are_guarded|pre_images|row_level_security",
        ),
    ] {
        job.target().execute(&format!("{ROLES} {damage}"));
        job.verb("verify").run().expect(7);
        let said = job.staged("select name || '|' || entity || '|' || field from findings");
        assert!(said.lines().any(|line| line == found), "{kind}: {said}");
        job.target().execute(repair);
    }
}

#[test]
fn a_view_in_a_tables_place_is_found() {
    let job = loaded_twice();
    job.target().execute(
        "alter table practice_members rename to members_aside; \
         create view practice_members as select * from members_aside",
    );
    job.verb("verify").run().expect(7);
    let said = job.staged("select name || '|' || entity || '|' || field from findings");
    assert!(said.lines().any(|line| line == "tables_are_plain_tables|practice_members|kind"), "{said}");
}

#[test]
fn what_drydock_keeps_is_closed_whatever_the_default_privileges_are() {
    let job = job();
    job.up_to("transform");
    job.target().execute(&format!(
        "{ROLES} alter default privileges grant all on tables to anon; alter default privileges grant all on tables to public; \
         alter default privileges grant all on schemas to anon"
    ));
    job.verb("load").run().expect_one_of(&[0, 6]);
    let rights = "select count(*) from pg_class c where c.relnamespace = 'drydock'::regnamespace and c.relkind = 'r' \
                  and has_table_privilege('anon', c.oid, 'select, insert, update, delete, truncate, references, trigger')";
    assert_eq!(job.loaded(rights), "0");
    assert_eq!(job.loaded("select has_schema_privilege('anon', 'drydock', 'usage')"), "f");
    let open = "select count(*) from pg_class c where c.relnamespace = 'drydock'::regnamespace and c.relkind = 'r' and not relrowsecurity";
    assert_eq!(job.loaded(open), "0");
    job.verb("verify").run().expect_one_of(&[0, 6, 7]);
    assert_eq!(job.staged("select count(*) from findings where name = 'receipts_are_guarded'"), "0");
}

#[test]
fn a_schema_that_somebody_else_prepared_is_not_used() {
    for prepared in [
        // somebody's own schema, whose trigger would run as whoever loads
        "create schema drydock authorization {stranger}",
        "create schema drydock; create table drydock.runs (staging_id text); alter table drydock.runs owner to {stranger}",
        "create schema drydock; create view drydock.receipts as select 1 as one",
        "create schema drydock; create table drydock.receipts (staging_id text); \
         create function public.run_as() returns trigger language plpgsql as 'begin return new; end'; \
         create trigger run_as before insert on drydock.receipts for each row execute function public.run_as()",
        "create schema drydock; create table drydock.receipts (staging_id text); \
         create rule swallow as on insert to drydock.receipts do instead nothing",
    ] {
        let job = job();
        job.up_to("transform");
        let stranger = format!("stranger_{}", job.target().name());
        job.target()
            .execute(&format!("create role {stranger}; {}", prepared.replace("{stranger}", &stranger)));
        let refused = job.verb("load").run().expect(3);
        assert!(
            refused.stderr.contains("the schema drydock in the target is not one"),
            "{prepared}: {}",
            refused.stderr
        );
        assert_eq!(job.loaded("select count(*) from profiles"), "0");
        job.target().execute(&format!("drop schema drydock cascade; drop role {stranger}"));
        job.verb("load").run().expect_one_of(&[0, 6]);
    }
}

#[test]
fn what_is_kept_for_an_undo_goes_away_when_somebody_says_so_and_the_undo_with_it() {
    let job = loaded_twice();
    let clean = |arguments: &[&str]| job.verb("target").args(["clean"]).args(arguments).run().expect(0);
    // it is not old enough
    clean(&[]);
    assert_ne!(job.loaded("select count(*) from drydock.pre_images"), "0");
    let said = clean(&["--older-than", "0"]);
    assert!(said.stdout.contains("cannot be undone any more"), "{}", said.stdout);
    assert_eq!(job.loaded("select count(*) from drydock.pre_images"), "0");
    job.verb("verify").run().expect(0);
    let last = job.last_run("load");
    let refused = job.verb("rollback").args(["--run", &last]).run().expect(3);
    assert!(refused.stderr.contains("cleaned away"), "{}", refused.stderr);
}
