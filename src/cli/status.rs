//! `drydock status`: only looks, so it works while another command writes.

use clap::Args;

use super::{Common, text};
use crate::error::{Kind, Result};
use crate::staging::Reader;

#[derive(Debug, Args)]
pub(super) struct Arguments {}

pub(super) fn run(common: &Common, _: &Arguments) -> Result<Option<Kind>> {
    let status = Reader::open(&common.staging)?.status()?;
    common.print(&status, || text::status(&status))?;
    Ok(None)
}
