//! The open questions as a page that a person decides on, and that gives the decisions back as a file: one file without a
//! server, which reaches nothing and lets nothing reach it. `desk` reads what the questions speak of, `question` shapes them,
//! `redact` takes the values out. What the page does is in the scripts beside these files, in the order of [`SCRIPTS`].

mod desk;
mod question;
mod redact;

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::export::Export;
use crate::record::ItemId;
use crate::staging::{Head, Item};
pub use desk::Desk;

const TEMPLATE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");

/// The scripts, in the order in which they build on each other.
const SCRIPTS: [&str; 11] = [
    include_str!("data.js"),
    include_str!("state.js"),
    include_str!("answers.js"),
    include_str!("resolve.js"),
    include_str!("queue.js"),
    include_str!("people.js"),
    include_str!("faces.js"),
    include_str!("decide.js"),
    include_str!("alike.js"),
    include_str!("save.js"),
    include_str!("main.js"),
];

/// What the page is made of.
#[derive(Debug)]
pub struct Page<'a> {
    /// The questions, most urgent first.
    pub export: &'a Export,
    /// The same as the file has them.
    pub items: &'a [Item],
    /// What they speak of.
    pub desk: &'a Desk,
    /// The file's own id.
    pub file: &'a str,
    /// Where its journal stood.
    pub head: &'a Head,
    /// Whether nobody's values are on it.
    pub redacted: bool,
}

impl Page<'_> {
    /// The whole page.
    pub fn html(&self) -> String {
        let notice = if self.redacted {
            "A rehearsal: nobody's values are on this page, and what is decided on it cannot be imported."
        } else {
            "This page holds patients' values: keep it as the records themselves, and remove it when the decisions are imported."
        };
        let script = SCRIPTS.concat();
        let policy = format!(
            "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; img-src data:; base-uri 'none'; form-action 'none'; \
             require-trusted-types-for 'script'",
            digest(&script),
            digest(STYLE)
        );
        let data = embedded(&self.data());
        fill(
            TEMPLATE,
            &[
                ("notice", notice),
                ("policy", &policy),
                ("style", STYLE),
                ("data", &data),
                ("script", &script),
            ],
        )
    }

    fn data(&self) -> Value {
        let ids: Vec<ItemId> = self.export.items.iter().filter_map(|entry| entry.item.parse().ok()).collect();
        let currents: HashMap<ItemId, String> =
            self.items.iter().filter_map(|item| Some((item.id.clone(), item.current.clone()?))).collect();
        let questions = question::questions(&self.export.items, &ids, &currents, self.desk);
        let offices: HashMap<String, Vec<(i64, u64)>> = self
            .desk
            .offices
            .iter()
            .map(|(doctor, offices)| {
                (doctor.to_string(), offices.iter().map(|(office, many)| (office.0, *many)).collect())
            })
            .collect();
        let by_id = |map: &std::collections::BTreeMap<crate::record::LegacyId, _>| -> Value {
            map.iter().map(|(id, value): (_, &Value)| (id.to_string(), value.clone())).collect()
        };
        let people =
            self.desk.people.iter().map(|(id, person)| (*id, Value::Object(person.clone()))).collect();
        let practices =
            self.desk.practices.iter().map(|(id, name)| (*id, Value::String(name.clone()))).collect();
        let mut data = json!({
            "file": self.file,
            "head": self.head.head,
            "entries": self.head.entries,
            "redacted": self.redacted,
            "prior": prior(self.desk),
            "follow_their_patient": self.export.follow_their_patient,
            "waiting_for_transform": self.export.waiting_for_transform,
            "practices": by_id(&practices),
            "people": by_id(&people),
            "staff": self.desk.staff,
            "offices": offices,
            "questions": questions,
        });
        if self.redacted {
            redact::redact(&mut data);
        }
        data
    }
}

/// What the model believes of any two users before it looks at a field, in bits: the pairs' probabilities without their
/// evidence. The median, because probabilities near 0 and 1 are rounded.
fn prior(desk: &Desk) -> Option<f64> {
    let odds = |score: f64| (score / (1.0 - score)).log2();
    let mut priors: Vec<f64> = desk
        .linked
        .values()
        .map(|pair| odds(pair.score) - pair.weight)
        .filter(|prior| prior.is_finite())
        .collect();
    priors.sort_by(f64::total_cmp);
    priors.get(priors.len() / 2).copied()
}

/// A script's or a style's digest, as a policy names it.
fn digest(text: &str) -> String {
    STANDARD.encode(Sha256::digest(text))
}

/// JSON that can stand in a script element: nothing in it ends the element, and no program takes it for markup.
fn embedded(data: &Value) -> String {
    let mut safe = String::new();
    for character in data.to_string().chars() {
        match character {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                safe.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
            other => safe.push(other),
        }
    }
    safe
}

/// The template with each `{{name}}` filled in; what is filled in is not looked at again.
fn fill(template: &str, parts: &[(&str, &str)]) -> String {
    let mut page = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        page.push_str(before);
        let (name, after) = after.split_once("}}").unwrap_or((after, ""));
        page.push_str(parts.iter().find(|(known, _)| *known == name).map_or("", |(_, text)| text));
        rest = after;
    }
    page + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_ends_the_element_that_it_stands_in() {
        let data = json!({ "name": "</script><img src=x onerror=alert(1)><!-- {{script}} \u{2028}" });
        let text = embedded(&data);
        assert!(!text.contains(['<', '>', '\u{2028}']), "{text}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), data);
        let page = fill("<a>{{data}}</a>{{script}}", &[("data", &text), ("script", "run()")]);
        assert!(page.ends_with("</a>run()") && page.contains("{{script}}"), "{page}");
    }

    #[test]
    fn the_scripts_can_stand_in_an_element_and_write_no_markup() {
        for script in SCRIPTS {
            assert!(!script.contains("</script") && !script.contains("<!--"));
            for word in
                ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "fetch(", "http"]
            {
                assert!(!script.contains(word), "{word}");
            }
        }
        assert!(!STYLE.contains("url(") && !STYLE.contains("@import") && !TEMPLATE.contains("http:"));
    }
}
