//! Birthdates, by explicit formats: `yyyy-mm-dd` or `yyyy/mm/dd`, alone or before a time of day, which means
//! nothing in a date of birth and is dropped without moving the day into another zone.
//!
//! A day and a month that were swapped cannot be seen in most dates, and a guess on every day up to the
//! twelfth would be noise. One value is suspected only where it is no date, or lies in the future, and its
//! swapped reading is a possible birthdate; the proposal goes with the flag. Otherwise it takes two records:
//! [`possibly_swapped`].

use chrono::{Datelike, NaiveDate};

use crate::record::{Change, Code, Issue};

use super::iso::{Ymd, read_date, read_offset, read_time};
use super::{Cleaned, scalar};

/// Nobody in the legacy application was born before this year.
const FIRST_YEAR: i32 = 1900;
/// A greater age is possible, but hardly.
const PLAUSIBLE_AGE: u32 = 110;

/// A birthdate; `None` when it is missing (`DateMissing`), not a date (`DateInvalid`), after `today`
/// (`DateInFuture`) or before 1900 (`DateTooEarly`). An age above 110 is kept and flagged
/// (`DateImplausible`).
///
/// Rules: `date.format` where the date was written in another form, otherwise `date.invalid`, `date.future`,
/// `date.too_early` or `date.empty` where the clean value is null.
pub fn birthdate(field: &'static str, raw: Option<&str>, today: NaiveDate) -> Cleaned<Option<NaiveDate>> {
    let Some(text) = scalar(raw) else {
        return null(field, raw, "date.empty").with_issue(Issue::new(Code::DateMissing, field));
    };
    let Some(written) = read_birthdate(text) else {
        return null(field, raw, "date.invalid").with_issue(Issue::new(Code::DateInvalid, field));
    };
    let swapped = written.swapped().filter(|date| (FIRST_YEAR..).contains(&date.year()) && *date <= today);
    let (rule, code) = match written.date() {
        None => ("date.invalid", Code::DateInvalid),
        Some(date) if date > today => ("date.future", Code::DateInFuture),
        Some(date) if date.year() < FIRST_YEAR => ("date.too_early", Code::DateTooEarly),
        Some(date) => return kept(field, raw, date, today),
    };
    let rejected = null(field, raw, rule).with_issue(Issue::new(code, field));
    match swapped {
        Some(proposal) => rejected.with_issue(
            Issue::new(Code::DatePossiblySwapped, field).with_context(format!("proposal={proposal}")),
        ),
        None => rejected,
    }
}

/// The day that a text says, in a form that [`birthdate`] reads, whether or not somebody can be born on it.
pub fn day(text: &str) -> Option<NaiveDate> {
    read_birthdate(text)?.date()
}

/// Whether two different dates are the same with day and month swapped, as two records of one person may hold
/// them.
pub fn possibly_swapped(a: NaiveDate, b: NaiveDate) -> bool {
    a != b && a.year() == b.year() && a.month() == b.day() && a.day() == b.month()
}

fn read_birthdate(text: &str) -> Option<Ymd> {
    let (written, rest) = read_date(text, &['-', '/'])?;
    let Some(time) = rest.strip_prefix([' ', 'T', 't']) else { return rest.is_empty().then_some(written) };
    let (_, rest) = read_time(time)?;
    let rest = if rest.is_empty() { rest } else { read_offset(rest.strip_prefix(' ').unwrap_or(rest))?.1 };
    rest.is_empty().then_some(written)
}

fn kept(
    field: &'static str,
    raw: Option<&str>,
    date: NaiveDate,
    today: NaiveDate,
) -> Cleaned<Option<NaiveDate>> {
    let mut cleaned = Cleaned::unchanged(Some(date));
    // the canonical form has ten characters, and so has `yyyy/mm/dd`
    if raw.is_none_or(|raw| raw.len() != 10 || raw.contains('/')) {
        cleaned = cleaned.with_change(Change::new(field, "date.format", raw, Some(&date.to_string())));
    }
    if today.years_since(date).is_some_and(|age| age > PLAUSIBLE_AGE) {
        cleaned = cleaned.with_issue(Issue::new(Code::DateImplausible, field));
    }
    cleaned
}

fn null(field: &'static str, raw: Option<&str>, rule: &'static str) -> Cleaned<Option<NaiveDate>> {
    let cleaned = Cleaned::unchanged(None);
    if raw.is_some() { cleaned.with_change(Change::new(field, rule, raw, None)) } else { cleaned }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::invariants::chain;
    use super::*;

    fn day(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    fn cleaned(raw: &str) -> Cleaned<Option<NaiveDate>> {
        birthdate("birthdate", Some(raw), day(2025, 7, 1))
    }

    #[test]
    fn only_explicit_formats_are_dates() {
        for raw in [
            "1984-02-29",
            "1984/02/29",
            " 1984-02-29 ",
            "1984-02-29 00:00:00",
            "1984-02-29T23:59:59.5Z",
            "1984-02-29 00:00:00+05:30",
            "1984-02-29 00:00",
        ] {
            assert_eq!(cleaned(raw).value, Some(day(1984, 2, 29)), "{raw:?}");
            assert!(cleaned(raw).issues.is_empty(), "{raw:?}");
            assert_eq!(cleaned(raw).changes.is_empty(), raw == "1984-02-29", "{raw:?}");
        }
        for raw in [
            "29.02.1984",
            "02/29/1984",
            "1984-2-29",
            "19840229",
            "84-02-29",
            "1985-02-29",
            "1984-02",
            "1984-02/29",
            "soon",
            "1984-02-29x",
            "1984-02-29 25:00",
            "1984-02-29 ",
            "0000-00-00",
            "١٩٨٤-٠٢-٢٩",
            "1984-02-29 BC",
            "infinity",
        ] {
            let codes: Vec<_> = cleaned(raw).issues.iter().map(|issue| issue.code).collect();
            let expected: &[Code] = if raw.trim() == "1984-02-29" { &[] } else { &[Code::DateInvalid] };
            assert_eq!(codes, expected, "{raw:?}");
        }
    }

    #[test]
    fn impossible_birthdates_are_null_and_improbable_ones_flagged() {
        for (raw, value, codes, rule) in [
            ("", None, &[Code::DateMissing][..], Some("date.empty")),
            ("null", None, &[Code::DateMissing], Some("date.empty")),
            ("2025-07-01", Some(day(2025, 7, 1)), &[], None),
            ("2025-07-31", None, &[Code::DateInFuture], Some("date.future")),
            ("2025-12-03", None, &[Code::DateInFuture, Code::DatePossiblySwapped], Some("date.future")),
            ("2093-01-02", None, &[Code::DateInFuture], Some("date.future")),
            ("1899-12-31", None, &[Code::DateTooEarly], Some("date.too_early")),
            ("1900-01-01", Some(day(1900, 1, 1)), &[Code::DateImplausible], None),
            ("1914-07-01", Some(day(1914, 7, 1)), &[Code::DateImplausible], None),
            ("1914-07-02", Some(day(1914, 7, 2)), &[], None),
            ("1980-25-12", None, &[Code::DateInvalid, Code::DatePossiblySwapped], Some("date.invalid")),
            ("1980-13-31", None, &[Code::DateInvalid], Some("date.invalid")),
            ("1980-04-05", Some(day(1980, 4, 5)), &[], None),
        ] {
            let cleaned = cleaned(raw);
            assert_eq!(cleaned.value, value, "{raw}");
            assert_eq!(cleaned.issues.iter().map(|issue| issue.code).collect::<Vec<_>>(), codes, "{raw}");
            assert_eq!(cleaned.changes.first().map(|change| change.rule), rule, "{raw}");
        }
        let missing = birthdate("birthdate", None, day(2025, 7, 1));
        assert!(missing.changes.is_empty());
        assert_eq!(missing.issues, [Issue::new(Code::DateMissing, "birthdate")]);
    }

    #[test]
    fn a_suspected_swap_comes_with_its_proposal() {
        let issues = cleaned("1980-25-12").issues;
        assert_eq!(issues[1].context.as_deref(), Some("proposal=1980-12-25"));
    }

    #[test]
    fn two_dates_may_be_one() {
        for (a, b, swapped) in [
            (day(1980, 4, 5), day(1980, 5, 4), true),
            (day(1980, 4, 5), day(1980, 4, 5), false),
            (day(1980, 4, 4), day(1980, 4, 4), false),
            (day(1980, 4, 5), day(1981, 5, 4), false),
            (day(1980, 4, 15), day(1980, 5, 4), false),
        ] {
            assert_eq!(possibly_swapped(a, b), swapped, "{a} {b}");
            assert_eq!(possibly_swapped(b, a), swapped, "{b} {a}");
        }
    }

    proptest! {
        #[test]
        fn clean_dates_stay(raw in prop_oneof![
            any::<String>(),
            " ?[12][0-9]{3}[-/][0-3][0-9][-/][0-3][0-9]( 0[0-9]:00)?",
        ]) {
            let once = cleaned(&raw);
            let text = once.value.map(|date| date.to_string());
            chain(Some(&raw), &once, text.as_deref());
            if let Some(text) = text {
                let twice = cleaned(&text);
                prop_assert_eq!(twice.value, once.value);
                prop_assert!(twice.changes.is_empty());
                prop_assert_eq!(twice.issues, once.issues);
            }
        }
    }
}
