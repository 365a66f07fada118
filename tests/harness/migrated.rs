//! The demonstration's world, migrated by `demo` once in a test process.

use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

use rusqlite::Connection;
use tempfile::TempDir;

use super::{Database, Drydock, Job, database};

/// The migration that everybody copies: nobody changes its file, and nobody is at work in its target.
pub struct Migrated {
    folder: TempDir,
    target: Database,
}

/// The one of this test process.
pub fn migrated() -> &'static Migrated {
    static MIGRATED: OnceLock<Migrated> = OnceLock::new();
    MIGRATED.get_or_init(|| {
        let (folder, target) = (TempDir::new().expect("a temporary folder"), database());
        Drydock::new(folder.path())
            .args(["demo", "--quiet", "--dir", "world", "--to", &target.url()])
            .run()
            .expect(0);
        Migrated { folder, target }
    })
}

impl Migrated {
    /// A file of the folder that the demonstration made: `legacy`, `drydock.toml`, `demo.drydock` and what else is in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("world").join(name)
    }

    /// The migration in a folder and with a target of its own.
    pub fn copied(&self) -> Job {
        let job = Job::new(self.path("legacy"), self.target.copied());
        fs::copy(self.path("demo.drydock"), job.file()).expect("a copy");
        // another database, on purpose
        let (from, to) = (self.target.name(), job.target().name());
        Connection::open(job.file())
            .and_then(|file| {
                file.execute(
                    "update facts set value = replace(value, ?1, ?2) where name = 'target_identity'",
                    [from, to],
                )
            })
            .expect("the target's name in the file");
        job
    }
}
