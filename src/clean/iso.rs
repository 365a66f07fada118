//! The parts of ISO 8601 that PostgreSQL prints and other exports write: a date, a time of day, an offset.
//! Every part has one explicit form with a fixed number of digits; nothing is guessed. Each reader takes a
//! part off the front of a text and answers it with the rest.

use chrono::{FixedOffset, NaiveDate, NaiveTime};

/// A part that was read, and what follows it.
type Read<'a, T> = Option<(T, &'a str)>;

/// The numbers of a date, not yet a day of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ymd {
    year: i32,
    month: u32,
    day: u32,
}

impl Ymd {
    /// The day, if the calendar has it.
    pub(super) fn date(self) -> Option<NaiveDate> {
        NaiveDate::from_ymd_opt(self.year, self.month, self.day)
    }

    /// The day with month and day of the month swapped, if the calendar has it and it is another one.
    pub(super) fn swapped(self) -> Option<NaiveDate> {
        if self.month == self.day { None } else { NaiveDate::from_ymd_opt(self.year, self.day, self.month) }
    }
}

/// `yyyy-mm-dd` with one of the separators; PostgreSQL prints years beyond 9999 with more digits.
pub(super) fn read_date<'a>(text: &'a str, separators: &[char]) -> Read<'a, Ymd> {
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    let (year, rest) = text.split_at(end);
    if !(4..=6).contains(&year.len()) {
        return None;
    }
    let separator = rest.chars().next().filter(|c| separators.contains(c))?;
    let (month, rest) = read_two(rest.strip_prefix(separator)?)?;
    let (day, rest) = read_two(rest.strip_prefix(separator)?)?;
    Some((Ymd { year: year.parse().ok()?, month, day }, rest))
}

/// `hh:mm`, `hh:mm:ss` or `hh:mm:ss.ffffff` with one to six digits of fraction.
pub(super) fn read_time(text: &str) -> Read<'_, NaiveTime> {
    let (hour, rest) = read_two(text)?;
    let (minute, rest) = read_two(rest.strip_prefix(':')?)?;
    let Some(rest) = rest.strip_prefix(':') else {
        return Some((NaiveTime::from_hms_opt(hour, minute, 0)?, rest));
    };
    let (second, rest) = read_two(rest)?;
    let (micro, rest) = match rest.strip_prefix('.') {
        Some(rest) => read_micros(rest)?,
        None => (0, rest),
    };
    Some((NaiveTime::from_hms_micro_opt(hour, minute, second, micro)?, rest))
}

/// `Z`, `+hh`, `+hhmm`, `+hh:mm` or `+hh:mm:ss` (PostgreSQL prints seconds for local times before the
/// railway).
pub(super) fn read_offset(text: &str) -> Read<'_, FixedOffset> {
    if let Some(rest) = text.strip_prefix(['Z', 'z']) {
        return Some((FixedOffset::east_opt(0)?, rest));
    }
    let east = text.starts_with('+');
    let (hours, rest) = read_two(text.strip_prefix(['+', '-'])?)?;
    let (minutes, rest) = read_two(rest.strip_prefix(':').unwrap_or(rest)).unwrap_or((0, rest));
    let (seconds, rest) = rest.strip_prefix(':').and_then(read_two).unwrap_or((0, rest));
    if hours > 15 || minutes > 59 || seconds > 59 {
        // PostgreSQL's own bound is 15:59:59
        return None;
    }
    let seconds = i32::try_from(hours * 3600 + minutes * 60 + seconds).ok()?;
    Some((FixedOffset::east_opt(if east { seconds } else { -seconds })?, rest))
}

fn read_two(text: &str) -> Read<'_, u32> {
    match text.as_bytes() {
        [a @ b'0'..=b'9', b @ b'0'..=b'9', ..] => {
            Some((u32::from(a - b'0') * 10 + u32::from(b - b'0'), &text[2..]))
        }
        _ => None,
    }
}

fn read_micros(text: &str) -> Read<'_, u32> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    let scale = 6_u32.checked_sub(u32::try_from(digits.len()).ok()?)?;
    Some((digits.parse::<u32>().ok()? * 10_u32.pow(scale), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_have_four_forms() {
        for (text, seconds) in [
            ("Z", Some(0)),
            ("+00", Some(0)),
            ("-07", Some(-25_200)),
            ("+05:30", Some(19_800)),
            ("+0530", Some(19_800)),
            ("-07:52:58", Some(-28_378)),
            ("+16", None),
            ("+05:60", None),
            ("+5", None),
            ("5", None),
        ] {
            let read = read_offset(text).map(|(offset, rest)| {
                assert_eq!(rest, "", "{text}");
                offset.local_minus_utc()
            });
            assert_eq!(read, seconds, "{text}");
        }
    }

    #[test]
    fn fractions_have_up_to_six_digits() {
        for (text, micros) in [("5", Some(500_000)), ("000001", Some(1)), ("", None), ("1234567", None)] {
            assert_eq!(read_micros(text).map(|(micros, _)| micros), micros, "{text}");
        }
    }
}
