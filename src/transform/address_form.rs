//! The form of an address that a CHECK constraint of the target demands, where it can be told from the constraint: an address of
//! another form would be refused with its profile, and everything that hangs on it. Pure.

use regex::{Regex, RegexBuilder};

use crate::entity::catalog::{Catalog, CatalogKey};
use crate::entity::profiles;

/// What the constraints demand.
#[derive(Debug, Default)]
pub(super) struct AddressForm(Vec<(String, Regex)>);

impl AddressForm {
    /// From the surveyed catalog.
    pub(super) fn new(catalog: &Catalog) -> Self {
        let of_address = |key: &&CatalogKey| {
            key.table == profiles::ENTITY.target_table && key.kind == "c" && key.columns == ["email"]
        };
        let demanded = catalog.keys.iter().filter(of_address);
        Self(demanded.filter_map(|key| Some((key.name.clone(), pattern(&key.definition)?))).collect())
    }

    /// The constraint that an address contradicts.
    pub(super) fn refusing(&self, address: &str) -> Option<&str> {
        self.0.iter().find(|(_, form)| !form.is_match(address)).map(|(name, _)| name.as_str())
    }
}

/// The pattern of a constraint that says nothing else than that the column is like it: `CHECK ((email ~ '…'::text))`.
fn pattern(definition: &str) -> Option<Regex> {
    let (before, rest) = definition.strip_prefix("CHECK (")?.split_once(" ~")?;
    let (ignores_case, rest) = match rest.strip_prefix('*') {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    let (quoted, after) = rest.strip_prefix(" '")?.rsplit_once('\'')?;
    let is_nothing_else = |text: &str, known: &[&str]| {
        let mut text = text.replace(['(', ')', ' '], "");
        for word in known {
            text = text.replace(word, "");
        }
        text.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '"'))
    };
    let before = before.rsplit_once(" IS NULL) OR ").map_or(before, |(_, column)| column);
    let is_simple = is_nothing_else(before, &["::text", "::citext", "lower"])
        && after.replace("::text", "").chars().all(|letter| letter == ')')
        && !quoted.replace("''", "").contains('\'');
    if !is_simple {
        return None;
    }
    RegexBuilder::new(&quoted.replace("''", "'")).case_insensitive(ignores_case).build().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_says_nothing_else_is_understood() {
        let usual = r"'^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}$'::text";
        for definition in [
            format!("CHECK ((email ~ {usual}))"),
            format!("CHECK (((email IS NULL) OR (email ~* {usual})))"),
            format!("CHECK (((\"E-Mail\")::text ~ {usual}))").replace("E-Mail", "mail"),
            format!("CHECK ((lower(email) ~ {usual}))"),
        ] {
            let form = pattern(&definition).unwrap_or_else(|| panic!("{definition}"));
            assert!(form.is_match("ann.lee.7@migrated.local") && !form.is_match("o'neil@harbour.example"));
        }
        for definition in [
            "CHECK ((email <> ''::text))",
            "CHECK (((email ~ 'a'::text) AND (email ~ 'b'::text)))",
            "CHECK ((email !~ 'a'::text))",
            "CHECK ((email ~ '\\ma'::text))",
            "CHECK (((email ~ 'a'::text) OR (role = 'x'::text)))",
        ] {
            assert!(pattern(definition).is_none(), "{definition}");
        }
    }
}
