//! The only place that opens a `PostgreSQL` session; the legacy source and the target both come through here.
//!
//! It decides how a server is named ([`Address`]), how the line to it is protected, how long we wait, and how its
//! errors are told without the values they quote ([`server_error`]). It runs no statement but the session's settings.
//!
//! Connection URLs are parsed here and not by the client library, which rejects `sslmode=verify-full`,
//! `sslrootcert` and pooler parameters, and whose default falls back to plain text without a word.
//!
//! Read `address` and `written` first, then `session`; `failure` is where an error becomes words.

mod address;
mod exposure;
mod failure;
mod opening;
mod parameters;
mod password;
mod pooler;
mod session;
mod sqlstate;
mod tls;
mod watch;
mod wire;
mod written;

pub use address::Address;
pub use failure::{is_raised, is_transient, server_error, sqlstate_of};
pub use pooler::refuse_transaction_mode;
pub use session::{Copying, Session, cancel, connect};
pub use watch::Waiting;
pub use wire::Wire;

use crate::error::Kind;

/// Which of the two databases a session belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The application's database that is read and never written.
    Legacy,
    /// Supabase, or the `PostgreSQL` that stands in for it.
    Target,
}

impl Side {
    /// The kind of error that a failure on this side is.
    pub const fn kind(self) -> Kind {
        match self {
            Side::Legacy => Kind::Legacy,
            Side::Target => Kind::Target,
        }
    }

    /// The side's name in messages.
    pub const fn name(self) -> &'static str {
        match self {
            Side::Legacy => "legacy database",
            Side::Target => "target database",
        }
    }

    /// The environment variable that holds the side's connection URL.
    pub const fn variable(self) -> &'static str {
        match self {
            Side::Legacy => "DRYDOCK_LEGACY_URL",
            Side::Target => "DRYDOCK_TARGET_URL",
        }
    }
}
