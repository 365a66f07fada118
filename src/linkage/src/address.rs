//! Email addresses that are made of the name: they say what the name says, and are no second witness beside it.

use rayon::prelude::*;

use crate::Kind;
use crate::codes::MISSING;
use crate::date::Date;
use crate::field::{Field, Values};
use crate::fold;
use crate::names::Names;

/// Which records have such an address, one bit each.
#[derive(Debug, Default)]
pub(crate) struct Made(Vec<u64>);

/// Records of one word of bits.
const BITS: usize = 64;

impl Made {
    /// Looks at the first address of every record.
    pub(crate) fn of(fields: &[Field]) -> Self {
        let first = |kind| fields.iter().find(|field| field.kind == kind);
        let (Some(email), Some(given), Some(surname)) =
            (first(Kind::Email), first(Kind::GivenName), first(Kind::Surname))
        else {
            return Self::default();
        };
        let (Values::Emails(texts), Values::Names(names)) = (&email.values, &given.values) else {
            return Self::default();
        };
        let birth = first(Kind::Date);
        let year = |record: usize| match birth.map(|field| (&field.values, field.codes[record])) {
            Some((Values::Dates(dates), code)) => dates[code as usize],
            _ => Date::default(),
        };
        let is_made = |record: usize| {
            let code = email.codes[record];
            code != MISSING && {
                let local = texts.get(code as usize).split('@').next().unwrap_or_default();
                let part = |codes: &[u32], is_surname| letters(names, codes[record], is_surname);
                let (given, surname) = (part(&given.codes, false), part(&surname.codes, true));
                is_made_of(local, &given, &surname, year(record).year)
            }
        };
        let count = email.codes.len();
        let word = |at: usize| {
            let records = at * BITS..count.min((at + 1) * BITS);
            records.enumerate().fold(0, |word, (bit, record)| word | u64::from(is_made(record)) << bit)
        };
        Self((0..count.div_ceil(BITS)).into_par_iter().map(word).collect())
    }

    pub(crate) fn is(&self, record: u32) -> bool {
        let record = record as usize;
        self.0.get(record / BITS).is_some_and(|word| word >> (record % BITS) & 1 == 1)
    }
}

/// A name in letters that an address may have, without spaces.
fn letters(names: &Names, code: u32, is_surname: bool) -> String {
    let name = names.core(code, is_surname);
    let latin = if name.is_ascii() { name.to_owned() } else { fold::latin(name) };
    latin.replace(' ', "")
}

/// Whether an address says the name, in any order, in full or by its first letters, and nothing else but a digit, or the year
/// of birth.
fn is_made_of(local: &str, given: &str, surname: &str, year: u16) -> bool {
    let mut rest: String = local.chars().filter(char::is_ascii_alphabetic).collect();
    let digits: String = local.chars().filter(char::is_ascii_digit).collect();
    let is_year = digits.len() >= 2 && year > 0 && year.to_string().ends_with(&digits);
    if (digits.len() > 1 && !is_year) || given.is_empty() || surname.is_empty() || rest.is_empty() {
        return false;
    }
    // an umlaut is written in two ways
    let spelt = |name: &str| name.replace("ae", "a").replace("oe", "o").replace("ue", "u");
    rest = spelt(&rest);
    let (given, surname) = (spelt(given), spelt(surname));
    let initial = &given[..1];
    let spellings = [
        format!("{given}{surname}"),
        format!("{surname}{given}"),
        format!("{initial}{surname}"),
        format!("{surname}{initial}"),
        format!("{given}{}", &surname[..1]),
        format!("{initial}{}", &surname[..1]),
    ];
    rest == given || rest == surname || spellings.contains(&rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_made_of_the_name_is_known() {
        for (local, wanted) in [
            ("john.smith", true),
            ("jsmith", true),
            ("smith_john", true),
            ("smith.j", true),
            ("john.smith1", true),
            ("john.smith77", true),
            ("johnsmith1977", true),
            ("john.smith42", false),
            ("skywalker", false),
            ("john.walker", false),
            ("", false),
        ] {
            assert_eq!(is_made_of(local, "john", "smith", 1977), wanted, "{local}");
        }
        assert!(is_made_of("jorg.muller", "joerg", "mueller", 0));
    }
}
