//! References of raw rows to other records.

use super::Entity;
use crate::record::{Code, Issue, LegacyId, Phase};

/// A column of a legacy table that holds the key of another record.
#[derive(Debug, Clone, Copy)]
pub struct Reference {
    /// The column, and the field of the issues about it.
    pub field: &'static str,
    /// The entity whose record it leads to.
    pub to: &'static Entity,
    /// The phase that needs it.
    pub phase: Phase,
}

impl Reference {
    /// The column `field` leads to a record of `to` when the phase is loaded.
    pub const fn new(field: &'static str, to: &'static Entity, phase: Phase) -> Self {
        Self { field, to, phase }
    }

    /// The issue of a null where a record cannot do without the reference.
    pub fn missing(&self) -> (Phase, Issue) {
        (self.phase, Issue::new(Code::ReferenceInvalid, self.field))
    }

    /// The record that the text leads to, if `exists` knows it; the issue of one that leads nowhere.
    pub fn resolve(
        &self,
        raw: Option<&str>,
        exists: impl Fn(LegacyId) -> bool,
    ) -> Result<Option<LegacyId>, Issue> {
        let Some(raw) = raw else { return Ok(None) };
        let broken = |code| Err(Issue::new(code, self.field).with_context(format!("reference={raw}")));
        match raw.parse::<LegacyId>() {
            Ok(id) if exists(id) => Ok(Some(id)),
            Ok(_) => broken(Code::ReferenceDangling),
            Err(_) => broken(Code::ReferenceInvalid),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::practices;

    #[test]
    fn a_reference_leads_to_a_record_or_says_why_not() {
        let reference = Reference::new("office_id", &practices::ENTITY, Phase::Associations);
        let leads = |raw| reference.resolve(raw, |id| id == LegacyId(7)).map_err(|issue| issue.code);
        assert_eq!(leads(None), Ok(None));
        assert_eq!(leads(Some("7")), Ok(Some(LegacyId(7))));
        assert_eq!(leads(Some("8")), Err(Code::ReferenceDangling));
        assert_eq!(leads(Some("x")), Err(Code::ReferenceInvalid));
    }
}
