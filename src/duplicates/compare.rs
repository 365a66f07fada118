//! Comparing two records: a level per field, packed into one word. Symmetric, and without any estimate: what a level is
//! worth is the model's business.

use rapidfuzz::distance::{jaro_winkler, osa};

use super::field::{Field, MISSING, Names, Values, Words};
use super::scale::word::{CLOSE, EXACT, OTHER, PART, SLIP, VAGUE};
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

impl Field {
    /// The level of two values of this field.
    pub(super) fn level(&self, one: Cell, other: Cell) -> Option<u8> {
        let (a, b) = (one.code, other.code);
        if a == MISSING || b == MISSING {
            return None;
        }
        if let Values::Dates(dates) = &self.values {
            return Some(date::compare(dates[a as usize], dates[b as usize]) as u8);
        }
        if a == b {
            return Some(EXACT);
        }
        let resembles = one.letters.may_resemble(other.letters);
        Some(match &self.values {
            Values::Names(names) if resembles => self.name_level(names, a, b),
            Values::Words(words) if resembles => words.level(a, b, self.kind == Kind::Place),
            Values::Emails(texts) if resembles => email_level(texts.get(a as usize), texts.get(b as usize)),
            Values::Codes(texts) if resembles => code_level(texts.get(a as usize), texts.get(b as usize)),
            Values::Names(_) | Values::Words(_) => OTHER,
            Values::Emails(_) => 4,
            Values::Codes(_) => 2,
            Values::Dates(_) | Values::Categories => 1,
        })
    }

    fn name_level(&self, names: &Names, a: u32, b: u32) -> u8 {
        let level = names.level(a, b);
        // A slip makes a rare name. Where both names live on their own, Jan and Jana are two names.
        let (few, many) = {
            let (a, b) = (self.counts[a as usize], self.counts[b as usize]);
            (a.min(b), a.max(b))
        };
        let both_known = few >= 3 && few.saturating_mul(50) >= many;
        match level {
            SLIP if both_known => CLOSE,
            CLOSE if both_known => VAGUE,
            level => level,
        }
    }
}

impl Names {
    fn level(&self, a: u32, b: u32) -> u8 {
        let (one, other) = (self.texts.get(a as usize), self.texts.get(b as usize));
        match (self.latin.get(&a), self.latin.get(&b)) {
            (None, None) => self.latin_level(one, other, a, b),
            (Some(_), Some(_)) => {
                if within_one_slip_chars(one, other) && one.chars().count() >= 4 {
                    SLIP
                } else if shares_word(one, other) {
                    PART
                } else {
                    OTHER
                }
            }
            // across scripts, equal transliterations are a hint and no more
            (one_latin, other_latin) => {
                let one = one_latin.map_or(one, String::as_str);
                let other = other_latin.map_or(other, String::as_str);
                if self.latin_level(one, other, a, b) <= SLIP || one == other { CLOSE } else { OTHER }
            }
        }
    }

    fn latin_level(&self, one: &str, other: &str, a: u32, b: u32) -> u8 {
        let (one, other) = if one.len() <= other.len() { (one, other) } else { (other, one) };
        if one.len() == 1 {
            return if other.starts_with(one) { PART } else { OTHER };
        }
        if one.contains(' ') || other.contains(' ') {
            if squeezed_equal(one, other) {
                return EXACT;
            }
            if shares_word(one, other) {
                return PART;
            }
        }
        if one.len() >= 3 && within_one_slip(one.as_bytes(), other.as_bytes()) {
            return if one.len() >= 4 || other.len() >= 4 { SLIP } else { CLOSE };
        }
        if one.len() >= 3 && other.starts_with(one) {
            return PART;
        }
        let jaro_winkler = similarity(one, other, 0.78);
        if jaro_winkler >= 0.91 || (jaro_winkler > 0.0 && one.len() >= 5 && two_slips(one, other)) {
            return CLOSE;
        }
        if jaro_winkler >= 0.80 && self.sounds[a as usize] == self.sounds[b as usize] {
            return CLOSE;
        }
        if jaro_winkler >= 0.80 || (one.len() >= 5 && scrambled(one, other)) { VAGUE } else { OTHER }
    }
}

impl Words {
    fn level(&self, a: u32, b: u32, is_place: bool) -> u8 {
        let (one, other) = (self.texts.get(a as usize), self.texts.get(b as usize));
        let (one, other) = if one.len() <= other.len() { (one, other) } else { (other, one) };
        if one == other {
            return EXACT;
        }
        let shared = self.shared(a, b);
        if shared >= 0.999 {
            return SLIP;
        }
        if other.len() >= 3
            && one.len() + 1 >= other.len()
            && within_one_slip(one.as_bytes(), other.as_bytes())
        {
            return SLIP;
        }
        if one.is_empty() || is_number(one) != is_number(other) {
            return if shared > 0.3 { PART } else { OTHER };
        }
        if is_number(one) {
            // two numbers of one length that differ in two places are not alike in any other way
            return if one.len() >= 4 && two_slips(one, other) { VAGUE } else { OTHER };
        }
        let jaro_winkler = similarity(one, other, 0.78);
        let long_slips = one.len() >= 6 && two_slips(one, other);
        if long_slips || (jaro_winkler >= 0.95 && one.len() >= 8) {
            return if is_place { CLOSE } else { SLIP };
        }
        if shared >= 0.5 {
            return PART;
        }
        if jaro_winkler >= 0.90 {
            return CLOSE;
        }
        if jaro_winkler >= 0.80 || shared >= 0.3 { VAGUE } else { OTHER }
    }

    /// The share of what the words of two values say that both say; a rare word says more.
    fn shared(&self, a: u32, b: u32) -> f32 {
        let (one, other) = (self.of(a), self.of(b));
        if one.len() <= 1 && other.len() <= 1 {
            return 0.0;
        }
        let (mut common, mut total) = (0.0, 0.0);
        let (mut i, mut j) = (0, 0);
        while i < one.len() || j < other.len() {
            let (left, right) = (one.get(i), other.get(j));
            let word = match (left, right) {
                (Some(left), Some(right)) => *left.min(right),
                (Some(only), None) | (None, Some(only)) => *only,
                (None, None) => break,
            };
            let says = self.says[word as usize];
            total += says;
            if left == right {
                common += says;
            }
            i += usize::from(left == Some(&word));
            j += usize::from(right == Some(&word));
        }
        if total > 0.0 { common / total } else { 0.0 }
    }
}

/// The letters of a text, each up to twice, its first letter and its length, in one word: enough to see at once that two
/// texts have too few letters in common to resemble each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Letters(u64);

impl Letters {
    /// Two bits for each of 27 letters; digits fall together with letters.
    const MASK: u64 = (1 << 54) - 1;
    /// The length beyond which a text counts as this long.
    const LONGEST: usize = 31;

    pub(super) fn of(text: &str) -> Self {
        if !text.is_ascii() {
            return Self(u64::MAX);
        }
        let mut letters = 0u64;
        for byte in text.bytes() {
            let place = 2 * (u32::from(byte & 31) % 27);
            letters |= if letters & (1 << place) == 0 { 1 << place } else { 2 << place };
        }
        let first = u64::from(text.as_bytes().first().copied().unwrap_or(0) & 31);
        Self(letters | (text.len().min(Self::LONGEST) as u64) << 54 | first << 59)
    }

    /// Whether two texts may resemble each other at all: whether their Jaro-Winkler similarity can reach some 0.75, or for
    /// long texts, where chance brings many letters together, whether three letters in four can be in common.
    fn may_resemble(self, other: Self) -> bool {
        if self.0 == u64::MAX || other.0 == u64::MAX {
            return true;
        }
        let (length, other_length) = ((self.0 >> 54 & 31) as u32, (other.0 >> 54 & 31) as u32);
        let beyond =
            |letters: Self, length: u32| length.saturating_sub((letters.0 & Self::MASK).count_ones());
        let more = beyond(self, length).min(beyond(other, other_length));
        let common = ((self.0 & other.0 & Self::MASK).count_ones() + more) as f32;
        let (shorter, longer) = (length.min(other_length) as f32, length.max(other_length) as f32);
        if shorter >= 12.0 {
            return common >= 0.75 * shorter;
        }
        let jaro = (common / shorter + common / longer + 1.0) / 3.0;
        let prefix = if self.0 >> 59 == other.0 >> 59 { 0.4 } else { 0.0 };
        jaro + prefix * (1.0 - jaro) >= 0.75
    }
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn email_level(one: &str, other: &str) -> u8 {
    let local = |text: &str| text.find(['@']).unwrap_or(text.len());
    let (one_at, other_at) = (local(one), local(other));
    if one_at.min(other_at) >= 4 && one[..one_at] == other[..other_at] {
        return if two_slips(one, other) { 1 } else { 2 };
    }
    if one.len().min(other.len()) >= 8 && two_slips(one, other) {
        return 1;
    }
    if one.len().min(other.len()) >= 8 && similarity(one, other, 0.90) > 0.0 && slips(one, other, 4) {
        3
    } else {
        4
    }
}

fn code_level(one: &str, other: &str) -> u8 {
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    if short.len() >= 5
        && (within_one_slip(short.as_bytes(), long.as_bytes()) || (short.len() >= 7 && long.ends_with(short)))
    {
        1
    } else {
        2
    }
}

/// The Jaro-Winkler similarity when it reaches the bound, otherwise 0.
fn similarity(one: &str, other: &str, bound: f64) -> f64 {
    let arguments = jaro_winkler::Args::default().score_cutoff(bound);
    if one.is_ascii() && other.is_ascii() {
        jaro_winkler::similarity_with_args(one.bytes(), other.bytes(), &arguments).unwrap_or(0.0)
    } else {
        jaro_winkler::similarity_with_args(one.chars(), other.chars(), &arguments).unwrap_or(0.0)
    }
}

/// Whether two texts are at most two slips apart: a letter too much, missing, another, or two in each other's place.
fn two_slips(one: &str, other: &str) -> bool {
    slips(one, other, 2)
}

fn slips(one: &str, other: &str, bound: usize) -> bool {
    let arguments = osa::Args::default().score_cutoff(bound);
    if one.is_ascii() && other.is_ascii() {
        one.len().abs_diff(other.len()) <= bound
            && osa::distance_with_args(one.bytes(), other.bytes(), &arguments).is_some()
    } else {
        osa::distance_with_args(one.chars(), other.chars(), &arguments).is_some()
    }
}

/// Whether one slip makes one text the other.
pub(super) fn within_one_slip<T: PartialEq>(one: &[T], other: &[T]) -> bool {
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    let start = short.iter().zip(long).take_while(|(x, y)| x == y).count();
    match long.len() - short.len() {
        0 if start == short.len() => true,
        0 => {
            short[start + 1..] == long[start + 1..]
                || (start + 1 < short.len()
                    && short[start] == long[start + 1]
                    && short[start + 1] == long[start]
                    && short[start + 2..] == long[start + 2..])
        }
        1 => short[start..] == long[start + 1..],
        _ => false,
    }
}

fn within_one_slip_chars(one: &str, other: &str) -> bool {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    within_one_slip(&one, &other)
}

fn squeezed_equal(one: &str, other: &str) -> bool {
    one.chars().filter(|&c| c != ' ').eq(other.chars().filter(|&c| c != ' '))
}

/// Whether two names of several words share one that is not an initial.
fn shares_word(one: &str, other: &str) -> bool {
    one.split(' ').any(|word| word.chars().count() >= 2 && other.split(' ').any(|wanted| wanted == word))
}

/// Whether two texts hold the same letters, but for at most one.
fn scrambled(one: &str, other: &str) -> bool {
    if one.len().abs_diff(other.len()) > 1 {
        return false;
    }
    let mut letters = [0i8; 32];
    for byte in one.bytes() {
        letters[usize::from(byte & 31)] += 1;
    }
    for byte in other.bytes() {
        letters[usize::from(byte & 31)] -= 1;
    }
    letters.iter().map(|count| u32::from(count.unsigned_abs())).sum::<u32>() <= 2
}
