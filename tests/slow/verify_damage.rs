//! Damage done on purpose, to the target and to the file: each kind is found, and located to record and field; and no
//! alarm where nothing is damaged, whatever the database's own settings are.

use std::collections::BTreeSet;
use std::path::Path;

use crate::harness::{Damaged as World, Database, Drydock, database, psql};

/// One kind of damage to rows of the target: what it is, the records that suit it, and what is done to the record. `{a}` is
/// a record of its own that suits, `{b}` the next one.
struct Damage {
    kind: &'static str,
    table: &'static str,
    suits: &'static str,
    sql: &'static str,
    /// What has to be found, as `entity|record|field|kind` with a and b for the records.
    found: &'static [&'static str],
}

const fn damage(
    kind: &'static str,
    table: &'static str,
    suits: &'static str,
    sql: &'static str,
    found: &'static [&'static str],
) -> Damage {
    Damage { kind, table, suits, sql, found }
}

/// Sets one field of one record and expects exactly that to be found.
macro_rules! field {
    ($kind:literal, $table:literal, $suits:literal, $field:literal, $value:literal) => {
        damage(
            $kind,
            $table,
            $suits,
            concat!("update ", $table, " set ", $field, " = ", $value, " where legacy_id = {a}"),
            &[concat!($table, "|a|", $field, "|differs")],
        )
    };
}

const DAMAGES: &[Damage] = &[
    // persons mixed up
    damage(
        "a surname swapped between two patients",
        "patients",
        "last_name <> ''",
        "update patients t set last_name = o.last_name from patients o \
         where (t.legacy_id, o.legacy_id) in (({a}, {b}), ({b}, {a}))",
        &["patients|a|last_name|differs", "patients|b|last_name|differs"],
    ),
    damage(
        "two rows' ids exchanged",
        "patients",
        "true",
        "update patients set id = gen_random_uuid() where legacy_id = {a}; \
         update patients set id = (select id from ready where legacy_id = {a}) where legacy_id = {b}; \
         update patients set id = (select id from ready where legacy_id = {b}) where legacy_id = {a}",
        &["patients|a|id|differs", "patients|b|id|differs"],
    ),
    damage(
        "first and last name exchanged",
        "profiles",
        "first_name <> last_name",
        "update profiles set first_name = last_name, last_name = first_name where legacy_id = {a}",
        &["profiles|a|first_name|differs", "profiles|a|last_name|differs"],
    ),
    damage(
        "a patient's profile replaced by another's",
        "patients",
        "true",
        "update patients set user_id = (select user_id from patients where legacy_id = {b}) where legacy_id = {a}",
        &["patients|a|user_id|differs"],
    ),
    // dates and moments
    field!(
        "one day off in a birthdate",
        "patients",
        "date_of_birth > '1910-01-01'",
        "date_of_birth",
        "date_of_birth - 1"
    ),
    field!(
        "day and month of a birthdate swapped",
        "patients",
        "extract(day from date_of_birth) < 12 and extract(day from date_of_birth) <> extract(month from date_of_birth)",
        "date_of_birth",
        "make_date(extract(year from date_of_birth)::int, extract(day from date_of_birth)::int, extract(month from date_of_birth)::int)"
    ),
    field!(
        "a century off in a birthdate",
        "patients",
        "date_of_birth >= '2000-01-01'",
        "date_of_birth",
        "date_of_birth - interval '100 years'"
    ),
    field!("a birthdate lost", "patients", "date_of_birth is not null", "date_of_birth", "null"),
    field!(
        "a birthdate out of nothing",
        "patients",
        "date_of_birth is null",
        "date_of_birth",
        "'1980-01-01'"
    ),
    field!(
        "microseconds lost",
        "patients",
        "updated_at <> date_trunc('second', updated_at)",
        "updated_at",
        "date_trunc('second', updated_at)"
    ),
    field!("one microsecond off", "profiles", "true", "created_at", "created_at + interval '1 microsecond'"),
    field!(
        "a time zone applied twice",
        "profiles",
        "true",
        "updated_at",
        "updated_at + interval '5 hours 30 minutes'"
    ),
    damage(
        "two moments exchanged",
        "patients",
        "created_at <> updated_at",
        "update patients set created_at = updated_at, updated_at = created_at where legacy_id = {a}",
        &["patients|a|created_at|differs", "patients|a|updated_at|differs"],
    ),
    // texts
    field!("a trailing space", "patients", "first_name <> ''", "first_name", "first_name || ' '"),
    field!("a leading space", "profiles", "last_name <> ''", "last_name", "' ' || last_name"),
    field!("truncated text", "profiles", "length(last_name) > 4", "last_name", "left(last_name, 3)"),
    field!("capitals", "profiles", "last_name <> upper(last_name)", "last_name", "upper(last_name)"),
    field!(
        "an invisible character",
        "patients",
        "first_name <> ''",
        "first_name",
        "first_name || U&'\\200B'"
    ),
    field!(
        "a letter of another script",
        "patients",
        "last_name like '%a%'",
        "last_name",
        "replace(last_name, 'a', U&'\\0430')"
    ),
    field!(
        "a name decomposed",
        "profiles",
        "last_name like '%o%'",
        "last_name",
        "replace(last_name, 'o', U&'o\\0308')"
    ),
    field!("a no-break space", "practices", "name like '% %'", "name", "replace(name, ' ', U&'\\00A0')"),
    field!(
        "a line feed for a space",
        "practices",
        "address like '% %'",
        "address",
        "replace(address, ' ', e'\\n')"
    ),
    field!("the word null for an empty name", "profiles", "first_name = ''", "first_name", "'null'"),
    field!("'' for null", "practices", "address is null", "address", "''"),
    field!("null for a text", "practices", "city is not null", "city", "null"),
    damage(
        "null for ''",
        "patients",
        "email = ''",
        "alter table patients alter email drop not null; update patients set email = null where legacy_id = {a}",
        &["patients|a|email|differs"],
    ),
    field!("a leading zero lost", "practices", "zip_code is not null", "zip_code", "'0' || zip_code"),
    field!("a country renamed", "practices", "country is not null", "country", "country || 'n'"),
    // addresses
    field!("an address in capitals", "profiles", "true", "email", "upper(email)"),
    field!("another domain", "profiles", "true", "email", "replace(email, '@', '@mail.')"),
    field!("a plus sign stripped", "profiles", "email like '%.%@%'", "email", "replace(email, '.', '')"),
    field!("an address of nobody", "patients", "email = ''", "email", "'someone@example.org'"),
    // flags, labels, numbers
    field!("a changed gender", "patients", "gender = 'female'", "gender", "'male'"),
    field!("a gender unknown again", "patients", "gender = 'male'", "gender", "'unknown'"),
    field!("a changed role", "profiles", "role = 'patient'", "role", "'doctor'"),
    field!("a flag turned on a profile", "profiles", "true", "is_active", "not is_active"),
    field!("a flag turned on a practice", "practices", "true", "is_active", "not is_active"),
    field!(
        "the smallest step of a rate",
        "practices",
        "tax_rate is not null",
        "tax_rate",
        "tax_rate + 0.000001"
    ),
    field!("a rate as a percentage", "practices", "tax_rate > 0", "tax_rate", "tax_rate * 100"),
    // metadata
    field!("metadata emptied", "patients", "true", "metadata", "'{}'"),
    field!(
        "one legacy fact changed",
        "profiles",
        "true",
        "metadata",
        "jsonb_set(metadata, '{legacy,username}', '\"x\"')"
    ),
    field!(
        "a text that became a number",
        "patients",
        "metadata #>> '{legacy,sex}' in ('1', '2')",
        "metadata",
        "jsonb_set(metadata, '{legacy,sex}', (metadata #>> '{legacy,sex}')::jsonb)"
    ),
    field!(
        "a list emptied",
        "profiles",
        "jsonb_array_length(metadata #> '{legacy,groups}') > 0",
        "metadata",
        "jsonb_set(metadata, '{legacy,groups}', '[]')"
    ),
    field!("a legacy fact lost", "practices", "true", "metadata", "metadata #- '{legacy,valid}'"),
    // references
    field!(
        "a link to another valid practice",
        "patients",
        "true",
        "practice_id",
        "(select id from practices where id <> patients.practice_id order by id limit 1)"
    ),
    field!(
        "a link to another valid provider",
        "patients",
        "assigned_profile_id is not null",
        "assigned_profile_id",
        "(select id from profiles where id <> patients.assigned_profile_id order by id limit 1)"
    ),
    field!("a provider lost", "patients", "assigned_profile_id is not null", "assigned_profile_id", "null"),
    field!(
        "a provider out of nothing",
        "patients",
        "assigned_profile_id is null",
        "assigned_profile_id",
        "(select id from profiles order by id limit 1)"
    ),
    field!(
        "a profile's practice changed",
        "profiles",
        "practice_id is not null",
        "practice_id",
        "(select id from practices where id <> profiles.practice_id order by id limit 1)"
    ),
    field!("a profile's practice lost", "profiles", "practice_id is not null", "practice_id", "null"),
    damage(
        "a primary practice that is none",
        "practice_members",
        "role = 'doctor'",
        "update practice_members set is_primary = not is_primary where legacy_id = {a} and role = 'doctor'",
        &["practice_members|a|is_primary|differs"],
    ),
    damage(
        "a membership moved to another practice",
        "practice_members",
        "role = 'doctor'",
        "update practice_members m set practice_id = (select id from practices o where o.id not in \
         (select practice_id from practice_members where profile_id = m.profile_id) order by id limit 1) \
         where legacy_id = {a} and role = 'doctor'",
        &["practice_members|a|practice_id|differs"],
    ),
    damage(
        "a member of another kind",
        "practice_members",
        "role = 'doctor'",
        "update practice_members set role = 'assistant' where legacy_id = {a} and role = 'doctor'",
        &["practice_members|a||missing"],
    ),
    damage(
        "an ownership given to somebody else",
        "practice_members",
        "role = 'owner'",
        "update practice_members m set profile_id = (select id from profiles where id <> m.profile_id order by id limit 1) \
         where legacy_id = {a} and role = 'owner'",
        &["practice_owners|a|profile_id|differs"],
    ),
    // rows
    damage(
        "a deleted patient",
        "patients",
        "true",
        "delete from patients where legacy_id = {a}",
        &["patients|a||missing"],
    ),
    damage(
        "a deleted membership",
        "practice_members",
        "role = 'doctor'",
        "delete from practice_members where legacy_id = {a} and role = 'doctor'",
        &["practice_members|a||missing"],
    ),
    damage(
        "a row that nobody meant",
        "patients",
        "true",
        "insert into patients (legacy_id, user_id) select 70000000 + {a}, user_id from patients where legacy_id = {a}",
        &["patients|70000000+a||unexpected"],
    ),
    damage(
        "a legacy id lost",
        "patients",
        "true",
        "update patients set legacy_id = null where legacy_id = {a}",
        &["patients|a||missing"],
    ),
    damage(
        "a legacy id changed",
        "patients",
        "true",
        "update patients set legacy_id = 80000000 + {a} where legacy_id = {a}",
        &["patients|a||missing", "patients|80000000+a||unexpected"],
    ),
];

#[test]
fn damage_to_rows_is_found_and_located_and_nothing_else_is() {
    assert!(DAMAGES.len() >= 40);
    let world = World::copy();
    world.sql("create table ready as select id, legacy_id from patients");
    let mut expected = BTreeSet::new();
    // every damage gets records of its own, so that each has to be found for itself
    let mut used: BTreeSet<String> = BTreeSet::new();
    for damage in DAMAGES {
        let suitable = world.sql(&format!(
            "select legacy_id from {} where legacy_id is not null and ({}) order by legacy_id % 97, legacy_id",
            damage.table, damage.suits
        ));
        let key = |id: &str| format!("{} {id}", damage.table);
        let mut free = suitable.iter().filter(|id| !used.contains(&key(id)));
        let [a, b] = [free.next(), free.next()]
            .map(|id| id.unwrap_or_else(|| panic!("nothing suits: {}", damage.kind)));
        world.sql(&damage.sql.replace("{a}", a).replace("{b}", b));
        for found in damage.found {
            let mut parts: Vec<String> = found.split('|').map(str::to_owned).collect();
            parts[1] = match parts[1].as_str() {
                "a" => a.clone(),
                "b" => b.clone(),
                shifted => {
                    let (base, _) = shifted.split_once('+').unwrap();
                    (base.parse::<i64>().unwrap() + a.parse::<i64>().unwrap()).to_string()
                }
            };
            expected.insert(parts.join("|"));
        }
        used.extend([key(a), key(b)]);
    }
    let outcome = world.verify().expect(7);
    assert!(outcome.stdout.contains("verification did not pass"), "{}", outcome.stdout);
    let found = world.differences();
    let lost: Vec<_> = expected.difference(&found).collect();
    let more: Vec<_> = found.difference(&expected).collect();
    assert!(lost.is_empty() && more.is_empty(), "not found: {lost:?}; found too: {more:?}");
}

/// Damages the target as a whole and expects these findings, among others.
fn expect_findings(damage: &str, expected: &[&str]) {
    let world = World::copy();
    world.sql(damage);
    world.verify().expect(7);
    let found = world.findings();
    for finding in expected {
        assert!(found.contains(*finding), "{damage}: {finding} is not in {found:#?}");
    }
}

#[test]
fn damage_to_what_guards_the_rows_is_found() {
    expect_findings(
        "do $$ begin create role anon; exception when duplicate_object then null; end $$; \
         grant select on patients to anon; alter table patients disable row level security; \
         alter table practices disable trigger all; \
         alter table profiles add number integer generated by default as identity; \
         update profiles set number = 1000000 where legacy_id = (select min(legacy_id) from profiles); \
         delete from drydock.receipts where entity = 'patients'",
        &[
            "row_level_security_guards_every_table|patients||row_level_security",
            "sequences_are_ahead|profiles||number",
            "receipts_agree|patients||2B receipt",
        ],
    );
}

#[test]
fn broken_keys_are_found() {
    let world = World::copy();
    let patient = world.sql("select min(legacy_id) from patients").remove(0);
    let office = world
        .sql("select o.legacy_id from practices o join patients p on p.practice_id = o.id limit 1")
        .remove(0);
    let twin = world.sql("select max(legacy_id) from profiles").remove(0);
    world.sql(&format!(
        "alter table patients drop constraint patients_legacy_id_key; \
         insert into patients (legacy_id, user_id) select legacy_id, user_id from patients where legacy_id = {patient}; \
         alter table profiles drop constraint profiles_email_key; drop index profiles_email_lower_key; \
         update profiles set email = (select email from profiles order by legacy_id limit 1) where legacy_id = {twin}; \
         set session_replication_role = replica; delete from practices where legacy_id = {office}"
    ));
    world.verify().expect(7);
    let found = world.findings();
    for finding in [
        format!("legacy_ids_are_unique|patients|{patient}|legacy_id"),
        format!("emails_are_distinct|profiles|{twin}|email"),
    ] {
        assert!(found.contains(&finding), "{finding}: {found:#?}");
    }
    assert!(
        found.iter().any(|finding| finding.starts_with("patients_have_a_real_practice|patients|")),
        "{found:#?}"
    );
    let differences = world.differences();
    assert!(differences.contains(&format!("patients|{patient}||unexpected")), "{differences:?}");
    assert!(differences.contains(&format!("practices|{office}||missing")), "{differences:?}");
}

/// One kind of damage to the file: what is done, and the check that has to find it, with the record and field.
const FILE_DAMAGES: &[(&str, &str)] = &[
    (
        "update ready_patients set last_name = last_name || 'x' where legacy_id = {a}",
        "every_change_is_explained|patients|{a}|last_name",
    ),
    (
        "update ready_profiles set created_at = '2001-01-01 00:00:00+00' where legacy_id = {b}",
        "every_change_is_explained|profiles|{b}|created_at",
    ),
    (
        "delete from changes where entity = 'patients' and legacy_id = {c} and field = 'gender'",
        "every_change_is_explained|patients|{c}|gender",
    ),
    (
        "update legacy_dispatch_patient set birthdate = '1955-05-05' where legacy_id = {d}",
        "every_change_is_explained|patients|{d}|date_of_birth",
    ),
    (
        "delete from records where entity = 'profiles' and legacy_id = {e}",
        "every_record_has_one_fate|profiles|{e}|no fate",
    ),
    (
        "delete from loads where entity = 'patients' and legacy_id = {f}",
        "everything_ready_is_loaded|patients|{f}|2B",
    ),
    (
        "update associations set practice_id = 'x' where entity = 'patients' and legacy_id = {g}",
        "associations_agree_with_rows|patients|{g}|practice_id",
    ),
    (
        "update ready_patients set practice_id = 'x' where legacy_id = {h}",
        "references_lead_to_ready_rows|patients|{h}|practice_id",
    ),
    (
        "update ready_profiles set metadata = replace(metadata, '\"role\":\"patient\"', '\"role\":\"doctor\"') where legacy_id = {i}",
        "roles_agree_with_groups|profiles|{i}|role",
    ),
    ("update receipts set digest = 'x' where entity = 'practices'", "receipts_agree|practices||2A digest"),
    (
        "update records set merged_into = -1 where fate = 'merged'",
        "merged_records_have_a_keeper|practice_members|{merged}|merged_into",
    ),
    (
        "delete from migration_errors where entity = 'practice_owners'",
        "kept_back_records_have_a_reason|practice_owners|{kept}|",
    ),
    (
        "delete from legacy_auth_group where legacy_id = (select max(legacy_id) from legacy_auth_group)",
        "snapshot_is_as_taken|auth_group||digest",
    ),
    (
        "update facts set value = '1999-01-01T00:00:00Z' where name = 'load_completed_at'",
        "steps_follow_each_other|facts||load_completed_at",
    ),
];

#[test]
fn damage_to_the_file_is_found_and_located() {
    let world = World::copy();
    let profiles: Vec<String> = world
        .ask("select legacy_id from ready_profiles where role = 'patient' order by legacy_id limit 40")
        .into_iter()
        .collect();
    let patients: Vec<String> = world
        .ask("select legacy_id from ready_patients where gender <> 'unknown' and date_of_birth is not null order by legacy_id desc limit 40")
        .into_iter()
        .collect();
    let one = |sql: &str| world.ask(sql).into_iter().next().unwrap();
    let merged = one("select legacy_id from records where fate = 'merged'");
    let kept = one("select legacy_id from records where entity = 'practice_owners' and fate = 'quarantined'");
    let named = |text: &str| {
        let mut text = text.replace("{merged}", &merged).replace("{kept}", &kept);
        for (position, letter) in ('a'..='i').enumerate() {
            let ids = if matches!(letter, 'b' | 'e' | 'i') { &profiles } else { &patients };
            text = text.replace(&format!("{{{letter}}}"), &ids[position]);
        }
        text
    };
    for (damage, _) in FILE_DAMAGES {
        world.edit(&named(damage));
    }
    world.verify().expect(7);
    let found = world.findings();
    for (damage, finding) in FILE_DAMAGES {
        let finding = named(finding);
        assert!(found.contains(&finding), "{damage}: {finding} is not in {found:#?}");
    }
}

#[test]
fn settings_of_the_database_raise_no_alarm() {
    let world = World::copy();
    // what a person enters since in fields that the legacy never had, and rows that are not of this migration
    let others = "update patients set phone = '+1 555 0100', allergies = 'none known'; \
                  update profiles set metadata = metadata || '{\"theme\": \"dark\"}'; \
                  insert into profiles (email, first_name) values ('new.colleague@example.org', 'New')";
    world.sql(others);
    let name = world.sql("select current_database()").remove(0);
    for setting in [
        "timezone = 'Asia/Kolkata'",
        "datestyle = 'German, DMY'",
        "intervalstyle = 'iso_8601'",
        "extra_float_digits = 0",
        "bytea_output = 'escape'",
        "standard_conforming_strings = off",
        "quote_all_identifiers = on",
        "default_transaction_isolation = 'serializable'",
        "work_mem = '64kB'",
        "enable_indexscan = off",
        "default_transaction_read_only = on",
    ] {
        world.sql(&format!("alter database {name} set {setting}"));
    }
    world.verify().expect(0);
    assert!(world.differences().is_empty());
}

#[test]
fn another_collation_raises_no_alarm() {
    let server = database();
    psql(
        &server,
        "create database turkish template template0 encoding 'UTF8' locale 'C' \
         locale_provider icu icu_locale 'tr-TR-u-kn-true'",
    );
    let directory = tempfile::tempdir().unwrap();
    demo(directory.path(), &directory.path().join("world"), &Database::url_of("turkish"));
}

fn demo(directory: &Path, folder: &Path, url: &str) {
    Drydock::new(directory)
        .args(["demo", "--quiet", "--to", url, "--dir", folder.to_str().unwrap()])
        .run()
        .expect(0);
}
