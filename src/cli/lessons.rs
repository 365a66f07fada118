//! `drydock lessons`: only looks, so it works while another command writes.

use clap::Args;

use super::Common;
use crate::error::{Kind, Result};
use crate::lessons;
use crate::staging::Reader;
use crate::status;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// How many of each kind
    #[arg(long, value_name = "NUMBER", default_value_t = 10)]
    most: usize,
}

pub(super) fn run(common: &Common, arguments: &Arguments) -> Result<Option<Kind>> {
    let status = status::read(&Reader::open(&common.staging)?)?;
    let lessons = lessons::lessons(&status, arguments.most);
    common.print(&lessons, || lessons.as_markdown())?;
    Ok(None)
}
