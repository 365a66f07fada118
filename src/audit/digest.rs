//! Digests of files, of every table of one, and of a seal.
//!
//! A seal's digest is SHA-256 over these lines, each ended by a line feed: `drydock seal 1`, when it was sealed, whether it is
//! redacted (0 or 1), the salt, the digest of the schema, and for every table in the order of their names its name, its number of
//! rows and its digest. The journal is not among these: the digest is an entry of it.

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
use crate::staging::{JOURNAL, SEAL_TABLES, Seal, SealedTable, Staging};

/// The digest of a file, and how long it is.
pub fn file(path: &Path) -> Result<(u64, String)> {
    let unreadable = |cause: io::Error| {
        Error::staging(format!("{} cannot be read", path.display()))
            .cause(cause)
            .hint("look at its mode and its disk")
    };
    let file = File::open(path).map_err(unreadable)?;
    contents(file).map_err(unreadable)?
}

/// The digest of what a reader gives, and how long that is.
pub fn contents(mut file: impl Read) -> io::Result<Result<(u64, String)>> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1024 * 1024];
    let mut bytes = 0;
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok(Ok((bytes, hex(&hash.finalize()))));
        }
        if let Err(interrupted) = interrupt::check() {
            return Ok(Err(interrupted));
        }
        bytes += read as u64;
        hash.update(&buffer[..read]);
    }
}

/// The digests of every table of a file but the seal's own, in the order of their names.
pub fn tables(path: &Path, salt: &str) -> Result<Vec<SealedTable>> {
    tables_of(&Staging::examine(path)?, Staging::examine(path)?, salt)
}

/// The same of a file that is open twice, once for each of two threads.
pub fn tables_of(file: &Staging, beside: Staging, salt: &str) -> Result<Vec<SealedTable>> {
    let shapes = file.tables()?;
    let mut waiting: Vec<(String, Vec<String>)> =
        shapes.into_iter().filter(|(name, _)| !SEAL_TABLES.contains(&name.as_str())).collect();
    // the widest last, because they are taken from the end: they tend to be the longest
    waiting.sort_by_key(|(_, columns)| columns.len());
    let waiting = Mutex::new(waiting);
    let next = || waiting.lock().unwrap_or_else(std::sync::PoisonError::into_inner).pop();
    let work = &|staging: &Staging| -> Result<Vec<SealedTable>> {
        let mut done = Vec::new();
        while let Some((name, columns)) = next() {
            done.push(staging.table_digest(&name, &columns, salt)?);
        }
        Ok(done)
    };
    let (one, other) = thread::scope(|scope| {
        let other = scope.spawn(move || work(&beside));
        (work(file), other.join())
    });
    let other = other.map_err(|_| Error::internal("a thread that takes digests ended badly"))?;
    let mut done: BTreeMap<String, SealedTable> = BTreeMap::new();
    for table in one?.into_iter().chain(other?) {
        done.insert(table.table.clone(), table);
    }
    Ok(done.into_values().collect())
}

/// The digest of a seal over a file whose schema has this digest.
pub fn seal(seal: &Seal, schema: &str) -> String {
    let mut hash = Sha256::new();
    let redacted = u8::from(seal.is_redacted);
    hash.update(format!("drydock seal 1\n{}\n{redacted}\n{}\n{schema}\n", seal.sealed_at, seal.salt));
    for table in seal.tables.iter().filter(|table| table.table != JOURNAL) {
        hash.update(format!("{}\n{}\n{}\n", table.table, table.rows, table.sha256));
    }
    hex(&hash.finalize())
}
