//! Whole worlds into tables that are not Drydock's own, by a shipped mapping alone and with a trigger on every table: each record as
//! the world's own truth says, read from the target's tables by their own names.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use drydock::demo::world::{EmailStatus, World};

use crate::harness::{Job, database, psql, world_config};

const TOUCHED: &str = "
    do $$ declare r record; begin
        execute 'create or replace function touch() returns trigger language plpgsql as ''begin new.updated_at = clock_timestamp(); return new; end''';
        for r in select table_name as name from information_schema.columns where table_schema = 'public' and column_name = 'updated_at'
        loop execute format('create or replace trigger touched before update on %I for each row execute function touch()', r.name); end loop;
    end $$";

struct Loaded {
    job: Job,
    world: World,
}

impl Loaded {
    fn new(version: &str, seed: u64) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/targets");
        let read = |name: &str| fs::read_to_string(folder.join(name)).expect(name);
        let target = database();
        target.execute(&read("platform.sql"));
        target.execute(&read(&format!("{version}/tables.sql")));
        target.execute(TOUCHED);
        let world = World::generate(seed);
        let mapping = read(&format!("{version}/drydock.toml"));
        let job = Job::of_generated(&world, target).by(&format!("{}{mapping}", world_config()));
        Self { job: job.at("verify"), world }
    }

    /// Rows by their first column.
    fn by_id(&self, sql: &str) -> BTreeMap<i64, Vec<String>> {
        let printed = self.job.loaded(sql);
        let rows = printed.lines().map(|line| {
            let mut fields = line.split('|').map(str::to_owned);
            (fields.next().unwrap_or_default().parse().expect("an id"), fields.collect())
        });
        rows.collect()
    }

    /// Everybody is there once, with the role and the address of the truth.
    fn expect_people(&self, unknown: &str, takes: impl Fn(&str) -> bool) {
        let people = self.by_id(
            "select legacy_user_id, profile_type, email from profiles where legacy_user_id is not null",
        );
        assert_eq!(self.job.loaded("select count(*) from profiles"), people.len().to_string());
        assert_eq!(people.len(), self.world.truth.users.len());
        for user in &self.world.truth.users {
            let row = &people[&user.user_id.0];
            let kind = match user.role {
                "admin" => "master",
                "unknown" => unknown,
                role => role,
            };
            assert_eq!(row[0], kind, "user {}", user.user_id);
            match (&user.email, user.email_status) {
                (Some(address), _) if takes(address) => assert_eq!(row[1], *address, "user {}", user.user_id),
                // the first phase, which has taken it, is not there
                (None, EmailStatus::TakenInTarget) => {}
                _ => assert!(row[1].ends_with("@migrated.local"), "user {}", user.user_id),
            }
        }
    }

    /// A second load writes nothing, and a rollback leaves nothing.
    fn expect_an_end(&self) {
        let everything = |columns: &str| {
            let tables = self.job.loaded(
                "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1",
            );
            let digest = |table: &str| {
                psql(
                    self.job.target(),
                    &format!(
                        "select md5(string_agg({columns}, ' ' order by t::text collate \"C\")) from {table} t"
                    ),
                )
            };
            tables.lines().map(digest).collect::<Vec<_>>()
        };
        let written = everything("t.xmin || t::text");
        self.job.run(["load", "--quiet"]);
        assert_eq!(everything("t.xmin || t::text"), written);
        let run = self.job.staged("select min(run_id) from receipts");
        self.job.run(["rollback", "--run", &run, "--quiet"]);
        assert!(everything("t::text").iter().all(String::is_empty));
    }
}

#[test]
fn doctors_of_their_own_and_patients_apart() {
    let loaded = Loaded::new("v4", 1);
    // the one version whose constraint takes no apostrophe
    loaded.expect_people("support_agent", |address| !address.contains('\''));
    let patients = loaded.by_id(
        "select t.legacy_patient_id, f.legacy_user_id, o.legacy_office_id, d.legacy_user_id \
         from patients t join profiles f on f.id = t.profile_id join offices o on o.id = t.assigned_office_id \
         left join doctors d on d.id = t.primary_doctor_id",
    );
    assert_eq!(patients.len(), loaded.world.truth.patients.len());
    for patient in &loaded.world.truth.patients {
        let provider = patient.provider.map(|id| id.to_string()).unwrap_or_default();
        let expected = [patient.user_id.to_string(), patient.placement.practice.to_string(), provider];
        assert_eq!(patients[&patient.patient_id.0], expected, "patient {}", patient.patient_id);
    }
    loaded.expect_an_end();
}

#[test]
fn patients_that_are_profiles_and_a_mapping_table() {
    let loaded = Loaded::new("v3", 2);
    loaded.expect_people("client", |_| true);
    let patients = loaded
        .by_id("select legacy_patient_id, legacy_user_id from profiles where legacy_patient_id is not null");
    // a user with two patients has room for one of them
    let mut of_users: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for patient in &loaded.world.truth.patients {
        of_users.entry(patient.user_id.0).or_default().push(patient.patient_id.0);
    }
    assert_eq!(patients.len(), of_users.len());
    for (patient, row) in &patients {
        assert!(of_users[&row[0].parse().unwrap()].contains(patient), "patient {patient}");
    }
    let offices = loaded.job.loaded(
        "select count(*) from offices o join migration_mappings m on m.new_id = o.id and m.entity_type = 'office'",
    );
    assert_eq!(offices, loaded.job.loaded("select count(*) from offices"));
    loaded.expect_an_end();
}
