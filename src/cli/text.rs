//! What people read: the same figures as the JSON, in words. Never a record's value.

use std::fmt::Write;
use std::path::Path;

use crate::doctor::{Finding, Verdict};
use crate::record::Code;
use crate::staging::{Accounting, AssociationCount, ErrorAnalysis, Open};
use crate::status::Status;
use crate::{checkpoint, extract, load, rollback, survey, transform};

pub(super) use metrics::metrics;
pub(super) use verification::{status, verify};

mod metrics;
mod verification;

pub(super) fn extract(summary: &extract::Summary, staging: &Path) -> String {
    let mut text = format!("snapshot of {} in {}\n", summary.source, staging.display());
    if let Some(newer) = &summary.newer {
        let from =
            newer.renamed_from.as_ref().map_or_else(String::new, |from| format!("it was {from} before; "));
        let _ = writeln!(
            text,
            "  {from}of {} users {} say something else and {} are gone; {} came",
            newer.users, newer.changed, newer.gone, newer.added
        );
        if newer.somebody_else > 0 {
            let _ = writeln!(
                text,
                "  {} ids of users, patients or offices look like somebody else's now: each is a question (id_of_another)",
                newer.somebody_else
            );
        }
    }
    for table in &summary.tables {
        let _ = write!(text, "  {} {} rows", table.table, table.rows);
        if table.unreadable > 0 {
            let _ = write!(text, ", {} unreadable (see legacy_unreadable)", table.unreadable);
        }
        text.push('\n');
        if !table.excluded_columns.is_empty() {
            let _ = writeln!(text, "    left out: {}", table.excluded_columns.join(", "));
        }
        if !table.missing_columns.is_empty() {
            let _ = writeln!(text, "    without {}: their rules are off", table.missing_columns.join(", "));
        }
    }
    if !summary.missing_tables.is_empty() {
        let _ =
            writeln!(text, "  not there, so that their rules are off: {}", summary.missing_tables.join(", "));
    }
    for pattern in &summary.idle_exclusions {
        let _ = writeln!(text, "  source.exclude has {pattern}, which fits no table and no column");
    }
    for table in &summary.secret_tables {
        let _ =
            writeln!(text, "  {table} holds secrets and is left out; naming it in source.tables takes it");
    }
    for other in &summary.elsewhere {
        let rows = other.rows.map_or_else(String::new, |rows| format!(" with {rows} rows"));
        let _ =
            writeln!(text, "  schema {} has a table {}{rows}, which is not taken", other.schema, other.table);
    }
    text
}

/// Keys shown in a line; the JSON has more.
const KEYS_SHOWN: usize = 10;

pub(super) fn extract_check(report: &extract::Report) -> String {
    let mut text = format!("the snapshot of {} against {}\n", report.snapshot_of, report.source);
    for table in &report.tables {
        let verdict = if table.is_same() { "the same" } else { "differs" };
        let _ = writeln!(text, "  {} {verdict}: {} rows, now {}", table.table, table.rows, table.rows_now);
        for (what, keys) in [("changed", &table.changed), ("added", &table.added), ("gone", &table.gone)] {
            if keys.count > 0 {
                let shown: Vec<String> =
                    keys.first.iter().take(KEYS_SHOWN).map(ToString::to_string).collect();
                let more = if keys.count > shown.len() as u64 && !shown.is_empty() { ", …" } else { "" };
                let _ = writeln!(text, "    {} {what}: {}{more}", keys.count, shown.join(", "));
            }
        }
        if table.unreadable != table.unreadable_now {
            let _ = writeln!(text, "    unreadable rows: {}, now {}", table.unreadable, table.unreadable_now);
        }
        for (what, columns) in [("new", &table.columns_added), ("gone", &table.columns_gone)] {
            if !columns.is_empty() {
                let _ = writeln!(text, "    {what} columns: {}", columns.join(", "));
            }
        }
    }
    for (what, tables) in [("gone", &report.tables_gone), ("new", &report.tables_added)] {
        if !tables.is_empty() {
            let _ = writeln!(text, "  {what} tables: {}", tables.join(", "));
        }
    }
    text.push_str(if report.same {
        "the source still has what the file has\n"
    } else {
        "the source changed since; `drydock extract --replace` takes a fresh snapshot\n"
    });
    text
}

pub(super) fn doctor(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        let verdict = match finding.verdict {
            Verdict::Ok => "ok   ",
            Verdict::Note => "note ",
            Verdict::Wrong => "WRONG",
        };
        let _ = writeln!(text, "{verdict} {} {}: {}", finding.side, finding.subject, finding.found);
        if let Some(advice) = &finding.advice {
            let _ = writeln!(text, "      {advice}");
        }
    }
    let wrong = findings.iter().filter(|finding| finding.verdict == Verdict::Wrong).count();
    text + &match wrong {
        0 => "nothing stops the migration\n".to_owned(),
        1 => "1 thing stops the migration\n".to_owned(),
        wrong => format!("{wrong} things stop the migration\n"),
    }
}

pub(super) fn survey(summary: &survey::Summary) -> String {
    let mut text = format!("target {} (PostgreSQL {})\n", summary.target, summary.version);
    for (entity, rows) in &summary.existing {
        let nobody = summary.nobody.iter().find(|(known, _)| known == entity).map(|(_, rows)| *rows);
        let stands =
            nobody.map(|rows| format!(", {rows} of them stand for no legacy record")).unwrap_or_default();
        let _ = writeln!(text, "  {entity} {rows} rows already there{stands}");
    }
    let lost = &summary.lost;
    if lost.practices > 0 {
        let _ = writeln!(text, "  {} practices have no legacy id", lost.practices);
        if lost.without_snapshot {
            text.push_str(
                "    they are compared with the offices once extract is done: run survey again then\n",
            );
        } else {
            let _ = writeln!(
                text,
                "    {} found again by what they say of themselves, {} for review (see target_matches)",
                lost.found, lost.for_review
            );
        }
    }
    if summary.strangers.rows > 0 {
        let first: Vec<String> = summary
            .strangers
            .first
            .iter()
            .map(|(entity, id, field)| format!("{entity} {id} by {field}"))
            .collect();
        let _ = writeln!(
            text,
            "  {} rows say that they are somebody else than the record whose legacy id they have, such as {}\n    \
             a load makes them the record's: look at them (target_rows in the file) and correct their legacy ids first",
            summary.strangers.rows,
            first.join(", ")
        );
    }
    if !summary.problems.is_empty() {
        text.push_str("in the way of a load:\n");
        for problem in &summary.problems {
            let _ = writeln!(text, "  {problem}");
        }
    }
    text
}

pub(super) fn transform(summary: &transform::Summary) -> String {
    [
        accounting(&summary.accounting),
        open(&summary.open, Open::FIRST),
        associations(&summary.associations),
        error_analysis(Some(&summary.error_analysis)),
    ]
    .join("\n")
}

pub(super) fn load(summary: &load::Summary) -> String {
    let mut text = String::new();
    if summary.dry_run {
        text.push_str("a dry run: all of this was done and rolled back\n");
    }
    for receipt in &summary.receipts {
        let _ = writeln!(
            text,
            "{} {}: {} inserted, {} updated, {} unchanged",
            receipt.phase, receipt.entity, receipt.inserted, receipt.updated, receipt.unchanged
        );
    }
    if !summary.changed.is_empty() {
        let rows: Vec<String> =
            summary.changed.iter().map(|changed| format!("{} {}", changed.column, changed.rows)).collect();
        let _ = writeln!(
            text,
            "rows that stood there had other values, which a rollback gives back: {}",
            rows.join(", ")
        );
    }
    for count in &summary.refused {
        let ids: Vec<String> = count.legacy_ids.iter().map(ToString::to_string).collect();
        let more = if count.records > ids.len() as u64 { ", …" } else { "" };
        let _ = writeln!(
            text,
            "{} {}: {} refused, {} ({}; legacy id {}{more})",
            count.phase,
            count.entity,
            count.records,
            count.error_code,
            count.context,
            ids.join(", ")
        );
    }
    if summary.refused.iter().any(|count| count.error_code == Code::TargetTrigger.as_str()) {
        text.push_str("hint: with target.triggers = \"off\" no trigger fires for what is loaded\n");
    }
    for gone in &summary.gone {
        text += &gone_line(gone);
    }
    let is_settled = |entity: &str| summary.gone.iter().any(|gone| gone.entity == entity);
    for (entity, count) in summary.gone_from_source.iter().filter(|(entity, _)| !is_settled(entity)) {
        let _ = writeln!(
            text,
            "{entity}: {count} rows are no longer in the source (see v_gone_from_source); they were left alone"
        );
    }
    for (table, rows) in &summary.elsewhere {
        let _ = writeln!(
            text,
            "note: triggers or foreign keys wrote {rows} rows into {table}, which is not among the tables loaded: no undo takes them back"
        );
    }
    for (table, rows) in &summary.beside_records {
        let _ = writeln!(
            text,
            "note: triggers made or changed {rows} rows of {table} that stand for no legacy record: no undo takes that back"
        );
    }
    for (table, rows) in &summary.removed_by_triggers {
        let _ = writeln!(text, "note: triggers removed {rows} rows of {table}: no undo gives them back");
    }
    for sentence in &summary.seen_by {
        let _ = writeln!(text, "note: {sentence}");
    }
    text + "\n" + &accounting(&summary.accounting)
}

/// What was done about the rows of an entity whose record is gone.
fn gone_line(gone: &load::GoneCount) -> String {
    let mut done = match gone.policy {
        "remove" => format!("{} removed", gone.removed),
        _ => format!("{} switched off, {} were already", gone.deactivated, gone.already),
    };
    for (rows, why) in [
        (gone.of_others, "no load of this file made"),
        (gone.changed, "somebody changed since"),
        (gone.referenced, "others refer to"),
        (gone.kept, "the target keeps"),
    ] {
        if rows > 0 {
            let _ = write!(done, "; {rows} left that {why}");
        }
    }
    let by_whom = match gone.by_whom.as_slice() {
        [] => String::new(),
        some => format!(" ({})", some.join(", ")),
    };
    let which = if gone.is_merged {
        "whose records are merged into others"
    } else {
        "that are no longer in the source"
    };
    format!("{}: of the rows {which} {done}{by_whom}\n", gone.entity)
}

pub(super) fn checkpoint(summary: &checkpoint::Summary) -> String {
    format!(
        "checkpoint {} is in {}\n  validation of phase {}: {}\n  rollback: {} ({} rows removed, {} restored)\n",
        summary.checkpoint,
        summary.folder.display(),
        summary.validation.phase.as_str(),
        if summary.validation.passed { "passed" } else { "did not pass" },
        summary.rollback.result,
        summary.rollback.removed,
        summary.rollback.restored
    )
}

pub(super) fn rollback(summary: &rollback::Summary) -> String {
    let mut text = String::new();
    if summary.dry_run {
        text.push_str("a dry run: all of this was done and rolled back\n");
    }
    if summary.undone.is_empty() {
        text.push_str("nothing was written since; nothing is to be undone\n");
    }
    for run in &summary.undone {
        let phases: Vec<&str> = run.phases.iter().map(|phase| phase.as_str()).collect();
        let _ = writeln!(
            text,
            "run {} ({}): {} rows removed, {} rows restored, {} left",
            run.run_id,
            phases.join(", "),
            run.removed,
            run.restored,
            run.left.len()
        );
        for left in &run.left {
            let legacy_id = left.legacy_id.map_or_else(String::new, |id| format!(" (legacy id {id})"));
            let by = left.referenced_by.as_ref().map_or_else(String::new, |by| format!(" by {by}"));
            let _ = writeln!(
                text,
                "  {} {}{legacy_id}, {}: {} since{by}",
                left.table, left.id, left.was, left.why
            );
        }
    }
    if summary.digest_before.is_some() {
        let _ = match (summary.is_as_before(), summary.left(), summary.of_others) {
            (true, ..) => writeln!(text, "the tables are what they were before: their digest is the same"),
            (_, 0, _) if summary.of_triggers() > 0 => writeln!(
                text,
                "every row that was loaded is what it was before; {} rows that stand for no legacy record and that triggers made or \
                 changed meanwhile are left as they are",
                summary.of_triggers()
            ),
            (_, 0, 0) if !summary.altered.is_empty() => writeln!(
                text,
                "every row that was touched is what it was before, in the columns that there were; altered since: {}",
                summary.altered.join(", ")
            ),
            (_, 0, 0) if summary.is_exact() => writeln!(
                text,
                "every row that was touched is what it was before; the target's triggers wrote columns of their own, or \
                 somebody removed rows since"
            ),
            (_, 0, 0) => writeln!(text, "the tables are not what they were before, and no row says why"),
            (_, 0, rows) => writeln!(
                text,
                "every row that was touched is what it was before; {rows} rows that others wrote since are as they were"
            ),
            (_, left, _) => writeln!(text, "the tables are not what they were before: {left} rows were left"),
        };
    }
    for (table, rows) in &summary.elsewhere {
        let _ = writeln!(
            text,
            "note: triggers or foreign keys wrote or removed {rows} rows of {table} meanwhile, which is not among the tables loaded: \
             nothing gives them back"
        );
    }
    text
}

pub(super) fn run(status: &Status, loaded: &load::Summary, verified: &crate::verify::Summary) -> String {
    let open = status.figures.open.as_ref().map(|open| self::open(open, Open::FIRST));
    [load(loaded), associations(&status.figures.associations), verify(verified), open.unwrap_or_default()]
        .join("\n")
}

/// What is open: the first numbers of [`Open::WORDS`].
pub(super) fn open(open: &Open, numbers: usize) -> String {
    let numbers = Open::WORDS.iter().zip(open.numbers()).take(numbers);
    numbers.fold("what is open\n".to_owned(), |mut text, ((_, words), number)| {
        let _ = writeln!(text, "  {words:<54}{number:>7}");
        text
    })
}

pub(super) fn accounting(lines: &[Accounting]) -> String {
    lines.iter().fold(String::new(), |text, line| text + &line.line() + "\n")
}

pub(super) fn error_analysis(analysis: Option<&ErrorAnalysis>) -> String {
    let Some(analysis) = analysis else { return String::new() };
    let rows = [
        ("total_errors", analysis.total_errors),
        ("email_conflicts", analysis.email_conflicts),
        ("validation_failures", analysis.validation_failures),
        ("constraint_violations", analysis.constraint_violations),
        ("schema_mismatches", analysis.schema_mismatches),
        ("resolvable_errors", analysis.resolvable_errors),
        ("manual_intervention_required", analysis.manual_intervention_required),
    ];
    rows.iter().fold(
        "phase 2A error analysis (issues of profiles, settled ones included)\n".to_owned(),
        |mut text, (name, count)| {
            let _ = writeln!(text, "  {name:<30}{count:>7}");
            text
        },
    )
}

pub(super) fn associations(counts: &[AssociationCount]) -> String {
    if counts.is_empty() {
        return String::new();
    }
    counts.iter().fold(
        "associations by method and confidence (records; those for review are in v_review)\n".to_owned(),
        |mut text, count| {
            let review = if count.requires_manual_review { "  for review" } else { "" };
            let _ = writeln!(
                text,
                "  {:<9}{:<18}{:<7}{:>7}{review}",
                count.entity, count.association_method, count.confidence_level, count.records
            );
            text
        },
    )
}
