//! Legacy to file: every row of every wanted table, exactly as read. Nothing is interpreted here and nothing is written
//! to the source.
//!
//! A reader thread parses while this thread, the one writer, inserts; batches of rows go through a bounded channel, so
//! memory does not grow with the table. `selection` decides what is taken, `check` compares a snapshot with its source.

mod check;
mod newer;
mod pattern;
mod reader;
mod secrets;
mod selection;

pub use check::{Report, check, compare};

use crate::config::Config;
use crate::entity;
use crate::error::{Error, Result};
use crate::legacy::{Elsewhere, Shape, Source};
use crate::progress::Progress;
use crate::staging::{NewTable, Staging, Step, TableManifest};

pub use self::newer::Newer;

use self::reader::Reader;
use self::selection::{Selection, Wanted, select};

/// What an extract did.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Summary {
    /// What the source is, without secrets.
    pub source: String,
    /// The version of the server, or of the one that a dump was taken from.
    pub version: Option<String>,
    /// The snapshot that all tables were read under; files have none.
    pub snapshot: Option<String>,
    /// When it began and ended, UTC.
    pub started_at: String,
    /// When it ended, UTC.
    pub completed_at: String,
    /// The manifest.
    pub tables: Vec<TableManifest>,
    /// Tables that a rule would use and the source lacks.
    pub missing_tables: Vec<String>,
    /// Exclusions of the configuration that fit nothing.
    pub idle_exclusions: Vec<String>,
    /// How the users of the snapshot that was replaced compare with these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub newer: Option<Newer>,
    /// Tables that hold secrets and were not taken, although a pattern or a foreign key leads to them.
    pub secret_tables: Vec<String>,
    /// Tables in other schemas that have the names of tables of the rules, and were not taken.
    pub elsewhere: Vec<Elsewhere>,
}

impl Summary {
    /// Of those in other schemas the ones whose namesake came without a row.
    pub fn instead(&self) -> impl Iterator<Item = &Elsewhere> {
        let is_empty = |name: &str| self.tables.iter().any(|table| table.table == name && table.rows == 0);
        self.elsewhere.iter().filter(move |other| other.rows != Some(0) && is_empty(&other.table))
    }
}

/// Whether a complete snapshot may be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replace {
    /// No.
    Never,
    /// By a newer one.
    Newer {
        /// By one of whatever the operator says to be the same system; else of the same source, or of another one whose
        /// contents show that it is the same system.
        as_said: bool,
        /// Also by one that lacks columns or tables which the one before had: what they said becomes null.
        with_fewer_columns: bool,
    },
}

/// Takes a fresh snapshot.
pub fn extract(
    staging: &mut Staging,
    source: Box<dyn Source>,
    config: &Config,
    replace: Replace,
    progress: Progress,
) -> Result<Summary> {
    let identity = source.identity();
    let known = staging.fact("source_identity")?.filter(|known| *known != identity);
    if known.is_none() {
        staging.expect_identity("source", &identity)?;
    }
    if replace == Replace::Never {
        if let Some(known) = known {
            return Err(Error::precondition(format!(
                "{} belongs to the source {known}, and the source given is {identity}",
                staging.path().display()
            ))
            .hint(
                "give --replace where it is the same system under another name, as a newer dump; for another system \
                 give a new file with --staging",
            ));
        }
        if let Some(completed) = staging.completed(Step::Extract)? {
            return Err(Error::precondition(format!(
                "{} already has the complete snapshot of {completed}",
                staging.path().display()
            ))
            .hint("go on with `drydock survey`, or give --replace to take a fresh snapshot in its place"));
        }
    }

    let (version, snapshot) = (source.version(), source.snapshot());
    // what has no snapshot is files
    let has_places = snapshot.is_none();
    let mut reader = Reader::new(source);
    let selection = selection(&mut reader, config)?;
    let is_renamed = known.is_some();
    let (newer, others) = match staging.completed(Step::Extract)? {
        Some(_) => {
            let judged = Newer::judge(staging, &mut reader, &selection, known, &identity, replace)?;
            if !matches!(replace, Replace::Newer { with_fewer_columns: true, .. }) {
                refuse_fewer_columns(staging, &selection)?;
            }
            (Some(judged.0), judged.1)
        }
        None => (None, newer::Others::new()),
    };

    staging.begin_snapshot()?;
    if is_renamed {
        staging.set_fact("source_identity", &identity)?;
    }
    for (name, value) in [("source_version", &version), ("source_snapshot", &snapshot)] {
        staging.set_fact(name, value.as_deref().unwrap_or("none"))?;
    }
    for (entity, ids) in others {
        staging.note_other_records(entity, &ids)?;
    }
    let started_at = staging.note_moment("extract_started_at")?;
    let mut tables = Vec::new();
    for (position, wanted) in selection.tables.into_iter().enumerate() {
        tables.push(copy_table(staging, &mut reader, position, wanted, has_places, progress)?);
    }
    // before the file says that the snapshot is complete, everything of it is safe on the disk
    staging.flush()?;
    staging.complete(Step::Extract)?;
    Ok(Summary {
        source: identity,
        version,
        snapshot,
        started_at,
        completed_at: staging.completed(Step::Extract)?.unwrap_or_default(),
        tables,
        missing_tables: selection.missing_tables,
        idle_exclusions: selection.idle_exclusions,
        newer,
        secret_tables: selection.secret_tables,
        elsewhere: selection.elsewhere,
    })
}

/// Asks the source what it has, decides what to take, and whether all of that can be read.
fn selection(reader: &mut Reader, config: &Config) -> Result<Selection> {
    let (shapes, references, suffix, elsewhere) = reader.ask(|source| {
        let tables = entity::legacy_tables();
        let mut elsewhere = Vec::new();
        for table in tables {
            elsewhere.extend(source.elsewhere(table.name)?);
        }
        Ok((source.shapes()?, source.references()?, source.suffix(), elsewhere))
    })?;
    let selection = select(&shapes, &references, suffix, elsewhere, &config.source)?;
    let wanted: Vec<Shape> = selection.tables.iter().map(|wanted| wanted.shape.clone()).collect();
    reader.ask(move |source| source.check(&wanted))?;
    Ok(selection)
}

/// Refuses a newer snapshot without columns that the one before had and that rules read: a load would write null over what
/// was loaded of them, and a flag that is not there is one that nobody has.
fn refuse_fewer_columns(staging: &Staging, selection: &Selection) -> Result<()> {
    let mut lost: Vec<String> = Vec::new();
    for before in staging.manifest()? {
        match selection.tables.iter().find(|wanted| wanted.name == before.table) {
            Some(now) => {
                let columns = now.missing.iter().filter(|column| before.columns.contains(column));
                lost.extend(columns.map(|column| format!("{}.{column}", before.table)));
            }
            None if selection.missing_tables.contains(&before.table) => lost.push(before.table),
            None => {}
        }
    }
    if lost.is_empty() {
        return Ok(());
    }
    Err(Error::legacy(format!(
        "schema_mismatch: the source lacks what the snapshot in the file has: {}",
        lost.join(", ")
    ))
    .hint(
        "nothing was replaced: export them as well; with --fewer-columns what they said becomes null, also in rows that are \
         loaded already",
    ))
}

/// What an extract would take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// How many tables.
    pub tables: usize,
    /// Columns that a rule would use and the source lacks, by table.
    pub missing_columns: Vec<(String, Vec<String>)>,
    /// Tables that a rule would use and the source lacks.
    pub missing_tables: Vec<String>,
}

/// Asks a source what an extract would take, and fails as an extract would.
pub fn look(source: Box<dyn Source>, config: &Config) -> Result<Taken> {
    let selection = selection(&mut Reader::new(source), config)?;
    let missing = selection.tables.iter().filter(|wanted| !wanted.missing.is_empty());
    Ok(Taken {
        tables: selection.tables.len(),
        missing_columns: missing.map(|wanted| (wanted.shape.table.clone(), wanted.missing.clone())).collect(),
        missing_tables: selection.missing_tables,
    })
}

fn copy_table(
    staging: &mut Staging,
    reader: &mut Reader,
    position: usize,
    wanted: Wanted,
    has_places: bool,
    progress: Progress,
) -> Result<TableManifest> {
    let Wanted { shape, name, excluded, missing } = wanted;
    let table = shape.table.clone();
    let count = reader.ask(move |source| source.count(&table))?;
    let bar = progress.start(&format!("extract {}", shape.table), count.get());
    let mut table = staging.snapshot_table(NewTable {
        position,
        table: name,
        columns: shape.columns.clone(),
        excluded,
        missing,
        total: count.get(),
        has_places,
    })?;
    let read = reader.read(&shape, |batch| {
        if let Some(total) = count.get() {
            table.expect(total);
            bar.set_total(total);
        }
        table.push(batch)?;
        bar.set(table.rows());
        Ok(())
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
    let manifest = table.finish()?;
    bar.finish();
    Ok(manifest)
}
