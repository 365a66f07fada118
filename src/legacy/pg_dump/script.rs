//! What stands in a plain `pg_dump` script, line by line: where each COPY block begins, and how many rows it has. Pure.

use crate::legacy::copy_text;

/// The data of one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Block {
    /// Empty when the script names none.
    pub schema: String,
    pub table: String,
    pub columns: Vec<String>,
    /// Where the first row stands.
    pub byte: u64,
    pub line: u64,
    pub rows: u64,
}

/// Schema and table; the schema is empty when the script names none.
pub(super) type Named = (String, String);

/// What is known of a script after its last line.
#[derive(Debug, Default)]
pub(super) struct Script {
    pub blocks: Vec<Block>,
    /// `9.5.25`, from the script's own comments.
    pub version: Option<String>,
    pub client_encoding: Option<String>,
    /// Whether rows stand in INSERT statements, which are not read.
    pub inserts: bool,
    /// Whether the script says where it begins, and where it is complete.
    pub begins: bool,
    pub completes: bool,
    /// The foreign keys that the script makes, from table to table.
    pub references: Vec<(String, String)>,
    /// The tables whose rows count as another's: each child with its parent, both as schema and table.
    pub children: Vec<(Named, Named)>,
    /// The table that the present `CREATE TABLE` makes.
    created: Option<Named>,
    /// The table that the present `ALTER TABLE` is about.
    altered: Option<String>,
    schema: String,
    lexer: Lexer,
    line: u64,
    byte: u64,
    at: At,
}

/// What the next line begins with.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum At {
    /// SQL.
    #[default]
    Statement,
    /// A row of the last block.
    Row,
    /// The rest of a row, because the line end before it belongs to the data.
    RestOfRow,
}

impl Script {
    /// Takes the next line, its line end included.
    pub(super) fn line(&mut self, line: &[u8]) {
        self.line += 1;
        self.byte += line.len() as u64;
        if self.at != At::Statement {
            self.data(line);
        } else if self.lexer.is_plain() {
            self.statement(line);
        } else {
            self.lexer.line(line);
        }
    }

    /// Whether the last block lacks its end marker.
    pub(super) fn is_cut_off(&self) -> bool {
        self.at != At::Statement || (self.begins && !self.completes)
    }

    fn data(&mut self, line: &[u8]) {
        if self.at == At::Row && matches!(line, b"\\.\n" | b"\\.\r\n" | b"\\.") {
            self.at = At::Statement;
        } else if copy_text::row_end(line, false).is_none() {
            self.at = At::RestOfRow;
        } else {
            self.at = At::Row;
            if let Some(block) = self.blocks.last_mut() {
                block.rows += 1;
            }
        }
    }

    fn statement(&mut self, line: &[u8]) {
        let Ok(text) = std::str::from_utf8(line) else { return self.lexer.line(line) };
        let text = text.trim_end();
        if let Some((schema, table, columns)) = copy_header(text) {
            self.blocks.push(Block {
                schema: schema.unwrap_or_else(|| self.schema.clone()),
                table,
                columns,
                byte: self.byte,
                line: self.line + 1,
                rows: 0,
            });
            self.at = At::Row;
            return;
        }
        if let Some(comment) = text.strip_prefix("-- ") {
            match comment {
                "PostgreSQL database dump" => self.begins = true,
                "PostgreSQL database dump complete" => self.completes = true,
                _ => {}
            }
            if let Some(version) = comment.strip_prefix("Dumped from database version ") {
                self.version = version.split_whitespace().next().map(str::to_owned);
            }
        } else if let Some(encoding) = setting(text, "client_encoding") {
            self.client_encoding = Some(encoding.to_owned());
        } else if let Some(path) = setting(text, "search_path") {
            // Up to 9.5.11 (and 10.2), a script names a table's schema only here.
            let first = path.split(',').next().unwrap_or_default();
            self.schema = String::from(first.trim().trim_matches('"'));
        } else {
            self.inserts |= text.starts_with("INSERT INTO ");
            self.foreign_key(text);
            self.child(text);
            self.lexer.line(line);
        }
    }
}

impl Script {
    /// Notes a foreign key. A script writes it on two lines: `ALTER TABLE ONLY public.a`, then `    ADD CONSTRAINT … FOREIGN
    /// KEY (…) REFERENCES public.b(id);`.
    fn foreign_key(&mut self, text: &str) {
        if let Some(rest) = text.strip_prefix("ALTER TABLE ") {
            self.altered = table_name(rest.strip_prefix("ONLY ").unwrap_or(rest));
        }
        let Some((_, rest)) = text.split_once(" FOREIGN KEY (") else { return };
        let Some((_, rest)) = rest.split_once(") REFERENCES ") else { return };
        if let (Some(from), Some(to)) = (self.altered.take(), table_name(rest)) {
            self.references.push((from, to));
        }
    }
}

impl Script {
    /// Notes a table that inherits from another or is a part of it. `pg_dump` writes `INHERITS (…);` on a line of its own after
    /// the columns, and a partition as `PARTITION OF` (10, 11) or `ATTACH PARTITION`.
    fn child(&mut self, text: &str) {
        if let Some(rest) = text.strip_prefix("CREATE TABLE ").or(text.strip_prefix("CREATE UNLOGGED TABLE "))
        {
            self.created = self.named(rest).map(|(table, _)| table);
            if let Some((_, parent)) = text.split_once(" PARTITION OF ") {
                self.note_child(self.created.clone(), parent);
            }
        } else if let Some(rest) = text.strip_prefix("INHERITS (") {
            let child = self.created.take();
            let mut rest = Some(rest);
            while let Some(parent) = rest {
                self.note_child(child.clone(), parent);
                rest = self.named(parent).and_then(|(_, after)| after.strip_prefix(", "));
            }
        } else if let Some(rest) = text.strip_prefix("ALTER TABLE ONLY ") {
            let Some((table, rest)) = self.named(rest) else { return };
            if let Some(part) = rest.strip_prefix(" ATTACH PARTITION ") {
                let part = self.named(part).map(|(part, _)| part);
                self.children.extend(part.map(|part| (part, table)));
            } else if let Some(parent) = rest.strip_prefix(" INHERIT ") {
                self.note_child(Some(table), parent);
            }
        }
    }

    fn note_child(&mut self, child: Option<Named>, parent: &str) {
        let parent = self.named(parent).map(|(parent, _)| parent);
        self.children.extend(child.zip(parent));
    }

    /// A table's name with its schema, and what follows.
    fn named<'a>(&self, text: &'a str) -> Option<(Named, &'a str)> {
        let (first, rest) = identifier(text)?;
        match rest.strip_prefix('.') {
            Some(rest) => identifier(rest).map(|(table, rest)| ((first, table), rest)),
            None => Some(((self.schema.clone(), first), rest)),
        }
    }
}

/// A table's name, without its schema.
fn table_name(text: &str) -> Option<String> {
    let (first, rest) = identifier(text)?;
    match rest.strip_prefix('.') {
        Some(rest) => Some(identifier(rest)?.0),
        None => Some(first),
    }
}

/// The value of `SET name = value;`.
fn setting<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let value = text.strip_prefix("SET ")?.strip_prefix(name)?.strip_prefix(" = ")?.strip_suffix(';')?;
    Some(value.trim_matches('\''))
}

/// Schema, table and columns of `COPY schema.table (columns) FROM stdin;`.
pub(super) fn copy_header(text: &str) -> Option<(Option<String>, String, Vec<String>)> {
    let rest = text.strip_prefix("COPY ")?.strip_suffix(" FROM stdin;")?;
    let (first, rest) = identifier(rest)?;
    let (schema, table, rest) = match rest.strip_prefix('.') {
        Some(rest) => {
            let (table, rest) = identifier(rest)?;
            (Some(first), table, rest)
        }
        None => (None, first, rest),
    };
    let mut rest = rest.trim_start().strip_prefix('(')?.strip_suffix(')')?;
    let mut columns = Vec::new();
    loop {
        let (column, after) = identifier(rest.trim_start())?;
        columns.push(column);
        match after.strip_prefix(',') {
            Some(next) => rest = next,
            None if after.is_empty() => return Some((schema, table, columns)),
            None => return None,
        }
    }
}

/// One identifier, in double quotes or without, and what follows it.
fn identifier(text: &str) -> Option<(String, &str)> {
    let Some(mut rest) = text.strip_prefix('"') else {
        let end = text
            .find(|c: char| matches!(c, '.' | ',' | '(' | ')' | ';') || c.is_whitespace())
            .unwrap_or(text.len());
        return (end > 0).then(|| (text[..end].to_owned(), &text[end..]));
    };
    let mut name = String::new();
    loop {
        let (part, after) = rest.split_once('"')?;
        name.push_str(part);
        match after.strip_prefix('"') {
            Some(next) => {
                name.push('"');
                rest = next;
            }
            None => return Some((name, after)),
        }
    }
}

/// Tells statements from text inside quotes, dollar quotes and comments, so that a line of a function's body that reads
/// like a COPY header is not taken for one.
#[derive(Debug, Default)]
struct Lexer {
    inside: Option<Inside>,
}

#[derive(Debug)]
enum Inside {
    Quote(u8),
    Dollar(Vec<u8>),
    Comment { depth: usize },
}

impl Lexer {
    fn is_plain(&self) -> bool {
        self.inside.is_none()
    }

    fn line(&mut self, line: &[u8]) {
        let mut rest = line;
        while !rest.is_empty() {
            let step = match &mut self.inside {
                None => self.plain(rest),
                Some(Inside::Quote(quote)) => {
                    // A doubled quote ends the text and begins it again, which comes to the same.
                    let closes = rest[0] == *quote;
                    if closes {
                        self.inside = None;
                    }
                    1
                }
                Some(Inside::Dollar(tag)) => {
                    let len = tag.len();
                    if rest.starts_with(tag) {
                        self.inside = None;
                        len
                    } else {
                        1
                    }
                }
                Some(Inside::Comment { depth }) => match rest {
                    [b'/', b'*', ..] => {
                        *depth += 1;
                        2
                    }
                    [b'*', b'/', ..] => {
                        *depth -= 1;
                        if *depth == 0 {
                            self.inside = None;
                        }
                        2
                    }
                    _ => 1,
                },
            };
            rest = &rest[step.min(rest.len())..];
        }
    }

    /// One step outside of everything.
    fn plain(&mut self, rest: &[u8]) -> usize {
        match rest {
            [b'-', b'-', ..] => rest.len(),
            [b'/', b'*', ..] => {
                self.inside = Some(Inside::Comment { depth: 1 });
                2
            }
            [quote @ (b'\'' | b'"'), ..] => {
                self.inside = Some(Inside::Quote(*quote));
                1
            }
            [b'$', after @ ..] => {
                let name =
                    after.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
                if after.get(name) == Some(&b'$') && !after[0].is_ascii_digit() {
                    self.inside = Some(Inside::Dollar(rest[..name + 2].to_vec()));
                    name + 2
                } else {
                    1
                }
            }
            _ => 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copy_headers() {
        for (text, found) in [
            ("COPY auth_group (id, name) FROM stdin;", Some((None, "auth_group", vec!["id", "name"]))),
            ("COPY public.t (id) FROM stdin;", Some((Some("public"), "t", vec!["id"]))),
            (
                r#"COPY "A b"."t""x" ("on", "a,b", "c)") FROM stdin;"#,
                Some((Some("A b"), "t\"x", vec!["on", "a,b", "c)"])),
            ),
            ("COPY public.t (id) FROM stdin WITH (format csv);", None),
            ("COPY public.t FROM stdin;", None),
            ("COPY public.t (id, ) FROM stdin;", None),
            ("copying (a) FROM stdin;", None),
        ] {
            let header = copy_header(text);
            let header = header.as_ref().map(|(schema, table, columns)| {
                (schema.as_deref(), table.as_str(), columns.iter().map(String::as_str).collect())
            });
            assert_eq!(header, found, "{text}");
        }
    }

    #[test]
    fn text_inside_quotes_and_comments_is_no_statement() {
        for (lines, plain) in [
            (&["select 'it''s';\n"][..], true),
            (&["select 'open\n"], false),
            (&["select 'open\n", "closed';\n"], true),
            (&["-- don't\n"], true),
            (&["/* one /* two */\n"], false),
            (&["/* one /* two */\n", "*/\n"], true),
            (&["as $$ it's\n"], false),
            (&["as $a$ $$ $b$\n", "$a$\n"], true),
            (&["select $1 + $2;\n"], true),
            (&["\"odd ' name\"\n"], true),
            (&["$"], true),
        ] {
            let mut lexer = Lexer::default();
            for line in lines {
                lexer.line(line.as_bytes());
            }
            assert_eq!(lexer.is_plain(), plain, "{lines:?}");
        }
    }
}
