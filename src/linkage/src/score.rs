//! Weighs the candidates: compares each pair field by field, the names first, and stops as soon as the rest cannot lift
//! it above the floor.

use rayon::prelude::*;

use crate::Kind;
use crate::codes::MISSING;
use crate::compare::{Comparer, Pattern};
use crate::model::{Bond, Bonds, Model};
use crate::scale::{Scale, name};

/// A pair that was not dismissed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Scored {
    pub(crate) a: u32,
    pub(crate) b: u32,
    pub(crate) pattern: Pattern,
    /// The evidence of the fields in bits, without what households explain and without the prior.
    pub(crate) fields: f32,
}

/// What a field can add at most, in bits: where the values are the same, and where they are two.
#[derive(Debug, Clone, Copy, Default)]
struct Most {
    same: f32,
    other: f32,
}

/// Weighs pairs with a model.
#[derive(Debug)]
pub(crate) struct Scorer<'f> {
    pub(crate) comparer: Comparer<'f>,
    pub(crate) model: Model,
    /// The fields after the names, in the order of comparison, each with what it can add at most.
    rest: Vec<(usize, Most)>,
    of_surname: Most,
    /// What another first name says.
    other_first: f32,
    /// Given name and birthdate, which come first.
    own: Vec<usize>,
    birth: Option<usize>,
    surname: Option<usize>,
    /// How many bits of a person's own the relatives are worth.
    relatives: f32,
    household: bool,
    /// The levels of a birthdate, one bit each, at which another first name leaves no more than relatives.
    hopeless: u16,
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
        let adds = |at: usize| Most { same: most(&at), other: model.fields[at].most_from(1) };
        let rest: Vec<(usize, Most)> = rest.iter().map(|&at| (at, adds(at))).collect();
        let of_surname = surname.map_or(Most::default(), adds);
        let other_first = given.map_or(0.0, |at| model.fields[at].plain_weight(name::OTHER));
        let relatives = model.household.relatives.log2() as f32;
        // a second given name or a sex that agrees speaks for one person as well; no pair is dismissed before them
        let others_own = rest.iter().filter(|(at, _): &&(usize, Most)| model.fields[*at].bond == Bond::Own);
        let relatives = relatives - others_own.map(|(at, _)| model.fields[*at].most()).sum::<f32>();
        let (hopeless, settled) = (0, false);
        Self {
            comparer,
            model,
            rest,
            of_surname,
            other_first,
            own,
            birth,
            surname,
            relatives,
            household,
            hopeless,
            settled,
        }
    }

    /// The same after a sample has settled the model.
    pub(crate) fn settled(self) -> Self {
        let scorer = Self { settled: true, ..Self::new(self.comparer, self.model) };
        Self { hopeless: scorer.hopeless_levels(), ..scorer }
    }

    /// The levels of a birthdate at which every pair with another first name is dismissed as one of relatives.
    fn hopeless_levels(&self) -> u16 {
        let Some(birth) = self.birth.filter(|_| self.household && self.comparer.names.is_some()) else {
            return 0;
        };
        // the rarity of a value counts where values are the same, and nowhere else
        let own = |level| self.other_first + self.model.fields[birth].plain_weight(level);
        let levels = 1..Scale::of(Kind::Date).levels.len() as u8;
        let is_hopeless = |&level: &u8| own(level) - self.relatives < FLOOR as f32;
        levels.filter(is_hopeless).fold(0, |levels, level| levels | 1 << level)
    }

    /// The pair's evidence, when its odds can reach the floor, in bits.
    pub(crate) fn score(&self, a: u32, b: u32, floor: f64) -> Option<Scored> {
        let least = (floor - self.model.prior) as f32;
        let weight = |at: usize, pattern| self.model.field_weight(&self.comparer, at, pattern, a, b);
        let most = |at: usize, most: &Most| match (self.comparer.code(a, at), self.comparer.code(b, at)) {
            (MISSING, _) | (_, MISSING) => 0.0,
            (one, other) if one == other => most.same,
            _ => most.other,
        };
        let mut left: f32 = self.rest.iter().map(|(at, of)| most(*at, of)).sum();
        let mut born = Pattern::default();
        let mut birth = 0.0;
        let mut is_hopeless = false;
        if let Some(at) = self.birth {
            let level = self.comparer.level(at, a, b);
            born = born.with(at, level);
            birth = weight(at, born);
            is_hopeless = floor >= FLOOR && level.is_some_and(|level| self.hopeless >> level & 1 == 1);
        }
        // most candidates of a large file share a street or a surname and nothing else: they are seen to be two people
        // before anything is compared letter by letter
        let surname_at_most = self.surname.map_or(0.0, |at| most(at, &self.of_surname));
        let at_most = birth + self.other_first + surname_at_most + left;
        if (is_hopeless || at_most < least) && self.comparer.are_other_first_names(a, b) {
            return None;
        }
        let mut pattern = Pattern(self.comparer.name_levels(a, b).0 | born.0);
        let own: f32 = self.own.iter().map(|&at| weight(at, pattern)).sum();
        // relatives agree on all else as one person does, so that the rest cannot speak against them
        if self.settled && self.household && !pattern.is_swapped() && own - self.relatives < floor as f32 {
            return None;
        }
        let mut sum = own + self.model.order_weight(pattern);
        if let Some(surname) = self.surname {
            sum += weight(surname, pattern);
        }
        for (at, of) in &self.rest {
            if sum + left < least {
                return None;
            }
            left -= most(*at, of);
            pattern = pattern.with(*at, self.comparer.level(*at, a, b));
            sum += weight(*at, pattern);
        }
        (sum >= least).then_some(Scored { a, b, pattern, fields: sum })
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
