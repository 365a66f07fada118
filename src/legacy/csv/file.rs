//! One CSV file, whatever it is for: its columns, and then its records.

use std::cell::RefCell;
use std::io::{BufRead, Cursor, Read};
use std::path::Path;

use super::CsvOptions;
use super::escaped::Escaped;
use super::header::{self, Header};
use super::records::{Format, Records};
use crate::error::{Error, Result};
use crate::interrupt;
use crate::legacy::copy_text::Decoder;
use crate::legacy::encoding::{Encoding, Letters, utf32};
use crate::legacy::file::{Document, documents, refuse_foreign, unreadable};
use crate::legacy::{Place, Projection, Shape, Sink};

/// Bytes looked at between two looks at whether somebody wants us to stop.
const BLOCK: usize = 256 * 1024;

/// Bytes in memory, and what follows them.
type Rest = (Vec<u8>, Box<dyn BufRead + Send>);

/// A file whose header is read.
pub struct CsvFile {
    /// `None` for bytes that are in memory already.
    document: Option<Document>,
    header: Header,
    encoding: Encoding,
    has_mark: bool,
    /// Whether COPY's text format is looked for.
    is_open: bool,
    /// What was read beyond the header, and what follows; taken when the records are read.
    rest: RefCell<Option<Rest>>,
    place: Place,
}

impl CsvFile {
    /// Opens a file and reads its header.
    pub fn open(path: &Path, options: &CsvOptions) -> Result<Self> {
        let mut found = documents(path)?;
        match (found.pop(), found.is_empty()) {
            (Some(document), true) => Self::of(document, options),
            _ => Err(Error::legacy(format!("{} is not one CSV file", path.display()))
                .hint("give a single file, unpacked")),
        }
    }

    /// The same of bytes that are in memory, called `name` in messages.
    pub fn of_bytes(name: &str, bytes: Vec<u8>, options: &CsvOptions) -> Result<Self> {
        Self::begin(None, name, Box::new(Cursor::new(bytes)), options)
    }

    pub(super) fn of(document: Document, options: &CsvOptions) -> Result<Self> {
        let shown = document.shown();
        let content = document.content()?;
        Self::begin(Some(document), &shown, content, options)
    }

    fn begin(
        document: Option<Document>,
        shown: &str,
        mut content: Box<dyn BufRead + Send>,
        options: &CsvOptions,
    ) -> Result<Self> {
        let failed =
            |cause| unreadable(document.as_ref().map_or(Path::new(shown), |document| &document.path), cause);
        let configured = options.encoding.as_deref().map_or(Ok(Encoding::Utf8), Encoding::named)?;
        let start = content.fill_buf().map_err(failed)?;
        if let Some(document) = &document {
            refuse_foreign(document, start)?;
        }
        let (encoding, mark) = Encoding::detected(start, configured).map_err(|_| utf32(shown))?;
        content.consume(mark);
        let mut reader = encoding.reader(content);
        let mut buffer = Vec::new();
        let header = Header::read(&mut reader, &mut buffer, encoding, options)
            .map_err(failed)?
            .map_err(|fault| header::refused(shown, &fault))?;
        let place = Place {
            file: Some(document.as_ref().map_or(shown, |document| &document.name).to_owned()),
            line: Some(header.lines + 1),
            byte: Some(mark as u64 + header.bytes),
        };
        let is_open =
            header.format.dialect.delimiter == b'\t' && options.null.is_empty() && !options.is_loose;
        Ok(Self {
            document,
            header,
            encoding,
            has_mark: mark > 0,
            is_open,
            rest: RefCell::new(Some((buffer, reader))),
            place,
        })
    }

    /// What its bytes are taken for, and whether a byte order mark says so.
    pub fn encoding(&self) -> (&'static str, bool) {
        (self.encoding.name(), self.has_mark)
    }

    /// The names of the columns; that of a column without one is no name ([`super::is_unnamed`]).
    pub fn columns(&self) -> &[String] {
        &self.header.columns
    }

    /// Hands over every record, with the columns asked for; returns how many.
    pub fn read(self, asked: &Shape, sink: &mut dyn Sink) -> Result<u64> {
        let source = Shape { table: asked.table.clone(), columns: self.header.columns.clone() };
        let projection = Projection::new(&source, asked)?;
        let is_copy = self.is_copy_text()?;
        let is_single_throughout = self.is_single_throughout()?;
        let Some((buffer, mut reader)) = self.rest.take() else {
            return Err(Error::internal("a file was read twice"));
        };
        let failed = |cause| {
            let path = self.document.as_ref().map_or(Path::new("the file"), |document| &document.path);
            unreadable(path, cause)
        };
        if !is_copy {
            let format = Format { is_single_throughout, ..self.header.format.clone() };
            return Records::new(format, &projection, self.place.clone())
                .read(buffer, &mut reader, sink)
                .map_err(failed)?;
        }
        let mut decoder = Decoder::new(&projection, self.place.clone()).encoded(self.encoding);
        decoder.push(&buffer, sink)?;
        while !decoder.ended() {
            let bytes = reader.fill_buf().map_err(failed)?;
            if bytes.is_empty() {
                break;
            }
            decoder.push(bytes, sink)?;
            let len = bytes.len();
            reader.consume(len);
        }
        decoder.finish(sink)
    }

    /// Whether the records are written in COPY's text format: read once for that, as far as they agree with it.
    fn is_copy_text(&self) -> Result<bool> {
        let mut escaped = Escaped::default();
        Ok(self.is_open && self.look(|block| escaped.take(block))? && escaped.is_copy())
    }

    /// Whether every letter beyond ASCII is one byte, where the configuration names such an encoding: read once for that.
    fn is_single_throughout(&self) -> Result<bool> {
        let mut letters = Letters::default();
        let mut line = Vec::new();
        let is_asked = matches!(self.encoding, Encoding::Single(_));
        let is_whole = is_asked
            && self.look(|block| {
                let mut parts = block.split(|&byte| byte == b'\n');
                line.extend_from_slice(parts.next().unwrap_or_default());
                for part in parts {
                    letters.count(&line);
                    line.clear();
                    line.extend_from_slice(part);
                }
                true
            })?;
        letters.count(&line);
        Ok(is_whole && letters.are_single_bytes())
    }

    /// Shows the whole file block by block for as long as `goes_on` says so; whether it did to the end. What cannot be read
    /// twice is not shown.
    fn look(&self, mut goes_on: impl FnMut(&[u8]) -> bool) -> Result<bool> {
        let Some(document) = self.document.as_ref().filter(|document| document.is_lasting()) else {
            return Ok(false);
        };
        let mut reader = self.encoding.reader(document.content()?);
        let mut block = Vec::with_capacity(BLOCK);
        loop {
            interrupt::check()?;
            block.clear();
            let read = reader.by_ref().take(BLOCK as u64).read_to_end(&mut block);
            if read.map_err(|cause| document.unreadable(cause))? == 0 {
                return Ok(true);
            }
            if !goes_on(&block) {
                return Ok(false);
            }
        }
    }
}
