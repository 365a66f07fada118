//! Whether a resolved row fits the target's columns as the survey saw them: lengths, ranges, precision, null, labels.
//! Pure. What does not fit is an issue that names table and column, never the value; the record waits in quarantine. What
//! stands in the way of every record is an [`entity::Obstacle`].

use std::collections::HashSet;

use crate::config::{self, Policy};
use crate::entity::catalog::{Catalog, CatalogColumn};
use crate::entity::{self, Column, Entity, Kind, Row, Why, Write, profiles};
use crate::record::{Code, Issue};

/// What a column of the target takes.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Limit {
    position: usize,
    column: &'static str,
    place: String,
    takes_null: bool,
    rule: Rule,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Rule {
    /// At most this many characters.
    Length(i64),
    /// An integer in this range.
    Range(i64, i64),
    /// At most this many digits before and after the point.
    Digits(i64, i64),
    /// One of these labels; another one stops the whole load, so that the configuration is asked first.
    Labels(String, HashSet<String>),
    /// JSON without the one character that PostgreSQL's cannot hold.
    Json,
    /// Whatever the kind of the column already promises.
    Any,
}

/// The limits of every entity, in the order of the list.
#[derive(Debug)]
pub struct Fit {
    limits: Vec<Vec<Limit>>,
}

impl Fit {
    /// From the surveyed catalog.
    pub fn new(catalog: &Catalog, policy: &Policy) -> Self {
        let limits = entity::ALL.iter().map(|entity| limits(catalog, policy, entity)).collect();
        Self { limits }
    }

    /// Whether the target takes null in a column of the entity; a column that it does not have takes everything.
    pub fn allows_null(&self, entity: &Entity, column: &str) -> bool {
        self.limits_of(entity)
            .iter()
            .find(|limit| limit.column == column)
            .is_none_or(|limit| limit.takes_null)
    }

    fn limits_of(&self, entity: &Entity) -> &[Limit] {
        let place = entity::ALL.iter().position(|known| known.name == entity.name);
        place.and_then(|place| self.limits.get(place)).map_or(&[], Vec::as_slice)
    }

    /// What of the row the target would refuse. The second part is whether the record must wait.
    pub fn check(&self, entity: &Entity, row: &Row) -> (Vec<Issue>, bool) {
        let limits = self.limits_of(entity);
        let mut issues = Vec::new();
        let mut waits = false;
        for limit in limits {
            if let Some((code, fact)) = limit.refuses(row.0.get(limit.position).and_then(Option::as_deref)) {
                waits |= code != Code::LabelMissing;
                issues.push(Issue::new(code, limit.column).with_context(format!("{}: {fact}", limit.place)));
            }
        }
        (issues, waits)
    }
}

impl Limit {
    fn refuses(&self, value: Option<&str>) -> Option<(Code, String)> {
        let Some(value) = value else {
            return (!self.takes_null).then(|| (Code::NullRefused, "does not allow null".to_owned()));
        };
        match &self.rule {
            Rule::Length(longest) => {
                let longest = usize::try_from(*longest).unwrap_or(usize::MAX);
                // bytes are never fewer than characters
                let length = if value.len() > longest { value.chars().count() } else { 0 };
                (length > longest).then(|| {
                    (Code::ValueTooLong, format!("takes {longest} characters, the value has {length}"))
                })
            }
            Rule::Range(low, high) => {
                let fits = value.parse::<i64>().is_ok_and(|number| (*low..=*high).contains(&number));
                (!fits).then(|| (Code::NumberOutOfRange, format!("takes integers from {low} to {high}")))
            }
            Rule::Digits(before, after) => {
                let (whole, fraction) = digits(value);
                (whole > *before || fraction > *after).then(|| {
                    let fact = format!(
                        "takes {before} digits before the point and {after} after it, the value has {whole} and {fraction}"
                    );
                    (Code::NumberOutOfRange, fact)
                })
            }
            Rule::Labels(type_name, labels) => {
                (!labels.contains(value)).then(|| (Code::LabelMissing, Why::label(type_name, value)))
            }
            // hardly any has an escape, and one byte is found fastest
            Rule::Json => (memchr::memchr(b'\\', value.as_bytes()).is_some() && value.contains("\\u0000"))
                .then(|| (Code::TextRefused, "takes no text with a NUL character".to_owned())),
            Rule::Any => None,
        }
    }
}

/// The significant digits before and after the point of a plain decimal number.
fn digits(number: &str) -> (i64, i64) {
    let number = number.trim_start_matches(['-', '+']);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let count = |text: &str| i64::try_from(text.len()).unwrap_or(i64::MAX);
    (count(whole.trim_start_matches('0')), count(fraction.trim_end_matches('0')))
}

fn limits(catalog: &Catalog, policy: &Policy, entity: &Entity) -> Vec<Limit> {
    let known = |column: &Column| catalog.column(entity.target_table, column.name);
    entity
        .columns
        .iter()
        .enumerate()
        .filter_map(|(position, column)| {
            let known = known(column)?;
            let rule = rule(catalog, column, known);
            let takes_null = known.is_nullable || !is_refused_by_record(entity, column, policy);
            (rule != Rule::Any || !takes_null).then(|| Limit {
                position,
                column: column.name,
                place: format!("{}.{}", known.table, known.name),
                takes_null,
                rule,
            })
        })
        .collect()
}

/// Whether a null is the record's own: a later phase writes no nulls, and null addresses are the configuration's choice,
/// which stops the whole load where the target does not take them.
fn is_refused_by_record(entity: &Entity, column: &Column, policy: &Policy) -> bool {
    let is_chosen = entity.name == profiles::ENTITY.name
        && column.name == "email"
        && policy.email == config::EmailPolicy::Null;
    column.nullable && column.write == Write::Always && !is_chosen
}

fn rule(catalog: &Catalog, column: &Column, known: &CatalogColumn) -> Rule {
    if known.type_kind == "e" {
        let labels = catalog.enums.get(&known.type_name).map_or(&[][..], Vec::as_slice);
        return Rule::Labels(known.type_name.clone(), labels.iter().cloned().collect());
    }
    if let Some(longest) = known.max_length {
        return Rule::Length(longest);
    }
    match (known.type_name.as_str(), column.kind) {
        ("int2", _) => Rule::Range(i64::from(i16::MIN), i64::from(i16::MAX)),
        ("int4", _) => Rule::Range(i64::from(i32::MIN), i64::from(i32::MAX)),
        ("numeric", _) => known.digits().map_or(Rule::Any, |(before, after)| Rule::Digits(before, after)),
        (_, Kind::Metadata) => Rule::Json,
        _ => Rule::Any,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::patients;
    use crate::record::Text;

    fn column(name: &str, type_name: &str) -> CatalogColumn {
        CatalogColumn {
            table: "patients".to_owned(),
            name: name.to_owned(),
            position: 1,
            type_name: type_name.to_owned(),
            type_kind: "b".to_owned(),
            is_nullable: true,
            ..CatalogColumn::default()
        }
    }

    fn codes(known: CatalogColumn, value: Option<&str>) -> Vec<Code> {
        let name = known.name.clone();
        let mut catalog = Catalog { columns: vec![known], ..Catalog::default() };
        catalog.enums.insert("gender".to_owned(), vec!["male".to_owned()]);
        let mut row = Row(vec![None; patients::ENTITY.columns.len()]);
        row.set(&patients::ENTITY, &name, value.map(Text::from));
        let (issues, _) = Fit::new(&catalog, &Policy::default()).check(&patients::ENTITY, &row);
        assert!(issues.iter().all(|issue| {
            issue.context.as_deref().is_some_and(|context| context.starts_with(&format!("patients.{name}: ")))
        }));
        issues.into_iter().map(|issue| issue.code).collect()
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let short = || CatalogColumn { max_length: Some(3), ..column("first_name", "varchar") };
        let required = || CatalogColumn { is_nullable: false, ..column("date_of_birth", "date") };
        let number =
            || CatalogColumn { precision: Some(3), scale: Some(1), ..column("legacy_id", "numeric") };
        let label = || CatalogColumn { type_kind: "e".to_owned(), ..column("gender", "gender") };
        for (known, value, code) in [
            (short(), Some("Ann"), None),
            (short(), Some("Anna"), Some(Code::ValueTooLong)),
            // three characters of three bytes each
            (short(), Some("山田太"), None),
            (required(), None, Some(Code::NullRefused)),
            (required(), Some("2001-02-03"), None),
            (column("date_of_birth", "date"), None, None),
            (column("legacy_id", "int2"), Some("32767"), None),
            (column("legacy_id", "int2"), Some("32768"), Some(Code::NumberOutOfRange)),
            (column("legacy_id", "int4"), Some("2147483648"), Some(Code::NumberOutOfRange)),
            (number(), Some("-12.50"), None),
            (number(), Some("123"), Some(Code::NumberOutOfRange)),
            (number(), Some("1.25"), Some(Code::NumberOutOfRange)),
            (label(), Some("male"), None),
            (label(), Some("other"), Some(Code::LabelMissing)),
            (
                column("metadata", "jsonb"),
                Some(r#"{"legacy":{"suffix":"a\u0000"}}"#),
                Some(Code::TextRefused),
            ),
        ] {
            assert_eq!(codes(known.clone(), value), Vec::from_iter(code), "{known:?} {value:?}");
        }
    }
}
