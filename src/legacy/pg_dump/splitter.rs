//! Cuts a script into statements and the rows of INSERT statements into one each, line by line. No more than one statement,
//! or one row, is kept at a time. Pure.

use super::lexer::{Lexer, is_of_name};
use super::tokens::{Token, Tokens};

/// A statement longer than this says nothing that matters here; only its end is looked for.
const LONGEST_STATEMENT: usize = 1024 * 1024;

/// What a script is made of.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// A comment that stands alone on its line, without its dashes.
    Comment(&'a str),
    /// A command of psql, with its backslash.
    Command(&'a str),
    /// A line that is no SQL at all: what a program said on standard error, or a web server.
    Noise,
    /// A line that begins like a row, and stands in no statement.
    Stray,
    /// A whole statement without its semicolon.
    Statement(&'a [u8]),
    /// An INSERT statement up to its word VALUES.
    Head(&'a [u8]),
    /// One row of the last such statement, in its parentheses; `at` is its place in the line on which it begins, which is the
    /// present one unless `lines` more have come since.
    Row { tuple: &'a [u8], at: usize, lines: u64 },
}

/// How far a script has been cut.
#[derive(Debug, Clone, Default)]
pub(super) struct Splitter {
    pub lexer: Lexer,
    text: Vec<u8>,
    /// Whether the present statement has a byte in the open.
    has_begun: bool,
    depth: usize,
    /// Depth of BEGIN … END in the body of a function that is written in SQL.
    blocks: usize,
    at: At,
    /// The last word in the open, and whether another byte has followed it.
    word: Vec<u8>,
    word_ended: bool,
    /// Where the present row begins, in which line before the present one.
    row: (usize, u64),
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum At {
    /// Before or within a statement.
    #[default]
    Statement,
    /// Within an INSERT statement, after VALUES: between two rows, or within one.
    Values,
    /// After the rows of an INSERT statement: ON CONFLICT, RETURNING.
    Tail,
}

/// What statements begin with, so that anything else is no SQL.
const FIRST_WORDS: [&str; 52] = [
    "abort",
    "alter",
    "analyze",
    "begin",
    "call",
    "checkpoint",
    "close",
    "cluster",
    "comment",
    "commit",
    "copy",
    "create",
    "deallocate",
    "declare",
    "delete",
    "discard",
    "do",
    "drop",
    "end",
    "execute",
    "explain",
    "fetch",
    "go",
    "grant",
    "import",
    "insert",
    "listen",
    "load",
    "lock",
    "merge",
    "move",
    "notify",
    "prepare",
    "reassign",
    "refresh",
    "reindex",
    "release",
    "replace",
    "reset",
    "revoke",
    "rollback",
    "savepoint",
    "security",
    "select",
    "set",
    "show",
    "start",
    "table",
    "truncate",
    "update",
    "use",
    "with",
];

impl Splitter {
    /// Whether a statement or a row has begun and not ended.
    pub(super) fn is_within(&self) -> bool {
        !self.lexer.is_plain() || self.at != At::Statement || self.has_begun
    }

    /// Whether a row has begun and not ended.
    pub(super) fn is_within_row(&self) -> bool {
        self.at == At::Values && self.depth > 0
    }

    /// Whether what has begun would be lost if nothing followed: an open quote, rows, or a statement that matters.
    pub(super) fn is_cut(&self) -> bool {
        let begins = |word: &[u8]| {
            self.text
                .trim_ascii_start()
                .get(..word.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(word))
        };
        !self.lexer.is_plain() || self.at != At::Statement || begins(b"insert") || begins(b"copy")
    }

    /// How many bytes are kept.
    pub(super) fn kept(&self) -> usize {
        self.text.len()
    }

    /// Takes the next line, its line end included, and hands over what it ends. The line after a COPY statement may be one of
    /// its rows: whoever is handed the statement decides.
    pub(super) fn line<E>(
        &mut self,
        line: &[u8],
        mut take: impl FnMut(Piece<'_>, &mut Lexer) -> Result<(), E>,
    ) -> Result<(), E> {
        if !self.is_within()
            && let Some(piece) = whole_line(line)
        {
            return take(piece, &mut self.lexer);
        }
        // up to where the line is in `text`, or not needed
        let has_mark = !self.is_within() && line.starts_with(b"\xef\xbb\xbf");
        let mut kept = if has_mark { 3 } else { 0 };
        let mut from = kept;
        while let Some(at) = self.lexer.next(line, from) {
            from = at + 1;
            let byte = line[at];
            if !is_of_name(byte) {
                self.end_word(&line[kept..at]);
            }
            self.has_begun |= !byte.is_ascii_whitespace();
            match self.at {
                At::Statement if byte == b'(' => {
                    self.depth += 1;
                    if self.depth == 1
                        && self.word.eq_ignore_ascii_case(b"values")
                        && self.is_insert(&line[kept..at])
                    {
                        self.keep(&line[kept..at]);
                        kept = at;
                        take(Piece::Head(&self.text), &mut self.lexer)?;
                        self.text.clear();
                        self.at = At::Values;
                        self.row = (at, 0);
                    }
                }
                At::Values if byte == b'(' => {
                    self.depth += 1;
                    if self.depth == 1 {
                        self.text.clear();
                        (kept, self.row) = (at, (at, 0));
                    }
                }
                At::Values if byte == b')' => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        let (at, lines) = self.row;
                        let tuple: &[u8] = if self.text.is_empty() {
                            &line[kept..from]
                        } else {
                            self.text.extend_from_slice(&line[kept..from]);
                            &self.text
                        };
                        take(Piece::Row { tuple, at, lines }, &mut self.lexer)?;
                        self.text.clear();
                        kept = from;
                    }
                }
                At::Statement | At::Tail if matches!(byte, b'(' | b')') => {
                    self.depth = if byte == b'(' { self.depth + 1 } else { self.depth.saturating_sub(1) };
                }
                _ if byte == b';' && self.depth == 0 && self.blocks == 0 => {
                    if self.at == At::Statement {
                        self.keep(&line[kept..at]);
                        take(Piece::Statement(&self.text), &mut self.lexer)?;
                    }
                    self.text.clear();
                    self.word.clear();
                    (kept, self.at, self.has_begun) = (from, At::Statement, false);
                    continue;
                }
                At::Values if self.depth == 0 && is_of_name(byte) => {
                    self.at = At::Tail;
                    self.text.clear();
                }
                _ => {}
            }
            self.note(byte);
        }
        self.end_word(&line[kept..]);
        match self.at {
            // what is only a comment belongs to no statement
            At::Statement if !self.has_begun && self.lexer.is_plain() => self.text.clear(),
            At::Statement => self.keep(&line[kept..]),
            At::Values if self.depth > 0 => {
                self.text.extend_from_slice(&line[kept..]);
                self.row.1 += 1;
            }
            At::Values | At::Tail => {}
        }
        Ok(())
    }

    /// Keeps a part of a statement, as far as it matters.
    fn keep(&mut self, part: &[u8]) {
        let room = LONGEST_STATEMENT.saturating_sub(self.text.len()).min(part.len());
        self.text.extend_from_slice(&part[..room]);
    }

    /// Whether the present statement inserts rows; `rest` is what of it is not kept yet.
    fn is_insert(&self, rest: &[u8]) -> bool {
        let start = if self.text.trim_ascii().is_empty() { rest } else { &self.text };
        Tokens::new(start, false).next().is_some_and(|word| word.is("insert") || word.is("replace"))
    }

    /// Notes a byte in the open: it may end a word.
    fn note(&mut self, byte: u8) {
        if is_of_name(byte) {
            if std::mem::take(&mut self.word_ended) {
                self.word.clear();
            }
            // no word that matters is longer
            if self.word.len() < 16 {
                self.word.push(byte);
            }
        } else if !byte.is_ascii_whitespace() {
            self.word.clear();
        }
    }

    /// Ends the present word. In a function whose body is SQL of its own, semicolons end nothing.
    fn end_word(&mut self, rest: &[u8]) {
        if std::mem::replace(&mut self.word_ended, true) || self.at != At::Statement {
            return;
        }
        let is = |word: &[u8]| self.word.eq_ignore_ascii_case(word);
        if is(b"atomic") && self.is_routine(rest) || self.blocks > 0 && is(b"case") {
            self.blocks += 1;
        } else if is(b"end") {
            self.blocks = self.blocks.saturating_sub(1);
        }
    }

    fn is_routine(&self, rest: &[u8]) -> bool {
        let start = if self.text.trim_ascii().is_empty() { rest } else { &self.text };
        let mut words = Tokens::new(start, false);
        words.next().is_some_and(|word| word.is("create"))
            && words.take(4).any(|word| word.is("function") || word.is("procedure"))
    }
}

/// What a line is that stands for itself, before any statement.
fn whole_line(line: &[u8]) -> Option<Piece<'_>> {
    let text = line.trim_ascii();
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    if let Some(comment) = text.strip_prefix(b"--") {
        return Some(Piece::Comment(std::str::from_utf8(comment).unwrap_or_default().trim()));
    }
    if text.starts_with(b"\\") {
        return Some(Piece::Command(std::str::from_utf8(text).unwrap_or_default()));
    }
    let word = text.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let begins = text.first()?;
    let is_sql = match begins {
        b'/' => text.starts_with(b"/*"),
        b';' => true,
        b'(' if is_row_count(text) => false,
        b'(' => {
            let first = Tokens::new(text, false).find(|token| !matches!(token, Token::Sign(b'(')));
            if !first
                .is_some_and(|first| ["select", "with", "values", "table"].iter().any(|word| first.is(word)))
            {
                return Some(Piece::Stray);
            }
            true
        }
        _ => {
            let ends = text.get(word).is_none_or(|byte| {
                byte.is_ascii_whitespace() || matches!(byte, b';' | b'(' | b'"' | b'/' | b'-')
            });
            ends && FIRST_WORDS.iter().any(|first| text[..word].eq_ignore_ascii_case(first.as_bytes()))
        }
    };
    if is_sql { None } else { Some(Piece::Noise) }
}

/// `(6 rows)`, as psql writes below what it shows.
fn is_row_count(text: &[u8]) -> bool {
    let inner = text.strip_prefix(b"(").and_then(|rest| rest.strip_suffix(b")")).unwrap_or_default();
    let digits = inner.iter().take_while(|byte| byte.is_ascii_digit()).count();
    digits > 0 && inner.get(digits) == Some(&b' ') && !inner[digits..].contains(&b',')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pieces of a script, in a form that is easily compared.
    fn pieces(script: &str) -> Vec<String> {
        let mut splitter = Splitter::default();
        let mut found = Vec::new();
        for line in script.split_inclusive('\n') {
            let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes.trim_ascii()).replace('\n', " ");
            splitter
                .line(line.as_bytes(), |piece, _| {
                    found.push(match piece {
                        Piece::Comment(text) => format!("-- {text}"),
                        Piece::Command(text) => text.to_owned(),
                        Piece::Noise => "noise".to_owned(),
                        Piece::Stray => "stray".to_owned(),
                        Piece::Statement(text) => format!("{};", shown(text)),
                        Piece::Head(text) => shown(text),
                        Piece::Row { tuple, at, lines } => format!("{} @{at} -{lines}", shown(tuple)),
                    });
                    Ok::<(), ()>(())
                })
                .unwrap();
        }
        found.push(if splitter.is_cut() { "cut".to_owned() } else { String::new() });
        found
    }

    #[test]
    fn statements_and_rows() {
        for (script, found) in [
            ("set a = 1; set b\n= 2;\n", &["set a = 1;", "set b = 2;", ""][..]),
            ("-- it's\n\\connect x\nselect 1;\n", &["-- it's", "\\connect x", "select 1;", ""]),
            ("pg_dump: it's\nPassword: \n<br />\nSET a;\n", &["noise", "noise", "noise", "SET a;", ""]),
            (
                "insert into t values (1,'a;b'), (2,\n'c)');\n",
                &["insert into t values", "(1,'a;b') @21 -0", "(2, 'c)') @32 -1", ""],
            ),
            (
                "INSERT INTO t (a,b) VALUES\n\t (1,2)\n\t,(3,f(4));\nset a;\n",
                &["INSERT INTO t (a,b) VALUES", "(1,2) @2 -0", "(3,f(4)) @2 -0", "set a;", ""],
            ),
            (
                "insert into t values (1) on conflict (id) do nothing; insert into u values (2);\n",
                &["insert into t values", "(1) @21 -0", "insert into u values", "(2) @75 -0", ""],
            ),
            ("insert into t select (1);\n", &["insert into t select (1);", ""]),
            ("select * from (values (1), (2)) v;\n", &["select * from (values (1), (2)) v;", ""]),
            (
                "create function f() returns int begin atomic\n insert into t values (1);\n select case when true then 1 end;\nend;\nset a;\n",
                &[
                    "create function f() returns int begin atomic  insert into t values (1);  select case when true then 1 end; end;",
                    "set a;",
                    "",
                ],
            ),
            (
                "create rule r as on insert to t do (insert into u values (1); select 2);\nset a;\n",
                &["create rule r as on insert to t do (insert into u values (1); select 2);", "set a;", ""],
            ),
            ("/*!40000 alter */;\nset a;\n", &["/*!40000 alter */;", "set a;", ""]),
            ("/* a comment */\n-- and one\nset a;\n", &["-- and one", "set a;", ""]),
            ("(6 rows)\n\u{feff}set a;\n", &["noise", "set a;", ""]),
            ("upsert into t values\n(1, 'a'),\n", &["noise", "stray", ""]),
            ("(select 1);\n", &["(select 1);", ""]),
            ("begin;\nend;\nset a;\n", &["begin;", "end;", "set a;", ""]),
            ("insert into t values (1), (2)", &["insert into t values", "(1) @21 -0", "(2) @26 -0", "cut"]),
            ("insert into t values ('a", &["insert into t values", "cut"]),
            ("commit", &[""]),
        ] {
            assert_eq!(pieces(script), found, "{script}");
        }
    }
}
