//! The demonstration's world, migrated by `demo` into a database of its own.

use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use super::{Database, Drydock, Outcome, database, sqlite3};

/// The migration when it is done.
#[derive(Debug)]
pub struct Migrated {
    directory: TempDir,
    _target: Database,
}

impl Migrated {
    /// Runs the demonstration.
    pub fn new() -> Self {
        let directory = TempDir::new().expect("a temporary directory");
        let target = database();
        Drydock::new(directory.path())
            .args(["demo", "--quiet", "--dir", "world", "--to", &target.url()])
            .run()
            .expect(0);
        Self { directory, _target: target }
    }

    /// The folder that the test may write to.
    pub fn folder(&self) -> &Path {
        self.directory.path()
    }

    /// The staging file.
    pub fn file(&self) -> PathBuf {
        self.directory.path().join("world/demo.drydock")
    }

    /// What `sqlite3` prints from the staging file.
    #[track_caller]
    pub fn sql(&self, sql: &str) -> String {
        sqlite3(&self.file(), sql)
    }

    /// A verb on the staging file.
    pub fn run(&self, arguments: &[&str]) -> Outcome {
        Drydock::new(self.directory.path())
            .env("DRYDOCK_STAGING", self.file())
            .args(["--quiet"])
            .args(arguments)
            .run()
    }

    /// What a verb prints for programs; it is expected to end with 0.
    #[track_caller]
    pub fn json(&self, arguments: &[&str]) -> Value {
        self.json_and(arguments, 0)
    }

    /// The same with the exit code expected.
    #[track_caller]
    pub fn json_and(&self, arguments: &[&str], code: i32) -> Value {
        let outcome = self.run(&[arguments, &["--json"]].concat()).expect(code);
        serde_json::from_str(&outcome.stdout).expect("JSON on standard output")
    }
}
