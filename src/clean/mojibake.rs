//! Text that was written as UTF-8 and read as windows-1252 or latin-1: `JosÃ©` for `José`. Only recognised
//! here, with the repair as a proposal; nobody's name is changed on a guess.
//!
//! The test is the reverse of the accident: every character goes back to its byte, the bytes are UTF-8, and
//! what comes out are letters, marks or the usual punctuation of names. Real names pass that only by
//! accident, when an accented capital stands before a sign (`CAFÉ’S`) or before one of a few letters (`ÜŽ`);
//! so what comes out must also contain something that such accidents do not make.

use unicode_normalization::char::is_combining_mark;

/// The text as it was before it was garbled, when it looks garbled.
pub(super) fn repaired(text: &str) -> Option<String> {
    if text.is_ascii() {
        return None;
    }
    let bytes = text.chars().map(byte).collect::<Option<Vec<u8>>>()?;
    let repaired = String::from_utf8(bytes).ok()?;
    let is_name = repaired.chars().all(|c| {
        c.is_ascii()
            || c.is_alphabetic()
            || is_combining_mark(c)
            || matches!(c, '\u{a0}' | '\u{2010}'..='\u{2015}' | '\u{2018}' | '\u{2019}')
    });
    (is_name && (repaired.contains(is_telling) || has_telling_pair(text))).then_some(repaired)
}

/// Characters that only garbled text turns into: the accented letters of Latin, whose garbled form begins
/// with `Â`, `Ã`, `Ä` or `Å` before a second character beyond ASCII, and everything that takes three bytes or
/// more.
fn is_telling(c: char) -> bool {
    matches!(c, '\u{80}'..='\u{17f}' | '\u{800}'..)
}

/// Whether a character beyond ASCII stands before a sign that does not follow letters in any language; the
/// garbled letters of Greek, Cyrillic, Hebrew and Arabic are full of them.
fn has_telling_pair(text: &str) -> bool {
    let mut last = 'a';
    text.chars().any(|c| {
        let is_telling = !last.is_ascii() && !c.is_ascii() && !c.is_alphabetic() && !follows_letters(c);
        last = c;
        is_telling
    })
}

/// Signs and spaces that real text has right after a letter.
fn follows_letters(c: char) -> bool {
    "‘’“”‚„‹›«»–—…•·´™®©°\u{a0}\u{ad}".contains(c)
}

/// The byte of a character in windows-1252, or in latin-1 where windows-1252 has none.
fn byte(c: char) -> Option<u8> {
    match c {
        '\0'..='\u{ff}' => u8::try_from(c).ok(),
        _ => (0x80..).zip(WINDOWS_1252).find_map(|(byte, other)| (other == c).then_some(byte)),
    }
}

/// Windows-1252 from 0x80 to 0x9f; U+FFFD, which is no character of it, marks the five bytes that it leaves
/// free.
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
            "ÜŽ",
            "CAFÉ’S",
            "RENÉ\u{a0}B",
            "“NIÑ”",
            "Nº 5",
            "ANDRÉ™",
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
