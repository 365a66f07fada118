//! Which words of a column say yes, no, or a sex.

use super::declared::{Declared, is_one_of};
use super::form::Format;
use super::judge::Chosen;
use super::profile::Profile;
use super::trouble::Trouble;
use super::words::{SEXES, flag, is_mark};

/// The words of flags. Where some say yes and none says no, nothing says no if all are marks; else it is a question.
pub(super) fn flags(profile: &Profile, declared: &Declared, missing: u64) -> Chosen {
    let says = |word: &str| match (is_one_of(&declared.yes, word), is_one_of(&declared.no, word)) {
        (false, false) => flag(word),
        (yes, _) => Some(yes),
    };
    let count = |wanted: bool| -> u64 {
        profile.words.iter().filter(|(word, _)| says(word) == Some(wanted)).map(|(_, count)| *count).sum()
    };
    let (yes, no) = (count(true), count(false));
    let marks = profile.words.keys().filter(|word| is_mark(word)).count();
    let is_only_marks = marks == 1 && profile.words.len() == 1;
    let is_stated = !declared.yes.is_empty() || !declared.no.is_empty();
    let nothing = match (is_one_of(&declared.yes, ""), is_one_of(&declared.no, "")) {
        (true, _) => Some(true),
        (false, true) => Some(false),
        (false, false) => (is_only_marks && missing > 0).then_some(false),
    };
    // PostgreSQL's own t beside null is what it says
    let is_postgres = profile.words.keys().all(|word| word == "t") && profile.is_null_where_missing();
    let is_unclear = match nothing {
        Some(_) => false,
        None if missing > 0 => (no == 0 || marks > 0) && yes > 0 && !is_postgres,
        // two words for yes, and none for no
        None => no == 0 && marks > 0 && profile.words.len() > 1,
    };
    let trouble = is_unclear.then_some(Trouble::NothingOrNo);
    let plain = Chosen { trouble, ..Chosen::plain(yes + no) };
    if !is_stated && nothing.is_none() && yes + no == profile.plain {
        return plain;
    }
    Chosen {
        format: Format::Flags { yes: declared.yes.clone(), no: declared.no.clone(), nothing },
        word: match nothing {
            Some(false) => "words, nothing is no",
            Some(true) => "words, nothing is yes",
            None => "words",
        }
        .to_owned(),
        evidence: format!("{yes} yes, {no} no, {missing} nothing"),
        ..plain
    }
}

/// The language that reads most; the legacy's own codes and English words where another reads no more.
pub(super) fn sexes(profile: &Profile, declared: &Declared) -> Chosen {
    let stated = [&declared.male, &declared.female, &declared.other];
    if stated.iter().any(|words| !words.is_empty()) {
        let reads =
            |word: &str| stated.iter().any(|words| is_one_of(words, word)) || SEXES[0].code(word).is_some();
        let readable = profile.words.iter().filter(|(word, _)| reads(word)).map(|(_, count)| *count).sum();
        let [male, female, other] = stated.map(Clone::clone);
        return Chosen {
            format: Format::StatedSex { male, female, other },
            word: "words".to_owned(),
            evidence: "stated in the configuration".to_owned(),
            ..Chosen::plain(readable)
        };
    }
    let codes =
        |language: usize| profile.words.iter().map(move |(word, count)| (SEXES[language].code(word), *count));
    let read_by = |language: usize| -> u64 {
        codes(language).filter(|(code, _)| code.is_some()).map(|(_, count)| count).sum()
    };
    let most = (1..SEXES.len())
        .fold(0, |best, language| if read_by(language) > read_by(best) { language } else { best });
    // another language that reads as much, and takes one of the words for another sex
    let says_otherwise = |language: usize| {
        read_by(language) == read_by(most)
            && codes(most)
                .zip(codes(language))
                .any(|((one, _), (other, _))| one.is_some() && other.is_some() && one != other)
    };
    let is_of_two = most > 0 && (1..SEXES.len()).any(says_otherwise);
    // neither is rare; where it is not, and nobody is a woman, another system has counted from 0
    let of = |words: [&str; 2]| -> u64 { words.iter().filter_map(|word| profile.words.get(*word)).sum() };
    let total: u64 = profile.words.values().sum();
    let counts_from_zero = total >= 10 && 5 * of(["0", "0.0"]) >= total && of(["2", "2.0"]) == 0;
    // a word of a language that is not known here, as frequent as no mistake is
    let is_unknown = |word: &str| {
        word.chars().all(char::is_alphabetic)
            && [0, most].iter().all(|language| SEXES[*language].code(word).is_none())
    };
    let has_unknown =
        profile.words.iter().any(|(word, count)| *count >= 10 && 20 * count > total && is_unknown(word));
    let trouble = (is_of_two || counts_from_zero || has_unknown).then_some(Trouble::Sexes);
    // codes with decimals are no word of any language
    let plain = profile.plain + profile.wholes;
    if most == 0 || read_by(most) <= plain {
        let trouble = (counts_from_zero || has_unknown).then_some(Trouble::Sexes);
        return Chosen { trouble, ..Chosen::plain(plain) };
    }
    Chosen {
        format: Format::Sex(most),
        word: "words".to_owned(),
        evidence: format!("{} words", profile.words.len()),
        trouble,
        ..Chosen::plain(read_by(most))
    }
}
