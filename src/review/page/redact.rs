//! The page without anybody's values, for a rehearsal: each is a word for its field and a number, the same for the same value,
//! so that it can still be seen what agrees and what differs. Ids, codes, flags and counts stay. Pure.

use std::collections::HashMap;

use serde_json::{Map, Value};

/// What is said of a person without naming them.
const KEPT: [&str; 6] = ["sex", "practice", "doctor", "patient", "active", "archived"];

/// Gives each value its word.
#[derive(Debug, Default)]
struct Words {
    given: HashMap<(String, String), usize>,
    many: HashMap<String, usize>,
}

impl Words {
    fn word(&mut self, field: &str, value: &str) -> Value {
        let many = &mut self.many;
        let number = *self.given.entry((field.to_owned(), value.to_owned())).or_insert_with(|| {
            let number = many.entry(field.to_owned()).or_default();
            *number += 1;
            *number
        });
        format!("{} {number}", field.replace('_', " ")).into()
    }

    fn replace(&mut self, field: &str, value: &mut Value) {
        match value {
            Value::String(text) => *value = self.word(field, &text.clone()),
            Value::Null => {}
            // of anything else it is not known what it says
            _ => *value = Value::Null,
        }
    }
}

/// Takes the values out of the page's data.
pub(super) fn redact(data: &mut Value) {
    let mut words = Words::default();
    for person in members(&mut data["people"]) {
        for (field, value) in person.as_object_mut().into_iter().flatten() {
            if !KEPT.contains(&field.as_str()) {
                // what a person has and what they get are told apart, and may be the same
                let field = if field == "gets_email" { "email" } else { field.as_str() };
                words.replace(field, value);
            }
        }
    }
    for (practice, name) in data["practices"].as_object_mut().into_iter().flatten() {
        *name = format!("practice {practice}").into();
    }
    for question in data["questions"].as_array_mut().into_iter().flatten() {
        let field = question["question"].as_str().unwrap_or_default().to_owned();
        words.replace(&field, &mut question["current"]);
        words.replace(&field, &mut question["proposal"]);
        for issue in question["issues"].as_array_mut().into_iter().flatten() {
            issue["context"] = Value::Null;
        }
        for cell in question["row"].as_array_mut().into_iter().flatten() {
            let name = cell[0].as_str().unwrap_or_default().to_owned();
            if !OURS.contains(&name.as_str()) {
                words.replace(&name, &mut cell[1]);
            }
        }
        if let Some(earlier) = question["earlier"].as_object_mut() {
            forget(&mut words, earlier);
        }
    }
}

/// The cells of a raw row that hold keys of the legacy system's own rows, by which the questions are about records; an id of another
/// system, such as a payment service's, is a person's.
const OURS: [&str; 5] = ["id", "user_id", "doctor_id", "office_id", "group_id"];

/// An earlier decision without what somebody wrote.
fn forget(words: &mut Words, earlier: &mut Map<String, Value>) {
    let is_value = earlier.get("action").is_some_and(|action| action == "set");
    for field in ["reason", "decided_by"].into_iter().chain(is_value.then_some("value")) {
        if let Some(value) = earlier.get_mut(field).filter(|value| *value != "") {
            words.replace(field, value);
        }
    }
}

fn members(value: &mut Value) -> impl Iterator<Item = &mut Value> {
    value.as_object_mut().into_iter().flatten().map(|(_, member)| member)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn equal_values_stay_equal_and_none_stays() {
        let mut data = json!({
            "people": {
                "1": { "first_name": "Zoë", "birthdate": "1980-02-03", "sex": "female", "practice": "7", "email": "a@b.c" },
                "2": { "first_name": "Zoë", "birthdate": "1980-02-04", "sex": "female", "gets_email": "a@b.c" },
            },
            "practices": { "7": "Zoë's" },
            "questions": [{
                "question": "last_name", "current": "Muñoz", "proposal": "Munoz", "row": [["office_id", "7"], ["name", "Zoë"], ["sq_customer_id", "CUST77"]],
                "issues": [{ "code": "name_mojibake", "context": "proposal=Munoz" }],
                "earlier": { "action": "set", "value": "Muñoz", "reason": "Zoë said so", "decided_by": "Ada" },
            }],
        });
        redact(&mut data);
        let text = data.to_string();
        for value in ["Zo", "1980", "@", "Mu", "Ada", "CUST"] {
            assert!(!text.contains(value), "{value} in {text}");
        }
        assert_eq!(data["people"]["1"]["first_name"], data["people"]["2"]["first_name"]);
        assert_ne!(data["people"]["1"]["birthdate"], data["people"]["2"]["birthdate"]);
        assert_eq!(data["people"]["1"]["email"], data["people"]["2"]["gets_email"]);
        assert_eq!(data["people"]["1"]["practice"], "7");
        assert_eq!(data["practices"]["7"], "practice 7");
        assert_eq!(data["questions"][0]["row"][0][1], "7");
    }
}
