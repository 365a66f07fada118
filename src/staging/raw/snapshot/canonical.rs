//! What a table's digest is taken over. The same rows give the same digest whether a server, a CSV file or a dump handed
//! them over, in whatever order of rows and columns.
//!
//! The columns are put in the order of their names. The digest is SHA-256 over a head (`drydock rows 1`, a line end, the
//! number of columns and their names) and then every readable row in key order, field by field: 0 for null, else the length
//! plus 1 and the bytes. Numbers are LEB128: seven bits to a byte, least significant first, the high bit set while more
//! follow. A name is a field. A table without a key column has no order of its own: there the digest is over the head and
//! the sorted SHA-256 digests of its rows.

use sha2::{Digest, Sha256};

use crate::record::hex;

/// Bytes handed to the hash at once.
const CHUNK: usize = 32 * 1024;

/// A digest in the making; rows come in key order.
#[derive(Debug, Clone)]
pub(super) struct TableDigest {
    hash: Sha256,
    pending: Vec<u8>,
    order: Vec<usize>,
}

/// The positions of the columns in the order of their names.
pub(super) fn order(columns: &[String]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..columns.len()).collect();
    order.sort_by(|a, b| columns[*a].cmp(&columns[*b]));
    order
}

/// Appends one row.
pub(super) fn encode<'a>(row: &mut Vec<u8>, order: &[usize], field: impl Fn(usize) -> Option<&'a [u8]>) {
    for &position in order {
        encode_field(row, field(position));
    }
}

fn encode_field(row: &mut Vec<u8>, field: Option<&[u8]>) {
    match field {
        None => row.push(0),
        Some(field) => {
            encode_number(row, field.len() + 1);
            row.extend_from_slice(field);
        }
    }
}

fn encode_number(row: &mut Vec<u8>, mut number: usize) {
    while number > 0x7f {
        row.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    row.push(number.to_le_bytes()[0]);
}

impl TableDigest {
    /// The digest of a table with these columns and no row yet.
    pub(super) fn new(columns: &[String]) -> Self {
        let order = order(columns);
        let mut pending = Vec::with_capacity(2 * CHUNK);
        pending.extend_from_slice(b"drydock rows 1\n");
        encode_number(&mut pending, columns.len());
        for &position in &order {
            encode_field(&mut pending, Some(columns[position].as_bytes()));
        }
        Self { hash: Sha256::new(), pending, order }
    }

    /// Takes the next row in key order.
    pub(super) fn row<'a>(&mut self, field: impl Fn(usize) -> Option<&'a [u8]>) {
        encode(&mut self.pending, &self.order, field);
        if self.pending.len() >= CHUNK {
            self.hash.update(&self.pending);
            self.pending.clear();
        }
    }

    /// Takes the rows of a table without a key.
    pub(super) fn unordered(&mut self, mut rows: Vec<[u8; 32]>) {
        rows.sort_unstable();
        for row in rows {
            self.pending.extend_from_slice(&row);
        }
    }

    /// The digest in lower-case hexadecimal digits.
    pub(super) fn finish(mut self) -> String {
        self.hash.update(&self.pending);
        hex(&self.hash.finalize())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(columns: &[&str], rows: &[&[Option<&str>]]) -> String {
        let columns: Vec<String> = columns.iter().map(ToString::to_string).collect();
        let mut digest = TableDigest::new(&columns);
        for row in rows {
            digest.row(|at| row[at].map(str::as_bytes));
        }
        digest.finish()
    }

    #[test]
    fn the_order_of_columns_leaves_no_trace() {
        assert_eq!(
            digest(&["id", "name"], &[&[Some("1"), Some("Ada")], &[Some("2"), None]]),
            digest(&["name", "id"], &[&[Some("Ada"), Some("1")], &[None, Some("2")]]),
        );
    }

    #[test]
    fn whatever_differs_shows() {
        let rows: [&[&[Option<&str>]]; 7] = [
            &[],
            &[&[None, None]],
            &[&[Some(""), None]],
            &[&[None, Some("")]],
            &[&[Some("a"), Some("")]],
            &[&[Some(""), Some("a")]],
            &[&[None, None], &[None, None]],
        ];
        let mut digests: Vec<String> = rows.iter().map(|rows| digest(&["a", "b"], rows)).collect();
        digests.push(digest(&["a", "c"], &[]));
        let all = digests.len();
        digests.sort();
        digests.dedup();
        assert_eq!(digests.len(), all);
    }
}
