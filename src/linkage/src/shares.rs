//! What the counts of a column's values say about how common a value is.

/// How many records share the value of a record, in the mean.
pub(crate) fn mean_count(counts: &[u32]) -> f64 {
    let (mut squares, mut sum) = (0.0, 0.0);
    for &count in counts {
        squares += f64::from(count) * f64::from(count);
        sum += f64::from(count);
    }
    if sum > 0.0 { squares / sum } else { 1.0 }
}

/// The share of all pairs of records that hold the same value.
pub(crate) fn exact_share(counts: &[u32]) -> f64 {
    let (mut same, mut all) = (0.0, 0.0);
    for &count in counts {
        let count = f64::from(count);
        same += count * (count - 1.0);
        all += count;
    }
    if all > 1.0 { (same / (all * (all - 1.0))).max(0.0) } else { 0.0 }
}
