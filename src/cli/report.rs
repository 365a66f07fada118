//! `drydock report`: only looks, so it works while another command writes.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::Common;
use super::attention::attention;
use crate::error::{Error, Kind, Result};
use crate::output;
use crate::report::{self, Format};
use crate::staging::Reader;
use crate::status;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Where to write it; without it standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The form; without it by the name of the file, else html
    #[arg(long, value_enum)]
    format: Option<Form>,
    /// Replace the file when it exists
    #[arg(long, requires = "out")]
    replace: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Form {
    Html,
    Md,
    Json,
}

pub(super) fn run(common: &Common, arguments: &Arguments) -> Result<Option<Kind>> {
    let form = match (arguments.format, arguments.out.as_deref()) {
        (Some(form), _) => form,
        (None, Some(path)) => named(path)?,
        (None, None) if common.json => Form::Json,
        (None, None) => Form::Html,
    };
    let format = match form {
        Form::Html => Format::Html,
        Form::Md => Format::Markdown,
        Form::Json => Format::Json,
    };
    let working = common.progress().spin("report: counting");
    let status = status::read(&Reader::open(&common.staging)?)?;
    drop(working);
    let page = report::report(&status, format)?;
    match &arguments.out {
        Some(path) => {
            write(common, path, &page, arguments.replace)?;
            if common.json {
                common.write(&report::report(&status, Format::Json)?)?;
            }
        }
        None => common.write(&page)?,
    }
    Ok(attention(&status.figures.attention, None))
}

/// The form that a file's name asks for.
fn named(path: &Path) -> Result<Form> {
    match path.extension().and_then(|name| name.to_str()).map(str::to_lowercase).as_deref() {
        Some("md" | "markdown") => Ok(Form::Md),
        Some("json") => Ok(Form::Json),
        Some(other @ ("pdf" | "txt" | "csv" | "doc" | "docx" | "xls" | "xlsx")) => {
            Err(Error::precondition(format!("a report is no .{other} file")).hint(
                "give a name that ends in .html, .md or .json, or say the form with --format; a browser prints the page as PDF",
            ))
        }
        _ => Ok(Form::Html),
    }
}

/// Nobody else may read the page: it names the databases.
fn write(common: &Common, path: &Path, page: &str, is_replaced: bool) -> Result<()> {
    if is_replaced {
        let inputs: Vec<&Path> = [Some(&common.staging), common.config.as_ref()]
            .into_iter()
            .flatten()
            .map(PathBuf::as_path)
            .collect();
        return output::replace(path, &inputs, |mut file| file.write_all(page.as_bytes()));
    }
    let written = output::new_file(path).and_then(|mut file| {
        file.write_all(page.as_bytes()).inspect_err(|_| {
            // a part of a page would look like the whole
            let _ = std::fs::remove_file(path);
        })
    });
    written.map_err(|cause| {
        let hint = if cause.kind() == std::io::ErrorKind::AlreadyExists {
            "give --replace to write it again, or another name"
        } else {
            "give a path in an existing directory that you may write to with --out"
        };
        output::unwritten(&format!("the report {}", path.display()), cause, hint)
    })
}
