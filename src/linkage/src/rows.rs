//! The codes of a record side by side, each in as few bits as its field needs, and after them the letters of its surname: a
//! pair is two places in memory, not two a field, and most records fit into half a cache line.

use crate::field::{Field, names};
use crate::text::Letters;

/// All records.
#[derive(Debug)]
pub(crate) struct Rows {
    words: Vec<u64>,
    stride: usize,
    places: Vec<Place>,
    count: usize,
    /// Given names are few, so that their letters are at hand by code.
    given: Vec<Letters>,
}

/// Where the codes of a field are in a row.
#[derive(Debug, Clone, Copy)]
struct Place {
    word: usize,
    shift: u32,
    mask: u64,
}

impl Rows {
    /// The rows of the fields, whose own codes are gone then: nothing is kept twice.
    pub(crate) fn take(fields: &mut [Field]) -> Self {
        let count = fields.first().map_or(0, |field| field.codes.len());
        let (places, words) = places(fields);
        let named = names(fields).map(|(given, surname)| (given, surname, fields[given].letters()));
        let stride = words + usize::from(named.is_some());
        let mut rows = Vec::with_capacity(count * stride);
        for record in 0..count {
            let start = rows.len();
            rows.resize(start + words, 0);
            for (field, place) in fields.iter().zip(&places) {
                rows[start + place.word] |= u64::from(field.codes[record]) << place.shift;
            }
            if let Some((_, surname, letters)) = &named {
                rows.push(letters[fields[*surname].codes[record] as usize].bits());
            }
        }
        let given = named.map_or_else(Vec::new, |(given, _, mut letters)| {
            letters.truncate(fields[given].codes.iter().max().map_or(0, |&code| code as usize + 1));
            letters.shrink_to_fit();
            letters
        });
        for field in fields {
            field.codes = Vec::new();
        }
        Self { words: rows, stride, places, count, given }
    }

    /// How many records there are.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// The code of a record's value.
    #[inline]
    pub(crate) fn code(&self, record: u32, field: usize) -> u32 {
        let place = self.places[field];
        (self.words[record as usize * self.stride + place.word] >> place.shift & place.mask) as u32
    }

    /// The letters of a given name.
    #[inline]
    pub(crate) fn given(&self, code: u32) -> Letters {
        self.given[code as usize]
    }

    /// The letters of a record's surname.
    #[inline]
    pub(crate) fn surname(&self, record: u32) -> Letters {
        Letters::from_bits(self.words[(record as usize + 1) * self.stride - 1])
    }
}

/// Where each field goes, none across two words, and how many words there are.
fn places(fields: &[Field]) -> (Vec<Place>, usize) {
    let mut used: Vec<u32> = Vec::new();
    let mut place = |field: &Field| {
        let width = (u32::BITS - (field.counts.len() as u32).leading_zeros()).max(1);
        let word = used.iter().position(|used| used + width <= u64::BITS).unwrap_or(used.len());
        used.resize(used.len().max(word + 1), 0);
        let shift = used[word];
        used[word] += width;
        Place { word, shift, mask: (1 << width) - 1 }
    };
    let places = fields.iter().map(&mut place).collect();
    (places, used.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;
    use crate::field::Values;

    #[test]
    fn every_code_comes_back() {
        let codes: [Vec<u32>; 4] =
            [vec![0, 1, 2], vec![7, 0, 1 << 20], vec![1 << 21, 5, 0], vec![3, 2, 1 << 22]];
        let field = |codes: &Vec<u32>| Field {
            name: String::new(),
            kind: Kind::Category,
            codes: codes.clone(),
            counts: vec![0; codes.iter().max().map_or(0, |&code| code as usize + 1)],
            mean: 1.0,
            share: 0.0,
            values: Values::Categories,
            people: Vec::new(),
            column: crate::field::Whole::Plain,
        };
        let mut fields: Vec<Field> = codes.iter().map(field).collect();
        let rows = Rows::take(&mut fields);
        assert_eq!((rows.count(), rows.stride), (3, 2));
        for (at, codes) in codes.iter().enumerate() {
            assert!((0u32..).zip(codes).all(|(record, &code)| rows.code(record, at) == code));
            assert!(fields[at].codes.is_empty());
        }
    }
}
