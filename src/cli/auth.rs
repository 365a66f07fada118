//! `drydock auth`: the accounts that people need to sign in, written for review.

use std::path::PathBuf;

use clap::Args;

use super::Common;
use super::session::note_look;
use crate::accounts::{self, Options};
use crate::error::{Kind, Result};
use crate::output::Folder;
use crate::staging::Staging;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A new folder for accounts.sql and accounts.json, which hold names and addresses
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// For every profile, those with a fallback address and the inactive ones too: where profiles refer to accounts
    #[arg(long)]
    all: bool,
    /// People have to confirm their address first
    #[arg(long)]
    invite: bool,
}

pub(super) fn run(common: &Common, arguments: &Arguments) -> Result<Option<Kind>> {
    let options = Options { all: arguments.all, invite: arguments.invite };
    let staging = Staging::open(&common.staging)?;
    let (accounts, summary) = accounts::accounts(&staging, options)?;
    drop(staging);
    let folder = Folder::begin(&arguments.out)?;
    accounts::write(&accounts, options, &folder)?;
    folder.finish()?;
    common.print(&summary, || {
        let mut text = format!("{} accounts in {}", summary.accounts, arguments.out.display());
        for (why, profiles) in &summary.without {
            text += &format!("\n  {profiles} profiles get none: {}", why.replace('_', " "));
        }
        text + "\nrun accounts.sql, or send the lines of accounts.json to the service, before `drydock survey`; nobody gets a password"
    })?;
    note_look(common, "auth", &serde_json::json!({ "accounts": summary.accounts, "all": options.all }));
    Ok(None)
}
