//! Words that tell a father from a son of one name: Jr, III, fils, neto, младший. They are part of who somebody is, and where
//! they differ, or one record says one and the other none, two records are not one person without a look.

/// The generations, each with its words, plain and in lower case; a dot is gone by then.
const GENERATIONS: [&[&str]; 8] = [
    &[
        "sr",
        "sen",
        "senior",
        "snr",
        "pere",
        "père",
        "pai",
        "padre",
        "ae",
        "st",
        "starszy",
        "starsi",
        "starší",
        "ст",
        "старший",
        "id",
        "idosb",
        "idősb",
        "старіший",
        "vanhempi",
        "viejo",
        "aine",
        "aîné",
        "elder",
        "πρεσβύτερος",
        "الاب",
        "الأب",
    ],
    &[
        "jr",
        "jun",
        "junior",
        "jnr",
        "júnior",
        "fils",
        "filho",
        "hijo",
        "figlio",
        "ml",
        "mladší",
        "mladsi",
        "młodszy",
        "мл",
        "младший",
        "ifj",
        "ifjabb",
        "junr",
        "молодший",
        "nuorempi",
        "cadet",
        "younger",
        "νεότερος",
        "الابن",
        "הבן",
    ],
    &["ii", "2nd", "2", "neto", "nieto", "segundo"],
    &["iii", "3rd", "3", "bisneto", "third", "tercero"],
    &["iv", "4th", "4"],
    &["v", "5th", "5"],
    &["i"],
    &["sobrinho", "sobrino"],
];

/// Words that name a generation and a name as well: they count after another word only.
const ALONE: [&str; 20] = [
    "st", "v", "ae", "id", "padre", "pai", "2", "3", "4", "5", "i", "viejo", "aine", "aîné", "elder",
    "cadet", "younger", "segundo", "third", "الاب",
];

/// The generation that a word names, from 1.
pub(crate) fn generation(word: &str) -> Option<u8> {
    let at = GENERATIONS.iter().position(|words| words.contains(&word))?;
    Some(at as u8 + 1)
}

/// The generation that a name says beside other words, as a mark: 0 for none. `d. J.` and `d. Ä.`, or
/// `d. y.` and `d. e.`, are two words.
pub(crate) fn mark(name: &str) -> u8 {
    let mut words = name.split(' ').rev();
    let (last, before) = (words.next().unwrap_or_default(), words.next());
    let Some(before) = before else { return glued(last) };
    match (before, last) {
        ("d", "j" | "y") => 2,
        ("d", "ae" | "e" | "a") => 1,
        _ => {
            generation(last).or_else(|| generation(before).filter(|_| !ALONE.contains(&before))).unwrap_or(0)
        }
    }
}

/// The generation at the end of a word that nobody parted from it: no name ends so.
fn glued(word: &str) -> u8 {
    match word.len() {
        5.. if word.ends_with("jr") => 2,
        5.. if word.ends_with("sr") => 1,
        _ => 0,
    }
}

/// Whether a value is a generation and nothing else, as in a column of its own.
pub(crate) fn is_suffix(value: &str) -> bool {
    generation(value).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generation_is_seen_beside_a_name() {
        for (name, wanted) in [
            ("smith", 0),
            ("smith jr", 2),
            ("smith senior", 1),
            ("smith iii", 4),
            ("otto d ae", 1),
            ("otto d j", 2),
            ("junior", 0),
            ("souza filho", 2),
            ("john jr smith", 2),
            ("st john", 0),
            ("smith 2nd", 3),
            ("smithjr", 2),
        ] {
            assert_eq!(mark(name), wanted, "{name}");
        }
    }
}
