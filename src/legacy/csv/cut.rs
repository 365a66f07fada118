//! Where a CSV record and its fields begin and end. Pure, without state: bytes in, positions out.
//!
//! This is stricter than the csv crates, which read on when a closing quote is followed by text and when the file ends
//! inside a quote. Both are signs of a quote that was never closed, the error that swallows rows; here both are
//! [`Cut::Broken`]. And it keeps what they lose: whether an empty field was quoted. Spaces before and after the quotes of a
//! field belong to its value, as `PostgreSQL` reads them. A property test reads back what the csv crate writes.

use memchr::{memchr, memchr_iter, memchr2, memchr3};

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dialect {
    pub delimiter: u8,
    pub quote: u8,
}

/// One field of a record, quotes and the spaces around them included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Field {
    pub start: usize,
    pub end: usize,
    pub quotes: Option<Quotes>,
}

/// The quotes of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Quotes {
    /// Where the first one stands.
    pub open: usize,
    /// The byte after the last one.
    pub close: usize,
    /// Whether quotes of the content are doubled.
    pub doubled: bool,
}

impl Field {
    /// The bytes between the quotes, or all of them; doubled quotes stay doubled.
    pub(super) fn content(self, record: &[u8]) -> &[u8] {
        let (start, end) = match self.quotes {
            Some(Quotes { open, close, .. }) => (open + 1, close - 1),
            None => (self.start, self.end),
        };
        record.get(start..end).unwrap_or_default()
    }
}

/// What stands at the beginning of some bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    /// A record of `len` bytes, `next` with its line end.
    Record { len: usize, next: usize },
    /// The record's end is not among the bytes.
    Incomplete,
    /// A quote is closed in the middle of a field, or not at all before the end of the input.
    Broken,
}

/// Cuts the first record into `fields`. `at_end`: no more bytes will come.
pub(super) fn cut(bytes: &[u8], dialect: Dialect, at_end: bool, fields: &mut Vec<Field>) -> Cut {
    fields.clear();
    let mut start = 0;
    loop {
        let field = match field(bytes, start, dialect, at_end) {
            Ok(field) => field,
            Err(stopped) => return stopped,
        };
        fields.push(field);
        let len = field.end;
        match bytes.get(len) {
            Some(&byte) if byte == dialect.delimiter => start = len + 1,
            Some(b'\r') => match bytes.get(len + 1) {
                Some(b'\n') => return Cut::Record { len, next: len + 2 },
                None if !at_end => return Cut::Incomplete,
                _ => return Cut::Record { len, next: len + 1 },
            },
            Some(b'\n') => return Cut::Record { len, next: len + 1 },
            Some(_) => return Cut::Broken,
            None if at_end => return Cut::Record { len, next: len },
            None => return Cut::Incomplete,
        }
    }
}

fn field(bytes: &[u8], start: usize, dialect: Dialect, at_end: bool) -> Result<Field, Cut> {
    let spaces = bytes[start..].iter().take_while(|&&byte| byte == b' ' && byte != dialect.delimiter).count();
    let open = start + spaces;
    let unquoted = || {
        let end = unquoted_end(&bytes[start..], dialect.delimiter).map_or(bytes.len(), |len| start + len);
        Ok(Field { start, end, quotes: None })
    };
    if bytes.get(open) != Some(&dialect.quote) {
        return unquoted();
    }
    let Some((close, doubled)) = closing(bytes, open, dialect.quote, spaces > 0) else {
        // with a space before it and nothing after it on its line, it is a sign like any other
        let is_open = spaces > 0 && (at_end || memchr2(b'\n', b'\r', &bytes[open..]).is_some());
        return match (is_open, at_end) {
            (true, _) => unquoted(),
            (false, true) => Err(Cut::Broken),
            (false, false) => Err(Cut::Incomplete),
        };
    };
    // With more bytes to come, a quote at the very end may be the first of two: `cut` then says incomplete.
    let after = bytes[close..].iter().take_while(|&&byte| byte == b' ' && byte != dialect.delimiter).count();
    let (end, quotes) = (close + after, Some(Quotes { open, close, doubled }));
    match bytes.get(end) {
        Some(&byte) if byte != dialect.delimiter && byte != b'\n' && byte != b'\r' => {
            // after a space it was a sign like any other, else `cut` finds the field broken
            if spaces > 0 { unquoted() } else { Ok(Field { start, end: close, quotes }) }
        }
        _ => Ok(Field { start, end, quotes }),
    }
}

/// Where the quoted content that begins with the quote at `open` ends, its quote included, and whether it has doubled ones.
fn closing(bytes: &[u8], open: usize, quote: u8, on_its_line: bool) -> Option<(usize, bool)> {
    let len = if on_its_line { memchr2(b'\n', b'\r', &bytes[open..]) } else { None };
    let bytes = len.map_or(bytes, |len| &bytes[..open + len]);
    let (mut from, mut doubled) = (open + 1, false);
    while let Some(found) = memchr(quote, &bytes[from..]) {
        let after = from + found + 1;
        if bytes.get(after) != Some(&quote) {
            return Some((after, doubled));
        }
        doubled = true;
        from = after + 1;
    }
    None
}

/// Where an unquoted field ends. Most fields are shorter than the set-up of a vector search.
fn unquoted_end(bytes: &[u8], delimiter: u8) -> Option<usize> {
    const SHORT: usize = 16;
    let is_end = |&byte: &u8| byte == delimiter || byte == b'\n' || byte == b'\r';
    let (short, long) = bytes.split_at(bytes.len().min(SHORT));
    short.iter().position(is_end).or_else(|| memchr3(delimiter, b'\n', b'\r', long).map(|at| SHORT + at))
}

/// Below so many fields, ordinary text such as a street with its house number looks like a row.
pub(super) const FEWEST: usize = 3;

/// Whether one of the lines that a record spans, the first one apart, is a whole well-written row by itself: the right
/// number of fields, an integer key, no stray quotes.
pub(super) fn swallowed_row(record: &[u8], dialect: Dialect, width: usize, key: usize) -> bool {
    if width < FEWEST {
        return false;
    }
    let mut fields = Vec::new();
    later_lines(record).any(|line| is_row(line, dialect, width, key, &mut fields))
}

/// Whether most of the lines that a record spans, the first one apart, look like rows: what a short row looks like, or one
/// without a key, cannot be told from a single line.
pub(super) fn is_mostly_rows(record: &[u8], dialect: Dialect, width: usize, key: Option<usize>) -> bool {
    let mut fields = Vec::new();
    let (mut lines, mut rows) = (0_usize, 0);
    for line in later_lines(record) {
        let is_row = match key {
            Some(key) => is_row(line, dialect, width, key, &mut fields),
            None => {
                matches!(cut(line, dialect, true, &mut fields), Cut::Record { .. }) && fields.len() == width
            }
        };
        lines += 1;
        rows += usize::from(is_row);
    }
    2 * rows > lines
}

fn later_lines(record: &[u8]) -> impl Iterator<Item = &[u8]> {
    record.split(|&byte| byte == b'\n' || byte == b'\r').skip(1)
}

/// Whether a line is a whole well-written row by itself.
pub(super) fn is_row(
    line: &[u8],
    dialect: Dialect,
    width: usize,
    key: usize,
    fields: &mut Vec<Field>,
) -> bool {
    // Most lines of a text have not nearly as many delimiters as a row.
    if memchr_iter(dialect.delimiter, line).count() + 1 < width {
        return false;
    }
    let Cut::Record { .. } = cut(line, dialect, true, fields) else { return false };
    fields.len() == width
        && is_integer(&line[fields[key].start..fields[key].end])
        && fields.iter().all(|field| {
            field.quotes.is_some() || memchr(dialect.quote, &line[field.start..field.end]).is_none()
        })
}

fn is_integer(field: &[u8]) -> bool {
    !field.is_empty() && field.iter().all(u8::is_ascii_digit)
}
