//! Numbers as SQLite's file format writes them. Pure.

/// The kind of a whole number by the bytes that it takes; the lengths in between do not exist.
pub(crate) const NUMBER_KINDS: [u64; 9] = [0, 1, 2, 3, 4, 0, 5, 0, 6];

/// How many bytes a number takes, its sign included.
#[inline]
pub(crate) fn number_len(number: i64) -> usize {
    let magnitude = if number < 0 { !number } else { number };
    match 65 - magnitude.leading_zeros() {
        0..=8 => 1,
        9..=16 => 2,
        17..=24 => 3,
        25..=32 => 4,
        33..=48 => 6,
        _ => 8,
    }
}

/// Two bytes, most significant first. 65,536 is written as 0, as the format has it.
#[inline]
pub(crate) fn put_u16(page: &mut [u8], at: usize, value: usize) {
    let bytes = value.to_be_bytes();
    page[at..at + 2].copy_from_slice(&bytes[bytes.len() - 2..]);
}

pub(crate) fn put_u32(page: &mut [u8], at: usize, value: usize) {
    let bytes = value.to_be_bytes();
    page[at..at + 4].copy_from_slice(&bytes[bytes.len() - 4..]);
}

/// How many bytes SQLite's variable-length form of a number takes.
#[inline]
pub(crate) fn varint_len(value: u64) -> usize {
    if value < 128 {
        return 1;
    }
    match 64 - value.leading_zeros() {
        bits @ 0..=56 => bits.div_ceil(7) as usize,
        _ => 9,
    }
}

/// Writes a number in that form: seven bits to a byte, most significant first; a ninth byte has eight. Returns where it
/// ends.
#[inline]
pub(crate) fn put_varint(page: &mut [u8], at: usize, value: u64) -> usize {
    if value < 128 {
        page[at] = value.to_le_bytes()[0];
        return at + 1;
    }
    put_long_varint(page, at, value)
}

fn put_long_varint(page: &mut [u8], at: usize, value: u64) -> usize {
    let len = varint_len(value);
    let mut rest = value;
    let mut last = at + len;
    if len == 9 {
        last -= 1;
        page[last] = rest.to_le_bytes()[0];
        rest >>= 8;
    }
    for place in (at..last).rev() {
        page[place] = rest.to_le_bytes()[0] | 0x80;
        rest >>= 7;
    }
    if len < 9 {
        page[last - 1] &= 0x7f;
    }
    at + len
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_length_that_the_format_gives_them() {
        for (value, len) in [
            (0, 1),
            (127, 1),
            (128, 2),
            (16_383, 2),
            (16_384, 3),
            ((1 << 56) - 1, 8),
            (1 << 56, 9),
            (u64::MAX, 9),
        ] {
            assert_eq!(varint_len(value), len, "{value}");
        }
    }
}
