//! What is compressed, by its first bytes, whatever its name says. No stream is kept whole, however long it becomes.

use std::io::{self, BufRead, BufReader, Cursor, Read};

use bzip2::bufread::MultiBzDecoder;
use flate2::bufread::MultiGzDecoder;
use lzma_rust2::XzReader;

/// Room for one read from the disk.
pub(super) const BLOCK: usize = 256 * 1024;

/// As many bytes as have to be known to tell one format from another: a tar archive says what it is in its 257th.
pub(super) const START: usize = 512;

/// The most memory that an xz stream may ask for, in KiB: ten times what its strongest ordinary setting needs.
const MOST_KIB: u32 = 640 * 1024;

/// What the name of a compressed file ends in.
pub(in crate::legacy) const CONTAINED: [&str; 5] = [".gz", ".zst", ".bz2", ".xz", ".zstd"];

/// A stream of bytes.
pub(super) type Bytes = Box<dyn BufRead + Send>;

/// What a stream is compressed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compression {
    Gzip,
    Zstd,
    Bzip2,
    Xz,
}

impl Compression {
    /// What the first bytes say.
    pub(super) fn of(start: &[u8]) -> Option<Self> {
        match start {
            [0x1f, 0x8b, ..] => Some(Self::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Self::Zstd),
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Some(Self::Bzip2),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Self::Xz),
            _ => None,
        }
    }

    fn undone(self, packed: Bytes) -> io::Result<Bytes> {
        let plain: Box<dyn Read + Send> = match self {
            Self::Gzip => Box::new(MultiGzDecoder::new(packed)),
            Self::Zstd => Box::new(zstd::Decoder::with_buffer(packed)?),
            Self::Bzip2 => Box::new(MultiBzDecoder::new(packed)),
            Self::Xz => Box::new(XzReader::new_mem_limit(packed, true, MOST_KIB)),
        };
        Ok(Box::new(BufReader::with_capacity(BLOCK, plain)))
    }
}

/// A stream without its compression, of which there may be two: a compressed file within a compressed archive.
pub(super) fn plain(mut bytes: Bytes) -> io::Result<Bytes> {
    for _ in 0..2 {
        let (start, whole) = peek(bytes)?;
        match Compression::of(&start) {
            Some(compression) => bytes = compression.undone(whole)?,
            None => return Ok(whole),
        }
    }
    Ok(bytes)
}

/// The first bytes of a stream, and the whole of it again.
pub(super) fn peek(mut bytes: Bytes) -> io::Result<(Vec<u8>, Bytes)> {
    let mut start = Vec::new();
    bytes.by_ref().take(START as u64).read_to_end(&mut start)?;
    let whole = Cursor::new(start.clone()).chain(bytes);
    Ok((start, Box::new(whole)))
}
