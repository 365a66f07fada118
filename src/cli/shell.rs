//! `drydock completions` and `drydock man`: what a shell and a manual need of the command line.

use clap::Args;
use clap_complete::Shell;

use super::{Common, groups};
use crate::error::{Error, Kind, Result};

#[derive(Debug, Args)]
pub(super) struct Completions {
    /// The shell: bash, zsh, fish, elvish or powershell
    #[arg(value_enum)]
    shell: Shell,
}

#[derive(Debug, Args)]
pub(super) struct Man {
    /// The verb; without it the page of the whole
    verb: Option<String>,
}

pub(super) fn completions(common: &Common, arguments: &Completions) -> Result<Option<Kind>> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut groups::command(), "drydock", &mut script);
    common.write(&String::from_utf8_lossy(&script))?;
    Ok(None)
}

pub(super) fn man(common: &Common, arguments: &Man) -> Result<Option<Kind>> {
    let mut command = groups::command();
    // the options that every verb has are in a verb only when the whole is built
    command.build();
    let page = match &arguments.verb {
        None => command,
        Some(verb) => {
            let found = command.find_subcommand(verb).cloned();
            found.ok_or_else(|| {
                Error::new(Kind::Usage, format!("there is no verb {verb}"))
                    .hint("`drydock help` lists the verbs")
            })?
        }
    };
    let mut text = Vec::new();
    clap_mangen::Man::new(page)
        .render(&mut text)
        .map_err(|cause| Error::internal("the manual page cannot be written").cause(cause))?;
    common.write(&String::from_utf8_lossy(&text))?;
    Ok(None)
}
