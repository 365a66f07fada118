//! Running programs: the binary under test, and `psql` and `sqlite3` to look at what it did.

use std::env;
use std::ffi::OsStr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::Database;

/// A run of the binary under test: nothing of this process's environment but the path, its own working directory.
#[derive(Debug)]
pub struct Drydock {
    command: Command,
}

impl Drydock {
    /// A run in `directory`, which is its home too.
    pub fn new(directory: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_drydock"));
        clean(&mut command, directory);
        Self { command }
    }

    /// The database to extract from.
    #[must_use]
    pub fn legacy(self, database: &Database) -> Self {
        self.env("DRYDOCK_LEGACY_URL", database.url())
    }

    /// The database to load into.
    #[must_use]
    pub fn target(self, database: &Database) -> Self {
        self.env("DRYDOCK_TARGET_URL", database.url())
    }

    /// One more variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// More arguments.
    #[must_use]
    pub fn args<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.command.args(arguments);
        self
    }

    /// Runs it to its end.
    pub fn run(mut self) -> Outcome {
        outcome(&mut self.command)
    }

    /// Starts it and lets it run, for tests that interrupt or watch it.
    pub fn spawn(mut self) -> Child {
        self.command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|cause| panic!("cannot run the binary under test: {cause}"))
    }
}

/// What a program left behind; whoever runs one says how it has to end.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Outcome {
    /// Expects this exit code, and shows everything when it is another.
    #[track_caller]
    pub fn expect(self, code: i32) -> Printed {
        let Self { code: found, stdout, stderr } = self;
        assert_eq!(found, Some(code), "\n--- standard output\n{stdout}\n--- standard error\n{stderr}");
        Printed { stdout, stderr }
    }

    /// Expects that it ended by itself, with any exit code: what the test is about has been looked at.
    #[track_caller]
    pub fn expect_any(self) -> Printed {
        let code = self.code.unwrap_or_default();
        self.expect(code)
    }

    /// Expects one of several exit codes, where the test is about something else than which.
    #[track_caller]
    pub fn expect_one_of(self, codes: &[i32]) -> Printed {
        let code = self.code.filter(|code| codes.contains(code)).unwrap_or(codes[0]);
        self.expect(code)
    }
}

/// What a program that ended as expected has printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Printed {
    pub stdout: String,
    pub stderr: String,
}

/// The rows that `psql` prints for `sql`: fields separated by `|`, no header, no end of line after the last.
#[track_caller]
pub fn psql(database: &Database, sql: &str) -> String {
    let mut command = Command::new("psql");
    clean(&mut command, &env::temp_dir());
    command.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", &database.url(), "-c", sql]);
    printed(&mut command)
}

/// The rows that `sqlite3` prints for `sql` from a file that it may not change, in the form of [`psql`]'s.
#[track_caller]
pub fn sqlite3(file: &Path, sql: &str) -> String {
    let mut command = Command::new("sqlite3");
    clean(&mut command, &env::temp_dir());
    command.args(["-batch", "-bail", "-readonly", "-init", "/dev/null"]).arg(file).arg(sql);
    printed(&mut command)
}

#[track_caller]
fn printed(command: &mut Command) -> String {
    outcome(command).expect(0).stdout.trim_end_matches('\n').to_owned()
}

fn clean(command: &mut Command, directory: &Path) {
    command
        .env_clear()
        .env("PATH", env::var_os("PATH").unwrap_or_default())
        .env("HOME", directory)
        .env("LC_ALL", "C.UTF-8")
        .env("TZ", "UTC")
        .current_dir(directory);
}

fn outcome(command: &mut Command) -> Outcome {
    let output = command.stdin(Stdio::null()).output().unwrap_or_else(|cause| {
        let program = command.get_program().to_string_lossy().into_owned();
        panic!("cannot run {program}: {cause}; the tests need the Debian packages postgresql and sqlite3")
    });
    Outcome {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
