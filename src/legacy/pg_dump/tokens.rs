//! The words, names, texts, numbers and signs of a piece of SQL. Pure.

use std::borrow::Cow;

use memchr::{memchr, memmem};

use super::lexer::{dollar_tag, is_of_name};

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// A word without quotes, as written.
    Word(&'a str),
    /// A name in quotes, without them.
    Name(Cow<'a, str>),
    /// A text, its escapes undone; after another one it goes on with that where a line end stands between them.
    Text {
        value: Cow<'a, [u8]>,
        on_next_line: bool,
    },
    /// A text whose prefix says that it is no plain one, such as `B'101'`.
    Bits(&'a [u8]),
    Number(&'a str),
    Sign(u8),
    /// `::`
    Cast,
    /// Bytes that begin nothing, or something that does not end.
    Broken,
}

impl Token<'_> {
    /// Whether it is that word, in whatever capitals.
    pub(super) fn is(&self, word: &str) -> bool {
        matches!(self, Token::Word(found) if found.eq_ignore_ascii_case(word))
    }

    /// The name that it is: without quotes, capitals mean nothing.
    pub(super) fn name(&self) -> Option<String> {
        match self {
            Token::Word(word) => Some(word.to_lowercase()),
            Token::Name(name) => Some(name.clone().into_owned()),
            _ => None,
        }
    }
}

/// Walks over a piece of SQL.
#[derive(Debug, Clone)]
pub(super) struct Tokens<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Whether a backslash escapes in every text.
    backslashes: bool,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(bytes: &'a [u8], backslashes: bool) -> Self {
        Self { bytes, at: 0, backslashes }
    }

    /// Passes over space and comments; whether there was a line end.
    fn pass_space(&mut self) -> bool {
        let mut has_line_end = false;
        loop {
            match &self.bytes[self.at..] {
                [byte, ..] if byte.is_ascii_whitespace() || *byte == 0x0b => {
                    has_line_end |= *byte == b'\n';
                    self.at += 1;
                }
                [b'-', b'-', ..] => {
                    let rest = &self.bytes[self.at..];
                    self.at = memchr(b'\n', rest).map_or(self.bytes.len(), |end| self.at + end);
                }
                [0xef, 0xbb, 0xbf, ..] => self.at += 3,
                rest @ [b'/', b'*', ..] => self.at += comment(rest),
                _ => return has_line_end,
            }
        }
    }

    fn take(&mut self, len: usize) -> &'a [u8] {
        let taken = &self.bytes[self.at..self.at + len];
        self.at += len;
        taken
    }

    fn broken(&mut self) -> Token<'a> {
        self.at = self.bytes.len();
        Token::Broken
    }

    /// What stands between two quotes, and whether it has any doubled or escaped; `None` when it does not end.
    fn quoted(&mut self, quote: u8, escapes: bool) -> Option<(&'a [u8], bool)> {
        let rest = &self.bytes[self.at + 1..];
        let (mut at, mut has_any) = (0, false);
        while let Some(&byte) = rest.get(at) {
            match byte {
                b'\\' if escapes => {
                    has_any = true;
                    at += 2;
                }
                _ if byte != quote => at += 1,
                _ if rest.get(at + 1) == Some(&quote) => {
                    has_any = true;
                    at += 2;
                }
                _ => {
                    self.at += at + 2;
                    return Some((&rest[..at], has_any));
                }
            }
        }
        None
    }

    fn text(&mut self, escapes: bool, on_next_line: bool) -> Token<'a> {
        match self.quoted(b'\'', escapes) {
            None => self.broken(),
            Some((raw, false)) => Token::Text { value: Cow::Borrowed(raw), on_next_line },
            Some((raw, true)) => match unescaped(raw, escapes) {
                Some(value) => Token::Text { value: Cow::Owned(value), on_next_line },
                None => Token::Broken,
            },
        }
    }

    /// A word, or the text whose prefix it is.
    fn word(&mut self) -> Token<'a> {
        let rest = &self.bytes[self.at..];
        if let [prefix, b'\'', ..] = rest {
            match prefix.to_ascii_lowercase() {
                b'e' => {
                    self.at += 1;
                    return self.text(true, false);
                }
                b'n' => {
                    self.at += 1;
                    return self.text(self.backslashes, false);
                }
                b'b' | b'x' => {
                    self.at += 1;
                    let is_plain = *prefix == b'b' || *prefix == b'B';
                    return match self.quoted(b'\'', false) {
                        Some((bits, _)) if is_plain => Token::Bits(bits),
                        _ => self.broken(),
                    };
                }
                _ => {}
            }
        }
        let len = rest.iter().take_while(|&&byte| is_of_name(byte)).count();
        std::str::from_utf8(self.take(len)).map_or(Token::Broken, Token::Word)
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let on_next_line = self.pass_space();
        let rest = &self.bytes[self.at..];
        Some(match rest {
            [] => return None,
            [b'\'', ..] => self.text(self.backslashes, on_next_line),
            [b'"', ..] => match self.quoted(b'"', false) {
                Some((raw, has_any)) => match std::str::from_utf8(raw) {
                    Ok(name) if has_any => Token::Name(Cow::Owned(name.replace("\"\"", "\""))),
                    Ok(name) => Token::Name(Cow::Borrowed(name)),
                    Err(_) => Token::Broken,
                },
                None => self.broken(),
            },
            [b':', b':', ..] => {
                self.at += 2;
                Token::Cast
            }
            [b'$', ..] => match dollar_tag(rest) {
                Some(tag) => match memmem::find(&rest[tag.len()..], tag) {
                    Some(len) => {
                        let value = &rest[tag.len()..tag.len() + len];
                        self.at += 2 * tag.len() + len;
                        Token::Text { value: Cow::Borrowed(value), on_next_line }
                    }
                    None => self.broken(),
                },
                None => Token::Sign(self.take(1)[0]),
            },
            [b'0'..=b'9', ..] | [b'.', b'0'..=b'9', ..] => {
                let len = number(rest);
                std::str::from_utf8(self.take(len)).map_or(Token::Broken, Token::Number)
            }
            [byte, ..] if is_of_name(*byte) => self.word(),
            _ => Token::Sign(self.take(1)[0]),
        })
    }
}

/// The length of a comment between signs, which may hold others.
fn comment(bytes: &[u8]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < bytes.len() {
        match &bytes[at..] {
            [b'/', b'*', ..] => {
                depth += 1;
                at += 2;
            }
            [b'*', b'/', ..] => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    bytes.len()
}

/// The length of a number: digits, a point, an exponent with its sign.
fn number(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let is_sign_of_exponent = matches!(byte, b'+' | b'-') && matches!(bytes[at - 1], b'e' | b'E');
        if !(byte.is_ascii_alphanumeric() || *byte == b'.' || at > 0 && is_sign_of_exponent) {
            break;
        }
        at += 1;
    }
    at
}

/// A text without its escapes and doubled quotes; `None` where an escape names no character.
fn unescaped(raw: &[u8], escapes: bool) -> Option<Vec<u8>> {
    let mut value = Vec::with_capacity(raw.len());
    let mut at = 0;
    while at < raw.len() {
        match &raw[at..] {
            [b'\'', ..] => {
                value.push(b'\'');
                at += 2;
            }
            [b'\\', kind @ (b'u' | b'U'), rest @ ..] if escapes => {
                let digits = if *kind == b'u' { 4 } else { 8 };
                let digits = std::str::from_utf8(rest.get(..digits)?).ok()?;
                let mut len = 2 + digits.len();
                let mut number = u32::from_str_radix(digits, 16).ok()?;
                // a character beyond the first 65,536 may be written as a pair
                if let (0xd800..0xdc00, [b'\\', b'u', low @ ..]) = (number, &raw[at + len..]) {
                    let low = u32::from_str_radix(std::str::from_utf8(low.get(..4)?).ok()?, 16).ok()?;
                    number = 0x10000 + ((number - 0xd800) << 10) + low.checked_sub(0xdc00)?;
                    len += 6;
                }
                let mut room = [0; 4];
                value.extend_from_slice(char::from_u32(number)?.encode_utf8(&mut room).as_bytes());
                at += len;
            }
            [b'\\', rest @ ..] if escapes => {
                let (byte, len) = escape(rest);
                value.push(byte);
                at += 1 + len;
            }
            [byte, ..] => {
                value.push(*byte);
                at += 1;
            }
            [] => break,
        }
    }
    Some(value)
}

/// The byte that stands after a backslash, and how many bytes say so.
fn escape(after: &[u8]) -> (u8, usize) {
    let number = |digits: &[u8], radix: u32, most: usize| {
        let len = digits.iter().take(most).take_while(|byte| char::from(**byte).is_digit(radix)).count();
        let text = std::str::from_utf8(&digits[..len]).unwrap_or_default();
        (u32::from_str_radix(text, radix).map_or(0, |value| value.to_le_bytes()[0]), len)
    };
    match after {
        [b'b', ..] => (0x08, 1),
        [b'f', ..] => (0x0c, 1),
        [b'n', ..] => (b'\n', 1),
        [b'r', ..] => (b'\r', 1),
        [b't', ..] => (b'\t', 1),
        [b'0'..=b'7', ..] => number(after, 8, 3),
        [b'x', rest @ ..] if rest.first().is_some_and(u8::is_ascii_hexdigit) => {
            let (value, len) = number(rest, 16, 2);
            (value, 1 + len)
        }
        [other, ..] => (*other, 1),
        [] => (b'\\', 0),
    }
}
