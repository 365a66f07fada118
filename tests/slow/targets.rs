//! The targets that exist, each by its shipped mapping alone: the whole job, contents by the truth, a second load that writes
//! nothing, a rollback to what was there, and damage that is seen.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::harness::{Job, Size, database, psql};

const SIZE: Size = Size { offices: 4, users: 50 };

/// Somebody whose address is valid and has an apostrophe.
const MORE: &str = "1090,u1090,Rory,O'Neil,rory.o'neil@example.org,2020-01-01 00:00:00+00,t,f,f\n";

/// A version, and how its tables tell what all of them hold: people, patients, offices, members.
struct Version {
    name: &'static str,
    people: &'static str,
    patients: &'static str,
    offices: &'static str,
    members: &'static str,
    /// A column that a mapping fills, changed behind its back.
    damage: &'static str,
}

const BY_EMAIL: &str = "select first_name || ' ' || email from profiles";

const VERSIONS: [Version; 6] = [
    Version {
        name: "v0",
        people: BY_EMAIL,
        patients: "select patient_number || ' ' || first_name || ' ' || date_of_birth || ' ' || gender from patients",
        offices: "select name || ' ' || (address ->> 'city') from practices",
        members: "select p.name || ' ' || f.first_name from practice_members m join practices p on p.id = m.practice_id \
                  join profiles f on f.id = m.profile_id",
        damage: "update patients set patient_number = 'PAT-0' where patient_number = 'PAT-005010'",
    },
    Version {
        name: "v1",
        people: BY_EMAIL,
        patients: "select patient_number || ' ' || first_name || ' ' || date_of_birth || ' ' || gender from patients",
        offices: "select name || ' ' || (address ->> 'city') from practices",
        members: "select p.name || ' ' || f.first_name from practice_members m join practices p on p.id = m.practice_id \
                  join profiles f on f.id = m.profile_id",
        damage: "update practices set address = '{}' where name = 'Office No 2'",
    },
    Version {
        name: "v1-plan",
        people: BY_EMAIL,
        patients: "select 'PAT-00' || legacy_id || ' ' || first_name || ' ' || date_of_birth || ' ' || gender from patients",
        offices: "select name || ' ' || city from practices",
        members: "select distinct p.name || ' ' || f.first_name from practice_members m join practices p on p.id = m.practice_id \
                  join profiles f on f.id = m.profile_id",
        damage: "update patients set gender = 'other' where legacy_id = 5010",
    },
    Version {
        name: "v2",
        people: BY_EMAIL,
        patients: "select 'PAT-00' || legacy_patient_id || ' ' || first_name || ' ' || date_of_birth || ' ' || gender \
                   from profiles where profile_type = 'patient'",
        offices: "select name || ' ' || city from offices",
        members: "select o.name || ' ' || f.first_name from doctor_offices m join offices o on o.id = m.office_id \
                  join profiles f on f.id = m.doctor_id",
        damage: "update profiles set date_of_birth = '1990-01-01' where legacy_patient_id = 5010",
    },
    Version {
        name: "v3",
        people: "select first_name || ' ' || email from profiles where username = 'u' || legacy_user_id",
        patients: "select 'PAT-00' || legacy_patient_id || ' ' || first_name || ' ' || date_of_birth || ' ' || gender \
                   from profiles where profile_type = 'patient'",
        offices: "select o.name || ' ' || o.city from offices o join migration_mappings m on m.new_id = o.id \
                  where m.entity_type = 'office' and o.name = 'Office No ' || m.legacy_id",
        members: "select o.name || ' ' || f.first_name from doctor_offices m join offices o on o.id = m.office_id \
                  join profiles f on f.id = m.doctor_id",
        damage: "update profiles set username = 'nobody' where legacy_user_id = 1010",
    },
    Version {
        name: "v4",
        people: "select first_name || ' ' || email from profiles where username = 'u' || legacy_user_id",
        patients: "select t.patient_number || ' ' || f.first_name || ' ' || t.date_of_birth || ' ' || t.sex from patients t \
                   join profiles f on f.id = t.profile_id and f.legacy_user_id = t.legacy_user_id \
                   join doctors d on d.id = t.primary_doctor_id where d.doctor_number = 'DOC-00' || t.legacy_doctor_id",
        offices: "select name || ' ' || city from offices",
        members: "select o.name || ' ' || f.first_name from doctor_offices m join offices o on o.id = m.office_id \
                  join doctors d on d.id = m.doctor_id join profiles f on f.id = d.profile_id",
        damage: "update doctors set doctor_number = 'DOC-0' where doctor_number = 'DOC-001001'",
    },
];

fn fixture(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/targets");
    fs::read_to_string(folder.join(name)).unwrap_or_else(|cause| panic!("{name}: {cause}"))
}

fn job(version: &Version) -> Job {
    let target = database();
    target.execute(&fixture("platform.sql"));
    target.execute(&fixture(&format!("{}/tables.sql", version.name)));
    let job = Job::new("legacy", target);
    SIZE.write(&job.path("legacy"), MORE);
    job.by(&format!("policy.default_practice = 1\n{}", fixture(&format!("{}/drydock.toml", version.name))))
}

/// What the small system's makers put into it.
fn truth(version: &Version) -> [String; 4] {
    let (mut people, mut patients, mut offices, mut members) = (vec![], vec![], vec![], vec![]);
    for user in 1001..1001 + SIZE.users {
        people.push(format!("Ann{user} ann{user}@example.org"));
        if user >= 1006 {
            patients.push(format!("PAT-00{} Ann{user} 1980-02-03 male", user + 4000));
        }
    }
    // the one version whose constraint takes no apostrophe
    people.push(if version.name == "v4" {
        "Rory rory.oneil.1090@migrated.local".to_owned()
    } else {
        "Rory rory.o'neil@example.org".to_owned()
    });
    for office in 1..=SIZE.offices {
        offices.push(format!("Office No {office} Springfield"));
        members.push(format!("Office No {office} Ann{}", 1000 + office));
    }
    members.push("Office No 1 Ann1005".to_owned());
    [people, patients, offices, members].map(|mut lines| {
        lines.sort();
        lines.join("\n")
    })
}

fn held(job: &Job, version: &Version) -> [String; 4] {
    [version.people, version.patients, version.offices, version.members].map(|sql| {
        let printed = psql(job.target(), sql);
        let mut lines: Vec<&str> = printed.lines().collect();
        lines.sort_unstable();
        lines.join("\n")
    })
}

/// Every row of every table of the application; with `xmin`, whether one was written again.
fn everything(job: &Job, with: &str) -> String {
    let tables = psql(
        job.target(),
        "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1",
    );
    let mut all = String::new();
    for table in tables.lines() {
        let rows = psql(
            job.target(),
            &format!("select {with} t::text from {table} t order by t::text collate \"C\""),
        );
        let _ = writeln!(all, "{table}\n{rows}");
    }
    all
}

/// The accounts that the first version has behind its profiles.
fn make_accounts(job: &Job) {
    let refused = job.drydock(["load", "--quiet"]).run().expect(5);
    assert!(refused.stderr.contains("51 of 51 profiles have no account there"), "{}", refused.stderr);
    job.run(["auth", "--out", "accounts", "--all", "--quiet"]);
    for _ in 0..2 {
        let made = Command::new("psql")
            .args([
                "-X",
                "-q",
                "-v",
                "ON_ERROR_STOP=1",
                "-d",
                &job.target().url(),
                "-f",
                "accounts/accounts.sql",
            ])
            .current_dir(job.folder())
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }
    assert_eq!(
        psql(job.target(), "select count(*) from profiles"),
        "51",
        "the platform's trigger makes profiles"
    );
    let bodies = fs::read_to_string(job.path("accounts/accounts.json")).unwrap();
    assert_eq!(bodies.lines().count(), 51);
    assert!(!bodies.contains("password"), "{bodies}");
    job.steps("survey", "transform");
}

fn by_its_mapping_alone(name: &str) {
    let version = VERSIONS.iter().find(|version| version.name == name).unwrap();
    let job = job(version).at("transform");
    if name == "v0" {
        make_accounts(&job);
    }
    let before = everything(&job, "");

    job.run(["load", "--quiet", "--chunk-rows", "13"]);
    job.run(["verify", "--quiet"]);
    for (held, truth) in held(&job, version).iter().zip(truth(version)) {
        assert_eq!(*held, truth, "{name}");
    }
    let written = everything(&job, "t.xmin,");
    job.run(["load", "--quiet"]);
    assert_eq!(everything(&job, "t.xmin,"), written, "{name}: a second load writes nothing");

    let run = job.staged(
        "select min(run_id) from runs where verb = 'load' and run_id in (select run_id from receipts)",
    );
    job.run(["rollback", "--run", &run, "--quiet"]);
    assert_eq!(everything(&job, ""), before, "{name}");

    job.run(["load", "--quiet"]);
    job.run(["verify", "--quiet"]);
    job.target().execute(&format!("set session_replication_role = replica; {}", version.damage));
    job.drydock(["verify", "--quiet"]).run().expect(7);
    assert_eq!(job.staged("select count(*) from differences"), "1", "{name}");
    job.run(["load", "--quiet"]);
    job.run(["verify", "--quiet"]);
}

#[test]
fn v0_with_accounts_behind_profiles() {
    by_its_mapping_alone("v0");
}

#[test]
fn v1_without_a_legacy_id_anywhere() {
    by_its_mapping_alone("v1");
}

#[test]
fn v1_as_the_plan_has_it() {
    by_its_mapping_alone("v1-plan");
}

#[test]
fn v2_where_patients_are_profiles() {
    by_its_mapping_alone("v2");
}

#[test]
fn v3_with_a_mapping_table() {
    by_its_mapping_alone("v3");
}

#[test]
fn v4_with_doctors_of_their_own() {
    by_its_mapping_alone("v4");
}

#[test]
fn a_doctor_says_where_each_column_comes_from_and_writes_nothing() {
    let version = &VERSIONS[5];
    let job = job(version);
    let before = everything(&job, "t.xmin,");
    let told = job.drydock(["doctor", "--csv", "legacy", "--config", "drydock.toml"]).run();
    for words in [
        "patients.patient_number \u{2190} \"PAT-{legacy_id:06}\"",
        "offices.legacy_office_id \u{2190} practices.legacy_id",
        "doctors.primary_office_id \u{2190} \"{practice_id}\"",
        "profiles.full_name \u{2190} computed by the database",
        "profiles.password_hash \u{2190} its own default",
        "nowhere \u{2190} patients.first_name, last_name",
    ] {
        assert!(told.stdout.contains(words), "{words} in\n{}", told.stdout);
    }
    assert_eq!(everything(&job, "t.xmin,"), before);
}

#[test]
fn what_a_mapping_names_and_nobody_knows_is_told() {
    let job = job(&VERSIONS[3]);
    for (text, words) in [
        ("[target.fill.profiles]\nnick = '{nickname}'", "names nickname in target.fill.profiles.nick"),
        ("[target.fill.profiles]\nnick = '{legacy.usrname}'", "did you mean legacy.username?"),
        ("[target.columns.profiles]\nrole = true", "target.columns.profiles.role"),
        ("[target.columns.profiles]\nrole = 'x'\n[target.fill.profiles]\nx = 'y'", "x is filled twice"),
        ("[target.tables]\npatients = { onto = 'people' }", "people"),
        ("[target.parts.doctors]\nof = 'profils'", "did you mean profiles?"),
    ] {
        fs::write(job.path("wrong.toml"), text).unwrap();
        let refused =
            job.drydock(["extract", "--csv", "legacy", "--config", "wrong.toml", "--staging", "other"]);
        let refused = refused.run().expect(3);
        assert!(refused.stderr.contains(words), "{text}: {}", refused.stderr);
    }
    // a column that the target does not have
    let config = fs::read_to_string(job.path("drydock.toml")).unwrap();
    fs::write(job.path("drydock.toml"), config.replace("emails_enabled", "emails_allowed")).unwrap();
    job.up_to("transform");
    let refused = job.drydock(["load", "--quiet"]).run().expect(5);
    assert!(refused.stderr.contains("column offices.emails_allowed does not exist"), "{}", refused.stderr);
    assert_eq!(psql(job.target(), "select count(*) from offices"), "0");
}

#[test]
fn a_draft_recognises_what_it_can_and_names_what_it_cannot() {
    // what a person writes where the draft says that it needs one
    for (place, answer) in [
        (3, "map = { admin = 'master', unknown = 'client' }"),
        (5, "map = { admin = 'master', unknown = 'support_agent' }"),
    ] {
        let version = &VERSIONS[place];
        let job = job(version);
        let before = everything(&job, "t.xmin,");
        job.run(["target", "draft", "--out", "draft.toml"]);
        assert_eq!(everything(&job, "t.xmin,"), before);
        let draft = fs::read_to_string(job.path("draft.toml")).unwrap();
        assert_eq!(draft.matches("map = { }").count(), 1, "{draft}");
        let config = format!("policy.default_practice = 1\n{}", draft.replace("map = { }", answer));
        let job = job.by(&config).at("load");
        job.run(["verify", "--quiet"]);
        assert_eq!(held(&job, version)[0], truth(version)[0], "{draft}");
    }
    let job = job(&VERSIONS[2]);
    let draft = job.run(["target", "draft"]).stdout;
    assert!(
        draft.contains("[policy.roles]\n# FOR YOU: a label for each of these; there are doctor, technician"),
        "{draft}"
    );
    assert!(draft.contains("# patient = \"\"") && !draft.contains("= false"), "{draft}");
}

#[test]
fn what_no_row_can_be_merged_into_is_found_before_the_first_write() {
    for (damage, words) in [
        (
            "alter table patients drop constraint patients_legacy_id_key;
             alter table patients add constraint patients_legacy_id_key unique (legacy_id) deferrable",
            "the unique key patients_legacy_id_key of table patients is deferrable",
        ),
        (
            "create rule quiet as on update to patients do also nothing",
            "table patients has rules for inserts or updates",
        ),
        (
            "create publication news for table patients; alter table patients replica identity nothing",
            "table patients is published with its updates or deletes and has no replica identity",
        ),
    ] {
        let job = Job::of_size(SIZE).by("");
        job.target().execute(damage);
        job.up_to("transform");
        let refused = job.drydock(["load", "--quiet"]).run().expect(5);
        assert!(refused.stderr.contains(words), "{words} in {}", refused.stderr);
        assert_eq!(job.loaded("select count(*) from practices"), "0");
    }
}

#[test]
fn a_parted_table_is_loaded_and_given_back() {
    let job = Job::of_size(SIZE).by("");
    job.target().execute(
        "alter table patients rename to patients_alone;
         create table patients (like patients_alone including defaults, unique (legacy_id)) partition by hash (legacy_id);
         create table patients_0 partition of patients for values with (modulus 2, remainder 0);
         create table patients_1 partition of patients for values with (modulus 2, remainder 1);
         insert into patients (id, legacy_id, user_id, first_name, last_name, email, gender, metadata, created_at, updated_at)
         select gen_random_uuid(), 5010, gen_random_uuid(), 'Old', '', '', 'unknown', '{}', now(), now()",
    );
    job.up_to("transform");
    let rows = "select md5(string_agg(t::text, ' ' order by legacy_id)) from patients t";
    let before = job.loaded(rows);
    job.run(["load", "--quiet", "--chunk-rows", "9"]);
    job.run(["verify", "--quiet"]);
    let written = job.loaded("select string_agg(xmin::text, ' ' order by legacy_id) from patients");
    job.run(["load", "--quiet"]);
    assert_eq!(job.loaded("select string_agg(xmin::text, ' ' order by legacy_id) from patients"), written);
    let run = job.staged("select min(run_id) from receipts");
    job.run(["rollback", "--run", &run, "--quiet"]);
    assert_eq!(job.loaded(rows), before);
}

/// People whom an earlier migration made, under another key of their metadata, with the address that it gave them.
const EARLIER: &str = "insert into profiles (id, email, first_name, last_name, role, metadata)
    select gen_random_uuid(), 'ann.' || n || '@migrated.local', 'Ann' || n, 'Example', 'patient', jsonb_build_object('django_id', n)
    from generate_series(1001, 1040) n";

#[test]
fn a_table_of_people_whom_nobody_knows_stops_the_survey_and_the_right_place_is_named() {
    let job = Job::of_size(SIZE).by("");
    job.target().execute(EARLIER);
    job.up_to("extract");
    let refused = job.verb("survey").run().expect(3);
    for words in [
        "profiles has 40 rows, and none says",
        "target.legacy_id = \"fallback_address\" would find 40",
        "target.legacy_id = \"metadata.django_id\" would find 40",
        "target.rows_of_others = true",
    ] {
        assert!(refused.stderr.contains(words), "{words} in {}", refused.stderr);
    }
    job.drydock(["load", "--quiet"]).run().expect(3);
    for place in ["metadata.django_id", "fallback_address"] {
        let job = Job::of_size(SIZE).by(&format!("target.legacy_id = '{place}'"));
        job.target().execute(EARLIER);
        job.up_to("verify");
        assert_eq!(job.loaded("select count(*), count(legacy_id) from profiles"), "50|50", "{place}");
        assert_eq!(
            job.loaded("select count(*) from profiles where metadata ->> 'django_id' = legacy_id::text"),
            "40"
        );
    }
    let job = Job::of_size(SIZE).by("target.rows_of_others = true");
    job.target().execute(EARLIER);
    let told = job.at("extract").run(["survey"]);
    assert!(
        told.stdout.contains("profiles 40 rows already there, 40 of them stand for no legacy record"),
        "{}",
        told.stdout
    );
}

#[test]
fn what_all_are_refused_for_stops_the_load_and_is_said_once() {
    let size = Size { offices: 3, users: 900 };
    let check = "alter table profiles add constraint short check (length(first_name) < 4)";
    let job = Job::resolved(size, "", check);
    let refused = job.drydock(["load", "--quiet"]).run().expect(5);
    assert!(refused.stderr.contains("900 of 900 profiles break the constraint short"), "{}", refused.stderr);
    // what only the write shows
    let trigger = "create function short() returns trigger language plpgsql as $$ \
                   begin if length(new.first_name) > 3 then raise exception 'no'; end if; return new; end $$; \
                   create trigger short before insert on profiles for each row execute function short()";
    let job = Job::resolved(size, "", trigger);
    let refused = job.drydock(["load", "--quiet"]).run().expect(5);
    assert!(refused.stderr.contains("profiles of phase 2A are refused for one reason"), "{}", refused.stderr);
    assert!(refused.stderr.contains("trigger short"), "{}", refused.stderr);
    // a few are set apart as before
    let some = "alter table profiles add constraint short check (first_name not like '%1')";
    let job = Job::resolved(size, "", some);
    job.drydock(["load", "--quiet"]).run().expect(6);
    assert_eq!(job.loaded("select count(*) from profiles"), "810");
}

#[test]
fn of_two_patients_who_share_a_profile_one_is_added_to_it_and_the_other_waits() {
    let job = job(&VERSIONS[3]);
    let path = job.path("legacy/dispatch_patient.csv");
    let text = fs::read_to_string(&path).unwrap() + "7001,1010,1980-02-03,1,2021-01-01 00:00:00+00,1001,1\n";
    fs::write(&path, text).unwrap();
    let config = fs::read_to_string(job.path("drydock.toml")).unwrap();
    let job = job.by(&format!("policy.allowed_rejects = {{ patients = 1 }}\n{config}")).at("verify");
    assert_eq!(job.loaded("select legacy_patient_id from profiles where legacy_user_id = 1010"), "5010");
    assert_eq!(job.staged("select legacy_id from records where fate = 'quarantined'"), "7001");
}

#[test]
fn the_tables_of_an_empty_target_are_migrations_too() {
    let job = Job::new("legacy", database());
    job.run(["target", "migrations", "--out", "supabase/migrations"]);
    let mut files: Vec<_> =
        fs::read_dir(job.path("supabase/migrations")).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    assert!(files[0].ends_with("20250101000001_drydock_types.sql"), "{files:?}");
    for file in &files {
        job.target().execute(&fs::read_to_string(file).unwrap());
    }
    SIZE.write(&job.path("legacy"), "");
    job.by("").up_to("verify");
}
