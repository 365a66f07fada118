//! A `PostgreSQL` 17 compiled to WebAssembly and carried inside this binary: no installation, one session at a time.
//!
//! Only built with the cargo feature `embedded`, since it adds minutes to a build and a few hundred packages. It unpacks
//! itself into the user's cache directory once (`~/.cache/pglite-oxide`, 100 MB); the database itself is temporary.

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

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;

    use super::*;
    use crate::connect::{Address, Side, connect};

    #[test]
    fn it_does_what_a_load_needs() {
        let embedded = Embedded::start().unwrap_or_else(|error| panic!("{error}"));
        let address = Address::parse(&embedded.url()).unwrap_or_else(|error| panic!("{error}"));
        for round in 0..2 {
            let mut client = connect(Side::Target, &address).unwrap_or_else(|error| panic!("{error}"));
            let mut files: Vec<_> =
                fs::read_dir("sql/target").unwrap().map(|entry| entry.unwrap().path()).collect();
            files.sort();
            for file in files {
                client.batch_execute(&fs::read_to_string(&file).unwrap()).expect("the target's DDL");
            }

            let mut transaction = client.transaction().unwrap();
            transaction
                .batch_execute(
                    "create temporary table incoming (legacy_id integer, name text) on commit drop",
                )
                .unwrap();
            let mut copy = transaction.copy_in("copy incoming (legacy_id, name) from stdin").unwrap();
            for id in 0..20_000 {
                writeln!(copy, "{id}\tOffice {id} of round {round}").unwrap();
            }
            assert_eq!(copy.finish().unwrap(), 20_000);
            let written = transaction
                .execute(
                    "insert into practices (legacy_id, name) select legacy_id, name from incoming
                     on conflict (legacy_id) do update set name = excluded.name",
                    &[],
                )
                .unwrap();
            assert_eq!(written, 20_000);
            transaction.commit().unwrap();

            let row = client
                .query_one(
                    "select count(*), min(name) from practices where name like $1",
                    &[&format!("% {round}")],
                )
                .unwrap();
            assert_eq!(
                (row.get::<_, i64>(0), row.get::<_, String>(1)),
                (20_000, format!("Office 0 of round {round}"))
            );
            // It takes one session at a time.
            client.close().unwrap();
        }
    }
}
