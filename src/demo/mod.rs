//! A server to try things on, when none was named: a private cluster of the `PostgreSQL` installed here ([`cluster`]),
//! or one that was compiled into this binary. Both are empty, are reached from this machine only, and are gone with
//! the process.

pub mod cluster;
#[cfg(feature = "embedded")]
pub mod embedded;
mod throwaway;

pub use throwaway::{Throwaway, start_target};
