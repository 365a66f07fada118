//! The findings against a column that says who is who: how often pairs of each probability are one person, and what the
//! clusters hold.

use std::collections::HashMap;

use drydock_linkage::{Band, Findings};
use serde_json::{Value, json};

/// The lower bounds of the probabilities that are told together.
const BOUNDS: [f64; 12] = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99];

/// Pairs of like probability.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Bin {
    pub(super) pairs: usize,
    pub(super) right: usize,
    /// The sum of their probabilities.
    pub(super) expected: f64,
}

/// The findings held against the truth.
#[derive(Debug)]
pub(super) struct Reliability {
    pub(super) bins: Vec<(f64, Bin)>,
    wrong_high: usize,
    precision: f64,
    recall: f64,
}

/// Holds the findings against the truth: a number per person by record id.
pub(super) fn reliability(findings: &Findings, truth: &HashMap<String, u32>) -> Reliability {
    let person = |record: u32| truth.get(findings.id(record)).copied().unwrap_or_default();
    let mut bins: Vec<(f64, Bin)> = BOUNDS.iter().map(|&bound| (bound, Bin::default())).collect();
    let mut wrong_high = 0;
    for pair in &findings.pairs {
        let probability = f64::from(pair.probability);
        let is_right = person(pair.a) == person(pair.b);
        if let Some((_, bin)) = bins.iter_mut().rev().find(|(bound, _)| probability >= *bound) {
            bin.pairs += 1;
            bin.right += usize::from(is_right);
            bin.expected += probability;
        }
        wrong_high += usize::from(pair.band == Band::High && !is_right);
    }
    let pairs_of = |count: usize| count as f64 * (count as f64 - 1.0) / 2.0;
    let mut people: HashMap<u32, usize> = HashMap::new();
    for record in 0..u32::try_from(findings.len()).unwrap_or(u32::MAX) {
        *people.entry(person(record)).or_default() += 1;
    }
    let wanted: f64 = people.values().map(|&count| pairs_of(count)).sum();
    let (mut right, mut found) = (0.0, 0.0);
    for cluster in &findings.clusters {
        let mut members: HashMap<u32, usize> = HashMap::new();
        for &record in cluster {
            *members.entry(person(record)).or_default() += 1;
        }
        found += pairs_of(cluster.len());
        right += members.values().map(|&count| pairs_of(count)).sum::<f64>();
    }
    let share = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 1.0 };
    Reliability { bins, wrong_high, precision: share(right, found), recall: share(right, wanted) }
}

impl Reliability {
    /// The mean distance of what was expected from what is, over all pairs.
    pub(super) fn gap(&self) -> f64 {
        let pairs: usize = self.bins.iter().map(|(_, bin)| bin.pairs).sum();
        let gaps: f64 = self.bins.iter().map(|(_, bin)| (bin.expected - bin.right as f64).abs()).sum();
        if pairs > 0 { gaps / pairs as f64 } else { 0.0 }
    }

    fn f1(&self) -> f64 {
        let sum = self.precision + self.recall;
        if sum > 0.0 { 2.0 * self.precision * self.recall / sum } else { 0.0 }
    }

    pub(super) fn json(&self) -> Value {
        let bins = self.bins.iter().filter(|(_, bin)| bin.pairs > 0).map(|&(from, bin)| {
            json!({
                "from": from,
                "pairs": bin.pairs,
                "mean_probability": bin.expected / bin.pairs as f64,
                "share_right": bin.right as f64 / bin.pairs as f64,
            })
        });
        json!({
            "bins": bins.collect::<Vec<_>>(),
            "gap": self.gap(),
            "wrong_high": self.wrong_high,
            "clusters": {"precision": self.precision, "recall": self.recall, "f1": self.f1()},
        })
    }

    pub(super) fn sentence(&self) -> String {
        format!(
            "by the truth column: {} wrong pairs in high; clusters hold {:.2}% right pairs and {:.2}% of all of them; \
             probabilities are off by {:.3} in the mean\n",
            self.wrong_high,
            100.0 * self.precision,
            100.0 * self.recall,
            self.gap()
        )
    }
}
