//! What integration tests share: a real `PostgreSQL`, the real binary, and the tools that an operator would look with.
//!
//! Nothing here skips: a program that is missing is a test that fails and says what to install. One cluster serves all
//! tests of a test process; it ends with the process, because the cluster's keeper notices (`demo/keeper.sh`), and not
//! because somebody dropped it: test processes do not drop their statics.

#![allow(
    dead_code,
    unused_imports,
    reason = "each test binary and each benchmark uses its own part of the harness"
)]

mod collected;
mod command;
mod damaged;
mod database;
mod job;
mod listening;
mod locked;
mod migrated;
mod proxy;
mod servers;
mod small;
mod surveyed;

pub use collected::{Collected, Row, csv, csv_refused, csv_with, read, row, try_read};
pub use command::{Drydock, Outcome, Printed, psql, sqlite3};
pub use damaged::Damaged;
pub use database::{Database, database};
pub use job::{Job, TABLES, cases, empty_target, phase_one_target, tables, world, world_config};
pub use listening::{Listening, readdress};
pub use locked::{Locked, free_port, locked};
pub use migrated::{Migrated, migrated};
pub use proxy::{Break, Proxy};
pub use servers::server_of;
pub use small::{NAMES, RENAME, Size};
pub use surveyed::Surveyed;
