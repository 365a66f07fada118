//! What changed in the legacy data since the snapshot was taken: tables and keys, never a value. The target may be what the
//! snapshot meant and yet be behind the application that people go on working with.

use crate::config::Config;
use crate::error::Result;
use crate::extract::{self, Report};
use crate::legacy::Source;
use crate::progress::Progress;
use crate::staging::{Check, Finding, Level, Staging};

/// The legacy data as they are now.
pub struct Live<'a> {
    /// Where they are.
    pub source: Box<dyn Source>,
    /// What of them is taken.
    pub config: &'a Config,
}

/// Reads the legacy data and compares them with the snapshot.
pub fn compare(staging: &Staging, live: Live<'_>, progress: Progress) -> Result<Report> {
    staging.set_progress("verify: the source", 0, None)?;
    extract::compare(staging, live.source, live.config, progress)
}

/// The check that nothing changed there, with every change that the comparison names.
pub fn check(report: &Report, findings: &mut Vec<Finding>) -> Check {
    const NAME: &str = "source_is_as_taken";
    let sentence = format!("nothing changed in the legacy data since the snapshot of {}", report.snapshot_of);
    let mut check = Check::of(Level::System, NAME, sentence);
    let mut note = |legacy_id: Option<i64>, table: &str, what: &str| {
        let (entity, field) = (table.to_owned(), what.to_owned());
        findings.push(Finding { name: NAME, entity, legacy_id, field, is_exception: false });
    };
    for table in &report.tables {
        for (what, keys) in [("changed", &table.changed), ("added", &table.added), ("gone", &table.gone)] {
            check.wrong += keys.count;
            for key in &keys.first {
                note(Some(*key), &table.table, what);
            }
        }
        for (what, columns) in [("column added", &table.columns_added), ("column gone", &table.columns_gone)]
        {
            check.wrong += columns.len() as u64;
            for column in columns {
                note(None, &table.table, &format!("{what}: {column}"));
            }
        }
        if table.unreadable != table.unreadable_now {
            check.wrong += 1;
            note(None, &table.table, "unreadable rows");
        }
    }
    for (what, tables) in [("table gone", &report.tables_gone), ("table added", &report.tables_added)] {
        check.wrong += tables.len() as u64;
        for table in tables {
            note(None, table, what);
        }
    }
    check
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::staging::{Comparison, Keys};

    #[test]
    fn every_change_is_counted_and_the_first_are_named() {
        let table = Comparison {
            table: "auth_user".to_owned(),
            changed: Keys { count: 2_000, first: vec![7, 9] },
            gone: Keys { count: 1, first: vec![11] },
            columns_added: vec!["phone".to_owned()],
            unreadable_now: 1,
            ..Comparison::default()
        };
        let report = Report {
            source: String::new(),
            snapshot_of: "2025-07-01T10:00:00Z".to_owned(),
            same: false,
            tables: vec![table, Comparison::default()],
            tables_gone: vec!["auth_group".to_owned()],
            tables_added: Vec::new(),
        };
        let mut findings = Vec::new();
        assert_eq!(check(&report, &mut findings).wrong, 2_000 + 1 + 1 + 1 + 1);
        let found: Vec<_> = findings
            .iter()
            .map(|finding| (finding.entity.as_str(), finding.legacy_id, finding.field.as_str()))
            .collect();
        assert_eq!(
            found,
            [
                ("auth_user", Some(7), "changed"),
                ("auth_user", Some(9), "changed"),
                ("auth_user", Some(11), "gone"),
                ("auth_user", None, "column added: phone"),
                ("auth_user", None, "unreadable rows"),
                ("auth_group", None, "table gone"),
            ]
        );
    }
}
