//! Names of people and of practices: trimmed, doubled spaces folded, invisible and control characters
//! dropped, NFC; the literal `null` and null become ''. Everything else is the person's own: case, accents,
//! apostrophes, particles and scripts stay, and compatibility forms are not folded (`unicode` says more).
//!
//! A name that looks like text read in the wrong encoding is flagged with a proposal and kept. Its characters
//! stand for bytes then, soft hyphens and no-break spaces among them, so only ASCII's spaces and controls are
//! cleaned in it.

use crate::record::{Change, Code, Issue};

use super::trail::Trail;
use super::unicode::{Reach, composed, single_spaces, trimmed, without_ascii_controls, without_invisible};
use super::{Cleaned, is_literal_null, mojibake};

/// A clean name; '' with `NameMissing` when there is none.
///
/// Rules, in order: `name.null`, `name.control`, `name.invisible`, `name.trim`, `name.spaces`, `name.nfc`,
/// `name.literal_null`.
pub fn name(field: &'static str, raw: Option<&str>) -> Cleaned<String> {
    let Some(raw) = raw else {
        return Cleaned::unchanged(String::new())
            .with_change(Change::new(field, "name.null", None, Some("")))
            .with_issue(Issue::new(Code::NameMissing, field));
    };
    if is_plain(raw) {
        return Cleaned::unchanged(raw.to_owned());
    }
    let mut trail = Trail::new(field, raw);
    trail.apply("name.control", without_ascii_controls);
    let reach = if mojibake::repaired(trail.text()).is_some() { Reach::Ascii } else { Reach::Unicode };
    if reach == Reach::Unicode {
        trail.apply("name.invisible", without_invisible);
    }
    trail.apply("name.trim", |text| trimmed(text, reach));
    trail.apply("name.spaces", |text| single_spaces(text, reach));
    trail.apply("name.nfc", composed);
    trail.apply("name.literal_null", |text| is_literal_null(text).then(String::new));

    let issue = if trail.text().is_empty() {
        Some(Issue::new(Code::NameMissing, field))
    } else if let Some(proposal) = mojibake::repaired(trail.text()) {
        Some(Issue::new(Code::NameMojibake, field).with_context(format!("proposal={proposal}")))
    } else if trail.text().contains(char::REPLACEMENT_CHARACTER) {
        Some(Issue::new(Code::NameMojibake, field).with_context("reason=replacement_character"))
    } else if has_lost_letter(trail.text()) {
        Some(Issue::new(Code::NameMojibake, field).with_context("reason=question_mark"))
    } else {
        None
    };
    let (value, changes) = trail.finish();
    Cleaned { value, changes, issues: issue.into_iter().collect() }
}

/// Whether a question mark stands beside a letter: what a program that writes ASCII puts in place of another letter.
pub fn has_lost_letter(name: &str) -> bool {
    let mut letters = ' ';
    name.chars().any(|letter| {
        let before = std::mem::replace(&mut letters, letter);
        letter == '?' && before.is_alphabetic() || before == '?' && letter.is_alphabetic()
    })
}

/// Whether a name is printable ASCII with single spaces inside: nearly all are, and need nothing.
fn is_plain(raw: &str) -> bool {
    let mut last = b' ';
    for byte in raw.bytes() {
        if !(b' '..=b'~').contains(&byte) || byte == b'?' || (byte == b' ' && last == b' ') {
            return false;
        }
        last = byte;
    }
    last != b' ' && !is_literal_null(raw)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::invariants::chain;
    use super::super::unicode::is_visible;
    use super::*;

    fn rules(cleaned: &Cleaned<String>) -> Vec<&'static str> {
        cleaned.changes.iter().map(|change| change.rule).collect()
    }

    #[test]
    fn each_rule_changes_what_it_says() {
        for (raw, clean, by) in [
            ("  Ann ", "Ann", &["name.trim"][..]),
            ("Mary  Ann", "Mary Ann", &["name.spaces"]),
            ("Mary\u{a0}Ann", "Mary Ann", &["name.spaces"]),
            ("Mary\tAnn\r\n", "Mary Ann", &["name.trim", "name.spaces"]),
            ("Ann\0", "Ann", &["name.control"]),
            ("\u{feff}Ann\u{200b}", "Ann", &["name.invisible"]),
            ("\u{202e}Ann\u{202c}", "Ann", &["name.invisible"]),
            ("\u{200b} Ann", "Ann", &["name.invisible", "name.trim"]),
            ("Jose\u{301}", "José", &["name.nfc"]),
            ("null", "", &["name.literal_null"]),
            (" NULL ", "", &["name.trim", "name.literal_null"]),
            ("   ", "", &["name.trim"]),
        ] {
            let cleaned = name("first_name", Some(raw));
            assert_eq!(cleaned.value, clean, "{raw:?}");
            assert_eq!(rules(&cleaned), by, "{raw:?}");
        }
    }

    #[test]
    fn what_is_a_persons_own_stays() {
        for raw in [
            "Ann",
            "ANN",
            "ann",
            "O'Neil",
            "O’Neil",
            "van der Berg",
            "de la Cruz",
            "McDONALD",
            "José",
            "Jean-Luc",
            "J. R.",
            "สมชาย",
            "ศิริพร",
            "น้ำฝน",
            "山田",
            "太郎",
            "ｱｲｳ",
            "ゴトウ",
            "山田\u{3000}太郎",
            "\u{fa10}本",
            "葛\u{e0100}城",
            "김철수",
            "क्\u{200d}ष",
            "محمد",
            "Nullmann",
            "Ａｎｎ",
            "ﬁn",
            "X Æ A-12",
            "nullify",
            "Sr.",
        ] {
            assert_eq!(name("first_name", Some(raw)), Cleaned::unchanged(raw.to_owned()), "{raw}");
        }
    }

    #[test]
    fn a_missing_name_is_empty_and_flagged() {
        for raw in [None, Some(""), Some("  "), Some("Null"), Some("\u{200b}"), Some("\u{3164}")] {
            let cleaned = name("last_name", raw);
            assert_eq!(cleaned.value, "", "{raw:?}");
            assert_eq!(cleaned.issues, [Issue::new(Code::NameMissing, "last_name")], "{raw:?}");
            assert_eq!(cleaned.changes.is_empty(), raw == Some(""), "{raw:?}");
        }
    }

    #[test]
    fn a_garbled_name_is_flagged_and_kept() {
        for (raw, clean, context) in [
            ("JosÃ©", "JosÃ©", "proposal=José"),
            ("MarÃ\u{ad}a", "MarÃ\u{ad}a", "proposal=María"),
            ("NicolÃ\u{a0}", "NicolÃ\u{a0}", "proposal=Nicolà"),
            (" Ã\u{89}ric  B", "Ã\u{89}ric B", "proposal=Éric B"),
            ("Jos\u{fffd}", "Jos\u{fffd}", "reason=replacement_character"),
        ] {
            let cleaned = name("first_name", Some(raw));
            assert_eq!(cleaned.value, clean);
            assert_eq!(cleaned.issues, [Issue::new(Code::NameMojibake, "first_name").with_context(context)]);
        }
    }

    /// Printable, invisible and garbled characters, and what the rules look for.
    const MIXED: &str = r"([\PC\x00-\xff\u{200b}-\u{200f}\u{3000}]|[Ã-Å][\x80-\xbf]|null| ){0,12}";

    proptest! {
        #[test]
        fn clean_names_stay(raw in MIXED) {
            let once = name("first_name", Some(&raw));
            chain(Some(&raw), &once, Some(&once.value));
            let twice = name("first_name", Some(&once.value));
            prop_assert_eq!(&twice.value, &once.value);
            prop_assert!(twice.changes.is_empty());
            prop_assert_eq!(twice.issues, once.issues);
        }

        #[test]
        fn visible_names_are_never_emptied(raw in any::<String>()) {
            let cleaned = name("first_name", Some(&raw));
            let nulled = cleaned.changes.iter().any(|change| change.rule == "name.literal_null");
            prop_assert_eq!(cleaned.value.is_empty(), nulled || !raw.contains(is_visible));
        }
    }
}
