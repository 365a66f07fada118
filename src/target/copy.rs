//! COPY's text format, for rows of known columns: one line per row, tabs between the fields, `\N` for null.

use crate::error::{Error, Result};

/// A value on its way; `None` is null.
pub type Field = Option<String>;

/// Appends one row.
pub fn encode_row<'a>(line: &mut Vec<u8>, fields: impl IntoIterator<Item = Option<&'a str>>) {
    for (position, field) in fields.into_iter().enumerate() {
        if position > 0 {
            line.push(b'\t');
        }
        match field {
            None => line.extend_from_slice(b"\\N"),
            Some(text) => encode_text(line, text),
        }
    }
    line.push(b'\n');
}

fn encode_text(line: &mut Vec<u8>, text: &str) {
    let mut rest = text.as_bytes();
    while let Some(position) = rest.iter().position(|byte| matches!(byte, b'\\' | b'\t' | b'\n' | b'\r')) {
        line.extend_from_slice(&rest[..position]);
        line.extend_from_slice(match rest[position] {
            b'\\' => b"\\\\",
            b'\t' => b"\\t",
            b'\n' => b"\\n",
            _ => b"\\r",
        });
        rest = &rest[position + 1..];
    }
    line.extend_from_slice(rest);
}

/// Reads one row as the server writes it, with or without its line end.
pub fn decode_row(line: &[u8], fields: &mut Vec<Field>) -> Result<()> {
    fields.clear();
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    for field in line.split(|byte| *byte == b'\t') {
        fields.push(if field == b"\\N" { None } else { Some(decode_text(field)?) });
    }
    Ok(())
}

fn decode_text(field: &[u8]) -> Result<String> {
    let mut text = Vec::with_capacity(field.len());
    let mut bytes = field.iter();
    while let Some(byte) = bytes.next() {
        if *byte != b'\\' {
            text.push(*byte);
            continue;
        }
        text.push(match bytes.next() {
            Some(b'b') => 8,
            Some(b'f') => 12,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'v') => 11,
            Some(other) => *other,
            None => return Err(Error::internal("a row from the target ends within an escape")),
        });
    }
    String::from_utf8(text).map_err(|_| Error::target("a row from the target is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_reads_back(fields in prop::collection::vec(prop::option::of("\\PC*|[\\\\\t\n\rN]{0,6}"), 1..6)) {
            let mut line = Vec::new();
            encode_row(&mut line, fields.iter().map(Option::as_deref));
            prop_assert_eq!(line.split(|byte| *byte == b'\n').count(), 2);
            let mut read = Vec::new();
            decode_row(&line, &mut read).unwrap();
            prop_assert_eq!(read, fields);
        }
    }
}
