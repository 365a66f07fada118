//! What stands outside of quotes, and which delimiter the header line has. Pure.

/// The delimiters looked for; when two are found equally often, the first counts.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// The delimiter that the header has most of, outside of quotes; a comma when it has none.
pub(super) fn delimiter(bytes: &[u8], quote: u8) -> u8 {
    let mut counts = [0_usize; DELIMITERS.len()];
    for byte in outside_quotes(bytes, quote).take_while(|&byte| !is_line_end(byte)) {
        if let Some(at) = DELIMITERS.iter().position(|&delimiter| delimiter == byte) {
            counts[at] += 1;
        }
    }
    let most = counts.iter().max().copied().unwrap_or_default();
    counts.iter().position(|&count| count == most).map_or(b',', |at| DELIMITERS[at])
}

/// The bytes outside of quotes.
pub(super) fn outside_quotes(bytes: &[u8], quote: u8) -> impl Iterator<Item = u8> {
    let mut quoted = false;
    bytes.iter().copied().filter(move |&byte| {
        quoted ^= byte == quote;
        !quoted
    })
}

/// Whether a byte ends a line.
pub(super) fn is_line_end(byte: u8) -> bool {
    byte == b'\n' || byte == b'\r'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delimiter_is_the_one_the_header_uses() {
        for (file, wanted) in [
            ("id,name\n1;2;3", b','),
            ("id;name;born\n", b';'),
            ("id\tname", b'\t'),
            ("id|name\r1", b'|'),
            ("\"a;b;c;d\",id,name\n", b','),
            ("\"a\nb;c;d\",id\n", b','),
            ("id", b','),
            ("", b','),
        ] {
            assert_eq!(delimiter(file.as_bytes(), b'"'), wanted, "{file}");
        }
    }
}
