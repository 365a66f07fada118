//! One cluster for the test process, one database for the test.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use drydock::connect::{Address, Side, connect};
use drydock::demo::cluster::Cluster;

static CLUSTER: OnceLock<Cluster> = OnceLock::new();
static DATABASES: AtomicU32 = AtomicU32::new(1);

fn cluster() -> &'static Cluster {
    CLUSTER.get_or_init(|| Cluster::start().unwrap_or_else(|error| panic!("{error}")))
}

/// A new, empty database of this test's own; a test that needs a legacy and a target takes two.
pub fn database() -> Database {
    let name = format!("test_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
    cluster().create_database(&name).unwrap_or_else(|error| panic!("{error}"));
    Database { name }
}

/// A database that is dropped at the end of its test, with whatever sessions it still has.
#[derive(Debug)]
pub struct Database {
    name: String,
}

impl Database {
    /// The connection URL, which `psql` understands too.
    pub fn url(&self) -> String {
        cluster().url(&self.name)
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
