//! The plan-sized world, extracted and surveyed, for tests of `transform`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use drydock::connect::Address;
use drydock::demo::seed_phase_one;
use drydock::demo::world::World;
use drydock::target::Target;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::{Database, Drydock, Outcome, database, sqlite3};

/// A world's snapshot and survey in `staging.drydock`, ready to be transformed.
pub struct Surveyed {
    directory: TempDir,
    /// What was generated, with its truth.
    pub world: World,
    /// The database that was looked at.
    pub target: Database,
}

impl Surveyed {
    /// `target_sql` changes the target before it is looked at; a target with phase 1's rows has them from the world.
    pub fn new(has_phase_one: bool, target_sql: &str) -> Self {
        let world = World::generate(1);
        Self::with_tables(world, has_phase_one, target_sql, |world, directory| {
            world.write_csv(directory).expect("the world's tables");
        })
    }

    /// The same with the tables as `write` lays them down.
    pub fn with_tables(
        world: World,
        has_phase_one: bool,
        target_sql: &str,
        write: impl FnOnce(&World, &Path),
    ) -> Self {
        let directory = TempDir::new().expect("a temporary directory");
        write(&world, &directory.path().join("legacy"));
        let target = database();
        let address = Address::parse(&target.url()).expect("the database's URL");
        Target::open(&address, &drydock::config::Target::default())
            .and_then(|mut target| target.create_tables())
            .expect("the tables");
        if has_phase_one {
            seed_phase_one(&address, &world).expect("phase 1");
        }
        if !target_sql.is_empty() {
            target.execute(target_sql);
        }
        let surveyed = Self { directory, world, target };
        surveyed.write_config("drydock.toml", "");
        surveyed.run(&["extract", "--csv", "legacy", "--config", "drydock.toml"]).expect(0);
        surveyed.run(&["survey"]).expect(0);
        surveyed
    }

    /// A configuration with this policy beside what the world needs.
    pub fn write_config(&self, name: &str, policy: &str) {
        let text = format!(
            "[policy]\ndefault_practice = {}\n{policy}\n\
             allowed_rejects = {{ practice_owners = 3, practice_members = 2 }}\n",
            drydock::demo::world::DEFAULT_PRACTICE
        );
        fs::write(self.directory.path().join(name), text).expect("a configuration");
    }

    /// The folder of the file, the tables and the configuration.
    pub fn folder(&self) -> &Path {
        self.directory.path()
    }

    /// The staging file.
    pub fn file(&self) -> PathBuf {
        self.directory.path().join("staging.drydock")
    }

    /// Runs a command in the file's folder.
    pub fn run(&self, arguments: &[&str]) -> Outcome {
        self.start().args(arguments).run()
    }

    /// A command in the file's folder, not started yet.
    pub fn start(&self) -> Drydock {
        Drydock::new(self.directory.path()).target(&self.target).args(["--quiet"])
    }

    /// What `sqlite3` answers.
    pub fn sql(&self, sql: &str) -> String {
        sqlite3(&self.file(), sql)
    }

    /// Rows by their legacy id, which is the first column.
    pub fn by_id(&self, sql: &str) -> BTreeMap<i64, Vec<String>> {
        let rows = self.sql(sql);
        rows.lines()
            .map(|line| {
                let mut fields = line.split('|').map(str::to_owned);
                let id = fields.next().and_then(|id| id.parse().ok()).expect("a legacy id");
                (id, fields.collect())
            })
            .collect()
    }

    /// Everything that was decided, without the moments at which it was.
    pub fn digest(&self) -> String {
        let tables = [
            ("records", "*"),
            ("changes", "*"),
            ("associations", "*"),
            ("duplicate_pairs", "*"),
            ("duplicate_clusters", "*"),
            ("ready_practices", "*"),
            ("ready_profiles", "*"),
            ("ready_patients", "*"),
            ("ready_practice_owners", "*"),
            ("ready_practice_members", "*"),
            (
                "migration_errors",
                "error_id, phase, severity, entity, entity_id, error_code, field, error_context, resolution_status, \
                 batch_id",
            ),
        ];
        let mut sum = Sha256::new();
        for (table, columns) in tables {
            let rows = self.sql(&format!("select {columns} from {table} order by 1, 2, 3"));
            assert!(!rows.is_empty(), "{table} has rows");
            sum.update(rows);
        }
        format!("{:x?}", sum.finalize())
    }
}
