//! Whether a value read back is the value that was meant. Pure.

use serde_json::Value;

use super::digest::plain;
use crate::entity::{Column, Kind, metadata};

/// Both sides are text as PostgreSQL prints the type, so they are compared as they are, except where one value has
/// several texts: the scale of a number, the order of the keys of a JSON object.
pub fn same(column: &Column, meant: Option<&str>, is: Option<&str>) -> bool {
    match (meant, is) {
        (None, None) => true,
        (Some(meant), Some(is)) => match column.kind {
            Kind::Numeric => meant == is || plain(meant) == plain(is),
            Kind::Metadata => ours(meant) == ours(is),
            Kind::Json => json(meant).is_some() && json(meant) == json(is),
            _ => meant == is,
        },
        _ => false,
    }
}

fn json(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok()
}

/// The part of the metadata that is this migration's.
fn ours(text: &str) -> Option<Value> {
    let mut value: Value = serde_json::from_str(text).ok()?;
    value.get_mut(metadata::KEY).map(Value::take)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Phase;

    #[test]
    fn only_other_texts_of_the_same_value_are_the_same() {
        let number = Column::new("tax_rate", Kind::Numeric);
        let text = Column::new("first_name", Kind::Text);
        let added = Column::new("practice_id", Kind::Uuid).nullable().in_phase(Phase::Associations);
        let json = Column::new("metadata", Kind::Metadata);
        for (column, meant, is, expected) in [
            (number, Some("0.1025"), Some("0.102500"), true),
            (number, Some("0.1025"), Some("0.1026"), false),
            (number, Some("100"), Some("1"), false),
            (text, Some("Ann"), Some("Ann "), false),
            (text, Some(""), None, false),
            (text, None, None, true),
            (text, None, Some("Ann"), false),
            (added, None, Some("17"), false),
            (added, Some("17"), None, false),
            (json, Some(r#"{"legacy":{"a":1,"b":2}}"#), Some(r#"{"x":0,"legacy":{"b":2,"a":1}}"#), true),
            (json, Some(r#"{"legacy":{"a":1}}"#), Some(r#"{"legacy":{"a":2}}"#), false),
        ] {
            assert_eq!(same(&column, meant, is), expected, "{meant:?} {is:?}");
        }
    }
}
