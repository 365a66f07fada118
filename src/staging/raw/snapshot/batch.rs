//! Rows on their way from a source to the file: one piece of memory for many rows, so that nothing is allocated per row
//! or per field.

use std::ops::Range;

use crate::error::{Error, Result};
use crate::record::LegacyId;

/// Where a row stands in its file; a server's rows stand nowhere.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spot {
    /// The line on which it begins.
    pub line: Option<u64>,
    /// The byte at which it begins.
    pub byte: Option<u64>,
}

/// Rows of one table.
#[derive(Debug, Default)]
pub struct Batch {
    bytes: Vec<u8>,
    fields: Vec<Span>,
    pub(super) rows: Vec<Arrived>,
    /// The file that all of them stand in.
    pub(super) file: Option<String>,
}

/// A field's bytes; the length [`NULL`] says that there are none.
#[derive(Debug, Clone, Copy)]
struct Span {
    start: u32,
    len: u32,
}

const NULL: u32 = u32::MAX;

#[derive(Debug)]
pub(super) enum Arrived {
    Row { first: usize, bytes: usize, spot: Spot },
    Unreadable { reason: &'static str, key: Option<LegacyId>, raw: Range<usize>, spot: Spot },
}

impl Batch {
    /// A batch that will take about `bytes` of memory.
    pub fn with_capacity(bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes / 2), ..Self::default() }
    }

    /// Forgets the rows, and keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.fields.clear();
        self.rows.clear();
    }

    /// The memory that its rows take, in bytes. Of narrow rows most of it is not their values.
    pub fn len(&self) -> usize {
        self.bytes.len() + size_of_val(self.fields.as_slice()) + size_of_val(self.rows.as_slice())
    }

    /// Whether nothing has arrived yet.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Whether its rows, if it has any, stand in another file.
    pub fn is_of_another(&self, file: Option<&str>) -> bool {
        !self.rows.is_empty() && self.file.as_deref() != file
    }

    /// Adds a row.
    pub fn push(&mut self, fields: &[Option<&[u8]>], file: Option<&str>, spot: Spot) -> Result<()> {
        self.stand_in(file);
        let first = self.fields.len();
        let before = self.bytes.len();
        for field in fields {
            let start = offset(self.bytes.len())?;
            let len = match field {
                None => NULL,
                Some(field) => {
                    self.bytes.extend_from_slice(field);
                    offset(field.len())?
                }
            };
            self.fields.push(Span { start, len });
        }
        self.rows.push(Arrived::Row { first, bytes: self.bytes.len() - before, spot });
        Ok(())
    }

    /// Adds bytes that are not a row of their table.
    pub fn push_unreadable(
        &mut self,
        reason: &'static str,
        key: Option<LegacyId>,
        raw: &[u8],
        file: Option<&str>,
        spot: Spot,
    ) {
        self.stand_in(file);
        let start = self.bytes.len();
        self.bytes.extend_from_slice(raw);
        self.rows.push(Arrived::Unreadable { reason, key, raw: start..self.bytes.len(), spot });
    }

    fn stand_in(&mut self, file: Option<&str>) {
        if self.file.as_deref() != file {
            self.file = file.map(str::to_owned);
        }
    }

    /// The field at a position counted over all rows.
    pub(super) fn field(&self, at: usize) -> Option<&[u8]> {
        let Span { start, len } = self.fields[at];
        let start = start as usize;
        (len != NULL).then(|| &self.bytes[start..start + len as usize])
    }

    /// The fields of the row whose first one is at `first`.
    pub(super) fn fields(&self, first: usize, width: usize) -> impl Iterator<Item = Option<&[u8]>> + Clone {
        (first..first + width).map(|at| self.field(at))
    }

    pub(super) fn raw(&self, range: &Range<usize>) -> &[u8] {
        &self.bytes[range.clone()]
    }
}

/// No server sends a row of 4 GiB.
fn offset(bytes: usize) -> Result<u32> {
    u32::try_from(bytes).ok().filter(|offset| *offset != NULL).ok_or_else(|| {
        Error::legacy("a row is larger than 4 GiB").hint("leave its column out with source.exclude")
    })
}
