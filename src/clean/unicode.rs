//! Steps on text that several rules share: invisible characters, white space, composition. Each answers the
//! new text, or `None` when there is nothing to do, so that a clean text is never copied.
//!
//! Compatibility forms are never folded (no NFKC): full-width letters, ligatures and CJK compatibility
//! ideographs carry how a person writes the name. For the same reason NFC here steps around the CJK
//! compatibility ideographs, which NFC itself would replace although Japanese families tell 塚 (U+FA10) from 塚
//! (U+585A).

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// Which white space a step may touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// All of Unicode's `White_Space`.
    Unicode,
    /// ASCII's only, where other characters may be bytes of a garbled text.
    Ascii,
}

impl Reach {
    fn is_space(self, c: char) -> bool {
        c.is_whitespace() && (self == Reach::Unicode || c.is_ascii())
    }
}

/// Without ASCII's control characters; those that are white space (tab, line feed, …) stay for
/// [`single_spaces`].
pub(super) fn without_ascii_controls(text: &str) -> Option<String> {
    let drop = |c: char| c.is_ascii_control() && !c.is_whitespace();
    text.contains(drop).then(|| text.replace(drop, ""))
}

/// Without NUL, which PostgreSQL's text cannot hold and SQLite reads as the end.
pub(super) fn without_nul(text: &str) -> Option<String> {
    text.contains('\0').then(|| text.replace('\0', ""))
}

/// Without characters that show nothing: zero-width and bidirectional controls, soft hyphens, byte order
/// marks, fillers, tags, and the control characters beyond ASCII that are not white space.
///
/// The two joiners (ZWNJ, ZWJ) stay where a script needs them: between two letters of an Arabic or Indic
/// script, and after a virama, where Malayalam and Sinhala form letters with them. Variation selectors stay
/// everywhere: they choose between forms of an ideograph.
pub(super) fn without_invisible(text: &str) -> Option<String> {
    if text.is_ascii() || !text.contains(|c| is_invisible(c) || is_joiner(c)) {
        return None;
    }
    let mut kept = String::with_capacity(text.len());
    let mut last = None;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let needed = if is_joiner(c) { is_joined(last, rest.peek().copied()) } else { !is_invisible(c) };
        if needed {
            kept.push(c);
            last = Some(c);
        }
    }
    (kept.len() != text.len()).then_some(kept)
}

/// Without surrounding white space.
pub(super) fn trimmed(text: &str, reach: Reach) -> Option<String> {
    let trimmed = text.trim_matches(|c| reach.is_space(c));
    (trimmed.len() != text.len()).then(|| trimmed.to_owned())
}

/// With one plain space for every run of white space. One ideographic space (U+3000) is how a Japanese name
/// is written, so it stays, and a run of nothing else becomes one of it.
pub(super) fn single_spaces(text: &str, reach: Reach) -> Option<String> {
    let mut folded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c| reach.is_space(c)) {
        let (before, after) = rest.split_at(start);
        let end = after.find(|c| !reach.is_space(c)).unwrap_or(after.len());
        let run = &after[..end];
        folded.push_str(before);
        folded.push(if run.chars().all(|c| c == IDEOGRAPHIC_SPACE) { IDEOGRAPHIC_SPACE } else { ' ' });
        rest = &after[end..];
    }
    folded.push_str(rest);
    (folded != text).then_some(folded)
}

/// In canonical composition (NFC), the CJK compatibility ideographs excepted.
pub(super) fn composed(text: &str) -> Option<String> {
    if text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes {
        return None;
    }
    let mut composed = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(is_compatibility_ideograph) {
        let (before, after) = rest.split_at(start);
        let end = after.find(|c| !is_compatibility_ideograph(c)).unwrap_or(after.len());
        composed.extend(before.nfc());
        composed.push_str(&after[..end]);
        rest = &after[end..];
    }
    composed.extend(rest.nfc());
    (composed != text).then_some(composed)
}

/// In lower case, by Unicode's full mapping.
pub(super) fn lower_case(text: &str) -> Option<String> {
    let lower = text.to_lowercase();
    (lower != text).then_some(lower)
}

const IDEOGRAPHIC_SPACE: char = '\u{3000}';

fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}')
}

/// Invisible wherever it stands; joiners depend on their neighbours and are not in this list.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{80}'..='\u{9f}' if !c.is_whitespace())
        || matches!(c,
            '\u{ad}'                      // soft hyphen
            | '\u{34f}'                   // combining grapheme joiner
            | '\u{61c}'                   // Arabic letter mark
            | '\u{180e}'                  // Mongolian vowel separator
            | '\u{200b}'                  // zero-width space
            | '\u{200e}' | '\u{200f}'     // direction marks
            | '\u{202a}'..='\u{202e}'     // embeddings and overrides
            | '\u{2060}'..='\u{206f}'     // word joiner, invisible operators, isolates
            | '\u{3164}' | '\u{ffa0}'     // Hangul fillers
            | '\u{feff}'                  // byte order mark
            | '\u{fff9}'..='\u{fffb}'     // interlinear annotation
            | '\u{1d173}'..='\u{1d17a}'   // musical controls
            | '\u{e0000}'..='\u{e007f}') // tags
}

/// Whether a joiner between these neighbours changes how the word is written.
fn is_joined(last: Option<char>, next: Option<char>) -> bool {
    last.is_some_and(|last| is_virama(last) || (is_joining(last) && next.is_some_and(is_joining)))
}

/// Characters of the scripts that write with joiners: Arabic and its relatives, the Indic scripts, Khmer,
/// Mongolian.
fn is_joining(c: char) -> bool {
    matches!(c,
        '\u{600}'..='\u{60b}' | '\u{610}'..='\u{61a}' | '\u{61d}'..='\u{8ff}'
        | '\u{900}'..='\u{dff}'
        | '\u{1000}'..='\u{109f}'
        | '\u{1780}'..='\u{17ff}' | '\u{1800}'..='\u{180d}' | '\u{1810}'..='\u{18af}'
        | '\u{fb50}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}')
}

/// The sign that takes a consonant's vowel away, in the scripts of India and Sri Lanka.
fn is_virama(c: char) -> bool {
    matches!(
        c,
        '\u{94d}'
            | '\u{9cd}'
            | '\u{a4d}'
            | '\u{acd}'
            | '\u{b4d}'
            | '\u{bcd}'
            | '\u{c4d}'
            | '\u{ccd}'
            | '\u{d4d}'
            | '\u{dca}'
    )
}

fn is_compatibility_ideograph(c: char) -> bool {
    matches!(c, '\u{f900}'..='\u{faff}' | '\u{2f800}'..='\u{2fa1f}')
}

/// Whether a reader can see the character.
#[cfg(test)]
pub(super) fn is_visible(c: char) -> bool {
    !(c.is_whitespace() || c.is_control() || is_invisible(c) || is_joiner(c))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn joiners_stay_where_a_script_needs_them() {
        for (text, expected) in [
            ("می\u{200c}خواهم", None), // Persian: a ZWNJ inside the word
            ("ක්\u{200d}ෂ", None),      // Sinhala: a conjunct
            ("അവന്\u{200d}", None),     // Malayalam: a word-final chillu
            ("Anna\u{200d}", Some("Anna")),
            ("An\u{200c}na", Some("Anna")),
            ("می\u{200c}", Some("می")), // nothing to keep apart
            ("می\u{200c}\u{200c}خ", Some("می\u{200c}خ")),
        ] {
            assert_eq!(without_invisible(text).as_deref(), expected, "{text:?}");
        }
    }

    #[test]
    fn variation_selectors_and_compatibility_ideographs_stay() {
        for text in ["葛\u{e0100}城", "\u{fa10}本", "神\u{fe00}"] {
            assert_eq!(without_invisible(text), None, "{text:?}");
            assert_eq!(composed(text), None, "{text:?}");
        }
        assert_eq!(composed("\u{fa10}e\u{301}\u{fa10}").as_deref(), Some("\u{fa10}é\u{fa10}"));
    }

    #[test]
    fn white_space_is_folded_to_one() {
        for (text, expected) in [
            ("a b", None),
            ("a\u{3000}b", None),
            ("a  b", Some("a b")),
            ("a\u{a0}b", Some("a b")),
            ("a\t\nb", Some("a b")),
            ("a\u{3000}\u{3000}b", Some("a\u{3000}b")),
            ("a\u{3000} b", Some("a b")),
        ] {
            assert_eq!(single_spaces(text, Reach::Unicode).as_deref(), expected, "{text:?}");
        }
        assert_eq!(single_spaces("a\u{a0}b", Reach::Ascii), None);
    }

    /// Printable characters, and more than their share of those that the steps treat in their own way.
    const MIXED: &str = r"[\PC\x00-\x20\u{200b}-\u{200f}\u{3000}\u{900}-\u{97f}\u{fa10}-\u{fa1f}]{0,12}";

    proptest! {
        #[test]
        fn every_step_is_idempotent(text in MIXED) {
            let steps: [fn(&str) -> Option<String>; 6] = [
                without_ascii_controls,
                without_invisible,
                |text| trimmed(text, Reach::Unicode),
                |text| single_spaces(text, Reach::Unicode),
                composed,
                lower_case,
            ];
            for step in steps {
                if let Some(once) = step(&text) {
                    prop_assert_ne!(&once, &text);
                    prop_assert_eq!(step(&once), None);
                }
            }
        }
    }
}
