//! Estimates the model from the data themselves, without labels. `u` comes from random pairs and is fixed before anything
//! else: expectation maximisation that may move `u` inside blocks finds the blocks, not the people. `m` comes from
//! expectation maximisation within passes, each over pairs that agree on one field or two, and the passes are combined.
//! Where the data are thin the stated shares carry the result.

use rayon::prelude::*;

use crate::compare::{Comparer, Pattern};
use crate::model::{Bond, LEVELS, Model};
use crate::sample::{Tally, pairs_of, pairs_within, random_pairs, tally};
use crate::scale::Scale;
use crate::{Kind, depend};

/// Pairs drawn for all passes together, and within one at most.
const PASSES_PAIRS: usize = 60_000;
const PASS_PAIRS: usize = 8_000;
/// How many pairs the stated `m` counts for, and the stated `u`.
const STATED_M: f64 = 12.0;
const STATED_U: f64 = 2.0;
/// How many pairs of one person at a level its stated weight counts for.
const STATED_SEEN: f64 = 4.0;
/// How much more often than stated, or than seen, one person may reach a level.
const LIKELY: f64 = 2.0;
/// Records of one person differ wholly on a name, a birthdate or an identifier this often at most: where namesakes abound
/// and nobody is there twice, the namesakes would otherwise pass for people who change their birthdate.
const OTHERS: f64 = 0.2;
/// Rounds of expectation maximisation at most.
const ROUNDS: usize = 40;
/// A pass whose pairs are one person less often than this says nothing about `m`.
const THIN: f64 = 0.004;
/// Pairs of one person that are enough to know a field.
const ENOUGH: f64 = 50.0;

/// What a pass found.
#[derive(Debug, Clone)]
struct Result {
    /// The fields on which its pairs agree.
    key: Vec<usize>,
    /// Pairs in the sample held to be one person.
    matches: f64,
    /// The share of pairs that are one person, and how many pairs the pass has beyond the sample.
    share: f64,
    within: f64,
    /// The share of pairs that are neither one person nor one household.
    strangers: f64,
    /// Pairs of one person by level, and those whose names were swapped.
    levels: Vec<[f64; LEVELS]>,
    swapped: f64,
}

impl Result {
    /// Whether the pass holds enough pairs of one person to learn from.
    fn counts(&self) -> bool {
        self.share >= THIN
    }
}

/// Estimates the model of the records.
pub(crate) fn model(comparer: &Comparer<'_>) -> Model {
    let mut model = Model::stated(comparer);
    let count = comparer.count();
    if count < 2 {
        return model;
    }
    let random = random_pairs(comparer);
    // relatives and one person disturb `u` in a small file: the second round leaves out what the first one recognised
    let (mut samples, mut doubles): (Vec<Sample>, Doubles) = Default::default();
    for round in 0..2 {
        let strangers = strangers(&model, &samples, comparer, round > 0);
        fix_u(comparer, &mut model, &random, round > 0, &strangers);
        if round == 0 {
            depend::find_parents(comparer, &mut model);
        }
        run_passes(comparer, &mut model, (&mut samples, &mut doubles), count);
    }
    model
}

/// The share of strangers among the pairs that agree on each field, by the passes over one field.
fn strangers(model: &Model, samples: &[Sample], comparer: &Comparer<'_>, is_known: bool) -> Vec<Option<f64>> {
    let mut strangers = vec![None; model.fields.len()];
    if is_known {
        for (sample, result) in samples.iter().zip(maximise_all(comparer, model, samples)) {
            if let [at] = sample.key[..] {
                strangers[at] = Some(result.strangers);
            }
        }
    }
    strangers
}

/// Sets `u` from random pairs. How often a value agrees exactly is known from the counts of the values alone, and more surely;
/// `strangers` says by field which share of the pairs that agree on it are two people, where a pass has told.
fn fix_u(
    comparer: &Comparer<'_>,
    model: &mut Model,
    random: &Tally,
    leave_out: bool,
    strangers: &[Option<f64>],
) {
    let mut counts = vec![[0.0; LEVELS]; model.fields.len()];
    let mut left_out = vec![0.0; model.fields.len()];
    for &(pattern, times) in random {
        if leave_out && bits(model, pattern) + model.prior > 0.0 {
            for (at, left_out) in left_out.iter_mut().enumerate() {
                *left_out += if pattern.level(at) == Some(0) { times } else { 0.0 };
            }
            continue;
        }
        for (at, counts) in counts.iter_mut().enumerate() {
            match pattern.level(at) {
                // crosswise agreement is weighed by the order of the names, not by the levels
                Some(_) if pattern.is_swapped() && comparer.is_paired_name(at) => {}
                Some(level) => counts[usize::from(level)] += times,
                None => {}
            }
        }
    }
    for (at, counts) in counts.iter().enumerate() {
        let scale = Scale::of(comparer.fields[at].kind);
        let total: f64 = counts.iter().sum();
        let field = &mut model.fields[at];
        let mut counts = *counts;
        let drawn = (counts[0] + 0.5) / (counts[0] + left_out[at] + 0.5);
        let strangers = strangers.get(at).copied().flatten();
        if let Some(strangers) = strangers.or((comparer.fields[at].kind != Kind::Date).then_some(drawn)) {
            counts[0] = total * comparer.fields[at].share * strangers;
        }
        let seen_and_stated = counts.iter().zip(scale.u);
        for (u, (&seen, stated)) in field.u.iter_mut().zip(seen_and_stated) {
            // what no random pair showed is not therefore impossible
            let seen = seen.max(if total > 0.0 { 0.3 } else { 0.0 });
            *u = (seen + STATED_U * stated) / (total + STATED_U);
        }
        field.weigh();
    }
}

/// The bits of a pattern without rarity, one person against strangers.
fn bits(model: &Model, pattern: Pattern) -> f64 {
    let mut sum = f64::from(model.order_weight(pattern));
    for (at, field) in model.fields.iter().enumerate() {
        if let Some(level) = pattern.level(at) {
            sum += (field.m[usize::from(level)] / field.u_within(level, pattern)).log2();
        }
    }
    sum
}

/// The pairs of one pass: the fields on which they agree, the patterns of those drawn, and how many there are.
#[derive(Debug)]
struct Sample {
    key: Vec<usize>,
    tally: Tally,
    within: f64,
}

/// The pairs of passes over two fields, which the second round wants again as a rule.
#[derive(Debug, Default)]
struct Doubles {
    keys: Vec<Vec<usize>>,
    samples: Vec<Sample>,
}

impl Doubles {
    fn of(&mut self, comparer: &Comparer<'_>, keys: Vec<Vec<usize>>) -> &[Sample] {
        if self.keys != keys {
            *self = Self { samples: draw(comparer, &keys), keys };
        }
        &self.samples
    }
}

fn run_passes(
    comparer: &Comparer<'_>,
    model: &mut Model,
    (samples, doubles): (&mut Vec<Sample>, &mut Doubles),
    count: usize,
) {
    let usable: Vec<usize> = (0..comparer.fields.len()).filter(|&at| model.fields[at].u[0] < 0.1).collect();
    if samples.is_empty() {
        samples.extend(draw(comparer, &usable.iter().map(|&at| vec![at]).collect::<Vec<_>>()));
    }
    let mut results = maximise_all(comparer, model, samples);
    let reached = |results: &[Result], at: usize| -> f64 {
        results
            .iter()
            .filter(|result| result.counts())
            .map(|result| result.levels[at].iter().sum::<f64>())
            .sum()
    };
    // A pass over one field leaves most to be learnt. Where its values are too common for pairs of one person to stand
    // out, passes over two fields help, for the fields that are still unknown.
    let unknown: Vec<usize> = (0..model.fields.len()).filter(|&at| reached(&results, at) < ENOUGH).collect();
    if !unknown.is_empty() {
        let keys: Vec<Vec<usize>> =
            pairs_of(&usable).into_iter().filter(|key| unknown.iter().any(|at| !key.contains(at))).collect();
        let mut more = maximise_all(comparer, model, doubles.of(comparer, keys));
        for result in &mut more {
            for at in (0..model.fields.len()).filter(|at| !unknown.contains(at)) {
                result.levels[at] = [0.0; LEVELS];
            }
        }
        results.extend(more);
    }
    combine(comparer, model, &results, count);
}

fn draw(comparer: &Comparer<'_>, keys: &[Vec<usize>]) -> Vec<Sample> {
    let most = (PASSES_PAIRS / keys.len().max(1)).min(PASS_PAIRS);
    keys.par_iter()
        .filter_map(|key| {
            let (pairs, within) = pairs_within(comparer, key, most);
            (pairs.len() >= 20).then(|| Sample { key: key.clone(), tally: tally(comparer, &pairs), within })
        })
        .collect()
}

fn maximise_all(comparer: &Comparer<'_>, model: &Model, samples: &[Sample]) -> Vec<Result> {
    samples
        .par_iter()
        .map(|sample| maximise(comparer, model, &sample.key, &sample.tally, sample.within))
        .collect()
}

/// Expectation maximisation over one pass: shares of one person, relatives and twins, and `m` of the other fields.
fn maximise(comparer: &Comparer<'_>, model: &Model, key: &[usize], tally: &Tally, within: f64) -> Result {
    let mut m: Vec<[f64; LEVELS]> = model.fields.iter().map(|field| field.m).collect();
    let mut counts = vec![[0.0; LEVELS]; m.len()];
    let mut shares = [0.2, 0.05, 0.01];
    let total: f64 = tally.iter().map(|&(_, times)| times).sum();
    let mut swapped = 0.0;
    for _ in 0..ROUNDS {
        counts.fill([0.0; LEVELS]);
        swapped = 0.0;
        let mut sums = [0.0; 3];
        for &(pattern, times) in tally {
            // one person, relatives, twins, each relative to strangers
            let mut ratios = [shares[0], shares[1], shares[2]];
            for (at, field) in model.fields.iter().enumerate() {
                let Some(level) = pattern.level(at).filter(|_| !key.contains(&at)) else { continue };
                let ratio = m[at][usize::from(level)] / field.u_within(level, pattern);
                ratios[0] *= ratio;
                ratios[1] *= if field.bond == Bond::Shared { ratio } else { 1.0 };
                ratios[2] *= if field.bond == Bond::Own { 1.0 } else { ratio };
            }
            if pattern.is_swapped() {
                ratios = [ratios[0] * model.swapped, 0.0, 0.0];
            }
            let rest = 1.0 - shares.iter().sum::<f64>();
            let whole = rest + ratios.iter().sum::<f64>();
            let posterior = ratios[0] / whole * times;
            for (sum, ratio) in sums.iter_mut().zip(ratios) {
                *sum += ratio / whole * times;
            }
            swapped += if pattern.is_swapped() { posterior } else { 0.0 };
            for (at, levels) in counts.iter_mut().enumerate() {
                if let Some(level) = pattern.level(at).filter(|_| !key.contains(&at)) {
                    levels[usize::from(level)] += posterior;
                }
            }
        }
        let before = shares;
        for (share, sum) in shares.iter_mut().zip(sums) {
            *share = (sum / total).clamp(1e-7, 0.98);
        }
        let whole: f64 = shares.iter().sum();
        if whole > 0.99 {
            shares = shares.map(|share| share * 0.99 / whole);
        }
        for (at, levels) in counts.iter().enumerate() {
            let scale = Scale::of(comparer.fields[at].kind);
            let sum: f64 = levels.iter().sum();
            for level in 0..scale.levels.len() {
                m[at][level] = (levels[level] + STATED_M * scale.m[level]) / (sum + STATED_M);
            }
        }
        if before.iter().zip(shares).all(|(before, after)| (before - after).abs() < 1e-6) {
            break;
        }
    }
    Result {
        key: key.to_vec(),
        matches: shares[0] * total,
        share: shares[0],
        within,
        strangers: 1.0 - shares.iter().sum::<f64>(),
        levels: counts,
        swapped,
    }
}

fn combine(comparer: &Comparer<'_>, model: &mut Model, results: &[Result], count: usize) {
    let mut sums = vec![[0.0; LEVELS]; model.fields.len()];
    let (mut matches, mut swapped) = (0.0, 0.0);
    let mut found = (0.02 * count as f64).max(1.0);
    for result in results.iter().filter(|result| result.counts()) {
        for (sum, levels) in sums.iter_mut().zip(&result.levels) {
            for (sum, level) in sum.iter_mut().zip(levels) {
                *sum += level;
            }
        }
        if !result.key.iter().any(|&at| comparer.is_paired_name(at)) {
            matches += result.matches;
            swapped += result.swapped;
        }
        // at least as many pairs of one person as the richest pass holds; the scored pairs will say more
        found = found.max(result.share * result.within);
    }
    for (at, sum) in sums.iter().enumerate() {
        set_m(comparer, model, at, sum);
    }
    model.swapped = (swapped + 0.4) / (matches + 20.0);
    let pairs = count as f64 * (count - 1) as f64 / 2.0;
    let odds = (found / pairs).min(0.2);
    model.prior = (odds / (1.0 - odds)).log2();
}

/// Sets `m` of a field from pairs of one person by level. A level that hardly any of them reached is worth what was
/// stated, whatever its share among strangers happens to be in this file.
pub(crate) fn set_m(comparer: &Comparer<'_>, model: &mut Model, at: usize, seen: &[f64; LEVELS]) {
    let scale = Scale::of(comparer.fields[at].kind);
    let field = &mut model.fields[at];
    let mut seen = *seen;
    let worst = scale.levels.len() - 1;
    if matches!(comparer.fields[at].kind, Kind::GivenName | Kind::Surname | Kind::Date | Kind::Identifier) {
        let agreeing: f64 = seen[..worst].iter().sum();
        seen[worst] = seen[worst].min(agreeing * OTHERS / (1.0 - OTHERS));
    }
    let total: f64 = seen.iter().sum();
    let stated = scale.m.iter().zip(scale.u);
    for (level, (&seen, (&stated_m, &stated_u))) in seen.iter().zip(stated).enumerate() {
        let m = (seen + STATED_M * stated_m) / (total + STATED_M);
        let bits = (m / field.u[level]).log2();
        let stated = (stated_m / stated_u).log2();
        let bits = (bits * seen + stated * STATED_SEEN) / (seen + STATED_SEEN);
        // nor does a level that strangers reach more often than was thought say what was stated: house numbers, addresses
        // that somebody numbered
        let most = (LIKELY * stated_m).max(LIKELY * seen / total.max(1.0)).min(1.0);
        field.m[level] = (field.u[level] * 2f64.powf(bits)).min(most);
    }
    field.weigh();
}
