//! The rows of one block of a script, handed over as the table's.

use std::io::{self, BufRead, Read};

use super::family::Part;
use super::noise::{is_noise_among_rows, noise};
use super::scan::{LONGEST, row_begins};
use super::script::Form;
use super::splitter::{Piece, Splitter};
use super::statement::{CopyFormat, insert_head};
use super::values::{self, Value};
use crate::error::{Error, Result};
use crate::legacy::copy_text::{Decoder, not_text};
use crate::legacy::csv::script_records;
use crate::legacy::encoding::Encoding;
use crate::legacy::file::{Document, changed};
use crate::legacy::projection::legacy_id;
use crate::legacy::{Place, Projection, Shape, Sink, Unreadable};
use crate::record::LegacyId;

/// One text of a source, and how it is written.
#[derive(Debug)]
pub(super) struct Text {
    pub document: Document,
    pub encoding: Encoding,
}

impl Text {
    /// Its UTF-8 from one of its own bytes on.
    fn from(&self, byte: u64) -> Result<Box<dyn BufRead + Send>> {
        Ok(self.encoding.reader(self.document.content_from(byte)?))
    }
}

/// A text that was read up to a byte: where blocks follow each other, they are read in one go.
#[derive(Default)]
pub(super) struct Reached {
    reader: Option<(usize, u64, Box<dyn BufRead + Send>)>,
}

impl Reached {
    /// A reader that stands at a byte of a text.
    fn at(&mut self, texts: &[Text], document: usize, byte: u64) -> Result<Box<dyn BufRead + Send>> {
        let text = &texts[document];
        match self.reader.take() {
            Some((same, at, mut reader))
                if same == document && at <= byte && text.encoding == Encoding::Utf8 =>
            {
                let passed = io::copy(&mut reader.by_ref().take(byte - at), &mut io::sink())
                    .map_err(|cause| text.document.unreadable(cause))?;
                if passed == byte - at { Ok(reader) } else { Err(changed(&text.document.path)) }
            }
            _ => text.from(byte),
        }
    }
}

/// Reads the rows of a part; `asked` are the columns to be handed over. Returns how many rows there were.
pub(super) fn read(
    texts: &[Text],
    reached: &mut Reached,
    part: &Part,
    asked: &Shape,
    sink: &mut dyn Sink,
) -> Result<u64> {
    let block = &part.block;
    let present: Vec<String> =
        asked.columns.iter().filter(|column| part.columns.contains(column)).cloned().collect();
    let shape = |columns: &[String]| Shape { table: asked.table.clone(), columns: columns.to_vec() };
    let projection = Projection::new(&shape(&part.columns), &shape(&present))?;
    let mut widened = Widened::new(part, asked, &present, sink)?;
    let sink: &mut dyn Sink =
        if present.len() == asked.columns.len() { &mut *widened.sink } else { &mut widened };

    let text = &texts[block.document];
    let place =
        Place { file: Some(text.document.name.clone()), line: Some(block.line), byte: Some(block.byte) };
    let rows = match &block.form {
        Form::Copy(format) => copied(text, part, format, &projection, place, sink)?,
        Form::Csv { format, end } => {
            let reader = text.document.content_from(block.byte)?.take(end - block.byte);
            let mut reader = text.encoding.reader(Box::new(reader));
            script_records(format.delimiter, format.quote, &format.null, text.encoding, &projection, place)
                .read(Vec::new(), &mut reader, sink)
                .map_err(|cause| text.document.unreadable(cause))??
        }
        Form::Insert { backslashes } => {
            let mut reader = reached.at(texts, block.document, block.from.1)?;
            let rows = Inserted { part, text, backslashes: *backslashes, projection: &projection };
            let (rows, at) = rows.read(&mut reader, place, sink)?;
            reached.reader = Some((block.document, at, reader));
            rows
        }
        Form::Unread => return Err(Error::internal("rows that are not read were asked for")),
    };
    if block.rows.is_none_or(|known| known == rows) { Ok(rows) } else { Err(changed(&text.document.path)) }
}

fn copied(
    text: &Text,
    part: &Part,
    format: &CopyFormat,
    projection: &Projection,
    place: Place,
    sink: &mut dyn Sink,
) -> Result<u64> {
    let mut decoder =
        Decoder::new(projection, place).written(format.delimiter, &format.null).encoded(text.encoding);
    if part.block.has_noise {
        decoder = decoder.without(|line| noise(line) == Some(0) && is_noise_among_rows(line, None));
    }
    let mut content = text.from(part.block.byte)?;
    while !decoder.ended() {
        let bytes = content.fill_buf().map_err(|cause| text.document.unreadable(cause))?;
        if bytes.is_empty() {
            break;
        }
        decoder.push(bytes, sink)?;
        let len = bytes.len();
        content.consume(len);
    }
    decoder.finish(sink)
}

/// Reads the next line; one that is longer than any is believed to be comes in parts.
pub(super) fn next_line(reader: &mut dyn BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    reader.take(LONGEST as u64 + 1).read_until(b'\n', line).map(|len| len > 0)
}

/// The rows of INSERT statements.
struct Inserted<'a> {
    part: &'a Part,
    text: &'a Text,
    backslashes: bool,
    projection: &'a Projection,
}

impl Inserted<'_> {
    /// Hands over the rows of the block; returns how many, and the byte that was reached.
    fn read(&self, reader: &mut dyn BufRead, first: Place, sink: &mut dyn Sink) -> Result<(u64, u64)> {
        let block = &self.part.block;
        let mut splitter = Splitter::default();
        splitter.lexer.backslashes = self.backslashes;
        let (mut number, mut byte) = block.from;
        let (mut rows, wanted) = (0, block.rows.unwrap_or_default());
        let (mut place, mut is_own) = (first, false);
        let mut line = Vec::new();
        // where the lines begin over which the present row goes
        let mut starts: Vec<u64> = Vec::new();
        while rows < wanted
            && next_line(reader, &mut line).map_err(|cause| self.text.document.unreadable(cause))?
        {
            splitter.line(&line, |piece, _| {
                if let Piece::Head(text) = piece {
                    is_own = insert_head(text) == block.head;
                }
                let Piece::Row { tuple, at, lines } = piece else { return Ok(()) };
                let began = row_begins(&starts, (byte, &line), (at, lines), self.text.encoding);
                // rows of other tables may stand on the line on which the statement begins, and between these
                if !is_own || began < block.byte || rows == wanted {
                    return Ok(());
                }
                (place.line, place.byte) = (Some(number - lines), Some(began));
                rows += 1;
                self.row(tuple, &place, sink)
            })?;
            if splitter.is_within_row() {
                starts.push(byte);
            } else {
                starts.clear();
            }
            number += 1;
            byte += self.text.encoding.source_len(&line);
        }
        Ok((rows, byte))
    }

    fn row(&self, tuple: &[u8], place: &Place, sink: &mut dyn Sink) -> Result<()> {
        // it was readable when it was looked for
        let Ok(values) = values::row(tuple, self.backslashes) else {
            return Err(changed(&self.text.document.path));
        };
        let field = |(at, value): (usize, &Value<'_>)| match value {
            Value::Text(text) => Some(text.to_vec()),
            Value::Null => None,
            Value::Default => {
                let column = self.part.columns.get(at)?;
                self.part.default(column).cloned().flatten()
            }
        };
        let fields: Vec<Option<Vec<u8>>> = values.iter().enumerate().map(field).collect();
        let fields: Vec<Option<&[u8]>> = fields.iter().map(Option::as_deref).collect();
        let (wanted, found) = (self.projection.width(), fields.len());
        let fault = if found == wanted {
            fields.iter().flatten().find_map(|field| not_text(field))
        } else {
            Some(Unreadable::Ragged { wanted, found })
        };
        let Some(reason) = fault else {
            return sink.row(self.projection.pick(&fields, &mut Vec::new()), place);
        };
        let key = self.projection.key_of(found, |at| fields[at].and_then(legacy_id));
        let raw = if self.projection.picks().is_some() { &[] } else { tuple };
        sink.unreadable(reason, key, raw, place)
    }
}

/// Rows of a block that lacks some of the table's columns, with what these hold there.
struct Widened<'a> {
    sink: &'a mut dyn Sink,
    columns: Vec<Filled>,
}

/// Where a column that is asked for comes from.
enum Filled {
    /// A place in the rows that come.
    From(usize),
    /// What the table's definition says.
    With(Option<Vec<u8>>),
}

impl<'a> Widened<'a> {
    fn new(part: &Part, asked: &Shape, present: &[String], sink: &'a mut dyn Sink) -> Result<Self> {
        let column = |name: &String| match present.iter().position(|there| there == name) {
            Some(at) => Ok(Filled::From(at)),
            None => part
                .default(name)
                .map(|value| Filled::With(value.clone()))
                .ok_or_else(|| Error::internal("a column that only a server knows was asked for")),
        };
        Ok(Self { columns: asked.columns.iter().map(column).collect::<Result<_>>()?, sink })
    }
}

impl Sink for Widened<'_> {
    fn row(&mut self, fields: &[Option<&[u8]>], place: &Place) -> Result<()> {
        let field = |column: &Filled| match column {
            Filled::From(at) => fields[*at].map(<[u8]>::to_vec),
            Filled::With(value) => value.clone(),
        };
        let row: Vec<Option<Vec<u8>>> = self.columns.iter().map(field).collect();
        let row: Vec<Option<&[u8]>> = row.iter().map(Option::as_deref).collect();
        self.sink.row(&row, place)
    }

    fn unreadable(
        &mut self,
        reason: Unreadable,
        key: Option<LegacyId>,
        raw: &[u8],
        place: &Place,
    ) -> Result<()> {
        self.sink.unreadable(reason, key, raw, place)
    }
}
