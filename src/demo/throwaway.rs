//! Which throw-away server a demonstration gets.

use super::cluster::{self, Cluster};
#[cfg(feature = "embedded")]
use super::embedded::Embedded;
use crate::error::Result;

/// The database that stands in for the target.
const DATABASE: &str = "drydock";

/// A server that lives as long as this value.
#[derive(Debug)]
pub enum Throwaway {
    /// The installed `PostgreSQL`.
    Cluster(Cluster),
    /// The `PostgreSQL` inside this binary; takes one session at a time.
    #[cfg(feature = "embedded")]
    Embedded(Embedded),
}

impl Throwaway {
    /// The connection URL of an empty database on it.
    pub fn url(&self) -> String {
        match self {
            Throwaway::Cluster(cluster) => cluster.url(DATABASE),
            #[cfg(feature = "embedded")]
            Throwaway::Embedded(embedded) => embedded.url(),
        }
    }
}

/// Starts an empty target: from the server binaries of this machine, else from the one compiled in.
pub fn start_target() -> Result<Throwaway> {
    if cluster::installed().is_some() {
        let cluster = Cluster::start()?;
        cluster.create_database(DATABASE)?;
        return Ok(Throwaway::Cluster(cluster));
    }
    start_without_binaries()
}

#[cfg(feature = "embedded")]
fn start_without_binaries() -> Result<Throwaway> {
    Embedded::start().map(Throwaway::Embedded)
}

#[cfg(not(feature = "embedded"))]
fn start_without_binaries() -> Result<Throwaway> {
    Err(cluster::not_installed())
}
