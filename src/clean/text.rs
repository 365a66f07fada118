//! Free text (addresses, notes): the writer's own, so only what no database can store or nobody can see is
//! taken away.

use unicode_normalization::UnicodeNormalization;

use super::trail::Trail;
use super::unicode::{Reach, trimmed, without_nul};
use super::{Cleaned, is_literal_null};

/// A text without NUL characters and surrounding space; `None` when nothing is left or the text is the
/// literal `null`.
///
/// Rules, in order: `text.nul`, `text.trim`, then `text.literal_null` or `text.empty`.
pub fn optional_text(field: &'static str, raw: Option<&str>) -> Cleaned<Option<String>> {
    let Some(raw) = raw else { return Cleaned::unchanged(None) };
    let mut trail = Trail::new(field, raw);
    trail.apply("text.nul", without_nul);
    trail.apply("text.trim", |text| trimmed(text, Reach::Unicode));
    let null = if trail.text().is_empty() {
        Some("text.empty")
    } else {
        is_literal_null(trail.text()).then_some("text.literal_null")
    };
    if let Some(rule) = null {
        return Cleaned { value: None, changes: trail.finish_null(rule), issues: Vec::new() };
    }
    let (value, changes) = trail.finish();
    Cleaned { value: Some(value), changes, issues: Vec::new() }
}

/// The letters and digits of a text, of any script, without case and the ways to write them: to compare by, never to keep.
pub fn letters(text: &str) -> String {
    text.nfkc().flat_map(char::to_lowercase).filter(|c| c.is_alphanumeric()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::invariants::chain;
    use super::*;

    #[test]
    fn text_is_kept_as_it_is() {
        for (raw, clean) in [
            ("12 Elm St.,  2nd floor\nback door", Some("12 Elm St.,  2nd floor\nback door")),
            (" 12 Elm St. ", Some("12 Elm St.")),
            ("12\0 Elm", Some("12 Elm")),
            ("東京都　千代田区", Some("東京都　千代田区")),
            ("", None),
            (" \t", None),
            ("NULL", None),
            ("null and void", Some("null and void")),
        ] {
            assert_eq!(optional_text("address", Some(raw)).value.as_deref(), clean, "{raw:?}");
        }
        assert_eq!(optional_text("address", None), Cleaned::unchanged(None));
    }

    #[test]
    fn emptiness_is_a_change() {
        let cleaned = optional_text("address", Some(" "));
        assert_eq!(cleaned.changes.iter().map(|c| c.rule).collect::<Vec<_>>(), ["text.trim", "text.empty"]);
    }

    proptest! {
        #[test]
        fn clean_text_stays(raw in r"([\PC\x00-\x20]|null){0,12}") {
            let once = optional_text("address", Some(&raw));
            chain(Some(&raw), &once, once.value.as_deref());
            let twice = optional_text("address", once.value.as_deref());
            prop_assert_eq!(twice, Cleaned::unchanged(once.value));
        }
    }
}
