//! The encodings that exports and scripts come in. Inside, everything is UTF-8: UTF-16 is turned into it while it is read,
//! other encodings record by record.

use std::io::{self, BufRead, BufReader, Read};

use encoding_rs::{Decoder, DecoderResult, UTF_16BE, UTF_16LE};

use crate::error::{Error, Result};

/// Stands for UTF-16 that is none, such as half of a pair: no UTF-8 has this byte, so the record is found unreadable.
const BROKEN: u8 = 0xff;

/// What is asked of the decoder at a time.
const ROOM: usize = 64 * 1024;

/// What a text's bytes mean.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Encoding {
    #[default]
    Utf8,
    Utf16Le,
    Utf16Be,
    /// One byte for each character, of which the lower half is ASCII.
    Single(&'static encoding_rs::Encoding),
}

/// Records with letters beyond ASCII, by what they can be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Letters {
    /// Those that are valid UTF-8.
    pub utf8: u64,
    /// Those that are not.
    pub others: u64,
}

impl Letters {
    /// Counts a record.
    pub(super) fn count(&mut self, record: &[u8]) {
        if !record.is_ascii() {
            *if std::str::from_utf8(record).is_ok() { &mut self.utf8 } else { &mut self.others } += 1;
        }
    }

    /// Whether all of them have a byte for each letter: one in twenty is valid UTF-8 by chance at most, where two letters
    /// beyond ASCII stand side by side. With more, the file was put together from two.
    pub(super) fn are_single_bytes(self) -> bool {
        self.others > 0 && 20 * self.utf8 <= self.others
    }
}

/// UTF-32, which hardly anything writes and nothing here reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Utf32;

impl Encoding {
    /// The encoding that a configuration names, by any of the names that browsers know.
    pub(super) fn named(name: &str) -> Result<Self> {
        match name.to_ascii_lowercase().as_str() {
            "utf-8" | "utf8" => return Ok(Self::Utf8),
            "utf-16le" => return Ok(Self::Utf16Le),
            "utf-16be" => return Ok(Self::Utf16Be),
            _ => {}
        }
        let single = encoding_rs::Encoding::for_label(name.as_bytes())
            .filter(|found| found.is_single_byte() && found.is_ascii_compatible());
        single.map(Self::Single).ok_or_else(|| {
            Error::precondition(format!("{name} is not an encoding that CSV files are read in"))
                .hint("one of utf-8, utf-16le, utf-16be, windows-1252 (Western Europe), windows-1250 (Central Europe), or another one of a byte for each character")
        })
    }

    /// What a byte order mark says, and the mark's length. Without one, UTF-16 shows in the zeros of every second byte; else
    /// it is the configured encoding.
    pub(super) fn detected(start: &[u8], configured: Self) -> Result<(Self, usize), Utf32> {
        match start {
            [0xef, 0xbb, 0xbf, ..] => Ok((Self::Utf8, 3)),
            [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => Err(Utf32),
            [0xff, 0xfe, ..] => Ok((Self::Utf16Le, 2)),
            [0xfe, 0xff, ..] => Ok((Self::Utf16Be, 2)),
            _ if matches!(configured, Self::Utf16Le | Self::Utf16Be) => Ok((configured, 0)),
            _ => unmarked(start).map(|found| (if found == Self::Utf8 { configured } else { found }, 0)),
        }
    }

    /// What people call it. What is not UTF-8 only where it has to be is UTF-8.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Utf8 | Self::Single(_) => "UTF-8",
            Self::Utf16Le => "UTF-16LE",
            Self::Utf16Be => "UTF-16BE",
        }
    }

    /// A reader of UTF-8 over a text in this encoding, after the mark. What has one byte for each character passes unchanged.
    pub(super) fn reader(self, file: Box<dyn BufRead + Send>) -> Box<dyn BufRead + Send> {
        let encoding = match self {
            Self::Utf8 | Self::Single(_) => return file,
            Self::Utf16Le => UTF_16LE,
            Self::Utf16Be => UTF_16BE,
        };
        let utf8 = FromUtf16 { file, decoder: encoding.new_decoder_without_bom_handling(), done: false };
        Box::new(BufReader::with_capacity(ROOM, utf8))
    }

    /// How many bytes of the file became these bytes.
    pub(super) fn source_len(self, bytes: &[u8]) -> u64 {
        let len = match self {
            Self::Utf8 | Self::Single(_) => bytes.len(),
            // A code unit per character, two for those that UTF-8 writes in four bytes.
            Self::Utf16Le | Self::Utf16Be => {
                let units = bytes.iter().filter(|&&byte| !(0x80..0xc0).contains(&byte)).count();
                2 * (units + bytes.iter().filter(|&&byte| (0xf0..BROKEN).contains(&byte)).count())
            }
        };
        len as u64
    }

    /// A record in this encoding as UTF-8, where that is not what it is already; `None` for bytes that mean nothing in it.
    pub(super) fn decoded(self, record: &[u8]) -> Option<Vec<u8>> {
        let Self::Single(encoding) = self else { return None };
        let text = encoding.decode_without_bom_handling_and_without_replacement(record)?;
        Some(text.into_owned().into_bytes())
    }
}

/// The encoding of a text without a mark, from the zero bytes of its first characters, which are ASCII in any header.
fn unmarked(start: &[u8]) -> Result<Encoding, Utf32> {
    /// As many characters say enough.
    const LOOKED_AT: usize = 16;
    let are = |every: usize, at: usize| {
        let mut characters = start.chunks_exact(every).take(LOOKED_AT).peekable();
        let is_one =
            |bytes: &[u8]| bytes.iter().enumerate().all(|(place, &byte)| (byte != 0) == (place == at));
        characters.peek().is_some() && characters.all(is_one)
    };
    match () {
        () if are(4, 0) || are(4, 3) => Err(Utf32),
        () if are(2, 0) => Ok(Encoding::Utf16Le),
        () if are(2, 1) => Ok(Encoding::Utf16Be),
        () => Ok(Encoding::Utf8),
    }
}

/// Refuses a text in UTF-32.
pub(super) fn utf32(shown: &str) -> Error {
    Error::legacy(format!("{shown} is written in UTF-32")).hint("save or export it again as UTF-8")
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
