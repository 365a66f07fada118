//! Legacy to file: every row of every wanted table, exactly as read. Nothing is interpreted here and nothing is written
//! to the source.
//!
//! A reader thread parses while this thread, the one writer, inserts; batches of rows go through a bounded channel, so
//! memory does not grow with the table.

use std::ops::Range;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use crate::config::Config;
use crate::entity;
use crate::error::{Error, Result};
use crate::interrupt;
use crate::legacy::{self, Need, Place, Shape, Sink, Source, Unreadable};
use crate::progress::{Bar, Progress};
use crate::record::LegacyId;
use crate::staging::{Staging, Step, TableManifest, UnreadableRow};

/// Bytes of rows in one batch, and batches on their way.
const BATCH_BYTES: usize = 1 << 20;
const BATCHES: usize = 4;

/// What an extract did.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Summary {
    /// What the source is, without secrets.
    pub source: String,
    /// The version of the server, or of the one that a dump was taken from.
    pub version: Option<String>,
    /// The manifest.
    pub tables: Vec<TableManifest>,
    /// Tables that a rule would use and the source lacks.
    pub missing_tables: Vec<String>,
}

/// Takes a fresh snapshot. `replace` allows it to replace a complete one.
pub fn extract(
    staging: &mut Staging,
    source: &mut dyn Source,
    config: &Config,
    replace: bool,
    progress: Progress,
) -> Result<Summary> {
    staging.expect_identity("source", &source.identity())?;
    if let Some(completed) = staging.completed(Step::Extract)?.filter(|_| !replace) {
        return Err(Error::precondition(format!(
            "{} already has the complete snapshot of {completed}",
            staging.path().display()
        ))
        .hint("go on with `drydock transform`, or give --replace to take a fresh snapshot in its place"));
    }

    let shapes = source.shapes()?;
    let missing = legacy::missing(&shapes, &needs());
    missing.refuse()?;
    let tables = wanted(&shapes, config)?;

    staging.begin_snapshot()?;
    for (name, value) in [("source_version", source.version()), ("source_snapshot", source.snapshot())] {
        staging.set_fact(name, value.as_deref().unwrap_or("none"))?;
    }
    let mut manifests = Vec::new();
    for (position, shape) in tables.iter().enumerate() {
        let excluded = excluded(shape, config);
        let names: Vec<&str> = excluded.iter().map(String::as_str).collect();
        let absent = missing
            .optional_columns
            .iter()
            .filter(|(table, _)| *table == shape.table)
            .map(|(_, column)| (*column).to_owned())
            .collect();
        let bar = progress.start(&format!("extract {}", shape.table), None);
        let shape = shape.without(&names);
        manifests.push(copy_table(staging, source, position, &shape, &excluded, absent, &bar)?);
        bar.finish();
    }
    staging.complete(Step::Extract)?;
    Ok(Summary {
        source: source.identity(),
        version: source.version(),
        tables: manifests,
        missing_tables: missing.optional_tables.iter().map(|table| (*table).to_owned()).collect(),
    })
}

/// Every column that a rule reads.
fn needs() -> Vec<Need> {
    let mut needs = Vec::new();
    for table in entity::legacy_tables() {
        needs.push(Need { table: table.name, column: "id", required: table.required });
        for column in table.required_columns {
            needs.push(Need { table: table.name, column, required: table.required });
        }
        for column in table.optional_columns {
            needs.push(Need { table: table.name, column, required: false });
        }
    }
    needs
}

/// The tables to take: those that the entities need, then those that the configuration asks for.
fn wanted(shapes: &[Shape], config: &Config) -> Result<Vec<Shape>> {
    let known = |name: &str| shapes.iter().find(|shape| shape.table == name).cloned();
    let mut tables: Vec<Shape> =
        entity::legacy_tables().iter().filter_map(|table| known(table.name)).collect();
    for name in &config.source.tables {
        if tables.iter().any(|table| table.table == *name) {
            continue;
        }
        tables.push(known(name).ok_or_else(|| {
            Error::legacy(format!("the source has no table {name}, which source.tables asks for"))
                .hint("correct the name in the configuration")
        })?);
    }
    Ok(tables)
}

/// The columns of the table that the configuration never takes.
fn excluded(shape: &Shape, config: &Config) -> Vec<String> {
    let is_excluded = |column: &&String| config.source.exclude.contains(&format!("{}.{column}", shape.table));
    shape.columns.iter().filter(is_excluded).cloned().collect()
}

fn copy_table(
    staging: &mut Staging,
    source: &mut dyn Source,
    position: usize,
    shape: &Shape,
    excluded: &[String],
    absent: Vec<String>,
    bar: &Bar,
) -> Result<TableManifest> {
    let mut table = staging.snapshot_table(position, &shape.table, &shape.columns, excluded, absent)?;
    let (sender, receiver) = sync_channel(BATCHES);
    let read = thread::scope(|scope| {
        let reader = scope.spawn(move || {
            let mut batches = Batches { batch: Batch::default(), sender };
            let rows = source.read(shape, &mut batches)?;
            batches.send()?;
            Ok(rows)
        });
        let written = write_batches(receiver, &mut table, shape.columns.len(), bar);
        let read: Result<u64> =
            reader.join().unwrap_or_else(|_| Err(Error::internal("the reader of the source stopped")));
        // when writing failed, the reader only says that nobody listens any more
        written.and(read)
    })?;
    if read != table.rows() {
        return Err(Error::legacy(format!(
            "{} rows of {} were read and {} arrived",
            read,
            shape.table,
            table.rows()
        ))
        .hint("run extract again; if it happens again, report it"));
    }
    table.finish(&format!("extract {}", shape.table))
}

fn write_batches(
    receiver: Receiver<Batch>,
    table: &mut crate::staging::SnapshotTable<'_>,
    width: usize,
    bar: &Bar,
) -> Result<()> {
    for batch in receiver {
        interrupt::check()?;
        let mut fields: Vec<Option<&[u8]>> = Vec::with_capacity(width);
        for row in &batch.rows {
            match row {
                Arrived::Row { first, place } => {
                    fields.clear();
                    let spans = &batch.fields[*first..*first + width];
                    fields.extend(spans.iter().map(|span| span.clone().map(|span| &batch.bytes[span])));
                    table.push(&fields, &unreadable_row(place, "", &[]))?;
                }
                Arrived::Unreadable { reason, key, raw, place } => {
                    let row = unreadable_row(place, reason.as_str(), &batch.bytes[raw.clone()]);
                    table.unreadable(&UnreadableRow { legacy_id: *key, ..row })?;
                }
            }
        }
        bar.set(table.rows());
    }
    Ok(())
}

fn unreadable_row<'a>(place: &'a Place, reason: &'a str, raw: &'a [u8]) -> UnreadableRow<'a> {
    UnreadableRow {
        reason,
        legacy_id: None,
        file: place.file.as_deref(),
        line: place.line,
        byte: place.byte,
        raw,
    }
}

/// Rows on their way from the reader to the writer, in one piece of memory.
#[derive(Default)]
struct Batch {
    bytes: Vec<u8>,
    fields: Vec<Option<Range<usize>>>,
    rows: Vec<Arrived>,
}

enum Arrived {
    Row { first: usize, place: Place },
    Unreadable { reason: Unreadable, key: Option<LegacyId>, raw: Range<usize>, place: Place },
}

impl Batch {
    fn keep(&mut self, bytes: &[u8]) -> Range<usize> {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        start..self.bytes.len()
    }
}

/// The reader's end: fills batches and sends them on.
struct Batches {
    batch: Batch,
    sender: SyncSender<Batch>,
}

impl Batches {
    fn send(&mut self) -> Result<()> {
        self.sender.send(std::mem::take(&mut self.batch)).map_err(|_| Error::internal("the writer stopped"))
    }

    fn arrived(&mut self, row: Arrived) -> Result<()> {
        self.batch.rows.push(row);
        if self.batch.bytes.len() >= BATCH_BYTES { self.send() } else { Ok(()) }
    }
}

impl Sink for Batches {
    fn row(&mut self, fields: &[Option<&[u8]>], place: &Place) -> Result<()> {
        let first = self.batch.fields.len();
        for field in fields {
            let span = field.map(|field| self.batch.keep(field));
            self.batch.fields.push(span);
        }
        self.arrived(Arrived::Row { first, place: place.clone() })
    }

    fn unreadable(
        &mut self,
        reason: Unreadable,
        key: Option<LegacyId>,
        raw: &[u8],
        place: &Place,
    ) -> Result<()> {
        let raw = self.batch.keep(raw);
        self.arrived(Arrived::Unreadable { reason, key, raw, place: place.clone() })
    }
}
