//! A small invented legacy system for tests of what a load does, and the steps up to it.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::{Database, Drydock, Outcome, database, psql, sqlite3};

/// How many of each.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    pub offices: u32,
    /// The first tenth are doctors, the others patients.
    pub users: u32,
}

/// A configuration that gives tables and columns other names.
pub const NAMES: &str = "\
[target.tables]
practices = 'offices'
profiles = 'people'
practice_members = 'Office Members'

[target.columns.practices]
name = 'office_name'
legacy_id = 'old_id'
[target.columns.profiles]
id = 'uid'
email = 'E-Mail'
first_name = 'given_name'
practice_id = 'office'
[target.columns.patients]
assigned_profile_id = 'doctor'
";

/// The tables, renamed as `NAMES` says; one has a column of its own that has the name of one of ours, one has a default where a load
/// leaves nothing.
pub const RENAME: &str = "
alter table practices rename to offices;
alter table offices rename column name to office_name;
alter table offices rename column legacy_id to old_id;
alter table offices add column name text;
alter table profiles rename to people;
alter table people rename column id to uid;
alter table people rename column email to \"E-Mail\";
alter table people rename column first_name to given_name;
alter table people rename column practice_id to office;
alter table patients rename column assigned_profile_id to doctor;
alter table practice_members rename to \"Office Members\";";

/// A migration that is ready to be loaded.
pub struct Migration {
    pub directory: TempDir,
    pub target: Database,
    pub size: Size,
}

impl Migration {
    /// Offices from 1, users from 1001, patients from 5001, one for each user that is not a doctor.
    pub fn new(size: Size) -> Self {
        let migration = Self::without_tables(size);
        migration.create_tables();
        migration.resolve();
        migration
    }

    /// The same up to the snapshot, and an empty target without tables.
    pub fn without_tables(size: Size) -> Self {
        let directory = TempDir::new().expect("a temporary directory");
        let migration = Self { directory, target: database(), size };
        migration.write_legacy("");
        migration
    }

    /// The steps up to the load, by a configuration, into a target with the tables and whatever else `target` puts there.
    pub fn resolved(size: Size, config: &str, target: &str) -> Self {
        let migration = Self::without_tables(size);
        migration.create_tables();
        migration.target.execute(target);
        fs::write(migration.path().join("drydock.toml"), config).expect("the configuration");
        migration.run(["extract", "--csv", "legacy", "--config", "drydock.toml", "--quiet"]);
        migration.run(["survey", "--quiet"]);
        migration.run(["transform", "--quiet"]);
        migration
    }

    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    pub fn file(&self) -> PathBuf {
        self.path().join("staging.drydock")
    }

    /// The legacy system as CSV, with more lines of `auth_user`.
    pub fn write_legacy(&self, more_users: &str) {
        let folder = self.path().join("legacy");
        fs::create_dir_all(&folder).expect("a folder");
        let Size { offices, users } = self.size;
        let doctors = (users / 10).max(1);
        let mut table = String::from("id,name,doctor_id,city,valid\n");
        for office in 1..=offices {
            let _ = writeln!(
                table,
                "{office},Office No {office},{},Springfield,t",
                1001 + (office - 1) % doctors
            );
        }
        fs::write(folder.join("dispatch_office.csv"), &table).expect("offices");
        let mut table = String::from(
            "id,username,first_name,last_name,email,date_joined,is_active,is_staff,is_superuser\n",
        );
        for user in 1001..1001 + users {
            let _ = writeln!(
                table,
                "{user},u{user},Ann{user},Example,ann{user}@example.org,2020-01-01 00:00:00+00,t,f,f"
            );
        }
        table.push_str(more_users);
        fs::write(folder.join("auth_user.csv"), &table).expect("users");
        fs::write(folder.join("auth_group.csv"), "id,name\n1,Patient\n2,Doctor\n").expect("groups");
        let mut groups = String::from("id,user_id,group_id\n");
        let mut members = String::from("id,office_id,user_id\n");
        for doctor in 1001..1001 + doctors {
            let _ = writeln!(groups, "{doctor},{doctor},2");
            let _ = writeln!(members, "{doctor},{},{doctor}", 1 + (doctor - 1001) % offices);
        }
        fs::write(folder.join("auth_user_groups.csv"), &groups).expect("groups of users");
        fs::write(folder.join("dispatch_office_doctors.csv"), &members).expect("members");
        let mut table = String::from("id,user_id,birthdate,sex,updated_at,doctor_id,office_id\n");
        for user in 1001 + doctors..1001 + users {
            let _ = writeln!(
                table,
                "{},{user},1980-02-03,1,2021-01-01 00:00:00+00,{},{}",
                user + 4000,
                1001 + user % doctors,
                1 + user % offices
            );
        }
        fs::write(folder.join("dispatch_patient.csv"), &table).expect("patients");
    }

    pub fn drydock<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Drydock {
        Drydock::new(self.path()).target(&self.target).args(arguments)
    }

    /// Runs and expects success.
    #[track_caller]
    pub fn run<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Outcome {
        self.drydock(arguments).run().expect(0)
    }

    pub fn create_tables(&self) {
        self.target.execute(&tables());
    }

    /// Extract, survey, transform.
    pub fn resolve(&self) {
        self.run(["extract", "--csv", "legacy", "--quiet"]);
        self.run(["survey", "--quiet"]);
        self.run(["transform", "--quiet"]);
    }

    /// The digest of every table of the target, whoever owns the rows.
    pub fn digest(&self) -> String {
        digest(&self.target)
    }

    pub fn psql(&self, sql: &str) -> String {
        psql(&self.target, sql)
    }

    pub fn sqlite(&self, sql: &str) -> String {
        sqlite3(&self.file(), sql)
    }

    /// The number of the last run of a verb.
    pub fn last_run(&self, verb: &str) -> String {
        self.sqlite(&format!("select max(run_id) from runs where verb = '{verb}'"))
    }
}

/// The digest of every table of a target.
pub fn digest(target: &Database) -> String {
    ["practices", "profiles", "patients", "practice_members"]
        .map(|table| {
            psql(
                target,
                &format!("select '{table}', count(*), md5(string_agg(t::text, E'\\n' order by t.id)) from {table} t"),
            )
        })
        .join("\n")
}

/// The digest without the moments that the database itself puts in.
pub fn digest_without_moments(target: &Database) -> String {
    ["practices", "profiles", "patients", "practice_members"]
        .map(|table| {
            psql(
                target,
                &format!(
                    "select '{table}', count(*), md5(string_agg((to_jsonb(t) - 'created_at' - 'updated_at')::text, \
                     E'\\n' order by t.id)) from {table} t"
                ),
            )
        })
        .join("\n")
}

/// The tables of an empty target.
pub fn tables() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sql/target");
    let mut files: Vec<_> =
        fs::read_dir(folder).expect("sql/target").map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|path| fs::read_to_string(path).expect("a file of DDL")).collect()
}
