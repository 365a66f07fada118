//! What the journal says of the rows: before a command ends, it notes a digest of every table that it may have written to, so
//! that whoever kept the head after it can tell whether any row of the file is another one since. The digests are keyed as
//! commitments are, and a redacted copy of the chain says nothing by them.
//!
//! Of a table with more rows than [`LARGE`] only their number is noted: hashing a million people's rows would take as long as what
//! made them. A seal covers every table.
//!
//! Which tables these are is asked of SQLite, as each statement is prepared. A command that was killed notes nothing; the next
//! one takes the digest of every table.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use serde_json::{Map, Value, json};

use crate::error::Result;
use crate::staging::file::journal::{Entry, KEY_FACT, keyed};
use crate::staging::file::open::Staging;
use crate::staging::file::sealing::SEAL_TABLES;
use crate::staging::quoted;

/// The table of the journal, which no digest is taken over: it is a chain.
pub const JOURNAL: &str = "journal";

/// The kind of the entries.
pub const DIGESTS: &str = "digests";

/// Rows from which on a table is too large to be hashed after every command.
const LARGE: u64 = 250_000;

/// Tables that the journal has entry by entry, or that are empty once a command has ended.
const APART: [&str; 3] = [JOURNAL, "runs", "progress"];

/// The tables that a connection may have written to since their digests were noted.
#[derive(Debug, Clone, Default)]
pub(in crate::staging) struct Touched(Arc<Mutex<BTreeSet<String>>>);

impl Touched {
    /// Watches a connection from now on.
    pub(in crate::staging) fn of(connection: &mut Connection) -> Result<Self> {
        let touched = Self::default();
        let written = touched.clone();
        connection.authorizer(Some(move |context: AuthContext<'_>| {
            let (AuthAction::Insert { table_name: table }
            | AuthAction::Update { table_name: table, .. }
            | AuthAction::Delete { table_name: table }
            | AuthAction::CreateTable { table_name: table }
            | AuthAction::DropTable { table_name: table }
            | AuthAction::AlterTable { table_name: table, .. }) = context.action
            else {
                return Authorization::Allow;
            };
            if context.database_name == Some("main") && is_covered(table) {
                written.0.lock().unwrap_or_else(PoisonError::into_inner).insert(table.to_owned());
            }
            Authorization::Allow
        }))?;
        Ok(touched)
    }

    fn take(&self) -> BTreeSet<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Whether digests of a table are noted.
fn is_covered(table: &str) -> bool {
    !APART.contains(&table) && !SEAL_TABLES.contains(&table) && !table.starts_with("sqlite_")
}

/// What the journal says of the tables: by table its rows and its keyed digest, which is '' where they were too many, and nothing
/// where the table was taken away.
pub type Noted = BTreeMap<String, Option<(u64, String)>>;

/// What the journal says of the tables at its end; none where a command began after the last digests were noted.
pub fn noted(journal: &[Entry]) -> Option<Noted> {
    let last = journal.iter().rposition(|entry| entry.kind == DIGESTS)?;
    if journal[last..].iter().any(|entry| entry.kind == "started") {
        return None;
    }
    let mut noted = Noted::new();
    for entry in journal.iter().filter(|entry| entry.kind == DIGESTS) {
        let value = entry.value()?;
        for (table, said) in value["tables"].as_object()? {
            let said = match said {
                Value::Null => None,
                said => Some((said["rows"].as_u64()?, said["digest"].as_str()?.to_owned())),
            };
            noted.insert(table.clone(), said);
        }
    }
    Some(noted)
}

impl Staging {
    /// Whether the digests of all tables have to be taken: none ever were, or a command began after the last and ended before
    /// it could note any.
    pub(in crate::staging) fn is_unsure(&self) -> Result<bool> {
        let sql = "select coalesce((select max(sequence) from journal where kind = 'started'), 0) \
                   >= coalesce((select max(sequence) from journal where kind = 'digests'), 0)";
        Ok(self.connection.query_row(sql, [], |row| row.get(0))?)
    }

    /// Notes the digests of the tables that the present command may have written to since it noted any.
    pub fn note_digests(&mut self) -> Result<()> {
        if self.run.is_none() {
            return Ok(());
        }
        // a statement that is prepared again tells again what it writes to
        self.connection.flush_prepared_statement_cache();
        let touched = self.touched.take();
        if self.has_noted && touched.is_empty() && !self.is_all_touched {
            return Ok(());
        }
        let said = self.digests_of(&touched).inspect_err(|_| self.is_all_touched = true)?;
        let mut tables = Map::new();
        for (table, said) in said {
            let said = said.map_or(Value::Null, |(rows, digest)| json!({ "rows": rows, "digest": digest }));
            tables.insert(table, said);
        }
        self.note(DIGESTS, &json!({ "tables": tables }))?;
        self.has_noted = true;
        self.is_all_touched = false;
        Ok(())
    }

    fn digests_of(&self, touched: &BTreeSet<String>) -> Result<Noted> {
        let mut wanted = touched.clone();
        let tables = self.tables()?;
        if self.is_all_touched {
            wanted.extend(tables.keys().filter(|table| is_covered(table)).cloned());
        }
        let key = self.fact(KEY_FACT)?.unwrap_or_default();
        wanted
            .into_iter()
            .map(|table| {
                let said = match tables.get(&table) {
                    Some(columns) => Some(self.keyed_digest(&table, columns, &key)?),
                    None => None,
                };
                Ok((table, said))
            })
            .collect()
    }

    /// What the journal ought to say of a table: its rows and its digest under the file's key.
    pub fn keyed_digest(&self, table: &str, columns: &[String], key: &str) -> Result<(u64, String)> {
        let sql = format!("select count(*) from {}", quoted(table));
        let rows: u64 = self.connection.query_row(&sql, [], |row| row.get(0))?;
        if rows > LARGE {
            return Ok((rows, String::new()));
        }
        let digest = self.table_digest(table, columns, "")?;
        Ok((digest.rows, keyed(key, digest.sha256.as_bytes())))
    }

    /// The tables that are not as the journal has them at its end.
    pub fn tables_unlike(&self, noted: &Noted, key: &str) -> Result<Vec<String>> {
        let tables = self.tables()?;
        let mut found = Vec::new();
        for (table, columns) in tables.iter().filter(|(table, _)| is_covered(table)) {
            let now = self.keyed_digest(table, columns, key)?;
            match noted.get(table) {
                // made with the file, and never written to
                None if now.0 == 0 => {}
                Some(Some(said)) if *said == now => {}
                Some(Some(said)) if said.0 != now.0 => {
                    found.push(format!("{table} has {} rows, the last command left {}", now.0, said.0));
                }
                Some(Some(_)) => found.push(format!("{table} has rows that no command wrote")),
                None | Some(None) => found.push(format!("{table} was not there")),
            }
        }
        for (table, said) in noted {
            if said.is_some() && !tables.contains_key(table) {
                found.push(format!("{table} is missing"));
            }
        }
        Ok(found)
    }
}
