//! Drydock: an offline staging migrator.

pub mod clean;
pub mod cli;
pub mod duplicates;
pub mod error;
pub mod record;
