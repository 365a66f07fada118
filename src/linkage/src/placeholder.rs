//! Birthdates that stand for none in this file: a day on which far more people were born than around it. People count, not
//! records: somebody who is there ten times makes no placeholder, and nor do twins.

use std::collections::{BTreeMap, HashSet};

use crate::Kind;
use crate::codes::MISSING;
use crate::field::{Field, Values, names};

/// So many people on a day are looked at.
const PEOPLE: usize = 4;
/// Years around a day that say how many people to expect.
const AROUND: i32 = 2;
/// A day this improbable, as a logarithm, was not anybody's: a file has some thirty thousand days.
const IMPROBABLE: f64 = -18.0;

/// Makes the birthdates that stand for none missing.
pub(crate) fn forget(fields: &mut [Field]) {
    let Some(birth) = fields.iter().position(|field| field.kind == Kind::Date) else { return };
    let Some((given, surname)) = names(fields) else { return };
    let Values::Dates(dates) = &fields[birth].values else { return };
    let often: Vec<bool> = fields[birth].counts.iter().map(|&count| count as usize >= PEOPLE).collect();
    let mut people: BTreeMap<u32, People> = BTreeMap::new();
    let mut by_year: BTreeMap<i32, usize> = BTreeMap::new();
    for (record, &code) in fields[birth].codes.iter().enumerate().filter(|&(_, &code)| code != MISSING) {
        *by_year.entry(dates[code as usize].year.into()).or_default() += 1;
        if often[code as usize] {
            let of_day = people.entry(code).or_default();
            of_day.add(fields[given].codes[record], fields[surname].codes[record]);
        }
    }
    let gone: HashSet<u32> = people
        .into_iter()
        .filter(|(code, people)| {
            let (code, people) = (*code, people.count());
            let year = i32::from(dates[code as usize].year);
            let around: usize = by_year.range(year - AROUND..=year + AROUND).map(|(_, &count)| count).sum();
            let others = around.saturating_sub(fields[birth].counts[code as usize] as usize);
            let date = dates[code as usize];
            people >= PEOPLE
                && date.is_real()
                && is_improbable(people, others as f64 / (365.0 * f64::from(2 * AROUND + 1)))
        })
        .map(|(code, _)| code)
        .collect();
    if gone.is_empty() {
        return;
    }
    for code in &mut fields[birth].codes {
        if gone.contains(code) {
            *code = MISSING;
        }
    }
    fields[birth].recount();
}

/// Who was born on a day, by their names.
#[derive(Debug, Default)]
struct People {
    firsts: HashSet<u32>,
    lasts: HashSet<u32>,
    /// Those who share neither first name nor surname with an earlier one.
    unlike: usize,
}

impl People {
    fn add(&mut self, first: u32, last: u32) {
        if first != MISSING && last != MISSING {
            let (is_new_first, is_new_last) = (self.firsts.insert(first), self.lasts.insert(last));
            self.unlike += usize::from(is_new_first && is_new_last);
        }
    }

    /// How many they are at least: somebody who is there several times is written in several ways, twins bear one surname.
    fn count(&self) -> usize {
        self.unlike.max(self.lasts.len() / 2)
    }
}

/// Whether so many people on one day are far beyond the expected number.
fn is_improbable(people: usize, expected: f64) -> bool {
    let expected = expected.max(0.003);
    let people_f = people as f64;
    // the leading term of the tail of a Poisson distribution; days differ, and a season is no placeholder
    let logarithm =
        people_f * expected.ln() - expected - (1..=people).map(|nth| (nth as f64).ln()).sum::<f64>();
    people_f > 4.0 * expected && logarithm < IMPROBABLE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn far_more_than_expected_is_no_birthday() {
        for (people, expected, wanted) in [
            (4, 0.01, true),
            (4, 0.3, false),
            (8, 0.3, true),
            (12, 3.0, false),
            (60, 3.0, true),
            (90, 30.0, false),
        ] {
            assert_eq!(is_improbable(people, expected), wanted, "{people} {expected}");
        }
    }
}
