//! What becomes of JSON. Of the metadata our own part stays, each value treated by its key; of anybody else's nothing does but that
//! there is nothing in it.

use serde_json::{Map, Value};

use super::anonymity::Whose;
use super::cells::{Cells, Row};
use super::classification::{Treatment, of_field};
use crate::entity::{Entity, metadata};
use crate::error::Result;

impl Cells {
    /// Anybody's JSON: nothing of it stays but that there is nothing in it.
    pub(super) fn json(&mut self, row: Row<'_>, text: &str) -> Result<String> {
        if ["{}", "[]", "null"].contains(&text) {
            return Ok(text.to_owned());
        }
        self.tokens.of("json", row.place, text.as_bytes())
    }

    pub(super) fn metadata(&mut self, row: Row<'_>, text: &str) -> Result<String> {
        let Ok(Value::Object(said)) = serde_json::from_str(text) else { return self.json(row, text) };
        let mut kept = Map::new();
        for (key, value) in said {
            match value {
                Value::Object(fields) if key == metadata::KEY => {
                    let mut ours = Map::new();
                    for (key, value) in fields {
                        let (key, value) = self.field(row, key, value)?;
                        ours.insert(key, value);
                    }
                    kept.insert(key, ours.into());
                }
                value => {
                    let key = self.tokens.of("key", row.place, key.as_bytes())?;
                    kept.insert(key, self.value(row, &value)?);
                }
            }
        }
        Ok(Value::Object(kept).to_string())
    }

    /// A field of our part of the metadata.
    fn field(&mut self, row: Row<'_>, key: String, value: Value) -> Result<(String, Value)> {
        let treatment = of_field(row.entity, &key);
        if treatment == Treatment::Text && !row.entity.is_some_and(|entity| keeps(entity, &key)) {
            return Ok((self.tokens.of("key", row.place, key.as_bytes())?, self.value(row, &value)?));
        }
        let is_hidden = row.hides == Whose::Suppressed
            && matches!(
                treatment,
                Treatment::Birth
                    | Treatment::Date
                    | Treatment::Sex
                    | Treatment::Practice(_)
                    | Treatment::Provider(_)
            );
        let value = match value {
            Value::Null if is_hidden => self.text(row, treatment, "")?.into(),
            Value::Null => Value::Null,
            Value::String(text) => self.text(row, treatment, &text)?.into(),
            Value::Number(number) if number.is_i64() => {
                match self.integer(row, treatment, number.as_i64().unwrap_or_default())? {
                    Some(number) => number.into(),
                    None => self.value(row, &Value::Number(number))?,
                }
            }
            Value::Bool(flag) if treatment == Treatment::Flag => flag.into(),
            Value::Array(values) if treatment == Treatment::Group && values.iter().all(Value::is_string) => {
                let groups = values.iter().filter_map(Value::as_str);
                Value::from(groups.map(|group| self.text(row, treatment, group)).collect::<Result<Vec<_>>>()?)
            }
            value => self.value(row, &value)?,
        };
        Ok((key, value))
    }

    /// A value of which nothing is known but its type.
    fn value(&mut self, row: Row<'_>, value: &Value) -> Result<Value> {
        let kind = match value {
            Value::Null => return Ok(Value::Null),
            Value::Array(values) if values.is_empty() => return Ok(value.clone()),
            Value::Object(values) if values.is_empty() => return Ok(value.clone()),
            Value::String(text) if text.is_empty() => return Ok(value.clone()),
            Value::Bool(_) => "flag",
            Value::Number(_) => "number",
            Value::String(_) => "text",
            Value::Array(_) => "list",
            Value::Object(_) => "object",
        };
        Ok(self.tokens.of(kind, row.place, value.to_string().as_bytes())?.into())
    }
}

/// Whether the metadata of an entity's records have such a key.
fn keeps(entity: &Entity, key: &str) -> bool {
    entity.kept.contains(&key)
        || entity.column(key).is_some()
        || entity.legacy.columns().any(|(column, _)| column == key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::cells::tests::{ROW, cells};
    use crate::audit::tokens::Place;
    use crate::entity::patients;

    #[test]
    fn metadata_keep_their_known_keys_and_no_value() {
        let mut cells = cells();
        let text = r#"{"legacy":{"username":"olo","role":"doctor","groups":["Doctor","Mark Page","5550100"],"is_staff":"t",
            "last_login":"2018-08-05 14:48:08+00","email_keeper_legacy_id":4711,"Olo":null,"email":5550100},"Olo":{"first_name":"t"}}"#;
        let redacted = cells.text(ROW, Treatment::Metadata, text).unwrap();
        let patient =
            Row { entity: Some(&patients::ENTITY), place: Place { space: "dispatch_patient", id: 7 }, ..ROW };
        let schemes = r#"{"legacy":{"birthdate":"1980-01-02","office_id":"4711","sex":"2","status":5550100,"schemes":[{"phone":5550100,"b":"Olo"}]}}"#;
        let of_patient = cells.text(patient, Treatment::Metadata, schemes).unwrap();
        for said in [&redacted, &of_patient] {
            // no token has an o, an l or a 1
            for value in ["olo", "5550100", "page", "4711", "phone", "first"] {
                assert!(!said.to_lowercase().contains(value), "{value}: {said}");
            }
        }
        for kept in [r#""role":"doctor""#, r#""Doctor""#, r#""is_staff":"t""#, r#""last_login":"2018""#] {
            assert!(redacted.contains(kept), "{kept}: {redacted}");
        }
        assert!(
            of_patient.contains(r#""birthdate":"1980""#) && of_patient.contains(r#""sex":"2""#),
            "{of_patient}"
        );
        assert!(cells.text(ROW, Treatment::Metadata, "{Ada").unwrap().starts_with("json_"));
        assert!(cells.text(ROW, Treatment::Json, r#"{"ssn": 123456789}"#).unwrap().starts_with("json_"));
    }
}
