//! What a check's queries returned, kept small: a check may list every patient as an exception, under one entity and field.

use crate::record::LegacyId;

/// A row that a query returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FoundRow<'a> {
    /// The entity, or the table where no record is meant.
    pub entity: &'a str,
    /// The field; '' where the whole record is meant.
    pub field: &'a str,
    /// The record; none where the whole table is meant.
    pub legacy_id: Option<LegacyId>,
}

/// Rows that a query returned, by entity and field, of which there are few.
#[derive(Debug, Default)]
pub struct FoundRows {
    places: Vec<(String, String, Vec<Option<LegacyId>>)>,
    /// Rows beyond those that are kept.
    pub more: u64,
    /// What the target has no place for, so that it could not be asked.
    pub lacks: Option<String>,
}

impl FoundRows {
    /// Adds a row; of more than `kept` it only counts them.
    pub fn add(&mut self, row: FoundRow<'_>, kept: usize) {
        if self.len() >= kept {
            self.more += 1;
            return;
        }
        let at = |(entity, field, _): &(String, String, _)| entity == row.entity && field == row.field;
        let place = self.places.iter().position(at).unwrap_or_else(|| {
            self.places.push((row.entity.to_owned(), row.field.to_owned(), Vec::new()));
            self.places.len() - 1
        });
        self.places[place].2.push(row.legacy_id);
    }

    fn len(&self) -> usize {
        self.places.iter().map(|(.., ids)| ids.len()).sum()
    }

    /// Puts the rows in order, which [`FoundRows::contains`] needs.
    pub fn sort(&mut self) {
        self.places.iter_mut().for_each(|(.., ids)| ids.sort_unstable());
    }

    /// Whether a row is among them.
    pub fn contains(&self, row: FoundRow<'_>) -> bool {
        self.places.iter().any(|(entity, field, ids)| {
            entity == row.entity && field == row.field && ids.binary_search(&row.legacy_id).is_ok()
        })
    }

    /// The rows.
    pub fn iter(&self) -> impl Iterator<Item = FoundRow<'_>> {
        self.places.iter().flat_map(|(entity, field, ids)| {
            ids.iter().map(move |legacy_id| FoundRow { entity, field, legacy_id: *legacy_id })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(entity: &str, id: i64) -> FoundRow<'_> {
        FoundRow { entity, field: "role", legacy_id: Some(LegacyId(id)) }
    }

    #[test]
    fn a_row_is_found_by_all_that_it_says() {
        let mut rows = FoundRows::default();
        for id in [9, 3, 7] {
            rows.add(row("profiles", id), usize::MAX);
        }
        rows.sort();
        assert!(rows.contains(row("profiles", 3)) && rows.contains(row("profiles", 9)));
        assert!(!rows.contains(row("profiles", 4)) && !rows.contains(row("patients", 3)));
        assert!(!rows.contains(FoundRow { field: "email", ..row("profiles", 3) }));
        assert!(!rows.contains(FoundRow { legacy_id: None, ..row("profiles", 3) }));
        assert_eq!(rows.iter().count(), 3);
    }

    #[test]
    fn what_is_not_kept_is_counted() {
        let mut rows = FoundRows::default();
        for id in 0..5 {
            rows.add(row("patients", id), 2);
        }
        assert_eq!((rows.iter().count(), rows.more), (2, 3));
    }
}
