//! Bytes, names and texts as others write them: in hexadecimal digits, and in SQL. SQLite and PostgreSQL quote alike. Pure.

/// Bytes in lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A name as SQL: in double quotes, so that `on`, `order` and capitals are names too.
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The key that a raw value says, as SQL of the staging file: without the mark by which a spreadsheet keeps text, and without
/// decimals. [`super::LegacyId::of_key`] is stricter; this is for whatever looks at rows that it has taken.
pub fn key_of(value: &str) -> String {
    format!("cast(ltrim({value}, '''=\"') as integer)")
}

/// A text as SQL, and as a server's settings have it.
pub fn quoted_text(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_a_name_or_a_text_is_doubled() {
        assert_eq!(hex(&[0, 10, 255]), "000aff");
        assert_eq!(quoted("a\"b'c"), "\"a\"\"b'c\"");
        assert_eq!(quoted_text("a\"b'c"), "'a\"b''c'");
    }
}
