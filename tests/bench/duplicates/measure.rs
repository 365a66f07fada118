//! Measures clusters against a truth the engine never sees.

use std::collections::HashMap;

use drydock_linkage::{Band, Findings};

/// Precision, recall and F1.
#[derive(Debug, Clone, Copy, Default)]
pub struct Score {
    pub precision: f64,
    pub recall: f64,
    pub f1: f64,
}

impl Score {
    fn of(right: f64, found: f64, wanted: f64) -> Self {
        let share = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 1.0 };
        let (precision, recall) = (share(right, found), share(right, wanted));
        let f1 = if precision + recall > 0.0 { 2.0 * precision * recall / (precision + recall) } else { 0.0 };
        Self { precision, recall, f1 }
    }
}

/// All figures of one file.
#[derive(Debug, Default)]
pub struct Figures {
    /// Over pairs of the final clusters, after closure.
    pub pairs: Score,
    /// Over whole clusters: those that are exactly right.
    pub clusters: Score,
    /// Clusters that hold more than one person.
    pub over_merged: usize,
    /// Pairs of two people in the `high` band, and all its pairs.
    pub high: (usize, usize),
    /// True pairs among the looks of the review list, and all looks.
    pub review: (usize, usize),
    /// The share of true pairs whose records share a high cluster or a pair in high or medium.
    pub found: f64,
}

fn pairs_of(size: usize) -> f64 {
    size as f64 * (size as f64 - 1.0) / 2.0
}

/// Compares findings with the truth: a number per person by record id.
pub fn measure(findings: &Findings, truth: &HashMap<String, u64>) -> Figures {
    let person =
        |record: u32| truth.get(findings.id(record)).copied().unwrap_or(u64::MAX - u64::from(record));
    let mut sizes: HashMap<u64, usize> = HashMap::new();
    for record in 0..findings.len() as u32 {
        *sizes.entry(person(record)).or_default() += 1;
    }
    let wanted: f64 = sizes.values().map(|&size| pairs_of(size)).sum();
    let wanted_clusters = sizes.values().filter(|&&size| size > 1).count();
    let (mut right, mut found, mut whole, mut over_merged) = (0.0, 0.0, 0usize, 0usize);
    for cluster in &findings.clusters {
        let mut members: HashMap<u64, usize> = HashMap::new();
        for &record in cluster {
            *members.entry(person(record)).or_default() += 1;
        }
        found += pairs_of(cluster.len());
        right += members.values().map(|&size| pairs_of(size)).sum::<f64>();
        over_merged += usize::from(members.len() > 1);
        whole += usize::from(members.len() == 1 && members.keys().all(|who| sizes[who] == cluster.len()));
    }
    let is_right = |pair: usize| person(findings.pairs[pair].a) == person(findings.pairs[pair].b);
    let high: Vec<usize> =
        (0..findings.pairs.len()).filter(|&at| findings.pairs[at].band == Band::High).collect();
    let held =
        (0..findings.pairs.len()).filter(|&at| findings.pairs[at].band != Band::Low && is_right(at)).count();
    Figures {
        pairs: Score::of(right, found, wanted),
        clusters: Score::of(whole as f64, findings.clusters.len() as f64, wanted_clusters as f64),
        over_merged,
        high: (high.iter().filter(|&&at| !is_right(at)).count(), high.len()),
        review: (findings.review.iter().filter(|look| is_right(look.pair)).count(), findings.review.len()),
        found: if wanted > 0.0 { held as f64 / wanted } else { 1.0 },
    }
}
