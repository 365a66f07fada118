//! The checks that are queries: each file in `sql/verify/` counts rows that are wrong, and its first line is the sentence
//! that it proves.

use crate::error::Result;
use crate::staging::Check;
use crate::target::Target;

/// A check's level, name and query.
const QUERIES: &[(&str, &str, &str)] = &[
    (
        "entity",
        "profiles_have_an_email_form",
        include_str!("../../sql/verify/profiles_have_an_email_form.sql"),
    ),
    ("entity", "legacy_ids_are_unique", include_str!("../../sql/verify/legacy_ids_are_unique.sql")),
    (
        "relationship",
        "patients_have_their_profile",
        include_str!("../../sql/verify/patients_have_their_profile.sql"),
    ),
    (
        "relationship",
        "patients_have_a_real_practice",
        include_str!("../../sql/verify/patients_have_a_real_practice.sql"),
    ),
    (
        "relationship",
        "patients_have_a_real_provider",
        include_str!("../../sql/verify/patients_have_a_real_provider.sql"),
    ),
    (
        "relationship",
        "profiles_have_a_real_practice",
        include_str!("../../sql/verify/profiles_have_a_real_practice.sql"),
    ),
    ("relationship", "members_have_both_ends", include_str!("../../sql/verify/members_have_both_ends.sql")),
];

/// The plan's totals, counted over rows of this migration.
const TOTALS: &str = include_str!("../../sql/verify/totals.sql");

/// Runs every check that counts wrong rows.
pub fn wrong_rows(target: &mut Target) -> Result<Vec<Check>> {
    QUERIES
        .iter()
        .map(|(level, name, sql)| {
            let wrong = target.count(&format!("checking {name}"), sql)?;
            Ok(Check {
                level: (*level).to_owned(),
                name: (*name).to_owned(),
                sentence: sentence(sql),
                expected: None,
                found: None,
                wrong,
            })
        })
        .collect()
}

/// Compares the plan's totals by name with what the file expects. Where the target still holds records that are gone from
/// the source, totals cannot be equal and prove nothing; the contents are judged by record all the same.
pub fn totals(target: &mut Target, expected: &[(String, u64)], gone: u64) -> Result<Vec<Check>> {
    let found = target.counts("counting the totals", TOTALS)?;
    Ok(expected
        .iter()
        .map(|(name, expected)| {
            let found = found.iter().find(|(known, _)| known == name).map(|(_, found)| *found);
            let is_right = found == Some(*expected) || gone > 0;
            Check {
                level: "validation".to_owned(),
                name: name.clone(),
                sentence: format!("{} in the target are as many as in the file", name.replace('_', " ")),
                expected: Some(*expected),
                found,
                wrong: u64::from(!is_right),
            }
        })
        .collect())
}

fn sentence(sql: &str) -> String {
    sql.lines().next().unwrap_or_default().trim_start_matches("--").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_query_file_is_run_and_starts_with_its_sentence() {
        let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("sql/verify");
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "sql") {
                let sql = std::fs::read_to_string(&path).unwrap();
                assert!(
                    sql == TOTALS || QUERIES.iter().any(|(_, _, known)| *known == sql),
                    "{}",
                    path.display()
                );
                assert!(sql.starts_with("-- ") && !sentence(&sql).is_empty(), "{}", path.display());
            }
        }
    }
}
