//! What the last verification found: checks with their sentence, and differences by record and field without values.

use super::open::Staging;
use crate::error::Result;
use crate::record::LegacyId;

/// One check: a sentence, and how many rows contradict it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Check {
    /// `contents`, `entity`, `relationship` or `validation`.
    pub level: String,
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
}

impl Check {
    /// Whether nothing contradicts it.
    pub fn passed(&self) -> bool {
        self.wrong == 0
    }
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
    pub fn replace_checks(&mut self, checks: &[Check], differences: &[Difference]) -> Result<()> {
        self.transaction(|connection| {
            connection.execute_batch("delete from checks; delete from differences")?;
            let mut insert = connection.prepare(
                "insert into checks (position, level, name, sentence, expected, found, wrong) \
                 values (?, ?, ?, ?, ?, ?, ?)",
            )?;
            for (position, check) in checks.iter().enumerate() {
                insert.execute((
                    position,
                    &check.level,
                    &check.name,
                    &check.sentence,
                    check.expected,
                    check.found,
                    check.wrong,
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
}
