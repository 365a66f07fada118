//! `drydock errors`: lists issues without values, as text, CSV or JSON.

use std::io::Write;

use clap::Args;

use super::Common;
use crate::entity;
use crate::error::{Error, Kind, Result};
use crate::output;
use crate::record::{Code, LegacyId, Phase};
use crate::review::cell::protected;
use crate::staging::{ErrorFilter, ErrorRow, Reader};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Issues of this category only
    #[arg(long, value_parser = ["email_conflict", "validation_failure", "constraint_violation", "schema_mismatch"])]
    category: Option<String>,
    /// Issues of this severity only
    #[arg(long, value_parser = ["critical", "high", "medium", "low"])]
    severity: Option<String>,
    /// Issues of this phase only
    #[arg(long, value_parser = Phase::ALL.map(Phase::as_str), ignore_case = true)]
    phase: Option<String>,
    /// Issues of this entity only: profiles, patient, …
    #[arg(long)]
    entity: Option<String>,
    /// Issues with this resolution status only
    #[arg(long, value_parser = ["pending", "in_progress", "resolved", "escalated", "failed"])]
    status: Option<String>,
    /// Issues with this code only, such as `email_shared`
    #[arg(long)]
    code: Option<String>,
    /// Issues of the record with this legacy id only
    #[arg(long, value_name = "LEGACY_ID")]
    id: Option<i64>,
    /// Print CSV
    #[arg(long, conflicts_with = "json")]
    csv: bool,
}

pub(super) fn run(common: &Common, arguments: &Arguments) -> Result<Option<Kind>> {
    let filter = arguments.filter()?;
    let reader = Reader::open(&common.staging)?;
    if common.json {
        let mut errors = Vec::new();
        reader.for_errors(&filter, |error| {
            errors.push(error);
            Ok(())
        })?;
        common.print(&serde_json::json!({ "errors": errors }), String::new)?;
        return Ok(None);
    }
    // whoever reads the list may take hours over it, and nobody can write to the file as long as it is being read
    let mut list = Vec::new();
    if arguments.csv {
        write_csv(&reader, &filter, &mut list)?;
    } else {
        write_text(&reader, &filter, &mut list)?;
    }
    drop(reader);
    common.write(&String::from_utf8_lossy(&list))?;
    Ok(None)
}

impl Arguments {
    fn filter(&self) -> Result<ErrorFilter> {
        let entity = self
            .entity
            .as_deref()
            .map(|name| {
                let known: Vec<&str> = entity::ALL.iter().map(|entity| entity.name).collect();
                entity::find(name).map(|entity| entity.name.to_owned()).ok_or_else(|| {
                    Error::new(Kind::Usage, format!("there is no entity {name}"))
                        .hint(format!("the entities are {}", known.join(", ")))
                })
            })
            .transpose()?;
        if let Some(code) = &self.code
            && !Code::ALL.iter().any(|known| known.as_str() == code)
        {
            return Err(Error::new(Kind::Usage, format!("there is no error code {code}"))
                .hint("`drydock errors --csv` shows the codes in use"));
        }
        Ok(ErrorFilter {
            category: self.category.clone(),
            severity: self.severity.clone(),
            phase: self.phase.as_ref().map(|phase| phase.to_uppercase()),
            entity,
            status: self.status.clone(),
            code: self.code.clone(),
            legacy_id: self.id.map(LegacyId),
        })
    }
}

fn write_csv(reader: &Reader, filter: &ErrorFilter, out: impl Write) -> Result<()> {
    let mut writer = csv::WriterBuilder::new().has_headers(true).from_writer(out);
    let mut rows = 0;
    reader.for_errors(filter, |error| {
        rows += 1;
        writer.serialize(protected_row(error)).map_err(|cause| refused(cause.into()))
    })?;
    if rows == 0 {
        // without a row the writer has seen no names
        writer.write_record(HEADER).map_err(|cause| refused(cause.into()))?;
    }
    writer.flush().map_err(refused)
}

/// A row of which a spreadsheet computes nothing.
fn protected_row(mut row: ErrorRow) -> ErrorRow {
    for text in [
        &mut row.phase,
        &mut row.severity,
        &mut row.entity_type,
        &mut row.entity,
        &mut row.error_code,
        &mut row.error_category,
        &mut row.field,
        &mut row.error_message,
        &mut row.suggested_resolution,
        &mut row.resolution_strategy,
        &mut row.resolution_status,
        &mut row.created_at,
    ] {
        *text = protected(text);
    }
    for text in [&mut row.resolved_at, &mut row.place].into_iter().flatten() {
        *text = protected(text);
    }
    row
}

/// The header of a list without rows; a test compares it with that of a row.
const HEADER: [&str; 18] = [
    "error_id",
    "phase",
    "severity",
    "entity_type",
    "entity",
    "entity_id",
    "error_code",
    "error_category",
    "field",
    "error_message",
    "suggested_resolution",
    "resolution_strategy",
    "resolution_status",
    "batch_id",
    "retry_count",
    "created_at",
    "resolved_at",
    "place",
];

fn write_text(reader: &Reader, filter: &ErrorFilter, mut out: impl Write) -> Result<()> {
    let (mut by_a_rule, mut for_a_person, mut decided) = (0u64, 0u64, 0u64);
    reader.for_errors(filter, |error| {
        *match (error.resolution_strategy.as_str(), error.resolution_status.as_str()) {
            ("automatic", _) => &mut by_a_rule,
            (_, "pending" | "escalated") => &mut for_a_person,
            _ => &mut decided,
        } += 1;
        line(&mut out, &error).map_err(refused)
    })?;
    let count = by_a_rule + for_a_person + decided;
    let noun = if count == 1 { "issue" } else { "issues" };
    writeln!(
        out,
        "{count} {noun}: {by_a_rule} settled by a rule, {for_a_person} for a person, {decided} decided by a person"
    )
    .map_err(refused)
}

fn line(out: &mut impl Write, error: &ErrorRow) -> std::io::Result<()> {
    writeln!(
        out,
        "{} {:<8} {:<20} {} {} {:<14} {:<22} {}: {}{}",
        error.phase,
        error.severity,
        error.error_category,
        error.entity,
        error.entity_id.map_or_else(|| "(no key)".to_owned(), |id| id.to_string()),
        error.field,
        error.error_code,
        error.resolution_status,
        error.suggested_resolution,
        error.place.as_ref().map(|place| format!(" [{place}]")).unwrap_or_default()
    )
}

fn refused(cause: std::io::Error) -> Error {
    output::unwritten("standard output", cause, "look at where it goes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_of_an_empty_list_is_that_of_a_row() {
        let row = ErrorRow {
            error_id: 1,
            phase: String::new(),
            severity: String::new(),
            entity_type: String::new(),
            entity: String::new(),
            entity_id: None,
            error_code: String::new(),
            error_category: String::new(),
            field: String::new(),
            error_message: String::new(),
            suggested_resolution: String::new(),
            resolution_strategy: String::new(),
            resolution_status: String::new(),
            batch_id: None,
            retry_count: 0,
            created_at: String::new(),
            resolved_at: None,
            place: None,
        };
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.serialize(row).unwrap();
        let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
        assert_eq!(text.lines().next(), Some(HEADER.join(",").as_str()));
    }
}
