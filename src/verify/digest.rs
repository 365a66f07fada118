//! The digest of a range of ready rows, byte for byte as the server computes it over its own (`target::Target::range_digest`):
//! MD5 of the rows as PostgreSQL prints a composite value. Pure. Where the two differ nothing is proved yet: the range is
//! then read back and compared value by value.

use md5::{Digest, Md5};

use super::json;
use crate::entity::{Column, Kind};
use crate::record::{LegacyId, hex};

/// The rows of one range, hashed as they come.
#[derive(Debug, Default)]
pub struct RangeHash {
    hash: Md5,
    line: Vec<u8>,
    rows: u64,
}

impl RangeHash {
    /// Adds the next row in legacy id order.
    pub fn push<'a>(
        &mut self,
        legacy_id: LegacyId,
        columns: &[&Column],
        values: impl IntoIterator<Item = Option<&'a str>>,
    ) {
        self.line.clear();
        if self.rows > 0 {
            self.line.push(b'\n');
        }
        self.line.push(b'(');
        self.line.extend_from_slice(legacy_id.to_string().as_bytes());
        for (column, value) in columns.iter().zip(values) {
            self.line.push(b',');
            match (column.kind, value) {
                (_, None) => {}
                (Kind::Metadata, Some(text)) => {
                    if let Some(text) = json::flat(text).or_else(|| json::ours(text)) {
                        push_quoted(&mut self.line, &text);
                    }
                }
                (Kind::Json, Some(text)) => match json::whole(text) {
                    Some(text) => push_quoted(&mut self.line, &text),
                    None => push_quoted(&mut self.line, text),
                },
                (Kind::Numeric, Some(text)) => push_quoted(&mut self.line, plain(text)),
                (_, Some(text)) => push_quoted(&mut self.line, text),
            }
        }
        self.line.push(b')');
        self.hash.update(&self.line);
        self.rows += 1;
    }

    /// How many rows there were, and their digest; that of no row is ''.
    pub fn finish(self) -> (u64, String) {
        let digest = if self.rows == 0 { String::new() } else { hex(&self.hash.finalize()) };
        (self.rows, digest)
    }
}

/// A decimal number without the zeros that change nothing.
pub fn plain(number: &str) -> &str {
    if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number }
}

/// A field of a composite value: quoted when it is empty or holds what would end it.
fn push_quoted(line: &mut Vec<u8>, text: &str) {
    let ends = |byte: u8| matches!(byte, b'"' | b'\\' | b'(' | b')' | b',' | b' ' | b'\t'..=b'\r');
    if !text.is_empty() && !text.bytes().any(ends) {
        line.extend_from_slice(text.as_bytes());
        return;
    }
    line.push(b'"');
    let mut rest = text.as_bytes();
    while let Some(position) = rest.iter().position(|byte| matches!(byte, b'"' | b'\\')) {
        line.extend_from_slice(&rest[..=position]);
        line.push(rest[position]);
        rest = &rest[position + 1..];
    }
    line.extend_from_slice(rest);
    line.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_written_as_a_composite_value() {
        let columns = [
            Column::new("first_name", Kind::Text),
            Column::new("tax_rate", Kind::Numeric),
            Column::new("metadata", Kind::Metadata),
        ];
        let columns: Vec<&Column> = columns.iter().collect();
        let mut hash = RangeHash::default();
        hash.push(
            LegacyId(7),
            &columns,
            [Some("a \"b\"\\"), Some("0.1000"), Some(r#"{"legacy":{"bb":1,"a":["x"]}}"#)],
        );
        assert_eq!(
            String::from_utf8(hash.line.clone()).unwrap(),
            r#"(7,"a ""b""\\",0.1,"{""a"": [""x""], ""bb"": 1}")"#
        );
        hash.push(LegacyId(8), &columns, [Some(""), None, None]);
        assert_eq!(String::from_utf8(hash.line.clone()).unwrap(), "\n(8,\"\",,)");
        assert_eq!(hash.finish().0, 2);
    }

    #[test]
    fn no_row_has_no_digest() {
        assert_eq!(RangeHash::default().finish(), (0, String::new()));
    }
}
