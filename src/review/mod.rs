//! What a machine should not decide, put before a person, and what the person decided. Read `questions` first (what is
//! asked and which answers there are), then `export` (out), `sheet` and `cell` (a spreadsheet back in, with its habits),
//! `import` (every line checked, by itself and in `contradictions` against the others, then all or nothing), `decided`
//! (what `transform` makes of the answers). `page` is the way out and back on a page instead of in a spreadsheet. All is pure but
//! `import`, what it asks of the file through `answer`, and what `page::desk` reads.

mod answer;
mod answered;
pub(crate) mod cell;
mod contradictions;
mod decided;
mod export;
mod import;
mod page;
mod questions;
mod sheet;

pub use decided::{Chosen, Confirm, Decided, StandIn};
pub use export::{Entry, Export, Values, asked, export};
pub use import::{Imported, Options, import};
pub use page::{Desk, Page};
