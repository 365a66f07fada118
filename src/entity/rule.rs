//! The rule of an entity: what decides about one record.

use super::{Decision, LegacyTable, OfFields, Raw, Whole};
use crate::record::LegacyId;

/// What decides about the records of an entity, one at a time: pure, and in parallel.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// The row of another table that is read with each record's own.
    pub with: Option<With>,
    /// Decides about the record of a raw row; the second one is what was read with it.
    pub decide: fn(&dyn Whole, Raw, Option<&Raw>) -> Decision,
}

/// A row that is read with another one.
#[derive(Debug, Clone, Copy)]
pub struct With {
    /// Its table.
    pub table: &'static LegacyTable,
    /// Its key, by the key of the record's own row.
    pub key: fn(&dyn Whole, LegacyId) -> Option<LegacyId>,
}

/// Decides by typed rows: `decide!(User with PatientMoment, resolve)` makes of `resolve(&dyn Whole, &User,
/// Option<&PatientMoment>)` what [`Rule::decide`] wants.
macro_rules! decide {
    ($row:ident, $resolve:path) => {
        |whole, raw, _| $resolve(whole, &raw.into_row::<$row>())
    };
    ($row:ident with $other:ident, $resolve:path) => {
        |whole, raw, with| {
            let with = with.map(|other| other.to_row::<$other>());
            $resolve(whole, &raw.into_row::<$row>(), with.as_ref())
        }
    };
}
pub(crate) use decide;

impl Raw {
    /// The row by the names of its columns.
    pub fn into_row<R: OfFields>(self) -> R {
        R::from_fields(self.legacy_id, self.fields.into_iter())
    }

    /// The row by the names of its columns, where it is read with several records.
    pub fn to_row<R: OfFields>(&self) -> R {
        R::from_fields(self.legacy_id, self.fields.iter().cloned())
    }
}
