//! A plain `pg_dump` script, also compressed: its COPY blocks are read directly, no server is needed. One scan finds the
//! blocks and counts their rows; reading a table then goes straight to its block (a compressed script has to be read up
//! to there), and the counts must agree.

mod family;
mod script;

use std::collections::{HashMap, HashSet};
use std::io::BufRead;
use std::path::{Path, PathBuf};

use self::family::{Family, families};
use self::script::{Block, Script};
use super::file;
use crate::error::{Error, Result};
use crate::legacy::copy_text::Decoder;
use crate::legacy::{Count, Place, Projection, Shape, Sink, Source};

/// The schema whose tables need no prefix.
const PUBLIC: &str = "public";

/// A script and the tables found in it.
#[derive(Debug)]
pub struct PgDumpSource {
    path: PathBuf,
    version: Option<String>,
    /// By the name that the shapes give them, in the script's order.
    tables: Vec<(String, Family)>,
    /// The foreign keys that the script makes, from table to table.
    references: Vec<(String, String)>,
}

impl PgDumpSource {
    /// Scans the script once.
    pub fn open(path: &Path) -> Result<Self> {
        let path = file::canonical(path)?;
        let script = scan(&path)?;
        check(&path, &script)?;
        let tables = named(&path, &script)?;
        Ok(Self { path, version: script.version, tables, references: script.references })
    }
}

impl Source for PgDumpSource {
    fn identity(&self) -> String {
        format!("pg_dump:{}", self.path.display())
    }

    fn version(&self) -> Option<String> {
        self.version.clone()
    }

    fn snapshot(&self) -> Option<String> {
        None
    }

    fn shapes(&mut self) -> Result<Vec<Shape>> {
        let mut shapes: Vec<_> =
            self.tables.iter().map(|(name, family)| shape(name, &family.columns)).collect();
        shapes.sort_by(|a, b| a.table.cmp(&b.table));
        Ok(shapes)
    }

    fn references(&mut self) -> Result<Vec<(String, String)>> {
        Ok(self.references.clone())
    }

    fn count(&mut self, table: &str) -> Result<Count> {
        let family = self.tables.iter().find(|(name, _)| name == table);
        Ok(family.map_or_else(Count::default, |(_, family)| Count::known(family.rows())))
    }

    fn read(&mut self, asked: &Shape, sink: &mut dyn Sink) -> Result<u64> {
        let Some((name, family)) = self.tables.iter().find(|(name, _)| *name == asked.table) else {
            return Err(Error::legacy(format!(
                "there is no table {} in {}",
                asked.table,
                self.path.display()
            ))
            .hint("dump it too (pg_dump -t), or check the table's name"));
        };
        let mut rows = 0;
        for block in &family.blocks {
            // a child has its parent's columns, wherever they stand among its own
            let known = shape(name, &block.columns);
            rows += self.read_block(block, &Projection::new(&known, asked)?, sink)?;
        }
        Ok(rows)
    }
}

impl PgDumpSource {
    fn read_block(&self, block: &Block, projection: &Projection, sink: &mut dyn Sink) -> Result<u64> {
        let place = Place {
            file: self.path.file_name().map(|name| name.to_string_lossy().into_owned()),
            line: Some(block.line),
            byte: Some(block.byte),
        };
        let mut decoder = Decoder::new(projection, place);
        let mut content = file::content_from(&self.path, block.byte)?;
        while !decoder.ended() {
            let bytes = content.fill_buf().map_err(|cause| file::unreadable(&self.path, cause))?;
            if bytes.is_empty() {
                break;
            }
            decoder.push(bytes, sink)?;
            let len = bytes.len();
            content.consume(len);
        }
        let rows = decoder.finish(sink)?;
        if rows == block.rows { Ok(rows) } else { Err(file::changed(&self.path)) }
    }
}

fn shape(name: &str, columns: &[String]) -> Shape {
    Shape { table: name.to_owned(), columns: columns.to_vec() }
}

/// Reads the script line by line.
fn scan(path: &Path) -> Result<Script> {
    let mut content = file::content(path)?;
    let start = content.fill_buf().map_err(|cause| file::unreadable(path, cause))?;
    if is_archive(start) {
        return Err(file::archive(path));
    }
    let mut script = Script::default();
    let mut line = Vec::new();
    while content.read_until(b'\n', &mut line).map_err(|cause| file::unreadable(path, cause))? > 0 {
        script.line(&line);
        line.clear();
    }
    Ok(script)
}

/// A custom-format dump, or a tar archive with one inside.
fn is_archive(start: &[u8]) -> bool {
    const TAR: usize = 257;
    start.starts_with(b"PGDMP") || start.get(TAR..TAR + 5) == Some(b"ustar")
}

/// Refuses scripts that would give less than the database had.
fn check(path: &Path, script: &Script) -> Result<()> {
    let shown = path.display();
    if script.is_cut_off() {
        let place = match script.blocks.last() {
            Some(block) => format!(" after table {} (line {})", block.table, block.line),
            None => String::new(),
        };
        return Err(Error::legacy(format!("{shown} is cut off{place}"))
            .hint("copy the dump again and compare its size with the original's"));
    }
    if script.blocks.is_empty() {
        let (message, hint) = if script.inserts {
            ("holds its rows as INSERT statements", "dump again without --inserts and --column-inserts")
        } else {
            (
                "holds no table's rows",
                "give a plain dump with data (pg_dump without --schema-only), or a folder of CSV files",
            )
        };
        return Err(Error::legacy(format!("{shown} {message}")).hint(hint));
    }
    match script.client_encoding.as_deref() {
        None | Some("UTF8" | "SQL_ASCII") => Ok(()),
        Some(encoding) => Err(Error::legacy(format!("{shown} is written in {encoding}"))
            .hint("dump again with: pg_dump --encoding=UTF8")),
    }
}

/// Gives every table its name: without a schema where that is enough to tell it, `public`'s table first.
fn named(path: &Path, script: &Script) -> Result<Vec<(String, Family)>> {
    let mut known = HashSet::new();
    if let Some(block) = script.blocks.iter().find(|block| !known.insert((&block.schema, &block.table))) {
        return Err(Error::legacy(format!("{} has table {} twice", path.display(), block.table))
            .hint("dump one database, without --load-via-partition-root"));
    }
    let families = families(script);
    let mut schemas: HashMap<String, usize> = HashMap::new();
    for family in &families {
        *schemas.entry(family.table.1.clone()).or_default() += 1;
    }
    let name = |family: &Family| {
        let (schema, table) = &family.table;
        let is_alone = schemas.get(table).is_none_or(|schemas| *schemas == 1);
        if is_alone || schema == PUBLIC { table.clone() } else { format!("{schema}.{table}") }
    };
    Ok(families.into_iter().map(|family| (name(&family), family)).collect())
}
