//! Decisions in, ready rows out. What the rules decided is applied as it stands; nothing is decided here.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Rows, Statement, params_from_iter};

use super::open::{INDEXES, Staging};
use super::{Step, now, quoted};
use crate::entity::association::Association;
use crate::entity::{self, Column, Decision, Entity, Verdict};
use crate::error::{Error, Result};
use crate::record::{Issue, LegacyId, Phase};

impl Staging {
    /// Drops every earlier result of `transform` and of what builds on it, and the indexes until [`Self::index_resolved`].
    pub fn clear_resolved(&mut self) -> Result<()> {
        self.begin(Step::Transform)?;
        self.transaction(|connection| {
            let indexes = INDEXES.lines().filter_map(|line| line.split_once("index if not exists ")?.1.split_once(" on "));
            let dropped: String = indexes.map(|(name, _)| format!("drop index if exists {name};")).collect();
            connection.execute_batch(&dropped)?;
            let ready: String =
                entity::ALL.iter().map(|entity| format!("delete from {};", entity.ready_table())).collect();
            connection.execute_batch(&format!(
                "delete from records; delete from changes; delete from migration_errors; delete from associations; \
                 delete from loads; delete from receipts; delete from checks; delete from findings; \
                 delete from differences; delete from proofs; delete from missing_profiles; \
                 delete from phase_one_batches; delete from remediation; delete from duplicate_pairs; \
                 delete from duplicate_clusters; delete from duplicate_passes; delete from duplicate_levels; \
                 delete from duplicate_search; delete from schema_findings; delete from created_records; \
                 {ready}"
            ))?;
            Ok(())
        })
    }

    /// Makes the indexes of what was written. Another thread helps to sort; what does not fit into the cache is sorted in a
    /// file without a name, which may hold ids but no value of a record.
    pub fn index_resolved(&mut self) -> Result<()> {
        self.connection.execute_batch("pragma threads = 1; pragma temp_store = file")?;
        let indexed = self.transaction(|connection| Ok(connection.execute_batch(INDEXES)?));
        self.connection.execute_batch("pragma temp_store = memory")?;
        indexed
    }

    /// Applies decisions about records of one entity, in one transaction.
    pub fn apply(&mut self, entity: &Entity, decisions: &[Decision]) -> Result<()> {
        let moment = now();
        self.transaction(|connection| {
            let mut writer = Writer::new(connection, entity, &moment)?;
            decisions.iter().try_for_each(|decision| writer.apply(decision))
        })
    }

    /// Hands the ready rows of the entity to `read`, in legacy id order.
    pub fn with_ready<T>(
        &self,
        entity: &Entity,
        columns: &[&Column],
        read: impl FnOnce(&mut ReadyRows<'_>) -> Result<T>,
    ) -> Result<T> {
        self.with_ready_between(entity, columns, (None, None), read)
    }

    /// The same for the rows after one legacy id and up to another, where they are given.
    pub fn with_ready_between<T>(
        &self,
        entity: &Entity,
        columns: &[&Column],
        (after, to): (Option<LegacyId>, Option<LegacyId>),
        read: impl FnOnce(&mut ReadyRows<'_>) -> Result<T>,
    ) -> Result<T> {
        let listed: Vec<String> = columns.iter().map(|column| quoted(column.name)).collect();
        let mut statement = self.connection.prepare(&format!(
            "select legacy_id, {} from {} where legacy_id > ? and legacy_id <= ? order by legacy_id",
            listed.join(", "),
            entity.ready_table()
        ))?;
        let width = columns.len();
        let bounds = (after.map_or(i64::MIN, |id| id.0), to.map_or(i64::MAX, |id| id.0));
        let rows = statement.query(bounds)?;
        read(&mut ReadyRows { rows, width })
    }

    /// How many rows of the entity are ready.
    pub fn count_ready(&self, entity: &Entity) -> Result<u64> {
        let sql = format!("select count(*) from {}", entity.ready_table());
        Ok(self.connection.query_row(&sql, [], |row| row.get(0))?)
    }

    /// Whether any ready row has null in the column.
    pub fn has_null(&self, entity: &Entity, column: &Column) -> Result<bool> {
        let sql = format!(
            "select exists (select 1 from {} where {} is null)",
            entity.ready_table(),
            quoted(column.name)
        );
        Ok(self.connection.query_row(&sql, [], |row| row.get(0))?)
    }

    /// The labels that the ready rows use in an enum column.
    pub fn labels_used(&self, entity: &Entity, column: &Column) -> Result<Vec<String>> {
        let column = quoted(column.name);
        let sql = format!(
            "select distinct {column} from {} where {column} is not null order by 1",
            entity.ready_table()
        );
        let mut statement = self.connection.prepare(&sql)?;
        let labels = statement.query_map([], |row| row.get(0))?.collect::<Result<_, rusqlite::Error>>()?;
        Ok(labels)
    }
}

/// Ready rows being read, one at a time and without a copy.
pub struct ReadyRows<'a> {
    pub(super) rows: Rows<'a>,
    pub(super) width: usize,
}

impl ReadyRows<'_> {
    /// Calls `read` with the next row's legacy id and values; `None` when there is no further row.
    pub fn next<T>(
        &mut self,
        read: impl FnOnce(LegacyId, &[Option<&str>]) -> Result<T>,
    ) -> Result<Option<T>> {
        let width = self.width;
        let Some(row) = self.rows.next()? else { return Ok(None) };
        let legacy_id = LegacyId(row.get(0)?);
        let mut values = Vec::with_capacity(width);
        for column in 1..=width {
            values.push(match row.get_ref(column)? {
                ValueRef::Null => None,
                ValueRef::Text(text) => Some(std::str::from_utf8(text).map_err(|_| not_text(legacy_id))?),
                // only legacy_id is an integer; it is asked for by name in the first place
                ValueRef::Integer(_) => Some(""),
                ValueRef::Real(_) | ValueRef::Blob(_) => return Err(not_text(legacy_id)),
            });
        }
        read(legacy_id, &values).map(Some)
    }
}

fn not_text(legacy_id: LegacyId) -> Error {
    Error::staging(format!("the ready row {legacy_id} holds something that is not text"))
        .hint("the file was changed by other means; run `drydock transform` again")
}

/// The statements that one transaction of decisions needs.
struct Writer<'a> {
    entity: &'a Entity,
    moment: &'a str,
    record: Statement<'a>,
    ready: Statement<'a>,
    change: Statement<'a>,
    issue: Statement<'a>,
    association: Statement<'a>,
}

impl<'a> Writer<'a> {
    fn new(connection: &'a Connection, entity: &'a Entity, moment: &'a str) -> Result<Self> {
        let columns: Vec<String> = entity.columns.iter().map(|column| quoted(column.name)).collect();
        Ok(Self {
            entity,
            moment,
            record: connection.prepare(
                "insert into records (entity, legacy_id, fate, merged_into, batch_id) values (?, ?, ?, ?, ?)",
            )?,
            ready: connection.prepare(&format!(
                "insert into {} ({}) values ({})",
                entity.ready_table(),
                columns.join(", "),
                vec!["?"; columns.len()].join(", ")
            ))?,
            change: connection.prepare(
                "insert into changes (entity, legacy_id, position, field, rule, before, after) \
                 values (?, ?, ?, ?, ?, ?, ?)",
            )?,
            issue: connection.prepare(
                "insert into migration_errors (phase, severity, entity_type, entity, entity_id, error_code, \
                 error_category, field, error_message, error_context, suggested_resolution, resolution_strategy, \
                 resolution_status, batch_id, created_at, resolved_at) \
                 values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )?,
            association: connection.prepare(
                "insert into associations (entity, legacy_id, legacy_user_id, profile_id, practice_legacy_id, \
                 practice_id, association_method, confidence_level, requires_manual_review, evidence, other_practices) \
                 values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )?,
        })
    }

    fn apply(&mut self, decision: &Decision) -> Result<()> {
        let merged_into = match &decision.verdict {
            Verdict::Merged(into) => Some(into.0),
            _ => None,
        };
        self.record.execute((
            self.entity.name,
            decision.legacy_id.0,
            decision.verdict.fate().as_str(),
            merged_into,
            decision.batch_id,
        ))?;
        if let Verdict::Ready(row) = &decision.verdict {
            self.ready.execute(params_from_iter(&row.0))?;
        }
        for (position, change) in decision.changes.iter().enumerate() {
            self.change.execute((
                self.entity.name,
                decision.legacy_id.0,
                position,
                change.field,
                change.rule,
                &change.before,
                &change.after,
            ))?;
        }
        for (phase, issue) in &decision.issues {
            self.write_issue(decision, *phase, issue)?;
        }
        if let Some(association) = &decision.association {
            self.write_association(decision, association)?;
        }
        Ok(())
    }

    fn write_issue(&mut self, decision: &Decision, phase: Phase, issue: &Issue) -> Result<()> {
        let code = issue.code;
        let entity_type =
            if phase == Phase::Associations { "association" } else { self.entity.entity_type() };
        // what a rule resolves is resolved as soon as it is found; the rest waits for a person
        let (strategy, status, resolved_at) = if code.is_automatic() {
            ("automatic", "resolved", Some(self.moment))
        } else {
            ("manual", "pending", None)
        };
        self.issue.execute(rusqlite::params![
            phase.as_str(),
            code.severity().as_str(),
            entity_type,
            self.entity.name,
            decision.legacy_id.0,
            code.as_str(),
            code.category().as_str(),
            issue.field,
            code.message(),
            issue.context,
            code.resolution(),
            strategy,
            status,
            decision.batch_id,
            self.moment,
            resolved_at,
        ])?;
        Ok(())
    }

    fn write_association(&mut self, decision: &Decision, association: &Association) -> Result<()> {
        let others = if association.others.is_empty() {
            "[]".to_owned()
        } else {
            serde_json::json!(association.others).to_string()
        };
        self.association.execute(rusqlite::params![
            self.entity.name,
            decision.legacy_id.0,
            association.user.map(|user| user.0),
            association.profile_id.map(|id| id.to_string()),
            association.practice.0,
            association.practice_id.to_string(),
            association.method.as_str(),
            association.confidence.as_str(),
            association.review,
            association.evidence,
            others,
        ])?;
        Ok(())
    }
}
