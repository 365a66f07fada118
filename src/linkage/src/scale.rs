//! The graded levels of each comparison, best first, and what is assumed of them before the data have spoken: how often
//! two records of one person (`m`) and of two people (`u`) reach the level.

use crate::Kind;

/// The levels of a comparison, best first.
#[derive(Debug)]
pub(crate) struct Scale {
    pub(crate) levels: &'static [&'static str],
    /// Shares among records of one person.
    pub(crate) m: &'static [f64],
    /// Shares among records of two people.
    pub(crate) u: &'static [f64],
    /// How much the rarity of the value counts at the level: 1 in full, 0 not at all.
    pub(crate) rarity: &'static [f64],
}

/// Names. `form` is the same but for accents, vowel signs, particles or the script; a name that differs a little but occurs
/// on its own in the file, as Jan and Jana do, is no `slip`.
const NAME: Scale = Scale {
    levels: &["exact", "form", "slip", "nickname", "part", "close", "vague", "other"],
    m: &[0.79, 0.01, 0.09, 0.01, 0.025, 0.035, 0.02, 0.02],
    u: &[0.004, 0.000_1, 0.001, 0.000_8, 0.003, 0.01, 0.05, 0.931],
    rarity: &[1.0, 1.0, 0.7, 0.3, 0.3, 0.3, 0.0, 0.0],
};

/// Dates, as `date::Agreement`.
const DATE: Scale = Scale {
    levels: &["exact", "swapped", "slip", "one_part", "near", "generation", "vague", "partial", "other"],
    m: &[0.86, 0.01, 0.046, 0.02, 0.014, 0.005, 0.012, 0.01, 0.023],
    u: &[0.000_05, 0.000_01, 0.000_7, 0.001_5, 0.004, 0.000_7, 0.04, 0.001, 0.952],
    rarity: &[1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
};

const EMAIL: Scale = Scale {
    levels: &["exact", "slip", "same_local", "close", "other"],
    m: &[0.70, 0.06, 0.05, 0.04, 0.15],
    u: &[0.000_1, 0.000_05, 0.000_2, 0.001, 0.998],
    rarity: &[1.0, 0.5, 0.0, 0.0, 0.0],
};

const PHONE: Scale = Scale {
    levels: &["exact", "slip", "other"],
    m: &[0.70, 0.06, 0.24],
    u: &[0.000_1, 0.000_05, 0.999],
    rarity: &[1.0, 0.5, 0.0],
};

const IDENTIFIER: Scale = Scale {
    levels: &["exact", "slip", "other"],
    m: &[0.85, 0.06, 0.09],
    u: &[0.000_02, 0.000_05, 0.999],
    rarity: &[1.0, 0.5, 0.0],
};

const CATEGORY: Scale =
    Scale { levels: &["exact", "other"], m: &[0.90, 0.10], u: &[0.25, 0.75], rarity: &[1.0, 0.0] };

const PLACE: Scale = Scale {
    levels: &["exact", "slip", "part", "close", "vague", "other"],
    m: &[0.72, 0.08, 0.03, 0.03, 0.02, 0.12],
    u: &[0.02, 0.001, 0.003, 0.005, 0.05, 0.92],
    rarity: &[1.0, 0.7, 0.3, 0.3, 0.0, 0.0],
};

const WORDS: Scale = Scale {
    levels: &["exact", "slip", "part", "close", "vague", "other"],
    m: &[0.60, 0.10, 0.06, 0.06, 0.04, 0.14],
    u: &[0.005, 0.001, 0.003, 0.005, 0.05, 0.936],
    rarity: &[1.0, 0.7, 0.3, 0.3, 0.0, 0.0],
};

impl Scale {
    /// The scale of a kind of column.
    pub(crate) const fn of(kind: Kind) -> &'static Scale {
        match kind {
            Kind::GivenName | Kind::Surname | Kind::FullName => &NAME,
            Kind::Date => &DATE,
            Kind::Email => &EMAIL,
            Kind::Phone => &PHONE,
            Kind::Identifier => &IDENTIFIER,
            Kind::Category => &CATEGORY,
            Kind::Place => &PLACE,
            Kind::Address | Kind::Text => &WORDS,
        }
    }
}

/// Levels of names.
pub(crate) mod name {
    pub(crate) const EXACT: u8 = 0;
    pub(crate) const FORM: u8 = 1;
    pub(crate) const SLIP: u8 = 2;
    pub(crate) const NICKNAME: u8 = 3;
    pub(crate) const PART: u8 = 4;
    pub(crate) const CLOSE: u8 = 5;
    pub(crate) const VAGUE: u8 = 6;
    pub(crate) const OTHER: u8 = 7;
}

/// Levels of words: places, addresses, texts.
pub(crate) mod word {
    pub(crate) const EXACT: u8 = 0;
    pub(crate) const SLIP: u8 = 1;
    pub(crate) const PART: u8 = 2;
    pub(crate) const CLOSE: u8 = 3;
    pub(crate) const VAGUE: u8 = 4;
    pub(crate) const OTHER: u8 = 5;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scale_is_a_distribution_over_its_levels() {
        for kind in Kind::ALL {
            let scale = Scale::of(kind);
            for shares in [scale.m, scale.u] {
                assert_eq!(shares.len(), scale.levels.len(), "{kind}");
                let sum: f64 = shares.iter().sum();
                assert!((sum - 1.0).abs() < 2e-3, "{kind} {sum}");
            }
            assert_eq!(scale.rarity.len(), scale.levels.len(), "{kind}");
            assert!(scale.levels.len() <= 14, "a level and `missing` fit into four bits");
            assert!(scale.m[0] > scale.u[0]);
        }
    }
}
