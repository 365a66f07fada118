//! `drydock columns`: the snapshot's columns as wholes, without values.

use std::fmt::Write;

use clap::Args;

use super::Common;
use super::session::journalled;
use crate::error::{Error, Kind, Result};
use crate::staging::{Asked, Reader, SourceColumn};
use crate::transform;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The columns of this legacy table only
    #[arg(long, value_name = "TABLE")]
    table: Option<String>,
    /// Count again, by the configuration as it is given
    #[arg(long)]
    again: bool,
}

pub(super) fn run(common: &Common, arguments: &Arguments) -> Result<Option<Kind>> {
    let counted =
        if arguments.again { Vec::new() } else { Reader::open(&common.staging)?.source_columns()? };
    let given = common.given_config()?;
    let columns = if counted.is_empty() || given.is_some() {
        journalled(common, "columns", false, |staging, _| {
            // the configuration is only tried: the file keeps its own until a transform takes another
            let config = given.map_or_else(|| staging.settle_config(None, false), Ok)?;
            let _working = common.progress().spin("columns: counting");
            transform::count_columns(staging, &config)?;
            Ok(None)
        })?;
        Reader::open(&common.staging)?.source_columns()?
    } else {
        counted
    };
    let tables: Vec<&str> = columns.iter().map(|column| column.table_name.as_str()).collect();
    if let Some(table) = &arguments.table
        && !tables.contains(&table.as_str())
    {
        return Err(Error::new(
            Kind::Usage,
            format!("rules read no column of a table {table} of the snapshot"),
        )
        .hint("`drydock columns` lists those that they read"));
    }
    let is_asked =
        |column: &&SourceColumn| arguments.table.as_ref().is_none_or(|table| *table == column.table_name);
    let asked: Vec<&SourceColumn> = columns.iter().filter(is_asked).collect();
    common.print(&serde_json::json!({ "columns": asked }), || text(&asked))?;
    Ok(asked.iter().any(|column| column.trouble.is_some()).then_some(Kind::Records))
}

fn text(columns: &[&SourceColumn]) -> String {
    let mut text = String::new();
    let mut table = "";
    for column in columns {
        if column.table_name != table {
            table = &column.table_name;
            let _ = writeln!(text, "{table}: {} rows", column.rows);
        }
        let missing = column.nulls + column.empty + column.markers;
        let about = if column.distinct_is_exact { "" } else { "about " };
        let _ = write!(
            text,
            "  {:<16} {:<7} {:>9} read {:>7} missing  {about}{} different  {}",
            column.column_name, column.reads, column.readable, missing, column.distinct_values, column.format
        );
        if column.unreadable > 0 {
            let _ = write!(text, ", {} unreadable", column.unreadable);
        }
        if !column.evidence.is_empty() {
            let _ = write!(text, " ({})", column.evidence);
        }
        if let Some(trouble) = &column.trouble {
            let _ = write!(text, "  CANNOT BE READ: {trouble}");
        }
        text.push('\n');
        if column.format != "plain" || column.trouble.is_some() {
            let _ = writeln!(text, "  {:<16} shapes {}", "", shapes(&column.shapes));
        }
    }
    text
}

/// `99/99/9999 7801, 9/9/99 3`.
fn shapes(json: &str) -> String {
    let shapes: Vec<(String, u64)> = serde_json::from_str(json).unwrap_or_default();
    shapes.iter().map(|(shape, count)| format!("{shape} {count}")).collect::<Vec<_>>().join(", ")
}
