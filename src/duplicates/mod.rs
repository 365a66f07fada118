//! Finding the records of one person: a record-linkage engine after Fellegi and Sunter, estimated from the data
//! themselves, without labels and without thresholds to set. Precision comes first: calling two people one is the worst
//! error, missing a pair costs a review.
//!
//! Records go in as text by column ([`Records`]), [`find`] hands back scored pairs, people and the account of what was
//! compared ([`Findings`]). Nothing here reads, writes or prints, and no value leaves the engine, only ids and levels.
//! The result depends on ids and values alone, not on the order of the input or the number of threads.
//!
//! Read in this order: `fold` and `field` (what is compared), `compare` and `date` (levels), `scale` and `model` (what a
//! level is worth), `estimate` (where the model comes from), `block` (which pairs), `score`, `band`, `cluster`, `review`.

mod band;
mod block;
mod cluster;
mod compare;
mod date;
mod estimate;
mod field;
mod findings;
mod fold;
mod kind;
mod model;
mod phonetic;
mod random;
mod records;
mod review;
mod scale;
mod score;

use rayon::prelude::*;

pub use band::Band;
pub use block::Pass;
pub use findings::{Evidence, FieldSummary, Findings, Look, Pair};
pub use kind::Kind;
pub use records::{Column, MAX_COLUMNS, Records};

use crate::error::Result;
use compare::Comparer;
use field::Field;
use model::probability;
use records::Texts;
use scale::Scale;
use score::{Scored, Scorer};

/// A pair less probable than this is not reported.
const REPORTED: f64 = 0.02;
/// A pair joins two records into one person from this probability on.
const JOINED: f64 = 0.88;
/// Candidates that are scored to settle the model before all are.
const SAMPLE: usize = 400_000;

/// Finds the records of one person among all records.
pub fn find(records: Records) -> Result<Findings> {
    let order = records.order_by_id()?;
    let (columns, ids, registers, cells) = records.into_parts();
    let fields = fields(&columns, &cells, &order)?;
    drop(cells);
    let registers: Vec<u32> = order.iter().map(|&record| registers[record as usize]).collect();

    let t=std::time::Instant::now(); macro_rules! lap { ($w:literal) => { if std::env::var("LAP").is_ok() { eprintln!("{} {:?}", $w, t.elapsed()); } } }
    let comparer = Comparer::new(&fields); lap!("comparer");
    let model = estimate::model(&comparer);
    lap!("model");
    let candidates = block::candidates(&fields);
    lap!("candidates");
    let mut scorer = Scorer::new(comparer, model);
    // in a large file a sample of the candidates tells enough to dismiss most of the others at a glance
    let step = candidates.pairs.len().div_ceil(SAMPLE).max(1);
    if step > 1 {
        let sample: Vec<u64> = candidates.pairs.iter().copied().step_by(step).collect();
        let scored = scorer.all(&sample);
        scorer.settle(&scored, order.len(), step as f64);
        scorer = scorer.settled();
    }
    let mut scored = scorer.all(&candidates.pairs);
    lap!("scored"); let compared = candidates.pairs.len();
    drop(candidates.pairs);
    scorer.settle(&scored, order.len(), 1.0);
    lap!("settled"); scored.par_iter_mut().for_each(|scored| *scored = scorer.reweigh(scored));
    Ok(conclude(&scorer, &scored, ids, order, &registers, candidates.passes, (compared, candidates.bound)))
}

/// Folds the columns, in parallel.
fn fields(columns: &[Column], cells: &[Texts], order: &[u32]) -> Result<Vec<Field>> {
    let is_name = |column: &Column| matches!(column.kind, Kind::GivenName | Kind::Surname | Kind::FullName);
    let (names, others): (Vec<_>, Vec<_>) =
        columns.iter().cloned().zip(cells).partition(|(column, _)| is_name(column));
    let (named, other) = rayon::join(
        || field::build_names(&names, order),
        || others.par_iter().map(|(column, cells)| field::build(column, cells, order)).collect::<Result<Vec<_>>>(),
    );
    let mut fields = named?;
    fields.extend(other?);
    Ok(fields)
}

fn conclude(
    scorer: &Scorer<'_>,
    scored: &[Scored],
    ids: Texts,
    order: Vec<u32>,
    registers: &[u32],
    passes: Vec<Pass>,
    (compared, largest_block): (usize, usize),
) -> Findings {
    let fields = scorer.comparer.fields;
    let mut kept: Vec<(Pair, &Scored)> = scored
        .par_iter()
        .filter_map(|scored| {
            let probability = probability(scorer.bits(scored));
            (probability >= REPORTED).then(|| {
                let band = band::band(fields, scored.pattern, probability);
                let weight = scorer.weight(scored);
                (Pair { a: scored.a, b: scored.b, weight, probability: probability as f32, band }, scored)
            })
        })
        .collect();
    kept.sort_by(|(one, _), (other, _)| {
        other.weight.total_cmp(&one.weight).then_with(|| (one.a, one.b).cmp(&(other.a, other.b)))
    });
    let links = |wanted: &dyn Fn(&Pair) -> bool| -> Vec<Scored> {
        kept.iter().filter(|(pair, _)| wanted(pair)).map(|(_, scored)| **scored).collect()
    };
    let joined = links(&|pair| f64::from(pair.probability) >= JOINED);
    let clusters = cluster::clusters(scorer, &joined, registers, order.len());
    let sure = cluster::clusters(scorer, &links(&|pair| pair.band == Band::High), registers, order.len());
    let mut evidence = Vec::with_capacity(kept.len() * (fields.len() + 2));
    for (_, scored) in &kept {
        for at in 0..fields.len() {
            let level = scored.pattern.level(at);
            let weight = scorer.model.field_weight(&scorer.comparer, at, scored.pattern, scored.a, scored.b);
            evidence.push((level.map_or(0, |level| level + 1), weight));
        }
        evidence.push((u8::from(scored.pattern.is_swapped()), scorer.model.order_weight(scored.pattern)));
        evidence.push((0, scorer.household_weight(scored)));
    }
    let pairs: Vec<Pair> = kept.into_iter().map(|(pair, _)| pair).collect();
    let review = review::review(&pairs, &sure, order.len());
    let expected_share = expected_share(scorer, scored, &pairs);
    let fields = summaries(scorer);
    Findings { ids, order, fields, pairs, evidence, clusters, sure, review, expected_share, passes, compared, largest_block }
}

fn expected_share(scorer: &Scorer<'_>, scored: &[Scored], pairs: &[Pair]) -> (f64, f64) {
    let all: f64 = scored.iter().map(|scored| probability(scorer.bits(scored))).sum();
    let in_bands = |worst: Band| -> f64 {
        pairs.iter().filter(|pair| pair.band <= worst).map(|pair| f64::from(pair.probability)).sum()
    };
    if all > 0.0 { ((in_bands(Band::High) / all).min(1.0), (in_bands(Band::Medium) / all).min(1.0)) } else { (1.0, 1.0) }
}

fn summaries(scorer: &Scorer<'_>) -> Vec<FieldSummary> {
    let summary = |(field, model): (&Field, &model::FieldModel)| FieldSummary {
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
