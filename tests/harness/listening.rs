//! A server of a test's own that is reached through a port, and so through whatever stands before it.

use std::process::Command;

use drydock::demo::cluster::{Cluster, Settings};

use super::{Drydock, Job, free_port, tables};

/// A server that listens on a port, with a target database on it.
pub struct Listening {
    pub cluster: Cluster,
    pub port: u16,
}

impl Listening {
    pub fn start() -> Self {
        let port = free_port();
        let settings = Settings {
            authentication: Some("local all all trust\nhost all all 127.0.0.1/32 trust\n".to_owned()),
            port: Some(port),
            ..Settings::default()
        };
        let cluster = Cluster::start_with(&settings).unwrap_or_else(|error| panic!("{error}"));
        cluster.create_database("target").unwrap_or_else(|error| panic!("{error}"));
        Self { cluster, port }
    }

    pub fn url(port: u16) -> String {
        format!("postgres://postgres@127.0.0.1:{port}/target")
    }

    /// What `psql` prints for `sql`. It waits for nobody's lock for long: a test that hangs says nothing.
    pub fn psql(&self, sql: &str) -> String {
        let output = Command::new("psql")
            .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", &Self::url(self.port), "-c", sql])
            .env("PGOPTIONS", "-c lock_timeout=60s")
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    /// Resolves a migration whose target is reached at `port`.
    pub fn resolve(&self, migration: &Job, port: u16) {
        self.psql(&tables());
        for arguments in [
            &["extract", "--csv", "legacy", "--quiet"][..],
            &["survey", "--quiet"],
            &["transform", "--quiet"],
        ] {
            Self::drydock(migration, port, arguments).run().expect(0);
        }
    }

    pub fn drydock(migration: &Job, port: u16, arguments: &[&str]) -> Drydock {
        Drydock::new(migration.folder()).env("DRYDOCK_TARGET_URL", Self::url(port)).args(arguments)
    }
}

/// Lets the file belong to the same database by another port.
pub fn readdress(migration: &Job, from: u16, to: u16) {
    let status = Command::new("sqlite3")
        .arg(migration.file())
        .arg(format!(
            "update facts set value = replace(value, ':{from}/', ':{to}/') where name = 'target_identity'"
        ))
        .status()
        .unwrap();
    assert!(status.success());
}
