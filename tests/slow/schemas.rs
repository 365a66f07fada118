//! Every document that `--json` prints is what its file in `fixtures/schemas` says, and holds nothing that stands there not.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::harness::{Job, migrated};
use serde_json::{Map, Value, json};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/schemas")
}

fn schema(name: &str) -> Value {
    let text = fs::read_to_string(folder().join(name)).unwrap_or_else(|cause| panic!("{name}: {cause}"));
    serde_json::from_str(&text).unwrap_or_else(|cause| panic!("{name}: {cause}"))
}

/// What is wrong with a value, each with its place. Of JSON Schema this knows what the files use, and refuses what it does not know.
fn errors(value: &Value, schema: &Value, file: &str, at: &str, found: &mut Vec<String>) {
    let schema = schema.as_object().expect("a schema is an object");
    for word in schema.keys() {
        assert!(
            [
                "$schema",
                "title",
                "description",
                "$ref",
                "anyOf",
                "type",
                "enum",
                "properties",
                "required",
                "additionalProperties",
                "items"
            ]
            .contains(&word.as_str()),
            "{file}: {word} is not known here"
        );
    }
    if let Some(Value::String(to)) = schema.get("$ref") {
        let (other, pointer) = to.split_once('#').unwrap_or((to, ""));
        let whole = self::schema(if other.is_empty() { file } else { other });
        let part = whole.pointer(pointer).unwrap_or_else(|| panic!("{file}: {to} leads nowhere"));
        return errors(value, part, if other.is_empty() { file } else { other }, at, found);
    }
    if let Some(Value::Array(choices)) = schema.get("anyOf") {
        let fits = |choice: &Value| {
            let mut wrong = Vec::new();
            errors(value, choice, file, at, &mut wrong);
            wrong.is_empty()
        };
        if !choices.iter().any(fits) {
            found.push(format!("{at} is none of what it may be"));
        }
        return;
    }
    let types: Vec<&str> = match schema.get("type") {
        Some(Value::String(only)) => vec![only],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        _ => panic!("{file}: {at} has no type"),
    };
    if !types.iter().any(|name| is_of(value, name)) {
        found.push(format!("{at} is {value}, and not {}", types.join(" or ")));
        return;
    }
    if let Some(Value::Array(words)) = schema.get("enum")
        && !words.contains(value)
    {
        found.push(format!("{at} is {value}, which is none of its words"));
    }
    match value {
        Value::Object(object) => of_object(object, schema, file, at, found),
        Value::Array(list) => {
            if let Some(items) = schema.get("items") {
                for (place, item) in list.iter().enumerate() {
                    errors(item, items, file, &format!("{at}/{place}"), found);
                }
            } else if !list.is_empty() {
                found.push(format!("{at} has items that nothing describes"));
            }
        }
        _ => {}
    }
}

fn of_object(
    object: &Map<String, Value>,
    schema: &Map<String, Value>,
    file: &str,
    at: &str,
    found: &mut Vec<String>,
) {
    let none = Map::new();
    let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&none);
    for name in schema.get("required").and_then(Value::as_array).into_iter().flatten() {
        if !object.contains_key(name.as_str().expect("a name")) {
            found.push(format!("{at} lacks {name}"));
        }
    }
    for (name, value) in object {
        let place = format!("{at}/{name}");
        match (properties.get(name), schema.get("additionalProperties")) {
            (Some(known), _) => errors(value, known, file, &place, found),
            (None, Some(other @ Value::Object(_))) => errors(value, other, file, &place, found),
            _ => found.push(format!("{place} is not in fixtures/schemas/{file}")),
        }
    }
}

fn is_of(value: &Value, name: &str) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("no type is called {other}"),
    }
}

/// What a schema says that nobody could rely on: an object that allows anything, or a field without a word about it.
fn loose(schema: &Value, at: &str, found: &mut Vec<String>) {
    if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        if schema["additionalProperties"] != json!(false) {
            found.push(format!("{at} allows other fields"));
        }
        for (name, field) in properties {
            if !field["description"].is_string() {
                found.push(format!("{at}/{name} is not described"));
            }
            loose(field, &format!("{at}/{name}"), found);
        }
    }
    for part in ["items", "additionalProperties"] {
        if let Some(inner) = schema.get(part) {
            loose(inner, &format!("{at}/{part}"), found);
        }
    }
}

/// A migration whose documents are looked at, and which schemas have been met.
struct Looked {
    job: Job,
    met: RefCell<BTreeSet<String>>,
}

impl Looked {
    /// Runs a verb with `--json`, and holds what it prints to the schema.
    #[track_caller]
    fn look(&self, name: &str, arguments: &[&str]) -> Value {
        let printed = self.job.drydock(arguments.iter().copied()).args(["--json"]).run();
        let (stdout, stderr) = (printed.stdout, printed.stderr);
        let document: Value = serde_json::from_str(&stdout)
            .unwrap_or_else(|cause| panic!("{arguments:?}: {cause}\n{stdout}\n{stderr}"));
        let file = format!("{name}.json");
        let mut found = Vec::new();
        errors(&document, &schema(&file), &file, "", &mut found);
        found.truncate(20);
        assert!(found.is_empty(), "{arguments:?}\n  {}", found.join("\n  "));
        self.met.borrow_mut().insert(name.to_owned());
        document
    }

    /// What only looks at the file, at any time.
    fn look_around(&self) {
        for verb in ["status", "report", "runs", "errors", "columns", "gate"] {
            self.look(verb, &[verb]);
        }
    }
}

#[test]
fn every_document_is_what_its_schema_says() {
    let looked = Looked { job: Job::migrated(), met: RefCell::default() };
    let look = |name: &str, arguments: &[&str]| looked.look(name, arguments);
    let legacy = migrated().path("legacy").to_str().expect("a path").to_owned();
    looked.look_around();
    look("analyze", &["analyze"]);
    look("doctor", &["doctor", "--csv", &legacy]);
    let items = look("review_export", &["review", "export"])["items"].clone();
    look("review_export", &["review", "export", "--full"]);
    look("review_export_out", &["review", "export", "--full", "--out", "sheet.json"]);
    look("gate_records", &["gate", "--records"]);
    look("review_page", &["review", "page", "--out", "review.html"]);
    look("explain", &["explain", "profile", "42"]);
    look("explain", &["explain", "patient", &looked.job.staged("select max(legacy_id) from ready_patients")]);
    for topic in [&["help"][..], &["help", "load"]] {
        look("help", topic);
    }
    look("help_page", &["help", "targets"]);
    look("lessons", &["lessons"]);
    look("help_codes", &["help", "codes"]);
    look("help_code", &["help", "email_shared"]);
    look("extract_check", &["extract", "--check", "--csv", &legacy]);
    let map = "first_name=given_name,last_name=surname,email=email";
    look("duplicates", &["duplicates", &format!("{legacy}/auth_user.csv"), "--id", "id", "--map", map]);
    look("demo_world", &["demo", "world", "--out", "world"]);
    look("target_migrations", &["target", "migrations", "--out", "migrations"]);
    look("target_draft", &["target", "draft"]);
    look("target_draft", &["target", "draft", "--out", "draft.toml"]);
    look("audit_seal", &["audit", "seal", "--out", "sealed"]);
    look("audit_seal", &["audit", "seal", "--redact", "--out", "redacted"]);
    for folder in ["sealed", "redacted", "staging.drydock"] {
        look("audit_check", &["audit", "check", folder]);
    }
    look("auth", &["auth", "--out", "accounts"]);
    look("gate_approve", &["gate", "approve", "2", "--by", "Ada Berg"]);

    // with decisions that wait, and with a result that they have changed
    fs::copy(looked.job.file(), looked.job.path("before.drydock")).expect("a copy");
    let mut sheet = "item,action,value,reason\n".to_owned();
    let pairs = items.as_array().expect("items").iter().filter(|item| {
        item["question"].as_str().is_some_and(|question| question.starts_with("duplicate_of_"))
    });
    for pair in pairs {
        sheet += &format!("{},not_a_duplicate,,\n", pair["item"].as_str().expect("an item"));
    }
    let defaulted = items
        .as_array()
        .expect("items")
        .iter()
        .find(|item| item["entity"] == "profiles" && item["question"] == "practice_id");
    let office = looked.job.staged("select max(legacy_id) from ready_practices");
    sheet +=
        &format!("{},choose,{office},asked\n", defaulted.expect("one")["item"].as_str().expect("an item"));
    fs::write(looked.job.path("sheet.csv"), sheet).expect("a sheet");
    look("review_import", &["review", "import", "sheet.csv", "--by", "Ada Berg"]);
    looked.look_around();
    look("status", &["transform", "--quiet"]);
    look("diff", &["diff", "before.drydock", "staging.drydock"]);
    look("load", &["load", "--dry-run"]);
    fs::write(looked.job.path("scratch.url"), looked.job.target().url()).expect("a URL");
    look("rehearse", &["rehearse", "--scratch-url-file", "scratch.url"]);
    look("load", &["load"]);
    look("verify", &["verify"]);
    // and with a target that somebody has changed
    looked.job.target().execute("update patients set last_name = last_name || 'x' where legacy_id % 500 = 7");
    look("verify", &["verify", "--csv", &legacy]);
    looked.look_around();
    look("load", &["load"]);
    look("checkpoint", &["checkpoint", "3", "--out", "checkpoint"]);
    let written = looked.job.staged("select max(run_id) from journal where kind = 'load'");
    look("rollback", &["rollback", "--run", &written, "--dry-run"]);
    look("target_clean", &["target", "clean"]);
    look("survey", &["survey"]);
    looked.look_around();

    // a new file, from its first step on; and what went wrong
    fs::remove_file(looked.job.path("before.drydock")).expect("the copy");
    let new =
        |name: &str, arguments: &[&str]| look(name, &[arguments, &["--staging", "new.drydock"]].concat());
    new("failure", &["status"]);
    new("extract", &["extract", "--csv", &legacy]);
    for verb in ["status", "report", "runs", "errors", "columns", "gate"] {
        new(verb, &[verb]);
    }
    new("failure", &["review", "export"]);
    look("failure", &["no-such-verb"]);
    look("failure", &["explain", "profile", "99999999"]);
    look("shred", &["shred", "new.drydock"]);

    let written: BTreeSet<String> = fs::read_dir(folder())
        .expect("the schemas")
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    assert_eq!(looked.met.into_inner(), written, "each schema is met, and each document has one");
}

#[test]
fn a_field_that_nobody_described_is_found() {
    let mut names: Vec<PathBuf> =
        fs::read_dir(folder()).expect("the schemas").map(|entry| entry.unwrap().path()).collect();
    names.sort();
    assert!(names.len() > 30, "{}", names.len());
    let mut found = Vec::new();
    for path in names {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let schema = schema(&name);
        assert!(schema["title"].is_string() && schema["description"].is_string(), "{name}");
        loose(&schema, &name, &mut found);
    }
    assert!(found.is_empty(), "{found:#?}");
    let failure = |document: &Value| {
        let mut found = Vec::new();
        errors(document, &schema("failure.json"), "failure.json", "", &mut found);
        found
    };
    let mut document = json!({ "error": { "kind": "usage", "message": "m", "hint": null, "exit_code": 2 } });
    assert_eq!(failure(&document), Vec::<String>::new());
    document["error"]["more"] = true.into();
    document["error"]["exit_code"] = "2".into();
    assert_eq!(failure(&document).len(), 2, "{:?}", failure(&document));
}
