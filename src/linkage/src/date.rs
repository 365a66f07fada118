//! Dates as people type them: which format a column is written in, what a value then says, and how far two values
//! agree. Impossible dates (a 13th month, a 31st of June) keep their parts, because the slip that made them is evidence.

use drydock_random::scramble;

/// Year, month and day; a part that is not known is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct Date {
    pub(crate) year: u16,
    pub(crate) month: u8,
    pub(crate) day: u8,
}

/// How `03/04/1980` is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    DayFirst,
    MonthFirst,
}

impl Order {
    /// The order of a column: values that can only be read one way decide for the others.
    pub(crate) fn of_column<'a>(values: impl Iterator<Item = &'a str>) -> Order {
        let (mut day_first, mut month_first) = (0u32, 0u32);
        for raw in values {
            let [first, second, last] = numbers(raw)[..] else { continue };
            if last.len() == 4 || first.len() <= 2 {
                let (first, second) = (value(first), value(second));
                day_first += u32::from(first > 12 && second <= 12);
                month_first += u32::from(second > 12 && first <= 12);
            }
        }
        if month_first > day_first { Order::MonthFirst } else { Order::DayFirst }
    }
}

/// The runs of digits of a text, before a time of day.
fn numbers(raw: &str) -> Vec<&str> {
    let date = match raw.find(':') {
        Some(colon) => raw[..colon].rfind([' ', 'T', 't']).map_or(raw, |end| &raw[..end]),
        None => raw,
    };
    date.split(|c: char| !c.is_ascii_digit()).filter(|run| !run.is_empty()).collect()
}

fn value(digits: &str) -> u16 {
    digits.parse().unwrap_or(0)
}

/// The month that a word of the text names, in English, German, French or Spanish, by its first letters.
fn named_month(raw: &str) -> Option<u8> {
    const NAMES: [&[&str]; 12] = [
        &["jan", "ene"],
        &["feb", "fév", "fev"],
        &["mar", "mär", "mrz"],
        &["apr", "avr", "abr"],
        &["may", "mai"],
        &["jun", "juin"],
        &["jul", "juil"],
        &["aug", "aoû", "aou", "ago"],
        &["sep"],
        &["oct", "okt"],
        &["nov"],
        &["dec", "dez", "déc", "dic"],
    ];
    let lower = raw.to_lowercase();
    let word = lower.split(|c: char| !c.is_alphabetic()).find(|word| word.chars().count() >= 3)?;
    let at = NAMES.iter().position(|names| names.iter().any(|name| word.starts_with(name)))?;
    u8::try_from(at + 1).ok()
}

impl Date {
    /// What a text says, or nothing when it does not name at least a year.
    pub(crate) fn read(raw: &str, order: Order) -> Option<Date> {
        let raw = raw.trim();
        let numbers = numbers(raw);
        let small = |digits: &str| u8::try_from(value(digits)).unwrap_or(0);
        let date = match numbers[..] {
            [one] if one.len() == 8 => {
                if is_year(&one[..4]) {
                    Date { year: value(&one[..4]), month: small(&one[4..6]), day: small(&one[6..]) }
                } else {
                    ordered(&one[..2], &one[2..4], &one[4..], order)
                }
            }
            [year] if is_year(year) => {
                Date { year: value(year), month: named_month(raw).unwrap_or(0), day: 0 }
            }
            [first, second] => match named_month(raw) {
                Some(month) if is_year(second) => Date { year: value(second), month, day: small(first) },
                Some(month) if is_year(first) => Date { year: value(first), month, day: small(second) },
                None if is_year(first) => Date { year: value(first), month: small(second), day: 0 },
                None if is_year(second) => Date { year: value(second), month: small(first), day: 0 },
                _ => return None,
            },
            // a month beyond the twelfth is not put right: the slip that made it is evidence, and may be another one
            [first, second, third] if first.len() >= 3 => {
                Date { year: value(first), month: small(second), day: small(third) }
            }
            [first, second, third] if third.len() <= 4 => ordered(first, second, third, order),
            _ => return None,
        };
        (date.year != 0).then_some(date)
    }

    /// A digest of the date; other dates have other ones.
    pub(crate) fn digest(self) -> u64 {
        scramble(u64::from(self.year) << 16 | u64::from(self.month) << 8 | u64::from(self.day))
    }

    fn is_full(self) -> bool {
        self.month != 0 && self.day != 0
    }

    /// Whether the calendar has the day.
    pub(crate) fn is_real(self) -> bool {
        let leap =
            self.year.is_multiple_of(4) && (!self.year.is_multiple_of(100) || self.year.is_multiple_of(400));
        let days = match self.month {
            4 | 6 | 9 | 11 => 30,
            2 => 28 + u8::from(leap),
            1..=12 => 31,
            _ => return false,
        };
        (1..=days).contains(&self.day)
    }

    /// Whether programs and people write the date for one that they do not know: the first and last days of their
    /// calendars, and one digit again and again. A date that is one in this file alone is found by its number.
    pub(crate) fn is_placeholder(self) -> bool {
        matches!(
            (self.year, self.month, self.day),
            (..=1499 | 2050.., ..)
                | (1582 | 1600 | 1700 | 1753 | 1800 | 1900 | 1901 | 1904 | 1970 | 2000, 1, 1)
                | (1899, 12, 30 | 31)
                | (1900, 1, 2)
                | (1901, 12, 13 | 14)
                | (1888, 8, 8)
                | (1910, 10, 10)
                | (1911, 11, 11)
                | (1969, 12, 31)
        )
    }

    /// Whether people and programs write the day so often for one that they do not know that it says little beside a
    /// name: one number three times, what lies next to the first day of a calendar.
    pub(crate) fn is_doubtful(self) -> bool {
        // 1988-08-08, 1908-08-08, 1922-02-22
        let month = u16::from(self.month);
        let is_again = |part: u16| month > 0 && (part == month || part == 11 * month);
        is_again(self.day.into()) && is_again(self.year % 100)
            || matches!(
                (self.year, self.month, self.day),
                (1582, 10, 15)
                    | (1752, 9, 14)
                    | (1840 | 1900, 12, 31)
                    | (1601 | 1841, 1, 1)
                    | (1858, 11, 17)
                    | (1899, 11, 30)
                    | (1899, 12, 29)
                    | (1900, 2, 28 | 29)
                    | (1904 | 1970, 1, 2)
                    | (2038, 1, 19)
            )
    }

    /// The first or the last day of a year: the birthday of one in 180, and of all of whom the year alone is known.
    pub(crate) fn is_year_end(self) -> bool {
        self.is_new_year() || (self.month == 12 && self.day == 31)
    }

    /// The date with a first of January read as the year alone.
    pub(crate) fn without_placeholder(self) -> Date {
        if self.is_new_year() { Date { month: 0, day: 0, ..self } } else { self }
    }

    pub(crate) fn is_new_year(self) -> bool {
        self.month == 1 && self.day == 1
    }

    /// Month and day, the smaller first: the same for a date and its swapped form.
    pub(crate) fn unordered_day(self) -> Option<u32> {
        let (low, high) = (self.month.min(self.day), self.month.max(self.day));
        self.is_full().then(|| (u32::from(low) << 8) | u32::from(high))
    }

    /// Days on a calendar of equal months: good enough to say how near two dates are.
    fn days(self) -> i32 {
        i32::from(self.year) * 365 + i32::from(self.month) * 365 / 12 + i32::from(self.day)
    }

    /// The eight digits of year, month and day, four bits each.
    fn digits(self) -> u32 {
        let pair = |number: u32| ((number / 10 % 10) << 4) | (number % 10);
        let (year, month, day) = (u32::from(self.year), u32::from(self.month), u32::from(self.day));
        pair(year / 100) << 24 | pair(year) << 16 | pair(month) << 8 | pair(day)
    }
}

/// How many digits are others.
fn differing(x: u32, y: u32) -> u32 {
    let bits = x ^ y;
    ((bits | bits >> 1 | bits >> 2 | bits >> 3) & 0x1111_1111).count_ones()
}

fn is_year(digits: &str) -> bool {
    digits.len() == 4 && (1500..2200).contains(&value(digits))
}

fn ordered(first: &str, second: &str, year: &str, order: Order) -> Date {
    let (one, two) = (value(first) as u8, value(second) as u8);
    let (day, month) = match order {
        _ if one > 12 => (one, two),
        _ if two > 12 => (two, one),
        Order::DayFirst => (one, two),
        Order::MonthFirst => (two, one),
    };
    let year = match (year.len(), value(year)) {
        (1 | 2, short) => short + if short <= 30 { 2000 } else { 1900 },
        (_, long) => long,
    };
    Date { year, month, day }
}

/// How far two dates agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Agreement {
    /// The same day.
    Exact,
    /// The same with day and month swapped.
    Swapped,
    /// Year, month or day has one slip: a digit, two digits in each other's place.
    Slip,
    /// Year, month or day is another.
    OnePart,
    /// Within forty days, or within ten in another decade.
    Near,
    /// The year is another, and so far away that it is as well a parent's: father and son of one name are not near.
    Generation,
    /// Within some thirteen months, or two digits off.
    Vague,
    /// All that one of the two says agrees: a year, or year and month.
    Partial,
    /// Another date.
    Other,
}

/// Years between two births that may be a parent's and a child's.
const GENERATION: u16 = 15;

/// Compares two dates; at least their years are known.
pub(crate) fn compare(a: Date, b: Date) -> Agreement {
    if !a.is_full() || !b.is_full() {
        let month_differs = a.month != 0 && b.month != 0 && a.month != b.month;
        return if a.year == b.year && !month_differs { Agreement::Partial } else { Agreement::Other };
    }
    if a == b {
        return Agreement::Exact;
    }
    if a.year == b.year && a.month == b.day && a.day == b.month {
        return Agreement::Swapped;
    }
    let (x, y) = (a.digits(), b.digits());
    let differing_in_all = differing(x, y);
    let years = a.year.abs_diff(b.year);
    let parts = usize::from(years > 0) + usize::from(a.month != b.month) + usize::from(a.day != b.day);
    if parts == 1 {
        if years >= GENERATION {
            return Agreement::Generation;
        }
        let digit = |digits: u32, at: u32| digits >> (28 - 4 * at) & 0xf;
        let exchanged = |&at: &u32| digit(x, at) == digit(y, at + 1) && digit(x, at + 1) == digit(y, at);
        let transposed = differing_in_all == 2
            && [0, 1, 2, 4, 6].iter().any(|at| exchanged(at) && digit(x, *at) != digit(y, *at));
        return if differing_in_all == 1 || transposed { Agreement::Slip } else { Agreement::OnePart };
    }
    let apart = (a.days() - b.days()).abs();
    let years_slip = differing(x >> 16, y >> 16) == 1;
    let decade = i32::from(years) / 10 * 3650;
    if apart <= 40 || (years_slip && decade > 0 && years < GENERATION && (apart - decade).abs() <= 10) {
        return Agreement::Near;
    }
    if apart <= 400 || differing_in_all <= 2 { Agreement::Vague } else { Agreement::Other }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(raw: &str) -> Date {
        Date::read(raw, Order::DayFirst).unwrap_or_default()
    }

    #[test]
    fn formats_are_read() {
        for (raw, year, month, day) in [
            ("1980-04-03", 1980, 4, 3),
            ("19800403", 1980, 4, 3),
            ("03041980", 1980, 4, 3),
            ("3.4.1980", 1980, 4, 3),
            ("03/04/1980", 1980, 4, 3),
            ("04/13/1980", 1980, 4, 13),
            ("1980-04-03T00:00:00", 1980, 4, 3),
            ("1980-04-03 12:30:00", 1980, 4, 3),
            ("3 April 1980", 1980, 4, 3),
            ("April 3, 1980", 1980, 4, 3),
            ("03.04.80", 1980, 4, 3),
            ("1980", 1980, 0, 0),
            ("1980-04", 1980, 4, 0),
            ("1980-31-05", 1980, 31, 5),
            ("19801332", 1980, 13, 32),
            ("", 0, 0, 0),
            ("soon", 0, 0, 0),
            ("12", 0, 0, 0),
        ] {
            assert_eq!(date(raw), Date { year, month, day }, "{raw}");
        }
    }

    #[test]
    fn a_column_decides_its_order() {
        assert_eq!(Order::of_column(["03/04/1980", "04/13/1980"].into_iter()), Order::MonthFirst);
        assert_eq!(Order::of_column(["03/04/1980", "13/04/1980"].into_iter()), Order::DayFirst);
        assert_eq!(Order::of_column(["1980-04-13"].into_iter()), Order::DayFirst);
        assert_eq!(Date::read("03/04/1980", Order::MonthFirst), Some(Date { year: 1980, month: 3, day: 4 }));
    }

    #[test]
    fn what_is_no_birthdate_is_known() {
        for raw in [
            "1900-01-01",
            "1899-12-30",
            "1969-12-31",
            "1970-01-01",
            "9999-12-31",
            "1111-11-11",
            "0001-01-01",
            "1753-01-01",
            "2099-99-99",
            "2222-02-22",
            "1911-11-11",
        ] {
            let date = Date::read(raw, Order::DayFirst).unwrap_or(Date { year: 1, month: 1, day: 1 });
            assert!(date.is_placeholder() || !date.is_real(), "{raw}");
        }
        for raw in ["1980-04-03", "1911-11-12", "1911-01-11", "2000-02-29", "1999-09-10", "1955-05-05"] {
            assert!(!date(raw).is_placeholder() && date(raw).is_real(), "{raw}");
        }
        assert!(!date("1900-02-29").is_real() && !date("1980-31-05").is_real());
    }

    #[test]
    fn agreement_is_graded_and_symmetric() {
        for (a, b, agreement) in [
            ("1980-04-03", "03.04.1980", Agreement::Exact),
            ("1980-04-03", "1980-03-04", Agreement::Swapped),
            ("1980-04-03", "1980-04-08", Agreement::Slip),
            ("1980-04-12", "1980-04-21", Agreement::Slip),
            ("1980-04-03", "1990-04-03", Agreement::Slip),
            ("1980-04-03", "1980-04-25", Agreement::OnePart),
            ("1979-04-03", "1980-04-03", Agreement::OnePart),
            ("1980-04-03", "1980-05-07", Agreement::Near),
            ("1980-04-03", "1990-04-09", Agreement::Near),
            ("1980-04-03", "1990-05-07", Agreement::Other),
            ("1980-04-03", "1950-04-03", Agreement::Generation),
            ("1980-04-03", "1950-04-09", Agreement::Vague),
            ("1980-04-03", "1951-04-03", Agreement::Generation),
            ("1980-04-03", "1973-04-03", Agreement::OnePart),
            ("1948-04-03", "1984-04-03", Agreement::Generation),
            ("1850-81-01", "1850-01-81", Agreement::Swapped),
            ("1980-04-03", "1981-04-28", Agreement::Vague),
            ("1980-04-03", "1967-11-25", Agreement::Other),
            ("1980-04-03", "1980", Agreement::Partial),
            ("1980-04-03", "1980-04", Agreement::Partial),
            ("1980-04-03", "1981", Agreement::Other),
        ] {
            assert_eq!(compare(date(a), date(b)), agreement, "{a} {b}");
            assert_eq!(compare(date(b), date(a)), agreement, "{b} {a}");
        }
    }
}
