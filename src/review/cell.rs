//! What a spreadsheet makes of a cell, and back: ids that were turned into numbers, dates into days or into the local
//! form, texts that were protected from being formulas. What cannot be told for sure is refused and never guessed.

use chrono::{Days, NaiveDate};

use crate::record::LegacyId;

/// A legacy id as a spreadsheet may show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Id {
    /// All digits are there.
    Exact(LegacyId),
    /// `1.23E+05`: the last digits are lost; the id is one from the first to the second.
    Rounded(LegacyId, LegacyId),
}

/// Why a date cannot be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateTrouble {
    /// It is no date.
    NoDate,
    /// `03/07/1980`: day and month could be either.
    Ambiguous,
}

/// What a formula begins with, also as wide letters.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// The text of a cell: without surrounding space, and without what protected it in the spreadsheet.
pub fn text(cell: &str) -> &str {
    let text = cell.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}' || c == '\u{a0}');
    let text = text.strip_prefix("=\"").and_then(|inner| inner.strip_suffix('"')).unwrap_or(text);
    match text.strip_prefix('\'') {
        Some(inner)
            if inner.trim_start().starts_with(FORMULA) || inner.starts_with(|c: char| c.is_ascii_digit()) =>
        {
            inner
        }
        _ => text,
    }
}

/// The cell for a text: one that a spreadsheet would take for a formula is protected.
pub fn protected(text: &str) -> String {
    let is_formula = text.trim_start().starts_with(FORMULA) || text.starts_with(['\t', '\r', '\n']);
    if is_formula { format!("'{text}") } else { text.to_owned() }
}

/// A legacy id: `123`, `123.0`, `1,234`, `1.23E+05` (or with a decimal comma).
pub fn id(cell: &str) -> Option<Id> {
    let compact: String = text(cell).chars().filter(|c| !c.is_whitespace()).collect();
    let compact = without_zeros(&compact);
    if let Ok(id) = compact.parse() {
        return Some(Id::Exact(id));
    }
    let upper = compact.to_uppercase();
    if let Some((mantissa, exponent)) = upper.split_once('E') {
        return scientific(mantissa, exponent.trim_start_matches('+').parse().ok()?);
    }
    let groups: Vec<&str> = compact.split([',', '.', '\'']).collect();
    let (first, rest) = groups.split_first()?;
    let is_grouped = (1..=3).contains(&first.len()) && rest.iter().all(|group| group.len() == 3);
    if is_grouped { groups.concat().parse().ok().map(Id::Exact) } else { None }
}

/// A whole number without the decimals that a spreadsheet shows: `500001.00`, `500001,0`, `500.001,00`. Three zeros are
/// a group of thousands.
fn without_zeros(number: &str) -> &str {
    match number.rsplit_once(['.', ',']) {
        Some((whole, decimals))
            if decimals.bytes().all(|digit| digit == b'0') && decimals.len() != 3 && !whole.is_empty() =>
        {
            whole
        }
        _ => number,
    }
}

fn scientific(mantissa: &str, exponent: u32) -> Option<Id> {
    let (whole, fraction) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, ""));
    let digits: i64 = format!("{whole}{fraction}").parse().ok()?;
    let shown = u32::try_from(fraction.len()).ok()?;
    if exponent < shown {
        let lost = 10_i64.checked_pow(shown - exponent)?;
        return (digits % lost == 0).then_some(Id::Exact(LegacyId(digits / lost)));
    }
    let unit = 10_i64.checked_pow(exponent - shown)?;
    let value = digits.checked_mul(unit)?;
    if unit == 1 {
        return Some(Id::Exact(LegacyId(value)));
    }
    let half = unit / 2;
    Some(Id::Rounded(LegacyId(value.checked_sub(half)?), LegacyId(value.checked_add(half)?.checked_sub(1)?)))
}

/// A date: `1980-03-07` with or without a time, `1980/3/7`, `07.03.1980`, `7-Mar-1980`, a spreadsheet's day number, and with
/// slashes only where day and month cannot be taken for each other.
pub fn date(cell: &str) -> Result<NaiveDate, DateTrouble> {
    let text = text(cell);
    let day = text.split([' ', 'T']).next().unwrap_or_default();
    if let Ok(date) = NaiveDate::parse_from_str(day, "%Y-%m-%d") {
        return if day.find('-') == Some(4) { Ok(date) } else { Err(DateTrouble::NoDate) };
    }
    if let Some(number) = day_number(text) {
        return number;
    }
    if let Some(named) = named_month(text) {
        return named;
    }
    let part = |part: &str| part.parse::<u32>().ok();
    let parts: Vec<&str> = day.split(['/', '.', '-']).collect();
    if let [year, month, of_month] = parts.as_slice()
        && year.len() == 4
    {
        // the year stands first only where the month comes next
        let date = year.parse().ok().zip(part(month)).zip(part(of_month));
        let date = date.and_then(|((year, month), day)| NaiveDate::from_ymd_opt(year, month, day));
        return date.ok_or(DateTrouble::NoDate);
    }
    let [first, second, year] = parts.as_slice() else { return Err(DateTrouble::NoDate) };
    let (Some(first), Some(second)) = (part(first), part(second)) else { return Err(DateTrouble::NoDate) };
    if year.len() != 4 {
        return Err(DateTrouble::NoDate);
    }
    let year: i32 = year.parse().map_err(|_| DateTrouble::NoDate)?;
    let day_first = NaiveDate::from_ymd_opt(year, second, first);
    let month_first = NaiveDate::from_ymd_opt(year, first, second);
    match (day_first, month_first) {
        // nobody writes the month first with full stops
        (Some(date), _) if day.contains('.') => Ok(date),
        (Some(date), Some(other)) if date != other => Err(DateTrouble::Ambiguous),
        (Some(date), _) | (None, Some(date)) if !day.contains('.') => Ok(date),
        _ => Err(DateTrouble::NoDate),
    }
}

/// A date whose month has its English name, the day before it or after it: `7-Mar-1980`, `March 7, 1980`. None:
/// there is no such name in it. A year of two digits could be of two centuries.
fn named_month(text: &str) -> Option<Result<NaiveDate, DateTrouble>> {
    const MONTHS: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let lower = text.to_lowercase();
    let parts: Vec<&str> = lower.split([' ', '-', '/', '.', ',']).filter(|part| !part.is_empty()).collect();
    let month = |part: &str| {
        let name = part.get(..3).filter(|_| part.bytes().all(|letter| letter.is_ascii_lowercase()))?;
        MONTHS.iter().position(|month| *month == name).and_then(|place| u32::try_from(place + 1).ok())
    };
    let (first, second, year) = match parts.as_slice() {
        [first, second, year] | [first, second, year, "00:00" | "00:00:00" | "0:00" | "0:00:00"] => {
            (*first, *second, *year)
        }
        _ => return None,
    };
    let (month, day) = match (month(first), month(second)) {
        (Some(month), None) => (month, second),
        (None, Some(month)) => (month, first),
        _ => return None,
    };
    let year = Some(year).filter(|year| year.len() == 4).and_then(|year| year.parse().ok());
    let date = year.zip(day.parse().ok()).and_then(|(year, day)| NaiveDate::from_ymd_opt(year, month, day));
    Some(date.ok_or(DateTrouble::NoDate))
}

/// A spreadsheet counts days from the end of 1899; below 61 its calendar has a day that never was.
fn day_number(text: &str) -> Option<Result<NaiveDate, DateTrouble>> {
    let upper = text.to_uppercase();
    let exact = |(mantissa, exponent): (&str, &str)| match scientific(mantissa, exponent.parse().ok()?)? {
        Id::Exact(number) => u64::try_from(number.0).ok(),
        Id::Rounded(..) => None,
    };
    let number: u64 = match upper.split_once("E+").or_else(|| upper.split_once('E')) {
        Some(parts) => exact(parts)?,
        None => without_zeros(text).parse().ok()?,
    };
    // 1980 alone is a year and not the 1,980th day
    if !(61..=99_999).contains(&number) || (1900..=2100).contains(&number) {
        return Some(Err(DateTrouble::NoDate));
    }
    let start = NaiveDate::from_ymd_opt(1899, 12, 30)?;
    start.checked_add_days(Days::new(number)).map(Ok)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_as_spreadsheets_show_them() {
        let exact = |id| Some(Id::Exact(LegacyId(id)));
        let rounded = |low, high| Some(Id::Rounded(LegacyId(low), LegacyId(high)));
        for (cell, id_read) in [
            ("123", exact(123)),
            (" 123.0 ", exact(123)),
            ("1,234", exact(1234)),
            ("500.001", exact(500_001)),
            ("=\"00123\"", exact(123)),
            ("'123", exact(123)),
            ("500001.00", exact(500_001)),
            ("500.001,0", exact(500_001)),
            ("500,001.00", exact(500_001)),
            ("1,000", exact(1000)),
            ("500 001", exact(500_001)),
            ("500\u{202f}001", exact(500_001)),
            ("5.00001E+05", exact(500_001)),
            ("1.23456E+05", exact(123_456)),
            ("1,23456e5", exact(123_456)),
            ("1.23E+05", rounded(122_500, 123_499)),
            ("1,23E+05", rounded(122_500, 123_499)),
            ("5E+05", rounded(450_000, 549_999)),
            ("12.5", None),
            ("1.5E+00", None),
            ("office", None),
            ("", None),
        ] {
            assert_eq!(id(cell), id_read, "{cell}");
        }
    }

    #[test]
    fn dates_are_read_as_spreadsheets_show_them() {
        let day = |year, month, day| NaiveDate::from_ymd_opt(year, month, day).ok_or(DateTrouble::NoDate);
        for (cell, date_read) in [
            ("1980-03-07", day(1980, 3, 7)),
            ("1980-03-07 00:00:00", day(1980, 3, 7)),
            ("07.03.1980", day(1980, 3, 7)),
            ("29287", day(1980, 3, 7)),
            ("29287,00", day(1980, 3, 7)),
            ("2.9287E+04", day(1980, 3, 7)),
            ("2.93E+04", Err(DateTrouble::NoDate)),
            ("1980", Err(DateTrouble::NoDate)),
            ("80-03-07", Err(DateTrouble::NoDate)),
            ("1980-3-7", day(1980, 3, 7)),
            ("1980/3/7", day(1980, 3, 7)),
            ("7-Mar-1980", day(1980, 3, 7)),
            ("March 7, 1980", day(1980, 3, 7)),
            ("07 Mar 1980 00:00", day(1980, 3, 7)),
            ("7-Mar-80", Err(DateTrouble::NoDate)),
            ("31-Feb-1980", Err(DateTrouble::NoDate)),
            ("3/17/1980", day(1980, 3, 17)),
            ("17/3/1980", day(1980, 3, 17)),
            ("3/3/1980", day(1980, 3, 3)),
            ("3/7/1980", Err(DateTrouble::Ambiguous)),
            ("3/17/80", Err(DateTrouble::NoDate)),
            ("31.02.1980", Err(DateTrouble::NoDate)),
            ("soon", Err(DateTrouble::NoDate)),
            ("12", Err(DateTrouble::NoDate)),
        ] {
            assert_eq!(date(cell), date_read, "{cell}");
        }
    }

    #[test]
    fn a_protected_text_comes_back() {
        for plain in ["=1+1", "+49", "-", "@home", "plain", "d'Arc"] {
            assert_eq!(text(&protected(plain)), plain);
        }
    }
}
