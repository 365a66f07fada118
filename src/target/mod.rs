//! The target: the only module that writes to PostgreSQL. It reads the catalog (`catalog`), says what is in the way before
//! the first write (`preflight`), merges rows by their legacy key (`merge`), and reads them back (`contents`).
//!
//! Only rows of this migration are touched, and no DDL is run on the application's tables, except when the operator asks
//! for the tables of an empty database ([`Target::create_tables`]).

mod catalog;
mod contents;
mod copy;
mod existing;
mod health;
mod merge;
mod preflight;

use postgres::Client;

pub use copy::Field;
pub use existing::{Mapping, NamedPractice};
pub use health::Health;
pub use merge::{Merge, Merged};
pub use preflight::{Demand, Demands, preflight};

use crate::connect::{Address, Side, connect, server_error};
use crate::entity::Entity;
use crate::error::{Error, Result};

/// The tables of an empty target, in order.
const TABLES: &[&str] = &[
    include_str!("../../sql/target/01_types.sql"),
    include_str!("../../sql/target/02_practices.sql"),
    include_str!("../../sql/target/03_profiles.sql"),
    include_str!("../../sql/target/04_patients.sql"),
    include_str!("../../sql/target/05_practice_members.sql"),
    include_str!("../../sql/target/06_row_level_security.sql"),
];

/// Drydock's own schema.
const RECEIPTS: &str = include_str!("../../sql/load/receipts.sql");

/// `DRYDOCK`, as the key of the advisory lock that admits one load at a time.
const LOAD_LOCK: i64 = 0x0044_5259_444f_434b;

/// A session on the target.
pub struct Target {
    client: Client,
    identity: String,
    schema: String,
}

impl Target {
    /// Opens a session that works in `schema`.
    pub fn open(address: &Address, schema: &str) -> Result<Self> {
        let mut client = connect(Side::Target, address)?;
        let path = format!("set search_path = {}, pg_temp", quoted(schema));
        client.batch_execute(&path).map_err(|cause| failed("choosing the schema", &cause))?;
        Ok(Self { client, identity: address.identity(), schema: schema.to_owned() })
    }

    /// Which database this is, without secrets.
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// The server's version.
    pub fn version(&mut self) -> Result<String> {
        let row = self
            .client
            .query_one("select current_setting('server_version')", &[])
            .map_err(|cause| failed("asking for the version", &cause))?;
        Ok(row.get(0))
    }

    /// Makes the tables of an empty target where they are missing; safe to run twice.
    pub fn create_tables(&mut self) -> Result<()> {
        self.client.batch_execute(&TABLES.concat()).map_err(|cause| failed("creating the tables", &cause))
    }

    /// Begins a transaction in which every read sees the same moment and nothing can be written.
    pub fn begin_reading(&mut self) -> Result<()> {
        self.client
            .batch_execute("begin transaction isolation level repeatable read read only")
            .map_err(|cause| failed("beginning to read", &cause))
    }

    /// Ends that transaction.
    pub fn end_reading(&mut self) -> Result<()> {
        self.client.batch_execute("commit").map_err(|cause| failed("ending to read", &cause))
    }

    /// Makes Drydock's own schema, and makes sure that no other load is at work.
    pub fn prepare_load(&mut self) -> Result<()> {
        let row = self
            .client
            .query_one("select pg_try_advisory_lock($1)", &[&LOAD_LOCK])
            .map_err(|cause| failed("taking the load lock", &cause))?;
        if !row.get::<_, bool>(0) {
            return Err(Error::target("another load is at work on this target")
                .hint("wait for it to end; nothing was written"));
        }
        self.client.batch_execute(RECEIPTS).map_err(|cause| failed("creating the schema drydock", &cause))
    }

    /// Runs a statement that returns one number.
    pub fn count(&mut self, what: &str, sql: &str) -> Result<u64> {
        let row = self.client.query_one(sql, &[]).map_err(|cause| failed(what, &cause))?;
        Ok(u64::try_from(row.get::<_, i64>(0)).unwrap_or(0))
    }

    /// Runs a statement that returns one row of named numbers.
    pub fn counts(&mut self, what: &str, sql: &str) -> Result<Vec<(String, u64)>> {
        let row = self.client.query_one(sql, &[]).map_err(|cause| failed(what, &cause))?;
        let counts = row.columns().iter().enumerate().map(|(position, column)| {
            (column.name().to_owned(), u64::try_from(row.get::<_, i64>(position)).unwrap_or(0))
        });
        Ok(counts.collect())
    }

    /// The entity's table with its schema, quoted.
    fn table(&self, entity: &Entity) -> String {
        format!("{}.{}", quoted(&self.schema), quoted(entity.target_table))
    }
}

/// The condition that tells an entity's rows from those of others in the same table, for the alias `t`.
fn discriminated(entity: &Entity) -> String {
    entity.discriminator.map_or_else(
        || "true".to_owned(),
        |(column, value)| format!("t.{}::text = '{value}'", quoted(column)),
    )
}

fn quoted(identifier: &str) -> String {
    format!("\"{}\"", identifier.replace('"', "\"\""))
}

fn failed(what: &str, cause: &postgres::Error) -> Error {
    server_error(Side::Target, what, cause)
}
