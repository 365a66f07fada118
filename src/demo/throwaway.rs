//! The throw-away server that a demonstration loads into when none was named.

use super::cluster::Cluster;
use crate::error::Result;

/// The database that stands in for the target.
const DATABASE: &str = "drydock";

/// A server with one empty database, which lives as long as this value.
#[derive(Debug)]
pub struct Throwaway(Cluster);

impl Throwaway {
    /// The connection URL of its database.
    pub fn url(&self) -> String {
        self.0.url(DATABASE)
    }
}

/// Starts an empty target from the server binaries of this machine.
pub fn start_target() -> Result<Throwaway> {
    let cluster = Cluster::start()?;
    cluster.create_database(DATABASE)?;
    Ok(Throwaway(cluster))
}
