//! One page about a migration that a person would rather look at than read, as HTML, Markdown or JSON. All figures and gates are
//! those of `status --json`, looked up in it by path, so that they cannot differ; no value of a record is among them.
//!
//! `lookup` finds a figure, `html` draws and lays out, `markdown` lays out, `verdict` says how it stands and what to do first, `next` what needs a
//! person and what was learned,
//! `troubleshooting` has an entry for every code.

mod html;
mod lookup;
mod markdown;
mod next;
pub mod troubleshooting;
mod verdict;

use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::status::Status;

pub use html::POLICY;
use lookup::Lookup;

/// The form of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One self-contained page.
    Html,
    /// Markdown.
    Markdown,
    /// JSON: the status with what needs a person and what was learned.
    Json,
}

/// Writes the report of a status, as it stands now.
pub fn report(status: &Status, format: Format) -> Result<String> {
    let json = serde_json::to_value(status)
        .map_err(|cause| Error::internal("the status cannot be written").cause(cause))?;
    let figures = Lookup::new(json);
    let generated_at = chrono::Utc::now().format("%Y-%m-%dT%H:%M:%SZ").to_string();
    Ok(match format {
        Format::Html => html::page(&figures, &generated_at),
        Format::Markdown => markdown::page(&figures, &generated_at),
        Format::Json => {
            let (next, lessons) = (next::steps(&figures), next::lessons(&figures));
            let report: Value = json!({
                "generated_at": generated_at,
                "headline": verdict::headline(&figures),
                "lead": verdict::lead(&figures),
                "status": figures.status(),
                "next": next,
                "lessons": lessons,
            });
            serde_json::to_string_pretty(&report)
                .map_err(|cause| Error::internal("the report cannot be written").cause(cause))?
                + "\n"
        }
    })
}
