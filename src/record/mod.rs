//! The shared words: what identifies a record, what can become of it, and what can be wrong with it; and how digests, names,
//! texts and files of fields are written. Pure, and importing nothing of ours, so that every other module may import it.

pub mod delimited;
mod fate;
mod id;
mod issue;
mod notation;
mod phase;
mod ruling;

pub use fate::Fate;
pub use id::{LegacyId, TargetId, named_uuid};
pub use issue::{Category, Change, Code, Issue, Severity};
pub use notation::{hex, quoted, quoted_text};
pub use phase::Phase;
pub use ruling::{Action, ItemId, Ruling};

/// A value of a record. Most are short and stand in the value itself: millions of them are made in one thread and dropped in
/// another, which memory that is asked for makes slow.
pub type Text = compact_str::CompactString;
