//! The survey brings home the target's whole catalog and every row, and finds again what rows stand for.

use std::fs;
use std::path::Path;

use crate::harness::{Database, Drydock, Outcome, database, psql, sqlite3};
use tempfile::TempDir;

/// A folder with a staging file that holds three offices, and an empty target with the tables.
fn surveyed() -> (TempDir, Database) {
    let directory = TempDir::new().unwrap();
    let csv = directory.path().join("csv");
    fs::create_dir(&csv).unwrap();
    for (table, text) in [
        (
            "auth_user",
            "id,first_name,last_name,email,date_joined\n1,Ada,Berg,a@b.example,2020-01-01 00:00:00+00\n",
        ),
        ("auth_group", "id,name\n2,Doctor\n"),
        ("auth_user_groups", "id,user_id,group_id\n"),
        (
            "dispatch_office",
            "id,name,doctor_id,city,phone,zip\n1,Harbour Smiles,1,Portland,503-555-0100,97201\n\
             2,Chain,1,Kobe,,\n3,Chain,1,Kobe,,\n4,,1,Osaka,,\n",
        ),
        ("dispatch_office_doctors", "id,office_id,user_id\n"),
        ("dispatch_patient", "id,user_id,birthdate,sex\n"),
    ] {
        fs::write(csv.join(format!("{table}.csv")), text).unwrap();
    }
    let target = database();
    drydock(directory.path(), &target, &["extract", "--csv", "csv"]).expect(0);
    drydock(directory.path(), &target, &["survey", "--create-tables"]).expect(0);
    (directory, target)
}

fn drydock(directory: &Path, target: &Database, arguments: &[&str]) -> Outcome {
    Drydock::new(directory).target(target).args(["--staging", "s"]).args(arguments).run()
}

/// Surveys with a configuration; the snapshot is taken anew, because the configuration belongs to the file.
fn survey_with(directory: &Path, target: &Database, config: &str) -> Outcome {
    fs::remove_file(directory.join("s")).unwrap();
    let empty = "source.allow_empty = ['auth_user_groups', 'dispatch_office_doctors', 'dispatch_patient']";
    fs::write(directory.join("c.toml"), format!("{empty}\n{config}")).unwrap();
    drydock(directory, target, &["--config", "c.toml", "extract", "--csv", "csv"]).expect(0);
    drydock(directory, target, &["survey"])
}

const ROW: &str = "00000000-0000-4000-8000-00000000000";

#[test]
fn the_catalog_is_whole() {
    let (directory, target) = surveyed();
    target.execute(
        "create unique index practices_one_active on practices (name) where is_active;
         alter table practices add constraint name_is_short check (length(name) < 200);
         alter table practices add column shown text generated always as (upper(name)) stored;
         create function touch() returns trigger language plpgsql as 'begin return new; end';
         create trigger touched before update on practices for each row execute function touch();
         alter table practices force row level security;",
    );
    drydock(directory.path(), &target, &["survey"]).expect(0);
    let file = directory.path().join("s");
    for (sql, wanted) in [
        (
            "select type_text, precision, scale from target_columns where table_name = 'practices' and column_name = 'tax_rate'",
            "numeric(9,6)|9|6",
        ),
        (
            "select default_text from target_columns where table_name = 'practices' and column_name = 'id'",
            "gen_random_uuid()",
        ),
        (
            "select is_generated, default_text from target_columns where column_name = 'shown'",
            "1|upper(name)",
        ),
        ("select kind, columns from target_keys where key_name = 'practices_one_active'", "i|[]"),
        ("select kind from target_keys where key_name = 'profiles_email_lower_key'", "i"),
        ("select kind from target_keys where key_name = 'name_is_short'", "c"),
        (
            "select references_table, references_columns from target_keys where kind = 'f' and columns = '[\"user_id\"]' \
             and table_name = 'patients'",
            "public.profiles|[\"id\"]",
        ),
        ("select trigger_name, is_enabled from target_triggers", "touched|1"),
        (
            "select row_security, forces_row_security, is_owner, rights like '%\"insert\"%' from target_tables \
             where table_name = 'practices'",
            "1|1|1|1",
        ),
        ("select count(*) > 1 from target_enums", "1"),
    ] {
        assert_eq!(sqlite3(&file, sql), wanted, "{sql}");
    }
}

#[test]
fn rows_come_with_their_digests_and_legacy_ids_from_wherever_they_are() {
    let (directory, target) = surveyed();
    let home = directory.path();
    target.execute(&format!(
        "insert into practices (id, legacy_id, name, metadata) values
             ('{ROW}1', 1, 'A', '{{}}'), ('{ROW}2', null, 'B', '{{\"legacy_id\": 2}}'), ('{ROW}3', null, 'C', '{{}}'),
             ('{ROW}4', null, 'D', '{{}}');
         create table migration_mappings (id serial, entity_type text, legacy_id text, new_id uuid);
         insert into migration_mappings (entity_type, legacy_id, new_id) values
             ('Practice', '3', '{ROW}3'), ('profile', '9', '{ROW}3'), ('practice', '4', '{ROW}4'),
             ('practice', '3', '{ROW}4')"
    ));
    let file = home.join("s");
    let rows = "select substr(target_id, -1), coalesce(legacy_id, '-'), coalesce(legacy_id_from, '-') from target_rows \
                where entity = 'practices' order by 1";

    drydock(home, &target, &["survey"]).expect(0);
    assert_eq!(sqlite3(&file, rows), "1|1|column\n2|-|-\n3|-|-\n4|-|-");
    survey_with(home, &target, "[target]\nlegacy_id = \"metadata\"\n").expect(0);
    assert_eq!(sqlite3(&file, rows), "1|1|column\n2|2|metadata\n3|-|-\n4|-|-");
    survey_with(home, &target, "[target]\nlegacy_id = \"migration_mappings\"\n").expect(0);
    assert_eq!(
        sqlite3(&file, rows),
        "1|1|column\n2|-|-\n3|3|migration_mappings\n4|-|-",
        "a row with two mappings has none"
    );

    let digest = format!("select digest from target_rows where target_id = '{ROW}1'");
    let before = sqlite3(&file, &digest);
    assert_eq!(before.len(), 64);
    target.execute("update practices set metadata = '{\"x\": 1}' where legacy_id = 1");
    drydock(home, &target, &["survey"]).expect(0);
    assert_ne!(sqlite3(&file, &digest), before);

    target.execute("drop table migration_mappings");
    let missing = drydock(home, &target, &["survey"]).expect(3);
    assert!(missing.stderr.contains("migration_mappings"), "{}", missing.stderr);
}

#[test]
fn a_lost_mapping_is_found_again_where_it_is_certain_and_reviewed_where_not() {
    let (directory, target) = surveyed();
    target.execute(&format!(
        "insert into practices (id, name, city, phone, zip_code) values
             ('{ROW}1', 'harbour smiles', 'Portland', '+1 503 555 0100', '97201'), ('{ROW}2', 'Chain', 'Kobe', null, null),
             ('{ROW}4', 'Office 4', 'Osaka', null, null), ('{ROW}9', 'Somebody else', 'Pune', null, null)"
    ));
    let outcome = drydock(directory.path(), &target, &["survey", "--json"]).expect(0);
    let summary: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(
        summary["lost"],
        serde_json::json!({ "practices": 4, "found": 2, "for_review": 1, "without_snapshot": false })
    );
    let file = directory.path().join("s");
    assert_eq!(
        sqlite3(
            &file,
            "select legacy_id, substr(target_id, -1), confidence_level, evidence, is_applied, reason from target_matches"
        ),
        "1|1|high|name, city, phone, zip_code|1|\n2|2|medium|name, city|0|several offices look like this row\n\
         3|2|medium|name, city|0|several offices look like this row\n4|4|medium|name, city|1|"
    );
    assert_eq!(
        sqlite3(
            &file,
            "select legacy_id, substr(target_id, -1) from target_rows where legacy_id_from = 'natural_key' order by 1"
        ),
        "1|1\n4|4"
    );
    assert!(!outcome.stdout.contains("Smiles") && !outcome.stderr.contains("Smiles"));
}

#[test]
fn a_target_that_never_had_legacy_ids_is_read_all_the_same() {
    let (directory, target) = surveyed();
    target.execute("alter table practices drop column legacy_id");
    psql(&target, "insert into practices (name, city) values ('Chain', 'Lima'), ('Other', 'Goa')");
    let outcome = drydock(directory.path(), &target, &["survey"]).expect(0);
    assert!(outcome.stdout.contains("practices 2 rows already there"), "{}", outcome.stdout);
    assert!(outcome.stdout.contains("column practices.legacy_id does not exist"), "{}", outcome.stdout);
}

#[test]
fn a_target_that_lost_its_mapping_is_loaded_into_the_rows_that_it_has() {
    let (directory, target) = surveyed();
    let home = directory.path();
    target.execute(&format!(
        "insert into practices (id, name, city, phone, zip_code) values
             ('{ROW}1', 'harbour smiles', 'Portland', '+1 503 555 0100', '97201'), ('{ROW}2', 'Chain', 'Kobe', null, null),
             ('{ROW}4', 'Office 4', 'Osaka', null, null);
         insert into profiles (id, email, role, metadata) values
             ('{ROW}7', 'a@b.example', 'doctor', '{{\"legacy_id\": 1, \"theirs\": true}}')"
    ));
    let all = "select string_agg(md5(t::text), ' ' order by id) from (select id, t::text as t from practices t \
               union all select id, t::text from profiles t union all select id, t::text from practice_members t) x (id, t)";
    let before = psql(&target, all);
    survey_with(home, &target, "[target]\nlegacy_id = \"metadata\"\n").expect(0);
    drydock(home, &target, &["transform"]).expect(0);
    let rehearsed = drydock(home, &target, &["load", "--dry-run"]).expect(0);
    assert!(rehearsed.stderr.contains("2 rows got the legacy id"), "{}", rehearsed.stderr);
    assert_eq!(psql(&target, all), before, "a rehearsal leaves nothing");

    drydock(home, &target, &["load"]).expect(0);
    let mapped = "select right(id::text, 1), legacy_id from practices where id::text like '0000%' order by 1";
    assert_eq!(psql(&target, mapped), "1|1\n2|\n4|4");
    assert_eq!(
        psql(&target, "select count(*), count(legacy_id) from practices"),
        "5|4",
        "two are new, one is nobody's"
    );
    assert_eq!(
        psql(&target, "select legacy_id, metadata -> 'theirs', email from profiles"),
        "1|true|a@b.example"
    );
    drydock(home, &target, &["verify"]).expect(0);

    let loaded = psql(&target, "select string_agg(xmin::text, ' ' order by id) from practices");
    drydock(home, &target, &["load"]).expect(0);
    assert_eq!(psql(&target, "select string_agg(xmin::text, ' ' order by id) from practices"), loaded);

    let run = sqlite3(
        &home.join("s"),
        "select min(run_id) from runs where verb = 'load' and outcome = 'done' and run_id in (select run_id from loads)",
    );
    drydock(home, &target, &["rollback", "--run", &run]).expect(0);
    assert_eq!(psql(&target, all), before, "an undo takes the legacy ids back");

    // what was not certain is a question, and its answer is loaded
    let questions = drydock(home, &target, &["review", "export"]).expect(0).stdout;
    for item in ["practices:2:id", "practices:3:id"] {
        assert!(questions.contains(item) && questions.contains("target_row_uncertain"), "{questions}");
    }
    let answers = |second: &str| {
        let text = format!(
            "item,action,value,reason\npractices:2:id,set,{second},asked\npractices:3:id,accept,,asked\n"
        );
        fs::write(home.join("answers.csv"), text).unwrap();
        drydock(home, &target, &["review", "import", "answers.csv", "--by", "Anna Berg"])
    };
    answers(&format!("{ROW}5")).expect(3);
    answers(&format!("{ROW}1")).expect(3);
    let import = |text: String, more: &[&str]| {
        fs::write(home.join("answers.csv"), format!("item,action,value,reason\n{text}")).unwrap();
        drydock(home, &target, &[&["review", "import", "answers.csv", "--by", "Anna Berg"], more].concat())
    };
    // nothing is one row for two practices, neither in one file nor in two; a file may pass a row on
    let both = import(format!("practices:2:id,set,{ROW}2,\npractices:3:id,set,{ROW}2,\n"), &[]).expect(3);
    assert!(both.stderr.contains("line 3: line 2 gives the same row to practice 2\n"), "{}", both.stderr);
    import(format!("practices:3:id,set,{ROW}2,\n"), &[]).expect(0);
    let taken = import(format!("practices:2:id,set,{ROW}2,\n"), &[]).expect(3);
    assert!(
        taken.stderr.contains("line 2: decision 1 gives the same row to practice 3\n"),
        "{}",
        taken.stderr
    );
    import(format!("practices:2:id,set,{ROW}2,\npractices:3:id,accept,,\n"), &["--revise"]).expect(0);
    drydock(home, &target, &["transform"]).expect(0);
    drydock(home, &target, &["load"]).expect(0);
    assert_eq!(psql(&target, mapped), "1|1\n2|2\n4|4");
    assert_eq!(psql(&target, "select count(*), count(legacy_id) from practices"), "4|4");
    drydock(home, &target, &["verify"]).expect(0);
    let open = "select count(*) from v_review_items where question = 'id'";
    assert_eq!(sqlite3(&home.join("s"), open), "0");
}
