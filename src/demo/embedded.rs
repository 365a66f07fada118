//! A `PostgreSQL` 17 compiled to WebAssembly and carried inside this binary: no installation, one session at a time.
//!
//! Only built with the cargo feature `embedded`, since it adds minutes to a build and tens of megabytes to the binary.

use pglite_oxide::PgliteServer;

use crate::error::{Error, Result};

/// A running server; stops when dropped, and cannot outlive the process that it is part of.
#[derive(Debug)]
pub struct Embedded {
    server: PgliteServer,
}

impl Embedded {
    /// Starts an empty server on a free port of 127.0.0.1.
    pub fn start() -> Result<Embedded> {
        let server = PgliteServer::temporary_tcp().map_err(|cause| {
            Error::precondition("the embedded PostgreSQL did not start")
                .cause(cause)
                .hint("see that the temporary directory has room, or install a PostgreSQL server")
        })?;
        Ok(Embedded { server })
    }

    /// The connection URL of its only database. Close a session before opening the next one.
    pub fn url(&self) -> String {
        self.server.database_url()
    }
}
