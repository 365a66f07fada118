//! An entry for every kind of issue, every kind of error and every check: what it means, how to look at the records in the
//! file, what to do. `drydock help CODE` prints it. What an issue's entry says is the issue's own ([`Code`]).

use crate::error::Kind;
use crate::record::Code;
use crate::verify;

/// What there is to say about one code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The or the question's code, or the error's word.
    pub code: &'static str,
    /// What it means.
    pub means: String,
    /// A query for the staging file; '' where none helps.
    pub look: String,
    /// What to do.
    pub todo: String,
    /// The command to type next.
    pub command: String,
}

/// Where an error of a run comes from, and what the operator does next.
struct ErrorEntry {
    kind: Kind,
    means: &'static str,
    look: &'static str,
    todo: &'static str,
    command: &'static str,
}

/// One per kind of error.
const ERRORS: &[ErrorEntry] = &[
    ErrorEntry {
        kind: Kind::Internal,
        means: "a defect in drydock (exit code 1); nothing half-done counts as done",
        look: "select run_id, verb, started_at, outcome from runs order by run_id desc limit 5",
        todo: "report the place that the message names; run the same command again, which starts where it can",
        command: "drydock doctor --json",
    },
    ErrorEntry {
        kind: Kind::Usage,
        means: "the command line is wrong (exit code 2); nothing was done",
        look: "",
        todo: "read `drydock help` or `drydock help VERB`",
        command: "drydock help",
    },
    ErrorEntry {
        kind: Kind::Precondition,
        means: "a step has to come first, a gate is not approved, or the file belongs to another source, target or configuration \
                (exit code 3); nothing was done",
        look: "select name, value from facts where name like '%_completed_at' or name like '%_identity'",
        todo: "do what the hint says: the step that is missing, the right --staging file, or the file's own configuration",
        command: "drydock status",
    },
    ErrorEntry {
        kind: Kind::Legacy,
        means: "the legacy database cannot be reached or read, or its dump is not what it should be (exit code 4); the snapshot \
                is not complete",
        look: "select table_name, rows, unreadable from legacy_tables order by position",
        todo: "fix what the message names (address, password, a missing table or column, a file) and run extract again",
        command: "drydock doctor --csv FOLDER",
    },
    ErrorEntry {
        kind: Kind::Target,
        means: "the target cannot be reached, cannot take the records, or refused a statement (exit code 5); what was committed \
                has its receipt",
        look: "select phase, entity, rows, inserted, updated, loaded_at from receipts order by receipt_id",
        todo: "fix what the message names; after a change of the target's tables run survey and transform again; a load goes on \
               where it stopped",
        command: "drydock doctor",
    },
    ErrorEntry {
        kind: Kind::Records,
        means: "the step is done, but more records are rejected or quarantined than the configuration allows (exit code 6)",
        look: "select entity, fate, error_codes, count(*) from v_waiting group by 1, 2, 3",
        todo: "resolve them at the source or by a decision, or allow that many with policy.allowed_rejects",
        command: "drydock review page --out review.html",
    },
    ErrorEntry {
        kind: Kind::Verification,
        means: "the verification is done and found differences or a check that does not hold (exit code 7)",
        look: "select name, sentence, wrong from checks where wrong > 0; select * from differences limit 20; \
               select * from findings where not is_exception limit 20",
        todo: "find out who changed the target since the load; a load writes the file's values again where they differ, and a \
               second verify proves it",
        command: "drydock report --out report.html",
    },
    ErrorEntry {
        kind: Kind::Staging,
        means: "the staging file cannot be used: not one, damaged, of another version, in use, or the disk is full (exit code 8)",
        look: "pragma integrity_check",
        todo: "give the right file with --staging, wait for the other command, make room, or use a copy from before the damage",
        command: "drydock status --staging FILE",
    },
    ErrorEntry {
        kind: Kind::Interrupted,
        means: "Ctrl-C or a termination signal (exit code 130); the file and the target are as after the last transaction",
        look: "select name, value from facts where name like '%_completed_at'",
        todo: "run the same command again: it starts where it can",
        command: "drydock status",
    },
];

/// Codes of questions that are no issues: what is asked, and why.
const QUESTIONS: &[(&str, &str, &str, &str)] = &[
    (
        "possible_duplicate",
        "two users may be one person: what their fields say about it weighs too much to leave alone and too little to be sure",
        "select legacy_id, other_legacy_id, band, score, weight, look_value from v_duplicates where entity = 'profiles' \
         and verdict = 'linked' and band <> 'low' order by look_value is null, look_value desc",
        "compare the two, then answer merge or not_a_duplicate; nobody is merged without an answer or policy.duplicates",
    ),
    (
        "record_changed",
        "a record says something else since somebody decided about it: the decision holds, and is asked again",
        "select decision_id, entity, legacy_id, question, action, decided_by, decided_at from v_decisions where state = 'changed'",
        "answer as before, or otherwise: the new answer takes the place of the old one",
    ),
];

/// Checks that are no query: what each proves, and where the file says what contradicts it.
const CHECKS: &[(&str, &str, &str)] = &[
    (
        "contents",
        "every ready record of the entity is in the target under its id with every field as meant, and no other is",
        "select entity, legacy_id, field, kind from differences order by 1, 2, 3",
    ),
    (
        "totals",
        "the plan's totals: as many in the target as in the file",
        "select name, expected, found from checks where expected is not found",
    ),
    (
        verify::SNAPSHOT.0,
        verify::SNAPSHOT.1,
        "select name, side, rows, digest from proofs where part = 'raw' and not is_equal",
    ),
    (
        verify::RECEIPTS.0,
        verify::RECEIPTS.1,
        "select entity, field from findings where name = 'receipts_agree'",
    ),
    (
        verify::DIGESTS.0,
        verify::DIGESTS.1,
        "select name, side, rows, digest from proofs where part = 'ready' and not is_equal",
    ),
    (
        verify::GUARDS.0,
        verify::GUARDS.1,
        "select entity, field from findings where name = 'guards_are_as_surveyed'",
    ),
    (
        verify::UNDO.0,
        verify::UNDO.1,
        "select entity, field from findings where name = 'receipts_are_as_left'",
    ),
    (
        verify::GONE.0,
        verify::GONE.1,
        "select entity, legacy_id, field, is_exception from findings where name = 'gone_rows_are_settled'",
    ),
    (
        "source_is_as_taken",
        "nothing changed in the legacy data since the snapshot",
        "select entity, legacy_id, field from findings where name = 'source_is_as_taken'",
    ),
];

/// The entry of a check, by the name that `verify` prints.
fn find_check(name: &str) -> Option<Entry> {
    if let Some((code, sentence)) = verify::check_named(name) {
        let look =
            format!("select entity, legacy_id, field, is_exception from findings where name = '{code}'");
        return Some(check_entry(code, &sentence, look));
    }
    let is_total = name.starts_with("total_") || name.ends_with("_links") || name.contains("_with_");
    let group = match name {
        "distinct_emails" => "totals",
        name if name.starts_with("contents_") => "contents",
        _ if is_total => "totals",
        name => name,
    };
    let (code, means, look) = CHECKS.iter().find(|(code, _, _)| *code == group)?;
    Some(check_entry(code, means, (*look).to_owned()))
}

fn check_entry(code: &'static str, means: &str, look: String) -> Entry {
    Entry {
        code,
        means: format!("a check of the verification: {means}"),
        look,
        todo: CHECK_TODO.to_owned(),
        command: "drydock verify".to_owned(),
    }
}

/// What to do when a check does not hold.
const CHECK_TODO: &str = "verify names the first rows, and the report more. Where the target is wrong, find out who changed it since the load; a load writes the file's values again \
                          where they differ, and a second verify proves it. Where the file is wrong, go back to a checkpoint's copy. \
                          An exception is what the legacy database itself says: a person judges it";

/// The entry of an issue's code, of an error's word, or of a check.
pub fn find(code: &str) -> Option<Entry> {
    let code = code.trim().to_lowercase().replace('-', "_");
    if let Some(error) =
        ERRORS.iter().find(|error| error.kind.as_str() == code || error.kind.code().to_string() == code)
    {
        return Some(Entry {
            code: error.kind.as_str(),
            means: error.means.to_owned(),
            look: error.look.to_owned(),
            todo: error.todo.to_owned(),
            command: error.command.to_owned(),
        });
    }
    if let Some((code, means, look, todo)) = QUESTIONS.iter().find(|(known, ..)| *known == code) {
        return Some(Entry {
            code,
            means: format!("a question for a person: {means}"),
            look: (*look).to_owned(),
            todo: (*todo).to_owned(),
            command: "drydock review page --out review.html".to_owned(),
        });
    }
    let Some(known) = Code::ALL.iter().find(|known| known.as_str() == code) else { return find_check(&code) };
    let strategy = if known.is_automatic() { "a rule has settled it" } else { "it waits for a person" };
    let todo = [known.resolution(), known.advice()].into_iter().filter(|part| !part.is_empty());
    Some(Entry {
        code: known.as_str(),
        means: format!(
            "{} ({}, {} severity; {strategy})",
            known.message(),
            known.category().as_str(),
            known.severity().as_str()
        ),
        look: if *known == Code::RowUnreadable {
            "select table_name, reason, file, line, legacy_id from legacy_unreadable".to_owned()
        } else {
            format!(
                "select entity, entity_id, field, error_context, resolution_status from migration_errors \
                 where error_code = '{code}' order by entity, entity_id"
            )
        },
        todo: todo.collect::<Vec<_>>().join("; "),
        command: format!("drydock errors --code {}", known.as_str()),
    })
}

/// Every code that has an entry: errors first, in the order of their exit codes, then issues and questions.
pub fn codes() -> impl Iterator<Item = &'static str> {
    let errors = ERRORS.iter().map(|error| error.kind.as_str());
    errors.chain(Code::ALL.iter().map(|code| code.as_str())).chain(QUESTIONS.iter().map(|(code, ..)| *code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_error_has_an_entry() {
        let kinds: Vec<u8> = ERRORS.iter().map(|error| error.kind.code()).collect();
        assert_eq!(kinds, Kind::ALL.map(Kind::code));
    }

    #[test]
    fn every_entry_says_what_to_do() {
        for code in codes() {
            let entry = find(code).unwrap();
            assert_eq!(entry.code, code);
            assert!(!entry.means.is_empty() && !entry.todo.is_empty(), "{code}");
            assert!(entry.command.starts_with("drydock "), "{code}");
        }
        assert!(find("no_such_code").is_none());
        assert_eq!(find("7").map(|entry| entry.code), Some("verification"));
    }
}
