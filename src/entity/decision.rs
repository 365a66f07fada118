//! What the rules decide about one record; the staging file's writer applies it as it stands.

use super::association::Association;
use super::{Column, Entity, Write};
use crate::clean::Cleaned;
use crate::record::{Change, Code, Fate, Issue, LegacyId, Phase, Text};

/// A resolved row: one value per column of the entity, null as `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row(pub Vec<Option<Text>>);

impl Row {
    /// A row with these values in these places; the macro `row` says which they are. A column that the legacy never had is '' where
    /// it is given none, any other null.
    pub fn of_places<const N: usize>(entity: &Entity, places: [usize; N], values: [Option<Text>; N]) -> Self {
        let never_had = |column: &Column| (column.write == Write::OnInsert).then(Text::default);
        let mut row: Vec<_> = entity.columns.iter().map(never_had).collect();
        for (place, value) in places.into_iter().zip(values) {
            row[place] = value;
        }
        Row(row)
    }

    /// Sets the column; a name that the entity does not have is a defect and panics, which isolates the record.
    pub fn set(&mut self, entity: &Entity, column: &str, value: Option<Text>) {
        let position = entity.columns.iter().position(|known| known.name == column);
        self.0[position.unwrap_or_else(|| panic!("{} has no column {column}", entity.name))] = value;
    }
}

/// Where the columns of these names stand. A name that the entity does not have stops whoever builds the program.
pub const fn places<const N: usize>(entity: &Entity, names: [&str; N]) -> [usize; N] {
    let mut places = [0; N];
    let mut at = 0;
    while at < N {
        let mut place = 0;
        while !is_same(entity.columns[place].name.as_bytes(), names[at].as_bytes()) {
            place += 1;
        }
        places[at] = place;
        at += 1;
    }
    places
}

/// The name of a column whose identifier may be a raw one, because it is a word of the language.
pub const fn plain(identifier: &str) -> &str {
    match identifier.as_bytes() {
        [b'r', b'#', ..] => identifier.split_at(2).1,
        _ => identifier,
    }
}

const fn is_same(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    let mut at = 0;
    while at < one.len() {
        if one[at] != other[at] {
            return false;
        }
        at += 1;
    }
    true
}

/// A resolved row of an entity, `row!(ENTITY { id: …, legacy_id: … })`: a text or an optional one for each column that has
/// one. Names are looked up when the program is built, because there is a row for every record.
macro_rules! row {
    ($entity:path { $($name:ident: $value:expr),* $(,)? }) => {{
        const PLACES: [usize; [$(stringify!($name)),*].len()] =
            $crate::entity::places(&$entity, [$($crate::entity::plain(stringify!($name))),*]);
        $crate::entity::Row::of_places(&$entity, PLACES, [$(Option::<$crate::record::Text>::from($value)),*])
    }};
}
pub(crate) use row;

/// Everything decided about one legacy record of one entity: exactly one fate, and how it came to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The record.
    pub legacy_id: LegacyId,
    /// Its fate, with the resolved row when it is ready.
    pub verdict: Verdict,
    /// A profile's phase 1 batch: 100 per batch in id order.
    pub batch_id: Option<u64>,
    /// The changes, rule by rule.
    pub changes: Vec<Change>,
    /// The issues, with the phase that meets them.
    pub issues: Vec<(Phase, Issue)>,
    /// Its practice, by the ladder.
    pub association: Option<Association>,
}

/// A fate and what belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// To be loaded as this row.
    Ready(Row),
    /// Another record of the entity stands for it.
    Merged(LegacyId),
    /// Refused.
    Rejected,
    /// Kept back.
    Quarantined,
}

impl Verdict {
    /// The fate alone.
    pub fn fate(&self) -> Fate {
        match self {
            Verdict::Ready(_) => Fate::Ready,
            Verdict::Merged(_) => Fate::Merged,
            Verdict::Rejected => Fate::Rejected,
            Verdict::Quarantined => Fate::Quarantined,
        }
    }
}

impl Decision {
    /// A decision that is still being made: quarantined until a row is ready, so that nothing is ready by omission.
    pub fn open(legacy_id: LegacyId) -> Self {
        Self {
            legacy_id,
            verdict: Verdict::Quarantined,
            batch_id: None,
            changes: Vec::new(),
            issues: Vec::new(),
            association: None,
        }
    }

    /// Whether the record will be loaded.
    pub fn is_ready(&self) -> bool {
        matches!(self.verdict, Verdict::Ready(_))
    }

    /// Takes over what cleansing found, and hands on the clean value.
    pub fn take<T>(&mut self, phase: Phase, cleaned: Cleaned<T>) -> T {
        self.changes.extend(cleaned.changes);
        self.issues.extend(cleaned.issues.into_iter().map(|issue| (phase, issue)));
        cleaned.value
    }

    /// Adds an issue.
    pub fn issue(&mut self, phase: Phase, issue: Issue) {
        self.issues.push((phase, issue));
    }

    /// Lets go of a reference to a record that will not be loaded; a record that cannot do without it waits too.
    pub fn let_go(&mut self, entity: &Entity, field: &'static str) {
        let Some(column) = entity.column(field) else { return };
        let phase = match column.write {
            Write::In(phase) => phase,
            Write::Always | Write::OnInsert => entity.phase,
        };
        self.issue(phase, Issue::new(Code::ReferenceNotReady, field));
        match &mut self.verdict {
            Verdict::Ready(row) if column.nullable => {
                row.set(entity, field, None);
                if field == "practice_id" {
                    self.association = None;
                }
            }
            _ => self.verdict = Verdict::Quarantined,
        }
    }

    /// Adds a change of a field that cleansing may have changed already: the chain goes on where it has left the value.
    pub fn change_further(
        &mut self,
        field: &'static str,
        rule: &'static str,
        raw: Option<&str>,
        after: Option<&str>,
    ) {
        let cleaned = self.changes.iter().rev().find(|change| change.field == field);
        let before = cleaned.map_or(raw.map(Text::from), |change| change.after.clone());
        self.change(field, rule, before.as_deref(), after);
    }

    /// Adds a change.
    pub fn change(
        &mut self,
        field: &'static str,
        rule: &'static str,
        before: Option<&str>,
        after: Option<&str>,
    ) {
        self.changes.push(Change::new(field, rule, before, after));
    }
}
