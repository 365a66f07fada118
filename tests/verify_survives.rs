//! What a verification finds although the load, or the transform, was of the same wrong opinion: it stands on the target's
//! catalog, on counts of its own and on the raw rows.

mod harness;
mod loading;

use harness::Damaged;
use loading::{Migration, NAMES, RENAME, Size};

const SMALL: Size = Size { offices: 3, users: 60 };

/// The findings of the last verification, as `check|entity|record|field`.
fn findings(migration: &Migration) -> Vec<String> {
    let rows = migration.sqlite(
        "select name, entity, coalesce(legacy_id, ''), field from findings where not is_exception",
    );
    let mut rows: Vec<String> = rows.lines().map(str::to_owned).collect();
    rows.sort();
    rows
}

#[track_caller]
fn finds(world: &Damaged, damage: &str, expected: &[String]) {
    world.sql(damage);
    world.verify().expect(7);
    let found = world.findings();
    for finding in expected {
        assert!(found.contains(finding), "{damage}: {finding} is not in {found:#?}");
    }
}

#[test]
fn a_twin_that_a_trigger_makes_is_found() {
    // an address is not unique in later versions of the target, and rows of sign-ups come without legacy ids
    let twins = "
        alter table profiles drop constraint profiles_email_key, alter email drop not null;
        drop index profiles_email_lower_key;
        create function handle_new_user() returns trigger language plpgsql as $$ begin
            if new.legacy_id = 1007 then
                insert into profiles (email, first_name) values (new.email, new.first_name);
            elsif new.legacy_id = 1008 then
                insert into profiles (first_name, last_name) values (upper(new.first_name), new.last_name || ' ');
            elsif new.legacy_id = 1009 then
                insert into profiles (metadata) values (new.metadata);
            end if;
            return null;
        end $$;
        create trigger on_insert after insert on profiles for each row execute function handle_new_user();";
    let migration = Migration::resolved(SMALL, "", twins);
    migration.run(["load", "--quiet"]);
    assert_eq!(migration.psql("select count(*) from profiles where legacy_id is null"), "3");
    migration.drydock(["verify", "--quiet"]).run().expect(7);
    let expected = [
        "emails_are_distinct|profiles|1007|email",
        "people_are_there_once|profiles|1007|email",
        "people_are_there_once|profiles|1008|first_name",
        "people_are_there_once|profiles||metadata",
    ];
    assert_eq!(findings(&migration), expected);
    assert_eq!(migration.sqlite("select count(*) from differences"), "0");
}

#[test]
fn whoever_signed_up_with_an_address_that_was_replaced_is_found() {
    let world = Damaged::copy();
    let given = world.sql(
        "select legacy_id, metadata #>> '{legacy,email}' from profiles \
         where metadata #>> '{legacy,email_status}' = 'shared' \
           and not exists (select 1 from profiles k where k.email = lower(profiles.metadata #>> '{legacy,email}')) limit 1",
    );
    let given = given.first().cloned().unwrap_or_else(|| {
        world
            .sql("select legacy_id, 'once@harbour.example' from profiles where metadata #>> '{legacy,email_status}' <> 'kept' limit 1")
            .remove(0)
    });
    let (id, address) = given.split_once('|').unwrap();
    let damage = format!(
        "update profiles set metadata = jsonb_set(metadata, '{{legacy,email}}', to_jsonb(' {address}'::text)) where legacy_id = {id}; \
         insert into profiles (email, first_name) values (upper('{address}'), 'New')"
    );
    finds(&world, &damage, &[format!("people_are_there_once|profiles|{id}|email")]);
}

#[test]
fn a_table_that_is_another_one_is_found() {
    let world = Damaged::copy();
    let name = world.sql("select current_database()").remove(0);
    let damage = format!(
        "create schema app; create table app.patients (like public.patients); \
         alter database {name} set search_path = app, \"$user\", public; \
         alter table practice_members set unlogged; \
         alter table practices rename to practices_of_before; \
         create view practices as select * from practices_of_before"
    );
    let expected = [
        "tables_are_the_configured_ones|patients||search_path",
        "tables_are_the_configured_ones|practice_members||unlogged",
        "tables_are_the_configured_ones|practices||view",
    ];
    finds(&world, &damage, &expected.map(str::to_owned));
}

#[test]
fn a_path_that_finds_the_same_tables_is_no_finding() {
    let world = Damaged::copy();
    let name = world.sql("select current_database()").remove(0);
    world.sql(&format!(
        "create schema later; create table later.patients (id int); \
         create schema app; create table app.other (id int); \
         alter database {name} set search_path = app, missing, public, later"
    ));
    world.verify().expect(0);
}

#[test]
fn rows_of_a_table_that_inherits_are_found() {
    let world = Damaged::copy();
    world.sql("create table patients_of_before () inherits (patients)");
    world.verify().expect(0);
    let damage = "create table patients_of_long_before () inherits (patients_of_before); \
                  insert into patients_of_long_before (user_id) select user_id from only patients limit 1";
    finds(&world, damage, &["children_hold_no_rows|patients||patients_of_long_before".to_owned()]);
}

#[test]
fn an_application_s_table_with_one_of_our_names_is_nobody_s_shadow() {
    // what is called profiles there is a table of another kind, which a trigger writes to by its bare name
    let theirs = "
        create table profiles (id bigint generated always as identity, note text not null);
        create function note() returns trigger language plpgsql as
            $$ begin insert into profiles (note) values (tg_op); return null; end $$;
        create trigger note after insert on people for each row execute function note();";
    let migration = Migration::resolved(SMALL, NAMES, &format!("{RENAME}{theirs}"));
    migration.run(["load", "--quiet"]);
    assert_eq!(migration.psql("select count(*), min(note) from profiles"), "60|INSERT");
    assert_eq!(migration.psql("select count(*) from people"), "60");
    migration.run(["verify", "--quiet"]);
    migration.run(["rollback", "--run", &migration.last_run("load"), "--quiet"]);
    assert_eq!(migration.psql("select count(*) from people"), "0");
}

/// Rows that an earlier phase left: each says which record it is, and some are somebody else's.
const PHASE_ONE: &str = "
insert into practices (legacy_id, name, city) values
    (1, 'OFFICE NO 1', 'Elsewhere'), (2, 'Another Practice', 'Elsewhere'), (3, 'Renamed', 'Springfield');
insert into profiles (legacy_id, email, first_name, last_name, metadata) values
    (1001, 'a@example.org', 'ann1001', 'EXAMPLE', '{}'),
    (1002, 'ann1002@example.org', 'Somebody', 'Else', '{}'),
    (1003, 'ann1003@example.org', 'Ann1004', 'Example', '{}'),
    (1010, 'b@example.org', 'Anna-Maria', 'Example', '{}'),
    (1011, 'c@example.org', 'Ann1011', 'Married-Since', '{\"theme\": 1}'),
    (1012, 'd@example.org', '', '', '{\"legacy_id\": 1012}'),
    (1013, 'e@example.org', 'Ann1013', 'Example', '{\"legacy_id\": 1014}');
insert into patients (legacy_id, user_id, practice_id, first_name, last_name, date_of_birth)
    select v.id, f.id, o.id, v.first, 'Example', v.born
    from (values (5010, 'Ann1010', date '1980-02-02'), (5011, 'Ann1011', '1971-11-12'), (5012, 'Bea', '1980-02-03'),
                 (5013, 'Bea', '1980-03-02')) v(id, first, born)
    join profiles f on f.legacy_id = v.id - 4000 join practices o on o.legacy_id = 1;";

#[test]
fn rows_of_an_earlier_phase_that_were_somebody_else_s_are_found() {
    let migration = Migration::resolved(SMALL, "", PHASE_ONE);
    migration.run(["load", "--quiet"]);
    assert_eq!(migration.psql("select first_name from profiles where legacy_id = 1002"), "Ann1002");
    migration.drydock(["verify", "--quiet"]).run().expect(7);
    let expected = [
        ("patients", 5011, "date_of_birth"),
        ("patients", 5013, "first_name"),
        ("practices", 2, "name"),
        ("profiles", 1002, "first_name"),
        ("profiles", 1003, "first_name"),
        ("profiles", 1013, "legacy_id"),
    ];
    let expected = expected
        .map(|(entity, id, field)| format!("existing_rows_are_the_records_own|{entity}|{id}|{field}"));
    assert_eq!(findings(&migration), expected);
    assert_eq!(migration.sqlite("select count(*) from differences"), "0");

    // once it is known and accepted, a new survey finds rows that this migration wrote
    migration.run(["survey", "--quiet"]);
    assert_eq!(migration.sqlite("select count(first_name || last_name) from target_rows"), "0");
}
