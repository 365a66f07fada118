//! The encodings that CSV exports come in. Inside, everything is UTF-8: UTF-16 is turned into it while it is read,
//! windows-1252 record by record.

use std::io::{self, BufRead, BufReader, Read};

use encoding_rs::{Decoder, DecoderResult, UTF_16BE, UTF_16LE, WINDOWS_1252};

use crate::error::{Error, Result};

/// Stands for UTF-16 that is none, such as half of a pair: no UTF-8 has this byte, so the record is found unreadable.
const BROKEN: u8 = 0xff;

/// What is asked of the decoder at a time.
const ROOM: usize = 64 * 1024;

/// What a file's bytes mean.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Encoding {
    #[default]
    Utf8,
    Utf16Le,
    Utf16Be,
    Windows1252,
}

impl Encoding {
    /// The encoding that a configuration names.
    pub(super) fn named(name: &str) -> Result<Self> {
        match name.to_ascii_lowercase().as_str() {
            "utf-8" | "utf8" => Ok(Self::Utf8),
            "utf-16le" => Ok(Self::Utf16Le),
            "utf-16be" => Ok(Self::Utf16Be),
            "windows-1252" | "cp1252" => Ok(Self::Windows1252),
            _ => Err(Error::precondition(format!("{name} is not an encoding that CSV files are read in"))
                .hint("one of utf-8, utf-16le, utf-16be, windows-1252")),
        }
    }

    /// What a byte order mark says, and the mark's length; the configured encoding where there is none.
    pub(super) fn detected(start: &[u8], configured: Self) -> (Self, usize) {
        match start {
            [0xef, 0xbb, 0xbf, ..] => (Self::Utf8, 3),
            [0xff, 0xfe, ..] => (Self::Utf16Le, 2),
            [0xfe, 0xff, ..] => (Self::Utf16Be, 2),
            _ => (configured, 0),
        }
    }

    /// A reader of UTF-8 over a file in this encoding, after the mark. Windows-1252 passes unchanged.
    pub(super) fn reader(self, file: Box<dyn BufRead + Send>) -> Box<dyn Read + Send> {
        let encoding = match self {
            Self::Utf8 | Self::Windows1252 => return Box::new(file),
            Self::Utf16Le => UTF_16LE,
            Self::Utf16Be => UTF_16BE,
        };
        let utf8 = FromUtf16 { file, decoder: encoding.new_decoder_without_bom_handling(), done: false };
        Box::new(BufReader::with_capacity(ROOM, utf8))
    }

    /// How many bytes of the file became these bytes.
    pub(super) fn source_len(self, bytes: &[u8]) -> u64 {
        let len = match self {
            Self::Utf8 | Self::Windows1252 => bytes.len(),
            // A code unit per character, two for those that UTF-8 writes in four bytes.
            Self::Utf16Le | Self::Utf16Be => {
                let units = bytes.iter().filter(|&&byte| !(0x80..0xc0).contains(&byte)).count();
                2 * (units + bytes.iter().filter(|&&byte| (0xf0..BROKEN).contains(&byte)).count())
            }
        };
        len as u64
    }
}

/// A windows-1252 record as UTF-8. Every byte is a character there, so this cannot fail.
pub(super) fn from_windows_1252(record: &[u8]) -> Vec<u8> {
    WINDOWS_1252.decode_without_bom_handling(record).0.into_owned().into_bytes()
}

/// Always behind a [`BufReader`], which never asks for less than [`ROOM`].
struct FromUtf16 {
    file: Box<dyn BufRead + Send>,
    decoder: Decoder,
    done: bool,
}

impl Read for FromUtf16 {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        // Room for one character and the byte that stands for a broken one; with less, the decoder writes nothing.
        const LEAST: usize = 8;
        let mut written = 0;
        while written + LEAST < out.len() && !self.done {
            let bytes = self.file.fill_buf()?;
            let last = bytes.is_empty();
            let room = out.len() - 1;
            let (result, read, wrote) =
                self.decoder.decode_to_utf8_without_replacement(bytes, &mut out[written..room], last);
            self.file.consume(read);
            written += wrote;
            match result {
                DecoderResult::Malformed(..) => {
                    out[written] = BROKEN;
                    written += 1;
                }
                DecoderResult::InputEmpty => self.done = last,
                DecoderResult::OutputFull => break,
            }
        }
        Ok(written)
    }
}
