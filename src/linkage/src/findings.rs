//! What the engine hands back: scored pairs with their evidence, people, and an account of what was compared.

use crate::Kind;
use crate::band::Band;
use crate::block::Pass;
use crate::records::Texts;

/// A pair of records that may be one person. The members are positions in the order of ids; `Findings::id` names them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// The record with the lower id.
    pub a: u32,
    /// The record with the higher id.
    pub b: u32,
    /// All evidence in bits, without the prior: each bit doubles the odds.
    pub weight: f32,
    /// The probability that the two are one person, 0 to 1.
    pub probability: f32,
    /// What may be done with the pair.
    pub band: Band,
}

/// What one field says about a pair.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evidence<'f> {
    /// The field; `name order` and `household` stand for what swapped names and shared households say.
    pub field: &'f str,
    /// The level the two values reach, or `missing`.
    pub level: &'static str,
    /// The contribution to the weight, in bits.
    pub weight: f32,
}

/// A field as it was compared, and its estimated shares by level.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldSummary {
    /// The column's name; a part of a full name says which.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
    /// How many records have a value.
    pub present: usize,
    /// The levels, best first, each with its share among pairs of one person and of two people.
    pub levels: Vec<(&'static str, f64, f64)>,
}

/// A pair to look at, and why now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Look {
    /// The position of the pair in `Findings::pairs`.
    pub pair: usize,
    /// How many pairs of records the look is expected to bring together.
    pub value: f64,
}

/// Everything that was found.
#[derive(Debug)]
pub struct Findings {
    pub(crate) ids: Texts,
    pub(crate) order: Vec<u32>,
    /// The fields that were compared.
    pub fields: Vec<FieldSummary>,
    /// Pairs from the `low` band upwards, best first, ties by id.
    pub pairs: Vec<Pair>,
    pub(crate) evidence: Vec<(u8, f32)>,
    /// People with more than one record, joined along pairs of a probability of 0.85 and more, in the order of their
    /// lowest ids: for counting and for review, not for merging.
    pub clusters: Vec<Vec<u32>>,
    /// The same by pairs of the `high` band alone: what may be merged without a person looking.
    pub sure: Vec<Vec<u32>>,
    /// What to look at, in the order of what a look is worth.
    pub review: Vec<Look>,
    /// The share of all pairs of one person, among those that were compared, expected in `high`, and in `high` or
    /// `medium`.
    pub expected_share: (f64, f64),
    /// How many of the pairs that were compared are expected to be one person.
    pub expected_pairs: f64,
    /// The account of the passes.
    pub passes: Vec<Pass>,
    /// Pairs that were compared.
    pub compared: usize,
    /// Pairs that were beyond what is reported of a file of this size; the weakest ones.
    pub unreported: usize,
    /// The largest block that was compared in full.
    pub largest_block: usize,
    /// Records that repeat another word for word, as far as the columns go.
    pub repeated: usize,
    /// Why nothing but copies is in `high`, where the result as a whole cannot be right.
    pub doubt: Option<&'static str>,
}

impl Findings {
    /// The id of a record.
    pub fn id(&self, record: u32) -> &str {
        self.ids.get(self.order[record as usize] as usize)
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// What each field says about the pair at a position, then the order of the names and the household; the weights
    /// add up to the pair's.
    pub fn evidence(&self, pair: usize) -> impl Iterator<Item = Evidence<'_>> {
        let width = self.fields.len() + 2;
        self.evidence[pair * width..(pair + 1) * width].iter().enumerate().map(|(at, &(level, weight))| {
            match self.fields.get(at) {
                Some(field) => Evidence {
                    field: &field.name,
                    level: usize::from(level)
                        .checked_sub(1)
                        .and_then(|level| field.levels.get(level))
                        .map_or("missing", |level| level.0),
                    weight,
                },
                None if at == self.fields.len() => Evidence {
                    field: "name order",
                    level: if level == 0 { "straight" } else { "swapped" },
                    weight,
                },
                None => Evidence { field: "household", level: "alternative", weight },
            }
        })
    }

    /// How many pairs a band holds.
    pub fn count(&self, band: Band) -> usize {
        self.pairs.iter().filter(|pair| pair.band == band).count()
    }
}
