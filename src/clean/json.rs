//! JSON in text columns (`dispatch_patient.schemes`), sometimes malformed: parsed for the target's metadata,
//! or kept as the text it is. The raw text stays in the snapshot, so what JSON itself does not keep (repeated
//! keys, digits beyond a double's) is not lost.

use serde_json::Value;

use crate::record::{Code, Issue};

use super::trail::change;
use super::{Cleaned, scalar};

/// The value that a text holds; the text itself with `JsonMalformed` when it cannot be parsed; `None` when it
/// is missing or JSON's null.
///
/// Rules: `json.nul`, `json.empty`.
pub fn json(field: &'static str, raw: Option<&str>) -> Cleaned<Option<Value>> {
    let (Some(raw), Some(text)) = (raw, scalar(raw)) else {
        let cleaned = Cleaned::unchanged(None);
        return match raw {
            Some(_) => cleaned.with_change(change(field, "json.empty", raw, None)),
            None => cleaned,
        };
    };
    let (mut value, issue) = match serde_json::from_str(text) {
        Ok(value) => (value, None),
        Err(_) => (Value::String(raw.to_owned()), Some(Issue::new(Code::JsonMalformed, field))),
    };
    let mut cleaned = Cleaned::unchanged(None);
    // PostgreSQL's jsonb cannot hold the character U+0000
    if (raw.contains('\0') || raw.contains("\\u0000")) && drop_nul(&mut value) {
        cleaned = cleaned.with_change(change(field, "json.nul", Some(raw), Some(&value.to_string())));
    }
    cleaned.value = Some(value);
    cleaned.issues.extend(issue);
    cleaned
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
