//! Whether the source still has what the snapshot has. Reads both, writes neither.

use crate::config::Config;
use crate::error::Result;
use crate::legacy::Source;
use crate::progress::Progress;
use crate::staging::{Comparison, Staging, Step};

use super::reader::Reader;
use super::selection;

/// How the source differs from its snapshot.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Report {
    /// What the snapshot was compared with.
    pub source: String,
    /// When the snapshot was taken.
    pub snapshot_of: String,
    /// Whether nothing changed.
    pub same: bool,
    /// Every table of the snapshot.
    pub tables: Vec<Comparison>,
    /// Tables of the snapshot that the source no longer has.
    pub tables_gone: Vec<String>,
    /// Tables that a snapshot would have now and this one has not.
    pub tables_added: Vec<String>,
}

/// Compares the file's digests with its rows, then its rows with the source as it is now.
pub fn check(
    staging: &Staging,
    source: Box<dyn Source>,
    config: &Config,
    progress: Progress,
) -> Result<Report> {
    staging.require(Step::Extract, "extract --check")?;
    staging.prove_raw_rows()?;
    compare(staging, source, config, progress)
}

/// Compares the file's rows with the source as it is now.
pub fn compare(
    staging: &Staging,
    source: Box<dyn Source>,
    config: &Config,
    progress: Progress,
) -> Result<Report> {
    let identity = source.identity();
    let mut reader = Reader::new(source);
    let selection = selection(&mut reader, config)?;
    let manifest = staging.manifest()?;

    let (mut tables, mut tables_gone) = (Vec::new(), Vec::new());
    for table in &manifest {
        let Some(now) = selection.tables.iter().find(|now| now.name == table.table) else {
            tables_gone.push(table.table.clone());
            continue;
        };
        let bar = progress.start(&format!("check {}", table.table), Some(table.rows));
        let mut comparing = staging.comparing(table, &now.shape.columns)?;
        reader.read(&now.shape, |batch| {
            comparing.push(batch)?;
            bar.set(comparing.arrived());
            Ok(())
        })?;
        tables.push(comparing.finish()?);
        bar.finish();
    }
    let is_new = |table: &&String| manifest.iter().all(|known| known.table != **table);
    let tables_added: Vec<String> =
        selection.tables.iter().map(|now| &now.name).filter(is_new).cloned().collect();
    Ok(Report {
        source: identity,
        snapshot_of: staging.completed(Step::Extract)?.unwrap_or_default(),
        same: tables_gone.is_empty() && tables_added.is_empty() && tables.iter().all(Comparison::is_same),
        tables,
        tables_gone,
        tables_added,
    })
}
