//! Flags: PostgreSQL prints `t` and `f`, other exports write words or digits.

use crate::record::{Change, Code, Issue};

use super::{Cleaned, scalar};

/// A flag; `None` when it is missing, or with `BooleanInvalid` when it is neither true nor false.
///
/// Rules: `boolean.invalid`, `boolean.empty`.
pub fn boolean(field: &'static str, raw: Option<&str>) -> Cleaned<Option<bool>> {
    let null = |rule| {
        let cleaned = Cleaned::unchanged(None);
        if raw.is_some() { cleaned.with_change(Change::new(field, rule, raw, None)) } else { cleaned }
    };
    match scalar(raw) {
        None => null("boolean.empty"),
        Some(text) => match read_boolean(text) {
            Some(flag) => Cleaned::unchanged(Some(flag)),
            None => null("boolean.invalid").with_issue(Issue::new(Code::BooleanInvalid, field)),
        },
    }
}

/// The words that PostgreSQL itself takes.
fn read_boolean(text: &str) -> Option<bool> {
    let is = |words: [&str; 6]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if is(["t", "true", "1", "yes", "y", "on"]) {
        Some(true)
    } else if is(["f", "false", "0", "no", "n", "off"]) {
        Some(false)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::invariants::chain;
    use super::*;

    #[test]
    fn postgres_words_are_read() {
        for (value, raws) in [
            (Some(true), &["t", "T", "true", "TRUE", "1", "yes", "y", "on", " t "][..]),
            (Some(false), &["f", "F", "false", "False", "0", "no", "N", "off"]),
            (None, &["", " ", "null", "2", "-1", "tru", "maybe", "はい"]),
        ] {
            for raw in raws {
                assert_eq!(boolean("is_active", Some(raw)).value, value, "{raw:?}");
            }
        }
    }

    #[test]
    fn only_a_text_that_says_neither_is_an_issue() {
        for (raw, issue) in [(None, false), (Some(""), false), (Some("null"), false), (Some("2"), true)] {
            let cleaned = boolean("is_active", raw);
            assert_eq!(!cleaned.issues.is_empty(), issue, "{raw:?}");
            chain(raw, &cleaned, None);
        }
    }

    proptest! {
        #[test]
        fn clean_flags_stay(raw in any::<String>()) {
            if let Some(flag) = boolean("is_active", Some(&raw)).value {
                let twice = boolean("is_active", Some(&flag.to_string()));
                prop_assert_eq!(twice, Cleaned::unchanged(Some(flag)));
            }
        }
    }
}
