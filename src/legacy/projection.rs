//! Which of a source's columns were asked for, and which of them is the key. Pure.

use crate::error::{Error, Result};
use crate::legacy::Shape;
use crate::record::LegacyId;

/// The column whose value identifies a row of every Django table.
const KEY: &str = "id";

/// The way from a source's columns to the columns asked for.
#[derive(Debug, Clone)]
pub struct Projection {
    width: usize,
    /// The source's position of each column asked for; `None` when all are asked for in the source's order.
    picks: Option<Vec<usize>>,
    key: Option<usize>,
}

impl Projection {
    /// Every column, as the source has them.
    pub fn all(columns: &[String]) -> Self {
        Self { width: columns.len(), picks: None, key: columns.iter().position(|column| column == KEY) }
    }

    /// The columns of `asked` out of `source`'s.
    pub fn new(source: &Shape, asked: &Shape) -> Result<Self> {
        let all = Self::all(&source.columns);
        if source.columns == asked.columns {
            return Ok(all);
        }
        let position = |column: &String| {
            source.columns.iter().position(|there| there == column).ok_or_else(|| {
                Error::legacy(format!("table {} has no column {column}", source.table))
                    .hint("the source changed since its tables were listed; run extract again")
            })
        };
        let picks = asked.columns.iter().map(position).collect::<Result<_>>()?;
        Ok(Self { picks: Some(picks), ..all })
    }

    /// The number of the source's columns.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The position of the key in the source.
    pub fn key(&self) -> Option<usize> {
        self.key
    }

    /// The positions of the columns asked for, unless they are simply all.
    pub fn picks(&self) -> Option<&[usize]> {
        self.picks.as_deref()
    }

    /// The fields asked for, out of all fields of a row; `picked` is only room to put them.
    pub fn pick<'f, 'a>(
        &self,
        all: &'f [Option<&'a [u8]>],
        picked: &'f mut Vec<Option<&'a [u8]>>,
    ) -> &'f [Option<&'a [u8]>] {
        match &self.picks {
            None => all,
            Some(picks) => {
                picked.clear();
                picked.extend(picks.iter().map(|&at| all[at]));
                picked
            }
        }
    }

    /// The key of a row that cannot be read, from its raw fields. With the wrong number of fields, a position after the
    /// first means nothing.
    pub fn key_of(&self, fields: usize, field: impl Fn(usize) -> Option<LegacyId>) -> Option<LegacyId> {
        self.key.filter(|&key| key < fields && (key == 0 || fields == self.width)).and_then(field)
    }
}

/// Bytes as an id, when they are one.
pub(super) fn legacy_id(bytes: &[u8]) -> Option<LegacyId> {
    std::str::from_utf8(bytes).ok()?.parse().ok()
}
