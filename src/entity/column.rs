//! The columns of resolved rows: what each holds and when the target may be written.

use super::codes::CodeMap;
use super::{Entity, Holds};
use crate::record::{Phase, quoted};

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
    /// Any JSON, which is ours as a whole.
    Json,
    /// A label of the named enum type of the target.
    Enum(&'static str),
}

impl Kind {
    /// What values of the kind say about a person, where nothing else is said.
    const fn holds(self) -> Holds {
        match self {
            Kind::Uuid | Kind::Integer => Holds::Identifier,
            Kind::Boolean => Holds::Flag,
            Kind::Date => Holds::Birthdate,
            Kind::Timestamp => Holds::Moment,
            Kind::Metadata | Kind::Json => Holds::Json,
            Kind::Enum(_) => Holds::Label,
            Kind::Text | Kind::Numeric => Holds::FreeText,
        }
    }
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
    /// What its values say about a person.
    pub holds: Holds,
    /// What a person may answer in its place, where it can be asked about.
    pub answer: Option<Answer>,
    /// Whether a person may choose another record that it refers to.
    pub is_choice: bool,
    /// The column of the raw row that the value is, apart from the form, or what its rules made of it and noted as changes;
    /// where several are named, the first that has a value. None where the value is ours.
    pub from: &'static [From],
    /// The map that gives its labels, where they stand for codes.
    pub codes: Option<CodeMap>,
    /// Where a mapping makes the value: the expression over the resolved row `y`, as SQL of the staging file.
    pub made: Option<&'static str>,
}

/// A column of a raw row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    /// Of the record's own row.
    Own(&'static str),
    /// Of the row that is read with it.
    With(&'static str),
}

/// What a person may answer to a question about a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// A name.
    Name,
    /// An email address.
    Email,
    /// A birthdate.
    Birthdate,
    /// A role.
    Role,
    /// A gender.
    Gender,
    /// `true` or `false`.
    Flag,
    /// A tax rate.
    TaxRate,
    /// The id of a row that the target has.
    Row,
}

impl Column {
    /// A column that is never null.
    pub const fn new(name: &'static str, kind: Kind) -> Self {
        Self {
            name,
            kind,
            nullable: false,
            write: Write::Always,
            unique: false,
            references: None,
            holds: kind.holds(),
            answer: None,
            is_choice: false,
            from: &[],
            codes: None,
            made: None,
        }
    }

    /// The expression by which the staging file gives its value, over the resolved row `y`.
    pub fn read(&self) -> String {
        self.made.map_or_else(|| format!("y.{}", quoted(self.name)), str::to_owned)
    }

    /// Says what it holds, where its kind alone does not.
    pub const fn holds(mut self, holds: Holds) -> Self {
        self.holds = holds;
        self
    }

    /// Lets a person answer a question about it with a value.
    pub const fn answer(mut self, answer: Answer) -> Self {
        self.answer = Some(answer);
        self
    }

    /// Lets a person choose another record for it to refer to.
    pub const fn choice(mut self) -> Self {
        self.is_choice = true;
        self
    }

    /// Says which columns of raw rows it comes from.
    pub const fn from(mut self, columns: &'static [From]) -> Self {
        self.from = columns;
        self
    }

    /// Says which map gives its labels.
    pub const fn codes(mut self, map: CodeMap) -> Self {
        self.codes = Some(map);
        self
    }

    /// Lets it be null.
    pub const fn nullable(mut self) -> Self {
        self.nullable = true;
        self
    }

    /// Says that no two rows of the target share a value.
    pub const fn unique(mut self) -> Self {
        self.unique = true;
        self
    }

    /// Has it written only when the row is inserted.
    pub const fn on_insert(mut self) -> Self {
        self.write = Write::OnInsert;
        self
    }

    /// Has it written by a later phase.
    pub const fn in_phase(mut self, phase: Phase) -> Self {
        self.write = Write::In(phase);
        self
    }

    /// Says whose `id` it refers to.
    pub const fn references(mut self, entity: &'static Entity) -> Self {
        self.references = Some(entity);
        self
    }
}
