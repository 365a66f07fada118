//! A snapshot read back: its digest taken again from its rows, and its rows compared with those of a source.

use std::cell::Cell;
use std::collections::HashSet;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row, Statement};
use sha2::{Digest, Sha256};

use super::batch::Arrived;
use super::canonical::{self, TableDigest};
use super::{Batch, TableManifest, is_read, key_number, key_position, raw_columns, raw_table};
use crate::columns::{Reads, says_the_same};
use crate::entity::{self, patients, practices, profiles};
use crate::error::{Error, Result};
use crate::interrupt;
use crate::staging::{Staging, quoted};

/// Rows between two looks at whether somebody wants us to stop.
const ROWS_PER_LOOK: u64 = 4_096;

/// Keys named one by one; the rest is only counted.
const NAMED: usize = 1_000;

/// Some keys of a table: how many, and the first of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Keys {
    /// How many there are.
    pub count: u64,
    /// The lowest, in order; at most a thousand.
    pub first: Vec<i64>,
}

impl Keys {
    fn of(mut keys: Vec<i64>) -> Self {
        keys.sort_unstable();
        let count = keys.len() as u64;
        keys.truncate(NAMED);
        Self { count, first: keys }
    }
}

/// How a table of the source differs from the one in the file.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Comparison {
    /// The legacy table.
    pub table: String,
    /// Rows in the file.
    pub rows: u64,
    /// Rows in the source now.
    pub rows_now: u64,
    /// Unreadable rows in the file.
    pub unreadable: u64,
    /// Unreadable rows in the source now.
    pub unreadable_now: u64,
    /// The digest in the manifest.
    pub digest: String,
    /// Columns that came since, and that went.
    pub columns_added: Vec<String>,
    /// Columns that went since.
    pub columns_gone: Vec<String>,
    /// Rows whose values in the columns of both changed.
    pub changed: Keys,
    /// Rows that came since.
    pub added: Keys,
    /// Rows that went since.
    pub gone: Keys,
    /// Of the changed rows, those that are somebody else's now: whatever says who a user is differs.
    pub somebody_else: Keys,
}

impl Comparison {
    /// Whether the source still has what the file has.
    pub fn is_same(&self) -> bool {
        let keys = [&self.changed, &self.added, &self.gone];
        keys.iter().all(|keys| keys.count == 0)
            && self.columns_added.is_empty()
            && self.columns_gone.is_empty()
            && self.unreadable == self.unreadable_now
    }
}

/// A comparison under way: rows of the source come in, in any order.
#[derive(Debug)]
pub struct Comparing<'a> {
    connection: &'a Connection,
    find: Statement<'a>,
    /// All rows, with the same columns in the same order.
    find_all: String,
    /// The positions of the columns of both in what the source sends, in the order of `find`.
    order: Vec<usize>,
    /// What rules read out of each of these columns.
    reads: Vec<Reads>,
    /// The places among these of what says who a user is, as far as both have it.
    identity: Vec<Vec<usize>>,
    key: Option<usize>,
    is_read: bool,
    result: Comparison,
    changed: Vec<i64>,
    somebody_else: Vec<i64>,
    added: Vec<i64>,
    seen: Vec<i64>,
    /// Keys of rows that were set apart in the file.
    set_apart: HashSet<i64>,
    digests: Vec<[u8; 32]>,
    row: [Vec<u8>; 2],
}

impl Staging {
    /// The manifest, in the order in which the tables were taken.
    pub fn manifest(&self) -> Result<Vec<TableManifest>> {
        manifest(&self.connection)
    }

    /// The digest of the rows that the file holds now; `NO_DIGEST` where they cannot be those of any snapshot.
    pub fn snapshot_digest(&self, table: &TableManifest) -> Result<String> {
        manifest_digest(&self.connection, table)
    }

    /// Begins to compare a table with its source, which will send `columns`.
    pub fn comparing(&self, table: &TableManifest, columns: &[String]) -> Result<Comparing<'_>> {
        let sent = raw_columns(columns);
        let shared: Vec<String> =
            table.columns.iter().filter(|column| sent.contains(column)).cloned().collect();
        let order = canonical::order(&shared);
        let names: Vec<&String> = order.iter().map(|at| &shared[*at]).collect();
        let listed: String = names.iter().map(|name| format!(", {}", quoted(name))).collect();
        let find_all = format!("select legacy_id{listed} from {}", raw_table(&table.table));
        let mut statement = self.connection.prepare(
            "select distinct legacy_id from legacy_unreadable where table_name = ? and legacy_id is not null",
        )?;
        let set_apart =
            statement.query_map([&table.table], |row| row.get(0))?.collect::<Result<_, rusqlite::Error>>()?;
        let lacking = |some: &[String], others: &[String]| {
            some.iter().filter(|column| !others.contains(column)).cloned().collect::<Vec<_>>()
        };
        Ok(Comparing {
            connection: &self.connection,
            find: self.connection.prepare(&format!("{find_all} where legacy_id = ?"))?,
            find_all,
            order: names.iter().filter_map(|name| sent.iter().position(|column| column == *name)).collect(),
            reads: names.iter().map(|name| reads(&table.table, name)).collect(),
            identity: identity(&table.table, &names),
            key: key_position(columns),
            is_read: is_read(&table.table),
            result: Comparison {
                table: table.table.clone(),
                rows: table.rows,
                unreadable: table.unreadable,
                digest: table.digest.clone(),
                columns_added: lacking(&sent, &table.columns),
                columns_gone: lacking(&table.columns, &sent),
                ..Comparison::default()
            },
            changed: Vec::new(),
            somebody_else: Vec::new(),
            added: Vec::new(),
            seen: Vec::new(),
            set_apart,
            digests: Vec::new(),
            row: [Vec::new(), Vec::new()],
        })
    }
}

impl Comparing<'_> {
    /// Compares the rows of a batch.
    pub fn push(&mut self, batch: &Batch) -> Result<()> {
        for arrived in &batch.rows {
            self.result.rows_now += 1;
            match arrived {
                Arrived::Unreadable { .. } => self.result.unreadable_now += 1,
                Arrived::Row { first, .. } => self.row(batch, *first)?,
            }
        }
        Ok(())
    }

    /// How many rows have arrived.
    pub fn arrived(&self) -> u64 {
        self.result.rows_now
    }

    fn row(&mut self, batch: &Batch, first: usize) -> Result<()> {
        let [now, then] = &mut self.row;
        now.clear();
        canonical::encode(now, &self.order, |at| batch.field(first + at));
        let Some(key) = self.key else {
            self.digests.push(Sha256::digest(now.as_slice()).into());
            return Ok(());
        };
        let text = batch.field(first + key);
        let Some(key) = text.and_then(|text| key_number(self.is_read, text)) else {
            self.result.unreadable_now += 1;
            return Ok(());
        };
        if self.set_apart.contains(&key) && !self.find.exists([key])? {
            self.result.unreadable_now += 1;
            return Ok(());
        }
        then.clear();
        let found = self
            .find
            .query_row([key], |row| encode_stored(then, row, self.order.len()))
            .optional()?
            .is_some();
        if !found {
            self.added.push(key);
        } else if now != then {
            // two programs print one value in two ways
            let field = |at: usize| batch.field(first + self.order[at]).map(String::from_utf8_lossy);
            let (is_same, is_somebody_else) = self.find.query_row([key], |row| {
                let mut same = Vec::with_capacity(self.reads.len());
                for (at, reads) in self.reads.iter().enumerate() {
                    let (stored, sent) = (row.get_ref(at + 1)?.as_str_or_null()?, field(at));
                    same.push(match (stored, sent.as_deref()) {
                        (one, other) if says_the_same(*reads, one, other) => Likeness::Same,
                        (Some(one), Some(other)) if folded(one) == folded(other) => Likeness::Folded,
                        (None | Some(""), _) | (_, None | Some("")) => Likeness::Missing,
                        _ => Likeness::Different,
                    });
                }
                let is_same = same.iter().all(|likeness| *likeness == Likeness::Same);
                Ok((is_same, !is_same && are_different(&self.identity, &same)))
            })?;
            if !is_same {
                self.changed.push(key);
            }
            if is_somebody_else {
                self.somebody_else.push(key);
            }
        }
        self.seen.push(key);
        Ok(())
    }

    /// Ends the comparison: what was not seen is gone.
    pub fn finish(mut self) -> Result<Comparison> {
        let raw_table = raw_table(&self.result.table);
        if self.key.is_none() {
            return self.finish_unordered();
        }
        self.seen.sort_unstable();
        // a key that came twice since is one row and another that cannot be told from it
        let twice: Vec<i64> =
            self.seen.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
        self.result.unreadable_now += twice.len() as u64;
        let mut gone = Vec::new();
        let mut statement =
            self.connection.prepare(&format!("select legacy_id from {raw_table} order by legacy_id"))?;
        let mut rows = statement.query([])?;
        let mut seen = self.seen.iter().copied().peekable();
        while let Some(row) = rows.next()? {
            let key: i64 = row.get(0)?;
            while seen.next_if(|seen| *seen < key).is_some() {}
            if seen.peek() != Some(&key) {
                gone.push(key);
            }
        }
        self.added.sort_unstable();
        self.added.dedup();
        self.changed.sort_unstable();
        self.changed.dedup();
        self.result.changed = Keys::of(self.changed);
        self.result.somebody_else = Keys::of(self.somebody_else);
        self.result.added = Keys::of(self.added);
        self.result.gone = Keys::of(gone);
        Ok(self.result)
    }

    /// Rows without a key cannot be named, only counted: a changed one is one gone and another come.
    fn finish_unordered(mut self) -> Result<Comparison> {
        let mut then = row_digests(self.connection, &self.find_all, self.order.len())?;
        then.sort_unstable();
        self.digests.sort_unstable();
        let only = |some: &[[u8; 32]], others: &[[u8; 32]]| {
            let mut others = others.iter().peekable();
            some.iter()
                .filter(|row| {
                    while others.next_if(|other| other < row).is_some() {}
                    others.next_if(|other| other == row).is_none()
                })
                .count() as u64
        };
        self.result.added.count = only(&self.digests, &then);
        self.result.gone.count = only(&then, &self.digests);
        Ok(self.result)
    }
}

/// How alike two values of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Likeness {
    Same,
    /// But for capitals and space.
    Folded,
    Missing,
    Different,
}

/// A text without what an export may do to it; of a moment the day.
fn folded(text: &str) -> String {
    let text = text.trim().to_lowercase();
    if text.as_bytes().get(4) == Some(&b'-') { text.chars().take(10).collect() } else { text }
}

/// Whether at least two things that say who a user is can be compared, and every one is another: a name is one thing.
fn are_different(identity: &[Vec<usize>], same: &[Likeness]) -> bool {
    let mut compared = 0;
    for places in identity {
        let likeness = places.iter().map(|place| same[*place]);
        if likeness.clone().any(|likeness| likeness == Likeness::Different) {
            compared += 1;
        } else if likeness.clone().any(|likeness| likeness != Likeness::Missing) {
            return false;
        }
    }
    compared >= 2
}

/// Where the columns stand that say who a user is: the name that somebody signs in with, the moment of joining, and first and
/// last name together.
fn identity(table: &str, names: &[&String]) -> Vec<Vec<usize>> {
    let identity: &[&[&str]] = match table {
        table if table == profiles::USERS.name => &profiles::IDENTITY,
        table if table == patients::PATIENTS.name => &patients::IDENTITY,
        table if table == practices::OFFICES.name => &practices::IDENTITY,
        _ => return Vec::new(),
    };
    let places = |wanted: &[&str]| -> Vec<usize> {
        wanted.iter().filter_map(|wanted| names.iter().position(|name| name == wanted)).collect()
    };
    identity.iter().map(|wanted| places(wanted)).filter(|places| !places.is_empty()).collect()
}

/// What rules read out of a column of a legacy table.
fn reads(table: &str, column: &str) -> Reads {
    let tables = entity::legacy_tables();
    let known = tables.iter().find(|known| known.name == table);
    let holds = known.and_then(|known| known.columns().find(|(name, _)| *name == column));
    holds.map_or(Reads::Text, |(_, holds)| Reads::of(holds))
}

/// Appends a stored row whose columns stand in canonical order after its key.
fn encode_stored(out: &mut Vec<u8>, row: &Row<'_>, width: usize) -> rusqlite::Result<()> {
    let mut fields = Vec::with_capacity(width);
    for column in 1..=width {
        fields.push(match row.get_ref(column)? {
            ValueRef::Text(text) => Some(text),
            _ => None,
        });
    }
    let order: Vec<usize> = (0..width).collect();
    canonical::encode(out, &order, |at| fields[at]);
    Ok(())
}

/// The manifest, in the order in which the tables were taken.
pub(in crate::staging) fn manifest(connection: &Connection) -> Result<Vec<TableManifest>> {
    let mut statement = connection.prepare(
        "select table_name, rows, unreadable, bytes, digest, columns, excluded_columns, missing_columns \
         from legacy_tables order by position",
    )?;
    let list = |row: &Row<'_>, at: usize| -> rusqlite::Result<Vec<String>> {
        let text: String = row.get(at)?;
        Ok(serde_json::from_str(&text).unwrap_or_default())
    };
    let manifest = statement
        .query_map([], |row| {
            Ok(TableManifest {
                table: row.get(0)?,
                rows: row.get(1)?,
                unreadable: row.get(2)?,
                bytes: row.get(3)?,
                digest: row.get(4)?,
                columns: list(row, 5)?,
                excluded_columns: list(row, 6)?,
                missing_columns: list(row, 7)?,
            })
        })?
        .collect::<Result<_, rusqlite::Error>>()?;
    Ok(manifest)
}

/// What stands for the digest of rows that no source can have handed over: too many, something that is not text, a row that is
/// not under its own key.
const NO_DIGEST: &str = "none";

/// The digest of a table's rows as the manifest means it. It reads no more rows than the manifest has, and one.
pub(in crate::staging) fn manifest_digest(connection: &Connection, table: &TableManifest) -> Result<String> {
    let most = table.rows.saturating_sub(table.unreadable);
    digest(connection, &table.table, &table.columns, most)
}

/// The digest of a raw table's rows, of which there are at most so many.
pub(super) fn digest(connection: &Connection, table: &str, columns: &[String], most: u64) -> Result<String> {
    let raw_table = raw_table(table);
    let mut digest = TableDigest::new(columns);
    let width = columns.len();
    let Some(key) = key_position(columns) else {
        let order = canonical::order(columns);
        let listed: String = order.iter().map(|at| format!(", {}", quoted(&columns[*at]))).collect();
        let select = format!("select legacy_id{listed} from {raw_table} limit {}", most.saturating_add(1));
        let rows = row_digests(connection, &select, width)?;
        let is_too_many = rows.len() as u64 > most;
        digest.unordered(rows);
        return Ok(if is_too_many { NO_DIGEST.to_owned() } else { digest.finish() });
    };
    let listed: String = columns.iter().map(|column| format!(", {}", quoted(column))).collect();
    let mut statement =
        connection.prepare(&format!("select legacy_id{listed} from {raw_table} order by legacy_id"))?;
    let mut rows = statement.query([])?;
    let is_read = is_read(table);
    let mut read = 0_u64;
    while let Some(row) = rows.next()? {
        read += 1;
        if read.is_multiple_of(ROWS_PER_LOOK) {
            interrupt::check()?;
        }
        let is_text = Cell::new(true);
        digest.row(|at| match row.get_ref(at + 1) {
            Ok(ValueRef::Text(text)) => Some(text),
            Ok(ValueRef::Null) => None,
            _ => {
                is_text.set(false);
                None
            }
        });
        let named = row.get_ref(key + 1)?.as_bytes().ok().and_then(|id| key_number(is_read, id));
        if read > most || !is_text.get() || named != Some(row.get(0)?) {
            return Ok(NO_DIGEST.to_owned());
        }
    }
    Ok(digest.finish())
}

/// The SHA-256 of each row's canonical encoding; the statement has the columns in canonical order after the key.
fn row_digests(connection: &Connection, sql: &str, width: usize) -> Result<Vec<[u8; 32]>> {
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    let (mut digests, mut encoded) = (Vec::new(), Vec::new());
    while let Some(row) = rows.next()? {
        encoded.clear();
        encode_stored(&mut encoded, row, width).map_err(Error::from)?;
        digests.push(Sha256::digest(&encoded).into());
        if digests.len().is_multiple_of(4_096) {
            interrupt::check()?;
        }
    }
    Ok(digests)
}
