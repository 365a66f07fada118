//! One table of the snapshot being written: a batch at a time goes in as a whole, by its image; rows that cannot go that way
//! go singly, and rows that are no record of their table are kept apart.

use std::collections::BTreeSet;
use std::iter;
use std::path::PathBuf;

use drydock_image::{Field, Image};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, ToSql};
use sha2::{Digest, Sha256};

use super::apart::as_json;
use super::batch::{Arrived, Batch, Spot};
use super::canonical::{self, TableDigest};
use super::{NewTable, TableManifest, contents, is_read, key_number, key_position, places_table, raw_table};
use crate::error::Result;
use crate::interrupt::Stopping;
use crate::record::LegacyId;
use crate::staging::file::flusher::Flusher;
use crate::staging::{Staging, file::disk, now, quoted};

/// The database in memory that a batch is copied from.
const ARRIVED: &str = "arrived";

/// Rows between two notes of how far it is: few enough for `status` to see it move.
const ROWS_PER_NOTE: u64 = 50_000;

/// Bytes of a row beyond which it goes singly: on its way through an image it is in memory four times.
const LONG: usize = 1024 * 1024;

/// Bytes of values between two flushes in the background.
const BYTES_PER_FLUSH: u64 = 32 * 1024 * 1024;

/// One table of the snapshot being written.
#[derive(Debug)]
pub struct SnapshotTable<'a> {
    pub(super) connection: &'a mut Connection,
    stopping: Stopping,
    flusher: Option<&'a Flusher>,
    /// The bytes at the last flush.
    flushed: u64,
    pub(super) path: PathBuf,
    finished: bool,
    pub(super) manifest: TableManifest,
    total: Option<u64>,
    image: Image,
    /// Where the rows of a file stand.
    pub(super) places: Option<Image>,
    /// Copies the rows of an image; inserts one row. The same for their places.
    copy_all: String,
    insert_one: String,
    copy_places: String,
    insert_place: String,
    /// The position of the key; without one, rows are numbered as they come.
    key: Option<usize>,
    is_read: bool,
    pub(super) numbers: u64,
    /// The file that the rows stand in, or the files.
    pub(super) file: Option<String>,
    unnoted: u64,
    pub(super) clashes: BTreeSet<i64>,
    digest: TableDigest,
    /// The last key; `None` once a key came out of order, after which the digest cannot be taken on the way.
    last_key: Option<i64>,
    /// The digests of the rows of a table without a key.
    unordered: Vec<[u8; 32]>,
}

/// A row with its key, in a batch.
#[derive(Debug, Clone, Copy)]
struct Placed {
    key: i64,
    first: usize,
    bytes: usize,
    spot: Spot,
}

/// One raw value, handed to SQLite as text.
struct Raw<'a>(Option<&'a [u8]>);

impl ToSql for Raw<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(self.0.map_or(ValueRef::Null, ValueRef::Text)))
    }
}

/// An image of a table with that many text columns.
fn arrived_texts(columns: usize) -> Image {
    let listed: String = (0..columns).map(|column| format!(", c{column} text")).collect();
    Image::new(ARRIVED, format!("create table {ARRIVED} (legacy_id integer primary key{listed})"))
}

/// An image of a table of places.
fn arrived_places() -> Image {
    let create =
        format!("create table {ARRIVED} (legacy_id integer primary key, line integer, byte integer)");
    Image::new(ARRIVED, create)
}

impl<'a> SnapshotTable<'a> {
    /// Begins to write a table that the file has, with these columns and no row.
    pub(super) fn begin(staging: &'a mut Staging, new: NewTable, names: Vec<String>) -> Result<Self> {
        let (path, stopping) = (staging.path().to_owned(), staging.stopping.clone());
        let connection = &mut staging.connection;
        let raw_table = raw_table(&new.table);
        let listed: String = names.iter().map(|name| format!(", {}", quoted(name))).collect();
        let places = places_table(&new.table);
        connection.execute_batch(&format!("attach ':memory:' as {ARRIVED}"))?;
        Ok(Self {
            connection,
            stopping,
            flusher: staging.flusher.as_ref(),
            flushed: 0,
            path,
            finished: false,
            total: new.total,
            image: arrived_texts(names.len()),
            places: new.has_places.then(arrived_places),
            copy_all: format!("insert into main.{raw_table} select * from {ARRIVED}.arrived"),
            insert_one: format!(
                "insert or fail into main.{raw_table} (legacy_id{listed}) values (?{})",
                ", ?".repeat(names.len())
            ),
            copy_places: format!("insert into main.{places} select * from {ARRIVED}.arrived"),
            insert_place: format!("insert into main.{places} (legacy_id, line, byte) values (?, ?, ?)"),
            key: key_position(&new.columns),
            is_read: is_read(&new.table),
            numbers: 0,
            file: None,
            unnoted: 0,
            clashes: BTreeSet::new(),
            digest: TableDigest::new(&names),
            last_key: Some(i64::MIN),
            unordered: Vec::new(),
            manifest: TableManifest {
                table: new.table,
                rows: 0,
                unreadable: 0,
                bytes: 0,
                digest: String::new(),
                columns: names,
                excluded_columns: new.excluded,
                missing_columns: new.missing,
            },
        })
    }
}

impl SnapshotTable<'_> {
    /// Writes the rows of a batch. A row that cannot stand under its key is kept as unreadable.
    pub fn push(&mut self, batch: &Batch) -> Result<()> {
        let before = self.manifest.rows;
        self.note_file(batch.file.as_deref());
        let mut placed = Vec::with_capacity(batch.rows.len());
        let mut unplaced = Vec::new();
        for arrived in &batch.rows {
            match arrived {
                Arrived::Row { first, bytes, spot } => {
                    match self.key_of(batch, *first, unplaced.len() + placed.len()) {
                        Some(key) => placed.push(Placed { key, first: *first, bytes: *bytes, spot: *spot }),
                        None => unplaced.push(arrived),
                    }
                }
                Arrived::Unreadable { .. } => unplaced.push(arrived),
            }
        }
        if !placed.is_sorted_by_key(|row| row.key) {
            placed.sort_by_key(|row| row.key);
        }
        let mut stands = vec![true; placed.len()];
        let singly = self.copy_images(batch, &placed)?;
        if !(singly.is_empty() && unplaced.is_empty()) {
            self.execute("begin")?;
            for at in singly {
                stands[at] = self.insert(batch, &placed[at])?;
            }
            for arrived in unplaced {
                self.keep_apart(batch, arrived)?;
            }
            self.execute("commit")?;
        }
        for (row, _) in placed.iter().zip(&stands).filter(|(_, stands)| **stands) {
            self.placed(batch, row);
        }
        if self.manifest.bytes >= self.flushed + BYTES_PER_FLUSH {
            self.flushed = self.manifest.bytes;
            self.flusher.inspect(|flusher| flusher.ask());
        }
        self.unnoted += self.manifest.rows - before;
        if self.unnoted >= ROWS_PER_NOTE {
            self.unnoted = 0;
            self.note_progress()?;
        }
        Ok(())
    }

    /// Notes a file that rows stand in; of a table in several, all are named.
    fn note_file(&mut self, file: Option<&str>) {
        let Some(file) = file else { return };
        match &mut self.file {
            None => self.file = Some(file.to_owned()),
            Some(known) if known.split(", ").any(|one| one == file) => {}
            Some(known) => *known = format!("{known}, {file}"),
        }
    }

    /// Says how many rows there will be, once that is known.
    pub fn expect(&mut self, total: u64) {
        self.total = Some(total);
    }

    /// How many rows have arrived.
    pub fn rows(&self) -> u64 {
        self.manifest.rows
    }

    /// Ends the table and writes its manifest.
    pub fn finish(mut self) -> Result<TableManifest> {
        self.execute(&format!("detach {ARRIVED}; begin immediate"))?;
        let clashed = !self.clashes.is_empty();
        self.set_apart_clashes()?;
        let digest = if self.key.is_none() {
            let mut digest = self.digest.clone();
            digest.unordered(std::mem::take(&mut self.unordered));
            digest.finish()
        } else if clashed || self.last_key.is_none() {
            contents::digest(self.connection, &self.manifest.table, &self.manifest.columns, u64::MAX)?
        } else {
            self.digest.clone().finish()
        };
        self.manifest.digest = digest;
        self.connection.execute(
            "update legacy_tables set rows = ?, unreadable = ?, bytes = ?, digest = ?, file = ? where table_name = ?",
            (
                self.manifest.rows,
                self.manifest.unreadable,
                self.manifest.bytes,
                &self.manifest.digest,
                &self.file,
                &self.manifest.table,
            ),
        )?;
        self.note_progress()?;
        self.execute("commit")?;
        self.finished = true;
        Ok(self.manifest.clone())
    }

    /// The key under which a row is placed; rows of a table without one are numbered.
    fn key_of(&self, batch: &Batch, first: usize, before: usize) -> Option<i64> {
        match self.key {
            None => i64::try_from(self.manifest.rows).ok()?.checked_add(i64::try_from(before).ok()? + 1),
            Some(key) => key_number(self.is_read, batch.field(first + key)?),
        }
    }

    /// Copies rows in key order, each image in a transaction of its own, and returns the positions of those that have to go
    /// singly, because they are long or another row has their key.
    fn copy_images(&mut self, batch: &Batch, placed: &[Placed]) -> Result<Vec<usize>> {
        let width = self.manifest.columns.len();
        let mut singly = Vec::new();
        let mut in_image = Vec::with_capacity(placed.len());
        self.image.clear();
        self.places.iter_mut().for_each(Image::clear);
        for (at, row) in placed.iter().enumerate() {
            if row.bytes > LONG || at > 0 && placed[at - 1].key == row.key {
                singly.push(at);
                continue;
            }
            let fields = iter::once(None).chain(batch.fields(row.first, width)).map(Field::from);
            if !self.image.push(row.key, fields.clone()) {
                singly.extend(self.copy_image(&mut in_image)?);
                let fits = self.image.push(row.key, fields);
                assert!(fits, "an empty image takes a row that is not long");
            }
            in_image.push(at);
            if let Some(places) = &mut self.places {
                let number =
                    |number: Option<u64>| number.and_then(|number| i64::try_from(number).ok()).into();
                let place = [Field::Null, number(row.spot.line), number(row.spot.byte)];
                // far smaller than the rows, so it holds as many
                places.push(row.key, place.into_iter());
            }
        }
        if self.image.rows() > 0 {
            singly.extend(self.copy_image(&mut in_image)?);
        }
        singly.sort_unstable();
        Ok(singly)
    }

    /// Copies the rows of the image; returns all of them when one has a key that the table has.
    fn copy_image(&mut self, in_image: &mut Vec<usize>) -> Result<Vec<usize>> {
        let rows = std::mem::take(in_image);
        let bytes = self.image.finish();
        self.connection.deserialize_read_exact(ARRIVED, bytes, bytes.len(), true)?;
        self.image.clear();
        match self.connection.execute(&self.copy_all, []) {
            Ok(_) => {
                if let Some(places) = &mut self.places {
                    let bytes = places.finish();
                    self.connection.deserialize_read_exact(ARRIVED, bytes, bytes.len(), true)?;
                    places.clear();
                    self.connection
                        .execute(&self.copy_places, [])
                        .map_err(|cause| disk::refused(&self.path, cause))?;
                }
                Ok(Vec::new())
            }
            Err(cause) if cause.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
                self.places.iter_mut().for_each(Image::clear);
                Ok(rows)
            }
            Err(cause) => Err(disk::refused(&self.path, cause)),
        }
    }

    /// Inserts one row. False when another one has its key: then it is kept apart.
    fn insert(&mut self, batch: &Batch, row: &Placed) -> Result<bool> {
        let width = self.manifest.columns.len();
        let stored = {
            let mut statement = self.connection.prepare_cached(&self.insert_one)?;
            statement.raw_bind_parameter(1, row.key)?;
            for (at, field) in batch.fields(row.first, width).enumerate() {
                statement.raw_bind_parameter(at + 2, Raw(field))?;
            }
            statement.raw_execute()
        };
        match stored {
            Ok(_) => {
                if self.places.is_some() {
                    self.connection
                        .prepare_cached(&self.insert_place)?
                        .execute((row.key, row.spot.line, row.spot.byte))
                        .map_err(|cause| disk::refused(&self.path, cause))?;
                }
                Ok(true)
            }
            Err(cause) if cause.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
                self.clashes.insert(row.key);
                let raw = as_json(batch.fields(row.first, width));
                self.keep("duplicate_key", Some(LegacyId(row.key)), batch, row.spot, &raw)?;
                Ok(false)
            }
            Err(cause) => Err(disk::refused(&self.path, cause)),
        }
    }

    /// Counts a row that stands in its table, and takes it into the digest.
    fn placed(&mut self, batch: &Batch, row: &Placed) {
        self.manifest.bytes += row.bytes as u64;
        self.manifest.rows += 1;
        if self.key.is_none() {
            let mut encoded = Vec::new();
            let order = canonical::order(&self.manifest.columns);
            canonical::encode(&mut encoded, &order, |at| batch.field(row.first + at));
            self.unordered.push(Sha256::digest(&encoded).into());
        } else if let Some(last) = self.last_key {
            self.last_key = (row.key > last || (last == i64::MIN && row.key == i64::MIN)).then_some(row.key);
            self.digest.row(|at| batch.field(row.first + at));
        }
    }

    fn note_progress(&self) -> Result<()> {
        self.connection
            .execute(
                "insert or replace into progress (only_row, operation, done, total, updated_at) \
                 values (1, ?, ?, ?, ?)",
                (format!("extract {}", self.manifest.table), self.manifest.rows, self.total, now()),
            )
            .map_err(|cause| disk::refused(&self.path, cause))?;
        Ok(())
    }

    fn execute(&self, sql: &str) -> Result<()> {
        self.connection.execute_batch(sql).map_err(|cause| disk::refused(&self.path, cause))
    }
}

impl Drop for SnapshotTable<'_> {
    fn drop(&mut self) {
        if !self.finished {
            let _held = self.stopping.hold();
            // the snapshot is incomplete either way; the file must be usable for whatever says so
            if !self.connection.is_autocommit() {
                let _ = self.connection.execute_batch("rollback");
            }
            // gone already when the table was about to end
            let _ = self.connection.execute_batch(&format!("detach {ARRIVED}"));
        }
    }
}
