//! Scripts, and tables of scripts, that would give less than the database had, or something else: each is refused with what
//! to do.

use std::collections::BTreeSet;
use std::path::Path;

use super::family::Family;
use super::rows::Text;
use super::script::{Block, Form, Script, Unusable};
use crate::entity;
use crate::error::{Error, Result};
use crate::legacy::Shape;
use crate::legacy::file::Document;

/// What names the columns of rows.
const WITH_NAMES: &str =
    "dump the table with its definition (without --data-only), with --column-inserts, or without --inserts";

/// What a complete script is made with.
const DUMP_AGAIN: &str = "dump it again with: pg_dump --no-owner -f dump.sql DATABASE";

/// A text that cannot be used at all.
pub(super) fn unusable(document: &Document, why: Unusable, line: u64, last: Option<&Block>) -> Error {
    let shown = document.shown();
    let error = |what: String, hint: &str| Error::legacy(format!("{shown}{what}")).hint(hint);
    match why {
        Unusable::CutOff => {
            let place = match last {
                Some(block) => format!(" after table {} (line {})", block.table.1, block.line),
                None => String::new(),
            };
            error(
                format!(" is cut off{place}"),
                "copy the dump again and compare its size with the original's; where several dumps were put together, \
                 give each in a file of its own, in one folder",
            )
        }
        Unusable::Copy => error(
            format!(", line {line}: rows that belong to no statement that is understood"),
            "dump again in the plain format, and leave what pg_dump says on standard error out of the file",
        ),
        Unusable::TooLong => error(
            format!(", line {line}: a line or a row of more than 256 MB"),
            "dump again with pg_dump, which writes each row on a line of its own",
        ),
        Unusable::Foreign => error(
            format!(", line {line}: a dump of MySQL or of another database than PostgreSQL"),
            "give a dump of the legacy PostgreSQL database, or a folder of CSV files",
        ),
        Unusable::Noise => error(
            format!(", line {line}: what pg_dump said on standard error stands within a row or a statement"),
            "dump again with: pg_dump -f dump.sql DATABASE, without 2>&1",
        ),
        Unusable::RolledBack => error(
            format!(
                ", line {line}: a transaction is rolled back after rows were written: which of them stay only a server knows"
            ),
            DUMP_AGAIN,
        ),
        Unusable::Conditional => error(
            format!(", line {line}: what the script does depends on variables of psql (\\if)"),
            DUMP_AGAIN,
        ),
        Unusable::Garbled => error(
            format!(
                ", line {line}: letters beyond ASCII were changed when Windows PowerShell wrote the file (> or Out-File)"
            ),
            "let pg_dump write the file itself: pg_dump -f dump.sql DATABASE",
        ),
    }
}

/// Refuses scripts without rows, those that go on elsewhere, and those in another encoding.
pub(super) fn unless_usable(path: &Path, texts: &[Text], script: &Script) -> Result<()> {
    let is_given = |name: &str| texts.iter().any(|text| text.document.name == name);
    if let Some((document, line, name)) = script.includes.iter().find(|(.., name)| !is_given(name)) {
        let shown = texts[*document].document.shown();
        return Err(Error::legacy(format!(
            "{shown}, line {line}: the script reads {name}, which is not given"
        ))
        .hint("put both into one folder, and give that"));
    }
    let shown = path.display();
    if script.blocks.is_empty() {
        return Err(Error::legacy(format!("{shown} holds no table's rows"))
            .hint("give a plain dump with data (pg_dump without --schema-only), or a folder of CSV files"));
    }
    match &script.client_encoding {
        None => Ok(()),
        Some(encoding) => Err(Error::legacy(format!("{shown} is written in {encoding}"))
            .hint("dump again with: pg_dump --encoding=UTF8")),
    }
}

/// Refuses rows that are put into a view: they are those of another table.
pub(super) fn if_viewed(texts: &[Text], script: &Script) -> Result<()> {
    let Some(block) = script.blocks.iter().find(|block| script.views.contains(&block.table)) else {
        return Ok(());
    };
    let (shown, line, name) = (texts[block.document].document.shown(), block.line, &block.table.1);
    Err(Error::legacy(format!(
        "{shown}, line {line}: rows are put into {name}, which is a view of other tables"
    ))
    .hint(DUMP_AGAIN))
}

/// Refuses tables of the rules from more than one schema or database, where one of these tables is in several of them: whose
/// rows belong together is not known here. Applications with a schema for each tenant have such databases.
pub(super) fn if_mixed(path: &Path, tables: &[(String, Family)]) -> Result<()> {
    let place = |family: &Family| {
        let own = family.parts.iter().find(|part| part.block.table == family.table);
        (own.map_or(0, |part| part.block.database), family.table.0.clone())
    };
    let read: BTreeSet<_> =
        tables.iter().filter(|(name, _)| entity::is_read(name)).map(|(_, family)| place(family)).collect();
    let doubled =
        tables.iter().find(|(name, family)| !entity::is_read(name) && entity::is_read(&family.table.1));
    let is_joined = read.iter().map(|(database, _)| database).collect::<BTreeSet<_>>().len() > 1;
    if is_joined {
        return Err(Error::legacy(format!("{} has tables of several databases", path.display()))
            .hint("give the dump of the one database that is migrated"));
    }
    let Some((_, double)) = doubled.filter(|_| read.len() > 1) else { return Ok(()) };
    let schemas: Vec<&str> = read.iter().map(|(_, schema)| schema.as_str()).collect();
    Err(Error::legacy(format!(
        "{} has tables to read in the schemas {}, and {} in more than one of them: whose rows belong together is not known",
        path.display(),
        schemas.join(", "),
        double.table.1
    ))
    .hint(format!("dump one schema alone, the one that is migrated: pg_dump --schema={}", double.table.0)))
}

/// Refuses a table that several dumps have: which of them is the right one is not known here.
pub(super) fn if_twice(path: &Path, tables: &[(String, Family)]) -> Result<()> {
    for (name, family) in tables {
        let own = family.parts.iter().map(|part| &part.block).filter(|block| block.table == family.table);
        let (mut dumps, mut databases) = (BTreeSet::new(), BTreeSet::new());
        let (mut copied, mut is_twice) = (BTreeSet::new(), false);
        for block in own {
            if block.dump > 0 {
                dumps.insert((block.document, block.dump));
            }
            databases.insert((block.document, block.database));
            // parts that one dump copies into one table are announced by their own names
            if matches!(block.form, Form::Copy(_) | Form::Csv { .. }) {
                let is_part = block.data_of.is_some() && !copied.contains(&None);
                is_twice |= !copied.is_empty() && !is_part;
                is_twice |= !copied.insert(block.data_of.clone());
            }
        }
        let others = databases.iter().any(|(_, database)| *database > 0);
        if is_twice || dumps.len() > 1 || others && databases.len() > 1 {
            return Err(Error::legacy(format!("{} has table {name} twice", path.display()))
                .hint("give one dump of one database; of two that were put together, the newer one"));
        }
    }
    Ok(())
}

/// Refuses scripts that name the columns of none of their tables.
pub(super) fn if_all_unnamed(path: &Path, tables: &[(String, Family)]) -> Result<()> {
    if tables.iter().any(|(_, family)| !family.columns.is_empty()) {
        return Ok(());
    }
    Err(Error::legacy(format!("{} names the columns of no table", path.display())).hint(WITH_NAMES))
}

/// Refuses a table of the rules whose rows have no names for their values.
pub(super) fn if_unnamed(path: &Path, name: &str, family: &Family) -> Result<()> {
    if !family.columns.is_empty() || !entity::is_read(name) {
        return Ok(());
    }
    Err(Error::legacy(format!("{} does not name the columns of table {name}", path.display()))
        .hint(WITH_NAMES))
}

/// Refuses a table that has rows in a form that only a server reads.
pub(super) fn if_computed(texts: &[Text], asked: &Shape, family: &Family) -> Result<()> {
    let table = &asked.table;
    for part in &family.parts {
        let block = &part.block;
        let shown = texts[block.document].document.shown();
        let hint = "dump the table with pg_dump, whose rows are written out, with or without --inserts";
        if let Some(line) = block.computed {
            return Err(Error::legacy(format!(
                "{shown}, line {line}: a row of table {table} is not written out: only a server can tell what is in it"
            ))
            .hint(hint));
        }
        if part.columns.is_empty() && block.rows != Some(0) {
            let line = block.line;
            return Err(Error::legacy(format!(
                "{shown}, line {line}: rows of table {table} without the names of their columns"
            ))
            .hint(WITH_NAMES));
        }
        let left_out = asked.columns.iter().filter(|column| !part.columns.contains(column));
        let defaulted = block.defaulted.iter().filter_map(|at| part.columns.get(*at));
        let defaulted = defaulted.filter(|column| asked.columns.contains(column));
        if let Some(column) = left_out.chain(defaulted).find(|column| part.default(column).is_none()) {
            let line = block.line;
            return Err(Error::legacy(format!(
                "{shown}: rows of table {table} from line {line} on do not say what column {column} holds: only a server \
                 knows its default"
            ))
            .hint(hint));
        }
    }
    Ok(())
}

/// Refuses a table whose rows the script changes after it wrote them.
pub(super) fn if_changed(texts: &[Text], asked: &Shape, family: &Family, script: &Script) -> Result<()> {
    let Some(change) = family.members.iter().find_map(|member| script.changes.get(member)) else {
        return Ok(());
    };
    let shown = texts[change.document].document.shown();
    let (line, table) = (change.line, &asked.table);
    Err(if change.is_again {
        Error::legacy(format!("{shown}, line {line}: table {table} begins again after rows of it"))
            .hint("two dumps were put together: give the newer one alone")
    } else {
        Error::legacy(format!(
            "{shown}, line {line}: rows of table {table} are changed after they were written"
        ))
        .hint(DUMP_AGAIN)
    })
}
