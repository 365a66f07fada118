//! The records of one CSV file, from bytes to rows: cut, checked, decoded in place and handed over.

use std::io::{self, Read};

use memchr::{memchr, memchr_iter, memchr2};

use super::cut::{Cut, Dialect, FEWEST, Field, cut, is_mostly_rows, swallowed_row};
use super::long::Long;
use super::record::{decode, is_footer, is_single_byte};
use crate::error::{Error, Result};
use crate::legacy::copy_text::not_text;
use crate::legacy::encoding::{Encoding, Letters};
use crate::legacy::projection::legacy_id;
use crate::legacy::{Place, Projection, Sink, Unreadable};
use crate::record::LegacyId;

/// Records are cut when this many bytes have come together.
const CHUNK: usize = 256 * 1024;

/// The longest record that is a row.
const LONGEST: usize = 16 * 1024 * 1024;

/// A record of more lines is looked at, whether it has swallowed its neighbours.
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
    /// As many columns have a name; what stands beyond them belongs to no column.
    pub named: usize,
    /// Whether records of any width are rows.
    pub is_loose: bool,
    /// Whether text in an encoding of a byte for each character has to be asked about: nobody said which one it is.
    pub asks: bool,
    /// Whether also what is valid UTF-8 is in the encoding of a byte for each character: no other text is in the file.
    pub is_single_throughout: bool,
}

/// Reads CSV within a script, whose header is passed.
pub(in crate::legacy) fn script_records<'p>(
    delimiter: u8,
    quote: u8,
    null: &[u8],
    encoding: Encoding,
    projection: &'p Projection,
    place: Place,
) -> Records<'p> {
    let format = Format {
        dialect: Dialect { delimiter, quote },
        encoding,
        null: null.to_vec(),
        line_end: b'\n',
        named: projection.width(),
        is_loose: false,
        asks: false,
        is_single_throughout: false,
    };
    Records::new(format, projection, place)
}

/// Reads the records of a file.
pub(in crate::legacy) struct Records<'p> {
    format: Format,
    projection: &'p Projection,
    place: Place,
    line: u64,
    byte: u64,
    rows: u64,
    /// Records that are text in an encoding of a byte for each character, and the line of the first one.
    single_byte: (u64, u64),
    /// Records with letters beyond ASCII, where that has to be asked about.
    letters: Letters,
    /// Room that is used again for every record.
    cuts: Vec<Field>,
    /// The record that is too long for a row and has not ended yet.
    passing: Option<Passing>,
}

/// A record that is passed over: what is known of its beginning.
struct Passing {
    long: Long,
    key: Option<LegacyId>,
    raw: Vec<u8>,
    place: Place,
}

impl<'p> Records<'p> {
    /// A reader whose first record stands at `place`.
    pub(super) fn new(format: Format, projection: &'p Projection, place: Place) -> Self {
        let (line, byte) = (place.line.unwrap_or(1), place.byte.unwrap_or(0));
        Self {
            format,
            projection,
            place,
            line,
            byte,
            rows: 0,
            single_byte: (0, 0),
            letters: Letters::default(),
            cuts: Vec::new(),
            passing: None,
        }
    }

    /// Hands over every record that `buffer` and then `reader` hold; the outer error is the reader's.
    pub(in crate::legacy) fn read(
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
                let passing = self.passing.take();
                let ended = passing.map_or(Ok(0), |passing| self.pass(passing, &[], true, sink));
                return Ok(ended.and_then(|_| self.asked()).map(|()| self.rows));
            }
            // A record longer than the buffer: double it. At `LONGEST` `hand_over` passes over it.
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
            if let Some(passing) = self.passing.take() {
                let passed = self.pass(passing, rest, at_end, sink)?;
                rest = &mut std::mem::take(&mut rest)[passed..];
                used += passed;
                if self.passing.is_some() {
                    break;
                }
                continue;
            }
            let found = cut(rest, self.format.dialect, at_end, &mut self.cuts);
            let (len, next) = match found {
                Cut::Record { len, next } if len <= LONGEST && !self.has_swallowed(&rest[..len]) => {
                    (len, next)
                }
                Cut::Incomplete if rest.len() < LONGEST && !self.has_swallowed(rest) => break,
                _ => {
                    let is_whole = !self.is_too_long(found, rest);
                    match is_whole.then(|| self.broken(rest, at_end, sink)).transpose()?.flatten() {
                        Some(next) => {
                            rest = &mut std::mem::take(&mut rest)[next..];
                            used += next;
                        }
                        None if !is_whole || rest.len() >= LONGEST => {
                            self.passing = Some(self.begin_passing(found, rest));
                        }
                        None => break,
                    }
                    continue;
                }
            };
            let (record, tail) = std::mem::take(&mut rest).split_at_mut(next);
            rest = tail;
            used += next;
            self.stand();
            let after = self.after(record);
            let is_last = at_end && rest.trim_ascii().is_empty();
            if is_last && is_footer(&record[..len], self.format.dialect, self.rows) {
                (self.line, self.byte) = after;
                continue;
            }
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

    /// Whether some bytes, which begin with a quoted field's record, are more than one record: a quote was not closed. Only
    /// asked of so many lines that few records have them.
    fn has_swallowed(&self, bytes: &[u8]) -> bool {
        (bytes.len() > LONGEST || bytes.len() > MOST_LINES && self.lines(bytes) > MOST_LINES)
            && self.holds_rows(bytes)
    }

    fn holds_rows(&self, bytes: &[u8]) -> bool {
        let width = self.projection.width();
        match self.projection.key() {
            Some(key) if width >= FEWEST => swallowed_row(bytes, self.format.dialect, width, key),
            key => is_mostly_rows(bytes, self.format.dialect, width, key),
        }
    }

    /// Whether what was found at the beginning of some bytes is one record, longer than a row may be.
    fn is_too_long(&self, found: Cut, rest: &[u8]) -> bool {
        match found {
            Cut::Record { len, .. } => len > LONGEST && !self.holds_rows(&rest[..len]),
            Cut::Incomplete => rest.len() >= LONGEST && !self.holds_rows(rest),
            Cut::Broken => false,
        }
    }

    /// Begins to pass over a record whose first bytes these are.
    fn begin_passing(&mut self, found: Cut, rest: &[u8]) -> Passing {
        self.stand();
        let (width, key) = (self.projection.width(), self.projection.key());
        // before a stray quote, only the first field can be told to be the key; a last one may go on
        let certain = key.filter(|key| found != Cut::Broken || *key == 0);
        let field = certain.and_then(|key| self.cuts.get(key)).filter(|field| field.end < rest.len());
        Passing {
            long: Long::new(
                self.format.dialect,
                self.format.line_end,
                key.filter(|_| width >= FEWEST).map(|key| (width, key)),
            ),
            key: field.and_then(|field| legacy_id(field.content(rest))),
            raw: Vec::new(),
            place: self.place.clone(),
        }
    }

    /// Passes over the next bytes of a record that is too long, and hands it over when it has ended; returns the bytes used.
    fn pass(
        &mut self,
        mut passing: Passing,
        bytes: &[u8],
        at_end: bool,
        sink: &mut dyn Sink,
    ) -> Result<usize> {
        let passed = passing.long.pass(bytes, at_end);
        let used = &bytes[..passed.used];
        if self.projection.picks().is_none() {
            passing.raw.extend_from_slice(&used[..used.len().min(LONGEST - passing.raw.len())]);
        }
        (self.line, self.byte) = self.after(used);
        if passed.ends {
            let is_stray = passing.long.is_stray();
            let reason = if is_stray { Unreadable::UnclosedQuote } else { Unreadable::TooLong };
            sink.unreadable(reason, passing.key, passing.raw.trim_ascii_end(), &passing.place)?;
            self.rows += 1;
        } else {
            self.passing = Some(passing);
        }
        Ok(passed.used)
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
            None if at_end => rest.len(),
            None => return Ok(None),
        };
        self.stand();
        let line = rest[..next].trim_ascii_end();
        // The fields before the quote are cut well; only the first of them can be told to be the key.
        let key = self.cuts.first().filter(|_| self.projection.key() == Some(0)).copied();
        let key = key.and_then(|field| legacy_id(field.content(&line[..field.end.min(line.len())])));
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
        let fault = self.fault(record);
        let is_encoded = match fault {
            None => self.format.is_single_throughout && !record.is_ascii(),
            Some(reason) => reason == Unreadable::Encoding,
        };
        if let Some(mut record) = is_encoded.then(|| self.format.encoding.decoded(record)).flatten() {
            cut(&record, self.format.dialect, true, &mut self.cuts);
            let (mut fields, mut picked) = (Vec::new(), Vec::new());
            decode(&mut record, &self.cuts, &self.format.null, &mut fields);
            return sink.row(self.projection.pick(&fields, &mut picked), &self.place);
        }
        let Some(reason) = fault.or(is_encoded.then_some(Unreadable::Encoding)) else {
            decode(record, &self.cuts, &self.format.null, fields);
            return sink.row(self.projection.pick(fields, picked), &self.place);
        };
        self.note_encoding(reason, record);
        self.unreadable(reason, record, sink)
    }

    /// What is wrong with a record.
    fn fault(&mut self, record: &[u8]) -> Option<Unreadable> {
        let (wanted, found) = (self.projection.width(), self.cuts.len());
        if found != wanted && !self.format.is_loose {
            return Some(Unreadable::Ragged { wanted, found });
        }
        // a delimiter that stands unquoted in a field moves the others out of their columns
        let named = self.format.named;
        let beyond = self.cuts.get(named..).unwrap_or_default();
        if !self.format.is_loose && beyond.iter().any(|field| !field.content(record).is_empty()) {
            return Some(Unreadable::Ragged { wanted: named, found });
        }
        if self.format.asks {
            self.letters.count(record);
        }
        let key = self.projection.key().filter(|_| memchr2(b'\n', b'\r', record).is_some());
        if key.is_some_and(|key| swallowed_row(record, self.format.dialect, wanted, key)) {
            return Some(Unreadable::SwallowedLines);
        }
        not_text(record)
    }

    /// Notes a record that is no UTF-8 but text all the same.
    fn note_encoding(&mut self, reason: Unreadable, record: &[u8]) {
        if self.format.asks && reason == Unreadable::Encoding && is_single_byte(record) {
            let (records, first) = self.single_byte;
            self.single_byte = (records + 1, if records == 0 { self.line } else { first });
        }
    }

    /// After the last record: a file whose letters beyond ASCII are single bytes is written in an encoding that somebody has
    /// to name.
    fn asked(&self) -> Result<()> {
        let (records, first) = self.single_byte;
        if records == 0 || !self.letters.are_single_bytes() {
            return Ok(());
        }
        let file = self.place.file.as_deref().unwrap_or("the file");
        Err(Error::legacy(format!(
            "{file} is not UTF-8: {records} records, the first on line {first}, have letters in another encoding"
        ))
        .hint(
            "set source.csv.encoding, to \"windows-1252\" for Western Europe, \"windows-1250\" for Central Europe, \
             \"windows-1251\" for Cyrillic, or to \"utf-8\" to have these records set apart; or export the file as UTF-8",
        ))
    }

    /// Hands over a record that is not a row, cut down to the columns asked for where they can be told apart.
    fn unreadable(&mut self, reason: Unreadable, record: &[u8], sink: &mut dyn Sink) -> Result<()> {
        let key = self.projection.key_of(self.cuts.len(), |at| legacy_id(self.cuts[at].content(record)));
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
