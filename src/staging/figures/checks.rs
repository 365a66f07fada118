//! What the last verification found: checks with their sentence, and differences and findings by record and field without
//! values; and what the file itself can say to a verification.

use std::collections::BTreeSet;

use rusqlite::Connection;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::columns::Forms;
use crate::entity::{Entity, LegacyRow, LegacyTable, Raw};
use crate::error::Result;
use crate::record::{LegacyId, Phase};
use crate::staging::figures::attention::{self, Attention};
use crate::staging::figures::gates::{self, Evidence};
use crate::staging::figures::lead::Open;
use crate::staging::figures::{self, Figures, survival};
use crate::staging::file::open::{Reader, Staging};
use crate::staging::file::row::row_struct;
use crate::staging::people::decisions::{self, Item};
use crate::staging::raw::columns::{SourceColumn, source_columns};
use crate::staging::raw::legacy::{self, for_legacy_rows};
use crate::staging::raw::snapshot::manifest;

/// What a check is about, in the plan's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Single records: required fields, forms, contents, counts.
    Entity,
    /// References and associations, both sides.
    Relationship,
    /// What the business means.
    Business,
    /// Digests, receipts, accounting, and what guards the tables.
    System,
}

impl Level {
    /// Every level.
    pub const ALL: [Level; 4] = [Level::Entity, Level::Relationship, Level::Business, Level::System];

    /// The word in the staging file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Level::Entity => "entity",
            Level::Relationship => "relationship",
            Level::Business => "business",
            Level::System => "system",
        }
    }

    pub(in crate::staging) fn parse(word: &str) -> Self {
        Self::ALL.into_iter().find(|level| level.as_str() == word).unwrap_or(Level::System)
    }
}

/// One check: a sentence, and how many rows contradict it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What it is about.
    pub level: Level,
    /// A stable name; the plan's own for its validation queries.
    pub name: String,
    /// What it proves.
    pub sentence: String,
    /// What the file expects, for a check that compares two numbers.
    pub expected: Option<u64>,
    /// What the target has, for a check that compares two numbers.
    pub found: Option<u64>,
    /// Rows that contradict it.
    pub wrong: u64,
    /// Rows that contradict it and that the legacy database itself explains.
    pub exceptions: u64,
}

/// How the sentence of a check goes on that the target could not be asked: it proves nothing, and is no check that passed.
pub const NOT_ASKED: &str = " (not asked: ";

/// Whether the check of this sentence could be asked at all.
pub fn was_asked(sentence: &str) -> bool {
    !sentence.contains(NOT_ASKED)
}

impl Check {
    /// Whether it could be asked at all.
    pub fn was_asked(&self) -> bool {
        was_asked(&self.sentence)
    }

    /// A check that nothing contradicts yet.
    pub fn of(level: Level, name: &str, sentence: String) -> Self {
        Self { level, name: name.to_owned(), sentence, expected: None, found: None, wrong: 0, exceptions: 0 }
    }

    /// Whether nothing contradicts it.
    pub fn passed(&self) -> bool {
        self.wrong == 0
    }
}

/// One record, or one table, that a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The check.
    pub name: &'static str,
    /// The entity, or the table where no record is meant.
    pub entity: String,
    /// The record.
    pub legacy_id: Option<i64>,
    /// The field; '' when the whole record is concerned.
    pub field: String,
    /// Whether the legacy database itself explains it.
    pub is_exception: bool,
}

impl Finding {
    /// A finding about a table or an entity as a whole.
    pub fn of_table(name: &'static str, table: &str, field: &str) -> Self {
        let (entity, field) = (table.to_owned(), field.to_owned());
        Self { name, entity, legacy_id: None, field, is_exception: false }
    }
}

row_struct! {
    /// One side of the three-way proof for one table or entity.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
    pub struct Proof {
        /// `raw` or `ready`.
        pub part: String,
        /// The legacy table, or the entity.
        pub name: String,
        /// `source`, `staging`, `receipts` or `target`.
        pub side: String,
        /// Rows on this side.
        pub rows: u64,
        /// SHA-256 over them; '' where this side kept none.
        pub digest: String,
        /// Whether it agrees with what the file holds.
        pub is_equal: bool,
    }
}

/// A receipt as the file keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileReceipt {
    /// Rows sent.
    pub rows: u64,
    /// SHA-256 of the rows as they were sent.
    pub digest: String,
    /// Whether the transaction changed anything.
    pub wrote: bool,
}

/// How a record differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DifferenceKind {
    /// The target lacks it.
    Missing,
    /// The target has it and should not.
    Unexpected,
    /// A field is not what was meant.
    Differs,
}

impl DifferenceKind {
    const fn as_str(self) -> &'static str {
        match self {
            DifferenceKind::Missing => "missing",
            DifferenceKind::Unexpected => "unexpected",
            DifferenceKind::Differs => "differs",
        }
    }
}

/// One difference, located to record and field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Difference {
    /// The entity.
    pub entity: &'static str,
    /// The record.
    pub legacy_id: LegacyId,
    /// The field; '' when the whole row is concerned.
    pub field: &'static str,
    /// How it differs.
    pub kind: DifferenceKind,
}

impl Staging {
    /// Replaces what an earlier verification found.
    pub fn replace_verification(
        &mut self,
        checks: &[Check],
        findings: &[Finding],
        differences: &[Difference],
        proofs: &[Proof],
    ) -> Result<()> {
        self.transaction(|connection| {
            connection.execute_batch(
                "delete from checks; delete from findings; delete from differences; delete from proofs",
            )?;
            let mut insert = connection.prepare(
                "insert into checks (position, level, name, sentence, expected, found, wrong, exceptions) \
                 values (?, ?, ?, ?, ?, ?, ?, ?)",
            )?;
            for (position, check) in checks.iter().enumerate() {
                insert.execute((
                    position,
                    check.level.as_str(),
                    &check.name,
                    &check.sentence,
                    check.expected,
                    check.found,
                    check.wrong,
                    check.exceptions,
                ))?;
            }
            let mut insert = connection.prepare(
                "insert into findings (name, entity, legacy_id, field, is_exception) values (?, ?, ?, ?, ?)",
            )?;
            for finding in findings {
                insert.execute((
                    finding.name,
                    &finding.entity,
                    finding.legacy_id,
                    &finding.field,
                    finding.is_exception,
                ))?;
            }
            let mut insert = connection.prepare(
                "insert or ignore into differences (entity, legacy_id, field, kind) values (?, ?, ?, ?)",
            )?;
            for difference in differences {
                insert.execute((
                    difference.entity,
                    difference.legacy_id.0,
                    difference.field,
                    difference.kind.as_str(),
                ))?;
            }
            let mut insert = connection.prepare(
                "insert into proofs (part, name, side, rows, digest, is_equal) values (?, ?, ?, ?, ?, ?)",
            )?;
            for proof in proofs {
                insert.execute((
                    &proof.part,
                    &proof.name,
                    &proof.side,
                    proof.rows,
                    &proof.digest,
                    proof.is_equal,
                ))?;
            }
            Ok(())
        })
    }

    /// The plan's totals as the file expects them in the target, by name.
    pub fn expected_totals(&self) -> Result<Vec<(String, u64)>> {
        let mut statement = self.connection.prepare("select * from v_expected_totals")?;
        let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let totals = statement.query_row([], |row| {
            names.iter().enumerate().map(|(column, name)| Ok((name.clone(), row.get(column)?))).collect()
        })?;
        Ok(totals)
    }

    /// Legacy ids of the entity that the target holds and the snapshot does not: reported, never deleted.
    pub fn gone_from_source(&self, entity: &str) -> Result<Vec<LegacyId>> {
        let mut statement = self
            .connection
            .prepare("select legacy_id from v_gone_from_source where entity = ? order by legacy_id")?;
        let ids = statement
            .query_map([entity], |row| Ok(LegacyId(row.get(0)?)))?
            .collect::<Result<_, rusqlite::Error>>()?;
        Ok(ids)
    }

    /// The legacy id of every `every`th ready row of the entity, in order.
    pub fn ready_ids_at_every(&self, entity: &Entity, every: u64) -> Result<Vec<LegacyId>> {
        let mut statement = self.connection.prepare(&format!(
            "select legacy_id from (select y.legacy_id, row_number() over (order by y.legacy_id) as number from {}) \
             where number % ? = 0 order by legacy_id",
            entity.ready_rows()
        ))?;
        let ids = statement
            .query_map([every], |row| Ok(LegacyId(row.get(0)?)))?
            .collect::<Result<_, rusqlite::Error>>()?;
        Ok(ids)
    }

    /// The receipts of the last run that loaded the entity in the phase, in order.
    pub fn last_receipts(&self, entity: &str, phase: Phase) -> Result<Vec<FileReceipt>> {
        let mut statement = self.connection.prepare(
            "select rows, digest, inserted + updated > 0 from receipts where entity = ?1 and phase = ?2 \
             and run_id = (select max(run_id) from receipts where entity = ?1 and phase = ?2) order by first_legacy_id, receipt_id",
        )?;
        let receipts = statement
            .query_map((entity, phase.as_str()), |row| {
                Ok(FileReceipt { rows: row.get(0)?, digest: row.get(1)?, wrote: row.get(2)? })
            })?
            .collect::<Result<_, rusqlite::Error>>()?;
        Ok(receipts)
    }

    /// The records that the target refused in the phase.
    pub fn refused(&self, entity: &str, phase: Phase) -> Result<BTreeSet<LegacyId>> {
        let mut statement = self
            .connection
            .prepare("select legacy_id from loads where entity = ? and phase = ? and outcome = 'failed'")?;
        let ids = statement
            .query_map((entity, phase.as_str()), |row| Ok(LegacyId(row.get(0)?)))?
            .collect::<Result<_, rusqlite::Error>>()?;
        Ok(ids)
    }
}

/// A staging file that is asked, by its writer or by one who reads beside it.
pub trait Asked {
    /// The connection to ask.
    #[doc(hidden)]
    fn connection(&self) -> &Connection;

    /// The forms by which raw rows are read.
    #[doc(hidden)]
    fn forms(&self) -> &Forms;

    /// Runs a check's query over the file: entity, legacy id, field.
    fn for_found_rows(&self, sql: &str, mut each: impl FnMut(&str, Option<i64>, &str)) -> Result<()> {
        let mut statement = self.connection().prepare(sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let text = |column: usize| Ok::<_, rusqlite::Error>(row.get_ref(column)?.as_str()?);
            each(text(0)?, row.get(1)?, text(2)?);
        }
        Ok(())
    }

    /// Every row of the legacy table in key order, a chunk at a time.
    fn for_legacy_rows<R: LegacyRow>(
        &self,
        chunk: usize,
        each: impl FnMut(Vec<R>) -> Result<()>,
    ) -> Result<()> {
        for_legacy_rows(self.connection(), self.forms(), chunk, each)
    }

    /// The next rows of a table after `after`, at most `limit`, in key order. None only when there is none.
    fn legacy_rows(&self, table: &LegacyTable, after: Option<LegacyId>, limit: usize) -> Result<Vec<Raw>> {
        legacy::legacy_rows(self.connection(), self.forms().of(table).as_deref(), table, after, limit)
    }

    /// Every question that is open, most urgent first.
    fn open_questions(&self) -> Result<Vec<Item>> {
        decisions::review_items(self.connection())
    }

    /// Runs a query and hands over each row as texts.
    fn for_texts(&self, sql: &str, each: impl FnMut(&[Option<&str>]) -> Result<()>) -> Result<()> {
        survival::for_texts(self.connection(), sql, each)
    }

    /// The columns of a legacy table that the snapshot has; none where it has no such table.
    fn columns_of(&self, table: &str) -> Result<Vec<String>> {
        let manifest = manifest(self.connection())?.into_iter().find(|known| known.table == table);
        Ok(manifest.map(|known| known.columns).unwrap_or_default())
    }

    /// What was counted and decided of the snapshot's columns by the last transform.
    fn source_columns(&self) -> Result<Vec<SourceColumn>> {
        source_columns(self.connection())
    }

    /// Whether a command writes to the file at this moment.
    fn is_being_written(&self) -> bool;

    /// Everything that is counted.
    fn figures(&self) -> Result<Figures> {
        figures::figures(self.connection(), self.is_being_written())
    }

    /// Source, target and when each step was completed.
    fn steps(&self) -> Result<Map<String, Value>> {
        figures::steps(self.connection())
    }

    /// What is open, and for whom.
    fn count_open(&self) -> Result<Open> {
        figures::open(self.connection())
    }

    /// What the gates are judged by, beside the figures.
    fn evidence(&self) -> Result<Evidence> {
        gates::evidence(self.connection())
    }

    /// What asks for attention in the result.
    fn attention(&self) -> Result<Attention> {
        attention::attention(self.connection())
    }

    /// Required legacy tables that came without a row, and that the configuration does not expect to.
    fn empty_tables(&self) -> Result<Vec<String>> {
        attention::empty_tables(self.connection())
    }

    /// How many records do not have exactly one fate.
    fn unaccounted(&self) -> Result<u64> {
        figures::accounting::unaccounted(self.connection())
    }
}

impl Asked for Staging {
    fn connection(&self) -> &Connection {
        &self.connection
    }

    fn forms(&self) -> &Forms {
        &self.forms
    }

    fn is_being_written(&self) -> bool {
        true
    }
}

impl Asked for Reader {
    fn connection(&self) -> &Connection {
        &self.connection
    }

    fn forms(&self) -> &Forms {
        &self.forms
    }

    fn is_being_written(&self) -> bool {
        self.is_being_written
    }
}
