//! What was decided about records of one entity, as the rows that it becomes: an image for each table, which SQLite copies
//! from. Whoever decides makes them, so that the thread that owns the file has next to nothing to do with a value. Pure.

use drydock_image::{Field, Image};

use crate::entity::association::Association;
use crate::entity::{Decision, Entity, Verdict};
use crate::error::{Error, Result};
use crate::record::{Issue, LegacyId, Phase, Text};

/// The position of the legacy id in every ready row; it is the key of the table.
const LEGACY_ID: usize = 1;

/// What the rows of an entity look like, and what they all have in common.
#[derive(Debug)]
pub struct RowShapes {
    pub(in crate::staging) entity: &'static Entity,
    /// The SQL of the entity's ready table and of `migration_errors`, and which columns of the first are never null.
    pub(in crate::staging) ready: String,
    pub(in crate::staging) ready_not_null: Vec<bool>,
    pub(in crate::staging) errors: String,
    /// The key of the next error.
    pub(in crate::staging) next_error: i64,
    pub(in crate::staging) moment: String,
}

/// The rows of some decisions.
#[derive(Debug)]
pub struct DecisionRows {
    records: Image,
    ready: Image,
    changes: Image,
    errors: Image,
    associations: Image,
}

impl DecisionRows {
    /// The rows of the decisions, which stand in the order of their records. There are several where one cannot hold them
    /// all. The memory of spent ones is used again.
    pub fn of(shapes: &mut RowShapes, decisions: &[Decision], spent: &mut Vec<Self>) -> Result<Vec<Self>> {
        let first_error = shapes.next_error;
        let mut rows = spent.pop().unwrap_or_else(|| Self::empty(shapes));
        rows.images().for_each(|(_, image)| image.clear());
        if rows.take(shapes, decisions)? {
            return Ok(vec![rows]);
        }
        spent.push(rows);
        shapes.next_error = first_error;
        if decisions.len() < 2 {
            return Err(Error::internal("what was decided about one record takes more than 100 MB"));
        }
        let (some, others) = decisions.split_at(decisions.len() / 2);
        let mut rows = Self::of(shapes, some, spent)?;
        rows.extend(Self::of(shapes, others, spent)?);
        Ok(rows)
    }

    fn empty(shapes: &RowShapes) -> Self {
        Self {
            records: image_of(
                "records",
                "legacy_id integer, fate text, merged_into integer, batch_id integer",
            ),
            ready: Image::new(&shapes.entity.ready_table(), shapes.ready.clone()),
            changes: image_of(
                "changes",
                "legacy_id integer, position integer, field text, rule text, before text, after text",
            ),
            errors: Image::new("migration_errors", shapes.errors.clone()),
            associations: image_of(
                "associations",
                "legacy_id integer, legacy_user_id integer, profile_id text, practice_legacy_id integer, \
                 practice_id text, association_method text, confidence_level text, requires_manual_review integer, \
                 evidence text, other_practices text",
            ),
        }
    }

    /// Takes the rows of the decisions in. False when they do not fit.
    fn take(&mut self, shapes: &mut RowShapes, decisions: &[Decision]) -> Result<bool> {
        for decision in decisions {
            if !self.push(shapes, decision)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The tables, as [`Self::images`] names them.
    pub(in crate::staging) const TABLES: [&str; 5] =
        ["records", "ready", "changes", "migration_errors", "associations"];

    /// Every image that has rows, by its table.
    pub(in crate::staging) fn images(&mut self) -> impl Iterator<Item = (&'static str, &mut Image)> {
        let all =
            [&mut self.records, &mut self.ready, &mut self.changes, &mut self.errors, &mut self.associations];
        Self::TABLES.into_iter().zip(all).filter(|(_, image)| image.rows() > 0)
    }

    /// Everything that was decided about a record. False when it does not fit.
    fn push(&mut self, shapes: &mut RowShapes, decision: &Decision) -> Result<bool> {
        let merged_into = match decision.verdict {
            Verdict::Merged(LegacyId(into)) => Some(into),
            _ => None,
        };
        let record = [
            Field::Number(decision.legacy_id.0),
            decision.verdict.fate().as_str().into(),
            merged_into.into(),
            batch_of(decision),
        ];
        let mut fits = append(&mut self.records, &record);
        if let Verdict::Ready(row) = &decision.verdict {
            fits &= self.push_ready(shapes, decision.legacy_id, &row.0)?;
        }
        for (position, change) in (0..).zip(&decision.changes) {
            let row = [
                Field::Number(decision.legacy_id.0),
                Field::Number(position),
                change.field.into(),
                change.rule.into(),
                change.before.as_deref().into(),
                change.after.as_deref().into(),
            ];
            fits &= append(&mut self.changes, &row);
        }
        for (phase, issue) in &decision.issues {
            fits &= self.push_error(shapes, decision, *phase, issue);
        }
        if let Some(association) = &decision.association {
            fits &= self.push_association(decision, association);
        }
        Ok(fits)
    }

    /// The cells are copied without a look at them, so what the table would refuse is refused here.
    fn push_ready(&mut self, shapes: &RowShapes, legacy_id: LegacyId, row: &[Option<Text>]) -> Result<bool> {
        if let Some(at) =
            row.iter().zip(&shapes.ready_not_null).position(|(value, must)| *must && value.is_none())
        {
            return Err(Error::internal(format!(
                "{} {legacy_id} is ready without a value in {}",
                shapes.entity.singular, shapes.entity.columns[at].name
            )));
        }
        let fields = row.iter().enumerate().map(|(at, value)| match at {
            LEGACY_ID => Field::Null,
            _ => value.as_deref().into(),
        });
        Ok(self.ready.push(legacy_id.0, fields))
    }

    fn push_error(
        &mut self,
        shapes: &mut RowShapes,
        decision: &Decision,
        phase: Phase,
        issue: &Issue,
    ) -> bool {
        let entity = shapes.entity;
        let code = issue.code;
        let moment = shapes.moment.as_str();
        // what a rule resolves is resolved as soon as it is found; the rest waits for a person
        let (strategy, status, resolved_at) = if code.is_automatic() {
            ("automatic", "resolved", Some(moment))
        } else {
            ("manual", "pending", None)
        };
        let row = [
            Field::Null,
            phase.as_str().into(),
            code.severity().as_str().into(),
            phase.entity_type().unwrap_or(entity.entity_type()).into(),
            entity.name.into(),
            Field::Number(decision.legacy_id.0),
            code.as_str().into(),
            code.category().as_str().into(),
            issue.field.into(),
            code.message().into(),
            issue.context.as_deref().into(),
            code.resolution().into(),
            strategy.into(),
            status.into(),
            batch_of(decision),
            Field::Number(0),
            moment.into(),
            resolved_at.into(),
        ];
        let fits = self.errors.push(shapes.next_error, row.into_iter());
        shapes.next_error += 1;
        fits
    }

    fn push_association(&mut self, decision: &Decision, association: &Association) -> bool {
        let others =
            (!association.others.is_empty()).then(|| serde_json::json!(association.others).to_string());
        let (mut profile, mut practice) = ([0; 36], [0; 36]);
        let profile = association.profile_id.map(|id| id.written(&mut profile));
        let practice = association.practice_id.written(&mut practice);
        let row = [
            Field::Number(decision.legacy_id.0),
            association.user.map(|user| user.0).into(),
            profile.into(),
            Field::Number(association.practice.0),
            practice.into(),
            association.method.as_str().into(),
            association.confidence.as_str().into(),
            Field::Number(association.review.into()),
            association.evidence.as_str().into(),
            others.as_deref().unwrap_or("[]").into(),
        ];
        append(&mut self.associations, &row)
    }
}

fn batch_of(decision: &Decision) -> Field<'static> {
    decision.batch_id.and_then(|batch| i64::try_from(batch).ok()).into()
}

/// An image of rows that are numbered as they come.
fn image_of(table: &str, columns: &str) -> Image {
    Image::new(table, format!("create table {table} ({columns})"))
}

fn append(image: &mut Image, row: &[Field<'_>]) -> bool {
    let next = i64::try_from(image.rows()).unwrap_or(i64::MAX);
    image.push(next, row.iter().copied())
}
