//! The search itself, from records to findings: fold, pair, weigh, settle, weigh again, conclude.

use rayon::prelude::*;

use crate::address::Made;
use crate::certain::Certain;
use crate::compare::Comparer;
use crate::copies::Copies;
use crate::error::Result;
use crate::field::Field;
use crate::findings::{FieldSummary, Findings, Pair};
use crate::model::{FieldModel, probability};
use crate::records::{Cells, Column, Records, Texts};
use crate::rows::Rows;
use crate::scale::Scale;
use crate::score::{Scored, Scorer};
use crate::settle::SETTLING;
use crate::{
    Band, Kind, Pass, band, block, cluster, contested, copies, doubt, estimate, field, placeholder, review,
};

/// A pair less probable than this is not reported.
const REPORTED: f64 = 0.01;
/// A pair joins two records into one person from this probability on.
pub(crate) const JOINED: f64 = 0.85;
/// So many pairs are reported at most, and one for each record besides; the best ones.
const MOST_PAIRS: usize = 500_000;
/// Candidates that are weighed to settle the model before all are.
const SAMPLE: u64 = 400_000;

/// Finds the records of one person among all records.
pub fn find(records: Records) -> Result<Findings> {
    let by_id = records.order_by_id()?;
    let order = records.order_by_value(&by_id);
    let (columns, ids, registers, cells) = records.into_parts();
    let mut fields = fields(columns, cells, &order)?;
    placeholder::forget(&mut fields);
    let registers: Vec<u32> = if registers.is_empty() {
        Vec::new()
    } else {
        order.iter().map(|&record| registers.get(record as usize).copied().unwrap_or(0)).collect()
    };

    let copies = copies::discount(&mut fields);
    let repeated = order.len() - copies.one.len();
    let candidates = block::candidates(&fields);
    let made = Made::of(&fields);
    let rows = Rows::take(&mut fields);
    let mut comparer = Comparer::new(&fields, rows, copies);
    comparer.made = made;
    let model = estimate::model(&comparer);
    // samples are drawn no more
    comparer.copies = Copies::default();
    let mut scorer = Scorer::new(comparer, model);
    // in a large file a sample of the candidates tells enough to dismiss most of the others at a glance
    let step = candidates.total().div_ceil(SAMPLE).max(1);
    if step > 1 {
        let weighed = scorer.all(&candidates.sample(step));
        scorer.settle(&weighed, order.len(), step as f64, SETTLING);
        scorer = scorer.settled();
    }
    // records of one register are distinct people, whatever they look like
    let register = |record: u32| registers.get(record as usize).copied().unwrap_or(0);
    let may_be_one = |pair: &Scored| register(pair.a) == 0 || register(pair.a) != register(pair.b);
    let (mut weighed, mut count) = (Vec::new(), 0);
    for pairs in candidates.shares() {
        count += pairs.len();
        weighed.extend(scorer.all(&pairs).into_iter().filter(may_be_one));
    }
    let (passes, bound) = candidates.into_account();
    scorer.settle(&weighed, order.len(), 1.0, SETTLING);
    weighed.par_iter_mut().for_each(|weighed| *weighed = scorer.reweigh(weighed));
    // what a value says depends on how many people have it, and who is one is known now
    let joined = weighed.iter().filter(|weighed| probability(scorer.bits(weighed)) >= JOINED);
    let people = cluster::components(joined.map(|weighed| (weighed.a, weighed.b)), order.len());
    if people.iter().map(|group| group.len() - 1).sum::<usize>() * 20 > order.len() {
        scorer.comparer.count_people(&people);
        scorer.settle(&weighed, order.len(), 1.0, SETTLING / 3);
        weighed.par_iter_mut().for_each(|weighed| *weighed = scorer.reweigh(weighed));
    }
    let told = Told::new(ids, by_id, &order);
    drop(order);
    Ok(conclude(&scorer, &weighed, told, &registers, passes, (count, bound, repeated)))
}

/// Folds the columns, in parallel; what they said as typed is gone as soon as it is folded.
pub(crate) fn fields(columns: Vec<Column>, cells: Vec<Cells>, order: &[u32]) -> Result<Vec<Field>> {
    let is_name = |column: &Column| matches!(column.kind, Kind::GivenName | Kind::Surname | Kind::FullName);
    let (names, others): (Vec<_>, Vec<_>) =
        columns.into_iter().zip(cells).partition(|(column, _)| is_name(column));
    let (first, second) = rayon::join(
        || field::build_names(names, order),
        || {
            let others = others.into_par_iter();
            others.map(|(column, cells)| field::build(&column, cells, order)).collect::<Result<Vec<_>>>()
        },
    );
    let mut fields = first?;
    fields.extend(second?);
    Ok(fields)
}

/// How records are told: by id.
struct Told {
    ids: Texts,
    /// Records in the order of ids, and the place of each record there, by the order in which they are handled.
    by_id: Vec<u32>,
    ranks: Vec<u32>,
}

impl Told {
    fn new(ids: Texts, by_id: Vec<u32>, order: &[u32]) -> Self {
        let mut places = vec![0; by_id.len()];
        (0u32..).zip(&by_id).for_each(|(rank, &record)| places[record as usize] = rank);
        let ranks = order.iter().map(|&record| places[record as usize]).collect();
        Self { ids, by_id, ranks }
    }

    /// The places of two records, the lower one first.
    fn pair(&self, a: u32, b: u32) -> (u32, u32) {
        let (a, b) = (self.ranks[a as usize], self.ranks[b as usize]);
        (a.min(b), a.max(b))
    }

    /// Groups as they are told: by place, in the order of their lowest ones.
    fn groups(&self, mut groups: Vec<Vec<u32>>) -> Vec<Vec<u32>> {
        for group in &mut groups {
            for record in group.iter_mut() {
                *record = self.ranks[*record as usize];
            }
            group.sort_unstable();
        }
        groups.sort_unstable();
        groups
    }
}

fn conclude(
    scorer: &Scorer<'_>,
    weighed: &[Scored],
    told: Told,
    registers: &[u32],
    passes: Vec<Pass>,
    (compared, largest_block, repeated): (usize, usize, usize),
) -> Findings {
    let fields = scorer.comparer.fields;
    let certain = Certain::new(&scorer.comparer, &scorer.model);
    let mut kept: Vec<(Pair, &Scored)> = weighed
        .par_iter()
        .filter_map(|weighed| {
            let probability = probability(scorer.bits(weighed));
            (probability >= REPORTED).then(|| {
                let (a, b) = (weighed.a, weighed.b);
                let band = band::band(
                    probability,
                    || certain.is(weighed.pattern, a, b),
                    || certain.are_copies(a, b),
                );
                let weight = scorer.weight(weighed);
                let (a, b) = told.pair(weighed.a, weighed.b);
                (Pair { a, b, weight, probability: probability as f32, band }, weighed)
            })
        })
        .collect();
    kept.sort_by(|(one, _), (other, _)| {
        other.weight.total_cmp(&one.weight).then_with(|| (one.a, one.b).cmp(&(other.a, other.b)))
    });
    // a file in which nearly everybody resembles nearly everybody is not told in full
    let unreported = kept.len().saturating_sub(MOST_PAIRS + told.by_id.len());
    kept.truncate(kept.len() - unreported);
    contested::demote(&certain, &mut kept);
    let doubt = doubt::of(&certain, &kept, told.by_id.len());
    if doubt.is_some() {
        // what two records say word for word needs no model
        for (pair, scored) in kept.iter_mut().filter(|(pair, _)| pair.band == Band::High) {
            if !certain.are_copies(scored.a, scored.b) {
                pair.band = Band::Medium;
            }
        }
    }
    let links = |wanted: &dyn Fn(&Pair) -> bool| -> Vec<Scored> {
        kept.iter().filter(|(pair, _)| wanted(pair)).map(|(_, weighed)| **weighed).collect()
    };
    let joined = links(&|pair| f64::from(pair.probability) >= JOINED);
    let clusters = told.groups(cluster::clusters(scorer, &joined, registers));
    let sure = links(&|pair| pair.band == Band::High);
    let sure = told.groups(cluster::clusters(scorer, &sure, registers));
    let mut evidence = Vec::with_capacity(kept.len() * (fields.len() + 2));
    for (_, weighed) in &kept {
        for at in 0..fields.len() {
            let level = weighed.pattern.level(at);
            let weight =
                scorer.model.field_weight(&scorer.comparer, at, weighed.pattern, weighed.a, weighed.b);
            evidence.push((level.map_or(0, |level| level + 1), weight));
        }
        evidence.push((u8::from(weighed.pattern.is_swapped()), scorer.model.order_weight(weighed.pattern)));
        evidence.push((0, scorer.household_weight(weighed)));
    }
    let pairs: Vec<Pair> = kept.into_iter().map(|(pair, _)| pair).collect();
    let review = review::review(&pairs, &sure);
    let (expected_share, expected_pairs) = expected(scorer, weighed, &pairs);
    let fields = summaries(scorer);
    Findings {
        ids: told.ids,
        order: told.by_id,
        fields,
        pairs,
        evidence,
        clusters,
        sure,
        review,
        expected_share,
        expected_pairs,
        passes,
        compared,
        unreported,
        largest_block,
        repeated,
        doubt,
    }
}

/// The share of true pairs in `high` and in `high` and `medium`, and how many true pairs are expected in all.
fn expected(scorer: &Scorer<'_>, weighed: &[Scored], pairs: &[Pair]) -> ((f64, f64), f64) {
    let all: f64 = weighed.iter().map(|weighed| probability(scorer.bits(weighed))).sum();
    let in_bands = |worst: Band| -> f64 {
        pairs.iter().filter(|pair| pair.band <= worst).map(|pair| f64::from(pair.probability)).sum()
    };
    // a sum of nothing is -0.0
    let share = |worst| if all > 0.0 { (in_bands(worst) / all).min(1.0) + 0.0 } else { 1.0 };
    ((share(Band::High), share(Band::Medium)), all + 0.0)
}

fn summaries(scorer: &Scorer<'_>) -> Vec<FieldSummary> {
    let summary = |(field, model): (&Field, &FieldModel)| FieldSummary {
        name: field.name.clone(),
        kind: field.kind,
        present: field.present(),
        levels: Scale::of(field.kind)
            .levels
            .iter()
            .enumerate()
            .map(|(level, &word)| (word, model.m[level], model.u[level]))
            .collect(),
    };
    scorer.comparer.fields.iter().zip(&scorer.model.fields).map(summary).collect()
}
