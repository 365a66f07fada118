//! `drydock review`: what needs a person, out and back in.

mod page;

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde::Serialize;

use super::Common;
use super::session::{journalled, note_look};
use crate::entity::association;
use crate::error::{Error, Kind, Result};
use crate::output;
use crate::record::LegacyId;
use crate::review::{self, Desk, Export, Imported};
use crate::staging::{Asked, Item, Reader, Step};
use crate::transform;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    direction: Direction,
}

#[derive(Debug, Subcommand)]
enum Direction {
    /// Write what needs a person as CSV (or JSON), most urgent first
    Export {
        /// Add values: names, the field as it stands, what the rules noted
        #[arg(long)]
        full: bool,
        /// Only questions about this entity
        #[arg(long, value_name = "ENTITY")]
        entity: Option<String>,
        /// A new file; standard output without it
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Write the open questions as one page to decide on in a browser, without a server; it holds patients' values
    Page {
        /// A new file, such as review.html
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// Put words in place of everybody's values: for a rehearsal, whose decisions cannot be imported
        #[arg(long)]
        redact: bool,
    },
    /// Read the filled-in file back: all of it, or nothing when a line is wrong
    Import {
        /// The file; - for standard input
        file: PathBuf,
        /// Who decided, where a line does not say so
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
        /// Let the file replace earlier decisions
        #[arg(long)]
        revise: bool,
    },
}

pub(super) fn run(common: &Common, arguments: &Arguments) -> Result<Option<Kind>> {
    match &arguments.direction {
        Direction::Export { full, entity, out } => export(common, *full, entity.as_deref(), out.as_deref()),
        Direction::Page { out, redact } => page::page(common, out, *redact),
        Direction::Import { file, by, revise } => import(common, file, by.as_deref(), *revise),
    }
}

/// The file, where its records have fates: before that there is nothing to ask.
fn ready_to_review(common: &Common) -> Result<Reader> {
    let reader = Reader::open(&common.staging)?;
    if reader.has_fates()? {
        return Ok(reader);
    }
    Err(Error::precondition("there is nothing to review before the records are resolved")
        .hint("run `drydock transform` on the file first"))
}

fn export(common: &Common, full: bool, entity: Option<&str>, out: Option<&Path>) -> Result<Option<Kind>> {
    let reader = ready_to_review(common)?;
    let entity = entity
        .map(|name| {
            crate::entity::find(name)
                .map(|entity| entity.name)
                .ok_or_else(|| Error::new(Kind::Usage, format!("there is no entity {name}")))
        })
        .transpose()?;
    let items = reader.review_items()?;
    let salt = reader.fact("staging_id")?.unwrap_or_default();
    let practices = if full { reader.practice_names()? } else { std::collections::HashMap::default() };
    let desk = if full { Desk::read(&reader, &items)? } else { Desk::default() };
    let values = |item: &Item| {
        let mut values = BTreeMap::new();
        let mut add = |name, value: Option<String>| {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                values.insert(name, value);
            }
        };
        let [person, other] = desk.names(&item.id);
        add("person", person);
        add("other_person", other);
        add("current", item.current.clone().filter(|_| item.practice.is_none()));
        add("proposal", desk.proposal(&item.id).map(str::to_owned));
        add("context", desk.noted(&item.id));
        add("practices", Some(named(&candidates(item), &practices)));
        values
    };
    let mut export = review::export(&items, &salt, full.then_some(&values as &review::Values<'_>));
    export.items.retain(|entry| entity.is_none_or(|entity| entry.entity == entity));
    let text = if common.json { json(&export)? } else { csv(&export)? };
    match out {
        None => common.print(&export, || text)?,
        Some(path) => {
            output::write_new(path, text.as_bytes())?;
            if common.json {
                // what was written is for those who may open the file, and is not printed as well
                common.print(&Written::of(path, &export), String::new)?;
            }
        }
    }
    tell!("{}; {} records wait for a person", left(&export), reader.count_open()?.records_for_a_person);
    if let Some(share) = reader.expected_share()? {
        tell!(
            "with every possible duplicate looked at, about {:.0}% of the true pairs that were compared are found",
            share * 100.0
        );
    }
    drop(reader);
    if full {
        let subject = serde_json::json!({ "questions": export.items.len(), "entity": entity });
        note_look(common, "review export", &subject);
    }
    Ok(None)
}

/// The questions that were written to a file.
#[derive(Debug, Serialize)]
struct Written {
    out: PathBuf,
    questions: usize,
    follow_their_patient: u64,
    waiting_for_transform: u64,
}

impl Written {
    fn of(path: &Path, export: &Export) -> Self {
        Self {
            out: path.to_owned(),
            questions: export.items.len(),
            follow_their_patient: export.follow_their_patient,
            waiting_for_transform: export.waiting_for_transform,
        }
    }
}

/// The practices that the question is about: the proposed one first, or those between which nothing decides.
fn candidates(item: &Item) -> Vec<LegacyId> {
    match &item.practice {
        Some(proposal) => std::iter::once(proposal.practice).chain(proposal.others.iter().copied()).collect(),
        None => item.context.as_deref().map(association::candidates_of).unwrap_or_default(),
    }
}

fn named(offices: &[LegacyId], practices: &std::collections::HashMap<LegacyId, String>) -> String {
    let named: Vec<String> = offices
        .iter()
        .map(|office| match practices.get(office) {
            Some(name) => format!("{office} {name}"),
            None => office.to_string(),
        })
        .collect();
    named.join("; ")
}

fn json(export: &Export) -> Result<String> {
    serde_json::to_string_pretty(export)
        .map_err(|cause| Error::internal("the questions cannot be printed").cause(cause))
}

fn csv(export: &Export) -> Result<String> {
    export.to_csv().map_err(|cause| Error::internal("the questions cannot be written as CSV").cause(cause))
}

/// What the file does not show, for a person at a terminal.
fn left(export: &Export) -> String {
    let mut text = format!("{} questions", export.items.len());
    if export.follow_their_patient > 0 {
        text += &format!("; {} profiles get the practice of their patient", export.follow_their_patient);
    }
    if export.waiting_for_transform > 0 {
        text += &format!(
            "; {} are decided and wait for `drydock transform` or `drydock load`",
            export.waiting_for_transform
        );
    }
    text
}

fn import(common: &Common, file: &Path, by: Option<&str>, revise: bool) -> Result<Option<Kind>> {
    let bytes = read(file)?;
    journalled(common, "review import", false, |staging, run_id| {
        staging.require(Step::Extract, "review import")?;
        let options = review::Options { by, revise, today: transform::snapshot_day(staging)? };
        let imported = review::import(staging, &bytes, options, run_id)?;
        common.print(&imported, || text(&imported))?;
        Ok(None)
    })
}

fn read(file: &Path) -> Result<Vec<u8>> {
    let read = if file == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        fs::read(file)
    };
    read.map_err(|cause| {
        Error::precondition(format!("the review file {} cannot be read", file.display()))
            .cause(cause)
            .hint("give the file that `drydock review export` wrote")
    })
}

fn text(imported: &Imported) -> String {
    let mut text = format!(
        "{} decided, {} unchanged, {} left undecided\n",
        imported.decided, imported.unchanged, imported.undecided
    );
    if imported.revised > 0 {
        text += &format!("{} earlier decisions were replaced\n", imported.revised);
    }
    if imported.decided > 0 {
        text += "`drydock transform` applies them\n";
    }
    text
}
