//! Drydock: an offline staging migrator.

pub mod clean;
pub mod demo;
pub mod error;
pub mod record;
