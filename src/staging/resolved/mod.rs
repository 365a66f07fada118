//! Decisions in, ready rows out. What the rules decided is applied as it stands; nothing is decided here.

pub(super) mod checkpoints;
pub(super) mod chunks;
pub(super) mod created;
pub(super) mod decision_rows;
pub(super) mod gone;
pub(super) mod held_back;
pub(super) mod loads;
pub(super) mod participation;

use rusqlite::Rows;
use rusqlite::types::ValueRef;
use serde_json::json;

use crate::entity::{self, Column, Entity};
use crate::error::{Error, Result};
use crate::record::LegacyId;
use crate::staging::file::derived::indexes;
use crate::staging::file::journal::append;
use crate::staging::file::open::Staging;
use crate::staging::resolved::decision_rows::{DecisionRows, RowShapes};
use crate::staging::{Step, now};

impl Staging {
    /// Drops every earlier result of `transform` and of what builds on it, and the indexes until [`Self::index_resolved`].
    pub fn clear_resolved(&mut self) -> Result<()> {
        self.begin(Step::Transform)?;
        let run = self.run;
        self.transaction(|connection| {
            // the receipts go too, and the journal says so
            append(connection, run, "step", &json!({ "step": Step::Transform.word(), "begins": true }))?;
            let indexes = indexes();
            let names = indexes.lines().filter_map(|line| line.split_once("index if not exists ")?.1.split_once(" on "));
            let dropped: String = names.map(|(name, _)| format!("drop index if exists {name};")).collect();
            connection.execute_batch(&dropped)?;
            let ready: String =
                entity::ALL.iter().map(|entity| format!("delete from {};", entity.ready_table())).collect();
            connection.execute_batch(&format!(
                "delete from records; delete from merged_across; delete from changes; delete from migration_errors; delete from associations; \
                 delete from loads; delete from receipts; delete from checks; delete from findings; \
                 delete from differences; delete from proofs; delete from survival; delete from missing_profiles; \
                 delete from phase_one_batches; delete from remediation; delete from duplicate_pairs; \
                 delete from duplicate_clusters; delete from duplicate_passes; delete from duplicate_levels; \
                 delete from duplicate_search; delete from schema_findings; delete from created_records; \
                 {ready}"
            ))?;
            Ok(())
        })
    }

    /// Makes the indexes of what was written. What does not fit into the cache is sorted in a file without a name, which may
    /// hold ids but no value of a record. The cache is small: short runs are sorted within the processor's own.
    pub fn index_resolved(&mut self) -> Result<()> {
        self.connection.execute_batch("pragma temp_store = file; pragma cache_size = -4096")?;
        let indexed = self.transaction(|connection| Ok(connection.execute_batch(&indexes())?));
        self.connection.execute_batch("pragma temp_store = memory; pragma cache_size = -65536")?;
        indexed
    }

    /// Makes room for the images of decided rows, before the first of them is applied.
    pub fn attach_images(&mut self) -> Result<()> {
        let attached: String = DecisionRows::TABLES
            .iter()
            .map(|table| format!("attach ':memory:' as decided_{table};"))
            .collect();
        Ok(self.connection.execute_batch(&attached)?)
    }

    /// Gives that room back, after the last.
    pub fn detach_images(&mut self) -> Result<()> {
        let detached: String =
            DecisionRows::TABLES.iter().map(|table| format!("detach decided_{table};")).collect();
        Ok(self.connection.execute_batch(&detached)?)
    }

    /// What the rows of the entity's decisions look like.
    pub fn row_shapes(&self, entity: &'static Entity) -> Result<RowShapes> {
        let sql_of = |table: &str| -> Result<String> {
            let sql = "select sql from sqlite_schema where type = 'table' and name = ?";
            Ok(self.connection.query_row(sql, [table], |row| row.get(0))?)
        };
        let ready = entity.ready_table();
        let mut not_null =
            self.connection.prepare("select \"notnull\" from pragma_table_info(?) order by cid")?;
        let ready_not_null =
            not_null.query_map([&ready], |row| row.get(0))?.collect::<Result<_, rusqlite::Error>>()?;
        let next_error = "select coalesce(max(error_id), 0) + 1 from migration_errors";
        Ok(RowShapes {
            entity,
            ready: sql_of(&ready)?,
            ready_not_null,
            errors: sql_of("migration_errors")?,
            next_error: self.connection.query_row(next_error, [], |row| row.get(0))?,
            moment: now(),
        })
    }

    /// Applies what was decided about records of one entity in one transaction, which ends with what `then` does.
    pub fn apply<T>(
        &mut self,
        entity: &Entity,
        rows: Option<&mut DecisionRows>,
        then: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        // an image takes its place between transactions
        let mut statements = Vec::new();
        for (table, image) in rows.into_iter().flat_map(DecisionRows::images) {
            let bytes = image.finish();
            let schema = format!("decided_{table}");
            // not to be written, but an immediate transaction asks for all that are attached
            self.connection.deserialize_read_exact(schema.as_str(), bytes, bytes.len(), false)?;
            statements.push(copy_of(entity, table));
        }
        self.together(|staging| {
            for sql in &statements {
                staging.connection.execute(sql, [])?;
            }
            then(staging)
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
        let listed: Vec<String> = columns.iter().map(|column| column.read()).collect();
        let mut statement = self.connection.prepare(&format!(
            "select y.legacy_id, {} from {} where y.legacy_id > ? and y.legacy_id <= ? order by y.legacy_id",
            listed.join(", "),
            entity.ready_rows()
        ))?;
        let width = columns.len();
        let bounds = (after.map_or(i64::MIN, |id| id.0), to.map_or(i64::MAX, |id| id.0));
        let rows = statement.query(bounds)?;
        read(&mut ReadyRows { rows, width, last: bounds.0 })
    }

    /// How many rows of the entity are ready.
    pub fn count_ready(&self, entity: &Entity) -> Result<u64> {
        let sql = format!("select count(*) from {}", entity.ready_rows());
        Ok(self.connection.query_row(&sql, [], |row| row.get(0))?)
    }

    /// Whether any ready row has null in the column.
    pub fn has_null(&self, entity: &Entity, column: &Column) -> Result<bool> {
        let sql =
            format!("select exists (select 1 from {} where {} is null)", entity.ready_rows(), column.read());
        Ok(self.connection.query_row(&sql, [], |row| row.get(0))?)
    }

    /// How many ready rows of the entity have a text of more characters in the column, and the first of them.
    pub fn count_longer(
        &self,
        entity: &Entity,
        column: &Column,
        characters: i64,
    ) -> Result<(u64, Option<LegacyId>)> {
        self.count_where(entity, &format!("length({}) > {characters}", column.read()))
    }

    /// How many ready rows of the entity have a moment with more digits of a second in the column, and the first of them.
    pub fn count_finer(
        &self,
        entity: &Entity,
        column: &Column,
        digits: usize,
    ) -> Result<(u64, Option<LegacyId>)> {
        let fraction = if digits == 0 { ".".to_owned() } else { format!(".{}", "[0-9]".repeat(digits)) };
        self.count_where(entity, &format!("{} glob '*{fraction}[0-9]*'", column.read()))
    }

    /// How many ready rows `y` of the entity meet a condition, and the first of them.
    fn count_where(&self, entity: &Entity, condition: &str) -> Result<(u64, Option<LegacyId>)> {
        let sql = format!("select count(*), min(y.legacy_id) from {} where {condition}", entity.ready_rows());
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get::<_, Option<i64>>(1)?.map(LegacyId)));
        Ok(self.connection.query_row(&sql, [], read)?)
    }

    /// The labels that the ready rows use in an enum column.
    pub fn labels_used(&self, entity: &Entity, column: &Column) -> Result<Vec<String>> {
        let column = column.read();
        let sql = format!(
            "select distinct {column} from {} where {column} is not null order by 1",
            entity.ready_rows()
        );
        let mut statement = self.connection.prepare(&sql)?;
        let labels = statement.query_map([], |row| row.get(0))?.collect::<Result<_, rusqlite::Error>>()?;
        Ok(labels)
    }
}

/// Copies the rows of an image into the file. Tables of one shape exchange whole cells; the others have the entity in their key.
fn copy_of(entity: &Entity, table: &str) -> String {
    let (copied, before) = match table {
        "ready" => (entity.ready_table(), String::new()),
        "migration_errors" => (table.to_owned(), String::new()),
        _ => (table.to_owned(), format!("'{}', ", entity.name)),
    };
    format!("insert into main.{copied} select {before}* from decided_{table}.{copied}")
}

/// Ready rows being read, one at a time and without a copy.
pub struct ReadyRows<'a> {
    pub(in crate::staging) rows: Rows<'a>,
    pub(in crate::staging) width: usize,
    /// The row before: in a damaged file the same rows can come again without end.
    pub(in crate::staging) last: i64,
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
        if legacy_id.0 <= self.last {
            return Err(out_of_order(legacy_id));
        }
        self.last = legacy_id.0;
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

fn out_of_order(legacy_id: LegacyId) -> Error {
    Error::staging(format!("the ready row {legacy_id} is not in its place"))
        .hint("the file is damaged; use a copy from before that, or extract again into a new file")
}

fn not_text(legacy_id: LegacyId) -> Error {
    Error::staging(format!("the ready row {legacy_id} holds something that is not text"))
        .hint("the file was changed by other means; run `drydock transform` again")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::{Decision, Row, Verdict, profiles};
    use crate::record::{Code, Issue, Phase};

    fn staging() -> (tempfile::TempDir, Staging) {
        let directory = tempfile::tempdir().unwrap();
        let mut staging = Staging::open_or_create(&directory.path().join("x.drydock")).unwrap();
        staging.clear_resolved().unwrap();
        staging.attach_images().unwrap();
        (directory, staging)
    }

    fn ready(id: i64, metadata: &str) -> Decision {
        let mut decision = Decision::open(LegacyId(id));
        let mut row = Row(vec![Some("x".into()); profiles::ENTITY.columns.len()]);
        row.set(&profiles::ENTITY, "metadata", Some(metadata.into()));
        row.set(&profiles::ENTITY, "practice_id", None);
        decision.verdict = Verdict::Ready(row);
        decision.change("email", "rule", None, Some("x"));
        decision.issue(Phase::Profiles, Issue::new(Code::EmailMissing, "email"));
        decision
    }

    fn count(staging: &Staging, sql: &str) -> i64 {
        staging.connection.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn tables_of_one_shape_exchange_whole_cells() {
        let (_directory, mut staging) = staging();
        let mut shapes = staging.row_shapes(&profiles::ENTITY).unwrap();
        let mut rows = DecisionRows::of(&mut shapes, &[ready(1, "{}")], &mut Vec::new()).unwrap();
        staging.apply(&profiles::ENTITY, rows.first_mut(), |_| Ok(())).unwrap();
        for table in ["ready", "migration_errors"] {
            let sql = format!("explain {}", copy_of(&profiles::ENTITY, table));
            let mut explained = staging.connection.prepare(&sql).unwrap();
            let steps: Vec<String> =
                explained.query_map([], |row| row.get("opcode")).unwrap().map(Result::unwrap).collect();
            assert!(steps.iter().any(|step| step == "RowCell"), "{table}: {steps:?}");
        }
    }

    #[test]
    fn rows_come_back_as_decided_whatever_their_length_and_again_with_used_memory() {
        let (_directory, mut staging) = staging();
        let mut shapes = staging.row_shapes(&profiles::ENTITY).unwrap();
        let mut spent = Vec::new();
        let long = "x".repeat(200_000);
        for chunk in 0..3 {
            let decisions: Vec<Decision> = (1..=500)
                .map(|id| ready(1000 * chunk + id, if id % 100 == 0 { &long } else { "{}" }))
                .collect();
            let mut rows = DecisionRows::of(&mut shapes, &decisions, &mut spent).unwrap();
            for rows in &mut rows {
                staging.apply(&profiles::ENTITY, Some(rows), |_| Ok(())).unwrap();
            }
            spent.append(&mut rows);
        }
        staging.detach_images().unwrap();
        for (sql, wanted) in [
            ("select count(*) from records where entity = 'profiles' and fate = 'ready'", 1500),
            ("select count(*) from ready_profiles where metadata = '{}'", 1485),
            (
                "select count(*) from ready_profiles where length(metadata) = 200000 and practice_id is null",
                15,
            ),
            ("select count(*) from changes where position = 0 and before is null and after = 'x'", 1500),
            (
                "select count(*) from migration_errors where error_id = (entity_id / 1000) * 500 + entity_id % 1000",
                1500,
            ),
        ] {
            assert_eq!(count(&staging, sql), wanted, "{sql}");
        }
        let sound: String =
            staging.connection.query_row("pragma integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(sound, "ok");
    }

    #[test]
    fn what_the_table_would_refuse_is_refused() {
        let (_directory, mut staging) = staging();
        let mut shapes = staging.row_shapes(&profiles::ENTITY).unwrap();
        let mut decision = ready(1, "{}");
        if let Verdict::Ready(row) = &mut decision.verdict {
            row.set(&profiles::ENTITY, "role", None);
        }
        let refused = DecisionRows::of(&mut shapes, &[decision], &mut Vec::new()).unwrap_err();
        assert!(refused.to_string().contains("profile 1 is ready without a value in role"), "{refused}");
        // a key that is there already
        for is_applied in [true, false] {
            let mut shapes = staging.row_shapes(&profiles::ENTITY).unwrap();
            let mut rows = DecisionRows::of(&mut shapes, &[ready(1, "{}")], &mut Vec::new()).unwrap();
            let applied = staging.apply(&profiles::ENTITY, rows.first_mut(), |_| Ok(()));
            assert_eq!(applied.is_ok(), is_applied);
        }
        for table in ["records", "ready_profiles", "changes", "migration_errors"] {
            assert_eq!(count(&staging, &format!("select count(*) from {table}")), 1, "{table}");
        }
    }
}
