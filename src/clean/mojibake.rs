//! Text that was written as UTF-8 and read as windows-1252 or latin-1: `JosÃ©` for `José`. Only recognised here, with the
//! repair as a proposal; nobody's name is changed on a guess.
//!
//! The test is the reverse of the accident: every character goes back to its byte, and the bytes are UTF-8. Text that
//! was not garbled passes it only by the rare accident of an accented capital followed by one of a few characters, so two letters in
//! a row count only after the leads of Latin letters (`Ã`, `Ä`, `Å`, `Â`), and what comes out must be letters, marks
//! or the usual punctuation of names.

use unicode_normalization::char::is_combining_mark;

/// The text as it was before it was garbled, when it looks garbled.
pub(super) fn repaired(text: &str) -> Option<String> {
    if text.is_ascii() {
        return None;
    }
    let bytes = text.chars().map(byte).collect::<Option<Vec<u8>>>()?;
    let repaired = String::from_utf8(bytes).ok()?;
    let plausible = repaired.chars().filter(|c| !c.is_ascii()).all(|c| {
        c.is_alphabetic()
            || is_combining_mark(c)
            || matches!(c, '\u{2018}' | '\u{2019}' | '\u{2010}'..='\u{2015}' | '\u{a0}')
    });
    (plausible && has_telling_pair(text)).then_some(repaired)
}

/// Whether some pair of neighbours is one that no language writes: a letter before a sign, or one of the leads that
/// garbled Latin letters begin with before anything beyond ASCII.
fn has_telling_pair(text: &str) -> bool {
    let mut last = 'a';
    text.chars().any(|c| {
        let telling =
            !last.is_ascii() && !c.is_ascii() && (!c.is_alphabetic() || matches!(last, '\u{c2}'..='\u{c5}'));
        last = c;
        telling
    })
}

/// The byte of a character in windows-1252, or in latin-1 where windows-1252 has none.
fn byte(c: char) -> Option<u8> {
    match c {
        '\0'..='\u{ff}' => u8::try_from(c).ok(),
        _ => (0x80..).zip(WINDOWS_1252).find_map(|(byte, other)| (other == c).then_some(byte)),
    }
}

/// Windows-1252 from 0x80 to 0x9f; U+FFFD, which is no character of it, marks the five bytes that it leaves free.
const WINDOWS_1252: [char; 32] = [
    '€', '\u{fffd}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{fffd}', 'Ž',
    '\u{fffd}', //
    '\u{fffd}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{fffd}', 'ž', 'Ÿ',
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reads UTF-8 as windows-1252, as the accident does.
    fn garbled(text: &str) -> String {
        text.bytes()
            .map(|b| match b {
                0x80..=0x9f if WINDOWS_1252[usize::from(b) - 0x80] != '\u{fffd}' => {
                    WINDOWS_1252[usize::from(b) - 0x80]
                }
                _ => char::from(b),
            })
            .collect()
    }

    #[test]
    fn garbled_names_are_recognised() {
        for name in [
            "José",
            "Ángel",
            "Müller",
            "María",
            "Łukasz",
            "İbrahim",
            "Иван",
            "สมชาย",
            "山田",
            "O’Neil",
            "Đặng",
        ] {
            assert_eq!(repaired(&garbled(name)).as_deref(), Some(name), "{name}");
        }
        assert_eq!(repaired("Ã\u{89}ric").as_deref(), Some("Éric"), "read as latin-1");
    }

    #[test]
    fn real_names_are_not() {
        for name in [
            "Jose",
            "José",
            "JOSÉ",
            "JOÃO",
            "São",
            "Ångström",
            "Ærø",
            "Łukasz",
            "Žižek",
            "ŠÁRKA",
            "BÜŠ",
            "GROẞ",
            "Nuñez",
            "NUÑEZ",
            "Mª José",
            "山田",
            "สมชาย",
            "Иван",
            "Ó Súilleabháin",
            "Þórður",
            "ÖZGÜR",
            "ŞAHİN",
            "Œuvrard",
            "Ñandú",
            "D’Angelo",
            "Ðorđe",
            "ÐŽ",
        ] {
            assert_eq!(repaired(name), None, "{name}");
        }
    }

    proptest! {
        #[test]
        fn what_is_repaired_was_garbled(name in r"[\p{Latin}\p{Thai}\p{Cyrillic}]{1,8}") {
            if let Some(repaired) = repaired(&garbled(&name)) {
                prop_assert_eq!(repaired, name);
            }
        }
    }
}
