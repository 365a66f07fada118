//! What a statement of a script says, as far as it matters to somebody who wants the rows. Pure.

use super::tokens::{Token, Tokens};
use super::values::constant;

/// Schema and table; the schema is empty where the statement names none.
pub(super) type Named = (String, String);

/// A statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Statement {
    Create {
        table: Named,
        columns: Option<Vec<Column>>,
        parents: Vec<Named>,
        /// Nothing happens where the table is there already.
        if_not_exists: bool,
    },
    /// What looks like a table, and whose rows are another's.
    View {
        name: Named,
    },
    /// The rows of the second table count as the first one's.
    Child {
        parent: Named,
        child: Named,
    },
    /// A foreign key.
    Refers {
        from: Named,
        to: Named,
    },
    Copy {
        table: Named,
        columns: Option<Vec<String>>,
        format: Option<CopyFormat>,
    },
    /// Rows that are not written out.
    Computed {
        tables: Vec<Named>,
    },
    /// What was in the tables is changed, or gone.
    Changed {
        tables: Vec<Named>,
        is_dropped: bool,
    },
    /// The table's columns are others now.
    Altered {
        table: Named,
    },
    /// Whatever was in the schemas is gone.
    SchemasDropped {
        names: Vec<String>,
    },
    /// What was written is taken back.
    RolledBack,
    Setting {
        name: String,
        value: String,
    },
    Other,
}

/// How the rows of a COPY statement are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CopyFormat {
    pub is_csv: bool,
    pub delimiter: u8,
    pub null: Vec<u8>,
    pub quote: u8,
    pub header: bool,
}

/// A column as a definition has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    pub name: String,
    pub default: Default,
}

/// What stands in a column that an INSERT statement does not name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Default {
    Constant(Option<Vec<u8>>),
    /// A server computes it.
    Computed,
    /// It is always computed, from other columns, so that no dump has it.
    Generated,
}

/// What a statement says.
pub(super) fn parse(text: &[u8], backslashes: bool) -> Statement {
    let mut words = Words { tokens: Tokens::new(text, backslashes).collect(), at: 0 };
    words.statement(backslashes).unwrap_or(Statement::Other)
}

/// The table of an INSERT statement and the columns that it names, from what stands before VALUES.
pub(super) fn insert_head(text: &[u8]) -> Option<(Named, Option<Vec<String>>)> {
    let mut words = Words { tokens: Tokens::new(text, false).collect(), at: 0 };
    words.word("insert").or_else(|| words.word("replace"))?;
    words.word("ignore");
    words.word("into")?;
    let table = words.table()?;
    if words.word("as").is_some() {
        words.name()?;
    }
    let columns = if words.sign(b'(').is_some() { Some(words.columns()?) } else { None };
    // overriding system value
    while words.word("values").is_none() {
        words.name()?;
    }
    Some((table, columns))
}

struct Words<'a> {
    tokens: Vec<Token<'a>>,
    at: usize,
}

impl<'a> Words<'a> {
    fn peek(&self) -> Option<&Token<'a>> {
        self.tokens.get(self.at)
    }

    fn word(&mut self, word: &str) -> Option<()> {
        let is_there = self.peek().is_some_and(|token| token.is(word));
        self.at += usize::from(is_there);
        is_there.then_some(())
    }

    /// Several words, all or none of them.
    fn words(&mut self, words: &[&str]) -> Option<()> {
        let before = self.at;
        let all = words.iter().all(|word| self.word(word).is_some());
        if !all {
            self.at = before;
        }
        all.then_some(())
    }

    fn sign(&mut self, sign: u8) -> Option<()> {
        let is_there = self.peek() == Some(&Token::Sign(sign));
        self.at += usize::from(is_there);
        is_there.then_some(())
    }

    fn name(&mut self) -> Option<String> {
        let name = self.peek()?.name()?;
        self.at += 1;
        Some(name)
    }

    /// A table's name; of three parts the first is the database.
    fn table(&mut self) -> Option<Named> {
        let mut parts = vec![self.name()?];
        while self.sign(b'.').is_some() {
            parts.push(self.name()?);
        }
        let table = parts.pop()?;
        Some((parts.pop().unwrap_or_default(), table))
    }

    /// The names of several tables.
    fn tables(&mut self) -> Option<Vec<Named>> {
        let mut tables = Vec::new();
        loop {
            self.word("only");
            tables.push(self.table()?);
            // and of all that inherit from it
            self.sign(b'*');
            if self.sign(b',').is_none() {
                return Some(tables);
            }
        }
    }

    /// Names between parentheses, of which the first is passed.
    fn columns(&mut self) -> Option<Vec<String>> {
        let mut columns = Vec::new();
        loop {
            columns.push(self.name()?);
            if self.sign(b')').is_some() {
                return Some(columns);
            }
            self.sign(b',')?;
        }
    }

    fn statement(&mut self, backslashes: bool) -> Option<Statement> {
        let first = self.name()?;
        match first.as_str() {
            "create" => self.made(backslashes),
            "alter" => self.alter(),
            "copy" => self.copy(),
            "insert" | "replace" => {
                self.word("ignore");
                self.word("into")?;
                Some(Statement::Computed { tables: vec![self.table()?] })
            }
            "set" => {
                let _ = self.word("session").or_else(|| self.word("local"));
                let name = self.name()?;
                if name == "names" {
                    return Some(Statement::Setting { name: "client_encoding".into(), value: self.value()? });
                }
                self.sign(b'=').or_else(|| self.word("to"))?;
                Some(Statement::Setting { name, value: self.value()? })
            }
            "select" => {
                self.words(&["pg_catalog"]).and_then(|()| self.sign(b'.'));
                self.word("set_config")?;
                self.sign(b'(')?;
                let name = self.value()?;
                self.sign(b',')?;
                Some(Statement::Setting { name, value: self.value()? })
            }
            "update" | "delete" | "truncate" => {
                for word in ["from", "table", "only"] {
                    self.word(word);
                }
                Some(Statement::Changed { tables: self.tables()?, is_dropped: false })
            }
            "rollback" | "abort" => Some(Statement::RolledBack),
            // what a query or a block of code puts into tables, or takes out of them
            "merge" | "with" | "do" => {
                let mut tables = self.written_to();
                for token in &self.tokens {
                    if let Token::Text { value, .. } = token {
                        let tokens = Tokens::new(value, backslashes).collect();
                        tables.extend(Words { tokens, at: 0 }.written_to());
                    }
                }
                (!tables.is_empty()).then_some(Statement::Computed { tables })
            }
            "drop" => {
                let is_schema = self.word("schema").is_some();
                if !is_schema {
                    self.word("foreign");
                    self.word("table")?;
                }
                self.words(&["if", "exists"]);
                let tables = self.tables()?;
                Some(if is_schema {
                    Statement::SchemasDropped { names: tables.into_iter().map(|(_, name)| name).collect() }
                } else {
                    Statement::Changed { tables, is_dropped: true }
                })
            }
            _ => None,
        }
    }

    /// The tables whose names follow words that change what is in them.
    fn written_to(&mut self) -> Vec<Named> {
        let mut tables = Vec::new();
        for at in 0..self.tokens.len() {
            let is_written = ["into", "update"].iter().any(|word| self.tokens[at].is(word))
                || at > 0 && self.tokens[at - 1].is("delete") && self.tokens[at].is("from");
            self.at = at + 1;
            self.word("only");
            tables.extend(is_written.then(|| self.table()).flatten());
        }
        tables
    }

    /// The first value of a setting.
    fn value(&mut self) -> Option<String> {
        let value = match self.peek()? {
            Token::Text { value, .. } => String::from_utf8_lossy(value).into_owned(),
            Token::Number(number) => (*number).to_owned(),
            token => token.name()?,
        };
        self.at += 1;
        Some(value)
    }

    fn made(&mut self, backslashes: bool) -> Option<Statement> {
        self.words(&["or", "replace"]);
        for word in ["global", "local", "temporary", "temp", "unlogged", "foreign", "recursive"] {
            self.word(word);
        }
        if self.word("view").is_some() {
            return Some(Statement::View { name: self.table()? });
        }
        self.word("table")?;
        let if_not_exists = self.words(&["if", "not", "exists"]).is_some();
        let table = self.table()?;
        if self.words(&["partition", "of"]).is_some() {
            let parents = vec![self.table()?];
            return Some(Statement::Create { table, columns: None, parents, if_not_exists });
        }
        let mut columns = None;
        if self.sign(b'(').is_some() {
            columns = Some(self.definitions(backslashes)?);
        }
        let mut parents = Vec::new();
        if self.word("inherits").is_some() {
            self.sign(b'(')?;
            loop {
                parents.push(self.table()?);
                if self.sign(b',').is_none() {
                    break;
                }
            }
        }
        Some(Statement::Create { table, columns, parents, if_not_exists })
    }

    /// The columns of a definition whose opening parenthesis is passed. `None` where they cannot be told.
    fn definitions(&mut self, backslashes: bool) -> Option<Vec<Column>> {
        const NO_COLUMNS: [&str; 6] = ["constraint", "primary", "unique", "check", "foreign", "exclude"];
        let mut columns = Vec::new();
        if self.sign(b')').is_some() {
            return Some(columns);
        }
        loop {
            let is_column = !NO_COLUMNS.iter().any(|word| self.peek().is_some_and(|token| token.is(word)));
            // the columns of another table, whatever these are
            if self.peek()?.is("like") {
                return None;
            }
            let name = if is_column { Some(self.name()?) } else { None };
            let definition = self.up_to_comma()?;
            if let Some(name) = name {
                columns.push(Column { name, default: default(&definition, backslashes) });
            }
            if self.sign(b')').is_some() {
                return Some(columns);
            }
            self.sign(b',')?;
        }
    }

    /// The tokens up to the comma or the parenthesis that ends an element of a list.
    fn up_to_comma(&mut self) -> Option<Vec<Token<'a>>> {
        let (start, mut depth) = (self.at, 0_usize);
        loop {
            match self.peek()? {
                Token::Sign(b',' | b')') if depth == 0 => return Some(self.tokens[start..self.at].to_vec()),
                Token::Sign(b'(' | b'[') => depth += 1,
                Token::Sign(b')' | b']') => depth -= 1,
                Token::Broken => return None,
                _ => {}
            }
            self.at += 1;
        }
    }

    fn alter(&mut self) -> Option<Statement> {
        self.word("foreign");
        self.word("table")?;
        self.words(&["if", "exists"]);
        self.word("only");
        let table = self.table()?;
        if self.words(&["attach", "partition"]).is_some() {
            return Some(Statement::Child { parent: table, child: self.table()? });
        }
        if self.word("inherit").is_some() {
            return Some(Statement::Child { parent: self.table()?, child: table });
        }
        if self.words(&["set", "schema"]).is_some() || self.changes_columns() {
            return Some(Statement::Altered { table });
        }
        if let Some(at) = self.tokens.windows(2).position(|two| two[0].is("foreign") && two[1].is("key")) {
            let to = self.tokens[at..].iter().position(|token| token.is("references"))?;
            self.at = at + to + 1;
            return Some(Statement::Refers { from: table, to: self.table()? });
        }
        None
    }

    /// Whether one of the actions on a table changes which columns it has, or what is in them. Looks, and passes nothing.
    fn changes_columns(&self) -> bool {
        const OF_CONSTRAINTS: [&str; 7] =
            ["constraint", "primary", "unique", "check", "foreign", "exclude", "not"];
        let mut depth = 0_usize;
        let mut begins = true;
        let rest = &self.tokens[self.at.min(self.tokens.len())..];
        for (at, token) in rest.iter().enumerate() {
            let is = |ahead: usize, word: &str| rest.get(at + ahead).is_some_and(|token| token.is(word));
            if begins {
                let of_constraint = OF_CONSTRAINTS.iter().any(|word| is(1, word));
                // alter [column] NAME [set data] type …, or … drop expression; a column may be called `type`
                let after = if is(1, "column") { 3 } else { 2 };
                let is_typed = is(after, "type")
                    || is(after, "set") && is(after + 1, "data")
                    || is(after, "drop") && is(after + 1, "expression");
                if (is(0, "rename") || is(0, "add") || is(0, "drop")) && !of_constraint
                    || is(0, "alter") && is_typed
                    || is(0, "detach")
                    || is(0, "no") && is(1, "inherit")
                {
                    return true;
                }
            }
            match token {
                Token::Sign(b'(') => depth += 1,
                Token::Sign(b')') => depth = depth.saturating_sub(1),
                _ => {}
            }
            begins = depth == 0 && *token == Token::Sign(b',');
        }
        false
    }

    fn copy(&mut self) -> Option<Statement> {
        // of a query, and so to somewhere
        let table = self.table()?;
        let columns = if self.sign(b'(').is_some() { Some(self.columns()?) } else { None };
        self.word("from")?;
        if self.word("stdin").is_none() {
            return Some(Statement::Computed { tables: vec![table] });
        }
        Some(Statement::Copy { table, columns, format: self.copy_format() })
    }

    /// The options of a COPY statement, of the present form or of the one before 9.0; `None` where one means something else.
    fn copy_format(&mut self) -> Option<CopyFormat> {
        let mut is_csv = false;
        let (mut delimiter, mut null, mut quote, mut header) = (None, None, b'"', false);
        let byte = |text: &str| <[u8; 1]>::try_from(text.as_bytes()).ok().map(|[byte]| byte);
        while let Some(token) = self.peek() {
            let name = match token {
                Token::Sign(b'(' | b')' | b',') => {
                    self.at += 1;
                    continue;
                }
                token => token.name()?,
            };
            self.at += 1;
            match name.as_str() {
                "with" | "as" => {}
                "csv" => is_csv = true,
                "format" => match self.value()?.as_str() {
                    "csv" => is_csv = true,
                    "text" => {}
                    _ => return None,
                },
                "delimiter" | "null" | "quote" | "escape" | "encoding" | "delimiters" => {
                    self.word("as");
                    let value = self.value()?;
                    match name.as_str() {
                        "null" => null = Some(value.into_bytes()),
                        "quote" => quote = byte(&value)?,
                        "escape" if byte(&value)? == quote => {}
                        "encoding" if is_utf8(&value) => {}
                        "escape" | "encoding" => return None,
                        _ => delimiter = Some(byte(&value)?),
                    }
                }
                "header" => {
                    header = match self.peek() {
                        Some(token) if ["false", "off"].iter().any(|word| token.is(word)) => {
                            self.at += 1;
                            false
                        }
                        Some(token) if ["true", "on", "match"].iter().any(|word| token.is(word)) => {
                            self.at += 1;
                            true
                        }
                        _ => true,
                    };
                }
                "freeze" => {
                    let _ = self.word("true").or_else(|| self.word("on"));
                }
                _ => return None,
            }
        }
        let delimiter = delimiter.unwrap_or(if is_csv { b',' } else { b'\t' });
        let null = null.unwrap_or_else(|| if is_csv { Vec::new() } else { b"\\N".to_vec() });
        Some(CopyFormat { is_csv, delimiter, null, quote, header })
    }
}

/// Whether the name of an encoding is one of UTF-8's, or of none at all.
pub(super) fn is_utf8(name: &str) -> bool {
    let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    ["UTF8", "UNICODE", "SQLASCII"].iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// What the definition of a column says of its default.
fn default(definition: &[Token<'_>], backslashes: bool) -> Default {
    const AFTER: [&str; 8] =
        ["not", "constraint", "primary", "unique", "check", "references", "generated", "collate"];
    let position = |word: &str| definition.iter().position(|token| token.is(word));
    if let Some(at) = position("generated") {
        let is_identity = definition[at..].iter().any(|token| token.is("identity"));
        return if is_identity { Default::Computed } else { Default::Generated };
    }
    let is_serial =
        |token: &Token<'_>| ["serial", "bigserial", "smallserial"].iter().any(|word| token.is(word));
    if definition.iter().any(is_serial) {
        return Default::Computed;
    }
    let Some(at) = position("default") else { return Default::Constant(None) };
    let rest = &definition[at + 1..];
    let len = rest.iter().position(|token| AFTER.iter().any(|word| token.is(word))).unwrap_or(rest.len());
    let text: Vec<Vec<u8>> = rest[..len].iter().map(written).collect();
    constant(&text.join(&b' '), backslashes).map_or(Default::Computed, Default::Constant)
}

/// A token as it is written.
fn written(token: &Token<'_>) -> Vec<u8> {
    match token {
        Token::Word(text) | Token::Number(text) => text.as_bytes().to_vec(),
        Token::Name(name) => format!("\"{}\"", name.replace('"', "\"\"")).into_bytes(),
        Token::Text { value, .. } => {
            let text = String::from_utf8_lossy(value).replace('\\', "\\\\").replace('\'', "''");
            format!("E'{text}'").into_bytes()
        }
        Token::Bits(bits) => [b"B'", *bits, b"'"].concat(),
        Token::Sign(sign) => vec![*sign],
        Token::Cast => b"::".to_vec(),
        Token::Broken => b"?".to_vec(),
    }
}
