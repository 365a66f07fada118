//! The columns of the legacy tables as wholes: how each is filled, in which form its values are written, and which share of
//! them can be read. A form is decided once for a column, from all of its values, before any value is judged; whatever cannot
//! be decided, or read, stops the transform instead of becoming as many bad records as there are rows. Pure.
//!
//! Read [`Profile`] (what is counted), then [`judge`] (what follows from it; `orders` and `flags` of days and of words), then [`Form`]
//! (how a value is read by it) and [`Trouble`] (what is in the way). `dates` and `words` know how others write days, moments, flags
//! and nothing at all.

mod dates;
mod days;
mod declared;
mod distinct;
mod flags;
mod form;
mod judge;
mod orders;
mod profile;
mod shape;
mod trouble;
mod words;

pub use dates::Order;
pub use declared::{Declared, DeclaredColumns};
pub use form::{Form, Forms, in_one_spelling, says_the_same};
pub use judge::{Judged, judge, keys_are_unreadable};
pub use profile::{Profile, Reads};
pub use trouble::Trouble;
