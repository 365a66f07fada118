//! What a verification finds although the load, or the transform, was of the same wrong opinion: it stands on the target's
//! catalog, on counts of its own and on the raw rows.

use std::fs;

use crate::harness::{Damaged, Job, NAMES, RENAME, Size};

const SMALL: Size = Size { offices: 3, users: 60 };

/// The findings of the last verification, as `check|entity|record|field`.
fn findings(migration: &Job) -> Vec<String> {
    let rows = migration
        .staged("select name, entity, coalesce(legacy_id, ''), field from findings where not is_exception");
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
    let migration = Job::resolved(SMALL, "", twins);
    migration.run(["load", "--quiet"]);
    assert_eq!(migration.loaded("select count(*) from profiles where legacy_id is null"), "3");
    migration.drydock(["verify", "--quiet"]).run().expect(7);
    let expected = [
        "emails_are_distinct|profiles|1007|email",
        "people_are_there_once|profiles|1007|email",
        "people_are_there_once|profiles|1008|first_name",
        "people_are_there_once|profiles||metadata",
    ];
    assert_eq!(findings(&migration), expected);
    assert_eq!(migration.staged("select count(*) from differences"), "0");
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
    let migration = Job::resolved(SMALL, NAMES, &format!("{RENAME}{theirs}"));
    migration.run(["load", "--quiet"]);
    assert_eq!(migration.loaded("select count(*), min(note) from profiles"), "60|INSERT");
    assert_eq!(migration.loaded("select count(*) from people"), "60");
    migration.run(["verify", "--quiet"]);
    migration.run(["rollback", "--run", &migration.last_run("load"), "--quiet"]);
    assert_eq!(migration.loaded("select count(*) from people"), "0");
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
    let migration = Job::resolved(SMALL, "", PHASE_ONE);
    // the survey says so while the rows are still their owners'
    let survey = migration.run(["survey", "--quiet"]).stdout;
    assert!(survey.contains("6 rows say that they are somebody else"), "{survey}");
    assert!(survey.contains("profiles 1002 by first_name") && !survey.contains("Somebody"), "{survey}");
    migration.run(["transform", "--quiet"]);
    migration.run(["load", "--quiet"]);
    assert_eq!(migration.loaded("select first_name from profiles where legacy_id = 1002"), "Ann1002");
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
    assert_eq!(migration.staged("select count(*) from differences"), "0");

    // once it is known and accepted, a new survey finds rows that this migration wrote
    migration.run(["survey", "--quiet"]);
    assert_eq!(migration.staged("select count(first_name || last_name) from target_rows"), "0");
}

/// A legacy column, and what is done to the file so that more than one in twenty of its values do not arrive.
const LOST: &[(&str, &str)] = &[
    ("profiles||first_name", "update ready_profiles set first_name = '' where legacy_id % 10 = 1"),
    ("profiles||last_name", "update ready_profiles set last_name = '' where legacy_id % 10 = 1"),
    (
        "profiles||email",
        "update ready_profiles set email = legacy_id || '@migrated.local' where legacy_id % 3 = 1",
    ),
    (
        "profiles||date_joined",
        "update ready_profiles set created_at = '1970-01-01 00:00:00+00' where legacy_id % 10 = 1",
    ),
    (
        "profiles||is_active",
        "update ready_profiles set is_active = 'false' where legacy_id % 10 = 1; \
         update legacy_auth_user set is_active = 'yea' where legacy_id % 10 = 1",
    ),
    ("patients||birthdate", "update ready_patients set date_of_birth = null where legacy_id % 10 = 1"),
    ("patients||sex", "update ready_patients set gender = 'unknown' where legacy_id % 10 = 1"),
    ("patients||doctor_id", "update ready_patients set assigned_profile_id = null where legacy_id % 10 = 1"),
    (
        "patients||office_id",
        "update ready_patients set practice_id = (select min(id) from ready_practices) where legacy_id % 10 = 1",
    ),
    (
        "patients||updated_at",
        "update ready_patients set updated_at = '1970-01-01 00:00:00+00' where legacy_id % 10 = 1",
    ),
    (
        "patients||user_id",
        "update records set fate = 'quarantined' where entity = 'patients' and legacy_id % 10 = 2; \
         update legacy_dispatch_patient set user_id = user_id || '.0' where legacy_id % 10 = 2",
    ),
    (
        "practice_members||user_id",
        "update records set fate = 'quarantined' where entity = 'practice_members' and legacy_id % 10 = 2; \
         update legacy_dispatch_office_doctors set user_id = user_id || '.0' where legacy_id % 10 = 2",
    ),
    (
        "practice_members||office_id",
        "update legacy_dispatch_office_doctors set office_id = office_id || '.0' where legacy_id % 10 = 2",
    ),
    (
        "practice_owners||doctor_id",
        "update records set fate = 'quarantined' where entity = 'practice_owners' and legacy_id % 10 = 2; \
         update legacy_dispatch_office set doctor_id = doctor_id || '.0' where legacy_id % 10 = 2",
    ),
    ("practices||name", "update ready_practices set name = 'Office ' || legacy_id where legacy_id % 10 = 1"),
    ("practices||address", "update ready_practices set address = '' where legacy_id % 10 = 1"),
    ("practices||city", "update ready_practices set city = null where legacy_id % 10 = 1"),
    ("practices||state", "update ready_practices set state = null where legacy_id % 10 = 1"),
    ("practices||zip", "update ready_practices set zip_code = null where legacy_id % 10 = 1"),
    ("practices||country", "update ready_practices set country = null where legacy_id % 10 = 1"),
    ("practices||phone", "update ready_practices set phone = null where legacy_id % 10 = 1"),
    ("practices||tax_rate", "update ready_practices set tax_rate = null where legacy_id % 10 = 1"),
    (
        "practices||valid",
        "update ready_practices set is_active = 'false' where legacy_id % 10 = 1; \
         update legacy_dispatch_office set valid = 'yea' where legacy_id % 10 = 1",
    ),
];

#[test]
fn a_column_that_does_not_arrive_is_found() {
    let world = Damaged::copy();
    for (_, damage) in LOST {
        world.edit(damage);
    }
    world.verify().expect(7);
    let found = world.findings();
    for (column, damage) in LOST {
        let finding = format!("columns_survive|{column}: ");
        assert!(
            found.iter().any(|found| found.starts_with(&finding)),
            "{damage}: {finding} is not in {found:#?}"
        );
    }
    let of_columns = found.iter().filter(|found| found.starts_with("columns_survive|")).count();
    assert_eq!(of_columns, LOST.len());
}

/// What `columns_survive` found about birthdates after this was done to the file.
fn birthdates(damage: &str) -> Vec<String> {
    let world = Damaged::copy();
    world.edit(damage);
    world.verify().expect(7);
    world
        .findings()
        .into_iter()
        .filter(|found| found.starts_with("columns_survive|patients||birthdate"))
        .collect()
}

#[test]
fn what_the_raw_rows_explain_is_excused_until_it_is_most_of_the_column() {
    // a date that cannot be is nobody's fault but the source's, unless no date can be
    let impossible = "update ready_patients set date_of_birth = null where legacy_id % 10 < {tenths}; \
                      update legacy_dispatch_patient set birthdate = '2093-01-02' where legacy_id % 10 < {tenths}";
    assert!(birthdates(&impossible.replace("{tenths}", "3")).is_empty());
    assert_eq!(birthdates(&impossible.replace("{tenths}", "9")).len(), 1);
    // one in twenty-five is too few for a form, and a word for null is no value
    let few = "update ready_patients set date_of_birth = null where legacy_id % 25 = 1";
    assert!(birthdates(few).is_empty());
    let none = "update ready_patients set date_of_birth = null where legacy_id % 3 = 1; \
                update legacy_dispatch_patient set birthdate = ' NULL ' where legacy_id % 3 = 1";
    assert!(birthdates(none).is_empty());
    // a person who decided knows why
    let decided = "update ready_patients set date_of_birth = null where legacy_id % 10 = 1; \
        insert into decisions (entity, legacy_id, question, action, reason, decided_by, decided_at, state) \
        select 'patients', legacy_id, 'date_of_birth', 'set', 'x', 'x', '2025-01-01', 'applied' from ready_patients \
        where legacy_id % 10 = 1";
    assert!(birthdates(decided).is_empty());
}

#[test]
fn a_flag_or_a_name_that_is_read_as_another_is_found_by_record() {
    let world = Damaged::copy();
    let of_world = |sql: &str| world.ask(sql).into_iter().next().unwrap();
    let active = of_world("select max(legacy_id) from ready_profiles where is_active = 'true'");
    let office = of_world("select max(legacy_id) from ready_practices where is_active = 'true'");
    let unknown =
        of_world("select max(legacy_id) from ready_profiles where metadata like '%\"role\":\"unknown\"%'");
    let [one, two, three] = [1, 2, 3].map(|nth| {
        of_world(&format!("select legacy_id from ready_profiles order by legacy_id limit 1 offset {nth}"))
    });
    world.edit(&format!(
        "update legacy_auth_user set is_active = ' VRAI' where legacy_id = {active}; \
         update ready_profiles set is_active = 'false' where legacy_id = {active}; \
         update legacy_dispatch_office set valid = '1.0' where legacy_id = {office}; \
         update ready_practices set is_active = 'false' where legacy_id = {office}; \
         update legacy_auth_user set is_staff = '1.0' where legacy_id = {unknown}; \
         update ready_profiles set first_name = '\\N' where legacy_id = {one}; \
         update ready_profiles set last_name = '#N/A' where legacy_id = {two}; \
         update ready_profiles set first_name = 'NaN', last_name = 'NaN' where legacy_id = {three}; \
         update ready_practices set name = 'None', city = '\\N' where legacy_id = {office}"
    ));
    world.verify().expect(7);
    let found = world.findings();
    for finding in [
        format!("flags_are_read_as_given|profiles|{active}|is_active"),
        format!("flags_are_read_as_given|practices|{office}|valid"),
        format!("flags_are_read_as_given|profiles|{unknown}|is_staff"),
        format!("names_are_no_null_markers|profiles|{one}|first_name"),
        format!("names_are_no_null_markers|profiles|{two}|last_name"),
        format!("names_are_no_null_markers|profiles|{three}|first_name"),
        format!("names_are_no_null_markers|practices|{office}|name"),
        format!("names_are_no_null_markers|practices|{office}|city"),
    ] {
        assert!(found.contains(&finding), "{finding} is not in {found:#?}");
    }
    // people who bear such a name, and people who are inactive
    let world = Damaged::copy();
    world.edit("update ready_profiles set last_name = 'None' where legacy_id % 4000 = 1");
    world.verify().expect(7);
    let found = world.findings();
    assert!(!found.iter().any(|found| found.starts_with("names_are_no_null_markers")), "{found:#?}");
    world.edit("update ready_profiles set last_name = 'None' where legacy_id % 50 = 1");
    world.verify().expect(7);
    let found = world.findings();
    assert!(
        found.iter().any(|found| found.starts_with("names_are_no_null_markers|profiles||last_name: ")),
        "{found:#?}"
    );
}

#[test]
fn a_practice_out_of_nothing_is_found_without_the_ready_row() {
    let world = Damaged::copy();
    let id = world
        .sql("select f.legacy_id from profiles f join patients p on p.user_id = f.id order by f.legacy_id limit 1")
        .remove(0);
    // the file is of the same wrong opinion
    let practice = world.sql("select id from practices order by id desc limit 1").remove(0);
    world.edit(&format!("update ready_profiles set practice_id = '{practice}' where legacy_id = {id}"));
    let damage = format!("update profiles set practice_id = '{practice}' where legacy_id = {id}");
    finds(&world, &damage, &[format!("practices_of_profiles_have_grounds|profiles|{id}|practice_id")]);
    assert!(!world.differences().contains(&format!("profiles|{id}|practice_id|differs")));
}

/// A table of the legacy system with one of its fields written otherwise, and how the target shows that it was read.
struct Spreadsheet {
    table: &'static str,
    field: usize,
    value: fn(&str) -> String,
    is_read: &'static str,
    /// What a verification finds where nothing before it stopped.
    found: &'static str,
}

const SPREADSHEETS: &[Spreadsheet] = &[
    Spreadsheet {
        table: "dispatch_patient",
        field: 2,
        value: |_| "29254".to_owned(),
        is_read: "select count(*) = 54 from patients where date_of_birth = '1980-02-03'",
        found: "columns_survive|patients||birthdate: 54 of 54",
    },
    Spreadsheet {
        table: "dispatch_patient",
        field: 5,
        value: |id| format!("{id}.0"),
        is_read: "select count(assigned_profile_id) = 54 from patients",
        found: "columns_survive|patients||doctor_id: 54 of 54",
    },
    Spreadsheet {
        table: "dispatch_patient",
        field: 6,
        value: |id| format!("{id}.0"),
        is_read: "select count(*) = 54 from patients p join practices o on o.id = p.practice_id \
                  where o.legacy_id = 1 + (p.legacy_id - 4000) % 3",
        found: "columns_survive|patients||office_id: 54 of 54",
    },
    Spreadsheet {
        table: "auth_user",
        field: 6,
        value: |_| "VRAI".to_owned(),
        is_read: "select bool_and(is_active) from profiles",
        found: "flags_are_read_as_given|profiles|1001|is_active",
    },
    Spreadsheet {
        table: "dispatch_office",
        field: 4,
        value: |_| "1.0".to_owned(),
        is_read: "select bool_and(is_active) from practices",
        found: "flags_are_read_as_given|practices|1|valid",
    },
    Spreadsheet {
        table: "auth_user",
        field: 3,
        value: |_| "\\N".to_owned(),
        is_read: "select bool_and(last_name = '') from profiles",
        found: "names_are_no_null_markers|profiles|1001|last_name",
    },
];

#[test]
fn a_spreadsheet_s_way_of_writing_is_read_or_said_and_never_passed_over() {
    for Spreadsheet { table, field, value, is_read, found } in SPREADSHEETS {
        let migration = Job::of_size(SMALL);
        let path = migration.path(format!("legacy/{table}.csv"));
        let text = fs::read_to_string(&path).unwrap();
        let (header, rows) = text.split_once('\n').unwrap();
        let mut written = header.to_owned();
        for row in rows.lines() {
            let mut fields: Vec<String> = row.split(',').map(str::to_owned).collect();
            fields[*field] = value(&fields[*field]);
            written = format!("{written}\n{}", fields.join(","));
        }
        fs::write(&path, written).unwrap();
        let steps: [&[&str]; 5] =
            [&["extract", "--csv", "legacy"], &["survey"], &["transform"], &["load"], &["verify"]];
        let failed = steps.iter().find(|step| migration.drydock(step.iter().copied()).run().code != Some(0));
        match failed {
            None => {
                assert_eq!(
                    migration.loaded(is_read),
                    "t",
                    "{table} {field}: five zeros, and nothing was read"
                );
            }
            Some(step) if step[0] == "verify" => {
                let all = findings(&migration);
                assert!(all.iter().any(|one| one == found), "{found} is not in {all:#?}");
            }
            Some(_) => {}
        }
    }
}
