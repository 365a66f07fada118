//! Cleansing: a raw value in, a clean value, the changes and the issues out. Pure: nothing here reads,
//! writes, logs or fails. `None` is SQL's null. Three things hold for every rule, and are tested on arbitrary
//! text:
//!
//! - cleaning a clean value changes nothing;
//! - the changes of a value form a chain: the first starts at the raw value, the last ends at the clean one;
//! - a name with a visible character is never emptied (but the literal text `null` is no name).
//!
//! A change is recorded where the stored value differs from the raw one, or where something was assumed.
//! Another spelling of the same value is no change where the clean value is not a text: `t` and `true`, or a
//! timestamp with another offset.
//!
//! Read `email`, `name` and `date` first; the others are small. What the text rules share is in `unicode`,
//! how changes are noted in `trail`.

use crate::record::{Change, Issue};

mod boolean;
mod country;
mod country_names;
mod date;
mod email;
mod iso;
mod json;
mod mojibake;
mod name;
mod number;
mod place;
mod sex;
mod text;
mod timestamp;
mod trail;
mod unicode;

pub use boolean::boolean;
pub use country::country;
pub use date::{birthdate, day, possibly_swapped};
pub use email::{
    Email, EmailPolicy, NOBODYS_DOMAINS, Reason, email, fallback_email, fallback_email_nth, fallback_owner,
    is_fallback_email, is_stand_in, mailbox,
};
pub use json::json;
pub use name::{has_lost_letter, name};
pub use number::tax_rate;
pub use place::{city_key, state_key};
pub use sex::{Gender, gender};
pub use text::{letters, optional_text};
pub use timestamp::{timestamp, timestamp_text};

/// The outcome of cleaning one value: bad data is data, so there is no `Result` here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cleaned<T> {
    /// The clean value.
    pub value: T,
    /// What was changed, rule by rule, in order.
    pub changes: Vec<Change>,
    /// What is wrong with the value, whether or not it was changed.
    pub issues: Vec<Issue>,
}

impl<T> Cleaned<T> {
    /// A value that needed nothing.
    pub fn unchanged(value: T) -> Self {
        Self { value, changes: Vec::new(), issues: Vec::new() }
    }

    /// The same with one more issue.
    #[must_use]
    fn with_issue(mut self, issue: Issue) -> Self {
        self.issues.push(issue);
        self
    }

    /// The same with one more change.
    #[must_use]
    fn with_change(mut self, change: Change) -> Self {
        self.changes.push(change);
        self
    }
}

/// The text of a value whose type is not text (a date, a flag, a number): surrounding space means nothing
/// there, and '' and the literal `null` are missing.
fn scalar(raw: Option<&str>) -> Option<&str> {
    raw.map(str::trim).filter(|text| !text.is_empty() && !is_literal_null(text))
}

/// Whether a text is the word `null`, in any case, that some exports write for a missing value.
fn is_literal_null(text: &str) -> bool {
    text.eq_ignore_ascii_case("null")
}

#[cfg(test)]
mod invariants {
    //! What every text rule is held to.

    use super::Cleaned;

    /// The changes lead from the raw value to the clean one, without a gap and without a step that changes
    /// nothing.
    pub(super) fn chain<T>(raw: Option<&str>, cleaned: &Cleaned<T>, clean: Option<&str>) {
        let mut at = raw;
        for change in &cleaned.changes {
            assert_eq!(change.before.as_deref(), at, "{} starts where the rule before ended", change.rule);
            assert_ne!(change.before, change.after, "{} changed something", change.rule);
            at = change.after.as_deref();
        }
        assert_eq!(at, clean, "the changes end at the clean value");
    }
}
