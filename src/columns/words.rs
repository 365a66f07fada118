//! The words by which exports say yes, no, a sex, or nothing at all.

/// Yes, in lower case: what programs and languages write into a column of flags.
const YES: &[&str] = &[
    "t",
    "true",
    "1",
    "-1",
    "yes",
    "y",
    "on",
    "1.0",
    "1,0",
    ".t.",
    "true()",
    "enabled",
    "active",
    "x",
    "✓",
    "✔",
    "☑",
    "wahr",
    "ja",
    "j",
    "vrai",
    "v",
    "oui",
    "o",
    "vero",
    "si",
    "sì",
    "sí",
    "s",
    "verdadero",
    "verdadeiro",
    "sim",
    "waar",
    "sand",
    "sandt",
    "sant",
    "tosi",
    "kyllä",
    "prawda",
    "tak",
    "pravda",
    "ano",
    "igaz",
    "igen",
    "doğru",
    "evet",
    "истина",
    "да",
    "правда",
    "так",
    "ναι",
    "αληθής",
    "はい",
    "真",
    "是",
    "有効",
    "예",
    "จริง",
    "ใช่",
    "adevărat",
    "da",
    "tõene",
    "jah",
    "taip",
    "jā",
];

/// No, likewise.
const NO: &[&str] = &[
    "f",
    "false",
    "0",
    "no",
    "n",
    "off",
    "0.0",
    "0,0",
    "-0",
    ".f.",
    "false()",
    "disabled",
    "inactive",
    "☐",
    "✗",
    "✘",
    "falsch",
    "nein",
    "faux",
    "non",
    "falso",
    "não",
    "nao",
    "onwaar",
    "nee",
    "falsk",
    "usant",
    "nej",
    "nei",
    "epätosi",
    "ei",
    "fałsz",
    "nie",
    "nepravda",
    "ne",
    "hamis",
    "nem",
    "yanlış",
    "hayır",
    "ложь",
    "нет",
    "ні",
    "όχι",
    "ψευδής",
    "いいえ",
    "偽",
    "否",
    "無効",
    "아니요",
    "เท็จ",
    "ไม่ใช่",
    "fals",
    "nu",
    "väär",
    "nē",
];

/// Marks that somebody sets or leaves away: where a column has nothing else, nothing means no.
const MARKS: &[&str] = &["x", "✓", "✔", "☑", "*", "•", "+"];

/// The yes or no of a word in lower case.
pub(super) fn flag(word: &str) -> Option<bool> {
    let is = |words: &[&str]| words.contains(&word);
    if is(YES) { Some(true) } else { is(NO).then_some(false) }
}

/// Whether a word in lower case is a mark.
pub(super) fn is_mark(word: &str) -> bool {
    MARKS.contains(&word)
}

/// The words of one language for a sex, in lower case: male, female, neither.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Sexes {
    male: &'static [&'static str],
    female: &'static [&'static str],
    other: &'static [&'static str],
}

/// What languages call the sexes. One letter means one thing in one language and the opposite in another (`m` is a woman where
/// a man is `h`), so a column is read by one of them.
pub(super) const SEXES: &[Sexes] = &[
    Sexes {
        male: &["1", "m", "male", "man", "boy"],
        female: &["2", "f", "female", "woman", "girl"],
        other: &["0", "o", "other"],
    },
    Sexes {
        male: &["m", "männlich", "mann", "herr"],
        female: &["w", "weiblich", "frau"],
        other: &["d", "divers", "andere"],
    },
    Sexes {
        male: &["h", "hombre", "varón", "masculino"],
        female: &["m", "mujer", "femenino"],
        other: &["otro", "o"],
    },
    Sexes { male: &["h", "homme", "masculin"], female: &["f", "femme", "féminin"], other: &["autre"] },
    Sexes { male: &["v", "varón"], female: &["m", "mujer"], other: &["otro"] },
    Sexes { male: &["m", "man"], female: &["v", "vrouw"], other: &["x"] },
    Sexes {
        male: &["m", "man", "mand", "mann", "mężczyzna", "muž"],
        female: &["k", "kvinna", "kvinde", "kvinne", "kobieta", "žena", "ž"],
        other: &["annat", "annet"],
    },
    Sexes {
        male: &["m", "masculino", "homem", "maschio", "uomo"],
        female: &["f", "feminino", "femminile", "mulher", "femmina", "donna"],
        other: &["outro", "altro"],
    },
    Sexes {
        male: &["м", "муж", "мужской", "мужчина"],
        female: &["ж", "жен", "женский", "женщина"],
        other: &["другой"],
    },
    Sexes { male: &["男", "男性"], female: &["女", "女性"], other: &["その他", "其他"] },
    Sexes { male: &["ชาย"], female: &["หญิง"], other: &["อื่นๆ"] },
];

impl Sexes {
    /// The legacy's own code for a word in lower case.
    pub(super) fn code(&self, word: &str) -> Option<&'static str> {
        [(self.male, "1"), (self.female, "2"), (self.other, "0")]
            .into_iter()
            .find_map(|(words, code)| words.contains(&word).then_some(code))
    }
}

/// Texts by which programs say that there is no value, and nobody anything else.
const NOTHING: &[&str] = &["\\n", "(null)", "[null]", "<null>", "{null}", "#null!", "<na>", "null"];

/// Texts by which people say so too: no person and no place is called that, and it is no address.
const UNAVAILABLE: &[&str] = &[
    "n/a", "#n/a", "#n/d", "#nv", "(none)", "[none]", "<none>", "#name?", "#ref!", "#value!", "#div/0!",
    "#num!", "#nom?", "#valeur!", "#wert!", "#bezug!", "#zahl!", "#nombre?", "#valor!", "#nome?",
];

/// Texts that may be somebody's name as well: nothing was there if the rest of the table says so.
const DOUBTFUL: &[&str] = &["none", "nan", "nat", "na", "nil", "nul"];

/// What a text says about there being a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Marker {
    /// There is none, whatever the column.
    Nothing,
    /// There is none; in a column of addresses it may be what somebody typed for one.
    Unavailable,
    /// There is none in a column of dates, flags or numbers; elsewhere it depends.
    Doubtful,
}

/// Whether a trimmed text is a marker for a value that is missing.
pub(super) fn marker(text: &str) -> Option<Marker> {
    // nearly every value is longer, and none of them is read twice
    if text.is_empty() || text.len() > 19 {
        return None;
    }
    let is = |words: &[&str]| words.iter().any(|word| word.eq_ignore_ascii_case(text));
    if is(NOTHING) {
        Some(Marker::Nothing)
    } else if is(UNAVAILABLE) {
        Some(Marker::Unavailable)
    } else {
        is(DOUBTFUL).then_some(Marker::Doubtful)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_says_yes_and_no() {
        for word in YES {
            assert!(!NO.contains(word), "{word}");
        }
        for word in YES.iter().chain(NO).chain(MARKS) {
            assert_eq!(word.to_lowercase(), *word);
        }
    }

    #[test]
    fn no_language_has_one_word_for_two_sexes() {
        for sexes in SEXES {
            for word in sexes.male.iter().chain(sexes.female).chain(sexes.other) {
                let of = [sexes.male, sexes.female, sexes.other]
                    .iter()
                    .filter(|words| words.contains(word))
                    .count();
                assert_eq!(of, 1, "{word}");
            }
        }
    }
}
