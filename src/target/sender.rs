//! The server's end of a COPY: rows in text form, sent in pieces, digested on the way.

use std::io::Write;

use postgres::CopyInWriter;
use sha2::{Digest, Sha256};

use super::copy::encode_row;
use super::failure::Failure;
use crate::connect::{Copying, Session};
use crate::error::{Error, Result};
use crate::record::hex;

/// Bytes sent to the server at once.
const PIECE: usize = 1 << 16;

/// Rows on their way into a table. Once the line is broken it goes on taking rows, so that whoever sends learns which
/// rows the unit would have had; the failure comes at the end.
pub struct Sender<'a> {
    writer: Copying<'a, CopyInWriter<'a>>,
    buffer: Vec<u8>,
    digest: Sha256,
    rows: u64,
    bytes: u64,
    broken: Option<std::io::Error>,
}

/// What was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sent {
    pub rows: u64,
    /// SHA-256 of the rows in COPY's text form.
    pub digest: String,
}

impl Sender<'_> {
    /// Sends one row.
    pub fn send<'v>(&mut self, fields: impl IntoIterator<Item = Option<&'v str>>) {
        encode_row(&mut self.buffer, fields);
        self.rows += 1;
        if self.buffer.len() >= PIECE {
            self.flush();
        }
    }

    /// Sends rows that are already in COPY's text form.
    pub fn forward(&mut self, piece: &[u8], rows: u64) {
        self.buffer.extend_from_slice(piece);
        self.rows += rows;
        if self.buffer.len() >= PIECE {
            self.flush();
        }
    }

    /// Bytes sent so far, to the piece.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    fn flush(&mut self) {
        self.digest.update(&self.buffer);
        self.bytes += self.buffer.len() as u64;
        if self.broken.is_none() {
            self.broken = self.writer.write_all(&self.buffer).err();
        }
        self.buffer.clear();
    }
}

/// Copies what `send` sends into `table (columns)`.
pub(super) fn copy_in(
    client: &mut Session,
    what: &str,
    into: &str,
    send: impl FnOnce(&mut Sender<'_>) -> Result<()>,
) -> Result<Sent, Failure> {
    let mut digest = Sha256::new();
    let rows = copy_on(client, what, into, &mut digest, send)?;
    Ok(Sent { rows, digest: hex(&digest.finalize()) })
}

/// The same, going on with a digest; returns how many rows were sent.
pub(super) fn copy_on(
    client: &mut Session,
    what: &str,
    into: &str,
    digest: &mut Sha256,
    send: impl FnOnce(&mut Sender<'_>) -> Result<()>,
) -> Result<u64, Failure> {
    let writer =
        client.copy_in(&format!("copy {into} from stdin")).map_err(|cause| Failure::of(what, &cause))?;
    let mut sender = Sender {
        writer,
        buffer: Vec::with_capacity(2 * PIECE),
        digest: digest.clone(),
        rows: 0,
        bytes: 0,
        broken: None,
    };
    send(&mut sender)?;
    sender.flush();
    let (after, rows) = (sender.digest, sender.rows);
    // where the server has something to say, it says it here
    let arrived = match (sender.writer.finish(), sender.broken) {
        (Ok(arrived), None) => arrived,
        (Err(cause), None) => return Err(Failure::of(what, &cause)),
        (Err(cause), Some(_)) if cause.as_db_error().is_some() => return Err(Failure::of(what, &cause)),
        (_, Some(broken)) => return Err(Failure::of_copy(what, &broken)),
    };
    if arrived != rows {
        return Err(Error::target(format!("{what}: {rows} rows were sent and {arrived} arrived")).into());
    }
    *digest = after;
    Ok(rows)
}

/// The SHA-256 of a text.
pub fn digest_of(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}
