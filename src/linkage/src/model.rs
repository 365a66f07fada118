//! The model of Fellegi and Sunter: how often records of one person, and of two, reach each level of each field, and from
//! that what a pair's levels are worth, in bits.
//!
//! Two people are not always strangers. Relatives share a surname, an address, an email; twins a birthdate too. So a
//! pair is weighed as one person against strangers, relatives and twins together: relatives agree like one person on
//! what a household shares, and like strangers on given name, birthdate and the rest that is a person's own.

use crate::Kind;
use crate::compare::{Comparer, Pattern};
use crate::field::Field;
use crate::scale::Scale;

/// Levels of a scale at most.
pub(crate) const LEVELS: usize = 9;

/// How a field takes part in a household.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bond {
    /// A household shares it: surname, address, place, telephone, email.
    Shared,
    /// The birthdate: twins share it.
    Birth,
    /// A person's own: given name, sex, identifier, a second date.
    Own,
}

/// What is known of one field.
#[derive(Debug, Clone)]
pub(crate) struct FieldModel {
    pub(crate) m: [f64; LEVELS],
    pub(crate) u: [f64; LEVELS],
    /// A field that this one depends on, such as the city of a postcode, and `u` among strangers who agree on it:
    /// what follows from an agreement that was counted already counts little.
    pub(crate) parent: Option<(usize, [f64; LEVELS])>,
    pub(crate) bond: Bond,
    /// How many records hold the value of a record, in the mean: what a value's own count is compared with.
    pub(crate) mean_count: f64,
    weights: [f32; LEVELS],
    /// The weights where the parent agrees.
    dependent: [f32; LEVELS],
    rarity: [f32; LEVELS],
}

/// The model of all fields.
#[derive(Debug, Clone)]
pub(crate) struct Model {
    pub(crate) fields: Vec<FieldModel>,
    /// How often given name and surname of one person stand in each other's place.
    pub(crate) swapped: f64,
    pub(crate) household: Household,
    /// The odds, in bits, that a random pair is one person.
    pub(crate) prior: f64,
}

/// How many pairs of two people of one household there are for each pair of records of one person.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Household {
    /// Other first name, other birthdate.
    pub(crate) relatives: f64,
    /// Other first name, the same birthdate.
    pub(crate) twins: f64,
    /// The same first name, other birthdate.
    pub(crate) juniors: f64,
}

impl Household {
    /// The households of a file with so many relatives and twins. Where there are relatives there are twins and
    /// juniors, also when counting does not show them; `unseen` says how much of that is left where it could have shown them.
    pub(crate) fn counted(relatives: f64, twins: f64, juniors: f64, unseen: [f64; 2]) -> Self {
        let assumed = |counted: f64, with_relatives: f64, unseen: f64| {
            0.000_5 * unseen + counted.max(with_relatives * unseen).min(1.0)
        };
        Self {
            relatives,
            twins: assumed(twins, 0.05 * relatives, unseen[0]),
            juniors: assumed(juniors, 0.02 * relatives.min(10.0), unseen[1]),
        }
    }
}

/// What the fields of a pair say in bits, by how a household shares them.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Bonds {
    pub(crate) shared: f32,
    pub(crate) birth: f32,
    pub(crate) given: f32,
    /// Whether the first names are the same.
    pub(crate) is_one_name: bool,
}

impl FieldModel {
    /// The model of a field before any data: the stated shares.
    fn stated(field: &Field, bond: Bond) -> Self {
        let scale = Scale::of(field.kind);
        let fill = |shares: &[f64]| std::array::from_fn(|level| shares.get(level).copied().unwrap_or(0.0));
        let mut model = Self {
            m: fill(scale.m),
            u: fill(scale.u),
            parent: None,
            bond,
            mean_count: field.mean,
            weights: [0.0; LEVELS],
            dependent: [0.0; LEVELS],
            rarity: std::array::from_fn(|level| scale.rarity.get(level).map_or(0.0, |&share| share as f32)),
        };
        model.weigh();
        model
    }

    /// Works out the weights after `m` or `u` has changed.
    pub(crate) fn weigh(&mut self) {
        let weights = |m: &[f64; LEVELS], u: &[f64; LEVELS]| {
            std::array::from_fn(
                |at| if m[at] > 0.0 && u[at] > 0.0 { (m[at] / u[at]).log2() as f32 } else { 0.0 },
            )
        };
        self.weights = weights(&self.m, &self.u);
        self.dependent = self.weights;
        if let Some((_, u)) = &self.parent {
            // agreement says less beside the parent's; disagreement says what it said
            for (dependent, within) in self.dependent.iter_mut().zip(weights(&self.m, u)) {
                *dependent = if *dependent > 0.0 { within.clamp(0.0, *dependent) } else { *dependent };
            }
        }
    }

    /// How often strangers reach the level in a pair.
    pub(crate) fn u_within(&self, level: u8, pattern: Pattern) -> f64 {
        match &self.parent {
            Some((parent, u)) if agrees(pattern, *parent) && self.weights[usize::from(level)] > 0.0 => {
                u[usize::from(level)]
            }
            _ => self.u[usize::from(level)],
        }
    }

    /// The weight of a level in bits, for values that are `common` bits more common than the mean.
    fn weight(&self, level: u8, pattern: Pattern, common: impl Fn() -> f32) -> f32 {
        let level = usize::from(level);
        if self.parent.as_ref().is_some_and(|(parent, _)| agrees(pattern, *parent)) {
            return self.dependent[level];
        }
        let rarity = self.rarity[level];
        let weight = self.weights[level];
        if rarity == 0.0 {
            return weight;
        }
        // a common value says less, but agreement never becomes disagreement
        if weight > 0.0 { (weight - rarity * common()).max(0.0) } else { weight }
    }

    /// The weight of a level at which neither rarity nor another field counts.
    pub(crate) fn plain_weight(&self, level: u8) -> f32 {
        self.weights[usize::from(level)]
    }

    /// The most that the field can add.
    pub(crate) fn most(&self) -> f32 {
        self.most_from(0)
    }

    /// The most that it can add from a level on.
    pub(crate) fn most_from(&self, level: usize) -> f32 {
        (level..LEVELS)
            .map(|level| self.weights[level] + self.rarity[level] * (self.mean_count as f32).log2().max(0.0))
            .fold(0.0, f32::max)
    }
}

impl Model {
    /// The stated model of the fields of a file.
    pub(crate) fn stated(comparer: &Comparer<'_>) -> Self {
        let birth = comparer.fields.iter().position(|field| field.kind == Kind::Date);
        let fields = comparer
            .fields
            .iter()
            .enumerate()
            .map(|(at, field)| {
                let bond = match field.kind {
                    Kind::Date if Some(at) == birth => Bond::Birth,
                    // a doctor or a practice is the household's, a sex or a status is not
                    Kind::Category if is_fine(field) => Bond::Shared,
                    Kind::GivenName | Kind::FullName | Kind::Category | Kind::Identifier | Kind::Date => {
                        Bond::Own
                    }
                    Kind::Surname | Kind::Email | Kind::Phone | Kind::Place | Kind::Address | Kind::Text => {
                        Bond::Shared
                    }
                };
                FieldModel::stated(field, bond)
            })
            .collect();
        Self { fields, swapped: 0.02, household: Household::counted(0.1, 0.01, 0.0, [1.0; 2]), prior: -12.0 }
    }

    /// The weight of a field for a pair, in bits; 0 where a value is missing.
    pub(crate) fn field_weight(
        &self,
        comparer: &Comparer<'_>,
        at: usize,
        pattern: Pattern,
        a: u32,
        b: u32,
    ) -> f32 {
        let Some(level) = pattern.level(at) else { return 0.0 };
        let weight = self.fields[at].weight(level, pattern, || comparer.common(at, a, b));
        // namesakes agree on an address that says the name again
        let says_nothing = weight > 0.0
            && comparer.fields[at].kind == Kind::Email
            && comparer.is_made_of_name(a)
            && comparer.is_made_of_name(b);
        if says_nothing { 0.0 } else { weight }
    }

    /// What the order of the names says, in bits.
    pub(crate) fn order_weight(&self, pattern: Pattern) -> f32 {
        if pattern.is_swapped() { self.swapped.log2() as f32 } else { 0.0 }
    }

    /// The bits of a pair by how a household shares what they are about.
    pub(crate) fn bonds(&self, fields: &[Field], weights: impl Fn(usize) -> f32) -> Bonds {
        let mut bonds = Bonds::default();
        for (at, field) in self.fields.iter().enumerate() {
            match field.bond {
                Bond::Shared => bonds.shared += weights(at),
                Bond::Birth => bonds.birth = weights(at),
                Bond::Own if fields[at].kind == Kind::GivenName => bonds.given += weights(at),
                Bond::Own => {}
            }
        }
        bonds
    }

    /// What relatives, twins and juniors take away, in bits, at most 0: the larger the share of the evidence that a
    /// household explains as well.
    pub(crate) fn household_weight(&self, bonds: Bonds) -> f32 {
        // strangers count 1, the others relative to them: what they share weighs as for one person, the rest nothing
        let odds = |share: f64, bits: f32| share * 2f64.powf(self.prior + f64::from(bits));
        let relatives = odds(self.household.relatives, bonds.shared);
        // two children of one birth are not given one name
        let of_one_name = if bonds.is_one_name { NAMED_ALIKE } else { 1.0 };
        let twins = odds(self.household.twins * of_one_name, bonds.shared + bonds.birth);
        let juniors = odds(self.household.juniors, bonds.shared + bonds.given);
        -((1.0 + relatives + twins + juniors).log2() as f32)
    }
}

/// How often twins of one name are in a file, compared with chance: where a clerk wrote one name twice.
const NAMED_ALIKE: f64 = 0.02;

/// Whether a field agrees exactly.
fn agrees(pattern: Pattern, field: usize) -> bool {
    pattern.level(field) == Some(0)
}

/// Whether a category has more than a few values, unlike a sex.
fn is_fine(field: &Field) -> bool {
    let present = field.present() as f64;
    present > 0.0 && field.mean / present < 0.3
}

/// The probability of odds in bits.
pub(crate) fn probability(bits: f64) -> f64 {
    1.0 / (1.0 + 2f64.powf(-bits))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model() -> Model {
        let household = Household::counted(1.0, 0.0, 0.0, [1.0; 2]);
        Model { fields: Vec::new(), swapped: 0.02, household, prior: -20.0 }
    }

    #[test]
    fn a_household_explains_what_it_shares_and_no_more() {
        let model = model();
        let bonds = |shared, birth, given| Bonds { shared, birth, given, is_one_name: false };
        // nothing shared: strangers, and nothing to take away
        assert!(model.household_weight(bonds(0.0, 0.0, 0.0)).abs() < 1e-3);
        // the same address and other people: all of it is the household's
        assert!(model.household_weight(bonds(40.0, -5.0, -5.0)) < -19.0);
        // twins: the birthdate too
        let (twins, relatives) = (bonds(40.0, 14.0, -5.0), bonds(40.0, -5.0, -5.0));
        assert!(model.household_weight(twins) < model.household_weight(relatives) - 5.0);
    }

    #[test]
    fn where_there_are_relatives_there_are_twins() {
        let few = Household::counted(0.0, 0.0, 0.0, [1.0; 2]);
        let many = Household::counted(10.0, 0.0, 0.0, [1.0; 2]);
        assert!(few.twins < 0.01 && many.twins > 0.1 && many.juniors > few.juniors);
        assert!(Household::counted(0.0, 0.3, 0.0, [1.0; 2]).twins > 0.3);
    }

    #[test]
    fn probability_is_of_odds_in_bits() {
        assert!((probability(0.0) - 0.5).abs() < 1e-12);
        assert!(probability(10.0) > 0.999 && probability(-10.0) < 0.001);
        assert!(probability(f64::from(f32::MAX)) <= 1.0 && probability(-2000.0) >= 0.0);
    }
}
