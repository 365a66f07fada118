//! Settles the model on the scored pairs, where the file is seen as a whole: how many pairs are one person, what their
//! levels are, and how many relatives and twins there are beside them.

use rayon::prelude::*;

use crate::Kind;
use crate::compare::Pattern;
use crate::estimate;
use crate::model::{Bond, Household, LEVELS, probability};
use crate::score::{Scored, Scorer};

/// Rounds of settling at most.
pub(crate) const SETTLING: usize = 12;

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
    /// Pairs of one household and one first name: the same birthdate or another, and whether any other field slips.
    births: [[f64; 2]; 2],
    /// Pairs of one household and one birthdate, with the same first name or another: whether they agree on what is a
    /// person's own beside the name.
    own: [[f64; 2]; 2],
    /// The same of one first name, with the same birthdate or another.
    own_births: [[f64; 2]; 2],
}

impl Tally {
    fn add(&mut self, other: &Tally) {
        self.found += other.found;
        self.swapped += other.swapped;
        for (counts, more) in self.households.iter_mut().zip(&other.households) {
            counts.iter_mut().zip(more).for_each(|(count, more)| *count += more);
        }
        let tables = [
            (&mut self.slips, &other.slips),
            (&mut self.births, &other.births),
            (&mut self.own, &other.own),
            (&mut self.own_births, &other.own_births),
        ];
        for (counts, more) in tables.into_iter().flat_map(|(table, more)| table.iter_mut().zip(more)) {
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

    /// Pairs of juniors, who bear the first name of a parent, for each pair of one person: wrong birthdates among pairs
    /// that agree on all else, beyond those among pairs with a slip. A birthdate that is simply wrong comes with other
    /// slips as often as a right one.
    fn juniors(&self, strangers: f64) -> f64 {
        let same = self.households[0][0].max(1.0);
        if tells(&self.own_births, strangers) {
            return others(&self.own_births, strangers) * self.births[1].iter().sum::<f64>() / same;
        }
        // a few of a hundred may be mistakes that came alone
        (beyond(&self.births, 0.1) / same - 0.03).max(0.0)
    }

    /// Pairs of twins for each pair of one person, by the surer of two ways to tell twins from first names that are simply
    /// wrong, or the one that finds more.
    ///
    /// A wrong first name comes with other slips about as often as a right one does; twins come without. So the share of
    /// wrong first names among pairs with a slip, at the upper end of what chance allows, is expected among pairs without
    /// one too, and what is clearly beyond are twins. And where something is a person's own, such as the sex, wrong first
    /// names do not change it, while twins differ on it as strangers do: as often as `strangers` says.
    fn twins(&self, strangers: f64) -> f64 {
        let by_slips = beyond(&self.slips, 0.025);
        let by_own = others(&self.own, strangers) * self.slips[1].iter().sum::<f64>();
        let twins = if tells(&self.own, strangers) { by_own } else { by_slips.max(by_own) };
        twins / self.households[0][0].max(1.0)
    }

    /// What is assumed of twins and of juniors before any are seen, as a share: less where a person's own column has had the
    /// chance to show them and did not.
    fn unseen(&self, strangers: f64) -> [f64; 2] {
        [&self.own, &self.own_births].map(|own| {
            let looked_at: f64 = own[1].iter().sum();
            let seen = others(own, strangers) * looked_at;
            if seen < 1.0 { SEEN / (SEEN + looked_at) } else { 1.0 }
        })
    }
}

/// Pairs with another name or birthdate, a mistake or another person, that count as one look for twins or juniors.
const SEEN: f64 = 20.0;

/// Whether what is a person's own was seen often enough to tell two people from a mistake.
fn tells(own: &[[f64; 2]; 2], strangers: f64) -> bool {
    let usual = own[0][1] / own[0].iter().sum::<f64>().max(1.0);
    own[1].iter().sum::<f64>() >= 2.0 * SEEN && strangers - usual > 0.3
}

/// The share of two people among the pairs of the second row, when two people differ on what is a person's own as often as
/// `strangers` says, and one person as often as in the first row. What chance may bring is nobody.
fn others(own: &[[f64; 2]; 2], strangers: f64) -> f64 {
    let differing = |[same, other]: [f64; 2]| other / (same + other).max(1.0);
    let (usual, among_wrong) = (differing(own[0]), differing(own[1]));
    let chance = 2.0 * (usual * (1.0 - usual) / own[1].iter().sum::<f64>().max(1.0)).sqrt();
    (among_wrong - usual - chance).max(0.0) / (strangers - usual).max(0.05)
}

/// How much more often a wrong value comes alone than with a slip, where a record has one mistake as a rule.
const LONELY: f64 = 2.5;

/// Wrong ones among pairs without a slip beyond the share of wrong ones among pairs with a slip, at the upper end of what
/// chance allows; `stated` is that share before any were seen.
fn beyond([right, wrong]: &[[f64; 2]; 2], stated: f64) -> f64 {
    let upper = wrong[1] + 2.0 * wrong[1].sqrt();
    let share = (upper + stated * 20.0) / (right[1] + 20.0);
    (wrong[0] - LONELY * share * right[0]).max(0.0)
}

/// The level from which what is a person's own is another's.
fn own_level(kind: Kind) -> u8 {
    if kind == Kind::Identifier { 2 } else { 1 }
}

/// How many pairs the stated share of relatives, a tenth, counts for.
const HOUSEHOLDS_STATED: f64 = 2.0;

impl Scorer<'_> {
    /// Settles the model on the scored pairs: the union of all passes holds nearly every pair of one person, and a pair
    /// left out counts for nothing, so these rounds of expectation maximisation see the file as a whole. `u` stays. The
    /// prior is counted over pairs that are more likely one person than not, so that many faint resemblances add up to
    /// nothing.
    ///
    /// `sampled` says how many candidates each of the scored pairs stands for.
    pub(crate) fn settle(&mut self, scored: &[Scored], count: usize, sampled: f64, rounds: usize) {
        let all = count as f64 * (count as f64 - 1.0) / 2.0;
        let strangers = self.own().map_or(1.0, |at| {
            let field = &self.model.fields[at];
            field.u[usize::from(own_level(self.comparer.fields[at].kind))]
        });
        for round in 0..rounds {
            let chunks: Vec<Tally> = scored.par_chunks(16_384).map(|chunk| self.tally(chunk)).collect();
            let mut whole = Tally::default();
            for chunk in &chunks {
                whole.add(chunk);
            }
            let found = (whole.found * sampled).max(0.002 * count as f64).max(0.5).min(all * 0.3);
            let before = self.model.prior;
            self.model.prior = (found / (all - found)).log2();
            if round + 1 < rounds {
                for at in 0..self.comparer.fields.len() {
                    estimate::set_m(&self.comparer, &mut self.model, at, &whole.levels[at]);
                }
                // a single pair is no witness for itself
                self.model.swapped = ((whole.swapped - 1.0).max(0.0) + 0.4) / (whole.found + 20.0);
                // dismissed relatives cannot be counted
                let relatives = if self.settled { self.model.household.relatives } else { whole.relatives() };
                self.model.household = Household::counted(
                    relatives,
                    whole.twins(strangers),
                    whole.juniors(strangers),
                    whole.unseen(strangers),
                );
            }
            if round > 2 && (before - self.model.prior).abs() < 1e-3 {
                break;
            }
        }
    }

    fn tally(&self, chunk: &[Scored]) -> Tally {
        let fields = self.comparer.fields.len();
        let own = self.own();
        let mut tally = Tally::default();
        for scored in chunk {
            let rescored = self.reweigh(scored);
            let differs = own
                .and_then(|at| Some(scored.pattern.level(at)? >= own_level(self.comparer.fields[at].kind)));
            if let Some((first, birth)) = self.comparer.names_and_birth(scored.pattern) {
                // strangers hardly share as much: one person, or one household
                if f64::from(self.bonds(scored).shared) + self.model.prior >= CERTAIN {
                    if !birth {
                        tally.slips[usize::from(first)][usize::from(self.slips(scored.pattern))] += 1.0;
                        if let Some(differs) = differs {
                            tally.own[usize::from(first)][usize::from(differs)] += 1.0;
                        }
                    }
                    if !first {
                        let slips = self.shared_slips(scored.pattern);
                        tally.births[usize::from(birth)][usize::from(slips)] += 1.0;
                        if let Some(differs) = differs {
                            tally.own_births[usize::from(birth)][usize::from(differs)] += 1.0;
                        }
                    }
                    tally.households[usize::from(first)][usize::from(birth)] += 1.0;
                }
            }
            let probability = probability(self.bits(&rescored));
            if probability < 0.3 {
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

    /// What tells twins and juniors from one person: an identifier, or a category that is a person's own, such as the sex.
    fn own(&self) -> Option<usize> {
        let of = |kind| {
            let mut fields = self.comparer.fields.iter().zip(&self.model.fields);
            fields.position(|(field, model)| field.kind == kind && model.bond == Bond::Own)
        };
        of(Kind::Identifier).or_else(|| of(Kind::Category))
    }

    /// Whether any of the fields that twins share does not agree exactly.
    fn slips(&self, pattern: Pattern) -> bool {
        let mut fields = self.model.fields.iter().enumerate();
        fields.any(|(at, field)| field.bond != Bond::Own && pattern.level(at).is_some_and(|level| level > 0))
    }

    /// Whether any of the fields that a household shares, or the first name, does not agree exactly.
    fn shared_slips(&self, pattern: Pattern) -> bool {
        let fields = self.model.fields.iter().zip(self.comparer.fields).enumerate();
        fields.into_iter().any(|(at, (model, field))| {
            (model.bond == Bond::Shared || field.kind == Kind::GivenName)
                && pattern.level(at).is_some_and(|level| level > 0)
        })
    }
}
