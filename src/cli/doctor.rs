//! `drydock doctor`

use clap::Args;

use super::masked::masked;
use super::session::{SourceArguments, TargetArguments};
use super::{Common, text};
use crate::config::Config;
use crate::doctor::{self, Finding, Verdict};
use crate::error::{Error, Kind, Result};
use crate::interrupt;
use crate::staging::Reader;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    source: SourceArguments,
    #[command(flatten)]
    target: TargetArguments,
}

/// What was found.
#[derive(Debug, serde::Serialize)]
struct Report {
    healthy: bool,
    findings: Vec<Finding>,
}

/// Examines the sides that are named. Ends with 4 when the source stops the migration, else with 5 when the target does.
pub(super) fn run(common: &Common, arguments: &Arguments) -> Result<Option<Kind>> {
    let config = match common.given_config()? {
        Some(config) => config,
        None if common.staging.exists() => Reader::open(&common.staging)?.config()?.unwrap_or_default(),
        None => Config::default(),
    };
    let (source, target) = (arguments.source.clone(), arguments.target.clone());
    if !source.is_named() && !target.is_named() {
        return Err(Error::precondition("neither a source nor a target is named").hint(
            "set DRYDOCK_LEGACY_URL and DRYDOCK_TARGET_URL, or give --csv, --dump, --legacy-url-file or --target-url-file",
        ));
    }
    let findings = interrupt::waiting(move || {
        let mut findings = Vec::new();
        if source.is_named() {
            findings.extend(match source.files(&config.source) {
                Some(files) => doctor::examine_files(files, &config),
                None => doctor::examine_legacy(source.address(), &config),
            });
        }
        if target.is_named() {
            findings.extend(doctor::examine_target(target.address(), &config));
        }
        Ok(findings)
    })?;
    let findings: Vec<Finding> =
        findings.into_iter().map(|finding| Finding { found: masked(&finding.found), ..finding }).collect();
    let stops =
        |side: &str| findings.iter().any(|finding| finding.side == side && finding.verdict == Verdict::Wrong);
    let ended = match (stops("source"), stops("target")) {
        (true, _) => Some(Kind::Legacy),
        (false, true) => Some(Kind::Target),
        (false, false) => None,
    };
    let report = Report { healthy: ended.is_none(), findings };
    common.print(&report, || text::doctor(&report.findings))?;
    Ok(ended)
}
