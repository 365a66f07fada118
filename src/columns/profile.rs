//! What is counted of a column, value by value; the counts of two parts of a table add up to those of the whole.

use std::collections::{BTreeMap, HashMap};

use chrono::{Datelike, NaiveDateTime};

use super::dates::{self, Order};
use super::days::{Days, latest_year, place};
use super::declared::Declared;
use super::distinct::Distinct;
use super::form::decimal;
use super::shape::shape;
use super::words::marker;
use crate::clean;
use crate::entity::Holds;
use crate::record::{Text, whole_digits, without_text_mark};

/// What rules read out of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reads {
    /// A key or a reference.
    Whole,
    /// A code that is a whole number.
    Code,
    /// Yes or no.
    Flag,
    /// A sex.
    Sex,
    /// A decimal number.
    Number,
    /// A day.
    Day,
    /// A moment.
    Moment,
    /// An address, of which the rule says itself what is none.
    Email,
    /// Any other text.
    Text,
}

impl Reads {
    /// What is read out of a column that holds this.
    pub const fn of(holds: Holds) -> Self {
        match holds {
            Holds::Identifier => Self::Whole,
            Holds::Code => Self::Code,
            Holds::Flag => Self::Flag,
            Holds::Sex => Self::Sex,
            Holds::Number => Self::Number,
            Holds::Birthdate => Self::Day,
            Holds::Moment => Self::Moment,
            Holds::Email => Self::Email,
            Holds::Label
            | Holds::Country
            | Holds::Name
            | Holds::Phone
            | Holds::Address
            | Holds::Username
            | Holds::FreeText
            | Holds::Json => Self::Text,
        }
    }

    /// The word in the file, and in messages: what a value is to be.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Whole => "key",
            Self::Code => "code",
            Self::Flag => "flag",
            Self::Sex => "sex",
            Self::Number => "number",
            Self::Day => "date",
            Self::Moment => "moment",
            Self::Email => "address",
            Self::Text => "text",
        }
    }

    /// Whether any text is a value.
    pub(super) const fn is_text(self) -> bool {
        matches!(self, Self::Email | Self::Text)
    }
}

/// Shapes and words that are told apart; of further ones only the shapes are counted, together.
const TOLD_APART: usize = 64;

/// A column counted.
#[derive(Debug, Clone)]
pub struct Profile {
    pub(super) reads: Reads,
    /// Whether its texts are names of people and places, in which a question mark stands for a letter.
    pub(super) is_name: bool,
    pivot: u32,
    /// What the configuration says of the column.
    declared: Declared,
    /// Values that are null.
    nulls: u64,
    /// Values without any visible character.
    empty: u64,
    /// All other values.
    pub(super) filled: u64,
    distinct: Distinct,
    shapes: HashMap<Text, u64>,
    further_shapes: u64,
    /// Values that rules read as they stand.
    pub(super) plain: u64,
    /// Of these, those in another spelling than PostgreSQL's.
    pub(super) respelled: u64,
    /// Values behind an apostrophe.
    pub(super) prefixed: u64,
    /// Texts that may mean that there is no value.
    pub(super) markers: BTreeMap<Text, u64>,
    /// The words of flags and sexes, in lower case.
    pub(super) words: BTreeMap<String, u64>,
    /// Whole numbers with decimals that are zero.
    pub(super) wholes: u64,
    /// Texts with letters beyond ASCII, and those with a question mark where a letter was.
    pub(super) beyond_ascii: u64,
    pub(super) question_marks: u64,
    /// Texts that a spreadsheet took for numbers, and of which it kept a few digits: `1.5E+10`.
    pub(super) exponents: u64,
    /// Numbers that are one with a comma before the decimals, and with a point.
    pub(super) commas: u64,
    pub(super) points: u64,
    pub(super) days: Days,
    /// The same by the sign between the parts of a date.
    pub(super) signs: BTreeMap<char, Days>,
    /// Days with a time other than midnight.
    pub(super) timed: u64,
    /// Of the plain ones, days later than the snapshot's year.
    pub(super) later: u64,
    /// The smallest and the largest value in the order of their kind, of those that rules read as they stand; of texts their
    /// lengths.
    range: Option<(i64, i64)>,
    texts: Option<(Text, Text)>,
}

/// Whether a name has lost letters, or all of them.
fn has_lost_letters(name: &str) -> bool {
    name.bytes().all(|byte| matches!(byte, b'?' | b' ')) || name.contains('?') && clean::has_lost_letter(name)
}

/// Whether a text is a number as spreadsheets write long ones.
fn is_exponent(text: &str) -> bool {
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.split_once("E+").is_some_and(|(number, power)| {
        let (whole, decimals) = number.split_once(['.', ',']).unwrap_or((number, "0"));
        is_digits(whole) && is_digits(decimals) && is_digits(power)
    })
}

impl Profile {
    /// Nothing yet, of a column that is read so. Two digits are a year up to `pivot` of this century, where nothing else is declared.
    pub fn new(reads: Reads, declared: &Declared, pivot: u32) -> Self {
        Self {
            reads,
            is_name: false,
            pivot: declared.pivot.map_or(pivot, u32::from),
            declared: declared.clone(),
            nulls: 0,
            empty: 0,
            filled: 0,
            distinct: Distinct::default(),
            shapes: HashMap::new(),
            further_shapes: 0,
            plain: 0,
            respelled: 0,
            prefixed: 0,
            markers: BTreeMap::new(),
            words: BTreeMap::new(),
            wholes: 0,
            beyond_ascii: 0,
            question_marks: 0,
            exponents: 0,
            commas: 0,
            points: 0,
            days: Days::default(),
            signs: BTreeMap::new(),
            timed: 0,
            later: 0,
            range: None,
            texts: None,
        }
    }

    /// Of a column that holds this.
    pub fn of(holds: Holds, declared: &Declared, pivot: u32) -> Self {
        let is_name = matches!(holds, Holds::Name | Holds::Address | Holds::Label);
        Self { is_name, ..Self::new(Reads::of(holds), declared, pivot) }
    }

    /// Counts a value.
    pub fn add(&mut self, raw: Option<&str>) {
        let Some(raw) = raw else {
            self.nulls += 1;
            return;
        };
        let text = raw.trim();
        if text.is_empty() {
            self.empty += 1;
            return;
        }
        self.filled += 1;
        self.distinct.add(text);
        self.count_shape(shape(text));
        if marker(text).is_some() || self.declared.is_null(text) {
            *self.markers.entry(Text::from(text)).or_default() += 1;
            return;
        }
        let bare = without_text_mark(text);
        self.prefixed += u64::from(bare.len() < text.len());
        if self.reads.is_text() {
            self.plain += 1;
            self.wholes += u64::from(text.ends_with('0') && whole_digits(text).is_some());
            self.beyond_ascii += u64::from(!text.is_ascii());
            self.question_marks += u64::from(self.is_name && has_lost_letters(text));
            self.exponents += u64::from(is_exponent(text));
            let length = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
            self.widen(length);
        } else {
            self.count_value(raw, bare);
        }
    }

    fn count_value(&mut self, raw: &str, text: &str) {
        if matches!(self.reads, Reads::Flag | Reads::Sex) {
            let word = text.to_lowercase();
            // of more words than that none is a flag's
            if self.words.len() < TOLD_APART || self.words.contains_key(&word) {
                *self.words.entry(word).or_default() += 1;
            }
        }
        if self.reads == Reads::Day && text.len() > 10 {
            let written = dates::read(text, Order::Ymd, self.pivot);
            self.timed += u64::from(written.is_some_and(dates::Written::is_timed));
        }
        if as_it_stands(self.reads, text) {
            self.plain += 1;
            self.later += u64::from(self.reads == Reads::Day && self.is_later(text));
            self.respelled += u64::from(!is_spelled(self.reads, raw));
            match self.reads {
                Reads::Whole | Reads::Code => self.widen(text.parse().unwrap_or_default()),
                Reads::Day | Reads::Moment => self.widen_text(text),
                _ => {}
            }
            return;
        }
        match self.reads {
            Reads::Whole | Reads::Code | Reads::Sex => self.wholes += u64::from(whole_digits(text).is_some()),
            Reads::Number => {
                self.commas += u64::from(decimal(text, ',').is_some());
                self.points += u64::from(decimal(text, '.').is_some());
            }
            Reads::Day | Reads::Moment => {
                let sign = text.chars().find(|letter| !letter.is_alphanumeric()).unwrap_or(' ');
                self.days.add(text, self.reads, self.pivot);
                if self.signs.len() < 4 || self.signs.contains_key(&sign) {
                    self.signs.entry(sign).or_default().add(text, self.reads, self.pivot);
                }
            }
            Reads::Flag | Reads::Email | Reads::Text => {}
        }
    }

    /// Whether a day lies in a later year than the snapshot's: it may be of another calendar.
    fn is_later(&self, text: &str) -> bool {
        clean::day(text).is_some_and(|day| day.year() > latest_year(self.pivot))
    }

    fn count_shape(&mut self, shape: Text) {
        if self.shapes.len() < TOLD_APART || self.shapes.contains_key(&shape) {
            *self.shapes.entry(shape).or_default() += 1;
        } else {
            self.further_shapes += 1;
        }
    }

    fn widen(&mut self, number: i64) {
        self.range =
            Some(self.range.map_or((number, number), |(low, high)| (low.min(number), high.max(number))));
    }

    fn widen_text(&mut self, text: &str) {
        match &mut self.texts {
            None => self.texts = Some((Text::from(text), Text::from(text))),
            Some((low, _)) if text < low.as_str() => *low = Text::from(text),
            Some((_, high)) if text > high.as_str() => *high = Text::from(text),
            Some(_) => {}
        }
    }

    /// Counts what another has counted of the same column.
    pub fn merge(&mut self, other: Self) {
        self.nulls += other.nulls;
        self.empty += other.empty;
        self.filled += other.filled;
        self.distinct.merge(other.distinct);
        let mut shapes: Vec<_> = other.shapes.into_iter().collect();
        shapes.sort_unstable();
        for (shape, count) in shapes {
            if self.shapes.len() < TOLD_APART || self.shapes.contains_key(&shape) {
                *self.shapes.entry(shape).or_default() += count;
            } else {
                self.further_shapes += count;
            }
        }
        self.further_shapes += other.further_shapes;
        self.plain += other.plain;
        self.respelled += other.respelled;
        self.prefixed += other.prefixed;
        for (marker, count) in other.markers {
            *self.markers.entry(marker).or_default() += count;
        }
        for (word, count) in other.words {
            *self.words.entry(word).or_default() += count;
        }
        self.wholes += other.wholes;
        self.beyond_ascii += other.beyond_ascii;
        self.question_marks += other.question_marks;
        self.exponents += other.exponents;
        self.commas += other.commas;
        self.points += other.points;
        self.days.merge(&other.days);
        for (sign, days) in &other.signs {
            self.signs.entry(*sign).or_default().merge(days);
        }
        self.timed += other.timed;
        self.later += other.later;
        for number in other.range.into_iter().flat_map(|(low, high)| [low, high]) {
            self.widen(number);
        }
        for text in other.texts.into_iter().flat_map(|(low, high)| [low, high]) {
            self.widen_text(&text);
        }
    }

    /// What rules read out of the column.
    pub fn reads(&self) -> Reads {
        self.reads
    }

    /// The values counted.
    pub fn rows(&self) -> u64 {
        self.nulls + self.empty + self.filled
    }

    /// Those that are null, and those without a visible character.
    pub(super) fn missing(&self) -> u64 {
        self.nulls + self.empty
    }

    /// Whether whatever is missing is null.
    pub(super) fn is_null_where_missing(&self) -> bool {
        self.empty == 0 && self.markers.is_empty()
    }

    /// Those that are null.
    pub fn nulls(&self) -> u64 {
        self.nulls
    }

    /// Those without a visible character.
    pub fn empty(&self) -> u64 {
        self.empty
    }

    /// How many different values there are, and whether that is exact.
    pub fn distinct(&self) -> (u64, bool) {
        self.distinct.count()
    }

    /// The most frequent shapes, the most frequent first, and how many values have none of them.
    pub fn shapes(&self, most: usize) -> (Vec<(&str, u64)>, u64) {
        let mut shapes: Vec<(&str, u64)> =
            self.shapes.iter().map(|(shape, count)| (shape.as_str(), *count)).collect();
        shapes.sort_unstable_by(|(a, many), (b, more)| more.cmp(many).then(a.cmp(b)));
        let others = shapes.iter().skip(most).map(|(_, count)| count).sum::<u64>() + self.further_shapes;
        shapes.truncate(most);
        (shapes, others)
    }

    /// The smallest and the largest value in the order of its kind; of texts the shortest and the longest length.
    pub(super) fn range(&self, order: Option<Order>) -> Option<(String, String)> {
        if let Some((low, high)) = self.range {
            return Some((low.to_string(), high.to_string()));
        }
        let at = order.and_then(place);
        let converted = at.and_then(|at| self.days.ranges[at]).map(|(low, high)| {
            let shown = |moment: NaiveDateTime| match self.reads {
                Reads::Day => moment.date().to_string(),
                _ => clean::timestamp_text(&moment.and_utc()).into(),
            };
            (shown(low), shown(high))
        });
        let plain = self.texts.as_ref().map(|(low, high)| (low.to_string(), high.to_string()));
        match (plain, converted) {
            (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
            (one, other) => one.or(other),
        }
    }
}

/// Whether the rules read a trimmed text as it stands.
pub(super) fn as_it_stands(reads: Reads, text: &str) -> bool {
    match reads {
        Reads::Email | Reads::Text => true,
        Reads::Whole | Reads::Code => text.parse::<i64>().is_ok(),
        Reads::Flag => matches!(text, "t" | "f") || clean::boolean("", Some(text)).value.is_some(),
        // the rule takes 1.0 for 1; the column says it once for all
        Reads::Sex => whole_digits(text).is_none() && clean::gender("", Some(text)).issues.is_empty(),
        Reads::Number => {
            let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
            let whole = whole.strip_prefix(['+', '-']).unwrap_or(whole);
            whole.len() + decimals.len() > 0
                && whole.bytes().chain(decimals.bytes()).all(|byte| byte.is_ascii_digit())
        }
        Reads::Day => clean::day(text).is_some(),
        Reads::Moment => is_spelled(reads, text) || clean::timestamp("", Some(text)).value.is_some(),
    }
}

/// Whether a value that rules read is written as PostgreSQL prints it; what matters only for kinds of which rules keep the
/// original.
fn is_spelled(reads: Reads, raw: &str) -> bool {
    match reads {
        Reads::Whole | Reads::Code => {
            let digits = raw.strip_prefix('-').unwrap_or(raw);
            !digits.is_empty()
                && digits.bytes().all(|byte| byte.is_ascii_digit())
                && (digits == "0" && digits.len() == raw.len() || !digits.starts_with('0'))
        }
        Reads::Flag => matches!(raw, "t" | "f"),
        Reads::Moment => is_printed_moment(raw.as_bytes()),
        Reads::Sex | Reads::Number | Reads::Day | Reads::Email | Reads::Text => true,
    }
}

/// `2019-03-04 05:06:07+00`, with decimals that do not end in zero.
fn is_printed_moment(bytes: &[u8]) -> bool {
    let Some(rest) = bytes.strip_suffix(b"+00") else { return false };
    let Some((seconds, decimals)) = rest.split_at_checked(19) else { return false };
    let digit = |at: usize| seconds[at].is_ascii_digit();
    let pair = |at: usize| {
        u32::from(seconds[at].wrapping_sub(b'0')) * 10 + u32::from(seconds[at + 1].wrapping_sub(b'0'))
    };
    let signs = [(4, b'-'), (7, b'-'), (10, b' '), (13, b':'), (16, b':')];
    signs.iter().all(|(at, sign)| seconds[*at] == *sign)
        && (0..19).all(|at| signs.iter().any(|(sign, _)| *sign == at) || digit(at))
        && (1..=12).contains(&pair(5))
        && (1..=28).contains(&pair(8))
        && pair(11) < 24
        && pair(14) < 60
        && pair(17) < 60
        && &seconds[..4] != b"0000"
        && match decimals {
            [] => true,
            [b'.', decimals @ .., last] => {
                decimals.len() < 6 && decimals.iter().all(u8::is_ascii_digit) && (b'1'..=b'9').contains(last)
            }
            _ => false,
        }
}
