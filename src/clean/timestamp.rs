//! Points in time: what PostgreSQL prints for `timestamptz` with the ISO date style, and ISO 8601. A text
//! without an offset is read as UTC, which Django stores, and the assumption is recorded. A date alone is not
//! a point in time.

use chrono::{DateTime, Datelike, NaiveDateTime, Timelike, Utc};
use compact_str::format_compact;

use crate::record::{Change, Code, Issue, Text};

use super::iso::{read_date, read_offset, read_time};
use super::{Cleaned, scalar};

/// A point in time; `None` when it is missing, or with `TimestampInvalid` when it cannot be read (`infinity`
/// and years before our era among them).
///
/// Rules: `timestamp.assumed_utc` where the text has no offset, `timestamp.invalid`, `timestamp.empty`.
pub fn timestamp(field: &'static str, raw: Option<&str>) -> Cleaned<Option<DateTime<Utc>>> {
    let null = |rule| {
        let cleaned = Cleaned::unchanged(None);
        if raw.is_some() { cleaned.with_change(Change::new(field, rule, raw, None)) } else { cleaned }
    };
    let Some(text) = scalar(raw) else { return null("timestamp.empty") };
    let Some((time, is_assumed)) = read_timestamp(text) else {
        return null("timestamp.invalid").with_issue(Issue::new(Code::TimestampInvalid, field));
    };
    let cleaned = Cleaned::unchanged(Some(time));
    if is_assumed {
        cleaned.with_change(Change::new(field, "timestamp.assumed_utc", raw, Some(&timestamp_text(&time))))
    } else {
        cleaned
    }
}

/// A point in time as PostgreSQL prints it in UTC with the ISO date style: `2019-03-04 05:06:07.12+00`.
pub fn timestamp_text(time: &DateTime<Utc>) -> Text {
    let (is_our_era, year) = time.year_ce();
    let micros = time.timestamp_subsec_micros();
    if is_our_era && year < 10_000 && micros == 0 {
        return plain_text(time, year);
    }
    let mut text = format_compact!(
        "{year:04}-{:02}-{:02} {:02}:{:02}:{:02}",
        time.month(),
        time.day(),
        time.hour(),
        time.minute(),
        time.second()
    );
    if micros > 0 {
        text.push_str(format!(".{micros:06}").trim_end_matches('0'));
    }
    text.push_str(if is_our_era { "+00" } else { "+00 BC" });
    text
}

/// The same for a whole second of the first ten thousand years, as nearly all are; formatting takes ten times as long.
fn plain_text(time: &DateTime<Utc>, year: u32) -> Text {
    let mut text = *b"0000-00-00 00:00:00+00";
    let parts = [year / 100, year % 100, time.month(), time.day(), time.hour(), time.minute(), time.second()];
    for (at, part) in [0, 2, 5, 8, 11, 14, 17].into_iter().zip(parts) {
        text[at] += (part / 10 % 10).to_le_bytes()[0];
        text[at + 1] += (part % 10).to_le_bytes()[0];
    }
    Text::from(str::from_utf8(&text).unwrap_or_default())
}

/// The point in time, and whether its offset was assumed.
fn read_timestamp(text: &str) -> Option<(DateTime<Utc>, bool)> {
    let (written, rest) = read_date(text, &['-'])?;
    let (time, rest) = read_time(rest.strip_prefix([' ', 'T', 't'])?)?;
    let local = NaiveDateTime::new(written.date()?, time);
    let is_assumed = rest.is_empty();
    let time = if is_assumed {
        local
    } else {
        let (offset, rest) = read_offset(rest.strip_prefix(' ').unwrap_or(rest))?;
        local.checked_sub_offset(offset).filter(|_| rest.is_empty())?
    };
    (time.year() > 0).then_some((time.and_utc(), is_assumed))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::invariants::chain;
    use super::*;

    #[test]
    fn postgres_and_iso_forms_are_read() {
        for (raw, printed) in [
            ("2019-03-04 05:06:07+00", "2019-03-04 05:06:07+00"),
            ("2019-03-04 05:06:07.12+00", "2019-03-04 05:06:07.12+00"),
            ("2019-03-04 05:06:07.120000+00", "2019-03-04 05:06:07.12+00"),
            ("2019-03-04 05:06:07.000001+00", "2019-03-04 05:06:07.000001+00"),
            ("2019-03-04T05:06:07Z", "2019-03-04 05:06:07+00"),
            ("2019-03-04t05:06:07.5z", "2019-03-04 05:06:07.5+00"),
            ("2019-03-04T05:06Z", "2019-03-04 05:06:00+00"),
            ("2019-03-04 05:06:07+05:30", "2019-03-03 23:36:07+00"),
            ("2019-03-04 05:06:07 -0330", "2019-03-04 08:36:07+00"),
            ("1883-01-01 00:00:00-07:52:58", "1883-01-01 07:52:58+00"),
            ("0001-01-01 00:00:00+00", "0001-01-01 00:00:00+00"),
            ("12019-03-04 05:06:07+00", "12019-03-04 05:06:07+00"),
            (" 2019-03-04 05:06:07+00 ", "2019-03-04 05:06:07+00"),
        ] {
            let cleaned = timestamp("date_joined", Some(raw));
            assert_eq!(cleaned.value.as_ref().map(timestamp_text).as_deref(), Some(printed), "{raw}");
            assert!(cleaned.issues.is_empty() && cleaned.changes.is_empty(), "{raw}");
        }
    }

    #[test]
    fn without_an_offset_it_is_utc_and_recorded() {
        let cleaned = timestamp("date_joined", Some("2019-03-04T05:06:07.5"));
        assert_eq!(cleaned.changes.len(), 1);
        assert_eq!(cleaned.changes[0].rule, "timestamp.assumed_utc");
        assert_eq!(cleaned.changes[0].after.as_deref(), Some("2019-03-04 05:06:07.5+00"));
        assert!(cleaned.issues.is_empty());
    }

    #[test]
    fn what_is_no_point_in_time_is_null() {
        for raw in [
            "infinity",
            "-infinity",
            "2019-03-04",
            "2019-02-30 00:00:00+00",
            "2019-03-04 24:00:00+00",
            "2019-03-04 05:06:60+00",
            "2019-03-04 05:06:07.1234567+00",
            "2019-03-04 05:06:07.+00",
            "2019-03-04 05:06:07+00 BC",
            "0001-01-01 00:00:00+01",
            "0000-01-01 00:00:00",
            "999999-01-01 00:00:00+00",
            "2019/03/04 05:06:07+00",
            "04.03.2019 05:06",
            "1551675967",
            "2019-03-04 05:06:07+99",
            "2019-03-04 05:06:07 UTC+1",
        ] {
            let cleaned = timestamp("date_joined", Some(raw));
            assert_eq!(cleaned.value, None, "{raw}");
            assert_eq!(cleaned.issues, [Issue::new(Code::TimestampInvalid, "date_joined")], "{raw}");
            assert_eq!(cleaned.changes[0].rule, "timestamp.invalid", "{raw}");
        }
        assert_eq!(timestamp("last_login", None), Cleaned::unchanged(None));
        assert!(timestamp("last_login", Some("")).issues.is_empty());
    }

    #[test]
    fn years_before_our_era_are_printed_as_postgres_does() {
        let time = DateTime::from_timestamp(-62_167_219_200, 0).unwrap();
        assert_eq!(timestamp_text(&time), "0001-01-01 00:00:00+00 BC");
    }

    /// Nearly timestamps, one part or another too large, missing or too long.
    const ALMOST: &str = "[0-9]{4,6}-[01][0-9]-[0-3][0-9][ T][0-2][0-9]:[0-5][0-9](:[0-6][0-9](\\.[0-9]{0,7})?)?\
        ([+-][0-9]{2}(:?[0-9]{2})?|Z)?";

    proptest! {
        #[test]
        fn what_is_printed_is_read_again(micros in -62_135_596_800_000_000_i64..253_402_300_800_000_000) {
            let time = DateTime::from_timestamp_micros(micros).unwrap();
            prop_assert_eq!(timestamp("t", Some(&timestamp_text(&time))), Cleaned::unchanged(Some(time)));
        }

        #[test]
        fn anything_may_be_read(raw in prop_oneof![any::<String>(), ALMOST]) {
            let once = timestamp("t", Some(&raw));
            if once.value.is_none() || !once.changes.is_empty() {
                chain(Some(&raw), &once, once.value.as_ref().map(timestamp_text).as_deref());
            }
            if let Some(time) = once.value {
                prop_assert_eq!(timestamp("t", Some(&timestamp_text(&time))), Cleaned::unchanged(Some(time)));
            }
        }
    }
}
