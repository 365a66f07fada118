//! `drydock review page`: the open questions as a page to decide on.

use std::path::Path;

use super::{left, ready_to_review};
use crate::audit::place;
use crate::cli::Common;
use crate::cli::session::note_look;
use crate::error::{Error, Kind, Result};
use crate::output;
use crate::review::{self, Desk, Page};

/// What was written.
#[derive(Debug, serde::Serialize)]
struct Written<'a> {
    out: String,
    questions: usize,
    bytes: usize,
    redacted: bool,
    follow_their_patient: u64,
    waiting_for_transform: u64,
    head: &'a str,
}

pub(super) fn page(common: &Common, out: &Path, redacted: bool) -> Result<Option<Kind>> {
    let reader = ready_to_review(common)?;
    if !redacted {
        for warning in place::warnings(out, true) {
            tell!("warning: {warning}");
        }
    }
    let items = reader.review_items()?;
    let file = reader.fact("staging_id")?.unwrap_or_default();
    let head = reader.head()?;
    let export = review::export(&items, &file, None);
    if export.items.is_empty() {
        return Err(Error::precondition(format!("no question is open: {}", left(&export)))
            .hint("`drydock status` says where the migration stands"));
    }
    let desk = Desk::read(&reader, &items)?;
    let page = Page { export: &export, items: &items, desk: &desk, file: &file, head: &head, redacted };
    let html = page.html();
    output::write_new(out, html.as_bytes())?;
    let written = Written {
        out: out.display().to_string(),
        questions: export.items.len(),
        bytes: html.len(),
        redacted,
        follow_their_patient: export.follow_their_patient,
        waiting_for_transform: export.waiting_for_transform,
        head: &head.head,
    };
    common.print(&written, || text(&written, &left(&export)))?;
    drop(reader);
    if !redacted {
        note_look(common, "review page", &serde_json::json!({ "questions": written.questions }));
    }
    Ok(None)
}

fn text(written: &Written<'_>, left: &str) -> String {
    let Written { out, redacted, .. } = written;
    let then = if *redacted {
        "nobody's values are on it, and what is decided on it cannot be imported".to_owned()
    } else {
        "it holds patients' values; open it in a browser, decide, save the decisions, and give the file that the browser \
         saved to `drydock review import FILE`"
            .to_owned()
    };
    format!("{left}\n{out}: {then}\n")
}
