//! The form of a column: how its values become what the rules read. What rules read themselves stays as it stands, so a snapshot
//! of a server is read without any form.

use std::collections::HashMap;

use chrono_tz::Tz;

use super::dates::{self, Order};
use super::declared::is_one_of;
use super::profile::{Reads, as_it_stands};
use super::words::{SEXES, flag};
use crate::clean;
use crate::entity::LegacyTable;
use crate::record::{Text, whole_digits, without_text_mark};

/// How a column's values are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    pub(super) reads: Reads,
    pub(super) format: Format,
    /// Texts that mean that there is no value, exactly as the column has them: Nan is somebody's name beside NaN.
    pub(super) nulls: Vec<Text>,
    /// Whether values stand behind an apostrophe, as a spreadsheet marks text.
    pub(super) is_prefixed: bool,
}

/// What is particular to the kind of column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Format {
    /// What rules read.
    Plain,
    /// Words for yes and no before those that are known, and what nothing means.
    Flags { yes: Vec<String>, no: Vec<String>, nothing: Option<bool> },
    /// The words of a language for a sex.
    Sex(usize),
    /// The words for the sexes that are stated.
    StatedSex { male: Vec<String>, female: Vec<String>, other: Vec<String> },
    /// Whole numbers with decimals, among texts.
    Whole,
    /// The sign before the decimals.
    Decimal(char),
    /// How days are written; without an order as rules read them. Moments without a zone are in this one, where one is stated.
    Dates { order: Option<Order>, pivot: u32, zone: Option<Tz> },
}

/// A value that is read as another text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// What rules read; none where the text means that there is no value.
    pub value: Option<Text>,
    /// The rule by which it was read; none where it is only another spelling of the same value.
    pub rule: Option<&'static str>,
}

impl Form {
    /// How a value is read; none where it is read as it stands.
    pub fn read(&self, raw: Option<&str>) -> Option<Read> {
        let text = raw.map_or("", str::trim);
        let is_null = self.nulls.iter().any(|null| null == text);
        if let Format::Flags { yes, no, nothing } = &self.format {
            let flag = |flag: bool| Text::const_new(if flag { "t" } else { "f" });
            if let Some(stated) = stated(yes, no, text) {
                return Some(Read { value: Some(flag(stated)), rule: Some("format.flag") });
            }
            if let Some(nothing) = nothing.filter(|_| text.is_empty() || is_null) {
                return Some(Read { value: Some(flag(nothing)), rule: Some("format.flag") });
            }
        }
        if text.is_empty() {
            return None;
        }
        if is_null {
            return Some(Read { value: None, rule: Some("format.nothing") });
        }
        let bare = if self.is_prefixed || !self.reads.is_text() { without_text_mark(text) } else { text };
        let is_bare = bare.len() < text.len();
        // the same letter is a man in one language and a woman in another
        let is_of_language = match &self.format {
            Format::Sex(_) | Format::Whole => true,
            Format::StatedSex { male, female, other } => {
                [male, female, other].iter().any(|words| is_one_of(words, bare))
            }
            // a moment that stands for a day is the day that it was in its zone
            Format::Dates { zone: Some(_), .. } if self.reads == Reads::Day => bare.len() > 10,
            _ => false,
        };
        if !is_of_language && as_it_stands(self.reads, bare) {
            let (value, rule) = match self.spelled(bare) {
                Some((value, rule)) => (value, rule),
                None => (Text::from(if is_bare { bare } else { raw.unwrap_or_default() }), None),
            };
            let rule = rule.or(is_bare.then_some("format.prefix"));
            return (Some(value.as_str()) != raw).then_some(Read { value: Some(value), rule });
        }
        let (value, rule) = self.converted(bare)?;
        Some(Read { value: Some(value), rule: Some(rule) })
    }

    /// The one spelling of what rules read in several, as PostgreSQL prints it; with a rule where it took more than spelling.
    fn spelled(&self, text: &str) -> Option<(Text, Option<&'static str>)> {
        match self.reads {
            Reads::Whole | Reads::Code => Some((Text::from(text.parse::<i64>().ok()?.to_string()), None)),
            Reads::Flag => {
                let flag = clean::boolean("", Some(text)).value?;
                Some((Text::const_new(if flag { "t" } else { "f" }), None))
            }
            Reads::Moment => {
                let cleaned = clean::timestamp("", Some(text));
                if cleaned.changes.is_empty() {
                    return Some((clean::timestamp_text(&cleaned.value?), None));
                }
                // without a stated zone the rule takes it for UTC, and notes that
                let Format::Dates { zone: Some(zone), .. } = &self.format else { return None };
                let moment = dates::read(text, Order::Ymd, 0)?.moment(*zone)?;
                Some((clean::timestamp_text(&moment.and_utc()), Some("format.zone")))
            }
            Reads::Sex | Reads::Number | Reads::Day | Reads::Email | Reads::Text => None,
        }
    }

    /// What rules do not read themselves, by the format.
    fn converted(&self, text: &str) -> Option<(Text, &'static str)> {
        match (&self.format, self.reads) {
            (_, Reads::Whole | Reads::Code) | (Format::Plain, Reads::Sex) => {
                Some((Text::from(whole_digits(text)?), "format.whole"))
            }
            (Format::Flags { .. }, _) => {
                let flag = flag(&text.to_lowercase())?;
                Some((Text::const_new(if flag { "t" } else { "f" }), "format.flag"))
            }
            (Format::StatedSex { male, female, other }, _) => {
                let stated = [(male, "1"), (female, "2"), (other, "0")];
                let code =
                    stated.into_iter().find_map(|(words, code)| is_one_of(words, text).then_some(code))?;
                Some((Text::const_new(code), "format.sex"))
            }
            (Format::Whole, _) => Some((Text::from(whole_digits(text)?), "format.whole")),
            (Format::Dates { order: None, zone: Some(zone), .. }, Reads::Day) => {
                let day = dates::read(text, Order::Ymd, 0)?.day_in(*zone);
                Some((Text::from(day.to_string()), "format.zone"))
            }
            (Format::Sex(language), _) => {
                Some((Text::const_new(SEXES[*language].code(&text.to_lowercase())?), "format.sex"))
            }
            (Format::Decimal(sign), _) => Some((Text::from(decimal(text, *sign)?), "format.decimal")),
            (Format::Dates { order: Some(order), pivot, zone }, reads) => {
                let written = dates::read(text, *order, *pivot)?;
                let rule = match order {
                    Order::Ymd => "format.ymd",
                    Order::Dmy => "format.dmy",
                    Order::Mdy => "format.mdy",
                    Order::Excel | Order::Excel1904 => "format.excel",
                    Order::Unix => "format.unix",
                };
                let value = if reads == Reads::Day {
                    Text::from(zone.map_or(written.day(), |zone| written.day_in(zone)).to_string())
                } else {
                    clean::timestamp_text(&written.moment(zone.unwrap_or(Tz::UTC))?.and_utc())
                };
                Some((value, rule))
            }
            _ => None,
        }
    }
}

/// What the configuration says that a word means.
fn stated(yes: &[String], no: &[String], text: &str) -> Option<bool> {
    let is = |words: &[String]| !words.is_empty() && !text.is_empty() && is_one_of(words, text);
    if is(yes) { Some(true) } else { is(no).then_some(false) }
}

/// A text of a column in the one spelling of its value, as PostgreSQL prints it: flags, moments and keys of other programs too. A
/// text that says no such value stays as it stands.
pub fn in_one_spelling(reads: Reads, text: Option<&str>) -> Option<Text> {
    let format = match reads {
        Reads::Flag => Format::Flags { yes: Vec::new(), no: Vec::new(), nothing: None },
        Reads::Moment => Format::Dates { order: None, pivot: 0, zone: Some(Tz::UTC) },
        _ => Format::Plain,
    };
    let form = Form { reads, format, nulls: Vec::new(), is_prefixed: false };
    match form.read(text) {
        Some(read) => read.value,
        None => text.map(Text::from),
    }
}

/// Whether two texts of a column say the same: equal, or one value in two spellings.
pub fn says_the_same(reads: Reads, one: Option<&str>, other: Option<&str>) -> bool {
    one == other || !reads.is_text() && in_one_spelling(reads, one) == in_one_spelling(reads, other)
}

/// A decimal number with this sign before its decimals, as one with a point: groups of thousands and a per cent sign go.
pub(super) fn decimal(text: &str, sign: char) -> Option<String> {
    let number = text.trim_end_matches(['%', ' ', '\u{a0}']);
    let (whole, decimals) = number.split_once(sign).unwrap_or((number, ""));
    let other = if sign == ',' { '.' } else { ',' };
    let group = |c: char| c == other || matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\'');
    let groups: Vec<&str> = whole.split(group).collect();
    let is_grouped = groups.iter().skip(1).all(|group| group.len() == 3);
    let digits = groups.concat();
    let is_number = is_grouped
        && !digits.is_empty()
        && digits
            .strip_prefix('-')
            .unwrap_or(&digits)
            .bytes()
            .chain(decimals.bytes())
            .all(|byte| byte.is_ascii_digit());
    is_number.then(|| if decimals.is_empty() { digits } else { format!("{digits}.{decimals}") })
}

/// The forms of all columns that have one, by table and column.
#[derive(Debug, Clone, Default)]
pub struct Forms(HashMap<(String, String), Form>);

impl Forms {
    /// Forms of columns.
    pub fn new(forms: impl IntoIterator<Item = ((String, String), Form)>) -> Self {
        Self(forms.into_iter().collect())
    }

    /// Those of a table in the order of its columns that rules know, the key left out; none where no column has one.
    pub fn of(&self, table: &LegacyTable) -> Option<Vec<Option<&Form>>> {
        if self.0.is_empty() {
            return None;
        }
        let form = |column: &str| self.0.get(&(table.name.to_owned(), column.to_owned()));
        let forms: Vec<_> = table.fields().map(|(column, _)| form(column)).collect();
        forms.iter().any(Option::is_some).then_some(forms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(form: &Form, raw: &str) -> String {
        match form.read(Some(raw)) {
            None => "as it stands".to_owned(),
            Some(Read { value, rule }) => {
                format!("{} by {}", value.as_deref().unwrap_or("nothing"), rule.unwrap_or("spelling"))
            }
        }
    }

    #[test]
    fn keys_and_references_are_whole_numbers() {
        let form = Form {
            reads: Reads::Whole,
            format: Format::Plain,
            nulls: vec!["\\N".into()],
            is_prefixed: false,
        };
        for (raw, value) in [
            ("434", "as it stands"),
            ("434.0", "434 by format.whole"),
            ("434.00", "434 by format.whole"),
            ("434.000", "as it stands"),
            (" 434 ", "434 by spelling"),
            ("'434", "434 by format.prefix"),
            ("=\"434\"", "434 by format.prefix"),
            ("\\N", "nothing by format.nothing"),
            ("1.5", "as it stands"),
            ("1e3", "as it stands"),
            ("1,234", "as it stands"),
            (".0", "as it stands"),
            ("99999999999999999999.0", "as it stands"),
            ("", "as it stands"),
        ] {
            assert_eq!(read(&form, raw), value, "{raw}");
        }
    }

    #[test]
    fn flags_are_read_in_the_words_of_their_column() {
        let flags = |nothing| Form {
            reads: Reads::Flag,
            format: Format::Flags { yes: vec!["Jup".into()], no: Vec::new(), nothing },
            nulls: Vec::new(),
            is_prefixed: false,
        };
        for (raw, value) in [
            ("t", "as it stands"),
            ("True", "t by spelling"),
            ("VRAI", "t by format.flag"),
            ("FALSCH", "f by format.flag"),
            ("1.0", "t by format.flag"),
            ("-1", "t by format.flag"),
            ("jup", "t by format.flag"),
            ("perhaps", "as it stands"),
        ] {
            assert_eq!(read(&flags(None), raw), value, "{raw}");
        }
        assert_eq!(flags(None).read(None), None);
        assert_eq!(read(&flags(Some(false)), ""), "f by format.flag");
        assert_eq!(flags(Some(false)).read(None).unwrap().value.as_deref(), Some("f"));
    }

    #[test]
    fn the_same_value_may_be_printed_in_two_ways() {
        for (reads, one, other, is_same) in [
            (Reads::Flag, "t", "True", true),
            (Reads::Flag, "t", "f", false),
            (Reads::Moment, "2019-03-04 05:06:07+00", "2019-03-04 06:06:07.000+01", true),
            (Reads::Moment, "2019-03-04 05:06:07+00", "2019-03-04T05:06:07", true),
            (Reads::Moment, "2019-03-04 05:06:07+00", "2019-03-04 05:06:08+00", false),
            (Reads::Whole, "7", "7.0", true),
            (Reads::Whole, "7", "8", false),
            (Reads::Text, "True", "true", false),
        ] {
            assert_eq!(says_the_same(reads, Some(one), Some(other)), is_same, "{one} and {other}");
        }
        assert!(!says_the_same(Reads::Flag, None, Some("f")));
    }

    #[test]
    fn one_letter_is_what_the_language_of_its_column_says() {
        let in_language = |word: &str| SEXES.iter().position(|sexes| sexes.code(word).is_some()).unwrap();
        for (language, raw, code) in
            [("hombre", "m", "2"), ("hombre", "H", "1"), ("weiblich", "m", "1"), ("weiblich", "W", "2")]
        {
            let format = Format::Sex(in_language(language));
            let form = Form { reads: Reads::Sex, format, nulls: Vec::new(), is_prefixed: false };
            assert_eq!(read(&form, raw), format!("{code} by format.sex"), "{language}: {raw}");
        }
    }

    #[test]
    fn numbers_keep_their_decimals() {
        for (text, sign, number) in [
            ("10,25", ',', Some("10.25")),
            ("10,25 %", ',', Some("10.25")),
            ("1.234,5", ',', Some("1234.5")),
            ("1 234,5", ',', Some("1234.5")),
            ("1,234.5", '.', Some("1234.5")),
            ("8.25%", '.', Some("8.25")),
            ("1,2,3", ',', None),
            ("1.23,5", ',', None),
            ("ten", ',', None),
            ("", ',', None),
        ] {
            assert_eq!(decimal(text, sign).as_deref(), number, "{text}");
        }
    }
}
