//! Why a unit of work in the target came to nothing, by what can be done about it: the same again (a passing failure),
//! the same without some record (a refusal), or nothing.

use std::fmt;
use std::io;

use postgres::error::{DbError, Severity};

use super::failed;
use crate::connect::{is_raised, is_transient, sqlstate_of};
use crate::error::Error;

/// A failure and what it leaves open.
#[derive(Debug)]
pub struct Failure {
    /// What can be done.
    pub cause: Cause,
    /// What to tell when nothing is done.
    pub error: Error,
}

/// What can be done about a failure.
#[derive(Debug)]
pub enum Cause {
    /// The same again may succeed: the connection broke, the server restarts, another transaction was in the way.
    Passing,
    /// The connection broke while committing: the receipt says whether it was done.
    AtCommit,
    /// The database refuses some of the records.
    Refused(Box<Refusal>),
    /// A trigger of the target makes something else of so many records.
    Rewritten(Box<Refusal>, u64),
    /// The phase has to be begun first, which this session must not do.
    Unmarked,
    /// Anything else.
    Final,
}

/// What the database says about a record that it refuses, without its text, which quotes values.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Refusal {
    /// The SQLSTATE, such as `23505`.
    pub sqlstate: String,
    /// The table named.
    pub table: Option<String>,
    /// The column named.
    pub column: Option<String>,
    /// The constraint named, or, where a function raised the error, the one that called it.
    pub constraint: Option<String>,
    /// The functions in whose calls the error arose, from within, as the server tells them; not to be shown before the catalog
    /// has them.
    pub functions: Vec<String>,
    /// What raised it, where the catalog knows: a trigger, an index or a function.
    pub by: Option<String>,
}

impl Refusal {
    /// The target does not have the row that a later phase adds to.
    pub fn no_row(table: &str) -> Self {
        Self {
            sqlstate: "P0002".to_owned(),
            table: Some(table.to_owned()),
            column: Some("legacy_id".to_owned()),
            ..Self::default()
        }
    }

    /// A trigger, a rule or row level security makes something else of the record, or keeps it back.
    pub fn rewritten(table: &str, column: Option<&str>) -> Self {
        Self {
            sqlstate: "27000".to_owned(),
            table: Some(table.to_owned()),
            column: column.map(str::to_owned),
            ..Self::default()
        }
    }

    fn told(error: &DbError) -> Self {
        // what a function of the target names may be a value of the record
        let owned = |name: Option<&str>| name.filter(|_| !is_raised(error)).map(str::to_owned);
        Self {
            sqlstate: sqlstate_of(error).to_owned(),
            table: owned(error.table()),
            column: owned(error.column()),
            constraint: owned(error.constraint()),
            functions: error.where_().map(functions).unwrap_or_default(),
            by: None,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sqlstate={}", self.sqlstate)?;
        for (what, name) in
            [("table", &self.table), ("column", &self.column), ("constraint", &self.constraint)]
        {
            if let Some(name) = name {
                write!(f, " {what}={name}")?;
            }
        }
        Ok(())
    }
}

impl Failure {
    /// The failure of a statement.
    pub(super) fn of(what: &str, cause: &postgres::Error) -> Self {
        let error = failed(what, cause);
        let cause = match cause.as_db_error() {
            _ if is_transient(cause) => Cause::Passing,
            Some(said) if is_about_a_record(sqlstate_of(said)) => {
                Cause::Refused(Box::new(Refusal::told(said)))
            }
            _ => Cause::Final,
        };
        Self { cause, error }
    }

    /// The failure of a write within a COPY, whose cause is the server's error in disguise.
    pub(super) fn of_copy(what: &str, cause: &io::Error) -> Self {
        match cause.get_ref().and_then(|inner| inner.downcast_ref::<postgres::Error>()) {
            Some(cause) => Self::of(what, cause),
            None => Self { cause: Cause::Passing, error: super::catalog::copy_failed(what, cause) },
        }
    }

    /// The failure of a commit.
    pub(super) fn of_commit(what: &str, cause: &postgres::Error) -> Self {
        let mut failure = Self::of(what, cause);
        // an error of the statement says that it did not commit; when the session ended, with a word or without, nobody
        // knows: the server looks for an order to end it after the commit too
        let is_refused =
            cause.as_db_error().is_some_and(|said| said.parsed_severity() == Some(Severity::Error));
        if !is_refused && matches!(failure.cause, Cause::Passing) {
            failure.cause = Cause::AtCommit;
        }
        failure
    }

    /// The session would have to begin the phase.
    pub(super) fn unmarked() -> Self {
        Self {
            cause: Cause::Unmarked,
            error: Error::internal("a session beside the first was to begin a phase"),
        }
    }

    /// A failure that the same again may pass.
    pub(super) fn passing(error: Error) -> Self {
        Self { cause: Cause::Passing, error }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { cause: Cause::Final, error }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        failure.error
    }
}

/// The names of the functions that an error's context speaks of: of each line its head, and nothing of a statement.
fn functions(context: &str) -> Vec<String> {
    let named = context.lines().filter_map(|line| {
        let name = match line.strip_prefix("PL/pgSQL function ") {
            Some(rest) => rest.split('(').next(),
            None => line.strip_prefix("SQL function ").and_then(|rest| rest.split(" statement").next()),
        }?;
        Some(name.rsplit('.').next().unwrap_or(name).trim_matches('"').to_owned())
    });
    named.collect()
}

/// Whether the condition may be the fault of one record, so that the others can go without it: what a value is, what a
/// constraint allows, what a trigger raises, what fits into an index.
fn is_about_a_record(sqlstate: &str) -> bool {
    ["22", "23", "27", "44", "P0", "54"].iter().any(|class| sqlstate.starts_with(class))
        // an assertion of the database's own defects is nobody's record
        && sqlstate != "P0004"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_can_only_be_at_fault_where_values_are_judged() {
        for (sqlstate, expected) in [
            ("22007", true),
            ("23503", true),
            ("23505", true),
            ("P0001", true),
            ("54000", true),
            ("44000", true),
            ("42501", false),
            ("42703", false),
            ("53100", false),
            ("57014", false),
            ("25P02", false),
        ] {
            assert_eq!(is_about_a_record(sqlstate), expected, "{sqlstate}");
        }
    }

    #[test]
    fn the_functions_of_a_context_are_read() {
        let context = "PL/pgSQL function extensions.addr_ok(text) line 1 at RAISE\nSQL statement \"select 'Ann'\"\n\
                       SQL function \"outer\" statement 1\nCOPY x, line 3: \"Ann\"";
        assert_eq!(functions(context), ["addr_ok", "outer"]);
    }

    #[test]
    fn a_refusal_is_told_by_names_alone() {
        let refusal = Refusal {
            sqlstate: "23505".to_owned(),
            table: Some("profiles".to_owned()),
            column: None,
            constraint: Some("profiles_email_key".to_owned()),
            ..Refusal::default()
        };
        assert_eq!(refusal.to_string(), "sqlstate=23505 table=profiles constraint=profiles_email_key");
    }
}
