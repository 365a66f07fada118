//! Categories that say what everybody writes in a way of their own: the sex, and the generation of a name.

use crate::codes::MISSING;
use crate::field::Whole;
use crate::records::Texts;
use crate::{fold, generation};

/// Distinct values of a column of sexes, or of generations, at most.
pub(crate) const FEW: usize = 24;

/// The words for each sex, plain, in lower case; those of the last row say that it is not known.
const SEXES: [&[&str]; 4] = [
    &[
        "m",
        "male",
        "man",
        "boy",
        "mann",
        "maennlich",
        "mannlich",
        "herr",
        "mr",
        "h",
        "homme",
        "masculin",
        "masculino",
        "hombre",
        "varon",
        "maschio",
        "maschile",
        "uomo",
        "mannelijk",
        "mand",
        "mies",
        "mezczyzna",
        "muz",
        "muzsky",
        "ferfi",
        "erkek",
        "м",
        "муж",
        "мужской",
        "мужчина",
        "男",
        "男性",
        "男子",
        "남",
        "남성",
        "남자",
        "ذكر",
        "पुरुष",
        "ชาย",
        "nam",
        "זכר",
        "laki laki",
        "pria",
    ],
    &[
        "f",
        "female",
        "woman",
        "girl",
        "frau",
        "weiblich",
        "w",
        "mrs",
        "ms",
        "femme",
        "feminin",
        "femenino",
        "feminino",
        "mujer",
        "femmina",
        "femminile",
        "donna",
        "vrouw",
        "vrouwelijk",
        "kvinde",
        "kvinna",
        "kvinne",
        "nainen",
        "kobieta",
        "k",
        "zena",
        "zensky",
        "no",
        "kadin",
        "ж",
        "жен",
        "женский",
        "женщина",
        "女",
        "女性",
        "女子",
        "여",
        "여성",
        "여자",
        "أنثى",
        "महिला",
        "स्त्री",
        "หญิง",
        "nu",
        "נקבה",
        "perempuan",
        "wanita",
    ],
    &[
        "d",
        "divers",
        "diverse",
        "x",
        "other",
        "o",
        "nonbinary",
        "non binary",
        "intersex",
        "autre",
        "otro",
        "outro",
        "altro",
    ],
    &[
        "u",
        "unk",
        "unknown",
        "not known",
        "unbekannt",
        "inconnu",
        "desconocido",
        "n",
        "na",
        "nicht bekannt",
        "0",
        "9",
        "не указан",
        "不明",
        "모름",
    ],
];

fn sex(text: &str) -> Option<usize> {
    let plain = fold::plain(text);
    SEXES.iter().position(|words| words.contains(&text) || words.contains(&plain.as_str()))
}

/// Gives every word for a sex the code of the first one that says the same, where the column holds nothing but such words;
/// what says that it is not known is missing. Says what the column is.
pub(crate) fn settle(texts: &Texts, codes: &mut [u32]) -> Whole {
    if is_suffix(texts) {
        return Whole::Suffix;
    }
    let count = texts.len();
    if !(2..=FEW).contains(&count) {
        return Whole::Plain;
    }
    let sexes: Option<Vec<usize>> = (1..count).map(|code| sex(texts.get(code))).collect();
    let Some(sexes) = sexes.filter(|sexes| sexes.iter().any(|&sex| sex < 2)) else { return Whole::Plain };
    // where `h` is hombre, `m` may be mujer
    let holds = |word: &str| (1..count).any(|code| texts.get(code) == word);
    if holds("m") && ["h", "hombre", "homem", "mujer", "mulher"].iter().any(|word| holds(word)) {
        return Whole::Plain;
    }
    let first = |of: usize| sexes.iter().position(|&sex| sex == of).map_or(MISSING, |at| at as u32 + 1);
    for code in codes.iter_mut().filter(|code| **code != MISSING) {
        let sex = sexes[*code as usize - 1];
        *code = if sex + 1 == SEXES.len() { MISSING } else { first(sex) };
    }
    Whole::Sex
}

/// Whether the texts are generations and nothing else.
pub(crate) fn is_suffix(texts: &Texts) -> bool {
    let count = texts.len();
    let is_generation = |code| {
        let text = texts.get(code);
        generation::is_suffix(text) || generation::is_suffix(&fold::plain(text))
    };
    (2..=24).contains(&count)
        && (1..count).all(is_generation)
        // numbers alone are anything
        && (1..count).any(|code| texts.get(code).starts_with(char::is_alphabetic))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(texts: &[&str]) -> (Whole, Vec<u32>) {
        let mut all = Texts::default();
        std::iter::once(&"").chain(texts).for_each(|text| all.push(text).expect("small"));
        let mut codes: Vec<u32> = (0..=texts.len() as u32).collect();
        (settle(&all, &mut codes), codes)
    }

    #[test]
    fn a_sex_is_one_however_it_is_written() {
        assert_eq!(settled(&["m", "f", "male", "w"]), (Whole::Sex, vec![0, 1, 2, 1, 2]));
        assert_eq!(settled(&["männlich", "u"]), (Whole::Sex, vec![0, 1, 0]));
        assert_eq!(settled(&["m", "f", "springfield"]), (Whole::Plain, vec![0, 1, 2, 3]));
        assert_eq!(settled(&["1", "2"]).0, Whole::Plain);
        assert_eq!(settled(&["d", "x"]).0, Whole::Plain);
        assert_eq!(settled(&["h", "m"]).0, Whole::Plain);
    }

    #[test]
    fn a_column_of_generations_is_known() {
        assert_eq!(settled(&["jr", "iii"]).0, Whole::Suffix);
        assert_eq!(settled(&["jr", "iii", "phd"]).0, Whole::Plain);
    }
}
