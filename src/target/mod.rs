//! The target: the only module that writes to PostgreSQL. It reads the catalog (`catalog`), says what is in the way before
//! the first write (`preflight`), merges rows by their legacy key (`merge`), and reads them back (`contents`).
//!
//! Only rows of this migration are touched, and no DDL is run on the application's tables, except when the operator asks
//! for the tables of an empty database ([`Target::create_tables`]).

mod assigned;
mod backup;
mod catalog;
mod chunk;
mod claim;
mod conditions;
mod constraints;
mod contents;
mod copies;
mod copy;
mod culprit;
mod elsewhere;
mod existing;
mod failure;
mod gone;
mod gone_back;
mod health;
mod judged;
mod likeness;
mod lock;
mod mapping_table;
mod mentions;
mod merge;
mod names;
mod own_schema;
mod preflight;
mod receipts;
mod references;
mod referred;
mod room;
mod scratch;
mod sender;
mod undo;
mod unique_index;
mod unique_values;
mod unit;
mod values;
mod views;
mod visible;
mod watched;
mod written;

use std::time::Duration;

use postgres::error::SqlState;

pub use assigned::MadeOver;
pub use chunk::Merged;
pub use conditions::{Conditions, TableConditions};
pub use constraints::{Asked, Constraint};
pub use contents::{Range, RangeDigest};
pub use copies::KnownRun;
pub use copy::{Field, encode_row};
pub use existing::{Mapping, NamedPractice};
pub use failure::{Cause, Failure, Refusal};
pub use health::Health;
pub use likeness::{LikeTable, Likeness};
pub use merge::Merge;
pub use own_schema::{Cleaned, KEPT_DAYS};
pub use preflight::{Demand, Demands};
pub use receipts::Writing;
pub use scratch::Scratch;
pub use sender::{Sender, digest_of};
pub use undo::{Afterwards, Left, Undone};
pub use written::WrittenRow;

use crate::config::{self, Triggers};
use crate::connect::{Address, Session, Side, cancel, connect, refuse_transaction_mode, server_error};
use crate::entity::catalog::Catalog;
use crate::entity::{self, Entity};
use crate::error::{Error, Result};
use crate::interrupt::{self, Stopping};
use crate::record::{quoted, quoted_text};

/// The types of an empty target; its tables are the entities' own.
const TYPES: &str = include_str!("../../sql/target/01_types.sql");

/// What makes the tables of an empty target, in order: a name for each script, and the script.
pub fn scripts() -> Vec<(&'static str, &'static str)> {
    let tables = entity::ALL.iter().filter_map(|entity| Some((entity.target_table, entity.target_sql?)));
    std::iter::once(("types", TYPES)).chain(tables).collect()
}

/// A session on the target.
pub struct Target {
    client: Session,
    /// Ends its statements when the command is asked to end.
    stopping: Stopping,
    address: Address,
    identity: String,
    schema: String,
    /// What the tables and columns are called there.
    names: names::Names,
    /// Its own table of which row stands for which record.
    mappings: mapping_table::Mappings,
    /// Whether its triggers fire for what is loaded.
    triggers: Triggers,
    /// Transactions and savepoints that are open.
    depth: u32,
    /// The server's process, once this session loads.
    backend: Option<lock::Backend>,
    /// Whether another session has the load lock for this one.
    is_beside: bool,
    /// The tables that there are: of an optional entity's it is asked, the others are taken to be there.
    tables: Vec<&'static str>,
    /// Tables whose rows may become something else on their way in, and by what; not known before the lock is taken.
    watched: watched::Watched,
    /// The constraints that are asked of every chunk, once one of them has refused something.
    judged: Vec<judged::Judged>,
    /// What triggers wrote into tables of others, by table.
    elsewhere: elsewhere::Elsewhere,
}

impl Target {
    /// Opens a session on the tables that the configuration names.
    pub fn open(address: &Address, config: &config::Target) -> Result<Self> {
        let names = names::Names::new(config);
        let mut client = session(address, &config.schema, &names)?;
        Ok(Self {
            tables: names.present(&mut client, &config.schema)?,
            stopping: stopping(address, &client),
            client,
            identity: address.identity(),
            address: address.clone(),
            schema: config.schema.clone(),
            names,
            mappings: mapping_table::Mappings::new(&config.mapping_table),
            triggers: config.triggers,
            depth: 0,
            backend: None,
            is_beside: false,
            watched: watched::Watched::default(),
            judged: Vec::new(),
            elsewhere: elsewhere::Elsewhere::default(),
        })
    }

    /// Which database this is, without secrets.
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// The database as it knows itself, whatever name it was reached by: the cluster's number and the database's. None where the
    /// role may not ask.
    pub fn system(&mut self) -> Option<String> {
        const SYSTEM: &str = "select c.system_identifier::text || ':' || d.oid::text from pg_catalog.pg_control_system() c, \
                              pg_catalog.pg_database d where d.datname = pg_catalog.current_database()";
        self.client.query_one(SYSTEM, &[]).ok().map(|row| row.get(0))
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
        if !self.names.is_plain() {
            return Err(Error::precondition("the configuration gives tables or columns other names").hint(
                "tables are only made under Drydock's own names; make these yourself, or leave the names out",
            ));
        }
        let script: String = scripts().into_iter().map(|(_, sql)| sql).collect();
        self.client.batch_execute(&script).map_err(|cause| failed("creating the tables", &cause))?;
        self.tables = entity::target_tables();
        Ok(())
    }

    /// The tables that there are, in load order.
    pub fn tables(&self) -> &[&'static str] {
        &self.tables
    }

    /// A column with its table, by the target's names.
    pub fn place(&self, table: &str, column: &str) -> String {
        self.names.place(table, column)
    }

    /// A table's name in the target.
    pub fn name_of<'a>(&'a self, table: &'a str) -> &'a str {
        self.names.table(table)
    }

    /// The entities whose tables there are, in load order.
    pub fn entities(&self) -> Vec<&'static Entity> {
        let is_there = |entity: &&'static Entity| self.tables.contains(&entity.target_table);
        self.names.entities().iter().copied().filter(is_there).collect()
    }

    /// Every entity as it is sent, in load order, whether or not its table is there.
    pub fn all_entities(&self) -> Vec<&'static Entity> {
        self.names.entities().to_vec()
    }

    /// Begins a transaction in which every read sees the same moment and nothing can be written. Its queries go over
    /// whole tables once: compiling them costs more than it saves, and sorting on disk more than some memory.
    pub fn begin_reading(&mut self) -> Result<()> {
        self.client
            .batch_execute(
                "begin transaction isolation level repeatable read read only; \
                 select set_config(known.name, wanted.value, true) from pg_settings known \
                 join (values ('jit', 'off'), ('work_mem', '64MB')) wanted(name, value) on wanted.name = known.name",
            )
            .map_err(|cause| failed("beginning to read", &cause))
    }

    /// Ends that transaction.
    pub fn end_reading(&mut self) -> Result<()> {
        self.client.batch_execute("commit").map_err(|cause| failed("ending to read", &cause))
    }

    /// Runs a statement that returns one number.
    pub fn count(&mut self, what: &str, sql: &str) -> Result<u64> {
        let row = self.client.query_one(sql, &[]).map_err(|cause| failed(what, &cause))?;
        Ok(u64::try_from(row.get::<_, i64>(0)).unwrap_or(0))
    }

    /// Runs a statement that returns one row of named numbers.
    pub fn counts(&mut self, what: &str, sql: &str) -> Result<Vec<(String, u64)>> {
        let row = self.client.query_one(&self.checked(sql), &[]).map_err(|cause| failed(what, &cause))?;
        let counts = row.columns().iter().enumerate().map(|(position, column)| {
            (column.name().to_owned(), u64::try_from(row.get::<_, i64>(position)).unwrap_or(0))
        });
        Ok(counts.collect())
    }

    /// Where each column of the target comes from, where a mapping says more than names: `table.column`, and what stands there.
    pub fn sources(&self, catalog: &Catalog) -> Vec<(String, String)> {
        self.names.sources(catalog)
    }

    /// What a check's statement asks for and the target has no place for, as `table.column`.
    pub fn lacks(&self, sql: &str) -> Option<String> {
        self.names.lacks(sql)
    }

    /// The entity's table with its schema, quoted.
    fn table(&self, entity: &Entity) -> String {
        self.named(entity.target_table)
    }

    /// A table as statements name it, quoted: the table itself, or the view that gives it and its columns our names.
    fn named(&self, table: &str) -> String {
        if self.names.is_plain() { self.real(table) } else { views::view(table) }
    }

    /// The transaction that writes the row `t`, as a statement returns it.
    fn written_in(&mut self, table: &str) -> Result<String, Failure> {
        if self.watched.is_parted(table) {
            return Ok(format!("{}::bigint", self.own_transaction()?));
        }
        Ok("t.xmin::text::bigint".to_owned())
    }

    /// The table itself with its schema, quoted.
    fn real(&self, table: &str) -> String {
        format!("{}.{}", quoted(&self.schema), quoted(self.names.table(table)))
    }

    /// A statement of `sql/verify` as this target is asked: no table, and no schema, is left to the session's path.
    fn checked(&self, sql: &str) -> String {
        let mut tables = entity::target_tables();
        tables.extend(self.names.our_tables());
        let sql = names::qualified(&self.names.in_catalog(sql), &tables, |table| self.named(table));
        sql.replace("current_schema()", &quoted_text(&quoted(&self.schema)))
    }

    /// The whole row `t` as text.
    fn whole_row(&self) -> &'static str {
        // a table may have a column called t
        if self.names.is_plain() { "(t.*)::text" } else { "(to_jsonb(t.*) - 'xmin' - 'xmax')::text" }
    }
}

/// A session whose statements find the tables in `schema`. One that is ended before it is of use is opened again.
fn session(address: &Address, schema: &str, names: &names::Names) -> Result<Session> {
    const TRIES: u32 = 3;
    const PATIENCE: Duration = Duration::from_secs(5);
    let mut tries = 0;
    loop {
        tries += 1;
        let mut client = connect(Side::Target, address)?;
        let begun = begin_session(&mut client, address, schema, names);
        if begun.is_ok() || tries == TRIES || client.is_valid(PATIENCE).is_ok() {
            return begun.map(|()| client);
        }
    }
}

fn begin_session(client: &mut Session, address: &Address, schema: &str, names: &names::Names) -> Result<()> {
    refuse_transaction_mode(Side::Target, client, address)?;
    // nothing temporary comes before the tables; and what the catalog says is written in one way
    let path = format!("set search_path = {}, pg_temp; set quote_all_identifiers = off", quoted(schema));
    client.batch_execute(&path).map_err(|cause| failed("choosing the schema", &cause))?;
    own_schema::refuse_strangers(client)?;
    if !names.is_plain() {
        names.make_views(client, schema)?;
    }
    Ok(())
}

/// Has the server end the session's statements when the command is asked to end: one may wait for somebody's lock for hours.
fn stopping(address: &Address, client: &Session) -> Stopping {
    let (address, token) = (address.clone(), client.cancel_token());
    interrupt::stopping(interrupt::ASK_SERVER, move || cancel(&address, &token))
}

/// The condition that tells an entity's rows from those of others in the same table, for the alias `t`.
fn discriminated(entity: &Entity) -> String {
    entity.discriminator.map_or_else(
        || "true".to_owned(),
        |(column, value)| format!("t.{}::text = '{value}'", quoted(column)),
    )
}

fn failed(what: &str, cause: &postgres::Error) -> Error {
    let is_cancelled = cause.code() == Some(&SqlState::QUERY_CANCELED);
    match interrupt::check() {
        Err(interrupted) if is_cancelled => interrupted,
        _ => server_error(Side::Target, what, cause),
    }
}
