//! Digests of tables.
//!
//! A table's digest is SHA-256 over `drydock table 1`, a line end, a salt, the table's name and its columns' names, and then
//! every row in the order of its key, or of its making where it has none. A name is the number of its bytes and the bytes. A cell
//! is one byte for its type (0 null, 1 integer, 2 floating-point, 3 text, 4 bytes) and, but for null, the number of its bytes
//! and the bytes; numbers stand as their decimal digits, floating-point ones as the 16 hexadecimal digits of their bits. Numbers
//! of bytes are LEB128.

use sha2::{Digest, Sha256};

use crate::error::Result;
use crate::record::hex;
use crate::staging::file::open::Staging;
use crate::staging::file::sealing::{Cell, SealedTable};

/// Bytes handed to the hash at once.
const CHUNK: usize = 64 * 1024;

impl Staging {
    /// The rows and the digest of a table with these columns.
    pub fn table_digest(&self, name: &str, columns: &[String], salt: &str) -> Result<SealedTable> {
        let mut hash = Sha256::new();
        let mut pending = Vec::with_capacity(2 * CHUNK);
        pending.extend_from_slice(b"drydock table 1\n");
        for text in [salt, name].into_iter().chain(columns.iter().map(String::as_str)) {
            push(&mut pending, text.as_bytes());
        }
        let mut rows = 0;
        self.for_cells(name, |cells| {
            rows += 1;
            for cell in cells {
                match cell {
                    Cell::Null => pending.push(0),
                    Cell::Integer(number) => {
                        pending.push(1);
                        push_integer(&mut pending, *number);
                    }
                    Cell::Real(number) => {
                        pending.push(2);
                        push(&mut pending, format!("{:016x}", number.to_bits()).as_bytes());
                    }
                    Cell::Text(bytes) => {
                        pending.push(3);
                        push(&mut pending, bytes);
                    }
                    Cell::Blob(bytes) => {
                        pending.push(4);
                        push(&mut pending, bytes);
                    }
                }
            }
            if pending.len() >= CHUNK {
                hash.update(&pending);
                pending.clear();
            }
            Ok(())
        })?;
        hash.update(&pending);
        Ok(SealedTable { table: name.to_owned(), rows, sha256: hex(&hash.finalize()) })
    }
}

fn push(pending: &mut Vec<u8>, bytes: &[u8]) {
    let mut length = bytes.len();
    while length > 0x7f {
        pending.push(length.to_le_bytes()[0] | 0x80);
        length >>= 7;
    }
    pending.push(length.to_le_bytes()[0]);
    pending.extend_from_slice(bytes);
}

/// A number's decimal digits, without an allocation for each.
fn push_integer(pending: &mut Vec<u8>, number: i64) {
    let mut digits = [0_u8; 20];
    let mut start = digits.len();
    let mut rest = number.unsigned_abs();
    loop {
        start -= 1;
        digits[start] = b'0' + (rest % 10).to_le_bytes()[0];
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if number < 0 {
        start -= 1;
        digits[start] = b'-';
    }
    push(pending, &digits[start..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_stands_as_its_digits() {
        for number in [0, 7, -7, 10, 1_234_567_890_123, i64::MAX, i64::MIN] {
            let mut pending = Vec::new();
            push_integer(&mut pending, number);
            assert_eq!(String::from_utf8_lossy(&pending[1..]), number.to_string());
            assert_eq!(usize::from(pending[0]), pending.len() - 1);
        }
    }
}
