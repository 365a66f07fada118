//! What can go wrong with a *run*, grouped by what the operator does next. What can be wrong with a *record* is an
//! issue (`record::issue`), is stored in the file and never stops a run.
//!
//! A message is lower-case, has no full stop, names file, line, table or record, and never holds a record's value, a
//! password or a key. Server and library errors are therefore never passed through as text: `connect::server_error`
//! turns them into SQLSTATE, table, column and constraint.

use std::fmt;
use std::process::ExitCode;

/// The result of everything that does input or output.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The operator's next step, and with it the exit code. The list stands in the manual (`drydock help exit-codes`); a test compares
/// them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A defect in Drydock itself.
    Internal,
    /// The command line is wrong.
    Usage,
    /// The configuration, or something that must have happened before.
    Precondition,
    /// The legacy database or its dump.
    Legacy,
    /// The target database.
    Target,
    /// Records were rejected or wait for review beyond the allowed number, or a column of theirs cannot be read.
    Records,
    /// Verification found differences.
    Verification,
    /// The staging file.
    Staging,
    /// Ctrl-C or a termination signal.
    Interrupted,
}

impl Kind {
    /// Every kind, in the order of the exit codes.
    pub const ALL: [Kind; 9] = [
        Kind::Internal,
        Kind::Usage,
        Kind::Precondition,
        Kind::Legacy,
        Kind::Target,
        Kind::Records,
        Kind::Verification,
        Kind::Staging,
        Kind::Interrupted,
    ];

    /// The word for it in JSON and in `drydock help`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::Internal => "internal",
            Kind::Usage => "usage",
            Kind::Precondition => "precondition",
            Kind::Legacy => "legacy",
            Kind::Target => "target",
            Kind::Records => "records",
            Kind::Verification => "verification",
            Kind::Staging => "staging",
            Kind::Interrupted => "interrupted",
        }
    }

    /// The process's exit code.
    pub const fn code(self) -> u8 {
        match self {
            Kind::Internal => 1,
            Kind::Usage => 2,
            Kind::Precondition => 3,
            Kind::Legacy => 4,
            Kind::Target => 5,
            Kind::Records => 6,
            Kind::Verification => 7,
            Kind::Staging => 8,
            Kind::Interrupted => 130,
        }
    }
}

impl From<Kind> for ExitCode {
    fn from(kind: Kind) -> Self {
        ExitCode::from(kind.code())
    }
}

/// An error of a run: kind, message, what to do about it, and the chain of causes.
#[derive(Debug)]
pub struct Error {
    kind: Kind,
    message: String,
    hint: Option<String>,
    cause: Option<anyhow::Error>,
}

impl Error {
    /// An error of `kind`; the message holds no value of a record.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: None, cause: None }
    }

    /// A missing precondition: configuration, or a step that has to come first.
    pub fn precondition(message: impl Into<String>) -> Self {
        Self::new(Kind::Precondition, message)
    }

    /// Something about the legacy source.
    pub fn legacy(message: impl Into<String>) -> Self {
        Self::new(Kind::Legacy, message)
    }

    /// Something about the target.
    pub fn target(message: impl Into<String>) -> Self {
        Self::new(Kind::Target, message)
    }

    /// Something about the staging file.
    pub fn staging(message: impl Into<String>) -> Self {
        Self::new(Kind::Staging, message)
    }

    /// A defect in Drydock.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(Kind::Internal, message)
    }

    /// Ctrl-C or a termination signal.
    pub fn interrupted() -> Self {
        Self::new(Kind::Interrupted, "interrupted").hint("run the same command again: it starts where it can")
    }

    /// The next thing to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The cause; its text is shown, so it must be free of values too.
    #[must_use]
    pub fn cause(mut self, cause: impl Into<anyhow::Error>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// The same of a file that is no legacy dump, although it is read by the same code.
    #[must_use]
    pub fn of_precondition(self) -> Self {
        let is_legacy = self.kind == Kind::Legacy;
        Self { kind: if is_legacy { Kind::Precondition } else { self.kind }, ..self }
    }

    /// What the operator does next.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// What went wrong, with its causes.
    pub fn message(&self) -> String {
        let causes = self.cause.iter().flat_map(|cause| cause.chain());
        causes.fold(self.message.clone(), |message, part| format!("{message}: {part}"))
    }

    /// The hint, where there is one.
    pub fn what_next(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// Whether SQLite could not make sense of the staging file's pages.
    pub fn is_damage(&self) -> bool {
        let cause = self.cause.as_ref().and_then(|cause| cause.downcast_ref::<rusqlite::Error>());
        let code = cause.and_then(rusqlite::Error::sqlite_error_code);
        matches!(code, Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message())?;
        if let Some(hint) = &self.hint {
            write!(f, "\nhint: {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

impl From<drydock_linkage::Error> for Error {
    fn from(refusal: drydock_linkage::Error) -> Self {
        use drydock_linkage::Error as Refusal;
        let kind = match &refusal {
            Refusal::OtherKind { .. } => Kind::Internal,
            Refusal::NoColumns
            | Refusal::TooManyColumns { .. }
            | Refusal::RepeatedIds(_)
            | Refusal::TooMuch(_) => Kind::Precondition,
        };
        Self { hint: refusal.hint().map(str::to_owned), ..Self::new(kind, refusal.to_string()) }
    }
}

/// SQLite's word for a file that has another name, or none any more (`SQLITE_READONLY_DBMOVED`).
const MOVED: i32 = 1032;

impl From<rusqlite::Error> for Error {
    fn from(cause: rusqlite::Error) -> Self {
        let (what, then) = match cause.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => (
                "the disk that holds the staging file is full",
                "make room there, then run the same command again",
            ),
            Some(rusqlite::ErrorCode::SystemIoFailure) => (
                "the disk that holds the staging file refused a read or a write",
                "it may be full, or a limit on the size of files may be reached (ulimit -f)",
            ),
            _ if cause.sqlite_error().is_some_and(|error| error.extended_code == MOVED) => (
                "the staging file was moved, replaced or deleted while the command ran",
                "what stands under its name now was not written to; run the command again on the file where it is now",
            ),
            Some(rusqlite::ErrorCode::DatabaseBusy) => (
                "another program is writing to the staging file and has held it for too long",
                "run the same command again when that program is done; `drydock status` shows what a command is doing",
            ),
            Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase) => (
                "the staging file is damaged",
                "use a copy from before that, or extract again into a new file",
            ),
            // a statement is only ever stopped when the command is
            Some(rusqlite::ErrorCode::OperationInterrupted) => return Error::interrupted(),
            // SQLite's messages name tables, columns and constraints, never values.
            _ => return Error::staging("the staging file refused an operation").cause(cause),
        };
        Error::staging(what).cause(cause).hint(then)
    }
}
