//! The metadata column: one JSON object under one key, so that what others keep beside it is never touched.

use serde_json::{Map, Value};

/// The key in the target's metadata that belongs to this migration; all others belong to the application.
pub const KEY: &str = "legacy";

/// The legacy facts of one record that have no column of their own: raw codes, originals of changed values, flags.
#[derive(Debug, Default)]
pub struct Metadata(Map<String, Value>);

impl Metadata {
    /// Keeps a raw value as read: null stays null.
    pub fn raw(&mut self, key: &str, value: Option<&str>) {
        self.set(key, value.map_or(Value::Null, Value::from));
    }

    /// Keeps any JSON value.
    pub fn set(&mut self, key: &str, value: impl Into<Value>) {
        self.0.insert(key.to_owned(), value.into());
    }

    /// The column's text, `{"legacy": {…}}`.
    pub fn into_text(self) -> String {
        let mut object = Map::new();
        object.insert(KEY.to_owned(), Value::Object(self.0));
        Value::Object(object).to_string()
    }
}
