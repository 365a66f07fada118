//! `drydock gate`: what the gates ask for, and approving one.

use std::fmt::Write;

use clap::{Args, Subcommand};

use super::Common;
use super::attention::attention;
use super::session::journalled;
use crate::config::Config;
use crate::error::{Error, Kind, Result};
use crate::gate::{self, Gate, Override};
use crate::record::Phase;
use crate::staging::{Asked, Dependency, DependencyFailure, Reader, Staging};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Option<Action>,
    /// List every record that fails what the next phases depend on
    #[arg(long)]
    records: bool,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Approve a gate for the result that the file holds now
    Approve {
        /// The gate
        #[arg(value_parser = clap::value_parser!(u8).range(1..=7))]
        gate: u8,
        /// Who approves
        #[arg(long, value_name = "NAME")]
        by: String,
        /// What should be remembered with it; for gate 5 where the report is
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
    },
}

/// Passing gates over, for a load.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct Overrides {
    /// Start although this gate is not passed; recorded with the reason
    #[arg(long, value_name = "N", requires = "reason", value_parser = clap::value_parser!(u8).range(1..=7))]
    override_gate: Vec<u8>,
    /// Why a gate is passed over
    #[arg(long, value_name = "TEXT", requires = "override_gate")]
    reason: Option<String>,
}

impl Overrides {
    /// Refuses the phases whose gates hold them up.
    pub fn hold(&self, staging: &mut Staging, config: &Config, phases: &[Phase], run_id: i64) -> Result<()> {
        let reason = self.reason.as_deref().unwrap_or_default().trim();
        if !self.override_gate.is_empty() && reason.is_empty() {
            return Err(
                Error::new(Kind::Usage, "a gate is passed over for a reason").hint("give --reason TEXT")
            );
        }
        let overrides: Vec<Override> = self
            .override_gate
            .iter()
            .map(|gate| Override { gate: *gate, reason: reason.to_owned() })
            .collect();
        gate::hold(staging, config, phases, &overrides, run_id)
    }
}

pub(super) fn run(common: &Common, arguments: &Arguments) -> Result<Option<Kind>> {
    match &arguments.action {
        None => {
            let reader = Reader::open(&common.staging)?;
            if arguments.records {
                let failures = reader.dependency_failures()?;
                common.print(&failures, || listed(&failures))?;
                return Ok(attention(&reader.attention()?, None));
            }
            let (figures, gates) = gate::look(&reader)?;
            common.print(&gates, || {
                text(&gates.gates) + &gates.dependencies.as_deref().map(dependencies).unwrap_or_default()
            })?;
            Ok(attention(&figures.attention, None))
        }
        Some(Action::Approve { gate, by, note }) => journalled(common, "gate", false, |staging, _| {
            let approved = gate::approve(staging, *gate, by, note.as_deref())?;
            common.print(&approved, || text(std::slice::from_ref(&approved)))?;
            Ok(None)
        }),
    }
}

fn text(gates: &[Gate]) -> String {
    gates.iter().fold(String::new(), |mut text, gate| {
        let state = if gate.passed { "passed" } else { "open" };
        let _ = writeln!(text, "gate {} {state:<7}{}", gate.gate, gate.demand);
        for criterion in &gate.criteria {
            let met = match criterion.is_met {
                Some(true) => "met",
                Some(false) => "not met",
                None => "unknown",
            };
            let _ = writeln!(text, "  {met:<9}{}: {}", criterion.name, criterion.sentence);
        }
        let _ = match &gate.approval {
            Some(approval) => {
                writeln!(text, "  approved by {} at {}", approval.approved_by, approval.approved_at)
            }
            None => writeln!(text, "  not approved"),
        };
        text
    })
}

/// One line for each record that fails.
fn listed(failures: &[DependencyFailure]) -> String {
    failures.iter().fold(String::new(), |mut text, one| {
        let state = if one.is_ready { "in the way" } else { "kept back" };
        let DependencyFailure { phase, dependency, entity, legacy_id, .. } = one;
        let _ = writeln!(text, "before {phase} {dependency:<24}{entity} {legacy_id}, {state}");
        text
    })
}

/// What must hold before the phases, with the number of records that fail it.
pub(super) fn dependencies(dependencies: &[Dependency]) -> String {
    dependencies.iter().fold(
        "\ndependencies (`drydock gate --records` lists the records)\n".to_owned(),
        |mut text, one| {
            let kept_back = one.failing - one.failing_ready;
            let found = match (one.failing_ready, kept_back) {
                (0, 0) => "ok".to_owned(),
                (0, listed) => format!("ok, {listed} listed"),
                (ready, _) => format!("{ready} in the way"),
            };
            let _ = writeln!(text, "  before {} {:<24}{found}", one.phase, one.dependency);
            text
        },
    )
}
