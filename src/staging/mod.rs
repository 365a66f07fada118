//! The staging file: one SQLite file that is the whole state of a migration. This module is the only user of rusqlite,
//! and [`Staging`] the only writer; [`Reader`] looks on from another shell.
//!
//! Six rooms, each a folder: `file` (what makes a file ours, who may write, its schema and its journal), `raw` (rows as they
//! were extracted), `surveyed` (what the target held), `resolved` (decisions in, ready rows out, and what was loaded), `people`
//! (what people decided), `figures` (what is counted and looked at). The schema's text is in `staging/`; what of it follows from
//! the list of entities, in `file/derived.rs`.

mod figures;
mod file;
mod people;
mod raw;
mod resolved;
mod surveyed;

pub use figures::accounting::{Accounting, AssociationCount, ErrorAnalysis};
pub use figures::analysis::{Analysis, MissingProfile, MissingUser, PhaseOneBatch, Presence, Remedy};
pub use figures::attention::{Attention, BeyondAllowed};
pub use figures::checks::{
    Asked, Check, Difference, DifferenceKind, FileReceipt, Finding, Level, NOT_ASKED, Proof, was_asked,
};
pub use figures::diff::RecordDifference;
pub use figures::errors::{ErrorFilter, ErrorRow};
pub use figures::explain::{Explanation, Fields, RawRow};
pub use figures::gates::{Approval, Dependency, DependencyFailure, Evidence};
pub use figures::lead::{Band, Examples, Open, RunLine, Twice, Weight, Wrong};
pub use figures::phase_two::{load_operation, verify_operation};
pub use figures::survival::Survival;
pub use figures::three_way::{ProofSide, ThreeWayProof};
pub use figures::{
    AGAIN, ChangeCount, ErrorCount, Figures, GoneLine, IssueCount, Progress, ReceiptLine, WaitingCount,
};
pub use file::digests::{JOURNAL, noted};
pub use file::facts::{CONFIGURATION_COMMITMENT, Step};
pub use file::journal::{Entry, Head, broken_at, canonical, commitment, keyed, random_key};
pub use file::journalled_rows::{JOURNALLED, Journalled};
pub use file::open::{Reader, Staging, schema_text};
pub use file::patience::or_interrupted;
pub use file::patients_told::Told;
pub use file::sealing::{Cell, RunRow, SEAL_TABLES, SEALED, Seal, Sealed, SealedTable, Written};
pub use file::unnamed::Unnamed;
pub use people::decisions::{DecisionState, Item, Proposal, Standing};
pub use people::desk::{Linked, Noted};
pub use raw::columns::SourceColumn;
pub use raw::legacy::ById;
pub use raw::other_records::{OtherRecord, Released};
pub use raw::snapshot::{Batch, Comparison, Keys, NewTable, SnapshotTable, Spot, TableManifest};
pub use resolved::ReadyRows;
pub use resolved::chunks::Which;
pub use resolved::decision_rows::{DecisionRows, RowShapes};
pub use resolved::held_back::{KeptMember, KeptPair, KeptSearch};
pub use resolved::loads::{Outcome, Receipt, Refused};
pub use resolved::participation::LeftInFile;
pub use surveyed::target::Match;

use crate::record::quoted;

/// The current moment as the file writes it: UTC to the second.
fn now() -> String {
    chrono::Utc::now().format("%Y-%m-%dT%H:%M:%SZ").to_string()
}
