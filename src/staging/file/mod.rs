//! The file itself: what makes it ours, who may write, its schema, what it knows of itself, its journal.

pub(super) mod derived;
pub(super) mod digests;
pub(super) mod disk;
pub(super) mod facts;
pub(super) mod flusher;
mod functions;
pub(super) mod holders;
pub(super) mod journal;
pub(super) mod journalled_rows;
pub(super) mod open;
pub(super) mod patience;
pub(super) mod patients_told;
pub(super) mod row;
pub(super) mod runs;
pub(super) mod schema;
pub(super) mod sealing;
pub(super) mod table_digest;
pub(super) mod transactions;
pub(super) mod unnamed;
