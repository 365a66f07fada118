//! What is known of the scripts of a source: where each table's rows are, how many, and in which form; and what else the
//! scripts say of the tables. `scan` finds it out.

use std::collections::{BTreeMap, BTreeSet};

use super::statement::CopyFormat;

pub(super) use super::statement::{Column, Named};

/// The schema whose tables need no prefix, and in which a script's tables are when it names none.
pub(super) const PUBLIC: &str = "public";

/// Rows of one table that stand together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Block {
    /// Which of the source's texts they stand in.
    pub document: usize,
    pub table: Named,
    /// The columns that the script names for them.
    pub columns: Option<Vec<String>>,
    pub form: Form,
    /// Where the first row stands, in the text's own bytes.
    pub byte: u64,
    pub line: u64,
    /// Where reading has to begin: the line of the first row's statement, at the latest.
    pub from: (u64, u64),
    /// `None` where that cannot be told without reading them: records of CSV may have any number of lines.
    pub rows: Option<u64>,
    /// Which of several databases the script was connected to.
    pub database: usize,
    /// Which of several dumps in one text they are part of; 0 outside of any.
    pub dump: usize,
    /// The table that the comment before them names.
    pub data_of: Option<Named>,
    /// What the INSERT statements of the rows begin with: the table and the columns, as written. Others may stand between.
    pub head: Option<Head>,
    /// Whether lines between the rows are what a program said on standard error.
    pub has_noise: bool,
    /// The line of the first row that is not written out.
    pub computed: Option<u64>,
    /// The positions of values that say DEFAULT.
    pub defaulted: BTreeSet<usize>,
}

/// The table and the columns of an INSERT statement.
pub(super) type Head = (Named, Option<Vec<String>>);

/// How rows are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Form {
    Copy(CopyFormat),
    /// CSV within a script, up to a byte.
    Csv {
        format: CopyFormat,
        end: u64,
    },
    Insert {
        backslashes: bool,
    },
    /// A form that is not read: rows that a server computes, or has in a file of its own.
    Unread,
}

/// A table as the scripts make it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Created {
    pub columns: Option<Vec<Column>>,
    pub parents: Vec<Named>,
}

/// A statement after which the rows before it are not what they were.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    pub document: usize,
    pub line: u64,
    /// Whether the table is made, or emptied, again.
    pub is_again: bool,
}

/// Why a text cannot be read at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unusable {
    /// It ends in the middle, or another one begins there.
    CutOff,
    /// A statement is not understood, so that its rows cannot be told from SQL.
    Copy,
    /// A line, a row or a statement of more than is believed.
    TooLong,
    /// It is a dump of another system.
    Foreign,
    /// What a program said on standard error stands within a row or a statement.
    Noise,
    /// It takes rows back that it wrote.
    RolledBack,
    /// What of it counts depends on variables of psql.
    Conditional,
    /// Windows PowerShell read it by the code page of its console.
    Garbled,
}

/// What is known of all scripts after their last line.
#[derive(Debug, Default)]
pub(super) struct Script {
    pub blocks: Vec<Block>,
    pub created: BTreeMap<Named, Created>,
    /// What looks like a table.
    pub views: BTreeSet<Named>,
    /// The first change of a table after rows of it.
    pub changes: BTreeMap<Named, Change>,
    /// `9.5.25`, from the scripts' own comments.
    pub version: Option<String>,
    /// An encoding that is none of ours, as the scripts name it.
    pub client_encoding: Option<String>,
    /// The files that scripts read in, by name, and where they say so: text and line.
    pub includes: Vec<(usize, u64, String)>,
    /// The foreign keys that the scripts make, from table to table.
    pub references: Vec<(String, String)>,
    /// The tables whose rows count as another's: each child with its parent.
    pub children: Vec<(Named, Named)>,
    /// Tables whose rows the comments announce, also where there are none.
    pub announced: Vec<Named>,
}
