//! A live `PostgreSQL`, 9.5 or newer, read with COPY under one snapshot. The connection comes open, with its session
//! settings made; here it is only read from. Where a second session can be had cheaply, the tables are read through it,
//! under the same snapshot.

use std::collections::HashMap;
use std::io::{self, BufRead};
use std::thread::{self, JoinHandle};

use postgres::SimpleQueryMessage;

use crate::connect::{Address, Session, Side, Wire, refuse_transaction_mode, server_error};
use crate::error::{Error, Result};
use crate::legacy::copy_text::Decoder;
use crate::legacy::{Count, Elsewhere, Place, Projection, Shape, Sink, Source};
use crate::record::{quoted, quoted_text};

/// All tables are read inside this transaction. Without `row_security` off, a policy would hide rows silently; so the
/// server refuses instead. And a scan that joins another one in the middle of a table would bring its rows out of order,
/// for which the file would have to read them all again.
const BEGIN: &str = "begin transaction isolation level repeatable read read only; set local row_security = off; \
                     set local synchronize_seqscans = off";

/// The three facts of the snapshot. `txid_current_snapshot` takes no transaction id, so it works on a standby too.
const FACTS: &str = "select current_setting('server_version'), current_setting('server_encoding'), \
                     txid_current_snapshot()::text";

/// While the second session reads a large table the first one has nothing to say, and must not be ended for that. 9.5 does
/// not know the setting, so it is set where it is.
const PATIENCE: &str = "select pg_catalog.set_config(name, '0', true) from pg_catalog.pg_settings \
                        where name = 'idle_in_transaction_session_timeout'";

const COLUMNS: &str = include_str!("../../sql/extract/columns.sql");
const ELSEWHERE: &str = include_str!("../../sql/extract/elsewhere.sql");
const REFERENCES: &str = include_str!("../../sql/extract/references.sql");

/// A legacy database, seen through one repeatable-read, read-only transaction.
pub struct PostgresSource {
    /// `None` after a COPY that was broken off, and while it counts.
    client: Option<Session>,
    /// A thread that counts the rows of a table with the client while they are read through the other session.
    counting: Option<JoinHandle<(Session, Result<u64>)>>,
    identity: String,
    version: String,
    snapshot: String,
    /// The rows of the tables counted so far.
    counts: HashMap<String, Count>,
    /// Whether the database's encoding is `SQL_ASCII`: the server then knows nothing about its own bytes.
    raw_bytes: bool,
    /// A second session that sees the same snapshot, where one can be had; tables are read through it.
    wire: Option<Wire>,
}

impl PostgresSource {
    /// Begins the transaction. `client` is a session on `address` that speaks UTF-8 and ISO dates.
    pub fn new(mut client: Session, address: &Address) -> Result<Self> {
        refuse_transaction_mode(Side::Legacy, &mut client, address)?;
        begin(&mut client)?;
        let wire = if Wire::reaches(address) { beside(&mut client, address)? } else { None };
        let facts = rows(&mut client, FACTS, "its version and snapshot")?.pop().unwrap_or_default();
        let Ok([version, encoding, snapshot]) = <[String; 3]>::try_from(facts) else {
            return Err(Error::legacy("the legacy server did not say its version and snapshot"));
        };
        Ok(Self {
            client: Some(client),
            counting: None,
            identity: address.identity(),
            version,
            snapshot,
            counts: HashMap::new(),
            raw_bytes: encoding == "SQL_ASCII",
            wire,
        })
    }

    fn client(&mut self) -> Result<&mut Session> {
        // whoever counts in vain is told when the count is asked for
        let _ = self.count_under_way();
        let lost =
            || Error::legacy("the snapshot is lost: reading a table was broken off").hint("extract again");
        self.client.as_mut().ok_or_else(lost)
    }

    /// The rows of a table as they arrive.
    fn copy(&mut self, shape: &Shape, sink: &mut dyn Sink) -> Result<u64> {
        let what = format!("the rows of table {}", shape.table);
        let projection = Projection::all(&shape.columns);
        let mut decoder = Decoder::new(&projection, Place::default());
        let sql = copy_statement(shape, self.raw_bytes);
        if let Some(mut wire) = self.wire.take() {
            wire.copy_out(&what, &sql, |row| decoder.push(row, sink))?;
            self.wire = Some(wire);
            return decoder.finish(sink);
        }
        let mut reader = self.client()?.copy_out(&sql).map_err(|cause| refused(&what, &cause))?;
        loop {
            let bytes = reader.fill_buf().map_err(|cause| broken(&what, cause))?;
            if bytes.is_empty() {
                return decoder.finish(sink);
            }
            decoder.push(bytes, sink)?;
            let len = bytes.len();
            reader.consume(len);
        }
    }

    /// The rows that the snapshot has of a table, from the count that is under way or from one now.
    fn counted(&mut self, table: &str) -> Result<u64> {
        match self.count_under_way() {
            Some(counted) => counted,
            None => counted(self.client()?, table),
        }
    }

    /// Waits for the count that is under way, and takes the client back.
    fn count_under_way(&mut self) -> Option<Result<u64>> {
        let counting = self.counting.take()?;
        Some(match counting.join() {
            Ok((client, counted)) => {
                self.client = Some(client);
                counted
            }
            Err(_) => Err(Error::internal("the thread that counts rows stopped")),
        })
    }
}

impl Source for PostgresSource {
    fn identity(&self) -> String {
        self.identity.clone()
    }

    fn version(&self) -> Option<String> {
        Some(self.version.clone())
    }

    fn snapshot(&self) -> Option<String> {
        Some(self.snapshot.clone())
    }

    fn shapes(&mut self) -> Result<Vec<Shape>> {
        let mut shapes: Vec<Shape> = Vec::new();
        for row in rows(self.client()?, COLUMNS, "its list of tables")? {
            let Ok([table, column]) = <[String; 2]>::try_from(row) else { continue };
            match shapes.last_mut() {
                Some(shape) if shape.table == table => shape.columns.push(column),
                _ => shapes.push(Shape { table, columns: vec![column] }),
            }
        }
        Ok(shapes)
    }

    fn references(&mut self) -> Result<Vec<(String, String)>> {
        let pair = |row: Vec<String>| <[String; 2]>::try_from(row).ok().map(|[from, to]| (from, to));
        Ok(rows(self.client()?, REFERENCES, "its foreign keys")?.into_iter().filter_map(pair).collect())
    }

    fn elsewhere(&mut self, table: &str) -> Result<Vec<Elsewhere>> {
        let sql = ELSEWHERE.replace("$1", &quoted_text(table));
        let found = rows(self.client()?, &sql, "its schemas")?;
        let schema = |row: Vec<String>| row.into_iter().next();
        let other = |schema| Elsewhere { table: table.to_owned(), schema, rows: None };
        Ok(found.into_iter().filter_map(schema).map(other).collect())
    }

    fn count(&mut self, table: &str) -> Result<Count> {
        let count = Count::default();
        if self.wire.is_none() {
            count.tell(self.counted(table)?);
            self.counts.insert(table.to_owned(), count.clone());
            return Ok(count);
        }
        self.client()?;
        let Some(mut client) = self.client.take() else { return Ok(count) };
        let (table, told) = (table.to_owned(), count.clone());
        let work = move || {
            let counted = counted(&mut client, &table).inspect(|rows| told.tell(*rows));
            (client, counted)
        };
        let counting = thread::Builder::new().name("count".to_owned()).spawn(work);
        self.counting =
            Some(counting.map_err(|cause| Error::internal("cannot start a thread").cause(cause))?);
        Ok(count)
    }

    fn read(&mut self, shape: &Shape, sink: &mut dyn Sink) -> Result<u64> {
        let arrived = self.copy(shape, sink).inspect_err(|_| {
            // Dropping a client waits for all that the server still has to send, which may take minutes. Forgotten, its
            // socket is closed when the process ends, which an error makes soon.
            std::mem::forget((self.client.take(), self.counting.take()));
        })?;
        let counted = match self.counts.get(&shape.table).and_then(Count::get) {
            Some(counted) => counted,
            None => self.counted(&shape.table)?,
        };
        if arrived != counted {
            return Err(Error::legacy(format!(
                "table {} has {counted} rows in the snapshot, but {arrived} arrived",
                shape.table
            ))
            .hint("extract again; if it happens again, a proxy between here and the server loses data"));
        }
        Ok(arrived)
    }
}

fn begin(client: &mut Session) -> Result<()> {
    client.batch_execute(BEGIN).map_err(|cause| refused("the read-only transaction", &cause))
}

/// A second session under the snapshot of the first one, which must hold its transaction meanwhile. A server that exports
/// no snapshot (a standby before 10) or takes no second session is read through the first one.
fn beside(client: &mut Session, address: &Address) -> Result<Option<Wire>> {
    let exported = match rows(client, "select pg_catalog.pg_export_snapshot()", "its snapshot") {
        Ok(exported) => exported.into_iter().flatten().next().unwrap_or_default(),
        Err(error) => {
            tracing::debug!("one session only: {error}");
            client.batch_execute("rollback").map_err(|cause| refused("the read-only transaction", &cause))?;
            begin(client)?;
            return Ok(None);
        }
    };
    rows(client, PATIENCE, "its timeouts")?;
    let opened = Wire::open(Side::Legacy, address).and_then(|mut wire| {
        // the snapshot has to be taken before anything else is asked
        let (isolation, settings) = BEGIN.split_once("; ").unwrap_or((BEGIN, ""));
        wire.execute(&format!(
            "{isolation}; set transaction snapshot {}; {settings}",
            quoted_text(&exported)
        ))?;
        Ok(wire)
    });
    Ok(opened.inspect_err(|error| tracing::debug!("one session only: {error}")).ok())
}

/// Asks for the rows of a table.
fn counted(client: &mut Session, table: &str) -> Result<u64> {
    let sql = format!("select count(*) from {}", quoted(table));
    let counted = rows(client, &sql, &format!("the row count of table {table}"))?;
    counted
        .first()
        .and_then(|row| row.first()?.parse().ok())
        .ok_or_else(|| Error::legacy(format!("the legacy server gave no row count for table {table}")))
}

/// The COPY statement of a table. The table's name needs no schema: the list has only what an unqualified name finds. From
/// a `SQL_ASCII` database the bytes are taken as they are: asked for UTF-8, the server would end the whole COPY at the
/// first row that is not.
fn copy_statement(shape: &Shape, raw_bytes: bool) -> String {
    let columns: Vec<_> = shape.columns.iter().map(|column| quoted(column)).collect();
    let encoding = if raw_bytes { " (encoding 'SQL_ASCII')" } else { "" };
    format!("copy (select {} from {}) to stdout{encoding}", columns.join(", "), quoted(&shape.table))
}

/// The rows of a small query, all as text; null becomes ''.
fn rows(client: &mut Session, sql: &str, what: &str) -> Result<Vec<Vec<String>>> {
    let messages = client.simple_query(sql).map_err(|cause| refused(what, &cause))?;
    let text = |message: SimpleQueryMessage| match message {
        SimpleQueryMessage::Row(row) => {
            Some((0..row.len()).map(|at| row.get(at).unwrap_or_default().to_owned()).collect())
        }
        _ => None,
    };
    Ok(messages.into_iter().filter_map(text).collect())
}

/// What the server refused, without what it said: its message may quote values.
fn refused(what: &str, cause: &postgres::Error) -> Error {
    server_error(Side::Legacy, what, cause)
}

/// A COPY that stopped in the middle: the client wraps its own error in an I/O error.
fn broken(what: &str, cause: io::Error) -> Error {
    match cause.get_ref().and_then(|inner| inner.downcast_ref::<postgres::Error>()) {
        Some(inner) => refused(what, inner),
        None => Error::legacy(format!("the connection to the legacy server broke at {what}")).cause(cause),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_quoted() {
        let shape =
            Shape { table: "dispatch_state".into(), columns: vec!["id".into(), "on".into(), "a\"b".into()] };
        assert_eq!(
            copy_statement(&shape, false),
            r#"copy (select "id", "on", "a""b" from "dispatch_state") to stdout"#
        );
        assert!(copy_statement(&shape, true).ends_with("to stdout (encoding 'SQL_ASCII')"));
    }
}
