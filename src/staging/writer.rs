//! The rows of a decision, as they are written. What is the same for many of them (a rule's name, an issue's sentences) is
//! part of the statement, so that only what a record has of its own is handed over: most of what a transform's writer does
//! is handing values over.

use rusqlite::{CachedStatement, Connection, params, params_from_iter};

use super::quoted;
use crate::entity::association::{Association, Confidence, Method};
use crate::entity::{Column, Decision, Entity, Verdict, Write};
use crate::error::Result;
use crate::record::{Change, Code, Fate, Issue, Phase};

/// The statements that one transaction of decisions needs, made when they are first needed.
pub(super) struct Writer<'a> {
    connection: &'a Connection,
    entity: &'static str,
    entity_type: &'static str,
    moment: &'a str,
    ready_table: String,
    columns: &'static [Column],
    records: Known<'a, Fate>,
    /// With the columns that the legacy never had, and without them where they are all ''.
    ready: Known<'a, bool>,
    /// By field and rule.
    changes: Known<'a, (&'static str, &'static str)>,
    issues: Known<'a, (Phase, Code, &'static str)>,
    associations: Known<'a, (Method, Confidence, bool)>,
}

/// A few statements by what is part of them.
struct Known<'a, K>(Vec<(K, CachedStatement<'a>)>);

impl<'a, K: PartialEq> Known<'a, K> {
    fn of(
        &mut self,
        key: K,
        connection: &'a Connection,
        sql: impl FnOnce(&K) -> String,
    ) -> Result<&mut CachedStatement<'a>> {
        let known = self.0.iter().position(|(known, _)| *known == key);
        if known.is_none() {
            let statement = connection.prepare_cached(&sql(&key))?;
            self.0.push((key, statement));
        }
        let place = known.unwrap_or(self.0.len() - 1);
        Ok(&mut self.0[place].1)
    }
}

impl<'a> Writer<'a> {
    pub(super) fn new(connection: &'a Connection, entity: &Entity, moment: &'a str) -> Self {
        Self {
            connection,
            entity: entity.name,
            entity_type: entity.entity_type(),
            moment,
            ready_table: entity.ready_table(),
            columns: entity.columns,
            records: Known(Vec::new()),
            ready: Known(Vec::new()),
            changes: Known(Vec::new()),
            issues: Known(Vec::new()),
            associations: Known(Vec::new()),
        }
    }

    /// Writes everything that was decided about a record.
    pub(super) fn apply(&mut self, decision: &Decision) -> Result<()> {
        let merged_into = match &decision.verdict {
            Verdict::Merged(into) => Some(into.0),
            _ => None,
        };
        let entity = self.entity;
        let record = self.records.of(decision.verdict.fate(), self.connection, |fate| {
            format!(
                "insert into records (entity, legacy_id, fate, merged_into, batch_id) values ('{entity}', ?, '{}', ?, ?)",
                fate.as_str()
            )
        })?;
        record.execute((decision.legacy_id.0, merged_into, decision.batch_id))?;
        if let Verdict::Ready(row) = &decision.verdict {
            self.write_ready(&row.0)?;
        }
        for (position, change) in decision.changes.iter().enumerate() {
            self.write_change(decision, position, change)?;
        }
        for (phase, issue) in &decision.issues {
            self.write_issue(decision, *phase, issue)?;
        }
        if let Some(association) = &decision.association {
            self.write_association(decision, association)?;
        }
        Ok(())
    }

    fn write_ready(&mut self, row: &[Option<String>]) -> Result<()> {
        let columns = self.columns;
        let never_had = |column: &Column| column.write == Write::OnInsert;
        let with_all =
            columns.iter().zip(row).any(|(column, value)| never_had(column) && value.as_deref() != Some(""));
        let table = &self.ready_table;
        let statement = self.ready.of(with_all, self.connection, |with_all| {
            let place = |column: &Column| if *with_all || !never_had(column) { "?" } else { "''" };
            let names: Vec<String> = columns.iter().map(|column| quoted(column.name)).collect();
            let places: Vec<&str> = columns.iter().map(place).collect();
            format!("insert into {table} ({}) values ({})", names.join(", "), places.join(", "))
        })?;
        let values = columns.iter().zip(row).filter(|(column, _)| with_all || !never_had(column));
        statement.execute(params_from_iter(values.map(|(_, value)| value)))?;
        Ok(())
    }

    fn write_change(&mut self, decision: &Decision, position: usize, change: &Change) -> Result<()> {
        let entity = self.entity;
        let statement = self.changes.of((change.field, change.rule), self.connection, |(field, rule)| {
            format!(
                "insert into changes (entity, legacy_id, position, field, rule, before, after) \
                 values ('{entity}', ?, ?, '{field}', '{rule}', ?, ?)"
            )
        })?;
        statement.execute((decision.legacy_id.0, position, &change.before, &change.after))?;
        Ok(())
    }

    fn write_issue(&mut self, decision: &Decision, phase: Phase, issue: &Issue) -> Result<()> {
        let (entity, entity_type) = (self.entity, self.entity_type);
        let statement =
            self.issues.of((phase, issue.code, issue.field), self.connection, |(phase, code, field)| {
                let entity_type = if *phase == Phase::Associations { "association" } else { entity_type };
                // what a rule resolves is resolved as soon as it is found; the rest waits for a person
                let (strategy, status, resolved_at) =
                    if code.is_automatic() { ("automatic", "resolved", "?4") } else { ("manual", "pending", "null") };
                let texts = [
                    phase.as_str(),
                    code.severity().as_str(),
                    entity_type,
                    entity,
                    code.as_str(),
                    code.category().as_str(),
                    field,
                    code.message(),
                    code.resolution(),
                    strategy,
                    status,
                ];
                let texts = texts.map(literal).join(", ");
                format!(
                    "insert into migration_errors (phase, severity, entity_type, entity, error_code, error_category, \
                     field, error_message, suggested_resolution, resolution_strategy, resolution_status, entity_id, \
                     error_context, batch_id, created_at, resolved_at) values ({texts}, ?1, ?2, ?3, ?4, {resolved_at})"
                )
            })?;
        statement.execute(params![decision.legacy_id.0, issue.context, decision.batch_id, self.moment])?;
        Ok(())
    }

    fn write_association(&mut self, decision: &Decision, association: &Association) -> Result<()> {
        let entity = self.entity;
        let key = (association.method, association.confidence, association.review);
        let statement = self.associations.of(key, self.connection, |(method, confidence, review)| {
            format!(
                "insert into associations (entity, legacy_id, legacy_user_id, profile_id, practice_legacy_id, \
                 practice_id, association_method, confidence_level, requires_manual_review, evidence, other_practices) \
                 values ('{entity}', ?, ?, ?, ?, ?, '{}', '{}', {}, ?, ?)",
                method.as_str(),
                confidence.as_str(),
                u8::from(*review)
            )
        })?;
        let others =
            (!association.others.is_empty()).then(|| serde_json::json!(association.others).to_string());
        let (mut profile, mut practice) = ([0; 36], [0; 36]);
        statement.execute(params![
            decision.legacy_id.0,
            association.user.map(|user| user.0),
            association.profile_id.map(|id| &*id.0.hyphenated().encode_lower(&mut profile)),
            association.practice.0,
            &*association.practice_id.0.hyphenated().encode_lower(&mut practice),
            association.evidence,
            others.as_deref().unwrap_or("[]"),
        ])?;
        Ok(())
    }
}

/// A text within a statement.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_within_a_statement_is_itself() {
        let connection = Connection::open_in_memory().unwrap();
        for text in ["", "it's", "''", "a fallback address was given; ask for the real one"] {
            let said: String =
                connection.query_row(&format!("select {}", literal(text)), [], |row| row.get(0)).unwrap();
            assert_eq!(said, text);
        }
    }
}
