//! Weighs the candidates: compares each pair field by field, the names first, and stops as soon as the rest cannot lift
//! it above the floor.

use rayon::prelude::*;

use super::compare::{Comparer, Pattern};
use super::model::{Model, probability};

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
    after_names: f32,
    pub(super) household: bool,
}

impl<'f> Scorer<'f> {
    pub(super) fn new(comparer: Comparer<'f>, model: Model) -> Self {
        let household = model.knows_persons(comparer.fields);
        let mut rest: Vec<usize> =
            (0..comparer.fields.len()).filter(|&at| !comparer.is_paired_name(at)).collect();
        let most = |at: &usize| model.fields[*at].most();
        // a field comes after the one it depends on, because its weight does; parents have no parents
        let depends = |at: &usize| model.fields[*at].parent.is_some();
        rest.sort_by(|one, other| {
            depends(one).cmp(&depends(other)).then(most(other).total_cmp(&most(one))).then(one.cmp(other))
        });
        let mut left: f32 = rest.iter().map(most).sum();
        let after_names = left;
        let rest = rest
            .iter()
            .map(|at| {
                left -= most(at);
                (*at, left)
            })
            .collect();
        Self { comparer, model, rest, after_names, household }
    }

    /// The pair's evidence, when it reaches the floor.
    pub(super) fn score(&self, a: u32, b: u32, floor: f32) -> Option<Scored> {
        let fields = self.comparer.fields;
        let mut pattern = self.comparer.name_levels(a, b);
        let mut sum = self.model.order_weight(pattern);
        if let Some((given, surname)) = self.comparer.names {
            sum += self.model.field_weight(fields, given, pattern, a, b);
            sum += self.model.field_weight(fields, surname, pattern, a, b);
        }
        if sum + self.after_names < floor {
            return None;
        }
        for &(at, left) in &self.rest {
            let level = self.comparer.level(at, a, b);
            pattern = pattern.with(at, level);
            sum += self.model.field_weight(fields, at, pattern, a, b);
            if sum + left < floor {
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
        if !self.household {
            return 0.0;
        }
        let weight = |at: usize| {
            self.model.field_weight(self.comparer.fields, at, scored.pattern, scored.a, scored.b)
        };
        self.model.household_weight(scored.pattern, weight)
    }

    /// The odds in bits that the pair is one person.
    pub(super) fn bits(&self, scored: &Scored) -> f64 {
        f64::from(self.weight(scored)) + self.model.prior
    }

    /// Weighs all candidates, in their order.
    pub(super) fn all(&self, pairs: &[u64], floor: f32) -> Vec<Scored> {
        let chunks: Vec<Vec<Scored>> = pairs
            .par_chunks(8192)
            .map(|chunk| {
                chunk.iter().filter_map(|&pair| self.score((pair >> 32) as u32, pair as u32, floor)).collect()
            })
            .collect();
        chunks.concat()
    }

    /// Sets the prior to the share of pairs that the scored ones support: a fixed point, counted over pairs that are
    /// more likely one person than not, so that many faint resemblances add up to nothing.
    pub(super) fn settle_prior(&mut self, scored: &[Scored], count: usize) {
        let all = count as f64 * (count as f64 - 1.0) / 2.0;
        for _ in 0..30 {
            let weights = scored.iter().map(|scored| probability(self.bits(scored)));
            let found: f64 = weights.filter(|&probability| probability >= 0.5).sum();
            let found = found.max(0.002 * count as f64).max(0.5).min(all * 0.3);
            let odds = found / (all - found);
            let before = self.model.prior;
            self.model.prior = odds.log2();
            if (before - self.model.prior).abs() < 1e-3 {
                break;
            }
        }
    }
}
