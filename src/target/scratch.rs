//! A database that exists for one rehearsal: made on a server under a name of its own, filled with a likeness of the target's tables,
//! and dropped with whatever is in it. Nothing that was on the server before is touched.

use std::time::SystemTime;

use crate::connect::{Address, Session, Side, connect};
use crate::error::{Error, Result};
use crate::record::quoted;

use super::failed;

/// What the names of all of them begin with.
const NAME: &str = "drydock_rehearsal_";

/// Such a database. It goes when this goes.
pub struct Scratch {
    server: Address,
    database: String,
}

impl Scratch {
    /// Makes it on the server of the address, whose own database is only what the session begins in.
    pub fn make(server: &Address) -> Result<Self> {
        let mut session = connect(Side::Target, server)?;
        let moment = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_micros();
        let database = format!("{NAME}{:x}_{moment:x}", std::process::id());
        session
            .batch_execute(&format!("create database {} template template0", quoted(&database)))
            .map_err(|cause| {
                failed("making a database for the rehearsal", &cause)
                    .hint("the role needs the right to make databases (alter role … createdb), and a direct or session connection")
            })?;
        Ok(Self { server: server.clone(), database })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.database
    }

    /// Where it is.
    pub fn address(&self) -> Address {
        self.server.with_database(&self.database)
    }

    /// Drops it, and says where that failed.
    pub fn drop_now(self) -> Result<()> {
        let dropped = self.dropped();
        std::mem::forget(self);
        dropped
    }

    fn dropped(&self) -> Result<()> {
        let mut session = connect(Side::Target, &self.server)?;
        end_sessions(&mut session, &self.database)?;
        session.batch_execute(&format!("drop database {}", quoted(&self.database))).map_err(|cause| {
            Error::target(format!("the database {} of the rehearsal could not be dropped", self.database))
                .cause(cause)
                .hint("drop it yourself: it has a copy of the target's rows")
        })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = self.dropped() {
            tracing::warn!("{error}");
        }
    }
}

/// Ends what is still connected to a database.
fn end_sessions(session: &mut Session, database: &str) -> Result<()> {
    session
        .query(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = $1 and pid <> pg_backend_pid()",
            &[&database],
        )
        .map(drop)
        .map_err(|cause| failed("ending the sessions of the rehearsal", &cause))
}
