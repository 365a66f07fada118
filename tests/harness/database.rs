//! One cluster for the test process, one database for the test.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use drydock::connect::{Address, Side, connect};
use drydock::demo::cluster::{Cluster, Settings};

static CLUSTER: OnceLock<Cluster> = OnceLock::new();
static DATABASES: AtomicU32 = AtomicU32::new(1);

fn cluster() -> &'static Cluster {
    // tests beside each other, on a machine of many processors, have many sessions
    let settings = Settings { lines: vec!["max_connections = 300".to_owned()], ..Settings::default() };
    CLUSTER.get_or_init(|| Cluster::start_with(&settings).unwrap_or_else(|error| panic!("{error}")))
}

fn new_name() -> String {
    format!("test_{}", DATABASES.fetch_add(1, Ordering::Relaxed))
}

/// A new, empty database of this test's own; a test that needs a legacy and a target takes two.
pub fn database() -> Database {
    let name = new_name();
    cluster().create_database(&name).unwrap_or_else(|error| panic!("{error}"));
    Database { name }
}

/// A database that is dropped at the end of its test, with whatever sessions it still has.
#[derive(Debug)]
pub struct Database {
    name: String,
}

impl Database {
    /// Another database with the same content; nobody may be at work in this one.
    pub fn copied(&self) -> Self {
        // one at a time, because a template must have no other session
        static TURN: Mutex<()> = Mutex::new(());
        let name = new_name();
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let address = Address::parse(&cluster().url("postgres")).unwrap_or_else(|error| panic!("{error}"));
        connect(Side::Target, &address)
            .unwrap_or_else(|error| panic!("{error}"))
            .batch_execute(&format!("create database {name} template {}", self.name))
            .unwrap_or_else(|error| panic!("{error:?}"));
        drop(turn);
        Self { name }
    }

    /// Its name on the server.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The connection URL, which `psql` understands too.
    pub fn url(&self) -> String {
        cluster().url(&self.name)
    }

    /// The connection URL of another database on the same server.
    pub fn url_of(other: &str) -> String {
        cluster().url(other)
    }

    /// A session as the superuser.
    pub fn client(&self) -> drydock::connect::Session {
        let address = Address::parse(&self.url()).unwrap_or_else(|error| panic!("{error}"));
        connect(Side::Target, &address).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Runs statements and expects them to succeed.
    pub fn execute(&self, sql: &str) {
        self.client().batch_execute(sql).unwrap_or_else(|error| panic!("{error:?}"));
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // A failure here would hide the test's own.
        if let Err(error) = cluster().drop_database(&self.name) {
            eprintln!("{error}");
        }
    }
}
