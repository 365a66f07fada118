//! Days and moments as programs and countries write them. One text may be a day in several orders; which of them a column has
//! is decided over all of its values.

use chrono::{Duration, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeZone, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

/// How the values of a column say a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Year, month, day: `80-01-02`, `1980.1.2`, `19800102`, `1980年1月2日`.
    Ymd,
    /// Day, month, year: `2.1.1980`, `02/01/80`, `2 Jan 1980`.
    Dmy,
    /// Month, day, year: `1/2/1980`, `Jan 2, 1980`.
    Mdy,
    /// The number of days that a spreadsheet counts from 1899-12-30, with the time of day as a fraction.
    Excel,
    /// Seconds since 1970, or thousandths or millionths of one.
    Unix,
    /// The number of days that old spreadsheets of one make count from 1904-01-01; only where it is stated.
    Excel1904,
}

impl Order {
    /// Every order that a column is tried with.
    pub const ALL: [Order; 5] = [Order::Ymd, Order::Dmy, Order::Mdy, Order::Excel, Order::Unix];

    /// The word in the configuration and in the file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Order::Ymd => "ymd",
            Order::Dmy => "dmy",
            Order::Mdy => "mdy",
            Order::Excel => "excel",
            Order::Unix => "unix",
            Order::Excel1904 => "excel1904",
        }
    }
}

/// A day, with the time where the text says one, and how far the time's zone is from UTC, in seconds, where it says that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Written {
    day: NaiveDate,
    time: Option<NaiveTime>,
    offset: Option<i32>,
}

impl Written {
    /// Whether it says a time of day other than midnight.
    pub(super) fn is_timed(self) -> bool {
        self.time.is_some_and(|time| time != NaiveTime::MIN)
    }

    /// The day in a zone, of a moment that says its own.
    pub(super) fn day_in(self, zone: Tz) -> NaiveDate {
        match (self.offset, self.moment(zone)) {
            (Some(_), Some(moment)) => zone.from_utc_datetime(&moment).date_naive(),
            _ => self.day,
        }
    }

    /// The day, whatever the time.
    pub(super) fn day(self) -> NaiveDate {
        self.day
    }

    /// The day and the time, midnight where none is said.
    pub(super) fn local(self) -> NaiveDateTime {
        self.day.and_time(self.time.unwrap_or_default())
    }

    /// The moment in UTC. What has no zone of its own is in `zone`; an hour that a clock was moved over is taken as it stood
    /// before, one that it showed twice as the first.
    pub(super) fn moment(self, zone: Tz) -> Option<NaiveDateTime> {
        if let Some(offset) = self.offset {
            return self.local().checked_sub_signed(Duration::seconds(offset.into()));
        }
        let local = self.local();
        let found = zone.from_local_datetime(&local);
        let moment = found.earliest().or_else(|| {
            let before = local.checked_sub_signed(Duration::hours(3))?;
            let offset = zone.from_local_datetime(&before).earliest()?.offset().fix();
            Utc.from_local_datetime(&local.checked_sub_offset(offset)?)
                .earliest()
                .map(|utc| utc.with_timezone(&zone))
        });
        moment.map(|moment| moment.naive_utc())
    }
}

/// Reads a text in an order. Two digits are a year up to `pivot` of this century, or one of the last.
pub(super) fn read(text: &str, order: Order, pivot: u32) -> Option<Written> {
    match order {
        Order::Excel => serial(text, (1899, 12, 30)),
        Order::Excel1904 => serial(text, (1904, 1, 1)),
        Order::Unix => unix(text),
        _ if text.len() >= 8 && text.bytes().take(8).all(|byte| byte.is_ascii_digit()) => {
            compact(text, order)
        }
        _ => parts(text, order, pivot),
    }
}

/// Days from the first one. Up to 2100 a number is an age, a count of months or a year; beyond 2099 it is no day either.
fn serial(text: &str, (year, month, first): (i32, u32, u32)) -> Option<Written> {
    let (whole, fraction) = text.split_once(['.', ',']).unwrap_or((text, ""));
    if whole.len() > 5 || !is_digits(whole) || !(fraction.is_empty() || is_digits(fraction)) {
        return None;
    }
    let days: i64 = whole.parse().ok()?;
    if !(2_101..=73_050).contains(&days) {
        return None;
    }
    let day = NaiveDate::from_ymd_opt(year, month, first)?.checked_add_signed(Duration::days(days))?;
    let share: f64 = if fraction.is_empty() { 0.0 } else { format!("0.{fraction}").parse().ok()? };
    if share == 0.0 {
        return Some(Written { day, time: None, offset: None });
    }
    // a serial is exact to about a hundredth of a second; whoever typed it meant a whole one
    #[expect(clippy::cast_possible_truncation, reason = "a share of a day is at most 86,400")]
    let seconds = (share * 86_400.0).round() as i64;
    let local = day.and_time(NaiveTime::default()).checked_add_signed(Duration::seconds(seconds))?;
    Some(Written { day: local.date(), time: Some(local.time()), offset: None })
}

fn unix(text: &str) -> Option<Written> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if !is_digits(whole) || !(fraction.is_empty() || is_digits(fraction)) {
        return None;
    }
    let number: i64 = whole.parse().ok()?;
    let moment = match whole.len() {
        9 | 10 => chrono::DateTime::from_timestamp(number, 0)?,
        13 => chrono::DateTime::from_timestamp_millis(number)?,
        16 => chrono::DateTime::from_timestamp_micros(number)?,
        _ => return None,
    };
    let local = moment.naive_utc();
    is_year(chrono::Datelike::year(&local)).then_some(Written {
        day: local.date(),
        time: Some(local.time()),
        offset: Some(0),
    })
}

/// `19800102`, alone or before a time.
fn compact(text: &str, order: Order) -> Option<Written> {
    let (digits, rest) = text.split_at(8);
    let number = |from: usize, to: usize| digits[from..to].parse::<u32>().ok();
    let (year, month, day) = match order {
        Order::Dmy => (number(4, 8)?, number(2, 4)?, number(0, 2)?),
        Order::Mdy => (number(4, 8)?, number(0, 2)?, number(2, 4)?),
        _ => (number(0, 4)?, number(4, 6)?, number(6, 8)?),
    };
    with_time(date(year, month, day)?, rest)
}

/// One of the three parts of a date.
enum Part<'a> {
    /// Its digits.
    Number(&'a str),
    /// The month of that name.
    Month(u32),
}

/// Three parts with something between them, alone or before a time.
fn parts(text: &str, order: Order, pivot: u32) -> Option<Written> {
    let (first, rest) = part(text)?;
    let (second, rest) = part(between(rest)?)?;
    let (third, rest) = part(between(rest)?)?;
    let rest = rest.strip_prefix('日').unwrap_or(rest);
    let number = |text: &str| (text.len() <= 2).then(|| text.parse::<u32>().ok()).flatten();
    let year = |text: &str| match text.len() {
        4 => text.parse().ok(),
        2 => {
            let year: u32 = text.parse().ok()?;
            Some(if year <= pivot { 2_000 + year } else { 1_900 + year })
        }
        _ => None,
    };
    let day = match (first, second, third) {
        (Part::Number(a), Part::Number(b), Part::Number(c)) => match order {
            _ if a.len() == 4 => date(year(a)?, number(b)?, number(c)?),
            Order::Ymd => date(year(a)?, number(b)?, number(c)?),
            Order::Dmy => date(year(c)?, number(b)?, number(a)?),
            _ => date(year(c)?, number(a)?, number(b)?),
        },
        (Part::Number(a), Part::Month(month), Part::Number(c)) => {
            let year_is_first = a.len() == 4 || c.len() < 4 && order == Order::Ymd;
            let (y, d) = if year_is_first { (a, c) } else { (c, a) };
            date(year(y)?, month, number(d)?)
        }
        (Part::Month(month), Part::Number(b), Part::Number(c)) => date(year(c)?, month, number(b)?),
        _ => None,
    };
    with_time(day?, rest)
}

fn part(text: &str) -> Option<(Part<'_>, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    if end > 0 {
        return Some((Part::Number(&text[..end]), &text[end..]));
    }
    let end =
        text.find(|c: char| !c.is_alphabetic() || matches!(c, '年' | '月' | '日')).unwrap_or(text.len());
    Some((Part::Month(month(&text[..end])?), &text[end..]))
}

/// What follows that which separates two parts: at most a sign and spaces.
fn between(text: &str) -> Option<&str> {
    let rest = text.trim_start_matches([' ', '\u{a0}']);
    let rest = rest.strip_prefix(['-', '/', '.', ',', '年', '月']).unwrap_or(rest);
    let rest = rest.trim_start_matches([' ', '\u{a0}']);
    (rest.len() < text.len()).then_some(rest)
}

/// Months by the first letters that tell them apart, as languages of Latin script write them; English in full.
fn month(name: &str) -> Option<u32> {
    const MONTHS: [&[&str]; 12] = [
        &["jan", "ene", "gen", "янв"],
        &["feb", "fév", "fev", "фев"],
        &["mar", "mär", "mrz", "maa", "мар"],
        &["apr", "avr", "abr", "апр"],
        &["may", "mai", "mag", "mei", "maj", "мая", "май"],
        &["jun", "juin", "giu", "июн"],
        &["jul", "juil", "lug", "июл"],
        &["aug", "aoû", "aou", "ago", "авг"],
        &["sep", "set", "сен"],
        &["oct", "okt", "ott", "out", "окт"],
        &["nov", "ноя"],
        &["dec", "dez", "déc", "dic", "дек"],
    ];
    let name = name.to_lowercase();
    let found = MONTHS.iter().position(|starts| starts.iter().any(|start| name.starts_with(start)))?;
    u32::try_from(found + 1).ok()
}

/// What follows a day: nothing, or a time of day.
fn with_time(day: NaiveDate, rest: &str) -> Option<Written> {
    let rest = rest.trim_start_matches([' ', '\u{a0}', '\u{202f}', ',', 'T', 't']).trim_end();
    if rest.is_empty() {
        return Some(Written { day, time: None, offset: None });
    }
    let (time, rest) = clock(rest)?;
    let rest = rest.trim_start_matches([' ', '\u{a0}', '\u{202f}']);
    let (half, rest) = half_of_day(rest);
    let time = match half {
        None => time,
        Some(is_afternoon) => in_half(time, is_afternoon)?,
    };
    Some(Written { day, time: Some(time), offset: if rest.is_empty() { None } else { Some(offset(rest)?) } })
}

/// `h:mm`, `hh:mm:ss` or with a fraction of up to nine digits, of which six count.
fn clock(text: &str) -> Option<(NaiveTime, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != ':').unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    let mut numbers =
        digits.split(':').map(|part| if part.len() <= 2 { part.parse::<u32>().ok() } else { None });
    let hour = numbers.next()??;
    let minute = numbers.next()??;
    let second = numbers.next().unwrap_or(Some(0))?;
    if numbers.next().is_some() {
        return None;
    }
    let (micros, rest) = match rest.strip_prefix(['.', ',']) {
        Some(fraction) => {
            let end = fraction.find(|c: char| !c.is_ascii_digit()).unwrap_or(fraction.len());
            let (digits, rest) = fraction.split_at(end);
            if digits.is_empty() || digits.len() > 9 {
                return None;
            }
            (format!("{digits:0<6}")[..6].parse().ok()?, rest)
        }
        None => (0, rest),
    };
    Some((NaiveTime::from_hms_micro_opt(hour, minute, second, micros)?, rest))
}

/// Whether a time is of the afternoon, where that is said.
fn half_of_day(text: &str) -> (Option<bool>, &str) {
    for (word, is_afternoon) in
        [("a.m.", false), ("p.m.", true), ("am", false), ("pm", true), ("午前", false), ("午後", true)]
    {
        if text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word)) {
            return (Some(is_afternoon), text[word.len()..].trim_start());
        }
    }
    (None, text)
}

fn in_half(time: NaiveTime, is_afternoon: bool) -> Option<NaiveTime> {
    use chrono::Timelike;
    match (time.hour(), is_afternoon) {
        (12, false) => time.with_hour(0),
        (12, true) | (1..=11, false) => Some(time),
        (hour @ 1..=11, true) => time.with_hour(hour + 12),
        _ => None,
    }
}

/// The seconds that a zone is ahead of UTC.
fn offset(text: &str) -> Option<i32> {
    if ["z", "utc", "gmt"].iter().any(|word| text.eq_ignore_ascii_case(word)) {
        return Some(0);
    }
    let text = text.strip_prefix("UTC").or_else(|| text.strip_prefix("GMT")).unwrap_or(text);
    let east = text.starts_with('+');
    let digits = text.strip_prefix(['+', '-'])?.replace(':', "");
    if !is_digits(&digits) || ![2, 4].contains(&digits.len()) {
        return None;
    }
    let hours: i32 = digits[..2].parse().ok()?;
    let minutes: i32 =
        digits.get(2..).filter(|rest| !rest.is_empty()).map_or(Some(0), |rest| rest.parse().ok())?;
    let seconds = hours * 3_600 + minutes * 60;
    (hours <= 15 && minutes <= 59).then_some(if east { seconds } else { -seconds })
}

fn date(year: u32, month: u32, day: u32) -> Option<NaiveDate> {
    let year = i32::try_from(year).ok().filter(|year| is_year(*year))?;
    NaiveDate::from_ymd_opt(year, month, day)
}

/// A year that a person of the legacy system can have anything to do with; a Buddhist or a mistyped one is none.
fn is_year(year: i32) -> bool {
    (1_850..=2_100).contains(&year)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, order: Order) -> String {
        read(text, order, 25)
            .and_then(|written| written.moment(Tz::UTC))
            .map_or("-".to_owned(), |moment| moment.to_string())
    }

    #[test]
    fn each_order_reads_its_own() {
        use Order::{Dmy, Excel, Mdy, Unix, Ymd};
        for (text, order, moment) in [
            ("80-01-02", Ymd, "1980-01-02 00:00:00"),
            ("1980.1.2", Ymd, "1980-01-02 00:00:00"),
            ("19800102", Ymd, "1980-01-02 00:00:00"),
            ("19800102 1405", Ymd, "-"),
            ("1980年1月2日", Ymd, "1980-01-02 00:00:00"),
            ("2.1.1980", Dmy, "1980-01-02 00:00:00"),
            ("2. 1. 1980", Dmy, "1980-01-02 00:00:00"),
            ("02/01/80", Dmy, "1980-01-02 00:00:00"),
            ("02/01/25", Dmy, "2025-01-02 00:00:00"),
            ("02/01/26", Dmy, "1926-01-02 00:00:00"),
            ("02011980", Dmy, "1980-01-02 00:00:00"),
            ("1/2/1980", Mdy, "1980-01-02 00:00:00"),
            ("1/2/1980 1:05 PM", Mdy, "1980-01-02 13:05:00"),
            ("1/2/1980 12:05:09 a.m.", Mdy, "1980-01-02 00:05:09"),
            ("1/2/1980, 1:05:09\u{202f}PM", Mdy, "1980-01-02 13:05:09"),
            ("1/2/1980 13:05 PM", Mdy, "-"),
            ("Jan 2, 1980", Mdy, "1980-01-02 00:00:00"),
            ("2-Jan-80", Dmy, "1980-01-02 00:00:00"),
            ("2 janvier 1980", Ymd, "1980-01-02 00:00:00"),
            ("80-Jan-02", Ymd, "1980-01-02 00:00:00"),
            ("29.02.1981", Dmy, "-"),
            ("2.1.2523", Dmy, "-"),
            ("2/13/1980", Dmy, "-"),
            ("1980-01-02", Mdy, "1980-01-02 00:00:00"),
            ("29222", Excel, "1980-01-02 00:00:00"),
            ("43528.2118055556", Excel, "2019-03-04 05:05:00"),
            ("43528,5", Excel, "2019-03-04 12:00:00"),
            ("60", Excel, "-"),
            ("1953", Excel, "-"),
            ("27760", Order::Excel1904, "1980-01-02 00:00:00"),
            ("290222", Excel, "-"),
            ("1551675967", Unix, "2019-03-04 05:06:07"),
            ("1551675967000", Unix, "2019-03-04 05:06:07"),
            ("4711", Unix, "-"),
            ("4/3/2019 05:06:07.123456789+01:00", Dmy, "2019-03-04 04:06:07.123456"),
            ("4/3/2019 05:06 UTC", Dmy, "2019-03-04 05:06:00"),
            ("4/3/2019 soon", Dmy, "-"),
            ("soon", Dmy, "-"),
            ("", Dmy, "-"),
            ("1/2", Dmy, "-"),
            ("/1/2/1980", Dmy, "-"),
        ] {
            assert_eq!(shown(text, order), moment, "{text} as {order:?}");
        }
    }

    #[test]
    fn a_zone_is_asked_for_the_day_itself() {
        let berlin: Tz = "Europe/Berlin".parse().unwrap();
        for (text, utc) in [
            ("4/3/2019 05:06", "2019-03-04 04:06:00"),
            ("4/7/2019 05:06", "2019-07-04 03:06:00"),
            // over which the clock was moved, and which it showed twice
            ("31/3/2019 02:30", "2019-03-31 01:30:00"),
            ("27/10/2019 02:30", "2019-10-27 00:30:00"),
        ] {
            let moment = read(text, Order::Dmy, 25).unwrap().moment(berlin).unwrap();
            assert_eq!(moment.to_string(), utc, "{text}");
        }
    }
}
