//! The invented world, migrated, to be damaged on purpose.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use rusqlite::Connection;

use super::{Database, Drydock, Outcome, database, psql, sqlite3};

/// The invented world, migrated once; tests work on copies of both its file and its database.
struct Migrated {
    database: Database,
    directory: tempfile::TempDir,
}

static MIGRATED: OnceLock<Migrated> = OnceLock::new();
static COPIES: AtomicU32 = AtomicU32::new(1);
static COPYING: std::sync::Mutex<()> = std::sync::Mutex::new(());

fn migrated() -> &'static Migrated {
    MIGRATED.get_or_init(|| {
        let directory = tempfile::tempdir().unwrap();
        let database = database();
        let folder = directory.path().join("world").to_str().unwrap().to_owned();
        Drydock::new(directory.path())
            .args(["demo", "--quiet", "--to", &database.url(), "--dir", &folder])
            .run()
            .expect(0);
        Migrated { database, directory }
    })
}

/// A copy of the migrated world, to be damaged.
pub struct Damaged {
    url: String,
    file: PathBuf,
    directory: tempfile::TempDir,
}

impl Damaged {
    /// A database and a file of its own.
    pub fn copy() -> Self {
        let original = migrated();
        let known = psql(&original.database, "select current_database()");
        let name = format!("damaged_{}", COPIES.fetch_add(1, Ordering::Relaxed));
        // one at a time: a template must have no other session
        let turn = COPYING.lock().unwrap();
        psql(&database(), &format!("create database {name} template {known}"));
        drop(turn);
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("copy.drydock");
        std::fs::copy(original.directory.path().join("world/demo.drydock"), &file).unwrap();
        let world = Self { url: renamed(&original.database.url(), &name), file, directory };
        // the copy is another database on purpose
        world.edit(&format!(
            "update facts set value = replace(value, '{known}', '{name}') where name = 'target_identity'"
        ));
        world
    }

    /// Runs SQL in the target; every row of the last statement as `a|b|c`.
    pub fn sql(&self, sql: &str) -> Vec<String> {
        let address = drydock::connect::Address::parse(&self.url).unwrap();
        let mut client = drydock::connect::connect(drydock::connect::Side::Target, &address).unwrap();
        let messages = client.simple_query(sql).unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        messages
            .iter()
            .filter_map(|message| match message {
                postgres::SimpleQueryMessage::Row(row) => {
                    let fields: Vec<&str> =
                        (0..row.len()).map(|field| row.get(field).unwrap_or_default()).collect();
                    Some(fields.join("|"))
                }
                _ => None,
            })
            .collect()
    }

    /// Changes the staging file behind Drydock's back.
    pub fn edit(&self, sql: &str) {
        let connection = Connection::open(&self.file).unwrap();
        connection.execute_batch(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
        connection.close().unwrap();
    }

    /// Rows of the staging file.
    pub fn ask(&self, sql: &str) -> BTreeSet<String> {
        let rows = sqlite3(&self.file, sql);
        rows.lines().map(str::to_owned).collect()
    }

    /// Verifies the copy.
    pub fn verify(&self) -> Outcome {
        Drydock::new(self.directory.path())
            .env("DRYDOCK_TARGET_URL", &self.url)
            .args(["verify", "--quiet", "--staging", self.file.to_str().unwrap()])
            .run()
    }

    /// The differences that the last verification kept.
    pub fn differences(&self) -> BTreeSet<String> {
        self.ask("select entity, legacy_id, field, kind from differences")
    }

    /// The findings that it kept, without the exceptions.
    pub fn findings(&self) -> BTreeSet<String> {
        self.ask("select name, entity, coalesce(legacy_id, ''), field from findings where not is_exception")
    }
}

/// The URL of another database on the same server.
pub fn renamed(url: &str, name: &str) -> String {
    let (address, parameters) = url.split_once('?').unwrap();
    let (server, _) = address.rsplit_once('/').unwrap();
    format!("{server}/{name}?{parameters}")
}
