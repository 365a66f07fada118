//! Decisions in, ready rows out. What the rules decided is applied as it stands; nothing is decided here.

use rusqlite::Rows;
use rusqlite::types::ValueRef;
use serde_json::json;

use super::journal::append;
use super::open::{INDEXES, Staging};
use super::writer::Writer;
use super::{Step, now, quoted};
use crate::entity::{self, Column, Decision, Entity};
use crate::error::{Error, Result};
use crate::record::LegacyId;

impl Staging {
    /// Drops every earlier result of `transform` and of what builds on it, and the indexes until [`Self::index_resolved`].
    pub fn clear_resolved(&mut self) -> Result<()> {
        self.begin(Step::Transform)?;
        let run = self.run;
        self.transaction(|connection| {
            // the receipts go too, and the journal says so
            append(connection, run, "step", &json!({ "step": Step::Transform.word(), "begins": true }))?;
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
        self.connection
            .execute_batch("pragma threads = 1; pragma temp_store = file; pragma cache_size = -65536")?;
        let indexed = self.transaction(|connection| Ok(connection.execute_batch(INDEXES)?));
        self.connection.execute_batch("pragma temp_store = memory")?;
        indexed
    }

    /// Applies decisions about records of one entity, in one transaction.
    pub fn apply(&mut self, entity: &Entity, decisions: &[Decision]) -> Result<()> {
        let moment = now();
        self.transaction(|connection| {
            let mut writer = Writer::new(connection, entity, &moment);
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
