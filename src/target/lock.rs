//! One load at a time: an advisory lock that lives as long as its session, and how a session that broke is replaced by
//! another that holds it again.

use std::thread;
use std::time::{Duration, Instant};

use super::{Target, failed, session, stopping};
use crate::error::{Error, Result};
use crate::interrupt;

/// `DRYDOCK`, as the key of the advisory lock.
const LOAD_LOCK: i64 = 0x0044_5259_444f_434b;

/// How long we wait for a session to end whose process is gone: the server notices that when it next looks.
const PATIENCE: Duration = Duration::from_secs(5);
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

/// A server process, told from a later one with the same number by when it began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Backend {
    pid: i32,
    started: String,
}

impl Target {
    /// Makes sure that no other load is at work, and learns what may change rows on their way in.
    pub fn prepare_load(&mut self) -> Result<()> {
        self.set_up()?;
        self.hold_triggers()?;
        self.take_lock()?;
        self.look_for_triggers()
    }

    /// Another session for the load that this one has the lock of.
    pub fn beside(&self) -> Result<Self> {
        let client = session(&self.address, &self.schema, &self.names)?;
        let mut beside = Self {
            stopping: stopping(&self.address, &client),
            client,
            address: self.address.clone(),
            identity: self.identity.clone(),
            schema: self.schema.clone(),
            names: self.names.clone(),
            mappings: self.mappings.clone(),
            triggers: self.triggers,
            depth: 0,
            backend: None,
            is_beside: true,
            tables: self.tables.clone(),
            watched: self.watched.clone(),
            judged: self.judged.clone(),
            elsewhere: super::elsewhere::Elsewhere::default(),
        };
        beside.set_up()?;
        beside.hold_triggers()?;
        beside.remember_backend()?;
        Ok(beside)
    }

    /// Room for the rows of a chunk, so that they are not written to files; that the server notices when this machine is
    /// gone, as this side does; and, asked of a server that knows it, that a process that is gone is noticed within a
    /// statement, not after it. What is refused does not write values into the server's log where the role may say so.
    fn set_up(&mut self) -> Result<()> {
        // a pooler's session that had temporary tables before keeps its buffers as they are
        self.client
            .batch_execute(
                "set work_mem = '32MB'; \
                 set tcp_keepalives_idle = 30; set tcp_keepalives_interval = 10; set tcp_keepalives_count = 3; \
                 do $$ begin perform set_config('temp_buffers', '32MB', false); \
                 exception when others then null; end $$; \
                 do $$ begin \
                     perform set_config('log_min_messages', 'panic', false), set_config('log_min_error_statement', 'panic', false), \
                             set_config('log_error_verbosity', 'terse', false); \
                 exception when others then null; end $$",
            )
            .map_err(|cause| failed("setting the session up", &cause))?;
        if self.version_number()? >= 140_000 {
            self.client
                .batch_execute("set client_connection_check_interval = '1s'")
                .map_err(|cause| failed("setting the session up", &cause))?;
        }
        Ok(())
    }

    fn take_lock(&mut self) -> Result<()> {
        let started = Instant::now();
        loop {
            let row = self
                .client
                .query_one("select pg_try_advisory_lock($1)", &[&LOAD_LOCK])
                .map_err(|cause| failed("taking the load lock", &cause))?;
            if row.get(0) {
                break;
            }
            if started.elapsed() > PATIENCE {
                return Err(self.lock_is_held());
            }
            interrupt::check()?;
            thread::sleep(BETWEEN_LOOKS);
        }
        self.remember_backend()
    }

    /// Whose the lock is. A command that ended behind a line that broke without a word still has it as far as the server
    /// knows.
    fn lock_is_held(&mut self) -> Error {
        const HOLDER: &str = "\
            select pid::int8, concat_ws(', ', nullif(application_name, ''), 'role ' || usename, state, \
                'since ' || to_char(state_change, 'YYYY-MM-DD HH24:MI:SS TZ')) \
            from pg_stat_activity where pid in (select pid from pg_locks where locktype = 'advisory' and granted \
                and objsubid = 1 and (classid::int8 << 32 | objid::int8) = $1 \
                and database = (select oid from pg_database where datname = current_database()))";
        let said = "another load is at work on this target";
        match self.client.query_opt(HOLDER, &[&LOAD_LOCK]) {
            Ok(Some(row)) => {
                let (pid, who): (i64, String) = (row.get(0), row.get(1));
                Error::target(format!("{said}: process {pid} of its server ({who})")).hint(format!(
                    "wait for it to end; where its command has ended already, end its session there with \
                     `select pg_terminate_backend({pid})`; nothing was written"
                ))
            }
            _ => Error::target(said).hint("wait for it to end; nothing was written"),
        }
    }

    fn remember_backend(&mut self) -> Result<()> {
        let row = self
            .client
            .query_one(
                "select pg_backend_pid(), coalesce((select backend_start::text from pg_stat_activity \
                 where pid = pg_backend_pid()), '')",
                &[],
            )
            .map_err(|cause| failed("looking at the session", &cause))?;
        self.backend = Some(Backend { pid: row.get(0), started: row.get(1) });
        Ok(())
    }

    /// Whether the session is gone. The server is asked: a session that it ended is seen to be closed only after the
    /// words in which it said so.
    pub fn is_broken(&mut self) -> bool {
        self.client.is_valid(PATIENCE).is_err()
    }

    /// Replaces a session that broke. What it was doing has ended, one way or the other, when this returns. After an error
    /// the session counts as broken still.
    pub fn reconnect(&mut self) -> Result<()> {
        self.depth = 0;
        let replacement = session(&self.address, &self.schema, &self.names)?;
        self.stopping = stopping(&self.address, &replacement);
        let broken = std::mem::replace(&mut self.client, replacement);
        let done = self.take_over();
        if done.is_err() {
            self.client = broken;
        }
        done
    }

    fn take_over(&mut self) -> Result<()> {
        let Some(backend) = self.backend.clone() else { return Ok(()) };
        self.end(&backend)?;
        if self.is_beside {
            self.set_up()?;
            self.hold_triggers()?;
            self.remember_backend()
        } else {
            self.prepare_load()
        }
    }

    /// Ends a session of ours. On a line that broke without a word the server would wait for us for hours; to end one's
    /// own session needs no right, and one that has ended already is not found.
    fn end(&mut self, backend: &Backend) -> Result<()> {
        let started = Instant::now();
        loop {
            let found = self
                .client
                .query(
                    "select pg_terminate_backend(pid) from pg_stat_activity \
                     where pid = $1 and backend_start::text = $2 and pid <> pg_backend_pid()",
                    &[&backend.pid, &backend.started],
                )
                .map_err(|cause| failed("ending the broken session", &cause))?;
            if found.is_empty() {
                return Ok(());
            }
            if started.elapsed() > PATIENCE {
                return Err(Error::target("the session that broke is still at work on the target")
                    .hint("run the command again when it has ended; a load goes on where it stopped"));
            }
            interrupt::check()?;
            thread::sleep(BETWEEN_LOOKS);
        }
    }

    /// The server's version as a number: 150006 is 15.6.
    pub fn version_number(&mut self) -> Result<i32> {
        let row = self
            .client
            .query_one("select current_setting('server_version_num')::int4", &[])
            .map_err(|cause| failed("asking for the version", &cause))?;
        Ok(row.get(0))
    }
}
