//! The directory of a zip archive, and one member's bytes. It stands at the archive's end, so a cut archive has none.

use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;

use flate2::Crc;
use flate2::bufread::DeflateDecoder;

use super::compression::{BLOCK, Bytes};

/// The directory's own end record, without its comment, and the longest comment.
const END: u64 = 22;
const LONGEST_COMMENT: u64 = 0xffff;

/// A directory longer than this is none of a few tables.
const LONGEST_DIRECTORY: u64 = 16 * 1024 * 1024;

/// One file of an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Packed {
    header: u64,
    len: u64,
    plain_len: u64,
    crc: u32,
    is_deflated: bool,
}

/// The names of the files, and where they are.
pub(super) fn list(path: &Path) -> io::Result<Vec<(String, Packed)>> {
    let mut file = File::open(path)?;
    let directory = directory(&mut file)?;
    let mut rest = directory.as_slice();
    let mut found = Vec::new();
    while let Some(entry) = rest.get(..46).filter(|entry| entry.starts_with(b"PK\x01\x02")) {
        let (name_len, extra_len) = (usize::from(short(entry, 28)), usize::from(short(entry, 30)));
        let len = 46 + name_len + extra_len + usize::from(short(entry, 32));
        let name = rest.get(46..46 + name_len).ok_or_else(damaged)?;
        let extra = rest.get(46 + name_len..46 + name_len + extra_len).ok_or_else(damaged)?;
        let wide = wide(extra, entry);
        let name = String::from_utf8_lossy(name).into_owned();
        if short(entry, 8) & 1 == 1 {
            return Err(unsupported("it is encrypted"));
        }
        let is_deflated = match short(entry, 10) {
            0 => false,
            8 => true,
            _ => return Err(unsupported("it is compressed in a way that few programs read")),
        };
        found.push((
            name,
            Packed { header: wide[2], len: wide[1], plain_len: wide[0], crc: long(entry, 16), is_deflated },
        ));
        rest = rest.get(len..).ok_or_else(damaged)?;
    }
    Ok(found)
}

/// The bytes of one file, unpacked; the last read fails where they are not those that were packed.
pub(super) fn content(path: &Path, member: Packed) -> io::Result<Bytes> {
    let mut file = File::open(path)?;
    let mut header = [0; 30];
    file.seek(SeekFrom::Start(member.header))?;
    file.read_exact(&mut header)?;
    if !header.starts_with(b"PK\x03\x04") {
        return Err(damaged());
    }
    file.seek(SeekFrom::Current(i64::from(short(&header, 26)) + i64::from(short(&header, 28))))?;
    let packed = BufReader::with_capacity(BLOCK, file).take(member.len);
    let plain: Box<dyn Read + Send> =
        if member.is_deflated { Box::new(DeflateDecoder::new(packed)) } else { Box::new(packed) };
    let checked = Checked { plain, crc: Crc::new(), len: 0, member };
    Ok(Box::new(BufReader::with_capacity(BLOCK, checked)))
}

/// Bytes that are counted, and compared at their end with what the directory says.
struct Checked {
    plain: Box<dyn Read + Send>,
    crc: Crc,
    len: u64,
    member: Packed,
}

impl Read for Checked {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.plain.read(out)?;
        self.crc.update(&out[..read]);
        self.len += read as u64;
        let is_end = read == 0 && !out.is_empty();
        if is_end && (self.len != self.member.plain_len || self.crc.sum() != self.member.crc) {
            return Err(damaged());
        }
        Ok(read)
    }
}

/// The bytes of the directory.
fn directory(file: &mut File) -> io::Result<Vec<u8>> {
    let len = file.metadata()?.len();
    let start = len.saturating_sub(END + LONGEST_COMMENT);
    let tail = bytes(file, start, len - start)?;
    let at = tail.windows(4).rposition(|window| window == b"PK\x05\x06").ok_or_else(damaged)?;
    let end = tail.get(at..at + 22).ok_or_else(damaged)?;
    let (mut size, mut offset) = (u64::from(long(end, 12)), u64::from(long(end, 16)));
    if offset == u64::from(u32::MAX) || size == u64::from(u32::MAX) {
        // of more than 4 GB: a second end record before this one has the numbers
        let locator = at.checked_sub(20).and_then(|at| tail.get(at..at + 20)).ok_or_else(damaged)?;
        let record = bytes(file, eight(locator, 8), 56)?;
        if !record.starts_with(b"PK\x06\x06") {
            return Err(damaged());
        }
        (size, offset) = (eight(&record, 40), eight(&record, 48));
    }
    if size > LONGEST_DIRECTORY {
        return Err(unsupported("it holds too many files"));
    }
    bytes(file, offset, size)
}

/// The sizes and the place of an entry, in four bytes each, or in eight where these do not do.
fn wide(extra: &[u8], entry: &[u8]) -> [u64; 3] {
    let mut numbers = [24, 20, 42].map(|at| u64::from(long(entry, at)));
    let mut rest = extra;
    while rest.len() >= 4 {
        let (kind, len) = (short(rest, 0), usize::from(short(rest, 2)));
        let Some(mut field) = rest.get(4..4 + len) else { break };
        if kind == 1 {
            for number in numbers.iter_mut().filter(|number| **number == u64::from(u32::MAX)) {
                if field.len() < 8 {
                    break;
                }
                *number = eight(field, 0);
                field = &field[8..];
            }
        }
        rest = &rest[4 + len..];
    }
    numbers
}

fn bytes(file: &mut File, start: u64, len: u64) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(len).map_err(|_| damaged())?];
    file.seek(SeekFrom::Start(start))?;
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn short(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..at + 2).and_then(|two| two.try_into().ok()).map_or(0, u16::from_le_bytes)
}

fn long(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|four| four.try_into().ok()).map_or(0, u32::from_le_bytes)
}

fn eight(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..at + 8).and_then(|eight| eight.try_into().ok()).map_or(0, u64::from_le_bytes)
}

fn damaged() -> io::Error {
    io::Error::new(ErrorKind::InvalidData, "the zip archive is cut off or damaged")
}

fn unsupported(what: &str) -> io::Error {
    io::Error::new(ErrorKind::Unsupported, what)
}
