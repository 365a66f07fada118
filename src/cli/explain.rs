//! `drydock explain`: everything about one record, values included, because a person asked for just this one.

use std::fmt::Write;

use clap::Args;
use serde_json::Value;

use super::Common;
use super::session::note_look;
use crate::entity::{self, Entity};
use crate::error::{Error, Kind, Result};
use crate::record::{LegacyId, TargetId};
use crate::staging::{Explanation, Fields, RawRow, Reader};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// profile, patient, practice, `practice_owner` or `practice_member`; with --target a table of the target
    #[arg(value_name = "ENTITY", required_unless_present = "target")]
    entity: Option<String>,
    /// The legacy id; with --target the row's uuid
    #[arg(value_name = "ID", allow_negative_numbers = true)]
    id: Option<String>,
    /// Explain the row of this target table instead: `--target patients UUID`
    #[arg(long, num_args = 2, value_names = ["TABLE", "UUID"], conflicts_with = "entity")]
    target: Option<Vec<String>>,
}

pub(super) fn run(common: &Common, arguments: &Arguments) -> Result<Option<Kind>> {
    let reader = Reader::open(&common.staging)?;
    let (entity, legacy_id) = match (&arguments.target, &arguments.entity, &arguments.id) {
        (Some(target), _, _) => by_target(&reader, target)?,
        (None, Some(entity), Some(id)) => by_legacy_id(entity, id)?,
        (None, _, _) => {
            return Err(Error::new(Kind::Usage, "explain needs an entity and a legacy id")
                .hint("such as `drydock explain profile 4711`"));
        }
    };
    let explanation = reader.explain(entity, legacy_id)?;
    if !explanation.is_known() {
        return Err(Error::precondition(format!(
            "the staging file knows no {} with legacy id {legacy_id}",
            entity.singular
        ))
        .hint(
            "the id is that of the legacy row; `drydock explain --target TABLE UUID` starts from the target",
        ));
    }
    common.print(&explanation, || text(entity, &explanation))?;
    drop(reader);
    note_look(common, "explain", &serde_json::json!({ "entity": entity.name, "legacy_id": legacy_id.0 }));
    Ok(None)
}

fn by_legacy_id(entity: &str, id: &str) -> Result<(&'static Entity, LegacyId)> {
    let found = entity::find(entity).ok_or_else(|| {
        let known: Vec<&str> = entity::ALL.iter().map(|entity| entity.singular).collect();
        Error::new(Kind::Usage, format!("there is no entity {entity}"))
            .hint(format!("the entities are {}", known.join(", ")))
    })?;
    let id = id.parse().map_err(|_| {
        Error::new(Kind::Usage, "a legacy id is an integer")
            .hint("such as `drydock explain profile 4711`; a uuid goes with --target TABLE")
    })?;
    Ok((found, id))
}

fn by_target(reader: &Reader, target: &[String]) -> Result<(&'static Entity, LegacyId)> {
    let [table, id] = target else {
        return Err(Error::new(Kind::Usage, "--target needs a table and a uuid")
            .hint("such as `drydock explain --target patients UUID`"));
    };
    let tables = entity::target_tables();
    // the entity's own name is understood too
    let table = entity::find(table).map_or(table.as_str(), |entity| entity.target_table);
    if !tables.contains(&table) {
        return Err(Error::new(Kind::Usage, format!("there is no target table {table}"))
            .hint(format!("the tables are {}", tables.join(", "))));
    }
    let id: TargetId = id.parse().map_err(|_| {
        Error::new(Kind::Usage, "the id of a target row is a uuid")
            .hint("such as `drydock explain --target patients UUID`")
    })?;
    let id = id.to_string();
    if let Some(found) = reader.find_by_target_id(table, &id)? {
        return Ok(found);
    }
    let fact = if reader.is_foreign(table, &id)? {
        format!("the row {id} of {table} is not of this migration: the survey saw it without a legacy id")
    } else {
        format!("the staging file knows no row {id} of {table}")
    };
    Err(Error::precondition(fact).hint("`drydock survey` looks at the target again"))
}

fn text(entity: &Entity, explanation: &Explanation) -> String {
    let mut text = format!("{} {}\n", entity.singular, explanation.legacy_id);
    for raw in &explanation.raw {
        let _ = writeln!(text, "\nraw row of {}{}", raw.table, place(raw));
        fields(&mut text, &raw.row);
    }
    list(&mut text, "rows that could not be read", &explanation.unreadable);
    heading(&mut text, "changes", explanation.changes.is_empty());
    for change in &explanation.changes {
        let _ = writeln!(
            text,
            "  {}: {} → {} by {}",
            shown(&change["field"]),
            quoted(&change["before"]),
            quoted(&change["after"]),
            shown(&change["rule"])
        );
    }
    heading(&mut text, "issues", explanation.issues.is_empty());
    for issue in &explanation.issues {
        let _ = writeln!(
            text,
            "  {} {} {} {} ({}): {}",
            shown(&issue["phase"]),
            shown(&issue["severity"]),
            shown(&issue["error_category"]),
            shown(&issue["error_code"]),
            shown(&issue["field"]),
            shown(&issue["error_message"])
        );
        if !issue["error_context"].is_null() {
            let _ = writeln!(text, "    {}", shown(&issue["error_context"]));
        }
        let _ = writeln!(
            text,
            "    {}, {}: {}",
            shown(&issue["resolution_strategy"]),
            shown(&issue["resolution_status"]),
            shown(&issue["suggested_resolution"])
        );
    }
    list(&mut text, "conflict about the address", &explanation.conflict);
    list(&mut text, "duplicates", &explanation.duplicates);
    list(&mut text, "association", explanation.association.as_slice());
    if explanation.created.is_some() {
        list(&mut text, "created", explanation.created.as_slice());
    }
    list(&mut text, "fate", explanation.fate.as_slice());
    list(&mut text, "target id", &explanation.target);
    if let Some(resolved) = &explanation.resolved {
        text.push_str("\nresolved row\n");
        fields(&mut text, resolved);
    }
    list(&mut text, "load", &explanation.loads);
    if explanation.gone.is_some() {
        list(&mut text, "gone from the source", explanation.gone.as_slice());
    }
    text.push_str("\nverification\n");
    let _ = match (&explanation.verified_at, explanation.differences.is_empty()) {
        (Some(moment), true) => writeln!(text, "  found as meant at {moment}"),
        (None, true) => {
            writeln!(text, "  no difference is known; the last verification did not pass or was not made")
        }
        (_, false) => writeln!(text, "  differs:"),
    };
    for difference in &explanation.differences {
        let _ = writeln!(text, "  {} {}", shown(&difference["kind"]), shown(&difference["field"]));
    }
    text
}

/// Where a raw row stood in its file; nothing for a server's.
fn place(raw: &RawRow) -> String {
    let mut place = raw.file.as_ref().map_or_else(String::new, |file| format!(" in {file}"));
    for (word, at) in [("line", raw.line), ("byte", raw.byte)] {
        if let Some(at) = at {
            let _ = write!(place, " {word} {at}");
        }
    }
    place
}

fn heading(text: &mut String, title: &str, is_empty: bool) {
    let _ = writeln!(text, "\n{title}{}", if is_empty { ": none" } else { "" });
}

/// Each row on a line, without what is null.
fn list(text: &mut String, title: &str, rows: &[Fields]) {
    heading(text, title, rows.is_empty());
    for row in rows {
        let parts: Vec<String> = row
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| format!("{name} {}", shown(value)))
            .collect();
        let _ = writeln!(text, "  {}", parts.join(", "));
    }
}

fn fields(text: &mut String, row: &Fields) {
    for (name, value) in row {
        let _ = writeln!(text, "  {name:<24}{}", quoted(value));
    }
}

/// A word or number as it is.
fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A record's value, such that '' is told from null and control characters do not reach the terminal.
fn quoted(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::String(text) => {
            format!("'{}'", text.escape_debug().to_string().replace("\\'", "'").replace("\\\"", "\""))
        }
        other => other.to_string(),
    }
}
