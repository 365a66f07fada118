//! Whether extract, survey and load could do their work, found out before they try: says in plain words what is wrong and
//! what to do. Reads both sides and writes neither.

mod legacy;
mod target;

pub use legacy::{examine_files, examine_legacy};
pub use target::examine_target;

use crate::connect::Address;
use crate::error::{Error, Result};

/// How a thing stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// Works, and is worth knowing.
    Note,
    /// Stops the migration.
    Wrong,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    /// `source` or `target`.
    pub side: &'static str,
    /// What was looked at, in a word.
    pub subject: &'static str,
    /// How it stands.
    pub verdict: Verdict,
    /// What was found.
    pub found: String,
    /// What to do, when there is something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

/// What is found out about one side, one thing after the other.
#[derive(Debug)]
struct Examination {
    side: &'static str,
    findings: Vec<Finding>,
}

impl Examination {
    fn of(side: &'static str) -> Self {
        Self { side, findings: Vec::new() }
    }

    /// Examines a server, as far as its address and its sessions let us.
    fn of_sessions(
        mut self,
        address: Result<Address>,
        look: impl FnOnce(&mut Self, &Address) -> Result<()>,
    ) -> Vec<Finding> {
        match address {
            Ok(address) => {
                self.ok("address", address.to_string());
                if let Err(error) = look(&mut self, &address) {
                    self.failed("session", &error);
                }
            }
            Err(error) => self.failed("address", &error),
        }
        self.findings
    }

    fn ok(&mut self, subject: &'static str, found: impl Into<String>) {
        self.add(subject, Verdict::Ok, found.into(), None);
    }

    fn note(&mut self, subject: &'static str, found: impl Into<String>, advice: impl Into<String>) {
        self.add(subject, Verdict::Note, found.into(), Some(advice.into()));
    }

    fn wrong(&mut self, subject: &'static str, found: impl Into<String>, advice: impl Into<String>) {
        self.add(subject, Verdict::Wrong, found.into(), Some(advice.into()));
    }

    /// What an error says: its message, and its hint as advice.
    fn failed(&mut self, subject: &'static str, error: &Error) {
        let text = error.to_string();
        let (message, advice) = match text.split_once("\nhint: ") {
            Some((message, hint)) => (message.to_owned(), Some(hint.to_owned())),
            None => (text, None),
        };
        self.add(subject, Verdict::Wrong, message, advice);
    }

    fn add(&mut self, subject: &'static str, verdict: Verdict, found: String, advice: Option<String>) {
        self.findings.push(Finding { side: self.side, subject, verdict, found, advice });
    }

    fn encryption(&mut self, is_encrypted: bool, address: &Address) {
        match address.exposure(is_encrypted) {
            Some((found, advice)) => self.note("line", found, advice),
            None if is_encrypted => self.ok("line", "the session is encrypted"),
            None => self.ok("line", "the session is not encrypted and does not leave this machine"),
        }
    }

    fn timeout(&mut self, statement_timeout: &str) {
        if statement_timeout == "0" {
            self.ok("timeout", "statements may take any time");
        } else {
            self.note(
                "timeout",
                format!("statements end after {statement_timeout}"),
                "large tables may take longer: take statement_timeout out of the URL's options",
            );
        }
    }
}
