//! The command line.

pub mod duplicates;
