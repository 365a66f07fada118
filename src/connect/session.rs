//! A session: the retries until there is one, the settings that make both sides read and write the same text for the same
//! value, and statements whose server is looked after.

use std::io::{self, BufRead, Read, Write};
use std::ops::{Deref, DerefMut};
use std::thread;
use std::time::Duration;

use postgres::types::ToSql;
use postgres::{CancelToken, Client, CopyInWriter, CopyOutReader, Row, SimpleQueryMessage, ToStatement};

use super::address::Address;
use super::failure::{self, Refused};
use super::opening::open;
use super::watch::{Farewell, Waiting, Watch};
use super::{Side, server_error, tls};
use crate::error::Result;

/// Retries after the first attempt, when the server says that it will be ready soon.
const RETRIES: u32 = 3;
/// The first pause; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// Every setting exists in 9.5. `search_path` is left alone: where the tables are is the server's business.
const SETTINGS: &str = "\
    set client_encoding = 'UTF8';
    set datestyle = 'ISO';
    set timezone = 'UTC';
    set intervalstyle = 'postgres';
    set extra_float_digits = 3;
    set bytea_output = 'hex';
    set standard_conforming_strings = on;";

/// Limits that a role or a database may have, and that would end a table's COPY or a chunk in the middle.
const LIMITS: [&str; 4] = [
    "statement_timeout",
    "idle_in_transaction_session_timeout",
    "idle_session_timeout",
    "transaction_timeout",
];

/// The statements that set a session up. It has no limit but those that the options of its address name: a pooler takes no
/// options at the start of a session.
pub(super) fn settings(address: &Address) -> String {
    let options = address.options.as_deref().unwrap_or_default();
    let lifted: Vec<String> =
        LIMITS.iter().filter(|name| !options.contains(*name)).map(|name| format!("'{name}'")).collect();
    format!(
        "{SETTINGS} do $$ begin perform set_config(name, '0', false) from pg_catalog.pg_settings where name in ({}); end $$;",
        lifted.join(", ")
    )
}

/// A session. Whoever waits for its server is looked after: see `watch`.
pub struct Session {
    /// Dropped first: to end the client is to wait for the server.
    _farewell: Farewell,
    client: Client,
    watch: Watch,
}

/// What a COPY reads or writes, while its server is waited for.
pub struct Copying<'a, T> {
    inner: T,
    watch: &'a Watch,
}

type Parameters<'a> = &'a [&'a (dyn ToSql + Sync)];
type Answer<T> = std::result::Result<T, postgres::Error>;

/// Opens a session. Fails with the side's kind of error, in words that hold neither the password nor what the server
/// said; retries only a server that is starting, stopping or full.
pub fn connect(side: Side, address: &Address) -> Result<Session> {
    let tls = tls::connector(address.mode, &address.roots)?;
    let mut pause = FIRST_PAUSE;
    let mut retries = 0;
    let (client, pid) = loop {
        match open(address, tls.clone()) {
            Ok(opened) => break opened,
            Err(Refused::Server(cause)) if retries < RETRIES && failure::is_passing(&cause) => {
                tracing::info!("{}: not ready yet, trying again in {pause:?}", side.name());
                thread::sleep(pause);
                pause *= 2;
                retries += 1;
            }
            Err(refused) => return Err(failure::connect_error(side, address, &refused)),
        }
    };
    let told = |cause: &postgres::Error| server_error(side, "setting the session up", cause);
    let watch = Watch::new(side, address, pid);
    let mut session = Session { _farewell: watch.farewell(), client, watch };
    session.batch_execute(&settings(address)).map_err(|cause| told(&cause))?;
    Ok(session)
}

/// The client's statements, each of which waits for the server; everything else is the client's own.
impl Session {
    /// An answer is due for as long as the guard is kept.
    pub fn waiting(&self) -> Waiting {
        self.watch.waiting()
    }

    /// Runs statements whose rows nobody needs.
    pub fn batch_execute(&mut self, sql: &str) -> Answer<()> {
        let _waiting = self.watch.waiting();
        self.client.batch_execute(sql)
    }

    /// Runs statements as the simple protocol does.
    pub fn simple_query(&mut self, sql: &str) -> Answer<Vec<SimpleQueryMessage>> {
        let _waiting = self.watch.waiting();
        self.client.simple_query(sql)
    }

    /// Runs a statement and counts the rows that it changed.
    pub fn execute<T: ?Sized + ToStatement>(&mut self, sql: &T, parameters: Parameters<'_>) -> Answer<u64> {
        let _waiting = self.watch.waiting();
        self.client.execute(sql, parameters)
    }

    /// The rows of a query.
    pub fn query<T: ?Sized + ToStatement>(
        &mut self,
        sql: &T,
        parameters: Parameters<'_>,
    ) -> Answer<Vec<Row>> {
        let _waiting = self.watch.waiting();
        self.client.query(sql, parameters)
    }

    /// The one row of a query.
    pub fn query_one<T: ?Sized + ToStatement>(&mut self, sql: &T, parameters: Parameters<'_>) -> Answer<Row> {
        let _waiting = self.watch.waiting();
        self.client.query_one(sql, parameters)
    }

    /// The row of a query, if it has one.
    pub fn query_opt<T: ?Sized + ToStatement>(
        &mut self,
        sql: &T,
        parameters: Parameters<'_>,
    ) -> Answer<Option<Row>> {
        let _waiting = self.watch.waiting();
        self.client.query_opt(sql, parameters)
    }

    /// What a COPY sends.
    pub fn copy_out(&mut self, sql: &str) -> Answer<Copying<'_, CopyOutReader<'_>>> {
        let Self { client, watch, .. } = self;
        let _waiting = watch.waiting();
        Ok(Copying { inner: client.copy_out(sql)?, watch })
    }

    /// What a COPY takes.
    pub fn copy_in(&mut self, sql: &str) -> Answer<Copying<'_, CopyInWriter<'_>>> {
        let Self { client, watch, .. } = self;
        let _waiting = watch.waiting();
        Ok(Copying { inner: client.copy_in(sql)?, watch })
    }

    /// Ends the session.
    pub fn close(self) -> Answer<()> {
        let Self { client, watch, _farewell } = self;
        let _waiting = watch.waiting();
        client.close()
    }
}

impl Deref for Session {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl DerefMut for Session {
    fn deref_mut(&mut self) -> &mut Client {
        &mut self.client
    }
}

impl Copying<'_, CopyInWriter<'_>> {
    /// Ends the COPY; how many rows arrived.
    pub fn finish(self) -> Answer<u64> {
        let _waiting = self.watch.waiting();
        self.inner.finish()
    }
}

impl Write for Copying<'_, CopyInWriter<'_>> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _waiting = self.watch.waiting();
        self.inner.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        let _waiting = self.watch.waiting();
        self.inner.flush()
    }
}

impl Read for Copying<'_, CopyOutReader<'_>> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let _waiting = self.watch.waiting();
        self.inner.read(into)
    }
}

impl BufRead for Copying<'_, CopyOutReader<'_>> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let _waiting = self.watch.waiting();
        self.inner.fill_buf()
    }

    fn consume(&mut self, read: usize) {
        self.inner.consume(read);
    }
}

/// Asks the server to end the statement that a session is at, if it is at one. Whether the server could be asked is not
/// said: the session shows what came of it.
pub fn cancel(address: &Address, token: &CancelToken) {
    if let Ok(tls) = tls::connector(address.mode, &address.roots) {
        let _ = token.cancel_query(tls);
    }
}
