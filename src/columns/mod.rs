//! The columns of the legacy tables as wholes: how each is filled, in which form its values are written, and which share of
//! them can be read. A form is decided once for a column, from all of its values, before any value is judged; whatever cannot
//! be decided, or read, stops the transform instead of becoming as many bad records as there are rows. Pure.
//!
//! Read [`Profile`] (what is counted), then [`judge`] (what follows from it), then [`Form`] (how a value is read by it). `dates`
//! and `words` know how others write days, moments, flags and nothing at all.

mod dates;
mod declared;
mod distinct;
mod form;
mod judge;
mod profile;
mod shape;
mod words;

pub use dates::Order;
pub use declared::{Declared, DeclaredColumns};
pub use form::{Form, Forms, in_one_spelling, says_the_same};
pub use judge::{Judged, Trouble, judge};
pub use profile::{Profile, Reads};
