//! Reads a text of a script line by line, and notes where rows are and what is said of tables. Pure.

use std::collections::{BTreeSet, HashMap};

use super::lexer::Lexer;
use super::noise::{is_garbled, is_noise_among_rows, noise};
use super::script::{Block, Change, Created, Form, Head, Named, PUBLIC, Script, Unusable};
use super::splitter::{Piece, Splitter};
use super::statement::{self, Statement, insert_head, is_utf8};
use super::values::{self, Computed, Value};
use crate::legacy::copy_text;
use crate::legacy::encoding::Encoding;

/// A text on its way into a script.
#[derive(Debug)]
pub(super) struct Scan<'s> {
    script: &'s mut Script,
    document: usize,
    encoding: Encoding,
    schema: String,
    splitter: Splitter,
    /// The present line and where it begins.
    line: u64,
    byte: u64,
    at: At,
    /// Where the statement that is being read begins.
    from: (u64, u64),
    /// What the present INSERT statement begins with, and the block that its rows belong to.
    inserting: Option<Head>,
    current: Option<usize>,
    /// The blocks to which INSERT statements may add, as long as nothing but such statements comes in between.
    open: HashMap<Head, usize>,
    data_of: Option<Named>,
    /// Whether a program's words stand in the text.
    is_noisy: bool,
    /// How often the script went on to another database after rows.
    database: usize,
    begun: usize,
    completed: usize,
    is_adminers: bool,
    last_comment: String,
    unusable: Option<(Unusable, u64)>,
    /// Where the lines begin over which the present row goes.
    starts: Vec<u64>,
    /// Whether the next line names the columns of the last block.
    has_header: bool,
}

/// What the next line begins with.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum At {
    #[default]
    Sql,
    /// A row of the last block.
    Row,
    /// The rest of a row, because the line end before it belongs to the data.
    RestOfRow,
    /// CSV.
    Csv,
}

/// A row or a line of more bytes is none: no server takes a field of that size.
pub(super) const LONGEST: usize = 256 * 1024 * 1024;

impl<'s> Scan<'s> {
    /// Before the first byte of a text, after its mark.
    pub(super) fn new(script: &'s mut Script, document: usize, encoding: Encoding, mark: usize) -> Self {
        Self {
            script,
            document,
            encoding,
            schema: PUBLIC.to_owned(),
            splitter: Splitter::default(),
            line: 1,
            byte: mark as u64,
            at: At::Sql,
            from: (1, mark as u64),
            inserting: None,
            current: None,
            open: HashMap::new(),
            data_of: None,
            is_noisy: false,
            database: 0,
            begun: 0,
            completed: 0,
            is_adminers: false,
            last_comment: String::new(),
            unusable: None,
            starts: Vec::new(),
            has_header: false,
        }
    }

    /// Takes the next line, its line end included.
    pub(super) fn line(&mut self, line: &[u8]) {
        if line.len() > LONGEST || self.splitter.kept() > LONGEST {
            self.refuse(Unusable::TooLong);
        }
        if matches!(self.encoding, Encoding::Utf16Le | Encoding::Utf16Be) && is_garbled(line) {
            self.refuse(Unusable::Garbled);
        }
        match self.at {
            At::Sql => self.sql(line),
            _ if std::mem::take(&mut self.has_header) => self.pass_header(line),
            At::Row | At::RestOfRow => self.copied(line),
            At::Csv => self.csv(line),
        }
        self.line += 1;
        self.byte += self.encoding.source_len(line);
        if self.at == At::Sql && !self.splitter.is_within() {
            self.from = (self.line, self.byte);
        }
    }

    /// After the last line: why the text cannot be used, if it cannot, and on which line that shows.
    pub(super) fn end(mut self) -> Option<(Unusable, u64)> {
        let has_no_end = self.is_adminers && !self.last_comment.starts_with(|c: char| c.is_ascii_digit());
        if self.at != At::Sql || self.splitter.is_cut() || self.begun != self.completed || has_no_end {
            self.refuse(Unusable::CutOff);
        }
        self.unusable
    }

    /// Whether the text cannot be used, so that nothing more of it has to be read.
    pub(super) fn is_unusable(&self) -> bool {
        self.unusable.is_some()
    }

    fn refuse(&mut self, why: Unusable) {
        self.unusable = self.unusable.or(Some((why, self.line)));
    }

    /// The line with the columns' names is no row.
    fn pass_header(&mut self, line: &[u8]) {
        if let Some(block) = self.script.blocks.last_mut() {
            block.line += 1;
            block.byte += self.encoding.source_len(line);
            block.from = (block.line, block.byte);
        }
    }

    fn copied(&mut self, line: &[u8]) {
        let text = line.trim_ascii_end();
        let Some(block) = self.script.blocks.last_mut() else { return };
        if self.at == At::Row && text == b"\\." {
            self.at = At::Sql;
            return;
        }
        if copy_text::row_end(line, false).is_none() {
            self.at = At::RestOfRow;
            return;
        }
        if self.is_noisy && is_noise_among_rows(line, block.columns.as_deref()) {
            if noise(line) == Some(0) {
                block.has_noise = true;
            } else {
                self.refuse(Unusable::Noise);
            }
            return;
        }
        // where this dump was cut off, another one may begin: its lines are no rows of this table
        let begins = text == b"-- PostgreSQL database dump"
            || text.starts_with(b"COPY ") && text.ends_with(b" FROM stdin;") && !text.contains(&b'\t');
        if self.at == At::Row && begins && block.columns.as_ref().is_none_or(|columns| columns.len() > 1) {
            return self.refuse(Unusable::CutOff);
        }
        self.at = At::Row;
        block.rows = block.rows.map(|rows| rows + 1);
    }

    fn csv(&mut self, line: &[u8]) {
        if line.trim_ascii_end() != b"\\." {
            return;
        }
        self.at = At::Sql;
        if let Some(Block { form: Form::Csv { end, .. }, .. }) = self.script.blocks.last_mut() {
            *end = self.byte;
        }
    }

    fn sql(&mut self, line: &[u8]) {
        if self.splitter.lexer.is_in_text() && line.trim_ascii_end() == b"-- PostgreSQL database dump" {
            return self.refuse(Unusable::CutOff);
        }
        let stands_within = |at: usize| at > 0 || self.splitter.is_within();
        if self.is_noisy && noise(line).is_some_and(stands_within) {
            return self.refuse(Unusable::Noise);
        }
        let mut splitter = std::mem::take(&mut self.splitter);
        let taken = splitter.line(line, |piece, lexer| {
            self.piece(line, &piece, lexer);
            Ok::<(), ()>(())
        });
        debug_assert!(taken.is_ok());
        self.splitter = splitter;
        // a row that began on this line ends on a later one
        if self.splitter.is_within_row() {
            self.starts.push(self.byte);
        } else {
            self.starts.clear();
        }
    }

    fn piece(&mut self, line: &[u8], piece: &Piece<'_>, lexer: &mut Lexer) {
        match piece {
            Piece::Comment(text) => self.comment(text),
            // rows, or their end, that did not begin
            Piece::Stray => self.refuse(Unusable::Copy),
            Piece::Command(text) if *text == "\\." => self.refuse(Unusable::Copy),
            Piece::Command(text) => self.command(text),
            Piece::Noise => self.is_noisy |= noise(line) == Some(0),
            Piece::Statement(text) => {
                let said = statement::parse(text, lexer.backslashes);
                let is_copy = text
                    .trim_ascii_start()
                    .get(..5)
                    .is_some_and(|start| start.eq_ignore_ascii_case(b"copy "));
                if said == Statement::Other && is_copy && text.to_ascii_lowercase().ends_with(b"stdin") {
                    self.refuse(Unusable::Copy);
                }
                self.statement(line, said, lexer);
            }
            Piece::Head(text) => {
                self.inserting = insert_head(text);
                self.current = self.inserting.as_ref().and_then(|head| self.open.get(head).copied());
            }
            Piece::Row { tuple, at, lines } => self.row(line, tuple, *at, *lines, lexer.backslashes),
        }
    }

    fn comment(&mut self, text: &str) {
        text.clone_into(&mut self.last_comment);
        let before = (self.begun, self.completed);
        match text {
            "PostgreSQL database dump" | "PostgreSQL database cluster dump" => self.begun += 1,
            "PostgreSQL database dump complete" | "PostgreSQL database cluster dump complete" => {
                self.completed += 1;
            }
            _ => {}
        }
        if before != (self.begun, self.completed) {
            self.open.clear();
            self.data_of = None;
        }
        if let Some(version) = text.strip_prefix("Dumped from database version ") {
            self.script.version = version.split_whitespace().next().map(str::to_owned);
        } else if text.starts_with("Adminer ") && text.ends_with(" dump") {
            self.is_adminers = true;
        } else if text.starts_with("MySQL dump ") || text.starts_with("MariaDB dump ") {
            self.refuse(Unusable::Foreign);
        } else if let Some(named) = text.strip_prefix("Data for Name: ") {
            let mut parts = named.split("; ");
            let table = parts.next().unwrap_or_default().to_owned();
            let schema = parts.find_map(|part| part.strip_prefix("Schema: ")).unwrap_or(PUBLIC);
            let table = (schema.to_owned(), table);
            self.script.announced.push(table.clone());
            self.data_of = Some(table);
            self.open.clear();
        }
    }

    fn command(&mut self, text: &str) {
        self.open.clear();
        let mut words = text.split_whitespace();
        match words.next() {
            Some("\\connect" | "\\c") => {
                PUBLIC.clone_into(&mut self.schema);
                self.database += usize::from(self.has_rows());
            }
            // what psql leaves out, and on what that depends, only psql knows
            Some("\\if" | "\\elif" | "\\else" | "\\endif") => self.refuse(Unusable::Conditional),
            Some("\\encoding") => self.encoded_in(words.next().unwrap_or_default()),
            Some("\\copy") => self.refuse(Unusable::Copy),
            Some("\\i" | "\\ir" | "\\include" | "\\include_relative") => {
                let name = words
                    .next()
                    .unwrap_or_default()
                    .trim_matches('\'')
                    .rsplit('/')
                    .next()
                    .unwrap_or_default();
                self.script.includes.push((self.document, self.line, name.to_owned()));
            }
            _ => {}
        }
    }

    /// Whether rows stand before this line.
    fn has_rows(&self) -> bool {
        self.script.blocks.iter().any(|block| block.document == self.document)
    }

    fn encoded_in(&mut self, name: &str) {
        if !is_utf8(name) {
            self.script.client_encoding = Some(name.to_owned());
        }
    }

    fn statement(&mut self, line: &[u8], said: Statement, lexer: &mut Lexer) {
        match said {
            Statement::Setting { name, value } => {
                self.open.clear();
                self.setting(&name, &value, lexer);
            }
            Statement::Create { table, columns, parents, if_not_exists } => {
                let table = self.named(table);
                if if_not_exists && self.script.created.contains_key(&table) {
                    return self.changed(&table, true);
                }
                let parents: Vec<Named> = parents.into_iter().map(|parent| self.named(parent)).collect();
                self.script.children.extend(parents.iter().map(|parent| (table.clone(), parent.clone())));
                self.changed(&table, true);
                self.script.created.insert(table, Created { columns, parents });
            }
            Statement::Child { parent, child } => {
                let pair = (self.named(child), self.named(parent));
                self.script.children.push(pair);
            }
            Statement::Refers { from, to } => self.script.references.push((from.1, to.1)),
            Statement::Computed { tables } => {
                for table in tables {
                    self.begin(self.named(table), None, Form::Unread, line);
                    if let Some(block) = self.script.blocks.last_mut() {
                        block.computed = Some(self.line);
                    }
                }
            }
            Statement::Changed { tables, is_dropped } => {
                for table in tables {
                    let table = self.named(table);
                    self.changed(&table, is_dropped);
                }
            }
            Statement::Altered { table } => {
                let table = self.named(table);
                self.changed(&table, false);
                // rows that name no columns cannot be told any more
                if let Some(created) = self.script.created.get_mut(&table) {
                    created.columns = None;
                }
            }
            Statement::SchemasDropped { names } => {
                let gone = self.script.blocks.iter().map(|block| block.table.clone());
                let gone: BTreeSet<Named> = gone.filter(|(schema, _)| names.contains(schema)).collect();
                for table in gone {
                    self.changed(&table, true);
                }
            }
            Statement::View { name } => {
                let name = self.named(name);
                self.script.views.insert(name);
            }
            Statement::RolledBack if self.has_rows() => self.refuse(Unusable::RolledBack),
            Statement::Copy { table, columns, format } => {
                let table = self.named(table);
                let (form, at) = match format {
                    Some(format) if format.is_csv => (Form::Csv { format, end: u64::MAX }, At::Csv),
                    Some(format) => (Form::Copy(format), At::Row),
                    None => (Form::Unread, At::Csv),
                };
                self.has_header =
                    matches!(&form, Form::Copy(format) | Form::Csv { format, .. } if format.header);
                self.begin(table, columns, form, line);
                self.at = at;
            }
            Statement::RolledBack | Statement::Other => {}
        }
    }

    fn setting(&mut self, name: &str, value: &str, lexer: &mut Lexer) {
        match name {
            "client_encoding" => self.encoded_in(value),
            "standard_conforming_strings" => lexer.backslashes = value.eq_ignore_ascii_case("off"),
            // up to 9.5.11 (and 10.2), a dump names a table's schema only here
            "search_path" => {
                let first = value.split(',').next().unwrap_or_default().trim().trim_matches('"');
                let is_named = !first.is_empty() && first != "$user";
                if is_named { first } else { PUBLIC }.clone_into(&mut self.schema);
            }
            _ => {}
        }
    }

    /// A name with the schema that it has here.
    fn named(&self, (schema, table): Named) -> Named {
        (if schema.is_empty() { self.schema.clone() } else { schema }, table)
    }

    fn changed(&mut self, table: &Named, is_again: bool) {
        let is_here = |block: &Block| block.table == *table && block.document == self.document;
        if self.script.blocks.iter().any(is_here) {
            let change = Change { document: self.document, line: self.line, is_again };
            self.script.changes.entry(table.clone()).or_insert(change);
        }
    }

    /// Begins rows that stand on the lines after this one.
    fn begin(&mut self, table: Named, columns: Option<Vec<String>>, form: Form, line: &[u8]) {
        let rows = match form {
            Form::Csv { .. } | Form::Unread => None,
            Form::Copy(_) | Form::Insert { .. } => Some(0),
        };
        let next = (self.line + 1, self.byte + self.encoding.source_len(line));
        let computed = (form == Form::Unread).then_some(self.line);
        self.script.blocks.push(Block {
            document: self.document,
            table,
            columns,
            form,
            byte: next.1,
            line: next.0,
            from: next,
            rows,
            database: self.database,
            dump: if self.begun > self.completed { self.begun } else { 0 },
            data_of: self.data_of.clone(),
            head: None,
            has_noise: false,
            computed,
            defaulted: BTreeSet::new(),
        });
    }

    /// Takes a row of an INSERT statement into the block that is open for such rows, or into one of its own.
    fn row(&mut self, line: &[u8], tuple: &[u8], at: usize, lines: u64, backslashes: bool) {
        let number = self.line - lines;
        let place = match (self.current, self.inserting.take()) {
            (Some(place), head) => {
                self.inserting = head;
                place
            }
            (None, None) => return self.refuse(Unusable::Foreign),
            (None, Some(head)) => {
                let (table, columns) = head.clone();
                let start = row_begins(&self.starts, (self.byte, line), (at, lines), self.encoding);
                self.begin(self.named(table), columns, Form::Insert { backslashes }, line);
                let place = self.script.blocks.len() - 1;
                let block = &mut self.script.blocks[place];
                (block.byte, block.line, block.from) = (start, number, self.from);
                block.head = Some(head.clone());
                self.open.insert(head, place);
                self.current = Some(place);
                place
            }
        };
        let block = &mut self.script.blocks[place];
        block.rows = block.rows.map(|rows| rows + 1);
        match values::row(tuple, backslashes) {
            Ok(values) => {
                let is_default = |(at, value): (usize, Value<'_>)| (value == Value::Default).then_some(at);
                block.defaulted.extend(values.into_iter().enumerate().filter_map(is_default));
            }
            Err(Computed) => block.computed = block.computed.or(Some(number)),
        }
    }
}

/// The byte at which a row begins. `line` is the present line with the byte at which it begins, `row` the row's place in the
/// line on which it begins and how many lines have come since; `starts` are where these begin.
pub(super) fn row_begins(starts: &[u64], line: (u64, &[u8]), row: (usize, u64), encoding: Encoding) -> u64 {
    let ((byte, line), (at, lines)) = (line, row);
    if lines == 0 {
        return byte + encoding.source_len(&line[..at]);
    }
    // that line is gone, but what stands before a row is only space and signs
    let before = usize::try_from(lines).ok().and_then(|lines| starts.len().checked_sub(lines));
    before.map_or(byte, |place| starts[place]) + at as u64 * encoding.source_len(b" ")
}
