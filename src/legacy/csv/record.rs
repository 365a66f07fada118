//! One record of CSV, well cut: its fields without quotes, and what it may be instead. Pure.

use super::cut::{Dialect, Field};

/// Whether a record is the line with the number of rows that psql writes below a table whose fields are not quoted: it agrees
/// with them, so it is none. Below fields with commas it is not psql's own form, and is set apart like any other line.
pub(super) fn is_footer(record: &[u8], dialect: Dialect, rows: u64) -> bool {
    let count = record.strip_prefix(b"(").and_then(|rest| rest.strip_suffix(b")"));
    let Some((count, unit)) = count.and_then(|text| std::str::from_utf8(text).ok()?.split_once(' ')) else {
        return false;
    };
    matches!(dialect.delimiter, b'|' | b'\t') && !unit.contains(' ') && count.parse() == Ok(rows)
}

/// Whether bytes that are no UTF-8 read like text with a byte for each letter: those beyond ASCII stand beside letters.
pub(super) fn is_single_byte(record: &[u8]) -> bool {
    let is_letter = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphabetic() || *byte >= 0x80);
    let is_text = |byte: u8| byte >= b' ' || byte.is_ascii_whitespace();
    record.iter().all(|&byte| is_text(byte) && byte < 0xfe)
        && record.iter().enumerate().filter(|(_, byte)| **byte >= 0x80).all(|(at, _)| {
            let before = at.checked_sub(1).and_then(|at| record.get(at));
            is_letter(before) || is_letter(record.get(at + 1))
        })
}

/// Undoes the quotes in place and lists the fields. An unquoted field that says `null` is null; a quoted one never is.
pub(super) fn decode<'a>(
    record: &'a mut [u8],
    cuts: &[Field],
    null: &[u8],
    fields: &mut Vec<Option<&'a [u8]>>,
) {
    fields.clear();
    let mut rest = record;
    let mut offset = 0;
    for cut in cuts {
        let (field, tail) = rest.split_at_mut(cut.end - offset);
        let field = &mut field[cut.start - offset..];
        (rest, offset) = (tail, cut.end);
        let Some(quotes) = cut.quotes else {
            fields.push(Some(&*field).filter(|field| *field != null));
            continue;
        };
        let (open, close) = (quotes.open - cut.start, quotes.close - cut.start);
        if open == 0 && close == field.len() {
            let quote = field[0];
            let field = &mut field[1..close - 1];
            let len = if quotes.doubled { halve(field, quote) } else { field.len() };
            fields.push(Some(&field[..len]));
            continue;
        }
        // the spaces before and after the quotes are part of the value
        let (quote, whole) = (field[open], field.len());
        field.copy_within(open + 1..close - 1, open);
        let content = &mut field[open..close - 2];
        let len = open + if quotes.doubled { halve(content, quote) } else { content.len() };
        field.copy_within(close..whole, len);
        fields.push(Some(&field[..len + whole - close]));
    }
}

/// Makes one quote of every two, in place; returns the new length.
fn halve(field: &mut [u8], quote: u8) -> usize {
    let (mut read, mut write) = (0, 0);
    while read < field.len() {
        field[write] = field[read];
        read += if field[read] == quote { 2 } else { 1 };
        write += 1;
    }
    write
}
