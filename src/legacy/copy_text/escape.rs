//! The backslash escapes of COPY's text format. Pure.

use memchr::memchr;

/// Undoes the escapes of one field in place; returns the new length. A backslash before a byte that needs none stands for
/// that byte, and a backslash at the very end for itself.
pub(super) fn unescape(field: &mut [u8]) -> usize {
    let Some(mut read) = memchr(b'\\', field) else { return field.len() };
    let mut write = read;
    while read < field.len() {
        let (byte, len) = match field[read] {
            b'\\' => escape(&field[read + 1..]),
            byte => (byte, 1),
        };
        field[write] = byte;
        write += 1;
        read += len;
    }
    write
}

/// The byte that an escape stands for and the escape's length, from what follows the backslash.
fn escape(after: &[u8]) -> (u8, usize) {
    let Some(&first) = after.first() else { return (b'\\', 1) };
    match first {
        b'b' => (0x08, 2),
        b'f' => (0x0c, 2),
        b'n' => (b'\n', 2),
        b'r' => (b'\r', 2),
        b't' => (b'\t', 2),
        b'v' => (0x0b, 2),
        b'0'..=b'7' => {
            let (value, digits) = number(after, 8, 3);
            (value, 1 + digits)
        }
        b'x' => match number(&after[1..], 16, 2) {
            (_, 0) => (b'x', 2),
            (value, digits) => (value, 2 + digits),
        },
        other => (other, 2),
    }
}

/// Reads at most `most` digits; the value is cut to a byte, as `PostgreSQL` does.
fn number(digits: &[u8], radix: u32, most: usize) -> (u8, usize) {
    let mut value = 0_u32;
    let mut count = 0;
    for &byte in digits.iter().take(most) {
        let Some(digit) = char::from(byte).to_digit(radix) else { break };
        value = (value * radix + digit) & 0xff;
        count += 1;
    }
    (u8::try_from(value).unwrap_or_default(), count)
}
