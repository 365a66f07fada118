//! Drydock: an offline staging migrator.

pub mod clean;
pub mod connect;
pub mod demo;
pub mod error;
pub mod legacy;
pub mod record;
