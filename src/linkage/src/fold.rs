//! Folding: a value as typed becomes the form that is compared. Case and punctuation go; accents too, but for names, of which
//! the form with accents and the one without are two. Letters of scripts without case (Japanese, Thai, Chinese …) stay as
//! they are, because two different names often share one transliteration. Folded forms live in memory only and are never
//! stored or shown.

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

use crate::generation::generation;
use crate::script;

/// Words beside a surname that say nothing about who it is. Beside a first name they may be one: Md Ali, Sir.
const TITLES: &[&str] =
    &["dr", "mr", "mrs", "ms", "miss", "prof", "professor", "herr", "frau", "sir", "phd", "md", "dds", "dmd"];

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
    if script::is_kept(character) {
        return folded.push(character);
    }
    match umlaut(character) {
        Some(written) => folded.push_str(written),
        _ if matches!(character, '’' | '‘' | 'ʼ' | '´') => {}
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

/// What somebody writes beside a name to tell it from another one: of two twins, one has a star.
const MARKS: [char; 3] = ['*', '+', '#'];

/// What a keyboard without the letter writes for it.
fn umlaut(character: char) -> Option<&'static str> {
    match character {
        'ä' | 'Ä' | 'æ' | 'Æ' => Some("ae"),
        'ö' | 'Ö' | 'ø' | 'Ø' | 'œ' | 'Œ' => Some("oe"),
        'ü' | 'Ü' => Some("ue"),
        'ß' | 'ẞ' => Some("ss"),
        _ => None,
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

/// The words of a name as they are written: in lower case, with accents and vowel signs, because Ján is not Jan. What a
/// keyboard without the letter writes for an umlaut is the umlaut.
pub(crate) fn name(raw: &str) -> String {
    if raw.is_ascii() && !raw.bytes().any(|byte| MARKS.contains(&char::from(byte))) {
        return words(raw);
    }
    let mut written = String::with_capacity(raw.len());
    for character in raw.nfkc() {
        match character {
            _ if MARKS.contains(&character) => written.push(character),
            '♂' => written.push_str(" m"),
            '♀' => written.push_str(" f"),
            _ if character.is_ascii() => push_folded(&mut written, character),
            // ø is no ö: Bjørn and Björn are two
            'ä' | 'Ä' | 'ö' | 'Ö' | 'ü' | 'Ü' | 'ß' | 'ẞ' => {
                written.push_str(umlaut(character).unwrap_or_default());
            }
            '’' | '‘' | 'ʼ' | '´' => {}
            _ if character.is_alphanumeric() || script::is_mark(character) => {
                written.extend(character.to_lowercase().map(script::settled));
            }
            _ => push_folded(&mut written, ' '),
        }
    }
    written.truncate(written.trim_end().len());
    written
}

/// A name without accents and vowel signs, in the letters of a plain keyboard where the script has any. The words of a
/// name stay apart.
pub(crate) fn plain(written: &str) -> String {
    if written.is_ascii() { written.to_owned() } else { words(&script::unmarked(written)) }
}

/// A surname without what comes and goes beside it, unless nothing else is left.
pub(crate) fn surname_core(plain: &str) -> String {
    // a particle belongs to the word after it: at the end it is something else, such as the `y.` of a younger one
    without(plain, |word, is_last| TITLES.contains(&word) || (!is_last && PARTICLES.contains(&word)))
}

/// A first name without a title before it, unless it may be a part of the name.
pub(crate) fn given_core(plain: &str) -> String {
    without(plain, |word, _| TITLES.contains(&word) && !matches!(word, "md" | "sir"))
}

/// Whether a title before a name says of a man (1) or of a woman (2) that it is one; 0 for none.
pub(crate) fn title_sex(plain: &str) -> u8 {
    match plain.split_once(' ').map(|(first, _)| first) {
        Some("mr" | "herr" | "sr" | "signor" | "monsieur" | "don") => 1,
        Some(
            "mrs" | "ms" | "miss" | "frau" | "sra" | "srta" | "signora" | "madame" | "mme" | "mlle" | "dona",
        ) => 2,
        _ => 0,
    }
}

fn without(name: &str, drops: impl Fn(&str, bool) -> bool) -> String {
    if !name.contains(' ') {
        return name.to_owned();
    }
    let last = name.rfind(' ').map_or(0, |space| space + 1);
    let kept: Vec<&str> =
        name.split(' ').filter(|word| !drops(word, word.as_ptr() == name[last..].as_ptr())).collect();
    if kept.is_empty() { name.to_owned() } else { kept.join(" ") }
}

/// A full name as given name and family name. `Last, First` is read as such; otherwise the last word, with the
/// particles before it and the generation after it, is the family name. A single word is a family name.
pub(crate) fn split_full_name(raw: &str) -> (String, String) {
    let mut raw = raw.to_owned();
    if let Some((last, first)) = raw.split_once([',', '、', '،']) {
        let after = name(first);
        let word = after.split(' ').next().unwrap_or_default();
        if generation(word).is_some() {
            raw = format!("{last} {word}");
        } else if TITLES.contains(&word)
            || RANKS.contains(&word)
            || word.is_empty()
            || word.starts_with(|c: char| c.is_ascii_digit())
        {
            raw = last.to_owned();
        } else {
            // `Lopez, Anna, Jr.`
            let first = first.replace([',', '、', '،'], " ");
            return (name(&first), name(last));
        }
    }
    let folded = name(&raw);
    let all: Vec<&str> = folded.split(' ').collect();
    let generations = all.iter().rev().take_while(|word| generation(word).is_some()).count();
    let mut first_of_surname = all.len().saturating_sub(generations + 1);
    while first_of_surname > 1 && PARTICLES.contains(&plain(all[first_of_surname - 1]).as_str()) {
        first_of_surname -= 1;
    }
    (all[..first_of_surname].join(" "), all[first_of_surname..].join(" "))
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
            ("van der Berg", "van der berg"),
            ("Dr. José  García", "dr josé garcía"),
            ("Łukasz", "łukasz"),
            ("田中", "田中"),
            ("สมชาย", "สมชาย"),
            ("Ёлкин", "елкин"),
            ("", ""),
            ("'", ""),
        ] {
            assert_eq!(name(raw), folded, "{raw}");
        }
    }

    #[test]
    fn what_comes_and_goes_beside_a_name_is_told_from_it() {
        for (raw, given, surname) in [
            ("van der Berg", "van der berg", "berg"),
            ("Van", "van", "van"),
            ("Dr. José García", "jose garcia", "jose garcia"),
            ("Md Ali", "md ali", "ali"),
            ("De Shawn", "de shawn", "shawn"),
            ("Łukasz", "lukasz", "lukasz"),
            ("Smith Jr", "smith jr", "smith jr"),
        ] {
            let plain = plain(&name(raw));
            assert_eq!(
                (given_core(&plain), surname_core(&plain)),
                (given.to_owned(), surname.to_owned()),
                "{raw}"
            );
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
            ("Jan van der Berg", "jan", "van der berg"),
            ("Jan Berg, Jr.", "jan", "berg jr"),
            ("Berg, Jan, Jr.", "jan jr", "berg"),
            ("Jan Berg III", "jan", "berg iii"),
            ("Madonna", "", "madonna"),
            ("Anna Lopez, MD", "anna", "lopez"),
            ("Anna Lopez, 1st Baroness of Avon", "anna", "lopez"),
            ("Lopez, ", "", "lopez"),
            ("Dr. Anna Lopez", "dr anna", "lopez"),
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
