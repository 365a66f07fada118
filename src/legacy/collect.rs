//! A sink for unit tests: keeps everything it is handed.

use crate::error::Result;
use crate::legacy::{Place, Sink, Unreadable};
use crate::record::LegacyId;

/// Everything that was handed over.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Collected {
    pub rows: Vec<Vec<Option<String>>>,
    /// The place of each row.
    pub lines: Vec<(Option<u64>, Option<u64>)>,
    pub unreadable: Vec<Bad>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Bad {
    pub reason: Unreadable,
    pub key: Option<i64>,
    pub raw: Vec<u8>,
    pub line: Option<u64>,
    pub byte: Option<u64>,
}

#[derive(Debug, Default)]
pub(super) struct Collector {
    pub collected: Collected,
}

impl Sink for Collector {
    fn row(&mut self, fields: &[Option<&[u8]>], place: &Place) -> Result<()> {
        let text = |field: &[u8]| String::from_utf8(field.to_vec()).unwrap();
        self.collected.rows.push(fields.iter().map(|field| field.map(text)).collect());
        self.collected.lines.push((place.line, place.byte));
        Ok(())
    }

    fn unreadable(
        &mut self,
        reason: Unreadable,
        key: Option<LegacyId>,
        raw: &[u8],
        place: &Place,
    ) -> Result<()> {
        let key = key.map(|LegacyId(key)| key);
        self.collected.unreadable.push(Bad {
            reason,
            key,
            raw: raw.to_vec(),
            line: place.line,
            byte: place.byte,
        });
        Ok(())
    }
}
