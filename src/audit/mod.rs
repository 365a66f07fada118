//! Shipping the staging file to somebody who checks it: [`seal()`] makes a copy with a manifest, a signature and encryption,
//! also one in which nobody can be recognised; [`check()`] needs nothing but what was shipped; [`shred`] does away with a file.
//!
//! In reading order: `digest` (what is taken over what), `manifest`, `parcel` (the folder and its names), `seal`, `redact` with
//! `classification` (what a column is), `cells` (what becomes of a value), `words`, `phrases`, `tokens`, `ids` and `anonymity`, `check`, and `place` (where a file must not lie).
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
//! Ids are others, so whoever has one of the databases does not find anybody by them; they lead where they led. A value has a token of
//! its own in each record. What stays beside the relations are roles, sexes, years, countries, how many there are of everything, which
//! fields are empty, which rules changed what, and the moments of the migration itself. A rare combination of these may be one
//! person's alone: the manifest says how many are alone by what a stranger may know of them, `--k` puts values together until nobody
//! is, and neither speaks of what else is there (who treats whom, how many issues a record has). A redacted copy is a pseudonymised
//! file: fit for an auditor under contract, not for publication.

mod anonymity;
mod cells;
mod check;
mod classification;
mod digest;
mod encrypt;
mod generalise;
mod ids;
mod manifest;
mod metadata;
mod parcel;
mod phrases;
pub mod place;
mod redact;
mod seal;
mod shred;
mod sign;
mod tokens;
mod words;

pub use anonymity::{Anonymity, Measured, QUASI_IDENTIFIERS, measure};
pub use check::{Checked, Options as CheckOptions, Part, Verdict, check};
pub use classification::{Treatment, tables};
pub use encrypt::{Identities, Recipients};
pub use manifest::Manifest;
pub use seal::{Options as SealOptions, Summary, seal};
pub use shred::{Shredded, promise, shred};
pub use sign::{Signer, Verifier};
pub use tokens::KeyOfExport;
