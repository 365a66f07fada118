//! Weighs the candidates: compares each pair field by field, the names first, and stops as soon as the rest cannot lift
//! it above the floor.

use rayon::prelude::*;

use super::Kind;
use super::compare::{Comparer, Pattern};
use super::estimate;
use super::model::{Bond, Bonds, Household, LEVELS, Model, probability};

/// A pair that was not dismissed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scored {
    pub(super) a: u32,
    pub(super) b: u32,
    pub(super) pattern: Pattern,
    /// The evidence of the fields in bits, without what households explain and without the prior.
    pub(super) fields: f32,
}

/// Weighs pairs with a model.
#[derive(Debug)]
pub(super) struct Scorer<'f> {
    pub(super) comparer: Comparer<'f>,
    pub(super) model: Model,
    /// The fields after the names, in the order of comparison, with what those after each can add at most.
    rest: Vec<(usize, f32)>,
    after_first: f32,
    /// Given name and birthdate, which come first.
    own: Vec<usize>,
    birth: Option<usize>,
    surname: Option<usize>,
    /// How many bits of a person's own the relatives are worth.
    relatives: f32,
    household: bool,
    /// Whether the model is known well enough to dismiss relatives at a glance.
    settled: bool,
}

impl<'f> Scorer<'f> {
    pub(super) fn new(comparer: Comparer<'f>, model: Model) -> Self {
        // without a first name or a date, nothing tells relatives from one person
        let household =
            comparer.fields.iter().any(|field| matches!(field.kind, Kind::GivenName | Kind::Date));
        let birth = comparer.fields.iter().position(|field| field.kind == Kind::Date);
        let (given, surname) = comparer.names.unzip();
        let own: Vec<usize> = given.into_iter().chain(birth).collect();
        let mut rest: Vec<usize> = (0..comparer.fields.len())
            .filter(|&at| !comparer.is_paired_name(at) && birth != Some(at))
            .collect();
        let most = |at: &usize| model.fields[*at].most();
        // a field comes after the one it depends on, because its weight does; parents have no parents
        let depends = |at: &usize| model.fields[*at].parent.is_some();
        rest.sort_by(|one, other| {
            let effort = |at: &usize| effort(comparer.fields[*at].kind);
            depends(one)
                .cmp(&depends(other))
                .then(effort(one).cmp(&effort(other)))
                .then(most(other).total_cmp(&most(one)))
                .then(one.cmp(other))
        });
        let mut left: f32 = rest.iter().map(most).sum();
        let after_first = left;
        let rest: Vec<(usize, f32)> = rest
            .iter()
            .map(|at| {
                left -= most(at);
                (*at, left)
            })
            .collect();
        let relatives = model.household.relatives.log2() as f32;
        // a second given name or a sex that agrees speaks for one person as well; no pair is dismissed before them
        let others_own = rest.iter().filter(|(at, _): &&(usize, f32)| model.fields[*at].bond == Bond::Own);
        let relatives = relatives - others_own.map(|(at, _)| model.fields[*at].most()).sum::<f32>();
        Self { comparer, model, rest, after_first, own, birth, surname, relatives, household, settled: false }
    }

    /// The same after a sample has settled the model.
    pub(super) fn settled(self) -> Self {
        Self { settled: true, ..Self::new(self.comparer, self.model) }
    }

    /// The pair's evidence, when its odds can reach the floor, in bits.
    pub(super) fn score(&self, a: u32, b: u32, floor: f64) -> Option<Scored> {
        let least = (floor - self.model.prior) as f32;
        let mut pattern = self.comparer.name_levels(a, b);
        if let Some(birth) = self.birth {
            pattern = pattern.with(birth, self.comparer.level(birth, a, b));
        }
        let weight = |at: usize, pattern| self.model.field_weight(&self.comparer, at, pattern, a, b);
        let own: f32 = self.own.iter().map(|&at| weight(at, pattern)).sum();
        // relatives agree on all else as one person does, so that the rest cannot speak against them
        if self.settled && self.household && !pattern.is_swapped() && own - self.relatives < floor as f32 {
            return None;
        }
        let mut sum = own + self.model.order_weight(pattern);
        if let Some(surname) = self.surname {
            sum += weight(surname, pattern);
        }
        if sum + self.after_first < least {
            return None;
        }
        for &(at, left) in &self.rest {
            pattern = pattern.with(at, self.comparer.level(at, a, b));
            sum += weight(at, pattern);
            if sum + left < least {
                return None;
            }
        }
        Some(Scored { a, b, pattern, fields: sum })
    }

    /// All evidence of a pair in bits, without the prior.
    pub(super) fn weight(&self, scored: &Scored) -> f32 {
        scored.fields + self.household_weight(scored)
    }

    pub(super) fn household_weight(&self, scored: &Scored) -> f32 {
        if !self.household || scored.pattern.is_swapped() {
            return 0.0;
        }
        self.model.household_weight(self.bonds(scored))
    }

    /// Whether any of the fields that twins share does not agree exactly.
    fn slips(&self, pattern: Pattern) -> bool {
        let mut fields = self.model.fields.iter().enumerate();
        fields.any(|(at, field)| field.bond != Bond::Own && pattern.level(at).is_some_and(|level| level > 0))
    }

    fn bonds(&self, scored: &Scored) -> Bonds {
        let fields = self.comparer.fields;
        self.model.bonds(fields, |at| {
            self.model.field_weight(&self.comparer, at, scored.pattern, scored.a, scored.b)
        })
    }

    /// The odds in bits that the pair is one person.
    pub(super) fn bits(&self, scored: &Scored) -> f64 {
        f64::from(self.weight(scored)) + self.model.prior
    }

    /// Weighs all candidates, in their order.
    pub(super) fn all(&self, pairs: &[u64]) -> Vec<Scored> {
        let chunks: Vec<Vec<Scored>> = pairs
            .par_chunks(8192)
            .map(|chunk| {
                chunk.iter().filter_map(|&pair| self.score((pair >> 32) as u32, pair as u32, FLOOR)).collect()
            })
            .collect();
        chunks.concat()
    }

    /// Settles the model on the scored pairs: the union of all passes holds nearly every pair of one person, and a pair
    /// left out counts for nothing, so these rounds of expectation maximisation see the file as a whole. `u` stays. The
    /// prior is counted over pairs that are more likely one person than not, so that many faint resemblances add up to
    /// nothing.
    ///
    /// `sampled` says how many candidates each of the scored pairs stands for.
    pub(super) fn settle(&mut self, scored: &[Scored], count: usize, sampled: f64) {
        let all = count as f64 * (count as f64 - 1.0) / 2.0;
        for round in 0..SETTLING {
            let chunks: Vec<Tally> = scored.par_chunks(16_384).map(|chunk| self.tally(chunk)).collect();
            let mut whole = Tally::default();
            for chunk in &chunks {
                whole.add(chunk);
            }
            let found = (whole.found * sampled).max(0.002 * count as f64).max(0.5).min(all * 0.3);
            let before = self.model.prior;
            self.model.prior = (found / (all - found)).log2();
            if round + 1 < SETTLING {
                for at in 0..self.comparer.fields.len() {
                    estimate::set_m(&self.comparer, &mut self.model, at, &whole.levels[at]);
                }
                self.model.swapped = (whole.swapped + 0.4) / (whole.found + 20.0);
                // dismissed relatives cannot be counted
                if !self.settled {
                    self.model.household = Household::counted(whole.relatives(), whole.twins());
                }
            }
            if round > 2 && (before - self.model.prior).abs() < 1e-3 {
                break;
            }
        }
    }

    fn tally(&self, chunk: &[Scored]) -> Tally {
        let fields = self.comparer.fields.len();
        let mut tally = Tally::default();
        for scored in chunk {
            let rescored = self.reweigh(scored);
            if let Some((first, birth)) = self.comparer.names_and_birth(scored.pattern) {
                // strangers hardly share as much: one person, or one household
                if f64::from(self.bonds(scored).shared) + self.model.prior >= CERTAIN {
                    if !birth {
                        tally.slips[usize::from(first)][usize::from(self.slips(scored.pattern))] += 1.0;
                    }
                    tally.households[usize::from(first)][usize::from(birth)] += 1.0;
                }
            }
            let probability = probability(self.bits(&rescored));
            if probability < 0.5 {
                continue;
            }
            tally.found += probability;
            tally.swapped += if scored.pattern.is_swapped() { probability } else { 0.0 };
            for at in 0..fields {
                if let Some(level) = scored.pattern.level(at) {
                    tally.levels[at][usize::from(level)] += probability;
                }
            }
        }
        tally
    }

    /// The pair with its evidence weighed again, after the model has changed.
    pub(super) fn reweigh(&self, scored: &Scored) -> Scored {
        let fields = self.comparer.fields;
        let weight = |at| self.model.field_weight(&self.comparer, at, scored.pattern, scored.a, scored.b);
        let sum: f32 = (0..fields.len()).map(weight).sum();
        Scored { fields: sum + self.model.order_weight(scored.pattern), ..*scored }
    }
}

/// How long a comparison takes, roughly: the quick ones come first, because most pairs end early.
fn effort(kind: Kind) -> u8 {
    match kind {
        Kind::Date | Kind::Category => 0,
        Kind::Phone | Kind::Identifier => 1,
        Kind::GivenName | Kind::Surname | Kind::FullName | Kind::Place | Kind::Email => 2,
        Kind::Address | Kind::Text => 3,
    }
}

/// Pairs with fewer bits than this below even odds are dropped.
const FLOOR: f64 = -9.0;

/// Rounds of settling at most.
const SETTLING: usize = 12;

/// Bits above even odds at which what a household shares leaves no doubt that it is one.
const CERTAIN: f64 = 3.0;

/// Pairs of one person: how many, how many with swapped names, and by level of each field.
#[derive(Debug, Default)]
struct Tally {
    found: f64,
    swapped: f64,
    levels: [[f64; LEVELS]; 16],
    /// Pairs of one household: first name and birthdate, the same (0) or another (1).
    households: [[f64; 2]; 2],
    /// Pairs of one household and one birthdate: the same first name or another, and whether any other field slips.
    slips: [[f64; 2]; 2],
}

impl Tally {
    fn add(&mut self, other: &Tally) {
        self.found += other.found;
        self.swapped += other.swapped;
        for (counts, more) in self.households.iter_mut().zip(&other.households) {
            counts.iter_mut().zip(more).for_each(|(count, more)| *count += more);
        }
        for (counts, more) in self.slips.iter_mut().zip(&other.slips) {
            counts.iter_mut().zip(more).for_each(|(count, more)| *count += more);
        }
        for (levels, more) in self.levels.iter_mut().zip(&other.levels) {
            levels.iter_mut().zip(more).for_each(|(level, more)| *level += more);
        }
    }

    /// Pairs of relatives for each pair of one person: those with another first name and another birthdate, beyond what
    /// mistakes in one and in the other would bring together by chance.
    fn relatives(&self) -> f64 {
        let [[same, other_birth], [other_first, both]] = self.households;
        let by_chance = other_birth * other_first / same.max(1.0);
        ((both - by_chance).max(0.0) + 0.1 * HOUSEHOLDS_STATED) / (same + HOUSEHOLDS_STATED)
    }
}

impl Tally {
    /// Pairs of twins for each pair of one person. A first name that is simply wrong comes with other slips about as
    /// often as a right one does; twins come without. So the share of wrong first names among pairs with a slip, at the
    /// upper end of what chance allows, is expected among pairs without one too, and what is clearly beyond are twins.
    fn twins(&self) -> f64 {
        let [right, wrong] = &self.slips;
        let upper = wrong[1] + 2.0 * wrong[1].sqrt();
        let share = (upper + 0.025 * 20.0) / (right[1] + 20.0);
        (wrong[0] - 1.5 * share * right[0]).max(0.0) / self.households[0][0].max(1.0)
    }
}

/// How many pairs the stated share of relatives, a tenth, counts for.
const HOUSEHOLDS_STATED: f64 = 2.0;
