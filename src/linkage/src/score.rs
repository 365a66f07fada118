//! Weighs the candidates: compares each pair field by field, the names first, and stops as soon as the rest cannot lift
//! it above the floor.

use rayon::prelude::*;

use crate::Kind;
use crate::compare::{Comparer, Pattern};
use crate::model::{Bond, Bonds, Model};

/// A pair that was not dismissed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Scored {
    pub(crate) a: u32,
    pub(crate) b: u32,
    pub(crate) pattern: Pattern,
    /// The evidence of the fields in bits, without what households explain and without the prior.
    pub(crate) fields: f32,
}

/// Weighs pairs with a model.
#[derive(Debug)]
pub(crate) struct Scorer<'f> {
    pub(crate) comparer: Comparer<'f>,
    pub(crate) model: Model,
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
    pub(crate) settled: bool,
}

impl<'f> Scorer<'f> {
    pub(crate) fn new(comparer: Comparer<'f>, model: Model) -> Self {
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
    pub(crate) fn settled(self) -> Self {
        Self { settled: true, ..Self::new(self.comparer, self.model) }
    }

    /// The pair's evidence, when its odds can reach the floor, in bits.
    pub(crate) fn score(&self, a: u32, b: u32, floor: f64) -> Option<Scored> {
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
    pub(crate) fn weight(&self, scored: &Scored) -> f32 {
        scored.fields + self.household_weight(scored)
    }

    pub(crate) fn household_weight(&self, scored: &Scored) -> f32 {
        if !self.household || scored.pattern.is_swapped() {
            return 0.0;
        }
        self.model.household_weight(self.bonds(scored))
    }

    pub(crate) fn bonds(&self, scored: &Scored) -> Bonds {
        let fields = self.comparer.fields;
        let bonds = self.model.bonds(fields, |at| {
            self.model.field_weight(&self.comparer, at, scored.pattern, scored.a, scored.b)
        });
        let given = self.comparer.names.and_then(|(given, _)| scored.pattern.level(given));
        Bonds { is_one_name: given == Some(0), ..bonds }
    }

    /// The odds in bits that the pair is one person.
    pub(crate) fn bits(&self, scored: &Scored) -> f64 {
        f64::from(self.weight(scored)) + self.model.prior
    }

    /// Weighs all candidates, in their order.
    pub(crate) fn all(&self, pairs: &[u64]) -> Vec<Scored> {
        let chunks: Vec<Vec<Scored>> = pairs
            .par_chunks(8192)
            .map(|chunk| {
                chunk.iter().filter_map(|&pair| self.score((pair >> 32) as u32, pair as u32, FLOOR)).collect()
            })
            .collect();
        chunks.concat()
    }

    /// The pair with its evidence weighed again, after the model has changed.
    pub(crate) fn reweigh(&self, scored: &Scored) -> Scored {
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
