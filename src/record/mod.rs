//! The shared words: what identifies a record, what can become of it, and what can be wrong with it; and how digests, names
//! and texts are written. Pure, and importing nothing of ours, so that every other module may import it.
//!
//! The words that matter, one meaning each:
//!
//! - **The plan**: the migration plan of the system's owners, whose phases, gates, figures and column names are used here.
//!   Phase 1 was done by scripts before Drydock and brought the practices and a part of the profiles. Phase 2 is 2A (practices
//!   and every profile), 2B (patients), 2C (who belongs to which practice); [`Phase`] has them.
//! - **Record**: one row of a legacy table as one entity, known by its legacy id. **Entity**: a kind of record, with its
//!   columns, its rule and its tables (`entity`).
//! - **Snapshot**: the raw rows in the staging file. **Survey**: what the target was seen to hold.
//! - **Fate**: what becomes of a record, exactly one: ready, merged, rejected or quarantined. *Kept back* is rejected or
//!   quarantined, unless a person rejected it.
//! - **Decision**: what a rule makes of one record. **Ruling**: what a person says about a question.
//! - **Issue**: something about a record, with a code; it never stops a run. **Error**: something about a run, with an exit
//!   code. **Change**: a value before and after a rule.
//! - **Association**: the practice of a profile or a patient, with its method, confidence and evidence.
//! - **Merge**: rows of one entity that one phase sends, and how they meet the target's. **Merged**: a record that another
//!   one stands for. **Receipt**: what a load wrote, kept on both sides.
//! - **Gate**: what must hold, and be approved, before a phase. **Check**: a query that returns what is wrong.

mod fate;
mod gone;
mod id;
mod issue;
mod notation;
mod phase;
mod plain;
mod ruling;

pub use fate::Fate;
pub use gone::GoneRow;
pub use id::{LegacyId, TargetId, named_uuid, whole_digits, without_text_mark};
pub use issue::{Category, Change, Code, Issue, Severity};
pub use notation::{hex, key_of, quoted, quoted_text};
pub use phase::Phase;
pub use plain::{on_one_line, plain};
pub use ruling::{Action, ItemId, Ruling, SAME_ONE};

/// A value of a record. Most are short and stand in the value itself: millions of them are made in one thread and dropped in
/// another, which memory that is asked for makes slow.
pub type Text = compact_str::CompactString;
