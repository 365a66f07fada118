//! A text on its way through the rules, and the change that each of them made. Nothing is copied until a rule
//! changes something.

use std::borrow::Cow;

use crate::record::Change;

/// The text so far and the changes so far.
pub(super) struct Trail<'a> {
    field: &'static str,
    text: Cow<'a, str>,
    changes: Vec<Change>,
}

impl<'a> Trail<'a> {
    /// A raw text before the first rule.
    pub(super) fn new(field: &'static str, raw: &'a str) -> Self {
        Self { field, text: Cow::Borrowed(raw), changes: Vec::new() }
    }

    /// Applies a rule: the step answers the new text, or `None` when it has nothing to do.
    pub(super) fn apply(&mut self, rule: &'static str, step: impl FnOnce(&str) -> Option<String>) {
        if let Some(after) = step(&self.text) {
            self.changes.push(Change::new(self.field, rule, Some(&self.text), Some(&after)));
            self.text = Cow::Owned(after);
        }
    }

    /// The text so far.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The clean text and its changes.
    pub(super) fn finish(self) -> (String, Vec<Change>) {
        (self.text.into_owned(), self.changes)
    }

    /// The changes of a text that ends as null, by one more rule.
    pub(super) fn finish_null(mut self, rule: &'static str) -> Vec<Change> {
        self.changes.push(Change::new(self.field, rule, Some(&self.text), None));
        self.changes
    }
}
