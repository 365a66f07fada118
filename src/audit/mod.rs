//! Shipping the staging file to somebody who checks it: [`seal()`] makes a copy with a manifest, a signature and encryption,
//! also one in which nobody can be recognised; [`check()`] needs nothing but what was shipped; [`shred`] does away with a file.
//!
//! In reading order: `digest` (what is taken over what), `manifest`, `parcel` (the folder and its names), `seal`, `redact` with
//! `classification`, `vocabulary` and `tokens`, `check`, and `place` (where a file must not lie).
//!
//! # What this proves, and what it cannot
//!
//! - The chain of the journal has no key: whoever can write the file can write it anew from any entry on. It shows that to
//!   whoever kept a head (every command prints one) or a signature.
//! - Before a command ends it notes keyed digests of the tables that it may have written to, and a seal's digest is an entry too:
//!   a head that was kept speaks for every row. Entries cut off at the end leave a chain that is whole; that the rows are not
//!   those that the last digests speak of tells it, unless the command wrote none.
//! - A command that was killed has noted no digests. Until the next one ends, nobody can tell its rows from another's.
//! - A manifest that is not signed proves that file and manifest belong together, not who made them. A signature proves that
//!   its key's holder made them, not that what was sealed was right.
//!
//! # What a redacted copy still tells
//!
//! Legacy ids and target ids stay, so whoever has one of the databases knows everybody. Beside them stay roles, genders, years,
//! countries, the number of everything, who is related to whom, which fields are empty or equal, which rules changed what, and
//! the moments of the migration itself. A rare combination of these may be one person's alone. A redacted copy is a
//! pseudonymised file: fit for an auditor under contract, not for publication.

mod check;
mod classification;
mod digest;
mod encrypt;
mod manifest;
mod parcel;
pub mod place;
mod redact;
mod seal;
mod shred;
mod sign;
mod tokens;
mod vocabulary;

pub use check::{Checked, Options as CheckOptions, Part, Verdict, check};
pub use classification::{Treatment, tables};
pub use encrypt::{Identities, Recipients};
pub use manifest::Manifest;
pub use seal::{Options as SealOptions, Summary, seal};
pub use shred::{Shredded, promise, shred};
pub use sign::{Signer, Verifier};
