//! JSON in text columns (`dispatch_patient.schemes`), sometimes malformed: parsed for the target's metadata,
//! or kept as the text it is. Every digit of a number is kept, in the plain form in which PostgreSQL's jsonb prints
//! it. The raw text stays in the snapshot, so what JSON itself does not keep (repeated keys) is not lost.

use serde_json::Value;

use crate::record::{Change, Code, Issue};

use super::{Cleaned, scalar};

/// The value that a text holds; the text itself with `JsonMalformed` when it cannot be parsed; `None` when it
/// is missing or JSON's null.
///
/// Rules: `json.nul`, `json.empty`.
pub fn json(field: &'static str, raw: Option<&str>) -> Cleaned<Option<Value>> {
    let (Some(raw), Some(text)) = (raw, scalar(raw)) else {
        let cleaned = Cleaned::unchanged(None);
        return match raw {
            Some(_) => cleaned.with_change(Change::new(field, "json.empty", raw, None)),
            None => cleaned,
        };
    };
    let parsed = serde_json::from_str(text).ok().and_then(|mut value| write_out(&mut value).then_some(value));
    let (mut value, issue) = match parsed {
        Some(value) => (value, None),
        None => (Value::String(raw.to_owned()), Some(Issue::new(Code::JsonMalformed, field))),
    };
    let mut cleaned = Cleaned::unchanged(None);
    // PostgreSQL's jsonb cannot hold the character U+0000
    if (raw.contains('\0') || raw.contains("\\u0000")) && drop_nul(&mut value) {
        cleaned = cleaned.with_change(Change::new(field, "json.nul", Some(raw), Some(&value.to_string())));
    }
    cleaned.value = Some(value);
    cleaned.issues.extend(issue);
    cleaned
}

/// A number with more digits than this, written out, is no measure of anything.
const LONGEST_NUMBER: usize = 500;

/// Writes every number out; `false` when one is too long for that.
fn write_out(value: &mut Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::String(_) => true,
        Value::Array(values) => values.iter_mut().all(write_out),
        Value::Object(members) => members.values_mut().all(write_out),
        Value::Number(number) => {
            let text = number.as_str();
            if text.len() <= LONGEST_NUMBER && !text.contains(['e', 'E']) && !text.starts_with("-0") {
                return true;
            }
            let plain = plain_number(text).and_then(|plain| serde_json::from_str(&plain).ok());
            plain.is_some_and(|plain| {
                *number = plain;
                true
            })
        }
    }
}

/// A JSON number without an exponent, each digit kept: `1.50e3` is `1500`, `15e-1` is `1.5`, and nothing is less than nothing.
fn plain_number(text: &str) -> Option<String> {
    let (is_negative, text) = text.strip_prefix('-').map_or((false, text), |text| (true, text));
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent: i64 = exponent.parse().ok()?;
    let longest = i64::try_from(LONGEST_NUMBER).ok()?;
    let mut digits = format!("{whole}{fraction}");
    // how many of the digits stand after the point
    let after = i64::try_from(fraction.len()).ok()?.checked_sub(exponent)?;
    if !(-longest..=longest).contains(&after) || digits.len() > LONGEST_NUMBER {
        return None;
    }
    let after = if let Ok(after) = usize::try_from(after) {
        after
    } else {
        digits.extend(std::iter::repeat_n('0', usize::try_from(-after).ok()?));
        0
    };
    if digits.len() <= after {
        digits.insert_str(0, &"0".repeat(after + 1 - digits.len()));
    }
    let (whole, fraction) = digits.split_at(digits.len() - after);
    let whole = whole.trim_start_matches('0');
    let is_zero = whole.is_empty() && fraction.bytes().all(|digit| digit == b'0');
    let sign = if is_negative && !is_zero { "-" } else { "" };
    let whole = if whole.is_empty() { "0" } else { whole };
    let point = if fraction.is_empty() { "" } else { "." };
    let plain = format!("{sign}{whole}{point}{fraction}");
    (plain.len() <= LONGEST_NUMBER).then_some(plain)
}

/// Drops NUL characters from every text and key; says whether there were any.
fn drop_nul(value: &mut Value) -> bool {
    let mut found = false;
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
        Value::String(text) => {
            found = text.contains('\0');
            text.retain(|c| c != '\0');
        }
        Value::Array(values) => {
            for value in values {
                found |= drop_nul(value);
            }
        }
        Value::Object(members) => {
            for value in members.values_mut() {
                found |= drop_nul(value);
            }
            if members.keys().any(|key| key.contains('\0')) {
                found = true;
                let named = std::mem::take(members).into_iter();
                *members = named.map(|(key, value)| (key.replace('\0', ""), value)).collect();
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json as value;

    use super::*;

    #[test]
    fn json_is_parsed_and_the_rest_kept_as_text() {
        for (raw, expected, malformed) in [
            (r#"{"b": 1, "a": [true, null]}"#, Some(value!({"b": 1, "a": [true, null]})), false),
            ("[]", Some(value!([])), false),
            ("3", Some(value!(3)), false),
            (r#""text""#, Some(value!("text")), false),
            (" {} ", Some(value!({})), false),
            ("{'a': 1}", Some(value!("{'a': 1}")), true),
            (r#"{"a": 1"#, Some(value!(r#"{"a": 1"#)), true),
            ("plain", Some(value!("plain")), true),
            ("1e999", Some(value!("1e999")), true),
            ("null", None, false),
            ("NULL", None, false),
            ("", None, false),
        ] {
            let cleaned = json("schemes", Some(raw));
            assert_eq!(cleaned.value, expected, "{raw}");
            assert_eq!(!cleaned.issues.is_empty(), malformed, "{raw}");
        }
        assert_eq!(json("schemes", None), Cleaned::unchanged(None));
    }

    #[test]
    fn every_digit_of_a_number_is_kept() {
        for (raw, kept) in [
            ("12345678901234567890.12345678901234567890", "12345678901234567890.12345678901234567890"),
            ("0.1000", "0.1000"),
            ("1e2", "100"),
            ("1.50E3", "1500"),
            ("1.50e1", "15.0"),
            ("15e-1", "1.5"),
            ("-2.5e-4", "-0.00025"),
            ("123456789e-12", "0.000123456789"),
            ("0e5", "0"),
            ("-0", "0"),
            ("-0.00", "0.00"),
            ("-0.5", "-0.5"),
        ] {
            let cleaned = json("schemes", Some(&format!("[{raw}]")));
            assert_eq!(cleaned.value.map(|value| value.to_string()), Some(format!("[{kept}]")), "{raw}");
        }
        for raw in ["1e501", "1e-501", "1e99999999999999999999", "-1e9223372036854775807"] {
            let cleaned = json("schemes", Some(raw));
            assert_eq!(cleaned.value, Some(value!(raw)), "{raw}");
            assert_eq!(cleaned.issues[0].code, Code::JsonMalformed, "{raw}");
        }
    }

    #[test]
    fn nul_never_reaches_jsonb() {
        for (raw, expected) in
            [(r#"{"a\u0000": ["b\u0000c"], "d": 1}"#, value!({"a": ["bc"], "d": 1})), ("a\0b", value!("ab"))]
        {
            let cleaned = json("schemes", Some(raw));
            assert_eq!(cleaned.value, Some(expected));
            assert_eq!(cleaned.changes[0].rule, "json.nul");
        }
        assert!(
            json("schemes", Some(r#"["\\u0000"]"#)).changes.is_empty(),
            "an escaped backslash is not a NUL"
        );
    }

    #[test]
    fn deep_nesting_is_text() {
        let deep = "[".repeat(100_000);
        assert_eq!(json("schemes", Some(&deep)).issues[0].code, Code::JsonMalformed);
    }

    proptest! {
        #[test]
        fn clean_json_stays(raw in prop_oneof![any::<String>(), r#"[{}\[\]",:0-9a\\u ]{0,12}"#]) {
            if let Some(once) = json("schemes", Some(&raw)).value {
                prop_assert_eq!(json("schemes", Some(&once.to_string())), Cleaned::unchanged(Some(once)));
            }
        }
    }
}
