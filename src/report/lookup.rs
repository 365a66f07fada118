//! The figures of a report: looked up in the status by JSON pointer and nowhere else.

use serde_json::Value;

/// The status as JSON.
#[derive(Debug)]
pub struct Lookup(Value);

/// One figure: where it stands in the status, and what it is there.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// The JSON pointer, such as `/accounting/profiles/loaded`.
    pub path: String,
    /// The number; none while it is not known.
    pub number: Option<f64>,
}

impl Lookup {
    /// The figures of a status.
    pub fn new(status: Value) -> Self {
        Self(status)
    }

    /// The whole.
    pub fn status(&self) -> &Value {
        &self.0
    }

    /// The figure at a path.
    pub fn get(&self, path: impl Into<String>) -> Figure {
        let path = path.into();
        let number = self.0.pointer(&path).and_then(Value::as_f64);
        Figure { path, number }
    }

    /// The whole number at a path; 0 while it is not known.
    pub fn count(&self, path: &str) -> u64 {
        self.0.pointer(path).and_then(Value::as_u64).unwrap_or_default()
    }

    /// The text at a path; '' when there is none.
    pub fn text(&self, path: &str) -> &str {
        self.0.pointer(path).and_then(Value::as_str).unwrap_or_default()
    }

    /// Whether something is true.
    pub fn flag(&self, path: &str) -> Option<bool> {
        self.0.pointer(path).and_then(Value::as_bool)
    }

    /// The paths of the elements of a list.
    pub fn list(&self, path: &str) -> Vec<String> {
        let length = self.0.pointer(path).and_then(Value::as_array).map_or(0, Vec::len);
        (0..length).map(|position| format!("{path}/{position}")).collect()
    }

    /// The keys of an object, in order.
    pub fn keys(&self, path: &str) -> Vec<&str> {
        let object = self.0.pointer(path).and_then(Value::as_object);
        object.map_or_else(Vec::new, |object| object.keys().map(String::as_str).collect())
    }
}

impl Figure {
    /// The number, 0 while it is not known.
    pub fn value(&self) -> f64 {
        self.number.unwrap_or(0.0)
    }

    /// For people: `9,101`, `99.98`, or `–` while it is not known.
    pub fn shown(&self) -> String {
        let Some(number) = self.number else { return "–".to_owned() };
        let plain = number.to_string();
        let (whole, fraction) =
            plain.split_once('.').map_or((plain.as_str(), ""), |(whole, rest)| (whole, rest));
        let mut shown = String::new();
        for (position, digit) in whole.chars().enumerate() {
            if position > 0 && (whole.len() - position) % 3 == 0 {
                shown.push(',');
            }
            shown.push(digit);
        }
        if fraction.is_empty() { shown } else { format!("{shown}.{fraction}") }
    }

    /// As it stands in the status.
    pub fn plain(&self) -> String {
        self.number.map_or_else(|| "null".to_owned(), |number| number.to_string())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_figure_is_what_stands_at_its_path() {
        let figures = Lookup::new(json!({"a": {"b": 1_234_567, "c": null, "d": 99.98}, "l": [1, 2]}));
        for (path, shown, plain) in [
            ("/a/b", "1,234,567", "1234567"),
            ("/a/c", "–", "null"),
            ("/a/d", "99.98", "99.98"),
            ("/a/e", "–", "null"),
            ("/l/1", "2", "2"),
        ] {
            let figure = figures.get(path);
            assert_eq!((figure.shown().as_str(), figure.plain().as_str()), (shown, plain), "{path}");
        }
        assert_eq!(figures.list("/l"), ["/l/0", "/l/1"]);
        assert_eq!(figures.keys("/a"), ["b", "c", "d"]);
    }
}
