//! Finding the records of one person: a record-linkage engine after Fellegi and Sunter, estimated from the data
//! themselves, without labels and without thresholds to set. Precision comes first: calling two people one is the worst
//! error, missing a pair costs a review.
//!
//! Records go in by column, as text or read already ([`Records`]), [`find`] hands back weighed pairs, people and the account
//! of what was compared ([`Findings`]). Nothing here reads, writes or prints, and no value leaves the engine, only ids and
//! levels. The result depends on values alone, not on ids, the order of the input or the number of threads. Whose records
//! they are, what is done with a pair and what becomes of people who are found twice is the caller's business.
//!
//! Read in this order: `fold`, `script`, `nameless`, `generation`, `field` and `names` (what is compared), `rows`, `compare`,
//! `level`, `nicknames` and `date` (levels), `scale` and `model` (what a level is worth), `estimate`, `depend` and `settle`
//! (where the model comes from), `block`, `key` and `bucket` (which pairs), `score`, `band` and `certain` (what may be done
//! with a pair), `cluster`, `contested`, `doubt`, `review`; `find` runs them all.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "positions stay below 2³¹, which `Records` sees to; weights and shares are estimates, and f32 holds them"
)]

mod address;
mod band;
mod block;
mod bucket;
mod category;
mod certain;
mod cluster;
mod codes;
mod compare;
mod contested;
mod copies;
mod date;
mod depend;
mod digest;
mod doubt;
mod error;
mod estimate;
mod field;
mod find;
mod findings;
mod fold;
mod generation;
mod groups;
mod key;
mod kind;
mod level;
mod model;
mod nameless;
mod names;
mod neighbours;
mod nicknames;
mod phonetic;
mod placeholder;
mod records;
mod review;
mod rows;
mod sample;
mod scale;
mod score;
mod script;
mod settle;
mod shares;
mod text;

pub use band::Band;
pub use block::Pass;
pub use error::{Error, Result};
pub use find::find;
pub use findings::{Evidence, FieldSummary, Findings, Look, Pair};
pub use kind::Kind;
pub use records::{Column, MAX_COLUMNS, Records};
