//! The demonstration: an invented legacy system to migrate, so that nobody needs real data to see Drydock work.

pub mod world;
