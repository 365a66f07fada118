//! Codes of the legacy application that only a person can read: what `[maps]` of the configuration says of them, and what the
//! plan says where that is silent. A code that neither knows is asked about once, and is never guessed. Pure.

use super::{Column, Decision, Entity, Whole};
use crate::record::{Code, Issue, Text};

/// What a code is of: one section of `[maps]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeMap {
    /// `dispatch_project.type`.
    ProjectType,
    /// `dispatch_project.status`.
    ProjectStatus,
    /// The id of the course of a case's order.
    CaseType,
    /// `dispatch_state.status`, perhaps with whether it is on.
    CaseState,
}

impl CodeMap {
    /// The labels that hold where the configuration says nothing (the plan's, and what was seen of the application).
    pub const fn defaults(self) -> &'static [(i64, &'static str)] {
        match self {
            CodeMap::ProjectType => &[(0, "scan"), (3, "treatment_plan")],
            CodeMap::ProjectStatus => &[(0, "draft")],
            CodeMap::CaseType => &[(1, "active_treatment"), (2, "refinement"), (3, "active_treatment")],
            CodeMap::CaseState => &[(11, "under_review"), (12, "approved")],
        }
    }

    /// Whether these are an assumption, which a person has to confirm: scripts took each state for something else.
    pub const fn is_assumed(self) -> bool {
        matches!(self, CodeMap::CaseState)
    }

    /// What a record has whose code no map names; none where only null says that nothing is known.
    pub const fn otherwise(self) -> Option<&'static str> {
        match self {
            CodeMap::ProjectType => Some("other"),
            CodeMap::ProjectStatus | CodeMap::CaseType | CodeMap::CaseState => None,
        }
    }

    /// The word of ours for what no code says, which the target may call otherwise.
    pub const fn word(self) -> Option<&'static str> {
        match self {
            CodeMap::ProjectType => self.otherwise(),
            CodeMap::CaseState => Some(FIRST_STATE),
            CodeMap::ProjectStatus | CodeMap::CaseType => None,
        }
    }
}

/// The state of a case of whose order no state is known.
pub const FIRST_STATE: &str = "submitted";

/// What a map says of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Label<'a> {
    /// The target's label.
    pub label: &'a str,
    /// Whether nobody said so yet.
    pub is_assumed: bool,
}

/// A code that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Coded {
    /// The number.
    pub code: i64,
    /// Whether it is on, where it can be.
    pub on: Option<bool>,
}

impl Coded {
    /// One that no map names, because it is no number.
    pub const UNREADABLE: Self = Self { code: i64::MIN, on: None };

    /// The code of a text; none of one that is no whole number.
    pub fn of(raw: Option<&str>, on: Option<bool>) -> Option<Self> {
        Some(Self { code: raw?.trim().parse().ok()?, on })
    }
}

/// The rule of a code that a map names, of one that nobody has confirmed, and of one that no map names.
pub const MAPPED: &str = "code.mapped";
/// A code that only the default of a map names, which is an assumption.
pub const ASSUMED: &str = "code.assumed";
/// A code that no map names.
pub const UNMAPPED: &str = "code.unmapped";

/// What is asked of a person, once for each code: the rule by which records have it, and the issue.
pub const ASKED: [(&str, Code); 2] = [(UNMAPPED, Code::CodeUnmapped), (ASSUMED, Code::CodeAssumed)];

impl Entity {
    /// Whether a column of it has labels for codes.
    pub fn has_codes(&self) -> bool {
        self.columns.iter().any(|column| column.codes.is_some())
    }
}

/// The label of a record's code, with its change. The second part is whether the record must wait for it: the target demands
/// one, and nobody said which.
pub fn label(
    whole: &dyn Whole,
    entity: &'static Entity,
    decision: &mut Decision,
    column: &'static Column,
    raw: Option<&str>,
    coded: Option<Coded>,
) -> (Option<Text>, bool) {
    let (field, Some(map)) = (column.name, column.codes) else { return (None, false) };
    let found = map.otherwise().map(|word| whole.label_word(map, word));
    let Some(raw) = raw else {
        if found.is_some() {
            decision.change_further(field, "code.missing", None, found);
        }
        return (found.map(Text::from), false);
    };
    let Some(coded) = coded else {
        decision.issue(entity.phase, Issue::new(Code::NumberInvalid, field));
        decision.change_further(field, "number.invalid", Some(raw), found);
        return (found.map(Text::from), false);
    };
    if let Some(Label { label, is_assumed }) = whole.label_of(map, coded) {
        let rule = if is_assumed { ASSUMED } else { MAPPED };
        decision.change_further(field, rule, Some(raw), Some(label));
        return (Some(label.into()), false);
    }
    decision.change_further(field, UNMAPPED, Some(raw), found);
    let waits = found.is_none() && !whole.allows_null(entity, field);
    if waits {
        decision.issue(entity.phase, Issue::new(Code::CodeWaits, field));
    }
    (found.map(Text::from), waits)
}
