//! The columns of resolved rows: what each holds and when the target may be written.

use super::Entity;
use crate::record::Phase;

/// What a column holds. Resolved values are text in the form in which PostgreSQL prints the type (UTC, ISO dates,
/// `true`/`false`), so that what comes back can be compared with what was meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A uuid.
    Uuid,
    /// Text of any length.
    Text,
    /// A 64-bit integer.
    Integer,
    /// `true` or `false`.
    Boolean,
    /// `yyyy-mm-dd`.
    Date,
    /// A moment in UTC, to the microsecond.
    Timestamp,
    /// An exact decimal number.
    Numeric,
    /// A JSON object of which only the key [`super::metadata::KEY`] is ours.
    Metadata,
    /// A label of the named enum type of the target.
    Enum(&'static str),
}

/// When the target's column is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Write {
    /// With the entity's own phase, on insert and on update.
    Always,
    /// On insert only: the legacy never had the field, so what people entered since stays.
    OnInsert,
    /// By a later phase, on update only.
    In(Phase),
}

/// One column of a resolved row, of its staging table and of its target table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// The name, the same in the staging file and in the target.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether a resolved row may have null here.
    pub nullable: bool,
    /// When it is written.
    pub write: Write,
    /// Whether the target has each value once, beside the keys: the address of a profile.
    pub unique: bool,
    /// The entity whose `id` it refers to.
    pub references: Option<&'static Entity>,
}

impl Column {
    /// A column that is never null.
    pub const fn new(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, nullable: false, write: Write::Always, unique: false, references: None }
    }

    /// The same, but it may be null.
    pub const fn nullable(mut self) -> Self {
        self.nullable = true;
        self
    }

    /// The same, but no two rows of the target share a value.
    pub const fn unique(mut self) -> Self {
        self.unique = true;
        self
    }

    /// The same, but written only when the row is inserted.
    pub const fn on_insert(mut self) -> Self {
        self.write = Write::OnInsert;
        self
    }

    /// The same, but written by a later phase.
    pub const fn in_phase(mut self, phase: Phase) -> Self {
        self.write = Write::In(phase);
        self
    }

    /// The same, referring to an entity's `id`.
    pub const fn references(mut self, entity: &'static Entity) -> Self {
        self.references = Some(entity);
        self
    }
}
