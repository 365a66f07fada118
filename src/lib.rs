//! Drydock: an offline staging migrator.

pub mod clean;
pub mod error;
pub mod legacy;
pub mod record;
