//! One migration in a folder of its own: a CSV folder to extract from, a target database, and the verbs as processes
//! that share nothing but the staging file.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use drydock::connect::Address;
use drydock::demo::seed_phase_one;
use drydock::demo::world::{COMPANY_DOMAINS, DEFAULT_PRACTICE, World};
use serde_json::Value;
use tempfile::TempDir;

use super::{Database, Drydock, Printed, Size, database, migrated, psql, sqlite3};

/// The plan-sized world that this test process shares.
pub fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| World::generate(1))
}

/// The folder with the hand-written cases.
pub fn cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/cases")
}

/// An empty target: the tables of `sql/target`, and no row.
pub fn empty_target() -> Database {
    let target = database();
    target.execute(&tables());
    target
}

/// What makes the tables of `sql/target`.
pub fn tables() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sql/target");
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).expect("sql/target").map(|entry| entry.expect("a file").path()).collect();
    files.sort();
    files.iter().map(|file| fs::read_to_string(file).expect("a statement file")).collect()
}

/// The target as a first phase left it, for the plan-sized world.
pub fn phase_one_target() -> Database {
    let target = empty_target();
    let address = Address::parse(&target.url()).expect("the cluster's own URL");
    seed_phase_one(&address, world()).unwrap_or_else(|error| panic!("{error}"));
    target
}

/// The required tables.
pub const TABLES: [&str; 6] = [
    "auth_user",
    "auth_group",
    "auth_user_groups",
    "dispatch_office",
    "dispatch_office_doctors",
    "dispatch_patient",
];

/// The required tables with their required columns.
const EMPTY: [(&str, &str); 6] = [
    ("auth_user", "id,first_name,last_name,email,date_joined\n"),
    ("auth_group", "id,name\n"),
    ("auth_user_groups", "id,user_id,group_id\n"),
    ("dispatch_office", "id,name,doctor_id\n"),
    ("dispatch_office_doctors", "id,office_id,user_id\n"),
    ("dispatch_patient", "id,user_id,birthdate,sex\n"),
];

/// A migration; its staging file is `staging.drydock` in its folder, the default.
#[derive(Debug)]
pub struct Job {
    folder: TempDir,
    source: PathBuf,
    config: Option<PathBuf>,
    target: Database,
}

impl Job {
    /// From the CSV files of `source` into `target`, by the defaults.
    pub fn new(source: impl Into<PathBuf>, target: Database) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        Self { folder, source: source.into(), config: None, target }
    }

    /// A hand-written case, with its configuration and with the rows that its target already has.
    pub fn of_case(name: &str) -> Self {
        let case = cases().join(name);
        let target = empty_target();
        if let Ok(rows) = fs::read_to_string(case.join("target.sql")) {
            target.execute(&rows);
        }
        let text = fs::read_to_string(case.join("drydock.toml")).unwrap_or_default();
        Self::new(&case, target).configured(&text)
    }

    /// A small invented system; the tests of what a load does start from one.
    pub fn of_size(size: Size) -> Self {
        let job = Self::new("legacy", empty_target());
        size.write(&job.path("legacy"), "");
        job
    }

    /// The same up to its transform, by a configuration, into a target that has this as well.
    pub fn resolved(size: Size, config: &str, target: &str) -> Self {
        let job = Self::of_size(size).by(config);
        job.target.execute(target);
        job.at("transform")
    }

    /// A few rows made for one test, each table with its header line; tables not given are there and empty.
    pub fn of_tables(tables: &[(&str, String)], target: Database) -> Self {
        let job = Self::new("legacy", target);
        fs::create_dir(job.path("legacy")).expect("a folder");
        for (table, header) in EMPTY {
            job.write_table(table, header);
        }
        for (table, rows) in tables {
            job.write_table(table, rows);
        }
        job.configured("")
    }

    /// An invented world as CSV, into a target.
    pub fn of_generated(world: &World, target: Database) -> Self {
        let job = Self::new("legacy", target);
        world.write_csv(&job.path("legacy")).expect("the world as CSV");
        job
    }

    /// The plan-sized world, into the target as the first phase left it.
    pub fn of_world() -> Self {
        Self::of_generated(world(), phase_one_target()).by(&world_config())
    }

    /// The demonstration's world when it is migrated: a copy of the file and of the target, which are made once in a test process.
    pub fn migrated() -> Self {
        migrated().copied()
    }

    /// The configuration that the verbs which read a source are given.
    #[must_use]
    pub fn by(mut self, config: &str) -> Self {
        let path = self.path("drydock.toml");
        fs::write(&path, config).expect("the configuration");
        self.config = Some(path);
        self
    }

    /// The same, and any table may be empty.
    #[must_use]
    pub fn configured(self, text: &str) -> Self {
        self.by(&format!("source.allow_empty = {TABLES:?}\n{text}"))
    }

    /// The migration after every step up to `last`, each expected to end with 0.
    #[must_use]
    #[track_caller]
    pub fn at(self, last: &str) -> Self {
        self.up_to(last);
        self
    }

    /// Writes a table of the source again.
    pub fn write_table(&self, table: &str, rows: &str) {
        fs::write(self.path(&self.source).join(format!("{table}.csv")), rows).expect("a table");
    }

    /// The target.
    pub fn target(&self) -> &Database {
        &self.target
    }

    /// The folder, where every command runs.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A path in the migration's folder.
    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The staging file.
    pub fn file(&self) -> PathBuf {
        self.path("staging.drydock")
    }

    /// A run in the migration's folder that knows its target.
    pub fn drydock(&self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Drydock {
        Drydock::new(self.folder.path()).target(&self.target).args(arguments)
    }

    /// Such a run, expected to end with 0.
    #[track_caller]
    pub fn run(&self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Printed {
        self.drydock(arguments).run().expect(0)
    }

    /// What such a run prints for programs, expected to end with this exit code.
    #[track_caller]
    pub fn json(&self, arguments: &[&str], code: i32) -> Value {
        let printed = self.drydock(arguments).args(["--json", "--quiet"]).run().expect(code).stdout;
        serde_json::from_str(&printed).unwrap_or_else(|error| panic!("{error}: {printed}"))
    }

    /// One verb, with what it needs to know: the source and the configuration for those that read a source.
    pub fn verb(&self, verb: &str) -> Drydock {
        let reads = matches!(verb, "extract" | "run");
        let run = self.drydock([verb, "--quiet"]);
        let run = if reads { run.args(["--csv".as_ref(), self.source.as_os_str()]) } else { run };
        match &self.config {
            Some(config) if reads => run.args(["--config".as_ref(), config.as_os_str()]),
            _ => run,
        }
    }

    /// Every step up to `last`, each expected to end with 0.
    #[track_caller]
    pub fn up_to(&self, last: &str) {
        self.steps("extract", last);
    }

    /// The steps from `first` to `last`, each expected to end with 0.
    #[track_caller]
    pub fn steps(&self, first: &str, last: &str) {
        const STEPS: [&str; 5] = ["extract", "survey", "transform", "load", "verify"];
        let place = |name: &str| STEPS.iter().position(|step| *step == name).expect("a step");
        for step in &STEPS[place(first)..=place(last)] {
            self.verb(step).run().expect(0);
        }
    }

    /// What `sqlite3` prints from the staging file.
    #[track_caller]
    pub fn staged(&self, sql: &str) -> String {
        sqlite3(&self.file(), sql)
    }

    /// What `psql` prints from the target.
    #[track_caller]
    pub fn loaded(&self, sql: &str) -> String {
        psql(&self.target, sql)
    }

    /// The number of the last run of a verb.
    pub fn last_run(&self, verb: &str) -> String {
        self.staged(&format!("select max(run_id) from runs where verb = '{verb}'"))
    }

    /// A digest of every row of the target's tables, the system columns `xmin` and `ctid` included: two equal ones mean
    /// that no row was written in between, not even with the same contents.
    pub fn row_versions(&self) -> String {
        self.digest_of("t.xmin::text || t.ctid::text || (to_jsonb(t.*) - 'created_at' - 'updated_at')::text")
    }

    /// A digest of the contents of the target's tables, whoever owns the rows.
    pub fn digest(&self) -> String {
        self.digest_of("(t.*)::text")
    }

    /// The same without the moments that the database itself puts in.
    pub fn contents(&self) -> String {
        self.digest_of("(to_jsonb(t.*) - 'created_at' - 'updated_at')::text")
    }

    fn digest_of(&self, row: &str) -> String {
        let one = |table: &str| {
            format!(
                "select '{table}', count(*), md5(string_agg({row}, ' ' order by t.id)) from public.{table} t"
            )
        };
        let tables = ["practices", "profiles", "patients", "practice_members"].map(one);
        // in an order of ours: the server may run the parts side by side
        self.loaded(&format!("{} order by 1", tables.join(" union all ")))
    }
}

/// The configuration that the plan-sized world is migrated by.
pub fn world_config() -> String {
    format!(
        "[policy]\ndefault_practice = {DEFAULT_PRACTICE}\ncompany_domains = {COMPANY_DOMAINS:?}\n\
         allowed_rejects = {{ practice_owners = 3, practice_members = 2 }}\n"
    )
}
