//! The plan-sized world, extracted and surveyed, for tests of `transform`.

use std::collections::BTreeMap;
use std::fs;

use drydock::connect::Address;
use drydock::demo::seed_phase_one;
use drydock::demo::world::{DEFAULT_PRACTICE, World};
use sha2::{Digest, Sha256};

use super::{Drydock, Job, Outcome, empty_target, world};

/// A world's snapshot and survey in `staging.drydock`, ready to be transformed.
pub struct Surveyed {
    /// The migration, up to its survey.
    pub job: Job,
    /// What was generated, with its truth.
    pub world: World,
}

impl Surveyed {
    /// `target_sql` changes the target before it is looked at; a target with phase 1's rows has them from the world.
    pub fn new(has_phase_one: bool, target_sql: &str) -> Self {
        Self::of(world().clone(), has_phase_one, target_sql)
    }

    /// The same for another world.
    pub fn of(world: World, has_phase_one: bool, target_sql: &str) -> Self {
        let target = empty_target();
        if has_phase_one {
            let address = Address::parse(&target.url()).expect("the database's URL");
            seed_phase_one(&address, &world).expect("phase 1");
        }
        target.execute(target_sql);
        let job = Job::of_generated(&world, target).by(&config("")).at("survey");
        Self { job, world }
    }

    /// A configuration with this policy beside what the world needs.
    pub fn write_config(&self, name: &str, policy: &str) {
        fs::write(self.job.path(name), config(policy)).expect("a configuration");
    }

    /// Runs a command in the file's folder.
    pub fn run(&self, arguments: &[&str]) -> Outcome {
        self.start().args(arguments).run()
    }

    /// A command in the file's folder, not started yet.
    pub fn start(&self) -> Drydock {
        self.job.drydock(["--quiet"])
    }

    /// What `sqlite3` answers.
    pub fn sql(&self, sql: &str) -> String {
        self.job.staged(sql)
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

fn config(policy: &str) -> String {
    format!(
        "[policy]\ndefault_practice = {DEFAULT_PRACTICE}\n{policy}\n\
         allowed_rejects = {{ practice_owners = 3, practice_members = 2 }}\n"
    )
}
