//! What the platform's API lets its two roles see of the tables that were loaded: rows that nobody sees look lost to the
//! application, and rows that everybody sees are patients'.

use super::{Target, failed};
use crate::error::Result;

const VISIBLE: &str = include_str!("../../sql/load/visible.sql");

/// The role of whoever has the public key of the API.
const ANONYMOUS: &str = "anon";

/// What a role sees of a table.
struct Sight {
    table: String,
    role: String,
    has_row_security: bool,
    may_select: bool,
    policies: i64,
}

impl Target {
    /// Who sees the tables' rows through the API, each a sentence; nothing where the platform's roles are not there.
    pub fn seen_by(&mut self) -> Result<Vec<String>> {
        let names = self.names.clone();
        let rows = self
            .client
            .query(VISIBLE, &[&self.schema, &names.tables()])
            .map_err(|cause| failed("asking who sees the rows", &cause))?;
        let sights: Vec<Sight> = rows
            .iter()
            .map(|row| Sight {
                table: row.get(0),
                role: row.get(1),
                has_row_security: row.get(2),
                may_select: row.get(3),
                policies: row.get(4),
            })
            .collect();
        Ok(told(&sights))
    }
}

fn told(sights: &[Sight]) -> Vec<String> {
    let tables = |is_so: &dyn Fn(&Sight) -> bool| {
        let named: Vec<&str> =
            sights.iter().filter(|sight| is_so(sight)).map(|sight| sight.table.as_str()).collect();
        (!named.is_empty()).then(|| named.join(", "))
    };
    let is_open = |sight: &Sight| sight.may_select && !sight.has_row_security;
    let has_policy = |sight: &Sight| sight.may_select && sight.has_row_security && sight.policies > 0;
    let is_hidden = |sight: &Sight| !sight.may_select || (sight.has_row_security && sight.policies == 0);
    let signed_in = |sight: &Sight| sight.role != ANONYMOUS;
    [
        tables(&|sight| is_open(sight) && !signed_in(sight)).map(|named| {
            format!(
                "everybody with the API's public key (role anon) sees every row of {named}: row level security is off there; \
                 alter table … enable row level security"
            )
        }),
        tables(&|sight| has_policy(sight) && !signed_in(sight)).map(|named| {
            format!("policies decide which rows of {named} everybody with the API's public key (role anon) sees")
        }),
        tables(&|sight| is_open(sight) && signed_in(sight))
            .map(|named| format!("every user who is signed in (role authenticated) sees every row of {named}")),
        tables(&|sight| has_policy(sight) && signed_in(sight))
            .map(|named| format!("policies decide which rows of {named} a user who is signed in sees")),
        tables(&|sight| is_hidden(sight) && signed_in(sight)).map(|named| {
            format!(
                "a user who is signed in (role authenticated) sees no row of {named}: a policy or a grant for reading is missing, \
                 unless the application reads as another role"
            )
        }),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sight(table: &str, role: &str, has_row_security: bool, policies: i64) -> Sight {
        Sight { table: table.to_owned(), role: role.to_owned(), has_row_security, may_select: true, policies }
    }

    #[test]
    fn each_table_is_told_for_what_it_is() {
        let both = |table: &str, on, policies| {
            ["anon", "authenticated"].map(|role| sight(table, role, on, policies))
        };
        let sights = [("practices", false, 0), ("profiles", true, 2), ("patients", true, 0)];
        let sights: Vec<Sight> =
            sights.into_iter().flat_map(|(table, on, policies)| both(table, on, policies)).collect();
        let told = told(&sights);
        let words: Vec<&str> =
            told.iter().map(|sentence| sentence.split(':').next().unwrap_or_default()).collect();
        assert_eq!(
            words,
            [
                "everybody with the API's public key (role anon) sees every row of practices",
                "policies decide which rows of profiles everybody with the API's public key (role anon) sees",
                "every user who is signed in (role authenticated) sees every row of practices",
                "policies decide which rows of profiles a user who is signed in sees",
                "a user who is signed in (role authenticated) sees no row of patients",
            ]
        );
        assert!(super::told(&[]).is_empty());
    }
}
