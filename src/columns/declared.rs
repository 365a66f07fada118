//! What the configuration says of columns, where their values alone do not: `[source.columns."auth_user.date_joined"]`. A key
//! may also be `"auth_user.*"` or `"*"`; what is said of a column itself counts before what is said of many.

use std::collections::{BTreeMap, BTreeSet};

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::dates::Order;

/// What is said of a column, or of many.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Declared {
    /// How days are written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dates: Option<Order>,
    /// The last year of this century that two digits can mean; without it the snapshot's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pivot: Option<u8>,
    /// The zone of moments that say none, such as `Europe/Berlin`; without it UTC is assumed, and noted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<Tz>,
    /// The sign before the decimals: `,` or `.`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decimal: Option<char>,
    /// Further words for yes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub yes: Vec<String>,
    /// Further words for no; `""` lets nothing mean no, and among the words for yes that it means yes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub no: Vec<String>,
    /// Words and codes for the sexes, where those of the legacy, or of one language, are not meant.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub male: Vec<String>,
    /// Likewise.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub female: Vec<String>,
    /// Likewise, for neither.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub other: Vec<String>,
    /// Further texts that mean that there is no value, in capitals or not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub nulls: Vec<String>,
    /// Of a hundred values, how many may be unreadable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unreadable: Option<u8>,
}

/// What is said of columns, by `table.column`, `table.*` or `*`.
pub type DeclaredColumns = BTreeMap<String, Declared>;

/// Whether a text is one of these words, in capitals or not.
pub(super) fn is_one_of(words: &[String], text: &str) -> bool {
    let text = text.to_lowercase();
    words.iter().any(|word| word.to_lowercase() == text)
}

impl Declared {
    /// Whether it says that a text means that there is no value.
    pub(super) fn is_null(&self, text: &str) -> bool {
        !self.nulls.is_empty() && is_one_of(&self.nulls, text)
    }

    /// Whether it says two things of one word.
    pub fn contradicts_itself(&self) -> bool {
        let twice = |lists: &[&Vec<String>]| {
            let words = lists
                .iter()
                .flat_map(|list| list.iter().map(|word| word.to_lowercase()).collect::<BTreeSet<_>>());
            let mut seen = BTreeSet::new();
            words.into_iter().any(|word| !seen.insert(word))
        };
        twice(&[&self.yes, &self.no]) || twice(&[&self.male, &self.female, &self.other])
    }

    /// All that is said of a column, by whichever key.
    pub fn of(columns: &DeclaredColumns, table: &str, column: &str) -> Self {
        let keys = [format!("{table}.{column}"), format!("{table}.*"), "*".to_owned()];
        keys.iter().filter_map(|key| columns.get(key)).fold(Self::default(), |said, further| Self {
            dates: said.dates.or(further.dates),
            pivot: said.pivot.or(further.pivot),
            zone: said.zone.or(further.zone),
            decimal: said.decimal.or(further.decimal),
            yes: [said.yes, further.yes.clone()].concat(),
            no: [said.no, further.no.clone()].concat(),
            male: [said.male, further.male.clone()].concat(),
            female: [said.female, further.female.clone()].concat(),
            other: [said.other, further.other.clone()].concat(),
            nulls: [said.nulls, further.nulls.clone()].concat(),
            unreadable: said.unreadable.or(further.unreadable),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_the_column_itself_comes_first() {
        let said = |dates, nulls: &[&str]| Declared {
            dates,
            nulls: nulls.iter().map(|null| (*null).to_owned()).collect(),
            ..Declared::default()
        };
        let columns = DeclaredColumns::from([
            ("*".to_owned(), said(Some(Order::Dmy), &["-"])),
            ("t.*".to_owned(), said(None, &["?"])),
            ("t.a".to_owned(), said(Some(Order::Mdy), &[])),
        ]);
        assert_eq!(Declared::of(&columns, "t", "a"), said(Some(Order::Mdy), &["?", "-"]));
        assert_eq!(Declared::of(&columns, "t", "b"), said(Some(Order::Dmy), &["?", "-"]));
        assert_eq!(Declared::of(&columns, "u", "a"), said(Some(Order::Dmy), &["-"]));
    }
}
