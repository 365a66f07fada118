//! The invented world, migrated, to be damaged on purpose.

use std::collections::BTreeSet;

use rusqlite::Connection;

use super::{Job, Outcome};

/// A copy of the migrated world, to be damaged.
pub struct Damaged {
    job: Job,
}

impl Damaged {
    /// A database and a file of its own.
    pub fn copy() -> Self {
        Self { job: Job::migrated() }
    }

    /// Runs SQL in the target; every row of the last statement as `a|b|c`.
    pub fn sql(&self, sql: &str) -> Vec<String> {
        let messages =
            self.job.target().client().simple_query(sql).unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        messages
            .iter()
            .filter_map(|message| match message {
                postgres::SimpleQueryMessage::Row(row) => {
                    let fields: Vec<&str> =
                        (0..row.len()).map(|field| row.get(field).unwrap_or_default()).collect();
                    Some(fields.join("|"))
                }
                _ => None,
            })
            .collect()
    }

    /// Changes the staging file behind Drydock's back.
    pub fn edit(&self, sql: &str) {
        let connection = Connection::open(self.job.file()).unwrap();
        connection.execute_batch(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
        connection.close().unwrap();
    }

    /// Rows of the staging file.
    pub fn ask(&self, sql: &str) -> BTreeSet<String> {
        self.job.staged(sql).lines().map(str::to_owned).collect()
    }

    /// Verifies the copy.
    pub fn verify(&self) -> Outcome {
        self.job.verb("verify").run()
    }

    /// The differences that the last verification kept.
    pub fn differences(&self) -> BTreeSet<String> {
        self.ask("select entity, legacy_id, field, kind from differences")
    }

    /// The findings that it kept, without the exceptions.
    pub fn findings(&self) -> BTreeSet<String> {
        self.ask("select name, entity, coalesce(legacy_id, ''), field from findings where not is_exception")
    }
}
