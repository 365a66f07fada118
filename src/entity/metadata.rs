//! The metadata column: one JSON object under one key, so that what others keep beside it is never touched.

use serde::Serialize;

use crate::record::Text;

/// The key in the target's metadata that belongs to this migration; all others belong to the application.
pub const KEY: &str = "legacy";

/// What a row says under that key that stands for a record no longer: the legacy id that it had.
pub const RELEASED: &str = "released_legacy_id";

/// The legacy facts of one record that have no column of their own: raw codes, originals of changed values, flags. Each key
/// is kept once. The text is written as it comes: a tree of values would cost more than all rules about the record.
#[derive(Debug)]
pub struct Metadata(Vec<u8>);

impl Default for Metadata {
    fn default() -> Self {
        let mut text = Vec::with_capacity(256);
        text.extend_from_slice(b"{\"");
        text.extend_from_slice(KEY.as_bytes());
        text.extend_from_slice(b"\":{");
        Self(text)
    }
}

impl Metadata {
    /// Keeps a raw value as read: null stays null.
    pub fn raw(&mut self, key: &str, value: Option<&str>) {
        self.set(key, value);
    }

    /// Keeps any value that JSON can say.
    pub fn set(&mut self, key: &str, value: impl Serialize) {
        if self.0.last() != Some(&b'{') {
            self.0.push(b',');
        }
        write(&mut self.0, key);
        self.0.push(b':');
        write(&mut self.0, value);
    }

    /// The column's text, `{"legacy": {…}}`.
    pub fn into_text(mut self) -> Text {
        self.0.extend_from_slice(b"}}");
        String::from_utf8(self.0).unwrap_or_else(|_| panic!("JSON is UTF-8")).into()
    }
}

fn write(text: &mut Vec<u8>, value: impl Serialize) {
    // memory takes everything, and no key of ours is anything but a text
    serde_json::to_writer(text, &value).unwrap_or_else(|_| panic!("JSON can say it"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_one_object_under_one_key() {
        assert_eq!(Metadata::default().into_text(), r#"{"legacy":{}}"#);
        let mut metadata = Metadata::default();
        metadata.raw("a\"b", Some("c\u{1}\n山"));
        metadata.raw("null", None);
        metadata.set("list", ["x", "y"]);
        metadata.set("number", 17);
        assert_eq!(
            metadata.into_text(),
            r#"{"legacy":{"a\"b":"c\u0001\n山","null":null,"list":["x","y"],"number":17}}"#
        );
    }
}
