//! `drydock gate`: what the gates ask for, and approving one.

use std::fmt::Write;

use clap::{Args, Subcommand};

use super::Common;
use super::session::journalled;
use crate::error::{Kind, Result};
use crate::gate::{self, Gate};
use crate::staging::Reader;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Approve a gate for the result that the file holds now
    Approve {
        /// The gate
        #[arg(value_parser = clap::value_parser!(u8).range(1..=5))]
        gate: u8,
        /// Who approves
        #[arg(long, value_name = "NAME")]
        by: String,
        /// What should be remembered with it
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
    },
}

pub(super) fn run(common: &Common, arguments: &Arguments) -> Result<Option<Kind>> {
    match &arguments.action {
        None => {
            let gates = gate::look(&Reader::open(&common.staging)?)?;
            common.print(&serde_json::json!({ "gates": gates }), || text(&gates))?;
            Ok(None)
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
        let _ = writeln!(text, "gate {} {state:<7}{}", gate.gate, gate.title);
        for criterion in &gate.criteria {
            let met = match criterion.met {
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
