//! Rows that stand for a record only by `migration_mappings`: a load claims them, and does not put another one beside them.

use crate::harness::{Job, NAMES, RENAME, Size};

const SMALL: Size = Size { offices: 3, users: 60 };

/// One row for a record of each entity, whose legacy id stands in the mapping only; two profiles have each other's address.
/// One row says in its column whose it is, whatever the mapping says; one is of a record that the source no longer has; one
/// has two mappings, and one has none. The views show the tables under our names whatever becomes of those.
const ROWS: &str = "
insert into practices (id, legacy_id, name) values
    ('00000000-0000-4000-8000-0000000000a1', null, 'Old name'), ('00000000-0000-4000-8000-0000000000a2', 2, 'Two'),
    ('00000000-0000-4000-8000-0000000000a9', null, 'Somebody else''s');
insert into profiles (id, email, metadata) values
    ('00000000-0000-4000-8000-0000000000b1', 'ann1002@example.org', '{\"theirs\": 1}'),
    ('00000000-0000-4000-8000-0000000000b2', 'ANN1001@example.org', '{}'),
    ('00000000-0000-4000-8000-0000000000b7', 'ann1007@example.org', '{}'),
    ('00000000-0000-4000-8000-0000000000b8', 'gone@example.org', '{}'),
    ('00000000-0000-4000-8000-0000000000b9', 'foreign@example.org', '{}');
insert into patients (id, user_id, medical_history) values
    ('00000000-0000-4000-8000-0000000000c7', '00000000-0000-4000-8000-0000000000b7', 'written in the target');
insert into practice_members (id, practice_id, profile_id, role) values
    ('00000000-0000-4000-8000-0000000000d1', '00000000-0000-4000-8000-0000000000a1',
     '00000000-0000-4000-8000-0000000000b1', 'owner'),
    ('00000000-0000-4000-8000-0000000000d2', '00000000-0000-4000-8000-0000000000a1',
     '00000000-0000-4000-8000-0000000000b1', 'doctor');
create table migration_mappings (id serial, entity_type text, legacy_id text, new_id uuid);
insert into migration_mappings (entity_type, legacy_id, new_id) values
    ('practice', '1', '00000000-0000-4000-8000-0000000000a1'),
    ('practice', '3', '00000000-0000-4000-8000-0000000000a2'),
    ('Profile', '1001', '00000000-0000-4000-8000-0000000000b1'),
    ('auth_user', '1002', '00000000-0000-4000-8000-0000000000b2'),
    ('profiles', '1007', '00000000-0000-4000-8000-0000000000b7'),
    ('profile', '999999', '00000000-0000-4000-8000-0000000000b8'),
    ('profile', '1011', '00000000-0000-4000-8000-0000000000b9'),
    ('profile', '1012', '00000000-0000-4000-8000-0000000000b9'),
    ('patient', '5007', '00000000-0000-4000-8000-0000000000c7'),
    ('practice_owner', '1', '00000000-0000-4000-8000-0000000000d1'),
    ('practice_member', '1001', '00000000-0000-4000-8000-0000000000d2');
create schema seen;
create view seen.practices as select xmin::text as version, * from practices;
create view seen.profiles as select xmin::text as version, * from profiles;
create view seen.patients as select xmin::text as version, * from patients;
create view seen.practice_members as select xmin::text as version, * from practice_members;
";

/// Every row of the target's tables and of the mapping, without its version or with it.
fn contents(migration: &Job, version: &str) -> String {
    let of = |table: &str| {
        let row = format!("(to_jsonb(t){version})::text");
        migration.loaded(&format!(
            "select count(*), md5(string_agg({row}, ' ' order by t.id::text)) from {table} t"
        ))
    };
    let tables = ["practices", "profiles", "patients", "practice_members"];
    let mut digests: Vec<String> = tables.map(|table| of(&format!("seen.{table}"))).to_vec();
    digests.push(of("migration_mappings"));
    digests.join("\n")
}

/// The rows that were there before: the end of their id, and their legacy id.
fn mapped(migration: &Job) -> String {
    let of = |table: &str| {
        format!(
            "select right(id::text, 2), coalesce(legacy_id::text, '-') from seen.{table} \
             where id::text like '00000000-0000-4000-8000-%'"
        )
    };
    let all = ["practices", "profiles", "patients", "practice_members"].map(of).join(" union all ");
    migration.loaded(&format!("{all} order by 1")).replace('\n', " ")
}

fn rows_are_claimed(config: &str, rename: &str) {
    const UNVERSIONED: &str = " - 'version'";
    let migration = Job::resolved(SMALL, config, &format!("{ROWS}{rename}"));
    assert_eq!(
        migration.staged(
            "select group_concat(substr(target_id, -2) || ' ' || coalesce(legacy_id_from, 'nobody''s'), ', ') \
             from (select * from target_rows order by substr(target_id, -2))"
        ),
        "a1 migration_mappings, a2 column, a9 nobody's, b1 migration_mappings, b2 migration_mappings, \
         b7 migration_mappings, b8 migration_mappings, b9 nobody's, c7 migration_mappings, d1 migration_mappings, \
         d2 migration_mappings"
    );
    let before = contents(&migration, UNVERSIONED);
    let (unclaimed, claimed) = (
        "a1|- a2|2 a9|- b1|- b2|- b7|- b8|- b9|- c7|- d1|- d2|-",
        "a1|1 a2|2 a9|- b1|1001 b2|1002 b7|1007 b8|- b9|- c7|5007 d1|1 d2|1001",
    );
    assert_eq!(mapped(&migration), unclaimed);

    let rehearsed = migration.run(["load", "--dry-run"]);
    assert!(rehearsed.stderr.contains("3 rows got the legacy id"), "{}", rehearsed.stderr);
    assert_eq!(contents(&migration, UNVERSIONED), before, "a rehearsal leaves nothing");

    // every row that was there keeps its id, and no record has two
    migration.run(["load", "--quiet", "--chunk-rows", "7"]);
    let run = migration.last_run("load");
    assert_eq!(mapped(&migration), claimed);
    let ready = "(select count(*) from ready_practices), (select count(*) from ready_profiles), \
                 (select count(*) from ready_patients), \
                 (select count(*) from ready_practice_owners) + (select count(*) from ready_practice_members)";
    let ready = migration.staged(&format!("select {ready}"));
    let with_id = ["practices", "profiles", "patients", "practice_members"]
        .map(|table| format!("(select count(legacy_id) from seen.{table})"))
        .join(", ");
    assert_eq!(migration.loaded(&format!("select {with_id}")), ready);
    assert_eq!(ready, "3|60|54|9");
    assert_eq!(
        migration
            .loaded("select (select count(*) from seen.practices), (select count(*) from seen.profiles)"),
        "4|62",
        "beside them one that is nobody's, two of records that there are not"
    );
    // what is loaded is the record, and what only the target knew is still there
    assert_eq!(
        migration.loaded(
            "select email, metadata -> 'theirs' from seen.profiles where legacy_id in (1001, 1002) order by 1"
        ),
        "ann1001@example.org|1\nann1002@example.org|"
    );
    assert_eq!(
        migration.loaded("select medical_history from seen.patients where legacy_id = 5007"),
        "written in the target"
    );
    migration.run(["verify", "--quiet"]);

    let written = contents(&migration, "");
    migration.run(["load", "--quiet"]);
    assert_eq!(contents(&migration, ""), written, "a second load writes nothing");

    // a survey that finds the legacy ids in their column resolves to the same, and has nothing to write either
    migration.run(["survey", "--quiet"]);
    migration.run(["transform", "--quiet"]);
    migration.run(["load", "--quiet"]);
    assert_eq!(contents(&migration, ""), written);

    migration.run(["rollback", "--run", &run, "--quiet"]);
    assert_eq!(contents(&migration, UNVERSIONED), before, "an undo takes the legacy ids back");
    assert_eq!(mapped(&migration), unclaimed);
}

#[test]
fn rows_that_only_the_mapping_knows_are_claimed_and_given_back() {
    rows_are_claimed("[target]\nlegacy_id = 'migration_mappings'\n", "");
}

#[test]
fn rows_of_tables_with_other_names_are_claimed_and_given_back() {
    // a mapping speaks of the table as the target calls it, too
    let rename = format!(
        "{RENAME} update migration_mappings set entity_type = 'People' where legacy_id = '1001' and entity_type = 'Profile';"
    );
    rows_are_claimed(&format!("[target]\nlegacy_id = 'migration_mappings'\n{NAMES}"), &rename);
}
