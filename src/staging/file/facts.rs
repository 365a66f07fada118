//! What the file knows about itself: which source and target it belongs to, by which configuration, and which steps are
//! complete. A command that would mix two of these is refused with both in the message.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension};
use serde_json::{Map, Value, json};

use crate::config::{Config, Source};
use crate::entity;
use crate::error::{Error, Result};
use crate::record::named_uuid;
use crate::staging::file::journal;
use crate::staging::file::open::{Reader, Staging};

/// The fact of a redacted copy that stands for the digest of the configuration.
pub const CONFIGURATION_COMMITMENT: &str = "configuration_commitment";

/// A step whose completion is kept in the file. A step that is done again undoes the ones that build on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A complete snapshot of the legacy database.
    Extract,
    /// What the target holds.
    Survey,
    /// Every record's fate.
    Transform,
    /// The error analysis of phase 2A.
    Analyze,
    /// Everything ready is confirmed by the target.
    Load,
    /// The target was found to be what was meant.
    Verify,
}

impl Step {
    pub(in crate::staging) const fn fact(self) -> &'static str {
        match self {
            Step::Extract => "extract_completed_at",
            Step::Survey => "survey_completed_at",
            Step::Transform => "transform_completed_at",
            Step::Analyze => "analyze_completed_at",
            Step::Load => "load_completed_at",
            Step::Verify => "verify_completed_at",
        }
    }

    /// The word in the journal.
    pub const fn word(self) -> &'static str {
        match self {
            Step::Extract => "extract",
            Step::Survey => "survey",
            Step::Transform => "transform",
            Step::Analyze => "analyze",
            Step::Load => "load",
            Step::Verify => "verify",
        }
    }

    /// The steps that build on this one.
    const fn dependants(self) -> &'static [Step] {
        match self {
            Step::Extract | Step::Survey => &[Step::Transform, Step::Analyze, Step::Load, Step::Verify],
            Step::Transform => &[Step::Analyze, Step::Load, Step::Verify],
            Step::Load => &[Step::Verify],
            Step::Analyze | Step::Verify => &[],
        }
    }
}

impl Staging {
    /// A fact about the file.
    pub fn fact(&self, name: &str) -> Result<Option<String>> {
        read(&self.connection, name)
    }

    /// Sets a fact about the file.
    pub fn set_fact(&mut self, name: &str, value: &str) -> Result<()> {
        set(&self.connection, name, value)
    }

    /// Notes the present moment as a fact, and returns it.
    pub fn note_moment(&mut self, name: &str) -> Result<String> {
        let now = crate::staging::now();
        self.set_fact(name, &now)?;
        Ok(now)
    }

    /// When the step was completed, if it was and nothing below it changed since.
    pub fn completed(&self, step: Step) -> Result<Option<String>> {
        self.fact(step.fact())
    }

    /// The steps that are complete, in their order.
    pub fn complete_steps(&self) -> Result<Vec<Step>> {
        let mut complete = Vec::new();
        for step in [Step::Extract, Step::Survey, Step::Transform, Step::Analyze, Step::Load, Step::Verify] {
            if self.completed(step)?.is_some() {
                complete.push(step);
            }
        }
        Ok(complete)
    }

    /// Marks the step as not complete, and with it every step that builds on it.
    pub fn begin(&mut self, step: Step) -> Result<()> {
        self.transaction(|connection| {
            for undone in step.dependants().iter().chain([&step]) {
                connection.execute("delete from facts where name = ?", [undone.fact()])?;
            }
            Ok(())
        })
    }

    /// Marks the step as complete, at the moment at which the journal has it.
    pub fn complete(&mut self, step: Step) -> Result<()> {
        let (run, moment) = (self.run, crate::staging::now());
        let tables = if step == Step::Extract { self.committed_manifest()? } else { Value::Null };
        let content = json!({ "step": step.word(), "tables": tables });
        self.transaction(|connection| {
            set(connection, step.fact(), &moment)?;
            journal::append_at(connection, run, "step", &content, &moment)
        })
    }

    /// A commitment to the manifest of each table of the snapshot.
    fn committed_manifest(&self) -> Result<Value> {
        let mut statement = self
            .connection
            .prepare("select table_name, rows, unreadable, digest from legacy_tables order by table_name")?;
        let tables: Vec<(String, u64, u64, String)> = statement
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?
            .collect::<Result<_, rusqlite::Error>>()?;
        let mut committed = Map::new();
        for (table, rows, unreadable, digest) in tables {
            let row = json!({ "table": table, "rows": rows, "unreadable": unreadable, "digest": digest });
            committed.insert(table, journal::committed(&self.connection, &row)?.into());
        }
        Ok(Value::Object(committed))
    }

    /// The tables whose manifest is not the one that the journal has of the last snapshot.
    pub fn manifest_differences(&self) -> Result<Vec<String>> {
        let noted = self
            .journal()?
            .iter()
            .rev()
            .filter_map(journal::Entry::value)
            .find(|value| value["step"] == Step::Extract.word())
            .map(|value| value["tables"].clone());
        let now = self.committed_manifest()?;
        let names =
            |value: &Value| value.as_object().map(|tables| tables.keys().cloned().collect::<Vec<_>>());
        let noted = noted.unwrap_or_default();
        let mut tables = names(&now).into_iter().chain(names(&noted)).flatten().collect::<Vec<_>>();
        tables.sort();
        tables.dedup();
        Ok(tables
            .into_iter()
            .filter(|table| now.get(table) != noted.get(table))
            .map(|table| format!("what is said of {table} is not what the journal has"))
            .collect())
    }

    /// Refuses to go on before `step` is complete.
    pub fn require(&self, step: Step, verb: &str) -> Result<()> {
        require(self.completed(step)?.as_deref(), step, verb, self.path())
    }

    /// Gives a new file its name, what the receipts in a target know it by, and the key of its journal's commitments.
    pub fn settle_identity(&mut self) -> Result<()> {
        if self.fact(journal::KEY_FACT)?.is_none() {
            self.set_fact(journal::KEY_FACT, &journal::random_key()?)?;
        }
        if self.fact("staging_id")?.is_none() {
            let made = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Nanos, true);
            let name = format!("{}:{made}:{}", self.path().display(), std::process::id());
            self.set_fact("staging_id", &named_uuid(&uuid::Uuid::NAMESPACE_URL, &name).to_string())?;
            self.set_fact("created_at", &made)?;
        }
        Ok(())
    }

    /// Ties the file to a source or target on first use, and refuses another one afterwards.
    pub fn expect_identity(&mut self, side: &str, identity: &str) -> Result<()> {
        let name = format!("{side}_identity");
        match self.fact(&name)? {
            Some(known) if known == identity => Ok(()),
            Some(known) => Err(Error::precondition(format!(
                "{} belongs to the {side} {known}, and the {side} given is {identity}",
                self.path().display()
            ))
            .hint("give the file of this migration with --staging, or a new name to start another one")),
            None => self.set_fact(&name, identity),
        }
    }

    /// The configuration to work by: the given one when the file has none yet or has the same, else the file's own. A
    /// given one that differs is refused, unless the operator asked to `reconfigure` and the step is done again anyway.
    pub fn settle_config(&mut self, given: Option<Config>, reconfigure: bool) -> Result<Config> {
        let known = self.config()?;
        let settled = match (known, given) {
            (Some(known), Some(given)) if known != given => {
                // keys alone: what somebody wrote beside one may not be meant for a terminal or a log
                let differences = given.differences(&known);
                let keys = differences.iter().filter_map(|found| found.split(": ").next());
                if !reconfigure {
                    return Err(Error::precondition(format!(
                        "the configuration given and the one in {} differ in {}",
                        self.path().display(),
                        keys.collect::<Vec<_>>().join(", ")
                    ))
                    .hint(
                        "leave --config out to work by the file's own, or run `drydock transform --reconfigure` to \
                         decide every record again by the given one",
                    ));
                }
                // how columns are written is read by the transform; what was extracted cannot change under its snapshot
                let columns = given.source.columns.clone();
                if (Source { columns, ..known.source.clone() }) != given.source {
                    return Err(Error::precondition(
                        "the [source] part of the configuration, other than [source.columns], cannot change under a snapshot",
                    )
                    .hint("extract again into a new file"));
                }
                given
            }
            (Some(known), _) => return Ok(known),
            (None, given) => given.unwrap_or_default(),
        };
        let before = self.fact("configuration_sha256")?;
        self.set_fact("configuration", &settled.to_text())?;
        for entity in entity::ALL {
            let allowed = settled.policy.allowed_rejects(entity.name);
            self.connection.execute(
                "update entities set allowed_rejects = ? where entity = ?",
                (allowed, entity.name),
            )?;
        }
        self.set_fact("configuration_sha256", &settled.digest())?;
        // a digest would tell whoever guesses the configuration that it is right
        let key = self.fact(journal::KEY_FACT)?.unwrap_or_default();
        let committed = |digest: &str| journal::keyed(&key, digest.as_bytes());
        let before = before.as_deref().map(committed);
        self.note("configuration", &json!({ "commitment": committed(&settled.digest()), "before": before }))?;
        Ok(settled)
    }

    /// What the journal has for the digest of the configuration: HMAC under the key of the commitments; none where there is none.
    pub fn configuration_commitment(&self) -> Result<Option<String>> {
        let key = self.fact(journal::KEY_FACT)?;
        let digest = self.fact("configuration_sha256")?;
        Ok(key.zip(digest).map(|(key, digest)| journal::keyed(&key, digest.as_bytes())))
    }

    /// The configuration in the file.
    pub fn config(&self) -> Result<Option<Config>> {
        config_of(&self.connection)
    }
}

impl Reader {
    /// A fact about the file.
    pub fn fact(&self, name: &str) -> Result<Option<String>> {
        read(&self.connection, name)
    }

    /// When the step was completed, if it was and nothing below it changed since.
    pub fn completed(&self, step: Step) -> Result<Option<String>> {
        self.fact(step.fact())
    }

    /// The configuration in the file.
    pub fn config(&self) -> Result<Option<Config>> {
        config_of(&self.connection)
    }

    /// Refuses to go on before `step` is complete in the file, whose path is `path`.
    pub fn require(&self, step: Step, verb: &str, path: &Path) -> Result<()> {
        require(self.completed(step)?.as_deref(), step, verb, path)
    }
}

fn require(completed: Option<&str>, step: Step, verb: &str, path: &Path) -> Result<()> {
    if completed.is_some() {
        return Ok(());
    }
    let (missing, hint) = match step {
        Step::Extract => ("has no complete snapshot", "run `drydock extract` on it first"),
        Step::Survey => (
            "does not know what the target holds",
            "run `drydock survey` on it first, so that existing rows keep their ids",
        ),
        Step::Transform => {
            ("has no resolved records for its snapshot", "run `drydock transform` on it first")
        }
        Step::Analyze => ("has no error analysis of its records", "run `drydock analyze` on it first"),
        Step::Load => ("has not been loaded completely", "run `drydock load` on it first"),
        Step::Verify => ("has not been verified", "run `drydock verify` on it first"),
    };
    Err(Error::precondition(format!("{verb} cannot start: {} {missing}", path.display())).hint(hint))
}

fn set(connection: &Connection, name: &str, value: &str) -> Result<()> {
    connection.execute(
        "insert into facts (name, value) values (?, ?) on conflict (name) do update set value = excluded.value",
        [name, value],
    )?;
    Ok(())
}

pub(in crate::staging) fn read(connection: &Connection, name: &str) -> Result<Option<String>> {
    let value = connection
        .prepare_cached("select value from facts where name = ?")?
        .query_row([name], |row| row.get(0))
        .optional()?;
    Ok(value)
}

/// The configuration in the file.
pub(in crate::staging) fn config_of(connection: &Connection) -> Result<Option<Config>> {
    let text = read(connection, "configuration")?;
    text.map(|text| {
        Config::parse(&text).map_err(|_| {
            Error::staging("the configuration in the staging file cannot be read")
                .hint("the file was changed by other means; use a copy from before that")
        })
    })
    .transpose()
}
