//! The values of one row of an INSERT statement, as a server would print them. Only what is written out is a value: what a
//! server would have to compute is none. Pure.

use std::borrow::Cow;

use super::tokens::{Token, Tokens};

/// Types whose names may stand before a text, which then is of that type.
const TYPES: [&str; 9] =
    ["date", "timestamp", "timestamptz", "time", "timetz", "numeric", "uuid", "json", "jsonb"];

/// What stands for one column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value<'a> {
    Null,
    /// The word DEFAULT: what the table's definition says.
    Default,
    Text(Cow<'a, [u8]>),
}

/// A row holds something that is not written out: a function, an operator, a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Computed;

/// The values of a row, `(` and `)` included.
pub(super) fn row(tuple: &[u8], backslashes: bool) -> Result<Vec<Value<'_>>, Computed> {
    let mut tokens = Parser { tokens: Tokens::new(tuple, backslashes), next: None };
    tokens.expect(b'(')?;
    let mut values = Vec::new();
    if tokens.take_sign(b')') {
        return tokens.end(values);
    }
    loop {
        values.push(tokens.value()?);
        if tokens.take_sign(b')') {
            return tokens.end(values);
        }
        tokens.expect(b',')?;
    }
}

/// The value of a column's DEFAULT clause.
pub(super) fn constant(text: &[u8], backslashes: bool) -> Result<Option<Vec<u8>>, Computed> {
    let mut tokens = Parser { tokens: Tokens::new(text, backslashes), next: None };
    let value = tokens.value()?;
    match tokens.end(value)? {
        Value::Null => Ok(None),
        Value::Text(text) => Ok(Some(text.into_owned())),
        Value::Default => Err(Computed),
    }
}

struct Parser<'a> {
    tokens: Tokens<'a>,
    next: Option<Token<'a>>,
}

impl<'a> Parser<'a> {
    fn peek(&mut self) -> Option<&Token<'a>> {
        if self.next.is_none() {
            self.next = self.tokens.next();
        }
        self.next.as_ref()
    }

    fn take(&mut self) -> Option<Token<'a>> {
        self.next.take().or_else(|| self.tokens.next())
    }

    fn take_sign(&mut self, sign: u8) -> bool {
        let is_there = self.peek() == Some(&Token::Sign(sign));
        if is_there {
            self.next = None;
        }
        is_there
    }

    fn take_word(&mut self, word: &str) -> bool {
        let is_there = self.peek().is_some_and(|token| token.is(word));
        if is_there {
            self.next = None;
        }
        is_there
    }

    fn expect(&mut self, sign: u8) -> Result<(), Computed> {
        if self.take_sign(sign) { Ok(()) } else { Err(Computed) }
    }

    fn end<T>(&mut self, value: T) -> Result<T, Computed> {
        if self.peek().is_none() { Ok(value) } else { Err(Computed) }
    }

    /// A value with its casts.
    fn value(&mut self) -> Result<Value<'a>, Computed> {
        let mut value = self.bare()?;
        while self.peek() == Some(&Token::Cast) {
            self.next = None;
            let is_flag = self.type_name()?;
            value = if is_flag { flag(value)? } else { value };
        }
        Ok(value)
    }

    fn bare(&mut self) -> Result<Value<'a>, Computed> {
        match self.take().ok_or(Computed)? {
            Token::Text { value, .. } => Ok(Value::Text(self.continued(value))),
            Token::Bits(bits) => Ok(Value::Text(Cow::Borrowed(bits))),
            Token::Number(number) => Ok(Value::Text(Cow::Borrowed(number.as_bytes()))),
            Token::Sign(sign @ (b'-' | b'+')) => match self.take() {
                Some(Token::Number(number)) if sign == b'-' => {
                    Ok(Value::Text(Cow::Owned(format!("-{number}").into_bytes())))
                }
                Some(Token::Number(number)) => Ok(Value::Text(Cow::Borrowed(number.as_bytes()))),
                _ => Err(Computed),
            },
            Token::Sign(b'(') => {
                let value = self.value()?;
                self.expect(b')')?;
                Ok(value)
            }
            word @ Token::Word(_) => self.of_word(&word),
            _ => Err(Computed),
        }
    }

    /// A value that begins with a word: a constant, a cast, or the name of a text's type.
    fn of_word(&mut self, word: &Token<'a>) -> Result<Value<'a>, Computed> {
        if word.is("null") {
            return Ok(Value::Null);
        }
        if word.is("default") {
            return Ok(Value::Default);
        }
        for (name, shown) in [("true", &b"t"[..]), ("false", b"f")] {
            if word.is(name) {
                return Ok(Value::Text(Cow::Borrowed(shown)));
            }
        }
        if word.is("cast") {
            self.expect(b'(')?;
            let value = self.value()?;
            if !self.take_word("as") {
                return Err(Computed);
            }
            let is_flag = self.type_name()?;
            self.expect(b')')?;
            return if is_flag { flag(value) } else { Ok(value) };
        }
        if !TYPES.iter().any(|name| word.is(name)) {
            return Err(Computed);
        }
        // timestamp with time zone '…'
        while self
            .peek()
            .is_some_and(|token| ["with", "without", "time", "zone"].iter().any(|word| token.is(word)))
        {
            self.next = None;
        }
        match self.take() {
            Some(Token::Text { value, .. }) => Ok(Value::Text(value)),
            _ => Err(Computed),
        }
    }

    /// A text with those that go on with it on later lines.
    fn continued(&mut self, first: Cow<'a, [u8]>) -> Cow<'a, [u8]> {
        let mut whole = first;
        while let Some(Token::Text { value, on_next_line: true }) = self.peek() {
            let value = value.clone();
            whole.to_mut().extend_from_slice(&value);
            self.next = None;
        }
        whole
    }

    /// Passes over the name of a type; whether it is that of a flag.
    fn type_name(&mut self) -> Result<bool, Computed> {
        let (mut is_flag, mut has_name) = (false, false);
        loop {
            match self.peek() {
                Some(Token::Word(word)) if !(has_name && word.eq_ignore_ascii_case("as")) => {
                    is_flag = ["bool", "boolean"].iter().any(|name| word.eq_ignore_ascii_case(name));
                    has_name = true;
                    self.next = None;
                }
                Some(Token::Name(_)) => {
                    has_name = true;
                    self.next = None;
                }
                Some(Token::Sign(b'.')) => self.next = None,
                Some(Token::Sign(open @ (b'(' | b'['))) if has_name => {
                    let close = if *open == b'(' { b')' } else { b']' };
                    self.next = None;
                    is_flag = false;
                    while !self.take_sign(close) {
                        match self.take() {
                            Some(Token::Number(_) | Token::Sign(b',')) => {}
                            _ => return Err(Computed),
                        }
                    }
                }
                _ if has_name => return Ok(is_flag),
                _ => return Err(Computed),
            }
        }
    }
}

/// A value as a server prints a flag.
fn flag(value: Value<'_>) -> Result<Value<'_>, Computed> {
    let Value::Text(text) = &value else { return Ok(value) };
    let text = text.trim_ascii().to_ascii_lowercase();
    match text.as_slice() {
        b"t" | b"true" | b"1" | b"yes" | b"y" | b"on" => Ok(Value::Text(Cow::Borrowed(b"t"))),
        b"f" | b"false" | b"0" | b"no" | b"n" | b"off" => Ok(Value::Text(Cow::Borrowed(b"f"))),
        _ => Err(Computed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(tuple: &str) -> Result<Vec<Option<String>>, Computed> {
        let shown = |value: Value<'_>| match value {
            Value::Null => None,
            Value::Default => Some("<default>".to_owned()),
            Value::Text(text) => Some(String::from_utf8_lossy(&text).into_owned()),
        };
        row(tuple.as_bytes(), false).map(|values| values.into_iter().map(shown).collect())
    }

    #[test]
    fn values_are_what_a_server_prints() {
        for (written, value) in [
            ("1", Some("1")),
            ("-1.50", Some("-1.50")),
            ("+ 2", Some("2")),
            ("1e-3", Some("1e-3")),
            (".5", Some(".5")),
            ("null", None),
            ("NULL::text", None),
            ("TRUE", Some("t")),
            ("false", Some("f")),
            ("default", Some("<default>")),
            ("''", Some("")),
            ("'it''s; (a, b)'", Some("it's; (a, b)")),
            ("'a\\n'", Some("a\\n")),
            ("E'a\\n\\'\\\\ \\x41\\101\\u00e9\\U0001F600'", Some("a\n'\\ AAé😀")),
            ("e'\\ud83d\\ude00'", Some("😀")),
            ("N'x'", Some("x")),
            ("B'0101'", Some("0101")),
            ("$$it's$$", Some("it's")),
            ("$a$b $$ c$a$", Some("b $$ c")),
            ("'a'\n'b'", Some("ab")),
            ("'1'::integer", Some("1")),
            ("'x'::character varying(20)", Some("x")),
            ("'x'::pg_catalog.\"char\"", Some("x")),
            ("'{a,b}'::text[]", Some("{a,b}")),
            ("'2020-01-01'::timestamp without time zone::date", Some("2020-01-01")),
            ("10.25::numeric(10, 4)", Some("10.25")),
            ("1::boolean", Some("t")),
            ("'false'::bool", Some("f")),
            ("cast('0' as boolean)", Some("f")),
            ("CAST(12 AS bigint)", Some("12")),
            ("('x')", Some("x")),
            ("DATE '1980-01-02'", Some("1980-01-02")),
            ("timestamp with time zone '2019-03-04 05:06:07+00'", Some("2019-03-04 05:06:07+00")),
            ("'a' -- it's\n", Some("a")),
            ("/* (' */ 'a'", Some("a")),
        ] {
            let wanted = Ok(vec![Some("7".to_owned()), value.map(str::to_owned)]);
            assert_eq!(read(&format!("(7, {written})")), wanted, "{written}");
        }
        assert_eq!(read("(1,'a'\t,  \r\n NULL )").unwrap().len(), 3);
        assert_eq!(row(b"('a\\'b')", true).unwrap(), [Value::Text(Cow::Borrowed(b"a'b"))]);
    }

    #[test]
    fn what_would_have_to_be_computed_is_no_value() {
        for written in [
            "now()",
            "nextval('a')",
            "'a' || 'b'",
            "1 + 1",
            "(select 1)",
            "array[1]",
            "current_date",
            "name",
            "'a' 'b'",
            "",
            "x'1f'",
            "E'\\u00'",
            "'2'::boolean",
            "'open",
        ] {
            assert_eq!(read(&format!("(7, {written})")), Err(Computed), "{written}");
        }
    }
}
