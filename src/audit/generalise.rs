//! How far values are put together so that enough people are alike: decided from the numbers of people alone.

use std::collections::{HashMap, HashSet};

use super::anonymity::{Class, HIDDEN, Hiding, Levels, QUASI_IDENTIFIERS, Texts};

/// At most one of so many is hidden as a whole before everybody's values are put together further.
const SUPPRESSED_SHARE: u64 = 20;

/// What each text becomes at these levels, by quasi-identifier and number.
pub(super) fn generaliser(hiding: &Hiding, texts: &mut Texts) -> [Vec<u32>; QUASI_IDENTIFIERS.len()] {
    std::array::from_fn(|quasi| {
        let given = texts.texts.clone();
        let becomes = |text: &String| match (quasi, text.as_str(), text.parse::<i32>()) {
            (_, "" | HIDDEN, _) => text.clone(),
            (0, _, Ok(year)) => hiding.birth(year),
            (1, ..) => hiding.sex(text),
            (2, ..) => hiding.practice(text).unwrap_or_else(|| text.clone()),
            (3 | 4, _, Ok(year)) => hiding.moment(year),
            // of another quasi-identifier
            _ => text.clone(),
        };
        given.iter().map(|text| texts.number(becomes(text))).collect()
    })
}

/// How far values are put together, and who is hidden beyond that.
pub(super) struct Decided {
    pub levels: Levels,
    /// The classes, as they are before, of those who are.
    pub suppressed: HashSet<Class>,
    /// How many people they are.
    pub people: u64,
}

/// Decides from the numbers of people alone how far values are put together so that no class has fewer than `k`; none where there
/// are not as many people at all. Each step is one walk over the classes, and there are no more steps than levels.
pub(super) fn decide(
    counts: &HashMap<Class, u64>,
    k: u64,
    mut generaliser: impl FnMut(Levels) -> [Vec<u32>; QUASI_IDENTIFIERS.len()],
) -> Option<Decided> {
    let total: u64 = counts.values().sum();
    let mut at = |levels: Levels| {
        let becomes = generaliser(levels);
        let general =
            |class: &Class| -> Class { std::array::from_fn(|at| becomes[at / 2][class[at] as usize]) };
        let mut classes: HashMap<Class, (u64, Vec<Class>)> = HashMap::new();
        for (class, people) in counts {
            let (sum, of) = classes.entry(general(class)).or_default();
            *sum += people;
            of.push(*class);
        }
        let small: u64 = classes.values().map(|(people, _)| *people).filter(|people| *people < k).sum();
        (small, classes)
    };
    let mut levels = Levels::default();
    let (mut small, mut classes) = at(levels);
    while small.saturating_mul(SUPPRESSED_SHARE) > total {
        let mut best: Option<(u64, Levels, _)> = None;
        for further in levels.further() {
            let (small, classes) = at(further);
            if best.as_ref().is_none_or(|(least, ..)| small < *least) {
                best = Some((small, further, classes));
            }
        }
        let Some((least, further, of)) = best else { break };
        (small, levels, classes) = (least, further, of);
    }
    let mut sizes: Vec<(u64, Vec<Class>)> = classes.into_values().collect();
    sizes.sort_unstable();
    let (mut people, mut suppressed) = (0, HashSet::new());
    for (size, of) in sizes {
        // those who are hidden are a class of their own, and not a small one
        if size >= k && (people == 0 || people >= k) {
            break;
        }
        people += size;
        suppressed.extend(of);
    }
    (people == 0 || people >= k).then_some(Decided { levels, suppressed, people })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Classes of `people[n]` who differ in the first quasi-identifier: its texts are the years from 1950 on.
    fn decided(people: &[u64], k: u64) -> Option<(Levels, u64, u64)> {
        let mut texts = Texts::default();
        let counts: HashMap<Class, u64> = (1950..)
            .zip(people)
            .map(|(year, people)| {
                let mut class = Class::default();
                class[0] = texts.number(year.to_string());
                class[1] = class[0];
                (class, *people)
            })
            .collect();
        // the others say nothing
        let mut hiding = Hiding::years_only(1900);
        let decided = decide(&counts, k, |levels| {
            hiding.levels = levels;
            generaliser(&hiding, &mut texts)
        })?;
        let left: u64 = counts
            .iter()
            .filter(|(class, _)| !decided.suppressed.contains(*class))
            .map(|(_, people)| people)
            .sum();
        Some((decided.levels, decided.people, left))
    }

    #[test]
    fn no_more_is_put_together_than_it_takes() {
        assert_eq!(decided(&[5, 7, 9], 5), Some((Levels::default(), 0, 21)));
        // one of them is few enough to be hidden, with somebody to be hidden among
        assert_eq!(decided(&[2, 60, 70, 5], 5), Some((Levels::default(), 7, 130)));
        // five years of one each are a band of five
        let (levels, suppressed, left) = decided(&[1; 20], 5).unwrap();
        assert_eq!((levels.birth, suppressed, left), (1, 0, 20));
        // nobody can be hidden among too few
        assert_eq!(decided(&[1, 2], 5), None);
        assert_eq!(decided(&[], 5), Some((Levels::default(), 0, 0)));
    }

    #[test]
    fn a_hundred_thousand_classes_take_no_square_of_that() {
        let people: Vec<u64> = (0..100_000).map(|at| 1 + at % 3).collect();
        let began = std::time::Instant::now();
        assert!(decided(&people, 5).is_some());
        assert!(began.elapsed().as_secs() < 30, "{:?}", began.elapsed());
    }
}
