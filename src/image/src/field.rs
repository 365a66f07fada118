//! What a column of a row holds, as SQLite's file format writes it. Pure.

use crate::number::{NUMBER_KINDS, number_len};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field<'f> {
    /// Nothing; also the column that is the key itself.
    Null,
    /// A whole number.
    Number(i64),
    /// Text, in UTF-8 as a rule; it is stored as it is.
    Text(&'f [u8]),
}

impl<'f> From<Option<&'f [u8]>> for Field<'f> {
    fn from(text: Option<&'f [u8]>) -> Self {
        text.map_or(Field::Null, Field::Text)
    }
}

impl<'f> From<Option<&'f str>> for Field<'f> {
    fn from(text: Option<&'f str>) -> Self {
        text.map(str::as_bytes).into()
    }
}

impl<'f> From<&'f str> for Field<'f> {
    fn from(text: &'f str) -> Self {
        Field::Text(text.as_bytes())
    }
}

impl From<Option<i64>> for Field<'_> {
    fn from(number: Option<i64>) -> Self {
        number.map_or(Field::Null, Field::Number)
    }
}

impl Field<'_> {
    /// What the format calls its serial type.
    #[inline]
    pub(crate) fn kind(self) -> u64 {
        match self {
            Field::Null => 0,
            Field::Number(number) => NUMBER_KINDS[number_len(number)],
            Field::Text(text) => 13 + 2 * text.len() as u64,
        }
    }

    #[inline]
    pub(crate) fn len(self) -> usize {
        match self {
            Field::Null => 0,
            Field::Number(number) => number_len(number),
            Field::Text(text) => text.len(),
        }
    }

    /// Writes it, and returns where it ends.
    #[inline]
    pub(crate) fn put(self, page: &mut [u8], at: usize) -> usize {
        let end = at + self.len();
        match self {
            Field::Null => {}
            Field::Number(number) => {
                let bytes = number.to_be_bytes();
                page[at..end].copy_from_slice(&bytes[bytes.len() - (end - at)..]);
            }
            Field::Text(text) => page[at..end].copy_from_slice(text),
        }
        end
    }
}
