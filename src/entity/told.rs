//! What the forms of columns made of a record's values, told as changes: the first link of the chain from the raw value to the
//! resolved one. Pure.

use super::{ALL, Column, Entity, From, Raw};
use crate::record::{Change, Text};

impl Entity {
    /// The changes by which the values of a record's own row, and of the row that is read with it, came to what rules read.
    pub fn told(&self, own: &Raw, with: Option<&Raw>) -> Vec<Change> {
        if own.converted.is_empty() && with.is_none_or(|with| with.converted.is_empty()) {
            return Vec::new();
        }
        let resolved = self.columns.iter().flat_map(|column| self.told_of(column, own, with));
        let raw = own.converted.iter().filter_map(|converted| {
            let (name, _) = self.legacy.fields().nth(converted.column)?;
            self.tells(name).then(|| Change {
                field: name,
                rule: converted.rule,
                before: converted.before.clone(),
                after: own.fields[converted.column].clone(),
            })
        });
        resolved.chain(raw).collect()
    }

    /// The changes of one resolved column: of the raw columns that it may come from, up to the first that has a value.
    fn told_of(&self, column: &Column, own: &Raw, with: Option<&Raw>) -> Vec<Change> {
        let mut told = Vec::new();
        for from in column.from {
            let (table, row, name) = match from {
                From::Own(name) => (Some(self.legacy), Some(own), *name),
                From::With(name) => (self.rule.with.map(|with| with.table), with, *name),
            };
            let (Some(table), Some(row)) = (table, row) else { continue };
            let Some(place) = table.fields().position(|(known, _)| known == name) else { continue };
            let after: &Option<Text> = &row.fields[place];
            if let Some(converted) = row.converted.iter().find(|converted| converted.column == place) {
                told.push(Change {
                    field: column.name,
                    rule: converted.rule,
                    before: converted.before.clone(),
                    after: after.clone(),
                });
            }
            if after.as_ref().is_some_and(|value| !value.is_empty()) {
                break;
            }
        }
        told
    }

    /// Whether it is for this entity to tell of a raw column that no resolved one comes from: a reference of its own, or, of the
    /// entities that are made of the table, the first.
    fn tells(&self, name: &'static str) -> bool {
        let refers = |entity: &Entity| entity.references.iter().any(|reference| reference.field == name);
        if refers(self) {
            return true;
        }
        let is_source =
            self.columns.iter().flat_map(|column| column.from).any(|from| *from == From::Own(name));
        let mut same = ALL.iter().filter(|entity| entity.legacy.name == self.legacy.name);
        let is_first = same.clone().next().is_some_and(|first| *first == self);
        !is_source && is_first && !same.any(|entity| refers(entity))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Converted, LegacyTable, patients, practice_owners, practices};
    use super::*;
    use crate::record::LegacyId;

    fn raw(table: &LegacyTable, values: &[(&str, Option<&str>, &str)]) -> Raw {
        let mut raw =
            Raw { legacy_id: LegacyId(1), fields: vec![None; table.fields().count()], converted: Vec::new() };
        for (name, before, after) in values {
            let column = table.fields().position(|(known, _)| known == *name).unwrap();
            raw.fields[column] = Some((*after).into()).filter(|after: &Text| !after.is_empty());
            if *before != Some(*after) {
                raw.converted.push(Converted { column, before: before.map(Text::from), rule: "format.test" });
            }
        }
        raw
    }

    fn told(entity: &Entity, own: &Raw, with: Option<&Raw>) -> Vec<String> {
        let shown = |change: Change| {
            let [before, after] = [change.before, change.after].map(|value| value.unwrap_or("null".into()));
            format!("{}: {before} -> {after}", change.field)
        };
        entity.told(own, with).into_iter().map(shown).collect()
    }

    #[test]
    fn a_converted_value_is_told_under_the_name_of_what_it_becomes() {
        let own = raw(
            patients::ENTITY.legacy,
            &[
                ("birthdate", Some("2.1.80"), "1980-01-02"),
                ("doctor_id", Some("7.0"), "7"),
                ("updated_at", Some("-"), ""),
            ],
        );
        let with = raw(
            patients::ENTITY.rule.with.unwrap().table,
            &[("last_login", Some("3.4.19"), "2019-04-03"), ("date_joined", Some("1.1.19"), "2019-01-01")],
        );
        // the moment of joining counts for itself, and not for the update, which an earlier one says
        assert_eq!(
            told(&patients::ENTITY, &own, Some(&with)),
            [
                "date_of_birth: 2.1.80 -> 1980-01-02",
                "created_at: 1.1.19 -> 2019-01-01",
                "updated_at: - -> null",
                "updated_at: 3.4.19 -> 2019-04-03",
                "doctor_id: 7.0 -> 7"
            ]
        );
    }

    #[test]
    fn of_a_table_that_makes_two_entities_each_tells_its_own() {
        let own = raw(
            &practices::OFFICES,
            &[("doctor_id", Some("7.0"), "7"), ("valid", Some("x"), "t"), ("apt", Some("NaN"), "")],
        );
        assert_eq!(told(&practices::ENTITY, &own, None), ["is_active: x -> t", "apt: NaN -> null"]);
        assert_eq!(told(&practice_owners::ENTITY, &own, None), ["doctor_id: 7.0 -> 7"]);
    }
}
