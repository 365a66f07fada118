//! Transactions of the file, and what of SQLite is stopped when the command is asked to end: every statement of every
//! connection, but those that note what was done elsewhere and how the command ended.

use rusqlite::{Connection, TransactionBehavior};

use crate::error::Result;
use crate::interrupt::{self, Stopping};
use crate::staging::file::open::Staging;

/// Stops the connection's statements when the command is asked to end.
pub(in crate::staging) fn stopping(connection: &Connection) -> Stopping {
    let handle = connection.get_interrupt_handle();
    interrupt::stopping(interrupt::LOOK, move || handle.interrupt())
}

impl Staging {
    /// Runs `work` in one transaction; an error leaves the file as it was. Reading belongs in one too where it takes many
    /// statements: outside of it each of them locks the file, looks for a journal and unlocks the file.
    pub fn together<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.connection.execute_batch("begin immediate")?;
        let done = work(self).and_then(|done| {
            self.connection.execute_batch("commit")?;
            Ok(done)
        });
        if done.is_err() && !self.connection.is_autocommit() {
            let _held = self.stopping.hold();
            self.connection.execute_batch("rollback")?;
        }
        done
    }

    /// Runs `work` in one transaction, or in the one that is open; an error leaves the file as it was. Its statements are not
    /// stopped when the command is asked to end: what was done elsewhere is noted, and how the command ended.
    pub(in crate::staging) fn transaction<T>(
        &mut self,
        work: impl FnOnce(&Connection) -> Result<T>,
    ) -> Result<T> {
        if !self.connection.is_autocommit() {
            return work(&self.connection);
        }
        let _held = self.stopping.hold();
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let done = work(&transaction)?;
        transaction.commit()?;
        Ok(done)
    }
}
