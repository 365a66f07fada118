//! The demonstration: an invented legacy system to migrate ([`world`]) and a server to migrate it to, when none was named:
//! a private cluster of the `PostgreSQL` installed here ([`cluster`]), which is empty, is reached from this machine only, and
//! is gone with the process. Nobody needs real data to see Drydock work.

pub mod cluster;
mod phase_one;
mod throwaway;
pub mod world;

pub use phase_one::seed_phase_one;
pub use throwaway::{Throwaway, start_target};
