//! Drydock: an offline staging migrator.

pub mod clean;
pub mod cli;
pub mod config;
pub mod connect;
pub mod demo;
pub mod doctor;
pub mod entity;
pub mod error;
pub mod extract;
pub mod interrupt;
pub mod legacy;
pub mod load;
pub mod progress;
pub mod record;
pub mod staging;
pub mod survey;
pub mod target;
pub mod transform;
pub mod verify;
