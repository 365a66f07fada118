//! Which row of the target stands for which office when the mapping was lost: by name, city, phone, postal code and
//! address. Pure. Only a pair in which each is the other's single best counts; whatever else looks alike is for a person.

use std::collections::HashMap;

use crate::clean::letters;
use crate::record::LegacyId;
use crate::staging::Match;

/// What an office or a practice says of itself: name, city, phone, postal code and address, in this order.
pub(super) type Said = [Option<String>; 5];

const NAMES: [&str; 5] = ["name", "city", "phone", "zip_code", "address"];
const NAME: usize = 0;
const CITY: usize = 1;
const PHONE: usize = 2;
const ZIP: usize = 3;
const ADDRESS: usize = 4;

/// The digits of a phone number that are compared: its end, since country codes come and go.
const PHONE_DIGITS: usize = 9;

/// Compares every office with the rows that share its name or its phone.
pub(super) fn matches(offices: &[(LegacyId, Said)], rows: &[(String, Said)]) -> Vec<Match> {
    let offices: Vec<(LegacyId, Key)> = offices.iter().map(|(id, said)| (*id, Key::of(said))).collect();
    let rows: Vec<(&String, Key)> = rows.iter().map(|(id, said)| (id, Key::of(said))).collect();
    let mut by_value: HashMap<(usize, &str), Vec<usize>> = HashMap::new();
    for (at, (_, key)) in rows.iter().enumerate() {
        for field in [NAME, PHONE] {
            if let Some(value) = &key.0[field] {
                by_value.entry((field, value)).or_default().push(at);
            }
        }
    }
    let mut pairs = Vec::new();
    for (office, (_, key)) in offices.iter().enumerate() {
        let mut candidates: Vec<usize> = [NAME, PHONE]
            .iter()
            .filter_map(|field| by_value.get(&(*field, key.0[*field].as_deref()?)))
            .flatten()
            .copied()
            .collect();
        candidates.sort_unstable();
        candidates.dedup();
        for row in candidates {
            let likeness = key.likeness(&rows[row].1);
            pairs.push(Pair { office, row, likeness });
        }
    }
    decide(&pairs)
        .map(|(pair, review)| Match {
            legacy_id: offices[pair.office].0,
            target_id: rows[pair.row].0.clone(),
            confidence_level: pair.likeness.confidence(),
            evidence: pair.likeness.evidence(),
            review,
        })
        .collect()
}

/// An office and a row that may be the same.
struct Pair {
    office: usize,
    row: usize,
    likeness: Likeness,
}

/// Each pair with the reason why it waits for review, if it does. A pair that is worse than another one of its office or
/// its row is left out, unless nothing could be decided between the better ones.
fn decide(pairs: &[Pair]) -> impl Iterator<Item = (&Pair, Option<&'static str>)> {
    let mut best_of_office: HashMap<usize, (u32, usize)> = HashMap::new();
    let mut best_of_row: HashMap<usize, (u32, usize)> = HashMap::new();
    for pair in pairs {
        for (side, best) in [(pair.office, &mut best_of_office), (pair.row, &mut best_of_row)] {
            let entry = best.entry(side).or_insert((pair.likeness.rank(), 0));
            if pair.likeness.rank() > entry.0 {
                *entry = (pair.likeness.rank(), 0);
            }
            if pair.likeness.rank() == entry.0 {
                entry.1 += 1;
            }
        }
    }
    pairs.iter().filter_map(move |pair| {
        let rank = pair.likeness.rank();
        let (office, row) = (best_of_office[&pair.office], best_of_row[&pair.row]);
        if rank < office.0 || rank < row.0 {
            return None;
        }
        let review = if office.1 > 1 {
            Some("several rows look like this office")
        } else if row.1 > 1 {
            Some("several offices look like this row")
        } else if pair.likeness.contradicts {
            Some("other fields differ")
        } else if pair.likeness.confidence() == "low" {
            Some("too little agrees")
        } else {
            None
        };
        Some((pair, review))
    })
}

/// Values made comparable; `None` for what says nothing.
struct Key(Said);

impl Key {
    fn of(said: &Said) -> Self {
        Key(std::array::from_fn(|field| {
            let text = said[field].as_deref()?;
            let text = if field == PHONE { digits(text) } else { letters(text) };
            Some(text).filter(|text| !text.is_empty())
        }))
    }

    fn likeness(&self, other: &Key) -> Likeness {
        let mut likeness = Likeness { same: [false; 5], contradicts: false };
        let mut differing = 0;
        for field in 0..NAMES.len() {
            if let (Some(a), Some(b)) = (&self.0[field], &other.0[field]) {
                likeness.same[field] = a == b;
                // addresses are written in too many ways for a difference to say anything
                differing += usize::from(a != b && field != ADDRESS);
            }
        }
        likeness.contradicts = differing > 1 || (differing == 1 && !likeness.is_certain());
        likeness
    }
}

/// The end of a phone number; nothing when it is too short to be one.
fn digits(text: &str) -> String {
    let digits: Vec<char> = text.chars().filter(char::is_ascii_digit).collect();
    if digits.len() < 7 {
        return String::new();
    }
    digits[digits.len().saturating_sub(PHONE_DIGITS)..].iter().collect()
}

/// In what two of them agree.
struct Likeness {
    same: [bool; 5],
    contradicts: bool,
}

impl Likeness {
    /// Whether two independent things agree beside the name, or the phone does.
    fn is_certain(&self) -> bool {
        let same = &self.same;
        same[NAME] && (same[PHONE] || (same[CITY] && (same[ZIP] || same[ADDRESS])))
    }

    fn confidence(&self) -> &'static str {
        let same = &self.same;
        if self.is_certain() {
            "high"
        } else if (same[NAME] && (same[CITY] || same[ZIP] || same[ADDRESS]))
            || (same[PHONE] && (same[CITY] || same[ZIP]))
        {
            "medium"
        } else {
            "low"
        }
    }

    /// The more agrees, and the more telling what agrees, the higher.
    fn rank(&self) -> u32 {
        let weights = [8, 2, 6, 3, 3];
        let sum: u32 =
            self.same.iter().zip(weights).filter(|(same, _)| **same).map(|(_, weight)| weight).sum();
        if self.contradicts { sum } else { sum + 1 }
    }

    fn evidence(&self) -> String {
        let same = NAMES.iter().zip(self.same).filter(|(_, same)| *same).map(|(name, _)| *name);
        same.collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(name: &str, city: &str, phone: &str, zip: &str) -> Said {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        [text(name), text(city), text(phone), text(zip), None]
    }

    /// Each match as `legacy id, row, confidence, applied`.
    fn found(offices: &[(i64, Said)], rows: &[(&str, Said)]) -> Vec<String> {
        let offices: Vec<_> = offices.iter().map(|(id, said)| (LegacyId(*id), said.clone())).collect();
        let rows: Vec<_> = rows.iter().map(|(id, said)| ((*id).to_owned(), said.clone())).collect();
        let show = |found: &Match| {
            let applied = if found.review.is_none() { "applied" } else { "review" };
            format!("{} {} {} {applied}", found.legacy_id, found.target_id, found.confidence_level)
        };
        matches(&offices, &rows).iter().map(show).collect()
    }

    #[test]
    fn spelling_is_no_difference() {
        let office = [(1, said("Harbour  Smiles, P.C.", "PORTLAND", "+1 (503) 555-0100", "97201"))];
        let row = [("a", said("harbour smiles pc", "Portland", "503.555.0100", "97201"))];
        assert_eq!(found(&office, &row), ["1 a high applied"]);
        let thai = [(1, said("คลินิก ท่าเรือ", "กรุงเทพ", "", ""))];
        let row = [("a", said("คลินิกท่าเรือ", "กรุงเทพ", "", ""))];
        assert_eq!(found(&thai, &row), ["1 a medium applied"]);
    }

    #[test]
    fn what_is_alike_twice_is_nobodys() {
        let offices = [(1, said("Smile", "Pune", "", "")), (2, said("Smile", "Pune", "", ""))];
        let rows = [("a", said("Smile", "Pune", "", ""))];
        assert_eq!(found(&offices, &rows), ["1 a medium review", "2 a medium review"]);
        let rows = [("a", said("Smile", "Pune", "", "")), ("b", said("Smile", "Pune", "", ""))];
        assert_eq!(found(&offices[..1], &rows), ["1 a medium review", "1 b medium review"]);
    }

    #[test]
    fn branches_of_a_chain_are_told_by_phone_and_city() {
        let offices =
            [(1, said("Chain", "Osaka", "06 5555 0001", "")), (2, said("Chain", "Kobe", "078 555 0002", ""))];
        let rows = [
            ("k", said("Chain", "Kobe", "078 555 0002", "")),
            ("o", said("Chain", "Osaka", "06 5555 0001", "")),
        ];
        assert_eq!(found(&offices, &rows), ["1 o high applied", "2 k high applied"]);
    }

    #[test]
    fn a_name_alone_or_a_contradiction_is_for_a_person() {
        let office = [(1, said("Smile", "Pune", "020 5555 0001", "411001"))];
        assert_eq!(found(&office, &[("a", said("Smile", "", "", ""))]), ["1 a low review"]);
        assert_eq!(
            found(&office, &[("a", said("Smile", "Pune", "020 5555 9999", ""))]),
            ["1 a medium review"]
        );
        assert_eq!(found(&office, &[("a", said("Other", "Goa", "", ""))]), Vec::<String>::new());
    }
}
