//! What is counted of records: the accounting, the error analysis, how practices were found, and what a verification
//! checked. `figures` puts them together.

use rusqlite::Connection;
use serde::Serialize;

use crate::error::Result;
use crate::staging::file::open::{Reader, Staging};
use crate::staging::file::row::{all, only, row_struct};
use crate::staging::{Check, Level};

row_struct! {
    /// The fates of one entity's records. extracted = ready + merged + rejected + quarantined; after a load
    /// ready = loaded + failed.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
    pub struct Accounting {
        /// The entity.
        #[serde(skip)]
        pub entity: String,
        /// Rows of the snapshot.
        pub extracted: u64,
        /// Resolved.
        pub ready: u64,
        /// Stood for by another record.
        pub merged: u64,
        /// Refused.
        pub rejected: u64,
        /// Kept back, unreadable rows included.
        pub quarantined: u64,
        /// Confirmed by the target.
        pub loaded: u64,
        /// Refused by the target.
        pub failed: u64,
        /// Made by the migration itself, such as the practice "Unassigned": in none of the other numbers,
        /// and not named where there is none.
        #[serde(skip_serializing_if = "is_zero")]
        pub created: u64,
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands fields over by reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Accounting {
    /// One line for people, such as `profiles 9101 = 9101 loaded`; zeros are left out.
    pub fn line(&self) -> String {
        let waiting = self.ready.saturating_sub(self.loaded + self.failed);
        let parts: Vec<String> = [
            (self.loaded, "loaded"),
            (waiting, "ready"),
            (self.failed, "failed"),
            (self.merged, "merged"),
            (self.rejected, "rejected"),
            (self.quarantined, "quarantined"),
        ]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
        let sum = if parts.is_empty() { "0".to_owned() } else { parts.join(" + ") };
        let created = match self.created {
            0 => String::new(),
            created => format!(", and {created} created by the migration"),
        };
        format!("{} {} = {sum}{created}", self.entity, self.extracted)
    }

    /// The sum over the entities.
    pub(in crate::staging) fn total(lines: &[Self]) -> Self {
        let sum = |count: fn(&Self) -> u64| lines.iter().map(count).sum();
        Self {
            entity: "totals".to_owned(),
            extracted: sum(|line| line.extracted),
            ready: sum(|line| line.ready),
            merged: sum(|line| line.merged),
            rejected: sum(|line| line.rejected),
            quarantined: sum(|line| line.quarantined),
            loaded: sum(|line| line.loaded),
            failed: sum(|line| line.failed),
            created: sum(|line| line.created),
        }
    }
}

row_struct! {
    /// The plan's error analysis of phase 2A: issues of profiles, each a row of `v_profile_errors`.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
    #[expect(missing_docs, reason = "the names are the plan's own")]
    pub struct ErrorAnalysis {
        pub total_errors: u64,
        pub email_conflicts: u64,
        pub validation_failures: u64,
        pub constraint_violations: u64,
        pub schema_mismatches: u64,
        pub resolvable_errors: u64,
        pub manual_intervention_required: u64,
    }
}

/// How many records found their practice in one way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names are the plan's own")]
pub struct AssociationCount {
    pub entity: String,
    pub association_method: String,
    pub confidence_level: String,
    pub requires_manual_review: bool,
    pub records: u64,
}

impl Staging {
    /// The fates of every entity's records.
    pub fn accounting(&self) -> Result<Vec<Accounting>> {
        accounting(&self.connection)
    }
}

impl Reader {
    /// The plan's error analysis.
    pub fn error_analysis(&self) -> Result<ErrorAnalysis> {
        error_analysis(&self.connection)
    }

    /// Associations by entity, method and confidence.
    pub fn associations(&self) -> Result<Vec<AssociationCount>> {
        associations(&self.connection)
    }
}

/// How many records do not have exactly one fate.
pub(in crate::staging) fn unaccounted(connection: &Connection) -> Result<u64> {
    if is_accounted(connection)? {
        return Ok(0);
    }
    only::<(u64,)>(connection, "select count(*) from v_unaccounted", []).map(|(records,)| records)
}

/// Whether `v_unaccounted` is empty, by equal counts and one inclusion each way: going through it record by record takes
/// several times as long. A test holds the two against each other.
fn is_accounted(connection: &Connection) -> Result<bool> {
    for entity in crate::staging::resolved::participation::in_use(connection)? {
        let (name, ready) = (entity.name, entity.ready_table());
        let raw = crate::staging::quoted(&format!("legacy_{}", entity.legacy.name));
        // one walk over the records, with both tables at its side in the same order
        let holds: bool = connection.query_row(
            &format!(
                "select count(*) = (select count(*) from {raw}) \
                    and count(*) = count(x.legacy_id) \
                    and count(y.legacy_id) = (select count(*) from {ready}) \
                              - (select count(*) from created_records where entity = '{name}') \
                    and coalesce(sum((r.fate = 'ready') = (y.legacy_id is null)), 0) = 0 \
                    and not exists (select 1 from records m where m.entity = '{name}' and m.fate = 'merged' \
                            and not exists (select 1 from {ready} k where k.legacy_id = m.merged_into) \
                            and not exists (select 1 from merged_across a join records k on k.entity = a.into_entity \
                                            where a.entity = m.entity and a.legacy_id = m.legacy_id \
                                            and k.legacy_id = m.merged_into and k.fate = 'ready')) \
                    and not exists (select 1 from loads l where l.entity = '{name}' \
                            and not exists (select 1 from {ready} k where k.legacy_id = l.legacy_id)) \
                 from records r left join {raw} x on x.legacy_id = r.legacy_id \
                                left join {ready} y on y.legacy_id = r.legacy_id \
                 where r.entity = '{name}'"
            ),
            [],
            |row| row.get(0),
        )?;
        if !holds {
            return Ok(false);
        }
    }
    Ok(true)
}

pub(in crate::staging) fn accounting(connection: &Connection) -> Result<Vec<Accounting>> {
    all(connection, "select * from v_accounting", [])
}

pub(in crate::staging) fn error_analysis(connection: &Connection) -> Result<ErrorAnalysis> {
    only(connection, "select * from v_error_analysis", [])
}

/// `v_associations_by_method`, counted row by row: SQLite would sort millions of rows in memory to find a few groups. A test
/// holds the two against each other.
pub(in crate::staging) fn associations(connection: &Connection) -> Result<Vec<AssociationCount>> {
    let mut statement = connection.prepare(
        "select entity, association_method, confidence_level, requires_manual_review from associations",
    )?;
    let mut rows = statement.query([])?;
    let mut counts: Vec<AssociationCount> = Vec::new();
    while let Some(row) = rows.next()? {
        let text = |column| Ok::<_, rusqlite::Error>(row.get_ref(column)?.as_str()?);
        let (entity, method, confidence) = (text(0)?, text(1)?, text(2)?);
        let review: bool = row.get(3)?;
        let is_same = |count: &&mut AssociationCount| {
            count.association_method == method
                && count.confidence_level == confidence
                && count.requires_manual_review == review
                && count.entity == entity
        };
        match counts.iter_mut().find(is_same) {
            Some(count) => count.records += 1,
            None => counts.push(AssociationCount {
                entity: entity.to_owned(),
                association_method: method.to_owned(),
                confidence_level: confidence.to_owned(),
                requires_manual_review: review,
                records: 1,
            }),
        }
    }
    let sureness = |count: &AssociationCount| match count.confidence_level.as_str() {
        "low" => 2,
        "medium" => 1,
        _ => 0,
    };
    counts.sort_by_key(|count| {
        let method = count.association_method.clone();
        (count.entity.clone(), sureness(count), method, count.requires_manual_review)
    });
    Ok(counts)
}

pub(in crate::staging) fn checks(connection: &Connection) -> Result<Vec<Check>> {
    let mut statement = connection.prepare(
        "select level, name, sentence, expected, found, wrong, exceptions from checks order by position",
    )?;
    let checks = statement
        .query_map([], |row| {
            Ok(Check {
                level: Level::parse(&row.get::<_, String>(0)?),
                name: row.get(1)?,
                sentence: row.get(2)?,
                expected: row.get(3)?,
                found: row.get(4)?,
                wrong: row.get(5)?,
                exceptions: row.get(6)?,
            })
        })?
        .collect::<Result<_, rusqlite::Error>>()?;
    Ok(checks)
}
