//! Raw rows, in and out: the snapshot of the legacy tables, and what rules read of it.

pub(super) mod columns;
pub(super) mod legacy;
pub(super) mod other_records;
pub(super) mod raw_proof;
pub(super) mod snapshot;
pub(super) mod unreadable;
