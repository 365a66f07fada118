//! Bands: what may be done with a pair. `high` may be merged without a person looking, when that is configured, so it asks
//! for more than a high probability: the same person by name and by birthdate, not merely by what a household shares.

use crate::Kind;
use crate::compare::Pattern;
use crate::date::Agreement;
use crate::field::Field;
use crate::scale::word;

/// What may be done with a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Band {
    /// May be merged automatically, when configured.
    High,
    /// For review.
    Medium,
    /// A resemblance.
    Low,
}

impl Band {
    /// Every band, best first.
    pub const ALL: [Band; 3] = [Band::High, Band::Medium, Band::Low];

    /// The word in files and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Band::High => "high",
            Band::Medium => "medium",
            Band::Low => "low",
        }
    }
}

/// At least this probable to be `high`.
const HIGH: f64 = 0.99;
/// At least this probable to be worth a look: a missed pair costs more than a look, and the looks that bring most come
/// first.
const MEDIUM: f64 = 0.04;

/// The band of a pair.
pub(crate) fn band(fields: &[Field], pattern: Pattern, probability: f64) -> Band {
    if probability >= HIGH && is_same_person(fields, pattern) {
        Band::High
    } else if probability >= MEDIUM {
        Band::Medium
    } else {
        Band::Low
    }
}

/// Whether the pair agrees on what tells people of one household, twins and namesakes apart: first name and birthdate,
/// both present and the same; a slip in the birthdate only beside something that names the person, and no conflict.
fn is_same_person(fields: &[Field], pattern: Pattern) -> bool {
    let (mut given, mut surname, mut birth) = (None, None, None);
    // contacts that agree exactly; any one may be the household's
    let mut contacts = 0;
    let mut identified = false;
    for (at, field) in fields.iter().enumerate() {
        let Some(level) = pattern.level(at) else { continue };
        let exact = level == 0;
        match field.kind {
            Kind::GivenName => given = given.or(Some(level)),
            Kind::Surname | Kind::FullName => surname = surname.or(Some(level)),
            Kind::Date => birth = birth.or(Some(level)),
            Kind::Identifier if exact => identified = true,
            // another identifier is another person, or a mistake that a person has to see
            Kind::Identifier if level > 1 => return false,
            Kind::Email | Kind::Phone | Kind::Address if exact => contacts += 1,
            _ => {}
        }
    }
    let names_agree = given == Some(word::EXACT) && surname.is_some_and(|level| level <= word::CLOSE);
    let surname_agrees = surname == Some(word::EXACT);
    match birth.map(|level| (level == Agreement::Exact as u8, level <= Agreement::Slip as u8)) {
        Some((true, _)) => names_agree && (surname_agrees || contacts > 0 || identified),
        Some((false, true)) => names_agree && surname_agrees && (contacts > 0 || identified),
        Some((false, false)) => false,
        None => names_agree && surname_agrees && (identified || contacts > 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::Values;

    fn fields(kinds: &[Kind]) -> Vec<Field> {
        let field = |&kind: &Kind| Field {
            name: kind.to_string(),
            kind,
            codes: Vec::new(),
            counts: Vec::new(),
            mean: 1.0,
            share: 0.0,
            values: Values::Categories,
        };
        kinds.iter().map(field).collect()
    }

    #[test]
    fn high_asks_for_first_name_and_birthdate() {
        const KINDS: [Kind; 5] = [Kind::GivenName, Kind::Surname, Kind::Date, Kind::Email, Kind::Identifier];
        let fields = fields(&KINDS);
        let slip = Agreement::Slip as u8;
        let other_date = Agreement::Other as u8;
        for (what, levels, wanted) in [
            ("all agree", [Some(0), Some(0), Some(0), None, None], Band::High),
            ("a slip in the surname", [Some(0), Some(1), Some(0), None, None], Band::Medium),
            ("a slip in the surname, one email", [Some(0), Some(1), Some(0), Some(0), None], Band::High),
            ("a slip in the first name", [Some(1), Some(0), Some(0), Some(0), Some(0)], Band::Medium),
            ("a slip in the date", [Some(0), Some(0), Some(slip), None, None], Band::Medium),
            ("a slip in the date, one email", [Some(0), Some(0), Some(slip), Some(0), None], Band::High),
            ("another date", [Some(0), Some(0), Some(other_date), Some(0), Some(0)], Band::Medium),
            ("another first name", [Some(5), Some(0), Some(0), Some(0), Some(0)], Band::Medium),
            ("no first name", [None, Some(0), Some(0), Some(0), Some(0)], Band::Medium),
            ("no date", [Some(0), Some(0), None, Some(0), None], Band::Medium),
            ("no date, one identifier", [Some(0), Some(0), None, None, Some(0)], Band::High),
            ("another identifier", [Some(0), Some(0), Some(0), Some(0), Some(2)], Band::Medium),
        ] {
            let pattern = levels
                .iter()
                .enumerate()
                .fold(Pattern::default(), |pattern, (at, &level)| pattern.with(at, level));
            assert_eq!(band(&fields, pattern, 0.9999), wanted, "{what}");
            assert_ne!(band(&fields, pattern, 0.9), Band::High, "{what}");
        }
    }
}
