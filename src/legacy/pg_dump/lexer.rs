//! Tells what stands in the open in SQL from what stands inside quotes, dollar quotes and comments, over lines that come one
//! after another: a line of a function's body that reads like a statement is none. Pure.

use memchr::{memchr, memchr2, memmem};

/// What the next byte stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Inside {
    /// A text; in one with escapes a backslash takes the next byte with it.
    Text {
        escapes: bool,
    },
    /// A name in double quotes.
    Name,
    /// Between two dollar tags.
    Dollar(Vec<u8>),
    Comment {
        depth: usize,
    },
}

/// How far a script has been read.
#[derive(Debug, Clone, Default)]
pub(super) struct Lexer {
    inside: Option<Inside>,
    /// The last two bytes in the open, by which the prefix of a text is told.
    last: [u8; 2],
    /// Whether a backslash escapes in every text: `standard_conforming_strings` is off.
    pub backslashes: bool,
}

impl Lexer {
    /// Whether the next byte stands in the open.
    pub(super) fn is_plain(&self) -> bool {
        self.inside.is_none()
    }

    /// Whether the next byte stands inside a text.
    pub(super) fn is_in_text(&self) -> bool {
        matches!(self.inside, Some(Inside::Text { .. } | Inside::Dollar(_)))
    }

    /// The position of the next byte in the open, from `from` on; `None` when the bytes end before.
    pub(super) fn next(&mut self, bytes: &[u8], mut from: usize) -> Option<usize> {
        while from < bytes.len() {
            if self.inside.is_some() {
                from = self.pass(bytes, from);
                continue;
            }
            let rest = &bytes[from..];
            match rest {
                // a mark, where texts that had one were put together
                [0xef, 0xbb, 0xbf, ..] => from += 3,
                [b'-', b'-', ..] => from = memchr(b'\n', rest).map_or(bytes.len(), |at| from + at),
                [b'/', b'*', ..] => {
                    self.inside = Some(Inside::Comment { depth: 1 });
                    from += 2;
                }
                [b'\'', ..] => {
                    let is_prefixed = self.last[1].eq_ignore_ascii_case(&b'e') && !is_of_name(self.last[0]);
                    self.inside = Some(Inside::Text { escapes: is_prefixed || self.backslashes });
                    from += 1;
                }
                [b'"', ..] => {
                    self.inside = Some(Inside::Name);
                    from += 1;
                }
                [b'$', ..] if !is_of_name(self.last[1]) && dollar_tag(rest).is_some() => {
                    let tag = dollar_tag(rest).unwrap_or_default().to_vec();
                    from += tag.len();
                    self.inside = Some(Inside::Dollar(tag));
                }
                [byte, ..] => {
                    self.last = [self.last[1], *byte];
                    return Some(from);
                }
                [] => return None,
            }
        }
        None
    }

    /// Passes over what does not stand in the open; returns where to go on.
    fn pass(&mut self, bytes: &[u8], from: usize) -> usize {
        let rest = &bytes[from..];
        let end = match &mut self.inside {
            None => return from,
            // A doubled quote ends the text and begins it again, which comes to the same.
            Some(Inside::Text { escapes: false }) => memchr(b'\'', rest).map(|at| at + 1),
            Some(Inside::Text { escapes: true }) => match memchr2(b'\'', b'\\', rest) {
                Some(at) if rest[at] == b'\\' => return (from + at + 2).min(bytes.len()),
                found => found.map(|at| at + 1),
            },
            Some(Inside::Name) => memchr(b'"', rest).map(|at| at + 1),
            Some(Inside::Dollar(tag)) => memmem::find(rest, tag).map(|at| at + tag.len()),
            Some(Inside::Comment { depth }) => match memchr2(b'*', b'/', rest) {
                Some(at) if rest[at..].starts_with(b"/*") => {
                    *depth += 1;
                    return from + at + 2;
                }
                Some(at) if rest[at..].starts_with(b"*/") && *depth > 1 => {
                    *depth -= 1;
                    return from + at + 2;
                }
                Some(at) if rest[at..].starts_with(b"*/") => Some(at + 2),
                Some(at) => return from + at + 1,
                None => None,
            },
        };
        if end.is_some() {
            self.inside = None;
        }
        end.map_or(bytes.len(), |len| from + len)
    }
}

/// Whether a byte can be part of a name without quotes.
pub(super) fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80
}

/// The tag that begins a text in dollar quotes, both dollars included.
pub(super) fn dollar_tag(bytes: &[u8]) -> Option<&[u8]> {
    let after = bytes.get(1..)?;
    let len = after.iter().take_while(|&&byte| is_of_name(byte) && byte != b'$').count();
    let is_tag = after.get(len) == Some(&b'$') && !after[0].is_ascii_digit();
    is_tag.then(|| &bytes[..len + 2])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What stands in the open, and whether the next byte would.
    fn open(lines: &[&str], backslashes: bool) -> (String, bool) {
        let mut lexer = Lexer { backslashes, ..Lexer::default() };
        let mut found = String::new();
        for line in lines {
            let mut from = 0;
            while let Some(at) = lexer.next(line.as_bytes(), from) {
                found.push(char::from(line.as_bytes()[at]));
                from = at + 1;
            }
        }
        (found.trim().to_owned(), lexer.is_plain())
    }

    #[test]
    fn text_inside_quotes_and_comments_is_no_statement() {
        for (lines, found, plain) in [
            (&["select 'it''s';\n"][..], "select ;", true),
            (&["a 'open\n"], "a", false),
            (&["a 'open\n", "closed';\n"], "a ;", true),
            (&["-- don't\n", "b"], "b", true),
            (&["/* one /* two */\n"], "", false),
            (&["/* one /* two */\n", "*/ a */\n"], "a */", true),
            (&["as $$ it's\n"], "as", false),
            (&["as $a$ $$ $b$\n", "$a$ b\n"], "as  b", true),
            (&["select $1 + $2;\n"], "select $1 + $2;", true),
            (&["a$x$ b $y$'$x$'$y$"], "a$x$ b", true),
            (&["\"odd ' name\" x\n"], "x", true),
            (&["$"], "$", true),
            (&["E'it\\'s' a"], "E a", true),
            (&["(E'a\\\\', e'b''\\'c')"], "(E, e)", true),
            (&["type'a\\' b"], "type b", true),
            (&["'a\\' b"], "b", true),
        ] {
            assert_eq!(open(lines, false), (found.to_owned(), plain), "{lines:?}");
        }
        assert_eq!(open(&["'a\\' b' c"], true), ("c".to_owned(), true));
    }
}
