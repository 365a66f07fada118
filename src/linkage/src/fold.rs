//! Folding: a value as typed becomes the form that is compared. Case, accents, punctuation, titles and particles go;
//! letters of scripts without case (Japanese, Thai, Chinese …) stay as they are, because two different names often share
//! one transliteration. Folded forms live in memory only and are never stored or shown.

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

/// Words before a name that say nothing about who it is.
const TITLES: &[&str] = &[
    "dr",
    "mr",
    "mrs",
    "ms",
    "miss",
    "prof",
    "professor",
    "herr",
    "frau",
    "sir",
    "jr",
    "sr",
    "ii",
    "iii",
    "phd",
    "md",
    "dds",
    "dmd",
];

/// Words after a comma that say that no given name follows, beside titles and numbers (`1st Baron`).
const RANKS: &[&str] = &[
    "iv", "esq", "baron", "baroness", "baronet", "bart", "bt", "count", "countess", "duke", "duchess",
    "earl", "graf", "freiherr", "lady", "lord", "marquess", "prince", "princess", "viscount",
];

/// Words inside a family name that come and go.
const PARTICLES: &[&str] = &[
    "van", "von", "vom", "zu", "zum", "zur", "de", "der", "den", "des", "del", "della", "di", "da", "dos",
    "das", "do", "du", "la", "le", "les", "el", "al", "bin", "ibn", "bint", "af", "av", "ter", "ten", "te",
    "y", "e", "und",
];

/// The literal texts that old applications write for nothing.
const NOTHING: &[&str] = &["null", "none", "nan", "n/a", "na", "nil", "-", "--", "unknown", "\\n", "<na>"];

/// Whether the value is missing, also when it says so in words.
pub(crate) fn is_missing(raw: &str) -> bool {
    let text = raw.trim();
    text.is_empty() || (text.len() <= 7 && NOTHING.iter().any(|nothing| text.eq_ignore_ascii_case(nothing)))
}

/// Whether the character belongs to a script in which transliteration would merge different names.
fn is_kept(character: char) -> bool {
    matches!(character as u32,
        0x0590..=0x06ff | 0x0900..=0x0fff | 0x1000..=0x109f | 0x1780..=0x17ff | 0x3005..=0x9fff | 0xac00..=0xd7af
        | 0xf900..=0xfaff | 0x20000..=0x3ffff)
}

/// Words of letters and digits, separated by single spaces: lower case, Latin letters without accents (`ü` as `ue`),
/// apostrophes dropped, other punctuation as spaces.
pub(crate) fn words(raw: &str) -> String {
    let mut folded = String::with_capacity(raw.len());
    if raw.is_ascii() {
        for byte in raw.bytes() {
            push_folded(&mut folded, byte as char);
        }
    } else if is_nfkc_quick(raw.chars()) == IsNormalized::Yes {
        // composing anew takes several times as long as seeing that there is nothing to compose
        raw.chars().for_each(|character| push_any(&mut folded, character));
    } else {
        raw.nfkc().for_each(|character| push_any(&mut folded, character));
    }
    folded.truncate(folded.trim_end().len());
    folded
}

fn push_any(folded: &mut String, character: char) {
    if is_kept(character) {
        return folded.push(character);
    }
    match character {
        'ä' | 'Ä' | 'æ' | 'Æ' => folded.push_str("ae"),
        'ö' | 'Ö' | 'ø' | 'Ø' | 'œ' | 'Œ' => folded.push_str("oe"),
        'ü' | 'Ü' => folded.push_str("ue"),
        '’' | '‘' | 'ʼ' | '´' => {}
        _ if character.is_ascii() => push_folded(folded, character),
        _ if character.is_alphanumeric() => {
            for plain in deunicode::deunicode_char(character).unwrap_or_default().chars() {
                push_folded(folded, plain);
            }
        }
        // combining marks that were left over say nothing; all else separates
        _ if unicode_normalization::char::is_combining_mark(character) => {}
        _ => push_folded(folded, ' '),
    }
}

fn push_folded(folded: &mut String, character: char) {
    match character {
        'a'..='z' | '0'..='9' => folded.push(character),
        'A'..='Z' => folded.push(character.to_ascii_lowercase()),
        '\'' | '`' => {}
        _ if folded.is_empty() || folded.ends_with(' ') => {}
        _ => folded.push(' '),
    }
}

/// The words of a name without titles and particles, unless nothing else is left.
pub(crate) fn name(raw: &str) -> String {
    let folded = words(raw);
    if !folded.contains(' ') {
        return folded;
    }
    let kept: Vec<&str> =
        folded.split(' ').filter(|word| !TITLES.contains(word) && !PARTICLES.contains(word)).collect();
    if kept.is_empty() { folded } else { kept.join(" ") }
}

/// A full name as given name and family name. `Last, First` is read as such; otherwise the last word, with the
/// particles before it, is the family name. A single word is a family name.
pub(crate) fn split_full_name(raw: &str) -> (String, String) {
    let mut raw = raw;
    if let Some((last, first)) = raw.split_once([',', '、', '،']) {
        let after = words(first);
        let word = after.split(' ').next().unwrap_or_default();
        let is_rank =
            TITLES.contains(&word) || RANKS.contains(&word) || word.starts_with(|c: char| c.is_ascii_digit());
        if !is_rank && !word.is_empty() {
            return (name(first), name(last));
        }
        raw = last;
    }
    let folded = words(raw);
    let all: Vec<&str> = folded.split(' ').filter(|word| !TITLES.contains(word)).collect();
    let Some((_, before)) = all.split_last() else { return (String::new(), folded) };
    let mut first_of_surname = before.len();
    while first_of_surname > 1 && PARTICLES.contains(&all[first_of_surname - 1]) {
        first_of_surname -= 1;
    }
    (name(&all[..first_of_surname].join(" ")), name(&all[first_of_surname..].join(" ")))
}

/// The text in plain Latin letters, for keys and for comparing across scripts.
pub(crate) fn latin(folded: &str) -> String {
    if folded.is_ascii() { folded.to_owned() } else { words(&deunicode::deunicode(folded)) }
}

/// Letters and digits only, in lower case: for identifiers.
pub(crate) fn squeezed(raw: &str) -> String {
    let mut folded = words(raw);
    folded.retain(|character| character != ' ');
    folded
}

/// The digits of a telephone number without leading zeros: for numbers that say `+`, `00` and `(0)` differently, the
/// comparison looks at the end.
pub(crate) fn phone(raw: &str) -> String {
    let digits: String = raw.nfkc().filter(char::is_ascii_digit).collect();
    digits.trim_start_matches('0').to_owned()
}

/// An email address, trimmed and in lower case.
pub(crate) fn email(raw: &str) -> String {
    if raw.is_ascii() {
        let letters = raw.chars().filter(|character| !character.is_whitespace());
        return letters.map(|character| character.to_ascii_lowercase()).collect();
    }
    raw.trim().nfkc().flat_map(char::to_lowercase).filter(|character| !character.is_whitespace()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fold_to_what_is_compared() {
        for (raw, folded) in [
            ("  O'Neil-Smith ", "oneil smith"),
            ("MÜLLER", "mueller"),
            ("Mueller", "mueller"),
            ("van der Berg", "berg"),
            ("Van", "van"),
            ("Dr. José  García", "jose garcia"),
            ("Łukasz", "lukasz"),
            ("田中", "田中"),
            ("สมชาย", "สมชาย"),
            ("Ёлкин", "iolkin"),
            ("", ""),
            ("'", ""),
        ] {
            assert_eq!(name(raw), folded, "{raw}");
        }
    }

    #[test]
    fn different_names_of_one_transliteration_stay_different() {
        assert_ne!(name("健"), name("謙"));
    }

    #[test]
    fn full_names_split_into_given_and_family_name() {
        for (raw, given, surname) in [
            ("Anna Maria Lopez", "anna maria", "lopez"),
            ("Lopez, Anna Maria", "anna maria", "lopez"),
            ("Jan van der Berg", "jan", "berg"),
            ("Madonna", "", "madonna"),
            ("Anna Lopez, MD", "anna", "lopez"),
            ("Anna Lopez, 1st Baroness of Avon", "anna", "lopez"),
            ("Lopez, ", "", "lopez"),
            ("Dr. Anna Lopez", "anna", "lopez"),
            ("", "", ""),
        ] {
            assert_eq!(split_full_name(raw), (given.to_owned(), surname.to_owned()), "{raw}");
        }
    }

    #[test]
    fn nothing_is_missing_in_any_spelling() {
        for raw in ["", "  ", "null", "NULL", "NaN", "None"] {
            assert!(is_missing(raw), "{raw}");
        }
        assert!(!is_missing("Null-Smith"));
    }

    #[test]
    fn phones_are_their_digits() {
        assert_eq!(phone("(030) 12-34"), "301234");
        assert_eq!(phone("+44 30 1234"), "44301234");
        assert_eq!(phone("0000"), "");
    }
}
