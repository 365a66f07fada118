//! Comparing two records: a level per field, packed into one word. Symmetric, and without any estimate: what a level is
//! worth is the model's business.

use rayon::prelude::*;

use crate::address::Made;
use crate::codes::MISSING;
use crate::copies::Copies;
use crate::field::{Field, Values, names};
use crate::rows::Rows;
use crate::scale::name::{CLOSE, EXACT, FORM, NICKNAME, OTHER, PART, SLIP, VAGUE};
use crate::shares::mean_count;
use crate::text::Letters;
use crate::{Kind, date};

/// The levels of a pair: four bits a field, 0 when a value is missing, otherwise the level and 1. The last four bits
/// say whether given name and surname were found in each other's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct Pattern(pub(crate) u64);

const SWAPPED: u64 = 1 << 60;

impl Pattern {
    /// The level of a field, or nothing when a value is missing.
    pub(crate) fn level(self, field: usize) -> Option<u8> {
        let nibble = ((self.0 >> (4 * field)) & 0xf) as u8;
        nibble.checked_sub(1)
    }

    pub(crate) fn with(self, field: usize, level: Option<u8>) -> Self {
        Pattern(self.0 | (level.map_or(0, |level| u64::from(level) + 1) << (4 * field)))
    }

    fn without(self, field: usize) -> Self {
        Pattern(self.0 & !(0xf << (4 * field)))
    }

    /// Whether the names were compared crosswise.
    pub(crate) fn is_swapped(self) -> bool {
        self.0 & SWAPPED != 0
    }
}

/// Compares the records of a set of fields.
#[derive(Debug)]
pub(crate) struct Comparer<'f> {
    pub(crate) fields: &'f [Field],
    /// The records that samples are drawn from.
    pub(crate) copies: Copies,
    /// The given name and surname that may stand in each other's place.
    pub(crate) names: Option<(usize, usize)>,
    /// Whose address is made of the name.
    pub(crate) made: Made,
    rows: Rows,
    /// By field and code: how common the value is, in bits above the mean.
    common: Vec<Vec<f32>>,
    /// By field and code, but for names, whose letters are in the rows.
    letters: Vec<Vec<Letters>>,
    met: Met,
}

/// The levels of the first given names among themselves: in a large file a few names are most, and the same two meet again
/// and again.
#[derive(Debug, Default)]
struct Met {
    levels: Vec<u8>,
    names: usize,
}

impl Met {
    /// So many names, where there are so many records.
    const NAMES: usize = 256;
    const RECORDS: usize = 20_000;

    fn of(field: &Field, count: usize) -> Self {
        let names = if count < Self::RECORDS { 0 } else { field.counts.len().min(Self::NAMES) };
        let mut levels = vec![EXACT; names * names];
        for one in 1..names {
            for other in 1..one {
                let level = name_level(field, one as u32, other as u32);
                levels[one * names + other] = level;
                levels[other * names + one] = level;
            }
        }
        Self { levels, names }
    }

    #[inline]
    fn level(&self, one: u32, other: u32) -> Option<u8> {
        let (one, other) = (one as usize, other as usize);
        (one < self.names && other < self.names).then(|| self.levels[one * self.names + other])
    }
}

/// How common each value is, in bits above the mean.
fn common(counts: &[u32], mean: f64) -> Vec<f32> {
    counts.iter().map(|&count| (count.max(1) as f32 / mean as f32).log2()).collect()
}

/// The level of two different names.
fn name_level(field: &Field, one: u32, other: u32) -> u8 {
    field.level(one, other, || match &field.values {
        Values::Names(names) => {
            let letters = |code: u32| Letters::of(names.core(code, field.kind == Kind::Surname));
            letters(one).may_resemble(letters(other))
        }
        _ => true,
    })
}

impl<'f> Comparer<'f> {
    pub(crate) fn new(fields: &'f [Field], rows: Rows, copies: Copies) -> Self {
        let of_field = |field: &Field| {
            let counts = if field.people.is_empty() { &field.counts } else { &field.people };
            common(counts, field.mean)
        };
        let common = fields.par_iter().map(of_field).collect();
        let letters = |field: &Field| match field.values {
            Values::Names(_) => Vec::new(),
            _ => field.letters(),
        };
        let letters: Vec<Vec<Letters>> = fields.par_iter().map(letters).collect();
        let names = names(fields);
        let met = names.map_or_else(Met::default, |(given, _)| Met::of(&fields[given], rows.count()));
        Self { fields, copies, names, made: Made::default(), rows, common, letters, met }
    }

    /// Counts people in place of records: a name is not common because one person is there twenty times. The groups are of
    /// records that are one person.
    pub(crate) fn count_people(&mut self, groups: &[Vec<u32>]) {
        let (fields, rows) = (self.fields, &self.rows);
        self.common.par_iter_mut().enumerate().for_each(|(at, common)| {
            let mut counts = fields[at].counts.clone();
            let mut codes = Vec::new();
            for group in groups {
                codes.clear();
                codes.extend(group.iter().map(|&record| rows.code(record, at)));
                codes.sort_unstable();
                let again = codes.windows(2).filter(|pair| pair[0] == pair[1] && pair[0] != MISSING);
                again.for_each(|pair| counts[pair[0] as usize] -= 1);
            }
            *common = self::common(&counts, mean_count(&counts));
        });
    }

    /// How many records there are.
    pub(crate) fn count(&self) -> usize {
        self.rows.count()
    }

    /// The code of a record's value.
    #[inline]
    pub(crate) fn code(&self, record: u32, field: usize) -> u32 {
        self.rows.code(record, field)
    }

    /// Whether the record's address says no more than its name.
    pub(crate) fn is_made_of_name(&self, record: u32) -> bool {
        self.made.is(record)
    }

    /// How common the more common of two records' values is, in bits above the mean.
    #[inline]
    pub(crate) fn common(&self, field: usize, a: u32, b: u32) -> f32 {
        let (a, b) = (self.code(a, field), self.code(b, field));
        let of = |code: u32| self.common[field][code as usize];
        if a == b { of(a) } else { of(a).max(of(b)) }
    }

    /// The level of every field for two records.
    pub(crate) fn pattern(&self, a: u32, b: u32) -> Pattern {
        let mut pattern = self.name_levels(a, b);
        for at in 0..self.fields.len() {
            if !self.is_paired_name(at) {
                pattern = pattern.with(at, self.level(at, a, b));
            }
        }
        pattern
    }

    /// The same for learning from: without the agreement of addresses that says no more than that of the names.
    pub(crate) fn learnt(&self, a: u32, b: u32) -> Pattern {
        let pattern = self.pattern(a, b);
        match self.fields.iter().position(|field| field.kind == Kind::Email) {
            Some(at) if self.made.is(a) && self.made.is(b) => pattern.without(at),
            _ => pattern,
        }
    }

    /// Whether first name and birthdate are another's, where both records have both.
    pub(crate) fn names_and_birth(&self, pattern: Pattern) -> Option<(bool, bool)> {
        let first = |kind| self.fields.iter().position(|field| field.kind == kind);
        let given = pattern.level(first(Kind::GivenName)?)?;
        let birth = pattern.level(first(Kind::Date)?)?;
        (!pattern.is_swapped()).then_some((given >= VAGUE, birth >= date::Agreement::Vague as u8))
    }

    pub(crate) fn is_paired_name(&self, field: usize) -> bool {
        self.names.is_some_and(|(given, surname)| field == given || field == surname)
    }

    /// The level of one field as it stands.
    pub(crate) fn level(&self, field: usize, a: u32, b: u32) -> Option<u8> {
        self.level_of(field, self.code(a, field), self.code(b, field))
    }

    /// The level of two values of a field.
    #[inline]
    fn level_of(&self, field: usize, one: u32, other: u32) -> Option<u8> {
        if one == MISSING || other == MISSING {
            return None;
        }
        if one == other && !matches!(self.fields[field].values, Values::Dates(_)) {
            return Some(EXACT);
        }
        let values = &self.fields[field];
        if matches!(values.values, Values::Names(_)) {
            return Some(name_level(values, one, other));
        }
        let letters = |code: u32| self.letters[field][code as usize];
        Some(values.level(one, other, || match values.values {
            Values::Codes(_) => letters(one).may_slip(letters(other)),
            _ => letters(one).may_resemble(letters(other)),
        }))
    }

    /// Whether a glance tells that the first names are other ones and that nothing stands in another's place; what is not
    /// seen at once is not so.
    #[inline]
    pub(crate) fn are_other_first_names(&self, a: u32, b: u32) -> bool {
        let Some((given, surname)) = self.names else { return false };
        let codes = |record: u32| (self.code(record, given), self.code(record, surname));
        let ((first, last), (other_first, other_last)) = (codes(a), codes(b));
        if [first, last, other_first, other_last].contains(&MISSING) || last == other_first {
            return false;
        }
        let Values::Names(names) = &self.fields[given].values else { return false };
        let is_other = |one: u32, x: Letters, other: u32, y: Letters| {
            one != other
                && self.met.level(one, other).map_or_else(
                    || !x.may_resemble(y) && !names.share_full_name(one, other),
                    |level| level == OTHER,
                )
        };
        let (x, y) = (self.rows.given(first), self.rows.given(other_first));
        is_other(first, x, other_first, y)
            && is_other(first, x, other_last, self.rows.surname(b))
            && !self.rows.surname(a).may_be_same(y)
    }

    /// The levels of given name and surname, straight or crosswise, whichever agrees better.
    pub(crate) fn name_levels(&self, a: u32, b: u32) -> Pattern {
        let Some((given, surname)) = self.names else { return Pattern::default() };
        // given name or surname of the one with given name or surname of the other, as names
        let cells = |record: u32| {
            let code = self.code(record, given);
            [(code, self.rows.given(code)), (self.code(record, surname), self.rows.surname(record))]
        };
        let (one, other) = (cells(a), cells(b));
        let level = |field: usize, (one, x): (u32, Letters), (other, y): (u32, Letters)| {
            if one == MISSING || other == MISSING {
                return None;
            }
            if one == other {
                return Some(EXACT);
            }
            if let Some(level) = self.met.level(one, other).filter(|_| field == given) {
                return Some(level);
            }
            // a short form of a first name need not resemble it
            let resembles = x.may_resemble(y);
            Some(if resembles || field == given {
                self.fields[field].level(one, other, || resembles)
            } else {
                OTHER
            })
        };
        let (straight_given, straight_surname) =
            (level(given, one[0], other[0]), level(surname, one[1], other[1]));
        let straight = Pattern::default().with(given, straight_given).with(surname, straight_surname);
        let good = agreement(straight_given) + agreement(straight_surname);
        if good >= 2 {
            return straight;
        }
        let crossed_given = level(given, one[0], other[1]);
        // beside a name that is another, only the same name makes up for it
        let may_be_same = one[1].0 == other[0].0 || one[1].1.may_be_same(other[0].1);
        if good <= 0 && agreement(crossed_given) == agreement(Some(OTHER)) && !may_be_same {
            return straight;
        }
        let crossed_surname = level(given, one[1], other[0]);
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
        Pattern(straight.without(given).without(surname).0 | SWAPPED).with(surname, low).with(given, high)
    }
}

/// How far a name's level speaks for one person, for choosing between straight and crosswise.
fn agreement(level: Option<u8>) -> i32 {
    match level {
        Some(EXACT | FORM) => 4,
        Some(SLIP) => 3,
        Some(NICKNAME | PART | CLOSE) => 2,
        Some(VAGUE) => -1,
        Some(_) => -2,
        None => 0,
    }
}
