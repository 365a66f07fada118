//! Digests of files and of tables.
//!
//! A table's digest is SHA-256 over `drydock table 1`, a line end, the seal's salt, the table's name and its columns' names, and
//! then every row in the order of its key, or of its making where it has none. A name is the number of its bytes and the bytes.
//! A cell is one byte for its type (0 null, 1 integer, 2 floating-point, 3 text, 4 bytes) and, but for null, the number of its
//! bytes and the bytes; numbers stand as their decimal digits, floating-point ones as the 16 hexadecimal digits of their bits.
//! Numbers of bytes are LEB128.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Mutex;
use std::thread;

use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::interrupt;
use crate::record::hex;
use crate::staging::{Cell, SEAL_TABLES, SealedTable, Staging};

/// Bytes handed to the hash at once.
const CHUNK: usize = 64 * 1024;

/// The digest of a file, and how long it is.
pub fn file(path: &Path) -> Result<(u64, String)> {
    let unreadable = |cause: io::Error| {
        Error::staging(format!("{} cannot be read", path.display()))
            .cause(cause)
            .hint("look at its mode and its disk")
    };
    let mut file = File::open(path).map_err(unreadable)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1024 * 1024];
    let mut bytes = 0;
    loop {
        let read = file.read(&mut buffer).map_err(unreadable)?;
        if read == 0 {
            return Ok((bytes, hex(&hash.finalize())));
        }
        interrupt::check()?;
        bytes += read as u64;
        hash.update(&buffer[..read]);
    }
}

/// The digests of every table of a file but the seal's own, in the order of their names; two threads, each with the file open.
pub fn tables(path: &Path, salt: &str) -> Result<Vec<SealedTable>> {
    let shapes = Staging::examine(path)?.tables()?;
    let mut waiting: Vec<(String, Vec<String>)> =
        shapes.into_iter().filter(|(name, _)| !SEAL_TABLES.contains(&name.as_str())).collect();
    // the widest last, because they are taken from the end: they tend to be the longest
    waiting.sort_by_key(|(_, columns)| columns.len());
    let waiting = Mutex::new(waiting);
    let next = || waiting.lock().unwrap_or_else(std::sync::PoisonError::into_inner).pop();
    let work = || -> Result<Vec<SealedTable>> {
        let staging = Staging::examine(path)?;
        let mut done = Vec::new();
        while let Some((name, columns)) = next() {
            done.push(table(&staging, &name, &columns, salt)?);
        }
        Ok(done)
    };
    let (one, other) = thread::scope(|scope| {
        let other = scope.spawn(work);
        (work(), other.join())
    });
    let other = other.map_err(|_| Error::internal("a thread that takes digests ended badly"))?;
    let mut done: BTreeMap<String, SealedTable> = BTreeMap::new();
    for table in one?.into_iter().chain(other?) {
        done.insert(table.table.clone(), table);
    }
    Ok(done.into_values().collect())
}

fn table(staging: &Staging, name: &str, columns: &[String], salt: &str) -> Result<SealedTable> {
    let mut hash = Sha256::new();
    let mut pending = Vec::with_capacity(2 * CHUNK);
    pending.extend_from_slice(b"drydock table 1\n");
    for text in [salt, name].into_iter().chain(columns.iter().map(String::as_str)) {
        push(&mut pending, text.as_bytes());
    }
    let mut rows = 0;
    staging.for_cells(name, |cells| {
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
