//! The staging file: one SQLite file that is the whole state of a migration. This module is the only user of rusqlite,
//! and [`Staging`] the only writer; [`Reader`] looks on from another shell.
//!
//! Read `open` first (what makes a file ours, and who may write), then `snapshot` (raw rows in), `legacy` (raw rows
//! out), `target` (what the survey saw), `decision_rows` and `resolved` (decisions in, ready rows out), `loads`, `checks`,
//! `status` and `figures` (what is counted).

mod analysis;
mod attention;
mod catalog;
mod checkpoints;
mod checks;
mod chunks;
mod created;
mod decision_rows;
mod decisions;
mod derived;
mod diff;
mod disk;
mod error_life;
mod errors;
mod explain;
mod facts;
mod figures;
mod flusher;
mod gates;
mod held_back;
mod holders;
mod journal;
mod journalled_rows;
mod legacy;
mod loads;
mod open;
mod participation;
mod patience;
mod phase_two;
mod raw_proof;
mod resolved;
mod row;
mod runs;
mod sealing;
mod snapshot;
mod status;
mod target;
mod three_way;
mod transactions;
mod unreadable;

pub use analysis::{Analysis, MissingProfile, MissingUser, PhaseOneBatch, Presence, Remedy};
pub use attention::{Attention, BeyondAllowed};
pub use checks::{Asked, Check, Difference, DifferenceKind, FileReceipt, Finding, Level, Proof};
pub use chunks::Which;
pub use decision_rows::{DecisionRows, RowShapes};
pub use decisions::{DecisionState, Item, Proposal, Standing};
pub use diff::RecordDifference;
pub use errors::{ErrorFilter, ErrorRow};
pub use explain::{Explanation, Fields, RawRow};
pub use facts::Step;
pub use figures::{
    ChangeCount, ErrorCount, Figures, IssueCount, Open, Progress, ReceiptLine, RunLine, WaitingCount,
};
pub use gates::{Approval, Dependency, DependencyFailure, Evidence};
pub use held_back::{KeptMember, KeptPair, KeptSearch};
pub use journal::{Entry, Head, broken_at, canonical, commitment, keyed, random_key};
pub use journalled_rows::{JOURNALLED, Journalled};
pub use legacy::ById;
pub use loads::{Outcome, Receipt, Refused};
pub use open::{Reader, Staging, schema_text};
pub use participation::LeftInFile;
pub use patience::or_interrupted;
pub use phase_two::{load_operation, verify_operation};
pub use resolved::ReadyRows;
pub use sealing::{Cell, RunRow, SEAL_TABLES, Seal, SealedTable, Written};
pub use snapshot::{Batch, Comparison, Keys, NewTable, SnapshotTable, Spot, TableManifest};
pub use status::{Accounting, AssociationCount, ErrorAnalysis};
pub use target::Match;
pub use three_way::{ProofSide, ThreeWayProof};

use crate::record::quoted;

/// The current moment as the file writes it: UTC to the second.
fn now() -> String {
    chrono::Utc::now().format("%Y-%m-%dT%H:%M:%SZ").to_string()
}
