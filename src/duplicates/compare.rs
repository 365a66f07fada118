//! Comparing two records: a level per field, packed into one word. Symmetric, and without any estimate: what a level is
//! worth is the model's business.

use super::field::Field;
use super::scale::word::{CLOSE, EXACT, PART, SLIP, VAGUE};
use super::text::Letters;
use super::{Kind, date};

/// The levels of a pair: four bits a field, 0 when a value is missing, otherwise the level and 1. The last four bits
/// say whether given name and surname were found in each other's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(super) struct Pattern(pub(super) u64);

const SWAPPED: u64 = 1 << 60;

impl Pattern {
    /// The level of a field, or nothing when a value is missing.
    pub(super) fn level(self, field: usize) -> Option<u8> {
        let nibble = ((self.0 >> (4 * field)) & 0xf) as u8;
        nibble.checked_sub(1)
    }

    pub(super) fn with(self, field: usize, level: Option<u8>) -> Self {
        Pattern(self.0 | (level.map_or(0, |level| u64::from(level) + 1) << (4 * field)))
    }

    /// Whether the names were compared crosswise.
    pub(super) fn is_swapped(self) -> bool {
        self.0 & SWAPPED != 0
    }
}

/// The value of one record in one field.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cell {
    pub(super) code: u32,
    /// How common the value is, in bits above the mean.
    pub(super) common: f32,
    pub(super) letters: Letters,
}

/// Compares the records of a set of fields.
#[derive(Debug)]
pub(super) struct Comparer<'f> {
    pub(super) fields: &'f [Field],
    /// The given name and surname that may stand in each other's place.
    pub(super) names: Option<(usize, usize)>,
    /// The cells of a record side by side: a pair is two places in memory, not two a field.
    cells: Vec<Cell>,
}

impl<'f> Comparer<'f> {
    pub(super) fn new(fields: &'f [Field]) -> Self {
        let first = |kind| fields.iter().position(|field| field.kind == kind);
        let count = fields.first().map_or(0, |field| field.codes.len());
        let values: Vec<Vec<Cell>> = fields
            .iter()
            .map(|field| {
                let mean = field.mean_count() as f32;
                let common = |&count: &u32| (count.max(1) as f32 / mean).log2();
                let values = (0u32..).zip(field.counts.iter().map(common)).zip(field.letters());
                values.map(|((code, common), letters)| Cell { code, common, letters }).collect()
            })
            .collect();
        let mut cells = Vec::with_capacity(count * fields.len());
        for record in 0..count {
            cells.extend(
                fields.iter().zip(&values).map(|(field, values)| values[field.codes[record] as usize]),
            );
        }
        Self { fields, names: first(Kind::GivenName).zip(first(Kind::Surname)), cells }
    }

    /// The cell of a record.
    pub(super) fn cell(&self, record: u32, field: usize) -> Cell {
        self.cells[record as usize * self.fields.len() + field]
    }

    /// The level of every field for two records.
    pub(super) fn pattern(&self, a: u32, b: u32) -> Pattern {
        let mut pattern = self.name_levels(a, b);
        for at in 0..self.fields.len() {
            if !self.is_paired_name(at) {
                pattern = pattern.with(at, self.level(at, a, b));
            }
        }
        pattern
    }

    /// Whether first name and birthdate are another's, where both records have both.
    pub(super) fn names_and_birth(&self, pattern: Pattern) -> Option<(bool, bool)> {
        let first = |kind| self.fields.iter().position(|field| field.kind == kind);
        let given = pattern.level(first(Kind::GivenName)?)?;
        let birth = pattern.level(first(Kind::Date)?)?;
        (!pattern.is_swapped()).then_some((given >= VAGUE, birth >= date::Agreement::Vague as u8))
    }

    pub(super) fn is_paired_name(&self, field: usize) -> bool {
        self.names.is_some_and(|(given, surname)| field == given || field == surname)
    }

    /// The level of one field as it stands.
    pub(super) fn level(&self, field: usize, a: u32, b: u32) -> Option<u8> {
        self.fields[field].level(self.cell(a, field), self.cell(b, field))
    }

    /// The levels of given name and surname, straight or crosswise, whichever agrees better.
    pub(super) fn name_levels(&self, a: u32, b: u32) -> Pattern {
        let Some((given, surname)) = self.names else { return Pattern::default() };
        let (straight_given, straight_surname) = (self.level(given, a, b), self.level(surname, a, b));
        let straight = Pattern::default().with(given, straight_given).with(surname, straight_surname);
        let good = agreement(straight_given) + agreement(straight_surname);
        if good >= 2 {
            return straight;
        }
        let crossed_given = self.fields[given].level(self.cell(a, given), self.cell(b, surname));
        let crossed_surname = self.fields[given].level(self.cell(a, surname), self.cell(b, given));
        if agreement(crossed_given) + agreement(crossed_surname) <= good.max(0) + 1 {
            return straight;
        }
        // the better of the two stands for the surname, whichever record is called the first
        let (low, high) = if crossed_given <= crossed_surname {
            (crossed_given, crossed_surname)
        } else {
            (crossed_surname, crossed_given)
        };
        let (low, high) = if low.is_none() { (high, low) } else { (low, high) };
        Pattern(straight.0 & !(0xf << (4 * given)) & !(0xf << (4 * surname)) | SWAPPED)
            .with(surname, low)
            .with(given, high)
    }
}

/// How far a name's level speaks for one person, for choosing between straight and crosswise.
fn agreement(level: Option<u8>) -> i32 {
    match level {
        Some(EXACT) => 4,
        Some(SLIP) => 3,
        Some(PART | CLOSE) => 2,
        Some(VAGUE) => -1,
        Some(_) => -2,
        None => 0,
    }
}
