//! SQL scripts as `pg_dump` and its like write them, also compressed and in UTF-16, one text or a folder of them: the rows of
//! COPY blocks and of INSERT statements are read directly, no server is needed. One scan finds them and counts them; reading a
//! table then goes straight to its blocks (a compressed script has to be read up to there), and the counts must agree.
//!
//! What a server would have to compute, or would change afterwards, is not read as if it were not there: a table that is
//! wanted and has such rows is refused (`refusal`).

mod family;
mod lexer;
mod noise;
mod refusal;
mod rows;
mod scan;
mod script;
mod splitter;
mod statement;
mod tokens;
mod values;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use self::family::{Family, families};
use self::rows::{Reached, Text, next_line};
use self::scan::Scan;
use self::script::{PUBLIC, Script};
use super::encoding::{Encoding, utf32};
use super::file::{self, CONTAINED, Document};
use crate::error::{Error, Result};
use crate::interrupt;
use crate::legacy::{Count, Elsewhere, Shape, Sink, Source};

/// What the names of scripts end in, apart from what says how they are compressed.
const SUFFIXES: [&str; 5] = [".sql", ".dump", ".pgsql", ".psql", ".dmp"];

/// Whether a file's name is that of a script.
pub(super) fn is_script(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let name = CONTAINED.iter().find_map(|suffix| name.strip_suffix(suffix)).unwrap_or(&name);
    SUFFIXES.iter().any(|suffix| name.ends_with(suffix))
}

/// Scripts and the tables found in them.
#[derive(Debug)]
pub struct PgDumpSource {
    path: PathBuf,
    texts: Vec<Text>,
    script: Script,
    /// By the name that the shapes give them, in the script's order.
    tables: Vec<(String, Family)>,
}

impl PgDumpSource {
    /// Scans a script, or all scripts of a folder or an archive, once.
    pub fn open(path: &Path) -> Result<Self> {
        let path = file::canonical(path)?;
        let documents = file::documents(&path)?;
        Self::of(path, documents)
    }

    /// Scans these texts once.
    pub(super) fn of(path: PathBuf, documents: Vec<Document>) -> Result<Self> {
        let mut script = Script::default();
        let mut texts = Vec::new();
        for document in documents {
            texts.push(scan(document, texts.len(), &mut script)?);
        }
        refusal::unless_usable(&path, &texts, &script)?;
        refusal::if_viewed(&texts, &script)?;
        let tables = named(families(&script));
        refusal::if_twice(&path, &tables)?;
        refusal::if_mixed(&path, &tables)?;
        refusal::if_all_unnamed(&path, &tables)?;
        Ok(Self { path, texts, script, tables })
    }

    /// Whether there are rows of a table, of whatever kind.
    pub(super) fn has_rows(&self, table: &str) -> bool {
        self.table(table).is_some_and(|family| !family.parts.is_empty())
    }

    fn table(&self, name: &str) -> Option<&Family> {
        self.tables.iter().find(|(known, _)| known == name).map(|(_, family)| family)
    }
}

impl Source for PgDumpSource {
    fn identity(&self) -> String {
        format!("pg_dump:{}", self.path.display())
    }

    fn version(&self) -> Option<String> {
        self.script.version.clone()
    }

    fn snapshot(&self) -> Option<String> {
        None
    }

    fn shapes(&mut self) -> Result<Vec<Shape>> {
        for (name, family) in &self.tables {
            refusal::if_unnamed(&self.path, name, family)?;
        }
        let mut shapes: Vec<_> = self
            .tables
            .iter()
            .map(|(name, family)| Shape { table: name.clone(), columns: family.columns.clone() })
            .collect();
        shapes.sort_by(|a, b| a.table.cmp(&b.table));
        Ok(shapes)
    }

    fn references(&mut self) -> Result<Vec<(String, String)>> {
        Ok(self.script.references.clone())
    }

    fn elsewhere(&mut self, table: &str) -> Result<Vec<Elsewhere>> {
        let own = self.table(table).map(|family| family.table.clone());
        let is_other = |family: &&Family| family.table.1 == table && Some(&family.table) != own.as_ref();
        let other = |family: &Family| Elsewhere {
            table: table.to_owned(),
            schema: family.table.0.clone(),
            rows: family.rows(),
        };
        // a part in a schema of its own is counted already
        let members = self.table(table).map(|family| &family.members);
        let is_part = |family: &&Family| members.is_some_and(|members| members.contains(&family.table));
        let others = self.tables.iter().map(|(_, family)| family);
        Ok(others.filter(is_other).filter(|family| !is_part(family)).map(other).collect())
    }

    fn check(&mut self, wanted: &[Shape]) -> Result<()> {
        for shape in wanted {
            if let Some(family) = self.table(&shape.table) {
                refusal::if_computed(&self.texts, shape, family)?;
                refusal::if_changed(&self.texts, shape, family, &self.script)?;
            }
        }
        Ok(())
    }

    fn count(&mut self, table: &str) -> Result<Count> {
        Ok(self.table(table).and_then(Family::rows).map_or_else(Count::default, Count::known))
    }

    fn read(&mut self, asked: &Shape, sink: &mut dyn Sink) -> Result<u64> {
        let Some(family) = self.table(&asked.table) else {
            return Err(Error::legacy(format!(
                "there is no table {} in {}",
                asked.table,
                self.path.display()
            ))
            .hint("dump it too (pg_dump -t), or check the table's name"));
        };
        let mut reached = Reached::default();
        let mut rows = 0;
        for part in &family.parts {
            rows += rows::read(&self.texts, &mut reached, part, asked, sink)?;
        }
        Ok(rows)
    }
}

/// Reads a text line by line.
fn scan(document: Document, number: usize, script: &mut Script) -> Result<Text> {
    let mut content = document.content()?;
    let start = content.fill_buf().map_err(|cause| document.unreadable(cause))?;
    file::refuse_foreign(&document, start)?;
    let (encoding, mark) = Encoding::detected(start, Encoding::Utf8).map_err(|_| utf32(&document.shown()))?;
    content.consume(mark);
    let mut content = encoding.reader(content);
    let mut scan = Scan::new(script, number, encoding, mark);
    let mut line = Vec::new();
    while !scan.is_unusable()
        && next_line(&mut content, &mut line).map_err(|cause| document.unreadable(cause))?
    {
        interrupt::check()?;
        scan.line(&line);
    }
    match scan.end() {
        None => Ok(Text { document, encoding }),
        Some((why, line)) => {
            let last = script.blocks.iter().rfind(|block| block.document == number);
            Err(refusal::unusable(&document, why, line, last))
        }
    }
}

/// Gives every table its name: without a schema where that is enough to tell it, `public`'s table first.
fn named(families: Vec<Family>) -> Vec<(String, Family)> {
    let mut schemas: HashMap<String, usize> = HashMap::new();
    for family in &families {
        *schemas.entry(family.table.1.clone()).or_default() += 1;
    }
    let name = |family: &Family| {
        let (schema, table) = &family.table;
        let is_alone = schemas.get(table).is_none_or(|schemas| *schemas == 1);
        if is_alone || schema == PUBLIC { table.clone() } else { format!("{schema}.{table}") }
    };
    families.into_iter().map(|family| (name(&family), family)).collect()
}
