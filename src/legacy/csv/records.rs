//! The records of one CSV file, from bytes to rows: cut, checked, decoded in place and handed over.

use std::io::{self, Read};

use memchr::{memchr, memchr_iter, memchr2};

use super::cut::{Cut, Dialect, Field, cut, swallowed_row};
use super::encoding::{Encoding, from_windows_1252};
use crate::error::Result;
use crate::legacy::copy_text::not_text;
use crate::legacy::projection::legacy_id;
use crate::legacy::{Place, Projection, Sink, Unreadable};

/// Records are cut when this many bytes have come together.
const CHUNK: usize = 256 * 1024;

/// The longest record that is believed, in bytes and in lines; what is longer has swallowed its neighbours.
const LONGEST: usize = 16 * 1024 * 1024;
const MOST_LINES: usize = 10_000;

/// How a file is to be read, all of it known after its header.
#[derive(Debug, Clone)]
pub(super) struct Format {
    pub dialect: Dialect,
    pub encoding: Encoding,
    /// What an unquoted field says when it is null.
    pub null: Vec<u8>,
    /// The byte that lines are counted by: `\n`, or `\r` in files that know no other.
    pub line_end: u8,
}

/// Reads the records of a file.
pub(super) struct Records<'p> {
    format: Format,
    projection: &'p Projection,
    place: Place,
    line: u64,
    byte: u64,
    rows: u64,
    /// Room that is used again for every record.
    cuts: Vec<Field>,
}

impl<'p> Records<'p> {
    /// A reader whose first record stands at `place`.
    pub(super) fn new(format: Format, projection: &'p Projection, place: Place) -> Self {
        let (line, byte) = (place.line.unwrap_or(1), place.byte.unwrap_or(0));
        Self { format, projection, place, line, byte, rows: 0, cuts: Vec::new() }
    }

    /// Hands over every record that `buffer` and then `reader` hold; the outer error is the reader's.
    pub(super) fn read(
        mut self,
        mut buffer: Vec<u8>,
        reader: &mut dyn Read,
        sink: &mut dyn Sink,
    ) -> io::Result<Result<u64>> {
        let mut wanted = CHUNK;
        loop {
            let at_end = fill(reader, &mut buffer, wanted)?;
            let used = match self.hand_over(&mut buffer, at_end, sink) {
                Ok(used) => used,
                Err(error) => return Ok(Err(error)),
            };
            if at_end && used == buffer.len() {
                return Ok(Ok(self.rows));
            }
            // A record longer than the buffer: double it. `hand_over` gives up at `LONGEST`.
            wanted = if used == 0 { 2 * buffer.len() } else { CHUNK };
            buffer.drain(..used);
        }
    }

    /// Hands over every complete record of the buffer; returns the bytes used.
    fn hand_over(&mut self, buffer: &mut [u8], at_end: bool, sink: &mut dyn Sink) -> Result<usize> {
        let mut rest = buffer;
        let mut used = 0;
        // One allocation each per buffer: the slices in them live as long as it.
        let mut fields = Vec::with_capacity(self.projection.width());
        let mut picked = Vec::new();
        while !rest.is_empty() {
            let (len, next) = match cut(rest, self.format.dialect, at_end, &mut self.cuts) {
                Cut::Record { len, next } if self.lines(&rest[..len]) <= MOST_LINES => (len, next),
                Cut::Incomplete if rest.len() < LONGEST && self.lines(rest) <= MOST_LINES => break,
                _ => {
                    let Some(next) = self.broken(rest, at_end, sink)? else { break };
                    rest = &mut std::mem::take(&mut rest)[next..];
                    used += next;
                    continue;
                }
            };
            let (record, tail) = std::mem::take(&mut rest).split_at_mut(next);
            rest = tail;
            used += next;
            self.stand();
            let after = self.after(record);
            if len > 0 || self.projection.width() == 1 {
                self.record(&mut record[..len], &mut fields, &mut picked, sink)?;
                self.rows += 1;
            }
            (self.line, self.byte) = after;
        }
        Ok(used)
    }

    /// The line breaks in some bytes.
    fn lines(&self, bytes: &[u8]) -> usize {
        memchr_iter(self.format.line_end, bytes).count()
    }

    /// Line and byte after some bytes that begin at the present ones.
    fn after(&self, bytes: &[u8]) -> (u64, u64) {
        (self.line + self.lines(bytes) as u64, self.byte + self.format.encoding.source_len(bytes))
    }

    /// Notes where the record begins.
    fn stand(&mut self) {
        self.place.line = Some(self.line);
        self.place.byte = Some(self.byte);
    }

    /// Hands over the line on which a broken record begins; `None` when the line's end is not among the bytes.
    fn broken(&mut self, rest: &[u8], at_end: bool, sink: &mut dyn Sink) -> Result<Option<usize>> {
        let next = match memchr(self.format.line_end, rest) {
            Some(at) => at + 1,
            None if at_end || rest.len() >= LONGEST => rest.len(),
            None => return Ok(None),
        };
        self.stand();
        let line = rest[..next].trim_ascii_end();
        // The fields before the quote are cut well; only the first of them can be told to be the key.
        let key = self.cuts.first().filter(|_| self.projection.key() == Some(0)).copied();
        let key = key.and_then(|field| legacy_id(content(&line[..field.end.min(line.len())], field)));
        let raw = if self.projection.picks().is_some() { &[] } else { line };
        sink.unreadable(Unreadable::UnclosedQuote, key, raw, &self.place)?;
        (self.line, self.byte) = self.after(&rest[..next]);
        self.rows += 1;
        Ok(Some(next))
    }

    /// Hands over one record, well cut.
    fn record<'a>(
        &mut self,
        record: &'a mut [u8],
        fields: &mut Vec<Option<&'a [u8]>>,
        picked: &mut Vec<Option<&'a [u8]>>,
        sink: &mut dyn Sink,
    ) -> Result<()> {
        match self.fault(record) {
            None => {
                decode(record, &self.cuts, &self.format.null, fields);
                sink.row(self.projection.pick(fields, picked), &self.place)
            }
            Some(Unreadable::Encoding) if self.format.encoding == Encoding::Windows1252 => {
                let mut record = from_windows_1252(record);
                cut(&record, self.format.dialect, true, &mut self.cuts);
                let (mut fields, mut picked) = (Vec::new(), Vec::new());
                decode(&mut record, &self.cuts, &self.format.null, &mut fields);
                sink.row(self.projection.pick(&fields, &mut picked), &self.place)
            }
            Some(reason) => self.unreadable(reason, record, sink),
        }
    }

    /// What is wrong with a record.
    fn fault(&self, record: &[u8]) -> Option<Unreadable> {
        let (wanted, found) = (self.projection.width(), self.cuts.len());
        if found != wanted {
            return Some(Unreadable::Ragged { wanted, found });
        }
        let key = self.projection.key().filter(|_| memchr2(b'\n', b'\r', record).is_some());
        if key.is_some_and(|key| swallowed_row(record, self.format.dialect, wanted, key)) {
            return Some(Unreadable::SwallowedLines);
        }
        not_text(record)
    }

    /// Hands over a record that is not a row, cut down to the columns asked for where they can be told apart.
    fn unreadable(&mut self, reason: Unreadable, record: &[u8], sink: &mut dyn Sink) -> Result<()> {
        let key = self.projection.key_of(self.cuts.len(), |at| legacy_id(content(record, self.cuts[at])));
        let raw = match (self.projection.picks(), reason) {
            (None, _) => record.to_vec(),
            (Some(picks), Unreadable::Encoding | Unreadable::Nul) => {
                let fields: Vec<_> =
                    picks.iter().map(|&at| &record[self.cuts[at].start..self.cuts[at].end]).collect();
                fields.join(&self.format.dialect.delimiter)
            }
            (Some(_), _) => Vec::new(),
        };
        sink.unreadable(reason, key, &raw, &self.place)
    }
}

/// A field's bytes without its quotes; doubled ones stay doubled.
fn content(record: &[u8], field: Field) -> &[u8] {
    let inside = usize::from(field.quoted);
    record.get(field.start + inside..field.end - inside).unwrap_or_default()
}

/// Undoes the quotes in place and lists the fields. An unquoted field that says `null` is null; a quoted one never is.
fn decode<'a>(record: &'a mut [u8], cuts: &[Field], null: &[u8], fields: &mut Vec<Option<&'a [u8]>>) {
    fields.clear();
    let mut rest = record;
    let mut offset = 0;
    for cut in cuts {
        let (field, tail) = rest.split_at_mut(cut.end - offset);
        let field = &mut field[cut.start - offset..];
        (rest, offset) = (tail, cut.end);
        fields.push(if cut.quoted {
            let inside = field.len() - 1;
            let quote = field[0];
            let field = &mut field[1..inside];
            let len = if cut.doubled { halve(field, quote) } else { field.len() };
            Some(&field[..len])
        } else {
            Some(&*field).filter(|field| *field != null)
        });
    }
}

/// Makes one quote of every two, in place; returns the new length.
fn halve(field: &mut [u8], quote: u8) -> usize {
    let (mut read, mut write) = (0, 0);
    while read < field.len() {
        field[write] = field[read];
        read += if field[read] == quote { 2 } else { 1 };
        write += 1;
    }
    write
}

/// Reads until the buffer holds `wanted` bytes; true at the end of the input.
pub(super) fn fill(reader: &mut dyn Read, buffer: &mut Vec<u8>, wanted: usize) -> io::Result<bool> {
    let mut len = buffer.len();
    buffer.resize(wanted.max(len), 0);
    while len < buffer.len() {
        match reader.read(&mut buffer[len..]) {
            Ok(0) => {
                buffer.truncate(len);
                return Ok(true);
            }
            Ok(read) => len += read,
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
            Err(cause) => return Err(cause),
        }
    }
    Ok(false)
}
