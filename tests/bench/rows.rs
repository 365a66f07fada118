//! How many records a benchmark works on.

#![allow(dead_code, reason = "not every benchmark has a bound")]

/// The size that the bounds are for.
const FULL: u64 = 1_000_000;

/// `DRYDOCK_BENCH_ROWS`, or a million.
pub fn rows() -> u64 {
    std::env::var("DRYDOCK_BENCH_ROWS").ok().and_then(|rows| rows.parse().ok()).unwrap_or(FULL)
}

/// Whether the bounds hold for a run: with fewer records it shows that the benchmark works, and its figures say nothing.
pub fn is_measured() -> bool {
    rows() >= FULL
}
